"""Orders: the list with its filters, search, columns and saved views, as a page, as fragments for scripts, and as CSV."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.responses import Response, StreamingResponse

from crossdock.core.errors import Code, Conflict, Invalid
from crossdock.core.ids import from_base32, to_base32
from crossdock.core.orders.status import Status
from crossdock.doors.hub.routes.export import CSV_HEAD, CSV_MEDIA, csv_rows
from crossdock.flows import feed, order_lists, queries, saved_views
from crossdock.flows.access import READ
from crossdock.flows.order_lists import OrderListPage
from crossdock.flows.order_search import Filters
from crossdock.web.console import order_columns, order_filters, sessions
from crossdock.web.console.labels import door_label
from crossdock.web.console.order_filters import Chosen
from crossdock.web.console.page import Page, PageRequest

PAGE_SIZE = 50
_YEAR_S = 365 * 24 * 3600
_EXPORT_PORTION = 100
_MOST_ROWS = 200  # that a script refreshes, and that are selected


# ------------------------------------------------------------------------------------------------------------------- list
async def show(request: PageRequest) -> Response:
    """Show a page of the list."""
    if "remember" in request.query:
        return _remember_columns(request)
    chosen = order_filters.read(request)
    page = await _read_page(request, chosen)
    values = await _values(request, chosen, page)
    newest = await feed.newest(request.context, request.caller)
    views = await saved_views.views_of(request.context, request.caller)
    view = next((each for each in views if each.view_id == chosen.values.get("view")), None)
    return request.render(
        "orders.html", section="orders", feed_cursor=str(newest), views=views, view=view,
        door_options=[(name, door_label(name)) for name in request.site.doors], status=400 if chosen.faults else 200,
        **values,
    )  # fmt: skip


def _remember_columns(request: PageRequest) -> Response:
    """Remember the columns of the form in a cookie, and show the list with them in the URL."""
    columns = ",".join(order_columns.parse(",".join(request.http.query_params.getlist("columns"))))
    chosen = order_filters.read(request)
    response = request.redirect(chosen.url(columns=columns or None))
    secure = sessions.is_secure(request.http, request.context)
    sessions.set_cookie(response, order_columns.COOKIE, columns, secure=secure, max_age_s=_YEAR_S)
    return response


async def _read_page(request: PageRequest, chosen: Chosen) -> OrderListPage:
    if chosen.faults:
        return OrderListPage([])
    cursor = order_filters.cursor_of(request)
    return await order_lists.page(request.context, request.caller, chosen.query, cursor=cursor, limit=PAGE_SIZE)


async def _values(request: PageRequest, chosen: Chosen, page: OrderListPage) -> dict[str, Any]:
    """Return what the templates of the list need."""
    counts = None
    if chosen.only_counted and not chosen.faults:
        filters = chosen.query.filters
        counts = await order_lists.counts_by_status(
            request.context, request.caller, door=filters.door, archived=filters.archived
        )
    return {
        "chosen": chosen,
        "rows": order_columns.rows(page.orders, now=order_filters.local_now(request)),
        "columns": order_columns.chosen(request),
        "all_columns": order_columns.COLUMNS,
        "tabs": _tabs(request, chosen, counts),
        "chips": order_filters.shown(request, chosen),
        "is_cut": page.is_cut,
        "next_url": chosen.url(cursor=to_base32(page.next)) if page.next is not None else None,
        "first_url": chosen.url() if "cursor" in request.query else None,
    }


def _tabs(
    request: PageRequest, chosen: Chosen, counts: dict[str, order_lists.Figure] | None
) -> list[tuple[str, str, str, bool]]:
    """Return the tabs: label, count, URL, and whether it is the present one. Statuses without orders have none."""
    present = chosen.values.get("status")
    total = sum(each.number for each in (counts or {}).values())
    is_more = any(each.is_more for each in (counts or {}).values())
    all_orders = "" if counts is None else number_text(request, order_lists.Figure(total, is_more))
    tabs = [(request.t("All orders"), all_orders, chosen.url(status=None), present is None)]
    for status, label in order_filters.status_options(request):
        figure = (counts or {}).get(status, order_lists.Figure(0))
        if counts is None or figure.number or status == present or status in _ALWAYS:
            text = "" if counts is None else number_text(request, figure)
            tabs.append((label, text, chosen.url(status=status), status == present))
    return tabs


_ALWAYS = (Status.OPEN, Status.ON_HOLD)


def number_text(request: PageRequest, figure: order_lists.Figure) -> str:
    """Format a count; one that stopped as "1,000+"."""
    return request.format.number(figure.number) + ("+" if figure.is_more else "")


async def open_number(request: PageRequest) -> Response:
    """Open the order that has exactly the number of the query; search for it where no order, or more than one, has it."""
    number = request.query.get("number", "").strip()
    for text in dict.fromkeys(
        (number, number.upper())
    ):  # numbers of shops are in capitals mostly, what people type is not
        found = (
            (await queries.page(request.context, request.caller, Filters(number=text), limit=2)).orders if text else []
        )
        if len(found) == 1:
            return request.redirect(f"/console/orders/{to_base32(found[0].order_id)}")
    return request.redirect(f"/console/orders?{urlencode({'q': number})}")


# ---------------------------------------------------------------------------------------------------------------- scripts
async def fragments(request: PageRequest) -> Response:
    """Answer the parts of the list that change with its filters, as HTML, and its URL."""
    chosen = order_filters.read(request)
    page = await _read_page(request, chosen)
    values = await _values(request, chosen, page)
    newest = await feed.newest(request.context, request.caller)
    names = ("tabs", "chips", "rows", "foot")
    parts = {name: request.fragment(f"orders_{name}.html", **values) for name in names}
    return request.answer_json({"parts": parts, "url": chosen.url(), "count": len(page.orders), "feed": str(newest)})


async def changed_rows(request: PageRequest) -> Response:
    """Answer some rows of the list as they are now, by the ids of their orders."""
    texts = request.query.get("ids", "").split(",")[:_MOST_ROWS]
    ids = [number for text in texts if (number := from_base32(text)) is not None]
    orders = await queries.by_ids(request.context, request.caller, ids)
    rows = order_columns.rows(orders, now=order_filters.local_now(request))
    values = {"columns": order_columns.chosen(request), "all_columns": order_columns.COLUMNS}
    parts = {row.order_id: request.fragment("orders_rows.html", rows=[row], **values) for row in rows}
    return request.answer_json({"rows": parts})


async def changes(request: PageRequest) -> Response:
    """Answer what has happened since a cursor of the feed: how many orders of the list are new, and which have changed."""
    chosen = order_filters.read(request)
    after = feed.parse_cursor(request.query.get("after", "")) or await feed.newest(request.context, request.caller)
    found = await order_lists.changes(request.context, request.caller, chosen.query, after=after)
    new = found.new + request.page_number("new", 0, least=0, most=1_000_000)
    return request.answer_json(
        {
            "cursor": str(found.cursor),
            "new": new,
            "label": request.t.plural(new, "{n} new order", "{n} new orders"),
            "changed": [to_base32(order_id) for order_id in found.changed[:_MOST_ROWS]],
        }
    )


# -------------------------------------------------------------------------------------------------------------------- CSV
async def export(request: PageRequest) -> Response:
    """Answer all orders of the list as CSV, as the export of the hub's API does."""
    chosen = order_filters.read(request)
    if chosen.faults:
        raise Invalid(Code.INVALID, next(iter(chosen.faults.values())))
    first = await order_lists.page(request.context, request.caller, chosen.query, cursor=None, limit=_EXPORT_PORTION)
    return _csv(_exported(request, chosen, first))


