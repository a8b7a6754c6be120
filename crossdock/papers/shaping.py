"""Shape text: order its characters by direction, choose fonts, and place glyphs, with HarfBuzz.

Measures are in thousandths of an em. The bidirectional algorithm (UAX 9) is python-bidi's: it returns a line in visual order,
but does not say which characters it turned, nor mirror the brackets among them. Right-to-left letters and turned brackets are
put back into reading order for HarfBuzz, which draws them from right to left and mirrors brackets; everything else, numbers
included, already stands from left to right.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import uharfbuzz as hb
from bidi import get_display
from msgspec import Struct

from crossdock.papers.characters import DIRECTIONS, JOINERS, drawable
from crossdock.papers.fonts import BOLD, LATIN, font_of, load

# Blocks of right-to-left scripts (Hebrew to Arabic Extended-A, presentation forms, the right-to-left plane), and controls.
_RTL_BLOCKS = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff"
_MAY_TURN = re.compile(f"[{_RTL_BLOCKS}\u200f\u202b\u202e\u2067\u2068]")
_RTL_MARKS = re.compile(f"[{_RTL_BLOCKS}]")
# A character without a direction of its own takes that of the one before it: after a bracket it tells whether that was turned.
_MARKER = "\u2060"
_CACHED_CHARACTERS = 200  # of a text at most: lines and words, of which papers have many again and again
_STRONG = {"L": False, "R": True, "AL": True}


class Glyph(Struct, frozen=True):
    """A placed glyph. `text` is what it stands for, "" for all but the first of several that stand for it together."""

    glyph: int
    text: str
    advance: int
    dx: int = 0
    dy: int = 0


class Run(Struct, frozen=True):
    """Glyphs of one font, from left to right. `thicken` is whether bold has to be imitated."""

    font: str
    glyphs: tuple[Glyph, ...]
    width: int
    thicken: bool = False


def is_rtl(text: str) -> bool:
    """Whether a paragraph reads from right to left: by its first letter."""
    return bool(_MAY_TURN.search(text) and direction_of(text))


def direction_of(text: str) -> bool | None:
    """Return whether the first letter of a text reads from right to left; None if it has no letter."""
    return next((_STRONG[kind] for each in text if (kind := unicodedata.bidirectional(each)) in _STRONG), None)


def shape(text: str, *, bold: bool = False, rtl: bool | None = None) -> tuple[Run, ...]:
    """Shape one line, given in reading order. `rtl` is the direction of its paragraph, None for that of its first letter."""
    return _shape(text, bold, rtl) if len(text) <= _CACHED_CHARACTERS else _shape.__wrapped__(text, bold, rtl)


@lru_cache(maxsize=2048)
def _shape(text: str, bold: bool, rtl: bool | None) -> tuple[Run, ...]:
    text = drawable(text)
    runs: list[Run] = []
    for piece, is_reversed in _directed(text, is_rtl(text) if rtl is None else rtl):
        runs += [_shape_run(part, font, bold=bold, rtl=is_reversed) for part, font in _by_font(piece)][
            :: -1 if is_reversed else 1
        ]
    return tuple(runs)


def width_of(text: str, *, bold: bool = False) -> int:
    """Return the width of a line."""
    return sum(run.width for run in shape(text, bold=bold))


def _directed(text: str, rtl: bool) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of a line from left to right, each in reading order, and whether it reads from right to left."""
    if not rtl and not _MAY_TURN.search(text):
        yield "".join(each for each in text if each not in DIRECTIONS), False
        return
    marked = "".join(each + _MARKER if unicodedata.mirrored(each) else each for each in text)
    piece: list[str] = []
    turned = False
    for each, is_rtl_letter in _letters(get_display(marked, base_dir="R" if rtl else "L")):
        is_turned = turned if each in JOINERS else is_rtl_letter
        if piece and is_turned != turned:
            yield "".join(reversed(piece) if turned else piece), turned
            piece = []
        turned = is_turned
        piece.append(each)
    if piece:
        yield "".join(reversed(piece) if turned else piece), turned


def _letters(visual: str) -> Iterator[tuple[str, bool]]:
    """Yield the characters of a line in visual order, and whether each belongs to text that reads from right to left."""
    for place, each in enumerate(visual):
        if each in DIRECTIONS or each == _MARKER:
            continue
        if unicodedata.mirrored(each):
            yield each, visual[place + 1 : place + 2] != _MARKER
        else:
            kind = unicodedata.bidirectional(each)
            yield each, kind in ("R", "AL") or (kind == "NSM" and _RTL_MARKS.match(each) is not None)


def _by_font(text: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of a text that one font draws; marks and joiners stay with the letter before them."""
    start, current = 0, ""
    for place, each in enumerate(text):
        name = font_of(each) or current or LATIN
        if current and name != current and _belongs_to_previous(each, current):
            name = current
        if current and name != current:
            yield text[start:place], current
            start = place
        current = name
    if start < len(text):
        yield text[start:], current


def _belongs_to_previous(character: str, font: str) -> bool:
    if character in JOINERS:
        return True
    return unicodedata.category(character).startswith("M") and ord(character) in load(font).characters


def _shape_run(text: str, font: str, *, bold: bool, rtl: bool) -> Run:
    chosen = BOLD.get(font, font) if bold else font
    buffer: Any = hb.Buffer()
    buffer.add_codepoints([ord(each) for each in text])
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if rtl else "ltr"
    buffer.flags = hb.BufferFlags.REMOVE_DEFAULT_IGNORABLES
    hb.shape(load(chosen).shaper, buffer)
    clusters = [info.cluster for info in buffer.glyph_infos]
    texts = _cluster_texts(text, clusters)
    glyphs = tuple(
        Glyph(info.codepoint, stands_for, at.x_advance, at.x_offset, at.y_offset)
        for info, at, stands_for in zip(buffer.glyph_infos, buffer.glyph_positions, texts, strict=True)
    )
    return Run(chosen, glyphs, sum(glyph.advance for glyph in glyphs), bold and chosen == font)


def _cluster_texts(text: str, clusters: list[int]) -> list[str]:
    """Return the text of each glyph; a cluster with as many glyphs as characters has one character for each glyph."""
    starts = sorted(set(clusters))
    ends = dict(zip(starts, [*starts[1:], len(text)][: len(starts)], strict=True))  # joiners alone have no glyphs
    counts = Counter(clusters)
    texts: list[str] = []
    at = 0
    for place, cluster in enumerate(clusters):
        whole = text[cluster : ends[cluster]]
        is_first = place == 0 or clusters[place - 1] != cluster
        if counts[cluster] == 1:
            texts.append(whole)
        elif counts[cluster] == len(whole):
            at = 0 if is_first else at + 1
            texts.append(whole[at])
        else:
            texts.append(whole if is_first else "")
    return texts
