"""The stock levels that a unit of work reads and changes: loaded and locked once, changed in memory, written at its end.

What commands do (count, receive …) and what orders do (allocate, ship …) meet here, so that each sees what the others did in
the same transaction. Every change is a row of the ledger; the alerts that follow are events of the level.
"""

from collections.abc import Collection, Sequence

import msgspec

from crossdock.core.errors import Code, Conflict
from crossdock.core.events import Event
from crossdock.core.orders.allocations import StockMovement
from crossdock.core.stock.commands import alerts
from crossdock.core.stock.events import StockEvent, record
from crossdock.core.stock.model import Kind, Level, LevelKey, Movement
from crossdock.flows.context import Context
from crossdock.store import stock as stock_store
from crossdock.store.event_log import NewEvent
from crossdock.store.protocols import Transaction

_replace = msgspec.structs.replace


class StockLevels:
    """Stock levels of one organization within the transaction of a unit of work; their events are added to its `events`."""

    def __init__(
        self,
        context: Context,
        tx: Transaction,
        organization_id: int,
        now: int,
        events: list[NewEvent],
        *,
        dry_run: bool,
    ) -> None:
        self._context, self._tx, self._organization_id, self._now = context, tx, organization_id, now
        self._events, self._dry_run = events, dry_run
        self._loaded: set[str] = set()  # SKUs
        self._before: dict[LevelKey, Level] = {}
        self._levels: dict[LevelKey, Level] = {}
        self._movements: list[Movement] = []
        self._pending: list[tuple[StockMovement, int, Event]] = []
        self.has_freed = False  # whether units have become available

    async def of(self, skus: Collection[str]) -> dict[LevelKey, Level]:
        """Return all levels of SKUs as this unit of work has made them, locked until its end."""
        wanted = set(skus)
        missing = wanted - self._loaded
        if missing:
            for level in await stock_store.by_skus(
                self._tx, self._organization_id, missing, for_update=not self._dry_run
            ):
                self._before[level.key] = self._levels[level.key] = level
            self._loaded |= missing
            self._apply_loaded([each for each in self._pending if each[0].key.sku in missing])
        return {key: level for key, level in self._levels.items() if key.sku in wanted}

    async def get(self, key: LevelKey) -> Level:
        """Return the level of a key; one that is not there is added with nothing in it."""
        levels = await self.of({key.sku})
        if key not in levels:
            level = Level(
                self._organization_id, self._context.id_generator.new(self._now), key.sku, key.location, key.pool,
                created_at=self._now, updated_at=self._now,
            )  # fmt: skip
            if not self._dry_run and not await stock_store.add(self._tx, level):
                level = await self._added_by_another(key)
            self._before[key] = self._levels[key] = level
        return self._levels[key]

    async def add_levels(self, movements: Sequence[StockMovement]) -> None:
        """Add the levels that units go to, where a location had none of the product."""
        for movement in movements:
            await self.get(movement.key)

    async def _added_by_another(self, key: LevelKey) -> Level:
        """Read a level that another transaction has added since those of its SKU were loaded."""
        levels = await stock_store.by_skus(self._tx, self._organization_id, {key.sku}, for_update=True)
        return next(level for level in levels if level.key == key)

    def change(
        self,
        level: Level,
        stock_events: Sequence[StockEvent],
        *,
        actor: str,
        door: str,
        delta: int = 0,
        kind: Kind | None = None,
        reason: str | None = None,
    ) -> tuple[Level, list[Event]]:
        """Take over what a command made of a level, with its events; `delta` units more are on hand."""
        before = self._levels[level.key]
        events = []
        for stock_event in stock_events:
            level, event = self._record(level, stock_event, actor=actor, door=door)
            events.append(event)
        if kind is not None:
            event_id = events[0].event_id if events else None
            self._movements.append(self._movement(level, kind, delta, 0, event_id=event_id, reason=reason))
        self._levels[level.key] = level
        self.has_freed |= level.available > before.available
        return level, events

    def apply(self, movements: Sequence[StockMovement], *, order_id: int, event: Event) -> None:
        """Apply what an event of an order does to levels; to those that are not loaded yet, as soon as they are."""
        added = [(movement, order_id, event) for movement in movements]
        self._pending += added
        self._apply_loaded([each for each in added if each[0].key.sku in self._loaded])

    def _apply_loaded(self, movements: Sequence[tuple[StockMovement, int, Event]]) -> None:
        for movement, order_id, event in movements:
            before = self._levels.get(movement.key)
            if before is None:
                raise Conflict(
                    Code.STALE_VERSION, f"there is no stock level of {movement.key.sku} at {movement.key.location}"
                )
            after = _replace(
                before, on_hand=before.on_hand + movement.on_hand, allocated=before.allocated + movement.allocated,
                shipped=before.shipped - (movement.on_hand if movement.kind is Kind.SHIP else 0),
                updated_at=max(self._now, before.updated_at),
            )  # fmt: skip
            if not after.is_sound():
                raise Conflict(
                    Code.STALE_VERSION,
                    f"fewer units of {movement.key.sku} at {movement.key.location} are there than are taken",
                )
            for alert in alerts(before, after):
                after, _ = self._record(after, alert, actor=event.actor, door=event.door)
            self._levels[movement.key] = after
            self._movements.append(
                self._movement(
                    after,
                    movement.kind,
                    movement.on_hand,
                    movement.allocated,
                    order_id=order_id,
                    event_id=event.event_id,
                )
            )
            self.has_freed |= after.available > before.available

    def _movement(
        self,
        level: Level,
        kind: Kind,
        on_hand: int,
        allocated: int,
        *,
        order_id: int | None = None,
        event_id: int | None = None,
        reason: str | None = None,
    ) -> Movement:
        return Movement(
            self._organization_id, level.level_id, self._context.id_generator.new(self._now), self._now, kind, on_hand,
            allocated, order_id, event_id, reason,
        )  # fmt: skip

    def _record(self, level: Level, stock_event: StockEvent, *, actor: str, door: str) -> tuple[Level, Event]:
        event_id = self._context.id_generator.new(self._now)
        level, event = record(level, stock_event, event_id=event_id, at=level.updated_at, actor=actor, door=door)
        self._events.append(NewEvent(event))
        return level, event

    async def flush(self) -> None:
        """Write what has changed; refuses with Conflict `stale_version` where another transaction changed a level meanwhile."""
        await self.of({movement.key.sku for movement, *_ in self._pending})
        for key in sorted(self._levels):
            level, before = self._levels[key], self._before[key]
            if level is not before and not await stock_store.replace(self._tx, level, before=before):
                raise Conflict(Code.STALE_VERSION, "the stock level was changed by another request; try again")
        if self._movements:
            await stock_store.add_movements(self._tx, self._movements)
