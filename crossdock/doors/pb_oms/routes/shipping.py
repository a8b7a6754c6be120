"""What orders refer to (customs products, carrier codes), and tokens."""

from crossdock.core.errors import Code, Conflict, Fault
from crossdock.core.ids import json_equal
from crossdock.core.json.request_body import decode_body
from crossdock.core.json.strict_json import Tree, parse
from crossdock.doors import Reply, Request, basic_credentials, json_reply, replayed_header
from crossdock.doors.pb_oms import mapping, wire
from crossdock.flows import access, reference_data

TOKEN_LIFETIME_S = 14_400  # the vendor's token page: 4 h


async def token(request: Request) -> Reply:
    """Give a token for Basic credentials; the body is optional and, as the vendor does, not looked at."""
    name, secret = basic_credentials(request.headers) or ("", "")
    grant, _ = await access.grant(request.context, client_id=name, secret=secret, lifetime_s=TOKEN_LIFETIME_S)
    return json_reply(200, wire.TokenAnswer(grant.token, grant.lifetime_s, "psapi", "Bearer"))


def _details_rule(tree: Tree) -> list[Fault]:
    if isinstance(tree, dict) and tree.get("productDetails") is None and tree.get("productDimensions") is None:
        return [Fault(("productDimensions",), "is required")]
    return []


async def add_customs_product(request: Request) -> Reply:
    """Keep a customs product, whose id order items may name: 201."""
    decode_body(request.body, wire.CustomsProductCreate, _details_rule)
    while True:
        now = request.context.clock()
        # The vendor's ids are cp and 11 digits: too few for an id of ours, so a taken one is drawn again.
        key = f"cp{request.context.id_generator.new(now) % 10**11:011d}"
        try:
            await reference_data.add(
                request.context, request.caller, kind=mapping.PRODUCT, key=key, name=key, document=request.body
            )
        except Conflict:
            continue
        return json_reply(201, wire.CustomsProductCreated(key, key))


async def add_carrier_code(request: Request) -> Reply:
    """Keep a carrier code under its own name: 201; the same again is answered as the first was.

    Refuses with Conflict `exists` where the name stands for something else.
    """
    code = decode_body(request.body, wire.CarrierCodeCreate).code
    kind, replayed = mapping.CARRIER_CODE, False
    try:
        await reference_data.add(request.context, request.caller, kind=kind, key=code, name=code, document=request.body)
    except Conflict:
        found = await reference_data.look_up(request.context, request.caller, {(kind, code)})
        if not json_equal(parse(found.entries[kind, code].document), parse(request.body)):
            fault = Fault(("code",), f"stands for other content: {code[:40]!r}")
            raise Conflict(Code.EXISTS, "there is another carrier code of this name", faults=(fault,)) from None
        replayed = True
    return json_reply(201, wire.CarrierCodeCreated(code), headers=replayed_header(replayed))
