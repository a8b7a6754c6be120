"""Wire types of the calls besides the order itself; no logic.

Tokens and errors, changes, searches, reports of other services, attribute definitions. Source of every rule: the vendor's
published API description; docs/doors/fabric.md lists the decisions where it is silent. Optional fields may be null.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from crossdock.core.json.validation import rule
from crossdock.core.json.value_types import MAX_QUANTITY, NonEmpty, Number
from crossdock.doors.fabric.wire import Attributes, OrderCreate
from crossdock.doors.fabric.wire_responses import Order


# ------------------------------------------------------------------------------------------------------- tokens, errors
class TokenRequest(Struct, kw_only=True):
    """The form of a client-credentials grant; a Basic header may identify the client instead."""

    grant_type: Literal["client_credentials"]
    client_id: str | None = None
    client_secret: str | None = None
    scope: (
        Annotated[
            str,
            Meta(
                description="Scopes of Crossdock (orders:read, orders:write, admin) restrict the token; others have no effect."
            ),
        ]
        | None
    ) = None


class TokenResponse(Struct):
    """A bearer token."""

    token_type: str
    expires_in: Annotated[int, Meta(description="Seconds.")]
    access_token: str
    scope: str


class TokenError(Struct):
    """The error of the token call, as OAuth clients read it (RFC 6749 5.2)."""

    message: str
    error: Annotated[
        str,
        Meta(description="invalid_request, invalid_client, unsupported_grant_type, invalid_scope, or server_error."),
    ]
    error_description: str


class ErrorResponse(Struct):
    """The body of an error; all faults of a request are in the message, as `path: reason`, joined by `; `."""

    message: str


# ---------------------------------------------------------------------------------------------------- changes of an order
class OrderUpdate(OrderCreate, kw_only=True):
    """The new state of an order; `version` is the one the sender read. Service fields are ignored."""

    orderNumber: Annotated[str, Meta(description="If present, that of the order.")] | None = None  # type: ignore[assignment]
    version: Annotated[int, Meta(description="The version that the sender read; another is a 400.")] | None = None
    orderId: Annotated[str, Meta(description="If present, that of the order.")] | None = None


class CancelItem(Struct, kw_only=True):
    """Units of a line to cancel; all open units without `quantity`."""

    lineItemId: NonEmpty
    quantity: Number | None = None
    reasonCode: str | None = None
    subReasonCode: str | None = None


class CancelRequest(Struct, kw_only=True):
    """A cancelation; of the whole order without items. The vendor's `employeeId` is a number here, elsewhere text."""

    orderId: NonEmpty
    reasonCode: str | None = None
    subReasonCode: str | None = None
    source: str | None = None
    employeeId: str | int | None = None
    note: str | None = None
    policyCode: str | None = None
    attributes: Attributes | None = None
    items: list[CancelItem] | None = None


class EligibleItem(Struct):
    """The units of a line that can be canceled or exchanged."""

    lineItemId: str
    eligibleQuantity: int
    eligible: bool


class EligibilityFee(Struct):
    """A fee of an exchange; none yet."""

    platinumFee: Number
    currency: str


class Eligibility(Struct):
    """The units of an order that can be canceled or exchanged. An empty list of reason codes allows any."""

    orderId: str
    eligibleReasonCodes: list[str]
    policyType: Annotated[str, Meta(description="DEFAULT: there are no policies yet.")]
    period: Annotated[str, Meta(description="30D00H00M, the vendor's default; Crossdock checks no period.")]
    items: list[EligibleItem]
    fees: list[EligibilityFee]


# ---------------------------------------------------------------------------------------------------------------- search
# Orders of one page: at 5 kB each a megabyte, and each changed order costs a read of its history.
MAX_PAGE = 250
DIRECTIONS = ("asc", "desc", "")
Direction = Annotated[
    str,
    rule("fabric_direction", lambda text: text.lower() in DIRECTIONS, "asc or desc"),
    Meta(
        description="asc or desc, in any letter case; desc where it is missing.",
        extra_json_schema={"pattern": "^([Aa][Ss][Cc]|[Dd][Ee][Ss][Cc])?$"},
    ),
]


