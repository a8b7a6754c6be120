"""What is asked of a large book: every read of every door, with arguments drawn from the orders loaded."""

import hashlib
import json
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from typing import Any, cast
from urllib.parse import urlencode

import httpx
from msgspec import Struct
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from bench.size.loading import Loaded
from bench.size.making import COMMON, COMMON_TAG, CROWD, ENCODER, LOCATIONS, RARE, RARE_TAG, SPAN_US, Known, iso
from crossdock import app
from crossdock.core.errors import Denied
from crossdock.core.ids import to_base32, to_digits, to_hex24, to_short_base62, to_uuid
from crossdock.doors import all_doors
from crossdock.doors.fabric.demo import ACCOUNT as FABRIC_KIND
from crossdock.flows import access, tenants
from crossdock.flows.context import Context
from crossdock.settings import load as settings
from crossdock.store.order_query import pages
from crossdock.store.order_query.query import OrderQuery
from crossdock.store.protocols import Row, Statement, Store, Transaction

DEEP = 50_000


class Asked(Struct, frozen=True):
    """What one request is about: an organization, and an order of it to look for."""

    order: Known
    deep: int  # the id of an order deep in the organization's list
    size: int  # of the organization


class Op(Struct, frozen=True):
    """Something a caller asks, with the p99 aimed at in milliseconds."""

    name: str
    aim_ms: int
    path: Callable[[Asked], str]
    door: str = "hub"
    own: bool = False  # asks for an order that came through the door
    body: Callable[[Asked], dict[str, Any]] | None = None  # of a search that is a POST
    is_get: bool = False  # reads one order: no statement of it may touch more than a few rows

    def sent(self, asked: Asked) -> tuple[str, str, bytes]:
        """Return method, path and body of a request."""
        if self.body is None:
            return "GET", self.path(asked), b""
        return "POST", self.path(asked), ENCODER.encode(self.body(asked))


def _hub(**query: str) -> str:
    return f"/hub/v1/orders?{urlencode(query)}" if query else "/hub/v1/orders"


def _after(order_id: int, **query: str) -> str:
    """Return the address of the page after an order, with the cursor as the hub mints it."""
    mark = hashlib.sha256(ENCODER.encode(sorted(query.items()))).hexdigest()[:8]
    return _hub(**query, cursor=to_base32(order_id) + mark)


def _searching(words: Callable[[Asked], str], name: str, **more: str) -> Op:
    return Op(f"hub: q, {name}", 100, lambda asked: _hub(q=words(asked), **more))


def _oms(name: str, filters: Callable[[Asked], dict[str, list[str]]], *, own: bool = False) -> Op:
    def body(asked: Asked) -> dict[str, Any]:
        return {"filters": [{"name": name, "value": value} for name, value in filters(asked).items()]}

    path = "/ordermanagement/api/v1/orders/search"
    return Op(f"pb_oms search: {name}", 20, lambda _: path, "pb_oms", own=own, body=body)


def _fulfillment(name: str, fields: Callable[[Asked], dict[str, list[str]]], *, own: bool = False) -> Op:
    def body(asked: Asked) -> dict[str, Any]:
        given = [{"name": name, "values": values} for name, values in fields(asked).items()]
        return {"clientId": "1234"} | ({"searchFields": given} if given else {})

    path = "/shippingservices/fulfillment/v1/orders/search"
    return Op(f"pb_fulfillment search: {name}", 20, lambda _: path, "pb_fulfillment", own=own, body=body)


