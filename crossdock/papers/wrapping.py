"""Break texts into lines: at spaces, after hyphens and slashes, between Chinese and Japanese characters, else within a word.

Thai, Lao, Khmer and Burmese are written without spaces; without a dictionary they break between syllable clusters, and only
where a line is full.
"""

import re
import unicodedata
from collections.abc import Iterator

from crossdock.papers.characters import JOINERS, drawable, paragraphs_of
from crossdock.papers.document import text_width
from crossdock.papers.shaping import is_rtl

ELLIPSIS = "…"
# Characters of one paragraph that are laid out; a longer one is cut off.
MAX_CHARACTERS = 20_000
_HAN = "\u2e80-\u2fdf\u3000-\u33ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_CLOSING = "、。，．：；？！）」』】》〉〕｝］”’…ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ・％"  # noqa: RUF001 - never begin a line
_OPENING = "（「『【《〈〔｛［“‘"  # noqa: RUF001 - never end one
_BREAKS = re.compile(
    rf"(?<=\s)(?=\S)|(?<=[\w)][-/])(?=\w)|(?<=[{_HAN}])(?<![{_OPENING}])(?![{_CLOSING}\s])|(?<=\S)(?=[{_HAN}])(?<![{_OPENING}])(?![{_CLOSING}])"
)
_MOST_IN_CLUSTER = 16  # characters; no word has more, but a text may chain marks without end
# Marks that give a line the direction of its paragraph: its own first letter may have the other one.
_DIRECTION_OF = {False: "\u200e", True: "\u200f"}
_VIRAMA = 9  # the combining class of the signs that join two consonants


def wrap(text: str, width: float, *, size: float, bold: bool = False, max_lines: int | None = None) -> list[str]:
    """Break a text into lines of at most `width` points, in reading order. The last of `max_lines` ends with an ellipsis."""
    lines: list[str] = []
    most = MAX_CHARACTERS if max_lines is None else min(MAX_CHARACTERS, (max_lines + 1) * _most_in_line(width, size))
    for paragraph in paragraphs_of(text):
        rtl = is_rtl(paragraph[:most])
        for line in _wrap_paragraph(drawable(paragraph[:most]), width, size, bold):
            if max_lines is not None and len(lines) == max_lines:
                lines[-1] = fit(lines[-1] + ELLIPSIS, width, size=size, bold=bold)
                return lines
            lines.append(line if is_rtl(line) == rtl else _DIRECTION_OF[rtl] + line)
    return lines


def fit(text: str, width: float, *, size: float, bold: bool = False) -> str:
    """Shorten a text to one line of at most `width` points, with an ellipsis where it was cut."""
    text = drawable(" ".join(text[:MAX_CHARACTERS].split())[: 2 * _most_in_line(width, size)])
    if text_width(text, size, bold=bold) <= width:
        return text
    clusters = _clusters(text.removesuffix(ELLIPSIS))
    count = _most(clusters, width, size, bold, end=ELLIPSIS)
    return "".join(clusters[:count]).rstrip() + ELLIPSIS


def _wrap_paragraph(text: str, width: float, size: float, bold: bool) -> Iterator[str]:
    line, used = "", 0.0
    for word in _words(text):
        length = text_width(word, size, bold=bold)
        if used + text_width(word.rstrip(), size, bold=bold) > width:
            if line.strip():
                yield line.rstrip()
                line, used = "", 0.0
            if length > width:
                *full, word = _split(word, width, size, bold)  # noqa: PLW2901 - the rest begins the next line
                yield from full
                length = text_width(word, size, bold=bold)
        line += word
        used += length
    yield line.rstrip()


def _words(text: str) -> list[str]:
    """Return the pieces of a text between which a line may end; spaces belong to the piece before them."""
    return [word for word in _BREAKS.split(text) if word]


def _split(word: str, width: float, size: float, bold: bool) -> list[str]:
    """Split a word that is longer than a line, between clusters of characters; each piece has at least one cluster."""
    clusters = _clusters(word.rstrip())
    pieces: list[str] = []
    while clusters:
        count = max(1, _most(clusters, width, size, bold))
        pieces.append("".join(clusters[:count]))
        clusters = clusters[count:]
    return pieces or [""]


def _most_in_line(width: float, size: float) -> int:
    """Return a number of characters that no line of a width has; letters are wider than an eighth of an em on average."""
    return 1 + int(8 * width / size)


def _most(clusters: list[str], width: float, size: float, bold: bool, end: str = "") -> int:
    """Return how many clusters fit into a line, by bisection from a first guess."""
    low, high = (
        0,
        min(len(clusters), 1 + int(8 * width / size)),
    )  # no script has letters of an eighth of an em on average
    while low < high:
        middle = (low + high + 1) // 2
        if text_width("".join(clusters[:middle]) + end, size, bold=bold) <= width:
            low = middle
        else:
            high = middle - 1
    return low


def _clusters(text: str) -> list[str]:
    """Split a text into what may not be broken: a character with its marks, joined ones together."""
    clusters: list[str] = []
    for each in text:
        is_mark = unicodedata.category(each).startswith("M") or each in JOINERS
        joins = bool(clusters) and (clusters[-1][-1] in JOINERS or unicodedata.combining(clusters[-1][-1]) == _VIRAMA)
        if clusters and (is_mark or joins) and len(clusters[-1]) < _MOST_IN_CLUSTER:
            clusters[-1] += each
        else:
            clusters.append(each)
    return clusters
