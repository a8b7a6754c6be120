"""Webhook definitions: made, listed, read, changed and deleted."""

from typing import Any

from crossdock.core.errors import Fault, NotFound
from crossdock.core.ids import from_hex24
from crossdock.core.json.request_body import decode_body, validate
from crossdock.core.json.strict_json import parse
from crossdock.core.subscription import Subscription
from crossdock.doors import Reply, Request, Route, json_reply
from crossdock.doors.fabric import webhook_definitions
from crossdock.doors.fabric import wire_webhooks as wire
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, faulty, not_found
from crossdock.doors.fabric.routes.common import CONTEXT, parameter, paths
from crossdock.doors.fabric.webhooks import event_of
from crossdock.doors.fabric.wire_calls import MAX_PAGE, ErrorAnswer
from crossdock.flows import access, endpoints
from crossdock.flows.endpoints import Endpoint

Tree = Any
_MAX_DIGITS = 9  # of an offset; there are far fewer webhooks


async def definitions(request: Request) -> list[tuple[Endpoint, Subscription]]:
    """Give the organization's endpoints that this door made, oldest first, with what they want."""
    found = await endpoints.all_of(request.context, request.caller)
    pairs = [(endpoint, endpoints.subscription_of(endpoint)) for endpoint in found]
    return [pair for pair in pairs if webhook_definitions.is_definition(pair[1])]


async def _definition(request: Request) -> Endpoint:
    """Give the definition the path names. Refuses with NotFound `no_order`, also where the hub made the endpoint."""
    try:
        found = await endpoints.webhook(
            request.context, request.caller, endpoint_id=from_hex24(request.params["webhookId"])
        )
    except NotFound:
        raise not_found("webhook") from None
    if not webhook_definitions.is_definition(endpoints.subscription_of(found)):
        raise not_found("webhook")
    return found


def _answer(endpoint: Endpoint) -> Reply:
    return json_reply(200, webhook_definitions.definition_answer(endpoint, endpoints.subscription_of(endpoint)))


async def create_webhook(request: Request) -> Reply:
    """Make a definition: 200 and all of it; it is told of what comes from now on."""
    sent = decode_body(request.body, wire.Webhook, webhook_definitions.rules_of(request.context))
    made = await endpoints.add(
        request.context, request.caller, webhook_definitions.subscription(sent), key=webhook_definitions.hashed_key
    )  # fmt: skip
    return _answer(made)


async def list_webhooks(request: Request) -> Reply:
    """Answer definitions as an array, oldest first."""
    query = request.query
    faults: list[Fault] = []
    offset = _whole(query, "offset", 0, range(10**_MAX_DIGITS), faults)
    limit = _whole(query, "limit", 10, range(1, MAX_PAGE + 1), faults)
    if faults:
        raise faulty(*faults)
    event, version = query.get("eventType"), query.get("apiVersion")
    found = [
        webhook_definitions.definition_answer(endpoint, wanted)
        for endpoint, wanted in await definitions(request)
        if (not event or wanted.matches(event_of(event)))
        and (not version or webhook_definitions.definition(wanted)["apiVersion"] == version)
    ]
    return json_reply(200, found[offset : offset + limit])


def _whole(query: dict[str, str], name: str, default: int, allowed: range, faults: list[Fault]) -> int:
    text = query.get(name)
    if not text:
        return default
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else -1
    if number not in allowed:
        faults.append(Fault((name,), f"must be a whole number from {allowed[0]} to {allowed[-1]}"))
    return number


async def get_webhook(request: Request) -> Reply:
    """Answer one definition."""
    return _answer(await _definition(request))


async def change_webhook(request: Request) -> Reply:
    """Lay the members of the body over a definition: 200 and what it is now."""
    sent = parse(request.body)
    if not isinstance(sent, dict):
        raise faulty(Fault((), "must be an object"))
    endpoint = await _definition(request)

    def changed(before: Subscription) -> Subscription:
        whole = validate(
            webhook_definitions.definition(before) | sent, wire.Webhook, webhook_definitions.rules_of(request.context)
        )
        return webhook_definitions.subscription(whole, before)

    after = await endpoints.change(
        request.context,
        request.caller,
        endpoint_id=endpoint.endpoint_id,
        changed=changed,
        key=webhook_definitions.hashed_key,
    )
    return _answer(after)


async def delete_webhook(request: Request) -> Reply:
    """Delete a definition: 200 and what it was."""
    endpoint = await _definition(request)
    return _answer(await endpoints.remove(request.context, request.caller, endpoint_id=endpoint.endpoint_id))


# The vendor documents the first with a slash at its end.
_ALL, _ONE = paths("/webhook")[::-1], paths("/webhook/{webhookId}")
_FOUND: dict[int, Any] = {200: wire.StoredWebhook, **ERRORS, **ABSENT}
_TAKEN: dict[int, Any] = {409: ErrorAnswer, **LARGE}
_LISTED = (
    CONTEXT,
    parameter("offset", "query", "How many to pass over; 0 without it.", required=False),
    parameter("limit", "query", f"How many to answer, 1 to {MAX_PAGE}; 10 without it.", required=False),
    parameter("eventType", "query", "Only those that are told of this event.", required=False),
    parameter("apiVersion", "query", "Only those with this `apiVersion`.", required=False),
)
ROUTES = (
    Route(
        "POST", _ALL, create_webhook, access.ADMIN, "createWebhook", "Define a webhook",
        request=wire.Webhook, answers={200: wire.StoredWebhook, **ERRORS, **_TAKEN}, parameters=(CONTEXT,),
    ),
    Route(
        "GET", _ALL, list_webhooks, access.ADMIN, "listWebhooks", "List webhooks",
        answers={200: {"type": "array", "items": wire.StoredWebhook}, **ERRORS}, parameters=_LISTED,
    ),
    Route(
        "GET", _ONE, get_webhook, access.ADMIN, "getWebhook", "Read a webhook", answers=_FOUND, parameters=(CONTEXT,)
    ),
    Route(
        "PATCH", _ONE, change_webhook, access.ADMIN, "updateWebhook", "Change members of a webhook",
        request=wire.WebhookChange, answers={**_FOUND, **_TAKEN}, parameters=(CONTEXT,),
    ),
    Route(
        "DELETE", _ONE, delete_webhook, access.ADMIN, "deleteWebhook", "Delete a webhook",
        answers=_FOUND, parameters=(CONTEXT,),
    ),
)  # fmt: skip
