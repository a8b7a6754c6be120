"""Invoices: request, read, search, post and acknowledge them."""

from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.core.errors import Code, Fault, NotFound
from crossdock.core.ids import from_hex24, to_hex24
from crossdock.core.invoicing import invoices as invoices_core
from crossdock.core.invoicing.invoices import Invoice
from crossdock.core.json.strict_json import parse
from crossdock.core.orders.commands import AddNote
from crossdock.core.orders.model import Order
from crossdock.doors import Reply, Request, Route, encode_json, in_one_view, json_reply
from crossdock.doors.fabric import examples_invoices as examples
from crossdock.doors.fabric import invoices, wire_calls
from crossdock.doors.fabric import wire_invoices as wire
from crossdock.doors.fabric.demo import ACCOUNT
from crossdock.doors.fabric.documents import DocumentSearch, query_rule
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, faulty, not_found
from crossdock.doors.fabric.history import INVOICE_POSTED
from crossdock.doors.fabric.invoices import KIND, TYPES
from crossdock.doors.fabric.responses import DOOR
from crossdock.doors.fabric.routes.common import CONTEXT, order_by_id, paths, read_body
from crossdock.doors.fabric.routes.shipments import execute_with
from crossdock.doors.fabric.search_filters import moment
from crossdock.flows import access, catalog, fulfillment, invoicing, queries
from crossdock.flows import allocations as flow_allocations
from crossdock.flows.catalog import CatalogEntry, Draft

Tree = Any
MAX_EXAMINED = 2_000  # invoices of one search
_BATCH = 100
_NEWEST = 2**63 - 1


# --------------------------------------------------------------------------------------------------------------- reading
async def find_invoice(request: Request, text: str) -> Invoice:
    """Read an invoice by the id that this door gave it."""
    try:
        return await invoicing.get(request.context, request.caller, invoice_id=from_hex24(text))
    except NotFound:
        raise not_found("invoice") from None


async def _documents(request: Request, found: Sequence[Invoice]) -> list[dict[str, Tree]]:
    if not found:
        return []
    context, caller = request.context, request.caller
    orders = await queries.by_ids(context, caller, list(dict.fromkeys(each.order_id for each in found)))
    described = await flow_allocations.describe(context, caller, orders, door=DOOR)
    keys = [to_hex24(each.invoice_id) for each in found]
    own = {one.key: parse(one.document) for one in await catalog.find(context, caller, kind=KIND, keys=keys)}
    rendered = []
    for each, key in zip(found, keys, strict=True):
        one = described[each.order_id]
        document = invoices.invoice_document(each, one.order, one.document)
        document["attributes"] |= own.get(key, {}).get("attributes", {})
        rendered.append(document)
    return rendered


@in_one_view
async def get_invoice(request: Request) -> Reply:
    """Read an invoice."""
    found = await find_invoice(request, request.params["invoiceId"])
    (document,) = await _documents(request, [found])
    return json_reply(200, document, order_id=found.order_id)


@in_one_view
async def query_invoices(request: Request) -> Reply:
    """Search invoices: 200 and a page; 404 where it is empty."""
    body = read_body(request, wire_calls.QueryRequest, query_rule(wire.Invoice))
    search = DocumentSearch(body, sort_by="updatedAt", ascending=False)
    rendered = await newest_documents(request, search.filters)
    page, count = search.page(reversed(rendered) if search.ascending else rendered)
    if not page:
        raise not_found("invoice")
    return json_reply(200, {"count": count, "limit": search.limit, "offset": search.offset, "invoices": page})


async def newest_documents(request: Request, filters: Mapping[str, Tree]) -> list[dict[str, Tree]]:
    """Return the newest invoices that may match filters, newest first."""
    candidates = await _candidates(request, filters)
    rendered: list[dict[str, Tree]] = []
    for start in range(0, len(candidates), _BATCH):
        rendered += await _documents(request, candidates[start : start + _BATCH])
    return rendered


async def _candidates(request: Request, filters: Mapping[str, Tree]) -> list[Invoice]:
    if isinstance(one := filters.get("invoiceId"), str) and "*" not in one:
        try:
            return [await find_invoice(request, one)]
        except NotFound:
            return []
    found: list[Invoice] = []
    before = _NEWEST
    while len(found) < MAX_EXAMINED:
        page = await invoicing.page(request.context, request.caller, before=before, limit=_BATCH)
        found += page
        if len(page) < _BATCH:
            break
        before = page[-1].invoice_id
    return found[:MAX_EXAMINED]


