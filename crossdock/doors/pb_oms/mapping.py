"""Map Pitney Bowes OMS bodies to canonical content and back; pure.

Members with a canonical counterpart: orderNumber, charges (subTotal -> items, gmv -> total, totalPaid -> paid), customerInfo,
the two addresses, the BILLING additional address, items, orderMessage, references, customs, carrier, service, ship date and
notes. All others are unmapped.
"""

from decimal import Decimal
from operator import attrgetter
from typing import Any

import msgspec

from crossdock.core.catalog.products import Product, ProductCustoms, decode_product
from crossdock.core.errors import Fault
from crossdock.core.ids import from_short_base62, to_short_base62
from crossdock.core.json.request_body import EntityReference, objects_in
from crossdock.core.json.value_types import decimal
from crossdock.core.orders.model import (
    Address,
    Content,
    Customer,
    Customs,
    Destination,
    Gift,
    ItemCustoms,
    Line,
    Measure,
    Order,
    Reference,
    Shipping,
    Totals,
    join_name,
    split_name,
)
from crossdock.core.orders.status import Status
from crossdock.doors.pb_oms import wire
from crossdock.doors.pb_oms.catalog import CUSTOMS_PRODUCT, PRODUCT, kilograms
from crossdock.doors.pb_oms.wire_calls import DELETED
from crossdock.doors.pb_oms.wire_catalog import CustomsProductCreate
from crossdock.flows.formats import MissingFields, ReferenceData

Tree = Any
# The reason of a hold that was placed without one.
HOLD_REASON = "on hold"
_REQUIRED = ("addressLine1", "cityTown", "countryCode")
_REFERENCES = ("reference1", "reference2", "reference3", "reference4", "shipperReference", "transportationReference")
_get_references = attrgetter(*_REFERENCES)
# The vendor's four statuses (the enumeration of updateOrderById) by canonical status.
STATUSES = {
    Status.OPEN: "UNFULFILLED",
    Status.ON_HOLD: "ONHOLD",
    Status.PARTIALLY_ALLOCATED: "UNFULFILLED",
    Status.ALLOCATED: "UNFULFILLED",
    Status.PARTIALLY_SHIPPED: "UNFULFILLED",
    Status.SHIPPED: "FULFILLED",
    Status.DELIVERED: "FULFILLED",
    Status.RETURNED: "FULFILLED",
    Status.CANCELED: "CANCELED",
}
# For comparisons; creating them for each order costs time.
_NO_CUSTOMS, _NO_TOTALS = ItemCustoms(), Totals()
# Members of the read response that a sender cannot set; requests may hold them and they are ignored.
SERVER_OWNED = ("orderId", "status", "orderCreateDate", "sourceFlowType", "createdBy", "tags")


def format_id(order_id: int) -> str:
    """Format an order id as the vendor does: PB and 10 base-62 characters (see `to_short_base62` for the limits of that)."""
    return "PB" + to_short_base62(order_id)


def parse_id(text: str) -> int | None:
    """Parse an order id, also one of the 13 characters that ids had before; None if the text cannot be one."""
    return from_short_base62(text[2:]) if text.startswith("PB") else None


def status_of(order: Order) -> str:
    """Map the status of an order to the vendor's."""
    return STATUSES[order.status]


def statuses_of(vendor_status: str) -> frozenset[Status]:
    """List the canonical statuses that map to one of the vendor's."""
    return frozenset(status for status, each in STATUSES.items() if each == vendor_status)


def is_deleted(order: Order) -> bool:
    """Tell whether an order was deleted through this door."""
    return DELETED in order.tags


# -------------------------------------------------------------------------------------------------------------- parsing
def item_rules(tree: Tree) -> list[Fault]:
    """Require of each item its own properties (itemId or description, and quantity) or a customProductId."""
    faults = []
    for position, item in objects_in(tree, "items"):
        if item.get("itemId") or item.get("description"):
            if item.get("quantity") is None:
                faults.append(Fault(("items", position, "quantity"), "is required"))
        elif not item.get("customProductId"):
            faults.append(Fault(("items", position), "must have an itemId or description, or a customProductId"))
    return faults


