"""Ventmere S2: paths, headers, and the flow calls behind each; its errors in one table."""

import re
from typing import Any, NoReturn

from crossdock.core.errors import Code, Conflict, Fault, Invalid, NotFound, Refusal
from crossdock.core.json.request_body import decode_body
from crossdock.core.orders.model import Order
from crossdock.doors import Headers, Reply, Request, Route, encode_json, in_one_view, json_reply, replayed_header
from crossdock.doors.s2 import catalog, mapping, routes_verbs, wire
from crossdock.flows import access, queries, reference_data, rendering
from crossdock.flows.intake import Submission
from crossdock.flows.order_search import Filters
from crossdock.flows.reference_data import CatalogEntry
from crossdock.flows.tenants import Person

TOKEN_LIFETIME_S = 7 * 86_400  # the vendor's sign-in page: 7 days
PAGE_LIMIT = 100  # the vendor's list pages: default and most
# Four-byte integers, as the vendor's clients count; what lies further is behind the end of every list.
MAX_OFFSET = 2_147_483_647
# Orders of one number are one per sales account; nobody has this many accounts.
MAX_SAME_NUMBER = 1_000

# --------------------------------------------------------------------------------------------------------------- errors
_ERROR_OF = {
    Code.NOT_JSON: (400, "INVALID_ARGUMENT"),
    Code.TOO_LARGE: (413, "INVALID_ARGUMENT"),
    Code.TOO_DEEP: (400, "INVALID_ARGUMENT"),
    Code.INVALID: (400, "INVALID_ARGUMENT"),
    Code.UNKNOWN_REFERENCE: (404, "NOT_FOUND"),
    Code.NO_ROUTE: (404, "NOT_FOUND"),
    Code.NO_METHOD: (405, "INVALID_ARGUMENT"),
    Code.NO_ORDER: (404, "NOT_FOUND"),
    Code.NO_SUBMISSION: (404, "NOT_FOUND"),
    Code.NOT_FOUND: (404, "NOT_FOUND"),
    Code.NO_TOKEN: (401, "UNAUTHENTICATED"),
    Code.BAD_TOKEN: (401, "UNAUTHENTICATED"),
    Code.BAD_CREDENTIALS: (401, "UNAUTHENTICATED"),
    Code.NO_SCOPE: (403, "PERMISSION_DENIED"),
    Code.FOREIGN_ORGANIZATION: (403, "PERMISSION_DENIED"),
    Code.NUMBER_TAKEN: (409, "ALREADY_EXISTS"),
    Code.KEY_REUSED: (409, "ALREADY_EXISTS"),
    Code.STATE_FORBIDS: (409, "FAILED_PRECONDITION"),
    Code.STALE_VERSION: (409, "FAILED_PRECONDITION"),
    Code.EXISTS: (409, "ALREADY_EXISTS"),
    Code.UNAVAILABLE: (503, "UNAVAILABLE"),
    Code.OVERLOADED: (503, "UNAVAILABLE"),
}


def path_text(fault: Fault) -> str:
    """Spell a fault's path as `items[0].quantity`; empty for the body itself."""
    text = ""
    for part in fault.path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _message(refusal: Refusal) -> str:
    """Say what is wrong: every fault with its path, a taken number as the vendor words it, else the reason.

    Of a state that forbids something only the first clause is told: the rest names verbs this door has no call for.
    """
    if refusal.code is Code.NUMBER_TAKEN:
        return f"Order with channelOrderId '{refusal.facts.get('number')}' already exists for this account"
    faults = [f"{path}: {fault.reason}" if (path := path_text(fault)) else fault.reason for fault in refusal.faults]
    reason = refusal.reason.partition("; ")[0] if refusal.code is Code.STATE_FORBIDS else refusal.reason
    return "; ".join(faults) or reason[:1].upper() + reason[1:]


def refuse(refusal: Refusal | None, request: Request) -> Reply:
    """Render a refusal, or a bug (None), as code and message; a bug's message holds the reference to its log line."""
    if refusal is None:
        message = f"An unexpected error occurred. Please report it with the reference ID: {request.request_id}."
        return json_reply(500, wire.ErrorAnswer("INTERNAL", message))
    status, code = _ERROR_OF[refusal.code]
    headers = [("Retry-After", "1")] if status == 503 else []
    return json_reply(status, wire.ErrorAnswer(code, _message(refusal)), headers=headers)


