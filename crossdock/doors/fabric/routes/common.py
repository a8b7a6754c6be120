"""What the verb groups share: orders found as callers name them, orders told with their story, parameters, paths."""

from collections.abc import Sequence
from typing import Any

import msgspec

from crossdock.core.errors import NotFound
from crossdock.core.ids import from_hex24
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
BASE = "/api/v2"


def paths(*parts: str) -> tuple[str, ...]:
    """Give paths below the vendor's base, each without and with a slash at its end."""
    return tuple(BASE + part + end for part in parts for end in ("", "/"))


def parameter(name: str, place: str, description: str, **rest: Any) -> dict[str, Any]:
    """Describe a parameter for the documentation."""
    return {"name": name, "in": place, "description": description, "schema": {"type": "string"}, **rest}


CONTEXT = parameter(
    SITE_CONTEXT, "header",
    "The text of a JSON object: `account` (string, required) is the organization's fabric account, `channel` a number "
    "or a string; `stage`, `date` and anything else are taken and not used.",
    required=True, example='{"account":"62272e917b12209e68751d94","channel":12,"stage":"production"}',
)  # fmt: skip


async def by_id(request: Request, text: str) -> Order:
    """Give the order of an id. Refuses with Missing `no_order`, also where the text is no id."""
    return await queries.order(request.context, request.caller, order_id=from_hex24(text))


async def by_number(request: Request, number: str) -> Order:
    """Give this door's order of that number, else the newest one that came through another door."""
    try:
        return await queries.order_by_number(request.context, request.caller, door=DOOR, number=number)
    except NotFound:
        found = (await queries.page(request.context, request.caller, Filters(number=number), limit=1)).orders
    if not found:
        raise not_found("order")
    return found[0]


async def rendered(request: Request, order: Order) -> dict[str, Tree]:
    """Render the full answer of an order."""
    return (await rendering.render(request.context, request.caller, order, door=DOOR)).document


async def rendered_json(request: Request, listed: Sequence[Order]) -> list[msgspec.Raw]:
    """Render the full answers of orders, as JSON."""
    return await rendering.render_json_all(request.context, request.caller, listed, door=DOOR)


async def execute_one(request: Request, command: Command) -> Change:
    """Execute one command and return what it changed."""
    (change,) = await execute(request.context, request.caller, [command], door=DOOR)
    return change


async def order_reply(request: Request, change: Change, *, once: bool = False) -> Reply:
    """Answer the whole order after a change; `once` marks the answer where the call had been made before."""
    replayed = once and not change.events
    document = await rendered(request, change.order)
    return Reply(
        200, encode_json(document), headers=replayed_header(replayed), order_id=change.order.order_id,
        outcome="replayed" if replayed else "ok",
    )  # fmt: skip
