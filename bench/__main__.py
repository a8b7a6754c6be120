"""Runs everything and prints the tables of bench/README.md; `python -m bench --help` narrows it."""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import msgspec
from msgspec import Struct

from bench import load, rows
from bench.compare import prototype
from bench.load import DOORS, TARGETS, Measured, Target
from bench.servers import ENGINES, Databases, free_port, running, server

CONNECTIONS = (1, 16, 64, 256)


class Result(Struct):
    """A door on an engine: orders per second of the yardsticks, and what creating gave at each number of connections."""

    door: str
    engine: str
    prototype: float
    echo: float
    rows: float
    efficiency: float
    failed: int
    creates: dict[int, Measured]


def bare_rows(databases: Databases, target: Target, seconds: float) -> float:
    """Measure the rows yardstick for a door."""
    url = databases.fresh()
    with server("crossdock.app:create", url) as (base, _):
        load.create(base, target)
    return rows.speed(url, seconds)


def door(databases: Databases, target: Target, seconds: float, connections: list[int]) -> Result:
    """Measure one door on one engine: the yardsticks, then creating orders at each number of connections."""
    with server("bench.echo:create", databases.fresh()) as (base, _):
        load.run(base, target, connections=64, seconds=1, name="warm")
        echo = load.run(base, target, connections=64, seconds=seconds, name="echo")
    bare = bare_rows(databases, target, seconds)
    creates = {}
    with server("crossdock.app:create", databases.fresh()) as (base, _):
        load.run(base, target, connections=64, seconds=1, name="warm")
        for count in connections:
            creates[count] = load.run(base, target, connections=count, seconds=seconds, name=f"c{count}")
    # The machine's speed drifts within minutes, so the prototype is measured right beside what it is compared with.
    bare_prototype = prototype(databases.folder, target, seconds)
    efficiency = (1 / echo.per_second + 1 / bare) * creates[64].per_second
    failed = sum(got.failed for got in creates.values()) + echo.failed
    return Result(target.door, databases.engine, bare_prototype, echo.per_second, bare, efficiency, failed, creates)


def show(result: Result) -> None:
    """Print a door's figures as soon as they are there."""
    print(
        f"\n{result.door} on {result.engine}: echo {result.echo:,.0f}/s  rows {result.rows:,.0f}/s"
        f"  efficiency {result.efficiency:.2f}  prototype {result.prototype:,.0f}/s"
    )
    for count, got in result.creates.items():
        print(
            f"  {count:>3} connections  {got.per_second:>7,.0f} orders/s"
            f"  p50 {got.p50_ms:.1f} ms  p99 {got.p99_ms:.1f} ms  failed {got.failed}"
        )
    sys.stdout.flush()


def first_order(databases: Databases) -> float:
    """Return the seconds from `crossdock serve --demo` on a fresh database to the first accepted order."""
    port, database = str(free_port()), databases.fresh()
    command = ["-m", "crossdock", "serve", "--demo", "--port", port, "--database", database]
    began = time.perf_counter()
    with running(*command, out=subprocess.DEVNULL, errors=subprocess.DEVNULL):
        while time.perf_counter() - began < 30:
            try:
                load.create(f"http://127.0.0.1:{port}", TARGETS[0])
                return time.perf_counter() - began
            except httpx.TransportError:
                time.sleep(0.005)
        raise RuntimeError("the server did not start")


def memory(databases: Databases, orders: int) -> tuple[int, float]:
    """Return how many orders were stored and the server's resident MB after them."""
    stored = 0
    with server("crossdock.app:create", databases.fresh()) as (base, process):
        while stored < orders:
            stored += load.run(base, TARGETS[0], connections=64, seconds=5, name=f"m{stored}").requests
        return stored, process.memory_info().rss / 1e6


def table(results: list[Result]) -> str:
    """Write the results as a Markdown table."""
    lines = [
        "| door | engine | "
        + " | ".join(f"{count} conn." for count in CONNECTIONS)
        + " | echo/s | rows/s | efficiency | prototype/s | of prototype |",
        "|---|---|" + "---|" * (len(CONNECTIONS) + 5),
    ]
    for each in results:
        cells = [
            f"{got.per_second:,.0f}/s, {got.p50_ms:.1f}/{got.p99_ms:.1f} ms" if got else ""
            for got in map(each.creates.get, CONNECTIONS)
        ]
        yard = f"{each.echo:,.0f} | {each.rows:,.0f} | {each.efficiency:.2f}"
        yard += f" | {each.prototype:,.0f} | {each.creates[64].per_second / each.prototype:.2f}"
        lines.append(f"| {each.door} | {each.engine} | {' | '.join(cells)} | {yard} |")
    return "\n".join(lines)


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--door", action="append", choices=DOORS, help="only these doors")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only these engines")
    parser.add_argument(
        "--connections", type=int, action="append", help="only these numbers of connections (64 is always run)"
    )
    parser.add_argument("--seconds", type=float, default=5, help="of each run")
    parser.add_argument("--orders", type=int, default=100_000, help="stored before memory is read; 0 leaves that out")
    arguments = parser.parse_args()
    load.need_wrk()
    connections = sorted({64, *(arguments.connections or CONNECTIONS)})
    results = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        for engine in arguments.engine or ENGINES:
            databases = Databases(engine, Path(name))
            for target in load.targets(arguments.door):
                results.append(door(databases, target, arguments.seconds, connections))
                show(results[-1])
        databases = Databases("sqlite", Path(name))
        start = min(first_order(databases) for _ in range(3))
        print(f"\nstart to first accepted order on a fresh SQLite file: {start:.2f} s (best of 3)")
        if arguments.orders:
            stored, resident = memory(databases, arguments.orders)
            print(f"resident after {stored:,} orders: {resident:.0f} MB")
    print(f"\n{table(results)}")
    kept = load.HERE / "results"
    kept.mkdir(exist_ok=True)
    found = msgspec.json.encode({"results": results, "first_order_s": start})
    (kept / "last.json").write_bytes(msgspec.json.format(found, indent=1))


if __name__ == "__main__":
    main()
