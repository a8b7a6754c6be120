"""Shipments: create, read, search and change them, record tracking, ship again, activate gift cards."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from crossdock.core.errors import Code, Conflict, Fault, NotFound
from crossdock.core.ids import from_hex24, index_key, to_hex24
from crossdock.core.json.strict_json import parse
from crossdock.core.orders.allocations import Allocation
from crossdock.core.orders.commands import Command
from crossdock.core.orders.delivering import MakeReady, RecordTracking, ReshipPackage
from crossdock.core.orders.fulfilling import CancelFulfillment, CreateFulfillment, PackUnits, PickUnits, ShipFulfillment
from crossdock.core.orders.fulfillments import DeliveryStatus, Fulfillment, Package
from crossdock.core.orders.model import Order, line_ids
from crossdock.doors import Reply, Request, Route, encode_json, in_one_view, json_reply
from crossdock.doors.fabric import examples_shipments as examples
from crossdock.doors.fabric import shipments, wire_calls
from crossdock.doors.fabric import wire_shipments as wire
from crossdock.doors.fabric.documents import DocumentSearch, query_rule
from crossdock.doors.fabric.edits import merge
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, faulty, not_found
from crossdock.doors.fabric.responses import DOOR
from crossdock.doors.fabric.routes.common import CONTEXT, paths, read_body, read_document
from crossdock.doors.fabric.search_filters import moment
from crossdock.doors.fabric.shipments import KIND, NUMBERS, TRACKING, Source
from crossdock.flows import access, catalog, fulfillment, locations
from crossdock.flows import allocations as flow_allocations
from crossdock.flows.catalog import Draft
from crossdock.flows.execute import Change, execute

Tree = Any
MAX_EXAMINED = 2_000  # shipments of one search
_BATCH, _ATTEMPTS = 100, 5
_NEWEST = 2**63 - 1
_CREATED = {"SHIPMENT_CREATED", "SHIPPED", "PICKUP_CREATED", "PICKUP_COMPLETED", ""}


class Found:
    """A shipment with its order."""

    def __init__(self, order: Order, part: Fulfillment) -> None:
        self.order, self.part = order, part


def _unknown(what: str = "shipment") -> NotFound:
    return not_found(what)


async def attempt(build: Callable[[], Awaitable[Reply]]) -> Reply:
    """Do a call again that another change of the order came before, on the order as it is then."""
    for _ in range(_ATTEMPTS):
        try:
            return await build()
        except Conflict as refusal:
            if refusal.code is not Code.STALE_VERSION:
                raise
    return await build()


def at(text: str | None) -> int | None:
    """Read a time of a body, microseconds since 1970 UTC."""
    return moment(text) if text else None


# --------------------------------------------------------------------------------------------------------------- reading
async def find_shipment(request: Request, text: str, what: str = "object") -> Found:
    """Read a shipment by the id that this door gave it."""
    shipment_id = from_hex24(text)
    try:
        order = await fulfillment.order_of(request.context, request.caller, part="fulfillment", value=shipment_id)
    except NotFound:
        raise _unknown(what) from None
    return found_in(order, shipment_id)


def found_in(order: Order, shipment_id: int | None) -> Found:
    """Return a shipment of an order."""
    return Found(order, next(each for each in order.fulfillments if each.fulfillment_id == shipment_id))


async def documents(request: Request, found: Sequence[Found]) -> list[dict[str, Tree]]:
    """Render shipments."""
    if not found:
        return []
    context, caller = request.context, request.caller
    described = await flow_allocations.describe(context, caller, [each.order for each in found], door=DOOR)
    codes = sorted({each.part.location for each in found})
    types = {one.location.code: one.location.type for one in await locations.find(context, caller, codes)}
    keys = [to_hex24(each.part.fulfillment_id) for each in found]
    stored = {one.key: parse(one.document) for one in await catalog.find(context, caller, kind=KIND, keys=keys)}
    rendered = []
    for each, key in zip(found, keys, strict=True):
        one = described[each.order.order_id]
        source = Source(each.order, one.document, one.history, types.get(each.part.location), stored.get(key, {}))
        rendered.append(shipments.shipment_document(each.part, source))
    return rendered


async def shipment_reply(request: Request, order: Order, shipment_id: int | None) -> Reply:
    (document,) = await documents(request, [found_in(order, shipment_id)])
    return json_reply(200, document, order_id=order.order_id)


@in_one_view
async def get_shipment(request: Request) -> Reply:
    """Read a shipment."""
    found = await find_shipment(request, request.params["shipmentId"])
    (document,) = await documents(request, [found])
    return json_reply(200, document, order_id=found.order.order_id)


@in_one_view
async def query_shipments(request: Request) -> Reply:
    """Search shipments: 200 and a page; 404 where it is empty."""
    body = read_body(request, wire_calls.QueryRequest, query_rule(wire.Shipment))
    search = DocumentSearch(body, sort_by="updatedAt", ascending=False)
    rendered = await newest_documents(request, search.filters)
    page, count = search.page(reversed(rendered) if search.ascending else rendered)
    if not page:
        raise _unknown("shipments")
    return json_reply(200, {"count": count, "limit": search.limit, "offset": search.offset, "shipments": page})


async def newest_documents(request: Request, filters: Mapping[str, Tree]) -> list[dict[str, Tree]]:
    """Return the newest shipments that may match filters, newest first."""
    candidates = await _candidates(request, filters)
    rendered: list[dict[str, Tree]] = []
    for start in range(0, len(candidates), _BATCH):
        rendered += await documents(request, candidates[start : start + _BATCH])
    return rendered


async def _candidates(request: Request, filters: Mapping[str, Tree]) -> list[Found]:
    if isinstance(one := filters.get("shipmentId"), str) and "*" not in one:
        try:
            return [await find_shipment(request, one)]
        except NotFound:
            return []
    place = filters.get("locationNum")
    location = place if isinstance(place, str) and "*" not in place else None
    found: list[Found] = []
    before = _NEWEST
    while len(found) < MAX_EXAMINED:
        page = await fulfillment.page(
            request.context, request.caller, part="fulfillment", before=before, limit=_BATCH, location=location
        )
        parts = [each.part for each in page if isinstance(each.part, Fulfillment)]
        found += [
            Found(each.order, each.part)
            for each in page
            if isinstance(each.part, Fulfillment) and shipments.is_shipment(each.part)
        ]
        if len(page) < _BATCH:
            break
        before = parts[-1].fulfillment_id
    return found[:MAX_EXAMINED]


# ---------------------------------------------------------------------------------------------------------------- create
async def create_shipment(request: Request) -> Reply:
    """Ship units of an allocation, or get a pickup ready: 200 and the shipment."""
    body, tree = read_document(request, wire.ShipmentCreate, _create_faults)
    return await attempt(lambda: _create(request, body, tree))


def _create_faults(tree: Tree) -> list[Fault]:
    """Check that there is something to ship, and that the status belongs to the type."""
    if not isinstance(tree, dict):
        return []
    faults = []
    if not tree.get("cartons") and not tree.get("scratchedItems"):
        faults.append(Fault(("cartons",), "must have a carton, or scratchedItems an item"))
    if tree.get("type") == "RETURN":
        faults.append(Fault(("type",), "must not be RETURN: returns are requested at order/returns"))
    code = tree.get("statusCode") or ""
    if isinstance(code, str):
        if code not in _CREATED:
            faults.append(Fault(("statusCode",), "must be SHIPMENT_CREATED, PICKUP_CREATED or PICKUP_COMPLETED"))
        elif code.startswith("PICKUP") != (tree.get("type") == "PICKUP") and code:
            faults.append(Fault(("statusCode",), "must be one of the type: PICKUP_… for PICKUP only"))
    return faults


async def _allocation(request: Request, text: str) -> tuple[Order, Allocation]:
    allocation_id = from_hex24(text)
    try:
        order = await flow_allocations.order_of_allocation(request.context, request.caller, allocation_id)
    except NotFound:
        raise _unknown() from None
    return order, flow_allocations.allocation_of(order, allocation_id or 0)


async def _create(request: Request, body: wire.ShipmentCreate, tree: Tree) -> Reply:
    order, allocation = await _allocation(request, body.allocationId)
    if faults := _unit_faults(body, order, allocation):
        raise faulty(*faults)
    new_id = fulfillment.new_ids(request.context)
    shipment_id, packages = new_id(), _packages(body, order, new_id)
    commands = _commands(body, order, allocation, packages, shipment_id)
    own = _stored(tree, packages, order)
    numbers = [each.number for each in packages]
    changes = await _execute_and_store(request, commands, shipment_id, body.shipmentNum, own, numbers)
    return await shipment_reply(request, changes[-1].order, shipment_id)


def _unit_faults(body: wire.ShipmentCreate, order: Order, allocation: Allocation) -> list[Fault]:
    """Check that all units are open in the allocation, and that ids in the body are its."""
    ids = line_ids(order.content.lines)
    left: dict[str, int] = {}
    for part in allocation.units:
        if part.line >= 0:
            left[ids[part.line]] = left.get(ids[part.line], 0) + part.open
    rows: list[tuple[tuple[str | int, ...], Any, int, str]] = [
        (("cartons", at_carton, "items", place), item, item.shippedQuantity, "shippedQuantity")
        for at_carton, carton in enumerate(body.cartons or ())
        for place, item in enumerate(carton.items)
    ]
    rows += [
        (("scratchedItems", place), item, item.quantity, "quantity")
        for place, item in enumerate(body.scratchedItems or ())
    ]
    faults, used = [], dict.fromkeys(left, 0)
    for path, each, quantity, name in rows:
        faults += _item_faults(path, each, order)
        if each.lineItemId not in left:
            faults.append(Fault((*path, "lineItemId"), "is not a line of the allocation"))
            continue
        used[each.lineItemId] += quantity
        if used[each.lineItemId] > (most := left[each.lineItemId]):
            faults.append(Fault((*path, name), f"must be at most {most} in all, which are left of the allocation"))
    if body.locationNum and body.locationNum != allocation.location:
        faults.append(Fault(("locationNum",), f"must be {allocation.location}, where the units are allocated"))
    return faults


def _item_faults(path: tuple[str | int, ...], item: Tree, order: Order) -> list[Fault]:
    """Check the ids of an item that follow from its line."""
    known = {"orderId": to_hex24(order.order_id), "orderNumber": order.content.number}
    return [
        Fault((*path, name), f"must be {value}, that of the line's order")
        for name, value in known.items()
        if getattr(item, name, None) not in (None, "", value)
    ]


def _packages(body: wire.ShipmentCreate, order: Order, new_id: Callable[[], int]) -> tuple[Package, ...]:
    places = {line_id: place for place, line_id in enumerate(line_ids(order.content.lines))}
    packages = []
    for carton in body.cartons or ():
        units: dict[int, int] = {}
        for item in carton.items:
            units[places[item.lineItemId]] = units.get(places[item.lineItemId], 0) + item.shippedQuantity
        packages.append(
            Package(
                tuple(sorted(units.items())), carton.shipmentCarrier or None, carton.shipmentMethod or None,
                carton.trackingNumber or body.masterTrackingNumber or None, carton.trackingURL or None, new_id(),
            )
        )  # fmt: skip
    return tuple(packages)


def _commands(
    body: wire.ShipmentCreate, order: Order, allocation: Allocation, packages: tuple[Package, ...], shipment_id: int
) -> list[Command]:
    """Build the commands of a shipment; they are decided on the order as it was read, or not at all."""
    places = {line_id: place for place, line_id in enumerate(line_ids(order.content.lines))}
    short: dict[int, int] = {}
    for item in body.scratchedItems or ():
        short[places[item.lineItemId]] = short.get(places[item.lineItemId], 0) + item.quantity
    shipped: dict[int, int] = {}
    for package in packages:
        for line, quantity in package.lines:
            shipped[line] = shipped.get(line, 0) + quantity
    order_id, is_pickup = order.order_id, body.type == "PICKUP"
    lines = {line: shipped.get(line, 0) + short.get(line, 0) for line in sorted({*shipped, *short})}
    commands: list[Command] = [
        CreateFulfillment(
            order_id=order_id, version=order.version, location_ref=allocation.location, new_id=lambda: shipment_id,
            lines=lines, kind="pickup" if is_pickup else "ship", reference=body.shipmentNum or None,
        )
    ]  # fmt: skip
    if short:
        reason = next((each.reasonCode for each in body.scratchedItems or () if each.reasonCode), None)
        commands.append(
            PickUnits(order_id=order_id, fulfillment_id=shipment_id, lines=shipped, short=short, reason=reason)
        )
    if not packages:
        return commands
    if is_pickup and body.statusCode != "PICKUP_COMPLETED":
        return [
            *commands,
            PackUnits(order_id=order_id, fulfillment_id=shipment_id, packages=packages, new_id=_no_id),
            MakeReady(order_id=order_id, fulfillment_id=shipment_id),
        ]
    ship = ShipFulfillment(
        order_id=order_id, fulfillment_id=shipment_id, packages=packages, new_id=_no_id, at=at(body.shipDate)
    )
    return [*commands, ship]


def _no_id() -> int:
    raise AssertionError("all packages have ids")


_DERIVED = frozenset(
    {"shipmentId", "shipmentNum", "invoiceId", "allocationId", "orderNumber", "statusCode", "type", "shipDate", "locationNum",
     "locationType", "shipToId", "cartons", "scratchedItems", "createdAt", "updatedAt", "auditLogs", "packages"}
)  # fmt: skip


def _stored(tree: Tree, packages: Sequence[Package], order: Order) -> dict[str, Tree]:
    """Return what a body says that the fulfillment does not."""
    own = {name: value for name, value in tree.items() if name not in _DERIVED and value is not None}
    cartons = {
        to_hex24(package.package_id or 0): shipments.stored_carton(carton)
        for package, carton in zip(packages, tree.get("cartons") or (), strict=False)
    }
    scratched = [
        dict.fromkeys(wire.ScratchedItem.__struct_fields__)
        | {"orderId": to_hex24(order.order_id), "attributes": {}}
        | {name: value for name, value in item.items() if value is not None}
        for item in tree.get("scratchedItems") or ()
    ]
    return own | ({"packages": cartons} if cartons else {}) | ({"scratchedItems": scratched} if scratched else {})


async def execute_with(
    request: Request, commands: Sequence[Command], store: Callable[[Any], Awaitable[None]]
) -> list[Change]:
    """Execute commands, and store documents through `store` in the same transaction: both happen, or nothing."""
    if not commands:
        async with request.context.store.writing() as tx:
            await store(tx)
        return []
    is_stored: list[bool] = []

    async def once(tx: Any, _: Change) -> bytes:
        if not is_stored:
            is_stored.append(True)
            await store(tx)
        return b""

    return await execute(request.context, request.caller, commands, door=DOOR, reply=once)


async def _execute_and_store(
    request: Request,
    commands: Sequence[Command],
    shipment_id: int,
    number: str | None,
    own: dict[str, Tree],
    tracking_numbers: Sequence[str | None],
) -> list[Change]:
    """Execute the commands and store the document in the same transaction; a number that is taken refuses them all."""

    async def store(tx: Any) -> None:
        context, caller, key = request.context, request.caller, to_hex24(shipment_id)
        if number:
            draft = Draft(encode_json({"shipmentId": key}))
            await catalog.add_in(tx, context, caller, kind=NUMBERS, key=index_key(number), draft=draft)
        await catalog.add_in(tx, context, caller, kind=KIND, key=key, draft=Draft(encode_json(own)))
        await index_numbers(tx, request, shipment_id, tracking_numbers)

    try:
        return await execute_with(request, commands, store)
    except Conflict as refusal:
        if refusal.code is Code.EXISTS:
            raise faulty(Fault(("shipmentNum",), "is that of another shipment")) from None
        raise


async def index_numbers(tx: Any, request: Request, shipment_id: int, numbers: Sequence[str | None]) -> None:
    """Remember which shipments have a tracking number, or a carrier's event id, so that reports are matched to them."""
    shipment = to_hex24(shipment_id)

    def make(before: Any) -> Draft:
        known = [] if before is None else parse(before.document)["shipments"]
        return Draft(encode_json({"shipments": list(dict.fromkeys([*known, shipment]))}))

    for key in sorted({index_key(each) for each in numbers if each}):  # sorted: two calls never wait for each other
        await catalog.put_in(tx, request.context, request.caller, kind=TRACKING, key=key, make=make)


