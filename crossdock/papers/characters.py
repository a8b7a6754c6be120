"""The characters of customers' texts made drawable: no controls, and a substitute for each that no font has."""

import re
import unicodedata
from functools import lru_cache

from crossdock.papers.fonts import REPLACEMENT, font_of

# Controls and lone surrogates, which have no form on paper. A replacement by a space keeps the words around them apart.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_LINE_ENDS = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
# Characters without a form of their own: soft hyphens, joiners, directions, variations, tags.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff]"
)
# One for a sequence of characters without a font, such as the emoji of a family.
_REPLACEMENTS = re.compile(f"{REPLACEMENT}(?:[\u200c\u200d]*{REPLACEMENT})+")
JOINERS = frozenset("\u200c\u200d")  # they decide on the forms of the letters beside them
DIRECTIONS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_FIRST_REGION = 0x1F1E6  # regional indicators: a flag is written as the two letters of its country


def paragraphs_of(text: str) -> list[str]:
    """Split a text at its line ends, without trailing empty lines."""
    return _LINE_ENDS.sub("\n", text).rstrip().split("\n") if text.strip() else []


def drawable(text: str) -> str:
    """Reduce a text to one line of characters that the fonts have, in normal form C."""
    if text.isascii() and text.isprintable():
        return text
    text = unicodedata.normalize("NFC", _CONTROLS.sub(" ", text))
    text = "".join(each if font_of(each) and not _INVISIBLE.match(each) else _substitute(each) for each in text)
    return _REPLACEMENTS.sub(REPLACEMENT, text)


@lru_cache(maxsize=4096)
def _substitute(character: str) -> str:
    """Return what is drawn for a character that no font has: a plain form, nothing if it is invisible, else U+FFFD."""
    if character in JOINERS or character in DIRECTIONS:
        return character
    if _INVISIBLE.match(character):
        return ""
    if _FIRST_REGION <= ord(character) < _FIRST_REGION + 26:
        return chr(ord(character) - _FIRST_REGION + ord("A"))
    for form in ("NFKC", "NFKD"):
        plain = unicodedata.normalize(form, character)
        if plain != character and all(font_of(each) for each in plain):
            return plain
    return REPLACEMENT
