"""The hub's own API: the shapes of its bodies, no logic. This is the canonical order in JSON.

Money and measures are strings of digits ("25.00") in both directions, because many clients read JSON numbers as binary
floats. Unknown members are kept and answered.
"""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from crossdock.core.json.validation import rule
from crossdock.core.json.value_types import AnyDate, Country, Currency, DateTime, NonEmpty, Quantity

_INTEGER_DIGITS = 24
_FRACTION_DIGITS = 16
_DIGITS = rf"-?[0-9]{{1,{_INTEGER_DIGITS}}}(\.[0-9]{{1,{_FRACTION_DIGITS}}})?"
_PLAIN = re.compile(_DIGITS).fullmatch
_SCIENTIFIC = re.compile(_DIGITS + r"[eE][-+]?[0-9]{1,2}").fullmatch


def is_amount(text: str) -> bool:
    """Check the digits of an amount; one with an exponent is in range if it is without it ("1E+2" as 100)."""
    if _PLAIN(text):
        return True
    if not _SCIENTIFIC(text):
        return False
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    return number.adjusted() < _INTEGER_DIGITS and isinstance(exponent, int) and exponent >= -_FRACTION_DIGITS


Amount = Annotated[
    str,
    rule(
        "amount",
        is_amount,
        f'digits such as "25.00", at most {_INTEGER_DIGITS} before the point and {_FRACTION_DIGITS} after it',
    ),
]


class Address(Struct):
    name: str | None = None
    company: str | None = None
    lines: list[str] = []
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: Country | None = None
    phone: str | None = None
    email: str | None = None
    residential: bool | None = None


class Customer(Struct):
    customer_ref: str | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    company: str | None = None


class Reference(Struct):
    name: str
    value: str


class Charge(Struct, kw_only=True):
    kind: Literal["discount", "tax", "duty", "fee", "shipping"]
    amount: Amount
    name: str | None = None
    currency: Currency | None = None
    rate: Amount | None = None


class Totals(Struct):
    items: Amount | None = None
    discount: Amount | None = None
    fees: Amount | None = None
    shipping: Amount | None = None
    tax: Amount | None = None
    duty: Amount | None = None
    total: Amount | None = None
    paid: Amount | None = None


class Measure(Struct):
    value: Amount
    unit: str | None = None


class ItemCustoms(Struct):
    tariff_code: str | None = None
    tariff_country: str | None = None
    origin_country: str | None = None
    origin_region: str | None = None


class Customs(Struct):
    declared_value: Amount | None = None
    currency: Currency | None = None
    reason: str | None = None
    importer_ref: str | None = None
    invoice_number: str | None = None


class Line(Struct, kw_only=True):
    """One ordered thing; it has a `sku` or a `description`. `destination` is a position in `destinations`."""

    quantity: Quantity
    sku: str | None = None
    line_ref: str | None = None
    product_ref: str | None = None
    description: str | None = None
    unit_price: Amount | None = None
    totals: Totals | None = None
    charges: list[Charge] = []
    customs: ItemCustoms | None = None
    weight: Measure | None = None
    destination: Annotated[int, Meta(ge=0)] = 0


class Destination(Struct):
    destination_ref: str | None = None
    address: Address | None = None
    location_ref: str | None = None
    method: str | None = None
    instructions: str | None = None


class Shipping(Struct):
    carrier: str | None = None
    service: str | None = None
    service_name: str | None = None
    tracking_number: str | None = None


class Gift(Struct):
    is_gift: bool = False
    message: str | None = None


class OrderCreate(Struct, kw_only=True):
    """The create body. `number` is the sender's order number, unique among the orders sent to the hub's own API."""

    number: NonEmpty
    lines: Annotated[list[Line], Meta(min_length=1)]
    destinations: list[Destination] = []
    account_ref: str | None = None
    channel: str | None = None
    customer_number: str | None = None
    references: list[Reference] = []
    placed_at: DateTime | None = None
    currency: Currency | None = None
    customer: Customer | None = None
    ship_from: Address | None = None
    bill_to: Address | None = None
    totals: Totals | None = None
    charges: list[Charge] = []
    shipping: Shipping | None = None
    gift: Gift | None = None
    customs: Customs | None = None
    ship_by: AnyDate | None = None
    release_at: AnyDate | None = None
    deliver_by: AnyDate | None = None
    notes: str | None = None
    notify: bool = True
    tax_included: bool = False


class Counters(Struct):
    ordered: int
    canceled: int
    allocated: int
    backordered: int
    shipped: int
    delivered: int
    return_requested: int
    returned: int


class LineAnswer(Line, kw_only=True):
    counters: Counters


class Hold(Struct):
    """A reason that stops progress: `number` is that of the event that placed it; no `lines` are all lines."""

    number: int
    reason: str
    note: str | None
    lines: list[int]
    at: str
    release_at: str | None
    actor: str | None


class Source(Struct):
    door: str
    submission_id: str
    actor: str


class Component(Struct):
    """One sum: `line` is a position, or null for the whole order; `difference` is stated minus computed."""

    component: str
    line: int | None
    stated: str | None
    computed: str | None
    difference: str | None


class Excluded(Struct):
    """Charges of one component in another currency than the order's; they are in no sum."""

    component: str
    currency: str
    amount: str


class Reconciliation(Struct, omit_defaults=True):
    """The stated totals against the lines; `excluded` is there only where it has elements."""

    currency: str | None
    exponent: int
    balanced: bool
    components: list[Component]
    excluded: list[Excluded] = []


class OrderAnswer(OrderCreate, kw_only=True):
    """The read answer: what was sent, and what the book knows."""

    id: str
    version: int
    status: str
    created_at: str
    updated_at: str
    source: Source
    holds: list[Hold]
    tags: list[str]
    archived: bool
    lines: list[LineAnswer]  # type: ignore[assignment]
    reconciliation: Reconciliation


