"""What the order routes share: the transaction id, the client ids a caller may name, the order that a path names."""

import re
from typing import NoReturn

from crossdock.core.errors import Code, Fault, Invalid, NotFound
from crossdock.core.ids import hashed_key
from crossdock.core.json.strict_json import Tree
from crossdock.core.orders.model import Order
from crossdock.doors import Request
from crossdock.doors.pb_fulfillment import mapping
from crossdock.doors.pb_fulfillment.errors import TRANSACTION
from crossdock.doors.pb_fulfillment.format import PbFulfillmentFormat
from crossdock.doors.pb_fulfillment.responses import name_client, parse_order_id
from crossdock.flows import queries, rendering
from crossdock.flows.access import Caller

DOOR = mapping.DOOR
_TRANSACTION_ID = re.compile(r"[A-Za-z0-9_-]{1,25}\Z")


def check_transaction(request: Request) -> None:
    """Refuse with Invalid a request without a valid transaction id."""
    transaction = request.headers.get(TRANSACTION.lower())
    if not transaction:
        refuse_parameter(TRANSACTION, "is required")
    if not _TRANSACTION_ID.match(transaction):
        refuse_parameter(TRANSACTION, "must be at most 25 letters, digits, hyphens and underscores")


def refuse_parameter(name: str, reason: str) -> NoReturn:
    """Refuse with Invalid a header or query parameter."""
    raise Invalid(Code.INVALID, "the request has faults", faults=(Fault((name,), reason),))


def transaction_key(request: Request, *parts: str) -> bytes:
    """Return the idempotency key of a request, or of one part of it."""
    scope = f"{DOOR}/transaction" + "/part" * bool(parts)
    return hashed_key(scope, request.headers.get(TRANSACTION.lower()) or "", *parts)


def clients(caller: Caller) -> frozenset[str]:
    """Return the client ids a caller may name: those the vendor gave the organization, and the caller's own."""
    return frozenset(value for kind, value in caller.references if kind == mapping.CLIENT) | {caller.actor}


def format_of(caller: Caller) -> PbFulfillmentFormat:
    """Return the format that accepts the caller's client ids and no others."""
    return PbFulfillmentFormat(clients(caller))


def query_client(request: Request) -> str:
    """Return the clientId of the query. Refuses with Invalid a missing one, and one the caller may not name."""
    client = request.query.get("clientId")
    if not client:
        refuse_parameter("clientId", "is required")
    if client not in clients(request.caller):
        refuse_parameter("clientId", mapping.FOREIGN_CLIENT)
    return client


async def load_order(request: Request, client: str | None) -> Order:
    """Load the order of the path. Refuses with NotFound one that does not exist or, unless None, is not the client's."""
    order_id = parse_order_id(request.params["orderId"])
    order = await queries.order(request.context, request.caller, order_id=order_id)
    if client is not None and not mapping.is_visible_to(order, client):
        raise NotFound(Code.NO_ORDER, "there is no such order")
    return order


async def render_order(request: Request, order: Order, client: str) -> dict[str, Tree]:
    """Render the whole response of an order for a client.

    Refuses with NotFound an order whose brand is not that of the query.
    """
    brand = request.query.get("brand")
    rendered = await rendering.render(request.context, request.caller, order, door=DOOR)
    if brand and rendered.document.get("brand") not in (None, brand):
        raise NotFound(Code.NO_ORDER, "there is no such order")
    name_client(rendered.document, order, client)
    return rendered.document
