"""Returns: list by state; receive, judge, refund with the sum shown by component, exchange, cancel."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct
from starlette.responses import Response

from crossdock.core.events import Event
from crossdock.core.ids import from_base32, to_base32
from crossdock.core.orders.commands import Command
from crossdock.core.orders.delivering import ReshipPackage
from crossdock.core.orders.events import Refunded, Returned, ReturnJudged, decode_event
from crossdock.core.orders.model import Order
from crossdock.core.orders.payments import Refund
from crossdock.core.orders.returns import Return, ReturnLine
from crossdock.core.returns.commands import CancelReturn, JudgeReturn, ReceiveReturn, RefundOrder
from crossdock.core.returns.refunds import SIGNS, Balance, balance
from crossdock.flows import fulfillment, queries, warehouse
from crossdock.flows.access import READ, WRITE
from crossdock.flows.execute import Change
from crossdock.web.console.location_choice import choose
from crossdock.web.console.page import Page, PageRequest
from crossdock.web.console.pages.counting import CountingView, count_scan, is_stale, try_commands
from crossdock.web.console.pages.fulfillment import Tab
from crossdock.web.console.pages.order_words import EVENT_TITLES
from crossdock.web.console.units import Item, Typed, items_of

SECTION, PATH = "returns", "/console/returns"
LISTED = 50
TABS = (
    Tab("requested", "Requested", ("requested", "partially_received")),
    Tab("received", "To judge", ("received",)),
    Tab("judged", "Judged", ("judged",), True),
    Tab("canceled", "Canceled", ("canceled",), True),
)
_TABS = {tab.key: tab for tab in TABS}
# What people say of units that come back; recorded as the reason of the receipt.
CONDITIONS = {"as new": "As new", "used": "Used", "damaged": "Damaged", "wrong": "Not what was sent"}
WITHOUT = {"shipping": "Shipping", "fees": "Fees", "tax": "Tax", "duty": "Duty"}
COMPONENTS = {"items": "Items", "discount": "Discount"} | WITHOUT


def url_of(return_id: int) -> str:
    """Return the path of a return's page."""
    return f"{PATH}/{to_base32(return_id)}"


async def show_list(request: PageRequest) -> Response:
    """List returns by state: what is to do oldest first, what is done newest first."""
    tab = _TABS.get(request.query.get("tab", ""), TABS[0])
    past = request.page_number("past", 0, most=2**63 - 1) or None
    found = await warehouse.returns(
        request.context, request.caller, statuses=tab.statuses, limit=LISTED + 1, past=past, newest=tab.newest
    )
    statuses = [status for each in TABS if not each.newest for status in each.statuses]
    counts = await warehouse.return_counts(request.context, request.caller, statuses)
    sums = {each.key: sum(counts.get(status, 0) for status in each.statuses) for each in TABS if not each.newest}
    return request.render(
        "returns.html", section=SECTION, tabs=TABS, tab=tab, found=found[:LISTED], counts=sums, past=past,
        more=found[LISTED - 1].part.return_id if len(found) > LISTED else None, most=warehouse.MAX_COUNT,
        refunded=_refunded,
    )  # fmt: skip


def _refunded(order: Order, part: Return) -> Decimal:
    return sum((each.amount for each in order.refunds if each.return_id == part.return_id), Decimal(0))


# ----------------------------------------------------------------------------------------------------------- one return
class Subject(Struct, frozen=True):
    """The return of a request: its order, and what the order's lines are."""

    order: Order
    part: Return
    items: dict[int, Item]

    @property
    def lines(self) -> list[ReturnLine]:
        """The lines that the order still has."""
        return [line for line in self.part.lines if line.line in self.items]

    @property
    def base(self) -> dict[str, Any]:
        """What every command on the return has."""
        return {"order_id": self.order.order_id, "return_id": self.part.return_id}


