"""Sales accounts and products: listed, created."""

from typing import Any, NoReturn

from crossdock.core.errors import Code, Conflict
from crossdock.core.json.request_body import decode_body
from crossdock.doors import Reply, Request, encode_json, json_reply, replayed_header
from crossdock.doors.s2 import catalog, wire
from crossdock.doors.s2.routes.common import paged, read_window
from crossdock.flows import reference_data
from crossdock.flows.reference_data import CatalogEntry


async def _entries(request: Request, kind: str) -> tuple[list[CatalogEntry], int]:
    """Give a page of catalog entries, newest first, and the full count; a term narrows to those whose words hold it."""
    limit, offset, term = read_window(request)
    return await reference_data.page(
        request.context, request.caller, kind=kind, term=term or None, limit=limit, offset=offset
    )


async def list_accounts(request: Request) -> Reply:
    """List sales accounts; `term` searches their names."""
    found, total = await _entries(request, catalog.ACCOUNT)
    return paged([catalog.account_answer(entry, request.caller.organization) for entry in found], total)


async def list_products(request: Request) -> Reply:
    """List products; `term` searches SKU and name."""
    found, total = await _entries(request, catalog.PRODUCT)
    return paged([catalog.product_answer(entry, request.caller.organization) for entry in found], total)


async def _named(request: Request, kind: str, name: str) -> CatalogEntry | None:
    found = await reference_data.look_up(request.context, request.caller, [(f"{kind}@name", name)])
    return found.entries.get((f"{kind}@name", name))


async def _keep(request: Request, kind: str, name: str, document: dict[str, Any]) -> CatalogEntry | None:
    """Keep a catalog entry; None where another request was faster."""
    key = catalog.key_for(request.caller.organization, kind, name)
    try:
        return await reference_data.add(
            request.context, request.caller, kind=kind, key=key, name=name, document=encode_json(document),
            search=catalog.search_text(document),
        )  # fmt: skip
    except Conflict:
        return None


async def _brand(request: Request, name: str) -> CatalogEntry:
    """Find a brand by its name, or make it."""
    while True:
        if (held := await _named(request, catalog.BRAND, name)) is not None:
            return held
        now = request.context.clock()
        if (made := await _keep(request, catalog.BRAND, name, catalog.brand_document(name, now))) is not None:
            return made


async def create_product(request: Request) -> Reply:
    """Create a product. The same under its SKU again gives the first answer again; anything else is a conflict."""
    sent = decode_body(request.body, wire.ProductCreate)
    organization = request.caller.organization
    while True:
        held = await _named(request, catalog.PRODUCT, sent.sku)
        if held is not None:
            kept = catalog.document_of(held)
            if sent.brand != kept["brand"]["name"] or catalog.product_document(sent, kept["brand"]) != kept:
                _refuse_product(sent.sku)
            answer = catalog.product_answer(held, organization)
            return json_reply(200, answer, headers=replayed_header(True), outcome="replayed")
        document = catalog.product_document(sent, catalog.brand_answer(await _brand(request, sent.brand)))
        made = await _keep(request, catalog.PRODUCT, sent.sku, document)
        if made is not None:
            return json_reply(200, catalog.product_answer(made, organization))


def _refuse_product(sku: str) -> NoReturn:
    raise Conflict(Code.EXISTS, f"Product with sku '{sku}' already exists for this organization")
