"""Endpoints of the hub: webhook receivers made, changed, tried out; their deliveries looked at and repeated; kept mails."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from crossdock.core.errors import Fault, Invalid, Path
from crossdock.core.ids import MAX_ID
from crossdock.core.retry_policy import State
from crossdock.core.subscription import SigningSecret, Subscription
from crossdock.doors import Media, Reply, Request, Route, json_reply
from crossdock.doors.hub import errors, mapping, wire, wire_webhooks
from crossdock.doors.hub.routes.parameters import (
    IF_MATCH_PATTERN,
    PAGE,
    PROBLEMS,
    cursor_after,
    described,
    known_query,
    link,
    microseconds,
    page_of,
    raise_faults,
    read_body,
    read_cursor,
    read_if_match,
    read_limit,
)
from crossdock.flows import access, emails, endpoints
from crossdock.flows.endpoints import Endpoint

Tree = Any
_replace = msgspec.structs.replace


def _id(request: Request, name: str = "id") -> int | None:
    return mapping.parse_id(request.params[name])


@contextmanager
def _own_words() -> Iterator[None]:
    """Name faults by this door's members, which has types for topics and takes one secret."""
    try:
        yield
    except Invalid as refusal:
        faults = [Fault(_own_path(fault.path), fault.reason) for fault in refusal.faults]
        raise Invalid(refusal.code, refusal.reason, faults=tuple(faults)) from None


def _own_path(path: Path) -> Path:
    if path[0] == "secrets":
        return ("secret",)
    return ("types", *path[1:]) if path[0] == "topics" else path


def _answer(request: Request, endpoint: Endpoint, *, status: int = 200, shown: bool = False) -> Reply:
    subscription = endpoints.subscription_of(request.context, endpoint)
    body = wire_webhooks.endpoint_answer(endpoint, subscription, request.context, shown=shown)
    headers = [("ETag", f'"{endpoint.version}"')]
    if status == 201:
        headers.append(("Location", f"/hub/v1/endpoints/{body['id']}"))
    return json_reply(status, body, headers=headers)


# ------------------------------------------------------------------------------------------------------------ endpoints
async def create_endpoint(request: Request) -> Reply:
    """Make a webhook receiver; the answer shows its secret, once."""
    known_query(request)
    body = read_body(request, [], wire_webhooks.EndpointBody)
    subscription = Subscription(
        url=body.url,
        name=body.name or "",
        topics=tuple(body.types),
        doors=tuple(body.doors),
        statuses=tuple(body.statuses),
        format=body.format,
        headers=tuple(body.headers.items()),
        secrets=(SigningSecret(body.secret),) if body.secret else (),
    )
    with _own_words():
        made = await endpoints.add(
            request.context,
            request.caller,
            subscription,
            secret_kind=body.secret_kind,
            from_start=body.start == "beginning",
        )
    return _answer(request, made, status=201, shown=True)


async def list_endpoints(request: Request) -> Reply:
    """Answer all webhook receivers."""
    known_query(request)
    found = await endpoints.all_of(request.context, request.caller)
    items = [
        wire_webhooks.endpoint_answer(each, endpoints.subscription_of(request.context, each), request.context)
        for each in found
    ]
    return json_reply(200, {"items": items, "next": None})


async def get_endpoint(request: Request) -> Reply:
    """Answer one webhook receiver with its health."""
    return _answer(request, await endpoints.webhook(request.context, request.caller, endpoint_id=_id(request)))


async def change_endpoint(request: Request) -> Reply:
    """Change what a receiver wants, or whether it is told at all."""
    known_query(request)
    faults: list[Fault] = []
    versions = read_if_match(request, faults)
    body = read_body(request, faults, wire_webhooks.EndpointPatch)
    given = {
        name: tuple(value.items()) if isinstance(value, dict) else tuple(value) if isinstance(value, list) else value
        for name, value in msgspec.structs.asdict(body).items()
        if value is not None and name != "enabled"
    }
    if "types" in given:
        given["topics"] = given.pop("types")
    with _own_words():
        changed = await endpoints.change(
            request.context,
            request.caller,
            endpoint_id=_id(request),
            changed=lambda before: _replace(before, **given),
            enabled=body.enabled,
            versions=versions,
        )
    return _answer(request, changed)


async def remove_endpoint(request: Request) -> Reply:
    """Remove a receiver."""
    known_query(request)
    await endpoints.remove(request.context, request.caller, endpoint_id=_id(request))
    return Reply(204)


