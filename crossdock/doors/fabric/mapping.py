"""Map the create body to canonical content and back; pure.

Mapped fields: orderNumber, channelId, orderDate, currency, the five totals, order fees and discounts, customer, items
with their totals, fees, taxes and discounts, shipInfo (one destination each), the first payment's billing address, the
first note. Every other field is stored as unmapped.
"""

from decimal import Decimal
from typing import Any

from crossdock.core.errors import Fault
from crossdock.core.iso import ALPHA2_OF, ALPHA3_OF
from crossdock.core.json.request_body import duplicates_in, objects_in
from crossdock.core.json.value_types import decimal, is_date, normalize_date_time
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
    line_ids,
    split_name,
)
from crossdock.doors.fabric import wire
from crossdock.flows.formats import MissingFields

Tree = Any
HOLD = "ORDER_HOLD"
_HOME = "residence"  # the only address type the vendor lists
_NO_TOTALS = Totals()


# -------------------------------------------------------------------------------------------------------------- to canonical
def reference_faults(tree: Tree) -> list[Fault]:
    """Check that ship-to ids and line ids are unique, and that every line names a ship-to."""
    faults = [*duplicates_in(tree, "shipInfo", "shipToId"), *duplicates_in(tree, "items", "lineItemId")]
    ship_to_ids = {row["shipToId"] for _, row in objects_in(tree, "shipInfo") if isinstance(row.get("shipToId"), str)}
    if ship_to_ids:  # without any, shipInfo has faults of its own
        faults += [
            Fault(("items", position, "shipToId"), f"must be one of shipInfo's shipToId, not {ship_to_id!r}")
            for position, row in objects_in(tree, "items")
            if isinstance(ship_to_id := row.get("shipToId"), str) and ship_to_id and ship_to_id not in ship_to_ids
        ]
    return faults


def _to_name(body: wire.Name | None) -> str | None:
    return join_name(body.first, body.middle, body.last) if body else None


def _to_address(body: wire.AddressCreate | None) -> Address | None:
    if body is None:
        return None
    country = body.country or None
    return Address(
        name=_to_name(body.name),
        lines=tuple(line for line in (body.address1, body.address2, body.address3, body.address4) if line),
        city=body.city or None,
        region=body.state or None,
        postal_code=body.postalCode or None,
        country=ALPHA2_OF.get(country, country) if country else None,
        phone=body.phone.number or None if body.phone else None,
        email=body.email or None,
        residential=True if body.type == _HOME else None,
    )


def _to_customer(body: wire.Customer | None) -> Customer | None:
    if body is None:
        return None
    return Customer(
        customer_ref=body.userId or None,
        name=_to_name(body.name),
        email=body.email or None,
        phone=body.phone.number or None if body.phone else None,
        company=body.company or None,
    )


def _to_charges(
    fees: list[Any] | None, taxes: list[wire.Amount] | None, discounts: list[wire.DiscountCreate] | None
) -> tuple[Charge, ...]:
    """Map charges. A fee of any type, also "shipping", becomes a fee: the vendor's fee totals include them all."""
    charges = [Charge("fee", Decimal(fee.value), fee.type or None) for fee in fees or () if fee.value is not None]
    charges += [Charge("tax", Decimal(tax.value), tax.type or None) for tax in taxes or () if tax.value is not None]
    charges += [
        Charge("discount", Decimal(each.amount), each.promoCode or None)
        for each in discounts or ()
        if each.amount is not None
    ]
    return tuple(charges)


def _to_line_totals(item: wire.ItemCreate) -> Totals | None:
    totals = Totals(
        items=decimal(item.itemSubTotal),
        discount=decimal(item.itemDiscountsTotal),
        fees=decimal(item.itemFeeTotal),
        tax=decimal(item.itemTaxTotal),
        total=decimal(item.itemTotal),
    )
    return totals if totals != _NO_TOTALS else None


def _to_order_totals(body: wire.OrderCreate) -> Totals | None:
    totals = Totals(
        items=decimal(body.orderSubTotal),
        discount=decimal(body.orderDiscount),
        fees=decimal(body.feeTotal),
        tax=decimal(body.taxTotal),
        total=decimal(body.orderTotal),
    )
    return totals if totals != _NO_TOTALS else None


def _to_line(item: wire.ItemCreate, destination: int) -> Line:
    return Line(
        quantity=item.orderedQuantity or 1,
        sku=item.sku or None,
        line_ref=item.lineItemId or None,
        product_ref=item.itemId or None,
        description=item.title or None,
        unit_price=decimal(item.itemUnitPrice),
        totals=_to_line_totals(item),
        charges=_to_charges(item.fees, item.taxDetail, item.discounts),
        destination=destination,
    )


def _to_destination(info: wire.ShipInfoCreate) -> Destination:
    return Destination(
        destination_ref=info.shipToId or None,
        address=_to_address(info.shipToAddress),
        location_ref=info.locationNum or None,
        method=info.shipMethod or None,
        instructions=info.shipmentInstructions or None,
    )


