"""Measures allocation on SQLite, in the application without HTTP: a SKU that everybody wants, and orders that wait for stock.

`python -m bench.stock` prints allocated orders a second for several numbers of callers, the time in which one receipt serves a
thousand waiting orders, and the time in which all decisions are made again.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator

from bench import figures
from bench.figures import Aim, Cell, Figures, Table
from crossdock import app, demo
from crossdock.core.catalog.locations import Location
from crossdock.core.stock.commands import CountStock, ReceiveStock
from crossdock.core.stock.model import LevelKey
from crossdock.flows import access, allocation, backorders, locations, stock, verification
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.intake import Intake, Submission
from crossdock.settings import load

CALLERS = (1, 8, 64, 256)
WAITING = 1_000


class Bench:
    """An organization with a few locations, and orders for it."""

    def __init__(self, context: Context, caller: Caller) -> None:
        self._context, self._caller, self._intake = context, caller, Intake(context)

    async def prepare(self) -> None:
        """Add three locations and a million units of the SKU HOT."""
        for code in ("W1", "W2", "W3"):
            await locations.add(self._context, self._caller, Location(code))
        await self._change(CountStock(key=LevelKey("HOT", "W1"), quantity=1_000_000))
        await self._change(CountStock(key=LevelKey("LATE", "W1"), quantity=0))

    async def _change(self, command: CountStock | ReceiveStock) -> None:
        await stock.execute_stock(self._context, self._caller, [command], door="hub")

    async def create(self, number: str, *skus: str) -> None:
        """Create an order of one unit of each SKU."""
        body = {"number": number, "lines": [{"sku": sku, "quantity": 1} for sku in skus]}
        submission = Submission(self._caller, self._context.formats["hub"], json.dumps(body).encode())
        await self._intake.submit(submission)

    async def hot(self, callers: int, orders: int) -> float:
        """Return how many orders for the hot SKU are allocated in a second."""
        numbers = iter(range(orders))

        async def call(left: Iterator[int]) -> None:
            for number in left:
                await self.create(f"{callers}-{number}", "HOT")

        began = time.perf_counter()
        await asyncio.gather(*(call(numbers) for _ in range(callers)))
        return orders / (time.perf_counter() - began)

    async def waiting(self) -> float:
        """Return the seconds in which a receipt serves orders that wait for it."""
        await asyncio.gather(*(self.create(f"late-{number}", "LATE", "HOT") for number in range(WAITING)))
        began = time.perf_counter()
        await self._change(ReceiveStock(key=LevelKey("LATE", "W1"), quantity=WAITING))
        served = await backorders.serve_all(self._context)
        assert served == WAITING, f"{served} orders were served"
        return time.perf_counter() - began

    async def replay(self) -> tuple[int, float]:
        """Make all decisions again; return their number and the seconds it took."""
        began = time.perf_counter()
        again = await allocation.try_rules(self._context, self._caller, limit=100_000)
        assert not again.differences, "a decision came out otherwise"
        return again.decisions, time.perf_counter() - began


async def measure(orders: int) -> tuple[dict[str, Table], list[Aim]]:
    """Measure, print, and return the tables and the aims."""
    with tempfile.TemporaryDirectory() as folder:
        async with app.open_context(load({}, database=f"sqlite:///{folder}/bench.db")) as context:
            caller = Caller(await demo.ensure(context, []), "bench", frozenset(access.SCOPES))
            bench = Bench(context, caller)
            await bench.prepare()
            speeds: dict[int, float] = {}
            for callers in CALLERS:
                speeds[callers] = await bench.hot(callers, orders)
                print(f"{callers} callers: {speeds[callers]:.0f} allocated orders/s", flush=True)
            served = await bench.waiting()
            decisions, seconds = await bench.replay()
            assert not (await verification.verify(context)).broken
    others: list[list[Cell]] = [
        [f"{WAITING} waiting orders served by one receipt, s", served],
        ["decisions made again, all the same", decisions],
        ["seconds for these decisions", seconds],
    ]
    for what, figure in others:
        print(f"{what}: {figure:,.2f}")
    tables = {
        "callers": Table(["callers", "orders/s"], [[count, speed] for count, speed in speeds.items()]),
        "one figure each": Table(["figure", "measured"], others),
    }
    return tables, [
        Aim("allocated orders/s with the most callers", speeds[CALLERS[-1]], "at least", 300, "orders/s"),
        Aim(f"{WAITING} waiting orders served by one receipt", served, "at most", 5, "s"),
    ]


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--orders", type=int, default=1_500, help="for each number of callers")
    figures.add_option(parser)
    given = parser.parse_args()
    run = figures.begin("bench.stock", sys.argv[1:])
    figures.write(given.figures, "stock", Figures(run, *asyncio.run(measure(given.orders))))


if __name__ == "__main__":
    main()
