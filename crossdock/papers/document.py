"""Write a PDF: pages with text, lines and rectangles, and the subsets of the fonts that they use.

Lengths are points (1/72 inch) from the top left corner; y of a text is its baseline. On a mirrored document, of a language that
reads from right to left, they count from the top right corner, and "left" and "right" change places. Each font is embedded with
only the glyphs that were drawn, numbered in the order of their first use, and with the text that each stands for, so that a
reader can search and copy.
"""

import io
from datetime import UTC, datetime

import pydyf
import uharfbuzz as hb

from crossdock.papers.characters import drawable
from crossdock.papers.fonts import UNITS, Font, load
from crossdock.papers.shaping import Glyph, Run, shape, width_of

_NOTHING = "\u200b"  # the text of a glyph whose letters another one stands for: some readers refuse an empty one
_BOLD_STROKE = 0.025  # of the font size: how much imitated bold thickens outlines


class _UsedFont:
    """A font in a document: its drawn glyphs with their numbers."""

    def __init__(self, name: str, number: int) -> None:
        self.font: Font = load(name)
        self.resource = f"F{number}"
        self.numbers: dict[tuple[int, str], int] = {}

    def number(self, glyph: Glyph) -> int:
        """Return the number of a glyph; one that stands for another text is another number."""
        return self.numbers.setdefault((glyph.glyph, glyph.text), len(self.numbers) + 1)


