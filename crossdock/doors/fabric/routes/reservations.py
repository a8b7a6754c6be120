"""Backorder and preorder reservations: make, read, change and remove them, and record the customer's consent."""

from typing import Any

from msgspec import Struct

from crossdock.core.errors import Conflict, Fault, Invalid, NotFound, Path
from crossdock.core.json.request_body import validate
from crossdock.core.json.strict_json import parse
from crossdock.core.orders.allocating import AllocateOrder
from crossdock.core.orders.backordering import AnswerLineBackorder, SetBackordered, Wait, position_of, wait_of
from crossdock.core.orders.commands import Command
from crossdock.core.orders.model import Order, line_ids
from crossdock.core.orders.status import Verb, allowed_verbs
from crossdock.core.time import format_time
from crossdock.doors import Reply, Request, Route, encode_json, json_reply
from crossdock.doors.fabric import examples_allocation, reservations
from crossdock.doors.fabric import wire_allocation as wire
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, faulty, not_found
from crossdock.doors.fabric.reservations import KIND, LineKey, own_key
from crossdock.doors.fabric.responses import DOOR
from crossdock.doors.fabric.routes.common import (
    CONTEXT,
    execute_one,
    order_by_id,
    order_by_number,
    parameter,
    paths,
    read_body,
    read_document,
)
from crossdock.flows import access, allocations, catalog, queries
from crossdock.flows.catalog import CatalogEntry, Draft
from crossdock.flows.execute import Change, execute

Tree = Any
_WHAT = "reservation"


class _Found(Struct, frozen=True):
    """A line of an order, how it waits (None where nothing does), its order in fabric's format, and the stored document."""

    order: Order
    position: int
    line_id: str
    wait: Wait | None
    document: dict[str, Tree]
    own: dict[str, Tree] | None

    @property
    def key(self) -> str:
        """The key of the stored document."""
        return own_key(self.order.order_id, self.line_id, self.wait.since if self.wait else 0)

    def render(self) -> dict[str, Tree]:
        """Render the reservation."""
        return reservations.reservation_document(self.order, self.position, self.document, self.wait, self.own or {})


# --------------------------------------------------------------------------------------------------------------- reading
async def _look_up(request: Request, order: Order, line_id: str) -> _Found:
    """Read a line of an order with what is known of its wait. Refuses with NotFound an unknown line."""
    position = position_of(order, line_id)
    if position is None:
        raise not_found(_WHAT)
    described = await allocations.describe(request.context, request.caller, [order], door=DOOR)
    one = described[order.order_id]
    wait = wait_of(one.history, line_id)
    stored: list[CatalogEntry] = []
    if wait is not None:
        keys = [own_key(order.order_id, line_id, wait.since)]
        stored = await catalog.find(request.context, request.caller, kind=KIND, keys=keys)
    return _Found(order, position, line_id, wait, one.document, parse(stored[0].document) if stored else None)


async def _order(request: Request, *, number: str | None = None, order_id: int | None = None) -> Order:
    """Read the order of a reservation, by its number or its id."""
    try:
        if number is not None:
            return await order_by_number(request, number)
        return await queries.order(request.context, request.caller, order_id=order_id)
    except NotFound:
        raise not_found(_WHAT) from None


async def _waiting(request: Request, key: LineKey, *, number: str | None = None) -> _Found:
    """Read a reservation. Refuses with NotFound where nothing of its line waits."""
    order = await _order(request, number=number, order_id=key.order_id)
    found = await _look_up(request, order, key.line_id)
    if found.wait is None:
        raise not_found(_WHAT)
    return found


async def get_reservation(request: Request) -> Reply:
    """Read the reservation of a query parameter."""
    text = request.query.get(_ID)
    if not text:
        raise faulty(Fault((_ID,), "is required"))
    found = await _waiting(request, reservations.parse_reservation_id(text))
    return json_reply(200, found.render(), order_id=found.order.order_id)