class View(CountingView, kw_only=True):
    """What is shown besides the return: the form that was sent, and what would be refunded or sent again."""

    verb: str = ""
    refund: Refund | None = None
    exchange: Any = None


async def _subject(request: PageRequest) -> Subject:
    value = from_base32(request.params["id"])
    order = await fulfillment.order_of(request.context, request.caller, part="return", value=value)
    request.order_id = order.order_id
    part = next(each for each in order.returns if each.return_id == value)
    return Subject(order, part, await items_of(request, order))


async def show(request: PageRequest) -> Response:
    """Show a return with what can be done next."""
    return await _page(request, await _subject(request), View())


async def _page(request: PageRequest, subject: Subject, view: View) -> Response:
    order, part = subject.order, subject.part
    history = await queries.history(request.context, request.caller, order_id=order.order_id)
    choice = await choose(request)
    money = balance(order.content, order.payments, order.refunds)
    return request.render(
        "return.html", status=view.status, section=SECTION, order=order, part=part, items=subject.items, view=view,
        lines=subject.lines, url=url_of(part.return_id), order_url=f"/console/orders/{to_base32(order.order_id)}",
        conditions=CONDITIONS, choice=choice, location=view.values.get("location") or part.location or choice.code or "",
        balance=money, refunds=[each for each in order.refunds if each.return_id == part.return_id],
        without=WITHOUT, components=COMPONENTS, signs=SIGNS, entries=_entries(history, part.return_id),
        refundable=_refundable(order, part, money), currency=order.content.currency, packages=_packages(subject),
    )  # fmt: skip


def _entries(history: Sequence[Event], return_id: int) -> list[tuple[str, str, int, str]]:
    """Return the events of a return, newest first: name, actor, time, reason."""
    entries = []
    for event in history:
        if event.name in _NAMES:
            said: Any = decode_event(event)
            state = getattr(said, "state", None)
            if return_id in (getattr(said, "return_id", None), state.return_id if state is not None else None):
                entries.append((EVENT_TITLES.get(event.name, event.name), event.actor, event.at, said.reason or ""))
    return entries[::-1]


_NAMES = frozenset({"order.return_requested", "order.return_canceled", Returned.name, ReturnJudged.name, Refunded.name})


def _refundable(order: Order, part: Return, money: Balance) -> bool:
    """Tell whether units came and were not rejected that no refund of this return has, and money is left."""
    done = sum(units for each in order.refunds if each.return_id == part.return_id for _, units in each.lines)
    return money.refundable > 0 and sum(line.received - line.rejected for line in part.lines) > done


# -------------------------------------------------------------------------------------------------------------- actions
async def receive(request: PageRequest) -> Response:
    """Record what came back, with its condition."""
    subject, typed = await _subject(request), Typed(request)
    expected = {line.line: line.expected for line in subject.lines if line.expected}
    view = View(verb="receive", values=request.form, faults=typed.faults)
    if request.form.get("do") == "scan":
        unknown = request.t("{code} is not in this list.", code=request.form.get("code", "").strip()[:100])
        count_scan(request, view, subject.items, expected, field="came-{}", unknown=unknown)
        return await _page(request, subject, view)
    if await is_stale(request, view, subject.order):
        return await _page(request, subject, view)
    units = dict(expected) if request.form.get("do") == "all" else typed.units("came", expected)
    condition, note = request.form.get("condition", ""), typed.text("reason")
    said = f"condition: {condition}" if condition in CONDITIONS else None
    if not any(units.values()) and not typed.faults:
        view.refusal = request.t("Nothing is counted yet.")
    if typed.faults or view.refusal:
        view.status = 400
        return await _page(request, subject, view)
    command = ReceiveReturn(
        **subject.base, version=request.version, lines=units, location=typed.text("location"),
        reason="; ".join(each for each in (said, note) if each) or None,
    )  # fmt: skip
    done = await try_commands(request, [command], view, typed, names={"lines": [f"came-{place}" for place in units]})
    if done is None:
        return await _page(request, await _subject(request), view)
    text = request.t.plural(sum(units.values()), "{n} unit is received.", "{n} units are received.")
    return request.redirect(url_of(subject.part.return_id), text)


