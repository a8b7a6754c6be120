"""fabric words to canonical ones and back; pure. `FORMAT` is what the flows use; the answer itself is in answer.py.

Canonical homes: orderNumber, channelId, orderDate, currency, the five totals, order fees and discounts, customer, items
with their totals, fees, taxes and discounts, shipInfo (one destination each), the first payment's billing address, the
first note. All else travels as leftovers.
"""

from decimal import Decimal
from typing import Any

from crossdock.core.errors import Fault
from crossdock.core.iso import ALPHA2_OF, ALPHA3_OF
from crossdock.core.json.request_body import duplicates_in, objects_in
from crossdock.core.json.value_types import decimal
from crossdock.core.orders.model import (
    Address,
    Charge,
    ChargeKind,
    Content,
    Customer,
    Destination,
    Line,
    Totals,
    join_name,
    split_name,
)
from crossdock.doors.fabric import wire
from crossdock.flows.formats import MissingFields

Tree = Any
HOLD = "ORDER_HOLD"
_HOME = "residence"  # the vendor's only word for a kind of address
_NO_TOTALS = Totals()


# -------------------------------------------------------------------------------------------------------------- reading
def _references(tree: Tree) -> list[Fault]:
    """Ship-to ids and line ids are unique, and every line names a ship-to."""
    faults = [*duplicates_in(tree, "shipInfo", "shipToId"), *duplicates_in(tree, "items", "lineItemId")]
    known = {row["shipToId"] for _, row in objects_in(tree, "shipInfo") if isinstance(row.get("shipToId"), str)}
    if known:  # without any, shipInfo has faults of its own
        faults += [
            Fault(("items", position, "shipToId"), f"must be one of shipInfo's shipToId, not {named!r}")
            for position, row in objects_in(tree, "items")
            if isinstance(named := row.get("shipToId"), str) and named and named not in known
        ]
    return faults


def _name(sent: wire.Name | None) -> str | None:
    return join_name(sent.first, sent.middle, sent.last) if sent else None


def _address(sent: wire.Address | None) -> Address | None:
    if sent is None:
        return None
    country = sent.country or None
    return Address(
        name=_name(sent.name),
        lines=tuple(line for line in (sent.address1, sent.address2, sent.address3, sent.address4) if line),
        city=sent.city or None,
        region=sent.state or None,
        postal_code=sent.postalCode or None,
        country=ALPHA2_OF.get(country, country) if country else None,
        phone=sent.phone.number or None if sent.phone else None,
        email=sent.email or None,
        residential=True if sent.type == _HOME else None,
    )


def _customer(sent: wire.Customer | None) -> Customer | None:
    if sent is None:
        return None
    return Customer(
        customer_ref=sent.userId or None,
        name=_name(sent.name),
        email=sent.email or None,
        phone=sent.phone.number or None if sent.phone else None,
        company=sent.company or None,
    )


def _charges(
    fees: list[Any] | None, taxes: list[wire.Amount] | None, discounts: list[wire.DiscountCreate] | None
) -> tuple[Charge, ...]:
    """Make charges. A fee is a fee whatever its type, also "shipping": the vendor's fee totals hold them all."""
    found = [Charge("fee", Decimal(fee.value), fee.type or None) for fee in fees or () if fee.value is not None]
    found += [Charge("tax", Decimal(tax.value), tax.type or None) for tax in taxes or () if tax.value is not None]
    found += [
        Charge("discount", Decimal(each.amount), each.promoCode or None)
        for each in discounts or ()
        if each.amount is not None
    ]
    return tuple(found)


def _line_totals(item: wire.ItemCreate) -> Totals | None:
    totals = Totals(
        items=decimal(item.itemSubTotal),
        discount=decimal(item.itemDiscountsTotal),
        fees=decimal(item.itemFeeTotal),
        tax=decimal(item.itemTaxTotal),
        total=decimal(item.itemTotal),
    )
    return totals if totals != _NO_TOTALS else None


def _order_totals(sent: wire.OrderCreate) -> Totals | None:
    totals = Totals(
        items=decimal(sent.orderSubTotal),
        discount=decimal(sent.orderDiscount),
        fees=decimal(sent.feeTotal),
        tax=decimal(sent.taxTotal),
        total=decimal(sent.orderTotal),
    )
    return totals if totals != _NO_TOTALS else None


def _line(item: wire.ItemCreate, destination: int) -> Line:
    return Line(
        quantity=item.orderedQuantity or 1,
        sku=item.sku or None,
        line_ref=item.lineItemId or None,
        product_ref=item.itemId or None,
        description=item.title or None,
        unit_price=decimal(item.itemUnitPrice),
        totals=_line_totals(item),
        charges=_charges(item.fees, item.taxDetail, item.discounts),
        destination=destination,
    )


def _destination(info: wire.ShipInfo) -> Destination:
    return Destination(
        destination_ref=info.shipToId or None,
        address=_address(info.shipToAddress),
        location_ref=info.locationNum or None,
        method=info.shipMethod or None,
        instructions=info.shipmentInstructions or None,
    )


def _content(sent: wire.OrderCreate) -> Content:
    position_of = {info.shipToId: position for position, info in enumerate(sent.shipInfo)}
    return Content(
        number=sent.orderNumber,
        lines=tuple(_line(item, position_of.get(item.shipToId, 0)) for item in sent.items),
        destinations=tuple(map(_destination, sent.shipInfo)),
        channel=sent.channelId or None,
        placed_at=sent.orderDate,
        currency=sent.currency,
        customer=_customer(sent.customer),
        bill_to=_address(sent.payments[0].billToAddress) if sent.payments else None,
        totals=_order_totals(sent),
        charges=_charges(sent.fees, None, sent.discounts),
        notes=sent.notes[0].notes or None if sent.notes else None,
    )


