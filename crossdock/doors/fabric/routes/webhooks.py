"""Webhook definitions: create, list, read, change, delete."""

from typing import Any

from crossdock.core.errors import Fault, NotFound
from crossdock.core.ids import from_hex24
from crossdock.core.json.request_body import validate
from crossdock.core.json.strict_json import parse
from crossdock.core.subscription import Subscription
from crossdock.doors import Reply, Request, Route, json_reply
from crossdock.doors.fabric import examples, webhook_definitions
from crossdock.doors.fabric import wire_webhooks as wire
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, faulty, not_found
from crossdock.doors.fabric.routes.common import CONTEXT, parameter, paths, read_body
from crossdock.doors.fabric.webhooks import canonical_event
from crossdock.doors.fabric.wire_calls import MAX_PAGE, ErrorResponse
from crossdock.flows import access, endpoints
from crossdock.flows.endpoints import Endpoint

Tree = Any
_MAX_DIGITS = 100  # read of an offset or limit; far more than webhooks can be counted with


async def definitions(request: Request) -> list[tuple[Endpoint, Subscription]]:
    """List the organization's endpoints of this door with their subscriptions, oldest first."""
    every = await endpoints.all_of(request.context, request.caller)
    pairs = [(endpoint, endpoints.subscription_of(request.context, endpoint)) for endpoint in every]
    return [pair for pair in pairs if webhook_definitions.is_definition(pair[1])]


async def _definition(request: Request) -> Endpoint:
    """Read the definition of the path. Raises NotFound `no_order`, also where the endpoint was created in the hub."""
    try:
        endpoint = await endpoints.webhook(
            request.context, request.caller, endpoint_id=from_hex24(request.params["webhookId"])
        )
    except NotFound:
        raise not_found("webhook") from None
    if not webhook_definitions.is_definition(endpoints.subscription_of(request.context, endpoint)):
        raise not_found("webhook")
    return endpoint


def _reply(request: Request, endpoint: Endpoint) -> Reply:
    return json_reply(
        200, webhook_definitions.definition_response(endpoint, endpoints.subscription_of(request.context, endpoint))
    )


async def create_webhook(request: Request) -> Reply:
    """Create a definition: 200 and the definition; it gets events from now on."""
    body = read_body(request, wire.Webhook, webhook_definitions.target_rule(request.context))
    endpoint = await endpoints.add(
        request.context, request.caller, webhook_definitions.to_subscription(body), key=webhook_definitions.hashed_key
    )  # fmt: skip
    return _reply(request, endpoint)


async def list_webhooks(request: Request) -> Reply:
    """List definitions as an array, oldest first."""
    query = request.query
    faults: list[Fault] = []
    offset = _whole_number(query, "offset", 0, 0, faults)
    limit = min(_whole_number(query, "limit", 10, 1, faults), MAX_PAGE)
    if faults:
        raise faulty(*faults)
    event, version = query.get("eventType"), query.get("apiVersion")
    page = [
        webhook_definitions.definition_response(endpoint, subscription)
        for endpoint, subscription in await definitions(request)
        if (not event or subscription.matches(canonical_event(event)))
        and (not version or webhook_definitions.from_subscription(subscription)["apiVersion"] == version)
    ]
    return json_reply(200, page[offset : offset + limit])


def _whole_number(query: dict[str, str], name: str, default: int, least: int, faults: list[Fault]) -> int:
    text = query.get(name)
    if not text:
        return default
    number = int(text[:_MAX_DIGITS]) if text.isascii() and text.isdigit() else -1
    if number < least:
        faults.append(Fault((name,), f"must be a whole number from {least}"))
    return number


async def get_webhook(request: Request) -> Reply:
    """Read a definition."""
    return _reply(request, await _definition(request))


