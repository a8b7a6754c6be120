"""Orders of the hub: created, read as they are or were, listed, counted, and what happened to them."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core.errors import Fault
from crossdock.core.ids import hashed_key
from crossdock.core.orders.model import Order
from crossdock.core.orders.status import Status
from crossdock.doors import DOORS, Reply, Request, Route, in_one_view, json_reply, replayed_header
from crossdock.doors.hub import errors, mapping, wire
from crossdock.doors.hub.event_data import timeline_item
from crossdock.doors.hub.format import FORMAT
from crossdock.doors.hub.routes.parameters import (
    IDEMPOTENCY_KEY,
    LIMIT,
    PAGE,
    PROBLEMS,
    cursor_after,
    described,
    flag_parameter,
    known_query,
    link,
    page_of,
    query_faults,
    raise_faults,
    read_cursor,
    read_flag,
    read_key,
    read_limit,
    read_time,
    time_parameter,
)
from crossdock.flows import access, feed, queries, rendering
from crossdock.flows.intake import Submission
from crossdock.flows.order_search import Filters, OrderPage, OrderQuery
from crossdock.flows.rendering import RenderedPage, render_json_all, render_json_page, within_bytes

SEARCH_LENGTH = 200  # of `q`: a name, an address of e-mail, and a number or two
_WORDS = ("door", "number", "status", "email", "sku", "location", "tag")
_TIMES = ("created_from", "created_to", "updated_from", "updated_to")
FILTERS = (*_WORDS, *_TIMES, "archived", "balanced", "q")


async def create_order(request: Request) -> Reply:
    """Create an order: 201 with the order, its address and its ETag; a repeat is answered as the first was."""
    # A `dry_run` that is ignored would create the order.
    faults = query_faults(request, ()) if request.query_string else []
    key = read_key(request, faults)
    raise_faults(faults)
    keys = () if key is None else (hashed_key("hub/idempotency", request.caller.actor, key),)
    outcome = await request.intake.submit(Submission(request.caller, FORMAT, request.body, keys=keys))
    assert outcome.order_id is not None
    headers = [
        ("Location", f"/hub/v1/orders/{mapping.format_id(outcome.order_id)}"),
        ("ETag", '"1"'),
        *replayed_header(outcome.status == "replayed"),
    ]
    return Reply(201, outcome.reply, headers=headers, order_id=outcome.order_id, outcome=outcome.status)


# ------------------------------------------------------------------------------------------------------------------- read
@in_one_view
async def get_order(request: Request) -> Reply:
    """Answer one order, as it is or was; with `as`, in another door's read format, with what that format could not say."""
    query = known_query(request, "as", "as_of")
    faults: list[Fault] = []
    door, at = query.get("as"), read_time(query, "as_of", faults)
    if door is not None and door not in request.context.formats:
        faults.append(Fault((errors.QUERY, "as"), f"must be one of {', '.join(request.context.formats)}"))
    raise_faults(faults)
    order_id = mapping.parse_id(request.params["id"])
    if at is None:
        order = await queries.order(request.context, request.caller, order_id=order_id)
    else:
        order = await queries.as_of(request.context, request.caller, order_id=order_id, at=at)
    etag = f'"{order.version}"' if door is None else f'"{order.version}-{door}"'
    if _is_known(request, etag):
        return Reply(304, headers=[("ETag", etag)], order_id=order.order_id)
    if door is not None:
        return json_reply(200, await _worded(request, order, door), headers=[("ETag", etag)], order_id=order.order_id)
    (document,) = await render_json_all(request.context, request.caller, [order], door=FORMAT.name)
    return json_reply(200, document, headers=[("ETag", etag)], order_id=order.order_id)


def _is_known(request: Request, etag: str) -> bool:
    """Tell whether the client has this representation already (RFC 9110, section 13.1.2; compared weakly)."""
    given = request.headers.get("if-none-match") or ""
    return given.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in given.split(","))


async def _worded(request: Request, order: Order, door: str) -> wire.RenderedOrder:
    rendered = await rendering.render(request.context, request.caller, order, door=door, losses=True)
    losses = [
        wire.Loss("filled", errors.pointer(missing_field.path), missing_field.value)
        for missing_field in rendered.missing_fields
    ]
    losses += [wire.Loss("dropped", errors.pointer(path)) for path in rendered.dropped]
    return wire.RenderedOrder(door, rendered.document, losses)


