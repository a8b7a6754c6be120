"""How fast orders come in through every door on both engines; `python -m bench --help` narrows it."""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from msgspec import Struct

from bench import figures, load, rows
from bench.compare import prototype
from bench.figures import Aim, Cell, Table
from bench.load import DOORS, TARGETS, Measured, Target
from bench.servers import ENGINES, Databases, free_port, running, server

CONNECTIONS = (1, 16, 64, 256)
_ORDERS = 100_000


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


def tables(results: list[Result], others: list[tuple[str, float]]) -> dict[str, Table]:
    """Return the tables of all figures: by door at 64 connections, what is measured once, and every run."""
    doors: list[list[Cell]] = [
        [each.door, each.engine, each.creates[64].per_second, each.creates[64].p50_ms, each.creates[64].p99_ms, each.echo,
         each.rows, each.efficiency, each.prototype, each.creates[64].per_second / each.prototype]
        for each in results
    ]  # fmt: skip
    runs: list[list[Cell]] = [
        [each.door, each.engine, count, got.per_second, got.p50_ms, got.p99_ms, got.failed]
        for each in results
        for count, got in each.creates.items()
    ]
    return {
        "doors": Table(
            ["door", "engine", "orders/s, 64 connections", "p50 ms", "p99 ms", "echo/s", "rows/s", "efficiency",
             "prototype/s", "of prototype"],
            doors,
        ),
        "one server": Table(["figure", "measured"], [list(each) for each in others]),
        "every run": Table(["door", "engine", "connections", "orders/s", "p50 ms", "p99 ms", "failed"], runs),
    }  # fmt: skip


def aims(results: list[Result], start: float, resident: float | None) -> list[Aim]:
    """Return the figures that have aims."""
    found = [
        Aim(f"efficiency, {each.door} on {each.engine}", each.efficiency, "at least", _EFFICIENCY[each.engine])
        for each in results
    ]
    found += [
        Aim(f"of the prototype, {each.door}", each.creates[64].per_second / each.prototype, "at least", 0.45)
        for each in results
        if each.engine == "sqlite"
    ]
    found += [
        Aim("requests that failed", sum(each.failed for each in results), "at most", 0),
        Aim("start to the first order", start, "at most", 1.5, "s"),
    ]
    return found + ([Aim("memory after the orders", resident, "at most", 200, "MB")] if resident is not None else [])


_EFFICIENCY = {"sqlite": 0.8, "postgresql": 0.6}


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--door", action="append", choices=DOORS, help="only these doors")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only these engines")
    parser.add_argument(
        "--connections", type=int, action="append", help="only these numbers of connections (64 is always run)"
    )
    parser.add_argument("--seconds", type=float, default=5, help="of each run")
    parser.add_argument("--orders", type=int, default=_ORDERS, help="stored before memory is read; 0 leaves that out")
    figures.add_option(parser)
    arguments = parser.parse_args()
    load.need_wrk()
    run = figures.begin("bench", sys.argv[1:])
    connections = sorted({64, *(arguments.connections or CONNECTIONS)})
    results, resident = [], None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        for engine in arguments.engine or ENGINES:
            databases = Databases(engine, Path(name))
            for target in load.targets(arguments.door):
                results.append(door(databases, target, arguments.seconds, connections))
                show(results[-1])
        databases = Databases("sqlite", Path(name))
        start = min(first_order(databases) for _ in range(3))
        others = [("start to the first accepted order, s", start)]
        if arguments.orders:
            stored, resident = memory(databases, arguments.orders)
            others += [
                ("orders stored before memory is read", stored),
                ("memory of the server after them, MB", resident),
            ]
    for what, figure in others:
        print(f"{what}: {figure:,.2f}")
    is_whole = not (arguments.door or arguments.engine or arguments.connections) and arguments.orders >= _ORDERS
    found = figures.Figures(run, tables(results, others), aims(results, start, resident))
    figures.write(arguments.figures, "intake", found, is_whole=is_whole)


if __name__ == "__main__":
    main()
