"""Verify the database against its event log: every hash chain, and every stored row against what the events make."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import zip_longest

from msgspec import Struct

from crossdock.core.events import CHAIN_START, chain_hash
from crossdock.core.ids import to_base32
from crossdock.core.orders import events
from crossdock.flows.context import Context
from crossdock.store import order_counts, tenants, verification
from crossdock.store import orders as order_store
from crossdock.store.event_log import LogEntry
from crossdock.store.orders import OrderRows
from crossdock.store.protocols import Transaction
from crossdock.store.verification import StoredOrder


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
    """Walk all organizations' orders, in one state of the database.

    Of every order: its chain of events (numbers without gaps, each hash, the head the order remembers); that the order, its
    lines and its words are what its events make; that each event has the status it led to. Of every organization: that
    orders are counted rightly, that no words are left of orders that lost them, that its feed has no gaps. `report` is called
    with the number of orders checked and of all orders.
    """
    orders = walked = 0
    broken: list[Broken] = []
    async with context.store.reading() as tx:
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
            _chain_head(entries)
        except _Fault as fault:
            event = entries[0].event
            self._note(None, f"{event.aggregate_type} {to_base32(event.aggregate_id)}: {fault}")

    async def _check(self, portion: Sequence[StoredOrder]) -> None:
        wanted: set[tuple[int, str, int]] = set()
        for each in portion:
            self.events += len(each.entries)
            if each.rows is None:
                self._note(each.order_id, "has events but no order" if each.entries else "has lines but no order")
                continue
            self.orders += 1
            self._counts[each.rows.counted_as] += 1
            try:
                made = _made(each.rows, each.entries)
            except _Fault as fault:
                self._note(each.order_id, str(fault))
            else:
                wanted.update(made.terms)
        self._words += len(wanted)
        words = sorted({word for _, word, _ in wanted})
        found = await verification.terms(
            self._tx, self._id, words, first=portion[0].order_id, last=portion[-1].order_id
        )
        missing = Counter(order_id for _, _, order_id in wanted - found)
        for order_id in sorted(missing):
            self._note(order_id, f"{missing[order_id]} of its words do not find it")


class _Fault(Exception):
    """What does not hold of an order; nothing more is looked at then."""


def _made(rows: OrderRows, entries: Sequence[LogEntry]) -> OrderRows:
    """Return the rows an order's events make, which are those that are stored."""
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
    return made


def _check_chain(rows: OrderRows, entries: Sequence[LogEntry]) -> None:
    last = _chain_head(entries)
    number, head = rows.head
    if not entries or len(entries) != number or last != head:
        raise _Fault(f"the order remembers {number} events, the log holds {len(entries)}, or their heads differ")


def _chain_head(entries: Sequence[LogEntry]) -> bytes:
    """Recompute a chain and return the hash of its last event."""
    before = CHAIN_START
    for expected, entry in enumerate(entries, 1):
        if entry.event.number != expected:
            raise _Fault(f"event {expected} is missing")
        if chain_hash(before, entry.event) != entry.event.hash:
            raise _Fault(f"event {expected} was changed")
        before = entry.event.hash
    return before
