"""Webhook definitions and event records: map them to endpoints and deliveries and back; pure.

A definition is an endpoint with `fabric` in its details; endpoints created in the hub have none and are not visible here.
Fields that the hub can change (events, target, method, headers) are read from the endpoint, so that they are never stale.
"""

from typing import Any

import msgspec

from crossdock.core.errors import Fault
from crossdock.core.ids import to_hex24
from crossdock.core.json.request_body import DocumentRule, objects_in
from crossdock.core.retry_policy import Attempt, State, Verdict
from crossdock.core.subscription import Subscription, message_id
from crossdock.core.time import format_time
from crossdock.doors.fabric import stock_webhooks
from crossdock.doors.fabric import wire_webhooks as wire
from crossdock.doors.fabric.responses import DOOR
from crossdock.doors.fabric.webhooks import FORMAT_NAME, canonical_event
from crossdock.flows.context import Context
from crossdock.flows.endpoints import Delivery, Endpoint

Tree = Any
API_KEY = "x-api-key"
_DETAIL_FIELDS = ("protocol", "source", "tenantId", "apiVersion", "format", "callbackUrl")
_JSON = "application/json"


# ----------------------------------------------------------------------------------------------------------- definitions
def is_definition(subscription: Subscription) -> bool:
    """Say whether an endpoint was created by this door."""
    return DOOR in subscription.details


def hashed_key(subscription: Subscription) -> object:
    """Return the unique key of a definition by the vendor's rule; None for other endpoints."""
    if not is_definition(subscription):
        return None
    details = subscription.details[DOOR]
    return (subscription.url, *(details.get(name) for name in ("tenantId", "protocol", "source", "apiVersion")))


def target_rule(context: Context) -> DocumentRule:
    """Build the rule that checks target and headers against what the webhook sender allows."""

    def check(tree: Tree) -> list[Fault]:
        if not isinstance(tree, dict):
            return []
        faults: list[Fault] = []
        target = tree.get("target")
        if isinstance(target, str) and target and (reason := context.rules.url(target)):
            faults.append(Fault(("target",), reason))
        key = tree.get("targetApiKey")
        if isinstance(key, str) and key and (reason := context.rules.headers(((API_KEY, key),))):
            faults.append(Fault(("targetApiKey",), reason))
            key = None
        reason = context.rules.headers((*([(API_KEY, key)] if isinstance(key, str) and key else ()), *_pairs(tree)))
        return [*faults, Fault(("headers",), reason)] if reason else faults

    return check


def _pairs(tree: Tree) -> list[tuple[str, str]]:
    rows = [(row.get("headerName"), row.get("headerValue")) for _, row in objects_in(tree, "headers")]
    return [(name, value) for name, value in rows if isinstance(name, str) and name and isinstance(value, str)]


def to_subscription(body: wire.Webhook, before: Subscription | None = None) -> Subscription:
    """Map a definition to a subscription; fields that a definition does not have are those of `before`."""
    headers = [(each.headerName, each.headerValue) for each in body.headers or ()]
    if body.targetApiKey:
        headers.insert(0, (API_KEY, body.targetApiKey))
    details: dict[str, Tree] = {name: getattr(body, name) for name in _DETAIL_FIELDS}
    details["events"] = list(dict.fromkeys(body.events))
    details["secretHeaders"] = [each.headerName for each in body.headers or () if each.isSecret]
    base = before or Subscription(url=body.target, format=FORMAT_NAME, name=f"fabric {body.source}"[:100])
    return msgspec.structs.replace(
        base,
        url=body.target,
        topics=tuple(dict.fromkeys(map(canonical_event, body.events))),
        method=body.requestType,
        headers=tuple(headers),
        details=base.details | {DOOR: details},
    )


def from_subscription(subscription: Subscription) -> dict[str, Tree]:
    """Map a subscription to its definition, with all secrets."""
    details = subscription.details[DOOR]
    secret = details.get("secretHeaders", ())
    keys = [value for name, value in subscription.headers if name.lower() == API_KEY]
    return {
        "events": _events(subscription),
        "protocol": details["protocol"],
        "requestType": subscription.method,
        "source": details["source"],
        "target": subscription.url,
        "tenantId": details["tenantId"],
        "targetApiKey": keys[0] if keys else None,
        "apiVersion": details["apiVersion"],
        "format": details["format"] or _JSON,
        "callbackUrl": details["callbackUrl"],
        "headers": [
            {"headerName": name, "headerValue": value, "isSecret": name in secret}
            for name, value in subscription.headers
            if name.lower() != API_KEY
        ],
    }


def _events(subscription: Subscription) -> list[str]:
    """List the events as the definition named them; aliases too, as long as the hub has not removed what they mean."""
    topics = subscription.topics
    named = [name for name in subscription.details[DOOR].get("events", ()) if canonical_event(name) in topics]
    meant = {canonical_event(name) for name in named}
    return [*named, *(topic for topic in topics if topic not in meant)]


def definition_response(endpoint: Endpoint, subscription: Subscription) -> dict[str, Tree]:
    """Render the read response of a definition, without the values of secret headers."""
    definition_fields = from_subscription(subscription)
    for header in definition_fields["headers"]:
        if header["isSecret"]:
            header["headerValue"] = None
    return definition_fields | {
        "createdDate": format_time(endpoint.created_at),
        "updatedDate": format_time(endpoint.updated_at),
        "webhookId": to_hex24(endpoint.endpoint_id),
    }


# ---------------------------------------------------------------------------------------------------------------- events
def event_record(delivery: Delivery, subscription: Subscription) -> dict[str, Tree]:
    """Render a delivery as an event record. Where the payload is rendered on delivery, the order's id stands for it."""
    status = _status(delivery)
    last = delivery.attempted[-1].at if delivery.attempted else delivery.created_at
    log = {
        "webhookId": to_hex24(delivery.endpoint_id),
        "status": status,
        "eventResponses": [_response(each, delivery) for each in delivery.attempted],
    }
    return {
        "eventRequestId": to_hex24(delivery.delivery_id),
        "channelId": None,
        "tenantId": subscription.details[DOOR]["tenantId"],
        "event": delivery.topic,
        "payload": _payload(delivery),
        "firstEventTriggeredAt": format_time(delivery.created_at),
        "lastEventTriggeredAt": format_time(last),
        "status": status,
        "retryCount": max(len(delivery.attempted) - 1, 0),
        "isAutomaticRetryEnabled": True,
        "logs": [log],
    }


def _status(delivery: Delivery) -> str:
    if delivery.state is State.DELIVERED:
        return "SUCCESS"
    if delivery.state is State.DEAD:
        return "FAILED"
    return "TRIGGERED" if delivery.attempted else "PENDING"


def _payload(delivery: Delivery) -> Tree:
    if delivery.payload is None:
        name = "id" if delivery.topic in stock_webhooks.EMITTED_EVENTS else "orderId"
        return {name: to_hex24(delivery.order_id)} if delivery.order_id is not None else {}
    message = msgspec.json.decode(delivery.payload)
    return message.get("payload", message) if isinstance(message, dict) else message


def _response(attempt: Attempt, delivery: Delivery) -> dict[str, Tree]:
    return {
        "statusCode": attempt.status,
        "triggeredStatus": "SUCCESS" if attempt.verdict is Verdict.DELIVERED else "FAILED",
        "triggeredAt": format_time(attempt.at),
        "messageId": message_id(delivery.event_id, delivery.topic),
        "errorMessage": attempt.error,
    }
