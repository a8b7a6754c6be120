"""Pitney Bowes Fulfillment words to canonical ones and back; pure. `FORMAT` is what the flows use.

Canonical homes: the ids and references, inputShippingDetails, the five dates but updateDate, fromNode, orderLines but
inventoryType, orderCharges, the two addresses, the gift, customsInfo but the reference's type, internalNotes. All else
travels as leftovers. Decimal points and other dressing of the answer are put on in `answer`, after the leftovers.
"""

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from crossdock.core.errors import Code, Fault, Invalid, Path
from crossdock.core.formats import decimal, iso_time
from crossdock.core.identity import from_digits, to_digits
from crossdock.core.lifecycle import Status, status_of
from crossdock.core.order import (
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
from crossdock.core.reading import Need, Reading, take, unchecked
from crossdock.doors import encode_json
from crossdock.doors.pb_fulfillment import wire
from crossdock.flows.book import NOTHING_MORE, Found, Gaps, Placement

Tree = Any
CLIENT = "pb_fulfillment_client"
FOREIGN_CLIENT = "is not one of your client ids"
_ORDER_ID = re.compile(r"ORA([0-9]{19})[A-Za-z]{2}\Z")
_NUMBER = re.compile(r"-?[0-9]{1,40}\Z")
# One word for every summary; a hold is no status here but a flag beside it. There is no partly released in this
# vocabulary, so an order counts as released when all of it is. INPROGRESS waits for picking to be known.
STATUS = {
    Status.OPEN: "RECEIVED",
    Status.ON_HOLD: "RECEIVED",
    Status.PARTIALLY_ALLOCATED: "RECEIVED",
    Status.ALLOCATED: "RELEASED",
    Status.PARTIALLY_SHIPPED: "PARTIALLYSHIPPED",
    Status.SHIPPED: "SHIPPED",
    Status.DELIVERED: "DELIVERED",
    Status.RETURNED: "DELIVERED",
    Status.CANCELED: "CANCELED",
}
# The order of the vendor's answer table, up to isGift; isGift, status and the hold close the answer as in its sample.
_FIRST = (
    "clientId", "clientOrderId", "orderId", "customerOrderId", "brand", "references", "salesChannel",
    "inputShippingDetails", "orderType", "createDate", "updateDate", "pbCreateDate", "pbUpdateDate", "fromNode",
    "shipOnDate", "fulfillmentReleaseDate", "promisedDeliveryDate", "orderHandling", "orderLines", "orderCharges",
    "toAddress", "billingAddress", "giftMessageText", "valueAddedServices", "paymentDetails", "customsInfo",
    "internalNotes", "dropShipInfo",
)  # fmt: skip
# Members of the answer that a sender cannot set, whatever it sends under their names.
ANSWERED = frozenset(
    {"orderId", "pbCreateDate", "pbUpdateDate", "actualShippingDetails", "status", "isOnHold", "holdReason"}
)
_STATUS_PART = (
    "clientId", "clientOrderId", "orderId", "customerOrderId", "status", "isOnHold", "holdReason", "createDate",
    "pbCreateDate", "updateDate", "pbUpdateDate",
)  # fmt: skip
# What is answered where it was not sent.
DEFAULTS: dict[str, Tree] = {"references": [], "orderType": "eCom", "isGift": False}
# The same for the objects inside; the answer to create is made of what was sent, whose own order must not show.
_SHIPPING = wire.ShippingDetails.__struct_encode_fields__
_LINE = wire.OrderLine.__struct_encode_fields__
_CHARGES = wire.OrderCharges.__struct_encode_fields__
_DETAIL = wire.ChargeDetail.__struct_encode_fields__
_ADDRESS = wire.Address.__struct_encode_fields__
_CUSTOMS = wire.CustomsInfo.__struct_encode_fields__
_LINE_MONEY = frozenset({"unitPrice", "lineTotal"})
_CHARGE_MONEY = frozenset({"fee", "percentage"})
_ORDER_MONEY = frozenset(
    {"shippingAmount", "totalItemAmount", "totalTaxAmount", "totalDiscountAmount", "totalOrderAmount"}
)
_CUSTOMS_MONEY = frozenset({"customsDeclaredValue"})
_DETAILS: dict[str, ChargeKind] = {
    "dutyDetails": "duty", "taxDetails": "tax", "discountDetails": "discount", "otherChargeDetails": "fee",
}  # fmt: skip


def spell_id(order: Order) -> str:
    """Spell an order's id as the vendor does: ORA, 19 digits, and the country it was first sent to."""
    return f"ORA{to_digits(order.order_id)}{order.source.country or 'US'}"


def read_id(text: str) -> int | None:
    """Read an order id, whatever country it ends in; None where it cannot be one."""
    match = _ORDER_ID.match(text)
    return from_digits(match[1]) if match else None


def is_of(order: Order, client: str) -> bool:
    """Say whether an order may be seen by a client of the organization: orders of other doors by any."""
    return order.source.door != "pb_fulfillment" or order.content.account_ref == client


# -------------------------------------------------------------------------------------------------------------- reading
def _shipping_rule(tree: Tree) -> Iterable[Fault]:
    """A carrier or a serviceId must be named."""
    how = tree.get("inputShippingDetails") if isinstance(tree, dict) else None
    if isinstance(how, dict) and not how.get("carrier") and not how.get("serviceId"):
        yield Fault(("inputShippingDetails", "carrier"), "is required where there is no serviceId")


def _street_rule(tree: Tree) -> Iterable[Fault]:
    """The ship-to address must have a street line that is not empty."""
    where = tree.get("toAddress") if isinstance(tree, dict) else None
    lines = where.get("addressLines") if isinstance(where, dict) else None
    if isinstance(lines, list) and lines and all(line == "" for line in lines):
        yield Fault(("toAddress", "addressLines", 0), "must not be empty")


def _address(sent: wire.Address | wire.ShippingAddress | None) -> Address | None:
    if sent is None:
        return None
    code = sent.postalCode
    return Address(
        name=sent.name or None,
        company=sent.company or None,
        lines=tuple(line for line in sent.addressLines or () if line),
        city=sent.cityTown or None,
        region=sent.stateProvince or None,
        postal_code=(str(code) if code is not None else None) or None,
        country=sent.countryCode or None,
        phone=sent.phone or None,
        email=sent.email or None,
    )


def _line(sent: wire.OrderLine) -> Line:
    customs = ItemCustoms(origin_country=sent.originCountryCode or None, origin_region=sent.originStateProvince or None)
    return Line(
        quantity=sent.orderedQuantity,
        sku=sent.sku or None,
        line_ref=str(sent.lineId),
        unit_price=decimal(sent.unitPrice),
        totals=Totals(items=decimal(sent.lineTotal)) if sent.lineTotal is not None else None,
        customs=customs if customs != ItemCustoms() else None,
    )


def _charges(sent: wire.OrderCharges) -> tuple[Charge, ...]:
    return tuple(
        Charge(
            kind=kind,
            amount=decimal(each.fee) if each.fee is not None else Decimal(0),  # type: ignore[arg-type]
            name=each.name or None,
            currency=each.currency or None,
            rate=decimal(each.percentage),
        )
        for member, kind in _DETAILS.items()
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
    return totals if totals != Totals() else None


def _customs(sent: wire.CustomsInfo | None) -> Customs | None:
    if sent is None:
        return None
    customs = Customs(
        declared_value=decimal(sent.customsDeclaredValue), importer_ref=sent.importerCustomsReference or None
    )
    return customs if customs != Customs() else None


def _gift(sent: wire.OrderCreate) -> Gift | None:
    if sent.isGift is None and not sent.giftMessageText:
        return None
    return Gift(is_gift=bool(sent.isGift), message=sent.giftMessageText or None)


def _content(sent: wire.OrderCreate) -> Content:
    how, charges = sent.inputShippingDetails, sent.orderCharges or wire.OrderCharges()
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
        currency=charges.orderCurrency,
        bill_to=_address(sent.billingAddress),
        totals=_totals(charges),
        charges=_charges(charges),
        shipping=Shipping(
            carrier=how.carrier or None,
            service=how.serviceId or None,
            service_name=how.serviceName or None,
            tracking_number=how.trackingNumber or None,
        ),
        gift=_gift(sent),
        customs=_customs(sent.customsInfo),
        ship_by=sent.shipOnDate,
        release_at=sent.fulfillmentReleaseDate,
        deliver_by=sent.promisedDeliveryDate,
        notes=sent.internalNotes or None,
    )


# ------------------------------------------------------------------------------------------------------------- spelling
def _said(**members: Tree) -> dict[str, Tree]:
    return {name: value for name, value in members.items() if value is not None}


def _spell_address(address: Address) -> dict[str, Tree]:
    return _said(
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


def _spell_ship_to(address: Address | None, gaps: Gaps) -> dict[str, Tree]:
    """Spell the address whose street, city and country must be there."""
    address = address or Address()
    return _said(
        name=address.name,
        company=address.company,
        phone=address.phone,
        email=address.email,
        addressLines=gaps.fill(list(address.lines) or None, [""], "toAddress", "addressLines"),
        cityTown=gaps.fill(address.city, "", "toAddress", "cityTown"),
        stateProvince=address.region,
        postalCode=address.postal_code,
        countryCode=gaps.fill(address.country, "", "toAddress", "countryCode"),
    )


def _spell_line(line: Line, position: int, gaps: Gaps) -> dict[str, Tree]:
    customs = line.customs or ItemCustoms()
    number = int(line.line_ref) if line.line_ref and _NUMBER.match(line.line_ref) else None
    return _said(
        lineId=gaps.fill(number, position + 1, "orderLines", position, "lineId"),
        sku=gaps.fill(line.sku, "", "orderLines", position, "sku"),
        originCountryCode=customs.origin_country,
        originStateProvince=customs.origin_region,
        unitPrice=line.unit_price,
        orderedQuantity=line.quantity,
        lineTotal=line.totals.items if line.totals else None,
    )


def _spell_details(content: Content, kind: ChargeKind) -> list[Tree] | None:
    found = [
        _said(name=each.name, fee=each.amount, currency=each.currency, percentage=each.rate)
        for each in content.charges
        if each.kind == kind
    ]
    return found or None


def _spell_charges(content: Content) -> dict[str, Tree] | None:
    totals = content.totals or Totals()
    spelled = _said(
        orderCurrency=content.currency,
        shippingAmount=totals.shipping,
        totalItemAmount=totals.items,
        dutyDetails=_spell_details(content, "duty"),
        totalTaxAmount=totals.tax,
        taxDetails=_spell_details(content, "tax"),
        totalDiscountAmount=totals.discount,
        discountDetails=_spell_details(content, "discount"),
        otherChargeDetails=_spell_details(content, "fee"),
        totalOrderAmount=totals.total,
    )
    return spelled or None


def _spell_shipping(how: Shipping | None, gaps: Gaps) -> dict[str, Tree]:
    how = how or Shipping()
    carrier = how.carrier
    if carrier is None and how.service is None:
        carrier = gaps.fill(None, "", "inputShippingDetails", "carrier")
    return _said(
        carrier=carrier, serviceId=how.service, serviceName=how.service_name, trackingNumber=how.tracking_number
    )


def _spell_customs(customs: Customs | None) -> dict[str, Tree] | None:
    if customs is None:
        return None
    return _said(customsDeclaredValue=customs.declared_value, importerCustomsReference=customs.importer_ref) or None


# ------------------------------------------------------------------------------------------------------------ answering
def _pointed(number: Tree) -> Tree:
    """Give a number a decimal point where it has none, and no exponent it can do without; exact."""
    if type(number) is int:
        return Decimal(f"{number}.0")
    if type(number) is Decimal:
        text = f"{number:f}"
        return Decimal(text if "." in text else f"{text}.0")
    return number


def _dressed(row: dict[str, Tree], order: tuple[str, ...], money: frozenset[str] = frozenset()) -> dict[str, Tree]:
    """Give a copy of an object in the vendor's order, unknown members last, with points on its amounts."""
    told = {name: _pointed(row[name]) if name in money else row[name] for name in order if name in row}
    return told if len(told) == len(row) else told | {name: row[name] for name in row if name not in told}


def _answered_shipping(how: dict[str, Tree]) -> dict[str, Tree]:
    return _dressed(how, _SHIPPING)


def _answered_lines(lines: list[dict[str, Tree]]) -> list[dict[str, Tree]]:
    return [_dressed(line, _LINE, _LINE_MONEY) for line in lines]


def _answered_charges(charges: dict[str, Tree]) -> dict[str, Tree]:
    """Put decimal points on every amount, and the order's currency on other charges that name none."""
    answered = _dressed(charges, _CHARGES, _ORDER_MONEY)
    currency = answered.get("orderCurrency")
    for name in _DETAILS:
        details = answered.get(name)
        if not details:
            continue
        if name == "otherChargeDetails" and currency is not None:
            details = [each if each.get("currency") is not None else each | {"currency": currency} for each in details]
        answered[name] = [_dressed(each, _DETAIL, _CHARGE_MONEY) for each in details]
    return answered


def _answered_address(address: dict[str, Tree]) -> dict[str, Tree]:
    answered = _dressed(address, _ADDRESS)
    if type(answered.get("postalCode")) is int:
        answered["postalCode"] = str(answered["postalCode"])
    return answered


def _answered_customs(customs: dict[str, Tree]) -> dict[str, Tree]:
    return _dressed(customs, _CUSTOMS, _CUSTOMS_MONEY)


_DRESSES: dict[str, Callable[[Tree], Tree]] = {
    "inputShippingDetails": _answered_shipping,
    "orderLines": _answered_lines,
    "orderCharges": _answered_charges,
    "toAddress": _answered_address,
    "billingAddress": _answered_address,
    "customsInfo": _answered_customs,
}


def status_part(answer: dict[str, Tree]) -> dict[str, Tree]:
    """Give the members of a whole answer that a status answer has, in its order."""
    return {name: answer[name] for name in _STATUS_PART if name in answer}


# The canonical places an edit can be refused for, in this door's words; see core.editing.
_LINE_PLACES = {"quantity": "orderedQuantity", "product_ref": "sku", "destination": "toAddress"}
_PLACES: dict[str, Path] = {
    "currency": ("orderCharges", "orderCurrency"), "address": ("toAddress",), "location_ref": ("fromNode",),
}  # fmt: skip


def place_told(path: Path) -> Path:
    """Give a fault's path in this door's words where core named it in its own; others are so already."""
    match path:
        case ("lines",):
            return ("orderLines",)
        case ("lines", int(position), str(name)):
            return ("orderLines", position, _LINE_PLACES.get(name, name))
        case ("currency",):
            return _PLACES["currency"]
        case ("destinations", int(), str(name)):
            return _PLACES.get(name, path)
    return path


def word_of(order: Order) -> str:
    """Give the vendor's word for how far an order has come; a hold does not matter for it."""
    return STATUS[status_of(order.counters, held=False)]


def as_told(name: str, value: Tree) -> Tree:
    """Give a member of a document as it is answered: with what is filled in for it where it was not sent, and dressed."""
    if value is None and name in DEFAULTS:
        return DEFAULTS[name]
    dress = _DRESSES.get(name)
    return dress(value) if dress is not None and value is not None else value


class PbFulfillmentFormat:
    """The document of this door; see flows.book.Format.

    `clients` are the client ids the caller may name, which every reading is checked against. Without them the door
    knows only the ids that the vendor gave the organization, and those only when content is made.
    """

    name = "pb_fulfillment"
    lines = "orderLines"
    number_path: Path = ("clientOrderId",)

    def __init__(self, clients: frozenset[str] | None = None) -> None:
        self._clients = clients

    def client_rule(self, tree: Tree) -> Iterable[Fault]:
        """A clientId must be one that the caller may name."""
        client = tree.get("clientId") if isinstance(tree, dict) else None
        if self._clients is not None and isinstance(client, str) and client and client not in self._clients:
            yield Fault(("clientId",), FOREIGN_CLIENT)

    def read(self, raw: bytes) -> Reading:
        """See Format."""
        return take(
            raw, wire.OrderCreate, self.client_rule, _shipping_rule, _street_rule,
            natural=lambda sent: (sent.clientId, sent.clientOrderId),
        )  # fmt: skip

    def reread(self, document: dict[str, Tree]) -> Reading:
        """See Format."""
        return Reading(document, unchecked(document, wire.OrderCreate))

    def content(self, reading: Reading, found: Found) -> Content:
        """See Format. Refuses with Invalid a sender's clientId that nobody gave the organization."""
        # A document we spelled ourselves has no natural key, and names a client of another door or none.
        known = not reading.natural or (CLIENT, reading.natural[0]) in found.references
        if self._clients is None and not known and reading.natural[0] != found.actor:
            raise Invalid(Code.INVALID, "the body has faults", faults=(Fault(("clientId",), FOREIGN_CLIENT),))
        return _content(reading.shape)

    def needs(self, content: Content) -> tuple[Need, ...]:
        """See Format; nothing of this door is in a catalog."""
        return ()

    def spell(self, content: Content, found: Found, gaps: Gaps) -> dict[str, Tree]:
        """See Format."""
        to = content.destinations[0] if content.destinations else Destination()
        gift = content.gift
        return _said(
            clientId=gaps.fill(content.account_ref, "", "clientId"),
            clientOrderId=content.number,
            customerOrderId=content.customer_number,
            references=[{"name": each.name, "values": each.value} for each in content.references] or None,
            inputShippingDetails=_spell_shipping(content.shipping, gaps),
            createDate=gaps.fill(content.placed_at, "", "createDate"),
            fromNode=to.location_ref,
            shipOnDate=content.ship_by,
            fulfillmentReleaseDate=content.release_at,
            promisedDeliveryDate=content.deliver_by,
            orderLines=[_spell_line(line, position, gaps) for position, line in enumerate(content.lines)],
            orderCharges=_spell_charges(content),
            toAddress=_spell_ship_to(to.address, gaps),
            billingAddress=_spell_address(content.bill_to) if content.bill_to else None,
            isGift=gift.is_gift if gift else None,
            giftMessageText=gift.message if gift else None,
            customsInfo=_spell_customs(content.customs),
            internalNotes=content.notes,
        )

    def answer(self, document: dict[str, Tree], order: Order, found: Found) -> dict[str, Tree]:
        """See Format; in the vendor's order of members, unknown ones before the closing ones."""
        given = {name: value for name, value in document.items() if name not in ANSWERED}
        given |= {
            "orderId": spell_id(order),
            "references": given.get("references") or [],
            "orderType": given.get("orderType") or "eCom",
            "pbCreateDate": iso_time(order.created_at, digits=0),
        }
        if order.version > 1:
            given["pbUpdateDate"] = iso_time(order.updated_at, digits=0)
        for name, dress in _DRESSES.items():
            if given.get(name) is not None:
                given[name] = dress(given[name])
        closing = {
            "isGift": bool(given.pop("isGift", None)),
            "status": word_of(order),
            "isOnHold": bool(order.holds),
        }
        if order.holds:
            closing["holdReason"] = [hold.reason for hold in order.holds]
        answered = {name: given.pop(name) for name in _FIRST if name in given}
        return answered | given | closing

    def reply(self, document: dict[str, Tree], order: Order, found: Found) -> bytes:
        """See Format; create answers the whole order."""
        return encode_json(self.answer(document, order, found))

    def placed(self, document: dict[str, Tree], order: Order, found: Found) -> Placement:
        """See Format."""
        return NOTHING_MORE


FORMAT = PbFulfillmentFormat()
