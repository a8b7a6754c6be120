"""Returns of Pitney Bowes Fulfillment: as they are stored, returned and searched, and the lines of an order they name; pure.

The vendor's document is a catalog entry of the kind `KIND`. Where it names an order of the book, that order has a return; the
status of the two is one.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from crossdock.core.errors import Fault
from crossdock.core.ids import from_digits
from crossdock.core.json.request_body import validate
from crossdock.core.json.strict_json import parse
from crossdock.core.json.validation import normalize
from crossdock.core.orders.model import Order
from crossdock.core.orders.returns import DEFAULT_POLICY, Return, ReturnStatus
from crossdock.core.returns.commands import eligible_lines
from crossdock.core.time import format_time
from crossdock.doors.pb_fulfillment import search, wire_returns
from crossdock.doors.pb_fulfillment.format import PbFulfillmentFormat
from crossdock.doors.pb_fulfillment.responses import renderer_of
from crossdock.doors.pb_fulfillment.search import Search
from crossdock.doors.pb_fulfillment.stored_returns import Object, StoredReturn

Tree = Any
# An entry for each (clientId, returnClientOrderId), because the pair is unique.
NUMBER = "pb_fulfillment/return_number"
_RETURN_ID = re.compile(r"RET([0-9]{19})[A-Za-z]{2}\Z")
_STATUS = {
    ReturnStatus.REQUESTED: "CREATED",
    ReturnStatus.PARTIALLY_RECEIVED: "INPROGRESS",
    ReturnStatus.RECEIVED: "COMPLETE",
    ReturnStatus.JUDGED: "CLOSED",
    ReturnStatus.CANCELED: "CANCELED",
}
_SERVER_FIELDS = frozenset(("returnOrderId", "pbCreateDate", "pbUpdateDate", "status", "operation", "returnLines"))
_render_members = renderer_of(wire_returns.ReturnResponse)


def parse_return_id(text: str) -> int | None:
    """Parse the id of a return; None where it is not valid."""
    match = _RETURN_ID.match(text)
    return from_digits(match[1]) if match else None


def number_key(document: Mapping[str, Tree]) -> str | None:
    """Return the key of the pair that is unique; None for a return without a number of its own."""
    number = document.get("returnClientOrderId")
    return f"{document['clientId']}\n{number}" if number else None


# --------------------------------------------------------------------------------------------------------------- reading
def _named_rule(tree: Tree) -> Iterable[Fault]:
    """Require an order or an RMA number, and lines."""
    if not isinstance(tree, dict):
        return
    if not any(tree.get(name) for name in ("orderId", "originalClientOrderId", "rmaNumber")):
        yield Fault(("orderId",), "is required where there is no originalClientOrderId and no rmaNumber")
    if tree.get("returnOrderLines") is None and tree.get("returnLines") is None:
        yield Fault(("returnOrderLines",), "is required")


def read(raw: bytes, clients: frozenset[str]) -> tuple[Object, str | None]:
    """Parse a return: the document to store, and the operation of a bulk call. Refuses with Invalid all its faults."""
    shape = wire_returns.BulkReturn
    tree = normalize(parse(raw), shape, numbers_as_text=True)
    body = validate(tree, shape, PbFulfillmentFormat(clients).client_rule, _named_rule)
    lines = tree.get("returnOrderLines")
    lines = tree["returnLines"] if lines is None else lines
    document = {name: value for name, value in tree.items() if name not in _SERVER_FIELDS and value is not None}
    address = document.get("fromAddress")
    if isinstance(address, dict) and type(address.get("postalCode")) is int:
        document["fromAddress"] = address | {"postalCode": str(address["postalCode"])}
    return document | {"returnOrderLines": lines}, body.operation


class Units(Struct, frozen=True):
    """Units of an order's lines that a return names, and the reason of each line."""

    lines: dict[int, int]
    reasons: dict[int, str]


def units_of(document: Object, order: Order, *, now: int, own: Return | None = None) -> tuple[Units, list[Fault]]:
    """Find the lines of an order that a return names, by `orderLineId` or sku; and a fault for each that cannot be returned.

    `own` is the order's return that this one replaces: its units can be named again.
    """
    left = {each.line: each.units for each in eligible_lines(order, DEFAULT_POLICY, now)}
    why = {each.line: each.reason for each in eligible_lines(order, DEFAULT_POLICY, now)}
    for line in own.lines if own is not None else ():
        left[line.line] = left.get(line.line, 0) + line.quantity - line.canceled
    units, reasons, faults = dict[int, int](), dict[int, str](), list[Fault]()
    for position, sent in enumerate(document["returnOrderLines"]):
        places = _places(sent, order)
        quantity, member = sent.get("quantity") or 1, ("returnOrderLines", position)
        most = sum(left[place] for place in places)
        if not places:
            faults.append(Fault((*member, *_naming(sent)), "is not a line of the order"))
        elif quantity > most:
            reason = next((why[place] for place in places if why[place]), None) if not most else None
            faults.append(Fault((*member, "quantity"), reason or f"must be at most {most}, which can be returned"))
            continue
        for place in places:
            part = min(quantity, left[place])
            quantity -= part
            left[place] -= part
            if part:
                units[place] = units.get(place, 0) + part
                if sent.get("returnReason"):
                    reasons[place] = "; ".join(sent["returnReason"])
    return Units(units, reasons), faults


