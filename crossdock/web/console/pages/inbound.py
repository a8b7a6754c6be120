"""Receiving notices and transfers: list, create, ship, receive with short, over and damaged units, close, cancel."""

import re
from typing import Any

from msgspec import Struct
from starlette.responses import Response

from crossdock.core.errors import Code, Conflict, Invalid, NotFound
from crossdock.core.ids import MAX_ID
from crossdock.core.inbound import notices, transfers
from crossdock.core.inbound.documents import Cancel, Close, InboundCommand, InboundDocument, LineUnits
from crossdock.core.inbound.notices import NoticeLine, ReceiveNotice, ReceivingNotice
from crossdock.core.inbound.transfers import ReceiveTransfer, ShipTransfer, Transfer, TransferLine
from crossdock.core.stock.count_rows import MAX_SKU
from crossdock.core.stock.model import MAX_UNITS
from crossdock.flows import inbound, product_entries
from crossdock.flows.access import READ, WRITE
from crossdock.flows.inbound import Stored
from crossdock.web.console.location_choice import choose
from crossdock.web.console.page import Page, PageRequest
from crossdock.web.console.pages.counting import CountingView, count_scan
from crossdock.web.console.pages.stock import DOOR, PATH, SECTION, TABS
from crossdock.web.console.units import Item, Typed, normalized, product_codes

RECEIVING, TRANSFERS = f"{PATH}/receiving", f"{PATH}/transfers"
LISTED = 50
_KINDS = {RECEIVING: notices.KIND, TRANSFERS: transfers.KIND}
_STATUSES = ("open", "complete", "closed", "canceled")
_MAX_LINES = 500
# "SKU, quantity" in one row; what is copied of a spreadsheet is separated by tabs.
_ROW = re.compile(r"(?P<sku>.+?)[\s,;]+(?P<units>[0-9]{1,10})")


class View(CountingView, kw_only=True):
    """What is shown besides the document; `preview` has the lines that differ from what is expected."""

    preview: Any = None


def _base(request: PageRequest) -> str:
    """Return the path of the list that the page belongs to."""
    return RECEIVING if request.http.url.path.startswith(RECEIVING) else TRANSFERS


# ----------------------------------------------------------------------------------------------------------------- list
async def show_list(request: PageRequest) -> Response:
    """List documents, newest first: the open ones, or those with a status; or search them by number, SKU or reference."""
    base, term = _base(request), request.query.get("q", "").strip()[:200]
    status = request.query.get("status", "open")
    terms: dict[str, str | None] = {"open": "yes"} if status not in _STATUSES[1:] else {"status": status}
    before = request.page_number("before", MAX_ID, most=MAX_ID)
    found: list[Stored[Any]] = []
    for name in ("number", "sku", "reference") if term else ("",):
        found = await inbound.page(
            request.context, request.caller, kind=_KINDS[base], limit=LISTED + 1, before=before,
            **({name: term} if name else terms),
        )  # fmt: skip
        if found:
            break
    return request.render(
        "inbound.html", section=SECTION, tabs=TABS, base=base, found=found[:LISTED], statuses=_STATUSES, term=term,
        is_notices=base == RECEIVING, chosen=status if status in _STATUSES else "open",
        more=found[LISTED - 1].position if len(found) > LISTED else None,
    )  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- create
async def show_new(request: PageRequest) -> Response:
    """Show the form of a new document."""
    return await _new_form(request, View(values={"sku": request.query.get("sku", "")}))


async def _new_form(request: PageRequest, view: View) -> Response:
    choice = await choose(request)
    return request.render(
        "inbound_new.html", status=view.status, section=SECTION, tabs=TABS, base=_base(request), view=view,
        is_notices=_base(request) == RECEIVING, choice=choice,
    )  # fmt: skip


async def create(request: PageRequest) -> Response:
    """Create a document. Its number is unique among those of its kind, so that a form sent twice creates one."""
    base, typed = _base(request), Typed(request)
    document = _read_notice(typed) if base == RECEIVING else _read_transfer(typed)
    view = View(values=request.form, faults=typed.faults, status=400)
    if typed.faults:
        return await _new_form(request, view)
    try:
        answer = await inbound.create(request.context, request.caller, document, render=_id_of, door=DOOR)
    except Conflict as conflict:
        typed.faults["number"] = request.t("There is one with this number already.")
        view.refusal = "" if conflict.code is Code.EXISTS else conflict.reason
        return await _new_form(request, view)
    except Invalid as invalid:
        for fault in invalid.faults:
            typed.faults.setdefault(str(fault.path[0]) if fault.path else "number", fault.reason)
        return await _new_form(request, view)
    return request.redirect(f"{base}/{answer.body.decode()}", request.t("{number} is created.", number=document.number))


def _id_of(found: Stored[Any]) -> bytes:
    return found.document_id.encode()


