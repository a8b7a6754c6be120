"""The event catalog: the shape of each event's `data`, of the message around it, and the JSON Schemas of both.

The log's own payloads are in core.events; these are the hub's words for them, in the feed, in webhooks, in the answers to verbs
and in timelines. `data` always has all members of its shape, null where there is nothing to say, and no others.
"""

from copy import deepcopy
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from crossdock.core.orders.events import ORDER_EVENTS
from crossdock.core.orders.fulfillments import DeliveryStatus, FulfillmentStatus
from crossdock.core.orders.returns import ReturnStatus
from crossdock.core.orders.status import Status
from crossdock.core.stock.events import STOCK_EVENTS
from crossdock.doors.hub.wire import Amount, Id, OrderAnswer, Time
from crossdock.flows.event_payloads import TEST

Tree = Any
# CloudEvents wants types under a name of ours.
CLOUD_TYPES = "crossdock."
_REFERENCE = "#/components/schemas/{name}"

Count = Annotated[int, Meta(ge=1)]
Place = Annotated[int, Meta(ge=0)]


# ----------------------------------------------------------------------------------------------------------------- data
class Data(Struct, forbid_unknown_fields=True, kw_only=True):
    """What an event says besides the order as it was then. `reason` is what was given as one."""


class Units(Struct, forbid_unknown_fields=True):
    """So many units of a line; lines count from 0."""

    line: Place
    quantity: Count


class ReceivedData(Data):
    """A submission became an order."""

    submission_id: Id


class EditedData(Data):
    """The content became another. `from_lines` says which line each line was before, null for a new one; `submission_id` which
    submission, where a newer one replaced the whole."""

    from_lines: list[Place | None]
    submission_id: Id | None
    reason: str | None


class PlacedHold(Struct, forbid_unknown_fields=True):
    """A hold: on `lines`, none meaning the whole order; it ends by itself at `release_at`."""

    number: Count
    reason: str
    note: str | None
    lines: list[Place]
    release_at: Time | None


class HeldData(Data):
    """Holds were placed; the `number` of each is the event's."""

    holds: list[PlacedHold]


class EndedHold(Struct, forbid_unknown_fields=True):
    """A hold by the number of the event that placed it, and its reason."""

    number: Count
    reason: str


class ReleasedData(Data):
    """Holds ended."""

    holds: list[EndedHold]
    reason: str | None


class CanceledData(Data):
    """Units were canceled."""

    lines: list[Units]
    note: str | None
    reason: str | None


class UnitsOfStock(Struct, forbid_unknown_fields=True):
    """So many units of a line from the stock of a SKU, in a pool where there are pools; `sku` is null where no stock is
    tracked."""

    line: Place
    quantity: Count
    sku: str | None
    pool: str | None


class AllocatedData(Data):
    """A location was chosen for lines, which the order's counters show. Where the organization has stock, `units` are those
    taken from it, given back at `expires_at`, and `decision_id` is the decision that explains the choice."""

    location_ref: str
    allocation_id: Id | None
    units: list[UnitsOfStock]
    expires_at: Time | None
    decision_id: Id | None
    reason: str | None


class DeallocatedData(Data):
    """Allocated units were given back: those of `allocation_ids`, whole or in part. `missing`: because they were not found."""

    lines: list[Units]
    allocation_ids: list[Id]
    missing: bool
    reason: str | None


class BackorderedData(Data):
    """Units wait for stock, hoped for on the day `expected_at`; until `consent_by` the customer is asked to wait."""

    lines: list[Units]
    expected_at: str | None
    consent_by: str | None
    reason: str | None


class PackageData(Struct, forbid_unknown_fields=True):
    """What left in one piece."""

    lines: list[Units]
    carrier: str | None
    service: str | None
    tracking_number: str | None
    tracking_url: str | None


class ShippedData(Data):
    """Units left the house; where it is known how, the `packages` hold them all."""

    lines: list[Units]
    location_ref: str | None
    packages: list[PackageData]
    fulfillment_id: Id | None
    reason: str | None


class DeliveredData(Data):
    """Units reached the customer, with the package of that `tracking_number`."""

    lines: list[Units]
    tracking_number: str | None
    fulfillment_id: Id | None
    reason: str | None


class ReturnRequestedData(Data):
    """Shipped units are asked back; the customer finds the label at `label_url`."""

    lines: list[Units]
    label_url: str | None
    return_id: Id
    reason: str | None


class ReturnedData(Data):
    """Units came back."""

    lines: list[Units]
    return_id: Id
    reason: str | None


class RefundedData(Data):
    """Money went back to the customer; without a `currency` it is the order's."""

    amount: Amount
    currency: str | None
    return_id: Id | None
    refund_id: Id | None
    reason: str | None


