"""Stock: levels by SKU and location, one product with its ledger, and counts, adjustments and limits with a preview."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct
from starlette.responses import Response

from crossdock.core.errors import Code, Conflict, Invalid, NotFound
from crossdock.core.ids import MAX_ID, to_base32
from crossdock.core.stock.commands import AdjustStock, CountStock, SetLimits, StockCommand
from crossdock.core.stock.model import Level, LevelKey
from crossdock.flows import product_entries, queries, stock, stock_lists, stock_requests
from crossdock.flows.access import READ, WRITE
from crossdock.flows.stock import StockChange
from crossdock.web.console.location_choice import choose
from crossdock.web.console.page import Page, PageRequest
from crossdock.web.console.units import Typed

SECTION, PATH, DOOR = "stock", "/console/stock", "hub"
PRODUCT = f"{PATH}/product"
LISTED = 50
MOVEMENTS = 30
TABS = (
    (PATH, "Levels"),
    (f"{PATH}/receiving", "Receiving"),
    (f"{PATH}/transfers", "Transfers"),
)
# The causes of movements in the ledger.
CAUSES = {
    "count": "Stock count", "adjust": "Adjustment", "receive": "Receipt", "allocate": "Allocation", "deallocate": "Given back",
    "ship": "Shipment", "short": "Not found at picking", "return": "Return", "transfer": "Transfer",
}  # fmt: skip
_MAX_LEVELS = 200  # of one product on its page
_SEPARATOR = "\x1f"  # between the parts of a cursor; no SKU has a control character


# --------------------------------------------------------------------------------------------------------------- levels
async def show(request: PageRequest) -> Response:
    """List stock levels by SKU and location."""
    term, low = request.query.get("q", "").strip()[:200], request.query.get("low") == "1"
    choice = await choose(request)
    # The whole stock is what a person looks for first: another section's location narrows it only if it is named here.
    location = choice.code if "location" in request.query else None
    skus = await stock_lists.search(request.context, request.caller, term) if term else None
    found = [] if skus == [] else await stock_lists.page(
        request.context, request.caller, limit=LISTED + 1, after=_after(request), low=True if low else None, skus=skus,
        location=location,
    )  # fmt: skip
    shown = found[:LISTED]
    names = await product_entries.find(request.context, request.caller, list({level.sku for level in shown}))
    expected = await stock_lists.expected(request.context, request.caller, sorted({level.sku for level in shown}))
    filters = {"q": term, "location": location or "", "low": "1" if low else ""}
    more = _next(filters, shown[-1].key) if len(found) > LISTED else None
    response = request.render(
        "stock.html", section=SECTION, tabs=TABS, choice=choice, location=location, levels=shown, low=low, term=term,
        names={sku: each.product.name or "" for sku, each in names.items()}, expected=expected, more=more,
        filters=filters, url_of=product_url,
    )  # fmt: skip
    return choice.remember(request, response) if location is not None else response


def product_url(sku: str, location: str = "", pool: str = "") -> str:
    """Return the path of a product's stock."""
    query = {name: value for name, value in (("location", location), ("pool", pool)) if value}
    return f"{PRODUCT}/{quote(sku, safe='')}" + (f"?{urlencode(query)}" if query else "")


def _next(filters: dict[str, str], last: LevelKey) -> str:
    given = {name: value for name, value in filters.items() if value}
    return "?" + urlencode(given | {"after": _SEPARATOR.join((last.sku, last.location, last.pool))})


def _after(request: PageRequest) -> LevelKey | None:
    parts = request.query.get("after", "").split(_SEPARATOR)
    return LevelKey(*parts) if len(parts) == 3 and "\x00" not in "".join(parts) else None


# ---------------------------------------------------------------------------------------------------------- one product
class View(Struct, kw_only=True):
    """What is shown besides the levels: the verb whose form was sent, what was typed with its faults, and a preview."""

    verb: str = ""
    values: dict[str, str] = {}
    faults: dict[str, str] = {}
    refusal: str = ""
    change: StockChange | None = None
    before: Level | None = None
    status: int = 200


async def show_product(request: PageRequest) -> Response:
    """Show the levels of a product, and the ledger of one of them."""
    return await _product_page(request, request.query, View())


async def _product_page(request: PageRequest, chosen: Any, view: View) -> Response:
    sku = request.params["sku"]
    levels = (await stock.levels_of(request.context, request.caller, [sku]))[:_MAX_LEVELS]
    products = await product_entries.find(request.context, request.caller, [sku])
    if not levels and sku not in products:
        raise NotFound(Code.NOT_FOUND, "there is no such product")
    choice = await choose(request)
    level = _chosen_level(levels, chosen.get("location") or choice.code or "", chosen.get("pool", ""))
    movements, more = [], None
    if level is not None:
        movements = await stock.movements(
            request.context, request.caller, level.key, before=request.page_number("before", MAX_ID, most=MAX_ID),
            limit=MOVEMENTS + 1,
        )  # fmt: skip
        if len(movements) > MOVEMENTS:
            query = {"location": level.location, "pool": level.pool, "before": movements[MOVEMENTS - 1].movement_id}
            more = "?" + urlencode(query)
    orders = await queries.by_ids(
        request.context, request.caller, sorted({each.order_id for each in movements if each.order_id is not None})
    )
    # A location without a level can be counted for the first time.
    known = {each.location for each in levels}
    return request.render(
        "stock_product.html", status=view.status, section=SECTION, tabs=TABS, sku=sku, levels=levels, level=level,
        product=products[sku].product if sku in products else None, movements=movements[:MOVEMENTS], more=more,
        numbers={order.order_id: order.content.number for order in orders}, view=view, url=product_url(sku),
        expected=await stock_lists.expected(request.context, request.caller, [sku]), url_of=product_url,
        other_locations=[(code, label) for code, label in choice.options if code not in known], id_of=to_base32,
        is_paged="before" in request.query, causes=CAUSES,
    )  # fmt: skip


