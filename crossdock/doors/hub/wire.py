"""The hub's own API: the shapes of its bodies, no logic. This is the canonical order in JSON.

Money and measures are strings of digits ("25.00") in both directions, because many clients read JSON numbers as binary
floats. Unknown members are kept and answered.
"""

import re
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from crossdock.core.formats import AnyDate, Country, Currency, DateTime, Filled, Quantity
from crossdock.core.reading import rule

_AMOUNT = re.compile(r"-?[0-9]{1,24}(\.[0-9]{1,16})?([eE][-+]?[0-9]{1,2})?")
Amount = Annotated[str, rule("amount", lambda text: _AMOUNT.fullmatch(text) is not None, 'digits such as "25.00"')]


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

    number: Filled
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
    reason: str
    at: str
    note: str | None


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


class Reconciliation(Struct):
    currency: str | None
    exponent: int
    balanced: bool
    components: list[Component]


class OrderAnswer(OrderCreate, kw_only=True):
    """The read answer: what was sent, and what the book knows."""

    id: str
    version: int
    status: str
    created_at: str
    updated_at: str
    source: Source
    holds: list[Hold]
    lines: list[LineAnswer]  # type: ignore[assignment]
    reconciliation: Reconciliation


class Page(Struct):
    items: list[OrderAnswer]
    next: str | None


class Loss(Struct):
    """`filled`: the format demanded a member the order lacks, `value` stands there (pointer into `order`). `dropped`: the
    format cannot say this value (pointer into the hub's order)."""

    kind: Literal["filled", "dropped"]
    pointer: str
    value: Any = None


class Worded(Struct):
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
    """RFC 9457 problem details; `code` is one of a closed list (docs/doors/hub.md)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[Error]


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
