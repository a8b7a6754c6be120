"""Who calls and what they call about: the transaction id, the clients a caller may name, the order a path names."""

import re
from typing import NoReturn

from crossdock.core.errors import Code, Conflict, Fault, Invalid, NotFound
from crossdock.core.ids import hashed_key
from crossdock.core.json.strict_json import Tree
from crossdock.core.orders.model import Order
from crossdock.doors import Request
from crossdock.doors.pb_fulfillment import mapping, responses
from crossdock.doors.pb_fulfillment.errors import TRANSACTION
from crossdock.flows import idempotency, queries, rendering
from crossdock.flows.access import Caller

DOOR = mapping.FORMAT.name
_TRANSACTION_ID = re.compile(r"[A-Za-z0-9_-]{1,25}\Z")


def check_transaction(request: Request) -> None:
    """Refuse with Invalid a call whose transaction id is missing, too long, or has a sign it may not have."""
    sent = request.headers.get(TRANSACTION.lower())
    if not sent:
        refuse_at(TRANSACTION, "is required")
    if not _TRANSACTION_ID.match(sent):
        refuse_at(TRANSACTION, "must be at most 25 letters, digits, hyphens and underscores")


def refuse_at(name: str, reason: str) -> NoReturn:
    """Refuse with Invalid one thing of the request's head."""
    raise Invalid(Code.INVALID, "the request has faults", faults=(Fault((name,), reason),))


def key(request: Request, *parts: str) -> bytes:
    """Give the key of the call, or of one part of it."""
    scope = f"{DOOR}/transaction" + "/part" * bool(parts)
    return hashed_key(scope, request.headers.get(TRANSACTION.lower()) or "", *parts)


def clients(caller: Caller) -> frozenset[str]:
    """Give the client ids a caller may name: those the vendor gave the organization, and the caller's own."""
    return frozenset(value for kind, value in caller.references if kind == mapping.CLIENT) | {caller.actor}


def format_of(caller: Caller) -> mapping.PbFulfillmentFormat:
    """Give the format that takes the caller's clients and no others."""
    return mapping.PbFulfillmentFormat(clients(caller))


async def check_unused(request: Request) -> None:
    """Refuse with Conflict a read under a transaction id that stands for a change."""
    if await idempotency.is_used(request.context, request.caller, key=key(request)):
        raise Conflict(Code.KEY_REUSED, "was used for another request")


def queried_client(request: Request) -> str:
    """Give the clientId of the query. Refuses with Invalid a missing one, and one that is not the caller's to name."""
    client = request.query.get("clientId")
    if not client:
        refuse_at("clientId", "is required")
    if client not in clients(request.caller):
        refuse_at("clientId", mapping.FOREIGN_CLIENT)
    return client


async def named(request: Request, client: str | None) -> Order:
    """Give the order of the path. Refuses with Missing one that is not there, or another client's; None asks for no client."""
    order_id = responses.read_id(request.params["orderId"])
    order = await queries.order(request.context, request.caller, order_id=order_id)
    if client is not None and not mapping.is_of(order, client):
        raise NotFound(Code.NO_ORDER, "there is no such order")
    return order


async def answered(request: Request, order: Order) -> dict[str, Tree]:
    """Give an order's whole answer. Refuses with Missing one whose brand contradicts the query's."""
    brand = request.query.get("brand")
    rendered = await rendering.render(request.context, request.caller, order, door=DOOR)
    if brand and rendered.document.get("brand") not in (None, brand):
        raise NotFound(Code.NO_ORDER, "there is no such order")
    return rendered.document