# ---------------------------------------------------------------------------------------------------------------- reship
async def reship(request: Request) -> Reply:
    """Ship the units of a carton once more: 200 and the new shipment."""
    body, tree = read_document(request, wire.ShipmentCreate, _reship_faults)
    return await attempt(lambda: _reship(request, body, tree))


def _reship_faults(tree: Tree) -> list[Fault]:
    """Check that there is one carton: a reshipment replaces one."""
    cartons = tree.get("cartons") if isinstance(tree, dict) else []
    if isinstance(cartons, list) and len(cartons) == 1:
        return []
    return [Fault(("cartons",), "must have exactly one carton, which replaces one that was shipped")]


async def _reship(request: Request, body: wire.ShipmentCreate, tree: Tree) -> Reply:
    order, allocation = await _allocation(request, body.allocationId)
    ids = line_ids(order.content.lines)
    (carton,) = body.cartons or [wire.CartonCreate(items=[])]
    faults = [
        Fault(("cartons", 0, "items", place, "lineItemId"), "is not a line of the order")
        for place, item in enumerate(carton.items)
        if item.lineItemId not in ids
    ]
    if faults:
        raise faulty(*faults)
    new_id = fulfillment.new_ids(request.context)
    package_id, shipment_id = new_id(), new_id()
    (sent,) = _packages(body, order, lambda: package_id)
    before = _replaced(order, allocation, dict(sent.lines))
    if before is None:
        raise faulty(Fault(("cartons", 0, "items"), "are not in one carton that was shipped of the allocation"))
    numbers = iter((package_id, shipment_id))  # the package's id is made first
    command = ReshipPackage(
        order_id=order.order_id, version=order.version, package_id=before, new_id=lambda: next(numbers),
        lines=dict(sent.lines), location_ref=body.locationNum or None, carrier=sent.carrier, service=sent.service,
        number=sent.number, url=sent.url, reason=body.reshipmentReasonCode or None,
    )  # fmt: skip
    own = _stored(tree, [sent], order) | ({"shipmentNum": body.shipmentNum} if body.shipmentNum else {})
    changes = await _execute_and_store(request, [command], shipment_id, body.shipmentNum, own, [sent.number])
    return await shipment_reply(request, changes[-1].order, shipment_id)


