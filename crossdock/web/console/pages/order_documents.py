"""The documents of an order: how each API shows it, beside what was sent, line by line."""

import difflib
from contextlib import suppress

import msgspec
from msgspec import Struct
from starlette.responses import Response

from crossdock.core.errors import Code, NotFound, Path
from crossdock.core.ids import from_base32
from crossdock.core.orders.model import Order
from crossdock.flows import large_orders, queries, rendering
from crossdock.flows.access import READ
from crossdock.flows.formats import encode_json
from crossdock.flows.rendering import RenderedDocument
from crossdock.web.console.page import Page, PageRequest
from crossdock.web.console.pages.order import url_of
from crossdock.web.console.rendering import SECURITY

# Lines that are compared, and shown; comparing takes longer than in proportion.
MAX_COMPARED = 2_000
MAX_SHOWN = 3_000
# Unchanged lines shown around a difference; the others are behind a link.
_AROUND = 3


class Row(Struct, frozen=True):
    """A line of two texts side by side. `kind` is same, removed, added, changed or skipped (with `count` lines left out)."""

    kind: str
    left: str | None = None
    right: str | None = None
    count: int = 0


async def show(request: PageRequest) -> Response:
    """Show an order as an API shows it; of the API it came through, beside what was sent."""
    order, door = await _order(request)
    rendered = await _rendered(request, order, door)
    submission = await queries.submission(request.context, request.caller, submission_id=order.source.submission_id)
    sent, document = _pretty(submission.body), _pretty(encode_json(rendered.document))
    is_own, everything = door == order.source.door, bool(request.query.get("all"))
    rows: list[Row] | None = None
    if is_own and max(len(sent), len(document)) <= MAX_COMPARED:
        rows = await large_orders.compute(order, lambda: side_by_side(sent, document, everything=everything))
    return request.render(
        "order_documents.html", section="orders", order=order, door=door, doors=list(request.context.formats),
        is_own=is_own, rows=rows, everything=everything, document=document[:MAX_SHOWN], sent=sent[:MAX_SHOWN],
        left_out=max(0, len(document) - MAX_SHOWN),
        missing=[(_pointer(each.path), each.value) for each in rendered.missing_fields],
        dropped=[_pointer(path) for path in rendered.dropped], is_edited=order.content.unmapped is not None,
        received_at=submission.received_at, url=url_of(order.order_id), tab="documents",
    )  # fmt: skip


async def download(request: PageRequest) -> Response:
    """Answer a document, or what was sent (`sent`), as a file."""
    order, _ = await _order(request)
    name = request.params["name"]
    if name == "sent":
        submission = await queries.submission(request.context, request.caller, submission_id=order.source.submission_id)
        body = submission.body
    elif name in request.context.formats:
        body = encode_json((await _rendered(request, order, name)).document)
    else:
        raise NotFound(Code.NOT_FOUND, "there is no such document")
    headers = SECURITY | {"content-disposition": f'attachment; filename="{request.params["id"]}-{name}.json"'}
    return Response(body, media_type="application/json", headers=headers)


async def _order(request: PageRequest) -> tuple[Order, str]:
    """Read the order, and the API whose format is asked for: by default the one that it came through."""
    request.order_id = from_base32(request.params["id"])
    order = await queries.order(request.context, request.caller, order_id=request.order_id)
    door = request.query.get("door", order.source.door)
    return order, door if door in request.context.formats else order.source.door


async def _rendered(request: PageRequest, order: Order, door: str) -> RenderedDocument:
    return await rendering.render(request.context, request.caller, order, door=door, losses=True)


def _pretty(body: bytes) -> list[str]:
    """Return the lines of JSON, indented; of other bytes the text as it is."""
    with suppress(msgspec.DecodeError):
        body = msgspec.json.format(body, indent=2)
    return body.decode("utf-8", "replace").splitlines()


def _pointer(path: Path) -> str:
    return "/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in path)


def side_by_side(left: list[str], right: list[str], *, everything: bool = False) -> list[Row]:
    """Align two texts line by line; long runs of equal lines are left out unless `everything`."""
    rows: list[Row] = []
    # The comma after a value says only that another one follows.
    old, new = ([line.removesuffix(",") for line in side] for side in (left, right))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            rows += _equal(left[i:j], right[k:m], everything=everything, at_start=i == 0, at_end=j == len(left))
            continue
        removed, added = left[i:j], right[k:m]
        for place in range(max(len(removed), len(added))):
            before = removed[place] if place < len(removed) else None
            after = added[place] if place < len(added) else None
            kind = "changed" if before is not None and after is not None else "removed" if after is None else "added"
            rows.append(Row(kind, before, after))
    return rows


def _equal(left: list[str], right: list[str], *, everything: bool, at_start: bool, at_end: bool) -> list[Row]:
    before, after = 0 if at_start else _AROUND, 0 if at_end else _AROUND
    rows = [Row("same", one, other) for one, other in zip(left, right, strict=True)]
    if everything or len(rows) <= before + after + 1:
        return rows
    skipped = Row("skipped", count=len(rows) - before - after)
    return [*rows[:before], skipped, *rows[len(rows) - after :]]


PAGES = (
    Page("GET", "/console/orders/{id}/documents", show, "showOrderDocuments", READ, "orders"),
    Page("GET", "/console/orders/{id}/documents/{name}", download, "downloadOrderDocument", READ, "orders"),
)
