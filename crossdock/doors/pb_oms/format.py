"""Pitney Bowes OMS's document format; see flows.formats.Format."""

from collections.abc import Sequence
from typing import Any

from crossdock.core.errors import Path
from crossdock.core.events import Event
from crossdock.core.json.request_body import EntityReference, ParsedBody, parse_body
from crossdock.core.json.validation import unchecked
from crossdock.core.orders.model import Content, Order
from crossdock.core.time import format_time
from crossdock.doors import encode_json
from crossdock.doors.pb_oms import wire
from crossdock.doors.pb_oms.mapping import (
    ANSWERED,
    DELETED,
    STATUSES,
    address_document,
    charges_document,
    customer_document,
    format_id,
    gift_document,
    is_deleted,
    item_document,
    item_response,
    item_rules,
    named_references,
    preferences_document,
    references_document,
    to_content,
    without_none,
)
from crossdock.flows.formats import Format, MissingFields, ReferenceData

Tree = Any


class PbOmsFormat(Format):
    """The document of this door; see flows.book.Format."""

    name = "pb_oms"
    lines = "items"
    number_path: Path = ("orderNumber",)

    def parse(self, raw: bytes) -> ParsedBody:
        """See Format."""
        return parse_body(
            raw, wire.OrderCreate, item_rules, natural=lambda sent: (sent.orderNumber,), references=named_references
        )

    def parse_rendered(self, document: dict[str, Tree]) -> ParsedBody:
        """See Format."""
        return ParsedBody(document, unchecked(document, wire.OrderCreate), references=named_references(document))

    def to_content(self, reading: ParsedBody, found: ReferenceData) -> Content:
        """See Format."""
        return to_content(reading.shape, found)

    def references(self, content: Content) -> tuple[EntityReference, ...]:
        """See Format; an order carries the properties of its customs products, so none is needed again."""
        return ()

    def from_content(self, content: Content, found: ReferenceData, missing_fields: MissingFields) -> dict[str, Tree]:
        """See Format."""
        address = content.destinations[0].address if content.destinations else None
        billing = content.bill_to
        return without_none(
            orderNumber=content.number,
            orderMessage=gift_document(content.gift),
            charges=charges_document(content),
            shippingReference=references_document(content),
            customerInfo=customer_document(content.customer),
            fromAddress=address_document(content.ship_from, missing_fields, "orderShippingInfo", "fromAddress"),
            toAddress=address_document(address, missing_fields, "orderShippingInfo", "toAddress"),
            items=[item_document(line) for line in content.lines],
            additionalAddresses=[{"address": address_document(billing, MissingFields()), "addressType": "BILLING"}]
            if billing
            else None,
            shippingPreferences=preferences_document(content),
        )

    def to_response(
        self, document: dict[str, Tree], order: Order, found: ReferenceData, history: Sequence[Event] = ()
    ) -> dict[str, Tree]:
        """See Format; the flat document split in two, unknown members in `orderInfo`."""
        document = dict(document)
        shipping = ("fromAddress", "toAddress", "additionalAddresses", "shippingReference", "shippingPreferences")
        info = {
            "orderId": format_id(order.order_id),
            "orderNumber": document.pop("orderNumber"),
            "status": STATUSES[order.status],
            "orderCreateDate": format_time(order.created_at),
            "sourceFlowType": "API",
            "createdBy": order.source.actor,
        }
        told = {name: document.pop(name) for name in shipping if name in document}
        early = {name: document.pop(name) for name in ("customerInfo", "orderMessage", "metadata") if name in document}
        items = [item_response(*each) for each in zip(document.pop("items"), order.content.lines, strict=True)]
        tags = [tag for tag in order.tags if tag != DELETED]
        own = {name: value for name, value in document.items() if name not in ANSWERED}
        return {"orderInfo": info | early | {"tags": tags, "items": items} | own, "orderShippingInfo": told}

    def create_response(self, document: dict[str, Tree], order: Order, found: ReferenceData) -> bytes:
        """See Format; create answers four members and does not echo the order."""
        return encode_json(
            {
                "orderId": format_id(order.order_id),
                "orderNumber": order.content.number,
                "status": "Success",
                "transactionCreateDate": format_time(order.created_at),
            }
        )

    def is_visible(self, order: Order) -> bool:
        """See Format; an order that was deleted through this door is not there for it any more."""
        return not is_deleted(order)


FORMAT = PbOmsFormat()
