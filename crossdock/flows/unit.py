"""One verb, one transaction: what a flow writes through, so that an order and its events are stored together.

A unit collects new orders, changed orders, submissions and events, and writes them in one go before the commit. With
`dry_run` everything is computed and nothing is written.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from crossdock.core import events
from crossdock.core.errors import Code, Conflict
from crossdock.core.events import Event, Fact
from crossdock.core.order import Order
from crossdock.flows.book import Book
from crossdock.store import log
from crossdock.store import orders as order_store
from crossdock.store.log import SubmissionRecord
from crossdock.store.orders import OrderRows
from crossdock.store.port import Transaction


class Unit:
    """The open transaction of one verb for one organization, at one moment `now` (microseconds since 1970)."""

    def __init__(self, book: Book, tx: Transaction, organization_id: int, now: int) -> None:
        self.book = book
        self.tx = tx
        self.organization_id = organization_id
        self.now = now
        self.events: list[Event] = []
        self._placed: list[OrderRows] = []
        self._changed: list[tuple[OrderRows, int]] = []
        self._submissions: list[SubmissionRecord] = []

    def record(self, order: Order, fact: Fact, *, actor: str, door: str) -> Order:
        """Append a fact to the order's chain and give the order with its new head."""
        order, event = events.record(
            order, fact, event_id=self.book.mint.new(self.now), at=self.now, actor=actor, door=door
        )
        self.events.append(event)
        return order

    def place(self, order: Order) -> None:
        """Store a new order, as it is now."""
        self._placed.append(order_store.rows_of(order))

    def change(self, order: Order, *, seen: int) -> None:
        """Store a changed order, as it is now, if its version is still `seen`; else the whole unit is refused as stale."""
        self._changed.append((order_store.rows_of(order), seen))

    def submit(self, record: SubmissionRecord) -> None:
        """Store a submission."""
        self._submissions.append(record)

    async def flush(self) -> None:
        """Write everything collected, table by table."""
        if self._submissions:
            await log.add_submissions(self.tx, self._submissions)
        if self._placed:
            await order_store.add(self.tx, self._placed)
        for rows, seen in self._changed:
            if not await order_store.replace(self.tx, rows, seen=seen):
                raise Conflict(Code.STALE_VERSION, "the order was changed by somebody else", version=seen)
        if self.events:
            await log.add_events(self.tx, self.events)


@asynccontextmanager
async def unit(book: Book, organization_id: int, *, dry_run: bool = False) -> AsyncIterator[Unit]:
    """Open a unit; at the end of the block everything it collected is written and committed, or nothing is."""
    opened = book.store.reading() if dry_run else book.store.writing()
    async with opened as tx:
        work = Unit(book, tx, organization_id, book.clock())
        yield work
        if not dry_run:
            await work.flush()
