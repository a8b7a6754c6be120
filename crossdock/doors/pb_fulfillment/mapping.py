"""Map Pitney Bowes Fulfillment's create body to canonical content and back; pure.

Canonical fields: the ids and references, inputShippingDetails, the dates but updateDate, fromNode, orderLines, orderCharges,
the two addresses, the gift, customsInfo but the reference's type, internalNotes. The others are stored as unmapped fields.
responses.py turns the document into a response.
"""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from crossdock.core.errors import Fault
from crossdock.core.json.value_types import decimal
from crossdock.core.orders.model import (
    Address,
    Charge,
    ChargeKind,
    Content,
    Customs,
    Destination,
    Gift,
    ItemCustoms,
    Line,
    Order,
    Reference,
    Shipping,
    Totals,
)
from crossdock.doors.pb_fulfillment import wire
from crossdock.flows.formats import MissingFields

Tree = Any
DOOR = "pb_fulfillment"
CLIENT = "pb_fulfillment_client"  # the kind of reference under which an organization's client ids are stored
NEW = "NEW"  # the inventory type of the common stock
FOREIGN_CLIENT = "is not one of your client ids"
_NUMBER = re.compile(r"-?[0-9]{1,40}\Z")
_CHARGE_KINDS: dict[str, ChargeKind] = dict(zip(wire.CHARGE_DETAILS, ("duty", "tax", "discount", "fee"), strict=True))
# Empty values to compare with, made once.
_NO_CHARGES, _NO_TOTALS = wire.OrderCharges(), Totals()
_NO_CUSTOMS, _NO_ITEM_CUSTOMS = Customs(), ItemCustoms()


def is_visible_to(order: Order, client: str) -> bool:
    """Tell whether a client of the organization sees an order; orders of other doors are seen by all of its clients."""
    return order.source.door != DOOR or order.content.account_ref == client


# -------------------------------------------------------------------------------------------------------------- body to content
def shipping_rule(tree: Tree) -> Iterable[Fault]:
    """Require a carrier or a serviceId."""
    shipping = tree.get("inputShippingDetails") if isinstance(tree, dict) else None
    if isinstance(shipping, dict) and not shipping.get("carrier") and not shipping.get("serviceId"):
        yield Fault(("inputShippingDetails", "carrier"), "is required where there is no serviceId")


def street_rule(tree: Tree) -> Iterable[Fault]:
    """Require a street line of the ship-to address that is not empty."""
    address = tree.get("toAddress") if isinstance(tree, dict) else None
    lines = address.get("addressLines") if isinstance(address, dict) else None
    if isinstance(lines, list) and lines and all(line == "" for line in lines):
        yield Fault(("toAddress", "addressLines", 0), "must not be empty")


def _address(sent: wire.Address | wire.ShippingAddress | None) -> Address | None:
    if sent is None:
        return None
    code = sent.postalCode
    return Address(
        name=sent.name or None,
        company=sent.company or None,
        lines=tuple([line for line in sent.addressLines or () if line]),
        city=sent.cityTown or None,
        region=sent.stateProvince or None,
        postal_code=(str(code) if code is not None else None) or None,
        country=sent.countryCode or None,
        phone=sent.phone or None,
        email=sent.email or None,
    )


def pool_of(inventory_type: str | None) -> str:
    """Return the pool of stock that an inventory type stands for; `NEW`, and none, is the common stock."""
    return "" if inventory_type in (None, "", NEW) else str(inventory_type)


def inventory_type_of(pool: str) -> str:
    """Return the inventory type of a pool of stock."""
    return pool or NEW


def _line(sent: wire.OrderLine) -> Line:
    customs = ItemCustoms(
        tariff_code=sent.hSTariffCode or None,
        tariff_country=sent.hSTariffCodeCountry or None,
        origin_country=sent.originCountryCode or None,
        origin_region=sent.originStateProvince or None,
    )
    return Line(
        quantity=sent.orderedQuantity,
        sku=sent.sku or None,
        line_ref=str(sent.lineId),
        unit_price=decimal(sent.unitPrice),
        totals=Totals(items=decimal(sent.lineTotal)) if sent.lineTotal is not None else None,
        customs=customs if customs != _NO_ITEM_CUSTOMS else None,
        pool=pool_of(sent.inventoryType) or None,
    )


