"""The AsyncAPI 3.0 document of the hub: what it tells by itself, over which channels, with schemas and examples."""

from typing import Any

from crossdock import __version__
from crossdock.doors.hub import event_schemas, examples
from crossdock.doors.hub.event_schemas import DATA, STOCK_DATA, schema_name
from crossdock.doors.hub.routes import feed
from crossdock.flows.event_payloads import TEST

Tree = Any
_INTRODUCTION = (
    "Everything that happens to an organization's orders and stock, in one order without gaps: read as pages, followed as"
    " server-sent events, or sent to webhook receivers. Receivers may also ask for an order's plain document in the words of"
    " any door, which the OpenAPI documents describe. The calls of the hub are in /openapi/hub.json."
)
_HEADERS = {
    "type": "object",
    "required": ["webhook-id", "webhook-timestamp", "webhook-signature"],
    "properties": {
        "webhook-id": {
            "type": "string",
            "pattern": "^evt_[0-9a-hjkmnp-tv-z]{13}$",
            "description": "the message's id, the same whenever it is repeated",
        },
        "webhook-timestamp": {
            "type": "string",
            "pattern": "^[0-9]+$",
            "description": "when this attempt was made, seconds since 1970 UTC",
        },
        "webhook-signature": {
            "type": "string",
            "pattern": "^v1a?,[A-Za-z0-9+/]+=*( v1a?,[A-Za-z0-9+/]+=*)*$",
            "description": "a signature for each secret in force with spaces between them, after Standard Webhooks 1.0",
        },
    },
}
# What a signature looks like; it is none of any example here, because their secret is not given.
_SIGNATURE = "v1,UNhY4JhezH/gQYqvDMWr3gXMxiFSY0vIIGeGzuTJUWA="
_MEDIA = {"feed": "application/json", "webhook": "application/json", "cloudevents": "application/cloudevents+json"}
_BEARER = {"$ref": "#/components/securitySchemes/bearer"}


def document() -> Tree:
    """Make the document."""
    by_form = {form: _messages(form) for form in _MEDIA}
    page = {
        "name": "FeedPage",
        "title": "A page of the feed",
        "contentType": "application/json",
        "payload": _schema("FeedPage"),
        "examples": [{"payload": {"items": [by_form["feed"]["order.held"]["examples"][0]["payload"]],
                                  "next": "4712", "more": False}}],
    }  # fmt: skip
    messages = {schema_name(name, form): message for form, some in by_form.items() for name, message in some.items()}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Crossdock hub", "version": __version__, "description": _INTRODUCTION},
        "defaultContentType": "application/json",
        "channels": {
            "feed": _channel("/hub/v1/events", "The feed, a page at a time.", ["FeedPage"]),
            "stream": _channel(
                "/hub/v1/events",
                "The feed as server-sent events: `id` is the cursor after the event, `event` its type, `data` the message.",
                [schema_name(name, "feed") for name in by_form["feed"]],
            ),
            "webhooks": _channel(
                None,
                "A request to each webhook receiver that wants the event, with the format `event`.",
                [schema_name(name, "webhook") for name in by_form["webhook"]],
            ),
            "cloudevents": _channel(
                None,
                "The same as CloudEvents 1.0 in their JSON format, with the format `cloudevents`.",
                [schema_name(name, "cloudevents") for name in by_form["cloudevents"]],
            ),
        },
        "operations": {
            "readFeed": _operation("feed", "Answer a page of events after a cursor.", _query()),
            "followFeed": _operation("stream", "Send events as they happen, to who accepts text/event-stream.", _query()),
            "callWebhook": _operation("webhooks", "Tell a webhook receiver of an event.", {"method": "POST"}),
            "callCloudEvents": _operation("cloudevents", "Tell a webhook receiver of an event.", {"method": "POST"}),
        },
        "components": {
            "schemas": event_schemas.schemas() | {"WebhookHeaders": _HEADERS},
            "messages": {"FeedPage": page, **messages},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }  # fmt: skip


def _messages(form: str) -> dict[str, Tree]:
    """Return the messages of a form by the name of their event."""
    payloads = examples.messages(form)
    names = [*DATA, *STOCK_DATA] if form == "feed" else [*DATA, *STOCK_DATA, TEST]
    return {name: _message(name, form, payloads[name]) for name in names}


def _message(name: str, form: str, example: Tree) -> Tree:
    schema = schema_name(name, form)
    message: Tree = {
        "name": example["type"],
        "title": name,
        "summary": event_schemas.sentence((DATA | STOCK_DATA).get(name, event_schemas.TestData)),
        "contentType": _MEDIA[form],
        "payload": _schema(schema),
    }
    if form == "feed":
        return message | {"examples": [{"payload": example}]}
    sent = {"webhook-id": example["id"], "webhook-timestamp": "1769770406", "webhook-signature": _SIGNATURE}
    return message | {"headers": _schema("WebhookHeaders"), "examples": [{"headers": sent, "payload": example}]}


def _channel(address: str | None, description: str, messages: list[str]) -> Tree:
    names = {name: {"$ref": f"#/components/messages/{name}"} for name in messages}
    return {"address": address, "description": description, "messages": names}


def _operation(channel: str, summary: str, http: Tree) -> Tree:
    operation = {
        "action": "send",
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "bindings": {"http": http | {"bindingVersion": "0.3.0"}},
    }
    return operation | ({"security": [_BEARER]} if http["method"] == "GET" else {})


def _query() -> Tree:
    """Describe the parameters of the feed's call, as its route has them."""
    properties = {
        each["name"]: each["schema"] | {"description": each["description"]}
        for each in feed.ROUTES[0].parameters
        if each["in"] == "query"
    }
    return {"method": "GET", "query": {"type": "object", "properties": properties}}


def _schema(name: str) -> Tree:
    return {"$ref": f"#/components/schemas/{name}"}
