"""Shared by the routes: look up an order, render it, run a command, document parameters and paths."""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from crossdock.core.errors import NotFound
from crossdock.core.ids import from_hex24
from crossdock.core.json.request_body import DocumentRule, decode_body, validate
from crossdock.core.json.strict_json import parse
from crossdock.core.json.validation import normalize
from crossdock.core.orders.commands import Command
from crossdock.core.orders.model import Order
from crossdock.doors import Reply, Request, encode_json, replayed_header
from crossdock.doors.fabric.errors import not_found
from crossdock.doors.fabric.responses import DOOR
from crossdock.doors.fabric.routes.site_context import SITE_CONTEXT
from crossdock.flows import queries, rendering
from crossdock.flows.execute import Change, execute
from crossdock.flows.order_search import Filters

Tree = Any
WireType = TypeVar("WireType", bound=Struct)
BASE = "/api/v2"


def paths(*parts: str) -> tuple[str, ...]:
    """Build paths below the vendor's base, each without and with a trailing slash."""
    return tuple(BASE + part + end for part in parts for end in ("", "/"))


def parameter(name: str, location: str, description: str, **members: Any) -> dict[str, Any]:
    """Describe a parameter for OpenAPI: text, and optional, where `members` do not say otherwise."""
    described: dict[str, Any] = {"name": name, "in": location, "description": description, "required": False}
    return described | {"schema": {"type": "string"}} | members


CONTEXT = parameter(
    SITE_CONTEXT, "header",
    "The text of a JSON object: `account` (string, required) is the organization's fabric account, `channel` a number "
    "or a string; `stage`, `date` and other members are accepted and ignored. OpenAPI's simple style "
    "(`account,62272e917b12209e68751d94,channel,12`) is accepted too.",
    required=True, example='{"account":"62272e917b12209e68751d94","channel":12,"stage":"production"}',
)  # fmt: skip


def read_body(request: Request, wire_type: type[WireType], *rules: DocumentRule) -> WireType:
    """Read the request's body; a number is accepted where text belongs. Raises Invalid with all faults."""
    return decode_body(request.body, wire_type, *rules, numbers_as_text=True)


def read_document(
    request: Request, wire_type: type[WireType], *rules: DocumentRule
) -> tuple[WireType, dict[str, Tree]]:
    """Read the request's body, typed and as the object that was sent, with its numbers as text where text belongs.

    Raises Invalid with all faults.
    """
    tree = normalize(parse(request.body), wire_type, numbers_as_text=True)
    return validate(tree, wire_type, *rules), tree


async def order_by_id(request: Request, text: str) -> Order:
    """Read an order by id. Raises NotFound `no_order`, also where the text is not an id."""
    return await queries.order(request.context, request.caller, order_id=from_hex24(text))


async def order_by_number(request: Request, number: str) -> Order:
    """Read this door's order with a number, or else the newest such order of another door."""
    try:
        return await queries.order_by_number(request.context, request.caller, door=DOOR, number=number)
    except NotFound:
        found = (await queries.page(request.context, request.caller, Filters(number=number), limit=1)).orders
    if not found:
        raise not_found("order")
    return found[0]


async def render(request: Request, order: Order) -> dict[str, Tree]:
    """Render the full response of an order."""
    return (await rendering.render(request.context, request.caller, order, door=DOOR)).document


async def render_json(request: Request, orders: Sequence[Order]) -> list[msgspec.Raw]:
    """Render the full responses of orders, as JSON."""
    return await rendering.render_json_all(request.context, request.caller, orders, door=DOOR)


async def execute_one(request: Request, command: Command) -> Change:
    """Execute one command and return what it changed."""
    (change,) = await execute(request.context, request.caller, [command], door=DOOR)
    return change


async def order_reply(request: Request, change: Change, *, idempotent: bool = False) -> Reply:
    """Render the full order after a change; `idempotent` marks the response as replayed where nothing changed."""
    replayed = idempotent and not change.events
    document = await render(request, change.order)
    return Reply(
        200, encode_json(document), headers=replayed_header(replayed), order_id=change.order.order_id,
        outcome="replayed" if replayed else "ok",
    )  # fmt: skip
