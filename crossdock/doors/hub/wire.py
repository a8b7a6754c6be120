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
from crossdock.core.orders.fulfillments import DeliveryStatus, FulfillmentStatus
from crossdock.core.orders.fulfillments import Kind as FulfillmentKind
from crossdock.core.orders.payments import RefundKind
from crossdock.core.orders.returns import ReturnStatus
from crossdock.core.orders.status import Status

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
        pattern=rf"^{_DIGITS}([eE][-+]?[0-9]{{1,2}})?$",
    ),
]


ID_PATTERN = "^[0-9a-hjkmnp-tv-z]{13}$"
Id = Annotated[str, Meta(pattern=ID_PATTERN)]
Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
SubmissionStatus = Literal["accepted", "replayed", "refused", "redriven"]


def about(text: str) -> Meta:
    """Return what the documentation says of a member."""
    return Meta(description=text)


class Address(Struct):
    name: Annotated[str | None, about("the person")] = None
    company: Annotated[str | None, about("the company")] = None
    lines: Annotated[list[str], about("street and house, a line each")] = []
    city: Annotated[str | None, about("the city")] = None
    region: Annotated[str | None, about("the state or province, as the sender writes it")] = None
    postal_code: Annotated[str | None, about("the postal code")] = None
    country: Annotated[Country | None, about("ISO 3166-1 alpha-2")] = None
    phone: Annotated[str | None, about("a phone number, in any form")] = None
    email: Annotated[str | None, about("an e-mail address")] = None
    residential: Annotated[bool | None, about("whether it is a home; null where nobody said")] = None


class Customer(Struct):
    customer_ref: Annotated[str | None, about("the customer's id at the sender")] = None
    name: Annotated[str | None, about("the customer's name")] = None
    email: Annotated[str | None, about("where its e-mails go; else to the first address that has one")] = None
    phone: Annotated[str | None, about("a phone number, in any form")] = None
    company: Annotated[str | None, about("the customer's company")] = None


class Reference(Struct):
    name: Annotated[str, about("what the number is, such as `purchase_order`")]
    value: Annotated[str, about("the number; the order is found by it")]


class Charge(Struct, kw_only=True):
    kind: Annotated[
        Literal["discount", "tax", "duty", "fee", "shipping"], about("which component of the totals it belongs to")
    ]
    amount: Annotated[Amount, about("positive, also for a discount")]
    name: Annotated[str | None, about("what it is called for people")] = None
    currency: Annotated[Currency | None, about("ISO 4217; the order's where it is missing")] = None
    rate: Annotated[Amount | None, about('the rate it was computed with, such as "0.07"')] = None


class Totals(Struct):
    items: Annotated[Amount | None, about("of the goods, before discounts")] = None
    discount: Annotated[Amount | None, about("what is taken off, positive")] = None
    fees: Annotated[Amount | None, about("fees")] = None
    shipping: Annotated[Amount | None, about("shipping")] = None
    tax: Annotated[Amount | None, about("taxes")] = None
    duty: Annotated[Amount | None, about("duties")] = None
    total: Annotated[Amount | None, about("items - discount + fees + shipping + tax + duty")] = None
    paid: Annotated[Amount | None, about("what was paid already; not part of the total")] = None


class Measure(Struct):
    value: Annotated[Amount, about("the number")]
    unit: Annotated[str | None, about("the unit, as the sender writes it")] = None


class ItemCustoms(Struct):
    tariff_code: Annotated[str | None, about("the Harmonized System code or a longer national one")] = None
    tariff_country: Annotated[str | None, about("the country whose tariff the code is from")] = None
    origin_country: Annotated[str | None, about("where the goods were made")] = None
    origin_region: Annotated[str | None, about("the region where the goods were made")] = None


class Customs(Struct):
    declared_value: Annotated[Amount | None, about("what is declared for the whole order")] = None
    currency: Annotated[Currency | None, about("ISO 4217; of the declared value")] = None
    reason: Annotated[str | None, about("why it is sent, such as `sale` or `gift`")] = None
    importer_ref: Annotated[str | None, about("the importer's tax or registration number")] = None
    invoice_number: Annotated[str | None, about("the commercial invoice's number")] = None


