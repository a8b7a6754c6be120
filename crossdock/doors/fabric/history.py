"""What only an order's log knows, added to its answer: dates, audit entries, totals as they were at first, payments; pure.

Answers of one order, and each of a list, go through `storied`; the hub's reading of an order in fabric's words does not.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core.events import Event
from crossdock.core.orders.events import (
    Allocated,
    Canceled,
    Edited,
    Held,
    Noted,
    OrderEvent,
    Received,
    Released,
    Shipped,
    decode_event,
)
from crossdock.core.orders.model import Content, Line, Order
from crossdock.core.time import format_time
from crossdock.doors.fabric import wire
from crossdock.doors.fabric.mapping import rendered
from crossdock.doors.fabric.responses import ITEM_COPIES, ORDER_COPIES, audit_id, hold_code
from crossdock.flows.formats import MissingFields

Tree = Any
# Topics of notes that this door's calls write.
CANCEL, PAYMENT, TRACKING, CROSS_BORDER = "cancel", "payment status", "package tracking", "cross-border validation"
# Members whose value the log decides once an order has changed; a search for them has to look into it.
TOLD_BY_LOG = frozenset(
    {"cancellationDate", "allocationDate", "orderReleaseTimestamp", "processName", "auditLogs", "paymentStatus",
     "paymentLog", *ORDER_COPIES, *(name for name in ITEM_COPIES if name.startswith("original"))}
)  # fmt: skip
_MAX_FIELDS = 100  # of one edit that are named; somebody who reads more reads the timeline of the hub
_TOTAL_OF = {
    "orderSubTotal": "items", "orderDiscount": "discount", "feeTotal": "fees", "taxTotal": "tax", "orderTotal": "total",
    "itemSubTotal": "items", "itemDiscountsTotal": "discount", "itemFeeTotal": "fees", "itemTaxTotal": "tax",
    "itemTotal": "total",
}  # fmt: skip


class _Told(Struct, frozen=True):
    """An event with its fact, and the content before and after it. `is_first` marks what belongs to the receipt."""

    event: Event
    order_event: OrderEvent
    before: Content
    after: Content
    is_first: bool


class _Times(dict[int, str]):
    """Times of one story as they are spelled, by microseconds since 1970; most are asked for more than once."""

    def __missing__(self, at: int) -> str:
        text = self[at] = format_time(at)
        return text


def with_history(answer: dict[str, Tree], recorded: Sequence[Event], order: Order) -> dict[str, Tree]:
    """Add to an order's answer what its events tell; the answer is left as it is.

    `recorded` are the events the order has been through, and no later ones.
    """
    is_edited = any(event.name == Edited.name for event in recorded)
    told = list(_walked(recorded, None if is_edited else order))
    times = _Times({order.created_at: answer["createdAt"], order.updated_at: answer["updatedAt"]})
    story = answer.copy()
    for each in told:
        if (name := _DATES.get(type(each.order_event))) is not None:
            story[name] = times[each.event.at]
    audits = story["auditLogs"] = _audits(answer, told, times)
    if len(audits) > 1:
        story["processName"] = audits[-1]["auditType"]
    if answer.get("payments"):
        story["payments"] = _payments(answer["payments"], told)
    return _with_first_totals(story, told) if is_edited else story


# Members that tell when something was last done.
_DATES: dict[type[OrderEvent], str] = {
    Canceled: "cancellationDate",
    Allocated: "allocationDate",
    Released: "orderReleaseTimestamp",
}


def _walked(recorded: Sequence[Event], unedited: Order | None) -> Iterator[_Told]:
    """Read events in their order; the receipt of an order nobody edited says the content that the order has."""
    content: Content | None = None
    is_first = True
    for event in recorded:
        if unedited is not None and event.name == Received.name:
            order_event: OrderEvent = Received(submission_id=unedited.source.submission_id, content=unedited.content)
        else:
            order_event = decode_event(event)
        is_first = is_first and (order_event.joined or content is None)
        after = order_event.content if isinstance(order_event, Received | Edited) else content
        assert after is not None, "an order's first event is its receipt"
        yield _Told(event, order_event, content or after, after, is_first)
        content = after


def _ordered(shape: type[Struct], tree: dict[str, Tree]) -> dict[str, Tree]:
    return {name: tree[name] for name in shape.__struct_fields__ if name in tree} | tree


# ---------------------------------------------------------------------------------------------------- totals as at first
def _with_first_totals(story: dict[str, Tree], told: Sequence[_Told]) -> dict[str, Tree]:
    """Say of an edited order what its totals were when it and its lines first appeared."""
    first = told[0].after
    originals = {name: _stated(first.totals, of) for name, of in ORDER_COPIES.items()}
    story["auditLogs"][0]["amount"] = _stated(first.totals, "orderTotal")
    story["items"] = [_item(item, line) for item, line in zip(story["items"], _origins(told), strict=True)]
    return _with_originals(wire.Order, story, originals)


def _with_originals(shape: type[Struct], tree: dict[str, Tree], originals: dict[str, Tree]) -> dict[str, Tree]:
    stated = {name: value for name, value in originals.items() if value is not None}
    return _ordered(shape, {name: value for name, value in tree.items() if name not in originals} | stated)


def _stated(totals: Any, of: str) -> Tree:
    return getattr(totals, _TOTAL_OF[of]) if totals else None


def _origins(told: Sequence[_Told]) -> list[Line]:
    """Give for each line of today the line it was when it first appeared."""
    origins = list(told[0].after.lines)
    for each in told:
        if isinstance(each.order_event, Edited):
            from_lines = each.order_event.from_lines or range(len(origins))  # a content replaced as a whole may not say
            origins = [
                origins[before] if 0 <= before < len(origins) else line
                for line, before in zip(each.after.lines, (*from_lines, *[-1] * len(each.after.lines)), strict=False)
            ]
    return origins


def _item(item: dict[str, Tree], origin: Line) -> dict[str, Tree]:
    originals = {
        name: _stated(origin.totals, of) for name, of in ITEM_COPIES.items() if name.startswith("original")
    }  # fmt: skip
    return _with_originals(wire.Item, item, originals)


# -------------------------------------------------------------------------------------------------------------- payments
def names_payment(payment: Tree, wanted: str) -> bool:
    """Say whether a payment goes by an id: its own, fabric's reference, the card's digits, or its token."""
    named, token = payment.get("paymentIdentifier") or {}, payment.get("paymentToken") or {}
    ids = (named.get("paymentId"), named.get("fabricPaymentReference"), named.get("cardIdentifier"), token.get("token"))
    return wanted in ids


def _payments(payments: list[Tree], told: Sequence[_Told]) -> list[Tree]:
    """Add what payment services reported; a status reported after the last edit is the payment's status."""
    edited = max((each.event.number for each in told if isinstance(each.order_event, Edited)), default=0)
    found = list(payments)
    for each in told:
        order_event = each.order_event
        if not isinstance(order_event, Noted) or order_event.topic != PAYMENT or not isinstance(order_event.data, dict):
            continue
        wanted = order_event.data.get("paymentIdentifier", "")
        place = next((at for at, payment in enumerate(found) if names_payment(payment, wanted)), None)
        if place is None:
            continue
        payment = found[place]
        log = [*payment["paymentLog"], _payment_entry(order_event.data, each.event.at)]
        status = {"paymentStatus": order_event.data.get("status")} if each.event.number > edited else {}
        found[place] = _ordered(wire.Payment, payment | {"paymentLog": log} | status)
    return found