async def list_events(request: Request) -> Reply:
    """Answer a page of what happened to an order, oldest first, with what each event changed."""
    query = known_query(request, "limit", "cursor")
    faults: list[Fault] = []
    limit, after = read_limit(request, query, faults), feed.parse_cursor(query.get("cursor", "0"))
    if after is None:
        faults.append(Fault((errors.QUERY, "cursor"), "must be a cursor that this list returned"))
    raise_faults(faults)
    assert after is not None
    order_id = mapping.parse_id(request.params["id"])
    recorded = await queries.history(request.context, request.caller, order_id=order_id)
    feed.check_history(after, recorded)
    items: list[msgspec.Raw] = []
    size, last = 0, after.position
    for entry in queries.timeline(recorded, after=after.position):
        item = timeline_item(entry)
        size += len(item)
        if items and size > request.context.settings.page_bytes:
            break
        items.append(msgspec.Raw(item))
        last = entry.event.number
        if len(items) == limit:
            break
        await asyncio.sleep(0)  # an edit of thousands of lines takes a while to compare
    cursor = str(feed.cursor_in_history(recorded[last - 1])) if last < len(recorded) else None
    headers = link(request, query, cursor)
    return json_reply(200, {"items": items, "next": cursor}, headers=headers, order_id=order_id)


# ------------------------------------------------------------------------------------------------------------------- list
class Selection(Struct, frozen=True):
    """Which orders to list: filters, and the text of a search, of whose words an order must have all."""

    filters: Filters
    text: str | None

    async def page(self, request: Request, *, before: int | None, limit: int) -> OrderPage:
        """Read at most `limit` orders; the page may end early (see queries.page_of)."""
        words = () if self.text is None else queries.words_of(self.text)
        query = OrderQuery(any_of=(self.filters,), words=words, before=before, limit=limit)
        return await queries.page_of(request.context, request.caller, query)

    async def rendered_page(self, request: Request, *, before: int | None, limit: int) -> RenderedPage:
        """Render a page of the orders."""
        context, caller, door = request.context, request.caller, FORMAT.name
        if self.text is None:
            return await render_json_page(
                context,
                caller,
                self.filters,
                door=door,
                unreadable=mapping.unreadable_answer,
                before=before,
                limit=limit,
                max_bytes=context.settings.page_bytes,
            )
        found = await self.page(request, before=before, limit=limit + 1)
        orders = found.orders[: await self._fitting(request, found.orders[:limit])]
        last = orders[-1].order_id if len(orders) < len(found.orders) else found.last
        documents = await render_json_all(context, caller, orders, door=door, unreadable=mapping.unreadable_answer)
        return RenderedPage(documents, last)

    async def _fitting(self, request: Request, orders: Sequence[Order]) -> int:
        """Count the first of the orders that fit on one page."""
        order_ids, max_bytes = [order.order_id for order in orders], request.context.settings.page_bytes
        async with request.context.store.reading() as tx:
            return len(await within_bytes(tx, request.caller, order_ids, max_bytes=max_bytes))


def read_selection(request: Request, query: dict[str, str], faults: list[Fault]) -> Selection:
    """Read filters and search text from the query string."""
    for name, allowed in (("status", tuple(Status)), ("door", tuple(request.context.formats))):
        if name in query and query[name] not in allowed:
            faults.append(Fault((errors.QUERY, name), f"must be one of {', '.join(allowed)}"))
    text = query.get("q")
    if text is not None and not (1 <= len(text.split()) <= queries.MAX_WORDS and len(text) <= SEARCH_LENGTH):
        reason = f"must have 1 to {queries.MAX_WORDS} words, and at most {SEARCH_LENGTH} characters"
        faults.append(Fault((errors.QUERY, "q"), reason))
    filters = Filters(
        **{name: query.get(name) for name in _WORDS},  # type: ignore[arg-type]
        **{name: read_time(query, name, faults) for name in _TIMES},  # type: ignore[arg-type]
        archived=read_flag(query, "archived", faults),
        balanced=read_flag(query, "balanced", faults),
    )
    return Selection(filters, text)