async def judge(request: PageRequest) -> Response:
    """Restock, scrap or reject units that came."""
    subject, typed = await _subject(request), Typed(request)
    left = {line.line: line.unjudged for line in subject.lines if line.unjudged}
    view = View(verb="judge", values=request.form, faults=typed.faults)
    if await is_stale(request, view, subject.order):
        return await _page(request, subject, view)
    parts = {name: typed.units(name, left) for name in ("restock", "scrap", "reject")}
    if request.form.get("do") == "all":
        parts = {"restock": dict(left), "scrap": {}, "reject": {}}
    for place, units in left.items():
        if sum(part.get(place, 0) for part in parts.values()) > units:
            typed.faults.setdefault(f"restock-{place}", request.t("At most {n} together.", n=units))
    if not any(any(part.values()) for part in parts.values()) and not typed.faults:
        view.refusal = request.t("Nothing is counted yet.")
    if typed.faults or view.refusal:
        view.status = 400
        return await _page(request, subject, view)
    judged: dict[str, Any] = {
        name: {place: units for place, units in part.items() if units} for name, part in parts.items()
    }
    command = JudgeReturn(
        **subject.base, **judged, version=request.version, location=typed.text("location"), reason=typed.text("reason")
    )
    done = await try_commands(request, [command], view, typed)
    if done is None:
        return await _page(request, await _subject(request), view)
    text = request.t("The units are judged.") + " " + _restocked_text(request, done[0], sum(parts["restock"].values()))
    return request.redirect(url_of(subject.part.return_id), text.strip())


def _restocked_text(request: PageRequest, change: Change, wanted: int) -> str:
    """Say how many units went back into stock; a product that was never counted at the location has no level to go to."""
    restocked = sum(
        units
        for event in change.events
        if event.name == ReturnJudged.name
        for *_, units in decode_event(event).restocked  # type: ignore[attr-defined]
    )
    t = request.t
    text = t.plural(restocked, "{n} unit is back in stock.", "{n} units are back in stock.") if restocked else ""
    if restocked < wanted:
        missing = t("{n} are not, because the location has no stock level of them.", n=wanted - restocked)
        text = f"{text} {missing}".strip()
    return text


async def refund(request: PageRequest) -> Response:
    """Show the refund by component, then make it."""
    subject, typed = await _subject(request), Typed(request)
    view = View(verb="refund", values=_with_lists(request), faults=typed.faults)
    amount, fee = typed.amount("amount"), typed.amount("fee")
    if typed.faults:
        view.status = 400
        return await _page(request, subject, view)
    command = RefundOrder(
        **subject.base, version=request.version, new_id=fulfillment.new_ids(request.context), kind="return", amount=amount,
        fee=fee or Decimal(0), without=tuple(name for name in WITHOUT if name in request.form_lists.get("without", ())),
        reason=typed.text("reason"),
    )  # fmt: skip
    is_preview = request.form.get("step") != "do"
    field = "fee" if fee and amount is None else "amount"
    done = await try_commands(request, [command], view, typed, names={"amount": [field]}, dry_run=is_preview)
    if done is None:
        return await _page(request, await _subject(request), view)
    order = done[0].order
    if is_preview:
        view.refund = order.refunds[-1]
        return await _page(request, subject, view)
    money = request.format.money(order.refunds[-1].amount, order.content.currency)
    return request.redirect(url_of(subject.part.return_id), request.t("{amount} is refunded.", amount=money))


def _with_lists(request: PageRequest) -> dict[str, str]:
    return dict(request.form) | {"without": " ".join(request.form_lists.get("without", ()))}