def organization_of(headers: Headers) -> str | None:
    """Give the organization the caller names; a user of one organization may leave the header out or empty."""
    return headers.get("x-s2-organization") or None


# ---------------------------------------------------------------------------------------------------------------- lists
def _whole(text: str) -> int:
    """Read decimal digits; anything longer than a number of this door stays beyond its bounds."""
    return int(text) if len(text) <= 12 else MAX_OFFSET


def _window(request: Request) -> tuple[int, int, str]:
    """Read limit, offset and term. Refuses with Invalid what is no whole number, or a limit of 0."""
    query = request.query
    limit, offset = query.get("limit", str(PAGE_LIMIT)), query.get("offset", "0")
    faults = []
    if not re.fullmatch("[0-9]*[1-9][0-9]*", limit):
        faults.append(Fault(("limit",), f"must be a whole number of at least 1, not {limit[:40]!r}"))
    if not re.fullmatch("[0-9]+", offset):
        faults.append(Fault(("offset",), f"must be a whole number of at least 0, not {offset[:40]!r}"))
    if faults:
        raise Invalid(Code.INVALID, "the query has faults", faults=tuple(faults))
    return min(_whole(limit), PAGE_LIMIT), min(_whole(offset), MAX_OFFSET), query.get("term", "")


async def _entries(request: Request, kind: str) -> tuple[list[CatalogEntry], int]:
    """Give a page of catalog entries, newest first, and the full count; a term narrows to those whose words hold it."""
    limit, offset, term = _window(request)
    return await reference_data.page(
        request.context, request.caller, kind=kind, term=term or None, limit=limit, offset=offset
    )


def _paged(items: list[Any], total: int) -> Reply:
    return json_reply(200, {"items": items, "total": total})


# ------------------------------------------------------------------------------------------------------------- handlers
async def login(request: Request) -> Reply:
    """Sign a user in with e-mail and password: a token for 7 days, and who they are."""
    sent = decode_body(request.body, wire.Login)

    def claims(person: Person) -> dict[str, Any]:
        user = {"userId": catalog.spell_id(person.person_id), "userVersion": person.token_version}
        return {"aud": "s2core", "iss": "s2core", **user}

    grant, person, places = await access.sign_in(
        request.context, email=sent.email, password=sent.password, lifetime_s=TOKEN_LIFETIME_S, claims=claims
    )
    user = catalog.user_answer(person, places)
    return json_reply(200, {"type": "SUCCESS", "accessToken": grant.token, "user": user})


async def list_accounts(request: Request) -> Reply:
    """List sales accounts; `term` searches their names."""
    found, total = await _entries(request, catalog.ACCOUNT)
    return _paged([catalog.account_answer(entry, request.caller.organization) for entry in found], total)


async def list_products(request: Request) -> Reply:
    """List products; `term` searches SKU and name."""
    found, total = await _entries(request, catalog.PRODUCT)
    return _paged([catalog.product_answer(entry, request.caller.organization) for entry in found], total)


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


async def create_order(request: Request) -> Reply:
    """Create an order: 200 and the whole order."""
    outcome = await request.intake.submit(Submission(request.caller, mapping.FORMAT, request.body))
    replayed = outcome.status == "replayed"
    return Reply(
        200, outcome.reply, headers=replayed_header(replayed), order_id=outcome.order_id, outcome=outcome.status
    )


@in_one_view
async def get_order(request: Request) -> Reply:
    """Answer one order."""
    order_id = catalog.read_id(request.params["orderId"])
    order = await queries.order(request.context, request.caller, order_id=order_id)
    (document,) = await rendering.render_json_all(request.context, request.caller, [order], door=mapping.FORMAT.name)
    return Reply(200, encode_json(document), order_id=order.order_id)


@in_one_view
async def list_orders(request: Request) -> Reply:
    """List the orders this door received, newest first; `term` is an order id or a channelOrderId."""
    limit, offset, term = _window(request)
    context, caller, door = request.context, request.caller, mapping.FORMAT.name
    if term:
        orders = await _orders_of(request, term)
        some = orders[offset : offset + limit]
        return _paged(await rendering.render_json_all(context, caller, some, door=door), len(orders))
    told = await rendering.render_json_page(context, caller, Filters(door=door), door=door, limit=limit, offset=offset)
    return _paged(told.documents, await queries.count(context, caller, Filters(door=door)))


