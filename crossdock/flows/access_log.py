"""The access log: who read and changed what, for the administrators of an organization."""

from collections.abc import Sequence

from crossdock.core.ids import MAX_ID, first_id_at
from crossdock.flows.callers import Caller
from crossdock.flows.context import Context
from crossdock.store import access_log, tenants
from crossdock.store.access_log import AccessEntry as AccessEntry
from crossdock.store.access_log import AccessFilter as AccessFilter

KINDS = ("read", "change")


async def entries(
    context: Context,
    caller: Caller,
    wanted: AccessFilter,
    *,
    from_us: int | None = None,
    to_us: int | None = None,
    before: int | None = None,
    limit: int,
) -> tuple[list[AccessEntry], int | None]:
    """Read a page of entries, newest first, from a time to another one, and where the next page begins, None at the end."""
    first = 0 if from_us is None else first_id_at(from_us)
    until = MAX_ID if to_us is None else first_id_at(to_us)
    until = until if before is None else min(until, before)
    async with context.store.reading() as tx:
        return await access_log.page(tx, caller.organization_id, wanted=wanted, before=until, first=first, limit=limit)


async def names(context: Context, caller: Caller, found: Sequence[AccessEntry]) -> dict[str, str]:
    """Return the names of the clients and people of entries by client id and e-mail; those that were removed have none."""
    if not found:
        return {}
    actors = {each.actor for each in found}
    async with context.store.reading() as tx:
        named = {each.client_id: each.name for each in await tenants.clients(tx, caller.organization_id)}
        members = await tenants.members(tx, caller.organization_id)
        emails = sorted({each.email for each in members if each.email in actors})
        return named | await tenants.person_names(tx, emails=emails)
