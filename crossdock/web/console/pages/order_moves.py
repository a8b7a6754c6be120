"""The forms of an order that choose locations and ship: allocate, move, give back, create a fulfillment, ship."""

from crossdock.core.ids import from_base32, to_base32
from crossdock.core.orders.allocating import AllocateOrder, DeallocateOrder, ReallocateOrder
from crossdock.core.orders.commands import Command
from crossdock.core.orders.fulfilling import CreateFulfillment
from crossdock.core.orders.model import Order
from crossdock.core.orders.shipping import ShipUnits
from crossdock.web.console.pages.order_fields import (
    MAX_URL,
    Field,
    Subject,
    Typed,
    location_field,
    read_location,
    reason_field,
    text_field,
    units_field,
)
from crossdock.web.console.pages.order_words import units_text


# --------------------------------------------------------------------------------------------------------------- allocation
def allocate_fields(subject: Subject) -> list[Field]:
    request, order, t = subject.request, subject.order, subject.request.t
    limits = [line.unallocated for line in order.counters]
    return [
        location_field(request, subject.locations, empty=t("Where the rules say")),
        units_field(request, order, t("Units"), limits, hint=t("None: all that are not allocated.")),
        reason_field(request),
    ]


def allocate(subject: Subject, typed: Typed) -> Command:
    return AllocateOrder(
        **subject.base,
        lines=typed.units(subject.order),
        location_ref=read_location(subject, typed),
        reason=typed.reason(),
    )


def _open_allocations(subject: Subject, label: str) -> Field:
    request, order = subject.request, subject.order
    options = tuple(
        (
            to_base32(each.allocation_id),
            f"{each.location}: " + units_text(request, ((part.line, part.open) for part in each.units if part.open), order),
        )
        for each in order.allocations
        if each.is_open
    )  # fmt: skip
    chosen = tuple(request.form_lists.get("allocations", [] if request.form else [value for value, _ in options]))
    return Field("allocations", label, "checks", options=options, chosen=chosen)


def _chosen_allocations(typed: Typed) -> tuple[int, ...]:
    chosen = tuple(from_base32(each) or 0 for each in typed.choices("allocations"))
    if not chosen:
        typed.faults["allocations"] = typed.request.t("Choose at least one.")
    return chosen


def reallocate_fields(subject: Subject) -> list[Field]:
    request, t = subject.request, subject.request.t
    return [
        _open_allocations(subject, t("What to move")),
        location_field(request, subject.locations, empty=t("Where the rules say, but nowhere it is now")),
        reason_field(request),
    ]


def reallocate(subject: Subject, typed: Typed) -> Command:
    location = read_location(subject, typed)
    return ReallocateOrder(
        **subject.base,
        allocations=_chosen_allocations(typed),
        only=(location,) if location else (),
        reason=typed.reason(),
    )


def deallocate_fields(subject: Subject) -> list[Field]:
    return [_open_allocations(subject, subject.request.t("What to give back")), reason_field(subject.request)]


def deallocate(subject: Subject, typed: Typed) -> Command:
    return DeallocateOrder(**subject.base, allocations=_chosen_allocations(typed), reason=typed.reason())


# -------------------------------------------------------------------------------------------------------- fulfillment, shipping
def _places(order: Order) -> list[str]:
    """Return where open units of an order are."""
    places = [each.location for each in order.fulfillments if each.is_open]
    places += [each.location for each in order.allocations if each.is_open]
    return list(dict.fromkeys(places))


def fulfill_fields(subject: Subject) -> list[Field]:
    request, order, t = subject.request, subject.order, subject.request.t
    place = next(iter(_places(order)), "")
    kinds = (("ship", t("It is shipped")), ("pickup", t("The customer fetches it")))
    return [
        location_field(request, subject.locations, value=place),
        Field("kind", t("How the customer gets it"), "select", request.form.get("kind", "ship"), options=kinds),
        units_field(request, order, t("Units"), [line.open for line in order.counters],
                    hint=t("None: all that are allocated to the location, or all that are open.")),
        reason_field(request),
    ]  # fmt: skip


def fulfill(subject: Subject, typed: Typed) -> Command:
    kind = typed.choice("kind", ("ship", "pickup")) or "ship"
    return CreateFulfillment(
        **subject.base, location_ref=read_location(subject, typed, required=True) or "", new_id=subject.new_id,
        lines=typed.units(subject.order), kind="pickup" if kind == "pickup" else "ship", reason=typed.reason(),
    )  # fmt: skip


def ship_fields(subject: Subject) -> list[Field]:
    request, order, t = subject.request, subject.order, subject.request.t
    places = _places(order)
    shipping = order.content.shipping
    carriers = ("UPS", "FedEx", "DHL", "USPS", "Canada Post", "La Poste", "SF Express")
    return [
        location_field(
            request, subject.locations, empty=t("Where it is allocated"), value=places[0] if len(places) == 1 else ""
        ),
        text_field(request, "carrier", t("Carrier"), shipping.carrier if shipping else None, suggestions=carriers),
        text_field(request, "service", t("Service"), shipping.service if shipping else None),
        text_field(request, "tracking_number", t("Tracking number")),
        text_field(request, "tracking_url", t("Tracking link")),
        units_field(request, order, t("Units"), [line.open for line in order.counters], hint=t("None: all of the location.")),
        reason_field(request),
    ]  # fmt: skip


def ship(subject: Subject, typed: Typed) -> Command:
    url = typed.text("tracking_url", most=MAX_URL)
    if url is not None and not url.startswith(("http://", "https://")):
        typed.faults["tracking_url"] = typed.request.t("Write an address that begins with https://.")
    return ShipUnits(
        **subject.base, new_id=subject.new_id, location_ref=read_location(subject, typed), lines=typed.units(subject.order),
        carrier=typed.text("carrier", most=200), service=typed.text("service", most=200),
        number=typed.text("tracking_number", most=200), url=url, reason=typed.reason(),
    )  # fmt: skip
