"""Runs everything and prints the tables of bench/README.md; `python -m bench --help` narrows it."""

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from bench import load, rows
from bench.load import TARGETS, Target
from bench.servers import PORT, Databases, server

CONNECTIONS = (1, 16, 64, 256)


def bare_rows(databases: Databases, target: Target, seconds: float) -> float:
    """Measure the rows yardstick for a door."""
    url = databases.fresh()
    with server("crossdock.app:create", url) as (base, _, _):
        answer = httpx.post(
            base + target.path, content=target.body.read_bytes(),
            headers=load.headers(base, target) | ({target.stamp: "one"} if target.stamp else {}),
        )  # fmt: skip
        assert answer.is_success, answer.text
    if databases.engine == "sqlite":
        return rows.on_sqlite(url.removeprefix("sqlite:///"), seconds)
    return rows.on_postgres(url, seconds)


def door(databases: Databases, target: Target, seconds: float, connections: list[int]) -> dict[str, object]:
    """Measure one door on one engine: the yardsticks, then creating orders at each number of connections."""
    with server("bench.echo:create", databases.fresh()) as (base, _, _):
        load.run(base, target, connections=64, seconds=1, name="warm")
        echo = load.run(base, target, connections=64, seconds=seconds, name="echo")
    bare = bare_rows(databases, target, seconds)
    creates = {}
    with server("crossdock.app:create", databases.fresh()) as (base, _, _):
        load.run(base, target, connections=64, seconds=1, name="warm")
        for count in connections:
            creates[count] = load.run(base, target, connections=count, seconds=seconds, name=f"c{count}")
    # The machine's speed drifts within minutes, so the prototype is measured right beside what it is compared with.
    bare_prototype = prototype(databases.folder, target, seconds)
    at_64 = creates[64].per_second
    efficiency = (1 / echo.per_second + 1 / bare) * at_64
    print(
        f"\n{target.door} on {databases.engine}: echo {echo.per_second:,.0f}/s  rows {bare:,.0f}/s"
        f"  efficiency {efficiency:.2f}  prototype {bare_prototype:,.0f}/s"
    )
    for count, got in creates.items():
        print(
            f"  {count:>3} connections  {got.per_second:>7,.0f} orders/s"
            f"  p50 {got.p50_ms:.1f} ms  p99 {got.p99_ms:.1f} ms  failed {got.failed}"
        )
    sys.stdout.flush()
    return {
        "door": target.door, "engine": databases.engine, "prototype": bare_prototype, "echo": echo.per_second, "rows": bare,
        "efficiency": efficiency, "failed": sum(got.failed for got in creates.values()) + echo.failed,
        "creates": {count: (got.per_second, got.p50_ms, got.p99_ms) for count, got in creates.items()},
    }  # fmt: skip


def prototype(folder: Path, target: Target, seconds: float) -> float:
    """Measure the bare prototype with a door's body at 64 connections, in orders per second."""
    path = Path(tempfile.mkdtemp(dir=folder)) / "prototype.db"
    names = {"BENCH_PROTOTYPE": str(path), "BENCH_PROTOTYPE_MEMBERS": target.members}
    with server("bench.prototype:create", "sqlite:///unused", **names) as (base, _, _):
        load.run(base, target, connections=64, seconds=1, name="warm", signed=False)
        return load.run(base, target, connections=64, seconds=seconds, name="bare", signed=False).per_second


def first_order(databases: Databases) -> float:
    """Give the seconds from `crossdock serve --demo` on a fresh database to the first accepted order."""
    target = TARGETS[0]
    body = target.body.read_bytes()
    command = [
        sys.executable,
        "-m",
        "crossdock",
        "serve",
        "--demo",
        "--port",
        str(PORT),
        "--database",
        databases.fresh(),
    ]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{PORT}"
    try:
        while time.perf_counter() - began < 30:
            try:
                answer = httpx.post(base + target.path, content=body, headers=load.headers(base, target))
                assert answer.is_success, answer.text
                return time.perf_counter() - began
            except httpx.TransportError:
                time.sleep(0.005)
        raise RuntimeError("the server did not start")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def memory(databases: Databases, orders: int) -> tuple[int, float]:
    """Give how many orders were stored and the server's resident MB after them."""
    stored = 0
    with server("crossdock.app:create", databases.fresh()) as (base, process, _):
        while stored < orders:
            stored += load.run(base, TARGETS[0], connections=64, seconds=5, name=f"m{stored}").requests
        return stored, process.memory_info().rss / 1e6


def table(results: list[dict[str, object]]) -> str:
    """Write the results as a Markdown table."""
    lines = [
        "| door | engine | "
        + " | ".join(f"{count} conn." for count in CONNECTIONS)
        + " | echo/s | rows/s | efficiency | prototype/s | of prototype |",
        "|---|---|" + "---|" * (len(CONNECTIONS) + 5),
    ]
    for each in results:
        creates: dict[int, tuple[float, float, float]] = each["creates"]  # type: ignore[assignment]
        cells = [
            f"{creates[count][0]:,.0f}/s, {creates[count][1]:.1f}/{creates[count][2]:.1f} ms"
            if count in creates
            else ""
            for count in CONNECTIONS
        ]
        yard = f"{each['echo']:,.0f} | {each['rows']:,.0f} | {each['efficiency']:.2f}"
        yard += f" | {each['prototype']:,.0f} | {creates[64][0] / each['prototype']:.2f}"  # type: ignore[operator]
        lines.append(f"| {each['door']} | {each['engine']} | {' | '.join(cells)} | {yard} |")
    return "\n".join(lines)


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--door", action="append", help="only these doors")
    parser.add_argument("--engine", action="append", help="only these engines")
    parser.add_argument(
        "--connections", type=int, action="append", help="only these numbers of connections (64 is always run)"
    )
    parser.add_argument("--seconds", type=float, default=5, help="of each run")
    parser.add_argument("--orders", type=int, default=100_000, help="stored before memory is read; 0 leaves that out")
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("bench: wrk is needed (Debian and Ubuntu: apt-get install wrk; macOS: brew install wrk)")
    connections = sorted({64, *(arguments.connections or CONNECTIONS)})
    results = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for engine in arguments.engine or ("sqlite", "postgresql"):
            databases = Databases(engine, folder)
            for target in TARGETS:
                if not arguments.door or target.door in arguments.door:
                    results.append(door(databases, target, arguments.seconds, connections))
        databases = Databases("sqlite", folder)
        start = min(first_order(databases) for _ in range(3))
        print(f"\nstart to first accepted order on a fresh SQLite file: {start:.2f} s (best of 3)")
        if arguments.orders:
            stored, resident = memory(databases, arguments.orders)
            print(f"resident after {stored:,} orders: {resident:.0f} MB")
    print(f"\n{table(results)}")
    kept = Path(__file__).parent / "results"
    kept.mkdir(exist_ok=True)
    (kept / "last.json").write_text(json.dumps({"results": results, "first_order_s": start}, indent=1))


main()