def _charges(sent: wire.OrderCharges) -> tuple[Charge, ...]:
    return tuple(
        Charge(
            kind=kind,
            amount=Decimal(0) if each.fee is None else Decimal(each.fee),
            name=each.name or None,
            currency=each.currency or None,
            rate=decimal(each.percentage),
        )
        for member, kind in _CHARGE_KINDS.items()
        for each in getattr(sent, member) or ()
    )


def _totals(sent: wire.OrderCharges) -> Totals | None:
    totals = Totals(
        items=decimal(sent.totalItemAmount),
        discount=decimal(sent.totalDiscountAmount),
        shipping=decimal(sent.shippingAmount),
        tax=decimal(sent.totalTaxAmount),
        total=decimal(sent.totalOrderAmount),
    )
    return totals if totals != _NO_TOTALS else None


def _customs(sent: wire.CustomsInfo | None) -> Customs | None:
    if sent is None:
        return None
    customs = Customs(
        declared_value=decimal(sent.customsDeclaredValue), importer_ref=sent.importerCustomsReference or None
    )
    return customs if customs != _NO_CUSTOMS else None


def _gift(sent: wire.OrderCreate) -> Gift | None:
    if sent.isGift is None and not sent.giftMessageText:
        return None
    return Gift(is_gift=bool(sent.isGift), message=sent.giftMessageText or None)


def to_content(sent: wire.OrderCreate) -> Content:
    """Map a create body to canonical content."""
    shipping, charges = sent.inputShippingDetails, sent.orderCharges or _NO_CHARGES
    return Content(
        number=sent.clientOrderId,
        lines=tuple(_line(line) for line in sent.orderLines),
        destinations=(Destination(address=_address(sent.toAddress), location_ref=sent.fromNode or None),),
        account_ref=sent.clientId or None,
        customer_number=sent.customerOrderId or None,
        references=tuple(
            Reference(each.name, each.values) for each in sent.references or () if each.name and each.values
        ),
        placed_at=sent.createDate or None,
        currency=charges.orderCurrency or None,
        bill_to=_address(sent.billingAddress),
        totals=_totals(charges),
        charges=_charges(charges),
        shipping=Shipping(
            carrier=shipping.carrier or None,
            service=shipping.serviceId or None,
            service_name=shipping.serviceName or None,
            tracking_number=shipping.trackingNumber or None,
        ),
        gift=_gift(sent),
        customs=_customs(sent.customsInfo),
        ship_by=sent.shipOnDate or None,
        release_at=sent.fulfillmentReleaseDate or None,
        deliver_by=sent.promisedDeliveryDate or None,
        notes=sent.internalNotes or None,
    )


# ------------------------------------------------------------------------------------------------------------- content to body
def _without_none(**members: Tree) -> dict[str, Tree]:
    return {name: value for name, value in members.items() if value is not None}


def _from_address(address: Address) -> dict[str, Tree]:
    return _without_none(
        name=address.name,
        company=address.company,
        phone=address.phone,
        email=address.email,
        addressLines=list(address.lines) or None,
        cityTown=address.city,
        stateProvince=address.region,
        postalCode=address.postal_code,
        countryCode=address.country,
    )


def _from_ship_to(address: Address | None, missing_fields: MissingFields) -> dict[str, Tree]:
    """Render the ship-to address, whose street, city and country the vendor requires."""
    address = address or Address()
    return _without_none(
        name=address.name,
        company=address.company,
        phone=address.phone,
        email=address.email,
        addressLines=missing_fields.fill(list(address.lines) or None, [""], "toAddress", "addressLines"),
        cityTown=missing_fields.fill(address.city, "", "toAddress", "cityTown"),
        stateProvince=address.region,
        postalCode=address.postal_code,
        countryCode=missing_fields.fill(address.country, "", "toAddress", "countryCode"),
    )


def _line_numbers(lines: Sequence[Line]) -> list[tuple[int, bool]]:
    """Return a lineId for each line, and whether it is the line's own: its reference, where that is written as numbers are.

    This vendor's orders may have a number twice. Where a line has none, it gets the first number from its position on that no
    other line has, so that a client that sends it back means this line.
    """
    own = [_own_number(line.line_ref) for line in lines]
    return [(number, was is not None) for number, was in zip(numbers_for(own), own, strict=True)]


