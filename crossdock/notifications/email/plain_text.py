"""Texts of senders made safe to show: one line, without control characters and direction marks, of limited length."""

import re

# Characters that could end a line or a header, or reverse what follows: controls, line separators, direction marks, lone
# surrogates. A replacement by a space keeps the words around a line break apart.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]+")
# Characters of a text that a mail shows: three times the longest name that vendors allow.
MAX_CHARACTERS = 300


def one_line(text: str) -> str:
    """Reduce a text to one line without control characters and direction marks."""
    return " ".join(_UNSAFE.sub(" ", text).split())


def shown(text: str) -> str:
    """Return a text as a mail or page shows it: one line of at most MAX_CHARACTERS."""
    if not text.isprintable():
        text = one_line(text[: 4 * MAX_CHARACTERS])
    return text if len(text) <= MAX_CHARACTERS else text[: MAX_CHARACTERS - 1] + "…"