def product_references(tree: Tree) -> tuple[EntityReference, ...]:
    """List the customs products that items refer to; an item with properties of its own needs no product."""
    return tuple(
        EntityReference(PRODUCT, item["customProductId"], ("items", position, "customProductId"))
        for position, item in objects_in(tree, "items")
        if isinstance(item.get("customProductId"), str)
        and item["customProductId"]
        and not (item.get("itemId") or item.get("description"))
    )


def _address(address: wire.OtherAddress | wire.ShippingAddress | None) -> Address | None:
    if address is None:
        return None
    lines = (address.addressLine1, address.addressLine2, address.addressLine3)
    return Address(
        name=address.name or None,
        company=address.company or None,
        lines=tuple([line for line in lines if line]),
        city=address.cityTown or None,
        region=address.stateProvince or None,
        postal_code=address.postalCode or None,
        country=address.countryCode or None,
        phone=address.phone or None,
        email=address.email or None,
        residential=address.residential,
    )


def _line(item: wire.Item, reference_data: ReferenceData) -> Line:
    if not (item.itemId or item.description) and item.customProductId:
        item = _with_product(item, reference_data)
    customs = ItemCustoms(
        tariff_code=item.hSTariffCode or None,
        tariff_country=item.hSTariffCodeCountry or None,
        origin_country=item.originCountryCode or None,
        origin_region=item.originStateProvince or None,
    )
    weight = item.unitWeight
    return Line(
        quantity=item.quantity or 1,
        sku=item.itemId or None,
        product_ref=item.customProductId or None,
        description=item.description or None,
        unit_price=decimal(item.unitPrice),
        customs=customs if customs != _NO_CUSTOMS else None,
        weight=Measure(Decimal(weight.weight), weight.unitOfMeasurement)
        if weight and weight.weight is not None
        else None,
    )


def _with_product(item: wire.Item, reference_data: ReferenceData) -> wire.Item:
    """Add the properties of its customs product to an item; properties of the item take precedence.

    An order of another door may name a product that is not in this door's catalog; its item stays as it is.
    """
    entry = reference_data.entries.get((PRODUCT, item.customProductId or ""))
    if entry is None:
        return item
    if entry.kind == CUSTOMS_PRODUCT:
        known = _customs_product_item(msgspec.json.decode(entry.document, type=CustomsProductCreate))
    else:
        known = product_item(decode_product(entry.document))
    return wire.Item(
        customProductId=item.customProductId,
        itemId=known.itemId or item.customProductId,
        description=known.description,
        hSTariffCode=item.hSTariffCode or known.hSTariffCode,
        hSTariffCodeCountry=item.hSTariffCodeCountry or known.hSTariffCodeCountry,
        originCountryCode=item.originCountryCode or known.originCountryCode,
        originStateProvince=item.originStateProvince or known.originStateProvince,
        quantity=item.quantity if item.quantity is not None else known.quantity,
        unitPrice=item.unitPrice if item.unitPrice is not None else known.unitPrice,
        unitWeight=item.unitWeight or known.unitWeight,
    )


def _customs_product_item(product: CustomsProductCreate) -> wire.Item:
    """Return the properties of a customs product of this door as an item."""
    return wire.Item(
        itemId=product.itemId,
        description=product.description,
        hSTariffCode=product.hsTariffCode,
        originCountryCode=product.originCountryCode,
        quantity=max(1, product.quantity),
        unitPrice=product.unitPrice,
        unitWeight=wire.Weight(product.weightUnit, product.weight) if product.weight is not None else None,
    )


