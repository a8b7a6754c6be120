"""Pages on which people count units: what they show besides the work, commands that may be refused, scans without a script."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from crossdock.core.errors import Code, Conflict, Invalid
from crossdock.core.orders.commands import Command
from crossdock.core.orders.model import Order
from crossdock.flows import queries
from crossdock.flows.execute import Change, execute
from crossdock.web.console.page import PageRequest
from crossdock.web.console.pages.order_words import EVENT_TITLES
from crossdock.web.console.units import Item, Typed, counted_units, scanned

DOOR = "hub"
_SHOWN_EVENTS = 3


class CountingView(Struct, kw_only=True):
    """What a page shows besides the work itself: what was typed with its faults, why something was refused, what others did
    meanwhile (event, actor, time), and what the last scan counted."""

    values: Mapping[str, str] = {}
    faults: Mapping[str, str] = {}
    refusal: str = ""
    meanwhile: Sequence[tuple[str, str, int]] = ()
    scan_text: str = ""
    scan_failed: bool = False
    status: int = 200


async def is_stale(request: PageRequest, view: CountingView, order: Order) -> bool:
    """Tell whether an order has changed since the form was made; the view then says what others did."""
    if request.version == order.version:
        return False
    await _show_meanwhile(request, view, order.order_id)
    return True


async def _show_meanwhile(request: PageRequest, view: CountingView, order_id: int) -> None:
    events = await queries.history(request.context, request.caller, order_id=order_id)
    latest = reversed(events[-_SHOWN_EVENTS:])
    view.meanwhile = [(EVENT_TITLES.get(each.name, each.name), each.actor, each.at) for each in latest]
    view.status = 409


async def try_commands(
    request: PageRequest, commands: Sequence[Command], view: CountingView, typed: Typed, *,
    names: Mapping[str, Sequence[str]] | None = None, dry_run: bool = False,
) -> list[Change] | None:  # fmt: skip
    """Execute commands on an order; None where they are refused, and the view says why beside what was typed.

    `names` are the fields of the commands' members, by position.
    """
    try:
        return await execute(request.context, request.caller, commands, door=DOOR, dry_run=dry_run)
    except (Conflict, Invalid) as refusal:
        order_id = commands[0].order_id
        if refusal.code is Code.STALE_VERSION and order_id is not None:
            await _show_meanwhile(request, view, order_id)
        else:
            others = typed.refuse(refusal.faults, names or {})
            view.refusal = "; ".join(others) or ("" if typed.faults else refusal.reason)
            view.status = 400
        return None


def count_scan(
    request: PageRequest, view: CountingView, items: Mapping[int, Item], most: Mapping[int, int | None], *, field: str,
    unknown: str,
) -> None:  # fmt: skip
    """Count what was scanned in the form, which a script does without the server. Nothing is saved.

    `most` has the lines that can be counted with the units that are left of them, None without a limit; `field` is the name of
    a line's field, with braces for its position; `unknown` says that no line has the code.
    """
    code, values, t = request.form.get("code", "").strip(), dict(request.form), request.t
    found, units = scanned(code, {place: items[place].codes for place in most})
    counted = {place: counted_units(values.get(field.format(place), "")) + units for place in found}
    place = next((each for each in found if (limit := most[each]) is None or counted[each] <= limit), None)
    if place is None:
        view.scan_text = t("Too many: {code} is complete already.", code=code[:100]) if found else unknown
        view.scan_failed = True
    else:
        values[field.format(place)] = str(counted[place])
        view.scan_text = f"{items[place].title or items[place].sku}: {counted[place]}"
        view.scan_text += f" / {most[place]}" if most[place] is not None else ""
    view.values = values | {"code": ""}