# --------------------------------------------------------------------------------------------------------------- request
async def create_invoice(request: Request) -> Reply:
    """Request the invoice of a shipment, or of a refund: 201 and the invoice, once."""
    detail = read_body(request, wire.InvoiceRequest).detail
    if (ACCOUNT, detail.tenant) not in request.caller.references:
        raise faulty(Fault(("detail", "tenant"), "is not this organization's account"))
    order, shipment_id = await _subject(request, detail)
    if detail.orderNumber and detail.orderNumber != order.content.number:
        raise faulty(Fault(("detail", "orderNumber"), "must be that of the order"))
    kind = "SHIPPING" if detail.invoiceType == "SHIPMENT" else detail.invoiceType
    made = [
        each
        for each in await invoicing.of_order(request.context, request.caller, order_id=order.order_id)
        if TYPES[each.kind] == kind
        and (shipment_id is None or kind != "SHIPPING" or each.fulfillment_id == shipment_id)
    ]
    if not made:
        raise faulty(Fault(("detail", "invoiceType"), "there is nothing of this type to invoice"))
    claimed = await _claim(request, made)
    if claimed is None:
        raise faulty(Fault(("detail", "id"), "an invoice was requested for it already"))
    (document,) = await _documents(request, [claimed])
    return json_reply(201, document, order_id=order.order_id)


async def _subject(request: Request, detail: wire.InvoiceDetail) -> tuple[Order, int | None]:
    """Find the order, and the shipment if one is meant."""
    if detail.documentType == "ORDER":
        return await order_by_id(request, detail.id), None
    shipment_id = from_hex24(detail.id)
    try:
        order = await fulfillment.order_of(request.context, request.caller, part="fulfillment", value=shipment_id)
    except NotFound:
        raise not_found("shipment") from None
    return order, shipment_id


async def _claim(request: Request, made: Sequence[Invoice]) -> Invoice | None:
    """Mark the first invoice that was not requested before, and return it."""
    for each in made:
        if await _mark(request, each):
            return each
    return None


async def _mark(request: Request, invoice: Invoice) -> bool:
    """Mark an invoice as requested; False where it was before."""
    is_new: list[bool] = []

    def make(before: CatalogEntry | None) -> Draft:
        document = {} if before is None else parse(before.document)
        is_new[:] = [not document.get("requested")]
        return Draft(encode_json(document | {"requested": True}))

    await catalog.change(
        request.context, request.caller, kind=KIND, key=to_hex24(invoice.invoice_id), make=make, create=True
    )
    return is_new[0]


# ------------------------------------------------------------------------------------------------------------------ post
async def post_invoices(request: Request) -> Reply:
    """Post invoices, all or none: 201 and an array of them."""
    body = read_body(request, wire.PostRequest)
    ids = list(dict.fromkeys(body.invoiceIds))
    found, faults = [], []
    for place, text in enumerate(ids):
        try:
            found.append(await find_invoice(request, text))
        except NotFound:
            faults.append(Fault(("invoiceIds", place), "is not the id of an invoice"))
    if faults:
        raise NotFound(Code.NOT_FOUND, "some invoices are not there", faults=tuple(faults))
    faults = [
        Fault(("invoiceIds", place), f"is {each.status.upper()}; only a CREATED invoice can be posted")
        for place, each in enumerate(found)
        if each.status != "created"
    ]
    if faults:
        raise faulty(*faults)
    now = request.context.clock()
    documents = await _documents(request, [invoices_core.posted(each, at=now) for each in found])
    notes = [
        AddNote(
            order_id=each.order_id, text=f"invoice {each.number} posted", topic=INVOICE_POSTED, data=_notice(document)
        )
        for each, document in zip(found, documents, strict=True)
    ]

    async def post(tx: Any) -> None:
        invoice_ids = [each.invoice_id for each in found]
        await invoicing.change_in(tx, request.caller, invoice_ids, lambda one: invoices_core.posted(one, at=now))

    await execute_with(request, notes, post)
    return Reply(201, encode_json(documents))


def _notice(document: dict[str, Tree]) -> dict[str, Tree]:
    """Return what the event says of an invoice; the rest is read with its id."""
    names = ("invoiceId", "invoiceNumber", "invoiceType", "invoiceTotal", "currency", "shipmentId", "statusCode")
    return {name: document[name] for name in names}


async def acknowledge_post(request: Request) -> Reply:
    """Acknowledge a posted invoice: 201 and a message."""
    body = read_body(request, wire.PostAcknowledgment)
    await _acknowledge(request, body.invoiceId, moment(body.acknowledgedAt), body.attributes or {})
    return json_reply(201, wire.Message("Invoice acknowledged"))


