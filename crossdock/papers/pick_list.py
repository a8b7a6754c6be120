"""Pick lists: what is to be fetched at a location for many orders, in the location's order of SKUs."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from crossdock.core.orders.fulfillments import Fulfillment
from crossdock.core.orders.model import Order
from crossdock.notifications.email.formatting import format_day_at
from crossdock.notifications.email.plain_text import shown
from crossdock.papers.contents import item_sku, item_title
from crossdock.papers.languages import PaperLanguage, translate
from crossdock.papers.layout import Column, PaperSettings, Sheet


class Pick(Struct):
    """Units of one SKU to fetch, by order number; of lines without SKU, of one title."""

    sku: str
    title: str
    units: dict[str, int]


def natural_order(sku: str) -> Any:
    """Return the sort key of a SKU: its digits as numbers, so that A-9 precedes A-10; capitals make no difference."""
    parts = re.split(r"([0-9]+)", sku.casefold())
    return [(int(part), "") if place % 2 else (0, part) for place, part in enumerate(parts)]


def render(
    work: Sequence[tuple[Order, Fulfillment]],
    settings: PaperSettings,
    *,
    location: str,
    made_at: int,
    sku_order: Callable[[str], Any] = natural_order,
) -> bytes:
    """Return the pick list of a location as PDF: the units of its fulfillments that are not picked yet, summed by SKU.

    Fulfillments of other locations are passed over. `sku_order` is the sort key of the location's SKUs, such as that of their
    bins; what has no SKU comes last. `made_at` is microseconds since 1970 UTC.
    """
    picks = picks_of(work, location=location, language=settings.language, sku_order=sku_order)
    orders = {order for pick in picks for order in pick.units}
    sheet = Sheet(settings, translate(settings.language, "pick_list"), location, made_at=made_at)
    totals = sheet.words(
        "pick_totals", orders=len(orders), skus=len(picks), units=sum(sum(pick.units.values()) for pick in picks)
    )
    sheet.facts(
        (
            (sheet.words("location"), location),
            (sheet.words("date"), format_day_at(made_at, settings.time_zone, settings.language)),
            (sheet.words("units"), totals),
        )
    )
    if not picks:
        sheet.heading(sheet.words("nothing"))
        return sheet.render()
    sheet.table(_columns(sheet), [_row(pick, sheet) for pick in picks])
    return sheet.render()


def _columns(sheet: Sheet) -> list[Column]:
    return [
        Column(sheet.words("sku"), 24, bold=True, max_lines=4),
        Column(sheet.words("item"), 40, max_lines=3),
        Column(sheet.words("orders"), 34, max_lines=None),
        Column(sheet.words("units"), 12, "right", bold=True, max_lines=1),
        Column(sheet.words("picked"), 14, "right", max_lines=1),
    ]


def _row(pick: Pick, sheet: Sheet) -> tuple[str, ...]:
    orders = "\n".join(
        f"{sheet.words('units_each', count=units)} {shown(number)}" for number, units in pick.units.items()
    )
    return pick.sku or sheet.words("no_sku"), pick.title, orders, str(sum(pick.units.values())), "□"


def picks_of(
    work: Sequence[tuple[Order, Fulfillment]],
    *,
    location: str,
    language: PaperLanguage,
    sku_order: Callable[[str], Any] = natural_order,
) -> list[Pick]:
    """Return the units of a location's fulfillments that are not picked yet, summed by SKU, in the order of a pick list."""
    found: dict[tuple[str, str], Pick] = {}
    for order, fulfillment in work:
        if fulfillment.location != location:
            continue
        for each in fulfillment.lines:
            units = each.unpicked
            if not units or not 0 <= each.line < len(order.content.lines):
                continue
            sku, title = item_sku(order.content, each.line), item_title(order.content, each.line, language)
            pick = found.setdefault((sku, "" if sku else title), Pick(sku, title, {}))
            number = order.content.number
            pick.units[number] = pick.units.get(number, 0) + units
    return sorted(found.values(), key=lambda pick: (not pick.sku, sku_order(pick.sku), pick.title))
