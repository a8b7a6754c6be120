"""How fast webhooks go out: `python -m bench.delivery --engine sqlite|postgresql`, the figures are in bench/README.md.

A backlog of copies of one order is drained to a lean local receiver, with nothing else going on and while orders come in at
half of the speed they could; by the worker in the server, and by one beside it. Orders are paced by wrk's own `delay`, a random
wait before each request that is no part of the time it measures.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import psutil
from msgspec import Struct
from sqlalchemy import update

from bench import figures, load, rows
from bench.figures import Aim, Cell, Figures, Table
from bench.lean import receiving
from bench.load import TARGETS, Measured
from bench.servers import ENGINES, Databases, running, server
from crossdock import app, demo
from crossdock.core.subscription import Subscription
from crossdock.doors import all_doors
from crossdock.flows import access, endpoints
from crossdock.flows.access import Caller
from crossdock.settings import load as load_settings
from crossdock.store.protocols import Statement
from crossdock.store.tables import endpoint

TARGET = TARGETS[-1]  # the hub's own order, 0.9 kB
ALLOWED = {"CROSSDOCK_WEBHOOK_PRIVATE_ALLOWED": "true", "CROSSDOCK_LOG_LEVEL": "warning"}
_MANY = 1_000_000  # a backlog that shows whether memory grows
LIMIT_S = 3_600  # only says when to give up
_NO_MAILS = Statement(update(endpoint).where(endpoint.c.kind == "email").values(state="disabled"))


# --------------------------------------------------------------------------------------------------- what is prepared
def prepared(databases: Databases, backlog: int, receiver: str) -> str:
    """Return the URL of a database whose feed has `backlog` events that a receiver has to be told of."""
    url = databases.fresh()
    with server("crossdock.app:create", url) as (base, _):
        load.create(base, TARGET)
    if backlog > 1:
        rows.fill(url, backlog - 1)
    asyncio.run(_add_endpoint(url, receiver))
    return url


async def _add_endpoint(url: str, receiver: str) -> None:
    settings = load_settings({}, database=url, webhook_private_allowed=True)
    async with app.open_context(settings) as context:
        organization = await demo.ensure(context, all_doors())
        async with context.store.writing() as tx:
            await tx.run(_NO_MAILS)  # the same log makes mails; they are another bench's
        wanted = Subscription(url=receiver)
        await endpoints.add(context, Caller(organization, "bench", frozenset(access.SCOPES)), wanted, from_start=True)


def received(receiver: str) -> int:
    """Return how many webhooks have arrived."""
    return int(httpx.get(receiver).text)


def first_arrival(receiver: str) -> int:
    """Wait until the worker has begun, and return how many webhooks have arrived by then."""
    give_up = time.monotonic() + 60
    while (count := received(receiver)) == 0:
        assert time.monotonic() < give_up, "nothing arrives"
        time.sleep(0.01)
    return count


@contextmanager
def delivering(url: str, where: str, *, serving: bool) -> Iterator[tuple[str, psutil.Process]]:
    """Run a worker in the server or beside it (`where` is serve or work); gives the server's address and the worker's process.

    A server that only serves is left out where nobody asks it anything.
    """
    if where == "serve":
        with server("crossdock.app:create", url, **ALLOWED, CROSSDOCK_WORKER="true") as served:
            yield served
        return
    with ExitStack() as stack:
        base = stack.enter_context(server("crossdock.app:create", url, **ALLOWED))[0] if serving else ""
        work = ("-m", "crossdock", "work", "--database", url)
        yield base, psutil.Process(stack.enter_context(running(*work, environment=ALLOWED)).pid)


# ------------------------------------------------------------------------------------------------- what is measured
class Drained(Struct):
    """Deliveries per second, processor microseconds per delivery (worker, database), and resident megabytes: the most, and
    by how much they grew for each 100,000 deliveries over the second half."""

    per_second: float
    worker_us: float
    database_us: float
    most_mb: float
    slope_mb: float


def processor_s(process: psutil.Process) -> float:
    """Return the processor time a process has used."""
    used = process.cpu_times()
    return float(used.user + used.system)


def database_s(databases: Databases) -> dict[int, float]:
    """Return the processor time of PostgreSQL's processes by their ids; SQLite's is its caller's."""
    used = {}
    if databases.engine == "postgresql":
        for each in psutil.Process(databases.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                used[each.pid] = processor_s(each)
    return used


def drain(databases: Databases, where: str, backlog: int) -> Drained:
    """Drain a backlog with nothing else going on."""
    with (
        receiving() as receiver,
        delivering(prepared(databases, backlog, receiver), where, serving=False) as (_, worker),
    ):
        give_up = time.monotonic() + LIMIT_S
        first = first_arrival(receiver)
        began, worked, stored = time.perf_counter(), processor_s(worker), database_s(databases)
        samples: list[tuple[int, float]] = []
        while (count := received(receiver)) < backlog and time.monotonic() < give_up:
            samples.append((count, worker.memory_info().rss / 1e6))
            time.sleep(0.25)
        done, spent = count - first, time.perf_counter() - began
        assert count >= backlog, f"{count} of {backlog} arrived"
        samples.append((count, worker.memory_info().rss / 1e6))
        return Drained(
            done / spent,
            (processor_s(worker) - worked) / done * 1e6,
            sum(now - stored.get(pid, 0.0) for pid, now in database_s(databases).items()) / done * 1e6,
            max(size for _, size in samples),
            _slope(samples[len(samples) // 2 :]) * 100_000,
        )


def _slope(samples: list[tuple[int, float]]) -> float:
    if len({count for count, _ in samples}) < 2:
        return 0.0
    return statistics.linear_regression(*zip(*samples, strict=True)).slope


class Paced(Struct):
    """Intake at half of its speed, without and with deliveries, and deliveries per second meanwhile."""

    full: Measured
    alone: Measured
    beside: Measured
    per_second: float


def paced(databases: Databases, where: str, backlog: int, seconds: float) -> Paced:
    """Measure intake's full speed, then intake at half of it, then the same while a backlog is drained."""
    connections = 64
    with server("crossdock.app:create", databases.fresh()) as (base, _):
        load.run(base, TARGET, connections=connections, seconds=1, name="warm")
        full = load.run(base, TARGET, connections=connections, seconds=seconds, name="full")
        # One connection's turn at half speed, without what the request itself takes when there is no crowd.
        wait_ms = max(1.0, connections / (full.per_second / 2) * 1000 - full.p50_ms / 4)
        alone = load.run(base, TARGET, connections=connections, seconds=seconds, name="alone", wait_ms=wait_ms)
    with (
        receiving() as receiver,
        delivering(prepared(databases, backlog, receiver), where, serving=True) as (base, _),
    ):
        load.run(base, TARGET, connections=4, seconds=1, name="warm")
        first_arrival(receiver)
        before, began = received(receiver), time.perf_counter()
        beside = load.run(base, TARGET, connections=connections, seconds=seconds, name="beside", wait_ms=wait_ms)
        delivered, spent = received(receiver) - before, time.perf_counter() - began
        assert received(receiver) < backlog, "the backlog was drained before the end; take a longer one"
    return Paced(full, alone, beside, delivered / spent)


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="bench.delivery")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only this engine")
    parser.add_argument("--where", action="append", choices=("serve", "work"), help="only the worker there")
    parser.add_argument("--backlog", type=int, default=20_000, help="deliveries drained")
    parser.add_argument("--seconds", type=float, default=5, help="of each run of intake; 0 leaves intake out")
    figures.add_option(parser)
    given = parser.parse_args()
    load.need_wrk()
    run = figures.begin("bench.delivery", sys.argv[1:])
    drained, intake, aims = list[list[Cell]](), list[list[Cell]](), list[Aim]()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        for engine in given.engine or ENGINES:
            databases = Databases(engine, Path(name))
            for where in given.where or ("serve", "work"):
                what = f"{engine}, {where}"
                got = drain(databases, where, given.backlog)
                beside = paced(databases, where, given.backlog, given.seconds) if given.seconds else None
                drained.append(
                    [what, got.per_second, beside.per_second if beside else None, got.worker_us, got.database_us, got.most_mb,
                     got.slope_mb]
                )  # fmt: skip
                if given.backlog >= _MANY:  # less says nothing of growth
                    aims.append(Aim(f"memory for 100,000 more deliveries, {what}", got.slope_mb, "at most", 1, "MB"))
                if beside is not None:
                    intake += _intake_rows(what, beside)
                    aims += _aims(what, beside) if where == "work" else []
                print(
                    f"{what}: {got.per_second:,.0f} deliveries/s, {beside.per_second if beside else 0:,.0f} beside",
                    flush=True,
                )
    columns = ["engine and worker", "deliveries/s", "deliveries/s beside orders", "worker µs", "database µs", "most MB",
               "MB for 100,000 more"]  # fmt: skip
    tables = {"drained": Table(columns, drained)}
    if intake:
        tables["intake"] = Table(["engine and worker", "intake", "orders/s", "p50 ms", "p99 ms"], intake)
    name, is_whole = "delivery", not (given.engine or given.where) and bool(given.seconds)
    if given.backlog >= _MANY:
        name, is_whole = "delivery-million", not given.engine
    figures.write(given.figures, name, Figures(run, tables, aims), is_whole=is_whole)


def _intake_rows(what: str, got: Paced) -> Iterator[list[Cell]]:
    for name, one in (("full speed", got.full), ("half, alone", got.alone), ("half, beside deliveries", got.beside)):
        yield [what, name, one.per_second, one.p50_ms, one.p99_ms]


def _aims(what: str, got: Paced) -> list[Aim]:
    return [
        Aim(f"deliveries/s beside orders, {what}", got.per_second, "at least", 1_000),
        Aim(f"intake's p99 beside deliveries, {what}", got.beside.p99_ms / got.alone.p99_ms, "at most", 2, "times"),
    ]


if __name__ == "__main__":
    main()
