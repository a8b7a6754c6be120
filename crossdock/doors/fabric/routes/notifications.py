"""Notifications: sent again by telling webhooks, and acknowledged by who sent them to the customer."""

from typing import Any

from crossdock.core.errors import Code, NotFound
from crossdock.core.ids import from_hex24
from crossdock.core.json.request_body import decode_body
from crossdock.core.json.strict_json import parse
from crossdock.core.orders.commands import RequestNotification
from crossdock.core.orders.model import Order
from crossdock.doors import Reply, Request, Route, json_reply
from crossdock.doors.fabric import wire_webhooks as wire
from crossdock.doors.fabric.edits import report
from crossdock.doors.fabric.errors import ERRORS, LARGE
from crossdock.doors.fabric.routes.common import CONTEXT, execute_one, parameter, paths
from crossdock.doors.fabric.routes.site_context import TENANT, header_fault
from crossdock.doors.fabric.webhooks import ACKNOWLEDGED, SENT
from crossdock.flows import access, queries

Tree = Any
# The same notification asked for twice within this time is a client that repeats itself, not a customer who asks again.
TWICE_WITHIN_S = 60
_ID_SHOWN = 100  # characters of an unknown id that the refusal repeats


async def send_notification(request: Request) -> Reply:
    """Tell webhooks of a notification once more: 200 and what was asked for, in an array."""
    said = decode_body(request.body, wire.NotificationRequest)
    order, asked = await _order(request, said.id, said.documentType), parse(request.body)
    command = RequestNotification(
        order_id=order.order_id, text=f"{said.notificationType} asked for", topic=SENT, data=asked,
        not_within_s=TWICE_WITHIN_S,
    )  # fmt: skip
    await execute_one(request, command)
    return json_reply(200, [asked], order_id=order.order_id)


async def acknowledge(request: Request) -> Reply:
    """Note on the order that a notification was sent, once: 200 and what was said."""
    said = decode_body(request.body, wire.NotificationReport)
    order, reported = await _order(request, said.id, said.documentType), parse(request.body)
    text = f"{said.notificationType} acknowledged"
    await execute_one(request, report(order.order_id, text, topic=ACKNOWLEDGED, data=reported))
    return json_reply(200, reported, order_id=order.order_id)


async def _order(request: Request, identity: str, kind: str) -> Order:
    """Give the order a notification is about; of other documents there are none yet."""
    if not request.headers.get(TENANT):
        raise header_fault(TENANT, "is required")
    try:
        return await queries.order(
            request.context, request.caller, order_id=from_hex24(identity) if kind == "ORDER" else None
        )
    except NotFound:
        shown = identity[:_ID_SHOWN]
        raise NotFound(Code.NOT_FOUND, f"Entity with Id {shown} doesn't exist") from None


# Those without a shape are plain text.
_ANSWERS: dict[int, Any] = {**ERRORS, **LARGE, **dict.fromkeys((400, 403, 404))}
_TENANT = parameter(
    TENANT, "header", "The tenant's id; the organization's account where x-site-context is not given.", required=True
)
_CONTEXT = CONTEXT | {"required": False}
ROUTES = (
    Route(
        "POST", paths("/notification/send"), send_notification, access.WRITE, "sendNotification",
        "Send a notification again, by telling webhooks of it",
        request=wire.NotificationRequest,
        answers={200: {"type": "array", "items": wire.NotificationRequest}, **_ANSWERS}, parameters=(_CONTEXT, _TENANT),
    ),
    Route(
        "POST", paths("/notification/acknowledgment"), acknowledge, access.WRITE, "acknowledgeNotification",
        "Note that a notification was sent to the customer",
        request=wire.NotificationReport, answers={200: wire.NotificationReport, **_ANSWERS},
        parameters=(_CONTEXT, _TENANT),
    ),
)  # fmt: skip