class Line(Struct, kw_only=True):
    """One ordered thing; it has a `sku` or a `description`. `destination` is a position in `destinations`."""

    quantity: Annotated[Quantity, about("how many are ordered")]
    sku: Annotated[str | None, about("the SKU; required without `description`")] = None
    line_ref: Annotated[str | None, about("the sender's id of the line; an edit finds the line by it")] = None
    product_ref: Annotated[str | None, about("the product's id at the sender")] = None
    description: Annotated[str | None, about("what it is, for people; required without `sku`")] = None
    unit_price: Annotated[Amount | None, about("the price of one")] = None
    totals: Annotated[Totals | None, about("of this line, as the sender states them")] = None
    charges: Annotated[list[Charge], about("of this line")] = []
    customs: Annotated[ItemCustoms | None, about("what customs want to know of the goods")] = None
    weight: Annotated[Measure | None, about("the weight of one")] = None
    destination: Annotated[int, Meta(ge=0), about("where it goes: a position in `destinations`, from 0")] = 0
    pool: Annotated[str | None, about("the pool of stock its units come from first; else that of the channel")] = None


class Destination(Struct):
    destination_ref: Annotated[str | None, about("the sender's id of the destination")] = None
    address: Annotated[Address | None, about("where to; may be missing where a location is named")] = None
    location_ref: Annotated[str | None, about("the warehouse or shop that ships to it")] = None
    method: Annotated[str | None, about("how to ship, as the sender names it")] = None
    instructions: Annotated[str | None, about("what the carrier should know")] = None


class Shipping(Struct):
    carrier: Annotated[str | None, about("the carrier")] = None
    service: Annotated[str | None, about("the carrier's code of the service")] = None
    service_name: Annotated[str | None, about("the service, for people")] = None
    tracking_number: Annotated[str | None, about("the tracking number, where the sender knows it")] = None


class Gift(Struct):
    is_gift: Annotated[bool, about("whether it is a gift")] = False
    message: Annotated[str | None, about("the text of the card")] = None


class OrderCreate(Struct, kw_only=True):
    """The create body. `number` is the sender's order number, unique among the orders sent to the hub's own API."""

    number: Annotated[NonEmpty, about("the sender's order number, unique among the orders sent to this API")]
    lines: Annotated[list[Line], Meta(min_length=1), about("what is ordered, at least one line")]
    destinations: Annotated[list[Destination], about("where the lines go")] = []
    account_ref: Annotated[str | None, about("the sales account at the sender")] = None
    channel: Annotated[str | None, about("the sales channel at the sender")] = None
    customer_number: Annotated[str | None, about("the customer's number, for people")] = None
    references: Annotated[list[Reference], about("other numbers the order is found by")] = []
    placed_at: Annotated[DateTime | None, about("when the customer placed the order")] = None
    currency: Annotated[Currency | None, about("ISO 4217")] = None
    customer: Annotated[Customer | None, about("who ordered")] = None
    ship_from: Annotated[Address | None, about("where it is shipped from")] = None
    bill_to: Annotated[Address | None, about("where the invoice goes")] = None
    totals: Annotated[Totals | None, about("of the whole order, as the sender states them")] = None
    charges: Annotated[list[Charge], about("of the whole order")] = []
    shipping: Annotated[Shipping | None, about("how it is shipped")] = None
    gift: Annotated[Gift | None, about("whether it is a gift")] = None
    customs: Annotated[Customs | None, about("what customs want to know of the order")] = None
    ship_by: Annotated[AnyDate | None, about("ship no later than")] = None
    release_at: Annotated[AnyDate | None, about("do not ship before")] = None
    deliver_by: Annotated[AnyDate | None, about("deliver no later than")] = None
    notes: Annotated[str | None, about("for the people who handle it")] = None
    notify: Annotated[bool, about("whether the customer gets e-mails about it")] = True
    tax_included: Annotated[bool, about("whether prices include the tax, so that the total does not add it")] = False


class Counters(Struct):
    ordered: Annotated[int, about("units of the line")]
    canceled: Annotated[int, about("units canceled")]
    allocated: Annotated[int, about("units a location was chosen for, not shipped yet")]
    backordered: Annotated[int, about("units that wait for stock")]
    shipped: Annotated[int, about("units shipped")]
    delivered: Annotated[int, about("units delivered, of those shipped")]
    return_requested: Annotated[int, about("units whose return was requested, of those shipped")]
    returned: Annotated[int, about("units returned, of those requested")]


