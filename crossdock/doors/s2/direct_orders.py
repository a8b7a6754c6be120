"""Orders that are made for fulfillments without one: every fulfillment belongs to an order; pure.

The order has the fulfillment's address, items and dates, no prices, and the mark `orderKind: direct`.
"""

from typing import Any
from uuid import uuid4

from crossdock.core.json.request_body import ParsedBody
from crossdock.core.json.strict_json import parse_trusted
from crossdock.core.json.validation import unchecked
from crossdock.core.orders.model import Order
from crossdock.doors import encode_json
from crossdock.doors.s2 import wire, wire_fulfillments
from crossdock.doors.s2.catalog import NO_ID
from crossdock.doors.s2.format import S2Format
from crossdock.doors.s2.mapping import DIRECT, ORDER_KIND, references_in
from crossdock.flows.formats import NO_PLACEMENT, Placement, ReferenceData

Tree = Any


def direct_order(body: wire_fulfillments.FulfillmentCreate, account: str | None) -> bytes:
    """Make the body of an order from that of a fulfillment. It has no currency, which the vendor does not ask for."""
    items = [
        {
            "channelOrderItemId": str(position),
            "productId": each.productId.lower(),
            "quantity": each.quantity,
            "unitPrice": 0,
            "meta": {},
        }
        for position, each in enumerate(body.items)
    ]
    number = body.orderChannelOrderId or body.channelFulfillmentId or f"F-{uuid4().hex[:12]}"
    document: dict[str, Tree] = {
        "accountId": account or NO_ID,
        "channelOrderId": number,
        "channelShippingMethod": body.shippingMethod or "",
        "shippingAddress": {name: getattr(body.address, name) for name in wire.Address.__struct_fields__},
        "billingAddress": None,
        "meta": {},
        "channelOrderDate": body.orderDate or "",
        "currencyId": "",
        "items": items,
        "attachments": [],
        "shipByDate": body.shipByDate or None,
        "deliverByDate": body.deliverByDate or None,
        "customerNote": body.customerNote,
        ORDER_KIND: DIRECT,
    }
    return encode_json(document)


class DirectOrderFormat(S2Format):
    """The document of `direct_order`, which is valid as it is; its number need not be unique."""

    def parse(self, raw: bytes) -> ParsedBody:
        """See Format; there may be no account, and each order is new, whatever its number."""
        tree = parse_trusted(raw)
        references = tuple(each for each in references_in(tree) if each.key != NO_ID)
        natural = ("direct", uuid4().hex)
        return ParsedBody(tree, unchecked(tree, wire.OrderCreate), natural=natural, references=references)

    def placement(self, document: dict[str, Tree], order: Order, reference_data: ReferenceData) -> Placement:
        """See Format; the fulfillment names the warehouse."""
        return NO_PLACEMENT


DIRECT_FORMAT = DirectOrderFormat()
