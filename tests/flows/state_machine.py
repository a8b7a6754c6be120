"""An order book to move orders in: a clock turned by hand, one order of each door, and everything that must hold of them."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import func, select

from crossdock import app, demo
from crossdock.core.errors import Refusal
from crossdock.core.orders import events
from crossdock.core.orders.commands import Command
from crossdock.core.orders.events import Allocated, OrderEvent, Shipped
from crossdock.core.orders.model import Order
from crossdock.core.orders.status import Counters, Verb
from crossdock.doors import DOORS, encode_json
from crossdock.flows import queries, rendering, verification
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.execute import Change, execute
from crossdock.flows.idempotency import IdempotentRequest
from crossdock.flows.intake import Intake, Submission
from crossdock.settings import load
from crossdock.store import event_log, order_counts, tenants
from crossdock.store import orders as order_store
from crossdock.store.protocols import Statement, Transaction
from crossdock.store.tables import metadata, order_count, order_term
from crossdock.store.tables import orders as order_table
from tests.commands import AppendEvents
from tests.vendors import VENDORS

_replace = msgspec.structs.replace
_DUMPS = {table.name: Statement(select(table).order_by(*table.primary_key.columns)) for table in metadata.sorted_tables}
_REAL = Statement(
    select(order_table.c.organization_id, order_table.c.door, order_table.c.status, func.count()).group_by(
        order_table.c.organization_id, order_table.c.door, order_table.c.status
    )
)
_KEPT = Statement(
    select(order_count.c.organization_id, order_count.c.door, order_count.c.status, func.sum(order_count.c.orders))
    .group_by(order_count.c.organization_id, order_count.c.door, order_count.c.status)
    .having(func.sum(order_count.c.orders) != 0)
)
_TERMS = Statement(select(order_term.c.order_id, order_term.c.term))
_COLUMNS = Statement(select(order_table.c.order_id, order_table.c.status, order_table.c.archived, order_table.c.due_at))
# What a door calls the quantity of a line, where that is not "quantity".
QUANTITY = {"pb_fulfillment": "orderedQuantity", "fabric": "orderedQuantity"}
START_US = 1_767_225_600_000_000
Dump = dict[str, list[tuple[Any, ...]]]


class Clock:
    """A clock that stands until it is turned."""

    def __init__(self) -> None:
        self.now = START_US

    def __call__(self) -> int:
        return self.now


class Refused(Struct, frozen=True):
    """All that a refusal says, for comparing."""

    kind: str
    code: str
    reason: str
    faults: tuple[Any, ...]
    order_events: str


def as_refused(refusal: Refusal) -> Refused:
    return Refused(type(refusal).__name__, str(refusal.code), refusal.reason, tuple(refusal.faults), str(refusal.facts))


async def caller_in(context: Context) -> Caller:
    """Return a caller of the demo organization with all it may refer to."""
    organization = await demo.ensure(context, [])
    async with context.store.reading() as tx:
        references = await tenants.vendor_references(tx, organization.organization_id)
    return Caller(organization, "tester", frozenset({"admin"}), frozenset(references))


def body_of(door: str, number: str, quantities: Sequence[int]) -> dict[str, Any]:
    """Return a door's sample body under a number, with a line of its own for each quantity."""
    body = VENDORS[door].body(number)
    member = line_member(door)
    lines = []
    for place, quantity in enumerate(quantities):
        line = json.loads(json.dumps(body[member][place % len(body[member])]))
        line[QUANTITY.get(door, "quantity")] = quantity
        lines.append(renamed(door, line, place + 1))
    return body | {member: lines}


def line_member(door: str) -> str:
    return {"pb_fulfillment": "orderLines", "hub": "lines"}.get(door, "items")


def renamed(door: str, line: dict[str, Any], number: int) -> dict[str, Any]:
    """Return a line another id, where the door has ids for lines."""
    named = {
        "pb_oms": {"itemId": f"SKU-{number}"},
        "pb_fulfillment": {"lineId": number},
        "fabric": {"lineItemId": str(number)},
        "s2": {"channelOrderItemId": str(number)},
        "hub": {"line_ref": str(number)},
    }
    return line | named[door]


