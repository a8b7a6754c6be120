"""One order: create, read, update, change its items, cancel."""

from collections.abc import Awaitable, Callable

from crossdock.core.json.strict_json import Tree
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
from crossdock.flows import orders, rendering
from crossdock.flows.intake import Submission
from crossdock.flows.orders import Change, Once, Step
from crossdock.store.protocols import Transaction

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
    return await _once(request, orders.edit(caller, order.order_id, door=DOOR, change=change, only=only), request.body)


async def cancel_order(request: Request) -> Reply:
    """Cancel a whole order: 200 and the whole of it."""
    client = queried_client(request)
    order = await named(request, client)
    await answered(request, order)
    # The call has no body; what it says is its query, which is kept in its place.
    said = {"clientId": client} | ({"brand": brand} if (brand := request.query.get("brand")) else {})
    return await _once(request, orders.cancel(order.order_id), encode_json(said))


async def _once(request: Request, step: Step, said: bytes) -> Reply:
    """Do one step under the call's transaction id."""
    once = Once(key(request), request.route.operation, said, teller(request))
    (change,) = await orders.perform(request.context, request.caller, [step], door=DOOR, once=once)
    assert change.reply is not None, "what is made once has an answer"
    return Reply(
        200, change.reply, headers=replayed_header(change.replayed), order_id=change.order.order_id,
        outcome="replayed" if change.replayed else "ok",
    )  # fmt: skip


def teller(request: Request) -> Callable[[Transaction, Change], Awaitable[bytes]]:
    """Make what spells the answer to a change inside its transaction."""

    async def tell(tx: Transaction, change: Change) -> bytes:
        (rendered,) = await rendering.render_in(tx, request.context, request.caller, [change.order], door=DOOR)
        return encode_json(rendered.document)

    return tell
