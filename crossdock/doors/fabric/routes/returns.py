"""Returns and exchanges of order lines: which units can be returned, and what became of them."""

from collections.abc import Callable
from typing import Any

import msgspec

from crossdock.core.errors import Fault, NotFound
from crossdock.core.ids import from_hex24, to_hex24
from crossdock.core.json.strict_json import FAULTS_LIMIT, parse
from crossdock.core.orders.commands import AddNote, Command
from crossdock.core.orders.model import Order, line_ids
from crossdock.core.returns.commands import eligible_lines
from crossdock.doors import Reply, Request, Route, encode_json, json_reply
from crossdock.doors.fabric import examples, examples_returns, returns, wire_calls
from crossdock.doors.fabric import wire_returns as wire
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, faulty, not_found
from crossdock.doors.fabric.history import RETURN
from crossdock.doors.fabric.responses import DOOR
from crossdock.doors.fabric.returns import KIND
from crossdock.doors.fabric.routes.cancel import query_values
from crossdock.doors.fabric.routes.common import CONTEXT, order_by_id, parameter, paths, read_document
from crossdock.doors.fabric.routes.shipments import attempt
from crossdock.doors.fabric.routes.site_context import TENANT, header_fault
from crossdock.flows import access, catalog, fulfillment, locations, queries
from crossdock.flows.catalog import Draft
from crossdock.flows.execute import Change, execute

Tree = Any


async def return_eligibility(request: Request) -> Reply:
    """Count the units of each line, or of the lines in the query, that can be returned by the return policy."""
    query = request.query
    if not query.get("orderId"):
        raise faulty(Fault(("orderId",), "is required"))
    order = await order_by_id(request, query["orderId"])
    policy = await fulfillment.return_policy(request.context, request.caller)
    ids, wanted = line_ids(order.content.lines), query_values(request, "lineItemId")
    unknown = [
        Fault(("lineItemId", place), "is not a line of the order")
        for place, each in enumerate(wanted)
        if each not in ids
    ]
    if unknown:
        raise faulty(*unknown[:FAULTS_LIMIT])
    found = eligible_lines(order, policy, request.context.clock())
    items = [
        wire_calls.EligibleItem(ids[each.line], each.units, each.units > 0)
        for each in found
        if not wanted or ids[each.line] in wanted
    ]
    days = "30D00H00M" if policy.days is None else f"{policy.days:02d}D00H00M"
    eligibility = wire_calls.Eligibility(
        to_hex24(order.order_id), list(policy.reasons), policy.name.upper(), days, items, []
    )
    return json_reply(200, eligibility, order_id=order.order_id)


async def return_order(request: Request) -> Reply:
    """Record what is to come back of an order, or has: 201 and what became of each item."""
    if not request.headers.get(TENANT):
        raise header_fault(TENANT, "is required")
    body, tree = read_document(request, wire.ReturnRequest, _attributes_fault)
    return await attempt(lambda: _return(request, body, tree))


def _attributes_fault(tree: Tree) -> list[Fault]:
    """Check the attributes that are sent as the text of an object, as in the vendor's sample."""
    text = tree.get("attributes") if isinstance(tree, dict) else None
    if not isinstance(text, str) or not text:
        return []
    try:
        is_object = isinstance(msgspec.json.decode(text.encode()), dict)
    except (msgspec.DecodeError, RecursionError):
        is_object = False
    return [] if is_object else [Fault(("attributes",), "must be an object, or the text of one")]


async def _return(request: Request, body: wire.ReturnRequest, tree: Tree) -> Reply:
    context, caller = request.context, request.caller
    try:
        order = await queries.order(context, caller, order_id=from_hex24(body.orderId))
    except NotFound:
        raise not_found("returned order") from None
    if faults := returns.body_faults(body, order):
        raise faulty(*faults[:FAULTS_LIMIT])
    policy = await fulfillment.return_policy(context, caller)
    place = await _return_place(request, order)
    keys = [to_hex24(each.return_id) for each in order.returns]
    stored = await catalog.find(context, caller, kind=KIND, keys=keys) if keys else []
    remembered = {one.key: parse(one.document).get("items", []) for one in stored}
    planner = returns.Planner(order, policy, context.clock(), fulfillment.new_ids(context), place, remembered)
    plan = planner.make(body)
    if plan.commands:
        await _execute(request, order, plan, tree)
    return json_reply(201, returns.response(plan, policy), order_id=order.order_id)


