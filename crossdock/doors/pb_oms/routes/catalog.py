"""Calls that add customs products and carrier codes."""

from crossdock.core.errors import Code, Conflict, Fault
from crossdock.core.json.request_body import decode_body
from crossdock.doors import Reply, Request, json_reply, replayed_header
from crossdock.doors.pb_oms import catalog, wire_catalog
from crossdock.flows import reference_data


async def add_customs_product(request: Request) -> Reply:
    """Add a customs product, whose id order items may name."""
    decode_body(request.body, wire_catalog.CustomsProductCreate, catalog.product_details_rule)
    while True:
        # The vendor's ids have 11 digits: too few for a whole id of the generator, so an id in use is drawn again.
        product_id = catalog.format_product_id(request.context.id_generator.new(request.context.clock()))
        try:
            await reference_data.add(
                request.context, request.caller, kind=catalog.CUSTOMS_PRODUCT, key=product_id, name=product_id,
                document=request.body,
            )  # fmt: skip
        except Conflict:
            continue
        return json_reply(201, wire_catalog.CustomsProductCreated(product_id, product_id))


async def add_carrier_code(request: Request) -> Reply:
    """Add a carrier code under its own name; the same content again is replayed.

    Refuses with Conflict `exists` if the code has other content.
    """
    code = decode_body(request.body, wire_catalog.CarrierCodeCreate).code
    kind, replayed = catalog.CARRIER_CODE, False
    try:
        await reference_data.add(request.context, request.caller, kind=kind, key=code, name=code, document=request.body)
    except Conflict:
        existing = await reference_data.look_up(request.context, request.caller, {(kind, code)})
        if not catalog.is_same_entry(existing.entries[kind, code].document, request.body):
            fault = Fault(("code",), f"exists with other content: {code[:40]!r}")
            raise Conflict(Code.EXISTS, "there is another carrier code with this name", faults=(fault,)) from None
        replayed = True
    return json_reply(201, wire_catalog.CarrierCodeCreated(code), headers=replayed_header(replayed))
