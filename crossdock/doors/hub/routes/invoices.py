"""Invoices in the hub: list, read, post, acknowledge. They are made by shipments and refunds themselves."""

from collections.abc import Awaitable, Callable
from typing import Any

from crossdock.core.errors import Code, Conflict, Fault, NotFound, Path, Refusal
from crossdock.core.ids import MAX_ID
from crossdock.core.invoicing import invoices
from crossdock.core.invoicing.invoices import Invoice
from crossdock.doors import Reply, Request, Route, in_one_view, json_reply
from crossdock.doors.hub import mapping, wire, wire_returns
from crossdock.doors.hub.routes.catalog_calls import BODY
from crossdock.doors.hub.routes.parameters import (
    PAGE,
    PROBLEMS,
    cursor_after,
    flag_parameter,
    known_query,
    link,
    page_of,
    query_faults,
    raise_faults,
    read_body,
    read_cursor,
    read_flag,
    read_limit,
)
from crossdock.doors.hub.routes.verbs import order_id_of
from crossdock.flows import access, invoicing, queries

Tree = Any
PATH = "/hub/v1/invoices"


# --------------------------------------------------------------------------------------------------------------------- read
async def list_invoices(request: Request) -> Reply:
    """Answer a page of invoices, newest first."""
    query, faults = request.query, query_faults(request, ("limit", "cursor"))
    limit, before = read_limit(request, query, faults), read_cursor(query, faults)
    raise_faults(faults)
    found = await invoicing.page(request.context, request.caller, before=before or MAX_ID, limit=limit + 1)
    cursor = cursor_after(query, found[limit - 1].invoice_id if len(found) > limit else None)
    items = [wire_returns.invoice_answer(each) for each in found[:limit]]
    return json_reply(200, {"items": items, "next": cursor}, headers=link(request, query, cursor))


async def get_invoice(request: Request) -> Reply:
    """Answer an invoice."""
    known_query(request)
    found = await invoicing.get(request.context, request.caller, invoice_id=mapping.parse_id(request.params["id"]))
    return json_reply(200, wire_returns.invoice_answer(found), order_id=found.order_id)


@in_one_view
async def get_invoices_of_order(request: Request) -> Reply:
    """Answer the invoices of an order, oldest first."""
    known_query(request)
    order = await queries.order(request.context, request.caller, order_id=order_id_of(request))
    found = await invoicing.of_order(request.context, request.caller, order_id=order.order_id)
    return json_reply(200, {"items": [wire_returns.invoice_answer(each) for each in found]}, order_id=order.order_id)


# ------------------------------------------------------------------------------------------------------------------- change
# What a call does to the invoices that it changes, what it would do to one, and the statuses in which it has been done.
_Write = Callable[..., Awaitable[list[Invoice]]]
_Step = Callable[..., Invoice]


async def _change(request: Request, write: _Write, step: _Step, done: tuple[str, ...]) -> Reply:
    """Change invoices, all or none; those that are changed already stay as they are, so that a retry is safe."""
    faults = query_faults(request, ("dry_run",))
    dry_run = bool(read_flag(request.query, "dry_run", faults))
    body = read_body(request, faults, wire_returns.InvoiceIds, _unique_ids)
    ids = [mapping.parse_id(each) or 0 for each in body.ids]
    found = await _read(request, ids)
    now = request.context.clock()
    changed: dict[int, Invoice] = {}
    refused: list[tuple[int, Refusal]] = []
    for place, invoice in enumerate(found):
        if invoice.status not in done:
            try:
                changed[invoice.invoice_id] = step(invoice, at=now)
            except Conflict as conflict:
                refused.append((place, conflict))
    if refused:
        named = tuple(Fault(("ids", place), conflict.reason) for place, conflict in refused)
        raise Conflict(Code.STATE_FORBIDS, "nothing was changed, because some invoices cannot be", faults=named)
    if changed and not dry_run:
        written = await write(request.context, request.caller, invoice_ids=list(changed), repeats=True)
        changed = {each.invoice_id: each for each in written}
    items = [wire_returns.invoice_answer(changed.get(each.invoice_id, each)) for each in found]
    return json_reply(200, {"items": items}, headers=[("Dry-Run", "true")] if dry_run else [])


async def _read(request: Request, ids: list[int]) -> list[Invoice]:
    """Read invoices. Refuses with NotFound naming each that is not there."""
    found: list[Invoice] = []
    missing: list[Path] = []
    for place, invoice_id in enumerate(ids):
        try:
            found.append(await invoicing.get(request.context, request.caller, invoice_id=invoice_id))
        except NotFound:
            missing.append(("ids", place))
    if missing:
        faults = tuple(Fault(path, "there is no such invoice") for path in missing)
        raise NotFound(Code.NOT_FOUND, "nothing was changed, because some invoices are not there", faults=faults)
    return found


def _unique_ids(tree: Tree) -> list[Fault]:
    ids = tree.get("ids") if isinstance(tree, dict) else None
    listed = ids if isinstance(ids, list) else []
    return [
        Fault(("ids", place), f"must be unique, {each!r} is there already")
        for place, each in enumerate(listed)
        if isinstance(each, str) and each in listed[:place]
    ]


async def post_invoices(request: Request) -> Reply:
    """Post invoices."""
    return await _change(request, invoicing.post, invoices.posted, ("posted", "acknowledged"))


async def acknowledge_invoices(request: Request) -> Reply:
    """Acknowledge posted invoices."""
    return await _change(request, invoicing.acknowledge, invoices.acknowledged, ("acknowledged",))


# -------------------------------------------------------------------------------------------------------------------- table
_DRY_RUN = flag_parameter("dry_run", "`true`: return the result, and save nothing")
_ANSWERS = {200: wire_returns.InvoicesAnswer, **dict.fromkeys((404, 409, 412), wire.Problem), **BODY}


def _verb(verb: str, handle: Any, summary: str) -> Route:
    return Route(
        "POST", (f"{PATH}/{verb}",), handle, access.WRITE, f"{verb}Invoices", summary, request=wire_returns.InvoiceIds,
        answers=_ANSWERS, parameters=(_DRY_RUN,),
    )  # fmt: skip


ROUTES = (
    Route("GET", (PATH,), list_invoices, access.READ, "listInvoices", "List invoices",
          answers={200: page_of(wire_returns.InvoiceAnswer), **PROBLEMS}, parameters=PAGE),
    Route("GET", (f"{PATH}/{{id}}",), get_invoice, access.READ, "getInvoice", "Read an invoice",
          answers={200: wire_returns.InvoiceAnswer, 404: wire.Problem, **PROBLEMS}),
    Route("GET", ("/hub/v1/orders/{id}/invoices",), get_invoices_of_order, access.READ, "getInvoicesOfOrder",
          "Read the invoices of an order", answers={200: wire_returns.InvoicesAnswer, 404: wire.Problem, **PROBLEMS}),
    _verb("post", post_invoices, "Post invoices"),
    _verb("acknowledge", acknowledge_invoices, "Acknowledge posted invoices"),
)  # fmt: skip