# ------------------------------------------------------------------------------------------------------------- spelling
def _said(**members: Tree) -> dict[str, Tree]:
    return {name: value for name, value in members.items() if value is not None}


def _spell_name(name: str | None) -> dict[str, Tree] | None:
    if name is None:
        return None
    first, middle, last = split_name(name)
    return _said(first=first, middle=middle, last=last or None)


def _spell_address(address: Address | None, missing_fields: MissingFields, *path: str | int) -> dict[str, Tree] | None:
    if address is None:
        return None
    lines = (*address.lines, None, None, None, None)
    return _said(
        name=_spell_name(address.name),
        email=address.email,
        phone={"number": address.phone} if address.phone is not None else None,
        address1=lines[0] if lines[0] is not None else missing_fields.fill(None, "", *path, "address1"),
        address2=lines[1],
        address3=lines[2],
        address4=", ".join(address.lines[3:]) or None,
        city=address.city,
        state=address.region,
        country=ALPHA3_OF.get(address.country, address.country) if address.country else None,
        postalCode=address.postal_code,
        type=_HOME if address.residential else None,
    )


def _spell_customer(customer: Customer | None) -> dict[str, Tree] | None:
    if customer is None:
        return None
    return _said(
        name=_spell_name(customer.name),
        email=customer.email,
        phone={"number": customer.phone} if customer.phone is not None else None,
        userId=customer.customer_ref,
        company=customer.company,
    )


def _spell_charges(charges: tuple[Charge, ...], *kinds: ChargeKind) -> list[Tree] | None:
    """Spell fees or taxes; a charge without a name goes under that of its kind."""
    return [
        {"type": each.name or str(each.kind), "value": each.amount} for each in charges if each.kind in kinds
    ] or None


def _spell_discounts(charges: tuple[Charge, ...]) -> list[Tree] | None:
    return [
        _said(amount=each.amount, promoCode=each.name) for each in charges if each.kind == "discount"
    ] or None  # fmt: skip


def _spell_line(line: Line, position: int, ship_to: str | None, missing_fields: MissingFields) -> dict[str, Tree]:
    path = ("items", position)
    charges, totals = line.charges, line.totals or _NO_TOTALS
    return _said(
        lineItemId=missing_fields.fill(line.line_ref, str(position + 1), *path, "lineItemId"),
        lineItemNumber=missing_fields.fill(None, position + 1, *path, "lineItemNumber"),
        itemId=missing_fields.fill(line.product_ref, "", *path, "itemId"),
        sku=missing_fields.fill(line.sku, "", *path, "sku"),
        shipToId=missing_fields.fill(ship_to, str(line.destination + 1), *path, "shipToId"),
        title=line.description,
        orderedQuantity=line.quantity,
        itemUnitPrice=line.unit_price,
        itemSubTotal=totals.items,
        itemFeeTotal=totals.fees,
        itemDiscountsTotal=totals.discount,
        itemTaxTotal=totals.tax,
        itemTotal=totals.total,
        fees=_spell_charges(charges, "fee", "shipping", "duty") if charges else None,
        taxDetail=_spell_charges(charges, "tax") if charges else None,
        discounts=_spell_discounts(charges) if charges else None,
    )


def _spell_destination(destination: Destination, position: int, missing_fields: MissingFields) -> dict[str, Tree]:
    path = ("shipInfo", position)
    return _said(
        shipToId=missing_fields.fill(destination.destination_ref, str(position + 1), *path, "shipToId"),
        locationNum=destination.location_ref,
        shipToAddress=_spell_address(destination.address, missing_fields, *path, "shipToAddress"),
        shipMethod=destination.method,
        shipmentInstructions=destination.instructions,
    )


def _spell_lines(content: Content, missing_fields: MissingFields) -> list[Tree]:
    ship_tos = [each.destination_ref for each in content.destinations] or [None]
    return [
        _spell_line(
            line, position, ship_tos[line.destination] if line.destination < len(ship_tos) else None, missing_fields
        )
        for position, line in enumerate(content.lines)
    ]


def rendered(content: Content, missing_fields: MissingFields) -> dict[str, Tree]:
    """Write content in the shape of the create body."""
    totals, bill_to = content.totals or _NO_TOTALS, content.bill_to
    return _said(
        orderNumber=content.number,
        orderDate=content.placed_at,
        channelId=missing_fields.fill(content.channel, "", "channelId"),
        orderSubTotal=totals.items,
        orderDiscount=totals.discount,
        feeTotal=totals.fees,
        taxTotal=totals.tax,
        orderTotal=totals.total,
        currency=content.currency,
        fees=_spell_charges(content.charges, "fee", "shipping", "duty") if content.charges else None,
        discounts=_spell_discounts(content.charges) if content.charges else None,
        customer=_spell_customer(content.customer),
        payments=[{"billToAddress": _spell_address(bill_to, missing_fields, "payments", 0, "billToAddress")}]
        if bill_to
        else None,
        items=_spell_lines(content, missing_fields),
        shipInfo=[
            _spell_destination(each, position, missing_fields)
            for position, each in enumerate(content.destinations or (Destination(),))
        ],
        notes=[{"notes": content.notes}] if content.notes is not None else None,
    )
