"""What a mail shows, made of a fact and the order as of it: every text is ready to print, every link safe to follow.

These are the variables of templates, listed for those who write them in docs/email.md. What was meant for colleagues stays in
the house: notes, and the reasons of holds, cancellations and refunds.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal, localcontext
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core.money import PRECISION, reconcile
from crossdock.core.orders.events import (
    Backordered,
    Canceled,
    Delivered,
    Held,
    OrderEvent,
    Package,
    Refunded,
    ReturnRequested,
    Shipped,
)
from crossdock.core.orders.model import Address, Content, Line, Order
from crossdock.core.orders.status import Counters
from crossdock.notifications.email.email_settings import Language, MailSettings, is_link
from crossdock.notifications.email.formatting import country, day_of, day_said, money, read_day
from crossdock.notifications.email.languages import TAGS, say
from crossdock.notifications.email.mail_kinds import Kind, asked_of_customer


class Item(Struct, frozen=True):
    """Units of one order line. Prices are "" where the sender gave none."""

    quantity: int
    title: str
    sku: str = ""
    unit_price: str = ""
    total: str = ""


class Total(Struct, frozen=True):
    """One sum of the order: `name` is a component of core/money.py, `label` what it is called."""

    name: str
    label: str
    amount: str


class Parcel(Struct, frozen=True):
    """One package; what is not known of it is ""."""

    items: tuple[Item, ...]
    carrier: str = ""
    service: str = ""
    number: str = ""
    url: str = ""


class View(Struct, frozen=True, kw_only=True):
    """The variables of a template; see docs/email.md. What does not apply is "", empty or False."""

    kind: Kind
    lang: str
    brand: str
    number: str
    name: str
    date: str
    contact: str
    unsubscribe_url: str
    items: tuple[Item, ...] = ()
    addresses: tuple[tuple[str, ...], ...] = ()
    is_part: bool = False
    totals: tuple[Total, ...] = ()
    about: tuple[str, ...] = ()
    packages: tuple[Parcel, ...] = ()
    tracking_number: str = ""
    expected: str = ""
    consent_by: str = ""
    consent_url: str = ""
    label_url: str = ""
    amount: str = ""


# Mails of what is on its way to the customer, or waits to be.
_WITH_ADDRESS = frozenset({Kind.CONFIRMATION, Kind.HOLD, Kind.DELAY, Kind.SHIPPED, Kind.DELIVERED})


def view_of(
    kind: Kind,
    order_event: OrderEvent,
    order: Order,
    settings: MailSettings,
    language: Language,
    *,
    consent_url: str = "",
) -> View:
    """Give what a mail shows. `order` is the order as of the fact; `consent_url` leads to the page of a delay's consent."""
    content = order.content
    zone = settings.time_zone
    if isinstance(order_event, Held):
        order_event = msgspec.structs.replace(order_event, holds=asked_of_customer(order_event, settings))
    counted = _counted(order_event, content)
    return View(
        kind=kind,
        lang=TAGS[language],
        brand=settings.name,
        number=content.number,
        name=customer_name(content),
        date=_placed(order, zone, language),
        contact=settings.reply_to or settings.sender,
        unsubscribe_url=settings.unsubscribe_url or "",
        items=_items(content, counted, language),
        addresses=_addresses(content, counted, language) if kind in _WITH_ADDRESS else (),
        **_of_fact(kind, order_event, order, settings, language, consent_url),
    )


def _of_fact(
    kind: Kind, order_event: OrderEvent, order: Order, settings: MailSettings, language: Language, consent_url: str
) -> dict[str, Any]:
    """Give the variables that only this kind of mail has."""
    zone, content = settings.time_zone, order.content
    if kind is Kind.CONFIRMATION:
        return {"totals": _totals(content, language)}
    if isinstance(order_event, Held):
        return {"about": _about(hold.reason.casefold() for hold in order_event.holds)}
    if isinstance(order_event, Shipped):
        return {"packages": _parcels(order_event, content, language), "is_part": _is_part(order.counters, "shipped")}
    if isinstance(order_event, Delivered):
        is_part = _is_part(order.counters, "delivered")
        return {"tracking_number": order_event.tracking_number or "", "is_part": is_part}
    if isinstance(order_event, Backordered):
        by = day_said(order_event.consent_by, zone, language)
        expected = day_said(order_event.expected_at, zone, language)
        return {"expected": expected, "consent_by": by, "consent_url": consent_url if by else ""}
    if isinstance(order_event, ReturnRequested):
        return {"label_url": link(order_event.label_url)}
    if isinstance(order_event, Refunded):
        return {"amount": money(order_event.amount, order_event.currency or content.currency, language)}
    if isinstance(order_event, Canceled):
        return {"is_part": any(line.canceled < line.ordered for line in order.counters)}
    return {}


def link(url: str | None) -> str:
    """Give an address that may stand behind a link; "" for any other, such as one that would run a script."""
    return url if url is not None and is_link(url) else ""


def title_of(content: Content, position: int, language: Language) -> str:
    """Name a line: its description, else its SKU, else the sender's name for the product, else its place."""
    line = content.lines[position]
    named = line.description or line.sku or line.product_ref
    return named or say(language, "item_unnamed", position=position + 1)


def customer_name(content: Content) -> str:
    """Name whom an order's mails are for: the customer, else the payer, else the receiver unless it is a gift; "" if nobody."""
    is_gift = content.gift is not None and content.gift.is_gift
    ship_to = content.destinations[0].address if content.destinations and not is_gift else None
    return next((each.name.strip() for each in (content.customer, content.bill_to, ship_to) if each and each.name), "")


