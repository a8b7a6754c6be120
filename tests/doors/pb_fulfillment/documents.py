"""Orders and bodies of the Pitney Bowes Fulfillment door for tests without a server."""

import json
from typing import Any

import msgspec
from hypothesis import strategies as st

from crossdock.core.orders.model import Hold, Order, Source, initial_counters
from crossdock.doors.pb_fulfillment.format import FORMAT, PbFulfillmentFormat
from crossdock.flows.formats import MissingFields, ReferenceData
from crossdock.store.tenants import Organization
from tests.doors.pb_fulfillment.client import SAMPLE

REFERENCE_DATA = ReferenceData(Organization(1, "Demo", "", 0, 0))


def make_order(*, holds: tuple[Hold, ...] = (), **counts: int) -> Order:
    """Make an order of the vendor's sample; `counts` are set on the counters of every line."""
    format = PbFulfillmentFormat(frozenset({"1234"}))
    content = format.to_content(format.parse(SAMPLE), REFERENCE_DATA)
    counters = tuple(msgspec.structs.replace(each, **counts) for each in initial_counters(content))
    return Order(
        organization_id=1, order_id=2**62, version=1, created_at=0, updated_at=0,
        source=Source("pb_fulfillment", 1, "demo"), content=content, counters=counters, holds=holds,
    )  # fmt: skip


def render(order: Order) -> dict[str, object]:
    document = FORMAT.from_content(order.content, REFERENCE_DATA, MissingFields())
    return FORMAT.to_response(document, order, REFERENCE_DATA)


FULL = json.loads(SAMPLE) | {
    "brand": "B", "references": [{"name": "PO", "values": "7"}, {"name": "SO", "values": "8"}],
    "salesChannel": {"a": 1},
    "updateDate": "2022-02-07T01:20:00Z", "isGift": True, "giftMessageText": "Enjoy", "valueAddedServices": [{"a": 1}],
    "customsInfo": {"customsDeclaredValue": 7, "importerCustomsReference": "I", "importerCustomsReferenceType": "T"},
    "internalNotes": "fragile", "dropShipInfo": {"companyName": "C", "address": "1 Road"}, "status": "SHIPPED",
    "loyaltyPoints": 12,
}  # fmt: skip
FULL["toAddress"] = FULL["toAddress"] | {"addressLines": ["1 Road", "", "Door 3"], "residential": True}


def member_paths(node: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """List the paths of all members and items of a body."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [each for name, child in inner for each in ((*path, name), *member_paths(child, (*path, name)))]


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """Generate the full body with some members removed or changed."""
    body = json.loads(json.dumps(FULL))
    for *parents, last in draw(st.lists(st.sampled_from(member_paths(FULL)), max_size=6)):
        container = body
        try:
            for parent in parents:
                container = container[parent]
            if draw(st.booleans()) and isinstance(container, dict):
                del container[last]
            else:
                container[last] = draw(st.sampled_from([None, "", "x", 0, 3, 2.50, True, [], {}, [""], [{}], {"x": 1}]))
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change removed the container
    return body
