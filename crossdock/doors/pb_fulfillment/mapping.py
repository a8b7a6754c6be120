"""Pitney Bowes Fulfillment words to canonical ones and back; pure. `FORMAT` is what the flows use.

Canonical homes: the ids and references, inputShippingDetails, the five dates but updateDate, fromNode, orderLines but
inventoryType, orderCharges, the two addresses, the gift, customsInfo but the reference's type, internalNotes. All else
travels as leftovers. How the answer is dressed after that is in `answering`.
"""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from crossdock.core.errors import Code, Fault, Invalid, Path
from crossdock.core.events import Event
from crossdock.core.json.request_body import EntityReference, ParsedBody, parse_body
from crossdock.core.json.validation import unchecked
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
from crossdock.doors import encode_json
from crossdock.doors.pb_fulfillment import responses, wire
from crossdock.doors.pb_fulfillment.responses import DETAILS
from crossdock.flows.formats import Format, MissingFields, ReferenceData

Tree = Any
CLIENT = "pb_fulfillment_client"
FOREIGN_CLIENT = "is not one of your client ids"
_NUMBER = re.compile(r"-?[0-9]{1,40}\Z")
_KINDS: dict[str, ChargeKind] = dict(zip(DETAILS, ("duty", "tax", "discount", "fee"), strict=True))
# What was said where nothing was; made once, for comparing.
_NO_CHARGES, _NO_TOTALS = wire.OrderCharges(), Totals()
_NO_CUSTOMS, _NO_ITEM_CUSTOMS = Customs(), ItemCustoms()


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
        lines=tuple([line for line in sent.addressLines or () if line]),
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
        customs=customs if customs != _NO_ITEM_CUSTOMS else None,
    )


def _charges(sent: wire.OrderCharges) -> tuple[Charge, ...]:
    return tuple(
        Charge(
            kind=kind,
            amount=Decimal(0) if each.fee is None else Decimal(each.fee),
            name=each.name or None,
            currency=each.currency,
            rate=decimal(each.percentage),
        )
        for member, kind in _KINDS.items()
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


def _content(sent: wire.OrderCreate) -> Content:
    how, charges = sent.inputShippingDetails, sent.orderCharges or _NO_CHARGES
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


def _spell_ship_to(address: Address | None, missing_fields: MissingFields) -> dict[str, Tree]:
    """Spell the address whose street, city and country must be there."""
    address = address or Address()
    return _said(
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


def _spell_line(line: Line, position: int, missing_fields: MissingFields) -> dict[str, Tree]:
    customs = line.customs or ItemCustoms()
    number = int(line.line_ref) if line.line_ref and _NUMBER.match(line.line_ref) else None
    return _said(
        lineId=missing_fields.fill(number, position + 1, "orderLines", position, "lineId"),
        sku=missing_fields.fill(line.sku, "", "orderLines", position, "sku"),
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
    rendered = _said(
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
    return rendered or None


def _spell_shipping(how: Shipping | None, missing_fields: MissingFields) -> dict[str, Tree]:
    how = how or Shipping()
    carrier = how.carrier
    if carrier is None and how.service is None:
        carrier = missing_fields.fill(None, "", "inputShippingDetails", "carrier")
    return _said(
        carrier=carrier, serviceId=how.service, serviceName=how.service_name, trackingNumber=how.tracking_number
    )


def _spell_customs(customs: Customs | None) -> dict[str, Tree] | None:
    if customs is None:
        return None
    return _said(customsDeclaredValue=customs.declared_value, importerCustomsReference=customs.importer_ref) or None


class PbFulfillmentFormat(Format):
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

    def parse(self, raw: bytes) -> ParsedBody:
        """See Format."""
        return parse_body(
            raw, wire.OrderCreate, self.client_rule, _shipping_rule, _street_rule,
            natural=lambda sent: (sent.clientId, sent.clientOrderId),
        )  # fmt: skip

    def parse_rendered(self, document: dict[str, Tree]) -> ParsedBody:
        """See Format."""
        return ParsedBody(document, unchecked(document, wire.OrderCreate))

    def to_content(self, reading: ParsedBody, found: ReferenceData) -> Content:
        """See Format. Refuses with Invalid a sender's clientId that nobody gave the organization."""
        # A document we spelled ourselves has no natural key, and names a client of another door or none.
        known = not reading.natural or (CLIENT, reading.natural[0]) in found.references
        if self._clients is None and not known and reading.natural[0] != found.actor:
            raise Invalid(Code.INVALID, "the body has faults", faults=(Fault(("clientId",), FOREIGN_CLIENT),))
        return _content(reading.shape)

    def references(self, content: Content) -> tuple[EntityReference, ...]:
        """See Format; nothing of this door is in a catalog."""
        return ()

    def from_content(self, content: Content, found: ReferenceData, missing_fields: MissingFields) -> dict[str, Tree]:
        """See Format."""
        to = content.destinations[0] if content.destinations else Destination()
        gift = content.gift
        return _said(
            clientId=missing_fields.fill(content.account_ref, "", "clientId"),
            clientOrderId=content.number,
            customerOrderId=content.customer_number,
            references=[{"name": each.name, "values": each.value} for each in content.references] or None,
            inputShippingDetails=_spell_shipping(content.shipping, missing_fields),
            createDate=missing_fields.fill(content.placed_at, "", "createDate"),
            fromNode=to.location_ref,
            shipOnDate=content.ship_by,
            fulfillmentReleaseDate=content.release_at,
            promisedDeliveryDate=content.deliver_by,
            orderLines=[_spell_line(line, position, missing_fields) for position, line in enumerate(content.lines)],
            orderCharges=_spell_charges(content),
            toAddress=_spell_ship_to(to.address, missing_fields),
            billingAddress=_spell_address(content.bill_to) if content.bill_to else None,
            isGift=gift.is_gift if gift else None,
            giftMessageText=gift.message if gift else None,
            customsInfo=_spell_customs(content.customs),
            internalNotes=content.notes,
        )

    def to_response(
        self, document: dict[str, Tree], order: Order, found: ReferenceData, history: Sequence[Event] = ()
    ) -> dict[str, Tree]:
        """See Format."""
        return responses.answer(document, order)

    def create_response(self, document: dict[str, Tree], order: Order, found: ReferenceData) -> bytes:
        """See Format; create answers the whole order."""
        return encode_json(responses.answer(document, order))


FORMAT = PbFulfillmentFormat()
