"""Shipping methods of the hub: added, read, changed, removed one at a time; listed; imported from and exported as CSV."""

from crossdock.core.catalog.shipping_methods import COLUMNS, KIND, cells_of, column_faults, read_row
from crossdock.doors.hub.routes.catalog_resource import CatalogResource, CsvColumns
from crossdock.doors.hub.wire_shipping_methods import (
    ShippingMethodAnswer,
    ShippingMethodBody,
    method_answer,
    method_document,
    method_rules,
    to_method,
)
from crossdock.flows import shipping_methods

SHIPPING_METHODS = CatalogResource(
    noun="shipping method",
    member="code",
    kind=KIND,
    searched="code, name, carrier or service",
    flow=shipping_methods,
    body=ShippingMethodBody,
    answer=ShippingMethodAnswer,
    rules=method_rules,
    to_entry=to_method,
    document_of=method_document,
    render=method_answer,
    stored=shipping_methods.stored_method,
    entry_of=lambda stored: stored.method,
    csv=CsvColumns(
        COLUMNS, column_faults, read_row, lambda stored: cells_of(stored.method), shipping_methods.import_rows
    ),
)
ROUTES = SHIPPING_METHODS.routes()
