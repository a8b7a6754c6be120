"""Products: one canonical document for all doors, and the rows of a CSV file read as products; pure.

A product has an id, which orders may name, and usually a SKU, which is unique in its organization. Fields that only one door
knows are in `door_fields`, and come back through that door.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core import csv_rows
from crossdock.core.csv_rows import Convert, country, currency, measure, text
from crossdock.core.errors import Fault

KIND = "product"


class ProductCustoms(Struct, frozen=True, omit_defaults=True):
    """What customs asks about a product; countries are ISO 3166-1 alpha-2, `value` is that of one unit."""

    tariff_code: str | None = None
    tariff_country: str | None = None
    origin_country: str | None = None
    origin_region: str | None = None
    value: Decimal | None = None
    currency: str | None = None


class Identifier(Struct, frozen=True):
    """Another number of a product, such as a UPC."""

    kind: str
    value: str


class KitComponent(Struct, frozen=True):
    """Units of another product in one unit of a kit."""

    sku: str
    quantity: int


class Product(Struct, frozen=True, omit_defaults=True):
    """A product. Lengths are millimeters, `weight` is kilograms; absent is None."""

    sku: str | None = None
    name: str | None = None
    description: str | None = None
    brand: str | None = None
    gtin: str | None = None
    image: str | None = None
    length: Decimal | None = None
    width: Decimal | None = None
    height: Decimal | None = None
    weight: Decimal | None = None
    customs: ProductCustoms | None = None
    identifiers: tuple[Identifier, ...] = ()
    components: tuple[KitComponent, ...] = ()
    active: bool = True
    door_fields: dict[str, Any] = {}


_DECODER = msgspec.json.Decoder(Product, float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def decode_product(document: bytes) -> Product:
    """Decode a product's stored document."""
    return _DECODER.decode(document)


def encode_product(product: Product) -> bytes:
    """Encode a product's document, as it is stored."""
    return _ENCODER.encode(product)


def search_text(product: Product) -> str:
    """Return the text in which lists search a term: SKU and name."""
    return "\n".join(text for text in (product.sku, product.name) if text)


def is_gtin(text: str) -> bool:
    """Tell whether a text is a GTIN of 8, 12, 13 or 14 digits with a right check digit."""
    if len(text) not in (8, 12, 13, 14) or not (text.isascii() and text.isdigit()):
        return False
    digits = [int(digit) for digit in reversed(text)]
    weighted = sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return weighted % 10 == 0


# -------------------------------------------------------------------------------------------------------------- CSV rows
class ProductRow(Struct, frozen=True):
    """A row of a CSV file: the product, the id it asks for (None for any), and which columns it fills."""

    product: Product
    product_id: str | None


def _gtin(cell: str) -> str:
    if not is_gtin(cell):
        raise ValueError(f"must be a GTIN of 8, 12, 13 or 14 digits with a right check digit, not {cell[:40]!r}")
    return cell


_CUSTOMS_COLUMNS: dict[str, Convert] = {
    "tariff_code": text(), "tariff_country": country, "origin_country": country, "origin_region": text(),
    "value": measure, "currency": currency,
}  # fmt: skip
_PRODUCT_COLUMNS: dict[str, Convert] = {
    "sku": text(), "name": text(), "description": text(), "brand": text(), "gtin": _gtin, "image": text(),
    "length": measure, "width": measure, "height": measure, "weight": measure,
}  # fmt: skip
COLUMNS = ("id", *_PRODUCT_COLUMNS, *_CUSTOMS_COLUMNS)


def column_faults(columns: list[str]) -> list[Fault]:
    """Find faults of the first row."""
    return csv_rows.column_faults(columns, COLUMNS, of="products", required=("sku",))


def read_row(cells: Mapping[str, str]) -> tuple[ProductRow | None, list[Fault]]:
    """Read a row, cells by column: the product, or a fault for each wrong cell. Empty cells say nothing."""
    of_product, faults = csv_rows.read_cells(cells, _PRODUCT_COLUMNS, required=("sku",))
    of_customs, of_customs_faults = csv_rows.read_cells(cells, _CUSTOMS_COLUMNS)
    of_id, of_id_faults = csv_rows.read_cells(cells, {"id": text()})
    faults += [*of_customs_faults, *of_id_faults]
    if faults:
        return None, faults
    product = Product(**of_product, customs=ProductCustoms(**of_customs) if of_customs else None)
    return ProductRow(product, of_id.get("id")), []


def merge_row(before: Product, row: Product) -> Product:
    """Take over into a product what a row says; what the row leaves empty stays."""
    changes = {name: value for name in _PRODUCT_COLUMNS if (value := getattr(row, name)) is not None}
    if row.customs is not None:
        given = {name: value for name, value in msgspec.structs.asdict(row.customs).items() if value is not None}
        changes["customs"] = msgspec.structs.replace(before.customs or ProductCustoms(), **given)
    return msgspec.structs.replace(before, **changes)
