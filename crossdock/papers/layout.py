"""Lay out papers: sizes, heads and feet of pages, addresses, facts, codes, and tables that continue on the next page.

Everything flows down from the top margin. A page ends where the next piece does not fit; a row of a table that is taller than a
page goes on line by line on the next, below the repeated head of the table. Lengths are points. In a language that reads from
right to left the whole page is mirrored (see document.py): "left" is where its lines begin.
"""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from crossdock.core.orders.model import Address
from crossdock.papers import code128
from crossdock.papers.document import Document, text_width
from crossdock.papers.languages import RIGHT_TO_LEFT, TAGS, PaperLanguage, translate
from crossdock.papers.shaping import direction_of, is_rtl
from crossdock.papers.wrapping import fit, wrap

Paper = Literal["A4", "Letter"]
SIZES: dict[Paper, tuple[float, float]] = {"A4": (595.28, 841.89), "Letter": (612, 792)}
LABEL_SIZE = (288.0, 432.0)  # 4 x 6 in
MARGIN = 45.0
_FOOT = 30.0  # above the bottom margin: page number
TEXT, SMALL, TITLE, BRAND = 9.5, 8.0, 20.0, 14.0
_LEADING = 1.36  # line height by font size: room for the marks of Thai and the descenders of Arabic
_GRAY, _LIGHT = 0.4, 0.8
_PAD = 5.0
MODULE = 1.0  # width of the narrowest bar: 0.35 mm, which hand scanners read from a print of 203 dpi


class PaperSettings(Struct, frozen=True, kw_only=True):
    """How papers look. `brand` is the shop's name, `seller` its address; `footer` is small print, such as tax numbers."""

    language: PaperLanguage = "en"
    paper: Paper = "A4"
    brand: str = ""
    seller: Address | None = None
    footer: str = ""
    time_zone: str = "UTC"


class Column(Struct, frozen=True):
    """A column of a table; `share` of the width. Figures stand right."""

    title: str
    share: float
    align: Literal["left", "right"] = "left"
    bold: bool = False
    max_lines: int | None = 6


Row = Sequence[str]


def new_document(size: tuple[float, float], settings: PaperSettings, *, title: str, made_at: int) -> Document:
    """Begin a document in the language of the settings."""
    language = settings.language
    mirrored = language in RIGHT_TO_LEFT
    return Document(size, title=title, language=TAGS[language], made_at=made_at, mirrored=mirrored)


def line_height(size: float) -> float:
    """Return the distance between the baselines of text of a size."""
    return size * _LEADING


