"""Mails that were kept instead of sent: kept by the worker, looked at by the organization."""

from collections.abc import Collection, Sequence

import msgspec

from crossdock.core.endpoint import MAIL_ENDPOINT
from crossdock.core.errors import Code, Conflict, Invalid, Missing
from crossdock.flows.access import Caller
from crossdock.flows.book import Book
from crossdock.store import deliveries, mails
from crossdock.store.deliveries import Endpoint
from crossdock.store.mails import KeptMail

# The document of an organization that has said nothing about its mails.
UNSAID = b"{}"


async def keep(book: Book, kept: Sequence[KeptMail]) -> None:
    """Keep mails, and drop the oldest of each organization beyond the setting `mails_kept`."""
    async with book.store.writing() as tx:
        await mails.keep(tx, kept)
        for organization_id in {each.organization_id for each in kept}:
            await mails.drop(tx, organization_id, kept=book.settings.mails_kept)


async def page(book: Book, caller: Caller, *, before: int, limit: int) -> list[KeptMail]:
    """Give at most `limit` kept mails with ids below `before`, newest first."""
    async with book.store.reading() as tx:
        return await mails.page(tx, caller.organization_id, before=before, limit=limit)


async def get(book: Book, caller: Caller, *, mail_id: int | None) -> KeptMail:
    """Give one kept mail. Refuses with Missing `not_found`."""
    if mail_id is not None:
        async with book.store.reading() as tx:
            found = await mails.get(tx, caller.organization_id, mail_id=mail_id)
        if found is not None:
            return found
    raise Missing(Code.NOT_FOUND, "there is no such mail")


# ------------------------------------------------------------------------------------------------------------- settings
async def settings(book: Book, caller: Caller) -> tuple[Endpoint, bytes | None]:
    """Give the endpoint that stands for an organization's customers, and what the organization says about its mails.

    None where it has said nothing.
    """
    async with book.store.reading() as tx:
        found = await deliveries.get_endpoint(tx, caller.organization_id, endpoint_id=MAIL_ENDPOINT)
    assert found is not None, "every organization has it from its making"
    return found, found.document if found.document != UNSAID else None


async def change_settings(
    book: Book, caller: Caller, document: bytes, *, versions: Collection[int] | None = None
) -> Endpoint:
    """Replace what an organization says about its mails.

    Refuses with Invalid `invalid` naming every fault, Conflict `stale_version` where the version is none of `versions`.
    """
    if faults := book.rules.mail_settings(document):
        raise Invalid(Code.INVALID, "the settings of mails have faults", faults=faults)
    async with book.store.writing() as tx:
        before = await deliveries.get_endpoint(tx, caller.organization_id, endpoint_id=MAIL_ENDPOINT, to_change=True)
        assert before is not None, "every organization has it from its making"
        if versions is not None and before.version not in versions:
            raise Conflict(Code.STALE_VERSION, "the settings were changed by somebody else", version=before.version)
        after = msgspec.structs.replace(before, document=document, version=before.version + 1, updated_at=book.clock())
        await deliveries.change_endpoint(tx, after, seen=before.version)
    return after
