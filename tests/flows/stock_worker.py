"""A process that fights for stock: it changes orders and stock at random until it gets SIGTERM or SIGKILL, or its time is over.

`python -m tests.flows.stock_worker URL SEED SECONDS [unguarded]`; unguarded, it decides on stock levels as they were a moment
ago and writes what it made of them, whoever changed them meanwhile.
"""

import asyncio
import random
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Any

import msgspec
from sqlalchemy import bindparam, update

from crossdock import app, demo
from crossdock.core.errors import Refusal
from crossdock.core.orders.allocating import AllocateOrder, DeallocateOrder, ReallocateOrder
from crossdock.core.orders.commands import CancelOrder, Command, EditOrder, ShipOrder
from crossdock.core.orders.fulfilling import CreateFulfillment, PickUnits, ShipFulfillment
from crossdock.core.returns.commands import JudgeReturn, ReceiveReturn, RequestReturn
from crossdock.core.stock.commands import AdjustStock, CountStock, ReceiveStock, StockCommand
from crossdock.core.stock.model import Level, LevelKey
from crossdock.flows import access, backorders, hold_expiry, queries, stock
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.execute import execute
from crossdock.flows.intake import Intake, Submission
from crossdock.settings import load
from crossdock.store import stock as stock_store
from crossdock.store.protocols import Statement, Transaction
from crossdock.store.tables import stock_level

SKUS = ("A", "B", "C")
LOCATIONS = ("W1", "W2", "W3")
TASKS = 4  # that fight at once in a process
_STALE_S = 0.3


class Fighter:
    """Does one thing after the other, at random, to orders and stock of one organization."""

    def __init__(self, context: Context, caller: Caller, luck: random.Random, name: str) -> None:
        self._context, self._caller, self._luck, self._name = context, caller, luck, name
        self._intake = Intake(context)
        self._orders: list[int] = []
        self._count = 0

    async def run(self, until: float, ended: asyncio.Event) -> None:
        """Do things until a time, or until it is to end; what is refused is refused."""
        while time.monotonic() < until and not ended.is_set():
            try:
                await self._luck.choice(self._deeds)(self)
            except (Refusal, TimeoutError):
                await asyncio.sleep(0.01)

    async def _create(self) -> None:
        self._count += 1
        skus = self._luck.sample(SKUS, self._luck.randint(1, 3))
        lines = [{"sku": sku, "quantity": self._luck.randint(1, 4)} for sku in skus]
        body = msgspec.json.encode({"number": f"{self._name}-{self._count}", "lines": lines})
        outcome = await self._intake.submit(Submission(self._caller, self._context.formats["hub"], body))
        assert outcome.order_id is not None
        self._orders = [*self._orders[-30:], outcome.order_id]

    async def _do(self, command: Command) -> None:
        await execute(self._context, self._caller, [command], door="hub")

    def _order(self) -> int | None:
        return self._luck.choice(self._orders) if self._orders else None

    async def _cancel(self) -> None:
        await self._do(CancelOrder(order_id=self._order(), lines={0: 1} if self._luck.random() < 0.5 else None))

    async def _edit(self) -> None:
        units = self._luck.randint(1, 6)

        def change(document: dict[str, Any], _: Any) -> dict[str, Any]:
            first, *others = document["lines"]
            return document | {"lines": [first | {"quantity": units}, *others]}

        await self._do(EditOrder(order_id=self._order(), door="hub", change=change))

    async def _ship(self) -> None:
        await self._do(ShipOrder(order_id=self._order(), lines={0: 1}))

    async def _fulfill(self) -> None:
        await self._do(
            CreateFulfillment(order_id=self._order(), location_ref=self._luck.choice(LOCATIONS), new_id=self._new)
        )

    async def _pick_short_or_ship(self) -> None:
        order_id = self._order() or 0
        one = await queries.order(self._context, self._caller, order_id=order_id)
        for each in one.fulfillments:
            if each.is_open:
                line = each.lines[0].line
                of = {"order_id": order_id, "fulfillment_id": each.fulfillment_id}
                short = PickUnits(**of, lines={}, short={line: 1})
                await self._do(self._luck.choice((short, ShipFulfillment(**of, new_id=self._new))))

    async def _return(self) -> None:
        order_id = self._order()
        await self._do(RequestReturn(order_id=order_id, new_id=self._new))
        one = await queries.order(self._context, self._caller, order_id=order_id)
        of = {"order_id": order_id, "return_id": one.returns[-1].return_id}
        await self._do(ReceiveReturn(**of, location=self._luck.choice(LOCATIONS)))
        units = {line.line: line.quantity for line in one.returns[-1].lines}
        await self._do(JudgeReturn(**of, restock=units))

    def _new(self) -> int:
        return self._context.id_generator.new(self._context.clock())

    async def _allocate(self) -> None:
        soon = self._context.clock() + 500_000
        await self._do(AllocateOrder(order_id=self._order(), expires_at=soon if self._luck.random() < 0.5 else None))

    async def _deallocate(self) -> None:
        await self._do(DeallocateOrder(order_id=self._order()))

    async def _reallocate(self) -> None:
        await self._do(ReallocateOrder(order_id=self._order()))

    async def _change_stock(self, *commands: StockCommand) -> None:
        await stock.execute_stock(self._context, self._caller, commands, door="hub")

    def _key(self) -> LevelKey:
        return LevelKey(self._luck.choice(SKUS), self._luck.choice(LOCATIONS))

    async def _receive(self) -> None:
        await self._change_stock(ReceiveStock(key=self._key(), quantity=self._luck.randint(1, 3)))

    async def _adjust(self) -> None:
        await self._change_stock(AdjustStock(key=self._key(), delta=self._luck.randint(-2, 2)))

    async def _short_count(self) -> None:
        await self._change_stock(CountStock(key=self._key(), quantity=self._luck.randint(0, 6)))

    async def _transfer(self) -> None:
        source, target = self._key(), self._luck.choice(LOCATIONS)
        units = self._luck.randint(1, 2)
        await self._change_stock(
            AdjustStock(key=source, delta=-units), AdjustStock(key=LevelKey(source.sku, target), delta=units)
        )

    async def _run_timers(self) -> None:
        await hold_expiry.release_due(self._context)
        await backorders.serve_all(self._context)

    _deeds: tuple[Callable[["Fighter"], Awaitable[None]], ...] = (
        _create, _create, _create, _create, _fulfill, _pick_short_or_ship, _return, _cancel, _edit, _ship, _allocate,
        _deallocate, _reallocate, _receive, _receive, _adjust, _short_count, _transfer, _run_timers,
    )  # fmt: skip


