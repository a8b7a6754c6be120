"""Inbound: receiving notices, work orders and transfers are created, read, changed, and moved on by verbs.

As the verbs of orders, each change can be tried with `dry_run`, guarded with `If-Match`, and named with an `Idempotency-Key`.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core.errors import Fault
from crossdock.core.ids import hashed_key
from crossdock.core.inbound import notices, transfers, work_orders
from crossdock.core.inbound.documents import Cancel, Close, InboundCommand, InboundDocument, InboundStatus, Revise
from crossdock.core.inbound.notices import ReceiveNotice
from crossdock.core.inbound.transfers import ReceiveTransfer, ShipTransfer
from crossdock.core.inbound.work_orders import CompleteWorkOrder
from crossdock.core.json.request_body import DocumentRule
from crossdock.doors import Reply, Request, Route, encode_json, json_reply, replayed_header
from crossdock.doors.hub import errors, wire, wire_inbound
from crossdock.doors.hub.format import FORMAT
from crossdock.doors.hub.routes.parameters import (
    IDEMPOTENCY_KEY,
    IF_MATCH_PATTERN,
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
    read_body,
    read_cursor,
    read_flag,
    read_if_match,
    read_key,
    read_limit,
)
from crossdock.flows import access, inbound
from crossdock.flows.inbound import Stored
from crossdock.flows.single_calls import Answer, SingleCall

Tree = Any
_FILTERS = ("number", "reference", "status", "location", "sku")
_MAX_FILTER = 200  # characters of a filter's value, those of the longest SKU


class _Kind(Struct, frozen=True):
    """A kind of documents: where it is, how its bodies and answers are, and what they become."""

    kind: str
    path: str
    name: str
    plural: str
    title: str
    body: type[Any]
    answer: type[Struct]
    to_document: Callable[[Any], InboundDocument]
    rules: tuple[DocumentRule, ...] = ()


def _other_target(tree: Tree) -> Iterable[Fault]:
    """Require that a transfer goes to another location than it comes from."""
    if isinstance(tree, dict) and isinstance(tree.get("target"), str) and tree["target"] == tree.get("source"):
        yield Fault(("target",), "must be another location than the source")


_NOTICES = _Kind(
    notices.KIND, "/hub/v1/receiving-notices", "ReceivingNotice", "ReceivingNotices", "receiving notice",
    wire_inbound.NoticeBody, wire_inbound.NoticeAnswer, wire_inbound.to_notice,
)  # fmt: skip
_WORK_ORDERS = _Kind(
    work_orders.KIND, "/hub/v1/work-orders", "WorkOrder", "WorkOrders", "work order", wire_inbound.WorkOrderBody,
    wire_inbound.WorkOrderAnswer, wire_inbound.to_work_order,
)  # fmt: skip
_TRANSFERS = _Kind(
    transfers.KIND, "/hub/v1/transfers", "Transfer", "Transfers", "transfer", wire_inbound.TransferBody,
    wire_inbound.TransferAnswer, wire_inbound.to_transfer, (_other_target,),
)  # fmt: skip


# -------------------------------------------------------------------------------------------------------------- answers
class _Version(Struct):
    id: str
    version: int


_VERSION = msgspec.json.Decoder(_Version)


def _render(kind: _Kind) -> inbound.Render:
    return lambda found: encode_json(wire_inbound.document_answer(found, kind.answer))


def _reply(kind: _Kind, answer: Answer, *, status: int = 200, dry_run: bool) -> Reply:
    named = _VERSION.decode(answer.body)
    headers = [("Dry-Run", "true")] if dry_run else [("ETag", f'"{named.version}"')]
    if status == 201 and not dry_run:
        headers.append(("Location", f"{kind.path}/{named.id}"))
    outcome = "replayed" if answer.replayed else "dry_run" if dry_run else "ok"
    return Reply(status, answer.body, headers=headers + replayed_header(answer.replayed), outcome=outcome)


# ------------------------------------------------------------------------------------------------------------- handlers
class _Options(Struct):
    """What the query and the headers ask of a change, with the faults in them."""

    faults: list[Fault]
    dry_run: bool
    versions: frozenset[int] | None
    call: SingleCall | None


def _options(request: Request) -> _Options:
    faults = query_faults(request, ("dry_run",))
    dry_run = bool(read_flag(request.query, "dry_run", faults))
    key = read_key(request, faults)
    call = None
    if key is not None:
        operation = " ".join((request.route.operation, *request.params.values()))
        call = SingleCall(hashed_key("hub/idempotency", request.caller.actor, key), operation, request.body)
    return _Options(faults, dry_run, read_if_match(request, faults), call)


def _creator(kind: _Kind) -> Any:
    async def create(request: Request) -> Reply:
        options = _options(request)
        body = read_body(request, options.faults, kind.body, *kind.rules)
        answer = await inbound.create(
            request.context, request.caller, kind.to_document(body), render=_render(kind), door=FORMAT.name,
            dry_run=options.dry_run, call=options.call,
        )  # fmt: skip
        return _reply(kind, answer, status=201, dry_run=options.dry_run)

    return create


def _lister(kind: _Kind) -> Any:
    async def read_list(request: Request) -> Reply:
        query = known_query(request, *_FILTERS, "limit", "cursor")
        faults: list[Fault] = []
        limit, before = read_limit(request, query, faults), read_cursor(query, faults)
        faults += _filter_faults(query)
        raise_faults(faults)
        found = await inbound.page(
            request.context, request.caller, kind=kind.kind, limit=limit + 1, before=before,
            **{name: query.get(name) for name in _FILTERS},
        )  # fmt: skip
        items = _within_budget(request, kind, found[:limit])
        cursor = cursor_after(query, found[len(items) - 1].position if len(found) > len(items) else None)
        body = b'{"items":[' + b",".join(items) + b'],"next":' + encode_json(cursor) + b"}"
        return Reply(200, body, headers=link(request, query, cursor))

    return read_list


def _within_budget(request: Request, kind: _Kind, found: list[Stored[Any]]) -> list[bytes]:
    """Render the first documents of a page that together take about the setting `page_bytes`, one at least."""
    items: list[bytes] = []
    size = 0
    for each in found:
        if items and size > request.context.settings.page_bytes:
            break
        items.append(encode_json(wire_inbound.document_answer(each, kind.answer)))
        size += len(items[-1])
    return items


def _filter_faults(query: dict[str, str]) -> list[Fault]:
    faults = [
        Fault((errors.QUERY, name), f"must have 1 to {_MAX_FILTER} characters")
        for name in _FILTERS
        if name in query and not 1 <= len(query[name]) <= _MAX_FILTER
    ]
    if "status" in query and query["status"] not in list(InboundStatus):
        faults.append(Fault((errors.QUERY, "status"), f"must be one of {', '.join(InboundStatus)}"))
    return faults


def _getter(kind: _Kind) -> Any:
    async def get(request: Request) -> Reply:
        known_query(request)
        found: Stored[Any] = await inbound.get(
            request.context, request.caller, kind=kind.kind, document_id=request.params["id"]
        )
        body = wire_inbound.document_answer(found, kind.answer)
        return json_reply(200, body, headers=[("ETag", f'"{found.version}"')])

    return get


def _changer(
    kind: _Kind,
    shape: type[Any],
    to_command: Callable[[Any], InboundCommand],
    *rules: DocumentRule,
    optional: bool = True,
) -> Any:
    async def change(request: Request) -> Reply:
        options = _options(request)
        raw = None if request.body.strip() or not optional else b"{}"
        body = read_body(request, options.faults, shape, *rules, raw=raw)
        answer = await inbound.change(
            request.context, request.caller, to_command(body), kind=kind.kind, document_id=request.params["id"],
            render=_render(kind), door=FORMAT.name, versions=options.versions, dry_run=options.dry_run,
            call=options.call,
        )  # fmt: skip
        return _reply(kind, answer, dry_run=options.dry_run)

    return change


def _replacer(kind: _Kind) -> Any:
    """Return the handler that replaces a document; its body names the number that the document has."""

    def to_command(body: Any) -> InboundCommand:
        return Revise(document=kind.to_document(body))

    return _changer(kind, kind.body, to_command, *kind.rules, optional=False)


async def list_expected_units(request: Request) -> Reply:
    """Answer the units that are expected, by SKU, location and date."""
    query = known_query(request, "sku", "location")
    faults = [
        Fault((errors.QUERY, name), f"must have 1 to {_MAX_FILTER} characters")
        for name, value in query.items()
        if not 1 <= len(value) <= _MAX_FILTER
    ]
    raise_faults(faults)
    found = await inbound.expected_units(
        request.context, request.caller, skus=[query["sku"]] if "sku" in query else (), location=query.get("location")
    )
    return json_reply(200, {"items": [wire_inbound.expected_answer(each) for each in found], "next": None})


# --------------------------------------------------------------------------------------------------------------- routes
_DRY_RUN = flag_parameter("dry_run", "`true`: return the result, and save nothing")
_IF_MATCH = described(
    "If-Match", "header", "the ETag of what was read; 412 where it has changed since", pattern=IF_MATCH_PATTERN
)
_BODY: dict[int, Any] = {**dict.fromkeys((400, 409, 413), wire.Problem), **PROBLEMS}
_CHANGED: dict[int, Any] = {404: wire.Problem, 412: wire.Problem, **_BODY}
_LIST_PARAMETERS = (
    described("number", "query", "only this number", minLength=1, maxLength=_MAX_FILTER),
    described("reference", "query", "only with this reference", minLength=1, maxLength=_MAX_FILTER),
    described("status", "query", "only with this status", enum=[str(each) for each in InboundStatus]),
    described("location", "query", "only at this location", minLength=1, maxLength=_MAX_FILTER),
    described("sku", "query", "only with this SKU", minLength=1, maxLength=_MAX_FILTER),
    *PAGE,
)


def _documents(kind: _Kind) -> tuple[Route, ...]:
    """Return the routes that every kind has: create, list, read, replace, close, cancel."""
    article = f"a {kind.title}"
    return (
        Route("POST", (kind.path,), _creator(kind), access.WRITE, f"create{kind.name}", f"Create {article}",
              request=kind.body, answers={201: kind.answer, **_BODY}, parameters=(_DRY_RUN, IDEMPOTENCY_KEY)),
        Route("GET", (kind.path,), _lister(kind), access.READ, f"list{kind.plural}", f"List {kind.title}s",
              answers={200: page_of(kind.answer), **PROBLEMS}, parameters=_LIST_PARAMETERS),
        Route("GET", (f"{kind.path}/{{id}}",), _getter(kind), access.READ, f"get{kind.name}", f"Read {article}",
              answers={200: kind.answer, 404: wire.Problem, **PROBLEMS}),
        Route("PUT", (f"{kind.path}/{{id}}",), _replacer(kind), access.WRITE, f"replace{kind.name}",
              f"Replace {article} that nothing has happened to", request=kind.body,
              answers={200: kind.answer, **_CHANGED}, parameters=(_DRY_RUN, _IF_MATCH, IDEMPOTENCY_KEY)),
        _verb(kind, "close", wire_inbound.CloseBody, lambda _: Close(), f"Close {article}"),
        _verb(kind, "cancel", wire_inbound.CancelDocumentBody, lambda body: Cancel(reason=body.reason), f"Cancel {article}"),
    )  # fmt: skip


def _verb(kind: _Kind, verb: str, shape: type[Any], to_command: Callable[[Any], InboundCommand], summary: str) -> Route:
    return Route(
        "POST", (f"{kind.path}/{{id}}/{verb}",), _changer(kind, shape, to_command), access.WRITE, f"{verb}{kind.name}",
        summary, request={"oneOf": [shape]}, answers={200: kind.answer, **_CHANGED},
        parameters=(_DRY_RUN, _IF_MATCH, IDEMPOTENCY_KEY),
    )  # fmt: skip


ROUTES = (
    *_documents(_NOTICES),
    _verb(
        _NOTICES, "receive", wire_inbound.ReceiptBody,
        lambda body: ReceiveNotice(lines=wire_inbound.units_of(body.lines)), "Receive units of a receiving notice",
    ),
    *_documents(_WORK_ORDERS),
    _verb(
        _WORK_ORDERS, "complete", wire_inbound.CompleteBody, lambda body: CompleteWorkOrder(quantity=body.quantity),
        "Complete kits of a work order",
    ),
    *_documents(_TRANSFERS),
    _verb(
        _TRANSFERS, "ship", wire_inbound.ShipBody,
        lambda body: ShipTransfer(lines=wire_inbound.units_of(body.lines)), "Ship units of a transfer",
    ),
    _verb(
        _TRANSFERS, "receive", wire_inbound.ReceiptBody,
        lambda body: ReceiveTransfer(lines=wire_inbound.units_of(body.lines)), "Receive units of a transfer",
    ),
    Route(
        "GET", ("/hub/v1/expected-units",), list_expected_units, access.READ, "listExpectedUnits",
        "List the units that are expected", answers={200: page_of(wire_inbound.ExpectedAnswer), **PROBLEMS},
        parameters=(
            described("sku", "query", "only this SKU", minLength=1, maxLength=_MAX_FILTER),
            described("location", "query", "only at this location", minLength=1, maxLength=_MAX_FILTER),
        ),
    ),
)  # fmt: skip