def _payment_entry(report: dict[str, Tree], at: int) -> Tree:
    connector = report.get("connectorInfo") or {}
    status = report.get("status")
    body: dict[str, Tree] = {
        "transactionId": connector.get("eventId"),
        "transactionTimestamp": format_time(at),
        "responseCode": None,
        "status": status,
        "attributes": {name: report[name] for name in ("type", "balances", "connectorInfo") if name in report},
        "errors": [],
    }
    return {"paymentId": report.get("paymentIdentifier"), "status": status, "data": {"status": status, "body": body}}


# ---------------------------------------------------------------------------------------------------------- audit entries
# An entry in the vendor's order of members; not every kind of change says all of it.
_BLANK: dict[str, Tree] = {
    "auditId": None, "auditType": "UPDATE", "employeeId": None, "auditTimestamp": None, "source": None, "reasonCode": None,
    "subReasonCode": None, "policyCode": None, "note": None, "lineItemId": None, "lineItemNumber": None, "sku": None,
    "quantity": None, "amount": None, "paymentToken": None, "success": True, "paymentResponse": None, "updatedFields": [],
    "attributes": {},
}  # fmt: skip


def _audits(answer: dict[str, Tree], told: Sequence[_Told], times: _Times) -> list[dict[str, Tree]]:
    """Tell each change as the vendor's audit entries do; the organization's own marks (tags, archive) are not told."""
    audits = [dict(entry) for entry in answer["auditLogs"][:1]]
    numbers = {item.get("lineItemId"): item.get("lineItemNumber") for item in answer["items"]}
    for position, each in enumerate(told):
        if each.is_first:
            continue
        event, following = each.event, told[position + 1].order_event if position + 1 < len(told) else None
        for place, parts in enumerate(_entries(each, following)):
            entry = _BLANK.copy()
            entry["auditId"] = audit_id(event.aggregate_id, f"{event.number}/{place}")
            entry["auditTimestamp"] = times[event.at]
            entry["source"] = event.actor
            entry.update(parts)
            if (line_id := entry["lineItemId"]) is not None:
                entry["lineItemNumber"] = numbers.get(line_id)
            audits.append(entry)
    return audits


