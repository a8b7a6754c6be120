"""One fulfillment, built for a scanner and the keyboard: pick, pack, ship or hand over, guarded by the order's version."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from starlette.responses import Response

from crossdock.core.errors import Code, NotFound
from crossdock.core.ids import from_base32, to_base32
from crossdock.core.orders.commands import Command
from crossdock.core.orders.delivering import MakeReady
from crossdock.core.orders.fulfilling import CancelFulfillment, MoveFulfillment, PackUnits, PickUnits, ShipFulfillment
from crossdock.core.orders.fulfillments import Dimensions, Fulfillment, FulfillmentLine, Package, packed_units
from crossdock.core.orders.model import Address, Order
from crossdock.flows import fulfillment, locations, paper_renderers
from crossdock.flows.access import READ, WRITE
from crossdock.flows.execute import Change
from crossdock.web.console.page import Page, PageRequest
from crossdock.web.console.pages.counting import CountingView, count_scan, is_stale, try_commands
from crossdock.web.console.pages.fulfillment import PATH, SECTION, paper_request, pdf, url_of
from crossdock.web.console.units import Item, Typed, counted_units, items_of

CARRIERS = ("UPS", "FedEx", "USPS", "DHL", "Canada Post", "Purolator", "La Poste", "SF Express")
WEIGHT_UNITS, SIZE_UNITS = ("KG", "G", "LB", "OZ"), ("CM", "MM", "IN")
_MAX_PACKAGES = 20
STEPS = ("pick", "pack", "ship")


class Subject(Struct, frozen=True):
    """The fulfillment of a request: its order, what the order's lines are, and the lines with open units."""

    order: Order
    part: Fulfillment
    items: dict[int, Item]

    @property
    def lines(self) -> list[FulfillmentLine]:
        """The lines with open units that the order still has."""
        return [line for line in self.part.lines if line.open and line.line in self.items]

    @property
    def left(self) -> dict[int, int]:
        """Units to pick, by line."""
        return {line.line: line.unpicked for line in self.lines}

    @property
    def unpacked(self) -> list[Package]:
        """Packages that were not shipped."""
        return [package for package in self.part.packages if not package.shipped]

    @property
    def step(self) -> str:
        """The step that comes next."""
        status = str(self.part.status)
        return {"open": "pick", "picking": "pick", "picked": "pack"}.get(status, "ship")


class View(CountingView, kw_only=True):
    """What is shown besides the fulfillment; `preview` is what would become of missing units."""

    step: str
    preview: Any = None


async def read_subject(request: PageRequest) -> Subject:
    """Read the fulfillment that the path names. Refuses with NotFound."""
    value = from_base32(request.params["id"])
    order = await fulfillment.order_of(request.context, request.caller, part="fulfillment", value=value)
    request.order_id = order.order_id
    part = next(each for each in order.fulfillments if each.fulfillment_id == value)
    return Subject(order, part, await items_of(request, order))


async def show(request: PageRequest) -> Response:
    """Show a fulfillment at the step that comes next, or at the one of the query."""
    subject = await read_subject(request)
    step = request.query.get("step", "")
    return await _page(request, subject, View(step=step if step in STEPS else subject.step))


async def _page(request: PageRequest, subject: Subject, view: View) -> Response:
    order, part = subject.order, subject.part
    others = [each for each in order.fulfillments if each.fulfillment_id != part.fulfillment_id]
    stored, _ = await locations.page(request.context, request.caller, limit=100)
    codes = sorted(each.location.code for each in stored if each.location.code != part.location)
    destinations = order.content.destinations
    destination = destinations[part.destination] if part.destination < len(destinations) else None
    return request.render(
        "fulfillment_work.html", status=view.status, section=SECTION, order=order, part=part, items=subject.items,
        lines=subject.lines, left=subject.left, packed=packed_units(part), packages=_pack_form(subject, view.values),
        view=view, others=others, address=_address_lines((destination.address if destination else None) or order.ship_to),
        places=[(code, code) for code in codes], destination=destination, url=url_of(part.fulfillment_id),
        order_url=f"/console/orders/{to_base32(order.order_id)}", carriers=CARRIERS, weight_units=WEIGHT_UNITS,
        size_units=SIZE_UNITS, unpacked=subject.unpacked, is_held=bool(order.holds), id_of=to_base32,
    )  # fmt: skip


def _address_lines(address: Address | None) -> list[str]:
    """Return what stands on a label, line by line."""
    if address is None:
        return []
    city = " ".join(part for part in (address.postal_code, address.city, address.region) if part)
    parts = (address.name, address.company, *address.lines, city, address.country, address.phone)
    return [part for part in parts if part]


# ------------------------------------------------------------------------------------------------------------ executing
def _view(request: PageRequest, typed: Typed, step: str) -> View:
    return View(step=step, values=request.form, faults=typed.faults)