def to_content(body: wire.OrderCreate) -> Content:
    position_of = {info.shipToId: position for position, info in enumerate(body.shipInfo)}
    return Content(
        number=body.orderNumber,
        lines=tuple(_to_line(item, position_of.get(item.shipToId, 0)) for item in body.items),
        destinations=tuple(map(_to_destination, body.shipInfo)),
        channel=body.channelId or None,
        placed_at=body.orderDate or None,
        currency=body.currency or None,
        customer=_to_customer(body.customer),
        bill_to=_to_address(body.payments[0].billToAddress) if body.payments else None,
        totals=_to_order_totals(body),
        charges=_to_charges(body.fees, None, body.discounts),
        notes=body.notes[0].notes or None if body.notes else None,
    )


# ------------------------------------------------------------------------------------------------------------ from canonical
def _without_none(**members: Tree) -> dict[str, Tree]:
    return {name: value for name, value in members.items() if value is not None}


def _from_date(text: str | None) -> str | None:
    """Render the order's date for strict readers; a date without a time, which other doors take, is its beginning in UTC."""
    if not text:
        return None
    return f"{text}T00:00:00Z" if is_date(text) else normalize_date_time(text)


def _from_name(name: str | None) -> dict[str, Tree] | None:
    if name is None:
        return None
    first, middle, last = split_name(name)
    return _without_none(first=first, middle=middle, last=last or None)


def _from_address(address: Address | None, missing_fields: MissingFields, *path: str | int) -> dict[str, Tree] | None:
    if address is None:
        return None
    lines = (*address.lines, None, None, None, None)
    return _without_none(
        name=_from_name(address.name),
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


def _from_customer(customer: Customer | None) -> dict[str, Tree] | None:
    if customer is None:
        return None
    return _without_none(
        name=_from_name(customer.name),
        email=customer.email,
        phone={"number": customer.phone} if customer.phone is not None else None,
        userId=customer.customer_ref,
        company=customer.company,
    )


def _from_charges(charges: tuple[Charge, ...], *kinds: ChargeKind) -> list[Tree] | None:
    """Render charges as fees or taxes; the kind is the type of a charge without a name."""
    return [
        {"type": each.name or str(each.kind), "value": each.amount} for each in charges if each.kind in kinds
    ] or None


def _from_discounts(charges: tuple[Charge, ...]) -> list[Tree] | None:
    return [
        _without_none(amount=each.amount, promoCode=each.name) for each in charges if each.kind == "discount"
    ] or None  # fmt: skip


def _from_line(
    line: Line, position: int, line_id: str, ship_to: str | None, missing_fields: MissingFields
) -> dict[str, Tree]:
    path = ("items", position)
    charges, totals = line.charges, line.totals or _NO_TOTALS
    return _without_none(
        lineItemId=missing_fields.fill(
            line.line_ref if line.line_ref == line_id else None, line_id, *path, "lineItemId"
        ),
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
        fees=_from_charges(charges, "fee", "shipping", "duty") if charges else None,
        taxDetail=_from_charges(charges, "tax") if charges else None,
        discounts=_from_discounts(charges) if charges else None,
    )


def _from_destination(destination: Destination, position: int, missing_fields: MissingFields) -> dict[str, Tree]:
    path = ("shipInfo", position)
    return _without_none(
        shipToId=missing_fields.fill(destination.destination_ref, str(position + 1), *path, "shipToId"),
        locationNum=destination.location_ref,
        shipToAddress=_from_address(destination.address, missing_fields, *path, "shipToAddress"),
        shipMethod=destination.method,
        shipmentInstructions=destination.instructions,
    )


def _from_lines(content: Content, missing_fields: MissingFields) -> list[Tree]:
    ship_tos = [each.destination_ref for each in content.destinations] or [None]
    return [
        _from_line(
            line,
            position,
            line_id,
            ship_tos[line.destination] if line.destination < len(ship_tos) else None,
            missing_fields,
        )
        for position, (line, line_id) in enumerate(zip(content.lines, line_ids(content.lines), strict=True))
    ]


def from_content(content: Content, missing_fields: MissingFields) -> dict[str, Tree]:
    """Render content as a create body."""
    totals, bill_to = content.totals or _NO_TOTALS, content.bill_to
    return _without_none(
        orderNumber=content.number,
        orderDate=_from_date(content.placed_at),
        channelId=missing_fields.fill(content.channel, "", "channelId"),
        orderSubTotal=totals.items,
        orderDiscount=totals.discount,
        feeTotal=totals.fees,
        taxTotal=totals.tax,
        orderTotal=totals.total,
        currency=content.currency,
        fees=_from_charges(content.charges, "fee", "shipping", "duty") if content.charges else None,
        discounts=_from_discounts(content.charges) if content.charges else None,
        customer=_from_customer(content.customer),
        payments=[{"billToAddress": _from_address(bill_to, missing_fields, "payments", 0, "billToAddress")}]
        if bill_to
        else None,
        items=_from_lines(content, missing_fields),
        shipInfo=[
            _from_destination(each, position, missing_fields)
            for position, each in enumerate(content.destinations or (Destination(),))
        ],
        notes=[{"notes": content.notes}] if content.notes is not None else None,
    )