class FulfillmentLineState(Struct, forbid_unknown_fields=True):
    """Units of a line in a fulfillment, and how many of them were picked, shipped and canceled."""

    line: Annotated[int, Meta(ge=-1)]
    quantity: Place
    picked: Place
    shipped: Place
    canceled: Place


class PackageState(Struct, forbid_unknown_fields=True):
    """A package; `status` is what the carrier reported last."""

    id: Id
    lines: list[Units]
    carrier: str | None
    service: str | None
    tracking_number: str | None
    tracking_url: str | None
    shipped: bool
    shipped_at: Time | None
    status: DeliveryStatus | None


class FulfillmentState(Struct, forbid_unknown_fields=True):
    """A fulfillment as it is after the event."""

    id: Id
    location_ref: str
    kind: str
    status: FulfillmentStatus
    reference: str | None
    lines: list[FulfillmentLineState]
    packages: list[PackageState]
    ready_at: Time | None
    pickup_by: Time | None


class FulfillmentsData(Data):
    """Fulfillments changed; these are those that did."""

    fulfillments: list[FulfillmentState]
    reason: str | None


class FulfillmentCreatedData(FulfillmentsData):
    """A location is to ship units, or to hand them over."""


class PickedData(FulfillmentsData):
    """Units were picked."""


class PackedData(FulfillmentsData):
    """Units were packed."""


class FulfillmentChangedData(FulfillmentsData):
    """Fulfillments were split, merged or changed otherwise."""


class FulfillmentCanceledData(FulfillmentsData):
    """A location is not to ship what it had not shipped yet; `expired` are units of a pickup that nobody fetched in time."""

    expired: list[Units]


class ReadyForPickupData(FulfillmentsData):
    """The customer can fetch the units; `reminder` is true where they are told once more."""

    reminder: bool


class TrackedData(FulfillmentsData):
    """A carrier reported on a package: its `status` at `reported_at`, the `place`, and a `text`."""

    package_id: Id
    status: DeliveryStatus
    reported_at: Time
    place: str | None
    text: str | None


class ReshippedData(FulfillmentsData):
    """Units were shipped once more, in place of a package that did not arrive."""


class ReturnLineState(Struct, forbid_unknown_fields=True):
    """Units of a line in a return, and what became of them."""

    line: Annotated[int, Meta(ge=-1)]
    quantity: Place
    reason: str | None
    received: Place
    restocked: Place
    scrapped: Place
    rejected: Place
    canceled: Place


class ReturnState(Struct, forbid_unknown_fields=True):
    """A return as it is after the event."""

    id: Id
    status: ReturnStatus
    reference: str | None
    location_ref: str | None
    exchange: bool
    lines: list[ReturnLineState]


class ReturnJudgedData(Data):
    """Units that came back were judged: restocked, scrapped or rejected."""

    state: ReturnState
    reason: str | None


class ReturnCanceledData(Data):
    """What had not come of a return is not expected any more."""

    state: ReturnState
    reason: str | None


class PaymentRecordedData(Data):
    """A payment is as this says now, as far as its provider reported."""

    payment_id: Id
    reference: str | None
    method: str | None
    status: str | None
    currency: str | None
    authorized: Amount
    captured: Amount
    refunded: Amount
    voided: Amount
    settled: Amount
    reason: str | None


class InvoicedData(Data):
    """Something of the order was billed, or credited: then the amount is negative."""

    invoice_id: Id
    invoice_number: str
    kind: str
    amount: Amount
    currency: str | None


class TaggedData(Data):
    """The tags became others: these are all the order has then."""

    tags: list[str]
    reason: str | None


class NotedData(Data):
    """Somebody wrote something down; `topic` and `data` are there where a vendor's call reported something."""

    text: str
    topic: str | None
    data: Any


class ArchivedData(Data):
    """The order was put out of sight."""

    reason: str | None


class UnarchivedData(Data):
    """The order was brought back into sight."""

    reason: str | None


class ReplacedEvent(Struct, forbid_unknown_fields=True):
    """An event whose payload was replaced; `hash` is what the chain computes with the new one, in hexadecimal digits."""

    number: int
    hash: str


class ErasedData(Data):
    """A person's data were taken out of the order, and out of these of its events. Receivers should do the same."""

    events: list[ReplacedEvent]
    reason: str | None


