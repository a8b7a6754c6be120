"""Map Ventmere S2's create body to canonical content and back; pure.

Canonical fields: channelOrderId and its two alternatives, accountId, the two addresses, channelShippingMethod (service), the
dates, currencyId, the items but their meta (SKU and description are those of the product), customerNote. The others are stored
as unmapped fields. responses.py turns the document into a response.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from crossdock.core.errors import Fault
from crossdock.core.json.request_body import EntityReference, ParsedBody, duplicates_in, objects_in
from crossdock.core.json.value_types import decimal, is_date, is_date_time, is_utc_date_time, normalize_date_time
from crossdock.core.orders.model import Address, Content, Destination, Line, Reference, Shipping
from crossdock.doors.s2 import wire
from crossdock.doors.s2.catalog import (
    ACCOUNT,
    NO_ID,
    PRODUCT,
    PRODUCT_BY_SKU,
    Products,
    parse_names,
    unknown_product_id,
)
from crossdock.flows.formats import MissingFields, ReferenceData
from crossdock.flows.tenants import Organization

Tree = Any
_ALTERNATIVES = ("channelOrderIdAlt", "channelOrderIdAlt2")
# Marks an order that was made for a fulfillment without one; it is a member of the order's document, and a reference.
ORDER_KIND, DIRECT = "orderKind", "direct"


# -------------------------------------------------------------------------------------------------------------- body to content
def unique_items_rule(tree: Tree) -> Iterable[Fault]:
    """Require channelOrderItemId to be unique in the order, where it is not empty: clients send "" if they have none."""
    faults = duplicates_in(tree, "items", "channelOrderItemId")
    return (fault for fault in faults if tree["items"][fault.path[1]]["channelOrderItemId"] != "")


def references_in(tree: Tree) -> tuple[EntityReference, ...]:
    """List the account and the products that a body refers to; a value that is not a UUID is a fault of the body already."""
    if not isinstance(tree, dict):
        return ()
    references = []
    account = tree.get("accountId")
    if isinstance(account, str) and wire.is_uuid(account):
        references.append(EntityReference(ACCOUNT, account.lower(), ("accountId",)))
    for position, item in objects_in(tree, "items"):
        product = item.get("productId")
        if isinstance(product, str) and wire.is_uuid(product):
            references.append(EntityReference(PRODUCT, product.lower(), ("items", position, "productId")))
    return tuple(references)


def _address(sent: wire.Address | None) -> Address | None:
    if sent is None:
        return None
    return Address(
        name=sent.name or None,
        company=sent.company or None,
        lines=tuple([line for line in (sent.address1, sent.address2) if line]),
        city=sent.city or None,
        region=sent.state or None,
        postal_code=sent.postalCode or None,
        country=sent.countryId or None,
        phone=sent.phone or None,
        email=sent.email or None,
    )


def _unknown_product(item: wire.Item, row: Tree, organization: Organization) -> dict[str, str] | None:
    """Return the SKU and name that `from_content` wrote for a product that is not in the catalog; None otherwise."""
    product = row.get("product")
    if not isinstance(product, dict) or not all(isinstance(product.get(name), str) for name in ("sku", "name")):
        return None
    written = unknown_product_id(organization, product["sku"], product["name"])
    return product if item.productId.lower() == written else None


def _line(item: wire.Item, row: Tree, products: Products, organization: Organization) -> Line:
    key = item.productId.lower()
    entry = products.find(key)
    unknown = _unknown_product(item, row, organization) if entry is None else None
    names = parse_names(entry) if entry is not None else unknown or {}
    return Line(
        quantity=item.quantity,
        sku=names.get("sku") or None,
        line_ref=item.channelOrderItemId or None,
        product_ref=None if unknown else key or None,
        description=names.get("name") or None,
        unit_price=decimal(item.unitPrice),
    )


def to_content(body: ParsedBody, reference_data: ReferenceData) -> Content:
    """Map a create body to canonical content."""
    sent: wire.OrderCreate = body.shape
    products, organization = Products(reference_data), reference_data.organization
    account = sent.accountId.lower()
    return Content(
        number=sent.channelOrderId,
        lines=tuple(
            [_line(item, row, products, organization) for item, row in zip(sent.items, body.tree["items"], strict=True)]
        ),
        destinations=(Destination(address=_address(sent.shippingAddress)),),
        account_ref=account if account != NO_ID else None,
        references=(
            *(Reference(name, value) for name in _ALTERNATIVES if (value := getattr(sent, name))),
            *([Reference(ORDER_KIND, DIRECT)] if body.tree.get(ORDER_KIND) == DIRECT else ()),
        ),
        placed_at=sent.channelOrderDate or None,
        currency=sent.currencyId or None,
        bill_to=_address(sent.billingAddress),
        shipping=Shipping(service=sent.channelShippingMethod) if sent.channelShippingMethod else None,
        ship_by=sent.shipByDate or None,
        deliver_by=sent.deliverByDate or None,
        notes=sent.customerNote or None,
    )


# ------------------------------------------------------------------------------------------------------------- content to body
def _without_none(**members: Tree) -> dict[str, Tree]:
    return {name: value for name, value in members.items() if value is not None}


def _to_utc(text: str | None) -> str | None:
    """Convert a date or time to UTC, which S2's clients rely on; a time in UTC keeps its precision."""
    if text is None or is_utc_date_time(text):
        return text and normalize_date_time(text)
    if is_date(text):
        return f"{text}T00:00:00Z"
    if not is_date_time(text):
        return text
    text = normalize_date_time(text)
    offset = text[19:].lstrip(".0123456789")
    fraction = text[19 : len(text) - len(offset)]
    try:
        moment = datetime.fromisoformat(text[:19] + offset).astimezone(UTC)
    except (ValueError, OverflowError):  # in UTC the time is before year 1 or after 9999
        return text
    return moment.replace(tzinfo=None).isoformat() + fraction + "Z"


