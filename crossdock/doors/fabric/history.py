"""Response fields derived from the event history: dates, audit entries, original totals, payment status; pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core.events import Event
from crossdock.core.orders.events import (
    Allocated,
    Backordered,
    Canceled,
    Deallocated,
    Edited,
    Held,
    Noted,
    OrderEvent,
    Received,
    Refunded,
    Released,
    Reshipped,
    Returned,
    ReturnRequested,
    Shipped,
    decode_event,
)
from crossdock.core.orders.model import Content, Line, Order, line_ids
from crossdock.core.time import format_time
from crossdock.doors.fabric import wire_responses
from crossdock.doors.fabric.mapping import from_content
from crossdock.doors.fabric.responses import ITEM_COPIES, ORDER_COPIES, audit_id, hold_code
from crossdock.flows.formats import MissingFields

Tree = Any
# Topics of the notes that this door's calls record.
CANCEL, PAYMENT, TRACKING, CROSS_BORDER = "cancel", "payment status", "package tracking", "cross-border validation"
INVOICE_POSTED, RETURN, APPEASEMENT = "invoice posted", "return", "appeasement"
# Fields that follow from the history of an order once it has changed; a search for them needs the history.
HISTORY_FIELDS = frozenset(
    {"cancellationDate", "allocationDate", "orderReleaseTimestamp", "processName", "auditLogs", "paymentStatus",
     "paymentLog", *ORDER_COPIES, *(name for name in ITEM_COPIES if name.startswith("original"))}
)  # fmt: skip
_MAX_FIELDS = 100  # listed of one edit; the hub's timeline has them all
_TOTAL_OF = {
    "orderSubTotal": "items", "orderDiscount": "discount", "feeTotal": "fees", "taxTotal": "tax", "orderTotal": "total",
    "itemSubTotal": "items", "itemDiscountsTotal": "discount", "itemFeeTotal": "fees", "itemTaxTotal": "tax",
    "itemTotal": "total",
}  # fmt: skip


class _HistoryEntry(Struct, frozen=True):
    """An event, decoded, with the content before and after it. `is_first` marks events that belong to the receipt."""

    event: Event
    order_event: OrderEvent
    before: Content
    after: Content
    is_first: bool


class _FormattedTimes(dict[int, str]):
    """Formatted times by microseconds since 1970; a cache, because most are needed more than once."""

    def __missing__(self, at: int) -> str:
        text = self[at] = format_time(at)
        return text


def with_history(current: dict[str, Tree], events: Sequence[Event], order: Order) -> dict[str, Tree]:
    """Add the fields derived from the history to a response; the argument is not changed.

    `events` are those up to the order's state, and no later ones.
    """
    is_edited = any(event.name == Edited.name for event in events)
    history = list(_decode_history(events, None if is_edited else order))
    times = _FormattedTimes({order.created_at: current["createdAt"], order.updated_at: current["updatedAt"]})
    response = current.copy()
    for each in history:
        if (name := _DATE_FIELDS.get(type(each.order_event))) is not None:
            response[name] = times[each.event.at]
    audits = response["auditLogs"] = _audit_entries(current, history, times)
    if len(audits) > 1:
        response["processName"] = audits[-1]["auditType"]
    if current.get("payments"):
        response["payments"] = _payments(current["payments"], history)
    return _with_original_totals(response, history) if is_edited else response


# Fields with the time of the last event of a type.
_DATE_FIELDS: dict[type[OrderEvent], str] = {
    Canceled: "cancellationDate",
    Allocated: "allocationDate",
    Released: "orderReleaseTimestamp",
}


def _decode_history(events: Sequence[Event], unedited: Order | None) -> Iterator[_HistoryEntry]:
    """Decode events in order.

    The content of an `unedited` order is that of its receipt, so that large payload need not be decoded.
    """
    content: Content | None = None
    is_first = True
    for event in events:
        if unedited is not None and event.name == Received.name:
            order_event: OrderEvent = Received(submission_id=unedited.source.submission_id, content=unedited.content)
        else:
            order_event = decode_event(event)
        is_first = is_first and (order_event.joined or content is None)
        after = order_event.content if isinstance(order_event, Received | Edited) else content
        assert after is not None, "an order's first event is its receipt"
        yield _HistoryEntry(event, order_event, content or after, after, is_first)
        content = after


def _in_vendor_order(shape: type[Struct], tree: dict[str, Tree]) -> dict[str, Tree]:
    return {name: tree[name] for name in shape.__struct_fields__ if name in tree} | tree


# ------------------------------------------------------------------------------------------------------- original totals
def _with_original_totals(response: dict[str, Tree], history: Sequence[_HistoryEntry]) -> dict[str, Tree]:
    """Set the original totals of an edited order: those of its receipt, and of the first appearance of each line."""
    first = history[0].after
    originals = {name: _total(first.totals, of) for name, of in ORDER_COPIES.items()}
    response["auditLogs"][0]["amount"] = _total(first.totals, "orderTotal")
    response["items"] = [
        _item_with_originals(item, line) for item, line in zip(response["items"], _original_lines(history), strict=True)
    ]
    return _replace_originals(wire_responses.Order, response, originals)


def _replace_originals(shape: type[Struct], tree: dict[str, Tree], originals: dict[str, Tree]) -> dict[str, Tree]:
    stated = {name: value for name, value in originals.items() if value is not None}
    return _in_vendor_order(shape, {name: value for name, value in tree.items() if name not in originals} | stated)


def _total(totals: Any, of: str) -> Tree:
    return getattr(totals, _TOTAL_OF[of]) if totals else None


def _original_lines(history: Sequence[_HistoryEntry]) -> list[Line]:
    """Find each current line as it was when it first appeared."""
    origins = list(history[0].after.lines)
    for each in history:
        if isinstance(each.order_event, Edited):
            # Absent where the content was replaced as a whole: then lines keep their positions.
            from_lines = each.order_event.from_lines or range(len(origins))
            origins = [
                origins[before] if 0 <= before < len(origins) else line
                for line, before in zip(each.after.lines, (*from_lines, *[-1] * len(each.after.lines)), strict=False)
            ]
    return origins


def _item_with_originals(item: dict[str, Tree], origin: Line) -> dict[str, Tree]:
    originals = {
        name: _total(origin.totals, of) for name, of in ITEM_COPIES.items() if name.startswith("original")
    }  # fmt: skip
    return _replace_originals(wire_responses.Item, item, originals)


# -------------------------------------------------------------------------------------------------------------- payments
def has_payment_id(payment: Tree, payment_id: str) -> bool:
    """Say whether a payment has an id: its own, fabric's reference, the card's digits, or its token."""
    identifier, token = payment.get("paymentIdentifier") or {}, payment.get("paymentToken") or {}
    ids = (
        identifier.get("paymentId"),
        identifier.get("fabricPaymentReference"),
        identifier.get("cardIdentifier"),
        token.get("token"),
    )
    return payment_id in ids


def _payments(payments: list[Tree], history: Sequence[_HistoryEntry]) -> list[Tree]:
    """Add the reports of payment services; what was reported after the last edit is the payment's status and charge.

    Refunds are the last reported ones, because no edit states them.
    """
    edited = max((each.event.number for each in history if isinstance(each.order_event, Edited)), default=0)
    merged = list(payments)
    for entry in history:
        order_event = entry.order_event
        if not isinstance(order_event, Noted) or order_event.topic != PAYMENT or not isinstance(order_event.data, dict):
            continue
        payment_id = order_event.data.get("paymentIdentifier", "")
        position = next((index for index, each in enumerate(merged) if has_payment_id(each, payment_id)), None)
        if position is None:
            continue
        payment = merged[position]
        log = [*payment["paymentLog"], _payment_entry(order_event.data, entry.event.at)]
        reported = reported_fields(order_event.data) if entry.event.number > edited else {}
        refunded = _balance(order_event.data, "refunded")
        refund = {} if refunded is None else {"refundAmount": refunded}
        merged[position] = _in_vendor_order(wire_responses.Payment, payment | {"paymentLog": log} | reported | refund)
    return merged


def reported_fields(report: dict[str, Tree]) -> dict[str, Tree]:
    """Return the fields of a payment that a report states: its status, and its charge where the balances have one."""
    captured = _balance(report, "captured")
    charge = {} if captured is None else {"chargedAmount": captured}
    return {"paymentStatus": report.get("status")} | charge


def _balance(report: dict[str, Tree], name: str) -> Tree:
    return (report.get("balances") or {}).get(name)


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
# An entry in the vendor's order of fields; no kind of change sets them all.
EMPTY_ENTRY: dict[str, Tree] = {
    "auditId": None, "auditType": "UPDATE", "employeeId": None, "auditTimestamp": None, "source": None, "reasonCode": None,
    "subReasonCode": None, "policyCode": None, "note": None, "lineItemId": None, "lineItemNumber": None, "sku": None,
    "quantity": None, "amount": None, "paymentToken": None, "success": True, "paymentResponse": None, "updatedFields": [],
    "attributes": {},
}  # fmt: skip


def _audit_entries(
    response: dict[str, Tree], history: Sequence[_HistoryEntry], times: _FormattedTimes
) -> list[dict[str, Tree]]:
    """Render each change as audit entries; tags and archiving are the organization's own and have none."""
    audits = [dict(entry) for entry in response["auditLogs"][:1]]
    numbers = {item.get("lineItemId"): item.get("lineItemNumber") for item in response["items"]}
    for position, each in enumerate(history):
        if each.is_first:
            continue
        event, following = each.event, history[position + 1].order_event if position + 1 < len(history) else None
        for index, fields in enumerate(_entry_fields(each, following)):
            entry = EMPTY_ENTRY.copy()
            entry["auditId"] = audit_id(event.aggregate_id, f"{event.number}/{index}")
            entry["auditTimestamp"] = times[event.at]
            entry["source"] = event.actor
            entry.update(fields)
            if (line_id := entry["lineItemId"]) is not None:
                entry["lineItemNumber"] = numbers.get(line_id)
            audits.append(entry)
    return audits


