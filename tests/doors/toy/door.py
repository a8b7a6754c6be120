"""A toy vendor's door on one page: what CONTRIBUTING.md, "Add a vendor", asks for, at its smallest.

The vendor's body is `{"no": "T-1", "items": [{"code": "A", "count": 2}], "remark": "…"}`. Its calls create, read, change the
remark or the items, and cancel an order.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from crossdock.core.errors import Code, Path, Refusal
from crossdock.core.events import Event
from crossdock.core.ids import from_digits, to_digits
from crossdock.core.json.request_body import EntityReference, ParsedBody, parse_body
from crossdock.core.json.strict_json import parse
from crossdock.core.json.validation import unchecked
from crossdock.core.json.value_types import NonEmpty, Quantity
from crossdock.core.orders.commands import CancelOrder, Command, EditOrder
from crossdock.core.orders.model import Content, Line, Order
from crossdock.doors.contract import Door, Reply, Request, Route, encode_json, json_reply
from crossdock.flows import access, queries, rendering
from crossdock.flows.execute import execute
from crossdock.flows.formats import Format, MissingFields, ReferenceData
from crossdock.flows.intake import Submission

Document = dict[str, Any]


# ------------------------------------------------------------------------------------------------------------------- wire
class Item(Struct):
    """One item of an order."""

    code: NonEmpty
    count: Quantity


class OrderCreate(Struct):
    """The body of the create call."""

    no: NonEmpty
    items: list[Item]
    remark: str | None = None


# ---------------------------------------------------------------------------------------------------------------- mapping
class ToyFormat(Format):
    """The toy vendor's document; see flows.formats.Format."""

    name = "toy"
    lines = "items"
    number_path: Path = ("no",)

    def parse(self, raw: bytes) -> ParsedBody:
        """Parse a create body."""
        return parse_body(raw, OrderCreate, natural=lambda sent: (sent.no,))

    def parse_rendered(self, document: Document) -> ParsedBody:
        """Parse a document this format wrote."""
        return ParsedBody(document, unchecked(document, OrderCreate))

    def to_content(self, body: ParsedBody, reference_data: ReferenceData) -> Content:
        """Make canonical content of a body."""
        sent: OrderCreate = body.shape
        lines = tuple(Line(item.count, sku=item.code) for item in sent.items)
        return Content(number=sent.no, lines=lines, notes=sent.remark)

    def from_content(self, content: Content, reference_data: ReferenceData, missing_fields: MissingFields) -> Document:
        """Write content in the shape of the create body."""
        items = [
            {"code": missing_fields.fill(line.sku, "", "items", place, "code"), "count": line.quantity}
            for place, line in enumerate(content.lines)
        ]
        remark = {} if content.notes is None else {"remark": content.notes}
        return {"no": content.number, "items": items, **remark}

    def references(self, content: Content) -> tuple[EntityReference, ...]:
        """Name nothing: this vendor has no catalog."""
        return ()

    def to_response(
        self, document: Document, order: Order, reference_data: ReferenceData, history: Sequence[Event] = ()
    ) -> Document:
        """Add the order's id and status."""
        return {"id": to_digits(order.order_id), "state": str(order.status), **document}

    def create_response(self, document: Document, order: Order, reference_data: ReferenceData) -> bytes:
        """Answer the whole order."""
        return encode_json(self.to_response(document, order, reference_data))


FORMAT = ToyFormat()


# ----------------------------------------------------------------------------------------------------------------- routes
async def create_order(request: Request) -> Reply:
    """Create an order: 201 and the whole of it."""
    outcome = await request.intake.submit(Submission(request.caller, FORMAT, request.body))
    return Reply(201, outcome.reply, order_id=outcome.order_id, outcome=outcome.status)


async def get_order(request: Request) -> Reply:
    """Answer one order."""
    order = await queries.order(request.context, request.caller, order_id=_order_id(request))
    return await _answer(request, order)


async def change_order(request: Request) -> Reply:
    """Replace the members that the body names."""
    changes = parse(request.body)
    edit = EditOrder(order_id=_order_id(request), door=FORMAT.name, change=lambda document, _: document | changes)
    return await _execute(request, edit)


async def cancel_order(request: Request) -> Reply:
    """Cancel the whole order."""
    return await _execute(request, CancelOrder(order_id=_order_id(request)))


async def _execute(request: Request, command: Command) -> Reply:
    (change,) = await execute(request.context, request.caller, [command], door=FORMAT.name)
    return await _answer(request, change.order)


async def _answer(request: Request, order: Order) -> Reply:
    rendered = await rendering.render(request.context, request.caller, order, door=FORMAT.name)
    return json_reply(200, rendered.document, order_id=order.order_id)


def _order_id(request: Request) -> int | None:
    return from_digits(request.params["id"])


# ----------------------------------------------------------------------------------------------------------------- errors
_STATUSES = {
    Code.NO_TOKEN: 401, Code.BAD_TOKEN: 401, Code.NO_SCOPE: 403, Code.NO_ORDER: 404, Code.NO_ROUTE: 404,
    Code.STATE_FORBIDS: 409, Code.NUMBER_TAKEN: 409, Code.UNAVAILABLE: 503, Code.OVERLOADED: 503, Code.TOO_MANY_ATTEMPTS: 429,
    Code.RATE_LIMITED: 429,
    Code.BAD_REQUEST: 400, Code.HEAD_TOO_LARGE: 431, Code.TOO_SLOW: 408,
}  # fmt: skip


def refuse(refusal: Refusal | None, request: Request) -> Reply:
    """Render a refusal, or a bug (None), with every fault and its path."""
    if refusal is None:
        return json_reply(500, {"error": "an unexpected error occurred"})
    faults = [{"path": "/".join(map(str, fault.path)), "reason": fault.reason} for fault in refusal.faults]
    return json_reply(_STATUSES.get(refusal.code, 400), {"error": refusal.reason, "faults": faults})


ROUTES = (
    Route("POST", ("/toy/orders",), create_order, access.WRITE, "toyCreate", "Create an order", request=OrderCreate),
    Route("GET", ("/toy/orders/{id}",), get_order, access.READ, "toyGet", "Get an order"),
    Route("PATCH", ("/toy/orders/{id}",), change_order, access.WRITE, "toyChange", "Change an order"),
    Route("POST", ("/toy/orders/{id}/cancel",), cancel_order, access.WRITE, "toyCancel", "Cancel an order"),
)
DOOR = Door("toy", "Toy vendor", ROUTES, refuse, format=FORMAT)
