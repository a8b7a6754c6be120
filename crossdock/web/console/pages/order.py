"""The page of one order: its state explained, everything about it, its history, and who else looks at it."""

from typing import Any

from starlette.responses import Response

from crossdock.core.errors import Code, NotFound
from crossdock.core.events import Event
from crossdock.core.ids import from_base32, to_base32
from crossdock.core.orders.events import Noted, decode_event
from crossdock.core.orders.model import line_ids
from crossdock.flows import endpoints, large_orders, order_details, paper_renderers, queries
from crossdock.flows.access import READ, WRITE
from crossdock.flows.order_details import OrderDetails
from crossdock.flows.paper_renderers import PaperRenderers, PaperRequest
from crossdock.web.console import presence
from crossdock.web.console.page import Notice, Page, PageRequest
from crossdock.web.console.pages.order_words import (
    ACTION_LABELS,
    COMPONENT_LABELS,
    Entry,
    entry_of,
    explanation_text,
    line_name,
)
from crossdock.web.console.rendering import SECURITY

LINES_SHOWN = 200
# Events shown at first. Comparing the states of an order takes a millisecond for every hundred lines.
EVENTS_SHOWN = 40
EVENTS_SHOWN_OF_LARGE = 8
NOTES_SHOWN = 20
# The actions that stand beside the number; the others are in the menu.
_FIRST = ("release", "ship", "hold", "edit")
_KEYS = {"hold": "h", "release": "r", "edit": "e", "ship": "s", "note": "n", "cancel": "c", "tag": "t"}
_ICONS = {
    "hold": "hold", "release": "release", "edit": "edit", "cancel": "cancel", "allocate": "stock", "reallocate": "refresh",
    "deallocate": "refresh", "fulfill": "box", "ship": "fulfillment", "return": "returns", "refund": "money",
    "appease": "money", "payment": "money", "tag": "tag", "note": "note", "archive": "box", "unarchive": "box",
}  # fmt: skip
_presence = presence.Presence()


def order_id_of(request: PageRequest) -> int | None:
    """Return the id of the order that the path names, None where it is none; the log line gets it."""
    request.order_id = from_base32(request.params["id"])
    return request.order_id


def url_of(order_id: int, rest: str = "") -> str:
    """Return the path of an order's page, or of one below it."""
    return f"/console/orders/{to_base32(order_id)}{rest}"


def actions_for(request: PageRequest, details: OrderDetails) -> list[dict[str, Any]]:
    """Return the actions that a person can ask of an order, with their labels, icons and keys."""
    if not request.may(WRITE):
        return []
    in_head = [name for name in _FIRST if name in details.actions]
    others = [name for name in details.actions if name not in _FIRST]
    return [
        {
            "name": name, "label": request.t(ACTION_LABELS[name]), "icon": _ICONS[name], "key": _KEYS.get(name),
            "url": url_of(details.order.order_id, f"/do/{name}"), "first": name in _FIRST,
            "primary": [name] == in_head[:1] and name in ("release", "ship"),
        }
        for name in (*in_head, *others)
    ]  # fmt: skip


async def show(request: PageRequest) -> Response:
    """Show an order; `at` shows it as it was after the event of that number."""
    order_id = order_id_of(request)
    at = request.page_number("at", 0, least=0, most=1_000_000_000)
    if at:
        details = await order_details.read_as_of(request.context, request.caller, order_id=order_id, number=at)
    else:
        details = await order_details.read(request.context, request.caller, order_id=order_id)
    first = request.page_number("line", 1, most=1_000_000) - 1
    is_large = len(details.order.content.lines) >= large_orders.MANY_LINES
    events = request.page_number("events", EVENTS_SHOWN_OF_LARGE if is_large else EVENTS_SHOWN, most=10_000)
    entries = await large_orders.compute(details.order, lambda: timeline(request, details, events))
    return request.render(
        "order.html", section="orders", details=details, order=details.order, at=at, first=first, lines_shown=LINES_SHOWN,
        lines=lines_of(details, first), entries=entries, events_left=max(0, len(details.history) - len(entries)),
        explanations=[(each, explanation_text(request, each)) for each in details.explanations],
        actions=actions_for(request, details), action_labels=ACTION_LABELS, components=COMPONENT_LABELS,
        notes=notes_of(details),
        line_name=line_name, url=url_of(details.order.order_id), tab="order",
    )  # fmt: skip


def lines_of(details: OrderDetails, first: int) -> list[dict[str, Any]]:
    """Return the lines of one page of an order, from the position `first`."""
    order = details.order
    stop = min(first + LINES_SHOWN, len(order.content.lines))
    ids = line_ids(order.content.lines) if len(order.content.lines) < large_orders.MANY_LINES else ()
    differences = {
        each.line: each for each in details.reconciliation.components if each.line is not None and each.difference
    }
    return [
        {
            "position": position, "line": order.content.lines[position], "counters": order.counters[position],
            "id": ids[position] if ids else position + 1, "difference": differences.get(position),
            "holds": [hold for hold in order.holds if position in hold.lines],
        }
        for position in range(first, stop)
    ]  # fmt: skip


