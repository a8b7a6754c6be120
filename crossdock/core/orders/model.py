"""The canonical order: its content in one vocabulary, and the counters of its lines.

`Content` is what the sender said (parties, lines, money, dates) and changes only by an edit; `Order` is what the hub knows (id,
version, counters, holds). Sender fields with no counterpart here are in the submission's bytes and, once the content was
edited, in `unmapped` (core/orders/unmapped.py). Absent is None, never an empty string; money and measures are
Decimal with the digits the sender wrote.
"""

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from msgspec import Struct, field

from crossdock.core.orders.allocations import Allocation
from crossdock.core.orders.fulfillments import Fulfillment
from crossdock.core.orders.payments import Payment, Refund
from crossdock.core.orders.returns import Return
from crossdock.core.orders.status import Counters, Status, status_of

# Kinds of charges; `reconcile` sums them by kind.
ChargeKind = Literal["discount", "tax", "duty", "fee", "shipping"]


class Address(Struct, frozen=True, omit_defaults=True):
    """A postal address. `country` is ISO 3166-1 alpha-2; `lines` are the street lines in order, without empty ones."""

    name: str | None = None
    company: str | None = None
    lines: tuple[str, ...] = ()
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None
    phone: str | None = None
    email: str | None = None
    residential: bool | None = None


class Customer(Struct, frozen=True, omit_defaults=True):
    """Who ordered. `customer_ref` is the sender's own id for them."""

    customer_ref: str | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    company: str | None = None


class Reference(Struct, frozen=True):
    """Another number the order goes by, with the sender's name for it."""

    name: str
    value: str


class Charge(Struct, frozen=True, omit_defaults=True):
    """One amount added to or taken off the items; `rate` is a percentage, `currency` is None where it is the order's."""

    kind: ChargeKind
    amount: Decimal
    name: str | None = None
    currency: str | None = None
    rate: Decimal | None = None


class Totals(Struct, frozen=True, omit_defaults=True):
    """Sums as the sender stated them, never corrected; None where nothing was said."""

    items: Decimal | None = None
    discount: Decimal | None = None
    fees: Decimal | None = None
    shipping: Decimal | None = None
    tax: Decimal | None = None
    duty: Decimal | None = None
    total: Decimal | None = None
    paid: Decimal | None = None


class Measure(Struct, frozen=True):
    """A quantity with the sender's unit (OZ, GM, …)."""

    value: Decimal
    unit: str | None = None


class ItemCustoms(Struct, frozen=True, omit_defaults=True):
    """What customs asks about a line; countries are ISO 3166-1 alpha-2."""

    tariff_code: str | None = None
    tariff_country: str | None = None
    origin_country: str | None = None
    origin_region: str | None = None


class Customs(Struct, frozen=True, omit_defaults=True):
    """What customs asks about the order."""

    declared_value: Decimal | None = None
    currency: str | None = None
    reason: str | None = None
    importer_ref: str | None = None
    invoice_number: str | None = None


class Line(Struct, frozen=True, omit_defaults=True):
    """One ordered thing. `line_ref` is the sender's line id, `destination` a position in `Content.destinations`, `pool` the
    stock that the sender wants it from (an inventory type)."""

    quantity: int
    sku: str | None = None
    line_ref: str | None = None
    product_ref: str | None = None
    description: str | None = None
    unit_price: Decimal | None = None
    totals: Totals | None = None
    charges: tuple[Charge, ...] = ()
    customs: ItemCustoms | None = None
    weight: Measure | None = None
    destination: int = 0
    pool: str | None = None
    unmapped: Any = field(default=None, name="leftovers")  # the name in stored content and in hashed events


class Destination(Struct, frozen=True, omit_defaults=True):
    """Where lines go and from where: `location_ref` is the sender's warehouse, node or store."""

    destination_ref: str | None = None
    address: Address | None = None
    location_ref: str | None = None
    method: str | None = None
    instructions: str | None = None


class Shipping(Struct, frozen=True, omit_defaults=True):
    """How the sender wants it shipped."""

    carrier: str | None = None
    service: str | None = None
    service_name: str | None = None
    tracking_number: str | None = None


class Gift(Struct, frozen=True, omit_defaults=True):
    """Whether it is a gift, and the words to print."""

    is_gift: bool = False
    message: str | None = None


