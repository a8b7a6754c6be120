"""One order: create, read, update, change its items, cancel."""

from collections.abc import Callable
from typing import Any

from crossdock.core.json.strict_json import Tree
from crossdock.core.orders.commands import CancelOrder, Command, EditOrder
from crossdock.core.orders.model import Order
from crossdock.core.orders.status import Status
from crossdock.doors import Reply, Request, encode_json, in_one_view, replayed_header
from crossdock.doors.pb_fulfillment import edits, responses
from crossdock.doors.pb_fulfillment.routes.common import (
    DOOR,
    answered,
    check_unused,
    clients,
    format_of,
    key,
    named,
    queried_client,
)
from crossdock.flows import rendering
from crossdock.flows.execute import Change, execute
from crossdock.flows.execute import Reply as RenderReply
from crossdock.flows.idempotency import IdempotentRequest
from crossdock.flows.intake import Submission

# Before anything has left the house; what is being picked cannot be told from what waits for it yet.
_UNPROCESSED = frozenset({Status.OPEN, Status.ON_HOLD, Status.PARTIALLY_ALLOCATED, Status.ALLOCATED})


async def create_order(request: Request) -> Reply:
    """Create an order: 201 and the whole of it."""
    taken = Submission(request.caller, format_of(request.caller), request.body, keys=(key(request),))
    outcome = await request.intake.submit(taken)
    replayed = outcome.status == "replayed"
    return Reply(
        201, outcome.reply, headers=replayed_header(replayed), order_id=outcome.order_id, outcome=outcome.status
    )


@in_one_view
async def get_order(request: Request) -> Reply:
    """Answer one order."""
    order, answer = await _read(request)
    return Reply(200, encode_json(answer), order_id=order.order_id)


@in_one_view
async def get_status(request: Request) -> Reply:
    """Answer how far an order has come."""
    order, answer = await _read(request)
    return Reply(200, encode_json(responses.status_part(answer)), order_id=order.order_id)


async def _read(request: Request) -> tuple[Order, dict[str, Tree]]:
    await check_unused(request)
    order = await named(request, queried_client(request))
    return order, await answered(request, order)


async def update_order(request: Request) -> Reply:
    """Put a whole order in place of the one there is: 200 and the whole of it."""
    return await _changed(request, edits.whole)


async def update_items(request: Request) -> Reply:
    """Change items or quantities of an order nobody has begun to ship: 200 and the whole of it."""
    return await _changed(request, edits.items, only=_UNPROCESSED)


async def _changed(
    request: Request, asked: Callable[..., edits.Change], *, only: frozenset[Status] | None = None
) -> Reply:
    caller, client = request.caller, edits.asker(request.body)
    # A client that is not the caller's at all is a fault of the body, told together with the others.
    order = await named(request, client if client in clients(caller) else None)
    change = asked(request.body, format=format_of(caller), is_own=order.source.door == DOOR)
    edit = EditOrder(order_id=order.order_id, door=DOOR, change=change, statuses=only)
    return await _execute_once(request, edit, request.body)


async def cancel_order(request: Request) -> Reply:
    """Cancel a whole order: 200 and the whole of it."""
    client = queried_client(request)
    order = await named(request, client)
    await answered(request, order)
    # The call has no body; what it says is its query, which is kept in its place.
    said = {"clientId": client} | ({"brand": brand} if (brand := request.query.get("brand")) else {})
    return await _execute_once(request, CancelOrder(order_id=order.order_id), encode_json(said))


async def _execute_once(request: Request, command: Command, body: bytes) -> Reply:
    """Execute one command under the call's transaction id."""
    once = IdempotentRequest(key(request), request.route.operation, body, reply_of(request))
    (change,) = await execute(request.context, request.caller, [command], door=DOOR, request=once)
    assert change.reply is not None, "an idempotent request has a reply"
    return Reply(
        200, change.reply, headers=replayed_header(change.replayed), order_id=change.order.order_id,
        outcome="replayed" if change.replayed else "ok",
    )  # fmt: skip


def reply_of(request: Request) -> RenderReply:
    """Make what renders the reply to a change within its transaction."""

    async def reply(tx: Any, change: Change) -> bytes:
        (rendered,) = await rendering.render_in(tx, request.context, request.caller, [change.order], door=DOOR)
        return encode_json(rendered.document)

    return reply
