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
    scope: str | None = None


class TokenResponse(Struct):
    token_type: str
    expires_in: int
    access_token: str
    scope: str


class ErrorResponse(Struct):
    """The body of every error."""

    message: str


# ---------------------------------------------------------------------------------------------------- changes of an order
class OrderUpdate(OrderCreate, kw_only=True):
    """The new state of an order; `version` is the one the sender read. Service fields are ignored."""

    version: int | None = None
    orderId: str | None = None


class CancelItem(Struct, kw_only=True):
    """Units of a line to cancel; all open units without `quantity`."""

    lineItemId: NonEmpty
    quantity: Number | None = None
    reasonCode: str | None = None
    subReasonCode: str | None = None


class CancelRequest(Struct, kw_only=True):
    """A cancelation; of the whole order without items. `employeeId` is a number here, elsewhere a string."""

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
    """The units of an order that can be canceled or exchanged. An empty list of reason codes allows any."""

    orderId: str
    eligibleReasonCodes: list[str]
    policyType: str | None
    period: str | None
    items: list[EligibleItem]
    fees: list[EligibilityFee]


# ---------------------------------------------------------------------------------------------------------------- search
# Orders of one page: at 5 kB each a megabyte, and each changed order costs a read of its history.
MAX_PAGE = 250
DIRECTIONS = ("asc", "desc")
Direction = Annotated[str, rule("fabric_direction", lambda text: text.lower() in DIRECTIONS, "asc or desc")]


class QueryRequest(Struct, kw_only=True):
    """A search: `filters` mirror the order (see search.py)."""

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
    """The status of one payment; `paymentIdentifier` is any id of the payment."""

    paymentIdentifier: NonEmpty
    type: str | None = None
    status: NonEmpty
    balances: Balances | None = None
    connectorInfo: ConnectorInfo | None = None


class TrackingReport(Struct, kw_only=True):
    """An order or shipment that a package tracking service has accepted."""

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


class FraudResponse(Struct):
    """The response with status 200 to success and error; `status` is SUCCESS or ERROR."""

    status: str
    message: str
    errors: list[str]


# ------------------------------------------------------------------------------------------------------------ attributes
class AttributeDefinition(Struct, kw_only=True):
    """The definition of an entry in orders' `attributes`."""

    code: NonEmpty
    name: NonEmpty
    description: str | None = None
    type: Literal["BOOLEAN", "INTEGER", "NUMBER", "STRING"]
    required: bool | None = None


class StoredAttribute(Struct, kw_only=True):
    """The response of a definition."""

    id: str
    code: str
    name: str
    description: str | None
    type: str
    required: bool