async def _exported(request: PageRequest, chosen: Chosen, page: OrderListPage) -> AsyncIterator[bytes]:
    context, caller = request.context, request.caller
    yield CSV_HEAD
    while True:
        yield await csv_rows(context, caller, page.orders)
        if page.next is None:
            return
        page = await order_lists.page(context, caller, chosen.query, cursor=page.next, limit=_EXPORT_PORTION)


async def export_selected(request: PageRequest) -> Response:
    """Answer the selected orders as CSV."""
    ids = selected(request)
    orders = await queries.by_ids(request.context, request.caller, ids)

    async def parts() -> AsyncIterator[bytes]:
        yield CSV_HEAD
        yield await csv_rows(request.context, request.caller, orders)

    return _csv(parts())


def _csv(parts: AsyncIterator[bytes]) -> Response:
    headers = {"content-disposition": 'attachment; filename="orders.csv"', "x-content-type-options": "nosniff"}
    return StreamingResponse(parts, media_type=CSV_MEDIA, headers=headers)


def selected(request: PageRequest) -> list[int]:
    """Return the ids of the orders selected in a form, at most _MOST_ROWS."""
    texts = dict.fromkeys(request.form_lists.get("order", []))
    return [number for text in list(texts)[:_MOST_ROWS] if (number := from_base32(text.partition(":")[0])) is not None]


