"""Wires everything: settings in, a book, an ASGI application out. The only file that knows every concrete class."""

import asyncio
import gc
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import structlog
from starlette.types import Message, Receive, Scope, Send

from crossdock import demo
from crossdock.core.errors import Fault
from crossdock.core.identity import Mint
from crossdock.delivery.worker import Channel, Opening, Worker
from crossdock.doors import all_doors, all_payloads
from crossdock.flows import access, timers
from crossdock.flows.book import Book
from crossdock.flows.endpoints import Rules
from crossdock.flows.intake import Intake
from crossdock.settings import Settings, load
from crossdock.store import registry
from crossdock.store.port import Store
from crossdock.store.schema import open_store
from crossdock.web import consent, logs, pages
from crossdock.web.asgi import Site

# Of a worker beside a server: where the processors are not enough for both, orders come first.
_WORK_NICENESS = 10
_log = structlog.get_logger("crossdock.app")


def now_us() -> int:
    """Give the time, microseconds since 1970 UTC."""
    return time.time_ns() // 1000


@asynccontextmanager
async def open_book(settings: Settings) -> AsyncIterator[Book]:
    """Open the database of `settings`, migrating it where needed, and give the book over it."""
    store = await open_store(settings.database)
    try:
        yield await book_over(store, settings)
    finally:
        await store.close()


async def book_over(store: Store, settings: Settings) -> Book:
    """Give a book over a store that is open and migrated."""
    import secrets

    async with store.writing() as tx:
        key = settings.token_key or await registry.fact(tx, "token_key", default=secrets.token_hex(32))
        started = await registry.fact(tx, "processes_started", default="0")
        # Serialized by the update's compare-and-set; a process that loses takes the next number.
        while not await registry.change_fact(tx, "processes_started", seen=started, value=str(int(started) + 1)):
            started = await registry.fact(tx, "processes_started", default="0")
    return Book(
        store,
        settings=settings,
        clock=now_us,
        mint=Mint(int(started)),
        access=access.Access(
            key,
            remembered=settings.token_cache,
            delay_s=settings.revocation_delay_s,
            # A database that once served the demo may be served to the world later; its secrets are published.
            barred=frozenset() if demo.is_loopback(settings.host) else frozenset({demo.CLIENT_ID, demo.USER}),
        ),
        formats={door.format.name: door.format for door in all_doors() if door.format is not None},
        payloads=all_payloads(),
        rules=_rules(settings),
    )


def _rules(settings: Settings) -> Rules:
    """Let the flows ask the senders, which are loaded when somebody does."""

    def url(text: str) -> str | None:
        from crossdock.delivery.webhook import guard

        return guard.check_url(text, settings.webhook_private_allowed)

    def headers(given: tuple[tuple[str, str], ...]) -> str | None:
        from crossdock.delivery.webhook import sending

        return sending.check_headers(given)

    def secret(text: str) -> str | None:
        from crossdock.delivery.webhook import signing

        return signing.check_secret(text)

    def make_secret(kind: str) -> str:
        from crossdock.delivery.webhook import signing

        return signing.make_secret(signing.Scheme[kind.upper()])

    def public_key(text: str) -> str | None:
        from crossdock.delivery.webhook import signing

        return signing.public_key(text)

    def mail_settings(document: bytes) -> tuple[Fault, ...]:
        from crossdock.delivery.email import checks

        return checks.check(document)

    return Rules(
        url=url,
        headers=headers,
        secret=secret,
        make_secret=make_secret,
        public_key=public_key,
        mail_settings=mail_settings,
    )


def worker_over(book: Book) -> Worker:
    """Give the worker that tells others what happens in a book."""

    def opening(name: str) -> Opening:
        async def opened() -> Channel:
            module = await asyncio.to_thread(import_module, f"crossdock.delivery.{name}.channel")
            channel: Channel = module.open_channel(book)
            return channel

        return opened

    return Worker(book, {"webhook": opening("webhook"), "email": opening("email")})


class App:
    """The ASGI application: opens the book when the server starts, closes it when it stops."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._site: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or the server's start and stop."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._site(scope, receive, send)

    def _site_over(self, book: Book) -> Site:
        return site(book)

    async def _live(self, receive: Receive, send: Send) -> None:
        message: Message = await receive()
        assert message["type"] == "lifespan.startup"
        try:
            opened = open_book(self._settings)
            book = await opened.__aenter__()
            if self._settings.demo:
                demo.check_loopback(self._settings)
                await demo.ensure(book, all_doors())
        except Exception as error:  # noqa: BLE001 - whatever it is, the server must be told that the start failed
            _log.exception("start failed")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        self._site = self._site_over(book)
        timer = asyncio.create_task(timers.run(book))
        worker = worker_over(book) if self._settings.worker else None
        working = asyncio.create_task(worker.run()) if worker else None
        await send({"type": "lifespan.startup.complete"})
        if self._settings.demo:
            demo.greet(self._settings, all_doors())
        await receive()
        timer.cancel()
        if worker is not None:
            worker.stop()
        await asyncio.gather(*filter(None, (timer, working)), return_exceptions=True)
        await opened.__aexit__(None, None, None)
        await send({"type": "lifespan.shutdown.complete"})


async def work(settings: Settings) -> None:
    """Deliver until SIGTERM or SIGINT; what is under way then may end, the rest is given back."""
    os.nice(_WORK_NICENESS)
    async with open_book(settings) as book:
        worker = worker_over(book)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, worker.stop)
        _log.info("working")
        await worker.run()


def site(book: Book) -> Site:
    """Give the application of all doors and pages over an open book."""
    doors = all_doors()
    return Site(book, Intake(book), doors, pages=[*pages.routes(book, doors), *consent.routes(book)])


def create() -> App:
    """Make the application from the environment; what the server's worker processes call."""
    settings = load()
    logs.configure(settings.log_level)
    calm_collector()
    return App(settings)


def calm_collector() -> None:
    """Collect cyclic garbage less often: a request makes a thousand short-lived objects and no cycles.

    With the interpreter's defaults, a tenth of a create is spent looking at live orders; modules are never garbage.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
