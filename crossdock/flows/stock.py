"""Stock: execute commands on stock levels, and read levels and their ledger."""

from collections.abc import Sequence

from msgspec import Struct

from crossdock.core.errors import Code, NotFound
from crossdock.core.events import Event
from crossdock.core.stock.commands import StockCommand, decide
from crossdock.core.stock.model import Level, LevelKey, Movement
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.unit_of_work import UnitOfWork, unit_of_work
from crossdock.store import stock as stock_store


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
        return await change_stock(work, caller, commands, door=door)


async def change_stock(
    work: UnitOfWork, caller: Caller, commands: Sequence[StockCommand], *, door: str
) -> list[StockChange]:
    """Execute commands on stock levels as part of a unit of work."""
    await work.stock.of({command.key.sku for command in commands})  # locks them all in their order
    changes = []
    for command in commands:
        before = await work.stock.get(command.key)
        change = decide(command, before, now=work.now)
        if change.level == before and not change.events:
            changes.append(StockChange(before))
            continue
        level, events = work.stock.change(
            change.level, change.events, actor=caller.actor, door=door, delta=change.delta, kind=change.kind,
            reason=command.reason,
        )  # fmt: skip
        changes.append(StockChange(level, tuple(events)))
    return changes


async def levels_of(context: Context, caller: Caller, skus: Sequence[str]) -> list[Level]:
    """Read all levels of some SKUs, by SKU, location and pool."""
    async with context.store.reading() as tx:
        return await stock_store.by_skus(tx, caller.organization_id, skus)


async def level(context: Context, caller: Caller, key: LevelKey) -> Level:
    """Read a level. Refuses with NotFound `not_found`."""
    async with context.store.reading() as tx:
        found = await stock_store.get(tx, caller.organization_id, key)
    if found is None:
        raise NotFound(Code.NOT_FOUND, "there is no such stock level")
    return found


async def page(
    context: Context,
    caller: Caller,
    *,
    limit: int,
    after: LevelKey | None = None,
    offset: int = 0,
    **filters: str | None,
) -> list[Level]:
    """Read levels after a key, by SKU, location and pool; `filters` are of sku, location and pool."""
    async with context.store.reading() as tx:
        return await stock_store.page(tx, caller.organization_id, limit=limit, after=after, offset=offset, **filters)


async def count(context: Context, caller: Caller, **filters: str | None) -> int:
    """Count the levels that filters of sku, location and pool leave."""
    async with context.store.reading() as tx:
        return await stock_store.count(tx, caller.organization_id, **filters)


async def movements(context: Context, caller: Caller, key: LevelKey, *, before: int, limit: int) -> list[Movement]:
    """Read the ledger of a level, newest first. Refuses with NotFound `not_found`."""
    found = await level(context, caller, key)
    async with context.store.reading() as tx:
        return await stock_store.movements(
            tx, caller.organization_id, level_id=found.level_id, before=before, limit=limit
        )
