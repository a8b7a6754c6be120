"""fabric OMS v2: paths, headers, and one flow call per endpoint; its errors in one table."""

from typing import Any
from urllib.parse import parse_qsl

import msgspec

from crossdock.core.errors import Code, Denied, Fault, Invalid, Missing, Refusal
from crossdock.core.identity import from_hex24
from crossdock.core.order import Order
from crossdock.doors import (
    Headers,
    Reply,
    Request,
    Route,
    basic_credentials,
    encode_json,
    json_reply,
    replayed_header,
)
from crossdock.doors.fabric import mapping, wire
from crossdock.doors.fabric.demo import ACCOUNT
from crossdock.flows import access, queries
from crossdock.flows.intake import Submission
from crossdock.store.pages import Filters

SITE_CONTEXT = "x-site-context"
ORDERS = ("/api/v2/order/", "/api/v2/order")
SHORT_ORDERS = ("/order/", "/order")
TOKEN_LIFETIME_S = 3_600  # the vendor's identity service does not say; an hour is what such services give
ORDERS_MOST = 100  # of a list that the vendor does not page; at 5 kB each that is half a megabyte

# --------------------------------------------------------------------------------------------------------------- errors
_STATUS_OF = {
    Code.NOT_JSON: 400,
    Code.TOO_LARGE: 413,
    Code.TOO_DEEP: 400,
    Code.INVALID: 400,
    Code.UNKNOWN_REFERENCE: 400,
    Code.NO_ROUTE: 404,
    Code.NO_METHOD: 405,
    Code.NO_ORDER: 404,
    Code.NO_SUBMISSION: 404,
    Code.NO_TOKEN: 401,
    Code.BAD_TOKEN: 401,
    Code.BAD_CREDENTIALS: 401,
    Code.NO_SCOPE: 403,
    Code.FOREIGN_ORGANIZATION: 403,
    Code.NUMBER_TAKEN: 400,
    Code.KEY_REUSED: 400,
    Code.STATE_FORBIDS: 400,
    Code.STALE_VERSION: 409,
    Code.EXISTS: 409,
    Code.UNAVAILABLE: 503,
    Code.OVERLOADED: 503,
}
_WORDS = {Code.NO_ORDER: "Order not found"}  # the one message the vendor's pages give


def fault_text(fault: Fault) -> str:
    """Spell a fault as `items[0].sku: is required`; one about the body as a whole is only its reason."""
    text = ""
    for part in fault.path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return f"{text}: {fault.reason}" if text else fault.reason


def refuse(refusal: Refusal | None, request: Request) -> Reply:
    """Render a refusal, or a bug (None), as `{message}`: all faults, or the reason where there are none."""
    if refusal is None:
        return json_reply(500, wire.ErrorAnswer(f"An unexpected error occurred, reference {request.request_id}"))
    reason = _WORDS.get(refusal.code, refusal.reason[:1].upper() + refusal.reason[1:])
    message = "; ".join(map(fault_text, refusal.faults)) or reason
    status = _STATUS_OF[refusal.code]
    return json_reply(
        status, wire.ErrorAnswer(message), headers=[("Retry-After", "1")] if status == 503 else []
    )  # fmt: skip


# --------------------------------------------------------------------------------------------------------- site context
def _header_fault(reason: str) -> Invalid:
    return Invalid(Code.INVALID, "a header has faults", faults=(Fault((SITE_CONTEXT,), reason),))


def check_site_context(request: Request) -> None:
    """Refuse a caller whose `x-site-context` is unsound or names another's account.

    The header is the text of a JSON object with a string `account`; `channel` is a number or a string, all else is not
    looked at. Raises Invalid `invalid`, Denied `foreign_organization`.
    """
    text = request.headers.get(SITE_CONTEXT)
    if text is None:
        raise _header_fault("is required")
    try:
        context = msgspec.json.decode(text.encode("latin-1"))
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise _header_fault("must be the text of a JSON object") from None
    if not isinstance(context, dict):
        raise _header_fault("must be the text of a JSON object")
    account, channel = context.get("account"), context.get("channel")
    if not isinstance(account, str) or not account:
        raise _header_fault("must have the member account, a string that is not empty")
    if isinstance(channel, bool) or not isinstance(channel, int | float | str | None):
        raise _header_fault("must have a number or a string as channel, if any")
    if (ACCOUNT, account) not in request.caller.references:
        raise Denied(Code.FOREIGN_ORGANIZATION, "the account in x-site-context is not this organization's")


def _has_site_context(headers: Headers) -> bool:
    return headers.get(SITE_CONTEXT) is not None


