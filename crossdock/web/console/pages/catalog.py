"""Locations, products and shipping methods: lists with a search, a form for one entry, and removing it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct
from starlette.responses import Response

from crossdock.core.catalog import location_rows, locations, products, shipping_methods
from crossdock.core.errors import Code, Conflict, Fault, Invalid, NotFound, Refusal
from crossdock.core.orders.model import Address
from crossdock.flows import catalog_pages, product_entries
from crossdock.flows import locations as location_flows
from crossdock.flows import shipping_methods as method_flows
from crossdock.flows.access import ADMIN, Caller
from crossdock.flows.context import Context
from crossdock.web.console.page import Handler, Page, PageRequest
from crossdock.web.console.pages.settings import SECTION, TABS
from crossdock.web.console.translations import Translator

NEW = "new"  # stands for the entry's code in the path of the form of a new one
_LISTED = 50  # entries of a page
Cells = dict[str, str]


class CatalogSection(Struct, frozen=True):
    """One kind of catalog entries: its pages, the columns of its form, which are those of a CSV file, and the flows behind.

    `key` is the column that names an entry. `cells` are the values of an entry by column, `defaults` those of a new one;
    `entry_of` makes an entry of the one before (None: a new one) and of what was typed. `get`, `add`, `change` and `remove` are
    the flows.
    """

    kind: str
    path: str
    template: str
    key: str
    columns: tuple[str, ...]
    defaults: Cells
    listed: Callable[[Any], Any]
    cells: Callable[[Any], Mapping[str, Any]]
    read_row: Callable[[Mapping[str, str]], tuple[Any, list[Fault]]]
    get: Callable[[Context, Caller, str], Awaitable[Any]]
    entry_of: Callable[[Any, Any, Cells], Any]
    add: Callable[[Context, Caller, Any], Awaitable[Any]]
    change: Callable[..., Awaitable[Any]]
    remove: Callable[[Context, Caller, str], Awaitable[Any]]
    saved: Callable[[Translator, str], str]
    removed: Callable[[Translator, str], str]


# --------------------------------------------------------------------------------------------------------------- handlers
async def _show_list(section: CatalogSection, request: PageRequest) -> Response:
    """List entries, newest first, or those that the search finds."""
    before, term = request.page_number("before", 0, most=2**63 - 1), request.query.get("q", "").strip()[:200]
    entries = await catalog_pages.page(
        request.context, request.caller, kind=section.kind, limit=_LISTED + 1, before=before or None, term=term or None
    )
    more = None
    if len(entries) > _LISTED:
        query = {"before": str(entries[_LISTED - 1].position)} | ({"q": term} if term else {})
        more = f"{section.path}?{urlencode(query)}"
    found = [section.listed(entry) for entry in entries[:_LISTED]]
    return request.render(f"settings_{section.template}s.html", section=SECTION, tabs=TABS, entries=found, more=more)


async def _show(section: CatalogSection, request: PageRequest) -> Response:
    """Show the form of an entry, or of a new one."""
    if request.params["code"] == NEW:
        return _form(section, request, section.defaults, seen=0)
    stored = await section.get(request.context, request.caller, request.params["code"])
    return _form(section, request, _texts(section.cells(stored)), seen=stored.version)


def _form(
    section: CatalogSection, request: PageRequest, values: Mapping[str, str], *, seen: int | None,
    faults: Mapping[str, str] | None = None, now: Mapping[str, str] | None = None, gone: bool = False, status: int = 200,
) -> Response:  # fmt: skip
    """Render the form: `seen` is the version it is made of, `now` has the stored values beside which others were typed."""
    code = request.params["code"]
    return request.render(
        f"settings_{section.template}.html", status=status, section=SECTION, tabs=TABS, code=code, values=values, seen=seen,
        faults=faults or {}, now=now, gone=gone, back=section.path, form_url=f"{section.path}/{quote(code)}",
        columns=[name for name in section.columns if name not in ("id", section.key)],
    )  # fmt: skip


async def _save(section: CatalogSection, request: PageRequest) -> Response:
    """Add or change an entry, as a file with one row would; but an empty field means that there is no value."""
    code = request.params["code"]
    cells = {name: request.form.get(name, "").strip() for name in section.columns}
    if code != NEW:
        cells[section.key] = code
    row, faults = section.read_row({name: cell for name, cell in cells.items() if cell})
    try:
        if row is None:
            raise Invalid(Code.INVALID, "the form has faults", faults=tuple(faults))
        if code == NEW:
            await section.add(request.context, request.caller, section.entry_of(None, row, cells))
        else:
            await section.change(
                request.context, request.caller, code, lambda before: section.entry_of(before, row, cells),
                versions=frozenset({request.version or 0}),
            )  # fmt: skip
    except NotFound:
        return _form(section, request, cells, seen=request.version, gone=True, status=409)
    except Invalid as invalid:
        return _form(section, request, cells, seen=request.version, faults=_by_field(invalid.faults), status=400)
    except Conflict as conflict:
        if conflict.code is Code.STALE_VERSION:
            return await _stale(section, request, cells)
        taken = {section.key: request.t("It is taken already.")}
        return _form(section, request, cells, seen=request.version, faults=taken, status=400)
    return request.redirect(section.path, section.saved(request.t, cells[section.key]))


async def _stale(section: CatalogSection, request: PageRequest, cells: Cells) -> Response:
    """Show what was typed beside what somebody else has stored meanwhile; saving again puts it in its place."""
    stored = await section.get(request.context, request.caller, request.params["code"])
    now = _texts(section.cells(stored))
    now = {name: text for name, text in now.items() if text != cells.get(name, "")}
    return _form(section, request, cells, seen=stored.version, now=now, status=409)


async def _remove(section: CatalogSection, request: PageRequest) -> Response:
    """Remove an entry that nothing uses."""
    code = request.params["code"]
    try:
        await section.remove(request.context, request.caller, code)
    except NotFound:
        raise
    except Refusal as refusal:
        return request.redirect(f"{section.path}/{quote(code)}", refusal.reason, failed=True)
    return request.redirect(section.path, section.removed(request.t, code))


def _by_field(faults: tuple[Fault, ...]) -> dict[str, str]:
    """Return the faults of a form by field; the first of each."""
    found: dict[str, str] = {}
    for each in faults:
        found.setdefault(str(each.path[-1]) if each.path else "", each.reason)
    return found


def _texts(cells: Mapping[str, Any]) -> Cells:
    """Return values as the fields of a form show them."""
    return {
        name: "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in cells.items()
    }


# -------------------------------------------------------------------------------------------------------------- locations
def _location_of(before: locations.Location | None, row: location_rows.LocationRow, cells: Cells) -> locations.Location:
    location = location_rows.merge_row(before, row)
    emptied = {name: None for name in ("name", "latitude", "longitude", "capacity") if not cells[name]}
    if location.address is not None:
        names = ("company", "city", "region", "postal_code", "country", "phone", "email")
        others = (before.address or Address()).lines[len(location_rows.LINES) :] if before is not None else ()
        lines = (*(cells[name] for name in location_rows.LINES if cells[name]), *others)
        address = msgspec.structs.replace(
            location.address, lines=lines, **{name: None for name in names if not cells[name]}
        )
        location = msgspec.structs.replace(location, address=address)
    return msgspec.structs.replace(location, **emptied)


LOCATIONS = CatalogSection(
    kind=locations.KIND, path="/console/settings/locations", template="location", key="code",
    columns=location_rows.COLUMNS, defaults={"active": "true", "type": "warehouse", "priority": "50"},
    listed=lambda entry: location_flows.stored_location(entry).location,
    cells=lambda stored: dict(zip(location_rows.COLUMNS, location_rows.cells_of(stored.location), strict=True)),
    read_row=location_rows.read_row, get=location_flows.get, remove=location_flows.remove, change=location_flows.change,
    add=location_flows.add, entry_of=_location_of,
    saved=lambda t, name: t("The location {name} is saved.", name=name),
    removed=lambda t, name: t("The location {name} is removed.", name=name),
)  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- products
def _product_cells(stored: product_entries.StoredProduct) -> dict[str, Any]:
    product, customs = stored.product, stored.product.customs or products.ProductCustoms()
    return {name: getattr(product if hasattr(product, name) else customs, name, None) for name in products.COLUMNS}


def _product_of(before: products.Product | None, row: products.ProductRow, cells: Cells) -> products.Product:
    if before is None:
        return row.product
    emptied = {name: None for name in products.COLUMNS if not cells[name]}
    customs = msgspec.structs.replace(
        before.customs or products.ProductCustoms(),
        **{name: value for name, value in emptied.items() if name in products.ProductCustoms.__struct_fields__},
    )
    own = {name: value for name, value in emptied.items() if name in products.Product.__struct_fields__}
    return products.merge_row(msgspec.structs.replace(before, customs=customs, **own), row.product)


PRODUCTS = CatalogSection(
    kind=products.KIND, path="/console/settings/products", template="product", key="sku", columns=products.COLUMNS,
    defaults={}, listed=lambda entry: product_entries.stored_product(entry).product, cells=_product_cells,
    read_row=products.read_row, get=product_entries.get, remove=product_entries.remove, change=product_entries.change,
    add=product_entries.add, entry_of=_product_of,
    saved=lambda t, name: t("The product {name} is saved.", name=name),
    removed=lambda t, name: t("The product {name} is removed.", name=name),
)  # fmt: skip


# ------------------------------------------------------------------------------------------------------- shipping methods
def _method_of(
    before: shipping_methods.ShippingMethod | None, row: shipping_methods.ShippingMethodRow, cells: Cells
) -> shipping_methods.ShippingMethod:
    emptied: dict[str, Any] = {name: None for name in shipping_methods.COLUMNS if not cells[name] and name != "active"}
    emptied |= {"countries": ()} if "countries" in emptied else {}
    cleared = msgspec.structs.replace(before or shipping_methods.ShippingMethod(row.code), **emptied)
    method, faults = shipping_methods.merge_row(cleared, row)
    if faults:
        raise Invalid(Code.INVALID, "the form has faults", faults=tuple(faults))
    return method


METHODS = CatalogSection(
    kind=shipping_methods.KIND, path="/console/settings/shipping-methods", template="method", key="code",
    columns=shipping_methods.COLUMNS, defaults={"active": "true"},
    listed=lambda entry: method_flows.stored_method(entry).method,
    cells=lambda stored: dict(zip(shipping_methods.COLUMNS, shipping_methods.cells_of(stored.method), strict=True)),
    read_row=shipping_methods.read_row, get=method_flows.get, remove=method_flows.remove, change=method_flows.change,
    add=method_flows.add, entry_of=_method_of,
    saved=lambda t, name: t("The shipping method {name} is saved.", name=name),
    removed=lambda t, name: t("The shipping method {name} is removed.", name=name),
)  # fmt: skip


# ------------------------------------------------------------------------------------------------------------------ pages
def _pages(section: CatalogSection, name: str) -> tuple[Page, ...]:
    def handler(handle: Callable[[CatalogSection, PageRequest], Awaitable[Response]]) -> Handler:
        return lambda request: handle(section, request)

    one = section.path + "/{code:path}"  # a SKU may have slashes
    return (
        Page("GET", section.path, handler(_show_list), f"list{name}s", ADMIN, SECTION),
        Page("POST", one + "/remove", handler(_remove), f"remove{name}", ADMIN, SECTION),  # before the path of an entry
        Page("GET", one, handler(_show), f"show{name}", ADMIN, SECTION),
        Page("POST", one, handler(_save), f"save{name}", ADMIN, SECTION, versioned=True),
    )


PAGES = (*_pages(LOCATIONS, "Location"), *_pages(PRODUCTS, "Product"), *_pages(METHODS, "ShippingMethod"))
