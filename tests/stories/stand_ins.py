"""What stands in for calls of the page docs/stories/fabric.md that other parts of Crossdock offer, as long as they do not.

`python -m tests.stories.stand_ins DATABASE PLACE` does by flows what the block at a place of the page does by calls.
"""

import asyncio
import json
import re
import sys
from typing import Any

from crossdock import app
from crossdock.core.catalog.locations import Location
from crossdock.core.stock.commands import ReceiveStock
from crossdock.core.stock.model import LevelKey
from crossdock.demo import ensure
from crossdock.doors import all_doors
from crossdock.flows import access, allocation, locations, queries, stock
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.order_search import Filters
from crossdock.settings import load
from tests.server import ROOT

Tree = Any
NAME = "docs/stories/fabric.md"
BLOCKS = re.findall(r"```bash\n(.*?)```", (ROOT / NAME).read_text(), re.DOTALL)
# What marks a block of such a call, and the call's door and path.
_LOCATION, _INVENTORY, _EXPLAIN = "$B/api/v2/location ", "$B/api/v2/inventory", "/allocations"
_CALLS = {
    _LOCATION: ("fabric", "/api/v2/location"),
    _INVENTORY: ("fabric", "/api/v2/inventory"),
    _EXPLAIN: ("hub", "/hub/v1/orders/{id}/allocations"),
}


def is_offered(door: str, path: str) -> bool:
    """Say whether a door has a route at a path."""
    (found,) = [each for each in all_doors() if each.name == door]
    return any(path in route.paths for route in found.routes)


def missing_call(block: str) -> str | None:
    """Return the mark of a call in a block that is not offered, or None."""
    return next((mark for mark, route in _CALLS.items() if mark in block and not is_offered(*route)), None)


async def _do(context: Context, caller: Caller, call: str, body: Tree) -> None:
    if call == _LOCATION:
        longitude, latitude = body["coordinates"]["coordinates"]
        place = Location(str(body["locationNum"]), body["name"], latitude=latitude, longitude=longitude)
        await locations.add(context, caller, place)
        await asyncio.sleep(1.1)  # the server reads changes of another process within a second
    elif call == _INVENTORY:
        key = LevelKey(body["sku"], str(body["locationNum"]), str(body["channelId"]))
        command = ReceiveStock(key=key, quantity=int(body["counters"]["onHand"]))
        await stock.execute_stock(context, caller, [command], door="fabric")


async def _explain(context: Context, caller: Caller) -> None:
    """Check that the first order's decision is explained as the page says."""
    (order,) = (await queries.page(context, caller, Filters(number="SHIRTS-1"), limit=1)).orders
    (decision,) = await allocation.decisions_of(context, caller, order, limit=5)
    (assignment,) = decision.plan.assignments
    assert (assignment.location, assignment.quantity) == ("410", 2)


async def stand_in(database: str, place: int) -> None:
    """Do what a block does, on the database of the server."""
    block = BLOCKS[place]
    call = missing_call(block)
    assert call is not None, "the call is offered"
    async with app.open_context(load({}, database=database)) as context:
        caller = Caller(await ensure(context, []), "demo", frozenset(access.SCOPES))
        if call == _EXPLAIN:
            await _explain(context, caller)
        for body in re.findall(r"-d '(\{.*?\})'$", block, re.DOTALL | re.MULTILINE):
            await _do(context, caller, call, json.loads(body))


if __name__ == "__main__":
    asyncio.run(stand_in(sys.argv[1], int(sys.argv[2])))