async def _orders_of(request: Request, term: str) -> list[Order]:
    """Find the orders a term stands for: the one with this id, then those of this number, newest first."""
    door = mapping.FORMAT.name
    filters = Filters(door=door, number=term)
    orders = (await queries.page(request.context, request.caller, filters, limit=MAX_SAME_NUMBER)).orders
    try:
        meant = await queries.order(request.context, request.caller, order_id=catalog.read_id(term))
    except NotFound:
        return orders
    if meant.source.door != door:
        return orders
    return [meant, *(each for each in orders if each.order_id != meant.order_id)]  # its number may be its id


# --------------------------------------------------------------------------------------------------------------- routes
_ORGANIZATION: dict[str, Any] = {
    "name": "X-S2-Organization", "in": "header", "required": False, "schema": {"type": "string", "format": "uuid"},
    "description": "The organization meant; needed only by a user of several.",
}  # fmt: skip
_LIMIT: dict[str, Any] = {
    "name": "limit", "in": "query", "required": False,
    "schema": {"type": "integer", "minimum": 1, "default": PAGE_LIMIT},
    "description": f"The most rows to give; above {PAGE_LIMIT}, {PAGE_LIMIT} are given.",
}  # fmt: skip
_OFFSET: dict[str, Any] = {
    "name": "offset", "in": "query", "required": False, "schema": {"type": "integer", "minimum": 0, "default": 0},
    "description": "The rows to pass over.",
}  # fmt: skip


def _list_parameters(searched: str) -> tuple[dict[str, Any], ...]:
    term = {
        "name": "term", "in": "query", "required": False, "schema": {"type": "string"},
        "description": f"Narrows to {searched}.",
    }  # fmt: skip
    return (_ORGANIZATION, _LIMIT, _OFFSET, term)


def _answers(shape: Any, *refused: int) -> dict[int, Any]:
    return {200: shape, **dict.fromkeys((*refused, 401, 403, 500, 503), wire.ErrorAnswer)}


ROUTES = (
    Route(
        "POST", ("/login",), login, None, "login", "Sign in", request=wire.Login,
        answers={200: wire.LoggedIn, **dict.fromkeys((400, 401, 413, 500, 503), wire.ErrorAnswer)},
    ),
    Route(
        "GET", ("/account",), list_accounts, access.READ, "listAccounts", "List sales accounts",
        answers=_answers(wire.AccountPage, 400), parameters=_list_parameters("names that contain it"),
    ),
    Route(
        "POST", ("/product",), create_product, access.WRITE, "createProduct", "Create a product",
        request=wire.ProductCreate, answers=_answers(wire.Product, 400, 409, 413), parameters=(_ORGANIZATION,),
    ),
    Route(
        "GET", ("/product",), list_products, access.READ, "listProducts", "List products",
        answers=_answers(wire.ProductPage, 400), parameters=_list_parameters("SKUs and names that contain it"),
    ),
    Route(
        "POST", ("/order",), create_order, access.WRITE, "createOrder", "Create an order",
        request=wire.OrderCreate, answers=_answers(wire.Order, 400, 404, 409, 413), parameters=(_ORGANIZATION,),
        submits="create",
    ),
    Route(
        "GET", ("/order",), list_orders, access.READ, "listOrders", "List orders",
        answers=_answers(wire.OrderPage, 400), parameters=_list_parameters("an order id or channelOrderId"),
    ),
    Route(
        "GET", ("/order/{orderId}",), get_order, access.READ, "getOrder", "Read an order",
        answers=_answers(wire.Order, 404), parameters=(_ORGANIZATION,),
    ),
    Route(
        "PUT", ("/order/{orderId}",), routes_verbs.update_order, access.WRITE, "updateOrder", "Replace what can be edited",
        request=wire.OrderUpdate, answers=_answers(wire.Order, 400, 404, 409, 413), parameters=(_ORGANIZATION,),
    ),
    *(
        Route(
            "POST", (f"/order/{{orderId}}/{verb}",), handle, access.WRITE, f"{verb}Order", summary,
            answers=_answers(wire.Order, 404, 409), parameters=(_ORGANIZATION,),
        )
        for verb, handle, summary in (
            ("cancel", routes_verbs.cancel_order, "Cancel an order"),
            ("archive", routes_verbs.archive_order, "Put an order out of sight"),
            ("unarchive", routes_verbs.unarchive_order, "Bring an order back into sight"),
        )
    ),
)  # fmt: skip
