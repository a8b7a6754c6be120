"""The fonts of papers: which of them draws a character, and the font files, loaded when a paper first needs them.

The fonts are subsets without hints, made by docs/make_fonts.py; their licenses are in fonts/LICENSE.txt. Only the Latin font
has a bold file; bold text of other scripts is drawn with thicker outlines (crossdock/papers/document.py).
"""

import lzma
from bisect import bisect_right
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import msgspec
import uharfbuzz as hb

LATIN = "sans"
BOLD = {LATIN: "sans_bold"}
UNITS = 1000  # of an em, in all measures of glyphs; PDF has the same
REPLACEMENT = "\ufffd"  # drawn for a character that no font has


class Font:
    """A font file ready to shape text; measures are in thousandths of an em."""

    def __init__(self, name: str) -> None:
        packed = files("crossdock.papers").joinpath("fonts", f"{name}.ttf.xz").read_bytes()
        self.name = name
        self.face: Any = hb.Face(hb.Blob(lzma.decompress(packed)))
        self.shaper: Any = hb.Font(self.face)
        self.shaper.scale = (UNITS, UNITS)
        self.characters: frozenset[int] = frozenset(self.face.unicodes)
        extents = self.shaper.get_font_extents("ltr")
        self.ascender, self.descender = int(extents.ascender), int(extents.descender)

    def advance(self, glyph: int) -> int:
        """Return the width of a glyph."""
        return int(self.shaper.get_glyph_h_advance(glyph))


@cache
def load(name: str) -> Font:
    """Load a font file once."""
    return Font(name)


@cache
def _index() -> tuple[list[int], list[tuple[int, str]]]:
    """Return the first characters of all ranges in order, and the last character and the font of each."""
    raw = files("crossdock.papers").joinpath("fonts", "index.json").read_bytes()
    ranges = sorted(
        (first, last, name)
        for name, pairs in msgspec.json.decode(raw, type=dict[str, list[tuple[int, int]]]).items()
        for first, last in pairs
    )
    return [first for first, _, _ in ranges], [(last, name) for _, last, name in ranges]


@lru_cache(maxsize=8192)
def font_of(character: str) -> str | None:
    """Return the name of the font that draws a character; None if no font has it."""
    firsts, rest = _index()
    place = bisect_right(firsts, ord(character)) - 1
    if place < 0:
        return None
    last, name = rest[place]
    return name if ord(character) <= last else None
