"""fabric OMS v2: the shapes of what is asked and told about orders besides the orders themselves, no logic.

Tokens and errors, changes, searches, reports of other services, attribute definitions. Source of every rule: the vendor's
published API description; what was decided for this door stands in docs/doors/fabric.md. Every optional member may be null.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from crossdock.core.json.validation import rule
from crossdock.core.json.value_types import MAX_QUANTITY, NonEmpty, Number
from crossdock.doors.fabric.wire import Attributes, Order, OrderCreate


# ------------------------------------------------------------------------------------------------------- tokens, errors
class TokenRequest(Struct, kw_only=True):
    """The form of a client-credentials grant; the client may be named by a Basic header instead."""

    grant_type: Literal["client_credentials"]
    client_id: str | None = None
    client_secret: str | None = None
    scope: str | None = None


class TokenAnswer(Struct):
    token_type: str
    expires_in: int
    access_token: str
    scope: str


class ErrorAnswer(Struct):
    """Every error of this door."""

    message: str


# ---------------------------------------------------------------------------------------------------- changes of an order
class OrderUpdate(OrderCreate, kw_only=True):
    """A whole order as it shall be; `version` is the one the sender saw. What is the service's alone is passed over."""

    version: int | None = None
    orderId: str | None = None


class CancelItem(Struct, kw_only=True):
    """Units of a line to be canceled; without `quantity` all that is open."""

    lineItemId: NonEmpty
    quantity: Number | None = None
    reasonCode: str | None = None
    subReasonCode: str | None = None


class CancelRequest(Struct, kw_only=True):
    """What to cancel; without items the whole order. `employeeId` is a number here, elsewhere a string."""

    orderId: NonEmpty
    reasonCode: str | None = None
    subReasonCode: str | None = None
    source: str | None = None
    employeeId: int | None = None
    note: str | None = None
    policyCode: str | None = None
    attributes: Attributes | None = None
    items: list[CancelItem] | None = None


class EligibleItem(Struct):
    lineItemId: str
    eligibleQuantity: int
    eligible: bool


class EligibilityFee(Struct):
    platinumFee: Number
    currency: str


class Eligibility(Struct):
    """What of an order could be canceled or exchanged. No reason codes mean that any will do."""

    orderId: str
    eligibleReasonCodes: list[str]
    policyType: str | None
    period: str | None
    items: list[EligibleItem]
    fees: list[EligibilityFee]


# ---------------------------------------------------------------------------------------------------------------- search
# Orders of one page: at 5 kB each a megabyte, and each changed one costs a look into its log.
MAX_PAGE = 250
DIRECTIONS = ("asc", "desc")
Direction = Annotated[str, rule("fabric_direction", lambda text: text.lower() in DIRECTIONS, "asc or desc")]


class QueryRequest(Struct, kw_only=True):
    """A search: `filters` mirror the order (see filtering.py)."""

    filters: dict[str, Any] | None = None
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] | None = None
    offset: Annotated[int, Meta(ge=0, le=MAX_QUANTITY)] | None = None
    sortBy: NonEmpty | None = None
    sortDirection: Direction | None = None


class OrderPage(Struct):
    count: int
    limit: int
    offset: int
    orders: list[Order]


# --------------------------------------------------------------------------------------------------------------- reports
class Balances(Struct):
    captured: Number | None = None
    capturable: Number | None = None
    refunded: Number | None = None
    refundable: Number | None = None


class ConnectorInfo(Struct):
    connectorName: str | None = None
    paymentMethodType: str | None = None
    eventId: str | None = None


class PaymentReport(Struct, kw_only=True):
    """What a payment service says of one payment; `paymentIdentifier` is any id the payment goes by."""

    paymentIdentifier: NonEmpty
    type: str | None = None
    status: NonEmpty
    balances: Balances | None = None
    connectorInfo: ConnectorInfo | None = None


class TrackingReport(Struct, kw_only=True):
    """What a package tracking service has taken over."""

    entity: Literal["ORDER", "SHIPMENT"]
    eventType: Literal[
        "ORDER_CREATE_IN_PTS", "ORDER_CANCELLED_IN_PTS", "SHIPMENT_CREATE_IN_PTS", "SHIPMENT_CANCELLED_IN_PTS"
    ]
    orderNumber: NonEmpty
    shipmentId: str | None = None


MAX_VALIDATED = 100  # orders of one call; each is a change, and all are one transaction


class ValidateRequest(Struct, kw_only=True):
    orderNumbers: Annotated[list[NonEmpty], Meta(min_length=1, max_length=MAX_VALIDATED)]


class BorderRelease(Struct, kw_only=True):
    orderNumber: NonEmpty
    releaseType: Literal["RELEASE", "CANCEL"]
    reasonCode: str | None = None
    subReasonCode: str | None = None
    note: str | None = None


class FraudTarget(Struct):
    serviceName: str | None = None
    serviceAttributes: Attributes | None = None


class FraudRequest(Struct, kw_only=True):
    orderNumber: NonEmpty
    channel: str | int | None = None
    tenant: str | None = None
    target: FraudTarget | None = None


class FraudAnswer(Struct):
    """Answered with 200 whatever became of it; `status` is SUCCESS or ERROR."""

    status: str
    message: str
    errors: list[str]


# ------------------------------------------------------------------------------------------------------------ attributes
class AttributeDefinition(Struct, kw_only=True):
    """What an entry of orders' `attributes` means."""

    code: NonEmpty
    name: NonEmpty
    description: str | None = None
    type: Literal["BOOLEAN", "INTEGER", "NUMBER", "STRING"]
    required: bool | None = None


class StoredAttribute(Struct, kw_only=True):
    """A definition as answered."""

    id: str
    code: str
    name: str
    description: str | None
    type: str
    required: bool