async def list_reservations(request: Request) -> Reply:
    """List the reservations of an order, in the order of its lines; 404 where it has none."""
    order = await _order(request, number=request.params["orderNumber"])
    lines = zip(line_ids(order.content.lines), order.counters, strict=True)
    ids = [line_id for line_id, counters in lines if counters.backordered]
    if not ids:
        raise not_found(_WHAT)
    found = [await _look_up(request, order, line_id) for line_id in ids]
    return json_reply(200, [each.render() for each in found], order_id=order.order_id)


# ---------------------------------------------------------------------------------------------------------------- making
async def reserve(request: Request) -> Reply:
    """Let units of an order line wait for stock: 200 and the reservation.

    A line that waits already, because no stock was left for it, gets its reservation's fields by the first call.
    """
    body, tree = read_document(request, wire.ReservationRequest)
    order = await _reserved_order(request, body)
    found = await _look_up(request, order, body.lineItemId)
    if found.own is not None:
        raise faulty(Fault(("lineItemId",), "has a reservation already"))
    waiting = order.counters[found.position].backordered
    if body.backOrderedQuantity < waiting:
        raise faulty(Fault(("backOrderedQuantity",), f"must be at least {waiting}, which wait for stock already"))
    own = reservations.own_fields(tree)

    async def store(tx: Any, change: Change) -> bytes:
        if found.wait is None and not change.events:  # another request made it meanwhile
            raise faulty(Fault(("lineItemId",), "has a reservation already"))
        since = found.wait.since if found.wait else change.events[0].number
        key, draft = own_key(order.order_id, body.lineItemId, since), _draft(own)
        await catalog.add_in(tx, request.context, request.caller, kind=KIND, key=key, draft=draft)
        return b""

    try:
        change = await _set_waiting(request, order, body.lineItemId, body.backOrderedQuantity, store)
    except Conflict as conflict:
        if conflict.facts.get("what") != KIND:
            raise
        raise faulty(Fault(("lineItemId",), "has a reservation already")) from None
    made = await _look_up(request, change.order, body.lineItemId)
    return json_reply(200, made.render(), order_id=order.order_id)


async def _reserved_order(request: Request, body: wire.ReservationRequest) -> Order:
    """Read the order that a new reservation names. Refuses with Invalid another line, SKU or item than the order has."""
    try:
        order = await order_by_number(request, body.orderNumber)
    except NotFound:
        raise not_found("new reservation") from None
    position = position_of(order, body.lineItemId)
    if position is None:
        raise faulty(Fault(("lineItemId",), "is not a line of the order"))
    line = order.content.lines[position]
    faults = [
        Fault((name,), f"must be that of the line, {has or 'empty'}")
        for name, sent, has in (("sku", body.sku, line.sku), ("itemId", body.itemId, line.product_ref))
        if sent and has is not None and sent != has
    ]
    if faults:
        raise faulty(*faults)
    return order


async def _set_waiting(request: Request, order: Order, line_id: str, quantity: int, store: Any = None) -> Change:
    """Execute the command; its fault is about the field of the body."""
    command = SetBackordered(order_id=order.order_id, line_id=line_id, quantity=quantity, reason="reservation")
    try:
        (change,) = await execute(request.context, request.caller, [command], door=DOOR, reply=store)
    except Invalid as invalid:
        renamed: dict[Path, Path] = {("quantity",): ("backOrderedQuantity",)}
        raise faulty(*(Fault(renamed.get(each.path, each.path), each.reason) for each in invalid.faults)) from None
    return change


def _draft(own: dict[str, Tree]) -> Draft:
    return Draft(encode_json({name: value for name, value in own.items() if value is not None}))


# -------------------------------------------------------------------------------------------------------------- changing
async def update_reservation(request: Request) -> Reply:
    """Change the fields of a reservation that are in the body: 200 and the reservation."""
    sent = parse(request.body)
    if isinstance(sent, str):  # the vendor's description types the body as text
        sent = parse(sent.encode())
    tree = reservations.normalized(sent, wire.ReservationUpdate)
    body = validate(tree, wire.ReservationUpdate)
    key = LineKey(None, request.params["lineItemId"])
    found = await _waiting(request, key, number=request.params["orderNumber"])
    order = found.order
    if body.backOrderedQuantity is not None:
        order = (await _set_waiting(request, order, found.line_id, body.backOrderedQuantity)).order
    after = await _look_up(request, order, found.line_id)
    if after.wait is not None:
        await _store_own(request, after, reservations.own_fields(tree))
        return json_reply(200, (await _look_up(request, order, found.line_id)).render(), order_id=order.order_id)
    await _forget(request, found)
    ended = reservations.reservation_document(order, after.position, after.document, found.wait, found.own or {})
    return json_reply(200, ended, order_id=order.order_id)


