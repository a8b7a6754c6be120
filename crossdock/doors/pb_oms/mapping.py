"""Pitney Bowes OMS words to canonical ones and back; pure. `FORMAT` is what the flows use.

Canonical homes: orderNumber, charges (subTotal -> items, gmv -> total, totalPaid -> paid), customerInfo, the two addresses,
the BILLING additional address, items, orderMessage, references, carrier and service. All else travels as leftovers.
"""

from decimal import Decimal
from operator import attrgetter
from typing import Any

import msgspec

from crossdock.core.errors import Fault
from crossdock.core.ids import from_base62, to_base62
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
from crossdock.flows.formats import MissingFields, ReferenceData

Tree = Any
PRODUCT = "pb_oms/customs_product"
CARRIER_CODE = "pb_oms/carrier_code"
# The tag of an order that was deleted through this door: the order stays in the book, and this door does not find it any more.
DELETED = "deleted:pb_oms"
# The hold of an order that was put on hold without a reason.
HOLD_REASON = "on hold"
_REFERENCES = ("reference1", "reference2", "reference3", "reference4", "shipperReference", "transportationReference")
_NAMED = attrgetter(*_REFERENCES)
# The vendor's four words (updateOrderById's enumeration) for every summary there is.
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
# What was said where nothing was; made once, for comparing.
_NO_CUSTOMS, _NO_TOTALS = ItemCustoms(), Totals()
# Members of the answer that a sender cannot set.
ANSWERED = ("orderId", "status", "orderCreateDate", "sourceFlowType", "createdBy", "tags")


def format_id(order_id: int) -> str:
    """Spell an order id as the vendor does: PB and 10 to 11 base-62 characters."""
    return "PB" + to_base62(order_id)


def parse_id(text: str) -> int | None:
    """Read an order id; None where it cannot be one."""
    return from_base62(text[2:]) if text.startswith("PB") else None


def status_of(order: Order) -> str:
    """Give the vendor's word for an order's status."""
    return STATUSES[order.status]


def statuses_of(word: str) -> frozenset[Status]:
    """Give every status a vendor's word stands for."""
    return frozenset(status for status, each in STATUSES.items() if each == word)


def is_deleted(order: Order) -> bool:
    """Say whether an order was deleted through this door."""
    return DELETED in order.tags


# -------------------------------------------------------------------------------------------------------------- reading
def item_rules(tree: Tree) -> list[Fault]:
    """An item has its own properties (itemId or description, and a quantity), or a customProductId alone."""
    faults = []
    for position, item in objects_in(tree, "items"):
        if item.get("itemId") or item.get("description"):
            if item.get("quantity") is None:
                faults.append(Fault(("items", position, "quantity"), "is required"))
        elif not item.get("customProductId"):
            faults.append(Fault(("items", position), "must have an itemId or description, or a customProductId"))
    return faults


def named_references(tree: Tree) -> tuple[EntityReference, ...]:
    """An item that is only a customProductId needs that product; beside own properties the id is only kept."""
    return tuple(
        EntityReference(PRODUCT, item["customProductId"], ("items", position, "customProductId"))
        for position, item in objects_in(tree, "items")
        if isinstance(item.get("customProductId"), str)
        and item["customProductId"]
        and not (item.get("itemId") or item.get("description"))
    )


def _address(sent: wire.Address | wire.ShippingAddress | None) -> Address | None:
    if sent is None:
        return None
    lines = (sent.addressLine1, sent.addressLine2, sent.addressLine3)
    return Address(
        name=sent.name or None,
        company=sent.company or None,
        lines=tuple([line for line in lines if line]),
        city=sent.cityTown or None,
        region=sent.stateProvince or None,
        postal_code=sent.postalCode or None,
        country=sent.countryCode or None,
        phone=sent.phone or None,
        email=sent.email or None,
        residential=sent.residential,
    )


def _line(item: wire.Item, found: ReferenceData) -> Line:
    if not (item.itemId or item.description) and item.customProductId:
        item = _product_item(item, found)
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


def _product_item(item: wire.Item, found: ReferenceData) -> wire.Item:
    """Give an item the properties of its customs product; what the item says itself goes first.

    An order of another door may name a product that is none of this one's; there is nothing to add then.
    """
    entry = found.entries.get((PRODUCT, item.customProductId or ""))
    if entry is None:
        return item
    document = msgspec.json.decode(entry.document, type=wire.CustomsProductCreate)
    weight = wire.Weight(document.weightUnit, document.weight) if document.weight is not None else None
    return wire.Item(
        customProductId=item.customProductId,
        itemId=document.itemId or item.customProductId,
        description=document.description,
        hSTariffCode=item.hSTariffCode or document.hsTariffCode,
        hSTariffCodeCountry=item.hSTariffCodeCountry,
        originCountryCode=item.originCountryCode or document.originCountryCode,
        originStateProvince=item.originStateProvince,
        quantity=item.quantity if item.quantity is not None else max(1, document.quantity),
        unitPrice=item.unitPrice if item.unitPrice is not None else document.unitPrice,
        unitWeight=item.unitWeight or weight,
    )


def _references(sent: wire.ShippingReference | None) -> tuple[Reference, ...]:
    if sent is None:
        return ()
    return tuple([Reference(name, value) for name, value in zip(_REFERENCES, _NAMED(sent), strict=True) if value])