class LineAnswer(Line, kw_only=True):
    counters: Annotated[Counters, about("where the line's units are")]


class Hold(Struct):
    """A reason that stops progress: `number` is that of the event that placed it; no `lines` are all lines."""

    number: Annotated[int, about("of the event that placed it; `release` takes it")]
    reason: Annotated[str, about("why; `release` takes it too")]
    note: Annotated[str | None, about("a note for people")]
    lines: Annotated[list[int], about("positions of the lines that are held; none are all")]
    at: Annotated[Time, about("when it was placed")]
    release_at: Annotated[Time | None, about("when it ends by itself; null where it does not")]
    actor: Annotated[str | None, about("who placed it")]


class Source(Struct):
    door: Annotated[str, about("the API the order was sent to")]
    submission_id: Annotated[Id, about("the submission that became the order")]
    actor: Annotated[str, about("the client or user who sent it")]


class Component(Struct):
    """One sum: `line` is a position, or null for the whole order; `difference` is stated minus computed."""

    component: Annotated[str, about("which sum")]
    line: Annotated[int | None, about("the position of the line, null for the whole order")]
    stated: Annotated[str | None, about("as the sender states it, null where nobody does")]
    computed: Annotated[str | None, about("as it adds up, null where that cannot be computed")]
    difference: Annotated[str | None, about("stated minus computed")]


class Excluded(Struct):
    """Charges of one component in another currency than the order's; they are in no sum."""

    component: Annotated[str, about("which sum it would belong to")]
    currency: Annotated[str, about("the charges' currency")]
    amount: Annotated[str, about("the sum of the charges in that currency")]


class Reconciliation(Struct, omit_defaults=True):
    """The stated totals against the lines; `excluded` is there only where it has elements."""

    currency: Annotated[str | None, about("ISO 4217; null where the order has none")]
    exponent: Annotated[int, about("digits of the currency's minor unit")]
    balanced: Annotated[bool, about("whether no component differs")]
    components: Annotated[list[Component], about("every sum that was stated or computed")]
    excluded: Annotated[list[Excluded], about("charges in other currencies than the order's")] = []


class AllocatedUnits(Struct):
    """Units of a line that a location serves. `sku` is null where no stock is tracked."""

    line: Annotated[int, about("the position of the line; -1 where an edit has removed it")]
    sku: Annotated[str | None, about("whose stock they are; null where no stock is tracked")]
    pool: Annotated[str, about("the pool they are from; empty for the common stock")]
    quantity: Annotated[int, about("units allocated")]
    open: Annotated[int, about("of them neither shipped nor given back")]
    shipped: Annotated[int, about("of them shipped")]
    released: Annotated[int, about("of them given back")]


class AllocationAnswer(Struct):
    """One location's share of an order."""

    id: Annotated[Id, about("the allocation's id")]
    location: Annotated[str, about("the location that serves the units")]
    open: Annotated[bool, about("whether units of it are neither shipped nor given back")]
    destination: Annotated[int, about("where the units go: a position in `destinations`")]
    at: Annotated[Time, about("when it was made")]
    expires_at: Annotated[Time | None, about("when what is open of it is given back by itself")]
    replaces: Annotated[Id | None, about("the allocation whose units it took over")]
    decision_id: Annotated[Id | None, about("the decision that explains it")]
    units: Annotated[list[AllocatedUnits], about("its units, by line and stock level")]


class LineAmount(Struct):
    line: Annotated[int, about("the position of the line; -1 where an edit has removed it")]
    amount: Annotated[Amount, about("the amount")]


class LineUnits(Struct):
    line: Annotated[int, about("the position of the line; -1 where an edit has removed it")]
    quantity: Annotated[int, about("how many of its units")]


class PackageWeight(Struct):
    value: Annotated[Amount, about("the number")]
    unit: Annotated[str, about("the unit, such as `KG`"), Meta(min_length=1, max_length=20)]


class PackageSize(Struct):
    length: Annotated[Amount, about("the length")]
    width: Annotated[Amount, about("the width")]
    height: Annotated[Amount, about("the height")]
    unit: Annotated[
        Annotated[str, Meta(min_length=1, max_length=20)] | None, about("the unit of all three, such as `MM`")
    ] = None


