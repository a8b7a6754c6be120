"""The columns of the order list: which there are, which a reader chose, and what they show of an order."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from crossdock.core.ids import to_base32
from crossdock.core.orders.model import Address, Order
from crossdock.core.search_terms import contact_email
from crossdock.flows.order_lists import is_overdue
from crossdock.web.console.page import PageRequest

COOKIE = "crossdock_columns"


class Column(Struct, frozen=True):
    """A column: its English label, the classes of its cells, and whether it is shown unless the reader chose others.

    Class `end` stands at the right edge on a phone, `wide` takes the whole width, `skip-small` is not shown there.
    """

    label: str
    css: str = ""
    is_default: bool = True


COLUMNS = {
    "received": Column("Received at", "end nowrap muted"),
    "customer": Column("Customer"),
    "status": Column("Status", "end"),
    "items": Column("Items", "wide"),
    "total": Column("Total", "number"),
    "ship_to": Column("Ship to", "skip-small", is_default=False),
    "door": Column("API", "skip-small"),
    "tags": Column("Tags", "wide"),
    "email": Column("E-mail", "wide", is_default=False),
    "units": Column("Units", "number", is_default=False),
    "skus": Column("SKUs", "wide", is_default=False),
    "reference": Column("Reference", "wide", is_default=False),
    "ship_by": Column("Ship by", "end nowrap", is_default=False),
    "holds": Column("Holds", "wide", is_default=False),
    "locations": Column("Locations", "wide", is_default=False),
    "tracking": Column("Tracking", "wide", is_default=False),
    "updated": Column("Changed", "end nowrap muted", is_default=False),
    "version": Column("Version", "number", is_default=False),
}
DEFAULT = tuple(name for name, column in COLUMNS.items() if column.is_default)


def parse(text: str) -> tuple[str, ...]:
    """Read names of columns, separated by commas, in the order of COLUMNS; unknown ones are left out."""
    named = set(text.split(","))
    return tuple(name for name in COLUMNS if name in named)


def chosen(request: PageRequest) -> tuple[str, ...]:
    """Return the columns of the URL, else those of the cookie, else the default ones."""
    return parse(request.query.get("columns", "")) or parse(request.http.cookies.get(COOKIE, "")) or DEFAULT


class Row(Struct, frozen=True):
    """An order as a row. Times are microseconds since 1970 UTC; `ship_by` is what the sender wrote."""

    order: Order
    order_id: str
    customer: str | None
    email: str | None
    item: str | None
    more_items: int
    units: int
    total: Decimal | None
    ship_to: str
    ship_by: str | None
    is_late: bool
    holds: tuple[str, ...]
    skus: str
    locations: str
    references: str
    tracking: str


_SHOWN = 3  # values of a list in one cell


def rows(orders: Sequence[Order], *, now: datetime) -> list[Row]:
    """Turn orders into rows; `now` has the reader's zone."""
    return [row(order, now) for order in orders]


def row(order: Order, now: datetime) -> Row:
    """Turn an order into a row."""
    content, counters = order.content, order.counters
    first = content.lines[0] if content.lines else None
    addresses = (order.ship_to, content.bill_to)
    names = [content.customer.name if content.customer else None, *(each.name for each in addresses if each)]
    ship_by = content.ship_by
    is_open = any(line.open for line in counters)
    return Row(
        order,
        to_base32(order.order_id),
        next((name for name in names if name), None),
        contact_email(content),
        (first.description or first.sku) if first else None,
        max(0, len(content.lines) - 1),
        sum(line.ordered - line.canceled for line in counters),
        content.totals.total if content.totals else None,
        _place(order.ship_to),
        ship_by,
        bool(ship_by) and is_open and is_overdue(str(ship_by), now),
        tuple(dict.fromkeys(hold.reason for hold in order.holds)),
        _listed(line.sku for line in content.lines[:50]),
        _listed(
            (*(each.location for each in order.allocations), *(each.location_ref for each in content.destinations))
        ),
        _listed(reference.value for reference in content.references),
        _listed(_tracking_numbers(order)),
    )


def _place(address: Address | None) -> str:
    if address is None:
        return ""
    return ", ".join(part for part in (address.city, address.region, address.country) if part)


def _tracking_numbers(order: Order) -> list[str | None]:
    numbers = [box.number for each in order.fulfillments for box in each.packages]
    return numbers or [order.content.shipping.tracking_number if order.content.shipping else None]


def _listed(values: Iterable[str | None]) -> str:
    distinct = list(dict.fromkeys(value for value in values if value))
    return ", ".join(distinct[:_SHOWN]) + (" …" if len(distinct) > _SHOWN else "")
