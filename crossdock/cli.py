"""The program `crossdock`: thin commands, one flow call each. Every option of `serve` is a setting too (settings.py)."""

import asyncio
import os
import secrets
import sys
import tempfile
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from crossdock.core.errors import Refusal
from crossdock.core.time import format_time
from crossdock.settings import Settings, load

if TYPE_CHECKING:
    from crossdock.flows.context import Context
    from crossdock.notifications.email.email_settings import MailSettings

Result = TypeVar("Result")
# Of one statement of `verify`, which counts whole tables; no caller waits for it.
_VERIFY_TIMEOUT_S = 3_600.0
app = typer.Typer(no_args_is_help=True, add_completion=False, help="Crossdock, a self-hosted order hub.")
organization_app = typer.Typer(no_args_is_help=True, help="Organizations (tenants).")
client_app = typer.Typer(no_args_is_help=True, help="Programs that ask with an id and a secret.")
user_app = typer.Typer(no_args_is_help=True, help="People who sign in with e-mail and password.")
account_app = typer.Typer(no_args_is_help=True, help="Sales accounts of Ventmere S2.")
app.add_typer(organization_app, name="organization")
app.add_typer(client_app, name="client")
app.add_typer(user_app, name="user")
app.add_typer(account_app, name="account")
mail_app = typer.Typer(no_args_is_help=True, help="Mails to customers.")
app.add_typer(mail_app, name="mail")

Database = Annotated[
    str | None,
    typer.Option(help="sqlite:///path or postgresql://… [default: CROSSDOCK_DATABASE, else ./data/crossdock.db]"),
]


def main() -> None:
    """Run the program; a refusal or a bad setting is one line on standard error and exit code 1."""
    try:
        app()
    except (Refusal, ValueError) as error:
        typer.echo(f"crossdock: {error}", err=True)
        sys.exit(1)


# ------------------------------------------------------------------------------------------------------------------ serve
@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="address to listen on [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="port to listen on [default: 8000]")] = None,
    database: Database = None,
    workers: Annotated[int | None, typer.Option(help="server processes [default: 1]")] = None,
    demo: Annotated[bool | None, typer.Option("--demo", help="make the organization Demo; loopback only")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning, error [default: info]")] = None,
) -> None:
    """Serve all doors; migrates the database first where needed."""
    import uvicorn

    settings = load(host=host, port=port, database=database, workers=workers, demo=demo, log_level=log_level)
    if settings.demo:
        from crossdock.demo import check_loopback

        check_loopback(settings)
    _hand_down(settings)
    with tempfile.TemporaryDirectory() as shared:
        if settings.workers > 1:  # counters of several processes are summed in files
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = shared
        uvicorn.run(
            "crossdock.app:create",
            factory=True,
            host=settings.host,
            port=settings.port,
            workers=settings.workers,
            loop="uvloop" if sys.platform != "win32" else "auto",
            http="httptools",
            access_log=False,
            proxy_headers=False,  # no door looks at the client's address
            log_level="warning",
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=10,  # a followed feed never ends by itself
        )


@app.command()
def work(
    database: Database = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning, error [default: info]")] = None,
) -> None:
    """Deliver webhooks and mails without serving; any number of these on PostgreSQL, one worker at a time on SQLite."""
    from crossdock import app as wiring
    from crossdock.web import logs

    settings = load(database=database, log_level=log_level)
    logs.configure(settings.log_level)
    wiring.calm_collector()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(wiring.work(settings))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Give what makes the event loop that the server has too; None for the interpreter's own."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


def _hand_down(settings: Settings) -> None:
    """Put the settings into the environment, where the server's processes read them."""
    for name in settings.__struct_fields__:
        value = getattr(settings, name)
        os.environ[f"CROSSDOCK_{name.upper()}"] = str(value).lower() if isinstance(value, bool) else str(value)


@app.command()
def migrate(database: Database = None) -> None:
    """Bring the database to the newest schema."""
    from crossdock.store import schema

    typer.echo(f"schema {asyncio.run(schema.migrate(load(database=database).database))}")


@app.command()
def verify(database: Database = None) -> None:
    """Check every order against its chain of events, and what is kept beside; exit code 1 when something does not hold."""
    from crossdock.flows import verification

    found = _with_context(database, verification.verify, database_timeout_s=_VERIFY_TIMEOUT_S)
    typer.echo(f"{found.orders} orders, {found.events} events, {len(found.broken)} faults")
    for broken in found.broken:
        about = f"order {broken.order_id} of " if broken.order_id is not None else ""
        typer.echo(f"{about}organization {broken.organization_id}: {broken.reason}", err=True)
    if found.broken:
        raise typer.Exit(1)


