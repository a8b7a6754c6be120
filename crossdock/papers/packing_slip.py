"""Packing slips: what a fulfillment contains, for the customer and for the one who packs it."""

from crossdock.core.orders.fulfillments import Fulfillment, Package
from crossdock.core.orders.model import Order
from crossdock.notifications.email.formatting import format_money
from crossdock.notifications.email.view import line_total
from crossdock.papers.contents import (
    carrier_facts,
    is_gift,
    item_sku,
    item_title,
    lines_of,
    order_code,
    order_day,
    package_code,
    sender_lines,
    ship_to,
    units_to_send,
)
from crossdock.papers.languages import translate
from crossdock.papers.layout import Column, PaperSettings, Row, Sheet

_CODE_HEIGHT = 30.0


def render(order: Order, fulfillment: Fulfillment, settings: PaperSettings, *, prices: bool = False) -> bytes:
    """Return the packing slip of a fulfillment as PDF.

    Prices are printed only if asked for, and never on a gift, which also leaves out who pays. The codes are the ids of the
    order and of each package as the hub writes them, in Code 128.
    """
    content = order.content
    sheet = Sheet(settings, translate(settings.language, "packing_slip"), content.number, made_at=fulfillment.at)
    _head(sheet, order, fulfillment)
    if content.gift is not None and (content.gift.message or "").strip():
        sheet.box(sheet.words("gift_message"), content.gift.message or "")
    with_prices = prices and not is_gift(content)
    sheet.table(_columns(sheet, with_prices=with_prices), _rows(sheet, order, fulfillment, with_prices=with_prices))
    if fulfillment.kind == "reship":
        sheet.note(sheet.words("reship"))
    elif _is_part(order, fulfillment):
        sheet.y += 6
        sheet.note(sheet.words("other_packages"))
    for position, package in enumerate(fulfillment.packages, 1):
        _package(sheet, order, package, position, len(fulfillment.packages))
    return sheet.render()


def _head(sheet: Sheet, order: Order, fulfillment: Fulfillment) -> None:
    settings, content = sheet.settings, order.content
    top = sheet.y
    wide = sheet.code(order_code(order), caption=sheet.words("order"), y=top, height=_CODE_HEIGHT)
    sheet.facts(
        (
            (sheet.words("order"), content.number),
            (sheet.words("order_date"), order_day(order, settings.time_zone, settings.language)),
            (sheet.words("location"), fulfillment.location),
        ),
        width=sheet.width - wide - 12,
    )
    sheet.y = max(sheet.y, top + _CODE_HEIGHT + 16)
    receiver = sheet.words("pick_up" if fulfillment.kind == "pickup" else "ship_to")
    sheet.addresses(
        (
            (receiver, lines_of(ship_to(order, fulfillment), settings.language)),
            (sheet.words("seller"), sender_lines(content.ship_from, settings)),
        )
    )


def _is_part(order: Order, fulfillment: Fulfillment) -> bool:
    """Whether the order has units that are neither in this fulfillment nor canceled."""
    sent = sum(units for _, units in units_to_send(fulfillment))
    return sent < sum(line.ordered - line.canceled for line in order.counters)


def _columns(sheet: Sheet, *, with_prices: bool) -> list[Column]:
    columns = [
        Column(sheet.words("sku"), 22, max_lines=4),
        Column(sheet.words("item"), 50 if with_prices else 78),
        Column(sheet.words("ordered"), 14, "right", max_lines=1),
        Column(sheet.words("included"), 16, "right", bold=True, max_lines=1),
    ]
    if with_prices:
        columns += [
            Column(sheet.words("unit_price"), 20, "right", max_lines=3),
            Column(sheet.words("amount"), 20, "right", max_lines=3),
        ]
    return columns


def _rows(sheet: Sheet, order: Order, fulfillment: Fulfillment, *, with_prices: bool) -> list[Row]:
    content, language = order.content, sheet.settings.language
    rows: list[Row] = []
    for position, units in units_to_send(fulfillment):
        line = content.lines[position] if 0 <= position < len(content.lines) else None
        row = [
            item_sku(content, position), item_title(content, position, language), str(line.quantity if line else ""),
            str(units),
        ]  # fmt: skip
        if with_prices:
            total = line_total(line, units) if line else None
            price = line.unit_price if line else None
            row += ["" if each is None else format_money(each, content.currency, language) for each in (price, total)]
        rows.append(row)
    return rows


def _package(sheet: Sheet, order: Order, package: Package, position: int, count: int) -> None:
    """Write a package with its code; its items too where there are several packages."""
    language = sheet.settings.language
    sheet.heading(sheet.words("package", position=position, count=count), room=_CODE_HEIGHT + 24)
    top = sheet.y
    pages = len(sheet.document.pages)
    code = package_code(order, package, position)
    wide = sheet.code(code, caption=sheet.words("package_id"), y=top, height=_CODE_HEIGHT)
    sheet.facts([(sheet.words(key), value) for key, value in carrier_facts(package)], width=sheet.width - wide - 12)
    if count > 1:
        sheet.y += 3
        for line, units in package.lines:
            title = item_title(order.content, line, language)
            sheet.facts([(sheet.words("units_each", count=units), title)], width=sheet.width - wide - 12)
    if len(sheet.document.pages) == pages:
        sheet.y = max(sheet.y, top + _CODE_HEIGHT + 16)
