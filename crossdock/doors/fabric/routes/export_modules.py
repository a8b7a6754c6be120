"""The modules that can be exported: the type of their documents, and how these are read. One line each."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from msgspec import Struct

from crossdock.core.errors import Code, Fault, Invalid
from crossdock.core.json.strict_json import parse_trusted
from crossdock.doors import Request
from crossdock.doors.fabric import (
    wire_allocation,
    wire_invoices,
    wire_lists,
    wire_locations,
    wire_responses,
    wire_shipments,
    wire_stock,
)
from crossdock.doors.fabric.documents import DocumentSearch, query_rule
from crossdock.doors.fabric.export_csv import Column, columns_of
from crossdock.doors.fabric.mapping_locations import location_response
from crossdock.doors.fabric.mapping_stock import KIND, inventory
from crossdock.doors.fabric.routes import allocations, invoices, shipments, shipping
from crossdock.doors.fabric.routes.common import render_json
from crossdock.doors.fabric.routes.locations import numbered
from crossdock.doors.fabric.routes.networks import NETWORKS
from crossdock.doors.fabric.routes.search import checked_search, search_faults
from crossdock.doors.fabric.search import order_query
from crossdock.doors.fabric.wire_exports import ExportRequest
from crossdock.flows import order_search, stock_records
from crossdock.flows.stock_records import LevelFilter

Tree = Any
Document = dict[str, Tree]
Read = Callable[[Request, ExportRequest], AsyncIterator[list[Document]]]
MAX_EXAMINED = 10_000  # stock records of one export
_PAGE = 100  # orders rendered at a time
_DEFAULT_SORT = "updatedAt"


class Module(Struct, frozen=True):
    """What can be exported: the type of its documents, the array whose elements are rows, and how documents are read."""

    shape: type[Struct]
    rows: str | None
    read: Read

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of a file with all headers."""
        return columns_of(self.shape, self.rows)

    def faults(self, filters: Document, sort_by: str | None) -> list[Fault]:
        """Find faults of a search in the module."""
        if self.shape is wire_responses.Order:
            return search_faults(filters, sort_by or _DEFAULT_SORT)
        shape = self.shape if sort_by not in (None, _DEFAULT_SORT) else None
        return list(query_rule(shape or Struct)({"filters": filters, "sortBy": sort_by if shape else None}))


# --------------------------------------------------------------------------------------------------------------- reading
async def _orders(request: Request, sent: ExportRequest) -> AsyncIterator[list[Document]]:
    search = checked_search(sent)
    query, residual = order_query(search)
    found = await order_search.find(request.context, request.caller, query, residual=residual)
    for start in range(0, len(found.orders), _PAGE):
        yield [parse_trusted(bytes(raw)) for raw in await render_json(request, found.orders[start : start + _PAGE])]


def _searched(read: Callable[[Request, Document], Awaitable[list[Document]]]) -> Read:
    """Return how documents of a module are searched: `read` returns those that may match filters, newest first."""

    async def searched(request: Request, sent: ExportRequest) -> AsyncIterator[list[Document]]:
        search = DocumentSearch(sent, sort_by=_DEFAULT_SORT, ascending=False)
        documents = await read(request, search.filters)
        page, _ = search.page(reversed(documents) if search.ascending else documents)
        yield page

    return searched


async def _stock(request: Request, filters: Document) -> list[Document]:
    skus = filters.get("sku")
    names = [skus] if isinstance(skus, str) else skus
    is_plain = isinstance(names, list) and all(isinstance(each, str) and "*" not in each for each in names)
    places = tuple(each.location.code for each in await numbered(request))
    found: list[Document] = []
    at = LevelFilter(places, tuple(names or ()) if is_plain else None, None)
    async for record in stock_records.each(request.context, request.caller, at, kind=KIND):
        if len(found) == MAX_EXAMINED:
            raise Invalid(Code.INVALID, f"the export looks through more than {MAX_EXAMINED} records; filter by sku")
        found.append(inventory(record))
    return found


async def _locations(request: Request, _: Document) -> list[Document]:
    return [location_response(each) for each in await numbered(request)]


async def _networks(request: Request, _: Document) -> list[Document]:
    return list(reversed(await NETWORKS.all(request)))


async def _shipping_methods(request: Request, filters: Document) -> list[Document]:
    with_deleted = "deleted" in filters
    return [each for each in await shipping.all_methods(request) if with_deleted or not each["deleted"]]


MODULES: dict[str, Module] = {
    "ORDER": Module(wire_responses.Order, "items", _orders),
    "ALLOCATION": Module(wire_allocation.Allocation, "items", _searched(allocations.newest_documents)),
    "INVENTORY": Module(wire_stock.Inventory, None, _searched(_stock)),
    "INVOICE": Module(wire_invoices.Invoice, None, _searched(invoices.newest_documents)),
    "LOCATION": Module(wire_locations.LocationResponse, None, _searched(_locations)),
    "NETWORK": Module(wire_stock.Network, None, _searched(_networks)),
    "SHIPMENT": Module(wire_shipments.Shipment, "cartons", _searched(shipments.newest_documents)),
    "SHIPPING_METHODS": Module(wire_lists.StoredShippingMethod, None, _searched(_shipping_methods)),
}
