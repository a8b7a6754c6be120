"""Export the filtered list of orders as a stream: CSV with a row for each order, or NDJSON with whole documents."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any

import msgspec
import structlog

from crossdock.core.csv_cells import cell
from crossdock.core.errors import Fault
from crossdock.core.orders.model import Order
from crossdock.doors import Media, Reply, Request, Route, encode_json
from crossdock.doors.hub import errors, mapping
from crossdock.doors.hub.format import FORMAT
from crossdock.doors.hub.routes.orders import FILTER_PARAMETERS, FILTERS, Selection, read_selection
from crossdock.doors.hub.routes.parameters import PROBLEMS, described, known_query, raise_faults
from crossdock.flows import access, rendering
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.order_search import OrderPage
from crossdock.flows.rendering import RenderedDocument

Tree = Any
_log = structlog.get_logger("crossdock.export")
# Orders read at a time: some 10 ms of work between two turns of the event loop, and half a megabyte of memory.
PORTION = 100


async def export_orders(request: Request) -> Reply:
    """Answer all orders of the filters as a file, newest first.

    The first page is read before the answer begins, so that it can still be refused. Orders received meanwhile are left out.
    """
    query = known_query(request, *FILTERS, "format")
    faults: list[Fault] = []
    selection = read_selection(request, query, faults)
    if (kind := query.get("format")) not in _KINDS:
        faults.append(Fault((errors.QUERY, "format"), f"must be one of {', '.join(_KINDS)}"))
    raise_faults(faults)
    media, head, format_order = _KINDS[str(kind)]
    first = await selection.page(request, before=None, limit=PORTION)
    headers = [("Content-Disposition", f'attachment; filename="orders.{kind}"')]
    parts = _parts(request, selection, first, head, format_order)
    return Reply(200, headers=headers, content_type=media, stream=parts)


async def _parts(
    request: Request, selection: Selection, page: OrderPage, head: bytes, format_order: Callable[[Order, Tree], bytes]
) -> AsyncIterator[bytes]:
    yield head
    while True:
        yield await _portion(request.context, request.caller, page.orders, format_order)
        before = page.orders[-1].order_id if len(page.orders) == PORTION else page.last
        if before is None:
            return
        await asyncio.sleep(0)  # a client that reads without pause must not keep other requests waiting
        page = await selection.page(request, before=before, limit=PORTION)


async def _portion(
    context: Context, caller: Caller, orders: Sequence[Order], format_order: Callable[[Order, Tree], bytes]
) -> bytes:
    renderings = await rendering.render_each(context, caller, orders, door=FORMAT.name)
    return b"".join(_formatted(order, each, format_order) for order, each in zip(orders, renderings, strict=True))


async def csv_rows(context: Context, caller: Caller, orders: Sequence[Order]) -> bytes:
    """Format orders as rows of the CSV export, for the console; CSV_HEAD is the row before the first."""
    return await _portion(context, caller, orders, _csv)


def _formatted(order: Order, rendered: RenderedDocument | None, format_order: Callable[[Order, Tree], bytes]) -> bytes:
    """Format an order; in place of one that cannot be rendered stands its error."""
    if rendered is not None:
        try:
            return format_order(order, rendered.document)
        except Exception:  # noqa: BLE001 - found in one order
            _log.exception("bug", order_id=order.order_id)
    document = msgspec.json.decode(mapping.unreadable_answer(order))
    # CSV has no column for the error; the status is where an operator looks.
    return format_order(order, document | {"status": document["error"]} if format_order is _csv else document)


# -------------------------------------------------------------------------------------------------------------------- CSV
def _units(name: str) -> Callable[[Order, Tree], Tree]:
    return lambda order, _: sum(getattr(each, name) for each in order.counters)


def _value(*path: str | int) -> Callable[[Order, Tree], Tree]:
    """Return a value of the hub's document, None where there is none."""

    def look(_: Order, document: Tree) -> Tree:
        for part in path:
            if isinstance(part, int):
                document = document[part] if isinstance(document, list) and part < len(document) else None
            else:
                document = document.get(part) if isinstance(document, dict) else None
        return document

    return look


def _joined(*names: str) -> Callable[[Order, Tree], Tree]:
    """List the distinct values that the objects of an array have under a name."""
    member, name = names
    return lambda _, document: listed(
        dict.fromkeys(str(row[name]) for row in document.get(member) or () if row.get(name) is not None)
    )


_NEEDS_QUOTES = re.compile('[,;"\t\r\n]|^[ \u00a0]|[ \u00a0]$')

_TO = ("destinations", 0, "address")
COLUMNS: dict[str, Callable[[Order, Tree], Tree]] = {
    **{name: _value(name) for name in ("id", "number", "version", "status", "archived", "created_at", "updated_at")},
    "door": _value("source", "door"),
    "placed_at": _value("placed_at"),
    "tags": lambda order, _: listed(order.tags),
    "holds": _joined("holds", "reason"),
    "currency": _value("currency"),
    "total": _value("totals", "total"),
    "customer_name": _value("customer", "name"),
    "customer_email": _value("customer", "email"),
    "ship_to_name": _value(*_TO, "name"),
    "ship_to_city": _value(*_TO, "city"),
    "ship_to_region": _value(*_TO, "region"),
    "ship_to_postal_code": _value(*_TO, "postal_code"),
    "ship_to_country": _value(*_TO, "country"),
    "tracking_number": _value("shipping", "tracking_number"),
    "skus": _joined("lines", "sku"),
    "lines": lambda order, _: len(order.counters),
    **{
        f"units_{name}": _units(name)
        for name in ("ordered", "canceled", "allocated", "shipped", "delivered", "returned")
    },
}


def listed(values: Iterable[str]) -> str:
    """Format several values for one cell: as a row of CSV, from which a CSV parser reads them again."""
    return ",".join(map(_quoted, values))


def _quoted(text: str) -> str:
    """Quote a cell where it needs that, for a program that separates cells by semicolons or tabs as well."""
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text


def csv_row(values: Iterable[str]) -> bytes:
    """Format a row of CSV (RFC 4180)."""
    return (",".join(map(_quoted, values)) + "\r\n").encode()


def _csv(order: Order, document: Tree) -> bytes:
    return csv_row([cell(value_of(order, document)) for value_of in COLUMNS.values()])


CSV_MEDIA, CSV_HEAD = "text/csv; charset=utf-8; header=present", csv_row(list(COLUMNS))


def _ndjson(_: Order, document: Tree) -> bytes:
    return encode_json(document) + b"\n"


_KINDS: dict[str, tuple[str, bytes, Callable[[Order, Tree], bytes]]] = {
    "csv": (CSV_MEDIA, CSV_HEAD, _csv),
    "ndjson": ("application/x-ndjson", b"", _ndjson),
}
ROUTES = (
    Route(
        "GET", ("/hub/v1/orders/export",), export_orders, access.READ, "exportOrders",
        "Export the filtered list, streamed as CSV or NDJSON",
        answers={200: Media({"text/csv": {"type": "string"}, "application/x-ndjson": {"type": "string"}}), **PROBLEMS},
        parameters=(described("format", "query", "csv or ndjson", enum=list(_KINDS)) | {"required": True},
                    *FILTER_PARAMETERS),
    ),
)  # fmt: skip