def _counted(order_event: OrderEvent, content: Content) -> tuple[tuple[int, int], ...]:
    """Give the lines a fact is about and how many units of each; facts about the whole order are about all of it."""
    lines = getattr(order_event, "lines", None)
    if lines is not None:
        return tuple((position, quantity) for position, quantity in lines if position < len(content.lines))
    if isinstance(order_event, Refunded):
        return ()
    if isinstance(order_event, Held) and all(hold.lines for hold in order_event.holds):
        held = sorted(
            {position for hold in order_event.holds for position in hold.lines if position < len(content.lines)}
        )
        return tuple((position, content.lines[position].quantity) for position in held)
    return tuple((position, line.quantity) for position, line in enumerate(content.lines))


def _items(content: Content, counted: Iterable[tuple[int, int]], language: Language) -> tuple[Item, ...]:
    return tuple(_item(content, position, quantity, language) for position, quantity in counted)


def _item(content: Content, position: int, quantity: int, language: Language) -> Item:
    line, currency = content.lines[position], content.currency
    total = line_total(line, quantity)
    return Item(
        quantity,
        title_of(content, position, language),
        (line.sku or "") if line.description else "",  # else it is the title already
        "" if line.unit_price is None else money(line.unit_price, currency, language),
        "" if total is None else money(total, currency, language),
    )


def line_total(line: Line, quantity: int) -> Decimal | None:
    """Give what so many units of a line cost: for all of them as the sender stated, else by the unit price."""
    if quantity == line.quantity and line.totals is not None and line.totals.items is not None:
        return line.totals.items
    if line.unit_price is None:
        return None
    with localcontext(prec=PRECISION):
        return line.unit_price * quantity


def sums(content: Content) -> dict[str, Decimal]:
    """Give an order's sums by component, each as the sender stated it, else computed; the total of what there is.

    An order with a line whose price nobody gave has no computed sums: they would tell too little.
    """
    parts = (each for each in reconcile(content).components if each.line is None)
    is_priced = all(line_total(line, line.quantity) is not None for line in content.lines)
    found: dict[str, Decimal] = {}
    for part in parts:
        value = part.stated if part.stated is not None else part.computed
        if value is not None and (part.stated is not None or part.component != "items" or is_priced):
            found[part.component] = value
    if "total" not in found and "items" in found:
        with localcontext(prec=PRECISION):
            rest = sum((value for name, value in found.items() if name != "discount"), Decimal(0))
            found["total"] = rest - found.get("discount", Decimal(0))
    return found


def _totals(content: Content, language: Language) -> tuple[Total, ...]:
    shown = []
    for name, value in sums(content).items():
        signed = value.copy_negate() if name == "discount" else value
        if value or name in ("items", "total"):
            shown.append(Total(name, say(language, f"total.{name}"), money(signed, content.currency, language)))
    return tuple(shown)


def _parcels(order_event: Shipped, content: Content, language: Language) -> tuple[Parcel, ...]:
    return tuple(_parcel(package, content, language) for package in order_event.packages)


def _parcel(package: Package, content: Content, language: Language) -> Parcel:
    counted = [pair for pair in package.lines if pair[0] < len(content.lines)]
    return Parcel(
        _items(content, counted, language),
        package.carrier or "", package.service or "", package.number or "", link(package.url),
    )  # fmt: skip


def _is_part(counters: Sequence[Counters], reached: str) -> bool:
    """Say whether units that are not canceled have yet to reach the point."""
    return any(getattr(line, reached) < line.ordered - line.canceled for line in counters)


def _about(reasons: Iterable[str]) -> tuple[str, ...]:
    """Turn reasons into what the customer is asked about: address, payment, other."""
    topics = [next((topic for topic in ("address", "payment") if topic in reason), "other") for reason in reasons]
    return tuple(dict.fromkeys(topics))


def _placed(order: Order, zone: str, language: Language) -> str:
    said = order.content.placed_at
    if said and read_day(said, zone) is not None:
        return day_said(said, zone, language)
    return day_of(order.created_at, zone, language)


def _addresses(content: Content, counted: Sequence[tuple[int, int]], language: Language) -> tuple[tuple[str, ...], ...]:
    """Give the addresses the lines go to, each as the lines of a label."""
    used = sorted({content.lines[position].destination for position, _ in counted})
    found = (content.destinations[place].address for place in used if place < len(content.destinations))
    return tuple(lines for address in found if address and (lines := label(address, language)))


# Where the postal code is written before the town.
_CODE_FIRST = (
    "FR MC DE AT CH LI LU BE NL IT ES PT DK SE NO FI IS PL CZ SK HU SI HR RS RO BG GR EE LT TR MX BR "
    "GP GF MQ RE YT PM BL MF NC PF WF"
)
_CODE_FIRST_IN = frozenset(_CODE_FIRST.split())


def label(address: Address, language: Language) -> tuple[str, ...]:
    """Give an address as the lines of a label, without empty ones."""
    place = (address.city, address.region, address.postal_code)
    if address.country in _CODE_FIRST_IN:
        place = (address.postal_code, address.city, address.region)
    town = " ".join(part for part in place if part)
    lines = (address.name, address.company, *address.lines, town, country(address.country, language))
    return tuple(line for line in lines if line)