class PackageAnswer(Struct):
    """What leaves in one piece."""

    id: Annotated[Id | None, about("the package's id")]
    lines: Annotated[list[LineUnits], about("what is in it")]
    carrier: Annotated[str | None, about("the carrier")]
    service: Annotated[str | None, about("the carrier's service")]
    tracking_number: Annotated[str | None, about("the carrier's number of it")]
    tracking_url: Annotated[str | None, about("where the customer can follow it")]
    weight: Annotated[PackageWeight | None, about("the weight")]
    size: Annotated[PackageSize | None, about("the dimensions")]
    shipped: Annotated[bool, about("whether it has left")]
    shipped_at: Annotated[Time | None, about("when it left")]
    status: Annotated[DeliveryStatus | None, about("what the carrier reported; null before the first report")]
    reported_at: Annotated[Time | None, about("when the carrier reported that")]


class FulfillmentLineAnswer(Struct):
    line: Annotated[int, about("the position of the line; -1 where an edit has removed it")]
    quantity: Annotated[int, about("units of the line in the fulfillment")]
    open: Annotated[int, about("of them neither shipped nor canceled")]
    picked: Annotated[int, about("of them picked")]
    shipped: Annotated[int, about("of them shipped")]
    canceled: Annotated[int, about("of them canceled, or not found when they were picked")]


class FulfillmentAnswer(Struct):
    """One location's work on an order."""

    id: Annotated[Id, about("the fulfillment's id")]
    location: Annotated[str, about("the location that ships the units")]
    kind: Annotated[FulfillmentKind, about("`pickup`: the customer comes; `reship`: it replaces a package")]
    status: Annotated[FulfillmentStatus, about("derived from lines and packages")]
    reference: Annotated[str | None, about("the sender's id of it")]
    destination: Annotated[int, about("where the units go: a position in `destinations`")]
    at: Annotated[Time, about("when it was created")]
    lines: Annotated[list[FulfillmentLineAnswer], about("its units by line")]
    packages: Annotated[list[PackageAnswer], about("its packages")]
    shipped_at: Annotated[Time | None, about("when units were shipped last")]
    ready_at: Annotated[Time | None, about("of a pickup: since when the customer can come")]
    pickup_by: Annotated[Time | None, about("of a pickup: until when the units wait")]
    reships: Annotated[Id | None, about("the package that it replaces")]


class ReturnLineAnswer(Struct):
    line: Annotated[int, about("the position of the line; -1 where an edit has removed it")]
    quantity: Annotated[int, about("units that are to come back")]
    reason: Annotated[str | None, about("why")]
    received: Annotated[int, about("of them received")]
    restocked: Annotated[int, about("of those received: back in stock")]
    scrapped: Annotated[int, about("of those received: not to be sold again")]
    rejected: Annotated[int, about("of those received: not accepted, and not refunded")]
    canceled: Annotated[int, about("units that are not expected any more")]


class ReturnAnswer(Struct):
    """What is to come back of an order, and what became of it."""

    id: Annotated[Id, about("the return's id")]
    status: Annotated[ReturnStatus, about("derived from the lines")]
    reference: Annotated[str | None, about("the sender's number of it, such as an RMA number")]
    location: Annotated[str | None, about("where the units come to")]
    label_url: Annotated[str | None, about("where the customer gets the return label")]
    exchange: Annotated[bool, about("whether the customer gets other goods instead of money")]
    note: Annotated[str | None, about("a note for people")]
    at: Annotated[Time, about("when it was requested")]
    lines: Annotated[list[ReturnLineAnswer], about("its units by line")]


class PaymentAnswer(Struct):
    """A payment, as its provider reported it last."""

    id: Annotated[Id, about("the payment's id")]
    reference: Annotated[str | None, about("the payment provider's id of it")]
    method: Annotated[str | None, about("how it was paid, such as `card`")]
    status: Annotated[str | None, about("the provider's word for its state")]
    currency: Annotated[str | None, about("ISO 4217")]
    at: Annotated[Time, about("when it was recorded first")]
    authorized: Annotated[Amount, about("what was authorized")]
    captured: Annotated[Amount, about("what was captured")]
    refunded: Annotated[Amount, about("what the provider gave back")]
    voided: Annotated[Amount, about("what of the authorization was given up")]
    settled: Annotated[Amount, about("what the provider paid out")]


