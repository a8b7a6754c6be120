"""Mails that were kept instead of sent: kept by the worker, looked at by the organization."""

from crossdock.core.errors import Code, Missing
from crossdock.flows.access import Caller
from crossdock.flows.book import Book
from crossdock.store import mails
from crossdock.store.mails import KeptMail


async def keep(book: Book, kept: KeptMail) -> None:
    """Keep a mail, and drop the organization's oldest beyond the setting `mails_kept`."""
    async with book.store.writing() as tx:
        await mails.keep(tx, [kept])
        await mails.drop(tx, kept.organization_id, kept=book.settings.mails_kept)


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