class UnreadableOrder(Struct):
    """An order that this server cannot render, in its place in a list or an export: `error` says so in words."""

    id: str
    number: str
    version: int
    status: str
    error: str


class Loss(Struct):
    """`filled`: the format demanded a member the order lacks, `value` stands there (pointer into `order`). `dropped`: the
    format cannot say this value (pointer into the hub's order)."""

    kind: Literal["filled", "dropped"]
    pointer: str
    value: Any = None


class RenderedOrder(Struct):
    """An order in another door's read format."""

    format: str
    order: dict[str, Any]
    losses: list[Loss]


class Error(Struct, omit_defaults=True):
    """One fault: where in the body (JSON Pointer), or which query parameter or header."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None


class Problem(Struct):
    """RFC 9457 problem details; `code` is one of a closed list (docs/doors/hub.md).

    `order_id` is there where the order's number is taken: the order that has it. `allowed` is there where an order's status
    forbids what was asked: the verbs it can be asked for instead.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[Error]
    order_id: str | UnsetType = UNSET
    allowed: list[str] | UnsetType = UNSET


# ------------------------------------------------------------------------------------------------------------------ verbs
# A hold's reason and a tag are names: shown in lists, searched by, compared as a whole.
Name = Annotated[
    str,
    Meta(min_length=1, max_length=100),
    rule("hub_name", lambda text: text == text.strip(), "without blanks around it"),
]
# Why something was done: a sentence or two.
Reason = Annotated[
    str, Meta(min_length=1, max_length=500), rule("hub_reason", lambda text: not text.isspace(), "more than blanks")
]
# A page of text; what is longer belongs in a document that the note names.
Text = Annotated[
    str, Meta(min_length=1, max_length=4_000), rule("hub_text", lambda text: not text.isspace(), "more than blanks")
]
Position = Annotated[int, Meta(ge=0, le=2_147_483_647)]
# Every tag is a row of the search index that each change of tags writes anew.
MAX_TAGS = 50
# Every hold stands in every answer; nobody needs more than a few at once.
MAX_HOLDS = 20
# As many lines as a body of the size limit can hold, in round numbers.
MAX_LINES = 10_000
Tags = Annotated[list[Name], Meta(max_length=MAX_TAGS)]


class HoldRequest(Struct):
    """A hold to be placed; without `lines` it is on the whole order."""

    reason: Name
    note: Text | None = None
    lines: Annotated[list[Position], Meta(min_length=1, max_length=MAX_LINES)] | None = None
    release_at: DateTime | None = None


class HoldBody(Struct):
    holds: Annotated[list[HoldRequest], Meta(min_length=1, max_length=MAX_HOLDS)]


class ReleaseBody(Struct):
    """Which holds end: by their numbers, by their reasons, or, with neither, all of them."""

    holds: Annotated[list[Annotated[int, Meta(ge=1)]], Meta(min_length=1, max_length=1_000)] | None = None
    reasons: Annotated[list[Name], Meta(min_length=1, max_length=1_000)] | None = None
    reason: Reason | None = None


class CancelLine(Struct):
    """Units of one line; without a `quantity` all that are open."""

    line: Position
    quantity: Quantity | None = None


class CancelBody(Struct):
    """What is canceled; without `lines` the whole order."""

    lines: Annotated[list[CancelLine], Meta(min_length=1, max_length=MAX_LINES)] | None = None
    reason: Reason | None = None
    note: Text | None = None


class TagBody(Struct):
    """Tags to add and to remove, or all there should be."""

    add: Tags | None = None
    remove: Tags | None = None
    set: Tags | None = None
    reason: Reason | None = None


class NoteBody(Struct):
    text: Text


class ArchiveBody(Struct):
    reason: Reason | None = None


class EventAnswer(Struct):
    """What happened, who asked for it at which door; `data` is the event's own (docs/doors/hub.md)."""

    number: int
    name: str
    at: str
    actor: str
    door: str
    data: dict[str, Any]


class Moved(Struct):
    """The order after a verb, and the events of it; none where there was nothing to change."""

    order: OrderAnswer
    events: list[EventAnswer]


class Difference(Struct):
    """One value of the order that changed; null where there was or is none."""

    pointer: str
    old: Any
    new: Any


class TimelineEntry(EventAnswer):
    """An event with the reason given for it and what it changed."""

    reason: str | None
    changes: list[Difference]


class UnreadableEntry(Struct):
    """An event that this server cannot read, or that follows one: `error` says so in words."""

    number: int
    name: str
    at: str
    actor: str
    door: str
    error: str


class Count(Struct):
    door: str
    status: str
    orders: int


class Counts(Struct):
    """Numbers of orders: all, by status, by door, and by both, where there are any."""

    total: int
    status: dict[str, int]
    door: dict[str, int]
    items: list[Count]


class SubmissionAnswer(Struct):
    """A submission. `body` is its text where it is UTF-8, else null; `body_base64` is always there. Both are left out of
    lists."""

    id: str
    door: str
    operation: str
    actor: str
    received_at: str
    status: str
    order_id: str | None
    code: str | None
    errors: list[Error]
    redrive_of: str | None
    size: int
    complete: bool


class SubmissionFull(SubmissionAnswer):
    body: str | None
    body_base64: str


class SubmissionPage(Struct):
    items: list[SubmissionAnswer]
    next: str | None


class Redriven(Struct):
    """What became of a submission driven again: the new submission, and the order it made or met."""

    submission_id: str
    status: str
    order_id: str | None


class TokenAnswer(Struct):
    """RFC 6749, section 5.1."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str
