"""The variables of mail templates, built from an event and the order right after it: texts ready to print, links safe.

docs/email.md lists them for authors of templates. Internal information is left out: notes, and the reasons of holds,
cancellations and refunds.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal, localcontext
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core.catalog.locations import Location
from crossdock.core.money import COMPONENTS, PRECISION, reconcile
from crossdock.core.orders.events import (
    Backordered,
    Canceled,
    Delivered,
    FulfillmentCanceled,
    Held,
    OrderEvent,
    ReadyForPickup,
    Refunded,
    ReturnRequested,
    Shipped,
)
from crossdock.core.orders.fulfillments import Fulfillment, Package
from crossdock.core.orders.model import Address, Content, Line, Order
from crossdock.core.orders.status import Counters
from crossdock.notifications.email.email_settings import Language, MailSettings, is_link
from crossdock.notifications.email.formatting import (
    FormattedLanguage,
    country_name,
    format_day_at,
    format_moment_at,
    format_money,
    format_sent_day,
    parse_day,
)
from crossdock.notifications.email.languages import TAGS, translate
from crossdock.notifications.email.mail_kinds import Kind, customer_holds
from crossdock.notifications.email.plain_text import shown

# A mail lists at most so many order lines, over all its packages: about as many as Gmail shows before it clips (102 kB).
# Together with MAX_CHARACTERS of plain_text this limits the size of a mail and the time of its templates.
MAX_ITEMS = 100
MAX_PACKAGES = 20
MAX_ADDRESSES = 10
MAX_ADDRESS_LINES = 10
MAX_URL_CHARACTERS = 2_000


class Item(Struct, frozen=True):
    """Units of one order line. Prices are "" if the sender gave none."""

    quantity: int
    title: str
    sku: str = ""
    unit_price: str = ""
    total: str = ""


class Total(Struct, frozen=True):
    """One sum of the order: `name` is a component of core/money.py, `label` its name in the language."""

    name: str
    label: str
    amount: str


class PackageView(Struct, frozen=True):
    """One package; unknown members are "". `more_items` is how many further lines it has."""

    items: tuple[Item, ...]
    carrier: str = ""
    service: str = ""
    number: str = ""
    url: str = ""
    more_items: int = 0


class View(Struct, frozen=True, kw_only=True):
    """Variables of a template; see docs/email.md. Those that do not apply are "", empty, 0 or False.

    `more_items` and `more_packages` are how many further ones the mail is about but does not list.
    """

    kind: Kind
    lang: str
    brand: str
    number: str
    name: str
    date: str
    contact: str
    unsubscribe_url: str
    items: tuple[Item, ...] = ()
    more_items: int = 0
    addresses: tuple[tuple[str, ...], ...] = ()
    is_part: bool = False
    is_pickup: bool = False
    totals: tuple[Total, ...] = ()
    about: tuple[str, ...] = ()
    packages: tuple[PackageView, ...] = ()
    more_packages: int = 0
    tracking_number: str = ""
    expected: str = ""
    consent_by: str = ""
    consent_url: str = ""
    label_url: str = ""
    amount: str = ""
    pickup_place: tuple[str, ...] = ()
    pickup_by: str = ""


# Mails about items that are on their way to the customer, or wait to be shipped.
_WITH_ADDRESS = frozenset({Kind.CONFIRMATION, Kind.HOLD, Kind.DELAY, Kind.SHIPPED, Kind.DELIVERED})


def build_view(
    kind: Kind,
    order_event: OrderEvent,
    order: Order,
    settings: MailSettings,
    language: Language,
    *,
    consent_url: str = "",
    place: Location | None = None,
) -> View:
    """Build the variables of a mail. `order` is the order right after the event, `consent_url` the link to a consent page,
    `place` the location of a pickup."""
    content = order.content
    if isinstance(order_event, Held):
        order_event = msgspec.structs.replace(order_event, holds=customer_holds(order_event, settings))
    quantities = _quantities(order_event, content)
    return View(
        kind=kind,
        lang=TAGS[language],
        brand=shown(settings.name),
        number=shown(content.number),
        name=customer_name(content),
        date=_order_date(order, settings.time_zone, language),
        contact=settings.reply_to or settings.sender,
        unsubscribe_url=settings.unsubscribe_url or "",
        items=_items(content, quantities[:MAX_ITEMS], language),
        more_items=max(0, len(quantities) - MAX_ITEMS),
        addresses=_addresses(content, quantities, language) if kind in _WITH_ADDRESS else (),
        **_pickup_variables(order_event, order, settings, language, place),
        **_kind_variables(kind, order_event, order, settings, language, consent_url),
    )


def pickup_location(order_event: OrderEvent) -> str | None:
    """Return the code of the location of the pickup that an event is about, None if it is about none."""
    pickup = _pickup(order_event)
    return None if pickup is None else pickup.location


def _pickup(order_event: OrderEvent) -> Fulfillment | None:
    if not isinstance(order_event, ReadyForPickup | FulfillmentCanceled):
        return None
    return next((each for each in order_event.fulfillments if each.kind == "pickup"), None)


def _pickup_variables(
    order_event: OrderEvent, order: Order, settings: MailSettings, language: Language, place: Location | None
) -> dict[str, Any]:
    """Build the variables of a pickup: where, and until when."""
    if isinstance(order_event, Delivered):
        handed_over = order_event.fulfillment_id is not None and any(
            each.kind == "pickup" for each in order.fulfillments if each.fulfillment_id == order_event.fulfillment_id
        )
        return {"is_pickup": handed_over}
    pickup = _pickup(order_event)
    if pickup is None:
        return {}
    by = "" if pickup.pickup_by is None else format_moment_at(pickup.pickup_by, settings.time_zone, language)
    if place is None:
        return {"pickup_by": by}
    address = () if place.address is None else address_lines(place.address, language)
    name = shown(place.name or "") or ("" if address else shown(place.code))
    return {"pickup_by": by, "pickup_place": (name, *address) if name else address}


def _kind_variables(
    kind: Kind, order_event: OrderEvent, order: Order, settings: MailSettings, language: Language, consent_url: str
) -> dict[str, Any]:
    """Build the variables that only this kind of mail has."""
    zone, content = settings.time_zone, order.content
    if kind is Kind.CONFIRMATION:
        return {"totals": _totals(content, language)}
    if isinstance(order_event, Held):
        return {"about": _about(hold.reason.casefold() for hold in order_event.holds)}
    if isinstance(order_event, Shipped):
        return {
            "packages": _packages(order_event, content, language),
            "more_packages": max(0, len(order_event.packages) - MAX_PACKAGES),
            "is_part": _is_part(order.counters, "shipped"),
        }
    if isinstance(order_event, Delivered):
        is_part = _is_part(order.counters, "delivered")
        return {"tracking_number": shown(order_event.tracking_number or ""), "is_part": is_part}
    if isinstance(order_event, Backordered):
        consent_by = format_sent_day(order_event.consent_by, zone, language)
        expected = format_sent_day(order_event.expected_at, zone, language)
        return {"expected": expected, "consent_by": consent_by, "consent_url": consent_url if consent_by else ""}
    if kind is Kind.READY_FOR_PICKUP:
        ready = sum(quantity for _, quantity in _quantities(order_event, content))
        return {"is_part": ready < sum(line.ordered - line.canceled for line in order.counters)}
    if isinstance(order_event, ReturnRequested):
        return {"label_url": safe_link(order_event.label_url)}
    if isinstance(order_event, Refunded):
        return {"amount": format_money(order_event.amount, order_event.currency or content.currency, language)}
    if isinstance(order_event, Canceled):
        return {"is_part": any(line.canceled < line.ordered for line in order.counters)}
    return {}


def safe_link(url: str | None) -> str:
    """Return a URL that is safe in a link; "" for any other, such as one that would run a script."""
    return url if url is not None and len(url) <= MAX_URL_CHARACTERS and is_link(url) else ""


def line_title(content: Content, position: int, language: Language) -> str:
    """Return the title of a line: its description, else its SKU, else the sender's product id, else its position."""
    return own_title(content.lines[position]) or translate(language, "item_unnamed", position=position + 1)


