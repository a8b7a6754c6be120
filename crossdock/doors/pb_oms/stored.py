"""Documents of the catalog as Pitney Bowes OMS answers them: customs products, carrier codes, defaults, printers; pure.

A document is what was sent. Answers have its members and those of the server, in the order of the wire type, unknown ones last.
"""

from typing import Any

import msgspec

from crossdock.core.catalog.products import Product, ProductCustoms, decode_product
from crossdock.core.errors import Code, Fault, Invalid
from crossdock.core.ids import json_equal, to_hex24
from crossdock.core.json.strict_json import parse_trusted
from crossdock.core.json.value_types import decimal
from crossdock.core.time import format_time
from crossdock.doors.pb_oms import wire_catalog, wire_defaults
from crossdock.doors.pb_oms.catalog import CUSTOMS_PRODUCT, kilograms
from crossdock.doors.pb_oms.mapping import product_item
from crossdock.doors.pb_oms.member_order import MemberOrder
from crossdock.flows.catalog import CatalogEntry

Tree = Any
_CUSTOMS_PRODUCT = MemberOrder(wire_catalog.CustomsProductRead)
_CARRIER_CODE = MemberOrder(wire_catalog.CarrierCodeRead)
_DEFAULTS = MemberOrder(wire_defaults.DefaultsRead)
_PRINTER = MemberOrder(wire_defaults.PrinterMappingRead)


def database_id(entry: CatalogEntry) -> str:
    """Format the id of an entry in the database, which no call takes: 24 hexadecimal digits, as the vendor's."""
    return to_hex24(entry.position)


def carrier_code(entry: CatalogEntry, *, subscription: str) -> Tree:
    """Render a carrier code."""
    return _CARRIER_CODE.arrange(
        {"residential": False}
        | parse_trusted(entry.document)
        | {
            "id": database_id(entry), "code": entry.key, "subID": subscription,
            "insertTimestamp": format_time(entry.created_at), "updateTimestamp": format_time(entry.updated_at),
            "archived": False,
        }
    )  # fmt: skip


def defaults(entry: CatalogEntry) -> Tree:
    """Render default settings."""
    times = {"createdDate": format_time(entry.created_at), "updatedDate": format_time(entry.updated_at)}
    return _DEFAULTS.arrange(parse_trusted(entry.document) | {"defaultID": entry.key} | times)


def printer(entry: CatalogEntry, *, subscription: str) -> Tree:
    """Render the mapping of a printer."""
    times = {"insertTimeStamp": format_time(entry.created_at), "updateTimeStamp": format_time(entry.updated_at)}
    return _PRINTER.arrange(parse_trusted(entry.document) | {"subId": subscription} | times)


# ------------------------------------------------------------------------------------------------------ customs products
def customs_product(entry: CatalogEntry) -> Tree:
    """Render a product of the organization: as it was sent, except for what another API has changed since."""
    if entry.kind == CUSTOMS_PRODUCT:
        shown = parse_trusted(entry.document)
    else:
        product = decode_product(entry.document)
        shown = dict(product.door_fields.get("pb_oms", {}))
        for name, value in _current(product, shown).items():
            if value is not None and not json_equal(shown.get(name), value):
                shown[name] = value
            elif value is None and shown.get(name) not in (None, ""):
                del shown[name]
    return _CUSTOMS_PRODUCT.arrange(shown | {"customsProductId": entry.key})


def _current(product: Product, sent: dict[str, Tree]) -> dict[str, Tree]:
    """Return the members of a customs product that the organization's product has."""
    item = product_item(product)
    weight = item.unitWeight
    return {
        "description": item.description, "originCountryCode": item.originCountryCode, "hsTariffCode": item.hSTariffCode,
        "quantity": sent.get("quantity", 1), "unitPrice": item.unitPrice, "itemId": item.itemId,
        "weightUnit": weight.unitOfMeasurement if weight else None, "weight": weight.weight if weight else None,
    }  # fmt: skip


def updated_customs_product(
    product: Product, body: wire_catalog.CustomsProductUpdate, tree: dict[str, Tree]
) -> Product:
    """Return a product with the properties of an update; what this API has no member for stays.

    Refuses with Invalid another `itemId` for a product with a SKU, by which its stock and the lines of orders name it.
    """
    if product.sku and body.itemId and body.itemId != product.sku:
        fault = Fault(("itemId",), f"must stay {product.sku[:40]!r}, the SKU of the product")
        raise Invalid(Code.INVALID, "the body has faults", faults=(fault,))
    customs = product.customs or ProductCustoms()
    weight = kilograms(body.weight, body.weightUnit)
    if body.weight is None and not _has_weight_of_this_door(product):
        weight = product.weight
    return msgspec.structs.replace(
        product,
        description=body.description,
        weight=weight,
        customs=msgspec.structs.replace(
            customs, tariff_code=body.hsTariffCode or None, origin_country=body.originCountryCode,
            value=decimal(body.unitPrice),
        ),
        door_fields=product.door_fields | {"pb_oms": tree | {"quantity": body.quantity}},
    )  # fmt: skip


def _has_weight_of_this_door(product: Product) -> bool:
    sent = product.door_fields.get("pb_oms", {})
    return sent.get("weight") is not None and kilograms(sent["weight"], sent.get("weightUnit")) == product.weight
