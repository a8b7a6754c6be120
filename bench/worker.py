"""What deliveries cost intake in the default configuration: `python -m bench.worker`, tables in bench/README.md.

Rounds alternate between a server without a worker and one as `crossdock serve` starts it: it makes a mail for every order, and
tells one webhook endpoint of it. After the load stops, the time is measured until nothing is left to deliver.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import httpx
from msgspec import Struct

from bench import load
from bench.delivery import ALLOWED
from bench.lean import receiving
from bench.load import TARGETS
from bench.servers import ENGINES, Databases, server
from crossdock import app, demo
from crossdock.core.subscription import Subscription
from crossdock.doors import all_doors
from crossdock.flows import access, endpoints
from crossdock.flows.access import Caller
from crossdock.settings import load as load_settings

TARGET = TARGETS[-1]
CONNECTIONS = 64
LIMIT_S = 600  # for what is left to be delivered after the load; only says when to give up


class Round(Struct):
    """Orders a second without and with deliveries; the age of the oldest delivery when the load stopped, and seconds until
    all had ended."""

    alone: float
    beside: float
    oldest_s: float
    drained_s: float


async def _add_endpoint(url: str, receiver: str) -> None:
    async with app.open_context(load_settings({}, database=url, webhook_private_allowed=True)) as context:
        organization = await demo.ensure(context, all_doors())
        caller = Caller(organization, "bench", frozenset(access.SCOPES))
        await endpoints.add(context, caller, Subscription(url=receiver))


def measure(databases: Databases, seconds: float, number: int) -> Round:
    """Measure one round."""
    with server("crossdock.app:create", databases.fresh()) as (base, _):
        load.run(base, TARGET, connections=CONNECTIONS, seconds=1, name="warm")
        alone = load.run(base, TARGET, connections=CONNECTIONS, seconds=seconds, name=f"alone-{number}")
    url = databases.fresh()
    with receiving() as receiver:
        asyncio.run(_add_endpoint(url, receiver))
        with server("crossdock.app:create", url, **ALLOWED, CROSSDOCK_WORKER="true") as (base, _):
            load.run(base, TARGET, connections=CONNECTIONS, seconds=1, name="warm")
            beside = load.run(base, TARGET, connections=CONNECTIONS, seconds=seconds, name=f"beside-{number}")
            assert not beside.failed
            oldest_s, began = oldest(base), time.monotonic()
            while behind(base) and time.monotonic() - began < LIMIT_S:
                time.sleep(0.2)
            return Round(alone.per_second, beside.per_second, oldest_s, time.monotonic() - began)


def _metrics(base: str) -> dict[str, float]:
    text = httpx.get(f"{base}/metrics").text
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[:1] != "#"}


def oldest(base: str) -> float:
    """Return the age of the oldest open delivery, seconds."""
    return max((value for name, value in _metrics(base).items() if name.startswith(_OLDEST)), default=0.0)


def behind(base: str) -> bool:
    """Tell whether something is left to deliver."""
    return any(value for name, value in _metrics(base).items() if name.startswith((_OLDEST, _LAG)))


_OLDEST, _LAG = "crossdock_oldest_open_delivery_seconds", "crossdock_feed_lag"


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only this engine")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5, help="of each run of intake")
    given = parser.parse_args()
    load.need_wrk()
    for engine in given.engine or ENGINES:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            databases = Databases(engine, Path(folder))
            rounds = [measure(databases, given.seconds, number) for number in range(given.rounds)]
        for each in rounds:
            print(
                f"{engine}: {each.alone:,.0f} orders/s alone, {each.beside:,.0f} beside deliveries "
                f"({each.beside / each.alone:.2f}); oldest delivery {each.oldest_s:.1f} s old, "
                f"all ended {each.drained_s:.1f} s later"
            )
        print(f"{engine}: {statistics.median(each.beside / each.alone for each in rounds):.2f} of intake, median")


if __name__ == "__main__":
    main()