def own_title(line: Line) -> str:
    """Return what a line itself says of its title; "" if nothing."""
    return shown(line.description or line.sku or line.product_ref or "")


def customer_name(content: Content) -> str:
    """Return the name of the recipient: the customer's, else the bill-to, else the ship-to unless it is a gift; "" if none."""
    is_gift = content.gift is not None and content.gift.is_gift
    ship_to = content.destinations[0].address if content.destinations and not is_gift else None
    return next(
        (shown(each.name.strip()) for each in (content.customer, content.bill_to, ship_to) if each and each.name), ""
    )


def _quantities(order_event: OrderEvent, content: Content) -> tuple[tuple[int, int], ...]:
    """Return the lines an event is about, by position, with the units of each: every line if it is about the whole order."""
    lines = getattr(order_event, "lines", None)
    if isinstance(order_event, ReadyForPickup):
        lines = tuple((each.line, each.open) for part in order_event.fulfillments for each in part.lines if each.open)
    elif isinstance(order_event, FulfillmentCanceled):
        lines = order_event.expired
    if lines is not None:
        return tuple((position, quantity) for position, quantity in lines if position < len(content.lines))
    if isinstance(order_event, Refunded):
        return ()
    if isinstance(order_event, Held) and all(hold.lines for hold in order_event.holds):
        on_hold = {position for hold in order_event.holds for position in hold.lines if position < len(content.lines)}
        return tuple((position, content.lines[position].quantity) for position in sorted(on_hold))
    return tuple((position, line.quantity) for position, line in enumerate(content.lines))