def _naming(sent: Object) -> tuple[str, ...]:
    return ("orderLineId",) if sent.get("orderLineId") is not None else ("itemDetail", "sku")


def _places(sent: Object, order: Order) -> list[int]:
    number, sku = sent.get("orderLineId"), (sent.get("itemDetail") or {}).get("sku")
    return [
        place
        for place, line in enumerate(order.content.lines)
        if (number is None or line.line_ref == str(int(number)))
        and (sku in (None, "", line.sku))
        and not (number is None and not sku)
    ]


# ------------------------------------------------------------------------------------------------------------- rendering
def status_of(stored: StoredReturn, order: Order | None) -> str:
    """Return the vendor's status of a return: that of the order's return, or CREATED where there is none."""
    found = return_in(order, stored.return_id)
    return _STATUS[found.status] if found is not None else "CREATED"


def return_in(order: Order | None, return_id: int | None) -> Return | None:
    """Find a return of an order."""
    return next((each for each in order.returns if each.return_id == return_id), None) if order is not None else None


def return_response(stored: StoredReturn, return_order_id: str, order: Order | None) -> Object:
    """Render a return: the vendor's members in order, then unknown ones."""
    lines = [each | {"quantity": each.get("quantity") or 1} for each in stored.document["returnOrderLines"]]
    return _render_members(
        stored.document
        | {
            "returnOrderId": return_order_id,
            "pbCreateDate": format_time(stored.created_at, digits=0),
            "pbUpdateDate": format_time(stored.updated_at, digits=0) if stored.updated_at else None,
            "returnType": stored.document.get("returnType") or "RETURN",
            "status": status_of(stored, order),
            "returnOrderLines": lines,
        }
    )


def search_text(stored: StoredReturn) -> str:
    """Return the text that lists of the catalog find a return by."""
    names = ("clientId", "returnClientOrderId", "originalClientOrderId", "rmaNumber")
    return "\n".join(str(stored.document[name]) for name in names if stored.document.get(name))


# ------------------------------------------------------------------------------------------------------------- searching
def read_search(raw: bytes, clients: frozenset[str]) -> Search:
    """Parse the body of a search. Refuses with Invalid all its faults."""
    return search.read(raw, clients, wire_returns.ReturnSearchBody)


def matches(sought: Search, stored: StoredReturn, return_order_id: str) -> bool:
    """Tell whether a return is one of those that a search asks for."""
    document = stored.document
    address = document.get("fromAddress") or {}
    if document["clientId"] != sought.client:
        return False
    tests: dict[str, Callable[[tuple[str, ...]], bool]] = {
        "returnOrders": lambda values: bool({return_order_id, document.get("returnClientOrderId")} & {*values}),
        "orders": lambda values: bool({document.get("orderId"), document.get("originalClientOrderId")} & {*values}),
        "sku": lambda values: any(
            (line.get("itemDetail") or {}).get("sku") in values for line in document["returnOrderLines"]
        ),
        "returnType": lambda values: (document.get("returnType") or "RETURN") in values,
    }
    for name, values in sought.fields.items():
        if name in wire_returns.DATES:
            first, after = search.span_of(values)
            moment = _moment(name, stored)
            if moment is None or moment < first or (after is not None and moment >= after):
                return False
        elif not (tests[name](values) if name in tests else address.get(name) in values):
            return False
    return True


def _moment(name: str, stored: StoredReturn) -> int | None:
    if name == "pbCreateDate":
        return stored.created_at
    if name == "pbUpdateDate":  # of a return that has never changed: when it was received
        return stored.updated_at or stored.created_at
    return search.client_moment(stored.document.get(name))


Found = tuple[str, StoredReturn]


def in_order(found: Sequence[Found], sought: Search) -> list[Found]:
    """Sort returns as a search says: those without the date last, equal ones by receipt."""
    rows = sorted(found, key=lambda each: each[0], reverse=not sought.sort[0][1])
    for name, ascending in reversed(sought.sort):
        dated = [(row, _moment(name, row[1])) for row in rows]
        present = sorted(
            ((row, moment) for row, moment in dated if moment is not None),
            key=lambda each: each[1],
            reverse=not ascending,
        )
        rows = [row for row, _ in present] + [row for row, moment in dated if moment is None]
    return rows
