"""Verify the database against its event log: every hash chain, and every stored row against what the events make."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest

import msgspec
from msgspec import Struct

from crossdock.core.events import CHAIN_START, chain_hash
from crossdock.core.ids import to_base32
from crossdock.core.orders import erasing, events
from crossdock.core.orders.model import Order
from crossdock.core.stock.model import Level, LevelKey
from crossdock.flows.context import Context
from crossdock.store import invoices, order_counts, stock, tenants, verification
from crossdock.store import orders as order_store
from crossdock.store.event_log import LogEntry
from crossdock.store.orders import OrderRows
from crossdock.store.protocols import Store, Transaction
from crossdock.store.verification import StoredOrder

_LEVELS = 1_000  # stock levels in memory at a time


class Broken(Struct, frozen=True):
    """Something that does not hold, of one order or (None) of all that an organization has."""

    organization_id: int
    order_id: int | None
    reason: str


class Verification(Struct, frozen=True):
    """What was walked and what was found broken."""

    orders: int
    events: int
    broken: tuple[Broken, ...]


async def verify(context: Context, *, report: Callable[[int, int], None] = lambda done, total: None) -> Verification:
    """Walk all organizations' orders in the context's database; see verify_store."""
    return await verify_store(context.store, report=report)


async def verify_store(store: Store, *, report: Callable[[int, int], None] = lambda done, total: None) -> Verification:
    """Walk all organizations' orders, in one state of the database.

    Of every order: its chain of events (numbers without gaps, each hash, the head the order remembers); that the order, its
    lines, its words and its allocations are what its events make; that each event has the status it led to. Of every
    organization: that orders are counted rightly, that no words are left of orders that lost them, that its feed has no gaps.
    Of every stock level: that it is the sum of its movements, and of what orders have allocated, and goes with its events.
    `report` is called with the number of orders checked and of all orders.
    """
    orders = walked = 0
    broken: list[Broken] = []
    async with store.reading() as tx:
        organizations = await tenants.organizations(tx)
        total = 0
        for organization in organizations:
            total += sum((await order_counts.counts(tx, organization.organization_id)).values())
        for organization in organizations:
            before = orders

            def progressed(done: int, before: int = before) -> None:
                report(before + done, total)

            checked = _Organization(tx, organization.organization_id, progressed)
            broken += await checked.run()
            orders += checked.orders
            walked += checked.events
    return Verification(orders, walked, tuple(broken))


class _Organization:
    """One organization's book on its way through the check."""

    def __init__(self, tx: Transaction, organization_id: int, report: Callable[[int], None]) -> None:
        self.orders = self.events = 0
        self._report = report
        self._tx, self._id = tx, organization_id
        self._broken: list[Broken] = []
        self._words = 0
        self._counts: Counter[tuple[str, str]] = Counter()
        self._allocated: Counter[LevelKey] = Counter()
        self._rows: Counter[str] = Counter()  # of tables that follow from orders
        self._heads: dict[int, tuple[int, bytes]] = {}  # of the chains of aggregates that are no orders

    async def run(self) -> list[Broken]:
        """Check everything and give what does not hold."""
        async for portion in verification.read_all(self._tx, self._id):
            await self._check(portion)
            self._report(self.orders)
        async for entries in verification.read_other_aggregates(self._tx, self._id):
            self._check_other(entries)
        # Where an order's own words cannot be told, neither can whether there are too many.
        words = await verification.number_of_terms(self._tx, self._id)
        if not self._broken and words != self._words:
            self._note(None, f"orders are found by {words} words, and have {self._words}")
        await self._check_stock()
        numbers = sum((await invoices.sequences(self._tx, self._id)).values())
        if numbers != (made := await invoices.number_of_invoices(self._tx, self._id)):
            self._note(None, f"{numbers} invoice numbers were given, and there are {made} invoices")
        number, last, given = await verification.feed_ends(self._tx, self._id)
        if not number == last == given:
            self._note(
                None, f"the feed has given {given} positions, the last event is at {last}, and there are {number}"
            )
        kept = await order_counts.counts(self._tx, self._id)
        for door, status in sorted(kept.keys() | self._counts.keys()):
            have, counted = kept.get((door, status), 0), self._counts[door, status]
            if have != counted:
                self._note(None, f"{have} orders of {door} are counted as {status}, and {counted} are")
        return self._broken

    def _note(self, order_id: int | None, reason: str) -> None:
        self._broken.append(Broken(self._id, order_id, reason))

    def _check_other(self, entries: Sequence[LogEntry]) -> None:
        """Check the chain of an aggregate that is no order; nothing else is stored of it."""
        self.events += len(entries)
        try:
            head = _chain_head(entries)
            self._heads[entries[0].event.aggregate_id] = len(entries), head
        except _Fault as fault:
            event = entries[0].event
            self._note(None, f"{event.aggregate_type} {to_base32(event.aggregate_id)}: {fault}")

    async def _check(self, portion: Sequence[StoredOrder]) -> None:
        wanted: set[tuple[int, str, int]] = set()
        waiting: set[int] = set()
        for each in portion:
            self.events += len(each.entries)
            if each.rows is None:
                self._note(each.order_id, "has events but no order" if each.entries else "has lines but no order")
                continue
            self.orders += 1
            self._counts[each.rows.counted_as] += 1
            try:
                order, made = _made(each.rows, each.entries)
            except _Fault as fault:
                self._note(each.order_id, str(fault))
            else:
                wanted.update(made.terms)
                self._count_stock(order)
                self._rows.update({name: len(found) for name, found in made.parts.items()})
                if order.is_waiting:
                    waiting.add(order.order_id)
        known = await verification.waiting(self._tx, self._id, [each.order_id for each in portion])
        for order_id in sorted(known ^ waiting):
            self._note(order_id, "waits for stock, but is not among those that wait" if order_id in waiting else
                       "is among those that wait for stock, but does not wait")  # fmt: skip
        self._rows["backorder"] += len(waiting)
        self._words += len(wanted)
        words = sorted({word for _, word, _ in wanted})
        found = await verification.terms(
            self._tx, self._id, words, first=portion[0].order_id, last=portion[-1].order_id
        )
        missing = Counter(order_id for _, _, order_id in wanted - found)
        for order_id in sorted(missing):
            self._note(order_id, f"{missing[order_id]} of its words do not find it")

    def _count_stock(self, order: Order) -> None:
        for allocation in order.allocations:
            for part in allocation.units:
                if part.sku is not None and part.open:
                    self._allocated[LevelKey(part.sku, allocation.location, part.pool)] += part.open

    async def _check_stock(self) -> None:
        """Check that levels are the sums of their movements and of what orders have allocated, and go with their events."""
        sums = await stock.movement_sums(self._tx, self._id)
        after: LevelKey | None = None
        while levels := await stock.page(self._tx, self._id, limit=_LEVELS, after=after):
            for level in levels:
                if reason := self._level_fault(level, sums.pop(level.level_id, (0, 0))):
                    self._note(
                        None, f"stock level of {level.sku} at {level.location} {level.pool}".rstrip() + f" {reason}"
                    )
            after = levels[-1].key
        for level_id in sums:
            self._note(None, f"stock movements of {to_base32(level_id)} have no level")
        for key, units in self._allocated.items():
            self._note(None, f"orders have {units} units of {key.sku} at {key.location} that no stock level has")
        for table in (*order_store.PARTS, "backorder"):
            stored = await verification.number_of_rows(self._tx, self._id, table)
            if not self._broken and stored != self._rows[table]:
                self._note(None, f"{table} has {stored} rows, and orders make {self._rows[table]}")

    def _level_fault(self, level: Level, moved: tuple[int, int]) -> str | None:
        allocated = self._allocated.pop(level.key, 0)
        if (level.on_hand, level.allocated) != moved:
            return f"has {level.on_hand} on hand, {level.allocated} allocated; its movements add up to {moved[0]}, {moved[1]}"
        if level.allocated != allocated:
            return f"has {level.allocated} units allocated, and orders have {allocated}"
        if not level.is_sound():
            return "has numbers that cannot be true together"
        head = self._heads.pop(level.level_id, (0, CHAIN_START))
        return None if head == (level.event_number, level.event_hash) else "does not go with the last of its events"