def _read_notice(typed: Typed) -> ReceivingNotice:
    return ReceivingNotice(
        number=typed.text("number", required=True, longest=100) or "", location=typed.text("location", required=True) or "",
        lines=tuple(NoticeLine(sku=sku, expected=units) for sku, units in _read_rows(typed)), **_common(typed),
        supplier=typed.text("supplier", longest=200),
    )  # fmt: skip


def _read_transfer(typed: Typed) -> Transfer:
    source, target = typed.text("source", required=True) or "", typed.text("target", required=True) or ""
    if source and source == target:
        typed.faults["target"] = typed.t("Choose another location than the one they leave.")
    return Transfer(
        number=typed.text("number", required=True, longest=100) or "", source=source, target=target,
        lines=tuple(TransferLine(sku=sku, quantity=units) for sku, units in _read_rows(typed)), **_common(typed),
    )  # fmt: skip


def _common(typed: Typed) -> dict[str, Any]:
    expected_at = typed.text("expected_at", longest=10)
    if expected_at and not re.fullmatch(r"\d{4}-\d\d-\d\d", expected_at):
        typed.faults["expected_at"] = typed.t("Type a date, such as 2026-12-31.")
    return {
        "expected_at": expected_at, "reference": typed.text("reference", longest=100),
        "carrier": typed.text("carrier", longest=100), "tracking_number": typed.text("tracking_number", longest=100),
        "notes": typed.text("notes", longest=2_000),
    }  # fmt: skip


def _read_rows(typed: Typed) -> list[tuple[str, int]]:
    """Read rows of "SKU, quantity"; names the rows that cannot be read."""
    rows, wrong = [], []
    for number, text in enumerate(typed.form.get("lines", "").splitlines(), 1):
        if not text.strip():
            continue
        found = _ROW.fullmatch(text.strip())
        sku, units = (found["sku"].strip().strip('"'), int(found["units"])) if found else ("", 0)
        if not 1 <= len(sku) <= MAX_SKU or not 1 <= units <= MAX_UNITS:
            wrong.append(str(number))
        else:
            rows.append((sku, units))
    if wrong:
        typed.faults["lines"] = typed.t("A SKU and a quantity are missing in row {rows}.", rows=", ".join(wrong[:10]))
    elif not 1 <= len(rows) <= _MAX_LINES:
        typed.faults["lines"] = typed.t("Type 1 to {n} rows, each with a SKU and a quantity.", n=_MAX_LINES)
    return rows


# -------------------------------------------------------------------------------------------------------- one document
async def show(request: PageRequest) -> Response:
    """Show a document, with the form for what comes or leaves."""
    return await _page(request, await _stored(request), View())


async def _stored(request: PageRequest) -> Stored[Any]:
    return await inbound.get(
        request.context, request.caller, kind=_KINDS[_base(request)], document_id=request.params["id"]
    )


async def _page(request: PageRequest, found: Stored[Any], view: View) -> Response:
    document = found.document
    step = _step(document)
    return request.render(
        "inbound_document.html", status=view.status, section=SECTION, tabs=TABS, base=_base(request), found=found,
        document=document, view=view, items=await _items(request, document), left=_left(document, step), step=step,
        is_notice=isinstance(document, ReceivingNotice), url=f"{_base(request)}/{found.document_id}",
    )  # fmt: skip


def _step(document: InboundDocument) -> str:
    """Return what can be done: receive, ship, or nothing."""
    if document.status in ("closed", "canceled"):
        return ""
    if isinstance(document, Transfer):
        in_transit = any(line.shipped > line.received for line in document.lines)
        to_ship = any(line.quantity > line.shipped for line in document.lines)
        return "receive" if in_transit else "ship" if to_ship else ""
    return "receive"


def _left(document: InboundDocument, step: str) -> dict[int, int]:
    """Return the units of each line that are expected in a step; of a notice more can come."""
    if isinstance(document, ReceivingNotice):
        return {place: max(0, line.expected - line.received) for place, line in enumerate(document.lines)}
    assert isinstance(document, Transfer)
    if step == "ship":
        return {place: line.quantity - line.shipped for place, line in enumerate(document.lines)}
    return {place: line.shipped - line.received for place, line in enumerate(document.lines)}


async def _items(request: PageRequest, document: Any) -> dict[int, Item]:
    skus = list(dict.fromkeys(line.sku for line in document.lines))
    found = await product_entries.find(request.context, request.caller, skus)
    items = {}
    for place, line in enumerate(document.lines):
        product = found[line.sku].product if line.sku in found else None
        codes = [line.sku, *(product_codes(product) if product is not None else ())]
        title = (product.name or "") if product is not None else request.t("Not in the catalog")
        gtin = (product.gtin or "") if product is not None else ""
        items[place] = Item(line.sku, title, gtin, tuple(dict.fromkeys(map(normalized, codes))))
    return items


class Difference(Struct, frozen=True):
    """What came of a line beside what was expected."""

    item: Item
    expected: int
    came: int
    damaged: int

    @property
    def is_different(self) -> bool:
        """Whether it is to be looked at before it is saved."""
        return self.came != self.expected or self.damaged > 0


