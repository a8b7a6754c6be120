"""Wire types of the webhook and notification calls; no logic.

Source of every rule: the vendor's published API description and list of events; `headers` are from its next version.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from crossdock.core.json.validation import rule
from crossdock.core.json.value_types import NonEmpty
from crossdock.doors.fabric.webhooks import NOTIFICATIONS
from crossdock.doors.fabric.wire import DateTime, Name, Phone

MAX_EVENTS = 500  # of one definition; the vendor's lists have about 150
EventName = Annotated[
    str,
    Meta(min_length=1, max_length=200, description="An event's name. One that Crossdock does not know never occurs."),
]
Notification = Annotated[
    str,
    rule("fabric_notification", frozenset(NOTIFICATIONS).__contains__, "a notification that the manual lists"),
    Meta(extra_json_schema={"enum": sorted(NOTIFICATIONS)}),
]
_PROTOCOL = Annotated[
    str,
    rule("fabric_protocol", lambda text: text.upper() in ("HTTP", "HTTPS"), "HTTP or HTTPS"),
    Meta(extra_json_schema={"pattern": "^[Hh][Tt][Tt][Pp][Ss]?$"}),
]
_FORMAT = Annotated[
    str,
    rule("fabric_format", ("application/json", "").__contains__, "application/json"),
    Meta(extra_json_schema={"enum": ["application/json", ""]}),
]
DocumentType = Literal["ORDER", "ALLOCATION", "SHIPMENT", "INVOICE", "INVENTORY", "LOCATION", "TRANSFER"]


Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
_Method = Literal["POST", "PUT", "PATCH", "GET", "DELETE"]


# ----------------------------------------------------------------------------------------------------------- definitions
class Header(Struct):
    """A header sent to the receiver; the value of a secret header is not in responses."""

    headerName: NonEmpty
    headerValue: str
    isSecret: bool | None = None


class Webhook(Struct, kw_only=True):
    """The body of a definition. `targetApiKey` is sent to the receiver in the header x-api-key."""

    events: Annotated[list[EventName], Meta(min_length=1, max_length=MAX_EVENTS)]
    protocol: _PROTOCOL
    requestType: Annotated[_Method, Meta(description="The HTTP method of the messages; all are sent with a body.")]
    source: Annotated[NonEmpty, Meta(description="The vendor's service, such as ORDER_SERVICE; stored, has no effect.")]
    target: Annotated[str, Meta(min_length=1, max_length=2_000, description="The URL of the receiver.")]
    tenantId: str | None = None
    targetApiKey: Annotated[str, Meta(description="Sent to the receiver as the header x-api-key.")] | None = None
    apiVersion: Annotated[str, Meta(description="Such as 1.0.0.")] | None = None
    format: _FORMAT | None = None
    callbackUrl: Annotated[str, Meta(description="Stored and returned; Crossdock does not call it.")] | None = None
    headers: list[Header] | None = None


class WebhookChange(Struct, kw_only=True):
    """Changes of a definition; omitted fields are unchanged, null removes a field."""

    events: Annotated[list[EventName], Meta(min_length=1, max_length=MAX_EVENTS)] | None = None
    protocol: _PROTOCOL | None = None
    requestType: _Method | None = None
    source: NonEmpty | None = None
    target: Annotated[str, Meta(min_length=1, max_length=2_000)] | None = None
    tenantId: str | None = None
    targetApiKey: str | None = None
    apiVersion: str | None = None
    format: _FORMAT | None = None
    callbackUrl: str | None = None
    headers: list[Header] | None = None


class HeaderResponse(Struct):
    """A header of a definition; the value is null where it is secret."""

    headerName: str
    headerValue: str | None
    isSecret: bool


class StoredWebhook(Struct, kw_only=True):
    """The response of a definition."""

    events: list[str]
    protocol: str
    requestType: str
    source: str
    target: str
    tenantId: str | None
    targetApiKey: str | None
    apiVersion: str | None
    format: str
    callbackUrl: str | None
    headers: list[HeaderResponse]
    createdDate: Time
    updatedDate: Time
    webhookId: Annotated[str, Meta(description="24 hexadecimal digits.")]


# ---------------------------------------------------------------------------------------------------------------- events
EventStatus = Annotated[
    Literal["PENDING", "TRIGGERED", "SUCCESS", "FAILED"],
    Meta(description="TRIGGERED: attempted, and retried later. FAILED: given up."),
]


class Retry(Struct, kw_only=True):
    """What to send again: the event of `eventRequestId`, else the `payload`, else the order of `orderNumber`."""

    channel: str | int
    tenant: Annotated[NonEmpty, Meta(description="The organization's fabric account.")]
    event: EventName
    payload: (
        Annotated[dict[str, Any], Meta(description="What to send; without it the order of `orderNumber` is sent.")]
        | None
    ) = None
    eventRequestId: Annotated[str, Meta(description="The event of the event query to send again.")] | None = None
    orderNumber: str | None = None
    apiVersion: Annotated[str, Meta(description="Only to webhooks with this `apiVersion`.")] | None = None


class EventResponse(Struct):
    """One attempt, and the receiver's response."""

    statusCode: Annotated[int, Meta(description="The status of the receiver's response; null without one.")] | None
    triggeredStatus: Literal["SUCCESS", "FAILED"]
    triggeredAt: Time
    messageId: Annotated[str, Meta(description="The header webhook-id of the message.")]
    errorMessage: str | None


class EventLog(Struct):
    """The attempts at one webhook."""

    webhookId: str
    status: EventStatus
    eventResponses: list[EventResponse]


class EventRecord(Struct, kw_only=True):
    """One event of one webhook, with its attempts."""

    eventRequestId: Annotated[str, Meta(description="24 hexadecimal digits.")]
    channelId: str | None
    tenantId: str | None
    event: str
    payload: Annotated[Any, Meta(description="The order's id, or what a retry sent.")]
    firstEventTriggeredAt: Time
    lastEventTriggeredAt: Time
    status: EventStatus
    retryCount: int
    isAutomaticRetryEnabled: bool
    logs: list[EventLog]


class EventPage(Struct):
    """A page of events."""

    count: int
    limit: int
    offset: int
    events: list[EventRecord]


# --------------------------------------------------------------------------------------------------------- notifications
class Contact(Struct):
    """A different recipient; name and phone are text, or objects as in an order."""

    name: str | Name | None = None
    email: str | None = None
    phone: str | Phone | None = None


class NotificationRequest(Struct, kw_only=True):
    """A request to send a notification again."""

    id: Annotated[NonEmpty, Meta(description="The id of the document, such as an orderId.")]
    notificationType: Notification
    documentType: DocumentType
    overrideContactInfo: list[Contact] | None = None


class NotificationReport(Struct, kw_only=True):
    """An acknowledgment by the sender of a notification."""

    id: Annotated[NonEmpty, Meta(description="The id of the document, such as an orderId.")]
    documentType: DocumentType
    notificationType: Notification
    notificationDate: DateTime | None = None
