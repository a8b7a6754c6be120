"""The form of each action on an order: fill it in, preview what would change, do it; and what others did meanwhile."""

from typing import Any

from msgspec import Struct
from starlette.responses import Response

from crossdock.core.errors import Code, Conflict, Invalid, NotFound
from crossdock.core.explanation import actions_of
from crossdock.core.ids import from_base32
from crossdock.core.orders import events
from crossdock.core.orders.events import Released
from crossdock.core.orders.model import Order
from crossdock.core.returns.refunds import balance
from crossdock.flows import fulfillment, large_orders, locations, queries
from crossdock.flows.access import WRITE
from crossdock.flows.execute import Change, execute
from crossdock.web.console.page import Notice, Page, PageRequest
from crossdock.web.console.pages.order import url_of
from crossdock.web.console.pages.order_commands import ACTIONS, Action, holds_again
from crossdock.web.console.pages.order_fields import Subject, Typed
from crossdock.web.console.pages.order_words import (
    EVENT_TITLES,
    MAX_CHANGES,
    Entry,
    changes_of,
    details_of,
    entry_of,
)
from crossdock.web.console.pages.order_words import Change as ChangedValue
from crossdock.web.console.tag_texts import write_tags

DOOR = "hub"
# Events of others that are shown to who was slower.
MEANWHILE_SHOWN = 10
# Characters of what undoes an action: it waits in a cookie, which browsers limit to 4 kB.
MAX_UNDO = 1_500
_DONE = {
    "hold": "The order is on hold.",
    "release": "The order is released.",
    "edit": "The order is changed.",
    "cancel": "It is canceled.",
    "allocate": "It is allocated.",
    "reallocate": "It is moved.",
    "deallocate": "The units are given back.",
    "fulfill": "The fulfillment is created.",
    "ship": "It is shipped.",
    "return": "The return is requested.",
    "refund": "The refund is recorded.",
    "appease": "The refund is recorded.",
    "payment": "The payment is recorded.",
    "tag": "The tags are changed.",
    "note": "The note is added.",
    "archive": "The order is archived.",
    "unarchive": "The order is back from the archive.",
}


class Preview(Struct, frozen=True):
    """What an action would do: its events in words, and the values that it would change."""

    entries: tuple[Entry, ...]
    changes: tuple[ChangedValue, ...]
    more: int


async def show_form(request: PageRequest) -> Response:
    """Show the form of an action."""
    subject, action, order_actions = await _subject(request)
    is_allowed = request.params["verb"] in order_actions
    return _form(subject, action, Typed(request), status=200, is_allowed=is_allowed)


async def submit_form(request: PageRequest) -> Response:
    """Preview an action, or do it."""
    subject, action, _ = await _subject(request)
    typed = Typed(request)
    command = action.command(subject, typed)
    if request.version != subject.order.version:
        return await _conflict(subject, action, typed, request.version or 0)
    if typed.faults:
        return _form(subject, action, typed, status=400)
    is_preview = request.form.get("step") != "do"
    try:
        (change,) = await execute(request.context, request.caller, [command], door=DOOR, dry_run=is_preview)
    except Conflict as conflict:
        if conflict.code is Code.STALE_VERSION:  # between the look at the order and the command
            subject, action, _ = await _subject(request)
            return await _conflict(subject, action, typed, int(command.version or 0))
        return _refused(subject, action, typed, conflict)
    except Invalid as invalid:
        return _refused(subject, action, typed, invalid)
    if is_preview:
        preview = await large_orders.compute(subject.order, lambda: _preview(request, subject.order, change))
        return _form(subject, action, typed, preview=preview)
    return _done(request, subject.order, change)


async def _subject(request: PageRequest) -> tuple[Subject, Action, tuple[str, ...]]:
    """Read what a form is made of. Refuses with NotFound an order or an action that there is not."""
    request.order_id = from_base32(request.params["id"])
    action = ACTIONS.get(request.params["verb"])
    if action is None:
        raise NotFound(Code.NO_ROUTE, "there is no such action")
    context, caller = request.context, request.caller
    async with context.store.reading() as tx:
        within = context.within(tx)
        order = await queries.order(within, caller, order_id=request.order_id)
        stored, _ = await locations.page(within, caller, limit=500)
        policy = await fulfillment.return_policy(within, caller)
    computed = await large_orders.compute(order, lambda: balance(order.content, order.payments, order.refunds))
    codes = [each.location.code for each in stored]
    subject = Subject(request, order, computed, codes, policy, fulfillment.new_ids(context))
    return subject, action, actions_of(order, computed)