class RefundAnswer(Struct):
    """Money that goes back to the customer."""

    id: Annotated[Id, about("the refund's id")]
    kind: Annotated[RefundKind, about("what it is for; `appeasement` is goodwill")]
    amount: Annotated[Amount, about("the amount, positive, in the order's currency")]
    components: Annotated[dict[str, Amount], about("what it is made of; empty where an amount was named")]
    lines: Annotated[list[LineUnits], about("the units it is for")]
    line_amounts: Annotated[
        list[LineAmount], about("how much of it each line gets; empty where it is for the whole order")
    ]
    return_id: Annotated[Id | None, about("the return it is for")]
    reference: Annotated[str | None, about("the sender's id of it")]
    reason: Annotated[str | None, about("why")]
    at: Annotated[Time, about("when it was made")]


class OrderAnswer(OrderCreate, kw_only=True):
    """The read answer: what was sent, and what the book knows."""

    id: Annotated[Id, about("the order's id in this API")]
    version: Annotated[int, about("counts the changes from 1; also the ETag")]
    status: Annotated[Status, about("derived from lines and holds")]
    created_at: Annotated[Time, about("when the order was received")]
    updated_at: Annotated[Time, about("when it was last changed")]
    source: Annotated[Source, about("where it came from")]
    holds: Annotated[list[Hold], about("the holds in force")]
    tags: Annotated[list[str], about("the tags")]
    archived: Annotated[bool, about("whether it is archived")]
    lines: Annotated[list[LineAnswer], about("the lines, with where their units are")]  # type: ignore[assignment]
    reconciliation: Annotated[Reconciliation, about("the stated totals against the lines")]
    allocations: Annotated[
        list[AllocationAnswer] | UnsetType, about("which locations serve its units; only where there are any")
    ] = UNSET
    fulfillments: Annotated[
        list[FulfillmentAnswer] | UnsetType, about("its fulfillments; only where there are any")
    ] = UNSET
    returns: Annotated[list[ReturnAnswer] | UnsetType, about("its returns; only where there are any")] = UNSET
    payments: Annotated[list[PaymentAnswer] | UnsetType, about("its payments; only where there are any")] = UNSET
    refunds: Annotated[list[RefundAnswer] | UnsetType, about("its refunds; only where there are any")] = UNSET


class UnreadableOrder(Struct):
    """An order that this server cannot render, in its place in a list or an export: `error` says so in words."""

    id: Annotated[Id, about("the order's id in this API")]
    number: Annotated[str, about("the sender's order number")]
    version: Annotated[int, about("counts the changes from 1")]
    status: Annotated[Status, about("derived from lines and holds")]
    error: Annotated[str, about("why it is not shown")]


class Loss(Struct):
    """`filled`: the format demanded a member the order lacks, `value` stands there (pointer into `order`). `dropped`: the
    format cannot say this value (pointer into the hub's order)."""

    kind: Annotated[Literal["filled", "dropped"], about("`filled`: required and missing; `dropped`: no field for it")]
    pointer: Annotated[str, about("of what was filled, into `order`; of what was dropped, into the hub's document")]
    value: Annotated[Any, about("what was filled in")] = None


class RenderedOrder(Struct):
    """An order in another door's read format."""

    format: Annotated[str, about("the door whose format it is")]
    order: Annotated[dict[str, Any], about("the document, as that door's own read call answers it")]
    losses: Annotated[list[Loss], about("what the format and the order do not have in common")]


class Error(Struct, omit_defaults=True):
    """One fault: where in the body (JSON Pointer), or which query parameter or header."""

    detail: Annotated[str, about("what is wrong, and what would be right")]
    pointer: Annotated[str | None, about("where in the body: a JSON Pointer (RFC 6901)")] = None
    parameter: Annotated[str | None, about("the query parameter or header")] = None