def _replaced(order: Order, allocation: Allocation, units: Mapping[int, int]) -> int | None:
    """Choose the carton that a reshipment replaces: one of the allocation's location with these units, of several one that did
    not arrive, and was not replaced before."""
    replaced = {each.reships for each in order.fulfillments}
    found = [
        (package.package_id in replaced, package.is_delivered, package.package_id)
        for each in order.fulfillments
        if each.location == allocation.location and each.kind != "reship"
        for package in each.packages
        if package.shipped and all(dict(package.lines).get(line, 0) >= quantity for line, quantity in units.items())
    ]
    return min(found)[2] if found else None


# ---------------------------------------------------------------------------------------------------------------- update
async def update_shipment(request: Request) -> Reply:
    """Store the details of a shipment, and take over its status: 200 and the shipment."""
    body, tree = read_document(request, wire.ShipmentUpdate)
    return await attempt(lambda: _update(request, body, tree))


async def _update(request: Request, body: wire.ShipmentUpdate, tree: Tree) -> Reply:
    found = await find_shipment(request, request.params["shipmentId"])
    (before,) = await documents(request, [found])
    if faults := _update_faults(tree, before):
        raise faulty(*faults)
    command = _status_command(found, body.statusCode or before["statusCode"], before)
    shipment_id = found.part.fulfillment_id
    packages = [each for each in found.part.packages if each.package_id is not None]
    own = _stored(tree, packages, found.order)
    if tree.get("shipmentNum") not in (None, found.part.reference):
        own["shipmentNum"] = tree["shipmentNum"]
    numbers = [each.get("trackingNumber") for each in tree.get("cartons") or ()]

    async def store(tx: Any) -> None:
        await change_own(tx, request, shipment_id, lambda stored: _merged(stored, own))
        await index_numbers(tx, request, shipment_id, numbers)

    changes = await execute_with(request, command, store)
    return await shipment_reply(request, changes[-1].order if changes else found.order, shipment_id)