def _address_fields(address: Address | None, missing_fields: MissingFields, path: str) -> dict[str, Tree]:
    address = address or Address()
    first, second = address.lines[:1], address.lines[1:]
    fields = {
        "name": address.name,
        "company": address.company,
        "address1": first[0] if first else None,
        "address2": ", ".join(second) or None,
        "city": address.city,
        "state": address.region,
        "postalCode": address.postal_code,
        "countryId": address.country,
        "phone": address.phone,
        "email": address.email,
    }
    return {name: missing_fields.fill(value, "", path, name) for name, value in fields.items()}


def _reference_fields(content: Content) -> dict[str, str]:
    """Render references under S2's two names; references of other names take the name that is left."""
    rendered = {each.name: each.value for each in content.references if each.name in _ALTERNATIVES}
    free = [name for name in _ALTERNATIVES if name not in rendered]
    others = [each.value for each in content.references if each.name not in (*_ALTERNATIVES, ORDER_KIND)]
    return rendered | dict(zip(free, others, strict=False))


def _shipping_method(content: Content) -> str | None:
    """Return the first of the service, its name, the destination's method and the carrier: S2 has one free text for all."""
    shipping = content.shipping or Shipping()
    method = content.destinations[0].method if content.destinations else None
    return shipping.service or shipping.service_name or method or shipping.carrier


def _line_fields(
    line: Line, position: int, reference_data: ReferenceData, missing_fields: MissingFields
) -> dict[str, Tree]:
    """Render a line as an item; if its product is not in the catalog, `product` has the SKU and name for the response."""
    entry = reference_data.entries.get((PRODUCT, line.product_ref or "")) or reference_data.entries.get(
        (PRODUCT_BY_SKU, line.sku or "")
    )
    path = ("items", position)
    product, product_id, computed_id = None, None, ""
    if entry is not None:
        product_id = entry.key
    else:
        product = {
            "sku": missing_fields.fill(line.sku, "", *path, "product", "sku"),
            "name": missing_fields.fill(line.description, "", *path, "product", "name"),
        }
        computed_id = unknown_product_id(reference_data.organization, product["sku"], product["name"])
    return _without_none(
        channelOrderItemId=missing_fields.fill(line.line_ref, "", *path, "channelOrderItemId"),
        productId=missing_fields.fill(product_id, computed_id, *path, "product", "id"),
        product=product,
        quantity=line.quantity,
        unitPrice=missing_fields.fill(line.unit_price, 0, *path, "unitPrice"),
        meta={},
    )


def from_content(content: Content, reference_data: ReferenceData, missing_fields: MissingFields) -> dict[str, Tree]:
    """Render canonical content as a create body; the inverse of `to_content`."""
    account = reference_data.entries.get((ACCOUNT, content.account_ref or ""))
    address = content.destinations[0].address if content.destinations else None
    return _without_none(
        accountId=missing_fields.fill(account.key if account else None, NO_ID, "account", "id"),
        channelOrderId=content.number,
        **_reference_fields(content),
        channelShippingMethod=missing_fields.fill(_shipping_method(content), "", "channelShippingMethod"),
        shippingAddress=_address_fields(address, missing_fields, "shippingAddress"),
        billingAddress=_address_fields(content.bill_to, missing_fields, "billingAddress") if content.bill_to else None,
        meta={},
        channelOrderDate=missing_fields.fill(_to_utc(content.placed_at), "", "channelOrderDate"),
        currencyId=missing_fields.fill(content.currency, "", "currencyId"),
        items=[
            _line_fields(line, position, reference_data, missing_fields) for position, line in enumerate(content.lines)
        ],
        attachments=[],
        shipByDate=_to_utc(content.ship_by),
        deliverByDate=_to_utc(content.deliver_by),
        customerNote=content.notes,
        orderKind=next((each.value for each in content.references if each.name == ORDER_KIND), None),
    )