async def rotate_secret(request: Request) -> Reply:
    """Return a receiver a new secret, shown once; the old one goes on signing beside it for a while."""
    known_query(request)
    body = read_body(request, [], wire_webhooks.RotateBody, raw=None if request.body.strip() else b"{}")
    with _own_words():
        changed = await endpoints.rotate(
            request.context, request.caller, endpoint_id=_id(request), secret_kind=body.secret_kind, secret=body.secret
        )
    return _answer(request, changed, shown=True)


async def test_endpoint(request: Request) -> Reply:
    """Send a receiver a message that is about no order."""
    known_query(request)
    made = await endpoints.test(request.context, request.caller, endpoint_id=_id(request))
    return json_reply(202, wire_webhooks.delivery_answer(made))


# ----------------------------------------------------------------------------------------------------------- deliveries
async def list_deliveries(request: Request) -> Reply:
    """Answer a page of a receiver's deliveries, newest first."""
    query = known_query(request, "state", "order_id", "limit", "cursor")
    faults: list[Fault] = []
    limit, before = read_limit(request, query, faults), read_cursor(query, faults)
    if "state" in query and query["state"] not in list(State):
        faults.append(Fault((errors.QUERY, "state"), f"must be one of {', '.join(State)}"))
    order_id = mapping.parse_id(query["order_id"]) if "order_id" in query else None
    if "order_id" in query and order_id is None:
        faults.append(Fault((errors.QUERY, "order_id"), "must be the id of an order"))
    raise_faults(faults)
    found = await endpoints.page(
        request.context,
        request.caller,
        endpoint_id=_id(request),
        state=State(query["state"]) if "state" in query else None,
        order_id=order_id,
        before=before or MAX_ID,
        limit=limit + 1,
    )
    cursor = cursor_after(query, found[limit - 1].delivery_id if len(found) > limit else None)
    items = [wire_webhooks.delivery_answer(each) for each in found[:limit]]
    return json_reply(200, {"items": items, "next": cursor}, headers=link(request, query, cursor))


async def get_delivery(request: Request) -> Reply:
    """Answer one delivery with its attempts."""
    found = await endpoints.delivery(
        request.context, request.caller, endpoint_id=_id(request), delivery_id=_id(request, "delivery")
    )
    return json_reply(200, wire_webhooks.delivery_answer(found))


async def redeliver(request: Request) -> Reply:
    """Repeat one delivery, at once."""
    known_query(request)
    made = await endpoints.redeliver(
        request.context, request.caller, endpoint_id=_id(request), delivery_id=_id(request, "delivery")
    )
    return json_reply(202, wire_webhooks.delivery_answer(made))


async def redeliver_range(request: Request) -> Reply:
    """Repeat a receiver's deliveries of a time; answers how many there are."""
    known_query(request)
    body = read_body(request, [], wire_webhooks.RedeliverBody)
    count = await endpoints.redeliver_all(
        request.context,
        request.caller,
        endpoint_id=_id(request),
        since=microseconds(body.since),
        until=request.context.clock() if body.until is None else microseconds(body.until),
        state=None if body.state is None else State(body.state),
    )
    return json_reply(202, {"deliveries": count})


# ---------------------------------------------------------------------------------------------------------------- mails
async def list_mails(request: Request) -> Reply:
    """Answer a page of the mails that were kept because there is no server to send them through, newest first."""
    query = known_query(request, "limit", "cursor")
    faults: list[Fault] = []
    limit, before = read_limit(request, query, faults), read_cursor(query, faults)
    raise_faults(faults)
    found = await emails.page(request.context, request.caller, before=before or MAX_ID, limit=limit + 1)
    cursor = cursor_after(query, found[limit - 1].mail_id if len(found) > limit else None)
    items = [wire_webhooks.mail_answer(each) for each in found[:limit]]
    return json_reply(200, {"items": items, "next": cursor}, headers=link(request, query, cursor))


async def get_mail(request: Request) -> Reply:
    """Answer one kept mail as it would have gone out, a file that mail programs open."""
    found = await emails.get(request.context, request.caller, mail_id=_id(request))
    name = mapping.format_id(found.mail_id)
    headers = [("Content-Disposition", f'attachment; filename="{name}.eml"')]
    return Reply(200, found.message, headers=headers, content_type="message/rfc822")


async def get_mail_settings(request: Request) -> Reply:
    """Answer what the organization says about its mails; an empty object where it has said nothing."""
    endpoint, document = await emails.settings(request.context, request.caller)
    return Reply(200, document or b"{}", headers=[("ETag", f'"{endpoint.version}"')])


async def put_mail_settings(request: Request) -> Reply:
    """Replace what the organization says about its mails."""
    known_query(request)
    faults: list[Fault] = []
    versions = read_if_match(request, faults)
    raise_faults(faults)
    changed = await emails.change_settings(request.context, request.caller, request.body, versions=versions)
    return Reply(200, changed.document, headers=[("ETag", f'"{changed.version}"')])


