"""Receiving notices (ASN) and work orders: create, update, read, cancel, search."""

from collections.abc import Callable
from typing import Any

import msgspec

from crossdock.core.errors import Code, Conflict, Fault, Invalid
from crossdock.core.inbound import notices, work_orders
from crossdock.core.inbound.documents import Cancel, InboundCommand, InboundDocument, Revise
from crossdock.core.time import format_time
from crossdock.doors import Reply, Request, encode_json, in_one_view, json_reply
from crossdock.doors.pb_fulfillment import document_search, inbound, search, wire_call_answers, wire_calls
from crossdock.doors.pb_fulfillment.routes.common import DOOR, query_client
from crossdock.doors.pb_fulfillment.routes.documents import (
    call_of,
    find_page,
    in_own_words,
    not_found,
    read_tree,
    reply_to,
)
from crossdock.doors.pb_fulfillment.routes.search import read_paged
from crossdock.flows import inbound as flow
from crossdock.flows.inbound import Stored
from crossdock.flows.single_calls import Answer, SingleCall

Tree = Any
Document = dict[str, Tree]
ASN_ID, WORK_ORDER_ID = "receivingASNId", "workOrderId"
_Respond = Callable[[Stored[Any], str], Document]


class _Kind(msgspec.Struct, frozen=True):
    """A kind of documents, as the vendor's calls need it. `number` is the client's id of a body: its member and value."""

    kind: str
    prefix: str
    id_name: str
    title: str
    rows: str
    statuses: tuple[str, ...]
    number: Callable[[Document], tuple[str, str]]
    to_document: Callable[[Document, str], InboundDocument]
    respond: _Respond
    names: Callable[[Document], dict[str, str]]


_ASN = _Kind(
    notices.KIND, "ASN", ASN_ID, "receiving notice", "receivingASNs", wire_call_answers.AsnStatusRow.__struct_encode_fields__,
    inbound.asn_number, inbound.to_notice, inbound.asn_response,
    lambda tree: {"lines": inbound.lines_name(tree), "location": "receivingNode"},
)  # fmt: skip
_WORK_ORDER = _Kind(
    work_orders.KIND, "WRK", WORK_ORDER_ID, "work order", "workOrders",
    wire_call_answers.WorkOrderStatusRow.__struct_encode_fields__,
    lambda tree: ("clientWorkOrderId", tree["clientWorkOrderId"]), inbound.to_work_order, inbound.work_order_response,
    lambda _: {"location": "node"},
)  # fmt: skip


# --------------------------------------------------------------------------------------------------- what both kinds do
async def _create(request: Request, kind: _Kind, tree: Document) -> Reply:
    """Create a document under the client's id: 201 and the document."""
    client = tree["clientId"]
    name, number = kind.number(tree)
    with in_own_words(name, kind.names(tree)):
        try:
            answer = await _create_as(request, kind, tree, number)
        except Conflict as conflict:
            taken = await flow.by_number(request.context, request.caller, kind=kind.kind, number=number)
            if conflict.code is not Code.EXISTS or taken is None or taken.document.account_ref == client:
                raise
            # An id is unique for its client; the number of a document is so in the organization.
            answer = await _create_as(request, kind, tree, f"{number} ({client})")
    return reply_to(answer, status=201)


async def _create_as(request: Request, kind: _Kind, tree: Document, number: str) -> Answer:
    return await flow.create(
        request.context, request.caller, kind.to_document(tree, number), door=DOOR, call=call_of(request),
        only_known_skus=True, render=lambda found: encode_json(kind.respond(found, tree["clientId"])),
    )  # fmt: skip


async def _update(request: Request, kind: _Kind, tree: Document, path_id: str) -> Reply:
    """Replace a document: 200 and the document."""
    client = tree["clientId"]
    document_id = inbound.parse_id(kind.prefix, path_id)
    found = await _load(request, kind, document_id, client)
    name, number = kind.number(tree)
    if number != kind.respond(found, client).get(name):
        fault = Fault((name,), f"must be {kind.respond(found, client).get(name)!r}, the id of this {kind.title}")
        raise Invalid(Code.INVALID, "the body has faults", faults=(fault,))
    command = Revise(document=_revision(kind, found, tree, client))
    with in_own_words(kind.id_name, kind.names(tree)):
        answer = await _change(
            request, kind, command, document_id, client, call_of(request),
            render=lambda changed: encode_json(kind.respond(changed, client)),
        )  # fmt: skip
    return reply_to(answer)


def _revision(kind: _Kind, found: Stored[Any], tree: Document, client: str) -> InboundDocument:
    """Return what a whole body makes of a document: the document itself where its answer would be the same."""
    sent = kind.to_document(tree, found.document.number)
    after = msgspec.structs.replace(found, document=found.document.revised(sent))
    is_same = kind.respond(after, client) == kind.respond(found, client)
    same: InboundDocument = found.document
    return same if is_same else sent


async def _change(
    request: Request, kind: _Kind, command: InboundCommand, document_id: str, client: str, call: SingleCall, *,
    render: flow.Render,
) -> Answer:  # fmt: skip
    return await flow.change(
        request.context, request.caller, command, kind=kind.kind, document_id=document_id, door=DOOR, call=call,
        only_known_skus=True, render=render, visible=lambda document: inbound.is_visible_to(document, client),
    )  # fmt: skip


async def _load(request: Request, kind: _Kind, document_id: str, client: str, brand: str | None = None) -> Stored[Any]:
    """Load a document. Refuses with NotFound one that does not exist, is another client's or of another brand."""
    with in_own_words(kind.id_name):
        found = await flow.get(request.context, request.caller, kind=kind.kind, document_id=document_id)
    if not inbound.is_visible_to(found.document, client, brand):
        raise not_found(kind.id_name, kind.title)
    return found