async def _do(
    request: PageRequest, subject: Subject, command: Command, view: View, typed: Typed, *, text: str,
    names: Mapping[str, Sequence[str]] | None = None,
) -> Response:  # fmt: skip
    """Execute a command and go on to the step that comes next; what is refused is said beside what was typed."""
    done = await try_commands(request, [command], view, typed, names=names)
    if done is None:
        return await _page(request, await read_subject(request), view)
    part = next(
        (each for each in done[0].order.fulfillments if each.fulfillment_id == subject.part.fulfillment_id), None
    )
    is_done = part is None or not part.is_open
    where = url_of(subject.part.fulfillment_id)
    if is_done and isinstance(command, ShipFulfillment):
        where = f"{PATH}?tab=" + ("ready" if subject.part.kind == "pickup" else "packed")
    return request.redirect(where, text)


async def _refuse(request: PageRequest, subject: Subject, view: View, refusal: str = "") -> Response:
    """Show the step again with its faults, or with why nothing was done."""
    view.refusal, view.status = refusal, 400
    return await _page(request, subject, view)


async def _scan_into(
    request: PageRequest, subject: Subject, step: str, field: str, most: Mapping[int, int]
) -> Response:
    view = View(step=step)
    unknown = request.t("{code} is not in this fulfillment.", code=request.form.get("code", "").strip()[:100])
    count_scan(request, view, subject.items, most, field=field, unknown=unknown)
    return await _page(request, subject, view)


# ----------------------------------------------------------------------------------------------------------------- pick
async def pick(request: PageRequest) -> Response:
    """Record what was picked and what is missing; missing units are previewed first, because they leave the stock."""
    subject, typed = await read_subject(request), Typed(request)
    places = list(subject.left)
    view = _view(request, typed, "pick")
    if request.form.get("do") == "scan":
        return await _scan_into(request, subject, "pick", "picked-{}", subject.left)
    if await is_stale(request, view, subject.order):
        return await _page(request, subject, view)
    if request.form.get("do") == "all":
        picked, short = dict(subject.left), dict.fromkeys(places, 0)
    else:
        picked, short = typed.units("picked", places), typed.units("short", places)
    for place in places:
        if picked[place] + short[place] > subject.left[place]:
            typed.faults.setdefault(
                f"picked-{place}", request.t("At most {n} are left to pick.", n=subject.left[place])
            )
    if not typed.faults and not any(picked.values()) and not any(short.values()):
        return await _refuse(request, subject, view, request.t("Nothing is counted yet."))
    if typed.faults:
        return await _refuse(request, subject, view)
    command = PickUnits(
        order_id=subject.order.order_id, version=request.version, fulfillment_id=subject.part.fulfillment_id,
        lines=picked, short={place: units for place, units in short.items() if units},
    )  # fmt: skip
    fields = [f"picked-{place}" for place in places]
    if command.short and request.form.get("confirmed") != "1":
        return await _preview_short(request, subject, command, view, typed)
    text = request.t.plural(sum(picked.values()), "{n} unit is picked.", "{n} units are picked.")
    return await _do(request, subject, command, view, typed, text=text, names={"lines": fields})


class ShortLine(Struct, frozen=True):
    """Where missing units of a line come from instead: units by location, units that wait, units left open."""

    item: Item
    missing: int
    elsewhere: dict[str, int]
    waiting: int
    left: int


async def _preview_short(
    request: PageRequest, subject: Subject, command: PickUnits, view: View, typed: Typed
) -> Response:
    done = await try_commands(request, [command], view, typed, dry_run=True)
    if done is None:
        return await _page(request, await read_subject(request), view)
    view.preview = [_short_line(subject, done[0], place, units) for place, units in command.short.items()]
    return await _page(request, subject, view)


def _short_line(subject: Subject, change: Change, place: int, units: int) -> ShortLine:
    before, after = _allocated(subject.order, place), _allocated(change.order, place)
    elsewhere = {
        code: more
        for code in after
        if code != subject.part.location and (more := after[code] - before.get(code, 0)) > 0
    }
    waiting = max(0, change.order.counters[place].backordered - subject.order.counters[place].backordered)
    return ShortLine(subject.items[place], units, elsewhere, waiting, max(0, units - sum(elsewhere.values()) - waiting))


def _allocated(order: Order, place: int) -> dict[str, int]:
    units: dict[str, int] = {}
    for allocation in order.allocations:
        for part in allocation.units:
            if part.line == place and part.open:
                units[allocation.location] = units.get(allocation.location, 0) + part.open
    return units


