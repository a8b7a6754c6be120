"""What is personal in an order: which values an erasure takes out of its content, its parts and its events; pure.

Numbers, SKUs, amounts, dates, counters and tracking numbers are the books and stay; so do the texts that the organization chose
itself, such as descriptions of products, reasons of holds, tags and codes of locations. tests/core/orders/test_erasure.py lists
every field that may hold text, and fails for one that is neither here nor there.
"""

from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from crossdock.core.orders.fulfillments import Package
from crossdock.core.orders.model import Address, Content, Customs, Destination, Gift, Hold, Line, Order
from crossdock.core.orders.payments import Refund
from crossdock.core.orders.returns import Return, ReturnLine

Value = TypeVar("Value")
_replace = msgspec.structs.replace
# An order with unmapped fields, be it none, is rendered from its content, and no longer from what was sent.
_NOTHING_UNMAPPED: dict[str, Any] = {"m": {}}
# The personal fields of each struct, with the value that an erasure leaves. Of an address, region and country stay.
PERSONAL: dict[type[Struct], dict[str, Any]] = {
    Content: {"customer": None, "customer_number": None, "notes": None, "unmapped": _NOTHING_UNMAPPED},
    Line: {"unmapped": None},
    Address: {
        "name": None, "company": None, "lines": (), "city": None, "postal_code": None, "phone": None, "email": None,
        "residential": None,
    },
    Destination: {"instructions": None},
    Gift: {"message": None},
    Customs: {"importer_ref": None},
    Hold: {"note": None},
    # The URL of a carrier's page often has the customer's postal code in it, that of a label leads to their address.
    Package: {"url": None},
    Return: {"label_url": None, "note": None},
    ReturnLine: {"reason": None},
    Refund: {"reason": None},
}  # fmt: skip


def erase(value: Value, personal: dict[type[Struct], dict[str, Any]] = PERSONAL) -> Value:
    """Take out the personal fields of a struct, at any depth; the same object where it has none."""
    erased: Any = value
    if isinstance(value, Content):
        # The shop's own address is not the customer's.
        erased = _replace(_fields_erased(value, personal), ship_from=value.ship_from)
        return value if erased == value else erased
    if isinstance(value, Struct):
        erased = _fields_erased(value, personal)
    elif isinstance(value, tuple):
        erased = tuple(erase(each, personal) for each in value)
    return value if erased == value else erased


def _fields_erased(value: Any, personal: dict[type[Struct], dict[str, Any]]) -> Any:
    own = personal.get(type(value), {})
    values = {name: getattr(value, name) for name in value.__struct_fields__}
    return _replace(
        value, **{name: own[name] if name in own else erase(each, personal) for name, each in values.items()}
    )


def erased(content: Content) -> Content:
    """Take a person out of an order's content. Idempotent."""
    return erase(content)


def erased_order(order: Order) -> Order:
    """Take a person out of an order and its parts. Idempotent."""
    return erase(order)