async def move(request: PageRequest) -> Response:
    """Receive or ship units. What differs from what is expected is previewed first: short, over, damaged."""
    found, typed = await _stored(request), Typed(request)
    step, document = _step(found.document), found.document
    verb = request.params["verb"]
    if verb != step:
        reason = request.t("It is {status}; nothing more can be done.", status=str(document.status))
        return await _page(request, found, View(refusal=reason, status=409))
    left = _left(document, step)
    if request.form.get("do") == "scan":
        view, items = View(), await _items(request, document)
        unknown = request.t("{code} is not in this list.", code=request.form.get("code", "").strip()[:100])
        count_scan(request, view, items, dict.fromkeys(left), field="came-{}", unknown=unknown)
        return await _page(request, found, view)
    came, damaged = typed.units("came", left), typed.units("damaged", left if step == "receive" else ())
    if request.form.get("do") == "all":
        came, damaged = dict(left), dict.fromkeys(left, 0)
    for place in left:
        if damaged.get(place, 0) > came[place]:
            typed.faults[f"damaged-{place}"] = request.t("At most {n}, the units that came.", n=came[place])
    units = tuple(LineUnits(place, quantity, damaged.get(place, 0)) for place, quantity in came.items() if quantity)
    if not units and not typed.faults:
        return await _page(
            request, found, View(values=request.form, refusal=request.t("Nothing is counted yet."), status=400)
        )
    if typed.faults:
        return await _page(request, found, View(values=request.form, faults=typed.faults, status=400))
    items = await _items(request, document)
    differences = [Difference(items[place], left[place], came[place], damaged.get(place, 0)) for place in left]
    if step == "receive" and request.form.get("confirmed") != "1" and any(each.is_different for each in differences):
        shown = [each for each in differences if each.is_different]
        return await _page(request, found, View(values=request.form, preview=shown))
    return await _execute(request, found, _command(document, step, units), typed, [each.line for each in units])


def _command(document: InboundDocument, step: str, units: tuple[LineUnits, ...]) -> InboundCommand:
    if isinstance(document, ReceivingNotice):
        return ReceiveNotice(lines=units)
    return ShipTransfer(lines=units) if step == "ship" else ReceiveTransfer(lines=units)


async def _execute(
    request: PageRequest, found: Stored[Any], command: InboundCommand, typed: Typed, lines: list[int]
) -> Response:
    """Execute a command on the document as it was seen; with `close`, it is closed after it."""
    base, kind, seen = _base(request), _KINDS[_base(request)], request.version or 0
    try:
        await inbound.change(
            request.context, request.caller, command, kind=kind, document_id=found.document_id, render=_id_of, door=DOOR,
            versions=frozenset({seen}),
        )  # fmt: skip
        if request.form.get("close") == "1" and not isinstance(command, Close | Cancel):
            await inbound.change(
                request.context, request.caller, Close(), kind=kind, document_id=found.document_id, render=_id_of,
                door=DOOR, versions=frozenset({seen + 1}),
            )  # fmt: skip
    except (Conflict, Invalid) as refusal:
        found = await _stored(request)
        if refusal.code is Code.STALE_VERSION:
            text = request.t("Somebody else changed this meanwhile") + ". " + request.t(
                "Nothing of yours is saved. What you typed is still here; look at what changed, then send it again."
            )  # fmt: skip
            return await _page(request, found, View(values=request.form, refusal=text, status=409))
        others = typed.refuse(refusal.faults, {"lines": [f"came-{place}" for place in lines]})
        reason = "; ".join(others) or ("" if typed.faults else refusal.reason)
        return await _page(request, found, View(values=request.form, faults=typed.faults, refusal=reason, status=400))
    return request.redirect(
        f"{base}/{found.document_id}", request.t("{number} is saved.", number=found.document.number)
    )


async def end(request: PageRequest) -> Response:
    """Close or cancel a document."""
    found, typed = await _stored(request), Typed(request)
    if request.params["verb"] == "close":
        return await _execute(request, found, Close(), typed, [])
    if request.params["verb"] == "cancel":
        return await _execute(request, found, Cancel(reason=typed.text("reason")), typed, [])
    raise NotFound(Code.NO_ROUTE, "there is no such action")


async def act(request: PageRequest) -> Response:
    """Receive or ship units, or end the document."""
    return await (move(request) if request.params["verb"] in ("receive", "ship") else end(request))


def _pages(base: str, name: str) -> tuple[Page, ...]:
    return (
        Page("GET", base, show_list, f"list{name}s", READ, SECTION),
        Page("GET", f"{base}/new", show_new, f"showNew{name}", WRITE, SECTION),
        Page("POST", f"{base}/new", create, f"create{name}", WRITE, SECTION),
        Page("GET", f"{base}/{{id}}", show, f"show{name}", READ, SECTION),
        Page("POST", f"{base}/{{id}}/{{verb}}", act, f"change{name}", WRITE, SECTION, versioned=True),
    )


PAGES = (*_pages(RECEIVING, "Notice"), *_pages(TRANSFERS, "Transfer"))