async def _store_own(request: Request, found: _Found, fields: dict[str, Tree]) -> None:
    """Merge fields into the stored document of a wait; null removes."""

    def make(before: CatalogEntry | None) -> Draft:
        return _draft((parse(before.document) if before else {}) | fields)

    await catalog.change(request.context, request.caller, kind=KIND, key=found.key, make=make, create=True)


async def _forget(request: Request, found: _Found) -> None:
    """Remove the stored document of a wait that has ended."""
    if found.own is None:
        return
    try:
        await catalog.remove(request.context, request.caller, kind=KIND, key=found.key)
    except NotFound:  # removed by a concurrent call
        return


async def delete_reservation(request: Request) -> Reply:
    """End the wait of a line: nothing is planned for its units then. 200 and the reservation as it was."""
    found = await _waiting(request, reservations.parse_reservation_id(request.params["id"]))
    await _set_waiting(request, found.order, found.line_id, 0)
    await _forget(request, found)
    return json_reply(200, found.render(), order_id=found.order.order_id)


async def consent(request: Request) -> Reply:
    """Record what the customer says to the delay: 200 and the reservation. DECLINE cancels the units that wait."""
    body = read_body(request, wire.ConsentRequest)
    found = await _waiting(request, reservations.parse_reservation_id(body.backOrderId))
    answer = {"ACCEPT": "accept", "DECLINE": "cancel"}[body.action]
    command = AnswerLineBackorder(order_id=found.order.order_id, line_id=found.line_id, answer=answer)
    try:
        change = await execute_one(request, command)
    except NotFound:  # served, or canceled, by a concurrent call
        raise not_found(_WHAT) from None
    if found.own and any(name in found.own for name in reservations.CONSENT):
        await _store_own(request, found, dict.fromkeys(reservations.CONSENT))
    if body.action == "ACCEPT":
        return json_reply(200, (await _look_up(request, change.order, found.line_id)).render())
    await _forget(request, found)
    after = await _look_up(request, change.order, found.line_id)
    document = reservations.reservation_document(
        change.order, after.position, after.document, found.wait, found.own or {}
    )
    answered = {"consentToDelay": "false", "consentDate": format_time(change.order.updated_at)}
    return json_reply(200, document | answered | {"lineItemStatus": "CANCELLED"}, order_id=found.order.order_id)


async def update_order(request: Request) -> Reply:
    """Look again whether there is stock for the units of an order that wait: 200 and an empty object."""
    sent = parse(request.body)
    if isinstance(sent, str):
        sent = parse(sent.encode())
    notice = validate(reservations.normalized(sent, wire.OrderNotice), wire.OrderNotice)
    if not notice.orderId and not notice.orderNumber:
        raise faulty(Fault(("orderNumber",), "is required"))
    try:
        by_id = await order_by_id(request, notice.orderId) if notice.orderId else None
        order = by_id or await order_by_number(request, notice.orderNumber or "")
    except NotFound:
        raise not_found(_WHAT) from None
    command: Command = AllocateOrder(
        order_id=order.order_id, retry=True,
        skip_if=lambda one: not one.is_waiting or Verb.ALLOCATE not in allowed_verbs(one.status),
    )  # fmt: skip
    await execute_one(request, command)
    return json_reply(200, wire.Nothing(), order_id=order.order_id)