def _entry_fields(each: _HistoryEntry, following: OrderEvent | None) -> list[dict[str, Tree]]:
    order_event = each.order_event
    if isinstance(order_event, Edited):
        fields = _updated_fields(each.before, each.after, order_event.from_lines)
        if not fields and isinstance(following, Noted) and following.joined:
            return []  # the entry of the report that caused the edit has the details
        return [{"updatedFields": fields, "note": order_event.reason}]
    if isinstance(order_event, Canceled):
        request = following.data if isinstance(following, Noted) and following.joined else None
        return _cancel_entries(order_event, each.after, request if isinstance(request, dict) else {})
    if isinstance(order_event, Shipped):
        return [unit | {"auditType": "SHIP"} for unit in _line_fields(each.after, order_event.lines)]
    if isinstance(order_event, Reshipped | ReturnRequested | Returned | Refunded):
        return _entries_after_shipment(order_event, each.after)
    if isinstance(order_event, Held):
        return [{"reasonCode": hold_code(hold.reason), "note": hold.note or hold.reason} for hold in order_event.holds]
    if isinstance(order_event, Released):
        return [
            {"reasonCode": hold_code(reason), "note": order_event.reason or "released"}
            for _, reason in order_event.holds
        ]
    if isinstance(order_event, Allocated):
        return [{"note": f"allocated at {order_event.location_ref}"}]
    if isinstance(order_event, Backordered):
        return [unit | {"note": "waits for stock"} for unit in _line_fields(each.after, order_event.lines)]
    if isinstance(order_event, Deallocated):
        note = "is allocated no more" if order_event.units else "waits for stock no more"
        return [unit | {"note": note} for unit in _line_fields(each.after, order_event.lines)]
    if isinstance(order_event, Noted) and order_event.topic != CANCEL:
        return [
            {"note": order_event.text, "attributes": order_event.data if isinstance(order_event.data, dict) else {}}
        ]
    return []


