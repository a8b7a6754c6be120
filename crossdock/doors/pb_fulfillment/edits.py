"""Pitney Bowes Fulfillment: what an update asks for, as a change of the order's document; pure.

What was sent may be what was answered before: members that only this side can say are passed over, and a member that would be
answered as it is now stays as it was written, so that an answer sent back changes nothing.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from crossdock.core.errors import Code, Fault, Invalid
from crossdock.core.ids import json_equal
from crossdock.core.json.request_body import ParsedBody, parse_body
from crossdock.core.json.strict_json import FAULTS_LIMIT
from crossdock.core.orders.model import Order
from crossdock.doors import encode_json
from crossdock.doors.pb_fulfillment import wire
from crossdock.doors.pb_fulfillment.mapping import PbFulfillmentFormat
from crossdock.doors.pb_fulfillment.responses import ANSWERED, DEFAULTS, as_told

Tree = Any
Document = dict[str, Tree]
Change = Callable[[Document, Order], Document]
_IDS = ("clientId", "clientOrderId")
_LOOSE = msgspec.json.Decoder(dict[str, Any])


def asker(sent: bytes) -> str | None:
    """Give the clientId a body names, or None where it names none that could be one."""
    try:
        client = _LOOSE.decode(sent).get("clientId")
    except (msgspec.DecodeError, ValueError, RecursionError):  # no JSON, no UTF-8, too deep: told when the body is read
        return None
    return client if isinstance(client, str) and client else None


def whole(sent: bytes, *, format: PbFulfillmentFormat, is_own: bool) -> Change:
    """Make a body that is the whole order a change: what it does not name is gone afterwards.

    The change refuses with Invalid every fault of the body, but those of an order of another door (not `is_own`) that its
    document has already.
    """
    reading = format.parse(sent)

    def change(before: Document, _: Order) -> Document:
        _refuse([*_new(reading.faults, before, format), *_number_faults(reading.tree, before)])
        return taken_up(before, _as_asked(before, reading.tree, is_own=is_own))

    return change


def items(sent: bytes, *, format: PbFulfillmentFormat, is_own: bool) -> Change:
    """Make a body about an order's items a change: members it does not name, and null ones, stay.

    `orderLines` is the whole list; of a line that was there under its lineId, what is not named stays too. The change refuses
    with Invalid every fault of the body and of the document it would make.
    """
    reading = parse_body(
        sent, wire.OrderItems, format.client_rule, natural=lambda body: (body.clientId, body.clientOrderId)
    )  # fmt: skip

    def change(before: Document, _: Order) -> Document:
        faults = [*_new(reading.faults, before, format), *_number_faults(reading.tree, before)]
        wanted = _with_items(before, reading) if isinstance(reading.tree, dict) else before
        named = {fault.path for fault in faults}
        made = _new(format.parse(encode_json(wanted)).faults, before, format)
        _refuse([*faults, *(fault for fault in made if fault.path not in named)])
        return taken_up(before, _as_asked(before, wanted, is_own=is_own))

    return change


def replace_document(document: Document) -> Change:
    """Make the change that replaces an order's document by a sound one."""
    return lambda before, _: taken_up(before, document)


def taken_up(before: Document, wanted: Document) -> Document:
    """Give the document wanted, with everything that would be answered as before written as before."""
    kept = {name: value for name, value in wanted.items() if name not in ANSWERED}
    kept |= {name: before[name] for name in before if name in ANSWERED}
    for name in {*kept, *DEFAULTS} - ANSWERED:
        if name not in kept and name not in before:
            continue
        if name not in before and name not in DEFAULTS:
            continue
        if not json_equal(as_told(name, before.get(name)), as_told(name, kept.get(name))):
            continue
        if name in before:
            kept[name] = before[name]
        else:
            del kept[name]
    return kept


def _with_items(before: Document, reading: ParsedBody) -> Document:
    said = {
        name: value
        for name, value in reading.tree.items()
        if value is not None and name not in ANSWERED and name not in _IDS
    }
    lines = said.get("orderLines")
    if isinstance(lines, list):
        said["orderLines"] = _merged_lines(before.get("orderLines") or [], lines)
    return before | said


def _merged_lines(before: list[Document], sent: list[Tree]) -> list[Tree]:
    """Complete each line by the one of its lineId, if that is of the same sku; the second of two by the second."""
    left = list(before)
    merged: list[Tree] = []
    for line in sent:
        was = None
        if isinstance(line, dict) and type(line.get("lineId")) is int:
            was = next((each for each in left if each.get("lineId") == line["lineId"]), None)
        if was is None:
            merged.append(line)
            continue
        left.remove(was)
        said = {name: value for name, value in line.items() if value is not None}
        merged.append(was | said if said.get("sku", was.get("sku")) == was.get("sku") else line)
    return merged


def _as_asked(before: Document, wanted: Document, *, is_own: bool) -> Document:
    """Leave the account of another door's order alone: the clientId sent only says who asks."""
    return wanted if is_own else wanted | {"clientId": before["clientId"]}


def _new(faults: Iterable[Fault], before: Document, format: PbFulfillmentFormat) -> list[Fault]:
    found = list(faults)
    known = set(format.parse(encode_json(before)).faults) if found else set()
    return [fault for fault in found if fault not in known]


def _number_faults(sent: Tree, before: Document) -> list[Fault]:
    """The order's own number must be named: it is what the order is known by, and no update changes it."""
    number = sent.get("clientOrderId") if isinstance(sent, dict) else None
    if isinstance(number, str) and number and number != before["clientOrderId"]:
        return [Fault(("clientOrderId",), f"must be {before['clientOrderId']!r}, the order's")]
    return []


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise Invalid(Code.INVALID, "the body has faults", faults=tuple(faults[:FAULTS_LIMIT]))
