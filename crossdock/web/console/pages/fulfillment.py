"""The work of a location: its fulfillments by status, orders to start, a scan field that opens what was scanned, pick lists."""

from collections.abc import Sequence
from typing import Any

import structlog
from msgspec import Struct
from starlette.responses import Response

from crossdock.core.errors import Refusal
from crossdock.core.ids import from_base32, to_base32
from crossdock.core.orders.commands import Command
from crossdock.core.orders.fulfilling import CreateFulfillment, PickUnits
from crossdock.core.orders.fulfillments import Fulfillment
from crossdock.core.orders.model import Order
from crossdock.flows import fulfillment, paper_renderers, warehouse
from crossdock.flows.access import READ, WRITE
from crossdock.flows.execute import Change, execute_each
from crossdock.flows.paper_renderers import MAX_PICKED, PaperRenderers, PaperRequest
from crossdock.papers.pick_list import picks_of
from crossdock.web.console.location_choice import choose
from crossdock.web.console.page import Page, PageRequest
from crossdock.web.console.rendering import SECURITY
from crossdock.web.console.units import normalized

SECTION, PATH, DOOR = "fulfillment", "/console/fulfillment", "hub"
LISTED = 50
_log = structlog.get_logger("crossdock.console")


class Tab(Struct, frozen=True):
    """A tab of the list: its statuses; the work is listed oldest first, what is done newest first."""

    key: str
    label: str
    statuses: tuple[str, ...] = ()
    newest: bool = False


TABS = (
    Tab("start", "To start", ("unstarted",)),
    Tab("open", "Open", ("open",)),
    Tab("picking", "Picking", ("picking",)),
    Tab("picked", "Picked", ("picked",)),
    Tab("packed", "Packed", ("packed", "partially_shipped")),
    Tab("ready", "Ready for pickup", ("ready_for_pickup",)),
    Tab("shipped", "Shipped", ("shipped", "delivered"), True),
)
_TABS = {tab.key: tab for tab in TABS}


def url_of(fulfillment_id: int, rest: str = "") -> str:
    """Return the path of a fulfillment's page, or of one below it."""
    return f"{PATH}/{to_base32(fulfillment_id)}{rest}"


def pdf(name: str, body: bytes) -> Response:
    """Answer a paper."""
    headers = SECURITY | {"content-disposition": f'inline; filename="{name}.pdf"'}
    return Response(body, media_type="application/pdf", headers=headers)


async def paper_request(request: PageRequest) -> PaperRequest:
    """Return how a paper is wanted: in the reader's language, with the organization's brand."""
    wanted = PaperRequest(request.t.language, "Letter" if request.query.get("paper") == "Letter" else "A4")
    return await paper_renderers.with_brand(request.context, request.caller, wanted)


# ----------------------------------------------------------------------------------------------------------------- list
async def show(request: PageRequest) -> Response:
    """List the work of the chosen location."""
    choice = await choose(request)
    counts = await warehouse.counts(request.context, request.caller, location=choice.code)
    tab = _TABS.get(request.query.get("tab", "")) or _first_with_work(counts)
    past = request.page_number("past", 0, most=2**63 - 1) or None
    values: dict[str, Any] = {"started": [], "unstarted": [], "more": None}
    if tab.key == "start":
        if choice.code is not None:
            values["unstarted"], values["more"] = await warehouse.unstarted(
                request.context, request.caller, location=choice.code, past=past or 0, limit=LISTED
            )
    else:
        found = await warehouse.fulfillments(
            request.context, request.caller, statuses=tab.statuses, limit=LISTED + 1, location=choice.code, past=past,
            newest=tab.newest,
        )  # fmt: skip
        values["started"] = found[:LISTED]
        values["more"] = found[LISTED - 1].part.fulfillment_id if len(found) > LISTED else None
    sums = {each.key: sum(counts.get(status, 0) for status in each.statuses) for each in TABS if not each.newest}
    response = request.render(
        "fulfillment.html", section=SECTION, choice=choice, tabs=TABS, tab=tab, counts=sums, past=past,
        most=warehouse.MAX_COUNT, **values,
    )  # fmt: skip
    return choice.remember(request, response)


def _first_with_work(counts: dict[str, int]) -> Tab:
    """Return the first tab that has something; the open ones where nothing has."""
    return next((tab for tab in TABS if any(counts.get(status) for status in tab.statuses)), _TABS["open"])


async def scan(request: PageRequest) -> Response:
    """Open the fulfillment that a code belongs to, else its order."""
    code = request.query.get("code", "").strip()
    choice = await choose(request)
    found = await warehouse.scan(request.context, request.caller, code, location=choice.code)
    if found is None:
        text = request.t("Nothing has the code {code}. Scan an order, a package or a fulfillment.", code=code[:100])
        return request.redirect(PATH, text, failed=True)
    if found.fulfillment is not None:
        return request.redirect(url_of(found.fulfillment.fulfillment_id))
    text = request.t("The order {number} has no fulfillment yet.", number=found.order.content.number)
    return request.redirect(f"/console/orders/{to_base32(found.order.order_id)}", text)


