"""One transaction of changes: orders, stock levels, their events and submissions are collected and written together before the
commit.

With `dry_run` everything is computed and nothing is written.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from crossdock.core.errors import Code, Conflict
from crossdock.core.events import Event
from crossdock.core.invoicing.invoices import Invoice
from crossdock.core.orders import events
from crossdock.core.orders.events import OrderEvent, Received
from crossdock.core.orders.model import Order
from crossdock.flows import tracing
from crossdock.flows.context import Context
from crossdock.flows.stock_levels import StockLevels
from crossdock.store import allocations as allocation_store
from crossdock.store import event_log, order_counts, submissions
from crossdock.store import orders as order_store
from crossdock.store.allocations import Backorder, StoredDecision
from crossdock.store.event_log import NewEvent
from crossdock.store.orders import OrderRows
from crossdock.store.protocols import Transaction
from crossdock.store.submissions import SubmissionRecord


class UnitOfWork:
    """The open transaction of one organization's changes, at one moment `now` (microseconds since 1970)."""

    def __init__(
        self, context: Context, tx: Transaction, organization_id: int, now: int, *, dry_run: bool = False
    ) -> None:
        self.context = context
        self.dry_run = dry_run
        self.tx = tx
        self.organization_id = organization_id
        self.now = now
        self.loaded: dict[int, Order] = {}  # orders that were locked before anything was done to them
        self.changed: dict[int, Order] = {}  # orders as they are after what was done to them in this unit of work
        self.events: list[NewEvent] = []
        self._contents: dict[int, bytes] = {}  # of received orders, encoded
        self._placed: list[OrderRows] = []
        self._changed: list[tuple[OrderRows, Order]] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self._submissions: list[SubmissionRecord] = []
        self._waits: list[tuple[Order, bool]] = []  # orders that have begun to wait for stock, or ended it
        self.decisions: list[StoredDecision] = []
        self.orders_at: Counter[str] = Counter()  # orders allocated in this unit of work, by location
        self.tried_invoices: list[Invoice] = []  # of a dry run, which stores none
        self.traces: dict[int, Any] = {}  # of orders whose events are made for a request that is not the current one
        self.stock = StockLevels(context, tx, organization_id, now, self.events, dry_run=dry_run)

    def receive(self, order: Order, received: Received) -> Order:
        """Append the first event of a new order; return the order with the head of its chain."""
        source = order.source
        content = self._contents[order.order_id] = events.encode_content(order.content)
        order, event = events.append(
            order, received, event_id=self.context.id_generator.new(self.now), at=order.created_at, actor=source.actor,
            door=source.door, content=content,
        )  # fmt: skip
        self._add(event, order)
        return order

    def apply(self, order: Order, order_events: Sequence[OrderEvent], *, actor: str, door: str) -> Order:
        """Apply events to an order and append them to its chain; an order's times never fall, whatever a clock does."""
        for order_event in order_events:
            event_id, at = self.context.id_generator.new(self.now), max(self.now, order.updated_at)
            movements = order_event.stock_movements(order)
            order, event = events.record(order, order_event, event_id=event_id, at=at, actor=actor, door=door)
            self._add(event, order)
            if movements:
                self.stock.apply(movements, order_id=order.order_id, event=event)
        return order

    def _add(self, event: Event, order: Order) -> None:
        self.events.append(NewEvent(event, status=str(order.status), source=order.source.door))

    def place(self, order: Order) -> None:
        """Store an order that was received in this unit of work, as it is now; its content is what was received."""
        rows = order_store.rows_of(order, content=self._contents.get(order.order_id))
        self._placed.append(rows)
        self._counts[order.source.door, rows.status] += 1
        if order.event_number > 1 and order.is_waiting:
            self._waits.append((order, True))

    def change(self, order: Order, *, before: Order) -> None:
        """Store a changed order if its version is still that of `before`; else the unit of work is refused as stale."""
        rows = order_store.rows_of(order)
        self._changed.append((rows, before))
        self.changed[order.order_id] = order
        self._counts[order.source.door, rows.status] += 1
        self._counts[before.source.door, str(before.status)] -= 1
        if order.is_waiting != before.is_waiting:
            self._waits.append((order, order.is_waiting))

    def submit(self, record: SubmissionRecord) -> None:
        """Store a submission."""
        self._submissions.append(record)

    async def flush(self) -> None:
        """Write everything collected, table by table."""
        if self._submissions:
            await submissions.add_submissions(self.tx, self._submissions)
        if self._placed:
            await order_store.add(self.tx, self._placed)
        # In the order of their ids, as every command locks them; several changes of one order keep their sequence.
        for rows, before in sorted(self._changed, key=lambda each: each[1].order_id):
            if not await order_store.replace(self.tx, rows, before=before):
                raise Conflict(Code.STALE_VERSION, "the order was changed by somebody else", version=before.version)
        await self.stock.flush()
        if self.decisions:
            await allocation_store.add_decisions(self.tx, self.decisions)
        for order, is_waiting in self._waits:
            await self._write_wait(order, is_waiting=is_waiting)
        changes = {key: change for key, change in self._counts.items() if change}
        if changes:  # late, because other transactions may wait for these rows until the commit
            await order_counts.add_counts(self.tx, self.organization_id, changes)
        if self.events:  # last of all: see event_log.add_events
            await event_log.add_events(self.tx, self.organization_id, self.events)

    async def _write_wait(self, order: Order, *, is_waiting: bool) -> None:
        if not is_waiting:
            await allocation_store.remove_backorder(self.tx, self.organization_id, order_id=order.order_id)
            return
        content = order.content
        await allocation_store.put_backorder(
            self.tx,
            Backorder(
                self.organization_id,
                order.order_id,
                self.now,
                content.deliver_by or content.ship_by or "",
                0,
                0,
                self.now,
            ),
        )


@asynccontextmanager
async def unit_of_work(context: Context, organization_id: int, *, dry_run: bool = False) -> AsyncIterator[UnitOfWork]:
    """Open a unit of work; at the end of the block everything it collected is written and committed, or nothing is."""
    opened = context.store.reading() if dry_run else context.store.writing()
    async with opened as tx:
        work = UnitOfWork(context, tx, organization_id, context.clock(), dry_run=dry_run)
        yield work
        if not dry_run:
            await work.flush()
    if work.events and not dry_run:
        if tracing.is_on():
            tracing.remember(work.events, work.traces)
        context.wakeup.notify()
    if work.stock.has_freed and not dry_run:
        context.stock_freed.notify()
