"""What webhooks were told: the log of events searched, and events sent again."""

from collections.abc import AsyncIterator
from typing import Any

from crossdock.core.errors import Fault, NotFound
from crossdock.core.ids import from_hex24
from crossdock.core.json.request_body import decode_body
from crossdock.doors import Reply, Request, Route, json_reply
from crossdock.doors.fabric import webhook_definitions, webhooks, wire_calls
from crossdock.doors.fabric import wire_webhooks as shapes
from crossdock.doors.fabric.demo import ACCOUNT
from crossdock.doors.fabric.errors import ERRORS, LARGE, faulty
from crossdock.doors.fabric.routes.common import CONTEXT, order_by_number, paths, render
from crossdock.doors.fabric.routes.webhooks import definitions
from crossdock.doors.fabric.search import faults_of, fits, sorted_by
from crossdock.flows import access, endpoints
from crossdock.flows.endpoints import Delivery

Tree = Any
# Deliveries looked through, the newest of all webhooks together: what an operator reads, in half a second at most.
MAX_SCANNED = 2_000
_SORTS = {"createdAt": "firstEventTriggeredAt", "updatedAt": "lastEventTriggeredAt"}
_SORTED_BY = (
    "eventRequestId", "channelId", "tenantId", "event", "firstEventTriggeredAt", "lastEventTriggeredAt", "status",
    "retryCount", "isAutomaticRetryEnabled",
)  # fmt: skip
# What each webhook that is told of a retry stands for in the answer; the vendor's sample has such texts.
_TAKEN_OVER = '{"statusCodeValue":200,"statusCode":"OK"}'


async def query_events(request: Request) -> Reply:
    """Search what webhooks were told: 200 and a page of it, also where there is nothing."""
    sent = decode_body(request.body, wire_calls.QueryRequest)
    filters = sent.filters or {}
    sort_by = _SORTS.get(sent.sortBy or "updatedAt", sent.sortBy or "")
    faults = list(faults_of(filters))
    if sort_by not in _SORTED_BY:
        faults.append(Fault(("sortBy",), "must name a member of the event that has a single value"))
    if faults:
        raise faulty(*faults[:100])
    found = [record for record in await _records(request) if fits(record, filters)]
    ascending = (sent.sortDirection or "desc").lower() == "asc"
    if ascending:
        found.reverse()
    ranked = sorted_by(found, lambda record: record[sort_by], ascending=ascending)
    limit, offset = sent.limit or 10, sent.offset or 0
    page = {"count": len(ranked), "limit": limit, "offset": offset, "events": ranked[offset : offset + limit]}
    return json_reply(200, page)


async def _records(request: Request) -> list[Tree]:
    """Give the newest events of all webhooks this door made, newest first."""
    found: list[tuple[Delivery, Tree]] = []
    for endpoint, wanted in await definitions(request):
        try:
            listed = await endpoints.page(
                request.context, request.caller, endpoint_id=endpoint.endpoint_id, limit=MAX_SCANNED
            )
        except NotFound:  # deleted since
            continue
        found += [(each, wanted) for each in listed]
        found.sort(key=lambda pair: pair[0].delivery_id, reverse=True)
        del found[MAX_SCANNED:]
    return [webhook_definitions.record(delivery, wanted) for delivery, wanted in found]


async def retry(request: Request) -> Reply:
    """Send an event again: 200 and a text for each webhook that is told."""
    sent = decode_body(request.body, shapes.Retry)
    if (ACCOUNT, sent.tenant) not in request.caller.references:
        raise faulty(Fault(("tenant",), "is not this organization's account"))
    if sent.eventRequestId:
        await _redeliver(request, sent.eventRequestId, webhooks.event_of(sent.event))
        return json_reply(200, [_TAKEN_OVER])
    return json_reply(200, [_TAKEN_OVER async for _ in _sent(request, sent)])


async def _redeliver(request: Request, identity: str, event: str) -> None:
    """Make due again what an event log names. Refuses with Invalid `invalid`."""
    for endpoint, _ in await definitions(request):
        key = {"endpoint_id": endpoint.endpoint_id, "delivery_id": from_hex24(identity)}
        try:
            found = await endpoints.delivery(request.context, request.caller, **key)
        except NotFound:
            continue
        if found.topic != event:
            raise faulty(Fault(("event",), f"must be that of the request, {found.topic}"))
        await endpoints.redeliver(request.context, request.caller, **key)
        return
    raise faulty(Fault(("eventRequestId",), "is no event's"))


async def _sent(request: Request, sent: shapes.Retry) -> AsyncIterator[Delivery]:
    """Send an event with what the request gives, or names, to the webhooks that want it; one id for all, as it is one event."""
    event = webhooks.event_of(sent.event)
    payload, order = await _payload(request, sent)
    body, event_id = webhooks.message(event, payload), request.context.id_generator.new(request.context.clock())
    for endpoint, wanted in await definitions(request):
        if not wanted.matches(event):
            continue
        if sent.apiVersion and webhook_definitions.definition(wanted)["apiVersion"] != sent.apiVersion:
            continue
        yield await endpoints.send(
            request.context, request.caller, endpoint_id=endpoint.endpoint_id, event_id=event_id, topic=event,
            body=body, order=order,
        )  # fmt: skip


async def _payload(request: Request, sent: shapes.Retry) -> tuple[Tree, tuple[int, int] | None]:
    """Give what to send, and the order (id, event number) it is about where that is known."""
    if sent.payload is not None:
        return sent.payload, None
    if not sent.orderNumber:
        raise faulty(Fault(("payload",), "is required where neither eventRequestId nor orderNumber is given"))
    try:
        order = await order_by_number(request, sent.orderNumber)
    except NotFound:
        raise faulty(Fault(("orderNumber",), "is no order's number")) from None
    return await render(request, order), (order.order_id, order.event_number)


_RETRIED: dict[int, Any] = {200: {"type": "array", "items": {"type": "string"}}, **ERRORS, **LARGE}
ROUTES = (
    Route(
        "POST", paths("/webhook/event/query"), query_events, access.ADMIN, "queryWebhookEvents",
        "Search what webhooks were told",
        request=wire_calls.QueryRequest, answers={200: shapes.EventPage, **ERRORS, **LARGE}, parameters=(CONTEXT,),
    ),
    Route(
        "POST", paths("/webhook/retry"), retry, access.ADMIN, "retryWebhook", "Send an event again",
        request=shapes.Retry, answers=_RETRIED, parameters=(CONTEXT,),
    ),
)  # fmt: skip