# ---------------------------------------------------------------------------------------------------------------- start
async def start(request: PageRequest) -> Response:
    """Create fulfillments of the selected orders at a location, each for itself."""
    location = request.form.get("location", "")
    kind: Any = "pickup" if request.form.get("kind") == "pickup" else "ship"
    new_id = fulfillment.new_ids(request.context)
    commands: list[Command] = [
        CreateFulfillment(order_id=order_id, version=version, location_ref=location, new_id=new_id, kind=kind)
        for order_id, version in _selected(request, "order")
    ]
    if not commands:
        return request.redirect(f"{PATH}?tab=start", request.t("Select orders first."), failed=True)
    done = await execute_each(request.context, request.caller, commands, door=DOOR)
    text = request.t.plural(_count(done), "{n} fulfillment is created.", "{n} fulfillments are created.")
    return _outcome(request, done, text, "start" if _count(done) < len(done) else "open")


def _selected(request: PageRequest, name: str) -> list[tuple[int, int]]:
    """Return the ids and versions of the selected rows, whose boxes have "id.version"."""
    found = []
    for value in request.form_lists.get(name, ())[:MAX_PICKED]:
        identity, _, version = value.partition(".")
        number = from_base32(identity)
        if number is not None and version.isascii() and version.isdigit() and len(version) < 19:
            found.append((number, int(version)))
    return found


def _count(done: Sequence[Change | Exception]) -> int:
    return sum(isinstance(each, Change) for each in done)


def _outcome(request: PageRequest, done: Sequence[Change | Exception], text: str, tab: str) -> Response:
    """Say how many were done, and why others were not."""
    failed = [each for each in done if isinstance(each, Exception)]
    if failed:
        reasons = dict.fromkeys(_why(request, each) for each in failed)
        text += " " + request.t.plural(len(failed), "{n} was not: {why}", "{n} were not: {why}", why="; ".join(reasons))
    return request.redirect(f"{PATH}?tab={tab}", text, failed=bool(failed))


def _why(request: PageRequest, error: Exception) -> str:
    if isinstance(error, Refusal):
        return error.reason
    _log.error("bug", exc_info=error)
    return request.t("Something went wrong on this server")


# ----------------------------------------------------------------------------------------------------------- pick lists
async def _listed(request: PageRequest) -> list[tuple[Order, Fulfillment]]:
    """Return the selected fulfillments that have something to pick; without a selection, those of the chosen location."""
    values = [value for name, value in request.http.query_params.multi_items() if name == "fulfillment"]
    ids = [number for value in values[:MAX_PICKED] if (number := from_base32(value.partition(".")[0])) is not None]
    if values:
        return await warehouse.find(request.context, request.caller, ids)
    choice = await choose(request)
    found = await warehouse.fulfillments(
        request.context, request.caller, statuses=("open", "picking"), limit=MAX_PICKED, location=choice.code
    )
    return [(each.order, each.part) for each in found]


async def show_pick_list(request: PageRequest) -> Response:
    """Show what is to be fetched for many fulfillments, by location and SKU."""
    work = await _listed(request)
    codes = list(dict.fromkeys(each.location for _, each in work))
    language = request.t.language
    lists = [(code, picks_of(work, location=code, language=language)) for code in codes]
    totals = sum(sum(pick.units.values()) for _, picks in lists for pick in picks)
    return request.render(
        "fulfillment_pick_list.html", section=SECTION, lists=lists, work=work, total=totals,
        code_of=normalized,
    )  # fmt: skip


async def pick_list_paper(request: PageRequest) -> Response:
    """Answer a pick list as PDF; of several locations, that of the first."""
    work = await _listed(request)
    papers: PaperRenderers = request.context.papers
    location = request.query.get("at") or (work[0][1].location if work else "")
    wanted, now = await paper_request(request), request.context.clock()
    return pdf("pick-list", await paper_renderers.render(papers.pick_list, work, wanted, location, now))


async def pick_all(request: PageRequest) -> Response:
    """Record that everything of the selected fulfillments is picked, each for itself."""
    selected = _selected(request, "fulfillment")
    work = await warehouse.find(request.context, request.caller, [number for number, _ in selected])
    versions, begun = dict(selected), set[int]()
    commands: list[Command] = []
    for order, each in work:  # of two fulfillments of one order, the first raises its version
        version = None if order.order_id in begun else versions[each.fulfillment_id]
        begun.add(order.order_id)
        commands.append(PickUnits(order_id=order.order_id, version=version, fulfillment_id=each.fulfillment_id))
    if not commands:
        return request.redirect(PATH, request.t("Select fulfillments first."), failed=True)
    done = await execute_each(request.context, request.caller, commands, door=DOOR)
    text = request.t.plural(_count(done), "{n} fulfillment is picked.", "{n} fulfillments are picked.")
    return _outcome(request, done, text, "picked")


PAGES = (
    Page("GET", PATH, show, "listWork", READ, SECTION),
    Page("GET", f"{PATH}/scan", scan, "scanCode", READ, SECTION),
    Page("POST", f"{PATH}/start", start, "startWork", WRITE, SECTION),
    Page("GET", f"{PATH}/pick-list", show_pick_list, "showPickList", READ, SECTION),
    Page("GET", f"{PATH}/pick-list.pdf", pick_list_paper, "printPickList", READ, SECTION),
    Page("POST", f"{PATH}/pick-all", pick_all, "pickAll", WRITE, SECTION),
)