class Sheet:
    """A paper in the making, of one or more pages; `reference` is repeated with the title at the top of each further page."""

    def __init__(self, settings: PaperSettings, title: str, reference: str, *, made_at: int) -> None:
        self.settings, self.title, self.reference = settings, title, reference
        size = SIZES[settings.paper]
        name = f"{title} {reference}".strip()
        self.document = new_document(size, settings, title=name, made_at=made_at)
        self.width = size[0] - 2 * MARGIN
        self.bottom = size[1] - MARGIN - _FOOT
        self.y = MARGIN
        self.document.add_page()
        self._head()

    def words(self, key: str, **values: object) -> str:
        """Return a text in the language of the paper."""
        return translate(self.settings.language, key, **values)

    def _head(self) -> None:
        brand = fit(self.settings.brand, self.width * 0.5, size=BRAND, bold=True)
        title = fit(self.title, self.width * 0.48, size=TITLE, bold=True)
        self.document.text(MARGIN, self.y + BRAND, brand, size=BRAND, bold=True)
        self.document.text(MARGIN + self.width, self.y + BRAND, title, size=TITLE, bold=True, align="right")
        self.y += 32
        self.document.rule(MARGIN, self.y - 6, self.width, line=1)
        self.y += 8

    def break_page(self) -> None:
        """Continue on a new page."""
        self.document.add_page()
        self.y = MARGIN
        self.text(fit(f"{self.title}  {self.reference}", self.width, size=SMALL), size=SMALL, gray=_GRAY)
        self.y += 8

    def ensure(self, height: float) -> bool:
        """Begin a new page if less than `height` is left; tell whether that was so."""
        if self.y + height <= self.bottom or self.y <= MARGIN + 40:
            return False
        self.break_page()
        return True

    def text(self, text: str, *, size: float = TEXT, bold: bool = False, gray: float = 0, x: float = MARGIN) -> None:
        """Write one line and go below it."""
        self.document.text(x, self.y + size, text, size=size, bold=bold, gray=gray)
        self.y += line_height(size)

    def heading(self, text: str, *, room: float = 30) -> None:
        """Write a heading, not at the end of a page: with `room` below it."""
        self.y += 10
        self.ensure(line_height(TEXT) + room)
        self.text(text, bold=True)

    def note(self, text: str) -> None:
        """Write a short note in small gray letters."""
        for line in wrap(text, self.width, size=SMALL, max_lines=4):
            self.ensure(line_height(SMALL))
            self.text(line, size=SMALL, gray=_GRAY)

    def facts(self, pairs: Sequence[tuple[str, str]], *, width: float | None = None, x: float = MARGIN) -> None:
        """Write labels with their values in two columns, without those that have no value."""
        present = [(label, value) for label, value in pairs if value.strip()]
        wide = max((text_width(label, TEXT) for label, _ in present), default=0.0) + 12
        for label, value in present:
            lines = wrap(value, (width or self.width) - wide, size=TEXT, max_lines=3)
            self.ensure(len(lines) * line_height(TEXT))
            self.document.text(x, self.y + TEXT, label, size=TEXT, gray=_GRAY)
            for line in lines:
                self.text(line, x=x + wide)

    def addresses(self, blocks: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Write addresses side by side, each below its label; those without lines are left out."""
        present = [(label, lines) for label, lines in blocks if lines]
        if not present:
            return
        width = self.width / max(2, len(present)) - 12
        wrapped = [
            [part for line in lines for part in wrap(line, width, size=TEXT, max_lines=3)] for _, lines in present
        ]
        self.y += 8
        self.ensure(line_height(TEXT) * (1 + max(map(len, wrapped))))
        top, lowest = self.y, self.y
        for place, ((label, _), lines) in enumerate(zip(present, wrapped, strict=True)):
            x, self.y = MARGIN + place * (width + 12), top
            self.text(label, size=SMALL, gray=_GRAY, x=x)
            for number, line in enumerate(lines):
                self.text(line, x=x, bold=number == 0)
            lowest = max(lowest, self.y)
        self.y = lowest

    def box(self, label: str, text: str) -> None:
        """Write a text of any length in a frame, with a label above it; it reads in its own direction."""
        lines = wrap(text, self.width - 24, size=TEXT + 1)
        self.heading(label, room=line_height(TEXT + 1) * min(len(lines), 3) + 16)
        height = line_height(TEXT + 1)
        while lines:
            count = max(1, int((self.bottom - self.y - 18) / height))
            part, lines = lines[:count], lines[count:]
            self.document.frame(MARGIN, self.y + 2, self.width, len(part) * height + 14, gray=_LIGHT)
            self.y += 8
            for line in part:
                self._paragraph_line(line, TEXT + 1)
            self.y += 12
            if lines:
                self.break_page()

    def _paragraph_line(self, line: str, size: float) -> None:
        is_against = reads_against(line, self.document)
        x = MARGIN + self.width - 12 if is_against else MARGIN + 12
        self.document.text(x, self.y + size, line, size=size, align="right" if is_against else "left", rtl=is_rtl(line))
        self.y += line_height(size)

    def code(self, value: str, *, caption: str, y: float, height: float = 30) -> float:
        """Draw a Code 128 at the right margin, with its caption and value below it; return its width with a quiet zone."""
        right = MARGIN + self.width + code128.QUIET_ZONE * MODULE  # the margin is the quiet zone of that side
        return draw_code(self.document, value, caption=caption, x=right, y=y, height=height, align="right")

    def table(self, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """Write a table; its head is repeated on each page."""
        self.y += 10
        self.ensure(line_height(SMALL) + line_height(TEXT) * 2 + 3 * _PAD)
        self._table_head(columns)
        for row in rows:
            self._row(columns, row)

    def _table_head(self, columns: Sequence[Column]) -> None:
        self.document.rectangle(MARGIN, self.y, self.width, line_height(SMALL) + _PAD, gray=0.93)
        for column, x, width in self._places(columns):
            title = fit(column.title, width, size=SMALL, bold=True)
            right = column.align == "right"
            self.document.text(
                x + width if right else x, self.y + SMALL + 2, title, size=SMALL, bold=True, align=column.align
            )
        self.y += line_height(SMALL) + _PAD + 2

    def _row(self, columns: Sequence[Column], row: Row) -> None:
        places = self._places(columns)
        cells = [
            wrap(text, width, size=TEXT, bold=column.bold, max_lines=column.max_lines)
            for text, (column, _, width) in zip(row, places, strict=True)
        ]
        left = max(1, *map(len, cells))
        height = line_height(TEXT)
        if self.y + min(left, 8) * height + _PAD > self.bottom:
            self._continue_table(columns)
        while left:
            count = max(1, min(left, int((self.bottom - self.y - _PAD) / height)))
            for lines, (column, x, width) in zip(cells, places, strict=True):
                self._cell(lines[:count], column, x, width)
                del lines[:count]
            left -= count
            self.y += count * height + _PAD
            if left:
                self._continue_table(columns)
        self.document.rule(MARGIN, self.y - 1, self.width, gray=_LIGHT, line=0.5)
        self.y += 2

    def _cell(self, lines: Sequence[str], column: Column, x: float, width: float) -> None:
        """Write the lines of a cell; lines that read against the direction of the page begin where the longest of them ends."""
        block = max((text_width(line, TEXT, bold=column.bold) for line in lines), default=0.0)
        for number, line in enumerate(lines):
            y = self.y + 1 + TEXT + number * line_height(TEXT)
            is_right = column.align == "right" or reads_against(line, self.document)
            right = x + (width if column.align == "right" else block)
            align: Literal["left", "right"] = "right" if is_right else "left"
            self.document.text(right if is_right else x, y, line, size=TEXT, bold=column.bold, align=align)

    def _continue_table(self, columns: Sequence[Column]) -> None:
        self.break_page()
        self._table_head(columns)

    def _places(self, columns: Sequence[Column]) -> list[tuple[Column, float, float]]:
        """Return each column with its left end and width, without the space between columns."""
        whole = sum(column.share for column in columns)
        widths = [self.width * column.share / whole for column in columns]
        widest = max(range(len(columns)), key=widths.__getitem__)
        for place, column in enumerate(columns):  # a head is not cut while the widest column has room
            lacking = text_width(column.title, SMALL, bold=True) + 2 * _PAD - widths[place]
            if place != widest and 0 < lacking < widths[widest] / 3:
                widths[place] += lacking
                widths[widest] -= lacking
        places, x = [], MARGIN
        for column, width in zip(columns, widths, strict=True):
            places.append((column, x + _PAD, width - 2 * _PAD))
            x += width
        return places

    def sums(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Write amounts at the right, the last one as their total."""
        self.y += 8
        self.ensure(line_height(TEXT) * min(len(pairs), 10) + 6)
        right = MARGIN + self.width - _PAD
        for place, (label, amount) in enumerate(pairs):
            is_total = place == len(pairs) - 1
            if is_total:
                self.document.rule(MARGIN + self.width * 0.5, self.y + 1, self.width * 0.5)
                self.y += 4
            self.ensure(line_height(TEXT))
            self._sum(label, amount, right, bold=is_total)

    def _sum(self, label: str, amount: str, right: float, *, bold: bool) -> None:
        y = self.y + TEXT
        left = right - max(text_width(amount, TEXT, bold=bold) + 16, self.width * 0.22)
        if left > MARGIN + 60:
            self.document.text(
                left, y, fit(label, left - MARGIN, size=TEXT, bold=bold), size=TEXT, bold=bold, align="right"
            )
        self.document.text(right, y, fit(amount, self.width, size=TEXT, bold=bold), size=TEXT, bold=bold, align="right")
        self.y += line_height(TEXT)

    def render(self) -> bytes:
        """Return the PDF, with the foot of each page."""
        pages = len(self.document.pages)
        low = self.document.height - MARGIN
        small_print = fit(self.settings.footer, self.width * 0.75, size=SMALL - 1)
        for page in range(pages):
            self.document.page = page
            number = self.words("page", page=page + 1, pages=pages)
            self.document.text(MARGIN + self.width, low, number, size=SMALL - 1, gray=_GRAY, align="right")
            self.document.text(MARGIN, low, small_print, size=SMALL - 1, gray=_GRAY)
        return self.document.render()


def reads_against(line: str, document: Document) -> bool:
    """Whether a line has letters and reads against the direction of the page."""
    rtl = direction_of(line)
    return rtl is not None and rtl is not document.mirrored


def draw_code(
    document: Document, value: str, *, caption: str, x: float, y: float, height: float,
    align: Literal["right", "center"], module: float = MODULE,
) -> float:  # fmt: skip
    """Draw a Code 128 with its caption and value below it; return its width with the quiet zones."""
    bars, modules = code128.bars(value)
    width = (modules + 2 * code128.QUIET_ZONE) * module
    left = x - (width if align == "right" else width / 2)
    for first, wide in bars:
        start = modules - first - wide if document.mirrored else first  # the code itself reads from left to right
        document.rectangle(left + (code128.QUIET_ZONE + start) * module, y, wide * module, height)
    text = f"{fit(caption, width / 2, size=SMALL)} {value}"
    document.text(left + width / 2, y + height + SMALL + 1, text, size=SMALL, align="center")
    return width