def product_item(product: Product) -> wire.Item:
    """Return the properties of a product of the organization as an item; a customs product has some that only this door has."""
    customs = product.customs or ProductCustoms()
    own = product.door_fields.get("pb_oms", {})
    weight, unit = own.get("weight"), own.get("weightUnit")
    # Earlier releases did not convert the vendor's GM, so products of theirs have no weight but that one.
    is_of_earlier_release = product.weight is None and unit == "GM"
    if weight is None or (product.weight != kilograms(weight, unit) and not is_of_earlier_release):
        weight, unit = product.weight, "KG"
    return wire.Item(
        itemId=product.sku or own.get("itemId"),
        description=product.description or product.name,
        hSTariffCode=customs.tariff_code,
        hSTariffCodeCountry=customs.tariff_country,
        originCountryCode=customs.origin_country,
        originStateProvince=customs.origin_region,
        quantity=max(1, own.get("quantity", 1)),
        unitPrice=customs.value,
        unitWeight=wire.Weight(unit, weight) if weight is not None else None,
    )


def _references(references: wire.ShippingReference | None) -> tuple[Reference, ...]:
    if references is None:
        return ()
    return tuple(
        [Reference(name, value) for name, value in zip(_REFERENCES, _get_references(references), strict=True) if value]
    )


def _customs(preferences: wire.ShippingPreferences | None) -> Customs | None:
    info = preferences.customs.customsInfo if preferences and preferences.customs else None
    if info is None:
        return None
    return Customs(
        declared_value=decimal(info.customsDeclaredValue),
        currency=info.currencyCode or None,
        reason=info.reasonForExport or None,
        importer_ref=info.importerCustomsReference or None,
        invoice_number=info.invoiceNumber or None,
    )


def _totals(charges: wire.Charges) -> Totals | None:
    totals = Totals(items=decimal(charges.subTotal), total=decimal(charges.gmv), paid=decimal(charges.totalPaid))
    return totals if totals != _NO_TOTALS else None


def _billing(body: wire.OrderCreate) -> wire.OtherAddress | None:
    return next((each.address for each in body.additionalAddresses or () if each.addressType == "BILLING"), None)


def to_content(body: wire.OrderCreate, reference_data: ReferenceData) -> Content:
    """Map the body of the create call, without faults, to canonical content."""
    customer, preferences, message = body.customerInfo, body.shippingPreferences, body.orderMessage
    return Content(
        number=body.orderNumber,
        lines=tuple(_line(item, reference_data) for item in body.items),
        destinations=(Destination(address=_address(body.toAddress)),),
        references=_references(body.shippingReference),
        currency=body.charges.currency or None if body.charges else None,
        customer=Customer(
            customer_ref=customer.customerId or None,
            name=join_name(customer.firstName, customer.lastName),
            email=customer.email or None,
        )
        if customer
        else None,
        ship_from=_address(body.fromAddress),
        bill_to=_address(_billing(body)),
        totals=_totals(body.charges) if body.charges else None,
        shipping=Shipping(carrier=preferences.carrier or None, service=preferences.service or None)
        if preferences
        else None,
        gift=Gift(is_gift=message.type == "GIFT", message=message.message or None) if message else None,
        customs=_customs(preferences),
        ship_by=preferences.dateOfShipment or None if preferences else None,
        notes=body.shippingReference.shippingNotes or None if body.shippingReference else None,
    )


# ------------------------------------------------------------------------------------------------------------- rendering
def without_none(**members: Tree) -> dict[str, Tree]:
    """Make an object of the members that are not None."""
    return {name: value for name, value in members.items() if value is not None}


def address_document(address: Address) -> dict[str, Tree]:
    """Render an address with the members that it has."""
    lines = (*address.lines, None, None, None)
    return without_none(
        name=address.name,
        company=address.company,
        addressLine1=lines[0],
        addressLine2=lines[1],
        addressLine3=", ".join(address.lines[2:]) or None,
        cityTown=address.city,
        stateProvince=address.region,
        postalCode=address.postal_code,
        countryCode=address.country,
        phone=address.phone,
        email=address.email,
        residential=address.residential,
    )


def _other_address_document(address: Address) -> dict[str, Tree]:
    """Render an additional address; its members have another order, as in the vendor's sample."""
    document = address_document(address)
    return {name: document[name] for name in wire.OtherAddress.__struct_fields__ if name in document}