# ------------------------------------------------------------------------------------------------------------------ views
def _view_name(request: PageRequest) -> str:
    name = " ".join(request.form.get("name", "").split())
    if not name or len(name) > saved_views.NAME_LENGTH:
        raise Invalid(
            Code.INVALID, request.t("A view needs a name of at most {n} characters.", n=saved_views.NAME_LENGTH)
        )
    return name


async def save_view(request: PageRequest) -> Response:
    """Save the present list under a name."""
    chosen = order_filters.read(request, dict_of(request.form.get("query", "")))
    try:
        view = await saved_views.save(
            request.context, request.caller, name=_view_name(request), query=chosen.query_string
        )
    except (Invalid, Conflict) as refusal:
        return request.redirect(chosen.url(), refusal.reason, failed=True)
    text = request.t("The view {name} is saved.", name=view.name)
    return request.redirect(chosen.url(view=view.view_id), text)


async def rename_view(request: PageRequest) -> Response:
    """Rename a view."""
    view_id = request.form.get("view", "")
    chosen = order_filters.read(request, dict_of(request.form.get("query", "")))
    try:
        view = await saved_views.rename(request.context, request.caller, view_id=view_id, name=_view_name(request))
    except (Invalid, Conflict) as refusal:
        return request.redirect(chosen.url(view=view_id), refusal.reason, failed=True)
    return request.redirect(chosen.url(view=view_id), request.t("The view is called {name} now.", name=view.name))


async def delete_view(request: PageRequest) -> Response:
    """Delete a view; the list stays as it is."""
    chosen = order_filters.read(request, dict_of(request.form.get("query", "")))
    view = await saved_views.remove(request.context, request.caller, view_id=request.form.get("view", ""))
    return request.redirect(chosen.url(view=None), request.t("The view {name} is deleted.", name=view.name))


def dict_of(query: str) -> dict[str, str]:
    """Read a query string."""
    return dict(parse_qsl(query[: saved_views.QUERY_LENGTH]))


PAGES = (
    Page("GET", "/console/orders", show, "listOrders", READ, "orders"),
    Page("GET", "/console/order-by-number", open_number, "openOrderByNumber", READ),
    Page("GET", "/console/orders.json", fragments, "searchOrders", READ),
    Page("GET", "/console/order-rows", changed_rows, "refreshOrders", READ, polled=True),
    Page("GET", "/console/order-changes", changes, "watchOrders", READ, polled=True),
    Page("GET", "/console/orders.csv", export, "exportOrders", READ),
    Page("POST", "/console/orders.csv", export_selected, "exportSelectedOrders", READ),
    Page("POST", "/console/order-views", save_view, "saveView", READ),
    Page("POST", "/console/order-views/rename", rename_view, "renameView", READ),
    Page("POST", "/console/order-views/delete", delete_view, "deleteView", READ),
)
