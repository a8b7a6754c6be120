"""Catalog of Pitney Bowes OMS: the kinds of entries that orders refer to, and the rules of their bodies; pure."""

from decimal import Decimal
from typing import Any

from crossdock.core.catalog import products
from crossdock.core.catalog.products import Product, ProductCustoms
from crossdock.core.errors import Fault
from crossdock.core.ids import json_equal
from crossdock.core.json.strict_json import parse
from crossdock.core.json.value_types import decimal
from crossdock.doors.pb_oms.wire_catalog import CustomsProductCreate

Tree = Any
CUSTOMS_PRODUCT = "pb_oms/customs_product"
# An item may name any product of the organization, by its id or SKU. Customs products are such products; those that earlier
# releases stored are entries of a kind of their own.
PRODUCT = f"{CUSTOMS_PRODUCT}|{products.KIND}|{products.KIND}@name"
CARRIER_CODE = "pb_oms/carrier_code"


def product_details_rule(tree: Tree) -> list[Fault]:
    """Require physical details of a customs product; each version of the vendor's page has another member for them."""
    names = ("productDimensions", "productDetails", "weight")
    if isinstance(tree, dict) and all(tree.get(name) is None for name in names):
        return [Fault(("productDimensions",), "is required")]
    return []


# Kilograms in a unit of weight.
_KILOGRAMS = {
    "KG": Decimal(1), "G": Decimal("0.001"), "GM": Decimal("0.001"), "LB": Decimal("0.45359237"),
    "OZ": Decimal("0.028349523125"),
}  # fmt: skip


def kilograms(weight: Decimal | int | None, unit: str | None) -> Decimal | None:
    """Convert a weight to kilograms; None where there is none, or its unit is not known."""
    factor = _KILOGRAMS.get((unit or "").upper())
    return None if weight is None or factor is None or weight < 0 else Decimal(weight) * factor


def to_product(body: CustomsProductCreate, tree: dict[str, Tree], *, sku: str | None) -> Product:
    """Make the organization's product of a customs product; what only this door has is in its fields, as it was sent."""
    return Product(
        sku=sku,
        description=body.description,
        weight=kilograms(body.weight, body.weightUnit),
        customs=ProductCustoms(
            tariff_code=body.hsTariffCode or None, origin_country=body.originCountryCode, value=decimal(body.unitPrice)
        ),
        door_fields={"pb_oms": tree | {"quantity": body.quantity}},
    )


def format_product_id(number: int) -> str:
    """Format a customs product id as the vendor does: cp and 11 digits, the last ones of `number`."""
    return f"cp{number % 10**11:011d}"


def is_same_entry(document: bytes, other: bytes) -> bool:
    """Compare two JSON documents by value."""
    return json_equal(parse(document), parse(other))
