"""Mails that were kept instead of sent: kept by the worker, looked at by the organization."""

from collections.abc import Collection, Sequence

import msgspec

from crossdock.core.errors import Code, Conflict, Invalid, NotFound
from crossdock.core.subscription import MAIL_ENDPOINT
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.store import deliveries, emails
from crossdock.store.deliveries import Endpoint
from crossdock.store.emails import StoredMail

# The document of an organization that has said nothing about its mails.
NO_SETTINGS = b"{}"


async def store(context: Context, kept: Sequence[StoredMail]) -> None:
    """Keep mails, and drop the oldest of each organization beyond the setting `mails_kept`."""
    async with context.store.writing() as tx:
        await emails.add(tx, kept)
        for organization_id in {each.organization_id for each in kept}:
            await emails.delete_oldest(tx, organization_id, kept=context.settings.mails_kept)


async def page(context: Context, caller: Caller, *, before: int, limit: int) -> list[StoredMail]:
    """Give at most `limit` kept mails with ids below `before`, newest first."""
    async with context.store.reading() as tx:
        return await emails.page(tx, caller.organization_id, before=before, limit=limit)


async def get(context: Context, caller: Caller, *, mail_id: int | None) -> StoredMail:
    """Give one kept mail. Refuses with Missing `not_found`."""
    if mail_id is not None:
        async with context.store.reading() as tx:
            found = await emails.get(tx, caller.organization_id, mail_id=mail_id)
        if found is not None:
            return found
    raise NotFound(Code.NOT_FOUND, "there is no such mail")


# ------------------------------------------------------------------------------------------------------------- settings
async def settings(context: Context, caller: Caller) -> tuple[Endpoint, bytes | None]:
    """Give the endpoint that stands for an organization's customers, and what the organization says about its mails.

    None where it has said nothing.
    """
    async with context.store.reading() as tx:
        found = await deliveries.get_endpoint(tx, caller.organization_id, endpoint_id=MAIL_ENDPOINT)
    assert found is not None, "every organization has it from its making"
    return found, found.document if found.document != NO_SETTINGS else None


async def change_settings(
    context: Context, caller: Caller, document: bytes, *, versions: Collection[int] | None = None
) -> Endpoint:
    """Replace what an organization says about its mails.

    Refuses with Invalid `invalid` naming every fault, Conflict `stale_version` where the version is none of `versions`.
    """
    if faults := context.rules.mail_settings(document):
        raise Invalid(Code.INVALID, "the settings of mails have faults", faults=faults)
    async with context.store.writing() as tx:
        before = await deliveries.get_endpoint(tx, caller.organization_id, endpoint_id=MAIL_ENDPOINT, for_update=True)
        assert before is not None, "every organization has it from its making"
        if versions is not None and before.version not in versions:
            raise Conflict(Code.STALE_VERSION, "the settings were changed by somebody else", version=before.version)
        after = msgspec.structs.replace(
            before, document=document, version=before.version + 1, updated_at=context.clock()
        )
        await deliveries.change_endpoint(tx, after, seen=before.version)
    return after