class Content(Struct, frozen=True, omit_defaults=True):
    """Everything the sender said. `number` is the sender's order number; times are kept as sent (ISO 8601).

    `unmapped` is None as long as the content is exactly what its submission says: then that document holds all the rest.
    `notify` says whether the customer is told of the order by mail, `tax_included` whether prices and totals contain the tax.
    """

    number: str
    lines: tuple[Line, ...]
    destinations: tuple[Destination, ...] = ()
    account_ref: str | None = None
    channel: str | None = None
    customer_number: str | None = None
    references: tuple[Reference, ...] = ()
    placed_at: str | None = None
    currency: str | None = None
    customer: Customer | None = None
    ship_from: Address | None = None
    bill_to: Address | None = None
    totals: Totals | None = None
    charges: tuple[Charge, ...] = ()
    shipping: Shipping | None = None
    gift: Gift | None = None
    customs: Customs | None = None
    ship_by: str | None = None
    release_at: str | None = None
    deliver_by: str | None = None
    notes: str | None = None
    notify: bool = True
    tax_included: bool = False
    unmapped: Any = field(default=None, name="leftovers")  # the name in stored content and in hashed events


class Hold(Struct, frozen=True, omit_defaults=True):
    """A named reason that stops progress. `number` is that of the event that placed it; holds of one call share it.

    `lines` are positions in the content, none meaning the whole order. `at` and `release_at` are microseconds since 1970
    UTC; at `release_at` it is released by itself.
    """

    reason: str
    at: int
    note: str | None = None
    number: int = 0
    lines: tuple[int, ...] = ()
    release_at: int | None = None
    actor: str | None = None


class Source(Struct, frozen=True):
    """Which door an order came from, the submission its content was last sent with whole, and the ship-to country it had
    when it was received."""

    door: str
    submission_id: int
    actor: str
    country: str | None = None


class Order(Struct, frozen=True):
    """One order of the book. `counters` stand in line order; times are microseconds since 1970 UTC.

    `version` counts changes, `event_number` and `event_hash` are the head of its event chain. `tags` and `archived` are the
    organization's own marks and move nothing. `allocations` are those made so far, in time order.
    """

    organization_id: int
    order_id: int
    version: int
    created_at: int
    updated_at: int
    source: Source
    content: Content
    counters: tuple[Counters, ...]
    holds: tuple[Hold, ...] = ()
    event_number: int = 0
    event_hash: bytes = bytes(32)
    tags: tuple[str, ...] = ()
    archived: bool = False
    allocations: tuple[Allocation, ...] = ()
    fulfillments: tuple[Fulfillment, ...] = ()
    returns: tuple[Return, ...] = ()
    payments: tuple[Payment, ...] = ()
    refunds: tuple[Refund, ...] = ()

    @property
    def status(self) -> Status:
        """The order's status, derived from its counters and holds."""
        counters, held = self.counters, bool(self.holds)
        return _status_of_few(counters, held) if len(counters) <= _FEW else status_of(counters, held=held)

    @property
    def is_waiting(self) -> bool:
        """Whether units of it wait for stock."""
        return any(line.backordered for line in self.counters)

    @property
    def due_at(self) -> int | None:
        """When the first of its holds and allocations ends by itself, microseconds since 1970 UTC, or None."""
        if not self.holds and not self.allocations and not self.fulfillments:
            return None
        times = [hold.release_at for hold in self.holds if hold.release_at is not None]
        times += [each.expires_at for each in self.allocations if each.expires_at is not None and each.is_open]
        times += [each.pickup_by for each in self.fulfillments if each.pickup_by is not None and each.is_open]
        return min(times, default=None)

    @property
    def ship_to(self) -> Address | None:
        """The address of the first destination."""
        return self.content.destinations[0].address if self.content.destinations else None


# Most orders have a few lines with the same counters as other orders' lines, and each is asked for its status several times.
# Longer ones are not kept, because they would fill the memory.
_FEW = 8


@lru_cache(1024)
def _status_of_few(counters: tuple[Counters, ...], held: bool) -> Status:
    return status_of(counters, held=held)


def initial_counters(content: Content) -> tuple[Counters, ...]:
    """Return each line of a new order its counters: everything ordered, nothing done."""
    return tuple(Counters(ordered=line.quantity) for line in content.lines)


def line_ids(lines: Sequence[Line]) -> tuple[str, ...]:
    """Return an id for each line that is unique in the order: the sender's, or the first number from its position on that no
    line has, where there is none or an earlier line has the same."""
    taken = {line.line_ref for line in lines}
    ids: list[str] = []
    used: set[str] = set()
    for position, line in enumerate(lines, 1):
        line_id, number = line.line_ref or "", position
        if not line_id or line_id in used:
            while (line_id := str(number)) in taken or line_id in used:
                number += 1
        used.add(line_id)
        ids.append(line_id)
    return tuple(ids)


def split_name(name: str) -> tuple[str, str | None, str]:
    """Split a person's name into first, middle and last: the first word, the last word, and what stands between.

    A single word is a first name with an empty last one.
    """
    words = name.split()
    if len(words) < 2:
        return name, None, ""
    return words[0], " ".join(words[1:-1]) or None, words[-1]


def join_name(*parts: str | None) -> str | None:
    """Join the parts of a person's name, passing over what is absent or empty; None when nothing is left."""
    return " ".join(part for part in parts if part) or None
