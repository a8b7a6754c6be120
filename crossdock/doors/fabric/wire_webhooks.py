"""Wire types of the webhook and notification calls; no logic.

Source of every rule: the vendor's published API description and list of events; `headers` are from its next version.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from crossdock.core.json.validation import rule
from crossdock.core.json.value_types import DateTime, NonEmpty
from crossdock.doors.fabric.webhooks import ALIASES, ALL_EVENTS, NOTIFICATIONS
from crossdock.doors.fabric.wire import Name, Phone

_EVENTS = frozenset({*ALL_EVENTS, *ALIASES})
EventName = Annotated[str, rule("fabric_event", _EVENTS.__contains__, "an event that the manual lists")]
Notification = Annotated[
    str, rule("fabric_notification", frozenset(NOTIFICATIONS).__contains__, "a notification that the manual lists")
]
DocumentType = Literal["ORDER", "ALLOCATION", "SHIPMENT", "INVOICE", "INVENTORY", "LOCATION", "TRANSFER"]


# ----------------------------------------------------------------------------------------------------------- definitions
class Header(Struct):
    """A header sent to the receiver; the value of a secret header is not in responses."""

    headerName: NonEmpty
    headerValue: str
    isSecret: bool | None = None


class Webhook(Struct, kw_only=True):
    """The body of a definition. `targetApiKey` is sent to the receiver in the header x-api-key."""

    events: Annotated[list[EventName], Meta(min_length=1, max_length=len(_EVENTS))]
    protocol: Literal["HTTP"]
    requestType: Literal["POST", "PUT", "PATCH", "GET", "DELETE"]
    source: NonEmpty
    target: Annotated[str, Meta(min_length=1, max_length=2_000)]
    tenantId: str | None = None
    targetApiKey: NonEmpty | None = None
    apiVersion: str | None = None
    format: Literal["application/json"] | None = None
    callbackUrl: str | None = None
    headers: list[Header] | None = None


class WebhookChange(Struct, kw_only=True):
    """Changes of a definition; omitted fields are unchanged, null removes a field."""

    events: list[EventName] | None = None
    protocol: str | None = None
    requestType: str | None = None
    source: str | None = None
    target: str | None = None
    tenantId: str | None = None
    targetApiKey: str | None = None
    apiVersion: str | None = None
    format: str | None = None
    callbackUrl: str | None = None
    headers: list[Header] | None = None


class HeaderResponse(Struct):
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
    createdDate: str
    updatedDate: str
    webhookId: str


# ---------------------------------------------------------------------------------------------------------------- events
class Retry(Struct, kw_only=True):
    """What to send again: the event of `eventRequestId`, else the `payload`, else the order of `orderNumber`."""

    channel: str | int
    tenant: NonEmpty
    event: EventName
    payload: dict[str, Any] | None = None
    eventRequestId: str | None = None
    orderNumber: str | None = None
    apiVersion: str | None = None


class EventResponse(Struct):
    """One attempt, and the receiver's response."""

    statusCode: int | None
    triggeredStatus: str
    triggeredAt: str
    messageId: str
    errorMessage: str | None


class EventLog(Struct):
    webhookId: str
    status: str
    eventResponses: list[EventResponse]


class EventRecord(Struct, kw_only=True):
    """One event of one webhook, with its attempts."""

    eventRequestId: str
    channelId: str | None
    tenantId: str | None
    event: str
    payload: Any
    firstEventTriggeredAt: str
    lastEventTriggeredAt: str
    status: str
    retryCount: int
    isAutomaticRetryEnabled: bool
    logs: list[EventLog]


class EventPage(Struct):
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
    """A request to send a notification again; `id` is that of its document."""

    id: NonEmpty
    notificationType: Notification
    documentType: DocumentType
    overrideContactInfo: list[Contact] | None = None


class NotificationReport(Struct, kw_only=True):
    """An acknowledgment by the sender of a notification."""

    id: NonEmpty
    documentType: DocumentType
    notificationType: Notification
    notificationDate: DateTime | None = None