def _customs(sent: wire.ShippingPreferences | None) -> Customs | None:
    info = sent.customs.customsInfo if sent and sent.customs else None
    if info is None:
        return None
    return Customs(
        declared_value=decimal(info.customsDeclaredValue),
        currency=info.currencyCode,
        reason=info.reasonForExport or None,
        importer_ref=info.importerCustomsReference or None,
        invoice_number=info.invoiceNumber or None,
    )


def _totals(charges: wire.Charges) -> Totals | None:
    totals = Totals(items=decimal(charges.subTotal), total=decimal(charges.gmv), paid=decimal(charges.totalPaid))
    return totals if totals != _NO_TOTALS else None


def _billing(sent: wire.OrderCreate) -> wire.Address | None:
    return next((each.address for each in sent.additionalAddresses or () if each.addressType == "BILLING"), None)


def to_content(sent: wire.OrderCreate, found: ReferenceData) -> Content:
    who, how, message = sent.customerInfo, sent.shippingPreferences, sent.orderMessage
    return Content(
        number=sent.orderNumber,
        lines=tuple(_line(item, found) for item in sent.items),
        destinations=(Destination(address=_address(sent.toAddress)),),
        references=_references(sent.shippingReference),
        currency=sent.charges.currency if sent.charges else None,
        customer=Customer(
            customer_ref=who.customerId or None,
            name=join_name(who.firstName, who.lastName),
            email=who.email or None,
        )
        if who
        else None,
        ship_from=_address(sent.fromAddress),
        bill_to=_address(_billing(sent)),
        totals=_totals(sent.charges) if sent.charges else None,
        shipping=Shipping(carrier=how.carrier or None, service=how.service or None) if how else None,
        gift=Gift(is_gift=message.type == "GIFT", message=message.message or None) if message else None,
        customs=_customs(how),
        ship_by=how.dateOfShipment if how else None,
        notes=sent.shippingReference.shippingNotes or None if sent.shippingReference else None,
    )


# ------------------------------------------------------------------------------------------------------------- spelling
def without_none(**members: Tree) -> dict[str, Tree]:
    return {name: value for name, value in members.items() if value is not None}


def address_document(address: Address | None, missing_fields: MissingFields, *path: str) -> dict[str, Tree]:
    """Spell an address whose street, city and country must be there."""
    address = address or Address()
    lines = (*address.lines, None, None, None)
    return without_none(
        name=address.name,
        company=address.company,
        addressLine1=missing_fields.fill(lines[0], "", *path, "addressLine1"),
        addressLine2=lines[1],
        addressLine3=", ".join(address.lines[2:]) or None,
        cityTown=missing_fields.fill(address.city, "", *path, "cityTown"),
        stateProvince=address.region,
        postalCode=address.postal_code,
        countryCode=missing_fields.fill(address.country, "", *path, "countryCode"),
        phone=address.phone,
        email=address.email,
        residential=address.residential,
    )


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


def customer_document(customer: Customer | None) -> dict[str, Tree] | None:
    if customer is None:
        return None
    first, middle, last = split_name(customer.name) if customer.name else (None, None, None)
    given = join_name(first, middle)
    return without_none(firstName=given, lastName=last or None, email=customer.email, customerId=customer.customer_ref)


def references_document(content: Content) -> dict[str, Tree] | None:
    """Put references under their own names where the vendor has them, others into the free ones that are left."""
    rendered: dict[str, Tree] = {each.name: each.value for each in content.references if each.name in _REFERENCES}
    free = [name for name in _REFERENCES[:4] if name not in rendered]
    others = [each for each in content.references if each.name not in _REFERENCES]
    rendered |= {name: each.value for name, each in zip(free, others, strict=False)}
    if content.notes is not None:
        rendered["shippingNotes"] = content.notes
    return rendered or None


def preferences_document(content: Content) -> dict[str, Tree] | None:
    how, customs = content.shipping, content.customs
    info = without_none(
        currencyCode=customs.currency,
        customsDeclaredValue=customs.declared_value,
        importerCustomsReference=customs.importer_ref,
        invoiceNumber=customs.invoice_number,
        reasonForExport=customs.reason,
    ) if customs else None  # fmt: skip
    rendered = without_none(
        carrier=how.carrier if how else None,
        service=how.service if how else None,
        customs={"customsInfo": info} if info is not None else None,
        dateOfShipment=content.ship_by,
    )
    return rendered or ({} if how else None)


def charges_document(content: Content) -> dict[str, Tree] | None:
    totals = content.totals or Totals()
    return (
        without_none(currency=content.currency, gmv=totals.total, subTotal=totals.items, totalPaid=totals.paid) or None
    )


def gift_document(gift: Gift | None) -> dict[str, Tree] | None:
    return without_none(type="GIFT" if gift.is_gift else None, message=gift.message) if gift else None


def item_response(item: dict[str, Tree], line: Line) -> dict[str, Tree]:
    """Add to an item that was only a customs product what that product says; what the item says itself stands."""
    if not line.product_ref or item.get("itemId"):
        return item
    told = item_document(line)
    return told | {name: value for name, value in item.items() if name not in told or value not in (None, "")}
