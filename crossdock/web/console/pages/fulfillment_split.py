"""Split a fulfillment in two, or merge another one into it; the result is previewed first."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from starlette.responses import Response

from crossdock.core.ids import from_base32, to_base32
from crossdock.core.orders.fulfilling import FulfillmentCommand, MergeFulfillments, SplitFulfillment
from crossdock.core.orders.fulfillments import Fulfillment, packed_units
from crossdock.flows import fulfillment
from crossdock.flows.access import WRITE
from crossdock.web.console.page import Page, PageRequest
from crossdock.web.console.pages.counting import CountingView, try_commands
from crossdock.web.console.pages.fulfillment import PATH, SECTION, url_of
from crossdock.web.console.pages.fulfillment_work import Subject, read_subject
from crossdock.web.console.units import Item, Typed


class Result(Struct, frozen=True):
    """A fulfillment as it would be: its units by line."""

    part: Fulfillment
    units: tuple[tuple[Item, int], ...]


class View(CountingView, kw_only=True):
    """What is shown besides the form; `results` are the fulfillments as they would be."""

    results: Sequence[Result] = ()


def unpacked_units(part: Fulfillment) -> dict[int, int]:
    """Return the units of each line that are in no package, which a split can move."""
    packed = packed_units(part)
    return {line.line: left for line in part.lines if (left := line.open - packed.get(line.line, 0)) > 0}


def can_split(part: Fulfillment) -> bool:
    """Tell whether units can go into a second fulfillment and leave something in the first."""
    return part.is_open and bool(unpacked_units(part)) and sum(line.open for line in part.lines) > 1


def mergeable(subject: Subject) -> list[Fulfillment]:
    """Return the other fulfillments of the order that can be merged into the subject's."""
    one = subject.part
    return [
        each
        for each in subject.order.fulfillments
        if one.is_open and each.is_open and each.fulfillment_id != one.fulfillment_id
        and (each.location, each.kind, each.destination) == (one.location, one.kind, one.destination)
        and not each.packages and not any(line.shipped for line in each.lines)
    ]  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------- handlers
async def show(request: PageRequest) -> Response:
    """Show the form of a split or a merge."""
    return _page(request, await read_subject(request), View())


def _page(request: PageRequest, subject: Subject, view: View) -> Response:
    is_merge = request.http.url.path.endswith("/merge")
    others = [(to_base32(each.fulfillment_id), _units_text(subject, each)) for each in mergeable(subject)]
    left = {place: units for place, units in unpacked_units(subject.part).items() if place in subject.items}
    return request.render(
        "fulfillment_split.html", status=view.status, section=SECTION, order=subject.order, part=subject.part, view=view,
        items=subject.items, left=left, others=others, is_merge=is_merge, url=url_of(subject.part.fulfillment_id),
        is_possible=bool(others) if is_merge else can_split(subject.part),
    )  # fmt: skip


def _units_text(subject: Subject, part: Fulfillment) -> str:
    return ", ".join(f"{units} \u00d7 {item.sku or item.title}" for item, units in _result(subject, part).units)


def _result(subject: Subject, part: Fulfillment) -> Result:
    return Result(
        part,
        tuple((subject.items[line.line], line.open) for line in part.lines if line.open and line.line in subject.items),
    )


async def split(request: PageRequest) -> Response:
    """Preview a split, or do it."""
    subject, typed = await read_subject(request), Typed(request)
    units = {
        place: quantity for place, quantity in typed.units("units", unpacked_units(subject.part)).items() if quantity
    }
    if not units and not typed.faults:
        view = View(values=request.form, refusal=request.t("Nothing is counted yet."), status=400)
        return _page(request, subject, view)
    command = SplitFulfillment(
        order_id=subject.order.order_id, version=request.version, fulfillment_id=subject.part.fulfillment_id, lines=units,
        new_id=fulfillment.new_ids(request.context), reason=typed.text("reason"),
    )  # fmt: skip
    names = {"lines": [f"units-{place}" for place in units]}
    return await _do(request, subject, command, typed, text=request.t("The fulfillment is split."), names=names)


async def merge(request: PageRequest) -> Response:
    """Preview a merge, or do it."""
    subject, typed = await read_subject(request), Typed(request)
    command = MergeFulfillments(
        order_id=subject.order.order_id, version=request.version, fulfillment_id=subject.part.fulfillment_id,
        other_id=from_base32(request.form.get("other", "")) or 0, reason=typed.text("reason"),
    )  # fmt: skip
    return await _do(request, subject, command, typed, text=request.t("The fulfillments are merged."), names={})


async def _do(
    request: PageRequest, subject: Subject, command: FulfillmentCommand, typed: Typed, *, text: str,
    names: Mapping[str, Sequence[str]],
) -> Response:  # fmt: skip
    """Preview a command or execute it; what is refused is said beside what was typed."""
    view = View(values=request.form, faults=typed.faults, status=400)
    if typed.faults:
        return _page(request, subject, view)
    view.status, is_preview = 200, request.form.get("step") != "do"
    done = await try_commands(request, [command], view, typed, names=names, dry_run=is_preview)
    if done is None:
        return _page(request, await read_subject(request), view)
    if not is_preview:
        return request.redirect(url_of(subject.part.fulfillment_id), text)
    before = {each.fulfillment_id: each for each in subject.order.fulfillments}
    changed = [each for each in done[0].order.fulfillments if before.get(each.fulfillment_id) != each]
    results = [_result(subject, each) for each in changed]
    view.results = [each for each in results if each.units]
    return _page(request, subject, view)


_ONE = f"{PATH}/{{id}}"
PAGES = (
    Page("GET", f"{_ONE}/split", show, "showSplit", WRITE, SECTION),
    Page("POST", f"{_ONE}/split", split, "splitWork", WRITE, SECTION, versioned=True),
    Page("GET", f"{_ONE}/merge", show, "showMerge", WRITE, SECTION),
    Page("POST", f"{_ONE}/merge", merge, "mergeWork", WRITE, SECTION, versioned=True),
)
