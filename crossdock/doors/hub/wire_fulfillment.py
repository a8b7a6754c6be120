"""Shapes of the hub's fulfillment: the verbs of fulfillments and packages, tracking, bulk calls; no logic."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from crossdock.core.errors import Fault
from crossdock.core.json.request_body import duplicates_in, objects_in
from crossdock.core.json.validation import rule
from crossdock.core.json.value_types import DateTime
from crossdock.core.orders.fulfillments import DeliveryStatus, Dimensions, Fulfillment, Package
from crossdock.core.orders.model import Order
from crossdock.doors.hub import wire
from crossdock.doors.hub.mapping import format_id, fulfillment_answer
from crossdock.doors.hub.wire import EventAnswer, FulfillmentAnswer, Id, Moved, Reason, Text, about
from crossdock.doors.hub.wire_allocation import CodeOfLocation, UnitsOfLine
from crossdock.doors.hub.wire_catalog import Measure

Tree = Any
MAX_PACKAGES = 1_000  # of one call
MAX_BULK = 200  # fulfillments or reports of one call: each is a change of its own
MAX_URL = 2_000
# A name or a number as others write it: of a carrier, a service, a parcel, a reference.
Label = Annotated[
    str,
    Meta(min_length=1, max_length=200),
    rule("hub_label", lambda text: text == text.strip(), "without blanks around it", pattern=r"^\S([\s\S]*\S)?$"),
]
Url = Annotated[
    str,
    Meta(min_length=1, max_length=MAX_URL),
    rule(
        "hub_link", lambda text: text.startswith(("http://", "https://")), "an http or https address",
        pattern=r"^https?://",
    ),
]  # fmt: skip
Lines = Annotated[list[UnitsOfLine], Meta(min_length=1, max_length=wire.MAX_LINES)]


# ----------------------------------------------------------------------------------------------------------------- packages
class WeightBody(Struct):
    value: Annotated[Measure, about("the number")]
    unit: Annotated[Annotated[str, Meta(min_length=1, max_length=20)], about("the unit, such as `KG`")]


class SizeBody(Struct):
    length: Annotated[Measure, about("the length")]
    width: Annotated[Measure, about("the width")]
    height: Annotated[Measure, about("the height")]
    unit: Annotated[
        Annotated[str, Meta(min_length=1, max_length=20)] | None, about("the unit of all three, such as `MM`")
    ] = None


class Shipment(Struct, kw_only=True):
    """Who carries a package, and how it is followed."""

    carrier: Annotated[Label | None, about("the carrier")] = None
    service: Annotated[Label | None, about("the carrier's service")] = None
    tracking_number: Annotated[Label | None, about("the carrier's number of it")] = None
    tracking_url: Annotated[Url | None, about("where the customer can follow it")] = None


class PackageBody(Shipment, kw_only=True):
    """What leaves in one piece."""

    lines: Annotated[Lines, about("what is in it")]
    weight: Annotated[WeightBody | None, about("the weight")] = None
    size: Annotated[SizeBody | None, about("the dimensions")] = None


Packages = Annotated[list[PackageBody], Meta(min_length=1, max_length=MAX_PACKAGES)]


def to_package(body: PackageBody) -> Package:
    """Make a package of its body."""
    weight, size = body.weight, body.size
    return Package(
        tuple((each.line, each.quantity) for each in body.lines),
        body.carrier,
        body.service,
        body.tracking_number,
        body.tracking_url,
        weight=None if weight is None else (Decimal(weight.value), weight.unit),
        size=None
        if size is None
        else Dimensions(Decimal(size.length), Decimal(size.width), Decimal(size.height), size.unit),
    )


def to_packages(bodies: Sequence[PackageBody] | None) -> tuple[Package, ...]:
    """Make packages of their bodies."""
    return tuple(map(to_package, bodies or ()))


def to_units(lines: Sequence[UnitsOfLine] | None) -> dict[int, int] | None:
    """Return units by line, None where no lines are named."""
    return None if lines is None else {each.line: each.quantity for each in lines}


def line_rules(tree: Tree) -> list[Fault]:
    """A list of lines names each line once."""
    return list(duplicates_in(tree, "lines", "line"))


def package_rules(tree: Tree) -> list[Fault]:
    """A package names each line once."""
    return [
        Fault(("packages", place, *fault.path), fault.reason)
        for place, package in objects_in(tree, "packages")
        for fault in duplicates_in(package, "lines", "line")
    ]


def ship_rules(tree: Tree) -> list[Fault]:
    """Units are named by packages or by lines, each line once."""
    faults = [*line_rules(tree), *package_rules(tree)]
    if isinstance(tree, dict) and tree.get("packages") is not None and tree.get("lines") is not None:
        faults.append(Fault(("lines",), "must not be given together with packages"))
    return faults


# -------------------------------------------------------------------------------------------------------------------- verbs
class CreateFulfillmentBody(Struct, kw_only=True):
    """A fulfillment of an order."""

    order_id: Annotated[Id, about("the order")]
    location: Annotated[CodeOfLocation, about("the location that ships the units")]
    lines: Annotated[
        Lines | None,
        about("units; without it those allocated to the location, or all that are open where nothing is allocated"),
    ] = None
    kind: Annotated[Literal["ship", "pickup"], about("`pickup`: the customer fetches the units at the location")] = (
        "ship"
    )
    reference: Annotated[Label | None, about("the sender's id of it")] = None
    reason: Annotated[Reason | None, about("why, for the log")] = None


class PickBody(Struct, kw_only=True):
    """What was picked; without members everything that is left to pick."""

    lines: Annotated[Lines | None, about("units that were picked; without it all that are left and not short")] = None
    short: Annotated[
        Lines | None,
        about("units that were not found: they are taken out of the fulfillment, and allocated elsewhere if possible"),
    ] = None
    reason: Annotated[Reason | None, about("why, for the log")] = None


class PackBody(Struct, kw_only=True):
    """The packages of a fulfillment, in place of those that have not been shipped."""

    packages: Annotated[Packages, about("the packages")]
    reason: Annotated[Reason | None, about("why, for the log")] = None


class ShipFulfillmentBody(Shipment, kw_only=True):
    """What is shipped: in `packages`, of `lines` in one package, else what is packed, else all in one package.

    Carrier and tracking are for the packages that do not have their own.
    """

    packages: Annotated[Packages | None, about("the packages that leave")] = None
    lines: Annotated[Lines | None, about("units that leave in one package")] = None
    shipped_at: Annotated[DateTime | None, about("when they left; now where it is missing")] = None
    reason: Annotated[Reason | None, about("why, for the log")] = None


class ShipOrderBody(ShipFulfillmentBody, kw_only=True):
    """What of an order is shipped; without members everything that its location has."""

    location: Annotated[
        CodeOfLocation | None, about("the location that ships; required where the order is allocated to several")
    ] = None
    reference: Annotated[Label | None, about("the sender's id of the fulfillment, if one is created")] = None


class CancelFulfillmentBody(Struct, kw_only=True):
    """How what has not shipped is canceled."""

    keep: Annotated[bool, about("`true`: the units stay allocated to the location")] = False
    reason: Annotated[Reason | None, about("why, for the log")] = None


class MoveBody(Struct, kw_only=True):
    """Where what has not shipped is fulfilled instead."""

    location: Annotated[CodeOfLocation, about("the other location")]
    reason: Annotated[Reason | None, about("why, for the log")] = None


class SplitBody(Struct, kw_only=True):
    """What goes into a second fulfillment."""

    lines: Annotated[Lines, about("units that are not packed")]
    reason: Annotated[Reason | None, about("why, for the log")] = None


class MergeBody(Struct, kw_only=True):
    """Which fulfillment is taken into this one."""

    other_id: Annotated[Id, about("a fulfillment of the same order, location and destination, with nothing packed")]
    reason: Annotated[Reason | None, about("why, for the log")] = None


class ReadyBody(Struct, kw_only=True):
    """Until when a pickup waits for the customer."""

    pickup_by: Annotated[DateTime | None, about("until when; then what was not fetched is canceled by itself")] = None
    reason: Annotated[Reason | None, about("why, for the log")] = None


class ReshipBody(Shipment, kw_only=True):
    """What of a package is shipped once more; without members all of it."""

    lines: Annotated[Lines | None, about("units of the package; without it all")] = None
    location: Annotated[CodeOfLocation | None, about("the location that ships; else that of the package")] = None
    reason: Annotated[Reason | None, about("why, for the log")] = None


class FulfillmentChange(Moved):
    """The fulfillment and its order after a call, and the events of it."""

    fulfillment: Annotated[
        FulfillmentAnswer, about("the fulfillment as it is now; of a move or reshipment the new one")
    ]


class FulfillmentDocument(FulfillmentAnswer):
    """A fulfillment with its order."""

    order_id: Annotated[Id, about("the order")]
    order_number: Annotated[str, about("the sender's order number")]
    version: Annotated[int, about("the order's version, also the ETag, for `If-Match` of a change")]


def document_answer(order: Order, fulfillment: Fulfillment) -> dict[str, Tree]:
    """Format a fulfillment with its order."""
    return fulfillment_answer(fulfillment) | {
        "order_id": format_id(order.order_id),
        "order_number": order.content.number,
        "version": order.version,
    }


# --------------------------------------------------------------------------------------------------------------------- bulk
class ShipItem(ShipFulfillmentBody, kw_only=True):
    """A fulfillment that is shipped."""

    id: Annotated[Id, about("the fulfillment")]


class BulkShipBody(Struct, kw_only=True):
    """Fulfillments to ship, each for itself."""

    items: Annotated[Annotated[list[ShipItem], Meta(min_length=1, max_length=MAX_BULK)], about("the fulfillments")]


def bulk_rules(tree: Tree) -> list[Fault]:
    """Each item is sound for itself."""
    return [
        Fault(("items", place, *fault.path), fault.reason)
        for place, item in objects_in(tree, "items")
        for fault in ship_rules(item)
    ]


class TrackingReport(Struct, kw_only=True):
    """What a carrier says of a package, which is found by its id or its tracking number."""

    package_id: Annotated[Id | None, about("the package's id")] = None
    tracking_number: Annotated[
        Label | None, about("the carrier's number; all packages with it, of the newest order")
    ] = None
    status: Annotated[DeliveryStatus, about("where it is")]
    at: Annotated[DateTime | None, about("when that was so; now where it is missing")] = None
    place: Annotated[Label | None, about("the place, such as a city")] = None
    text: Annotated[Text | None, about("the carrier's own words")] = None


class TrackingBody(Struct, kw_only=True):
    """Reports of carriers, each for itself."""

    items: Annotated[Annotated[list[TrackingReport], Meta(min_length=1, max_length=MAX_BULK)], about("the reports")]


def tracking_rules(tree: Tree) -> list[Fault]:
    """A report names its package, by one of two members."""
    faults = []
    for place, item in objects_in(tree, "items"):
        named = [name for name in ("package_id", "tracking_number") if item.get(name) is not None]
        if not named:
            faults.append(Fault(("items", place), "must have package_id or tracking_number"))
        elif len(named) > 1:
            faults.append(Fault(("items", place, "tracking_number"), "must not be given together with package_id"))
    return faults


class FulfillmentResult(Struct):
    """What became of one item: the `events` of it, or the `code` and `detail` of the refusal."""

    id: Annotated[str, about("the id or tracking number that was sent")]
    order_id: Annotated[Id | None, about("the order; null where there is none")]
    status: Annotated[str | None, about("the order's status now; null where the item was refused")]
    version: Annotated[int | None, about("the order's version now; null where the item was refused")]
    events: Annotated[list[EventAnswer], about("what was recorded; none where nothing had to change")]
    code: Annotated[str | None, about("why it was refused: a code on docs/doors/hub.md")]
    detail: Annotated[str | None, about("why it was refused, in words")]


class FulfillmentResults(Struct):
    items: Annotated[list[FulfillmentResult], about("one for each item, in their order")]