DATA: dict[str, type[Data]] = {
    "order.received": ReceivedData,
    "order.edited": EditedData,
    "order.held": HeldData,
    "order.released": ReleasedData,
    "order.canceled": CanceledData,
    "order.allocated": AllocatedData,
    "order.deallocated": DeallocatedData,
    "order.fulfillment_created": FulfillmentCreatedData,
    "order.picked": PickedData,
    "order.packed": PackedData,
    "order.fulfillment_changed": FulfillmentChangedData,
    "order.fulfillment_canceled": FulfillmentCanceledData,
    "order.ready_for_pickup": ReadyForPickupData,
    "order.tracked": TrackedData,
    "order.reshipped": ReshippedData,
    "order.return_judged": ReturnJudgedData,
    "order.return_canceled": ReturnCanceledData,
    "order.payment_recorded": PaymentRecordedData,
    "order.invoiced": InvoicedData,
    "order.backordered": BackorderedData,
    "order.shipped": ShippedData,
    "order.delivered": DeliveredData,
    "order.return_requested": ReturnRequestedData,
    "order.returned": ReturnedData,
    "order.refunded": RefundedData,
    "order.tagged": TaggedData,
    "order.noted": NotedData,
    "order.archived": ArchivedData,
    "order.unarchived": UnarchivedData,
    "order.erased": ErasedData,
}


class LevelData(Data, kw_only=True):
    """Something happened to a stock level; `on_hand` and `available` are its units afterwards."""

    sku: str
    location: str
    pool: str
    on_hand: Place
    available: Place


class StockChangedData(LevelData, kw_only=True):
    """Units on hand became more, or fewer."""

    delta: int
    reason: str | None


class StockCountedData(StockChangedData, kw_only=True):
    """Units were counted; `delta` is what the count found more, or less."""


class StockAdjustedData(StockChangedData, kw_only=True):
    """Units were added or taken away."""


class StockReceivedData(StockChangedData, kw_only=True):
    """Units came in."""


class StockCounter(Struct, forbid_unknown_fields=True):
    """Units that are kept back under a name of the organization's own."""

    name: str
    quantity: Place


class StockLimitsChangedData(LevelData, kw_only=True):
    """Safety stock, threshold, counters, or whether the stock is unlimited, changed; these are the new ones."""

    safety: Place
    threshold: Place | None
    counters: list[StockCounter]
    unlimited: bool
    reason: str | None


class StockLowData(LevelData, kw_only=True):
    """Fewer units are available than the threshold asks for."""

    threshold: Place


class StockSufficientData(LevelData, kw_only=True):
    """As many units are available again as the threshold asks for."""

    threshold: Place


STOCK_DATA: dict[str, type[Data]] = {
    "stock.counted": StockCountedData,
    "stock.adjusted": StockAdjustedData,
    "stock.received": StockReceivedData,
    "stock.limits_changed": StockLimitsChangedData,
    "stock.low": StockLowData,
    "stock.sufficient": StockSufficientData,
}


# ------------------------------------------------------------------------------------------------------------- messages
class Message(Struct):
    """An event in its message; `order` is the order right after it, in every webhook, and in the feed where asked for."""

    id: Annotated[str, Meta(pattern="^evt_[0-9a-hjkmnp-tv-z]{13}$", description="the event; the same in every repeat")]
    type: str
    version: Count
    position: Annotated[
        int, Meta(ge=1, description="where it stands among the organization's events, without missing_fields")
    ]
    at: Time
    order_id: Id
    number: Annotated[int, Meta(ge=1, description="which of the order's events it is, without missing_fields")]
    status: Annotated[Status, Meta(description="the order's status after it")]
    actor: Annotated[str, Meta(description="who asked for it")]
    door: Annotated[str, Meta(description="the door they asked at")]
    source_door: Annotated[str, Meta(description="the door the order came through")]
    data: Data
    order: OrderAnswer | UnsetType = UNSET


class Aggregate(Struct, forbid_unknown_fields=True):
    """What an event is about, where that is no order."""

    type: Annotated[str, Meta(description="such as stock_level")]
    id: Id
    number: Annotated[int, Meta(ge=1, description="of the event within its aggregate, without gaps")]


class AggregateMessage(Struct):
    """An event of another aggregate than an order, such as a stock level."""

    id: Annotated[str, Meta(pattern="^evt_[0-9a-hjkmnp-tv-z]{13}$", description="the event; the same in every repeat")]
    type: str
    version: Count
    position: Annotated[int, Meta(ge=1)]
    at: Time
    aggregate: Aggregate
    actor: str
    door: str
    data: Any


class UnreadableEvent(Struct):
    """An event of the feed that this server cannot read, as one that a newer version wrote: it is there, and passed over."""

    id: Annotated[str, Meta(pattern="^evt_[0-9a-hjkmnp-tv-z]{13}$")]
    type: str
    position: Annotated[int, Meta(ge=1)]
    at: Time
    order_id: Id
    number: Annotated[int, Meta(ge=1)]
    error: Annotated[str, Meta(description="why there is no data; the server's log has more")]