# ---------------------------------------------------------------------------------------------------------------- routes
_ID = "BackOrderPreOrderReservationId"
_BASE = "/backpre-order/backorderpreorder-reserve"
# The vendor documents these calls with the bearer token alone.
_CONTEXT = (CONTEXT | {"required": False},)
_ONE: dict[int, Any] = {200: wire.Reservation, **ERRORS, **ABSENT}
_EXAMPLES: dict[int | str, Any] = {200: examples_allocation.RESERVATION, 404: examples_allocation.NO_RESERVATION}
ROUTES = (
    Route(
        "GET", paths(_BASE), get_reservation, access.READ, "getReservation", "Read a reservation", answers=_ONE,
        parameters=(*_CONTEXT, parameter(_ID, "query", "The id of the reservation.", required=True)),
        description="Returns the units of an order line that wait for stock. A line of which nothing waits is a 404.",
        examples=_EXAMPLES,
    ),
    Route(
        "POST", paths(_BASE), reserve, access.WRITE, "createReservation", "Let units of an order line wait for stock",
        request=wire.ReservationRequest, answers={**_ONE, **LARGE}, parameters=_CONTEXT,
        description=(
            "Lets units of the line wait that are not allocated, shipped or canceled; stock that comes serves them. For a line "
            "that waits already, because no stock was left, it stores the other fields. A second reservation is a 400."
        ),
        examples={
            "request": examples_allocation.RESERVE, 200: examples_allocation.RESERVATION,
            404: examples_allocation.NO_NEW_RESERVATION,
        },
    ),
    Route(
        "GET", paths(f"{_BASE}/{{orderNumber}}"), list_reservations, access.READ, "listReservations",
        "List the reservations of an order",
        answers={200: {"type": "array", "items": wire.Reservation}, **ERRORS, **ABSENT}, parameters=_CONTEXT,
        description="Lists the lines of the order that wait for stock; none is a 404.",
        examples={200: [examples_allocation.RESERVATION], 404: examples_allocation.NO_RESERVATION},
    ),
    Route(
        "DELETE", paths(f"{_BASE}/{{id}}"), delete_reservation, access.WRITE, "deleteReservation", "Remove a reservation",
        answers=_ONE, parameters=_CONTEXT,
        description="Ends the wait: nothing is planned for the units then, and they are not canceled. Returns what it was.",
        examples=_EXAMPLES,
    ),
    Route(
        "PUT", paths(f"{_BASE}/{{lineItemId}}/{{orderNumber}}"), update_reservation, access.WRITE, "updateReservation",
        "Change a reservation",
        request=wire.ReservationUpdate, answers={**_ONE, **LARGE}, parameters=_CONTEXT,
        description=(
            "Merges the body into the reservation; it may also be a JSON text that holds the object. `backOrderedQuantity` is "
            "how many units wait from now on; 0 ends the wait."
        ),
        examples={
            "request": examples_allocation.RESERVATION_CHANGE, 200: examples_allocation.CHANGED_RESERVATION,
            404: examples_allocation.NO_RESERVATION,
        },
    ),
    Route(
        "POST", paths("/backpre-order/backorderpreorder-update"), update_order, access.WRITE, "updateReservationsOfOrder",
        "Look again for stock for an order that waits",
        request=wire.OrderNotice, answers={200: wire.Nothing, **ERRORS, **LARGE, **ABSENT}, parameters=_CONTEXT,
        description=(
            "Allocates units of the order that wait, as far as there is stock. The body is an order, or a JSON text that holds "
            "one; only its id or number is read."
        ),
        examples={"request": examples_allocation.NOTICE, 200: {}, 404: examples_allocation.NO_RESERVATION},
    ),
    Route(
        "POST", paths("/backpre-order/order/backorder/consent-to-delay", "/order/backorder/consent-to-delay"),
        consent, access.WRITE, "consentToDelay", "Record the customer's consent to a delay",
        request=wire.ConsentRequest, answers={**_ONE, **LARGE}, parameters=_CONTEXT,
        description=(
            "ACCEPT records that the customer waits. DECLINE cancels the units of the line that wait, and ends the reservation."
        ),
        examples={
            "request": examples_allocation.CONSENT, 200: examples_allocation.CONSENTED,
            404: examples_allocation.NO_RESERVATION,
        },
    ),
)  # fmt: skip
