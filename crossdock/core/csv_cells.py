"""Cells of CSV files that people open in spreadsheets: values as text that no spreadsheet runs as a formula; pure."""

import re
import string
from typing import Any

Tree = Any
# Signs that begin a formula, as OWASP lists them, with their full-width forms.
_FORMULA_SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
# White space, and marks without a width.
_BLANKS = string.whitespace + "".join(map(chr, (0x85, 0xA0, 0x1680, *range(0x2000, 0x2010), 0x2028, 0x2029, 0x202F, 0x205F,
                                                0x2060, 0x3000, 0xFEFF)))  # fmt: skip
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")


def cell(value: Tree) -> str:
    """Format a value for a cell; one that a spreadsheet would run as a formula gets an apostrophe in front.

    Spreadsheets skip blanks before a formula, and take the full-width signs for the plain ones (OWASP, CSV injection). A tab or
    a line break at the beginning counts as one too. A number runs nothing and stays one.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    text = "" if value is None else str(value)
    first = text.lstrip(_BLANKS)[:1]
    is_formula = first != "" and (first in _FORMULA_SIGNS or text.lstrip(" ")[0] in "\t\r\n")
    return "'" + text if is_formula and not _NUMBER.fullmatch(text) else text
