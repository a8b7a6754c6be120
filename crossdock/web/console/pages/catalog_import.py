"""Import of locations, products and shipping methods from CSV files, with the faults of every row."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from crossdock.core.catalog import location_rows, products, shipping_methods
from crossdock.core.csv_rows import read_table
from crossdock.core.errors import Code, Invalid, NotFound
from crossdock.flows import locations as location_flows
from crossdock.flows import products as product_flows
from crossdock.flows import shipping_methods as method_flows
from crossdock.flows.access import ADMIN
from crossdock.web.console.page import Page, PageRequest
from crossdock.web.console.pages.settings import SECTION, TABS

_SHOWN_FAULTS = 200  # rows with faults that are listed
# What can be imported: its columns, what reads the first row and the others, and what stores the rows.
_IMPORTS: dict[str, tuple[tuple[str, ...], Any, Any, Any]] = {
    "locations": (
        location_rows.COLUMNS, location_rows.column_faults, location_rows.read_row, location_flows.import_rows,
    ),
    "products": (
        products.COLUMNS, products.column_faults, products.read_row,
        lambda context, caller, rows: product_flows.import_rows(context, caller.organization, rows),
    ),
    "shipping-methods": (
        shipping_methods.COLUMNS, shipping_methods.column_faults, shipping_methods.read_row, method_flows.import_rows,
    ),
}  # fmt: skip


async def show_import(request: PageRequest) -> Response:
    """Show the form of an import."""
    return _page(request, {})


def _page(request: PageRequest, values: Mapping[str, Any], *, status: int = 200) -> Response:
    kind = request.params["kind"]
    if kind not in _IMPORTS:
        raise NotFound(Code.NO_ROUTE, "there is no such page")
    return request.render(
        "settings_import.html", status=status, section=SECTION, tabs=TABS, kind=kind, columns=_IMPORTS[kind][0],
        **{"result": None, "faults": [], "refused": None, "text": "", **values},
    )  # fmt: skip


async def import_file(request: PageRequest) -> Response:
    """Import the rows of a CSV file, and list those with faults, which are left out."""
    kind, text = request.params["kind"], request.form.get("text", "")
    if kind not in _IMPORTS:
        raise NotFound(Code.NO_ROUTE, "there is no such page")
    _, column_faults, read_row, import_rows = _IMPORTS[kind]
    try:
        rows, wrong = read_table(text.encode(), column_faults, read_row)
        counts = await import_rows(request.context, request.caller, rows)
    except Invalid as invalid:
        reasons = [f"{'.'.join(map(str, each.path))} {each.reason}".strip() for each in invalid.faults]
        return _page(request, {"refused": reasons or [invalid.reason], "text": text}, status=400)
    faults = sorted([*wrong, *counts.faults], key=lambda each: each[0])
    return _page(
        request, {"result": counts, "faults": faults[:_SHOWN_FAULTS], "text": text if faults else ""},
        status=400 if faults else 200,
    )  # fmt: skip


PAGES = (
    Page("GET", "/console/settings/import/{kind}", show_import, "showImport", ADMIN, SECTION),
    Page("POST", "/console/settings/import/{kind}", import_file, "importFile", ADMIN, SECTION),
)
