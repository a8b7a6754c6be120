"""Reports about shipments: tracking by carriers, acknowledgments, gift cards."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from crossdock.core.errors import Fault, NotFound
from crossdock.core.ids import index_key, to_hex24
from crossdock.core.json.strict_json import parse
from crossdock.core.orders.commands import AddNote, RecordReport
from crossdock.core.orders.delivering import RecordTracking
from crossdock.core.orders.fulfillments import Fulfillment
from crossdock.core.time import format_time
from crossdock.doors import Reply, Request, Route, encode_json
from crossdock.doors.fabric import examples_shipments as examples
from crossdock.doors.fabric import shipments
from crossdock.doors.fabric import wire_shipments as wire
from crossdock.doors.fabric.edits import merge
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, faulty, not_found
from crossdock.doors.fabric.routes.common import CONTEXT, paths, read_document
from crossdock.doors.fabric.routes.shipments import (
    Found,
    at,
    attempt,
    change_own,
    documents,
    execute_with,
    find_shipment,
    found_in,
    index_numbers,
    shipment_reply,
)
from crossdock.doors.fabric.shipments import TRACKING
from crossdock.flows import access, catalog, fulfillment

Tree = Any


# -------------------------------------------------------------------------------------------------------------- tracking
async def record_tracking(request: Request) -> Reply:
    """Record a report of a carrier: 200 and an array with the shipments that it is about."""
    body, tree = read_document(request, wire.TrackingDetail)
    named = (tree.get("notes") or {}).get("trackingNumber")
    numbers = [each for each in (body.eventId, named) if isinstance(each, str) and each]
    if not numbers:
        raise faulty(Fault(("eventId",), "or notes.trackingNumber is required, to find the shipment"))

    async def track() -> Reply:
        found = await _tracked(request, numbers)
        if not found:
            raise not_found("object")
        changed = [await _track(request, each, body, tree, numbers) for each in found]
        return Reply(200, encode_json(await documents(request, changed)))

    return await attempt(track)


async def _tracked(request: Request, numbers: Sequence[str]) -> list[Found]:
    """Find the shipments that a report is about: by an earlier event, by the tracking number, by the number in its notes."""
    context, caller = request.context, request.caller
    for number in numbers:
        entries = await catalog.find(context, caller, kind=TRACKING, keys=[index_key(number)])
        if entries:
            return [await find_shipment(request, each) for each in parse(entries[0].document)["shipments"]]
        try:
            order = await fulfillment.order_of(context, caller, part="package", value=number)
        except NotFound:
            continue
        return [Found(order, each) for each in order.fulfillments if any(one.number == number for one in each.packages)]
    return []


async def _track(
    request: Request, found: Found, body: wire.TrackingDetail, tree: Tree, numbers: Sequence[str]
) -> Found:
    """Record a report on the cartons of a shipment that have the number; on all where none has it."""
    (document,) = await documents(request, [found])
    shown = [each["trackingNumber"] for each in document["cartons"]]
    packages = [each for each in found.part.packages if each.shipped]
    mine = [
        each for each, number in zip(packages, shown, strict=False) if {number, each.number} & {*numbers}
    ] or packages
    commands = [
        RecordTracking(
            order_id=found.order.order_id, package_id=each.package_id, status=shipments.delivery_status(body.event),
            reported_at=at(body.timestamp) or request.context.clock(), place=body.location or None, text=body.event,
        )
        for each in mine
    ]  # fmt: skip
    detail = {name: tree.get(name) for name in wire.TrackingDetail.__struct_fields__} | tree
    keys = [to_hex24(each.package_id or 0) for each in mine]

    def add(stored: dict[str, Tree]) -> dict[str, Tree]:
        cartons = stored.get("packages", {})
        for key in keys:
            carton = cartons.get(key, {})
            known = carton.get("trackingDetails") or []
            if detail not in known:
                cartons = cartons | {key: carton | {"trackingDetails": [*known, detail]}}
        return stored | {"packages": cartons}

    async def store(tx: Any) -> None:
        await change_own(tx, request, found.part.fulfillment_id, add)
        await index_numbers(tx, request, found.part.fulfillment_id, [body.eventId])

    changes = await execute_with(request, commands, store)
    return found_in(changes[-1].order if changes else found.order, found.part.fulfillment_id)


# ------------------------------------------------------------------------------------------- acknowledgment, gift cards
async def acknowledge(request: Request) -> Reply:
    """Record that the tracking of a shipment was set up: 200 and the shipment."""
    body, tree = read_document(request, wire.ShipmentAcknowledgment)
    return await attempt(lambda: _acknowledge(request, body, tree))


async def _acknowledge(request: Request, body: wire.ShipmentAcknowledgment, tree: Tree) -> Reply:
    found = await find_shipment(request, body.shipmentId)
    command = RecordReport(
        order_id=found.order.order_id, text=shipments.ACKNOWLEDGED, topic=shipments.ACKNOWLEDGED, data=tree
    )

    async def store(tx: Any) -> None:
        if body.attributes:
            await change_own(
                tx, request, found.part.fulfillment_id,
                lambda stored: stored | {"attributes": merge(stored.get("attributes") or {}, tree["attributes"])},
            )  # fmt: skip

    (change,) = await execute_with(request, [command], store)
    return await shipment_reply(request, change.order, found.part.fulfillment_id)


def _gift_card_call(
    topic: str, fields: Callable[[Tree, str], dict[str, Tree]]
) -> Callable[[Request], Awaitable[Reply]]:
    """Build the handler of a call about gift cards; `fields` makes what is set of a card sent at a time."""

    async def handle(request: Request) -> Reply:
        body, tree = read_document(request, wire.GiftCards)
        return await attempt(lambda: change_cards(request, body, tree))

    async def change_cards(request: Request, body: wire.GiftCards, tree: Tree) -> Reply:
        found = await find_shipment(request, body.shipmentId)
        (document,) = await documents(request, [found])
        places = {
            item["lineItemId"]: key
            for key, carton in zip(_package_keys(found.part), document["cartons"], strict=False)
            for item in carton["items"]
        }
        faults = [
            Fault(("items", place, "lineItemId"), "is not a line of the shipment")
            for place, item in enumerate(body.items)
            if item.lineItemId not in places
        ]
        if faults:
            raise faulty(*faults)
        now = format_time(request.context.clock())
        note = AddNote(order_id=found.order.order_id, text=topic, topic=topic, data=tree)

        async def store(tx: Any) -> None:
            await change_own(
                tx, request, found.part.fulfillment_id, lambda stored: _with_cards(stored, tree, places, fields, now)
            )

        (change,) = await execute_with(request, [note], store)
        return await shipment_reply(request, change.order, found.part.fulfillment_id)

    return handle


def _package_keys(part: Fulfillment) -> list[str]:
    packages = [each for each in part.packages if each.shipped or part.kind == "pickup"]
    return [to_hex24(each.package_id or 0) for each in packages] or [to_hex24(part.fulfillment_id)]


def _with_cards(
    stored: dict[str, Tree],
    tree: Tree,
    places: Mapping[str, str],
    fields: Callable[[Tree, str], dict[str, Tree]],
    now: str,
) -> dict[str, Tree]:
    """Return the stored document with the state of gift cards, which are found by their number, or added."""
    cartons = dict(stored.get("packages", {}))
    for sent in tree["items"]:
        line_id = sent["lineItemId"]
        carton = cartons.get(places[line_id], {})
        item = carton.get("items", {}).get(line_id, {})
        cards = {card["giftCardNum"]: card for card in item.get("giftCard", [])}
        for card in sent["giftCard"]:
            cards[card["giftCardNum"]] = cards.get(card["giftCardNum"], {}) | card | fields(card, now)
        item = item | {"giftCard": list(cards.values())}
        cartons[places[line_id]] = carton | {"items": carton.get("items", {}) | {line_id: item}}
    return stored | {"packages": cartons}


activate_gift_cards = _gift_card_call(
    shipments.GIFT_CARDS,
    lambda card, now: {
        "giftCardStatus": card.get("giftCardStatus") or "PENDING_ACTIVATION", "giftCardActiveRequestDate": now,
    },
)  # fmt: skip
acknowledge_gift_cards = _gift_card_call(
    shipments.GIFT_CARDS_ACTIVE,
    lambda card, now: {"giftCardStatus": card.get("giftCardStatus") or "ACTIVE", "giftCardActiveDate": now},
)


# ---------------------------------------------------------------------------------------------------------------- routes
_ANSWERS: dict[int, Any] = {200: wire.Shipment, **ERRORS, **LARGE, **ABSENT}
ROUTES = (
    Route(
        "POST", paths("/shipment/tracking"), record_tracking, access.WRITE, "recordTracking", "Record a report of a carrier",
        request=wire.TrackingDetail, answers=_ANSWERS | {200: {"type": "array", "items": wire.Shipment}}, parameters=(CONTEXT,),
        description=(
            "Adds the report to the shipments with a carton whose tracking number is the `eventId`, or that had an event with "
            "it, or whose number is `notes.trackingNumber`. An event that says `delivered` delivers the carton."
        ),
        examples={"request": examples.TRACKING, 200: [examples.TRACKED], 404: examples.NO_OBJECT},
    ),
    Route(
        "POST", paths("/shipment/gift-card/activation"), activate_gift_cards, access.WRITE, "activateGiftCards",
        "Ask for the activation of gift cards",
        request=wire.GiftCards, answers=_ANSWERS, parameters=(CONTEXT,),
        description="Stores the gift cards of shipped lines as waiting for their activation, and sends GIFTCARD_ACTIVATE.",
        examples={"request": examples.GIFT_CARDS, 200: examples.GIFT_CARDS_REQUESTED, 404: examples.NO_OBJECT},
    ),
    Route(
        "POST", paths("/shipment/gift-card/activation-acknowledge"), acknowledge_gift_cards, access.WRITE,
        "acknowledgeGiftCards", "Record that gift cards were activated",
        request=wire.GiftCards, answers=_ANSWERS, parameters=(CONTEXT,),
        description="Stores the gift cards of shipped lines as active.",
        examples={"request": examples.GIFT_CARDS, 200: examples.GIFT_CARDS_ACTIVE, 404: examples.NO_OBJECT},
    ),
    Route(
        "POST", paths("/shipment/acknowledge"), acknowledge, access.WRITE, "acknowledgeShipment",
        "Record that the tracking of a shipment was set up",
        request=wire.ShipmentAcknowledgment, answers=_ANSWERS,
        description="Adds an audit entry to the order, once, and the attributes to the shipment.",
        examples={"request": examples.ACKNOWLEDGE, 200: examples.SHIPMENT, 404: examples.NO_OBJECT},
    ),
)  # fmt: skip
