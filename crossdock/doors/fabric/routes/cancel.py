"""What of an order can be canceled or exchanged, and the cancelation."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from crossdock.core.errors import Fault
from crossdock.core.ids import to_hex24
from crossdock.core.json.request_body import decode_body, duplicates_in
from crossdock.core.json.strict_json import parse
from crossdock.core.orders.model import Order
from crossdock.core.orders.status import Counters, Verb, allowed_verbs
from crossdock.doors import Reply, Request, Route, json_reply
from crossdock.doors.fabric import wire, wire_calls
from crossdock.doors.fabric.edits import cancel
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, faulty
from crossdock.doors.fabric.history import CANCEL
from crossdock.doors.fabric.routes.common import CONTEXT, by_id, execute_one, order_reply, parameter, paths
from crossdock.doors.fabric.routes.site_context import TENANT, header_fault
from crossdock.flows import access

Tree = Any


def _line_ids(order: Order) -> list[str]:
    """Give the line ids as this door spells them: the sender's, or the place of a line that has none."""
    return [
        line.line_ref if line.line_ref is not None else str(place) for place, line in enumerate(order.content.lines, 1)
    ]


def _wanted(request: Request, name: str) -> list[str]:
    """Give every value of a query parameter that may be there several times, without empty ones."""
    pairs = parse_qsl(request.query_string.decode("utf-8", "replace"))
    return [value for key, value in pairs if key == name and value]


async def _eligibility(request: Request, name: str, units: Callable[[Order, Counters], int]) -> Reply:
    """Answer how many units of each line, or of those that `name` lists, can be dealt with."""
    query = request.query
    if not query.get("orderId"):
        raise faulty(Fault(("orderId",), "is required"))
    order = await by_id(request, query["orderId"])
    wanted, known = _wanted(request, name), _line_ids(order)
    unknown = [
        Fault((name, place), "is no line of the order") for place, each in enumerate(wanted) if each not in known
    ]
    if unknown:
        raise faulty(*unknown)
    items = []
    for line_id, counters in zip(known, order.counters, strict=True):
        if not wanted or line_id in wanted:
            count = units(order, counters)
            items.append(wire_calls.EligibleItem(line_id, count, count > 0))
    answer = wire_calls.Eligibility(to_hex24(order.order_id), [], None, None, items, [])
    return json_reply(200, answer, order_id=order.order_id)


async def cancel_eligibility(request: Request) -> Reply:
    """Say what of an order can be canceled: what is neither canceled nor shipped, while the order can be canceled at all."""
    return await _eligibility(
        request, "lineItemIds", lambda order, line: line.open if Verb.CANCEL in allowed_verbs(order.status) else 0
    )


async def exchange_eligibility(request: Request) -> Reply:
    """Say what of an order could be exchanged: what has shipped and is not asked back already."""
    if not request.headers.get(TENANT):
        raise header_fault(TENANT, "is required")
    return await _eligibility(request, "lineItemId", lambda _, line: line.shipped - line.return_requested)


async def cancel_order(request: Request) -> Reply:
    """Cancel an order, or the items the body lists: 200 and all of the order."""
    asked = decode_body(
        request.body, wire_calls.CancelRequest, lambda tree: duplicates_in(tree, "items", "lineItemId"), _quantities
    )
    order = await by_id(request, asked.orderId)
    items = asked.items or []
    reason = asked.reasonCode or next((each.reasonCode for each in items if each.reasonCode), None)
    command = cancel(
        order.order_id, lines=(lambda held: _lines(held, items)) if items else None,
        reason=reason, note=asked.note, topic=CANCEL, asked=parse(request.body),
    )  # fmt: skip
    return await order_reply(request, await execute_one(request, command))


def _quantities(tree: Tree) -> list[Fault]:
    """A quantity is a JSON number, and a whole one from 1."""
    items = tree.get("items") if isinstance(tree, dict) else None
    return [
        Fault(("items", place, "quantity"), f"must be a whole number from 1, not {str(quantity)[:40]}")
        for place, item in enumerate(items if isinstance(items, list) else [])
        if isinstance(item, dict)
        and isinstance(quantity := item.get("quantity"), int | Decimal)
        and not isinstance(quantity, bool)
        and (quantity < 1 or quantity != int(quantity))
    ]


def _lines(order: Order, items: list[wire_calls.CancelItem]) -> dict[int, int | None]:
    """Find the lines that are meant, or name all that is wrong with them."""
    known = {line_id: position for position, line_id in reversed([*enumerate(_line_ids(order))])}
    faults: list[Fault] = []
    found: dict[int, int | None] = {}
    for place, item in enumerate(items):
        position = known.get(item.lineItemId)
        if position is None:
            faults.append(Fault(("items", place, "lineItemId"), "is no line of the order"))
            continue
        open_units = order.counters[position].open
        quantity = None if item.quantity is None else int(item.quantity)
        if open_units == 0:
            faults.append(Fault(("items", place, "lineItemId"), "has nothing left to cancel"))
        elif quantity is not None and quantity > open_units:
            faults.append(
                Fault(("items", place, "quantity"), f"must be at most {open_units}, which are left to cancel")
            )
        found[position] = quantity
    if faults:
        raise faulty(*faults)
    return found


def _lines_parameter(name: str, several: str) -> dict[str, Any]:
    described = parameter(name, "query", f"The lines that are meant{several}; without any, all are.", required=False)
    return described | {"schema": {"type": "array", "items": {"type": "string"}}}


_ORDER_ID = parameter("orderId", "query", "The order's id, 24 hexadecimal digits.", required=True)
_TENANT = parameter(TENANT, "header", "The tenant's id; must be there, and nothing is looked up by it.", required=True)
_ELIGIBLE: dict[int, Any] = {200: wire_calls.Eligibility, **ERRORS, **ABSENT}
ROUTES = (
    Route(
        "GET", paths("/order/cancel"), cancel_eligibility, access.READ, "getCancelEligibility",
        "Say what of an order can be canceled", answers=_ELIGIBLE,
        parameters=(CONTEXT, _ORDER_ID, _lines_parameter("lineItemIds", ", each as a parameter of its own")),
    ),
    Route(
        "POST", paths("/order/cancel"), cancel_order, access.WRITE, "cancelOrder", "Cancel an order, lines, or units",
        request=wire_calls.CancelRequest, answers={200: wire.Order, **ERRORS, **LARGE, **ABSENT}, parameters=(CONTEXT,),
    ),
    Route(
        "GET", paths("/order/exchange"), exchange_eligibility, access.READ, "getExchangeEligibility",
        "Say what of an order could be exchanged", answers=_ELIGIBLE,
        parameters=(CONTEXT, _TENANT, _ORDER_ID, _lines_parameter("lineItemId", "")),
    ),
)  # fmt: skip