def _shipping_address_document(address: Address | None, missing_fields: MissingFields, name: str) -> dict[str, Tree]:
    """Render an address that a parcel is shipped from or to; street, city and country are required."""
    document = address_document(address or Address())
    if all(member in document for member in _REQUIRED):
        return document
    for member in _REQUIRED:
        document[member] = missing_fields.fill(document.get(member), "", "orderShippingInfo", name, member)
    return {member: document[member] for member in wire.ShippingAddress.__struct_fields__ if member in document}


def item_document(line: Line) -> dict[str, Tree]:
    customs = line.customs or ItemCustoms()
    return without_none(
        customProductId=line.product_ref,
        itemId=line.sku,
        description=line.description,
        hSTariffCode=customs.tariff_code,
        hSTariffCodeCountry=customs.tariff_country,
        originCountryCode=customs.origin_country,
        originStateProvince=customs.origin_region,
        quantity=line.quantity,
        unitPrice=line.unit_price,
        unitWeight=without_none(unitOfMeasurement=line.weight.unit, weight=line.weight.value) if line.weight else None,
    )


def _customer_document(customer: Customer | None) -> dict[str, Tree] | None:
    if customer is None:
        return None
    first, middle, last = split_name(customer.name) if customer.name else (None, None, None)
    first_names = join_name(first, middle)
    return without_none(
        firstName=first_names, lastName=last or None, email=customer.email, customerId=customer.customer_ref
    )


def _references_document(content: Content) -> dict[str, Tree] | None:
    """Render references under the vendor's names; others go into those of reference1 to reference4 that are free."""
    rendered: dict[str, Tree] = {each.name: each.value for each in content.references if each.name in _REFERENCES}
    free = [name for name in _REFERENCES[:4] if name not in rendered]
    others = [each for each in content.references if each.name not in _REFERENCES]
    rendered |= {name: each.value for name, each in zip(free, others, strict=False)}
    if content.notes is not None:
        rendered["shippingNotes"] = content.notes
    return rendered or None


def _preferences_document(content: Content) -> dict[str, Tree] | None:
    shipping, customs = content.shipping, content.customs
    info = without_none(
        currencyCode=customs.currency,
        customsDeclaredValue=customs.declared_value,
        importerCustomsReference=customs.importer_ref,
        invoiceNumber=customs.invoice_number,
        reasonForExport=customs.reason,
    ) if customs else None  # fmt: skip
    rendered = without_none(
        carrier=shipping.carrier if shipping else None,
        service=shipping.service if shipping else None,
        customs={"customsInfo": info} if info is not None else None,
        # The vendor has a date here; another door may have received a time.
        dateOfShipment=content.ship_by[:10] if content.ship_by else None,
    )
    return rendered or ({} if shipping else None)


def _charges_document(content: Content) -> dict[str, Tree] | None:
    totals = content.totals or Totals()
    return (
        without_none(currency=content.currency, gmv=totals.total, subTotal=totals.items, totalPaid=totals.paid) or None
    )


def _gift_document(gift: Gift | None) -> dict[str, Tree] | None:
    return without_none(type="GIFT" if gift.is_gift else None, message=gift.message) if gift else None


def from_content(content: Content, missing_fields: MissingFields) -> dict[str, Tree]:
    """Render content in the shape of the create body."""
    address = content.destinations[0].address if content.destinations else None
    billing = content.bill_to
    return without_none(
        orderNumber=content.number,
        orderMessage=_gift_document(content.gift),
        charges=_charges_document(content),
        shippingReference=_references_document(content),
        customerInfo=_customer_document(content.customer),
        fromAddress=_shipping_address_document(content.ship_from, missing_fields, "fromAddress"),
        toAddress=_shipping_address_document(address, missing_fields, "toAddress"),
        items=[item_document(line) for line in content.lines],
        additionalAddresses=[{"address": _other_address_document(billing), "addressType": "BILLING"}]
        if billing
        else None,
        shippingPreferences=_preferences_document(content),
    )