async def acknowledge(request: Request) -> Reply:
    """Acknowledge a posted invoice: 201 and the invoice."""
    body = read_body(request, wire.InvoiceAcknowledgment)
    after = await _acknowledge(request, body.invoiceId, None, {})
    (document,) = await _documents(request, [after])
    return json_reply(201, document, order_id=after.order_id)


async def _acknowledge(request: Request, text: str, at: int | None, attributes: dict[str, Tree]) -> Invoice:
    found = await find_invoice(request, text)
    if found.status != "posted":
        fault = f"the invoice is {found.status.upper()}; only a POSTED one can be acknowledged"
        raise faulty(Fault(("invoiceId",), fault))
    moment_us = request.context.clock() if at is None else at

    def make(before: CatalogEntry | None) -> Draft:
        document = {} if before is None else parse(before.document)
        return Draft(encode_json(document | {"attributes": document.get("attributes", {}) | attributes}))

    async with request.context.store.writing() as tx:
        (after,) = await invoicing.change_in(
            tx, request.caller, [found.invoice_id], lambda one: invoices_core.acknowledged(one, at=moment_us)
        )
        if attributes:
            key = to_hex24(after.invoice_id)
            await catalog.put_in(tx, request.context, request.caller, kind=KIND, key=key, make=make)
    return after


# ---------------------------------------------------------------------------------------------------------------- routes
_ANSWERS: dict[int, Any] = {**ERRORS, **LARGE, **ABSENT}
ROUTES = (
    Route(
        "POST", paths("/invoice/query"), query_invoices, access.READ, "queryInvoices", "Search invoices",
        request=wire_calls.QueryRequest, answers={200: wire.InvoicePage, **_ANSWERS}, parameters=(CONTEXT,),
        description=f"Searches the newest {MAX_EXAMINED} invoices by any field; no match is a 404.",
        examples={"request": examples.QUERY, 200: examples.PAGE, 404: examples.NO_INVOICE},
    ),
    Route(
        "POST", paths("/invoice/post"), post_invoices, access.WRITE, "postInvoices", "Post invoices",
        request=wire.PostRequest, answers={201: {"type": "array", "items": wire.Invoice}, **_ANSWERS}, parameters=(CONTEXT,),
        description="Posts invoices that are CREATED, all or none, and sends INVOICE_POSTING for each.",
        examples={"request": examples.POST, 201: [examples.POSTED]},
    ),
    Route(
        "POST", paths("/invoice/post/acknowledge"), acknowledge_post, access.WRITE, "acknowledgeInvoicePost",
        "Acknowledge a posted invoice with attributes",
        request=wire.PostAcknowledgment, answers={201: wire.Message, **_ANSWERS}, parameters=(CONTEXT,),
        description="Sets a POSTED invoice to ACKNOWLEDGED, and adds the attributes.",
        examples={"request": examples.ACKNOWLEDGE_POST, 201: examples.ACKNOWLEDGED_POST, 404: examples.NO_INVOICE},
    ),
    Route(
        "POST", paths("/invoice/acknowledgement"), acknowledge, access.WRITE, "acknowledgeInvoice",
        "Acknowledge a posted invoice",
        request=wire.InvoiceAcknowledgment, answers={201: wire.Invoice, **_ANSWERS}, parameters=(CONTEXT,),
        description="Sets a POSTED invoice to ACKNOWLEDGED.",
        examples={"request": examples.ACKNOWLEDGE, 201: examples.ACKNOWLEDGED, 404: examples.NO_INVOICE},
    ),
    Route(
        "POST", paths("/invoice")[::-1], create_invoice, access.WRITE, "createInvoice", "Request the invoice of a shipment",
        request=wire.InvoiceRequest, answers={201: wire.Invoice, **_ANSWERS}, parameters=(CONTEXT,),
        description=(
            "Returns the invoice that followed the shipment, or the refund. A second request for the same one is a 400."
        ),
        examples={"request": examples.CREATE, 201: examples.INVOICE},
    ),
    Route(
        "GET", paths("/invoice/{invoiceId}"), get_invoice, access.READ, "getInvoice", "Read an invoice",
        answers={200: wire.Invoice, **ERRORS, **ABSENT}, parameters=(CONTEXT,),
        description="Returns the invoice with this id, of an order of any API.",
        examples={200: examples.INVOICE, 404: examples.NO_INVOICE},
    ),
)  # fmt: skip