def remove_guard() -> None:
    """Let decisions rest on levels that were read a moment ago, and let them be written over whatever is there now."""
    read = stock_store.by_skus
    known: dict[tuple[str, ...], tuple[float, list[Level]]] = {}

    async def stale(
        tx: Transaction, organization_id: int, skus: Collection[str], *, for_update: bool = False
    ) -> list[Level]:
        key = tuple(sorted(skus))
        at, levels = known.get(key, (0.0, []))
        if time.monotonic() - at > _STALE_S:
            levels = await read(tx, organization_id, skus)
            known[key] = time.monotonic(), levels
        return levels

    stock_store.by_skus = stale  # type: ignore[assignment]
    stock_store._REPLACE = Statement(
        update(stock_level)
        .where(*stock_store._OF_UPDATED)
        .values({name: bindparam(name) for name in stock_store._REPLACED})
    )


async def main(url: str, seed: str, seconds: float, *, unguarded: bool) -> None:
    """Fight with several tasks at once."""
    if unguarded:
        remove_guard()
    async with app.open_context(load({}, database=url)) as context:
        organization = await demo.ensure(context, [])
        caller = Caller(organization, "fighter", frozenset(access.SCOPES))
        until, ended = time.monotonic() + seconds, asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
        print("ready", flush=True)  # noqa: T201 - who started the process waits for it
        fighters = [Fighter(context, caller, random.Random(f"{seed}/{n}"), f"{seed}-{n}") for n in range(TASKS)]
        await asyncio.gather(*(each.run(until, ended) for each in fighters), return_exceptions=unguarded)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3]), unguarded="unguarded" in sys.argv))