async def cancel(request: PageRequest) -> Response:
    """Cancel what has not come."""
    subject, typed = await _subject(request), Typed(request)
    view = View(verb="cancel", values=request.form, faults=typed.faults)
    command = CancelReturn(**subject.base, version=request.version, reason=typed.text("reason"))
    done = await try_commands(request, [command], view, typed)
    if done is None:
        return await _page(request, await _subject(request), view)
    return request.redirect(url_of(subject.part.return_id), request.t("What has not come is canceled."))


# ------------------------------------------------------------------------------------------------------------- exchange
def _packages(subject: Subject) -> dict[int, int]:
    """Return the package that each line of the return was shipped in: the newest, by line."""
    return {
        line: package.package_id
        for part in subject.order.fulfillments
        for package in part.packages
        if package.shipped and package.package_id is not None
        for line, _ in package.lines
    }


async def exchange(request: PageRequest) -> Response:
    """Send units of the return once more, as a reshipment of their packages: preview it, then do it."""
    subject, typed = await _subject(request), Typed(request)
    view = View(verb="exchange", values=request.form, faults=typed.faults)
    if await is_stale(request, view, subject.order):
        return await _page(request, subject, view)
    packages = _packages(subject)
    most = {line.line: line.quantity - line.canceled for line in subject.lines if line.line in packages}
    units = typed.units("again", most)
    for place, quantity in units.items():
        if quantity > most[place]:
            typed.faults[f"again-{place}"] = request.t("At most {n}, the units of the return.", n=most[place])
    if not any(units.values()) and not typed.faults:
        view.refusal = request.t("Nothing is counted yet.")
    if typed.faults or view.refusal:
        view.status = 400
        return await _page(request, subject, view)
    commands = _reshipments(request, subject, typed, units)
    is_preview = request.form.get("step") != "do"
    done = await try_commands(request, commands, view, typed, dry_run=is_preview)
    if done is None:
        return await _page(request, await _subject(request), view)
    if is_preview:
        made = done[-1].order.fulfillments[-len(commands) :]
        view.exchange = [
            (each.location, subject.items[line.line], line.quantity) for each in made for line in each.lines
        ]
        return await _page(request, subject, view)
    text = request.t.plural(sum(units.values()), "{n} unit is sent again.", "{n} units are sent again.")
    return request.redirect(url_of(subject.part.return_id), text)


def _reshipments(request: PageRequest, subject: Subject, typed: Typed, units: Mapping[int, int]) -> list[Command]:
    """Return a reshipment for each package that units were in; the first is guarded by the version."""
    by_package: dict[int, dict[int, int]] = {}
    packages = _packages(subject)
    for place, quantity in units.items():
        if quantity:
            by_package.setdefault(packages[place], {})[place] = quantity
    commands: list[Command] = [
        ReshipPackage(
            order_id=subject.order.order_id, package_id=package_id, lines=lines,
            new_id=fulfillment.new_ids(request.context), location_ref=typed.text("location"),
            carrier=typed.text("carrier", longest=100), number=typed.text("number", longest=100), reason="exchange",
        )
        for package_id, lines in by_package.items()
    ]  # fmt: skip
    return [msgspec.structs.replace(commands[0], version=request.version), *commands[1:]]


_ONE = f"{PATH}/{{id}}"
PAGES = (
    Page("GET", PATH, show_list, "listReturns", READ, SECTION),
    Page("GET", _ONE, show, "showReturn", READ, SECTION),
    Page("POST", f"{_ONE}/receive", receive, "receiveReturn", WRITE, SECTION, versioned=True),
    Page("POST", f"{_ONE}/judge", judge, "judgeReturn", WRITE, SECTION, versioned=True),
    Page("POST", f"{_ONE}/refund", refund, "refundReturn", WRITE, SECTION, versioned=True),
    Page("POST", f"{_ONE}/exchange", exchange, "exchangeReturn", WRITE, SECTION, versioned=True),
    Page("POST", f"{_ONE}/cancel", cancel, "cancelReturn", WRITE, SECTION, versioned=True),
)