# ---------------------------------------------------------------------------- what fulfillment will do, as steps of its own
def allocate(order_id: int, amounts: Sequence[int], *, version: int | None = None) -> Command:
    """Allocate up to so many units of each line."""

    def make(order: Order) -> Sequence[OrderEvent]:
        counters = tuple(
            _replace(
                line,
                allocated=line.allocated + used,
                backordered=min(line.backordered, line.open - line.allocated - used),
            )
            for line, used in zip(order.counters, spread(order, amounts, allocatable), strict=True)
        )
        return [Allocated(location_ref="W1", counters=counters)] if counters != order.counters else []

    return AppendEvents(order_id=order_id, stands_for=Verb.ALLOCATE, make=make, version=version)


def backorder(order_id: int, amounts: Sequence[int], *, version: int | None = None) -> Command:
    """Backorder up to so many units of each line that nothing is planned for."""

    def make(order: Order) -> Sequence[OrderEvent]:
        counters = tuple(
            _replace(line, backordered=line.backordered + used)
            for line, used in zip(order.counters, spread(order, amounts, unplanned), strict=True)
        )
        return [Allocated(location_ref="W1", counters=counters)] if counters != order.counters else []

    return AppendEvents(order_id=order_id, stands_for=Verb.ALLOCATE, make=make, version=version)


def ship_part(order_id: int, amounts: Sequence[int], *, version: int | None = None) -> Command:
    """Ship up to so many allocated units of each line."""

    def make(order: Order) -> Sequence[OrderEvent]:
        used = spread(order, amounts, lambda line: line.allocated)
        counters = tuple(
            _replace(line, allocated=line.allocated - some, shipped=line.shipped + some)
            for line, some in zip(order.counters, used, strict=True)
        )
        lines = tuple((position, some) for position, some in enumerate(used) if some)
        return [Shipped(lines=lines, counters=counters)] if lines else []

    return AppendEvents(order_id=order_id, stands_for=Verb.SHIP, make=make, version=version)


def allocatable(line: Counters) -> int:
    return line.open - line.allocated


def unplanned(line: Counters) -> int:
    return line.open - line.allocated - line.backordered


def spread(order: Order, amounts: Sequence[int], most: Callable[[Counters], int]) -> list[int]:
    return [min(amounts[place % len(amounts)], most(line)) for place, line in enumerate(order.counters)]


