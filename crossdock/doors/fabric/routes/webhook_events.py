"""Webhook events: search the delivery records, and send events again."""

from collections.abc import AsyncIterator
from typing import Any

from crossdock.core.errors import Fault, NotFound
from crossdock.core.ids import from_hex24
from crossdock.doors import Reply, Request, Route, json_reply
from crossdock.doors.fabric import examples, webhook_definitions, webhooks, wire_calls
from crossdock.doors.fabric import wire_webhooks as wire
from crossdock.doors.fabric.demo import ACCOUNT
from crossdock.doors.fabric.errors import ERRORS, LARGE, faulty
from crossdock.doors.fabric.routes.common import CONTEXT, order_by_number, paths, read_body, render
from crossdock.doors.fabric.routes.webhooks import definitions
from crossdock.doors.fabric.search import sorted_by
from crossdock.doors.fabric.search_filters import Matcher, faults_of
from crossdock.flows import access, endpoints
from crossdock.flows.endpoints import Delivery

Tree = Any
# Newest deliveries scanned, over all webhooks; the scan takes at most half a second.
MAX_SCANNED = 2_000
_SORT_ALIASES = {"createdAt": "firstEventTriggeredAt", "updatedAt": "lastEventTriggeredAt"}
_SORTABLE_FIELDS = (
    "eventRequestId", "channelId", "tenantId", "event", "firstEventTriggeredAt", "lastEventTriggeredAt", "status",
    "retryCount", "isAutomaticRetryEnabled",
)  # fmt: skip
# The element of the response for each webhook that gets the event; a JSON text, as in the vendor's sample.
_ACCEPTED = '{"statusCodeValue":200,"statusCode":"OK"}'


async def query_events(request: Request) -> Reply:
    """Search event records: 200 and a page, also where it is empty."""
    body = read_body(request, wire_calls.QueryRequest)
    filters = body.filters or {}
    sort_by = _SORT_ALIASES.get(body.sortBy or "updatedAt", body.sortBy or "")
    faults = list(faults_of(filters))
    if sort_by not in _SORTABLE_FIELDS:
        faults.append(Fault(("sortBy",), "must name a member of the event that has a single value"))
    if faults:
        raise faulty(*faults[:100])
    matches = Matcher(filters)
    matching = [record for record in await _records(request) if matches(record)]
    ascending = (body.sortDirection or "desc").lower() == "asc"
    if ascending:
        matching.reverse()
    ranked = sorted_by(matching, lambda record: record[sort_by], ascending=ascending)
    limit, offset = body.page()
    page = {"count": len(ranked), "limit": limit, "offset": offset, "events": ranked[offset : offset + limit]}
    return json_reply(200, page)


async def _records(request: Request) -> list[Tree]:
    """List the event records of this door's webhooks, newest first."""
    pairs: list[tuple[Delivery, Tree]] = []
    for endpoint, subscription in await definitions(request):
        try:
            listed = await endpoints.page(
                request.context, request.caller, endpoint_id=endpoint.endpoint_id, limit=MAX_SCANNED
            )
        except NotFound:  # deleted since
            continue
        pairs += [(each, subscription) for each in listed]
        pairs.sort(key=lambda pair: pair[0].delivery_id, reverse=True)
        del pairs[MAX_SCANNED:]
    return [webhook_definitions.event_record(delivery, subscription) for delivery, subscription in pairs]


async def retry(request: Request) -> Reply:
    """Send an event again: 200 and a text for each webhook that gets it."""
    body = read_body(request, wire.Retry)
    if (ACCOUNT, body.tenant) not in request.caller.references:
        raise faulty(Fault(("tenant",), "is not this organization's account"))
    if body.eventRequestId:
        await _redeliver(request, body.eventRequestId, webhooks.canonical_event(body.event))
        return json_reply(200, [_ACCEPTED])
    return json_reply(200, [_ACCEPTED async for _ in _send(request, body)])


async def _redeliver(request: Request, request_id: str, event: str) -> None:
    """Schedule a delivery again, by its `eventRequestId`. Raises Invalid where there is none of the event."""
    for endpoint, _ in await definitions(request):
        key = {"endpoint_id": endpoint.endpoint_id, "delivery_id": from_hex24(request_id)}
        try:
            delivery = await endpoints.delivery(request.context, request.caller, **key)
        except NotFound:
            continue
        if delivery.topic != event:
            raise faulty(Fault(("event",), f"must be that of the request, {delivery.topic}"))
        await endpoints.redeliver(request.context, request.caller, **key)
        return
    raise faulty(Fault(("eventRequestId",), "is not the id of an event"))


async def _send(request: Request, body: wire.Retry) -> AsyncIterator[Delivery]:
    """Send the request's payload, or its order, to the webhooks subscribed to the event; one event id for all."""
    event = webhooks.canonical_event(body.event)
    payload, order = await _payload(request, body)
    message = webhooks.event_message(event, payload)
    event_id = request.context.id_generator.new(request.context.clock())
    for endpoint, subscription in await definitions(request):
        if not subscription.matches(event):
            continue
        if body.apiVersion and webhook_definitions.from_subscription(subscription)["apiVersion"] != body.apiVersion:
            continue
        yield await endpoints.send(
            request.context, request.caller, endpoint_id=endpoint.endpoint_id, event_id=event_id, topic=event,
            body=message, order=order,
        )  # fmt: skip


async def _payload(request: Request, body: wire.Retry) -> tuple[Tree, tuple[int, int] | None]:
    """Read the payload to send, and the order (id, event number) where the request names one."""
    if body.payload is not None:
        return body.payload, None
    if not body.orderNumber:
        raise faulty(Fault(("payload",), "is required where neither eventRequestId nor orderNumber is given"))
    try:
        order = await order_by_number(request, body.orderNumber)
    except NotFound:
        raise faulty(Fault(("orderNumber",), "is not the number of an order")) from None
    return await render(request, order), (order.order_id, order.event_number)


_RETRY_ANSWERS: dict[int, Any] = {200: {"type": "array", "items": {"type": "string"}}, **ERRORS, **LARGE}
ROUTES = (
    Route(
        "POST", paths("/webhook/event/query"), query_events, access.ADMIN, "queryWebhookEvents",
        "Search the events of webhooks",
        request=wire_calls.QueryRequest, answers={200: wire.EventPage, **ERRORS, **LARGE}, parameters=(CONTEXT,),
        description=(
            f"Searches the newest {MAX_SCANNED} deliveries to this organization's webhooks with the filters of the order "
            "query; no match is an empty page."
        ),
        examples={"request": examples.EVENT_QUERY, 200: examples.EVENT_PAGE},
    ),
    Route(
        "POST", paths("/webhook/retry"), retry, access.ADMIN, "retryWebhook", "Send an event again",
        request=wire.Retry, answers=_RETRY_ANSWERS, parameters=(CONTEXT,),
        description=(
            "Sends the delivery of `eventRequestId` again; or else `payload`, or the order of `orderNumber`, to the webhooks "
            "that name the event. Answers a text for each webhook before anything is sent."
        ),
        examples={"request": examples.RETRY, 200: examples.RETRIED},
    ),
)  # fmt: skip