def _fabric(
    name: str, filters: Callable[[Asked], dict[str, str]] = lambda _: {}, *, own: bool = False, deep: bool = False
) -> Op:
    def body(asked: Asked) -> dict[str, Any]:
        return {"filters": filters(asked), "limit": 10, "offset": min(DEEP, asked.size // 2) if deep else 0}

    return Op(f"fabric query: {name}", 20, lambda _: "/api/v2/order/query", "fabric", own=own, body=body)


def _oms_id(asked: Asked) -> str:
    return f"/ordermanagement/api/v1/orders/PB{to_short_base62(asked.order.order_id)}"


def _fulfillment_id(asked: Asked) -> str:
    rendered = f"ORA{to_digits(asked.order.order_id)}{asked.order.country}"
    return f"/shippingservices/fulfillment/v1/orders/{rendered}?clientId=1234"


def _range(asked: Asked, **more: str) -> str:
    start = asked.order.created_at
    return _hub(created_from=iso(start), created_to=iso(start + 86_400_000_000), **more)


OPS = (
    Op("pb_oms: by id", 20, _oms_id, "pb_oms", own=True, is_get=True),
    Op("pb_oms: by id, another door's order", 20, _oms_id, "pb_oms", is_get=True),
    Op("pb_fulfillment: by id", 20, _fulfillment_id, "pb_fulfillment", own=True, is_get=True),
    Op("fabric: by id", 20, lambda a: f"/api/v2/order/?orderId={to_hex24(a.order.order_id)}", "fabric", own=True, is_get=True),
    Op("fabric: by number", 20, lambda a: f"/api/v2/order/?orderNumber={a.order.number}", "fabric", own=True, is_get=True),
    Op(
        "fabric: by number, another door's order", 20, lambda a: f"/api/v2/order/?orderNumber={a.order.number}", "fabric",
        is_get=True,
    ),
    Op("s2: by id", 20, lambda a: f"/order/{to_uuid(a.order.order_id)}", "s2", own=True, is_get=True),
    Op("s2: by number (term)", 20, lambda a: f"/order?term={a.order.number}", "s2", own=True, is_get=True),
    Op("hub: by id", 20, lambda a: f"/hub/v1/orders/{to_base32(a.order.order_id)}", own=True, is_get=True),
    Op("hub: by id, as fabric", 20, lambda a: f"/hub/v1/orders/{to_base32(a.order.order_id)}?as=fabric", is_get=True),
    Op("hub: events", 20, lambda a: f"/hub/v1/orders/{to_base32(a.order.order_id)}/events"),
    _oms("by number", lambda a: {"orderNumber": [a.order.number]}, own=True),
    _oms("by e-mail", lambda a: {"email": [a.order.email]}),
    _oms("first page", lambda _: {}),
    _oms("first page, on hold", lambda _: {"status": ["ONHOLD"]}),
    _fulfillment("by number", lambda a: {"clientOrderIds": [a.order.number]}, own=True),
    _fulfillment("first page", lambda _: {}),
    _fabric("by number", lambda a: {"orderNumber": a.order.number}, own=True),
    _fabric("first page"),
    _fabric("page at offset 50,000", deep=True),
    Op("fabric: newest 100", 20, lambda _: "/api/v2/order/", "fabric"),
    Op("s2: first page of 100", 20, lambda _: "/order?limit=100", "s2"),
    Op("s2: page of 100 at offset 50,000", 20, lambda a: f"/order?limit=100&offset={min(DEEP, a.size // 6)}", "s2"),
    Op("hub: first page of 50", 20, lambda _: _hub()),
    Op("hub: page of 50, 50,000 deep", 20, lambda a: _after(a.deep)),
    Op("hub: status=shipped, deep", 20, lambda a: _after(a.deep, status="shipped")),
    Op("hub: door", 20, lambda a: _hub(door=a.order.door)),
    Op("hub: number", 20, lambda a: _hub(number=a.order.number), is_get=True),
    Op("hub: status, common", 20, lambda _: _hub(status="shipped")),
    Op("hub: status, rare", 20, lambda _: _hub(status="on_hold")),
    Op("hub: created, one day", 20, _range),
    Op("hub: created, all but the last year", 20, lambda a: _hub(created_to=iso(app.now_us() - SPAN_US // 2))),
    Op("hub: updated, one day", 20, lambda a: _hub(updated_from=iso(a.order.created_at),
                                                  updated_to=iso(a.order.created_at + 86_400_000_000))),
    Op("hub: archived", 20, lambda _: _hub(archived="true")),
    Op("hub: not archived", 20, lambda _: _hub(archived="false")),
    Op("hub: email, rare", 20, lambda a: _hub(email=a.order.email)),
    Op("hub: email, common", 20, lambda _: _hub(email=f"{CROWD}@example.com")),
    Op("hub: sku, as ordered", 20, lambda a: _hub(sku=a.order.sku)),
    Op("hub: sku, most common", 20, lambda _: _hub(sku="SKU-00000")),
    Op("hub: location, common", 20, lambda _: _hub(location=LOCATIONS[0])),
    Op("hub: location, rare", 20, lambda _: _hub(location=LOCATIONS[-1])),
    Op("hub: tag, common", 20, lambda _: _hub(tag=COMMON_TAG)),
    Op("hub: tag, rare", 20, lambda _: _hub(tag=RARE_TAG)),
    Op("hub: status=shipped and rare sku", 20, lambda a: _hub(status="shipped", sku=a.order.sku)),
    Op("hub: status=on_hold and common location", 20, lambda _: _hub(status="on_hold", location=LOCATIONS[0])),
    Op("hub: status=on_hold and common sku", 20, lambda _: _hub(status="on_hold", sku="SKU-00000")),
    Op("hub: door and status=on_hold", 20, lambda a: _hub(door=a.order.door, status="on_hold")),
    Op("hub: common email and status=canceled", 20, lambda _: _hub(email=f"{CROWD}@example.com", status="canceled")),
    Op("hub: common sku and rare location", 20, lambda _: _hub(sku="SKU-00000", location=LOCATIONS[-1])),
    Op("hub: common sku and rare location, one day", 20, lambda a: _range(a, sku="SKU-00000", location=LOCATIONS[-1])),
    Op("hub: nothing fits (s2 orders at a location)", 20, lambda _: _hub(door="s2", location=LOCATIONS[0])),
    Op("hub: common tag and status=on_hold", 20, lambda _: _hub(tag=COMMON_TAG, status="on_hold")),
    Op("hub: common tag and rare location", 20, lambda _: _hub(tag=COMMON_TAG, location=LOCATIONS[-1])),
    _searching(lambda _: COMMON, "common word"),
    _searching(lambda _: RARE, "rare word"),
    _searching(lambda a: a.order.number, "order number"),
    _searching(lambda a: a.order.reference, "reference"),
    _searching(lambda a: a.order.sku, "SKU"),
    _searching(lambda _: f"john {COMMON}", "two common words"),
    _searching(lambda _: f"john {RARE}", "common and rare word"),
    _searching(lambda a: f"{a.order.last_name} {a.order.sku}", "name and SKU as ordered"),
    _searching(lambda _: f"{RARE} SKU-00003", "two words hardly ever together"),
    _searching(lambda _: f"{COMMON} {CROWD}@example.com", "common name and common e-mail"),
    _searching(lambda _: COMMON, "common word and status=on_hold", status="on_hold"),
    _searching(lambda _: COMMON, "common word and location rare", location=LOCATIONS[-1]),
    Op("hub: counts by status", 100, lambda _: "/hub/v1/orders/counts"),
)  # fmt: skip


def _console(name: str, path: Callable[[Asked], str], *, aim_ms: int = 100) -> Op:
    return Op(f"console: {name}", aim_ms, path, "console")


def _page_of(asked: Asked, rest: str = "") -> str:
    return f"/console/orders/{to_base32(asked.order.order_id)}{rest}"


# The pages of the console that grow with the orders.
CONSOLE_OPS = (
    _console("today", lambda _: "/"),
    _console("orders", lambda _: "/console/orders"),
    _console("orders, on hold", lambda _: "/console/orders?status=on_hold"),
    _console("orders, tag", lambda _: f"/console/orders?tag={COMMON_TAG}"),
    _console("orders, search for a number", lambda a: f"/console/orders?q={a.order.number}"),
    _console("orders, search for a common word", lambda _: f"/console/orders?q={COMMON}"),
    _console("orders, search for the beginning of a word", lambda a: f"/console/orders?q={a.order.last_name[:3]}"),
    _console("an order", _page_of),
    _console("an order's documents", lambda a: _page_of(a, "/documents")),
    _console("rejected", lambda _: "/console/rejected"),
    _console("event feed", lambda _: "/console/feed"),
)
ALL_OPS = (*OPS, *CONSOLE_OPS)


def asking(loaded: Loaded, deep: Sequence[int], op: Op, chance: random.Random, place: int | None = None) -> Asked:
    """Draw what a request is about: of an organization, or else half of them of the largest, the rest of any."""
    if place is None:
        place = 0 if chance.random() < 0.5 else chance.randrange(len(loaded.organizations))
    for _ in range(1000):
        order = chance.choice(loaded.known)
        if order.organization == place and (not op.own or order.door == op.door):
            break
    place = order.organization
    return Asked(order, deep[place], loaded.sizes[place])


async def deep_places(store: Store, loaded: Loaded) -> list[int]:
    """Give, for each organization, the id of an order deep in its list."""
    found = []
    async with store.reading() as tx:
        for organization_id, size in zip(loaded.organizations, loaded.sizes, strict=True):
            depth = min(DEEP, size * 3 // 4)
            page = await pages.page(tx, organization_id, OrderQuery(limit=1, offset=depth))
            found.append(page.orders[0].order_id)
    return found


def headers_of(op: Op, token: str) -> dict[str, str]:
    """Return the headers of a request; the console has the token in its session's cookie."""
    if op.door == "console":
        return {"Cookie": f"crossdock_session={token}"}
    found = {"Authorization": f"Bearer {token}"}
    if op.door == "fabric":
        account = next(seed.key for door in all_doors() for seed in door.demo_seeds if seed.kind == FABRIC_KIND)
        found["x-site-context"] = json.dumps({"account": account})
    if op.door == "pb_fulfillment":
        found["X-PB-TransactionId"] = "size"
    return found


# --------------------------------------------------------------------------------------------------------------- asking
_DIALECTS = {"sqlite": sqlite_dialect(paramstyle="qmark"), "postgresql": asyncpg_dialect.dialect()}  # type: ignore[no-untyped-call]


class Recorder(Store):
    """A store that notes every query asked of it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.name, self.writers, self.only_worker = store.name, store.writers, store.only_worker
        self.asked: list[tuple[str, list[Any]]] = []

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """See port.Store."""
        async with self._store.reading() as tx:
            yield cast(Transaction, _Recording(tx, self))

    def writing(self) -> AbstractAsyncContextManager[Transaction]:
        """See port.Store."""
        return self._store.writing()

    async def check_writing(self) -> None:
        """See port.Store."""
        await self._store.check_writing()

    def working(self) -> AbstractContextManager[bool]:
        """See port.Store."""
        return self._store.working()

    async def close(self) -> None:
        """See port.Store."""
        await self._store.close()


class _Recording:
    """A transaction that notes its queries, and does all else as it is."""

    def __init__(self, tx: Transaction, recorder: Recorder) -> None:
        self._tx, self._recorder = tx, recorder

    async def rows(self, statement: Statement, /, **values: Any) -> Sequence[Row]:
        self._recorder.asked.append(statement.bind(_DIALECTS[self._recorder.name], values))
        return await self._tx.rows(statement, **values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)


class Asker:
    """Asks operations of the application in this process, and notes the statements that follow."""

    def __init__(self, context: Context, loaded: Loaded, client: httpx.AsyncClient, recorder: Recorder) -> None:
        self._context, self._loaded, self._client, self._recorder = context, loaded, client, recorder
        self._tokens: dict[tuple[int, bool], str] = {}

    async def token(self, place: int, op: Op) -> str:
        """Return the token of an organization's client, or of a person in it where the console is asked."""
        key = place, op.door == "console"
        if key not in self._tokens:
            self._tokens[key] = await (self._sign_in(place) if key[1] else self._grant(place))
        return self._tokens[key]

    async def _grant(self, place: int) -> str:
        name, secret = self._loaded.clients[place]
        grant, _ = await access.grant(self._context, client_id=name, secret=secret, lifetime_s=36_000)
        return grant.token

    async def _sign_in(self, place: int) -> str:
        """Sign in a person, who is added where they are not there yet."""
        email, signed = f"size-{place}@example.com", {"lifetime_s": 36_000, "claims": {"aud": "console"}}
        try:
            grant, _ = await access.sign_in_verified(self._context, email=email, **signed)  # type: ignore[arg-type]
        except Denied:
            organization_id = self._loaded.organizations[place]
            scopes = " ".join(access.SCOPES)
            await tenants.add_person(
                self._context, organization_id, email=email, name=email, password=email, scopes=scopes
            )
            grant, _ = await access.sign_in_verified(self._context, email=email, **signed)  # type: ignore[arg-type]
        return grant.token

    async def ask(self, op: Op, asked: Asked) -> list[tuple[str, list[Any]]]:
        """Ask once, and return the statements that followed. Raises RuntimeError where the answer is no 200."""
        token = await self.token(asked.order.organization, op)
        self._recorder.asked.clear()
        method, path, body = op.sent(asked)
        answer = await self._client.request(method, path, headers=headers_of(op, token), content=body or None)
        if answer.status_code != 200:
            raise RuntimeError(f"{op.name}: {path} answers {answer.status_code} {answer.text[:300]}")
        return list(self._recorder.asked)


@asynccontextmanager
async def asker(url: str, loaded: Loaded) -> AsyncIterator[tuple[Asker, list[int]]]:
    """Open the application over a loaded database, and give who asks it, and the deep places."""
    async with app.open_context(settings({}, database=url)) as context:
        recorder = Recorder(context.store)
        context.store = recorder
        transport = httpx.ASGITransport(app.site(context))
        async with httpx.AsyncClient(transport=transport, base_url="http://crossdock") as client:
            yield Asker(context, loaded, client, recorder), await deep_places(recorder, loaded)
