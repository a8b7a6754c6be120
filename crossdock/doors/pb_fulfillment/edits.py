"""The edits that Pitney Bowes Fulfillment's updates ask for: commands that change an order's document; pure.

A client may send back what it has read. So server-owned members of a body are ignored, and a member whose response would not
change keeps the value that was sent before; a response that is sent back changes nothing.
"""

from codecs import BOM_UTF8
from collections import deque
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from crossdock.core.errors import Code, Fault, Invalid
from crossdock.core.ids import json_equal
from crossdock.core.json.request_body import ParsedBody, parse_body
from crossdock.core.json.strict_json import FAULTS_LIMIT
from crossdock.core.orders.commands import EditOrder
from crossdock.core.orders.model import Order
from crossdock.core.orders.status import Status
from crossdock.doors import encode_json
from crossdock.doors.pb_fulfillment import wire
from crossdock.doors.pb_fulfillment.format import PbFulfillmentFormat, with_text, write_postal_codes_as_text
from crossdock.doors.pb_fulfillment.mapping import DOOR
from crossdock.doors.pb_fulfillment.responses import SERVER_FIELDS, response_value

Tree = Any
Document = dict[str, Tree]
# Before anything is shipped. Whether a location picks already is not known.
UNSHIPPED = frozenset({Status.OPEN, Status.ON_HOLD, Status.PARTIALLY_ALLOCATED, Status.ALLOCATED})
_IDS = ("clientId", "clientOrderId")
_LENIENT_JSON = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def client_of(body: bytes) -> str | None:
    """Return the clientId that a body names; None where it names none, or is not JSON."""
    try:
        client = _LENIENT_JSON.decode(body.removeprefix(BOM_UTF8)).get("clientId")
    except (msgspec.DecodeError, ValueError, RecursionError):  # refused when the whole body is parsed
        return None
    if type(client) in (int, Decimal):
        client = str(client)
    return client if isinstance(client, str) and client else None


def replace_order(order: Order, body: bytes, format: PbFulfillmentFormat) -> EditOrder:
    """Make the command that replaces an order by a whole body: members that the body leaves out are removed.

    The edit refuses with Invalid all faults of the body. Faults that the document of another door's order already has are
    ignored.
    """
    parsed = format.parse(body)

    def change(before: Document, _: Order) -> Document:
        _refuse([*_new_faults(parsed.faults, before, format), *_number_faults(parsed.tree, before)])
        return keep_unchanged(before, _with_client(parsed.tree, before, order), order)

    return EditOrder(order_id=order.order_id, door=DOOR, change=change)


def change_items(order: Order, body: bytes, format: PbFulfillmentFormat) -> EditOrder:
    """Make the command that changes an order's items before anything is shipped: missing and null members stay as they are.

    `orderLines` is the complete list. A line with the lineId and sku of a present line keeps the members it does not name. The
    edit refuses with Invalid all faults of the body, and of the document it would result in.
    """
    parsed = parse_body(
        body, wire.OrderItems, format.client_rule, natural=lambda sent: (sent.clientId, sent.clientOrderId),
        numbers_as_text=True,
    )  # fmt: skip
    write_postal_codes_as_text(parsed.tree)

    def change(before: Document, _: Order) -> Document:
        faults = [*_new_faults(parsed.faults, before, format), *_number_faults(parsed.tree, before)]
        after = _merge_items(with_text(before), parsed) if isinstance(parsed.tree, dict) else before
        paths = {fault.path for fault in faults}
        faults_after = _new_faults(format.parse(encode_json(after)).faults, before, format)
        _refuse([*faults, *(fault for fault in faults_after if fault.path not in paths)])
        return keep_unchanged(before, _with_client(after, before, order), order)

    return EditOrder(order_id=order.order_id, door=DOOR, change=change, statuses=UNSHIPPED)


def replace_document(order_id: int, document: Document) -> EditOrder:
    """Make the command that replaces an order's document by one without faults."""
    return EditOrder(order_id=order_id, door=DOOR, change=lambda before, order: keep_unchanged(before, document, order))


def keep_unchanged(before: Document, after: Document, order: Order) -> Document:
    """Return the document `after`, with each member whose response is the same as before written as before."""
    merged = {name: value for name, value in after.items() if name not in SERVER_FIELDS}
    merged |= {name: before[name] for name in before if name in SERVER_FIELDS}
    for name in {*before, *merged} - SERVER_FIELDS:
        if not json_equal(response_value(name, before.get(name), order), response_value(name, merged.get(name), order)):
            continue
        if name in before:
            merged[name] = before[name]
        else:
            del merged[name]
    return merged


def _merge_items(before: Document, body: ParsedBody) -> Document:
    changes = {
        name: value
        for name, value in body.tree.items()
        if value is not None and name not in SERVER_FIELDS and name not in _IDS
    }
    if changes.get("createDate") == "":  # an order has one always
        del changes["createDate"]
    lines = changes.get("orderLines")
    if isinstance(lines, list):
        changes["orderLines"] = _merge_lines(before.get("orderLines") or [], lines)
    return before | changes


def _merge_lines(before: list[Document], sent: list[Tree]) -> list[Tree]:
    """Complete each line by the present line with its lineId and sku.

    A lineId may occur twice: a line sent is matched with the first present one of its lineId that has its sku, or names none.
    Takes time proportional to the number of lines, also where all have one lineId.
    """
    queues: dict[Any, deque[int]] = {}  # positions by lineId, and by lineId and sku
    for present_at, line in enumerate(before):
        queues.setdefault(line["lineId"], deque()).append(present_at)
        queues.setdefault((line["lineId"], line.get("sku")), deque()).append(present_at)
    used: set[int] = set()

    def take(key: Any) -> int | None:
        queue = queues.get(key)
        while queue:
            position = queue.popleft()
            if position not in used:
                used.add(position)
                return position
        return None

    merged: list[Tree] = []
    for line in sent:
        has_id = isinstance(line, dict) and type(line.get("lineId")) is int
        position = take((line["lineId"], line["sku"])) if has_id and isinstance(line.get("sku"), str) else None
        if position is None and has_id:
            position = take(line["lineId"])
        if position is None:
            merged.append(line)
            continue
        present = before[position]
        changes = {name: value for name, value in line.items() if value is not None}
        has_same_sku = changes.get("sku", present.get("sku")) == present.get("sku")
        merged.append(present | changes if has_same_sku else line)
    return merged


def _with_client(document: Document, before: Document, order: Order) -> Document:
    """Keep the account of another door's order: there the clientId of a body only identifies the caller."""
    return document if order.source.door == DOOR else document | {"clientId": before["clientId"]}


def _new_faults(faults: Iterable[Fault], before: Document, format: PbFulfillmentFormat) -> list[Fault]:
    """Leave out the faults that the document had before; an order of another door may lack what this vendor requires."""
    faults = list(faults)
    present = set(format.parse(encode_json(before)).faults) if faults else set()
    return [fault for fault in faults if fault not in present]


def _number_faults(sent: Tree, before: Document) -> list[Fault]:
    """Require the order's own number: it identifies the order, and no update changes it."""
    number = sent.get("clientOrderId") if isinstance(sent, dict) else None
    own = str(before["clientOrderId"])  # it may have been sent as a number
    if isinstance(number, str) and number and number != own:
        return [Fault(("clientOrderId",), f"must be {own!r}, the number of this order")]
    return []


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise Invalid(Code.INVALID, "the body has faults", faults=tuple(faults[:FAULTS_LIMIT]))