class QueryRequest(Struct, kw_only=True):
    """A search: `filters` have the structure of what is searched (see search.py)."""

    filters: (
        Annotated[
            dict[str, Any],
            Meta(
                description="Values to match by member: text, in which * stands for any characters, a number, true or false, "
                'an array of alternatives, a range such as {"gte": 1, "lt": 5}, an object of filters for members, or null.'
            ),
        ]
        | None
    ) = None
    limit: (
        Annotated[int, Meta(ge=1, description=f"10 where it is missing; more than {MAX_PAGE} means {MAX_PAGE}.")] | None
    ) = None
    offset: Annotated[int, Meta(ge=0, description="Records to skip.")] | None = None
    sortBy: Annotated[str, Meta(description="A member with a single value; updatedAt where it is missing.")] | None = (
        None
    )
    sortDirection: Direction | None = None

    def page(self) -> tuple[int, int]:
        """Return limit and offset with their defaults, and within what a page can hold."""
        return min(self.limit or 10, MAX_PAGE), min(self.offset or 0, MAX_QUANTITY)


class OrderPage(Struct):
    """A page of orders."""

    count: Annotated[int, Meta(description="The orders that match; an upper bound where not all were examined.")]
    limit: int
    offset: int
    orders: list[Order]


# --------------------------------------------------------------------------------------------------------------- reports
class Balances(Struct):
    """The balances of a payment at its provider."""

    captured: Number | None = None
    capturable: Number | None = None
    refunded: Number | None = None
    refundable: Number | None = None


class ConnectorInfo(Struct):
    """The payment service that reports."""

    connectorName: str | None = None
    paymentMethodType: str | None = None
    eventId: (
        Annotated[str, Meta(description="A report with an id that was reported before changes nothing.")] | None
    ) = None


class PaymentReport(Struct, kw_only=True):
    """The status of one payment."""

    paymentIdentifier: Annotated[
        NonEmpty,
        Meta(description="The payment's paymentId, fabricPaymentReference, cardIdentifier or token."),
    ]
    type: Annotated[str, Meta(description="The brand of the card, such as VISA.")] | None = None
    status: Annotated[NonEmpty, Meta(description="The new paymentStatus, any text.")]
    balances: Balances | None = None
    connectorInfo: ConnectorInfo | None = None


class TrackingReport(Struct, kw_only=True):
    """An order or shipment that a package tracking service has accepted."""

    entity: Literal["ORDER", "SHIPMENT"]
    eventType: Literal[
        "ORDER_CREATE_IN_PTS", "ORDER_CANCELLED_IN_PTS", "SHIPMENT_CREATE_IN_PTS", "SHIPMENT_CANCELLED_IN_PTS"
    ]
    orderNumber: NonEmpty
    shipmentId: Annotated[str, Meta(description="Required where the entity is SHIPMENT.")] | None = None


MAX_VALIDATED = 100  # orders of one call; each is a change, and all are one transaction


class ValidateRequest(Struct, kw_only=True):
    """Orders that need a cross-border validation."""

    orderNumbers: Annotated[list[NonEmpty], Meta(min_length=1, max_length=MAX_VALIDATED)]


class BorderRelease(Struct, kw_only=True):
    """The outcome of a cross-border validation."""

    orderNumber: NonEmpty
    releaseType: Literal["RELEASE", "CANCEL"]
    reasonCode: str | None = None
    subReasonCode: str | None = None
    note: str | None = None


class FraudTarget(Struct):
    """The fraud service that reports."""

    serviceName: str | None = None
    serviceAttributes: Attributes | None = None


class FraudRequest(Struct, kw_only=True):
    """The outcome of a fraud check."""

    orderNumber: NonEmpty
    channel: str | int | None = None
    tenant: Annotated[str, Meta(description="If present, the organization's fabric account.")] | None = None
    target: FraudTarget | None = None


class FraudResponse(Struct):
    """The response with status 200 to success and failure."""

    status: Literal["SUCCESS", "FAILURE"]
    message: str
    errors: list[str]


# ------------------------------------------------------------------------------------------------------------ attributes
MAX_CODE = 200  # characters: the code is indexed


class AttributeDefinition(Struct, kw_only=True):
    """The definition of an entry in the `attributes` of orders, or of locations."""

    code: Annotated[
        str, Meta(min_length=1, max_length=MAX_CODE, description="The name of the entry, unique in the organization.")
    ]
    name: NonEmpty
    description: str | None = None
    type: Literal["BOOLEAN", "INTEGER", "NUMBER", "STRING"]
    required: (
        Annotated[bool, Meta(description="false where it is missing. No order is checked; new locations are.")] | None
    ) = None


class StoredAttribute(Struct, kw_only=True):
    """The response of a definition."""

    id: str
    code: str
    name: str
    description: str | None
    type: str
    required: bool
