"""Calls for the catalog: list sales accounts, create and list products."""

from typing import Any, NoReturn

from crossdock.core.errors import Code, Conflict
from crossdock.core.json.request_body import decode_body
from crossdock.doors import Reply, Request, encode_json, json_reply, replayed_header
from crossdock.doors.s2 import catalog, wire
from crossdock.doors.s2.routes.common import list_reply, read_window
from crossdock.flows import products, reference_data
from crossdock.flows.reference_data import CatalogEntry


async def _page(request: Request, kind: str) -> tuple[list[CatalogEntry], int]:
    """Read a page of catalog entries, newest first, and the total count; a `term` selects the entries that contain it."""
    limit, offset, term = read_window(request)
    return await reference_data.page(
        request.context, request.caller, kind=kind, term=term or None, limit=limit, offset=offset
    )


async def list_accounts(request: Request) -> Reply:
    """List sales accounts; `term` is a part of the name."""
    entries, total = await _page(request, catalog.ACCOUNT)
    return list_reply([catalog.account_response(entry, request.caller.organization) for entry in entries], total)


async def list_products(request: Request) -> Reply:
    """List products; `term` is a part of the SKU or name."""
    entries, total = await _page(request, catalog.PRODUCT)
    return list_reply([catalog.product_response(entry, request.caller.organization) for entry in entries], total)


async def _find_by_name(request: Request, kind: str, name: str) -> CatalogEntry | None:
    reference = (f"{kind}@name", name)
    return (await reference_data.look_up(request.context, request.caller, [reference])).entries.get(reference)


async def _add(request: Request, kind: str, name: str, document: dict[str, Any]) -> CatalogEntry | None:
    """Add a catalog entry; None if a concurrent request has added it."""
    key = catalog.key_for(request.caller.organization, kind, name)
    try:
        return await reference_data.add(
            request.context, request.caller, kind=kind, key=key, name=name, document=encode_json(document),
        )  # fmt: skip
    except Conflict:
        return None


async def _find_or_add_brand(request: Request, name: str) -> CatalogEntry:
    while True:
        if (brand := await _find_by_name(request, catalog.BRAND, name)) is not None:
            return brand
        document = catalog.brand_document(name, request.context.clock())
        if (added := await _add(request, catalog.BRAND, name, document)) is not None:
            return added


async def create_product(request: Request) -> Reply:
    """Create a product. The same product again is replayed; another one with its SKU is a conflict."""
    body = decode_body(request.body, wire.ProductCreate)
    organization = request.caller.organization
    while True:
        existing = await _find_by_name(request, catalog.PRODUCT, body.sku)
        if existing is not None:
            document = catalog.product_fields(existing, organization)
            brand = document["brand"]
            if body.brand != brand["name"] or catalog.product_document(body, brand) != document:
                _refuse_product(body.sku)
            response = catalog.product_response(existing, organization)
            return json_reply(200, response, headers=replayed_header(True), outcome="replayed")
        brand = catalog.brand_response(await _find_or_add_brand(request, body.brand))
        product = catalog.to_product(catalog.product_document(body, brand))
        product_id = catalog.product_id_for(organization, body.sku)
        added = await products.add(request.context, request.caller, product, product_id=product_id)
        if added is not None:
            return json_reply(200, catalog.product_response(added, organization))


def _refuse_product(sku: str) -> NoReturn:
    raise Conflict(Code.EXISTS, f"Product with sku '{sku}' already exists for this organization")