def timeline(request: PageRequest, details: OrderDetails, most: int) -> list[Entry]:
    """Return the newest events of an order, the newest first."""
    after = max(0, len(details.history) - most)
    return [entry_of(request, each) for each in queries.timeline(details.history, after=after)][::-1]


def notes_of(details: OrderDetails) -> list[tuple[Event, str]]:
    """Return the newest notes that people wrote, the newest first."""
    found: list[tuple[Event, str]] = []
    for event in reversed(details.history):
        if event.name == Noted.name and len(found) < NOTES_SHOWN:
            said = decode_event(event)
            if isinstance(said, Noted) and not said.topic:
                found.append((event, said.text))
    return found


# ------------------------------------------------------------------------------------------------------------------- presence
async def note_presence(request: PageRequest) -> Response:
    """Note that a person looks at an order; tell a script who else does, and whether the order has changed since `version`."""
    order_id = order_id_of(request)
    latest = await order_details.latest_change(request.context, request.caller, order_id=order_id)
    assert order_id is not None, "an order was found"
    caller, t = request.caller, request.t
    if request.form.get("leave"):
        _presence.forget(caller.organization_id, order_id, caller.actor)
        return request.answer_json({})
    others = _presence.note(caller.organization_id, order_id, caller.actor, now=request.context.clock())
    names = ", ".join(others)
    also = t.plural(
        len(others), "{names} is looking at this order too.", "{names} are looking at this order too.", names=names
    )
    changed = t("This order was changed by {actor}, {time}.", actor=latest.actor, time=request.format.ago(latest.at))
    is_changed = request.form.get("version") != str(latest.version)
    return request.answer_json(
        {
            "version": latest.version,
            "others": others,
            "also": also if others else "",
            "changed": changed if is_changed else "",
        }
    )


# --------------------------------------------------------------------------------------------------------- deliveries, papers
async def redeliver(request: PageRequest) -> Response:
    """Send a webhook delivery or a mail of an order again."""
    order_id = order_id_of(request)
    details = await order_details.read(request.context, request.caller, order_id=order_id)
    wanted = from_base32(request.form.get("delivery", ""))
    for each in (*details.deliveries, *details.mails):
        if each.delivery.delivery_id == wanted:
            await endpoints.redeliver(
                request.context, request.caller, endpoint_id=each.endpoint.endpoint_id, delivery_id=wanted
            )
            is_mail = each.endpoint.kind == "email"
            text = request.t("The e-mail is sent again.") if is_mail else request.t("The webhook is sent again.")
            return request.redirect(url_of(details.order.order_id), Notice(text))
    raise NotFound(Code.NOT_FOUND, "the order has no such delivery")


async def paper(request: PageRequest) -> Response:
    """Answer a paper of an order as PDF: the packing slip or the labels of a fulfillment, or an invoice."""
    order_id = order_id_of(request)
    kind, value = request.params["kind"], from_base32(request.params["part"])
    details = await order_details.read(request.context, request.caller, order_id=order_id)
    papers: PaperRenderers = request.context.papers
    wanted = PaperRequest(request.t.language, "Letter" if request.query.get("paper") == "Letter" else "A4")
    wanted = await paper_renderers.with_brand(request.context, request.caller, wanted)
    fulfillment = next((each for each in details.order.fulfillments if each.fulfillment_id == value), None)
    invoice = next((each for each in details.invoices if each.invoice_id == value), None)
    if kind == "packing-slip" and fulfillment is not None:
        body = await paper_renderers.render(papers.packing_slip, details.order, fulfillment, wanted, False)
    elif kind == "labels" and fulfillment is not None:
        body = await paper_renderers.render(papers.label, details.order, fulfillment, wanted, None)
    elif kind == "invoice" and invoice is not None:
        body = await paper_renderers.render(papers.invoice, invoice, wanted)
    else:
        raise NotFound(Code.NOT_FOUND, "the order has no such paper")
    headers = SECURITY | {"content-disposition": f'inline; filename="{kind}-{request.params["part"]}.pdf"'}
    return Response(body, media_type="application/pdf", headers=headers)


PAGES = (
    Page("GET", "/console/orders/{id}", show, "showOrder", READ, "orders"),
    Page("POST", "/console/orders/{id}/presence", note_presence, "notePresence", READ, "orders", polled=True),
    Page("POST", "/console/orders/{id}/deliveries", redeliver, "redeliverOfOrder", WRITE, "orders"),
    Page("GET", "/console/orders/{id}/papers/{kind}/{part}", paper, "showPaper", READ, "orders"),
)