# ---------------------------------------------------------------------------------------------------------- organizations
@organization_app.command("add")
def add_organization(name: str, database: Database = None) -> None:
    """Add an organization, with what every door gives a new one."""
    from crossdock import demo
    from crossdock.doors import all_doors
    from crossdock.flows import tenants
    from crossdock.flows.context import Context

    async def run(context: Context) -> None:
        made = await tenants.add_organization(context, name=name, uuid=str(uuid.uuid4()))
        for door in all_doors():
            for seed in door.seeds(name):
                await demo.plant(context, made, seed)
        await _show(context, made.organization_id)

    _with_context(database, run)


@organization_app.command("list")
def list_organizations(database: Database = None) -> None:
    """List organizations."""
    from crossdock.flows.context import Context
    from crossdock.store import tenants

    async def run(context: Context) -> None:
        async with context.store.reading() as tx:
            for each in await tenants.organizations(tx):
                typer.echo(f"{each.organization_id}  {format_time(each.created_at, digits=0)}  {each.name}")

    _with_context(database, run)


@organization_app.command("show")
def show_organization(organization: int, database: Database = None) -> None:
    """Show an organization: what vendors call it, its clients, its sales accounts."""
    _with_context(database, lambda context: _show(context, organization))


async def _show(context: "Context", organization_id: int) -> None:
    from crossdock.doors import s2
    from crossdock.store import catalog, tenants

    async with context.store.reading() as tx:
        found = await tenants.get_organization(tx, organization_id)
        if found is None:
            raise ValueError(f"there is no organization {organization_id}")
        references = sorted(await tenants.vendor_references(tx, organization_id))
        clients = await tenants.clients(tx, organization_id)
        accounts, _ = await catalog.list_entries(tx, organization_id, kind=s2.ACCOUNT, term=None, limit=100, offset=0)
    typer.echo(f"organization  {found.organization_id}\nname          {found.name}\ns2 id         {found.uuid}")
    for kind, value in references:
        typer.echo(f"{kind}  {value}")
    for account in accounts:
        warehouse = s2.warehouse_of(account)
        typer.echo(f"s2 account    {account.key}  {account.name}{f'  (assigns to {warehouse})' if warehouse else ''}")
    for client in clients:
        typer.echo(f"client        {client.client_id}  {client.name}{'  (revoked)' if client.revoked_at else ''}")


# ---------------------------------------------------------------------------------------------------------------- clients
@client_app.command("add")
def add_client(
    organization: int,
    name: str,
    scopes: Annotated[str, typer.Option(help="orders:read orders:write admin")] = "orders:read orders:write",
    database: Database = None,
) -> None:
    """Add a client and show its secret, this once."""
    from crossdock.flows import access, tenants
    from crossdock.flows.context import Context

    unknown = set(scopes.split()) - set(access.SCOPES)
    if unknown or not scopes.split():
        raise ValueError(f"scopes are {', '.join(access.SCOPES)}, not {scopes!r}")

    async def run(context: Context) -> None:
        await _require_organization(context, organization)
        client, secret = await tenants.add_client(context, organization, name=name, scopes=" ".join(scopes.split()))
        typer.echo(
            f"client id  {client.client_id}\nsecret     {secret}\nThe secret is not kept; this is the only time it is shown."
        )

    _with_context(database, run)


@client_app.command("list")
def list_clients(organization: int, database: Database = None) -> None:
    """List an organization's clients."""
    from crossdock.flows.context import Context
    from crossdock.store import tenants

    async def run(context: Context) -> None:
        async with context.store.reading() as tx:
            for each in await tenants.clients(tx, organization):
                state = f"revoked {format_time(each.revoked_at, digits=0)}" if each.revoked_at else "active"
                typer.echo(f"{each.client_id}  {state}  {each.scopes}  {each.name}")

    _with_context(database, run)


@client_app.command("revoke")
def revoke_client(organization: int, client_id: str, database: Database = None) -> None:
    """Revoke a client and every token it has."""
    from crossdock.flows import tenants

    if not _with_context(database, lambda context: tenants.revoke_client(context, organization, client_id=client_id)):
        raise ValueError(f"there is no client {client_id} to revoke")
    typer.echo(f"revoked {client_id}")


