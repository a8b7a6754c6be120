"""Charts as inline SVG: the places of their bars, which templates draw."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from crossdock.flows.overview import Arrivals

HOURS = 24
WIDTH, HEIGHT = 1000, 220  # of the view box
LEFT, BOTTOM, TOP = 52, 34, 16  # for the labels of the axes
_HOUR_US = 3_600_000_000
_GAP = 4


class Segment(Struct, frozen=True):
    """A part of a bar: the series it is of, how many it stands for, and where it is drawn."""

    series: int
    number: int
    y: float
    height: float


class Bar(Struct, frozen=True):
    """One hour: its beginning and end in the reader's zone, and its parts from the bottom up."""

    begin: datetime
    end: datetime
    x: float
    width: float
    segments: tuple[Segment, ...]
    numbers: tuple[int, ...]  # of all series

    @property
    def total(self) -> int:
        """How many there are in the hour."""
        return sum(self.numbers)


class HourlyChart(Struct, frozen=True):
    """Orders by hour and door: the doors with their series, the bars, and the values of the grid lines with their places."""

    doors: tuple[tuple[str, int], ...]
    bars: tuple[Bar, ...]
    grid: tuple[tuple[int, float], ...]


def first_hour(now: datetime) -> datetime:
    """Return the beginning of the first of the HOURS bars, the last of which is the present hour."""
    return now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)


def hourly(arrivals: Sequence[Arrivals], first: datetime, *, doors: Sequence[str]) -> HourlyChart:
    """Draw the orders by hour as stacked bars; a door is always drawn in the same color, by its place in `doors`."""
    present = sorted((each for each in arrivals if each.number), key=lambda each: doors.index(each.door))
    series = [doors.index(each.door) + 1 for each in present]
    begin = int(first.timestamp()) * 1_000_000
    numbers = [[0] * len(present) for _ in range(HOURS)]
    for position, each in enumerate(present):
        for quarter, number in each.by_quarter.items():
            place = (quarter - begin) // _HOUR_US
            if 0 <= place < HOURS:
                numbers[place][position] += number
    most = _nice(max(map(sum, numbers)))
    step = (WIDTH - LEFT) / HOURS
    bars = []
    for place, of_hour in enumerate(numbers):
        # By way of UTC: where the clock is changed, local hours are not an hour apart.
        start = datetime.fromtimestamp(first.timestamp() + 3600 * place, first.tzinfo)
        end = datetime.fromtimestamp(first.timestamp() + 3600 * (place + 1), first.tzinfo)
        x, width = LEFT + step * place + _GAP / 2, step - _GAP
        bars.append(Bar(start, end, round(x, 1), round(width, 1), _stacked(of_hour, series, most), tuple(of_hour)))
    grid = tuple((value, _y(value, most)) for value in dict.fromkeys((0, most // 2, most)))
    return HourlyChart(tuple(zip((each.door for each in present), series, strict=True)), tuple(bars), grid)


def _stacked(numbers: Sequence[int], series: Sequence[int], most: int) -> tuple[Segment, ...]:
    segments, below = [], 0
    for of_door, number in zip(series, numbers, strict=True):
        if number:
            top, bottom = _y(below + number, most), _y(below, most)
            segments.append(Segment(of_door, number, top, round(bottom - top, 1)))
            below += number
    return tuple(segments)


def _y(value: int, most: int) -> float:
    return round((HEIGHT - BOTTOM) * (1 - value / most) + TOP * value / most, 1)


def _nice(number: int) -> int:
    """Return the next number of the form 2, 4 or 10 times a power of ten, so that its half is a whole number."""
    size = 1
    while True:
        for factor in (2, 4, 10):
            if number <= factor * size:
                return factor * size
        size *= 10