class Problem(Struct):
    """RFC 9457 problem details; `code` is one of a closed list (docs/doors/hub.md).

    `order_id` is there where the order's number is taken: the order that has it. `allowed` is there where an order's status
    forbids what was asked: the verbs it can be asked for instead.
    """

    type: Annotated[str, about("`urn:crossdock:problem:` and the code")]
    title: Annotated[str, about("the code in words")]
    status: Annotated[int, about("the HTTP status")]
    detail: Annotated[str, about("what happened")]
    code: Annotated[str, about("one of the codes on docs/doors/hub.md")]
    request_id: Annotated[str, about("of this request; the server's log has it too")]
    errors: Annotated[list[Error], about("every fault, at most 100")]
    order_id: Annotated[Id | UnsetType, about("with `number_taken`: the order that has the number")] = UNSET
    allowed: Annotated[list[str] | UnsetType, about("with `state_forbids`: the verbs the status allows")] = UNSET


# ------------------------------------------------------------------------------------------------------------------ verbs
# A hold's reason and a tag are names: shown in lists, searched by, compared as a whole.
Name = Annotated[
    str,
    Meta(min_length=1, max_length=100),
    rule("hub_name", lambda text: text == text.strip(), "without blanks around it", pattern=r"^\S([\s\S]*\S)?$"),
]
# Why something was done: a sentence or two.
Reason = Annotated[
    str,
    Meta(min_length=1, max_length=500),
    rule("hub_reason", lambda text: not text.isspace(), "more than blanks", pattern=r"\S"),
]
# A page of text; what is longer belongs in a document that the note names.
Text = Annotated[
    str,
    Meta(min_length=1, max_length=4_000),
    rule("hub_text", lambda text: not text.isspace(), "more than blanks", pattern=r"\S"),
]
Position = Annotated[int, Meta(ge=0, le=2_147_483_647)]
# Every tag is a row of the search index that each change of tags writes anew.
MAX_TAGS = 50
# Every hold stands in every answer; nobody needs more than a few at once.
MAX_HOLDS = 20
# As many lines as a body of the size limit can hold, in round numbers.
MAX_LINES = 10_000
Positions = Annotated[list[Position], Meta(min_length=1, max_length=MAX_LINES)]
Tags = Annotated[list[Name], Meta(max_length=MAX_TAGS)]


class HoldRequest(Struct):
    """A hold to be placed; without `lines` it is on the whole order."""

    reason: Annotated[Name, about("why; a name such as `fraud`")]
    note: Annotated[Text | None, about("a note for people")] = None
    lines: Annotated[
        Annotated[list[Position], Meta(min_length=1, max_length=MAX_LINES)] | None,
        about("positions of the lines to hold, from 0; none are all"),
    ] = None
    release_at: Annotated[DateTime | None, about("when it should end by itself")] = None


class HoldBody(Struct):
    holds: Annotated[
        list[HoldRequest], Meta(min_length=1, max_length=MAX_HOLDS), about("the holds to place, all or none")
    ]


class ReleaseBody(Struct):
    """Which holds end: by their numbers, by their reasons, or, with neither, all of them."""

    holds: Annotated[
        Annotated[list[Annotated[int, Meta(ge=1)]], Meta(min_length=1, max_length=1_000)] | None,
        about("numbers of the holds"),
    ] = None
    reasons: Annotated[
        Annotated[list[Name], Meta(min_length=1, max_length=1_000)] | None, about("reasons of the holds")
    ] = None
    reason: Annotated[Reason | None, about("why they end, for the log")] = None


class CancelLine(Struct):
    """Units of one line; without a `quantity` all that are open."""

    line: Annotated[Position, about("the position of the line, from 0")]
    quantity: Annotated[Quantity | None, about("how many units")] = None


class CancelBody(Struct):
    """What is canceled; without `lines` the whole order."""

    lines: Annotated[
        Annotated[list[CancelLine], Meta(min_length=1, max_length=MAX_LINES)] | None,
        about("units to cancel; without it the whole order"),
    ] = None
    reason: Annotated[Reason | None, about("why, for the log and for vendors' formats")] = None
    note: Annotated[Text | None, about("a note for people")] = None


class TagBody(Struct):
    """Tags to add and to remove, or all there should be."""

    add: Annotated[Tags | None, about("tags to add")] = None
    remove: Annotated[Tags | None, about("tags to remove")] = None
    set: Annotated[Tags | None, about("all the tags there should be; not with `add` or `remove`")] = None
    reason: Annotated[Reason | None, about("why, for the log")] = None


class NoteBody(Struct):
    text: Annotated[Text, about("the note")]


