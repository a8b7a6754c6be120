"""`crossdock mail`: preview the mails that customers get."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from crossdock.cli.common import database_option, get_organization, run_on_database

if TYPE_CHECKING:
    from crossdock.flows.context import Context
    from crossdock.notifications.email.email_settings import MailSettings


@click.group()
def mail() -> None:
    """Mails to customers."""


@mail.command()
@click.argument("kind", help="confirmation, hold, delay, shipped, delivered, canceled, …")
@click.option("--locale", default="en", show_default=True, help="Language: en, fr or zh.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("previews"), show_default=True, help="Folder for the files."
)
@click.option("--organization", help="Use the mail settings of this organization: its name or id.")
@database_option
def preview(kind: str, locale: str, out: Path, organization: str | None, database: str | None) -> None:
    """Write a kind of mail, filled from a sample order, as files: HTML and text. The subject is printed."""
    from crossdock.notifications.email import preview as rendering
    from crossdock.notifications.email.channel import placeholder_settings
    from crossdock.notifications.email.languages import LANGUAGES
    from crossdock.notifications.email.mail_kinds import Kind

    if kind not in list(Kind):
        raise ValueError(f"{kind!r} is none of {', '.join(Kind)}")
    if locale not in LANGUAGES:
        raise ValueError(f"{locale!r} is none of {', '.join(LANGUAGES)}")
    settings = (
        placeholder_settings("Crossdock")
        if organization is None
        else run_on_database(database, lambda context: _mail_settings(context, organization))
    )
    subject, html, text = rendering.preview(Kind(kind), locale, settings)
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{kind}.{locale}.html").write_text(html, encoding="utf-8")
    (out / f"{kind}.{locale}.txt").write_text(text, encoding="utf-8")
    click.echo(f"{subject}\n{out / f'{kind}.{locale}.html'}\n{out / f'{kind}.{locale}.txt'}")


async def _mail_settings(context: "Context", name_or_id: str) -> "MailSettings":
    """Read the mail settings of an organization; placeholders where it and the server have no sender."""
    from crossdock.flows import emails, event_payloads
    from crossdock.notifications.email import channel

    found = await get_organization(context, name_or_id)
    async with context.store.reading() as tx:
        caller = await event_payloads.worker_of(tx, found)
    endpoint, _ = await emails.settings(context, caller)
    settings = channel.settings_of(endpoint.document, context.settings, brand=found.name)
    return settings or channel.placeholder_settings(found.name)
