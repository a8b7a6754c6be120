"""Arbitrary input at every place that decodes text or bytes: a refusal, or an answer to what it means; never a bug's 500.

Schemathesis (test_schemathesis.py) sends what the types of the documents do not allow. Here are bytes that are no text, changed
tokens, and the places that no document describes: cookies, forms, links, pages.
"""

import gzip
import re
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from crossdock.doors import all_doors
from crossdock.flows import access, signed_links
from crossdock.flows.access import Caller
from crossdock.web.console.sessions import SESSION
from tests.vendors import VENDORS
from tests.web.test_consent import link
from tests.world import World

AMOUNT = 6
# What breaks decoders that are written by hand: numbers beyond every column, digits that are no ASCII, halves of pairs, depth.
ODD = (
    b"", b"0", b"-1", b"9" * 19, b"9" * 5000, b"1e999", b"NaN", "\u0661\u00b2".encode(), b"\xff\xfe", b"\xed\xa0\x80", b"%",
    b"%00", b"\x7f", b"[" * 100_000, b'{"a":' * 30_000, b"2026-02-30", b"9999-12-31T23:59:59.999999-23:59",
    b"0001-01-01T00:00:00+23:59", b"..", b"a" * 5000, "\u202e\U0001f600".encode(), b"null", b"=", b"a=b=c&&;", b"-" * 40,
)  # fmt: skip


def values(strategy: st.SearchStrategy[bytes], count: int = AMOUNT) -> list[bytes]:
    """Return the first values of a strategy, the same ones in every run."""
    drawn: list[bytes] = []

    @settings(max_examples=count, derandomize=True, database=None, phases=[Phase.generate])
    @given(strategy)
    def draw(value: bytes) -> None:
        drawn.append(value)

    draw()
    return drawn


def changed(valid: bytes) -> st.SearchStrategy[bytes]:
    """Cut, repeat or overwrite a part of something valid."""
    place = st.integers(0, len(valid))
    return st.builds(lambda begin, end, part: valid[:begin] + part + valid[end:], place, place, st.binary(max_size=4))


def inputs(valid: bytes = b"") -> list[bytes]:
    """Return what a place is sent: odd values, random bytes, and changes of a valid value."""
    return [*ODD, *values(st.binary(max_size=60)), *(values(changed(valid)) if valid else ())]


@pytest.fixture
def engine() -> str:
    """One engine; the vendors' routes have their own tests of bodies on both."""
    return "sqlite"


class Sender:
    """Sends requests as the demo's client, and collects those that ended in a bug."""

    def __init__(self, world: World, headers: dict[str, str]) -> None:
        self._world, self._headers = world, headers
        self.bugs: list[tuple[Any, ...]] = []

    async def send(self, method: str, url: str, body: bytes = b"", **headers: bytes) -> int:
        """Send a request; `headers` are named with `_` for `-` and replace the client's own."""
        own = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = [(name.lower().encode(), value.encode()) for name, value in self._headers.items() if name not in own]
        sent += [(name.encode(), value) for name, value in own.items()]
        answer = await self._world.http.request(method, url, content=body, headers=sent)
        if answer.status_code >= 500:
            self.bugs.append((method, url[:300], body[:100], headers, answer.status_code))
        return answer.status_code


@pytest.fixture
async def sender(world: World) -> Sender:
    headers = await world.bearer() | VENDORS["fabric"].headers("x") | VENDORS["s2"].headers("x")
    return Sender(world, {name.lower(): value for name, value in headers.items()})


def in_header(value: bytes) -> bytes:
    """Leave out what the HTTP server lets into no header."""
    return value.translate(None, b"\r\n\0")[:8_000]


