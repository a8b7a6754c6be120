"""Notifications: send them again through webhooks, and record that they reached the customer."""

from typing import Any

from crossdock.core.errors import Code, NotFound
from crossdock.core.ids import from_hex24
from crossdock.core.orders.commands import RequestNotification
from crossdock.core.orders.model import Order
from crossdock.doors import Reply, Request, Route, json_reply
from crossdock.doors.fabric import examples
from crossdock.doors.fabric import wire_webhooks as wire
from crossdock.doors.fabric.edits import report_command
from crossdock.doors.fabric.errors import ERRORS, LARGE
from crossdock.doors.fabric.routes.common import CONTEXT, execute_one, parameter, paths, read_document
from crossdock.doors.fabric.routes.site_context import TENANT, header_fault
from crossdock.doors.fabric.webhooks import ACKNOWLEDGED, REQUESTED
from crossdock.flows import access, queries

Tree = Any
# A second request for the same notification within this time is a retry of the client, not a new request.
TWICE_WITHIN_S = 60
_MAX_ID_SHOWN = 100  # characters of an unknown id in the error message


async def send_notification(request: Request) -> Reply:
    """Send a notification to webhooks again: 200 and the request, in an array."""
    notification, data = read_document(request, wire.NotificationRequest)
    order = await _order(request, notification.id, notification.documentType)
    command = RequestNotification(
        order_id=order.order_id, text=f"{notification.notificationType} asked for", topic=REQUESTED, data=data,
        not_within_s=TWICE_WITHIN_S,
    )  # fmt: skip
    await execute_one(request, command)
    return json_reply(200, [data], order_id=order.order_id)


async def acknowledge(request: Request) -> Reply:
    """Record that a notification was sent to the customer, without duplicates: 200 and the request."""
    notification, data = read_document(request, wire.NotificationReport)
    order = await _order(request, notification.id, notification.documentType)
    text = f"{notification.notificationType} acknowledged"
    await execute_one(request, report_command(order.order_id, text, topic=ACKNOWLEDGED, data=data))
    return json_reply(200, data, order_id=order.order_id)


async def _order(request: Request, document_id: str, document_type: str) -> Order:
    """Read the order of a notification. Raises NotFound for other documents; there are none yet."""
    if not request.headers.get(TENANT):
        raise header_fault(TENANT, "is required")
    try:
        return await queries.order(
            request.context, request.caller, order_id=from_hex24(document_id) if document_type == "ORDER" else None
        )
    except NotFound:
        shortened = document_id[:_MAX_ID_SHOWN]
        raise NotFound(Code.NOT_FOUND, f"Entity with Id {shortened} doesn't exist") from None


# Responses without a type are plain text.
_ANSWERS: dict[int, Any] = {**ERRORS, **LARGE, **dict.fromkeys((400, 403, 404))}
_TENANT = parameter(
    TENANT,
    "header",
    "The tenant's id; must be the organization's fabric account where x-site-context is omitted.",
    required=True,
)
_CONTEXT = CONTEXT | {"required": False}
ROUTES = (
    Route(
        "POST", paths("/notification/send"), send_notification, access.WRITE, "sendNotification",
        "Send a notification to webhooks again",
        request=wire.NotificationRequest,
        answers={200: {"type": "array", "items": wire.NotificationRequest}, **_ANSWERS}, parameters=(_CONTEXT, _TENANT),
        description=(
            "Sends the event `notificationType` to the webhooks that name it, with the body as details. Only orders have "
            f"notifications yet. The same body for the same order within {TWICE_WITHIN_S} seconds is a 403."
        ),
        examples={"request": examples.NOTIFICATION, 200: [examples.NOTIFICATION]},
    ),
    Route(
        "POST", paths("/notification/acknowledgment"), acknowledge, access.WRITE, "acknowledgeNotification",
        "Record that a notification was sent to the customer",
        request=wire.NotificationReport, answers={200: wire.NotificationReport, **_ANSWERS},
        parameters=(_CONTEXT, _TENANT),
        description="Adds the body to the order's `auditLogs`, once, however often it is sent.",
        examples={"request": examples.NOTIFICATION_REPORT, 200: examples.NOTIFICATION_REPORT},
    ),
)  # fmt: skip