# ----------------------------------------------------------------------------------------------------------------- people
@user_app.command("add")
def add_user(
    organization: int,
    email: str,
    name: Annotated[str, typer.Option(help="the person's name")] = "",
    password: Annotated[str | None, typer.Option(help="made and shown once when not given")] = None,
    database: Database = None,
) -> None:
    """Add a person who signs in with e-mail and password, or let an existing one into another organization."""
    from crossdock.flows import access, tenants
    from crossdock.flows.context import Context

    made = password or secrets.token_urlsafe(18)

    async def run(context: Context) -> None:
        await _require_organization(context, organization)
        scopes = " ".join(access.SCOPES[:2])
        await tenants.add_person(context, organization, email=email, name=name or email, password=made, scopes=scopes)

    _with_context(database, run)
    typer.echo(
        f"user      {email}"
        + ("" if password else f"\npassword  {made}\nIt is not kept; this is the only time it is shown.")
    )


@user_app.command("revoke")
def revoke_user(email: str, database: Database = None) -> None:
    """Revoke every token a person has."""
    from crossdock.flows import tenants

    if not _with_context(database, lambda context: tenants.revoke_person(context, email=email)):
        raise ValueError(f"there is no user {email}")
    typer.echo(f"revoked the tokens of {email}")


# --------------------------------------------------------------------------------------------------------- sales accounts
@account_app.command("set")
def set_account(
    organization: int,
    account: str,
    auto_assign: Annotated[
        str | None, typer.Option(help="the warehouse that new orders are assigned to at once")
    ] = None,
    no_auto_assign: Annotated[bool, typer.Option("--no-auto-assign", help="assign new orders to no warehouse")] = False,
    database: Database = None,
) -> None:
    """Set where a sales account's new orders are assigned to; servers heed it from the next order on."""
    from crossdock.doors import s2
    from crossdock.flows import reference_data
    from crossdock.flows.context import Context

    if (auto_assign is not None) == no_auto_assign:
        raise ValueError("say either --auto-assign with a warehouse, or --no-auto-assign")
    if auto_assign is not None and not auto_assign.strip():
        raise ValueError("a warehouse must be named; --no-auto-assign assigns to none")

    async def run(context: Context) -> None:
        await _require_organization(context, organization)
        found = await reference_data.change(
            context, organization, kind=s2.ACCOUNT, key=account.lower(),
            changed=lambda document: s2.assigning(document, auto_assign),
        )  # fmt: skip
        if found is None:
            raise ValueError(f"there is no account {account} in organization {organization}")
        typer.echo(f"{found.key}  new orders are assigned to {auto_assign or 'no warehouse'}")

    _with_context(database, run)


async def _require_organization(context: "Context", organization_id: int) -> None:
    from crossdock.store import tenants

    async with context.store.reading() as tx:
        if await tenants.get_organization(tx, organization_id) is None:
            raise ValueError(f"there is no organization {organization_id}")


def _with_context(database: str | None, run: "Callable[[Context], Awaitable[Result]]", **settings: Any) -> Result:
    """Run an operation on the database; `settings` come before the environment's."""
    from crossdock.app import open_context

    async def opened() -> Result:
        async with open_context(load(database=database, **settings)) as context:
            return await run(context)

    return asyncio.run(opened())


# ------------------------------------------------------------------------------------------------------------------ mails
@mail_app.command("preview")
def preview_mail(
    kind: Annotated[str, typer.Argument(help="confirmation, hold, delay, shipped, delivered, canceled, …")],
    locale: Annotated[str, typer.Option(help="en, fr or zh")] = "en",
    out: Annotated[Path, typer.Option(help="folder for the files")] = Path("previews"),
    organization: Annotated[int | None, typer.Option(help="show it with this organization's settings")] = None,
    database: Database = None,
) -> None:
    """Write a kind of mail as customers would see it, of a sample order: subject, HTML and text."""
    from crossdock.notifications.email import preview
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
        else _with_context(database, _mail_settings(organization))
    )
    subject, html, text = preview.preview(Kind(kind), locale, settings)
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{kind}.{locale}.html").write_text(html)
    (out / f"{kind}.{locale}.txt").write_text(text)
    typer.echo(f"{subject}\n{out / f'{kind}.{locale}.html'}\n{out / f'{kind}.{locale}.txt'}")


def _mail_settings(organization_id: int) -> "Callable[[Context], Awaitable[MailSettings]]":
    async def run(context: "Context") -> "MailSettings":
        from crossdock.flows import emails, event_payloads
        from crossdock.notifications.email import channel
        from crossdock.store import tenants

        async with context.store.reading() as tx:
            found = await tenants.get_organization(tx, organization_id)
            if found is None:
                raise ValueError(f"there is no organization {organization_id}")
            caller = await event_payloads.worker_of(tx, found)
        endpoint, _ = await emails.settings(context, caller)
        return channel.settings_of(
            endpoint.document, context.settings, brand=found.name
        ) or channel.placeholder_settings(found.name)

    return run
