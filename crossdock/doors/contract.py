"""What a door must offer: its routes, its format, its errors; and the request and reply its handlers work with.

A door owns its paths, headers, spelling, defaults, oddities and errors, and nothing else: its handlers turn a Request into
one flow call and a Reply. It never imports another door.
"""

import base64
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from crossdock.core.errors import Code, NotFound, Refusal
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.event_payloads import PayloadFormat
from crossdock.flows.formats import Format
from crossdock.flows.intake import Intake
from crossdock.flows.stock_networks import NetworkSource

_ENCODER = msgspec.json.Encoder(decimal_format="number")
encode_json = _ENCODER.encode


class Headers:
    """A request's headers by lower-case name; the last of several wins."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._values = dict(raw)

    def get(self, name: str) -> str | None:
        """Return a header's value, or None."""
        value = self._values.get(name.encode("latin-1"))
        return None if value is None else value.decode("latin-1").strip()


class Request:
    """One HTTP request on its way through a door. `caller` is set where the route has a scope."""

    __slots__ = (
        "address",
        "body",
        "caller",
        "context",
        "disconnected",
        "headers",
        "intake",
        "method",
        "params",
        "path",
        "query_string",
        "request_id",
        "route",
    )

    def __init__(
        self,
        *,
        context: Context,
        intake: Intake,
        route: "Route",
        method: str,
        path: str,
        params: Mapping[str, str],
        query_string: bytes,
        headers: Headers,
        body: bytes,
        request_id: str,
    ) -> None:
        self.context = context
        self.intake = intake
        self.route = route
        self.method = method
        self.path = path
        self.params = params
        self.query_string = query_string
        self.headers = headers
        self.body = body
        self.request_id = request_id
        self.address: str | None = None  # the client's, set by web/asgi.py
        # Returns when the client hangs up; None where that cannot be known. For handlers that wait.
        self.disconnected: Callable[[], Awaitable[None]] | None = None
        self.caller: Caller = None  # type: ignore[assignment]  # set by web/asgi.py before any handler of a scoped route

    @property
    def query(self) -> dict[str, str]:
        """The query parameters; the last of several wins."""
        return dict(parse_qsl(self.query_string.decode("utf-8", "replace"), keep_blank_values=True))

    @property
    def bearer(self) -> str | None:
        """The bearer token, or None."""
        authorization = self.headers.get("authorization") or ""
        if authorization.startswith("Bearer "):  # nearly all
            return authorization[7:].strip() or None
        scheme, _, token = authorization.partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None


class Reply(Struct):
    """What is sent back. `order_id` and `outcome` are for the log line.

    `stream` is sent chunk by chunk instead of `body`, with its length untold: what is too long to be held in memory.
    """

    status: int
    body: bytes = b""
    headers: list[tuple[str, str]] = []
    content_type: str = "application/json"
    order_id: int | None = None
    outcome: str = "ok"
    stream: AsyncIterator[bytes] | None = None


def json_reply(status: int, value: Any, **rest: Any) -> Reply:
    """Answer a value as JSON, Decimals as the numbers they are."""
    return Reply(status, _ENCODER.encode(value), **rest)


def in_one_view(handle: "Handler") -> "Handler":
    """Let a handler that only reads see one state of the book, in one transaction; not for one that waits or streams."""

    @wraps(handle)
    async def handled(request: Request) -> Reply:
        async with request.context.store.reading() as tx:
            request.context = request.context.within(tx)
            return await handle(request)

    return handled


