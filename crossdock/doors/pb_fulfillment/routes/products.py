"""Products: create, update, create or update many, read, search."""

from typing import Any

import msgspec

from crossdock.core.catalog.products import KIND, Product
from crossdock.core.errors import Busy, Code, Conflict, Fault, Invalid, NotFound, Refusal
from crossdock.core.ids import index_key
from crossdock.doors import Reply, Request, encode_json, in_one_view, json_reply, replayed_header
from crossdock.doors.pb_fulfillment import catalog, document_search, search, wire_calls
from crossdock.doors.pb_fulfillment.errors import render_errors
from crossdock.doors.pb_fulfillment.routes.bulk import begin_call, finish_call, is_bug, log_bug, split_orders
from crossdock.doors.pb_fulfillment.routes.common import DOOR, query_client, transaction_key
from crossdock.doors.pb_fulfillment.routes.documents import (
    call_of,
    find_page,
    in_own_words,
    not_found,
    read_tree,
    reply_to,
)
from crossdock.doors.pb_fulfillment.routes.search import read_paged
from crossdock.flows import catalog as catalog_flow
from crossdock.flows import product_calls
from crossdock.flows.catalog_search import CatalogEntry
from crossdock.flows.single_calls import Answer, SingleCall

Tree = Any
_MEMBERS = msgspec.json.Decoder(dict[str, Any])


async def create_product(request: Request) -> Reply:
    """Create a product: 201 and the product."""
    tree = read_tree(request, wire_calls.ProductCreate)
    with in_own_words("sku"):
        answer = await _put(request, tree, tree["sku"], call=call_of(request), change=False)
    return reply_to(answer, status=201)


async def update_product(request: Request) -> Reply:
    """Replace a product: 200 and the product."""
    sku = request.params["sku"]
    tree = read_tree(request, wire_calls.ProductUpdate)
    if tree.get("sku") not in (None, sku):
        raise Invalid(
            Code.INVALID, "the body has faults", faults=(Fault(("sku",), f"must be {sku!r}, the sku of the path"),)
        )
    with in_own_words("sku"):
        return reply_to(await _put(request, tree, sku, call=call_of(request), add=False))


async def _put(request: Request, tree: dict[str, Tree], sku: str, *, call: SingleCall, **allowed: bool) -> Answer:
    def make(before: Product | None) -> Product:
        return catalog.to_product(tree, sku, before)

    def render(entry: CatalogEntry) -> bytes:
        return encode_json(catalog.product_response(entry, tree["clientId"]))

    return await product_calls.put(
        request.context, request.caller, sku, make, render=render, door=DOOR, call=call, **allowed
    )


@in_one_view
async def get_product(request: Request) -> Reply:
    """Return a product."""
    client = query_client(request)
    sku = request.params["sku"]
    found = await catalog_flow.find(request.context, request.caller, kind=KIND, keys=[index_key(sku)], by="name")
    entry = min(found, key=lambda each: each.position, default=None)
    if entry is None:
        raise not_found("sku", "product")
    document = catalog.product_response(entry, client)
    brand = request.query.get("brand")
    if brand and document["details"].get("brand") not in (None, brand):
        raise not_found("sku", "product")
    return json_reply(200, document)


# ----------------------------------------------------------------------------------------------------------------- bulk
async def put_products(request: Request) -> Reply:
    """Create or update up to 200 products, each independently: 200 and a row for each, in order."""
    bodies = split_orders(request.body, wire_calls.ProductEnvelope)
    call = await begin_call(request, "products_call")
    if call.reply is not None:
        return Reply(200, call.reply, headers=replayed_header(True), outcome="replayed")
    rows, has_bug = [], False
    for position, body in enumerate(bodies):
        try:
            rows.append(await _put_one(request, position, body))
        except Busy:  # not this product's fault
            raise
        except Exception as error:  # noqa: BLE001 - one product must not fail its neighbors; a bug is rendered as an error
            has_bug |= is_bug(error)
            rows.append(_refused_row(request, body, error))
    return await finish_call(request, call, b'{"products":[' + b",".join(rows) + b"]}", is_final=not has_bug)


async def _put_one(request: Request, position: int, body: bytes) -> bytes:
    """Create or update one product under a key of its own, so that a call that was interrupted can run again."""
    tree = read_tree(request, wire_calls.BulkProduct, raw=body)
    operation = tree.get("operation")
    call = SingleCall(transaction_key(request, str(position)), "product_of_call", body)
    await _put(request, tree, tree["sku"], call=call, add=operation != "UPDATE", change=operation != "CREATE")
    return encode_json({"clientId": tree["clientId"], "sku": tree["sku"], "status": "PUBLISHED"})


def _refused_row(request: Request, body: bytes, error: Exception) -> bytes:
    """Render the row of a product that was refused, or met a bug: its client and sku as sent, and the errors."""
    refusal = error if isinstance(error, Refusal) else None
    if refusal is None:
        log_bug(request, error)
    elif isinstance(refusal, Conflict | NotFound) and not refusal.faults:
        refusal = type(refusal)(refusal.code, refusal.reason, faults=(Fault(("sku",), refusal.reason),))
    try:
        members = _MEMBERS.decode(body)
    except msgspec.DecodeError:
        members = {}
    ids = {name: members[name] for name in ("clientId", "sku") if members.get(name) is not None}
    return encode_json(ids | {"status": "UNPUBLISHED", "errors": render_errors(refusal, request)})


# --------------------------------------------------------------------------------------------------------------- search
@in_one_view
async def search_products(request: Request) -> Reply:
    """Answer a page of products."""
    sought, page, size = read_paged(
        request, lambda raw, clients: search.read(raw, clients, wire_calls.ProductSearch, statuses=())
    )
    plan = document_search.plan_products(sought, kind=KIND, now=request.context.clock())
    if plan.keys is not None:
        plan = msgspec.structs.replace(plan, keys=tuple(map(index_key, plan.keys)))
    return await find_page(
        request, sought, plan, page=page, size=size, rows="products", key="name",
        render=lambda entry: catalog.product_response(entry, sought.client), values_of=catalog.search_values,
    )  # fmt: skip