def _merged(stored: dict[str, Tree], own: dict[str, Tree]) -> dict[str, Tree]:
    """Replace the fields of the stored document; those of cartons and items one by one."""
    packages = merge(stored.get("packages") or {}, own.get("packages") or {})
    return stored | own | ({"packages": packages} if packages else {})


async def change_own(
    tx: Any, request: Request, shipment_id: int, make: Callable[[dict[str, Tree]], dict[str, Tree]]
) -> None:
    """Change the stored document of a shipment in a transaction."""
    await catalog.put_in(
        tx, request.context, request.caller, kind=KIND, key=to_hex24(shipment_id),
        make=lambda stored: Draft(encode_json(make({} if stored is None else parse(stored.document)))),
    )  # fmt: skip


def _update_faults(tree: Tree, before: dict[str, Tree]) -> list[Fault]:
    """Check that a body is about this shipment, with the items that it has."""
    faults = [
        Fault((name,), f"must be {before[name]}, as it was shipped")
        for name in ("shipmentId", "allocationId", "locationNum", "type")
        if tree.get(name) not in (None, "", before[name])
    ]
    cartons = tree.get("cartons")
    if cartons is None:
        return faults
    if len(cartons) != len(before["cartons"]):
        return [*faults, Fault(("cartons",), f"must have {len(before['cartons'])} cartons, as they were shipped")]
    for place, (sent, known) in enumerate(zip(cartons, before["cartons"], strict=True)):
        units = {each["lineItemId"]: each["shippedQuantity"] for each in known["items"]}
        faults += [
            Fault(("cartons", place, "items", at_item, "shippedQuantity"), "must be as it was shipped")
            for at_item, row in enumerate(sent.get("items") or ())
            if row.get("shippedQuantity") not in (None, units.get(row["lineItemId"]))
        ]
    return faults