@in_one_view
async def list_orders(request: Request) -> Reply:
    """Answer a page of the orders that match the filters, newest first, with the address of the next page.

    A page may hold fewer orders than `limit`, or none, where enough was scanned; `next` then continues from there. An order
    that cannot be rendered has an UnreadableOrder in its place.
    """
    query = known_query(request, *FILTERS, "limit", "cursor")
    faults: list[Fault] = []
    limit = read_limit(request, query, faults)
    selection = read_selection(request, query, faults)
    before = read_cursor(query, faults)
    raise_faults(faults)
    rendered = await selection.rendered_page(request, before=before, limit=limit)
    cursor = cursor_after(query, rendered.last)
    page = {"items": rendered.documents, "next": cursor}
    return json_reply(200, page, headers=link(request, query, cursor))


async def count_orders(request: Request) -> Reply:
    """Answer how many orders there are, by status and by door."""
    known_query(request)
    counts = await queries.counts(request.context, request.caller)
    by_status, by_door = dict.fromkeys(map(str, Status), 0), dict.fromkeys(request.context.formats, 0)
    for (door, status), number in counts.items():
        by_status[status] += number
        by_door[door] = by_door.get(door, 0) + number
    items = [wire.Count(door, status, number) for (door, status), number in sorted(counts.items())]
    return json_reply(200, wire.Counts(sum(counts.values()), by_status, by_door, items))


# ------------------------------------------------------------------------------------------------------------------ table
FILTER_PARAMETERS: tuple[dict[str, Any], ...] = (
    described("door", "query", "the API the order was sent to", enum=list(DOORS)),
    described("number", "query", "the sender's order number, exactly"),
    described("status", "query", "the order's status", enum=[str(status) for status in Status]),
    described("email", "query", "the customer's e-mail address, in any letter case"),
    described("sku", "query", "a SKU of one of its lines, exactly"),
    described("location", "query", "the location one of its lines ships from, exactly"),
    described("tag", "query", "a tag, exactly"),
    time_parameter("created_from", "received at or after"),
    time_parameter("created_to", "received before"),
    time_parameter("updated_from", "last changed at or after"),
    time_parameter("updated_to", "last changed before"),
    flag_parameter("archived", "`true`: only archived orders; `false`: only the others"),
    flag_parameter("balanced", "`false`: only orders whose totals do not add up; `true`: only the others"),
    described(
        "q", "query", "1 to 8 words that the order must all have: numbers, references, names, e-mail, SKU, tracking number",
        maxLength=SEARCH_LENGTH, pattern=r"^\s*\S+(\s+\S+){0,7}\s*$",
    ),
)  # fmt: skip
ROUTES = (
    Route(
        "POST", ("/hub/v1/orders",), create_order, access.WRITE, "createOrder", "Create an order",
        request=wire.OrderCreate, answers={201: wire.OrderAnswer, 400: wire.Problem, 409: wire.Problem,
                                           413: wire.Problem, **PROBLEMS},
        parameters=(IDEMPOTENCY_KEY,),
        submits="create",
    ),
    Route(
        "GET", ("/hub/v1/orders",), list_orders, access.READ, "listOrders", "List or search orders, newest first",
        answers={200: page_of(wire.OrderAnswer, wire.UnreadableOrder), **PROBLEMS}, parameters=(*FILTER_PARAMETERS, *PAGE),
    ),
    Route(
        "GET", ("/hub/v1/orders/counts",), count_orders, access.READ, "countOrders", "Count orders by status and door",
        answers={200: wire.Counts, **PROBLEMS},
    ),
    Route(
        "GET", ("/hub/v1/orders/{id}",), get_order, access.READ, "getOrder",
        "Read an order, as it is or was, in the format of any API",
        answers={200: {"oneOf": [wire.OrderAnswer, wire.RenderedOrder]}, 304: None, 404: wire.Problem, **PROBLEMS},
        parameters=(
            described("as", "query", "the API in whose format to return the order", enum=list(DOORS)),
            time_parameter("as_of", "the order as it was at this time"),
            described("If-None-Match", "header", "an ETag; 304 when the order has not changed"),
        ),
    ),
    Route(
        "GET", ("/hub/v1/orders/{id}/events",), list_events, access.READ, "listEvents",
        "List the events of an order, oldest first",
        answers={200: page_of(wire.TimelineEntry, wire.UnreadableEntry), 404: wire.Problem, 410: wire.Problem, **PROBLEMS},
        parameters=(LIMIT, described("cursor", "query", "`next` of the page before", pattern=feed.CURSOR_PATTERN)),
    ),
)  # fmt: skip