def _entries_after_shipment(order_event: OrderEvent, content: Content) -> list[dict[str, Tree]]:
    """Render what happened to units that had been shipped, and to their money."""
    if isinstance(order_event, Reshipped):
        units = [(line.line, line.shipped) for one in order_event.fulfillments for line in one.lines if line.line >= 0]
        return [unit | {"auditType": "RESHIP", "note": order_event.reason} for unit in _line_fields(content, units)]
    if isinstance(order_event, ReturnRequested | Returned):
        note = order_event.reason or ("was asked back" if isinstance(order_event, ReturnRequested) else "came back")
        return [unit | {"auditType": "RETURN", "note": note} for unit in _line_fields(content, order_event.lines)]
    if isinstance(order_event, Refunded):
        is_goodwill = order_event.refund is not None and order_event.refund.kind == "appeasement"
        audit_type = "APPEASEMENT" if is_goodwill else "RETURN"
        return [{"auditType": audit_type, "amount": order_event.amount, "reasonCode": order_event.reason}]
    return []


def _line_fields(content: Content, lines: Iterable[tuple[int, int]]) -> list[dict[str, Tree]]:
    """Render units of lines, given by position."""
    ids = line_ids(content.lines)
    return [
        {"lineItemId": ids[position], "sku": content.lines[position].sku, "quantity": quantity}
        for position, quantity in lines
    ]


