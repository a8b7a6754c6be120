"""Warehouses and stock of Ventmere S2, as they are returned; pure.

Source: the vendor's page of the inventory list, which shows warehouses and products and leaves the members of a stock row out;
docs/doors/s2.md says what was decided.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Raw

from crossdock.core.catalog.locations import Location
from crossdock.core.orders.model import Address
from crossdock.core.stock.model import Level
from crossdock.doors import encode_json
from crossdock.doors.s2 import wire
from crossdock.doors.s2.catalog import (
    format_time,
    organization_response,
    product_response,
    render_product,
    unknown_product_document,
    unknown_product_id,
)
from crossdock.flows.locations import StoredLocation
from crossdock.flows.reference_data import CatalogEntry
from crossdock.flows.tenants import Organization

Tree = Any
DROPSHIPPER = "dropshipper"  # the type of a location that is no warehouse of the organization


def warehouse_response(stored: StoredLocation, organization: Organization) -> dict[str, Tree]:
    """Render a location as a warehouse, its members in the vendor's order."""
    location = stored.location
    is_dropshipper = location.type == DROPSHIPPER
    return {
        "id": stored.location_id,
        "organization": organization_response(organization),
        "name": _name(location),
        "address": _address(location),
        "dropshipper": is_dropshipper,
        "fulfillmentCenter": location.active and not is_dropshipper,
        "rmaCenter": location.services.get("returns") is True,
        "unitSystem": "METRIC",
        "createdAt": format_time(stored.created_at),
        "updatedAt": format_time(stored.updated_at),
    }


def _name(location: Location) -> str:
    return location.name or location.code


def _address(location: Location) -> dict[str, str]:
    address = location.address or Address()
    first, *others = (*address.lines, "")
    return {
        "name": address.name or "",
        "company": address.company or "",
        "address1": first,
        "address2": ", ".join(line for line in others if line),
        "city": address.city or "",
        "state": address.region or "",
        "postalCode": address.postal_code or "",
        "countryId": address.country or "",
        "phone": address.phone or "",
        "email": address.email or "",
    }


def overview_response(
    levels: Iterable[Level],
    expected: Mapping[tuple[str, str], int],
    locations: Mapping[str, StoredLocation],
    products: Mapping[str, CatalogEntry],
    organization: Organization,
) -> dict[str, Tree]:
    """Render stock levels, and the units that are expected by SKU and code of the warehouse, with the warehouses (by code) and
    products (by SKU) that they name.

    Rows with nothing in them are left out. Warehouses are sorted by name, products by SKU, rows by both.
    """
    rows: dict[tuple[str, str], wire.InventoryItem] = {}

    def row_of(location: str, sku: str) -> wire.InventoryItem:
        entry = products.get(sku)
        product_id = entry.key if entry else unknown_product_id(organization, sku, "")
        empty = wire.InventoryItem(locations[location].location_id, product_id, 0, 0, 0, 0)
        return rows.setdefault((location, sku), empty)

    for level in levels:
        if level.location in locations and (level.on_hand or level.allocated):
            row = row_of(level.location, level.sku)
            row.quantity += level.on_hand
            row.quantityAvailable += level.available
            row.quantityHold += level.on_hand - level.available
    for (sku, location), units in expected.items():
        if location in locations:
            row_of(location, sku).quantityPending += units
    used = sorted({code for code, _ in rows}, key=lambda code: (_name(locations[code].location), code))
    rank = {code: place for place, code in enumerate(used)}
    skus = sorted({sku for _, sku in rows})
    return {
        "warehouses": [warehouse_response(locations[code], organization) for code in used],
        "products": _products(skus, products, organization),
        "items": [rows[key] for key in sorted(rows, key=lambda key: (rank[key[0]], key[1]))],
    }


def _products(skus: Sequence[str], products: Mapping[str, CatalogEntry], organization: Organization) -> list[Raw]:
    return [
        product_response(products[sku], organization) if sku in products else _unknown_product(sku, organization)
        for sku in skus
    ]


def _unknown_product(sku: str, organization: Organization) -> Raw:
    """Render a product that has stock but is not in the catalog: flagged `unknown`, with its SKU only."""
    at = organization.created_at
    document = encode_json(unknown_product_document(sku, "", at))
    return render_product(
        document, organization, key=unknown_product_id(organization, sku, ""), times=(at, at), unknown=True
    )
