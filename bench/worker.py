"""What deliveries cost intake in the default configuration, and how late they are: `python -m bench.worker`.

Rounds alternate between a server without a worker and one as `crossdock serve` starts it: it makes a mail for every order, and
calls one webhook endpoint. Then orders come in for longer, while the delay of deliveries is read every second, and after the
load until nothing is left to deliver.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from bench import figures, load
from bench.delivery import ALLOWED
from bench.figures import Aim, Cell, Figures, Table
from bench.lean import receiving
from bench.load import TARGETS, Measured
from bench.servers import ENGINES, Databases, server
from bench.watching import FLAT_DELAY, Delays, growth, is_delivered, metrics
from crossdock import app, demo
from crossdock.core.subscription import Subscription
from crossdock.doors import all_doors
from crossdock.flows import access, endpoints
from crossdock.flows.access import Caller
from crossdock.settings import load as load_settings

TARGET = TARGETS[-1]
CONNECTIONS = 64
LIMIT_S = 900  # for what is left to be delivered after the load; only says when to give up


class Sample(Struct):
    """Seconds since the load began, and the mean delay of the deliveries that ended in the second before, by kind."""

    seconds: float
    webhook_s: float | None
    mail_s: float | None

    @property
    def delay_s(self) -> float | None:
        """The longer of both."""
        return max((each for each in (self.webhook_s, self.mail_s) if each is not None), default=None)


class Delayed(Struct):
    """A longer load beside deliveries: samples while it lasted and after it, and seconds until all had ended."""

    orders_s: float
    during: list[Sample]
    after: list[Sample]
    drained_s: float


async def add_endpoint(url: str, receiver: str) -> None:
    """Add the demo organization to a database, with an endpoint for all events."""
    async with app.open_context(load_settings({}, database=url, webhook_private_allowed=True)) as context:
        organization = await demo.ensure(context, all_doors())
        caller = Caller(organization, "bench", frozenset(access.SCOPES))
        await endpoints.add(context, caller, Subscription(url=receiver))


@contextmanager
def delivering(databases: Databases) -> Iterator[str]:
    """Run a server in the default configuration with an endpoint, and give its address."""
    url = databases.fresh()
    with receiving() as receiver:
        asyncio.run(add_endpoint(url, receiver))
        with server("crossdock.app:create", url, **ALLOWED, CROSSDOCK_WORKER="true") as (base, _):
            load.run(base, TARGET, connections=CONNECTIONS, seconds=1, name="warm")
            yield base


def alone(databases: Databases, seconds: float, number: int) -> float:
    """Return the orders a second of a server without a worker."""
    with server("crossdock.app:create", databases.fresh()) as (base, _):
        load.run(base, TARGET, connections=CONNECTIONS, seconds=1, name="warm")
        return load.run(base, TARGET, connections=CONNECTIONS, seconds=seconds, name=f"alone-{number}").per_second


def beside(databases: Databases, seconds: float, number: int) -> float:
    """Return the orders a second of a server that delivers."""
    with delivering(databases) as base:
        got = load.run(base, TARGET, connections=CONNECTIONS, seconds=seconds, name=f"beside-{number}")
        assert not got.failed
        return got.per_second


def delayed(databases: Databases, seconds: float) -> Delayed:
    """Measure how late deliveries are during a load and after it."""
    with delivering(databases) as base:
        delays, began = Delays(), time.monotonic()
        delays.since_last(metrics(base))
        results: list[Measured] = []
        thread = threading.Thread(
            target=lambda: results.append(
                load.run(base, TARGET, connections=CONNECTIONS, seconds=seconds, name="delayed")
            )
        )
        thread.start()
        during, after = list[Sample](), list[Sample]()
        while thread.is_alive():
            thread.join(1)
            during.append(_sample(delays, metrics(base), began))
        ended = time.monotonic()
        while not is_delivered(found := metrics(base)) and time.monotonic() - ended < LIMIT_S:
            time.sleep(1)
            after.append(_sample(delays, found, began))
        assert results, "the load failed"
        return Delayed(results[0].per_second, during, after, time.monotonic() - ended)


def _sample(delays: Delays, found: dict[str, float], began: float) -> Sample:
    means = delays.since_last(found)
    return Sample(round(time.monotonic() - began, 1), means["webhook"], means["email"])


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only this engine")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5, help="of each run of intake")
    parser.add_argument("--long", type=float, default=60, help="seconds of the run that shows delays")
    figures.add_option(parser)
    given = parser.parse_args()
    load.need_wrk()
    run, rounds, aims = figures.begin("bench.worker", sys.argv[1:]), list[list[Cell]](), list[Aim]()
    long, found = list[list[Cell]](), dict[str, Delayed]()
    for engine in given.engine or ENGINES:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            databases = Databases(engine, Path(folder))
            pairs = [
                (alone(databases, given.seconds, number), beside(databases, given.seconds, number))
                for number in range(given.rounds)
            ]
            found[engine] = got = delayed(databases, given.long)
        rounds += [
            [f"{engine} {number}", without, with_worker, with_worker / without]
            for number, (without, with_worker) in enumerate(pairs, 1)
        ]
        kept = statistics.median(with_worker / without for without, with_worker in pairs)
        late = [each.delay_s for each in got.during]
        most = max((each for each in late if each is not None), default=None)
        long.append([engine, got.orders_s, most, got.drained_s if got.drained_s < LIMIT_S else f"not within {LIMIT_S}"])
        aims += [
            Aim(f"intake kept with the worker on, {engine}", kept, "at least", 0.8),
            # Without the first third, in which the delay rises from nothing.
            Aim(
                f"growth of the delay during a load, {engine}",
                growth(late[len(late) // 3 :], 2.0),
                "at most",
                FLAT_DELAY,
                "times",
            ),
        ]
        print(
            f"{engine}: {kept:.2f} of intake, median; delays at most {most or 0:.1f} s, all ended {got.drained_s:.1f} s later"
        )
    tables = {
        "rounds": Table(["round", "orders/s, no worker", "orders/s, worker", "ratio"], rounds),
        "longer load": Table(["engine", "orders/s", "longest delay during it, s", "all delivered after it, s"], long),
        "delay": by_second(found),
    }
    figures.write(given.figures, "worker", Figures(run, tables, aims), is_whole=not given.engine)


def by_second(found: dict[str, Delayed]) -> Table:
    """Return the delays of both engines by second since the load began."""
    delays = {
        engine: {round(each.seconds): each.delay_s for each in got.during + got.after} for engine, got in found.items()
    }
    seconds = sorted({second for some in delays.values() for second in some})
    return Table(
        ["seconds", *ENGINES],
        [[second, *(delays.get(engine, {}).get(second) for engine in ENGINES)] for second in seconds],
    )


if __name__ == "__main__":
    main()
