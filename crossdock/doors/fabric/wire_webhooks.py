"""fabric OMS v2: the shapes of its webhook and notification calls, no logic.

Source of every rule: the vendor's published API description and its list of events; `headers` are of the vendor's next version.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from crossdock.core.json.validation import rule
from crossdock.core.json.value_types import DateTime, NonEmpty
from crossdock.doors.fabric.webhooks import ALIASES, KNOWN, NOTIFICATIONS
from crossdock.doors.fabric.wire import Name, Phone

_EVENTS = frozenset({*KNOWN, *ALIASES})
EventName = Annotated[str, rule("fabric_event", _EVENTS.__contains__, "an event that the manual lists")]
Notification = Annotated[
    str, rule("fabric_notification", frozenset(NOTIFICATIONS).__contains__, "a notification that the manual lists")
]
DocumentType = Literal["ORDER", "ALLOCATION", "SHIPMENT", "INVOICE", "INVENTORY", "LOCATION", "TRANSFER"]


# ----------------------------------------------------------------------------------------------------------- definitions
class Header(Struct):
    """A header for the receiver; the value of a secret one is not answered."""

    headerName: NonEmpty
    headerValue: str
    isSecret: bool | None = None


class Webhook(Struct, kw_only=True):
    """A definition as sent. `targetApiKey` goes to the receiver as the header x-api-key."""

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
    """What of a definition should become different; members that are not there stay as they are, null ones go."""

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


class AnsweredHeader(Struct):
    headerName: str
    headerValue: str | None
    isSecret: bool


class StoredWebhook(Struct, kw_only=True):
    """A definition as answered."""

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
    headers: list[AnsweredHeader]
    createdDate: str
    updatedDate: str
    webhookId: str


# ---------------------------------------------------------------------------------------------------------------- events
class Retry(Struct, kw_only=True):
    """What to send again: what `eventRequestId` names, else the `payload`, else the order of `orderNumber`."""

    channel: str | int
    tenant: NonEmpty
    event: EventName
    payload: dict[str, Any] | None = None
    eventRequestId: str | None = None
    orderNumber: str | None = None
    apiVersion: str | None = None


class EventResponse(Struct):
    """One attempt, and what the receiver answered."""

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
    """One event for one webhook."""

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
    """Whom to tell instead; name and phone as text, or as they are in an order."""

    name: str | Name | None = None
    email: str | None = None
    phone: str | Phone | None = None


class NotificationRequest(Struct, kw_only=True):
    """A notification to be sent again; `id` is that of the document it is about."""

    id: NonEmpty
    notificationType: Notification
    documentType: DocumentType
    overrideContactInfo: list[Contact] | None = None


class NotificationReport(Struct, kw_only=True):
    """The word of who sent a notification."""

    id: NonEmpty
    documentType: DocumentType
    notificationType: Notification
    notificationDate: DateTime | None = None