class Document:
    """A PDF document in the making. `made_at` is microseconds since 1970 UTC: the only date in the file."""

    def __init__(
        self, size: tuple[float, float], *, title: str, language: str, made_at: int, mirrored: bool = False
    ) -> None:
        self.width, self.height = size
        self.mirrored = mirrored
        self.title, self.language, self.made_at = drawable(title), language, made_at
        self.pages: list[list[str]] = []
        self.page = -1  # the one that is drawn on
        self._fonts: dict[str, _UsedFont] = {}

    def add_page(self) -> None:
        """Add an empty page and draw on it."""
        self.pages.append([])
        self.page = len(self.pages) - 1

    def text(
        self, x: float, y: float, text: str, *, size: float, bold: bool = False, align: str = "left", gray: float = 0,
        rtl: bool | None = None,
    ) -> None:  # fmt: skip
        """Draw one line. `x` is its left end, its right end or its middle, as `align` says."""
        runs = shape(text, bold=bold, rtl=rtl)
        width = sum(run.width for run in runs) * size / UNITS
        if self.mirrored:
            x, align = self.width - x, {"left": "right", "right": "left"}.get(align, align)
        x -= {"left": 0.0, "right": width, "center": width / 2}[align]
        for run in runs:
            self._draw(run, x, y, size, gray)
            x += run.width * size / UNITS

    def rectangle(self, x: float, y: float, width: float, height: float, *, gray: float = 0) -> None:
        """Fill a rectangle; `x` and `y` are its top left corner."""
        corner = self._corner(x, y, width, height)
        self.pages[self.page].append(f"{_number(gray)} g {corner} re f")

    def frame(self, x: float, y: float, width: float, height: float, *, gray: float = 0, line: float = 0.7) -> None:
        """Draw the outline of a rectangle."""
        corner = self._corner(x, y, width, height)
        self.pages[self.page].append(f"{_number(gray)} G {_number(line)} w {corner} re S")

    def _corner(self, x: float, y: float, width: float, height: float) -> str:
        left = self.width - x - width if self.mirrored else x
        return f"{_number(left)} {_number(self.height - y - height)} {_number(width)} {_number(height)}"

    def rule(self, x: float, y: float, width: float, *, gray: float = 0, line: float = 0.5) -> None:
        """Draw a horizontal line."""
        self.rectangle(x, y - line / 2, width, line, gray=gray)

    def _draw(self, run: Run, x: float, y: float, size: float, gray: float) -> None:
        used = self._fonts.setdefault(run.font, _UsedFont(run.font, len(self._fonts) + 1))
        color = f"{_number(gray)} g"
        if run.thicken:
            color += f" {_number(gray)} G {_number(size * _BOLD_STROKE)} w 2 Tr"
        shown = _show(run, used, size)
        origin = f"1 0 0 1 {_number(x)} {_number(self.height - y)} Tm"
        end = "0 Tr ET" if run.thicken else "ET"
        self.pages[self.page].append(f"BT {color} /{used.resource} {_number(size)} Tf {origin} {shown} {end}")

    def render(self) -> bytes:
        """Return the PDF file."""
        pdf = pydyf.PDF()
        resources = pydyf.Dictionary({"Font": pydyf.Dictionary({
            used.resource: _embed(pdf, used).reference for used in self._fonts.values()
        })})  # fmt: skip
        pdf.add_object(resources)
        for operators in self.pages:
            content = pydyf.Stream(["\n".join(operators).encode()], compress=True)
            pdf.add_object(content)
            box = pydyf.Array([0, 0, self.width, self.height])
            pdf.add_page(pydyf.Dictionary({
                "Type": "/Page", "Parent": pdf.pages.reference, "MediaBox": box, "Contents": content.reference,
                "Resources": resources.reference,
            }))  # fmt: skip
        pdf.catalog["Lang"] = pydyf.String(self.language)
        pdf.catalog["ViewerPreferences"] = pydyf.Dictionary({"DisplayDocTitle": "true", "PrintScaling": "/None"})
        made = datetime.fromtimestamp(self.made_at // 1_000_000, UTC)
        pdf.info["Title"], pdf.info["Producer"] = pydyf.String(self.title), pydyf.String("Crossdock")
        pdf.info["CreationDate"] = pydyf.String(f"D:{made:%Y%m%d%H%M%S}Z")
        output = io.BytesIO()
        pdf.write(output)
        return output.getvalue()


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a line in points."""
    return width_of(text, bold=bold) * size / UNITS


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") if value else "0"


def _show(run: Run, used: _UsedFont, size: float) -> str:
    """Return the operators that show a run: numbers of glyphs, with corrections where one does not follow from widths."""
    parts: list[str] = []
    items: list[str] = []
    pen = wanted = rise = 0
    for glyph in run.glyphs:
        if glyph.dy != rise:
            if items:
                parts.append(f"[{''.join(items)}] TJ")
                items = []
            rise = glyph.dy
            parts.append(f"{_number(rise * size / UNITS)} Ts")
        if wanted + glyph.dx != pen:
            items.append(str(pen - wanted - glyph.dx))
            pen = wanted + glyph.dx
        items.append(f"<{used.number(glyph):04x}>")
        pen += used.font.advance(glyph.glyph)
        wanted += glyph.advance
    if items:
        parts.append(f"[{''.join(items)}] TJ")
    if rise:
        parts.append("0 Ts")
    return " ".join(parts)


# ------------------------------------------------------------------------------------------------------- embedding fonts
def _embed(pdf: pydyf.PDF, used: _UsedFont) -> pydyf.Object:
    """Add a font to a PDF: composite, with the glyphs that were drawn."""
    data, renumbered = _subset(used.font, [glyph for glyph, _ in used.numbers])
    name = f"/{_tag(used)}+Crossdock-{used.font.name}"
    file = _added(pdf, pydyf.Stream([data], {"Length1": len(data)}, compress=True))
    places = b"\0\0" + b"".join(renumbered[glyph].to_bytes(2) for glyph, _ in used.numbers)
    glyph_of_number = _added(pdf, pydyf.Stream([places], compress=True))
    descriptor = _added(pdf, pydyf.Dictionary({
        "Type": "/FontDescriptor", "FontName": name, "Flags": 4, "FontBBox": pydyf.Array([-500, -500, 1500, 1200]),
        "ItalicAngle": 0, "Ascent": used.font.ascender, "Descent": used.font.descender, "CapHeight": 700, "StemV": 80,
        "FontFile2": file.reference,
    }))  # fmt: skip
    widths = pydyf.Array([1, pydyf.Array(used.font.advance(glyph) for glyph, _ in used.numbers)])
    descendant = _added(pdf, pydyf.Dictionary({
        "Type": "/Font", "Subtype": "/CIDFontType2", "BaseFont": name, "FontDescriptor": descriptor.reference,
        "CIDSystemInfo": "<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>", "DW": 0, "W": widths,
        "CIDToGIDMap": glyph_of_number.reference,
    }))  # fmt: skip
    to_unicode = _added(pdf, pydyf.Stream([_to_unicode(used)], compress=True))
    return _added(pdf, pydyf.Dictionary({
        "Type": "/Font", "Subtype": "/Type0", "BaseFont": name, "Encoding": "/Identity-H",
        "DescendantFonts": pydyf.Array([descendant.reference]), "ToUnicode": to_unicode.reference,
    }))  # fmt: skip


def _added(pdf: pydyf.PDF, item: pydyf.Object) -> pydyf.Object:
    pdf.add_object(item)
    return item


def _tag(used: _UsedFont) -> str:
    """Return the six letters that mark the name of a subset."""
    number = int(used.resource[1:])
    return "CROSS" + chr(ord("A") + number % 26)


def _subset(font: Font, glyphs: list[int]) -> tuple[bytes, dict[int, int]]:
    """Return a font file with these glyphs, and the number of each in it; for drawing only, without characters."""
    selection = hb.SubsetInput()
    selection.glyph_set.update(glyphs)
    selection.flags = hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NO_LAYOUT_CLOSURE
    selection.drop_table_tag_set.update(int.from_bytes(tag) for tag in (b"GSUB", b"GPOS", b"GDEF", b"name", b"post"))
    plan = hb.SubsetPlan(font.face, selection)
    return bytes(plan.execute().blob.data), dict(plan.old_to_new_glyph_mapping)


def _to_unicode(used: _UsedFont) -> bytes:
    """Return the map from numbers of glyphs to text."""
    rows = [
        f"<{number:04x}> <{(text or _NOTHING).encode('utf-16-be').hex()}>" for (_, text), number in used.numbers.items()
    ]
    blocks = [rows[at : at + 100] for at in range(0, len(rows), 100)]
    body = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        f"1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n{body}\n"
        "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"
    ).encode()
