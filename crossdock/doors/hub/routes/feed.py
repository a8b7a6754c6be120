"""The feed: everything that happened in the organization, as pages with a cursor, waited for, or as server-sent events."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from typing import Any

import structlog
from msgspec import UNSET, UnsetType

from crossdock.core.errors import Denied, Fault
from crossdock.core.events import ORDER
from crossdock.core.orders.events import ORDER_EVENTS
from crossdock.core.orders.status import Status
from crossdock.core.stock.events import STOCK_EVENTS
from crossdock.doors import DOORS, Media, Reply, Request, Route, encode_json, json_reply
from crossdock.doors.hub import errors, wire
from crossdock.doors.hub.event_schemas import PAGE, AggregateMessage, Message, UnreadableEvent
from crossdock.doors.hub.format import FORMAT
from crossdock.doors.hub.routes.parameters import LIMIT, PROBLEMS, described, known_query, raise_faults, read_limit
from crossdock.doors.hub.webhooks import message, unreadable_event
from crossdock.flows import access, feed, rendering
from crossdock.flows.feed import Cursor, EventFilter, FeedPage, LogEntry

Tree = Any
_log = structlog.get_logger("crossdock.feed")
MAX_WAIT_S = 60  # longer, and something between us and the client hangs up
# A comment is sent on a silent stream so often, so that nothing between takes it for dead.
_BEAT_S = 15.0
# Entries sent in one piece.
_PIECE = 50
_STREAM = "text/event-stream"


def _listed(query: dict[str, str], name: str, known: Sequence[str], faults: list[Fault]) -> tuple[str, ...]:
    """Read words with commas between them; a type may end in `*`."""
    if name not in query:
        return ()
    found: list[str] = []
    for word in query[name].split(","):
        fitting = [each for each in known if each == word or (word.endswith("*") and each.startswith(word[:-1]))]
        if not fitting:
            faults.append(Fault((errors.QUERY, name), f"{word!r} is none of {', '.join(known)}"))
        found += fitting
    return tuple(dict.fromkeys(found))


def _after(request: Request, query: dict[str, str], faults: list[Fault]) -> Cursor | None:
    """Read where to begin: after a cursor, at the beginning, or (None) with what comes next."""
    text, place = query.get("after", ""), (errors.QUERY, "after")
    if _wants_stream(request) and (last := request.headers.get("last-event-id")):
        text, place = last, (errors.HEADER, "Last-Event-ID")
    if text == "newest":
        return None
    cursor = feed.parse_cursor(text or "0")
    if cursor is None:
        faults.append(Fault(place, "must be a cursor that this feed returned, or newest"))
    return cursor or Cursor()


def _wants_stream(request: Request) -> bool:
    return _STREAM in (request.headers.get("accept") or "")


async def list_feed(request: Request) -> Reply:
    """Answer events after a cursor, at once or when there are some; to who accepts text/event-stream, as a stream."""
    query = known_query(request, "after", "limit", "wait", "type", "door", "status", "include")
    faults: list[Fault] = []
    limit, after = read_limit(request, query, faults), _after(request, query, faults)
    wait = query.get("wait", "0")
    if not (wait.isascii() and wait.isdigit() and len(wait) < 6 and int(wait) <= MAX_WAIT_S):
        faults.append(Fault((errors.QUERY, "wait"), f"must be a whole number of seconds from 0 to {MAX_WAIT_S}"))
    if query.get("include", "order") != "order":
        faults.append(Fault((errors.QUERY, "include"), "must be order"))
    event_filter = EventFilter(
        _listed(query, "type", [*ORDER_EVENTS, *STOCK_EVENTS], faults),
        _listed(query, "door", list(request.context.formats), faults),
        _listed(query, "status", list(Status), faults),
    )
    raise_faults(faults)
    context, caller = request.context, request.caller
    if after is None:
        after = await feed.newest(context, caller)
    else:
        await feed.check(context, caller, after)
    if _wants_stream(request):
        pages = feed.follow(context, caller, after=after, limit=_PIECE, wanted=event_filter, wait_s=_BEAT_S)
        stream = _stream(request, after, pages, "include" in query)
        return Reply(200, headers=[("Cache-Control", "no-store")], content_type=_STREAM, stream=stream)
    found = await _while_connected(
        request, feed.wait(context, caller, after=after, limit=limit, wanted=event_filter, wait_s=int(wait))
    )
    if found is None:
        return json_reply(200, {"items": [], "next": str(after), "more": False}, outcome="disconnected")
    entries: Sequence[LogEntry] = found.entries
    if "include" in query and entries:
        entries = await feed.portion(context, caller, entries)
    items = await _items(request, entries, "include" in query)
    is_cut = len(entries) < len(found.entries)
    cursor = feed.cursor_of(entries[-1]) if is_cut else found.cursor
    return json_reply(200, {"items": items, "next": str(cursor), "more": found.more or is_cut})


async def _while_connected(request: Request, page: Coroutine[Any, Any, FeedPage]) -> FeedPage | None:
    """Await a page; None where the client hangs up before there is one, so that nobody waits for it any longer."""
    if request.disconnected is None:
        return await page
    reading, gone = asyncio.ensure_future(page), asyncio.ensure_future(request.disconnected())
    try:
        await asyncio.wait((reading, gone), return_when=asyncio.FIRST_COMPLETED)
        return reading.result() if reading.done() else None
    finally:
        reading.cancel()
        gone.cancel()
        await asyncio.wait((reading, gone))


async def _items(
    request: Request, entries: Sequence[LogEntry], with_orders: bool
) -> list[Message | AggregateMessage | UnreadableEvent]:
    if not with_orders or not entries:
        return [_item(entry, UNSET) for entry in entries]
    found = await feed.with_orders(request.context, request.caller, entries)
    of_orders = [(each.entry, each.order) for each in found if each is not None]
    orders = [order for _, order in of_orders]
    documents = await rendering.render_each(request.context, request.caller, orders, door=FORMAT.name)
    document_at = {
        entry.position: rendered.document for (entry, _), rendered in zip(of_orders, documents, strict=True) if rendered
    }
    return [_item(entry, document_at.get(entry.position)) for entry in entries]


def _item(entry: LogEntry, order: Tree | UnsetType) -> Message | AggregateMessage | UnreadableEvent:
    """Render an entry, with its order where that was asked for; one that cannot be read must not stop followers."""
    if order is None and entry.event.aggregate_type == ORDER:
        return unreadable_event(entry)
    try:
        return message(entry, order)
    except Exception:  # noqa: BLE001 - found in the log of one order
        _log.exception("bug", position=entry.position)
        return unreadable_event(entry)


async def _is_known(request: Request) -> bool:
    try:
        await access.recognize(request.context, token=request.bearer)
    except Denied:
        return False
    return True


async def _stream(
    request: Request, after: Cursor, pages: AsyncIterator[FeedPage], with_orders: bool
) -> AsyncIterator[bytes]:
    """Send entries as they come; the id of each is the cursor after it, so that a client that reconnects misses nothing.

    Comments have an id too: a client knows where to go on from even where nothing passed the filter yet.
    Ends when the caller's token does, and when the server stops.
    """
    yield b": follow\nid: %s\n\n" % str(after).encode()
    async for page in pages:
        if not await _is_known(request):
            return
        left: Sequence[LogEntry] = page.entries
        if not left:
            yield b": still here\nid: %s\n\n" % str(page.cursor).encode()
        while left:
            some = await feed.portion(request.context, request.caller, left) if with_orders else left
            left = left[len(some) :]
            items = await _items(request, some, with_orders)
            yield b"".join(
                b"id: %s\nevent: %s\ndata: %s\n\n"
                % (str(feed.cursor_of(entry)).encode(), item.type.encode(), encode_json(item))
                for entry, item in zip(some, items, strict=True)
            )
            await asyncio.sleep(0)  # where the client takes all at once, other requests still get their turn


def _some_of(words: Iterable[str]) -> str:
    """Return the pattern of a list of words with commas between them, each of which may end early in a `*`."""
    one = "|".join([*map(str, words), r"[a-z0-9_]*\*"])
    return f"^({one})(,({one}))*$"


ROUTES = (
    Route(
        "GET", ("/hub/v1/events",), list_feed, access.READ, "followEvents",
        "List or follow the events of all orders",
        answers={200: Media({"application/json": PAGE, _STREAM: {"type": "string"}}), 410: wire.Problem, **PROBLEMS},
        parameters=(
            described("after", "query", "`next` of the page before; `newest`: only what happens from now on",
                      pattern=f"^(newest)?$|{feed.CURSOR_PATTERN}"),
            LIMIT,
            described("wait", "query", "seconds to wait where there is nothing yet", type="integer",
                      minimum=0, maximum=MAX_WAIT_S, default=0),
            described("type", "query", "event types with commas between them; `order.*` is all that begin with `order.`",
                      pattern=r"^[a-z_.]*\*?(,[a-z_.]*\*?)*$"),
            described("door", "query", "APIs the orders were sent to, with commas between them", pattern=_some_of(DOORS)),
            described("status", "query", "statuses of the order after the event, with commas between them",
                      pattern=_some_of(Status)),
            described("include", "query", "`order`: each event with its order right after it", enum=["order"]),
            described("Last-Event-ID", "header", "with `Accept: text/event-stream`, the id of the last event received",
                      pattern=f"^(newest)?$|{feed.CURSOR_PATTERN}"),
        ),
    ),
)  # fmt: skip
