"""Make the fonts of papers, crossdock/papers/fonts/, from font files: `python -m docs.make_fonts FOLDER`.

FOLDER holds the files named in SOURCES, in any subfolders; Debian has them in the packages fonts-noto-core,
fonts-droid-fallback, fonts-nanum and fonts-symbola. Each becomes a subset without hints, compressed with xz. `index.json`
lists the characters of each, so that a paper loads the fonts that it needs. Fonts of other versions give other files.
"""

import json
import lzma
import sys
from collections.abc import Iterable
from pathlib import Path

import uharfbuzz as hb

TARGET = Path(__file__).parent.parent / "crossdock" / "papers" / "fonts"
Ranges = tuple[tuple[int, int], ...]
_LATIN: Ranges = (
    (0x20, 0x7E), (0xA0, 0x3FF), (0x400, 0x52F), (0x1E00, 0x1FFF), (0x2010, 0x2029), (0x2030, 0x2064), (0x2070, 0x20CF),
    (0x2100, 0x218F), (0x2212, 0x2212), (0xFB00, 0xFB06), (0xFFFD, 0xFFFD),
)  # fmt: skip
_ANY: Ranges = ((0x80, 0xFFFF),)
_HAN: Ranges = (
    (0x2E80, 0x2FDF),
    (0x3000, 0x312F),
    (0x3190, 0x33FF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF00, 0xFFEF),
)
# Symbols and the emoji that people write in gift messages; all emoji would add 0.4 MB.
_SYMBOLS: Ranges = (
    (0x2190, 0x21FF), (0x2200, 0x2265), (0x25A0, 0x25FF), (0x2600, 0x2670), (0x26A0, 0x26A1), (0x26BD, 0x26BE),
    (0x2702, 0x2767), (0x2B05, 0x2B07), (0x2B50, 0x2B50), (0x1F31E, 0x1F31F), (0x1F337, 0x1F33C), (0x1F370, 0x1F370),
    (0x1F37E, 0x1F382), (0x1F384, 0x1F38A), (0x1F3C6, 0x1F3C6), (0x1F44B, 0x1F44F), (0x1F476, 0x1F476),
    (0x1F48B, 0x1F49F), (0x1F4A5, 0x1F4A5), (0x1F4AA, 0x1F4AF), (0x1F4E6, 0x1F4E6), (0x1F525, 0x1F525),
    (0x1F600, 0x1F64F), (0x1F680, 0x1F680), (0x1F69A, 0x1F69A), (0x1F914, 0x1F917),
)  # fmt: skip
_SCRIPT_NAMES = (
    "Arabic Hebrew Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam Sinhala Thai Lao Myanmar "
    "Georgian Armenian Ethiopic Khmer"
)
# The first font that has a character draws it.
SOURCES: dict[str, tuple[str, Ranges]] = {
    "sans": ("NotoSans-Regular.ttf", _LATIN),
    "sans_bold": ("NotoSans-Bold.ttf", _LATIN),
    **{script.lower(): (f"NotoSans{script}-Regular.ttf", _ANY) for script in _SCRIPT_NAMES.split()},
    "han": ("DroidSansFallbackFull.ttf", _HAN),
    "hangul": ("NanumGothic.ttf", ((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7A3))),
    "symbols": ("Symbola_hint.ttf", _SYMBOLS),
}
# Names of the subsets: copyright, license. A font with a reserved name must not keep its name when it is changed.
_NAMES = (0, 13, 14)


def subset(face: hb.Face, characters: Iterable[int]) -> bytes:
    """Return a font with these characters only, without hints and without vertical metrics."""
    selection = hb.SubsetInput()
    selection.sets(hb.SubsetInputSets.UNICODE).update(characters)
    selection.name_id_set.clear()
    selection.name_id_set.update(_NAMES)
    selection.drop_table_tag_set.update(
        int.from_bytes(tag) for tag in (b"vhea", b"vmtx", b"VORG", b"DSIG", b"gasp", b"LTSH", b"VDMX", b"hdmx", b"meta")
    )
    selection.flags = hb.SubsetFlags.NO_HINTING
    return bytes(hb.subset(face, selection).blob.data)


def ranges_of(characters: Iterable[int]) -> list[list[int]]:
    """Return characters as ranges, both ends included."""
    ranges: list[list[int]] = []
    for character in sorted(characters):
        if ranges and character == ranges[-1][1] + 1:
            ranges[-1][1] = character
        else:
            ranges.append([character, character])
    return ranges


def main(folder: Path) -> None:
    files = {path.name: path for path in folder.rglob("*.ttf")}
    index: dict[str, list[list[int]]] = {}
    taken: set[int] = set()
    for name, (file, ranges) in SOURCES.items():
        face = hb.Face(hb.Blob.from_file_path(str(files[file])))
        characters = {each for each in face.unicodes if any(first <= each <= last for first, last in ranges)}
        data = lzma.compress(subset(face, characters), preset=9 | lzma.PRESET_EXTREME)
        (TARGET / f"{name}.ttf.xz").write_bytes(data)
        if name != "sans_bold":  # it has the characters of sans
            index[name] = ranges_of(characters - taken)
            taken |= characters
    (TARGET / "index.json").write_text(json.dumps(index, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