def _entries(each: _Told, following: OrderEvent | None) -> list[dict[str, Tree]]:
    order_event = each.order_event
    if isinstance(order_event, Edited):
        fields = _updated(each.before, each.after, order_event.from_lines)
        if not fields and isinstance(following, Noted) and following.joined:
            return []  # the report that it was made for says more
        return [{"updatedFields": fields, "note": order_event.reason}]
    if isinstance(order_event, Canceled):
        asked = following.data if isinstance(following, Noted) and following.joined else None
        return _canceled(order_event, each.after, asked if isinstance(asked, dict) else {})
    if isinstance(order_event, Shipped):
        return [_unit(each.after, line, count) | {"auditType": "SHIP"} for line, count in order_event.lines]
    if isinstance(order_event, Held):
        return [{"reasonCode": hold_code(hold.reason), "note": hold.note or hold.reason} for hold in order_event.holds]
    if isinstance(order_event, Released):
        return [
            {"reasonCode": hold_code(reason), "note": order_event.reason or "released"}
            for _, reason in order_event.holds
        ]
    if isinstance(order_event, Allocated):
        return [{"note": f"allocated at {order_event.location_ref}"}]
    if isinstance(order_event, Noted) and order_event.topic != CANCEL:
        return [
            {"note": order_event.text, "attributes": order_event.data if isinstance(order_event.data, dict) else {}}
        ]
    return []


def _unit(content: Content, position: int, quantity: int) -> dict[str, Tree]:
    line = content.lines[position]
    line_id = line.line_ref if line.line_ref is not None else str(position + 1)
    return {"lineItemId": line_id, "sku": line.sku, "quantity": quantity}


def _canceled(order_event: Canceled, content: Content, asked: dict[str, Tree]) -> list[dict[str, Tree]]:
    """Make an entry a line, with what the request said of it besides."""
    items = {item.get("lineItemId"): item for item in asked.get("items") or ()}
    whole = {name: asked[name] for name in ("subReasonCode", "policyCode", "source", "attributes") if asked.get(name)}
    if asked.get("employeeId") is not None:
        whole["employeeId"] = str(asked["employeeId"])  # a number in the request, a string here
    entries = []
    for position, quantity in order_event.lines:
        unit = _unit(content, position, quantity)
        item = items.get(unit["lineItemId"], {})
        own = {name: item[name] for name in ("reasonCode", "subReasonCode") if item.get(name)}
        entries.append(
            {"auditType": "CANCEL", "reasonCode": order_event.reason, "note": order_event.note} | whole | own | unit
        )
    return entries


# -------------------------------------------------------------------------------------------------------- updated fields
def _updated(before: Content, after: Content, from_lines: Sequence[int]) -> list[Tree]:
    """Name the members an edit changed, as far as the order has a place for them, with what they were."""
    was, now = _plain(before), _plain(after)
    old_items, new_items = was.pop("items"), now.pop("items")
    found = list(_differences(was, now, ""))
    kept = set()
    for position, item in enumerate(new_items):
        place = from_lines[position] if position < len(from_lines) else -1
        kept.add(place)
        known = 0 <= place < len(old_items)
        found += _differences(old_items[place] if known else None, item, f"items[{position}]")
    found += [(f"items[{place}]", old) for place, old in enumerate(old_items) if place not in kept]
    return [{"fieldName": name, "fieldOriginalValue": value} for name, value in found[:_MAX_FIELDS]]


def _plain(content: Content) -> dict[str, Tree]:
    lines = tuple(msgspec.structs.replace(line, unmapped=None) for line in content.lines)
    document = rendered(msgspec.structs.replace(content, lines=lines, unmapped=None), MissingFields())
    for item in document["items"]:
        del item["lineItemNumber"]  # made from the position here
    return document


def _differences(was: Tree, now: Tree, path: str) -> Iterator[tuple[str, Tree]]:
    if was == now:
        return
    if isinstance(was, dict) and isinstance(now, dict):
        for name in (*was, *(name for name in now if name not in was)):
            yield from _differences(was.get(name), now.get(name), f"{path}.{name}" if path else name)
    elif isinstance(was, list) and isinstance(now, list):
        for place in range(max(len(was), len(now))):
            old, new = (rows[place] if place < len(rows) else None for rows in (was, now))
            yield from _differences(old, new, f"{path}[{place}]")
    else:
        yield path, was