def _status_command(found: Found, code: str, before: dict[str, Tree]) -> list[Command]:
    """Build the commands that lead to another status."""
    order_id, part, version = found.order.order_id, found.part, found.order.version
    if code == before["statusCode"]:
        return []
    if code == "PICKUP_COMPLETED" and before["statusCode"] == "PICKUP_CREATED":
        return [ShipFulfillment(order_id=order_id, version=version, fulfillment_id=part.fulfillment_id, new_id=_no_id)]
    if code == "SHIPMENT_CANCELLED" and part.is_open:
        return [CancelFulfillment(order_id=order_id, version=version, fulfillment_id=part.fulfillment_id)]
    waiting = [each for each in part.packages if each.shipped and not each.is_delivered]
    if code == "SHIPMENT_DELIVERED" and waiting:
        return [
            RecordTracking(
                order_id=order_id, package_id=each.package_id, status=DeliveryStatus.DELIVERED,
                reported_at=found.order.updated_at, text="delivered",
            )
            for each in waiting
        ]  # fmt: skip
    raise faulty(
        Fault(("statusCode",), f"must be {before['statusCode']}, or one that the shipment can reach from there")
    )


# ---------------------------------------------------------------------------------------------------------------- routes
_ANSWERS: dict[int, Any] = {200: wire.Shipment, **ERRORS, **LARGE, **ABSENT}
_ITEM = paths("/shipment/{shipmentId}")
ROUTES = (
    Route(
        "POST", paths("/shipment/reship"), reship, access.WRITE, "createReshipment", "Ship a carton once more",
        request=wire.ShipmentCreate, answers=_ANSWERS, parameters=(CONTEXT,),
        description="Ships units of a carton that was lost or damaged once more, of the stock of the same or another location.",
        examples={"request": examples.RESHIP, 200: examples.RESHIPPED, 404: examples.NO_SHIPMENT},
    ),
    Route(
        "POST", paths("/shipment/query"), query_shipments, access.READ, "queryShipments", "Search shipments",
        request=wire_calls.QueryRequest, answers=_ANSWERS | {200: wire.ShipmentPage}, parameters=(CONTEXT,),
        description=f"Searches the newest {MAX_EXAMINED} shipments by any field; no match is a 404.",
        examples={"request": examples.QUERY, 200: examples.PAGE, 404: examples.NO_SHIPMENTS},
    ),
    Route(
        "POST", paths("/shipment")[::-1], create_shipment, access.WRITE, "createShipment", "Ship units of an allocation",
        request=wire.ShipmentCreate, answers=_ANSWERS, parameters=(CONTEXT,),
        description=(
            "Ships the units in the cartons from the allocation's location, and gives back the scratched ones, which are then "
            "allocated elsewhere if that is possible. With the type PICKUP they wait for the customer. The invoice follows."
        ),
        examples={"request": examples.CREATE, 200: examples.SHIPMENT, 404: examples.NO_SHIPMENT},
    ),
    Route(
        "GET", _ITEM, get_shipment, access.READ, "getShipment", "Read a shipment",
        answers={200: wire.Shipment, **ERRORS, **ABSENT}, parameters=(CONTEXT,),
        description="Returns the shipment with this id, of an order of any API.",
        examples={200: examples.SHIPMENT, 404: examples.NO_OBJECT},
    ),
    Route(
        "PUT", _ITEM, update_shipment, access.WRITE, "updateShipment", "Change a shipment",
        request=wire.ShipmentUpdate, answers=_ANSWERS, parameters=(CONTEXT,),
        description=(
            "Stores numbers, dates and details of the cartons, in their order. The status can move on; quantities stay."
        ),
        examples={"request": examples.UPDATE, 200: examples.UPDATED, 404: examples.NO_OBJECT},
    ),
)  # fmt: skip