async def change_webhook(request: Request) -> Reply:
    """Change the fields of a definition that are in the body: 200 and the new definition."""
    body = parse(request.body)
    if not isinstance(body, dict):
        raise faulty(Fault((), "must be an object"))
    endpoint = await _definition(request)

    def changed(before: Subscription) -> Subscription:
        definition = validate(
            webhook_definitions.from_subscription(before) | body,
            wire.Webhook,
            webhook_definitions.target_rule(request.context),
            numbers_as_text=True,
        )
        return webhook_definitions.to_subscription(definition, before)

    after = await endpoints.change(
        request.context,
        request.caller,
        endpoint_id=endpoint.endpoint_id,
        changed=changed,
        key=webhook_definitions.hashed_key,
    )
    return _reply(request, after)


async def delete_webhook(request: Request) -> Reply:
    """Delete a definition: 200 and the deleted definition."""
    endpoint = await _definition(request)
    return _reply(request, await endpoints.remove(request.context, request.caller, endpoint_id=endpoint.endpoint_id))


# The vendor documents the first with a trailing slash.
_COLLECTION, _ITEM = paths("/webhook")[::-1], paths("/webhook/{webhookId}")
_ANSWERS: dict[int, Any] = {200: wire.StoredWebhook, **ERRORS, **ABSENT}
_WRITE_ERRORS: dict[int, Any] = {409: ErrorResponse, **LARGE}
_WHOLE = {"type": "integer"}
_LIST_PARAMETERS = (
    CONTEXT,
    parameter("offset", "query", "Number of webhooks to skip; 0 by default.", schema=_WHOLE | {"minimum": 0}),
    parameter(
        "limit",
        "query",
        f"Maximum number of webhooks; 10 by default, more than {MAX_PAGE} means {MAX_PAGE}.",
        schema=_WHOLE | {"minimum": 1},
    ),
    parameter("eventType", "query", "Only webhooks subscribed to this event."),
    parameter("apiVersion", "query", "Only webhooks with this `apiVersion`."),
)
ROUTES = (
    Route(
        "POST", _COLLECTION, create_webhook, access.ADMIN, "createWebhook", "Define a webhook",
        request=wire.Webhook, answers={200: wire.StoredWebhook, **ERRORS, **_WRITE_ERRORS}, parameters=(CONTEXT,),
        description=(
            "The target gets the events from now on, of orders of all vendors' APIs. No two webhooks have the same `target`, "
            "`tenantId`, `protocol`, `source` and `apiVersion`."
        ),
        examples={"request": examples.WEBHOOK, 200: examples.STORED_WEBHOOK, 409: examples.WEBHOOK_EXISTS},
    ),
    Route(
        "GET", _COLLECTION, list_webhooks, access.ADMIN, "listWebhooks", "List webhooks",
        answers={200: {"type": "array", "items": wire.StoredWebhook}, **ERRORS}, parameters=_LIST_PARAMETERS,
        description="The oldest webhook comes first.", examples={200: [examples.STORED_WEBHOOK]},
    ),
    Route(
        "GET", _ITEM, get_webhook, access.ADMIN, "getWebhook", "Read a webhook", answers=_ANSWERS, parameters=(CONTEXT,),
        description="Returns the webhook without the values of its secret headers.",
        examples={200: examples.STORED_WEBHOOK, 404: examples.NO_WEBHOOK},
    ),
    Route(
        "PATCH", _ITEM, change_webhook, access.ADMIN, "updateWebhook", "Change a webhook",
        request=wire.WebhookChange, answers={**_ANSWERS, **_WRITE_ERRORS}, parameters=(CONTEXT,),
        description="Merges the body into the webhook; null removes an optional field.",
        examples={"request": examples.WEBHOOK_CHANGE, 200: examples.CHANGED_WEBHOOK, 404: examples.NO_WEBHOOK},
    ),
    Route(
        "DELETE", _ITEM, delete_webhook, access.ADMIN, "deleteWebhook", "Delete a webhook",
        answers=_ANSWERS, parameters=(CONTEXT,), description="Returns the deleted webhook; nothing more is sent to it.",
        examples={200: examples.STORED_WEBHOOK, 404: examples.NO_WEBHOOK},
    ),
)  # fmt: skip
