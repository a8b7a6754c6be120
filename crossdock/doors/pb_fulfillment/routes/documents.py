"""What the routes of products, receiving notices and work orders share: their calls, their refusals, the pages of searches."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from crossdock.core.errors import Code, Conflict, Fault, Invalid, NotFound, Path, Refusal
from crossdock.core.json.request_body import DocumentRule, parse_body
from crossdock.doors import Reply, Request, json_reply, replayed_header
from crossdock.doors.pb_fulfillment import document_search, search
from crossdock.doors.pb_fulfillment.document_search import MAX_EXAMINED, Document, Plan, Row
from crossdock.doors.pb_fulfillment.routes.common import format_of, transaction_key
from crossdock.doors.pb_fulfillment.search import Search
from crossdock.flows import catalog, catalog_search
from crossdock.flows.catalog_search import CatalogEntry
from crossdock.flows.single_calls import Answer, SingleCall

Tree = Any


def call_of(request: Request, body: bytes | None = None) -> SingleCall:
    """Return the call that a request is, under its transaction id; `body` is what is compared with that of a repeat."""
    operation = " ".join((request.route.operation, *request.params.values()))
    return SingleCall(transaction_key(request), operation, request.body if body is None else body)


def reply_to(answer: Answer, *, status: int = 200) -> Reply:
    """Reply with the answer of a call."""
    outcome = "replayed" if answer.replayed else "ok"
    return Reply(status, answer.body, headers=replayed_header(answer.replayed), outcome=outcome)


def read_tree(request: Request, shape: type[Any], *rules: DocumentRule, raw: bytes | None = None) -> Document:
    """Parse a body as its members were sent, with text where text belongs. Refuses with Invalid all its faults."""
    parsed = parse_body(
        request.body if raw is None else raw, shape, format_of(request.caller).client_rule, *rules,
        natural=lambda _: (), numbers_as_text=True,
    )  # fmt: skip
    if parsed.faults:
        raise Invalid(Code.INVALID, "the body has faults", faults=parsed.faults)
    tree: Document = parsed.tree
    return tree


@contextmanager
def in_own_words(id_name: str, names: Mapping[str, str] = {}) -> Iterator[None]:
    """Name faults by this vendor's members, given by the canonical ones; a refusal without faults is about `id_name`."""
    try:
        yield
    except (Invalid, Conflict, NotFound) as refusal:
        if refusal.code is Code.KEY_REUSED:
            raise
        faults = tuple(Fault(_renamed(fault.path, names), fault.reason) for fault in refusal.faults)
        own = faults or (Fault((id_name,), refusal.reason),)
        raise type(refusal)(refusal.code, refusal.reason, faults=own) from None


def _renamed(path: Path, names: Mapping[str, str]) -> Path:
    return (names.get(str(path[0]), path[0]), *path[1:]) if path else path


async def find_page(
    request: Request,
    sought: Search,
    plan: Plan,
    *,
    page: int,
    size: int,
    rows: str,
    key: str,
    render: Callable[[CatalogEntry], Document | None],
    values_of: Callable[[Mapping[str, Tree], str], tuple[str, ...]],
    shown: Callable[[Document], Document] = lambda document: document,
) -> Reply:
    """Find the documents of a page and reply with it. `key` is what the search's ids are: key or name of the entries;
    `render` returns None for a document that the client does not see.

    Refuses with Invalid a search that has to examine more than MAX_EXAMINED documents.
    """
    context, caller, offset = request.context, request.caller, (page - 1) * size
    if plan.keys is None and plan.sort is not None and not plan.residual:
        entries = await catalog_search.page(
            context, caller, plan.filter, limit=size, offset=offset, sort=plan.sort, ascending=plan.ascending
        )
        total = await catalog_search.count(context, caller, plan.filter)
        documents = [document for entry in entries if (document := render(entry)) is not None]
    else:
        if plan.keys is None:
            entries = await catalog_search.page(context, caller, plan.filter, limit=MAX_EXAMINED + 1)
        else:
            keys = [each for each in plan.keys if each]
            entries = await catalog.find(context, caller, kind=plan.filter.kind, keys=keys, by=key)
        _require_few(entries)
        match = document_search.matches(plan, sought, values_of)
        found = [
            Row(document, entry.created_at, entry.updated_at)
            for entry in entries
            if (document := render(entry)) is not None
        ]
        matching = document_search.in_order([row for row in found if match(row)], sought)
        total, documents = len(matching), [row.document for row in matching[offset : offset + size]]
    listed = [shown(document) for document in documents]
    return json_reply(200, search.envelope(listed, total=total, page=page, size=size, rows=rows))


def _require_few(entries: Sequence[CatalogEntry]) -> None:
    if len(entries) > MAX_EXAMINED:
        reason = f"must not leave more than {MAX_EXAMINED} rows to be compared one by one; narrow the dates"
        raise Invalid(Code.INVALID, "the request has faults", faults=(Fault(("searchFields",), reason),))


def not_found(id_name: str, what: str) -> Refusal:
    """Return the refusal of an id that is unknown, or that of another client."""
    return NotFound(Code.NOT_FOUND, f"there is no such {what}", faults=(Fault((id_name,), f"there is no such {what}"),))
