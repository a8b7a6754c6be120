"""Mail settings of an organization, the documents its mails are made from, and mails stored instead of sent."""

from collections.abc import Collection, Iterable, Sequence

import msgspec

from crossdock.core.catalog.locations import KIND, Location, decode_location
from crossdock.core.errors import Code, Conflict, Invalid, NotFound
from crossdock.core.orders.model import Order
from crossdock.core.subscription import MAIL_ENDPOINT
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.store import catalog, deliveries, emails, submissions
from crossdock.store.deliveries import Endpoint
from crossdock.store.emails import MailHead as MailHead
from crossdock.store.emails import StoredMail as StoredMail
from crossdock.store.protocols import Transaction

# The document of an organization without mail settings.
NO_SETTINGS = b"{}"


async def store(context: Context, mails: Sequence[StoredMail]) -> None:
    """Store mails, and delete the oldest of each organization beyond the setting `mails_kept`."""
    async with context.store.writing() as tx:
        await emails.add(tx, mails)
        for organization_id in {each.organization_id for each in mails}:
            await emails.delete_oldest(tx, organization_id, kept=context.settings.mails_kept)


async def page(context: Context, caller: Caller, *, before: int, limit: int) -> list[StoredMail]:
    """List at most `limit` stored mails with ids below `before`, newest first."""
    async with context.store.reading() as tx:
        return await emails.page(tx, caller.organization_id, before=before, limit=limit)


async def heads(context: Context, caller: Caller, mail_ids: Sequence[int]) -> dict[int, MailHead]:
    """Return recipient and subject of those mails that are stored, by id: that of the event."""
    async with context.store.reading() as tx:
        return await emails.heads(tx, caller.organization_id, mail_ids=mail_ids)


async def get(context: Context, caller: Caller, *, mail_id: int | None) -> StoredMail:
    """Return one stored mail. Refuses with NotFound `not_found`."""
    if mail_id is not None:
        async with context.store.reading() as tx:
            mail = await emails.get(tx, caller.organization_id, mail_id=mail_id)
        if mail is not None:
            return mail
    raise NotFound(Code.NOT_FOUND, "there is no such mail")


async def sent_documents(tx: Transaction, organization_id: int, orders: Iterable[Order]) -> dict[int, bytes]:
    """Return, by submission id, the documents that orders were sent with, of those orders that no edit has changed.

    An edited order needs none: what the canonical order has no field for is among its unmapped fields.
    """
    ids = {order.source.submission_id for order in orders if order.content.unmapped is None}
    return await submissions.submission_bodies(tx, organization_id, submission_ids=sorted(ids))


async def locations_of(tx: Transaction, organization_id: int, codes: Collection[str]) -> dict[str, Location]:
    """Return locations by code; those that are not there any more are left out."""
    if not codes:
        return {}
    entries = await catalog.entries(tx, organization_id, kind=KIND, keys=sorted(codes))
    return {entry.key: decode_location(entry.document) for entry in entries}


# ------------------------------------------------------------------------------------------------------------- settings
async def settings(context: Context, caller: Caller) -> tuple[Endpoint, bytes | None]:
    """Return the endpoint that stands for an organization's customers, and its mail settings as JSON; None if it has none."""
    async with context.store.reading() as tx:
        endpoint = await deliveries.get_endpoint(tx, caller.organization_id, endpoint_id=MAIL_ENDPOINT)
    assert endpoint is not None, "it is created with the organization"
    return endpoint, endpoint.document if endpoint.document != NO_SETTINGS else None


async def change_settings(
    context: Context, caller: Caller, document: bytes, *, versions: Collection[int] | None = None
) -> Endpoint:
    """Replace an organization's mail settings.

    Refuses with Invalid `invalid` and every fault, Conflict `stale_version` if the version is none of `versions`.
    """
    if faults := await context.rules.mail_settings(document):
        raise Invalid(Code.INVALID, "the mail settings have faults", faults=faults)
    async with context.store.writing() as tx:
        before = await deliveries.get_endpoint(tx, caller.organization_id, endpoint_id=MAIL_ENDPOINT, for_update=True)
        assert before is not None, "it is created with the organization"
        if versions is not None and before.version not in versions:
            raise Conflict(Code.STALE_VERSION, "the settings were changed by another request", version=before.version)
        after = msgspec.structs.replace(
            before, document=document, version=before.version + 1, updated_at=context.clock()
        )
        await deliveries.change_endpoint(tx, after, seen=before.version)
    return after