# ------------------------------------------------------------------------------------------------------------- handlers
async def token(request: Request) -> Reply:
    """Give a token for client credentials, from a Basic header or from the form.

    Scopes of other makers ("s2s") are answered as asked and narrow nothing; ours narrow the token.
    """
    form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    if form.get("grant_type") != "client_credentials":
        fault = Fault(("grant_type",), "must be client_credentials" if "grant_type" in form else "is required")
        raise Invalid(Code.INVALID, "the form has faults", faults=(fault,))
    named = basic_credentials(request.headers) or (form.get("client_id", ""), form.get("client_secret", ""))
    asked = form.get("scope", "")
    ours = " ".join(scope for scope in asked.split() if scope in access.SCOPES)
    grant, _ = await access.grant(
        request.book, client_id=named[0], secret=named[1], lifetime_s=TOKEN_LIFETIME_S, scope=ours or None
    )
    return json_reply(200, wire.TokenAnswer("Bearer", grant.lifetime_s, grant.token, asked or grant.scopes))


async def create_order(request: Request) -> Reply:
    """Create an order: 200 and all of it."""
    outcome = await request.intake.submit(Submission(request.caller, mapping.FORMAT, request.body))
    replayed = outcome.fate == "replayed"
    return Reply(200, outcome.reply, headers=replayed_header(replayed), order_id=outcome.order_id, outcome=outcome.fate)


async def get_orders(request: Request) -> Reply:
    """Answer the order of an `orderId` or `orderNumber`; with neither, the newest orders as an array.

    An empty parameter counts as none. Where both are given, they must mean the same order.
    """
    query = request.query
    order_id, number = query.get("orderId"), query.get("orderNumber")
    if not order_id and not number:
        newest = (await queries.page(request.book, request.caller, Filters(), limit=ORDERS_MOST)).orders
        wordings = await queries.worded_all(request.book, request.caller, newest, door=mapping.FORMAT.name)
        return Reply(200, encode_json([wording.document for wording in wordings]))
    order = await _by_id(request, order_id) if order_id else await _by_number(request, number or "")
    if number and order.content.number != number:
        raise Missing(Code.NO_ORDER, "there is no such order", number=number)
    wording = await queries.worded(request.book, request.caller, order, door=mapping.FORMAT.name)
    return Reply(200, encode_json(wording.document), order_id=order.order_id)


async def _by_id(request: Request, text: str) -> Order:
    return await queries.order(request.book, request.caller, order_id=from_hex24(text))


async def _by_number(request: Request, number: str) -> Order:
    """Give this door's order of that number, else the newest one that came through another door."""
    try:
        return await queries.order_by_number(request.book, request.caller, door=mapping.FORMAT.name, number=number)
    except Missing:
        found = (await queries.page(request.book, request.caller, Filters(number=number), limit=1)).orders
    if not found:
        raise Missing(Code.NO_ORDER, "there is no such order", number=number)
    return found[0]


# --------------------------------------------------------------------------------------------------------------- routes
def _parameter(name: str, place: str, description: str, **rest: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "description": description, "schema": {"type": "string"}, **rest}


_CONTEXT = _parameter(
    SITE_CONTEXT, "header",
    "The text of a JSON object: `account` (string, required) is the organization's fabric account, `channel` a number "
    "or a string; `stage`, `date` and anything else are taken and not used.",
    required=True, example='{"account":"62272e917b12209e68751d94","channel":12,"stage":"production"}',
)  # fmt: skip
_WANTED = (
    _CONTEXT,
    _parameter("orderNumber", "query", "The merchant's number of the order.", required=False),
    _parameter("orderId", "query", "The order's id, 24 hexadecimal digits.", required=False),
)
_ERRORS = dict.fromkeys((400, 401, 403, 500), wire.ErrorAnswer)
_CREATED: dict[int, Any] = {200: wire.Order, **_ERRORS, 413: wire.ErrorAnswer, 503: wire.ErrorAnswer}
_FOUND: dict[int, Any] = {
    200: {"anyOf": [wire.Order, {"type": "array", "items": wire.Order}]},
    **_ERRORS,
    404: wire.ErrorAnswer,
}
ROUTES = (
    Route(
        "POST", ORDERS, create_order, access.WRITE, "createOrder", "Create an order",
        request=wire.OrderCreate, answers=_CREATED, parameters=(_CONTEXT,), submits="create",
    ),
    Route(
        "GET", ORDERS, get_orders, access.READ, "getOrder", f"Read an order, or the newest {ORDERS_MOST}",
        answers=_FOUND, parameters=_WANTED,
    ),
    Route(
        "POST", SHORT_ORDERS, create_order, access.WRITE, "createOrderShort",
        "Create an order at the path of the vendor's page, told from others by x-site-context",
        request=wire.OrderCreate, answers=_CREATED, parameters=(_CONTEXT,), when=_has_site_context, submits="create",
    ),
    Route(
        "GET", SHORT_ORDERS, get_orders, access.READ, "getOrderShort",
        f"Read an order, or the newest {ORDERS_MOST}, at the short path",
        answers=_FOUND, parameters=_WANTED, when=_has_site_context,
    ),
    Route(
        "POST", ("/oauth2/{authServerId}/v1/token",), token, None, "getToken", "Get a token for a client id and secret",
        request=wire.TokenRequest, request_media="application/x-www-form-urlencoded",
        answers={200: wire.TokenAnswer, 400: wire.ErrorAnswer, 401: wire.ErrorAnswer, 403: wire.ErrorAnswer,
                 500: wire.ErrorAnswer},
    ),
)  # fmt: skip
