"""Plots of figures as SVG, readable on light and dark pages: bars by group, and lines over a number."""

import math
from collections.abc import Sequence
from html import escape

_WIDTH, _HEIGHT = 760, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 12, 46, 40
_WIDEST = 80  # a bar
# Colors of series that can be told apart by people who see colors differently (after Okabe and Ito), on white and on black.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b")
_STYLE = (
    "<style>text{font:12px system-ui,sans-serif;fill:#57606a}.title{font-weight:600;font-size:14px;fill:#24292f}"
    ".grid{stroke:#d0d7de}.aim{stroke:#57606a;stroke-dasharray:5 4}"
    "@media(prefers-color-scheme:dark){text{fill:#9da7b3}.title{fill:#e6edf3}.grid{stroke:#3d444d}.aim{stroke:#9da7b3}}"
    "</style>"
)

Series = dict[str, list[float | None]]


def bars(title: str, groups: Sequence[str], series: Series, *, aim: float | None = None) -> str:
    """Draw a bar for each series in each group; `aim` is a dashed line across."""
    top = _nice(max([value for some in series.values() for value in some if value is not None] + [aim or 0.0]))
    slot = (_WIDTH - _LEFT - _RIGHT) / max(1, len(groups))
    width = min(_WIDEST, slot * 0.8 / max(1, len(series)))
    parts = _frame(title, top, list(series))
    for place, group in enumerate(groups):
        middle = _LEFT + slot * (place + 0.5)
        left = middle - width * len(series) / 2
        parts.append(_text(middle, _HEIGHT - _BOTTOM + 18, group, "middle"))
        for number, (name, values) in enumerate(series.items()):
            if (value := values[place]) is None:
                continue
            y = _y(value, top)
            parts.append(
                f'<rect x="{left + width * number:.1f}" y="{y:.1f}" width="{width * 0.92:.1f}" '
                f'height="{_HEIGHT - _BOTTOM - y:.1f}" fill="{COLORS[number % len(COLORS)]}">'
                f"<title>{escape(f'{group}, {name}: {value:,g}')}</title></rect>"
            )
    return _svg(title, [*parts, *_aim(aim, top)])


def lines(title: str, x: Sequence[float], series: Series, *, x_title: str, aim: float | None = None) -> str:
    """Draw a line for each series over the numbers `x`; a missing value is left out."""
    top = _nice(max([value for some in series.values() for value in some if value is not None] + [aim or 0.0]))
    low, high = min(x, default=0.0), max(x, default=1.0)
    scale = (_WIDTH - _LEFT - _RIGHT) / ((high - low) or 1)
    parts = _frame(title, top, list(series))
    for tick in _ticks(low, high):
        parts.append(_text(_LEFT + (tick - low) * scale, _HEIGHT - _BOTTOM + 16, f"{tick:,g}", "middle"))
    parts.append(_text((_LEFT + _WIDTH) / 2, _HEIGHT - 6, x_title, "middle"))
    for number, values in enumerate(series.values()):
        points = [
            f"{_LEFT + (at - low) * scale:.1f} {_y(value, top):.1f}"
            for at, value in zip(x, values, strict=True)
            if value is not None
        ]
        if points:
            color, path = COLORS[number % len(COLORS)], "L".join(points)
            parts.append(f'<path d="M{path}" fill="none" stroke="{color}" stroke-width="2" stroke-linecap="round"/>')
    return _svg(title, [*parts, *_aim(aim, top)])


def _svg(title: str, parts: Sequence[str]) -> str:
    label = escape(title, quote=True)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">'
    return "\n".join([head, _STYLE, *parts, "</svg>", ""])


def _frame(title: str, top: float, names: Sequence[str]) -> list[str]:
    """Return the title, the grid with its numbers, and the legend."""
    parts = [f'<text class="title" x="{_LEFT}" y="16">{escape(title)}</text>']
    for tick in _ticks(0, top):
        y = _y(tick, top)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(_LEFT - 6, y + 4, f"{tick:,g}", "end"))
    at = float(_LEFT)
    for number, name in enumerate(names):
        parts.append(f'<rect x="{at:.0f}" y="26" width="10" height="10" rx="2" fill="{COLORS[number % len(COLORS)]}"/>')
        parts.append(_text(at + 15, 35, name, "start"))
        at += 34 + 6.6 * len(name)
    return parts


def _aim(aim: float | None, top: float) -> list[str]:
    if aim is None:
        return []
    y = _y(aim, top)
    return [
        f'<line class="aim" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>',
        _text(_WIDTH - _RIGHT, y - 4, f"aim {aim:,g}", "end"),
    ]


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _y(value: float, top: float) -> float:
    return _HEIGHT - _BOTTOM - value / top * (_HEIGHT - _BOTTOM - _TOP)


def _step(span: float) -> float:
    """Return a distance of 1, 2 or 5 times a power of ten that divides a span into at most six parts."""
    power: float = 10 ** math.floor(math.log10(span / 6))
    return next(factor * power for factor in (1, 2, 5, 10) if span / (factor * power) <= 6 + 1e-9)


def _nice(value: float) -> float:
    """Return the top of a scale that reaches at least to a value."""
    if value <= 0:
        return 1.0
    step = _step(value)
    return math.ceil(value / step - 1e-9) * step


def _ticks(low: float, high: float) -> list[float]:
    if high <= low:
        return [low]
    step = _step(high - low)
    first = math.ceil(low / step - 1e-9)
    return [round(step * number, 10) for number in range(first, math.floor(high / step + 1e-9) + 1)]