class _Fault(Exception):
    """What does not hold of an order; nothing more is looked at then."""


def _made(rows: OrderRows, entries: Sequence[LogEntry]) -> tuple[Order, OrderRows]:
    """Return the order that its events make, and its rows, which are those that are stored."""
    _check_chain(rows, entries)
    try:
        states = [order for _, order in events.replay(entry.event for entry in entries)]
    except Exception as error:
        raise _Fault(f"its events cannot be read: {type(error).__name__}: {error}") from error
    for entry, order in zip(entries, states, strict=True):
        if (entry.source, entry.status) != (order.source.door, order.status):
            was = f"{order.source.door} {order.status}"
            raise _Fault(f"event {entry.event.number} is recorded as {entry.source} {entry.status}, but was {was}")
    made = order_store.rows_of(states[-1])
    if names := order_store.differing(rows.order, made.order):
        raise _Fault(f"is stored otherwise than its events say: {', '.join(names)}")
    for place, (line, wanted) in enumerate(zip_longest(rows.lines, made.lines)):
        if line != wanted:
            raise _Fault(f"line {place} is stored otherwise than its events say")
    for name in rows.parts | made.parts:
        if sorted(rows.parts.get(name, ())) != sorted(made.parts.get(name, ())):
            raise _Fault(f"has other rows of {name} than its events say")
    return states[-1], made


def _check_chain(rows: OrderRows, entries: Sequence[LogEntry]) -> None:
    last = _chain_head(entries)
    number, head = rows.head
    if not entries or len(entries) != number or last != head:
        raise _Fault(f"the order remembers {number} events, the log holds {len(entries)}, or their heads differ")


def _listed_hashes(entries: Sequence[LogEntry]) -> Mapping[int, bytes]:
    try:
        return erasing.listed_hashes(entry.event for entry in entries)
    except (msgspec.MsgspecError, ValueError) as error:
        raise _Fault(f"its events cannot be read: {type(error).__name__}: {error}") from error


def _chain_head(entries: Sequence[LogEntry]) -> bytes:
    """Recompute a chain and return the hash of its last event.

    A payload that an erasure has replaced gives the hash that a later `order.erased` lists; the chain goes on from the stored
    one.
    """
    before = CHAIN_START
    listed = _listed_hashes(entries)
    for expected, entry in enumerate(entries, 1):
        if entry.event.number != expected:
            raise _Fault(f"event {expected} is missing")
        computed = chain_hash(before, entry.event)
        if computed != entry.event.hash and computed != listed.get(expected):
            raise _Fault(f"event {expected} was changed")
        before = entry.event.hash
    return before
