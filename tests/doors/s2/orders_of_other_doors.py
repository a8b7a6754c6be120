"""An order of another door, and its document in this door's format."""

from decimal import Decimal

import msgspec

from crossdock.core.json.strict_json import parse_trusted
from crossdock.core.orders.model import Address, Charge, Content, Destination, Line, Order, Reference, Shipping, Source
from crossdock.core.orders.status import Counters
from crossdock.doors import encode_json
from crossdock.flows import rendering
from crossdock.flows.access import Caller
from crossdock.flows.rendering import RenderedDocument
from tests.world import World

OTHER_DOORS_ORDER = Content(
    number="A-1",
    lines=(
        Line(quantity=2, sku="test", description="Test Product", line_ref="1", product_ref="theirs",
             unit_price=Decimal("9.90")),
        Line(quantity=1, sku="NOT-HERE", description="Something else"),
    ),
    destinations=(Destination(address=Address(name="Ann", lines=("1 Main St", "Floor 2", "Door 3"), country="CA")),),
    references=(Reference("po", "PO-7"), Reference("store", "S-8"), Reference("third", "T-9")),
    placed_at="2026-01-30T22:00:00.120-05:00",
    charges=(Charge("tax", Decimal(1)),),
    shipping=Shipping(service_name="Two days"),
    ship_by="2026-02-01",
)  # fmt: skip


def order_of(content: Content, *counters: Counters) -> Order:
    return Order(
        organization_id=1, order_id=2**60, version=1, created_at=0, updated_at=0, source=Source("hub", 1, "test"),
        content=content, counters=counters or tuple(Counters(ordered=line.quantity) for line in content.lines),
    )  # fmt: skip


async def render(world: World, order: Order) -> RenderedDocument:
    caller = Caller(await world.demo_organization(), "test", frozenset({"admin"}))
    rendered = await rendering.render(world.context, caller, order, door="s2", losses=True)
    result = parse_trusted(encode_json(rendered.document))  # the document contains products as JSON
    return msgspec.structs.replace(rendered, document=result)