# -------------------------------------------------------------------------------------------------------------------- pages
def _form(
    subject: Subject,
    action: Action,
    typed: Typed,
    *,
    status: int = 200,
    preview: Preview | None = None,
    is_allowed: bool = True,
    refusal: str | None = None,
    meanwhile: tuple[Entry, ...] = (),
) -> Response:
    request, order = subject.request, subject.order
    fields = action.fields(subject)
    names = {field.name for field in fields}
    names |= {f"units-{position}" for field in fields for position, *_ in field.limits}
    other_faults = {name: text for name, text in typed.faults.items() if name not in names}
    groups: dict[str, list[Any]] = {}
    for field in fields:
        groups.setdefault(field.group, []).append(field)
    return request.render(
        "order_do.html", status=status, section="orders", verb=request.params["verb"], action=action, order=order,
        groups=groups, faults=typed.faults, other_faults=other_faults, preview=preview, is_allowed=is_allowed, refusal=refusal,
        meanwhile=meanwhile, version=order.version, url=url_of(order.order_id),
        form_url=url_of(order.order_id, f"/do/{request.params['verb']}"), is_long=len(order.content.lines) > 200,
    )  # fmt: skip


def _refused(subject: Subject, action: Action, typed: Typed, refusal: Conflict | Invalid) -> Response:
    """Show the form with the faults of what was refused, each at its field where there is one."""
    for fault in refusal.faults:
        name = typed.place(fault.path)
        typed.faults.setdefault(name, fault.reason)
    status = 409 if isinstance(refusal, Conflict) else 400
    return _form(subject, action, typed, status=status, refusal=refusal.reason)


async def _conflict(subject: Subject, action: Action, typed: Typed, seen: int) -> Response:
    """Show the form with what others did since the version that a person saw; what they typed is kept."""
    request, order = subject.request, subject.order
    history = await queries.history(request.context, request.caller, order_id=order.order_id)

    def changed_since() -> tuple[Entry, ...]:
        newest = queries.timeline(history, after=max(0, len(history) - MEANWHILE_SHOWN))
        return tuple(entry_of(request, each) for each in newest if each.order is None or each.order.version > seen)

    meanwhile = await large_orders.compute(order, changed_since)
    return _form(subject, action, typed, status=409, meanwhile=meanwhile)


def _preview(request: PageRequest, before: Order, change: Change) -> Preview:
    after = change.order
    entries = tuple(
        Entry(
            event, request.t(EVENT_TITLES.get(event.name, event.name)),
            tuple(details_of(request, events.decode_event(event), after)), (), 0, important=True,
        )
        for event in change.events
    )  # fmt: skip
    changes = (*changes_of(request, after, queries.compare(before, after)), *_balance_changes(request, before, after))
    return Preview(entries, changes[:MAX_CHANGES], max(0, len(changes) - MAX_CHANGES))


def _balance_changes(request: PageRequest, before: Order, after: Order) -> list[ChangedValue]:
    """Return what is different in the money of two states of an order."""
    old, new = (balance(each.content, each.payments, each.refunds) for each in (before, after))
    t, money, currency = request.t, request.format.money, after.content.currency
    labels = {
        "captured": t("Captured"),
        "refunded": t("Refunded"),
        "refundable": t("Can be refunded"),
        "owed": t("Not paid"),
    }
    return [
        ChangedValue(label, money(getattr(old, name), currency), money(getattr(new, name), currency))
        for name, label in labels.items()
        if getattr(old, name) != getattr(new, name)
    ]


# --------------------------------------------------------------------------------------------------------------------- done
def _done(request: PageRequest, before: Order, change: Change) -> Response:
    verb, after = request.params["verb"], change.order
    text = request.t(_DONE[verb]) if change.events else request.t("Nothing had to be changed.")
    undo = _undo(verb, before, change) if change.events else None
    notice = Notice(text)
    if undo is not None and sum(map(len, undo[1].values())) <= MAX_UNDO:
        undo_verb, fields = undo
        fields |= {"step": "do", "version": str(after.version)}
        notice = Notice(text, undo_url=url_of(after.order_id, f"/do/{undo_verb}"), undo_fields=fields)
    back = request.form.get("back", "")
    return request.redirect(back if back.startswith("/console/") else url_of(after.order_id), notice)


def _undo(verb: str, before: Order, change: Change) -> tuple[str, dict[str, str]] | None:
    """Return the action that undoes an action, with its fields; None where there is none."""
    if verb == "hold":
        known = {(hold.number, hold.reason) for hold in before.holds}
        placed = [hold for hold in change.order.holds if (hold.number, hold.reason) not in known]
        return ("release", {"holds": f"{placed[0].number}:{placed[0].reason}"}) if len(placed) == 1 else None
    if verb == "release":
        said = events.decode_event(change.events[0])
        return ("hold", {"again": holds_again(before, said.holds)}) if isinstance(said, Released) else None
    if verb == "tag":
        return "tag", {"tags": write_tags(before.tags)}
    other = {"archive": "unarchive", "unarchive": "archive"}.get(verb)
    return None if other is None else (other, {})


_PATH = "/console/orders/{id}/do/{verb}"
PAGES = (
    Page("GET", _PATH, show_form, "showOrderForm", WRITE, "orders"),
    Page("POST", _PATH, submit_form, "changeOrder", WRITE, "orders", versioned=True),
)