def numbers_for(own: Sequence[int | None]) -> list[int]:
    """Fill in the numbers that are None: each with the first from its position on, from 1, that no other has."""
    used = {number for number in own if number is not None}
    numbers: list[int] = []
    for position, given in enumerate(own, 1):
        number = position if given is None else given
        while given is None and number in used:
            number += 1
        used.add(number)
        numbers.append(number)
    return numbers


def _own_number(line_ref: str | None) -> int | None:
    if line_ref is None or not _NUMBER.match(line_ref):
        return None
    number = int(line_ref)
    return number if str(number) == line_ref else None


def _from_line(line: Line, position: int, number: tuple[int, bool], missing_fields: MissingFields) -> dict[str, Tree]:
    customs = line.customs or _NO_ITEM_CUSTOMS
    line_id, is_own = number
    return _without_none(
        lineId=missing_fields.fill(line_id if is_own else None, line_id, "orderLines", position, "lineId"),
        sku=missing_fields.fill(line.sku, "", "orderLines", position, "sku"),
        originCountryCode=customs.origin_country,
        originStateProvince=customs.origin_region,
        unitPrice=line.unit_price,
        orderedQuantity=line.quantity,
        lineTotal=line.totals.items if line.totals else None,
        hSTariffCode=customs.tariff_code,
        hSTariffCodeCountry=customs.tariff_country,
        inventoryType=line.pool or None,
    )


def _from_details(content: Content, kind: ChargeKind) -> list[Tree] | None:
    details = [
        _without_none(name=each.name, fee=each.amount, currency=each.currency, percentage=each.rate)
        for each in content.charges
        if each.kind == kind
    ]
    return details or None


def _from_charges(content: Content) -> dict[str, Tree] | None:
    totals = content.totals or Totals()
    charges = _without_none(
        orderCurrency=content.currency,
        shippingAmount=totals.shipping,
        totalItemAmount=totals.items,
        dutyDetails=_from_details(content, "duty"),
        totalTaxAmount=totals.tax,
        taxDetails=_from_details(content, "tax"),
        totalDiscountAmount=totals.discount,
        discountDetails=_from_details(content, "discount"),
        otherChargeDetails=_from_details(content, "fee"),
        totalOrderAmount=totals.total,
    )
    return charges or None


def _from_shipping(shipping: Shipping | None, missing_fields: MissingFields) -> dict[str, Tree]:
    shipping = shipping or Shipping()
    carrier = shipping.carrier
    if carrier is None and shipping.service is None:
        carrier = missing_fields.fill(None, "", "inputShippingDetails", "carrier")
    return _without_none(
        carrier=carrier,
        serviceId=shipping.service,
        serviceName=shipping.service_name,
        trackingNumber=shipping.tracking_number,
    )


def _from_customs(customs: Customs | None) -> dict[str, Tree] | None:
    if customs is None:
        return None
    return (
        _without_none(customsDeclaredValue=customs.declared_value, importerCustomsReference=customs.importer_ref)
        or None
    )


def from_content(content: Content, missing_fields: MissingFields) -> dict[str, Tree]:
    """Render canonical content as a create body; the inverse of `to_content`."""
    destination = content.destinations[0] if content.destinations else Destination()
    gift = content.gift
    return _without_none(
        clientId=missing_fields.fill(content.account_ref, "", "clientId"),
        clientOrderId=content.number,
        customerOrderId=content.customer_number,
        references=[{"name": each.name, "values": each.value} for each in content.references] or None,
        inputShippingDetails=_from_shipping(content.shipping, missing_fields),
        createDate=content.placed_at,  # where there is none, the response has the time of receipt
        fromNode=destination.location_ref,
        shipOnDate=content.ship_by,
        fulfillmentReleaseDate=content.release_at,
        promisedDeliveryDate=content.deliver_by,
        orderLines=[
            _from_line(line, position, number, missing_fields)
            for position, (line, number) in enumerate(zip(content.lines, _line_numbers(content.lines), strict=True))
        ],
        orderCharges=_from_charges(content),
        toAddress=_from_ship_to(destination.address, missing_fields),
        billingAddress=_from_address(content.bill_to) if content.bill_to else None,
        isGift=gift.is_gift if gift else None,
        giftMessageText=gift.message if gift else None,
        customsInfo=_from_customs(content.customs),
        internalNotes=content.notes,
    )
