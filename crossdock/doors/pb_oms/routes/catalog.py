"""Calls for customs products and carrier codes: add, list, read, update."""

from crossdock.core.catalog.products import KIND, decode_product, encode_product
from crossdock.core.errors import Code, NotFound
from crossdock.core.json.request_body import decode_body
from crossdock.core.json.strict_json import parse
from crossdock.doors import Reply, Request, encode_json, in_one_view, json_reply, replayed_header
from crossdock.doors.pb_oms import catalog, list_query, stored, wire_catalog
from crossdock.doors.pb_oms.routes.common import add_once
from crossdock.flows import catalog as catalog_flow
from crossdock.flows import product_entries, products, reference_data
from crossdock.flows.catalog import CatalogEntry

# Kinds of customs products in the order of the list; earlier releases stored them as entries of a kind of their own.
_PRODUCT_KINDS = (KIND, catalog.CUSTOMS_PRODUCT)


async def add_customs_product(request: Request) -> Reply:
    """Add a customs product, whose id order items may name: a product of the organization, with the `itemId` as its SKU.

    The vendor lets several customs products have one `itemId`. A SKU belongs to one product, so the later ones have none.
    """
    body = decode_body(request.body, wire_catalog.CustomsProductCreate, catalog.product_details_rule)
    context, caller, sku = request.context, request.caller, body.itemId or None
    while True:
        # The vendor's ids have 11 digits: too few for a whole id of the generator, so an id in use is drawn again.
        product_id = catalog.format_product_id(context.id_generator.new(context.clock()))
        if sku is not None and await product_entries.find(context, caller, [sku]):
            sku = None
        product = catalog.to_product(body, parse(request.body), sku=sku)
        if await products.add(context, caller, product, product_id=product_id) is not None:
            return json_reply(201, wire_catalog.CustomsProductCreated(product_id, product_id))


@in_one_view
async def list_customs_products(request: Request) -> Reply:
    """List the products of the organization as customs products, newest first."""
    asked = list_query.read(request.query)
    found: list[CatalogEntry] = []
    total = 0
    for kind in _PRODUCT_KINDS:
        entries, count = await catalog_flow.page(
            request.context, request.caller, kind=kind, limit=asked.size - len(found),
            offset=max(0, asked.offset - total),
        )  # fmt: skip
        found += entries
        total += count
    return json_reply(200, {"data": [stored.customs_product(entry) for entry in found], "pageInfo": asked.info(total)})


@in_one_view
async def get_customs_product(request: Request) -> Reply:
    """Read a product by its id or SKU, as items of orders name it."""
    return json_reply(200, stored.customs_product(await _customs_product(request)))


async def update_customs_product(request: Request) -> Reply:
    """Replace the properties of a customs product; it keeps its id and its SKU."""
    body = decode_body(request.body, wire_catalog.CustomsProductUpdate, catalog.product_details_rule)
    entry = await _customs_product(request)

    def changed(document: bytes) -> bytes:
        if entry.kind == catalog.CUSTOMS_PRODUCT:
            return request.body
        product = decode_product(document)
        return encode_product(stored.updated_customs_product(product, body, parse(request.body)))

    organization_id = request.caller.organization_id
    await reference_data.change(request.context, organization_id, kind=entry.kind, key=entry.key, changed=changed)
    return Reply(200)


async def _customs_product(request: Request) -> CatalogEntry:
    key = (catalog.PRODUCT, request.params["customsProductId"])
    found = (await reference_data.look_up(request.context, request.caller, {key})).entries.get(key)
    if found is None:
        raise NotFound(Code.NOT_FOUND, "there is no customs product with this id")
    return found


# ---------------------------------------------------------------------------------------------------------- carrier codes
async def add_carrier_code(request: Request) -> Reply:
    """Add a carrier code under its own name; the same content again is replayed.

    Refuses with Conflict `exists` if the code has other content.
    """
    code = decode_body(request.body, wire_catalog.CarrierCodeCreate).code
    taken = "there is another carrier code with this name"
    _, replayed = await add_once(request, kind=catalog.CARRIER_CODE, key=code, member="code", taken=taken)
    return json_reply(201, wire_catalog.CarrierCodeCreated(code), headers=replayed_header(replayed))


@in_one_view
async def get_carrier_code(request: Request) -> Reply:
    """Read a carrier code."""
    code = request.params["code"]
    for entry in await catalog_flow.find(request.context, request.caller, kind=catalog.CARRIER_CODE, keys=[code]):
        return json_reply(200, stored.carrier_code(entry, subscription=request.caller.organization.uuid))
    raise _no_carrier_code()


async def update_carrier_code(request: Request) -> Reply:
    """Replace the content of a carrier code."""
    decode_body(request.body, wire_catalog.CarrierCodeUpdate)
    code = request.params["code"]
    document = encode_json(parse(request.body) | {"code": code})
    changed = await reference_data.change(
        request.context, request.caller.organization_id, kind=catalog.CARRIER_CODE, key=code, changed=lambda _: document
    )
    if changed is None:
        raise _no_carrier_code()
    return json_reply(200, wire_catalog.CarrierCodeCreated(code))


async def get_ship_via_code(request: Request) -> Reply:
    """Read a carrier code under the vendor's earlier name for it."""
    return await get_carrier_code(request)


async def update_ship_via_code(request: Request) -> Reply:
    """Replace the content of a carrier code under the vendor's earlier name for it."""
    return await update_carrier_code(request)


def _no_carrier_code() -> NotFound:
    return NotFound(Code.NOT_FOUND, "there is no such carrier code")
