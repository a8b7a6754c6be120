"""Papers of the hub as PDF: packing slips, labels, pick lists and invoices."""

from typing import Any

from crossdock.core.errors import Code, Fault, NotFound
from crossdock.doors import Media, Reply, Request, Route
from crossdock.doors.hub import errors, mapping, wire
from crossdock.doors.hub.routes.parameters import (
    PROBLEMS,
    described,
    flag_parameter,
    query_faults,
    raise_faults,
    read_flag,
)
from crossdock.flows import access, fulfillment, invoicing, paper_renderers
from crossdock.flows.paper_renderers import LANGUAGES, SIZES, PaperRenderers, PaperRequest

PDF = "application/pdf"


def _renderers(request: Request) -> PaperRenderers:
    renderers: PaperRenderers | None = request.context.papers
    assert renderers is not None, "app.py passes them in"
    return renderers


async def _read(request: Request, *more: str) -> tuple[PaperRequest, dict[str, str], list[Fault]]:
    """Read how the paper is wanted; returns the query and its faults besides."""
    query, faults = request.query, query_faults(request, ("language", "paper", *more))
    for name, allowed in (("language", LANGUAGES), ("paper", SIZES)):
        if query.get(name) not in (None, *allowed):
            faults.append(Fault((errors.QUERY, name), f"must be one of {', '.join(allowed)}"))
    wanted = PaperRequest(query.get("language", "en"), query.get("paper", "A4"))
    return await paper_renderers.with_brand(request.context, request.caller, wanted), query, faults


def _pdf(name: str, body: bytes) -> Reply:
    return Reply(200, body, headers=[("Content-Disposition", f'inline; filename="{name}.pdf"')], content_type=PDF)


async def _fulfillment(request: Request) -> tuple[Any, Any]:
    value = mapping.parse_id(request.params["id"])
    order = await fulfillment.order_of(request.context, request.caller, part="fulfillment", value=value)
    return order, next(each for each in order.fulfillments if each.fulfillment_id == value)


async def get_packing_slip(request: Request) -> Reply:
    """Answer the packing slip of a fulfillment."""
    wanted, query, faults = await _read(request, "prices")
    prices = bool(read_flag(query, "prices", faults))
    raise_faults(faults)
    order, found = await _fulfillment(request)
    body = await paper_renderers.render(_renderers(request).packing_slip, order, found, wanted, prices)
    return _pdf(f"packing-slip-{request.params['id']}", body)


async def get_labels(request: Request) -> Reply:
    """Answer the labels of a fulfillment's packages, or of one of them."""
    wanted, query, faults = await _read(request, "package_id")
    package_id = mapping.parse_id(query["package_id"]) if "package_id" in query else None
    if "package_id" in query and package_id is None:
        faults.append(Fault((errors.QUERY, "package_id"), "must be the id of a package"))
    raise_faults(faults)
    order, found = await _fulfillment(request)
    if package_id is not None and all(each.package_id != package_id for each in found.packages):
        raise NotFound(Code.NOT_FOUND, "the fulfillment has no such package")
    body = await paper_renderers.render(_renderers(request).label, order, found, wanted, package_id)
    return _pdf(f"labels-{request.params['id']}", body)


async def get_invoice_paper(request: Request) -> Reply:
    """Answer an invoice, or a credit note."""
    wanted, _, faults = await _read(request)
    raise_faults(faults)
    found = await invoicing.get(request.context, request.caller, invoice_id=mapping.parse_id(request.params["id"]))
    return _pdf(f"invoice-{found.number}", await paper_renderers.render(_renderers(request).invoice, found, wanted))


async def get_pick_list(request: Request) -> Reply:
    """Answer the pick list of a location: what its open fulfillments want, by SKU."""
    wanted, query, faults = await _read(request, "location")
    location = query.get("location")
    if not location:
        faults.append(Fault((errors.QUERY, "location"), "is required"))
    raise_faults(faults)
    assert location is not None
    work = await paper_renderers.work_at(request.context, request.caller, location)
    now = request.context.clock()
    body = await paper_renderers.render(_renderers(request).pick_list, work, wanted, location, now)
    return _pdf("pick-list", body)


# -------------------------------------------------------------------------------------------------------------------- table
_WANTED = (
    described("language", "query", "the language of the paper", enum=list(LANGUAGES), default="en"),
    described("paper", "query", "the size of the paper", enum=list(SIZES), default="A4"),
)
_ANSWERS = {200: Media({PDF: {"type": "string", "format": "binary"}}), 404: wire.Problem, **PROBLEMS}
_OF_FULFILLMENT = "/hub/v1/fulfillments/{id}"
ROUTES = (
    Route("GET", (f"{_OF_FULFILLMENT}/packing-slip",), get_packing_slip, access.READ, "getPackingSlip",
          "Print the packing slip of a fulfillment", answers=_ANSWERS,
          parameters=(flag_parameter("prices", "`true`: print prices too, but never of a gift"), *_WANTED)),
    Route("GET", (f"{_OF_FULFILLMENT}/labels",), get_labels, access.READ, "getLabels",
          "Print the labels of a fulfillment's packages", answers=_ANSWERS,
          parameters=(described("package_id", "query", "only the label of this package", pattern=wire.ID_PATTERN), *_WANTED)),
    Route("GET", ("/hub/v1/invoices/{id}/pdf",), get_invoice_paper, access.READ, "getInvoicePaper",
          "Print an invoice or a credit note", answers=_ANSWERS, parameters=_WANTED),
    Route("GET", ("/hub/v1/pick-list",), get_pick_list, access.READ, "getPickList", "Print the pick list of a location",
          answers={**_ANSWERS, 400: wire.Problem},
          parameters=({**described("location", "query", "the location's code"), "required": True}, *_WANTED)),
)  # fmt: skip