class ArchiveBody(Struct):
    reason: Annotated[Reason | None, about("why, for the log")] = None


class EventAnswer(Struct):
    """What happened, who asked for it at which door; `data` is the event's own (docs/doors/hub.md)."""

    number: Annotated[int, about("of the event within its order, from 1")]
    name: Annotated[str, about("the type of event")]
    at: Annotated[Time, about("when it happened")]
    actor: Annotated[str, about("the client or user who asked for it")]
    door: Annotated[str, about("the API it was asked through")]
    data: Annotated[dict[str, Any], about("what the event says; its members depend on `name`")]


class Moved(Struct):
    """The order after a verb, and the events of it; none where there was nothing to change."""

    order: Annotated[OrderAnswer, about("the order as it is now")]
    events: Annotated[list[EventAnswer], about("what the call recorded; none where nothing had to change")]


class Difference(Struct):
    """One value of the order that changed; null where there was or is none."""

    pointer: Annotated[str, about("into the order's document: a JSON Pointer")]
    old: Annotated[Any, about("the value before, null where there was none")]
    new: Annotated[Any, about("the value after, null where there is none")]


class TimelineEntry(EventAnswer):
    """An event with the reason given for it and what it changed."""

    reason: Annotated[str | None, about("the reason that was given")]
    changes: Annotated[list[Difference], about("every value it changed in the order")]


class UnreadableEntry(Struct):
    """An event that this server cannot read, or that follows one: `error` says so in words."""

    number: Annotated[int, about("of the event within its order, from 1")]
    name: Annotated[str, about("the type of event")]
    at: Annotated[Time, about("when it happened")]
    actor: Annotated[str, about("the client or user who asked for it")]
    door: Annotated[str, about("the API it was asked through")]
    error: Annotated[str, about("why it is not shown")]


class Count(Struct):
    door: Annotated[str, about("the API the orders were sent to")]
    status: Annotated[str, about("their status")]
    orders: Annotated[int, about("how many there are")]


class Counts(Struct):
    """Numbers of orders: all, by status, by door, and by both, where there are any."""

    total: Annotated[int, about("all orders")]
    status: Annotated[dict[str, int], about("by status, zeros included")]
    door: Annotated[dict[str, int], about("by door, zeros included")]
    items: Annotated[list[Count], about("by door and status, without zeros")]


class SubmissionAnswer(Struct):
    """A submission. `body` is its text where it is UTF-8, else null; `body_base64` is always there. Both are left out of
    lists."""

    id: Annotated[Id, about("the submission's id")]
    door: Annotated[str, about("the API it was sent to")]
    operation: Annotated[str, about("the call, such as `create`")]
    actor: Annotated[str, about("the client or user who sent it")]
    received_at: Annotated[Time, about("when it was received")]
    status: Annotated[SubmissionStatus, about("its outcome")]
    order_id: Annotated[Id | None, about("the order it became or met")]
    code: Annotated[str | None, about("why it was refused")]
    errors: Annotated[list[Error], about("every fault found in it")]
    redrive_of: Annotated[Id | None, about("the refused submission that it replays")]
    size: Annotated[int, about("of the body as it was sent, in bytes")]
    complete: Annotated[bool, about("whether the whole body is stored")]


class SubmissionFull(SubmissionAnswer):
    body: Annotated[str | None, about("the body as text; null where it is not UTF-8")]
    body_base64: Annotated[str, about("the bytes of the body")]


class SubmissionPage(Struct):
    items: Annotated[list[SubmissionAnswer], about("newest first")]
    next: Annotated[str | None, about("the `cursor` of the next page; null where this is the last one")]


class Redriven(Struct):
    """What became of a submission driven again: the new submission, and the order it made or met."""

    submission_id: Annotated[Id, about("the new submission")]
    status: Annotated[SubmissionStatus, about("its outcome")]
    order_id: Annotated[Id | None, about("the order it became or met")]


class TokenAnswer(Struct):
    """RFC 6749, section 5.1."""

    access_token: Annotated[str, about("send it as `Authorization: Bearer …`")]
    token_type: Annotated[str, about("always `Bearer`")]
    expires_in: Annotated[int, about("seconds it is valid")]
    scope: Annotated[str, about("what it allows, with spaces between")]