def _items(content: Content, quantities: Iterable[tuple[int, int]], language: Language) -> tuple[Item, ...]:
    return tuple(_item(content, position, quantity, language) for position, quantity in quantities)


def _item(content: Content, position: int, quantity: int, language: Language) -> Item:
    line, currency = content.lines[position], content.currency
    total = line_total(line, quantity)
    return Item(
        quantity,
        line_title(content, position, language),
        shown(line.sku or "") if line.description else "",  # else the SKU is the title
        "" if line.unit_price is None else format_money(line.unit_price, currency, language),
        "" if total is None else format_money(total, currency, language),
    )


def line_total(line: Line, quantity: int) -> Decimal | None:
    """Return the price of some units of a line: the stated total for all of them, else by the unit price; None if unknown."""
    if quantity == line.quantity and line.totals is not None and line.totals.items is not None:
        return line.totals.items
    if line.unit_price is None:
        return None
    with localcontext(prec=PRECISION):
        return line.unit_price * quantity


def order_totals(content: Content) -> dict[str, Decimal]:
    """Return an order's sums by component, each as the sender stated it, else computed, and their total.

    An order with a line of unknown price has no computed sum of items: it would be too low. One with charges in another
    currency has no computed total.
    """
    reconciliation = reconcile(content)
    parts = (each for each in reconciliation.components if each.line is None)
    is_priced = all(line_total(line, line.quantity) is not None for line in content.lines)
    totals: dict[str, Decimal] = {}
    for part in parts:
        value = part.stated if part.stated is not None else part.computed
        if value is not None and (part.stated is not None or part.component != "items" or is_priced):
            totals[part.component] = value
    if "total" not in totals and "items" in totals and not reconciliation.excluded:
        not_added = ("discount", "tax") if content.tax_included else ("discount",)
        with localcontext(prec=PRECISION):
            added = sum((value for name, value in totals.items() if name not in not_added), Decimal(0))
            totals["total"] = added - totals.get("discount", Decimal(0))
    return totals


