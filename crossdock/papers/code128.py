"""Encode Code 128 (ISO/IEC 15417): printable ASCII in code set B, pairs of digits in code set C."""

import re

QUIET_ZONE = 10  # modules that stay white on each side
# The widths of the three bars and three spaces of each symbol, from value 0 to 105, and of the stop symbol with its last bar.
_PATTERNS = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 123122 "
    "123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 232121 111323 "
    "131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 "
    "213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 121124 121421 141122 "
    "141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 "
    "124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 "
    "411131 211412 211214 211232 2331112"
)
_WIDTHS = _PATTERNS.split()
_START_B, _START_C, _TO_C, _TO_B, _STOP = 104, 105, 99, 100, 106
# Digits that are worth the change to code set C and back: an even number of at least four.
_PARTS = re.compile(r"(?:\d\d){2,}|.", re.DOTALL)


def values(text: str) -> list[int]:
    """Return the symbol values of a text: start, data, check symbol, stop. Raises ValueError if it is not printable ASCII."""
    if not text or not (text.isascii() and text.isprintable()):
        raise ValueError("Code 128 here takes printable ASCII only")
    codes: list[int] = []
    in_c = False
    for part in _PARTS.findall(text):
        wants_c = len(part) > 1
        if not codes:
            codes.append(_START_C if wants_c else _START_B)
        elif wants_c != in_c:
            codes.append(_TO_C if wants_c else _TO_B)
        in_c = wants_c
        codes += [int(part[at : at + 2]) for at in range(0, len(part), 2)] if wants_c else [ord(part) - 32]
    check = (codes[0] + sum(place * code for place, code in enumerate(codes))) % 103
    return [*codes, check, _STOP]


def bars(text: str) -> tuple[list[tuple[int, int]], int]:
    """Return the bars of a text as (start, width) in modules, and the number of modules; without quiet zones."""
    found: list[tuple[int, int]] = []
    at = 0
    for value in values(text):
        for place, width in enumerate(map(int, _WIDTHS[value])):
            if place % 2 == 0:
                found.append((at, width))
            at += width
    return found, at
