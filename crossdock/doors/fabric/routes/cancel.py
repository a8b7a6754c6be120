"""Cancel orders, and say which units can be canceled or exchanged."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from crossdock.core.errors import Fault
from crossdock.core.ids import to_hex24
from crossdock.core.json.request_body import duplicates_in
from crossdock.core.json.strict_json import FAULTS_LIMIT
from crossdock.core.orders.model import Order, line_ids
from crossdock.core.orders.status import Counters, Verb, allowed_verbs
from crossdock.doors import Reply, Request, Route, json_reply
from crossdock.doors.fabric import examples, wire_calls, wire_responses
from crossdock.doors.fabric.edits import cancel_command
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, faulty
from crossdock.doors.fabric.history import CANCEL
from crossdock.doors.fabric.routes.common import (
    CONTEXT,
    execute_one,
    order_by_id,
    order_reply,
    parameter,
    paths,
    read_document,
)
from crossdock.doors.fabric.routes.site_context import TENANT, header_fault
from crossdock.flows import access

Tree = Any
Units = Callable[[Counters], int]
# The vendor's defaults, of its policies; Crossdock has none and checks no period.
POLICY, PERIOD = "DEFAULT", "30D00H00M"


def query_values(request: Request, name: str) -> list[str]:
    """Read the values of a query parameter that may be repeated, without empty ones."""
    pairs = parse_qsl(request.query_string.decode("utf-8", "replace"))
    return [value for key, value in pairs if key == name and value]


async def _eligibility(request: Request, name: str, units: Callable[[Order], Units]) -> Reply:
    """Count the eligible units of each line, or of the lines listed in the query parameter `name`.

    `units` makes the function that counts for the lines of one order.
    """
    query = request.query
    if not query.get("orderId"):
        raise faulty(Fault(("orderId",), "is required"))
    order = await order_by_id(request, query["orderId"])
    requested, ids = query_values(request, name), line_ids(order.content.lines)
    known, wanted = set(ids), set(requested)
    unknown = [
        Fault((name, index), "is not a line of the order") for index, each in enumerate(requested) if each not in known
    ]
    if unknown:
        raise faulty(*unknown[:FAULTS_LIMIT])
    items, units_of = [], units(order)
    for line_id, counters in zip(ids, order.counters, strict=True):
        if not wanted or line_id in wanted:
            count = units_of(counters)
            items.append(wire_calls.EligibleItem(line_id, count, count > 0))
    eligibility = wire_calls.Eligibility(to_hex24(order.order_id), [], POLICY, PERIOD, items, [])
    return json_reply(200, eligibility, order_id=order.order_id)


async def cancel_eligibility(request: Request) -> Reply:
    """Count the units that can be canceled: those neither canceled nor shipped, none where the status forbids it."""
    return await _eligibility(request, "lineItemIds", _cancelable)


def _cancelable(order: Order) -> Units:
    can_cancel = Verb.CANCEL in allowed_verbs(order.status)  # the status is derived from all lines
    return lambda line: line.open if can_cancel else 0


async def exchange_eligibility(request: Request) -> Reply:
    """Count the units that could be exchanged: shipped, and without a requested return."""
    if not request.headers.get(TENANT):
        raise header_fault(TENANT, "is required")
    return await _eligibility(request, "lineItemId", lambda _: lambda line: line.shipped - line.return_requested)


async def cancel_order(request: Request) -> Reply:
    """Cancel an order, or the items in the body: 200 and the full order."""
    body, document = read_document(
        request,
        wire_calls.CancelRequest,
        lambda tree: duplicates_in(tree, "items", "lineItemId"),
        _quantity_faults,
    )
    order = await order_by_id(request, body.orderId)
    items = body.items or []
    reason = body.reasonCode or next((each.reasonCode for each in items if each.reasonCode), None)
    command = cancel_command(
        order.order_id, lines=(lambda current: _lines(current, items)) if items else None,
        reason=reason, note=body.note, topic=CANCEL, data=document,
    )  # fmt: skip
    return await order_reply(request, await execute_one(request, command))


def _quantity_faults(tree: Tree) -> list[Fault]:
    """Check that quantities are whole numbers from 1; the vendor writes them as JSON numbers."""
    items = tree.get("items") if isinstance(tree, dict) else None
    return [
        Fault(("items", index, "quantity"), f"must be a whole number from 1, not {str(quantity)[:40]}")
        for index, item in enumerate(items if isinstance(items, list) else [])
        if isinstance(item, dict)
        and isinstance(quantity := item.get("quantity"), int | Decimal)
        and not isinstance(quantity, bool)
        and (quantity < 1 or quantity != int(quantity))
    ]


def _lines(order: Order, items: list[wire_calls.CancelItem]) -> dict[int, int | None]:
    """Map the items to positions of lines and quantities. Raises Invalid with all faults."""
    positions = {line_id: position for position, line_id in enumerate(line_ids(order.content.lines))}
    faults: list[Fault] = []
    lines: dict[int, int | None] = {}
    for index, item in enumerate(items):
        position = positions.get(item.lineItemId)
        if position is None:
            faults.append(Fault(("items", index, "lineItemId"), "is not a line of the order"))
            continue
        open_units = order.counters[position].open
        quantity = None if item.quantity is None else int(item.quantity)
        if open_units == 0:
            faults.append(Fault(("items", index, "lineItemId"), "has nothing left to cancel"))
        elif quantity is not None and quantity > open_units:
            faults.append(
                Fault(("items", index, "quantity"), f"must be at most {open_units}, which are left to cancel")
            )
        lines[position] = quantity
    if faults:
        raise faulty(*faults[:FAULTS_LIMIT])
    return lines


def _lines_parameter(name: str, several: str) -> dict[str, Any]:
    described = parameter(name, "query", f"Ids of lines{several}; all lines where it is omitted.", required=False)
    return described | {"schema": {"type": "array", "items": {"type": "string"}}}


_ORDER_ID = parameter("orderId", "query", "The order's id, 24 hexadecimal digits.", required=True)
_TENANT = parameter(TENANT, "header", "The tenant's id; required, and not used.", required=True)
_ELIGIBILITY_ANSWERS: dict[int, Any] = {200: wire_calls.Eligibility, **ERRORS, **ABSENT}
ROUTES = (
    Route(
        "GET", paths("/order/cancel"), cancel_eligibility, access.READ, "getCancelEligibility",
        "List the units of an order that can be canceled", answers=_ELIGIBILITY_ANSWERS,
        parameters=(CONTEXT, _ORDER_ID, _lines_parameter("lineItemIds", ", one in each repetition of the parameter")),
        description="Counts the units of each line that are neither canceled nor shipped. Any reason code is accepted.",
        examples={200: examples.CANCEL_ELIGIBILITY, 404: examples.NO_ORDER},
    ),
    Route(
        "POST", paths("/order/cancel"), cancel_order, access.WRITE, "cancelOrder", "Cancel an order, lines, or units",
        request=wire_calls.CancelRequest, answers={200: wire_responses.Order, **ERRORS, **LARGE, **ABSENT},
        parameters=(CONTEXT,),
        description=(
            "Cancels the `quantity` of each item, or everything that is left of it; without items the whole order, which is "
            "refused once something has shipped. Either all items are canceled or none."
        ),
        examples={"request": examples.CANCEL, 200: examples.CANCELED, 404: examples.NO_ORDER},
    ),
    Route(
        "GET", paths("/order/exchange"), exchange_eligibility, access.READ, "getExchangeEligibility",
        "List the units of an order that could be exchanged", answers=_ELIGIBILITY_ANSWERS,
        parameters=(CONTEXT, _TENANT, _ORDER_ID, _lines_parameter("lineItemId", "")),
        description="Counts the units of each line that have shipped and whose return was not requested.",
        examples={200: examples.EXCHANGE_ELIGIBILITY, 404: examples.NO_ORDER},
    ),
)  # fmt: skip
