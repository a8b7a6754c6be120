"""Wire types of Pitney Bowes OMS: shipments, pickups and the events of the tracking webhook.

Members have the order of the vendor's samples. What only a bought label has (charges, correlation ids, URLs) is left out.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

from crossdock.core.json.value_types import Number
from crossdock.doors.pb_oms import wire
from crossdock.doors.pb_oms.wire_calls import PageInfo


class ShippedParcel(Struct):
    """The size and weight of a parcel, in the units in which they were recorded."""

    length: Number | None = None
    width: Number | None = None
    height: Number | None = None
    dimUnit: str | None = None
    weight: Number | None = None
    weightUnit: str | None = None


class ShipmentRate(Struct):
    """What is known of the label: the carrier and its service. Crossdock bought no label, so it knows no charges."""

    carrier: str | None = None
    serviceId: str | None = None


class ShipmentMetadatum(Struct):
    name: Annotated[str, Meta(description="orderId or orderNumber.")]
    value: str


class Shipment(Struct, kw_only=True):
    """A package of an order that has left, whoever recorded it."""

    parcel: ShippedParcel | None = None
    metadata: Annotated[list[ShipmentMetadatum], Meta(description="The order of the parcel.")]
    rate: ShipmentRate | None = None
    service: Annotated[str, Meta(description="The service of the carrier.")] | None = None
    shipmentId: Annotated[
        str, Meta(description="Letters and digits of the carrier's name, and 19 digits.", examples=["UPS0914521228495032322"])
    ]  # fmt: skip
    fromAddress: wire.OtherAddress | None = None
    toAddress: wire.OtherAddress | None = None
    parcelTrackingNumber: str | None = None
    status: Annotated[str, Meta(description="Always COMPLETE: the parcel has left.")]


class Shipments(Struct):
    """A page of shipments, the last that left first."""

    data: list[Shipment]
    pageInfo: PageInfo


class Pickups(Struct):
    """A page of pickups; there are none, because Crossdock books none."""

    data: Annotated[list[dict[str, Any]], Meta(max_length=0)]
    pageInfo: PageInfo


class TrackingEvent(Struct):
    """A kind of event of the platform's tracking webhook."""

    eventId: int
    eventName: str


# In the order of the vendor's page about webhooks, which prints the names and no ids.
TRACKING_EVENTS = tuple(
    TrackingEvent(number, name)
    for number, name in enumerate(
        (
            "Manifest", "Acceptance", "InTransit", "DeliveryAttempt", "OutForDelivery", "Delivered", "Exception",
            "ReturnToSender", "ReadyForPickup", "PickupMissed", "PickedUp",
        ),
        1,
    )
)  # fmt: skip