# ---------------------------------------------------------------------------------------------------------------- the book
class Moving:
    """An open book with a clock of its own, one order of each door, and what is known of them."""

    def __init__(self, context: Context, caller: Caller) -> None:
        self.context = context
        self.caller = caller
        self.clock = Clock()
        context.clock = self.clock
        self.intake = Intake(context)
        self.ids: list[int] = []
        self.known: dict[int, Order] = {}
        self.past: dict[int, dict[int, Order]] = {}

    async def place(self, door: str, number: str, quantities: Sequence[int], **more: Any) -> int:
        """Send a new order through a door and give its id."""
        raw = json.dumps(body_of(door, number, quantities) | more).encode()
        outcome = await self.intake.submit(Submission(self.caller, self.context.formats[door], raw))
        assert outcome.order_id is not None
        self.ids.append(outcome.order_id)
        await self.learn(outcome.order_id)
        return outcome.order_id

    async def learn(self, order_id: int) -> Order:
        """Look up how an order is now and remember that it was so at this time."""
        order = await queries.order(self.context, self.caller, order_id=order_id)
        self.known[order_id] = order
        self.past.setdefault(order_id, {})[self.clock.now] = order
        return order

    async def perform(
        self,
        steps: Sequence[Command],
        *,
        door: str = "hub",
        dry_run: bool = False,
        once: IdempotentRequest | None = None,
    ) -> list[Change] | Refused:
        """Perform steps, and return what came of it, be it a refusal."""
        try:
            return await execute(self.context, self.caller, steps, door=door, dry_run=dry_run, request=once)
        except Refusal as refusal:
            return as_refused(refusal)

    async def dump(self) -> Dump:
        """Return everything that is in the database."""
        async with self.context.store.reading() as tx:
            return {name: [tuple(row) for row in await tx.rows(statement)] for name, statement in _DUMPS.items()}

    async def stored(self, tx: Transaction) -> dict[int, Order]:
        """Return all orders as they are stored."""
        found = await order_store.by_ids(tx, self.caller.organization_id, self.ids)
        return {order.order_id: order for order in found}

    # ---------------------------------------------------------------------------------------------------------- must hold
    async def check(self, *touched: int) -> None:
        """Check all that must hold of the book, and of the orders that were touched."""
        async with self.context.store.reading() as tx:
            stored = await self.stored(tx)
            assert stored == self.known
            await self._check_rows(tx, stored)
            for order_id in touched:
                self._check_log(
                    stored[order_id], await event_log.events(tx, self.caller.organization_id, aggregate_id=order_id)
                )
        for order_id in touched:
            self._check_order(stored[order_id])
            for door in DOORS:
                rendered = await rendering.render(self.context, self.caller, stored[order_id], door=door)
                (kept,) = await rendering.render_json_all(self.context, self.caller, [stored[order_id]], door=door)
                assert json.loads(bytes(kept)) == json.loads(encode_json(rendered.document)) != {}

    async def _check_rows(self, tx: Transaction, stored: dict[int, Order]) -> None:
        """Check that what is kept beside the orders says what they say."""
        real = {tuple(row[:3]): int(row[3]) for row in await tx.rows(_REAL)}
        assert {tuple(row[:3]): int(row[3]) for row in await tx.rows(_KEPT)} == real
        mine = {(row[1], row[2]): number for row, number in real.items()}
        assert await order_counts.counts(tx, self.caller.organization_id) == mine
        words = Counter((order.order_id, term) for order in stored.values() for term in order_store.terms_of(order))
        assert Counter(tuple(row) for row in await tx.rows(_TERMS)) == words
        columns = {order.order_id: (str(order.status), order.archived, order.due_at) for order in stored.values()}
        assert {row[0]: (row[1], bool(row[2]), row[3]) for row in await tx.rows(_COLUMNS)} == columns

    def _check_log(self, order: Order, recorded: list[events.Event]) -> None:
        """Check that the log gives the order, as it is and as it was at every time it was looked at."""
        assert [event.number for event in recorded] == list(range(1, order.event_number + 1))
        assert events.rebuild(recorded) == order
        for at, was in self.past[order.order_id].items():
            assert events.rebuild(event for event in recorded if event.at <= at) == was
        versions = [events.rebuild(recorded[:number]) for number in range(1, len(recorded) + 1)]
        numbers = [each.version for each in versions if each is not None]
        assert set(numbers) == set(range(1, order.version + 1)), "versions have no gaps"
        assert numbers == sorted(numbers)
        times = [event.at for event in recorded]
        assert times == sorted(times)
        assert len(list(queries.timeline(recorded))) == len(recorded)

    def _check_order(self, order: Order) -> None:
        assert all(line.is_sound() for line in order.counters)
        assert [line.ordered for line in order.counters] == [line.quantity for line in order.content.lines]
        assert not order.holds or any(line.open for line in order.counters)
        assert all(0 <= line < len(order.counters) for hold in order.holds for line in hold.lines)
        placed = [(hold.number, hold.reason) for hold in order.holds]
        assert len(set(placed)) == len(placed)

    async def verify(self) -> None:
        """Check every chain of events in the book."""
        found = await verification.verify(self.context)
        assert (found.orders, found.broken) == (len(self.ids), ())


class Opened:
    """A Moving on an event loop of its own, for tests that Hypothesis drives."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self._open = app.open_context(load({}, database=url))
        self.moving = self.run(self._made())

    async def _made(self) -> Moving:
        context = await self._open.__aenter__()
        return Moving(context, await caller_in(context))

    def run(self, work: Any) -> Any:
        return self._runner.run(work)

    def close(self) -> None:
        self.run(self._open.__aexit__(None, None, None))
        self._runner.close()

    def __enter__(self) -> Moving:
        return self.moving

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