class TestData(Data):
    """Somebody tries an endpoint out; it is about no order."""

    text: str


class TestMessage(Struct):
    """What an endpoint is tried out with."""

    id: Annotated[str, Meta(pattern="^evt_[0-9a-hjkmnp-tv-z]{13}$")]
    type: str
    at: Time
    data: TestData


class CloudEvent(Struct):
    """A message in the JSON envelope of CloudEvents 1.0."""

    specversion: Annotated[str, Meta(pattern="^1\\.0$")]
    id: str
    source: Annotated[str, Meta(description="/organizations/ and the organization's UUID")]
    type: str
    time: Time
    datacontenttype: str
    data: Any
    subject: Annotated[str, Meta(description="the order's id")] | UnsetType = UNSET


# A page of the feed, but for what its items are.
PAGE: Tree = {
    "type": "object",
    "required": ["items", "next", "more"],
    "properties": {
        "items": {"type": "array", "items": {"type": "object", "description": "each as /asyncapi/hub.json says"}},
        "next": {"type": "string", "description": "the cursor to go on from, also where there is nothing yet"},
        "more": {"type": "boolean", "description": "whether there may be more at once"},
    },
}


def schema_name(name: str, form: str) -> str:
    """Return the name of the schema of an event's message in a form: feed, webhook or cloudevents."""
    return {"feed": name, "webhook": f"webhook.{name}", "cloudevents": CLOUD_TYPES + name}[form]


def schemas() -> dict[str, Tree]:
    """Return all JSON Schemas by name, which refer to each other as `#/components/schemas/…`: of each event its `data`
    (`HeldData`), its messages (see schema_name), and what they are made of; of the feed its `FeedPage`."""
    _, found = msgspec.json.schema_components(
        [Message, AggregateMessage, UnreadableEvent, TestMessage, CloudEvent, *DATA.values(), *STOCK_DATA.values()],
        ref_template=_REFERENCE,
    )
    message, test, envelope = found.pop("Message"), found.pop("TestMessage"), found.pop("CloudEvent")
    found |= _stock_schemas(found.pop("AggregateMessage"), envelope)
    del found["Data"]
    for name, data in DATA.items():
        constants = {
            "type": {"const": name},
            "version": {"const": ORDER_EVENTS[name].version},
            "data": _reference(data.__name__),
        }
        short = _with(message, name, data, constants)
        whole = short | {"required": [*short["required"], "order"]}
        wrapped = {"type": {"const": CLOUD_TYPES + name}, "data": _reference(schema_name(name, "webhook"))}
        found |= {
            schema_name(name, "feed"): short,
            schema_name(name, "webhook"): whole,
            schema_name(name, "cloudevents"): _with(envelope, CLOUD_TYPES + name, data, wrapped),
        }
    found[schema_name(TEST, "webhook")] = _with(test, TEST, TestData, {"type": {"const": TEST}})
    wrapped = {"type": {"const": CLOUD_TYPES + TEST}, "data": _reference(schema_name(TEST, "webhook"))}
    found[schema_name(TEST, "cloudevents")] = _with(envelope, CLOUD_TYPES + TEST, TestData, wrapped)
    page = deepcopy(PAGE)
    page["properties"]["items"]["items"] = {
        "oneOf": [
            *(_reference(schema_name(name, "feed")) for name in (*DATA, *STOCK_DATA)),
            _reference("UnreadableEvent"),
        ]
    }
    return found | {"FeedPage": page}


def _stock_schemas(message: Tree, envelope: Tree) -> dict[str, Tree]:
    """Return the schemas of messages about stock levels, which are the same in every form but for the envelope."""
    found: dict[str, Tree] = {}
    for name, data in STOCK_DATA.items():
        constants = {
            "type": {"const": name},
            "version": {"const": STOCK_EVENTS[name].version},
            "data": _reference(data.__name__),
        }
        found[schema_name(name, "feed")] = found[schema_name(name, "webhook")] = _with(message, name, data, constants)
        wrapped = {"type": {"const": CLOUD_TYPES + name}, "data": _reference(schema_name(name, "webhook"))}
        found[schema_name(name, "cloudevents")] = _with(envelope, CLOUD_TYPES + name, data, wrapped)
    return found


def sentence(data: type[Data]) -> str:
    """Tell when an event comes, and what its data tells."""
    return " ".join((data.__doc__ or "").split())


def _with(schema: Tree, title: str, data: type[Data], members: dict[str, Tree]) -> Tree:
    properties = schema["properties"] | members
    return schema | {"title": title, "description": sentence(data), "properties": properties}


def _reference(name: str) -> Tree:
    return {"$ref": _REFERENCE.format(name=name)}