_ONE = "/hub/v1/endpoints/{id}"
_404 = {404: wire.Problem, **PROBLEMS}
_BODY = {400: wire.Problem, 413: wire.Problem, **PROBLEMS}
_IF_MATCH = described(
    "If-Match", "header", "the ETag of what was read; 412 where it has changed since", pattern=IF_MATCH_PATTERN
)
ROUTES = (
    Route("POST", ("/hub/v1/endpoints",), create_endpoint, access.ADMIN, "createEndpoint", "Register a webhook endpoint",
          request=wire_webhooks.EndpointBody, answers={201: wire_webhooks.EndpointAnswer, 409: wire.Problem, **_BODY}),
    Route("GET", ("/hub/v1/endpoints",), list_endpoints, access.ADMIN, "listEndpoints", "List webhook endpoints",
          answers={200: page_of(wire_webhooks.EndpointAnswer), **PROBLEMS}),
    Route("GET", (_ONE,), get_endpoint, access.ADMIN, "getEndpoint", "Read a webhook endpoint and its health",
          answers={200: wire_webhooks.EndpointAnswer, **_404}),
    Route("PATCH", (_ONE,), change_endpoint, access.ADMIN, "changeEndpoint", "Change, disable or enable a webhook endpoint",
          request=wire_webhooks.EndpointPatch, parameters=(_IF_MATCH,),
          answers={200: wire_webhooks.EndpointAnswer, 412: wire.Problem, **_404, **_BODY}),
    Route("DELETE", (_ONE,), remove_endpoint, access.ADMIN, "removeEndpoint", "Remove a webhook endpoint",
          answers={204: None, **_404}),
    Route("POST", (f"{_ONE}/rotate",), rotate_secret, access.ADMIN, "rotateSecret", "Set a new secret of a webhook endpoint",
          request={"oneOf": [wire_webhooks.RotateBody]}, answers={200: wire_webhooks.EndpointAnswer, **_404, **_BODY}),
    Route("POST", (f"{_ONE}/test",), test_endpoint, access.ADMIN, "testEndpoint", "Send a test message to a webhook endpoint",
          answers={202: wire_webhooks.DeliveryAnswer, **_404}),
    Route("POST", (f"{_ONE}/redeliver",), redeliver_range, access.ADMIN, "redeliverRange",
          "Repeat deliveries of a period", request=wire_webhooks.RedeliverBody,
          answers={202: {"type": "object", "properties": {"deliveries": {"type": "integer"}}}, **_404, **_BODY}),
    Route("GET", (f"{_ONE}/deliveries",), list_deliveries, access.ADMIN, "listDeliveries",
          "List the deliveries of a webhook endpoint", answers={200: page_of(wire_webhooks.DeliveryAnswer), **_404},
          parameters=(described("state", "query", "the state they are in", enum=list(map(str, State))),
                      described("order_id", "query", "the order they are about", pattern=wire.ID_PATTERN), *PAGE)),
    Route("GET", (f"{_ONE}/deliveries/{{delivery}}",), get_delivery, access.ADMIN, "getDelivery",
          "Read a delivery and its attempts", answers={200: wire_webhooks.DeliveryAnswer, **_404}),
    Route("POST", (f"{_ONE}/deliveries/{{delivery}}/redeliver",), redeliver, access.ADMIN, "redeliver",
          "Repeat a delivery", answers={202: wire_webhooks.DeliveryAnswer, **_404}),
    Route("GET", ("/hub/v1/mail-settings",), get_mail_settings, access.ADMIN, "getMailSettings",
          "Read the e-mail settings", answers={200: {"type": "object"}, **PROBLEMS}),
    Route("PUT", ("/hub/v1/mail-settings",), put_mail_settings, access.ADMIN, "putMailSettings",
          "Replace the e-mail settings",
          request={"type": "object", "description": "the settings of mails"}, parameters=(_IF_MATCH,),
          answers={200: {"type": "object"}, 412: wire.Problem, **_BODY}),
    Route("GET", ("/hub/v1/mails",), list_mails, access.READ, "listMails", "List e-mails that were stored instead of sent",
          answers={200: page_of(wire_webhooks.MailAnswer), **PROBLEMS}, parameters=PAGE),
    Route("GET", ("/hub/v1/mails/{id}",), get_mail, access.READ, "getMail", "Read a stored e-mail as a file",
          answers={200: Media({"message/rfc822": {"type": "string"}}), **_404}),
)  # fmt: skip
