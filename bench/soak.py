"""Half of the full speed for half an hour with everything on: `python -m bench.soak --engine sqlite|postgresql`.

The full speed is the highest rate tried at which the backlog of webhooks and mails does not grow. Orders of all five doors,
webhooks, mails, the feed, changes and the console; every 15 seconds memory, answers' times, the delay of deliveries and the
size of files are read, and at the end what the files hold.
"""

import argparse
import asyncio
import itertools
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
from msgspec import Struct

from bench import figures, load
from bench.figures import Aim, Cell, Figures, Table
from bench.lean import receiving
from bench.lean_mail import mail_server
from bench.load import TARGETS, Measured
from bench.servers import ENGINES, Databases, serving
from bench.stored import Stored, stored
from bench.watching import FLAT_DELAY, FLAT_MEMORY, Delays, behind, family, growth, is_delivered, memory_mb, metrics
from bench.watching import oldest as oldest_of
from bench.worker import add_endpoint
from crossdock import app, demo
from crossdock.flows import access
from crossdock.settings import load as load_settings
from crossdock.web import logs

CONNECTIONS = 64
_MINUTES = 30
MAX_GROWTH = 0.02  # of the backlog in a second, as a part of the orders of a second
TRIED = ["orders/s", "growth of the backlog, events/s"]
_TOKEN_S = 300  # tokens are renewed after this time
COLUMNS = ["minutes", "orders/s", "p50 ms", "p99 ms", "memory MB", "webhook delay s", "mail delay s", "oldest delivery s",
           "events not read", "database MB", "log MB"]  # fmt: skip


class Soak(Struct):
    """What a soak gave: orders/s of intake alone, the rates tried, the full speed and half of it, the samples as rows of
    COLUMNS, requests that failed, and what came of deliveries."""

    intake: float
    tried: list[list[Cell]]
    full: float
    target: float
    rows: list[list[Cell]]
    failed: int
    drained_s: float | None
    mails: float
    webhooks: float


# ---------------------------------------------------------------------------------------------------------- other requests
class Others:
    """What others ask of the server meanwhile, once a second: a page of the feed, a change, now and then the console."""

    def __init__(self, base: str, token: str, console: str) -> None:
        self._client = httpx.Client(base_url=base, timeout=30)
        self._hub, self._console = {"Authorization": f"Bearer {token}"}, {"Cookie": f"crossdock_session={console}"}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._next, self._ids = "newest", list[str]()
        self.seconds: dict[str, list[float]] = {}
        self.failed: list[str] = []

    def __enter__(self) -> "Others":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self._client.close()

    def _run(self) -> None:
        changes = itertools.cycle(
            [("tag", {"add": ["soak"]}), ("edit", {"notes": "Ring twice"}), ("ship", {"carrier": "UPS"})]
        )
        pages = itertools.cycle(["/console/orders", "/console/orders/{id}", "/"])
        for second in itertools.count():
            if self._stopping.wait(1):
                return
            page = self._ask("feed", "GET", "/hub/v1/events", params={"after": self._next, "limit": 200})
            if page is not None:
                found = page.json()
                self._next = found["next"]
                self._ids += [each["order_id"] for each in found["items"] if each["type"] == "order.received"][:3]
            if self._ids:
                verb, body = next(changes)
                order = self._ids.pop(0)
                self._ask(verb, "POST", f"/hub/v1/orders/{order}/{verb}", json=body)
                if second % 5 == 0:
                    self._ask("console", "GET", next(pages).replace("{id}", order), headers=self._console)
            self._ids = self._ids[-100:]

    def _ask(self, kind: str, method: str, path: str, **more: Any) -> httpx.Response | None:
        began = time.perf_counter()
        try:
            answer = self._client.request(method, path, **{"headers": self._hub} | more)
        except httpx.HTTPError as error:
            self.failed.append(f"{kind}: {error!r}")
            return None
        self.seconds.setdefault(kind, []).append(time.perf_counter() - began)
        if answer.status_code != 200:
            self.failed.append(f"{kind}: {path} answers {answer.status_code} {answer.text[:200]}")
            return None
        return answer

    def table(self) -> Table:
        """Return how long each kind of request took."""
        rows: list[list[Cell]] = [
            [kind, len(times), statistics.median(times) * 1000, _p99(times) * 1000]
            for kind, times in sorted(self.seconds.items())
        ]
        return Table(["request", "requests", "p50 ms", "p99 ms"], rows)


def _p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[98] if len(values) > 1 else values[0]


