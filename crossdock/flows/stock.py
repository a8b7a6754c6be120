"""Stock levels: execute commands on them, read them, and take units for orders.

A command locks its level, so its chain of events has one writer; what orders take is a conditional update, which needs no lock
before it. Both write rows of the ledger in the same transaction.
"""

from collections.abc import Sequence

from msgspec import Struct

from crossdock.core.errors import Code, Conflict
from crossdock.core.events import Event
from crossdock.core.stock.commands import Change, StockCommand, decide
from crossdock.core.stock.events import StockEvent, record
from crossdock.core.stock.model import Kind, Level, LevelKey, Movement
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.unit_of_work import UnitOfWork, unit_of_work
from crossdock.store import stock as stock_store
from crossdock.store.event_log import NewEvent


class StockChange(Struct, frozen=True):
    """A level after a command, and its events; none where there was nothing to change."""

    level: Level
    events: tuple[Event, ...] = ()


async def execute_stock(
    context: Context, caller: Caller, commands: Sequence[StockCommand], *, door: str, dry_run: bool = False
) -> list[StockChange]:
    """Execute commands on stock levels in one transaction, all or none; return the changes in the commands' order.

    With `dry_run` nothing is written, and the answer is what would be. Refuses with what the commands refuse.
    """
    async with unit_of_work(context, caller.organization_id, dry_run=dry_run) as work:
        changes: dict[int, StockChange] = {}
        levels: dict[LevelKey, Level] = {}
        # Sorted by key, so that two calls that share levels never wait for each other.
        for place in sorted(range(len(commands)), key=lambda each: commands[each].key):
            command = commands[place]
            before = levels.get(command.key) or await _load(work, command.key)
            change = decide(command, before, now=work.now)
            changes[place] = await _write(work, caller, command, before, change, door)
            levels[command.key] = changes[place].level
    return [changes[place] for place in range(len(commands))]


async def _load(work: UnitOfWork, key: LevelKey) -> Level:
    """Load a level, locked until the commit; one that is not there is made with nothing in it."""
    level = await stock_store.get(work.tx, work.organization_id, key, for_update=not work.dry_run)
    if level is not None:
        return level
    level = Level(
        work.organization_id, work.context.id_generator.new(work.now), key.sku, key.location, key.pool,
        created_at=work.now, updated_at=work.now,
    )  # fmt: skip
    if work.dry_run or await stock_store.add(work.tx, level):
        return level
    other = await stock_store.get(work.tx, work.organization_id, key, for_update=True)
    assert other is not None, "a level is never removed"
    return other


async def _write(
    work: UnitOfWork, caller: Caller, command: StockCommand, before: Level, change: Change, door: str
) -> StockChange:
    after, events = change.level, []
    for stock_event in change.events:
        after, event = _record(work, after, stock_event, caller, door)
        events.append(event)
    if work.dry_run or after is before:
        return StockChange(after, tuple(events))
    if not await stock_store.replace(work.tx, after, before=before):
        raise Conflict(Code.STALE_VERSION, "the stock level was changed by somebody else")
    if change.kind is not None:
        movement = Movement(
            work.organization_id, after.level_id, work.context.id_generator.new(work.now), work.now, change.kind,
            change.delta, 0, event_id=events[0].event_id if events else None, reason=command.reason,
        )  # fmt: skip
        await stock_store.add_movements(work.tx, [movement])
    return StockChange(after, tuple(events))


def _record(work: UnitOfWork, level: Level, stock_event: StockEvent, caller: Caller, door: str) -> tuple[Level, Event]:
    event_id = work.context.id_generator.new(work.now)
    level, event = record(level, stock_event, event_id=event_id, at=level.updated_at, actor=caller.actor, door=door)
    work.events.append(NewEvent(event))
    return level, event


async def levels_of(context: Context, caller: Caller, skus: Sequence[str]) -> list[Level]:
    """Read all levels of some SKUs, by SKU, location and pool."""
    async with context.store.reading() as tx:
        return await stock_store.by_skus(tx, caller.organization_id, skus)


# ---------------------------------------------------------------------------------------------------------- for orders
class Units(Struct, frozen=True):
    """Units of a level that an order takes or gives back."""

    level: Level
    quantity: int


async def allocate_units(work: UnitOfWork, order_id: int, units: Sequence[Units]) -> list[Units]:
    """Promise units to an order, all that are available of those asked for; return those that were not, to be planned anew.

    Whoever races for the last units, one gets them.
    """
    missed = []
    for each in sorted(units, key=lambda one: one.level.key):
        is_taken = await stock_store.allocate(
            work.tx, work.organization_id, each.level.key, units=each.quantity, now=work.now
        )
        if is_taken:
            await _move(work, each, Kind.ALLOCATE, order_id, on_hand=0, allocated=each.quantity)
        else:
            missed.append(each)
    return missed


async def deallocate_units(work: UnitOfWork, order_id: int, units: Sequence[Units]) -> None:
    """Take back units that were promised to an order."""
    for each in sorted(units, key=lambda one: one.level.key):
        if not await stock_store.deallocate(
            work.tx, work.organization_id, each.level.key, units=each.quantity, now=work.now
        ):
            raise Conflict(Code.STATE_FORBIDS, "fewer units are allocated than are taken back")
        await _move(work, each, Kind.DEALLOCATE, order_id, on_hand=0, allocated=-each.quantity)


async def ship_units(work: UnitOfWork, order_id: int, units: Sequence[Units]) -> None:
    """Take units that were promised to an order off those on hand."""
    for each in sorted(units, key=lambda one: one.level.key):
        if not await stock_store.ship(work.tx, work.organization_id, each.level.key, units=each.quantity, now=work.now):
            raise Conflict(Code.STATE_FORBIDS, "fewer units are allocated than are shipped")
        await _move(work, each, Kind.SHIP, order_id, on_hand=-each.quantity, allocated=-each.quantity)


async def _move(work: UnitOfWork, units: Units, kind: Kind, order_id: int, *, on_hand: int, allocated: int) -> None:
    movement = Movement(
        work.organization_id, units.level.level_id, work.context.id_generator.new(work.now), work.now, kind, on_hand,
        allocated, order_id=order_id,
    )  # fmt: skip
    await stock_store.add_movements(work.tx, [movement])
