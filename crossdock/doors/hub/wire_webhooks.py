"""Shapes and spelling of the hub's endpoints, deliveries and kept mails."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from crossdock.core.json.value_types import DateTime
from crossdock.core.retry_policy import State, Verdict
from crossdock.core.subscription import Subscription, message_id
from crossdock.doors.hub.mapping import format_id, time_answer
from crossdock.doors.hub.wire import Id, Name, Time, about
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

    url: Annotated[Url, about("where messages are sent")]
    name: Annotated[Name | None, about("a name for people")] = None
    types: Annotated[Topics, about("event types to send, such as `order.held` or `order.*`; none are all")] = []
    doors: Annotated[Words, about("only orders received through these; none are all")] = []
    statuses: Annotated[Words, about("only events after which the order has one of these; none are all")] = []
    format: Annotated[str, about("`event`, `cloudevents`, or a door whose document is sent")] = "event"
    headers: Annotated[HeaderValues, about("more headers to send; answers never show their values")] = {}
    secret: Annotated[SecretText | None, about("signs the messages; made where it is missing")] = None
    secret_kind: Annotated[Literal["hmac", "ed25519"], about("of a secret that is made")] = "hmac"
    start: Annotated[
        Literal["now", "beginning"], about("`now`: events from now on; `beginning`: all there ever were")
    ] = "now"


class EndpointPatch(Struct):
    """What should become different; members that are not there stay as they are."""

    url: Annotated[Url | None, about("where messages are sent")] = None
    name: Annotated[Name | None, about("a name for people")] = None
    types: Annotated[Topics | None, about("event types to send; an empty array is all")] = None
    doors: Annotated[Words | None, about("only orders received through these; an empty array is all")] = None
    statuses: Annotated[
        Words | None, about("only events after which the order has one of these; an empty array is all")
    ] = None
    format: Annotated[str | None, about("`event`, `cloudevents`, or a door whose document is sent")] = None
    headers: Annotated[HeaderValues | None, about("all the headers to send besides")] = None
    enabled: Annotated[bool | None, about("false: send nothing until it is enabled again")] = None


class RotateBody(Struct):
    """The new secret; without one it is made."""

    secret: Annotated[SecretText | None, about("the new secret; made where it is missing")] = None
    secret_kind: Annotated[Literal["hmac", "ed25519"], about("of a secret that is made")] = "hmac"


class RedeliverBody(Struct):
    """Which deliveries are repeated: those made from `since` to before `until`, of a state or of any that is over."""

    since: Annotated[DateTime, about("created at or after")]
    until: Annotated[DateTime | None, about("created before; now where it is missing")] = None
    state: Annotated[Literal["dead", "delivered"] | None, about("only these; both where it is missing")] = None


class HealthAnswer(Struct):
    """How the receiver has been answering; `rests_until` is there while nothing is sent because it kept failing."""

    failures: Annotated[int, about("failed attempts in a row")]
    failing_since: Annotated[Time | None, about("when the first of them was")]
    rests_until: Annotated[Time | None, about("nothing is sent before, because it kept failing")]


class EndpointAnswer(Struct):
    """A webhook receiver. `position` is that of the last event it got; a secret is shown only when it is made."""

    id: Annotated[Id, about("the endpoint's id")]
    version: Annotated[int, about("counts the changes from 1; also the ETag")]
    url: Annotated[str, about("where messages are sent")]
    name: Annotated[str, about("a name for people")]
    types: Annotated[list[str], about("event types that are sent; none are all")]
    doors: Annotated[list[str], about("orders received through these; none are all")]
    statuses: Annotated[list[str], about("only events after which the order has one of these; none are all")]
    format: Annotated[str, about("what is sent")]
    headers: Annotated[list[str], about("names of the headers that are sent besides")]
    enabled: Annotated[bool, about("whether anything is sent")]
    disabled_reason: Annotated[str | None, about("why not")]
    warning: Annotated[str | None, about("what is wrong with the receiver, for people")]
    health: Annotated[HealthAnswer, about("how the receiver has been answering")]
    position: Annotated[int, about("of the last event in the feed that was processed for it")]
    secrets: Annotated[list[dict[str, Any]], about("the secrets that sign, the newest first")]
    created_at: Annotated[Time, about("when it was created")]
    updated_at: Annotated[Time, about("when it was last changed")]


class AttemptAnswer(Struct):
    """One attempt: `status` and the first bytes of the `answer`, or the `error` where there was none."""

    at: Annotated[Time, about("when it was made")]
    took_ms: Annotated[int, about("milliseconds it took")]
    verdict: Annotated[Verdict, about("what it means for the delivery")]
    status: Annotated[int | None, about("the HTTP status of the receiver")]
    answer: Annotated[str, about("the first bytes of the receiver's answer")]
    error: Annotated[str | None, about("why there was no answer")]


class DeliveryAnswer(Struct):
    """One event for one endpoint. `message_id` is the webhook-id that was sent, the same whenever it is repeated."""

    id: Annotated[Id, about("the delivery's id")]
    message_id: Annotated[str, about("the header webhook-id, the same for every repeat")]
    type: Annotated[str, about("the type of event")]
    order_id: Annotated[Id | None, about("the order it is about; null for a test")]
    number: Annotated[int | None, about("of the event within its order")]
    state: Annotated[State, about("where it stands")]
    attempts: Annotated[int, about("attempts since it was created or repeated")]
    next_at: Annotated[Time | None, about("when the next attempt is due")]
    created_at: Annotated[Time, about("when it was created")]
    ended_at: Annotated[Time | None, about("when it was delivered or given up")]
    status: Annotated[int | None, about("the HTTP status of the last answer")]
    log: Annotated[list[AttemptAnswer], about("every attempt, oldest first")]


class MailAnswer(Struct):
    """A mail that was stored because there is no server to send it through."""

    id: Annotated[Id, about("the e-mail's id")]
    order_id: Annotated[Id, about("the order it is about")]
    kind: Annotated[str, about("which mail it is, such as `confirmation`")]
    recipient: Annotated[str, about("who it is to")]
    subject: Annotated[str, about("its subject")]
    created_at: Annotated[Time, about("when it was made")]


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