# ------------------------------------------------------------------------------------------------------------------- load
class Load:
    """All doors' orders in turn, over CONNECTIONS; renews its tokens."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._signed_at = float("-inf")
        self._numbers = itertools.count()

    def run(self, seconds: float, wait_ms: float) -> Measured:
        """Send orders for a time."""
        if time.monotonic() - self._signed_at > _TOKEN_S:
            self._sent = [(target, load.headers(self._base, target)) for target in TARGETS]
            self._signed_at = time.monotonic()
        name = f"soak-{next(self._numbers)}"
        return load.run_each(
            self._base, self._sent, connections=CONNECTIONS, seconds=seconds, name=name, wait_ms=wait_ms
        )


def next_wait_ms(wait_ms: float, target: float, reached: float) -> float:
    """Return the wait of each connection with which the load comes nearer to its target, orders a second."""
    if not reached:
        return wait_ms
    return max(1.0, wait_ms + 0.7 * (CONNECTIONS / target - CONNECTIONS / reached) * 1000)


def soak(
    base: str,
    process: psutil.Process,
    files: Callable[[dict[str, float]], tuple[float, float]],
    given: argparse.Namespace,
) -> Soak:
    """Find the full speed, then sample at half of it, then wait for the deliveries that are left."""
    orders = Load(base)
    limit_s = given.drain_minutes * 60
    orders.run(max(1, given.full_seconds // 4), 0.0)
    _wait_for_deliveries(base, limit_s)
    intake = orders.run(given.full_seconds, 0.0)
    tried, full, wait_ms = _full_speed(base, orders, intake.per_second, given.full_seconds, limit_s)
    target, failed, rows, delays = full / 2, intake.failed, list[list[Cell]](), Delays()
    print(
        f"intake alone {intake.per_second:,.0f} orders/s, with deliveries {full:,.0f}, target {target:,.0f}", flush=True
    )
    delays.since_last(metrics(base))
    wait_ms, began = next_wait_ms(wait_ms, target, full), time.monotonic()
    while time.monotonic() - began < given.minutes * 60:
        got = orders.run(given.sample, wait_ms)
        found = metrics(base)
        late = delays.since_last(found)
        failed += got.failed
        rows.append(
            [round((time.monotonic() - began) / 60, 2), got.per_second, got.p50_ms, got.p99_ms, memory_mb(family(process)),
             late["webhook"], late["email"], oldest_of(found), behind(found), *files(found)]
        )  # fmt: skip
        print("  ".join(f"{name} {value or 0:,.1f}" for name, value in zip(COLUMNS, rows[-1], strict=True)), flush=True)
        wait_ms = next_wait_ms(wait_ms, target, got.per_second)
    drained_s = _wait_for_deliveries(base, limit_s)
    found = metrics(base)
    sent = sum(value for name, value in found.items() if name.startswith("crossdock_mails_total") and '"sent"' in name)
    webhooks = found.get('crossdock_delivery_attempts_total{kind="webhook",outcome="delivered"}', 0.0)
    return Soak(intake.per_second, tried, full, target, rows, failed, drained_s, sent, webhooks)


def _full_speed(
    base: str, orders: Load, intake: float, seconds: int, limit_s: float
) -> tuple[list[list[Cell]], float, float]:
    """Lower the rate until the backlog does not grow; return the tries (rows of TRIED), orders/s and each connection's wait."""
    delivering_s = _wait_for_deliveries(base, limit_s)
    if delivering_s is None:
        raise SystemExit(f"what {seconds} s of orders make was not delivered in {limit_s:,.0f} s")
    rows = list[list[Cell]]()
    # The first try is the rate at which orders are taken in and then delivered, one after the other.
    wait_ms = CONNECTIONS / (intake * seconds / (seconds + delivering_s)) * 1000
    while True:
        _wait_for_deliveries(base, limit_s)
        orders.run(max(1, seconds // 4), wait_ms)  # until the rate is steady
        before = behind(metrics(base))
        got = orders.run(seconds, wait_ms)
        grown = (behind(metrics(base)) - before) / seconds
        rows.append([got.per_second, grown])
        print(f"tried {got.per_second:,.0f} orders/s: backlog grows by {grown:,.1f} events/s", flush=True)
        if grown <= MAX_GROWTH * got.per_second:
            return rows, got.per_second, wait_ms
        wait_ms *= 1.15


def _wait_for_deliveries(base: str, limit_s: float) -> float | None:
    """Return the seconds until nothing was left to deliver; None where that took too long."""
    began = time.monotonic()
    while not is_delivered(metrics(base)):
        if time.monotonic() - began > limit_s:
            return None
        time.sleep(0.5)
    return time.monotonic() - began


# ------------------------------------------------------------------------------------------------------------------ report
async def _console_token(url: str) -> str:
    async with app.open_context(load_settings({}, database=url)) as context:
        claims: dict[str, Any] = {"aud": "console"}
        grant, _ = await access.sign_in_verified(context, email=demo.USER, lifetime_s=86_400, claims=claims)
        return grant.token


async def _hub_token(url: str) -> str:
    async with app.open_context(load_settings({}, database=url)) as context:
        grant, _ = await access.grant(context, client_id=demo.CLIENT_ID, secret=demo.CLIENT_SECRET, lifetime_s=86_400)
        return grant.token


def file_sizes(databases: Databases, url: str) -> Callable[[dict[str, float]], tuple[float, float]]:
    """Return what gives the megabytes of the database and of its write-ahead log."""
    if databases.engine == "sqlite":
        path = Path(url.removeprefix("sqlite:///"))
        log = path.with_name(path.name + "-wal")
        return lambda _: (path.stat().st_size / 1e6, log.stat().st_size / 1e6 if log.exists() else 0.0)

    def of_postgresql(found: dict[str, float]) -> tuple[float, float]:
        written = (databases.folder / "pg" / "pg_wal").glob("*")
        return found["crossdock_database_size_bytes"] / 1e6, sum(each.stat().st_size for each in written) / 1e6

    return of_postgresql


def figures_of(got: Soak, others: Others, held: Stored, run: figures.Run) -> Figures:
    """Return a soak's tables and aims."""
    samples = Table(COLUMNS, got.rows)

    def grown(column: str, floor: float = 0.0) -> float | None:
        return growth([None if isinstance(cell, str) else cell for cell in samples.column(column)], floor)

    reached = statistics.mean(float(cell or 0) for cell in samples.column("orders/s"))
    failed = got.failed + len(others.failed)
    aims = [
        Aim("growth of the server's memory", grown("memory MB"), "at most", FLAT_MEMORY, "times"),
        Aim("growth of the 99th percentile", grown("p99 ms"), "at most", FLAT_DELAY, "times"),
        Aim("growth of the delay of webhooks", grown("webhook delay s", 2.0), "at most", FLAT_DELAY, "times"),
        Aim("growth of the delay of mails", grown("mail delay s", 2.0), "at most", FLAT_DELAY, "times"),
        Aim("bytes of the database explained by tables and free pages", held.explained, "at least", 0.95),
        Aim("orders/s, of half of the full speed", reached / got.target, "at least", 0.95),
        Aim("requests that failed", failed, "at most", 0),
    ]
    whole: list[list[Cell]] = [
        ["intake alone, orders/s", got.intake],
        ["full speed: taken in and delivered, orders/s", got.full],
        ["orders/s on average", reached],
        ["orders stored", held.orders],
        ["webhooks delivered", got.webhooks],
        ["mails sent", got.mails],
        ["all delivered after the load, s", got.drained_s if got.drained_s is not None else "not within the limit"],
        ["free pages in the database, MB", held.free / 1e6],
        ["database, MB", held.size / 1e6],
    ]
    tables = {
        "the whole": Table(["figure", "measured"], whole),
        "rates tried for the full speed": Table(TRIED, got.tried),
        "what the database holds": held.table(),
        "other requests": others.table(),
        "samples": samples,
    }
    return Figures(run, tables, aims)


@contextmanager
def everything_on(databases: Databases, url: str, workers: int) -> Iterator[tuple[str, psutil.Process]]:
    """Run a server that delivers webhooks and mails to local receivers."""
    with ExitStack() as stack:
        receiver, port = stack.enter_context(receiving()), stack.enter_context(mail_server())
        asyncio.run(add_endpoint(url, receiver))
        settings = {
            "CROSSDOCK_SMTP_HOST": "127.0.0.1", "CROSSDOCK_SMTP_PORT": str(port), "CROSSDOCK_SMTP_TLS": "none",
            "CROSSDOCK_MAIL_SENDER": "orders@example.com",
        }  # fmt: skip
        yield stack.enter_context(serving(url, workers, **settings))


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=ENGINES, required=True)
    parser.add_argument("--minutes", type=float, default=_MINUTES)
    parser.add_argument("--sample", type=int, default=15, help="seconds of a sample")
    parser.add_argument("--full-seconds", type=int, default=20, help="of the run that finds the full speed")
    parser.add_argument(
        "--drain-minutes", type=float, default=20, help="limit for deliveries that are left after a load"
    )
    parser.add_argument("--workers", type=int, default=1, help="server processes")
    figures.add_option(parser)
    given = parser.parse_args()
    load.need_wrk()
    logs.configure("warning")
    run = figures.begin("bench.soak", sys.argv[1:])
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        databases = Databases(given.engine, Path(name))
        url = databases.fresh()
        with everything_on(databases, url, given.workers) as (base, process):
            token, console = asyncio.run(_hub_token(url)), asyncio.run(_console_token(url))
            with Others(base, token, console) as others:
                got = soak(base, process, file_sizes(databases, url), given)
        for each in others.failed[:10]:
            print(f"failed: {each}")
        held = asyncio.run(stored(url))
    found = figures_of(got, others, held, run)
    figures.write(given.figures, f"soak-{given.engine}", found, is_whole=given.minutes >= _MINUTES)


if __name__ == "__main__":
    main()
