"""Papers of fulfillment as PDF: what they are asked with, and the renderers that `app.py` passes in."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core.invoicing.invoices import Invoice
from crossdock.core.orders.fulfillments import Fulfillment
from crossdock.core.orders.model import Order
from crossdock.flows import emails, fulfillment
from crossdock.flows.access import Caller
from crossdock.flows.context import Context

LANGUAGES = ("en", "fr", "zh", "ar", "he")
SIZES = ("A4", "Letter")
# Fulfillments on one pick list; as much as a cart and a person carry.
MAX_PICKED = 200


class PaperRequest(Struct, frozen=True):
    """How a paper is wanted: its language, its size, and the shop's name on it."""

    language: str = "en"
    size: str = "A4"
    brand: str = ""
    time_zone: str = "UTC"


class PaperRenderers(Struct, frozen=True):
    """Render papers as PDF. `app.py` passes them in, because papers are in a layer above flows."""

    packing_slip: Callable[[Order, Fulfillment, PaperRequest, bool], bytes]
    label: Callable[[Order, Fulfillment, PaperRequest, int | None], bytes]
    invoice: Callable[[Invoice, PaperRequest], bytes]
    pick_list: Callable[[Sequence[tuple[Order, Fulfillment]], PaperRequest, str, int], bytes]


async def with_brand(context: Context, caller: Caller, request: PaperRequest) -> PaperRequest:
    """Return the request with the organization's brand and time zone, as its mails have them, or else its name."""
    _, document = await emails.settings(context, caller)
    settings: dict[str, Any] = msgspec.json.decode(document) if document else {}
    brand = str(settings.get("brand") or "").strip() or caller.organization.name
    return msgspec.structs.replace(request, brand=brand, time_zone=str(settings.get("time_zone") or "UTC"))


async def render(render_paper: Callable[..., bytes], *values: Any) -> bytes:
    """Render a paper in a thread: a long one takes a tenth of a second, in which other requests must not wait."""
    return await asyncio.to_thread(render_paper, *values)


async def work_at(context: Context, caller: Caller, location: str) -> list[tuple[Order, Fulfillment]]:
    """Read the fulfillments of a location that have something to pick, oldest first."""
    found = []
    for status in ("open", "picking"):
        page = await fulfillment.page(
            context, caller, part="fulfillment", before=2**63 - 1, limit=MAX_PICKED, status=status, location=location
        )
        found += [(each.order, each.part) for each in page if isinstance(each.part, Fulfillment)]
    return sorted(found, key=lambda each: each[1].fulfillment_id)[:MAX_PICKED]
