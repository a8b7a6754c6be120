"""The texts that papers share: items, addresses, dates, and the values of their codes."""

from crossdock.core.ids import to_base32
from crossdock.core.orders.fulfillments import Fulfillment, Package
from crossdock.core.orders.model import Address, Content, Order
from crossdock.notifications.email.formatting import format_day_at, format_sent_day, parse_day
from crossdock.notifications.email.plain_text import shown
from crossdock.notifications.email.view import address_lines, own_title
from crossdock.papers.languages import PaperLanguage, translate
from crossdock.papers.layout import PaperSettings

_MAX_DIGITS = 24


def order_code(order: Order) -> str:
    """Return the order's id as the hub writes it."""
    return to_base32(order.order_id)


def package_code(order: Order, package: Package | None, position: int) -> str:
    """Return the package's id as the hub writes it; of a package without id, the order's with the package's position."""
    if package is not None and package.package_id:
        return to_base32(package.package_id)
    return f"{order_code(order)}-{position}"


def item_title(content: Content, position: int, language: PaperLanguage) -> str:
    """Return the title of a line; of one that an edit has removed (position -1), a text that says so."""
    if not 0 <= position < len(content.lines):
        return translate(language, "removed")
    return own_title(content.lines[position]) or translate(language, "unnamed", position=position + 1)


def item_sku(content: Content, position: int) -> str:
    """Return the SKU of a line, "" if it has none."""
    return (content.lines[position].sku or "") if 0 <= position < len(content.lines) else ""


def lines_of(address: Address | None, language: PaperLanguage) -> tuple[str, ...]:
    """Return the lines of an address, none if there is no address."""
    return address_lines(address, language) if address is not None else ()


def sender_lines(address: Address | None, settings: PaperSettings) -> tuple[str, ...]:
    """Return the lines of where something comes from, else of the seller, below the shop's name if they name nobody."""
    address = address or settings.seller
    lines = lines_of(address, settings.language)
    if address is None or address.name or address.company or not settings.brand.strip():
        return lines
    return (shown(settings.brand), *lines)


def ship_to(order: Order, fulfillment: Fulfillment) -> Address | None:
    """Return the address that a fulfillment goes to; that of the first destination if it names none of the order's."""
    destinations = order.content.destinations
    if fulfillment.destination < len(destinations):
        return destinations[fulfillment.destination].address
    return order.ship_to


def order_day(order: Order, zone: str, language: PaperLanguage) -> str:
    """Return the day of an order: as its sender wrote it, else that of its receipt."""
    placed_at = order.content.placed_at
    if placed_at and parse_day(placed_at, zone) is not None:
        return format_sent_day(placed_at, zone, language)
    return format_day_at(order.created_at, zone, language)


def units_to_send(fulfillment: Fulfillment) -> list[tuple[int, int]]:
    """Return the lines of a fulfillment and their units that are not canceled."""
    return [(each.line, each.quantity - each.canceled) for each in fulfillment.lines if each.quantity > each.canceled]


def is_gift(content: Content) -> bool:
    """Whether the order is a gift: its papers show no prices and nobody who pays."""
    return content.gift is not None and content.gift.is_gift


def carrier_facts(package: Package) -> tuple[tuple[str, str], ...]:
    """Return keys of labels with carrier, service, tracking number and weight of a package, "" where unknown."""
    weight = ""
    if package.weight is not None:
        number, unit = package.weight
        plain = abs(number.adjusted()) < _MAX_DIGITS  # an exponent may stand for more digits than a paper has room for
        weight = f"{number.normalize():f} {unit}" if plain else f"{number} {unit}"
    return (
        ("carrier", package.carrier or ""),
        ("service", package.service or ""),
        ("tracking", package.number or ""),
        ("weight", weight),
    )
