"""Wires everything: settings in, an ASGI application out. The only file that knows every concrete class."""

import asyncio
import gc
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from importlib import import_module
from typing import Any

import structlog
from starlette.types import Message, Receive, Scope, Send

from crossdock import demo
from crossdock.core.errors import Fault, Refusal
from crossdock.core.ids import IdGenerator
from crossdock.core.invoicing.invoices import Invoice
from crossdock.core.orders.fulfillments import Fulfillment
from crossdock.core.orders.model import Order
from crossdock.doors import all_doors, all_payloads
from crossdock.flows import access, backorders, hold_expiry, installation, tracing
from crossdock.flows.context import Context
from crossdock.flows.endpoint_checks import EndpointChecks
from crossdock.flows.intake import Intake
from crossdock.flows.paper_renderers import PaperRenderers, PaperRequest
from crossdock.flows.vault import Vault
from crossdock.notifications.worker import Channel, Opening, Worker
from crossdock.settings import Settings, load, without_password
from crossdock.store import tenants
from crossdock.store.protocols import Store
from crossdock.store.schema import open_store
from crossdock.web import consent, logs, pages
from crossdock.web.asgi import Site
from crossdock.web.limits import HOOKS, raise_file_limit, server_hooks
from crossdock.web.traced_site import TracedSite

# Of a worker process: where cores are short, the server and its orders come first.
_WORK_NICENESS = 10
_log = structlog.get_logger("crossdock.app")


def now_us() -> int:
    """Return the time, microseconds since 1970 UTC."""
    return time.time_ns() // 1000


@asynccontextmanager
async def open_context(settings: Settings) -> AsyncIterator[Context]:
    """Open the database of `settings`, migrating it where needed, and build the context over it."""
    store = await open_store(settings.database, timeout_s=settings.database_timeout_s)
    try:
        yield await build_context(store, settings)
    finally:
        await store.close()


async def build_context(store: Store, settings: Settings) -> Context:
    """Build the context over a store that is open and migrated."""
    vault = Vault(settings.encryption_keys)
    async with store.writing() as tx:
        key = settings.token_key or await installation.token_key(tx, vault)
        started = await tenants.installation_value(tx, "processes_started", default="0")
        # Serialized by the update's compare-and-set; a process that loses takes the next number.
        while not await tenants.set_installation_value(
            tx, "processes_started", seen=started, value=str(int(started) + 1)
        ):
            started = await tenants.installation_value(tx, "processes_started", default="0")
    return Context(
        store,
        settings=settings,
        clock=now_us,
        id_generator=IdGenerator(int(started)),
        access=access.Access(
            key,
            remembered=settings.token_cache,
            delay_s=settings.revocation_delay_s,
            # A database that once served the demo may be served to the world later; its secrets are published.
            barred=frozenset() if demo.is_loopback(settings.host) else demo.SUBJECTS,
        ),
        vault=vault,
        formats={door.format.name: door.format for door in all_doors() if door.format is not None},
        payloads=all_payloads(),
        rules=_rules(settings),
        papers=_papers(),
        networks=tuple(door.stock_networks for door in all_doors() if door.stock_networks is not None),
        customer_hold_reasons=tuple(reason for door in all_doors() for reason in door.customer_hold_reasons),
    )


def _rules(settings: Settings) -> EndpointChecks:
    """Return the checks of webhook endpoints and mail settings; the senders are imported when a check is first used."""

    def url(text: str) -> str | None:
        from crossdock.notifications.webhook import ssrf

        return ssrf.check_url(text, settings.webhook_private_allowed, settings.webhook_loopback_allowed)

    def headers(given: tuple[tuple[str, str], ...]) -> str | None:
        from crossdock.notifications.webhook import http

        return http.check_headers(given)

    def secret(text: str) -> str | None:
        from crossdock.notifications.webhook import signing

        return signing.check_secret(text)

    def make_secret(kind: str) -> str:
        from crossdock.notifications.webhook import signing

        return signing.make_secret(signing.Scheme[kind.upper()])

    def public_key(text: str) -> str | None:
        from crossdock.notifications.webhook import signing

        return signing.public_key(text)

    async def mail_settings(document: bytes) -> tuple[Fault, ...]:
        from crossdock.notifications.email import template_validation

        return await template_validation.check_in_thread(document)

    return EndpointChecks(
        url=url,
        headers=headers,
        secret=secret,
        make_secret=make_secret,
        public_key=public_key,
        mail_settings=mail_settings,
    )


def _papers() -> PaperRenderers:
    """Return the renderers of papers; the PDF libraries are imported when a paper is first made."""

    def settings(request: PaperRequest) -> Any:
        from crossdock.papers.layout import PaperSettings

        values = {"language": request.language, "paper": request.size, "brand": request.brand}
        return PaperSettings(**values, time_zone=request.time_zone)  # type: ignore[arg-type]

    def packing_slip(order: Order, fulfillment: Fulfillment, request: PaperRequest, prices: bool) -> bytes:
        from crossdock.papers import packing_slip as paper

        return paper.render(order, fulfillment, settings(request), prices=prices)

    def label(order: Order, fulfillment: Fulfillment, request: PaperRequest, package_id: int | None) -> bytes:
        from crossdock.papers import label as paper

        return paper.render(order, fulfillment, settings(request), package_id=package_id)

    def invoice(made: Invoice, request: PaperRequest) -> bytes:
        from crossdock.papers import invoice as paper

        return paper.render(made, settings(request))

    def pick_list(
        work: Sequence[tuple[Order, Fulfillment]], request: PaperRequest, location: str, made_at: int
    ) -> bytes:
        from crossdock.papers import pick_list as paper

        return paper.render(work, settings(request), location=location, made_at=made_at)

    return PaperRenderers(packing_slip=packing_slip, label=label, invoice=invoice, pick_list=pick_list)