def _cancel_entries(order_event: Canceled, content: Content, request: dict[str, Tree]) -> list[dict[str, Tree]]:
    """Render an entry for each canceled line, with the other fields of the request."""
    items = {item.get("lineItemId"): item for item in request.get("items") or ()}
    shared = {
        name: request[name] for name in ("subReasonCode", "policyCode", "source", "attributes") if request.get(name)
    }
    if request.get("employeeId") is not None:
        shared["employeeId"] = str(request["employeeId"])  # a number in the request, a string here
    entries = []
    for unit in _line_fields(content, order_event.lines):
        item = items.get(unit["lineItemId"], {})
        own = {name: item[name] for name in ("reasonCode", "subReasonCode") if item.get(name)}
        entries.append(
            {"auditType": "CANCEL", "reasonCode": order_event.reason, "note": order_event.note} | shared | own | unit
        )
    return entries


# -------------------------------------------------------------------------------------------------------- updated fields
def _updated_fields(before: Content, after: Content, from_lines: Sequence[int]) -> list[Tree]:
    """List the fields that an edit changed, with their earlier values; fields that are not mapped are left out."""
    earlier, later = _comparable(before), _comparable(after)
    old_items, new_items = earlier.pop("items"), later.pop("items")
    changes = list(_differences(earlier, later, ""))
    retained = set()
    for position, item in enumerate(new_items):
        source = from_lines[position] if position < len(from_lines) else -1
        retained.add(source)
        exists = 0 <= source < len(old_items)
        changes += _differences(old_items[source] if exists else None, item, f"items[{position}]")
    changes += [(f"items[{index}]", old) for index, old in enumerate(old_items) if index not in retained]
    return [{"fieldName": name, "fieldOriginalValue": value} for name, value in changes[:_MAX_FIELDS]]


def _comparable(content: Content) -> dict[str, Tree]:
    lines = tuple(msgspec.structs.replace(line, unmapped=None) for line in content.lines)
    document = from_content(msgspec.structs.replace(content, lines=lines, unmapped=None), MissingFields())
    for item in document["items"]:
        del item["lineItemNumber"]  # derived from the position, so not an edit
    return document


def _differences(old: Tree, new: Tree, path: str) -> Iterator[tuple[str, Tree]]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in (*old, *(name for name in new if name not in old)):
            yield from _differences(old.get(name), new.get(name), f"{path}.{name}" if path else name)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            was, now = (rows[index] if index < len(rows) else None for rows in (old, new))
            yield from _differences(was, now, f"{path}[{index}]")
    else:
        yield path, old
