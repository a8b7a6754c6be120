"""One order: create, read, update, change its items, cancel."""

from typing import Any

from crossdock.core.orders.commands import CancelOrder, Command
from crossdock.core.orders.model import Order
from crossdock.doors import Reply, Request, encode_json, in_one_view, replayed_header
from crossdock.doors.pb_fulfillment import edits
from crossdock.doors.pb_fulfillment.responses import name_client, status_response
from crossdock.doors.pb_fulfillment.routes.common import (
    DOOR,
    clients,
    format_of,
    load_order,
    query_client,
    render_order,
    transaction_key,
)
from crossdock.flows import rendering
from crossdock.flows.execute import Change, execute
from crossdock.flows.execute import Reply as RenderReply
from crossdock.flows.idempotency import IdempotentRequest
from crossdock.flows.intake import Submission


async def create_order(request: Request) -> Reply:
    """Create an order: 201 and the whole order."""
    keys = (transaction_key(request),)
    submission = Submission(request.caller, format_of(request.caller), request.body, keys=keys)
    outcome = await request.intake.submit(submission)
    headers = replayed_header(outcome.status == "replayed")
    return Reply(201, outcome.reply, headers=headers, order_id=outcome.order_id, outcome=outcome.status)


@in_one_view
async def get_order(request: Request) -> Reply:
    """Return the whole order."""
    client = query_client(request)
    order = await load_order(request, client)
    return Reply(200, encode_json(await render_order(request, order, client)), order_id=order.order_id)


@in_one_view
async def get_status(request: Request) -> Reply:
    """Return an order's status."""
    client = query_client(request)
    order = await load_order(request, client)
    response = status_response(await render_order(request, order, client))
    return Reply(200, encode_json(response), order_id=order.order_id)


async def update_order(request: Request) -> Reply:
    """Replace an order: 200 and the whole order."""
    client, order = await _load_order_of_body(request)
    edit = edits.replace_order(order, request.body, format_of(request.caller))
    return await _execute_once(request, edit, request.body, client)


async def update_items(request: Request) -> Reply:
    """Change items or quantities of an order before anything is shipped: 200 and the whole order."""
    client, order = await _load_order_of_body(request)
    edit = edits.change_items(order, request.body, format_of(request.caller))
    return await _execute_once(request, edit, request.body, client)


async def _load_order_of_body(request: Request) -> tuple[str, Order]:
    """Load the order of the path for the client that the body names; returns both."""
    client = edits.client_of(request.body) or ""
    # A client id that is not the caller's is a fault of the body, and is reported with its other faults.
    return client, await load_order(request, client if client in clients(request.caller) else None)


async def cancel_order(request: Request) -> Reply:
    """Cancel a whole order: 200 and the whole order."""
    client, brand = query_client(request), request.query.get("brand")
    order = await load_order(request, client)
    await render_order(request, order, client)  # refuses another brand
    # The call has no body: its query is recorded, and compared with that of a repeat.
    query = {"clientId": client} | ({"brand": brand} if brand else {})
    return await _execute_once(request, CancelOrder(order_id=order.order_id), encode_json(query), client)


async def _execute_once(request: Request, command: Command, body: bytes, client: str) -> Reply:
    """Execute a client's command under the transaction id of its request."""
    operation = request.route.operation
    once = IdempotentRequest(transaction_key(request), operation, body, whole_order_reply(request, client))
    (change,) = await execute(request.context, request.caller, [command], door=DOOR, request=once)
    assert change.reply is not None, "an idempotent request has a reply"
    return Reply(
        200, change.reply, headers=replayed_header(change.replayed), order_id=change.order.order_id,
        outcome="replayed" if change.replayed else "ok",
    )  # fmt: skip


def whole_order_reply(request: Request, client: str) -> RenderReply:
    """Make the function that renders a changed order for a client, within the transaction of the change."""

    async def render(tx: Any, change: Change) -> bytes:
        (rendered,) = await rendering.render_in(tx, request.context, request.caller, [change.order], door=DOOR)
        name_client(rendered.document, change.order, client)
        return encode_json(rendered.document)

    return render