def worker_over(context: Context) -> Worker:
    """Build the worker that delivers webhooks and mails."""

    def opening(name: str) -> Opening:
        async def opened() -> Channel:
            module = await asyncio.to_thread(import_module, f"crossdock.notifications.{name}.channel")
            channel: Channel = module.open_channel(context)
            return channel

        return opened

    return Worker(context, {"webhook": opening("webhook"), "email": opening("email")})


class App:
    """The ASGI application: opens the database when the server starts, closes it when it stops."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._site: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or the server's start and stop."""
        if scope["type"] == "lifespan":
            await self._run_lifespan(scope, receive, send)
        else:
            await self._site(scope, receive, send)

    def _site_over(self, context: Context) -> Site:
        return site(context)

    async def _run_lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        message: Message = await receive()
        assert message["type"] == "lifespan.startup"
        try:
            if self._settings.traces_url:
                tracing.start(self._settings.traces_url)
            opened = open_context(self._settings)
            context = await opened.__aenter__()
            if self._settings.demo:
                demo.check_loopback(self._settings)
                await demo.ensure(context, all_doors())
            else:  # a proxy on this machine may serve a loopback address to the world
                context.access.barred = demo.SUBJECTS
        except Exception as error:  # noqa: BLE001 - whatever it is, the server must report that the start failed
            _log.error("start failed", reason=str(error), exc_info=not isinstance(error, Refusal | ValueError))
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        served = self._site_over(context)
        self._site = TracedSite(served) if tracing.is_on() else served
        scope.get("state", {})[HOOKS] = server_hooks(self._settings, stop=context.stop)
        keep_running = context.background.keep_running
        timer = asyncio.create_task(keep_running("timer", lambda: hold_expiry.run(context)))
        allocator = asyncio.create_task(keep_running("allocation", lambda: backorders.run(context)))
        logging = asyncio.create_task(_keep_access_log(context)) if context.access_log.is_on else None
        worker = worker_over(context) if self._settings.worker else None
        working = asyncio.create_task(keep_running("worker", worker.run)) if worker else None
        await send({"type": "lifespan.startup.complete"})
        await receive()
        context.stop()
        timer.cancel()
        allocator.cancel()
        if worker is not None:
            worker.stop()
        if logging is not None:
            logging.cancel()
        await asyncio.gather(*filter(None, (timer, allocator, working, logging)), return_exceptions=True)
        await context.jobs.stop()
        await opened.__aexit__(None, None, None)
        await asyncio.to_thread(tracing.stop)
        await send({"type": "lifespan.shutdown.complete"})


async def _keep_access_log(context: Context) -> None:
    """Store entries of the access log until canceled, and then those that still wait."""
    try:
        await context.background.keep_running("access log", context.access_log.run)
    finally:
        await context.access_log.store()


async def work(settings: Settings) -> None:
    """Deliver until SIGTERM or SIGINT; attempts under way may then end, other claims are released."""
    os.nice(_WORK_NICENESS)
    raise_file_limit()
    if settings.traces_url:
        tracing.start(settings.traces_url)
    async with open_context(settings) as context:
        worker = worker_over(context)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, worker.stop)
        _log.info("working", database=without_password(settings.database))
        async with _health_served(context):
            await context.background.keep_running("worker", worker.run)
    await asyncio.to_thread(tracing.stop)


@asynccontextmanager
async def _health_served(context: Context) -> AsyncIterator[None]:
    """Serve health checks and metrics on the setting `work_port`, if there is one, while the block lasts."""
    if not context.settings.work_port:
        yield
        return
    import uvicorn
    from starlette.applications import Starlette

    class Server(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            """Leave the signals to the worker."""
            yield

    server = Server(
        uvicorn.Config(
            Starlette(routes=pages.health_routes(context)), host=context.settings.host, port=context.settings.work_port,
            http="crossdock.web.http_protocol:LimitedProtocol", ws="none", lifespan="off", log_config=None,
            access_log=False, log_level="warning", server_header=False, timeout_graceful_shutdown=1,
        )
    )  # fmt: skip
    serving = asyncio.create_task(server.serve())
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.gather(serving, return_exceptions=True)


def site(context: Context) -> Site:
    """Build the application of all doors and pages over an open context."""
    doors, intake = all_doors(), Intake(context)
    return Site(context, intake, doors, pages=[*pages.routes(context, doors, intake), *consent.routes(context)])


def create() -> App:
    """Build the application from the environment; every server process calls it."""
    settings = load()
    logs.configure(settings.log_level, settings.log_format)
    tune_garbage_collector()
    return App(settings)


def tune_garbage_collector() -> None:
    """Collect cyclic garbage less often: a request of an API makes a thousand short-lived objects and no cycles.

    With the interpreter's defaults, a tenth of a create is spent scanning live objects. Modules, which are never garbage,
    are exempted. A page of the console leaves a thousand objects in cycles; those of ten pages are freed in about 10 ms, which
    one request waits for.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 100, 20)
