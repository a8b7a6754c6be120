"""Pitney Bowes OMS: paths, headers, and one flow call per endpoint; its errors in one table."""

from crossdock.core.errors import Code, Conflict, Fault, Refusal
from crossdock.core.reading import Tree, read
from crossdock.doors import Reply, Request, Route, basic_credentials, encode_json, json_reply, replayed_header
from crossdock.doors.pb_oms import mapping, wire
from crossdock.flows import access, catalog, queries
from crossdock.flows.intake import Submission

ORDERS = ("/ordermanagement/api/v1/orders", "/api/v1/orders")
TOKEN_LIFETIME_S = 14_400  # the vendor's token page: 4 h

# ----------------------------------------------------------------------------------------------------------------- errors
_KINDS = {400: "validation_error", 401: "unauthorized_error", 403: "forbidden_error", 404: "not_found",
          405: "validation_error", 409: "invalid_state", 413: "validation_error", 500: "internal_error",
          503: "internal_error"}  # fmt: skip
_STATUS_OF = {
    Code.NOT_JSON: 400,
    Code.TOO_LARGE: 413,
    Code.TOO_DEEP: 400,
    Code.INVALID: 400,
    Code.UNKNOWN_REFERENCE: 400,
    Code.NO_ROUTE: 404,
    Code.NO_METHOD: 405,
    Code.NO_ORDER: 404,
    Code.NO_SUBMISSION: 404,
    Code.NO_TOKEN: 401,
    Code.BAD_TOKEN: 401,
    Code.BAD_CREDENTIALS: 401,
    Code.NO_SCOPE: 403,
    Code.FOREIGN_ORGANIZATION: 403,
    Code.NUMBER_TAKEN: 400,
    Code.KEY_REUSED: 400,
    Code.STATE_FORBIDS: 409,
    Code.STALE_VERSION: 409,
    Code.EXISTS: 400,
    Code.UNAVAILABLE: 503,
    Code.OVERLOADED: 503,
}


def path_text(fault: Fault) -> str:
    """Spell a fault's path as `items[0].quantity`; the body itself is `body`."""
    text = ""
    for part in fault.path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "body"


def refuse(refusal: Refusal | None, request: Request) -> Reply:
    """Render a refusal, or a bug (None), as the bare object every error of this door is."""
    if refusal is None:
        message, info = "An unexpected error occurred.", f"reference: {request.request_id}"
        return json_reply(500, wire.ErrorAnswer(_KINDS[500], message, info))
    status = _STATUS_OF[refusal.code]
    info = "; ".join(f"{path_text(fault)}: {fault.reason}" for fault in refusal.faults)
    headers = [("Retry-After", "1")] if status == 503 else []
    return json_reply(
        status,
        wire.ErrorAnswer(_KINDS[status], refusal.reason[:1].upper() + refusal.reason[1:] + ".", info),
        headers=headers,
    )


# --------------------------------------------------------------------------------------------------------------- handlers
async def token(request: Request) -> Reply:
    """Give a token for Basic credentials; the body is optional and, as the vendor does, not looked at."""
    name, secret = basic_credentials(request.headers) or ("", "")
    grant, _ = await access.grant(request.book, client_id=name, secret=secret, lifetime_s=TOKEN_LIFETIME_S)
    return json_reply(200, wire.TokenAnswer(grant.token, grant.lifetime_s, "psapi", "Bearer"))


async def create_order(request: Request) -> Reply:
    """Create an order: 200 and four members."""
    outcome = await request.intake.submit(Submission(request.caller, mapping.FORMAT, request.body))
    replayed = outcome.fate == "replayed"
    return Reply(200, outcome.reply, headers=replayed_header(replayed), order_id=outcome.order_id, outcome=outcome.fate)


async def get_order(request: Request) -> Reply:
    """Answer one order, split into orderInfo and orderShippingInfo."""
    order_id = mapping.read_id(request.params["orderId"])
    order = await queries.order(request.book, request.caller, order_id=order_id)
    wording = await queries.worded(request.book, request.caller, order, door=mapping.FORMAT.name)
    return Reply(200, encode_json(wording.document), order_id=order.order_id)


def _details_rule(tree: Tree) -> list[Fault]:
    if isinstance(tree, dict) and tree.get("productDetails") is None and tree.get("productDimensions") is None:
        return [Fault(("productDimensions",), "is required")]
    return []


async def add_customs_product(request: Request) -> Reply:
    """Keep a customs product, whose id order items may name: 201."""
    read(request.body, wire.CustomsProductCreate, _details_rule)
    while True:
        now = request.book.clock()
        # The vendor's ids are cp and 11 digits: too few for an id of ours, so a taken one is drawn again.
        key = f"cp{request.book.mint.new(now) % 10**11:011d}"
        try:
            await catalog.add(
                request.book, request.caller, kind=mapping.PRODUCT, key=key, name=key, document=request.body
            )
        except Conflict:
            continue
        return json_reply(201, wire.CustomsProductCreated(key, key))


_BODY_ERRORS = dict.fromkeys((400, 401, 403, 500), wire.ErrorAnswer)
ROUTES = (
    Route(
        "POST", ORDERS, create_order, access.WRITE, "createOrder", "Create an order",
        request=wire.OrderCreate, answers={200: wire.OrderCreated, **_BODY_ERRORS}, submits="create",
    ),
    Route(
        "GET", tuple(f"{path}/{{orderId}}" for path in ORDERS), get_order, access.READ, "getOrderById", "Read an order",
        answers={200: wire.OrderRead, **dict.fromkeys((401, 403, 404, 500), wire.ErrorAnswer)},
    ),
    Route(
        "POST", ("/auth/api/v1/token",), token, None, "getAccessToken", "Get a token for a client id and secret",
        answers={200: wire.TokenAnswer, 401: wire.ErrorAnswer, 500: wire.ErrorAnswer},
    ),
    Route(
        "POST", ("/shipping/api/v1/customsproduct",), add_customs_product, access.WRITE, "addCustomsProduct",
        "Keep a customs product", request=wire.CustomsProductCreate,
        answers={201: wire.CustomsProductCreated, **_BODY_ERRORS},
    ),
)  # fmt: skip
