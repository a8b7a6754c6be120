"""What only an order's log knows, added to its answer: dates, audit entries, totals as they were at first, payments; pure.

Answers of one order, and each of a list, go through `storied`; the hub's reading of an order in fabric's words does not.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core.events import (
    Allocated,
    Canceled,
    Edited,
    Event,
    Fact,
    Held,
    Noted,
    Received,
    Released,
    Shipped,
    fact_of,
)
from crossdock.core.formats import iso_time
from crossdock.core.order import Content, Line, Order
from crossdock.doors.fabric import wire
from crossdock.doors.fabric.answer import ITEM_COPIES, ORDER_COPIES, audit_id, hold_code
from crossdock.doors.fabric.mapping import spelled
from crossdock.flows.book import Gaps

Tree = Any
# Topics of notes that this door's calls write.
CANCEL, PAYMENT, TRACKING, CROSS_BORDER = "cancel", "payment status", "package tracking", "cross-border validation"
# Members whose value the log decides once an order has changed; a search for them has to look into it.
TOLD_BY_LOG = frozenset(
    {"cancellationDate", "allocationDate", "orderReleaseTimestamp", "processName", "auditLogs", "paymentStatus",
     "paymentLog", *ORDER_COPIES, *(name for name in ITEM_COPIES if name.startswith("original"))}
)  # fmt: skip
_FIELDS_MOST = 100  # of one edit that are named; somebody who reads more reads the timeline of the hub
_TOTAL_OF = {
    "orderSubTotal": "items", "orderDiscount": "discount", "feeTotal": "fees", "taxTotal": "tax", "orderTotal": "total",
    "itemSubTotal": "items", "itemDiscountsTotal": "discount", "itemFeeTotal": "fees", "itemTaxTotal": "tax",
    "itemTotal": "total",
}  # fmt: skip


class _Told(Struct, frozen=True):
    """An event with its fact, and the content before and after it. `is_first` marks what belongs to the receipt."""

    event: Event
    fact: Fact
    before: Content
    after: Content
    is_first: bool


class _Times(dict[int, str]):
    """Times of one story as they are spelled, by microseconds since 1970; most are asked for more than once."""

    def __missing__(self, at: int) -> str:
        text = self[at] = iso_time(at)
        return text


def storied(answer: dict[str, Tree], recorded: Sequence[Event], order: Order) -> dict[str, Tree]:
    """Add to an order's answer what its events tell; the answer is left as it is.

    `recorded` are the events the order has been through, and no later ones.
    """
    is_edited = any(event.name == Edited.name for event in recorded)
    told = list(_walked(recorded, None if is_edited else order))
    times = _Times({order.created_at: answer["createdAt"], order.updated_at: answer["updatedAt"]})
    story = answer.copy()
    for each in told:
        if (name := _DATES.get(type(each.fact))) is not None:
            story[name] = times[each.event.at]
    audits = story["auditLogs"] = _audits(answer, told, times)
    if len(audits) > 1:
        story["processName"] = audits[-1]["auditType"]
    if answer.get("payments"):
        story["payments"] = _payments(answer["payments"], told)
    return _with_first_totals(story, told) if is_edited else story


# Members that tell when something was last done.
_DATES: dict[type[Fact], str] = {
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
            fact: Fact = Received(submission_id=unedited.source.submission_id, content=unedited.content)
        else:
            fact = fact_of(event)
        is_first = is_first and (fact.joined or content is None)
        after = fact.content if isinstance(fact, Received | Edited) else content
        assert after is not None, "an order's first event is its receipt"
        yield _Told(event, fact, content or after, after, is_first)
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
        if isinstance(each.fact, Edited):
            from_lines = each.fact.from_lines or range(len(origins))  # a content replaced as a whole may not say
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
    edited = max((each.event.number for each in told if isinstance(each.fact, Edited)), default=0)
    found = list(payments)
    for each in told:
        fact = each.fact
        if not isinstance(fact, Noted) or fact.topic != PAYMENT or not isinstance(fact.data, dict):
            continue
        wanted = fact.data.get("paymentIdentifier", "")
        place = next((at for at, payment in enumerate(found) if names_payment(payment, wanted)), None)
        if place is None:
            continue
        payment = found[place]
        log = [*payment["paymentLog"], _payment_entry(fact.data, each.event.at)]
        status = {"paymentStatus": fact.data.get("status")} if each.event.number > edited else {}
        found[place] = _ordered(wire.Payment, payment | {"paymentLog": log} | status)
    return found


def _payment_entry(report: dict[str, Tree], at: int) -> Tree:
    connector = report.get("connectorInfo") or {}
    status = report.get("status")
    body: dict[str, Tree] = {
        "transactionId": connector.get("eventId"),
        "transactionTimestamp": iso_time(at),
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
        event, following = each.event, told[position + 1].fact if position + 1 < len(told) else None
        for place, parts in enumerate(_entries(each, following)):
            entry = _BLANK.copy()
            entry["auditId"] = audit_id(event.order_id, f"{event.number}/{place}")
            entry["auditTimestamp"] = times[event.at]
            entry["source"] = event.actor
            entry.update(parts)
            if (line_id := entry["lineItemId"]) is not None:
                entry["lineItemNumber"] = numbers.get(line_id)
            audits.append(entry)
    return audits


def _entries(each: _Told, following: Fact | None) -> list[dict[str, Tree]]:
    fact = each.fact
    if isinstance(fact, Edited):
        fields = _updated(each.before, each.after, fact.from_lines)
        if not fields and isinstance(following, Noted) and following.joined:
            return []  # the report that it was made for says more
        return [{"updatedFields": fields, "note": fact.reason}]
    if isinstance(fact, Canceled):
        asked = following.data if isinstance(following, Noted) and following.joined else None
        return _canceled(fact, each.after, asked if isinstance(asked, dict) else {})
    if isinstance(fact, Shipped):
        return [_unit(each.after, line, count) | {"auditType": "SHIP"} for line, count in fact.lines]
    if isinstance(fact, Held):
        return [{"reasonCode": hold_code(hold.reason), "note": hold.note or hold.reason} for hold in fact.holds]
    if isinstance(fact, Released):
        return [{"reasonCode": hold_code(reason), "note": fact.reason or "released"} for _, reason in fact.holds]
    if isinstance(fact, Allocated):
        return [{"note": f"allocated at {fact.location_ref}"}]
    if isinstance(fact, Noted) and fact.topic != CANCEL:
        return [{"note": fact.text, "attributes": fact.data if isinstance(fact.data, dict) else {}}]
    return []


def _unit(content: Content, position: int, quantity: int) -> dict[str, Tree]:
    line = content.lines[position]
    line_id = line.line_ref if line.line_ref is not None else str(position + 1)
    return {"lineItemId": line_id, "sku": line.sku, "quantity": quantity}


def _canceled(fact: Canceled, content: Content, asked: dict[str, Tree]) -> list[dict[str, Tree]]:
    """Make an entry a line, with what the request said of it besides."""
    items = {item.get("lineItemId"): item for item in asked.get("items") or ()}
    whole = {name: asked[name] for name in ("subReasonCode", "policyCode", "source", "attributes") if asked.get(name)}
    if asked.get("employeeId") is not None:
        whole["employeeId"] = str(asked["employeeId"])  # a number in the request, a string here
    entries = []
    for position, quantity in fact.lines:
        unit = _unit(content, position, quantity)
        item = items.get(unit["lineItemId"], {})
        own = {name: item[name] for name in ("reasonCode", "subReasonCode") if item.get(name)}
        entries.append({"auditType": "CANCEL", "reasonCode": fact.reason, "note": fact.note} | whole | own | unit)
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
    return [{"fieldName": name, "fieldOriginalValue": value} for name, value in found[:_FIELDS_MOST]]


def _plain(content: Content) -> dict[str, Tree]:
    lines = tuple(msgspec.structs.replace(line, leftovers=None) for line in content.lines)
    document = spelled(msgspec.structs.replace(content, lines=lines, leftovers=None), Gaps())
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
