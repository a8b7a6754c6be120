"""What a bench reads of a running server: its metrics, how late deliveries are, the memory of its processes."""

import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import httpx
import psutil

KINDS = {"webhook": "webhook", "email": "mail"}  # of deliveries, and what tables call them
FLAT_MEMORY, FLAT_DELAY = 1.1, 1.25  # how many times the last third of the samples may be the first


def metrics(base: str) -> dict[str, float]:
    """Return the server's metrics by name with labels."""
    text = httpx.get(f"{base}/metrics", timeout=30).text
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[:1] != "#"}


def behind(found: dict[str, float]) -> float:
    """Return how many events the last endpoint has not read yet."""
    return max((value for name, value in found.items() if name.startswith("crossdock_feed_lag_events")), default=0.0)


def oldest(found: dict[str, float]) -> float:
    """Return the age of the oldest open delivery, seconds."""
    prefix = "crossdock_oldest_open_delivery_seconds"
    return max((value for name, value in found.items() if name.startswith(prefix)), default=0.0)


def is_delivered(found: dict[str, float]) -> bool:
    """Tell whether nothing is left to deliver."""
    return not behind(found) and not oldest(found)


class Delays:
    """Means of the time from an event to the end of its delivery, of the deliveries that ended since the last look.

    Where none has ended though events wait, it is at least the time since the last look at which one had.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._last: dict[str, tuple[float, float]] = {}
        self._ended_at = dict.fromkeys(KINDS, now())

    def since_last(self, found: dict[str, float]) -> dict[str, float | None]:
        """Return the seconds for each kind of delivery; None where none has ended and none waits."""
        means: dict[str, float | None] = {}
        for kind in KINDS:
            name = "crossdock_delivery_delay_seconds"
            total, count = (found.get(f'{name}_{part}{{kind="{kind}"}}', 0.0) for part in ("sum", "count"))
            total_before, count_before = self._last.get(kind, (0.0, 0.0))
            self._last[kind] = total, count
            ended, is_waiting = count - count_before, found.get(f'crossdock_feed_lag_events{{kind="{kind}"}}', 0.0) > 0
            waited = self._now() - self._ended_at[kind]
            means[kind] = (total - total_before) / ended if ended else waited if is_waiting else None
            if ended or not is_waiting:
                self._ended_at[kind] = self._now()
        return means


def growth(values: Sequence[float | None], floor: float = 0.0) -> float | None:
    """Return how many times the median of the last third of samples is that of the first; less than `floor` counts as it.

    None where there are no samples.
    """
    known = [value for value in values if value is not None]
    if not known:
        return None
    third = max(1, len(known) // 3)
    first, last = statistics.median(known[:third]), statistics.median(known[-third:])
    return max(last, floor) / max(first, floor) if max(first, floor) else 1.0


def family(process: psutil.Process) -> list[psutil.Process]:
    """Return a process and those that it started."""
    with suppress(psutil.NoSuchProcess):
        return [process, *process.children(recursive=True)]
    return []


def memory_mb(processes: Sequence[psutil.Process]) -> float:
    """Return the resident memory of processes, without pages of files, which SQLite maps and the system takes back."""
    total = 0.0
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            found = each.memory_info()
            total += (found.rss - getattr(found, "shared", 0)) / 1e6
    return total


def processor_s(processes: Sequence[psutil.Process]) -> dict[int, float]:
    """Return the processor seconds of processes by id; one that has ended has none."""
    used = {}
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            times = each.cpu_times()
            used[each.pid] = float(times.user + times.system)
    return used
