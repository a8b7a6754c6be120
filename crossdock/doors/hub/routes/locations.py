"""Locations of the hub: added, read, changed, removed one at a time; listed; imported from and exported as CSV."""

from crossdock.core.catalog.location_rows import COLUMNS, cells_of, column_faults, read_row
from crossdock.core.catalog.locations import KIND
from crossdock.doors.hub.routes.catalog_resource import CatalogResource, CsvColumns
from crossdock.doors.hub.wire_catalog import (
    LocationAnswer,
    LocationBody,
    location_answer,
    location_document,
    location_rules,
    to_location,
)
from crossdock.flows import locations

LOCATIONS = CatalogResource(
    noun="location",
    member="code",
    kind=KIND,
    searched="code, name or city",
    flow=locations,
    body=LocationBody,
    answer=LocationAnswer,
    rules=location_rules,
    to_entry=to_location,
    document_of=location_document,
    render=location_answer,
    stored=locations.stored_location,
    entry_of=lambda stored: stored.location,
    csv=CsvColumns(COLUMNS, column_faults, read_row, lambda stored: cells_of(stored.location), locations.import_rows),
)
ROUTES = LOCATIONS.routes()
