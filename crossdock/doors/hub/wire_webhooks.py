"""Shapes and spelling of the hub's endpoints, deliveries and kept mails."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from crossdock.core.subscription import Subscription, message_id
from crossdock.doors.hub.mapping import format_id, time_answer
from crossdock.doors.hub.wire import Name
from crossdock.flows.context import Context
from crossdock.flows.emails import StoredMail
from crossdock.flows.endpoints import Delivery, Endpoint

Tree = Any
# More than there are types, doors and statuses.
_MAX_LIST = 100
Url = Annotated[str, Meta(min_length=1, max_length=2_000)]
Topics = Annotated[list[Annotated[str, Meta(min_length=1, max_length=100)]], Meta(max_length=_MAX_LIST)]
Words = Annotated[list[Annotated[str, Meta(min_length=1, max_length=50)]], Meta(max_length=_MAX_LIST)]
SecretText = Annotated[str, Meta(min_length=1, max_length=200)]
HeaderValues = dict[str, str]


class EndpointBody(Struct):
    """A webhook receiver; `types`, `doors` and `statuses` narrow what it hears of, each for itself, none meaning all.

    `start`: whether it hears of what comes from now on, or of everything there ever was.
    """

    url: Url
    name: Name | None = None
    types: Topics = []
    doors: Words = []
    statuses: Words = []
    format: str = "event"
    headers: HeaderValues = {}
    secret: SecretText | None = None
    secret_kind: Literal["hmac", "ed25519"] = "hmac"
    start: Literal["now", "beginning"] = "now"


class EndpointPatch(Struct):
    """What should become different; members that are not there stay as they are."""

    url: Url | None = None
    name: Name | None = None
    types: Topics | None = None
    doors: Words | None = None
    statuses: Words | None = None
    format: str | None = None
    headers: HeaderValues | None = None
    enabled: bool | None = None


class RotateBody(Struct):
    """The new secret; without one it is made."""

    secret: SecretText | None = None
    secret_kind: Literal["hmac", "ed25519"] = "hmac"


class RedeliverBody(Struct):
    """Which deliveries are repeated: those made from `since` to before `until`, of a state or of any that is over."""

    since: str
    until: str | None = None
    state: Literal["dead", "delivered"] | None = None


class HealthAnswer(Struct):
    """How the receiver has been answering; `rests_until` is there while nothing is sent because it kept failing."""

    failures: int
    failing_since: str | None
    rests_until: str | None


class EndpointAnswer(Struct):
    """A webhook receiver. `position` is that of the last event it got; a secret is shown only when it is made."""

    id: str
    version: int
    url: str
    name: str
    types: list[str]
    doors: list[str]
    statuses: list[str]
    format: str
    headers: list[str]
    enabled: bool
    disabled_reason: str | None
    warning: str | None
    health: HealthAnswer
    position: int
    secrets: list[dict[str, Any]]
    created_at: str
    updated_at: str


class AttemptAnswer(Struct):
    """One attempt: `status` and the first bytes of the `answer`, or the `error` where there was none."""

    at: str
    took_ms: int
    verdict: str
    status: int | None
    answer: str
    error: str | None


class DeliveryAnswer(Struct):
    """One event for one endpoint. `message_id` is the webhook-id that was sent, the same whenever it is repeated."""

    id: str
    message_id: str
    type: str
    order_id: str | None
    number: int | None
    state: str
    attempts: int
    next_at: str | None
    created_at: str
    ended_at: str | None
    status: int | None
    log: list[AttemptAnswer]


class MailAnswer(Struct):
    """A mail that was stored because there is no server to send it through."""

    id: str
    order_id: str
    kind: str
    recipient: str
    subject: str
    created_at: str


def _time(us: int | None) -> str | None:
    return None if us is None else time_answer(us)


def endpoint_answer(endpoint: Endpoint, subscription: Subscription, context: Context, *, shown: bool = False) -> Tree:
    """Format an endpoint; its newest secret is `shown` only to who just made it."""
    health = endpoint.health
    secrets = []
    for place, secret in enumerate(subscription.secrets):
        answer: dict[str, Tree] = {"until": _time(secret.until), "public_key": context.rules.public_key(secret.value)}
        secrets.append(answer | {"secret": secret.value} if shown and place == 0 else answer)
    return {
        "id": format_id(endpoint.endpoint_id),
        "version": endpoint.version,
        "url": subscription.url,
        "name": subscription.name,
        "types": list(subscription.topics),
        "doors": list(subscription.doors),
        "statuses": list(subscription.statuses),
        "format": subscription.format,
        "headers": [name for name, _ in subscription.headers],  # their values may be secret
        "enabled": endpoint.state == "enabled",
        "disabled_reason": endpoint.reason,
        "warning": _warning(endpoint),
        "health": {
            "failures": health.failures,
            "failing_since": _time(health.failing_since),
            "rests_until": _time(health.backoff_until),
        },
        "position": endpoint.position,
        "secrets": secrets,
        "created_at": time_answer(endpoint.created_at),
        "updated_at": time_answer(endpoint.updated_at),
    }


def _warning(endpoint: Endpoint) -> str | None:
    health = endpoint.health
    if endpoint.state != "enabled":
        return f"nothing is sent: {endpoint.reason}"
    if health.is_failing and health.failing_since is not None:
        since = time_answer(health.failing_since)
        return f"the last {health.failures} attempts failed, since {since}; it is tried now and then"
    return None


def delivery_answer(delivery: Delivery) -> Tree:
    """Format a delivery with its attempts."""
    return {
        "id": format_id(delivery.delivery_id),
        "message_id": message_id(delivery.event_id, delivery.topic),
        "type": delivery.topic,
        "order_id": None if delivery.order_id is None else format_id(delivery.order_id),
        "number": delivery.number,
        "state": str(delivery.state),
        "attempts": delivery.attempts,
        "next_at": _time(delivery.next_at),
        "created_at": time_answer(delivery.created_at),
        "ended_at": _time(delivery.ended_at),
        "status": delivery.status,
        "log": [
            {
                "at": time_answer(each.at),
                "took_ms": each.took_ms,
                "verdict": str(each.verdict),
                "status": each.status,
                "answer": each.answer,
                "error": each.error,
            }
            for each in delivery.attempted
        ],
    }


def mail_answer(mail: StoredMail) -> Tree:
    """Format a kept mail without its text."""
    return {
        "id": format_id(mail.mail_id),
        "order_id": format_id(mail.order_id),
        "kind": mail.kind,
        "recipient": mail.recipient,
        "subject": mail.subject,
        "created_at": time_answer(mail.created_at),
    }