def _totals(content: Content, language: Language) -> tuple[Total, ...]:
    """Return the sums to print; charges in another currency are printed with their own, before the total."""
    totals = order_totals(content)
    rows = [(name, value, content.currency) for name, value in totals.items() if value or name == "items"]
    rows += [(each.component, each.amount, each.currency) for each in reconcile(content).excluded]
    rows.sort(key=lambda row: COMPONENTS.index(row[0]))
    if "total" in totals and rows[-1][0] != "total":  # a total of zero is printed too
        rows.append(("total", totals["total"], content.currency))
    return tuple(
        Total(
            name, translate(language, _label_of(name, content)), _format_sum(name, value, currency, content, language)
        )
        for name, value, currency in rows
    )


def _format_sum(name: str, value: Decimal, currency: str | None, content: Content, language: Language) -> str:
    """Format a sum; one in another currency than the order's has its code too, because two currencies may share a sign."""
    text = format_money(_signed(name, value), currency, language)
    return text if currency == content.currency else f"{text} {currency}"


def _label_of(name: str, content: Content) -> str:
    return "total.tax_included" if name == "tax" and content.tax_included else f"total.{name}"


def _signed(name: str, value: Decimal) -> Decimal:
    return value.copy_negate() if name == "discount" else value


def _packages(order_event: Shipped, content: Content, language: Language) -> tuple[PackageView, ...]:
    packages: list[PackageView] = []
    left = MAX_ITEMS
    for package in order_event.packages[:MAX_PACKAGES]:
        packages.append(_package(package, content, language, left))
        left -= len(packages[-1].items)
    return tuple(packages)


def _package(package: Package, content: Content, language: Language, most: int) -> PackageView:
    quantities = [pair for pair in package.lines if pair[0] < len(content.lines)]
    return PackageView(
        _items(content, quantities[:most], language),
        shown(package.carrier or ""), shown(package.service or ""), shown(package.number or ""), safe_link(package.url),
        max(0, len(quantities) - most),
    )  # fmt: skip


def _is_part(counters: Sequence[Counters], counter: str) -> bool:
    """Whether the counter is still below the units that are not canceled, on any line."""
    return any(getattr(line, counter) < line.ordered - line.canceled for line in counters)


def _about(reasons: Iterable[str]) -> tuple[str, ...]:
    """Reduce hold reasons to the topics the customer is asked about: address, payment, other."""
    topics = [next((topic for topic in ("address", "payment") if topic in reason), "other") for reason in reasons]
    return tuple(dict.fromkeys(topics))


def _order_date(order: Order, zone: str, language: Language) -> str:
    placed_at = order.content.placed_at
    if placed_at and parse_day(placed_at, zone) is not None:
        return format_sent_day(placed_at, zone, language)
    return format_day_at(order.created_at, zone, language)


def _addresses(
    content: Content, quantities: Sequence[tuple[int, int]], language: Language
) -> tuple[tuple[str, ...], ...]:
    """Return the addresses that the lines go to, each as the lines of an address label."""
    used = sorted({content.lines[position].destination for position, _ in quantities})
    addresses = (
        content.destinations[each].address for each in used[:MAX_ADDRESSES] if each < len(content.destinations)
    )
    return tuple(lines for address in addresses if address and (lines := address_lines(address, language)))


# Countries in which the postal code precedes the city.
_CODE_FIRST = (
    "FR MC DE AT CH LI LU BE NL IT ES PT DK SE NO FI IS PL CZ SK HU SI HR RS RO BG GR EE LT TR MX BR "
    "GP GF MQ RE YT PM BL MF NC PF WF"
)
_CODE_FIRST_IN = frozenset(_CODE_FIRST.split())


def address_lines(address: Address, language: FormattedLanguage) -> tuple[str, ...]:
    """Format an address as the lines of an address label, without empty ones."""
    parts = (address.city, address.region, address.postal_code)
    if address.country in _CODE_FIRST_IN:
        parts = (address.postal_code, address.city, address.region)
    city_line = " ".join(part for part in parts if part)
    lines = (
        address.name, address.company, *address.lines[:MAX_ADDRESS_LINES], city_line, country_name(address.country, language),
    )  # fmt: skip
    return tuple(shown(line) for line in lines if line)