async def _execute(request: Request, order: Order, plan: returns.Plan, tree: Tree) -> None:
    """Execute the commands of a plan on the order as it was read, and remember its replacements in the same transaction."""
    first = msgspec.structs.replace(plan.commands[0], version=order.version)
    kinds = {each.item.returnType for each in plan.judged}
    note: Command = AddNote(
        order_id=order.order_id, text=f"return {', '.join(sorted(kinds)).lower()}", topic=RETURN, data=tree
    )
    is_stored: list[bool] = []

    async def store(tx: Any, _: Change) -> bytes:
        if not is_stored:
            is_stored.append(True)
            for return_id, rows in plan.waiting.items():
                draft = Draft(encode_json({"items": rows}))
                await catalog.add_in(
                    tx, request.context, request.caller, kind=KIND, key=to_hex24(return_id), draft=draft
                )
        return b""

    await execute(request.context, request.caller, [first, *plan.commands[1:], note], door=DOOR, reply=store)


async def _return_place(request: Request, order: Order) -> Callable[[int, str | None], str | None]:
    """Return a function of a line and the id of a shipment: the location that takes the returned units, None if there is none.

    It is the location of the shipment, without one the latest that shipped the line, among those that take returns: their
    attribute isReturn or isReturns is true.
    """
    shipped_from = [
        (line.line, to_hex24(each.fulfillment_id), each.location)
        for each in order.fulfillments
        for line in each.lines
        if line.shipped
    ]
    codes = sorted({code for _, _, code in shipped_from})
    found = await locations.find(request.context, request.caller, codes) if codes else []
    taking = set()
    for one in found:
        attributes = (one.location.door_fields.get(DOOR) or {}).get("attributes") or {}
        if any(attributes.get(name) in (True, "true") for name in ("isReturn", "isReturns")):
            taking.add(one.location.code)

    def place(line: int, shipment_id: str | None) -> str | None:
        candidates = [each for each in shipped_from if each[0] == line and shipment_id in (None, each[1])]
        return next((code for _, _, code in reversed(candidates) if code in taking), None)

    return place


# ---------------------------------------------------------------------------------------------------------------- routes
_ORDER_ID = parameter("orderId", "query", "The order's id, 24 hexadecimal digits.", required=True)
_LINE_ID = parameter("lineItemId", "query", "Ids of lines; all lines where it is omitted.") | {
    "schema": {"type": "array", "items": {"type": "string"}}
}
_TENANT = parameter(TENANT, "header", "The tenant's id; required, and not used.", required=True)
ROUTES = (
    Route(
        "GET", paths("/order/returns"), return_eligibility, access.READ, "getReturnEligibility",
        "List the units of an order that can be returned",
        answers={200: wire_calls.Eligibility, **ERRORS, **ABSENT}, parameters=(CONTEXT, _ORDER_ID, _LINE_ID),
        description="Counts the units of each line that shipped, are in no return yet, and that the return policy lets return.",
        examples={200: examples_returns.ELIGIBILITY, 404: examples.NO_ORDER},
    ),
    Route(
        "POST", paths("/order/returns"), return_order, access.WRITE, "returnOrder", "Record returns of an order",
        request=wire.ReturnRequest, answers={201: wire.ReturnResponse, **ERRORS, **LARGE, **ABSENT},
        parameters=(CONTEXT, _TENANT),
        description=(
            "Records that units are to come back (PENDING), have come (PROCESSING), are accepted and refunded (RECEIVED) or "
            "refused (REJECTED). Each item is answered for itself; what cannot be returned is REJECTED or a POLICY_VIOLATION. "
            "With `exchange`, replacements become lines of the order."
        ),
        examples={"request": examples_returns.RETURN, 201: examples_returns.RETURNED, 404: examples_returns.NO_ORDER},
    ),
)  # fmt: skip