def _chosen_level(levels: list[Level], location: str, pool: str) -> Level | None:
    """Return the level that was asked for, else the first one."""
    ranked = sorted(levels, key=lambda each: (each.location != location, each.pool != pool))
    return ranked[0] if ranked else None


# --------------------------------------------------------------------------------------------------------------- change
def _count(key: LevelKey, typed: Typed) -> StockCommand:
    return CountStock(key=key, quantity=typed.whole("quantity", required=True) or 0)


def _adjust(key: LevelKey, typed: Typed) -> StockCommand:
    delta = typed.whole("delta", least=-1_000_000_000, required=True) or 0
    if not delta and "delta" not in typed.faults:
        typed.faults["delta"] = typed.t("Type how many units more (+) or less (-).")
    typed.text("reason", required=True)
    return AdjustStock(key=key, delta=delta)


def _limit(key: LevelKey, typed: Typed) -> StockCommand:
    return SetLimits(key=key, safety=typed.whole("safety") or 0, threshold=typed.whole("threshold"))


_COMMANDS: dict[str, Callable[[LevelKey, Typed], StockCommand]] = {"count": _count, "adjust": _adjust, "limits": _limit}


async def change(request: PageRequest) -> Response:
    """Preview a count, an adjustment or new limits of a level, or do it.

    Of two people who change one level, the second sees the preview again with what the first has made of it.
    """
    typed = Typed(request)
    verb = request.form.get("verb", "")
    make = _COMMANDS.get(verb)
    key = LevelKey(request.params["sku"], request.form.get("location", ""), request.form.get("pool", ""))
    if make is None or not key.location:
        raise NotFound(Code.NO_ROUTE, "there is no such action")
    view = View(verb=verb, values=dict(request.form), faults=typed.faults)
    command = msgspec.structs.replace(make(key, typed), reason=typed.text("reason"))
    if typed.faults:
        view.status = 400
        return await _product_page(request, request.form, view)
    if request.form.get("step") == "do":
        seen = typed.whole("seen") or 0
        try:
            await _execute(request, msgspec.structs.replace(command, seen=seen), dry_run=False)
        except Conflict as conflict:
            if conflict.code is not Code.STALE_VERSION:
                return await _refused(request, view, conflict)
            view.refusal, view.status = request.t("Somebody else changed this level meanwhile. Look at it again."), 409
        except Invalid as invalid:
            return await _refused(request, view, invalid)
        else:
            return request.redirect(
                product_url(*msgspec.structs.astuple(key)), request.t("The stock of {sku} is changed.", sku=key.sku)
            )
    try:
        view.before = await _level_or_empty(request, key)
        view.change = await _execute(request, command, dry_run=True)
    except (Conflict, Invalid) as refusal:
        return await _refused(request, view, refusal)
    return await _product_page(request, request.form, view)


async def _execute(request: PageRequest, command: StockCommand, *, dry_run: bool) -> StockChange:
    done: list[StockChange] = []

    def render(changes: Any) -> bytes:
        done.extend(changes)
        return b""

    await stock_requests.execute_request(
        request.context, request.caller, [command], door=DOOR, render=render, dry_run=dry_run
    )
    return done[0]


async def _level_or_empty(request: PageRequest, key: LevelKey) -> Level:
    try:
        return await stock.level(request.context, request.caller, key)
    except NotFound:
        return Level(request.caller.organization_id, 0, key.sku, key.location, key.pool)


async def _refused(request: PageRequest, view: View, refusal: Conflict | Invalid) -> Response:
    """Show the form again with the faults at their fields."""
    for fault in refusal.faults:
        view.faults.setdefault(str(fault.path[-1]) if fault.path else "", fault.reason)
    if not refusal.faults or not set(view.faults) & {"quantity", "delta", "safety", "threshold", "reason"}:
        view.refusal = "; ".join(each.reason for each in refusal.faults) or refusal.reason
    view.status = 400
    return await _product_page(request, request.form, view)


PAGES = (
    Page("GET", PATH, show, "listStockLevels", READ, SECTION),
    Page("GET", PRODUCT + "/{sku:path}", show_product, "showStock", READ, SECTION),
    Page("POST", PRODUCT + "/{sku:path}", change, "changeStock", WRITE, SECTION),
)
