"""What an order costs: processor time of the server and of the database, and bytes stored: `python -m bench.cost`.

Processor time, unlike orders a second, hardly depends on what else the machine does. docs/scaling.md has the results.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
from msgspec import Struct

from bench import figures, load
from bench.delivery import processor_s
from bench.figures import Cell, Figures, Table
from bench.load import TARGETS
from bench.servers import ENGINES, Databases, server


def database_processes(servers: Sequence[int]) -> Iterator[psutil.Process]:
    """Yield the processes of PostgreSQL servers, given the ids of their first ones."""
    for pid in servers:
        yield from psutil.Process(pid).children(recursive=True)


def spent(processes: Iterator[psutil.Process]) -> dict[int, float]:
    """Return the processor seconds of processes by id; one that has ended has none."""
    used = {}
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            used[each.pid] = processor_s(each)
    return used


class Cost(Struct):
    """Orders measured, and what one of them took: microseconds of processor time, and kB stored."""

    orders: int
    server_us: float
    database_us: float
    stored_kb: float

    def __str__(self) -> str:
        """Describe it in a line."""
        return (
            f"{self.orders:,} orders: processor time of the server {self.server_us:,.0f} µs, of the database "
            f"{self.database_us:,.0f} µs, {self.stored_kb:.1f} kB stored, an order"
        )


def measure(url: str, servers: Sequence[int], seconds: float) -> Cost:
    """Measure one database."""
    with server("crossdock.app:create", url) as (base, process):
        load.run(base, TARGETS[-1], connections=64, seconds=2, name="warm")
        size, stored, used = bytes_of(base), spent(database_processes(servers)), processor_s(process)
        measured = load.run(base, TARGETS[-1], connections=64, seconds=seconds, name="cost")
        count = measured.requests - measured.failed
        served = processor_s(process) - used
        now = spent(database_processes(servers))
        database = sum(value - stored.get(pid, 0.0) for pid, value in now.items())
        grown = bytes_of(base) - size
    return Cost(count, served / count * 1e6, database / count * 1e6, grown / count / 1000)


def bytes_of(base: str) -> int:
    """Return the size of the server's database."""
    text = httpx.get(f"{base}/metrics").text
    (line,) = [line for line in text.splitlines() if line.startswith("crossdock_database_size_bytes")]
    return int(float(line.rpartition(" ")[2]))


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only this engine")
    parser.add_argument("--url", help="this database instead, such as one on a Citus cluster of this machine")
    parser.add_argument(
        "--pid", type=int, action="append", default=[], help="with --url, a PostgreSQL server's first process"
    )
    parser.add_argument("--seconds", type=float, default=10)
    figures.add_option(parser)
    given = parser.parse_args()
    load.need_wrk()
    if given.url:
        print(f"{given.url.partition('://')[0]}: {measure(given.url, given.pid, given.seconds)}")
        return
    run, kept = figures.begin("bench.cost", sys.argv[1:]), list[list[Cell]]()
    for engine in given.engine or ENGINES:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            databases = Databases(engine, Path(folder))
            servers = [databases.pid] if engine == "postgresql" else []
            cost = measure(databases.fresh(), servers, given.seconds)
            print(f"{engine}: {cost}")
            kept.append([engine, cost.orders, cost.server_us, cost.database_us, cost.stored_kb])
    table = Table(["engine", "orders", "server µs", "database µs", "stored kB"], kept)
    figures.write(given.figures, "cost", Figures(run, {"cost": table}), is_whole=not given.engine)


if __name__ == "__main__":
    main()