# ----------------------------------------------------------------------------------------------------------------- pack
def _pack_form(subject: Subject, values: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the packages of the form: as typed, else those there are, else one with everything."""
    if "packages" in values:
        count = min(max(counted_units(values["packages"]), 1), _MAX_PACKAGES) + (values.get("do") == "add")
        names = ("weight", "length", "width", "height")
        return [
            {name: values.get(f"{name}-{at}", "") for name in names}
            | {"units": {line.line: values.get(f"packed-{line.line}-{at}", "") for line in subject.lines}}
            for at in range(min(count, _MAX_PACKAGES))
        ]
    found = [_typed_package(each) for each in subject.unpacked]
    everything = {line.line: str(line.open) for line in subject.lines}
    return found or [{"weight": "", "length": "", "width": "", "height": "", "units": everything}]


def _typed_package(package: Package) -> dict[str, Any]:
    size = package.size
    sides = {name: str(getattr(size, name)) if size is not None else "" for name in ("length", "width", "height")}
    weight = str(package.weight[0]) if package.weight is not None else ""
    return {"weight": weight, **sides, "units": {line: str(units) for line, units in package.lines}}


async def pack(request: PageRequest) -> Response:
    """Put units into packages, in place of those that have not been shipped; or add a package to the form."""
    subject, typed = await read_subject(request), Typed(request)
    view = _view(request, typed, "pack")
    if request.form.get("do") == "add":
        return await _page(request, subject, view)
    count = min(max(counted_units(request.form.get("packages", "1")), 1), _MAX_PACKAGES)
    if request.form.get("do") == "scan":
        most = {line.line: line.open for line in subject.lines}
        return await _scan_into(request, subject, "pack", f"packed-{{}}-{count - 1}", most)
    if await is_stale(request, view, subject.order):
        return await _page(request, subject, view)
    packages = [package for at in range(count) if (package := _read_package(subject, typed, at)).lines]
    if not packages and not typed.faults:
        typed.faults["packed-0"] = request.t("Put at least one unit into a package.")
    for line in subject.lines:
        units = sum(quantity for package in packages for place, quantity in package.lines if place == line.line)
        if units > line.open:
            typed.faults[f"packed-{line.line}-0"] = request.t("At most {n} in all packages together.", n=line.open)
    if typed.faults:
        return await _refuse(request, subject, view)
    command = PackUnits(
        order_id=subject.order.order_id, version=request.version, fulfillment_id=subject.part.fulfillment_id,
        new_id=fulfillment.new_ids(request.context), packages=tuple(packages),
    )  # fmt: skip
    text = request.t.plural(len(packages), "{n} package is packed.", "{n} packages are packed.")
    return await _do(request, subject, command, view, typed, text=text)


def _read_package(subject: Subject, typed: Typed, at: int) -> Package:
    units = [(line.line, typed.whole(f"packed-{line.line}-{at}") or 0) for line in subject.lines]
    weight = typed.amount(f"weight-{at}")
    sides = [typed.amount(f"{name}-{at}") for name in ("length", "width", "height")]
    if any(sides) and not all(sides):
        typed.faults[f"length-{at}"] = typed.t("Length, width and height belong together.")
    size_unit, weight_unit = typed.text("size_unit"), typed.text("weight_unit")
    size = None
    if sides[0] and sides[1] and sides[2]:
        size = Dimensions(sides[0], sides[1], sides[2], size_unit if size_unit in SIZE_UNITS else SIZE_UNITS[0])
    unit = weight_unit if weight_unit in WEIGHT_UNITS else WEIGHT_UNITS[0]
    # A package that is packed again keeps its id, which may stand on a label already.
    same = subject.unpacked[at] if at < len(subject.unpacked) else None
    return Package(
        tuple((place, quantity) for place, quantity in units if quantity), weight=(weight, unit) if weight else None,
        size=size, package_id=same.package_id if same is not None else None,
    )  # fmt: skip


# ----------------------------------------------------------------------------------------------------------------- ship
async def ship(request: PageRequest) -> Response:
    """Ship what is packed, else everything in one package; a pickup is handed over by this."""
    subject, typed = await read_subject(request), Typed(request)
    view = _view(request, typed, "ship")
    if await is_stale(request, view, subject.order):
        return await _page(request, subject, view)
    carrier, service = typed.text("carrier", longest=100), typed.text("service", longest=100)
    url = typed.text("url", longest=2_000)
    if url is not None and not url.startswith(("http://", "https://")):
        typed.faults["url"] = request.t("Type an address that begins with https://.")
    numbers = [typed.text(f"number-{at}", longest=100) for at in range(max(1, len(subject.unpacked)))]
    if typed.faults:
        return await _refuse(request, subject, view)
    packages = tuple(
        msgspec.structs.replace(package, number=number or package.number)
        for package, number in zip(subject.unpacked, numbers, strict=False)
    )
    command = ShipFulfillment(
        order_id=subject.order.order_id, version=request.version, fulfillment_id=subject.part.fulfillment_id,
        new_id=fulfillment.new_ids(request.context), packages=packages, carrier=carrier, service=service, url=url,
        number=None if packages else numbers[0],
    )  # fmt: skip
    number = subject.order.content.number
    is_pickup = subject.part.kind == "pickup"
    text = request.t("{number} is picked up.", number=number) if is_pickup else request.t(
        "{number} is shipped.", number=number
    )  # fmt: skip
    return await _do(request, subject, command, view, typed, text=text)


async def ready(request: PageRequest) -> Response:
    """Record that the customer can come, until a time in the reader's zone."""
    subject, typed = await read_subject(request), Typed(request)
    view = _view(request, typed, "ship")
    until, text = None, request.form.get("pickup_by", "").strip()
    if text:
        try:
            moment = datetime.fromisoformat(text)
            until = int(moment.replace(tzinfo=moment.tzinfo or request.format.zone).timestamp() * 1_000_000)
        except (ValueError, OverflowError):
            typed.faults["pickup_by"] = request.t("Type a date and a time.")
        if until is not None and until <= request.context.clock():
            typed.faults["pickup_by"] = request.t("This time has passed.")
    if typed.faults:
        return await _refuse(request, subject, view)
    command = MakeReady(
        order_id=subject.order.order_id, version=request.version, fulfillment_id=subject.part.fulfillment_id,
        pickup_by=until,
    )  # fmt: skip
    return await _do(request, subject, command, view, typed, text=request.t("The customer can come."))


# ------------------------------------------------------------------------------------------------------- cancel and move
async def cancel(request: PageRequest) -> Response:
    """Cancel what was not shipped; the units are given back, or stay allocated here."""
    subject, typed = await read_subject(request), Typed(request)
    view = _view(request, typed, subject.step)
    command = CancelFulfillment(
        order_id=subject.order.order_id, version=request.version, fulfillment_id=subject.part.fulfillment_id,
        keep=request.form.get("keep") == "1", reason=typed.text("reason"),
    )  # fmt: skip
    return await _do(request, subject, command, view, typed, text=request.t("The fulfillment is canceled."))


async def move(request: PageRequest) -> Response:
    """Let another location do what was not shipped."""
    subject, typed = await read_subject(request), Typed(request)
    view = _view(request, typed, subject.step)
    location = typed.text("location", required=True) or ""
    if typed.faults:
        return await _refuse(request, subject, view)
    command = MoveFulfillment(
        order_id=subject.order.order_id, version=request.version, fulfillment_id=subject.part.fulfillment_id,
        location_ref=location, new_id=fulfillment.new_ids(request.context),
    )  # fmt: skip
    text = request.t("{location} does it now.", location=location)
    return await _do(request, subject, command, view, typed, text=text)


# --------------------------------------------------------------------------------------------------------------- papers
async def paper(request: PageRequest) -> Response:
    """Answer the packing slip, or the labels of the packages or of one, as PDF."""
    subject = await read_subject(request)
    papers: Any = request.context.papers
    wanted = await paper_request(request)
    if request.params["paper"] == "packing-slip.pdf":
        prices = request.query.get("prices") == "true"
        body = await paper_renderers.render(papers.packing_slip, subject.order, subject.part, wanted, prices)
        return pdf(f"packing-slip-{request.params['id']}", body)
    if request.params["paper"] == "labels.pdf":
        package_id = from_base32(request.query.get("package", ""))
        known = [package.package_id for package in subject.part.packages]
        body = await paper_renderers.render(
            papers.label, subject.order, subject.part, wanted, package_id if package_id in known else None
        )
        return pdf(f"labels-{request.params['id']}", body)
    raise NotFound(Code.NO_ROUTE, "there is no such paper")


_ONE = f"{PATH}/{{id}}"
PAGES = (
    Page("GET", _ONE, show, "showFulfillment", READ, SECTION),
    Page("POST", f"{_ONE}/pick", pick, "pickUnits", WRITE, SECTION, versioned=True),
    Page("POST", f"{_ONE}/pack", pack, "packUnits", WRITE, SECTION, versioned=True),
    Page("POST", f"{_ONE}/ship", ship, "shipUnits", WRITE, SECTION, versioned=True),
    Page("POST", f"{_ONE}/ready", ready, "makeReady", WRITE, SECTION, versioned=True),
    Page("POST", f"{_ONE}/cancel", cancel, "cancelWork", WRITE, SECTION, versioned=True),
    Page("POST", f"{_ONE}/move", move, "moveWork", WRITE, SECTION, versioned=True),
    Page("GET", f"{_ONE}/{{paper}}", paper, "printFulfillment", READ, SECTION),
)
