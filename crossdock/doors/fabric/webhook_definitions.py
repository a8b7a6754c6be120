"""fabric's webhook definitions and event records as they are kept: endpoints and deliveries spelled and read; pure.

A definition is an endpoint with `fabric` among its details; those made in the hub have none and are not seen by this door.
What others can change of it (events, target, method, headers) is read from the endpoint, so that it is never stale.
"""

from typing import Any

import msgspec

from crossdock.core.errors import Fault
from crossdock.core.ids import to_hex24
from crossdock.core.json.request_body import DocumentRule, objects_in
from crossdock.core.retry_policy import Attempt, State, Verdict
from crossdock.core.subscription import Subscription, message_id
from crossdock.core.time import format_time
from crossdock.doors.fabric import wire_webhooks as wire
from crossdock.doors.fabric.responses import DOOR
from crossdock.doors.fabric.webhooks import FORMAT_NAME, event_of
from crossdock.flows.context import Context
from crossdock.flows.endpoints import Delivery, Endpoint

Tree = Any
API_KEY = "x-api-key"
_OURS = ("protocol", "source", "tenantId", "apiVersion", "format", "callbackUrl")
_JSON = "application/json"


# ----------------------------------------------------------------------------------------------------------- definitions
def is_definition(subscription: Subscription) -> bool:
    """Say whether an endpoint was made by this door."""
    return DOOR in subscription.details


def hashed_key(subscription: Subscription) -> object:
    """Give what no two definitions may share, by the vendor's rule; None for endpoints of others."""
    if not is_definition(subscription):
        return None
    own = subscription.details[DOOR]
    return (subscription.url, *(own.get(name) for name in ("tenantId", "protocol", "source", "apiVersion")))


def rules_of(context: Context) -> DocumentRule:
    """Give the rule for what only the senders of webhooks know: which URLs and headers can be."""

    def faults(tree: Tree) -> list[Fault]:
        if not isinstance(tree, dict):
            return []
        found = []
        target = tree.get("target")
        if isinstance(target, str) and target and (reason := context.rules.url(target)):
            found.append(Fault(("target",), reason))
        key = tree.get("targetApiKey")
        if isinstance(key, str) and key and (reason := context.rules.headers(((API_KEY, key),))):
            found.append(Fault(("targetApiKey",), reason))
            key = None
        reason = context.rules.headers((*([(API_KEY, key)] if isinstance(key, str) and key else ()), *_pairs(tree)))
        return [*found, Fault(("headers",), reason)] if reason else found

    return faults


def _pairs(tree: Tree) -> list[tuple[str, str]]:
    found = [(row.get("headerName"), row.get("headerValue")) for _, row in objects_in(tree, "headers")]
    return [(name, value) for name, value in found if isinstance(name, str) and name and isinstance(value, str)]


def subscription(sent: wire.Webhook, before: Subscription | None = None) -> Subscription:
    """Make what an endpoint wants of a definition; what a definition does not say stays as it was `before`."""
    headers = [(each.headerName, each.headerValue) for each in sent.headers or ()]
    if sent.targetApiKey:
        headers.insert(0, (API_KEY, sent.targetApiKey))
    own: dict[str, Tree] = {name: getattr(sent, name) for name in _OURS}
    own["secretHeaders"] = [each.headerName for each in sent.headers or () if each.isSecret]
    base = before or Subscription(url=sent.target, format=FORMAT_NAME, name=f"fabric {sent.source}"[:100])
    return msgspec.structs.replace(
        base,
        url=sent.target,
        topics=tuple(dict.fromkeys(map(event_of, sent.events))),
        method=sent.requestType,
        headers=tuple(headers),
        details=base.details | {DOOR: own},
    )


def definition(wanted: Subscription) -> dict[str, Tree]:
    """Spell an endpoint as the definition that would make it, with all its secrets."""
    own = wanted.details[DOOR]
    secret = own.get("secretHeaders", ())
    keys = [value for name, value in wanted.headers if name.lower() == API_KEY]
    return {
        "events": list(wanted.topics),
        "protocol": own["protocol"],
        "requestType": wanted.method,
        "source": own["source"],
        "target": wanted.url,
        "tenantId": own["tenantId"],
        "targetApiKey": keys[0] if keys else None,
        "apiVersion": own["apiVersion"],
        "format": own["format"] or _JSON,
        "callbackUrl": own["callbackUrl"],
        "headers": [
            {"headerName": name, "headerValue": value, "isSecret": name in secret}
            for name, value in wanted.headers
            if name.lower() != API_KEY
        ],
    }


def definition_answer(endpoint: Endpoint, wanted: Subscription) -> dict[str, Tree]:
    """Spell an endpoint as it is answered: the values of secret headers are left out."""
    told = definition(wanted)
    for header in told["headers"]:
        if header["isSecret"]:
            header["headerValue"] = None
    return told | {
        "createdDate": format_time(endpoint.created_at),
        "updatedDate": format_time(endpoint.updated_at),
        "webhookId": to_hex24(endpoint.endpoint_id),
    }


# ---------------------------------------------------------------------------------------------------------------- events
def record(delivery: Delivery, wanted: Subscription) -> dict[str, Tree]:
    """Spell a delivery as the vendor's event log does. One made of the log shows its order's id as the payload."""
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
        "tenantId": wanted.details[DOOR]["tenantId"],
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
        return {"orderId": to_hex24(delivery.order_id)} if delivery.order_id is not None else {}
    sent = msgspec.json.decode(delivery.payload)
    return sent.get("payload", sent) if isinstance(sent, dict) else sent


def _response(attempt: Attempt, delivery: Delivery) -> dict[str, Tree]:
    return {
        "statusCode": attempt.status,
        "triggeredStatus": "SUCCESS" if attempt.verdict is Verdict.DELIVERED else "FAILED",
        "triggeredAt": format_time(attempt.at),
        "messageId": message_id(delivery.event_id, delivery.topic),
        "errorMessage": attempt.error,
    }