async def _get(request: Request, kind: _Kind, path_id: str) -> Reply:
    client = query_client(request)
    document_id = inbound.parse_id(kind.prefix, path_id)
    found = await _load(request, kind, document_id, client, request.query.get("brand"))
    return json_reply(200, kind.respond(found, client))


async def _search(request: Request, kind: _Kind, shape: type[Any], *, only_status: bool) -> Reply:
    sought, page, size = read_paged(
        request,
        lambda raw, clients: search.read(raw, clients, shape, statuses=tuple(inbound.STATUS.values())),
    )

    def render(entry: Any) -> Document | None:
        found = flow.stored(entry)
        return kind.respond(found, sought.client) if inbound.is_visible_to(found.document, sought.client) else None

    def shown(document: Document) -> Document:
        return {name: document[name] for name in kind.statuses if name in document} if only_status else document

    plan = document_search.plan_documents(sought, kind=kind.kind, prefix=kind.prefix)
    return await find_page(
        request, sought, plan, page=page, size=size, rows=kind.rows, key="name", render=render,
        values_of=inbound.search_values, shown=shown,
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------------------------ ASN
async def create_asn(request: Request) -> Reply:
    """Create a receiving notice."""
    return await _create(request, _ASN, read_tree(request, wire_calls.AsnCreate, inbound.asn_rule))


async def update_asn(request: Request) -> Reply:
    """Replace a receiving notice that nothing was received of."""
    tree = read_tree(request, wire_calls.AsnCreate, inbound.asn_rule)
    return await _update(request, _ASN, tree, request.params[ASN_ID])


@in_one_view
async def get_asn(request: Request) -> Reply:
    """Return a receiving notice."""
    return await _get(request, _ASN, request.params[ASN_ID])


async def cancel_asn(request: Request) -> Reply:
    """Cancel a receiving notice that nothing was received of: 200 and the notice."""
    client, brand = query_client(request), request.query.get("brand")
    document_id = inbound.parse_id(_ASN.prefix, request.params[ASN_ID])
    await _load(request, _ASN, document_id, client, brand)
    # The call has no body: its query is recorded, and compared with that of a repeat.
    call = call_of(request, encode_json({"clientId": client} | ({"brand": brand} if brand else {})))
    with in_own_words(ASN_ID):
        answer = await _change(
            request, _ASN, Cancel(), document_id, client, call,
            render=lambda found: encode_json(inbound.asn_response(found, client)),
        )  # fmt: skip
    return reply_to(answer)


@in_one_view
async def search_asns(request: Request) -> Reply:
    """Answer a page of receiving notices."""
    return await _search(request, _ASN, wire_calls.AsnSearch, only_status=False)


@in_one_view
async def search_asn_statuses(request: Request) -> Reply:
    """Answer a page of statuses of receiving notices."""
    return await _search(request, _ASN, wire_calls.AsnSearch, only_status=True)


# ---------------------------------------------------------------------------------------------------------- work orders
async def create_work_order(request: Request) -> Reply:
    """Create a work order."""
    return await _create(request, _WORK_ORDER, read_tree(request, wire_calls.WorkOrderCreate, inbound.work_order_rule))


async def update_work_order(request: Request) -> Reply:
    """Replace a work order of which nothing was completed."""
    tree = read_tree(request, wire_calls.WorkOrderCreate, inbound.work_order_rule)
    return await _update(request, _WORK_ORDER, tree, request.params["ID"])


@in_one_view
async def get_work_order(request: Request) -> Reply:
    """Return a work order."""
    return await _get(request, _WORK_ORDER, request.params[WORK_ORDER_ID])


async def cancel_work_order(request: Request) -> Reply:
    """Cancel a work order of which nothing was completed: 200, its ids, and when it was canceled."""
    tree = read_tree(request, wire_calls.WorkOrderCancel)
    client = tree["clientId"]
    document_id = inbound.parse_id(_WORK_ORDER.prefix, request.params["ID"])
    found = await _load(request, _WORK_ORDER, document_id, client, tree.get("brand"))
    own = inbound.work_order_response(found, client)["clientWorkOrderId"]
    if tree["clientWorkOrderId"] != own:
        fault = Fault(("clientWorkOrderId",), f"must be {own!r}, the id of this work order")
        raise Invalid(Code.INVALID, "the body has faults", faults=(fault,))

    def render(canceled: Stored[Any]) -> bytes:
        at = format_time(canceled.document.canceled_at or canceled.updated_at, digits=0)
        members = tree | {
            "workOrderId": inbound.format_id(_WORK_ORDER.prefix, canceled.document_id),
            "pbCancelDate": at,
        }
        return encode_json({name: members[name] for name in _CANCELED if members.get(name) is not None})

    with in_own_words(WORK_ORDER_ID):
        command = Cancel(reason=tree.get("cancelReason") or None)
        answer = await _change(request, _WORK_ORDER, command, document_id, client, call_of(request), render=render)
    return reply_to(answer)


_CANCELED = wire_call_answers.WorkOrderCanceled.__struct_encode_fields__


@in_one_view
async def search_work_orders(request: Request) -> Reply:
    """Answer a page of work orders."""
    return await _search(request, _WORK_ORDER, wire_calls.WorkOrderSearch, only_status=False)


@in_one_view
async def search_work_order_statuses(request: Request) -> Reply:
    """Answer a page of statuses of work orders."""
    return await _search(request, _WORK_ORDER, wire_calls.WorkOrderSearch, only_status=True)
