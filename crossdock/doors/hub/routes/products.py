"""Products of the hub: added, read, changed, removed by SKU; listed; imported from and exported as CSV."""

from typing import Any

from crossdock.core.catalog.products import COLUMNS, KIND, column_faults, read_row
from crossdock.core.errors import Code, Fault, Invalid
from crossdock.doors import Request
from crossdock.doors.hub.routes.catalog_resource import CatalogResource, CsvColumns
from crossdock.doors.hub.wire_catalog import (
    ProductAnswer,
    ProductBody,
    product_answer,
    product_document,
    product_rules,
    to_product,
)
from crossdock.flows import product_entries, products
from crossdock.flows.product_entries import StoredProduct

Tree = Any


async def _check_components(request: Request, body: ProductBody) -> None:
    """Refuse with Invalid `unknown_reference` components that are no products."""
    skus = [each.sku for each in body.components]
    found = await product_entries.find(request.context, request.caller, skus) if skus else {}
    faults = tuple(
        Fault(("components", place, "sku"), f"there is no product {sku!r}")
        for place, sku in enumerate(skus)
        if sku not in found
    )
    if faults:
        raise Invalid(Code.UNKNOWN_REFERENCE, "the body refers to what is not there", faults=faults)


def _cells(stored: StoredProduct) -> list[Tree]:
    document = product_document(stored.product)
    values = {"id": stored.product_id, **document, **(document["customs"] or {})}
    return [values.get(column) for column in COLUMNS]


PRODUCTS = CatalogResource(
    noun="product",
    member="sku",
    kind=KIND,
    searched="SKU or name",
    flow=product_entries,
    body=ProductBody,
    answer=ProductAnswer,
    rules=product_rules,
    to_entry=to_product,
    document_of=product_document,
    render=product_answer,
    stored=product_entries.stored_product,
    entry_of=lambda stored: stored.product,
    csv=CsvColumns(
        COLUMNS,
        column_faults,
        read_row,
        _cells,
        lambda context, caller, rows: products.import_rows(context, caller.organization, rows),
    ),
    check=_check_components,
)
ROUTES = PRODUCTS.routes()
