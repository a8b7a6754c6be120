"""Catalog of Pitney Bowes OMS: the kinds of entries that orders refer to, and the rules of their bodies; pure."""

from typing import Any

from crossdock.core.catalog import products
from crossdock.core.errors import Fault
from crossdock.core.ids import json_equal
from crossdock.core.json.strict_json import parse

Tree = Any
CUSTOMS_PRODUCT = "pb_oms/customs_product"
# An item may name a customs product of this door, or any product of the organization by its id or SKU.
PRODUCT = f"{CUSTOMS_PRODUCT}|{products.KIND}|{products.KIND}@name"
CARRIER_CODE = "pb_oms/carrier_code"


def product_details_rule(tree: Tree) -> list[Fault]:
    """Require physical details of a customs product; each version of the vendor's page has another member for them."""
    names = ("productDimensions", "productDetails", "weight")
    if isinstance(tree, dict) and all(tree.get(name) is None for name in names):
        return [Fault(("productDimensions",), "is required")]
    return []


def format_product_id(number: int) -> str:
    """Format a customs product id as the vendor does: cp and 11 digits, the last ones of `number`."""
    return f"cp{number % 10**11:011d}"


def is_same_entry(document: bytes, other: bytes) -> bool:
    """Compare two JSON documents by value."""
    return json_equal(parse(document), parse(other))