# Pages that read a query; those of the doors are in their routes.
PAGES = {
    "/console/sign-in": ("next",),
    "/console/sign-in/openid": ("state", "code", "error"),
    "/console/orders": ("q", "cursor", "created_from", "status", "columns", "sort", "archived"),
}  # fmt: skip
VALUES_OF_A_PARAMETER = 2
VALUES_OF_A_HEADER = 16
# Headers by what is asked with them.
HEADERS = {
    ("GET", "/hub/v1/orders"): ("authorization", "if-none-match", "accept", "accept-language", "x-forwarded-for", "host"),
    ("POST", "/hub/v1/orders"): ("idempotency-key", "content-type"),
    ("POST", "/hub/v1/token"): ("authorization",),
    ("POST", "/order"): ("x-s2-organization",),
    ("POST", "/api/v2/order/"): ("x-site-context", "tenant-key"),
    ("POST", "/shippingservices/fulfillment/v1/orders"): ("x-pb-transactionid",),
    ("GET", "/console/orders"): ("cookie", "accept-language", "accept", "referer"),
    ("POST", "/console/sign-in"): ("origin", "sec-fetch-site", "content-type", "cookie"),
}  # fmt: skip
# Bodies in a language of their own, with a sound one.
BODIES = {
    ("POST", "/ordermanagement/api/v1/orders/search", "application/json"): b'{"filters":[{"name":"orderId","value":["x"]}]}',
    ("POST", "/api/v2/order/query", "application/json"):
        b'{"filters":[{"field":"orderNumber","operand":"EQ","value":"x","condition":"AND"}],"sort":"-createdAt"}',
    ("POST", "/shippingservices/fulfillment/v1/orders/search", "application/json"): b'{"clientId":"1234"}',
    ("POST", "/hub/v1/products/import", "text/csv"): b"sku,name,weight\nA,B,1.5\n",
    ("POST", "/hub/v1/shipping-methods/import", "text/csv"): b"code,name\nA,B\n",
    ("POST", "/hub/v1/stock/import", "text/csv"): b"sku,location,quantity\nA,B,1\n",
    ("POST", "/hub/v1/token", "application/x-www-form-urlencoded"): b"grant_type=client_credentials&scope=orders:read",
    ("POST", "/auth/api/v1/token", "application/x-www-form-urlencoded"): b"grant_type=client_credentials",
    ("POST", "/login", "application/json"): b'{"email":"demo@example.com","password":"x"}',
    ("POST", "/console/sign-in", "application/x-www-form-urlencoded"): b"email=a%40b.example&password=x&next=%2F",
}  # fmt: skip


def queries() -> Iterator[tuple[str, str]]:
    """Yield each parameter of each path that is asked with GET; identifiers in a path are the same odd text."""
    for route in (route for door in all_doors() for route in door.routes if route.method == "GET"):
        for each in route.parameters:
            if each["in"] == "query" and each["name"] != "wait":  # it makes the call wait
                yield re.sub(r"{\w+}", "x", route.paths[0]), each["name"]
    yield from ((path, name) for path, names in PAGES.items() for name in names)


async def test_arbitrary_query_parameters_are_no_bug(sender: Sender) -> None:
    values_in_turn = cycle(inputs())
    for path, name in queries():
        for value in islice(values_in_turn, VALUES_OF_A_PARAMETER):
            await sender.send("GET", f"{path}?{name}={quote_from_bytes(value[:4_000])}")
    assert sender.bugs == []


async def test_arbitrary_headers_are_no_bug(sender: Sender) -> None:
    values_in_turn = {valid: cycle(inputs(valid)) for valid in (b"Basic ZGVtbzpkZW1vLXNlY3JldA==", b'{"account":"x"}')}
    for (method, path), names in HEADERS.items():
        for name in names:
            valid = b'{"account":"x"}' if name != "authorization" else b"Basic ZGVtbzpkZW1vLXNlY3JldA=="
            for value in islice(values_in_turn[valid], VALUES_OF_A_HEADER):
                await sender.send(method, path, b"{}" if method == "POST" else b"", **{name: in_header(value)})
    assert sender.bugs == []


async def test_arbitrary_bodies_are_no_bug(sender: Sender) -> None:
    for (method, path, media), valid in BODIES.items():
        assert await sender.send(method, path, valid, content_type=media.encode()) not in (404, 405), path
        for value in inputs(valid):
            await sender.send(method, path, value, content_type=media.encode())
    assert sender.bugs == []


async def test_changed_tokens_and_links_are_no_bug(world: World, sender: Sender) -> None:
    """A token, a session, a signed link, a consent link: with another character, cut, and of another purpose."""
    caller = Caller(await world.demo_organization(), "demo", frozenset(access.SCOPES))
    bearer = (await world.bearer())["Authorization"].encode()
    signed = signed_links.link_key(world.context, caller, purpose="upload", subject="x", lifetime_s=60).encode()
    consent = (await link(world)).encode()
    for value in inputs(bearer):
        await sender.send("GET", "/hub/v1/orders", authorization=in_header(value))
        cookie = in_header(value.removeprefix(b"Bearer "))
        await sender.send("GET", "/console/orders", cookie=SESSION.encode() + b"=" + cookie)
    for value in inputs(signed):
        part = quote_from_bytes(value[:4_000], safe="")
        for path in ("inventory/upload/file", "exports/file"):
            await sender.send("GET", f"/api/v2/{path}/{part}")
        await sender.send("PUT", f"/api/v2/inventory/upload/file/{part}", b"a,b\n")
    for value in inputs(consent.removeprefix(b"/consent/")):
        for method in ("GET", "POST"):
            await sender.send(method, f"/consent/{quote_from_bytes(value[:4_000], safe='')}", value)
    assert sender.bugs == []


@pytest.mark.parametrize("door", sorted(VENDORS))
async def test_a_compressed_body_is_refused_as_it_is(world: World, sender: Sender, door: str) -> None:
    """No body is decompressed, so that none can be a bomb."""
    bomb = gzip.compress(b" " * 20_000_000 + b"{}", 9)
    assert await sender.send("POST", VENDORS[door].create, bomb, content_encoding=b"gzip") in (400, 422)
