"""The event feed: what happens in the organization, newest first, and live."""

import json
from typing import Any

from msgspec import Struct
from starlette.responses import Response

from crossdock.core.errors import Code, NotFound
from crossdock.core.events import ORDER, Event
from crossdock.core.ids import from_base32, to_base32
from crossdock.core.json.source_text import indented
from crossdock.flows import feed, queries
from crossdock.flows.access import READ
from crossdock.flows.feed import Cursor, EventFilter, LogEntry
from crossdock.flows.order_search import Filters
from crossdock.web.console.page import Page, PageRequest

_PAGE = 50
# Entries that one poll of the page takes; more come with the next.
_NEW = 50
# Characters of a payload that a page shows.
_MAX_PAYLOAD = 100_000


class _Row(Struct, frozen=True):
    """An entry of the feed; `subject` names the order or the stock level, as far as that is known."""

    event: Event
    position: int
    status: str
    subject: str
    path: str | None
    payload: str


def _known(request: PageRequest) -> tuple[str, ...]:
    return request.context.payloads["event"].known


def _filter(request: PageRequest) -> EventFilter | None:
    """Return the filter of the URL: a type, or `order.*` for all of an aggregate; None where it matches no event."""
    wanted = request.query.get("type", "")
    if not wanted:
        return EventFilter()
    names = tuple(
        each for each in _known(request) if each == wanted or (wanted.endswith(".*") and each.startswith(wanted[:-1]))
    )
    return EventFilter(names) if names else None


async def show(request: PageRequest) -> Response:
    """Show the newest events; with `order` all of one order."""
    about = request.query.get("about", "").strip()
    newest = await feed.newest(request.context, request.caller)
    before: int | None = None
    if about:
        entries = await _of_order(request, about)
    elif (wanted := _filter(request)) is None:
        entries = []
    else:
        entries, before = await feed.latest(
            request.context,
            request.caller,
            before=request.page_number("before", 0, most=10**12, least=0) or None,
            limit=_PAGE,
            wanted=wanted,
        )
    known = _known(request)
    return request.render(
        "feed.html",
        section="feed",
        rows=await _rows(request, entries),
        types=known,
        groups=sorted({each.partition(".")[0] for each in known}),
        type=request.query.get("type", ""),
        about=about,
        more=before,
        newest=str(newest),
        is_live=not about and not request.query.get("before"),
    )


async def _of_order(request: PageRequest, about: str) -> list[LogEntry]:
    """Return the newest events of the orders of a number, or of whatever has an id; newest first."""
    identity = from_base32(about)
    ids = [identity] if identity is not None else []
    if not ids:
        page = await queries.page(request.context, request.caller, Filters(number=about), limit=5)
        ids = [each.order_id for each in page.orders]
    wanted = _filter(request)
    found = [
        entry
        for entry in await feed.histories(request.context, request.caller, ids)
        if wanted is not None and (not wanted.names or entry.event.name in wanted.names)
    ]
    return sorted(found, key=lambda entry: -entry.position)[:500]


async def show_new(request: PageRequest) -> Response:
    """Answer the page's script with the rows of events after a cursor, newest first, and the next cursor."""
    after = feed.parse_cursor(request.query.get("after", "")) or Cursor()
    wanted = _filter(request)
    if wanted is None:
        raise NotFound(Code.NOT_FOUND, "there are no such events")
    await feed.check(request.context, request.caller, after)
    page = await feed.page(request.context, request.caller, after=after, limit=_NEW, wanted=wanted)
    rows = await _rows(request, page.entries[::-1])
    html = request.fragment("feed_rows.html", rows=rows, is_fresh=True) if rows else ""
    return request.answer_json({"html": html, "count": len(rows), "cursor": str(page.cursor), "more": page.more})


async def _rows(request: PageRequest, entries: list[LogEntry]) -> list[_Row]:
    ids = sorted({each.event.aggregate_id for each in entries if each.event.aggregate_type == ORDER})
    found = await queries.by_ids(request.context, request.caller, ids)
    numbers = {each.order_id: each.content.number for each in found}
    return [_row(entry, numbers) for entry in entries]


def _row(entry: LogEntry, numbers: dict[int, str]) -> _Row:
    event = entry.event
    payload = event.payload[:_MAX_PAYLOAD].decode("utf-8", "replace")
    subject, path = to_base32(event.aggregate_id), None
    if event.aggregate_type == ORDER:
        subject = numbers.get(event.aggregate_id, subject)
        path = f"/console/orders/{to_base32(event.aggregate_id)}"
    elif (level := _level(event)) is not None:
        subject = level
    return _Row(event, entry.position, entry.status, subject, path, indented(payload))


def _level(event: Event) -> str | None:
    """Return the SKU and the location that an event of stock is about."""
    try:
        payload: Any = json.loads(event.payload)
        return f"{payload['sku']} · {payload['location']}"
    except (ValueError, KeyError, TypeError):
        return None


PAGES = (
    Page("GET", "/console/feed", show, "showFeed", READ, "feed"),
    Page("GET", "/console/feed/new", show_new, "pollFeed", READ, "feed", polled=True),
)