def basic_credentials(headers: Headers) -> tuple[str, str] | None:
    """Return the id and secret of a Basic authorization header, or None where there is no sound one."""
    scheme, _, encoded = (headers.get("authorization") or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, separator, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (ValueError, UnicodeDecodeError):
        return None
    return (name, secret) if separator and "\x00" not in name else None


def replayed_header(replayed: bool) -> list[tuple[str, str]]:
    """Return the header that tells a repeated answer from a first one."""
    return [("Idempotent-Replayed", "true")] if replayed else []


Handler = Callable[[Request], Awaitable[Reply]]


class Media(Struct, frozen=True):
    """An answer in other media types than JSON, for the documentation: the schema of each media type."""

    schemas: dict[str, Any]


class Route(Struct, frozen=True):
    """One operation of a door.

    `paths`: the first is the documented one, the others are aliases. `scope`: what a caller needs, None for a public route.
    `request` and `answers` (by status) are types or JSON Schemas for the documentation. `when`: a condition on the headers
    for a path that doors share. `submits`: what the submission is recorded as (create, bulk_call)
    where a body is too large to be taken. `description` says in the documentation what the summary does not; `examples` are
    bodies shown there, under "request" or a status. `body_limit` is the most bytes of a body, where that is less than the
    setting: before a caller is known, nobody should make the server parse much.
    """

    method: str
    paths: tuple[str, ...]
    handle: Handler
    scope: str | None
    operation: str
    summary: str
    request: Any = None
    request_media: str = "application/json"
    answers: dict[int, Any] = {}
    parameters: tuple[dict[str, Any], ...] = ()
    when: Callable[[Headers], bool] | None = None
    submits: str | None = None
    description: str = ""
    examples: dict[int | str, Any] = {}
    body_limit: int = sys.maxsize


# Bytes of the body of a call that gives a token; those that clients send have some hundred.
TOKEN_BODY_LIMIT = 16_384


async def _refuse_not_yet(request: Request) -> Reply:
    raise NotFound(Code.NOT_YET, "Crossdock does not offer this call yet")


def not_yet(method: str, *paths: str, when: Callable[[Headers], bool] | None = None) -> Route:
    """Make the route of a call that the vendor documents and the door does not offer: 501 in the vendor's own shape."""
    return Route(method, paths, _refuse_not_yet, None, "notYet", "Not offered yet", when=when)


def not_offered(method: str, *paths: str, reason: str, when: Callable[[Headers], bool] | None = None) -> Route:
    """Make the route of a call that the vendor documents and the door will not offer: 501 in the vendor's own shape.

    `reason` says what is not offered and what to do instead; clients are answered with it, and the documentation shows it.
    """

    async def refuse(request: Request) -> Reply:
        raise NotFound(Code.NOT_YET, reason)

    return Route(method, paths, refuse, None, "notOffered", "Not offered", when=when, description=reason)


class Seed(Struct, frozen=True):
    """Something every new organization, or the demo one, is given by a door: a catalog entry or a vendor's id for it."""

    kind: str
    key: str
    name: str = ""
    search: str | None = None  # what lists find it by, where that is more than its name
    document: Any = None  # None: the organization is known to the vendor by `key`


class SalesAccounts(Struct, frozen=True):
    """A vendor's sales accounts, where its orders name one: catalog entries of `kind`.

    `create` makes a new account's document from its name. `assign` returns an account's document with the warehouse that its
    new orders are assigned to at once, or with none; `describe` returns its name and that warehouse. `parse_id` returns an id
    as it is stored, and raises ValueError that says what is wrong with it.
    """

    kind: str
    create: Callable[[str], bytes]
    assign: Callable[..., bytes]  # (document, warehouse: str | None)
    describe: Callable[[bytes], tuple[str, str | None]]
    parse_id: Callable[[str], str]


class OrganizationId(Struct, frozen=True):
    """An id that the vendor gave an organization, which the organization can keep here.

    `option` names it for the operator, and `kind` where it is stored: that of vendor references, of which there may be
    several; None for the organization's UUID, of which there is one; or the kind of a seed, whose key it then is.
    `parse` returns an id as it is stored, and raises ValueError that says what is wrong with it.
    """

    option: str
    kind: str | None
    help: str
    parse: Callable[[str], str]


class ReferenceList(Struct, frozen=True):
    """A list of a vendor's platform that an organization can replace: the catalog entry of `kind` under `key`.

    `parse` returns the document to be stored for a file, and refuses with Invalid its faults; `default` is what is answered
    where nothing is stored.
    """

    kind: str
    key: str
    parse: Callable[[bytes], bytes]
    default: bytes


class Door(Struct, frozen=True, eq=False):
    """A wire format with its paths. Each is compared as the object it is, so that what is made of the doors can be cached.

    `refuse` renders any refusal, and None for a bug, in the door's own shape; it must know every errors.Code.
    `organization_of` reads from the headers which organization is meant, where the vendor has such a header.
    `check_caller` refuses a recognized caller the door's other headers contradict. `seeds` are for a new organization
    (its name is given), `demo_seeds` for the demo one. `asyncapi` makes the AsyncAPI document of the events the door sends.
    `customer_hold_reasons` are the vendor's hold codes that need an answer from the customer, who is then asked by mail.
    `organization_ids` are the ids that the vendor gives an organization and the program can set; `sales_accounts` are those
    it can add and change, `reference_lists` the lists it can replace, `stock_networks` how the vendor defines networks of
    stock. `not_yet` are the vendor's calls that the door does not offer yet, made by `not_yet()`, and `not_offered` those that
    it will not offer, made by `not_offered()`; docs/doors lists them.
    """

    name: str
    title: str
    routes: tuple[Route, ...]
    refuse: Callable[[Refusal | None, Request], Reply]
    format: Format | None = None
    organization_of: Callable[[Headers], str | None] | None = None
    check_caller: Callable[[Request], None] | None = None
    seeds: Callable[[str], tuple[Seed, ...]] = lambda _: ()
    demo_seeds: tuple[Seed, ...] = ()
    demo_curl: Callable[[str], str] | None = None
    payloads: tuple[PayloadFormat, ...] = ()
    asyncapi: Callable[[], Any] | None = None
    customer_hold_reasons: tuple[str, ...] = ()
    not_yet: tuple[Route, ...] = ()
    not_offered: tuple[Route, ...] = ()
    organization_ids: tuple[OrganizationId, ...] = ()
    sales_accounts: SalesAccounts | None = None
    reference_lists: tuple[ReferenceList, ...] = ()
    stock_networks: NetworkSource | None = None
