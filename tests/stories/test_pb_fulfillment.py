"""The walk from a receiving notice to a served backorder runs as it is printed, and does what the page says."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from crossdock import app
from crossdock.core.catalog.locations import Location
from crossdock.core.orders.allocating import ReallocateOrder
from crossdock.core.orders.model import Order
from crossdock.demo import ensure
from crossdock.doors import all_doors
from crossdock.flows import access, allocation, locations, queries
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.execute import execute
from crossdock.flows.order_search import Filters
from crossdock.settings import load
from tests.server import ROOT, Server
from tests.shells import run_in_every_shell
from tests.test_docs_examples import BORDER, faults, programs, unquoted
from tests.vendors import bearer

NAME = "docs/stories/pb_fulfillment.md"
BLOCKS = re.findall(r"```bash\n(.*?)```", (ROOT / NAME).read_text(), re.DOTALL)
VARIABLES = "B V TOKEN A X N ORDER ID"  # that a block leaves for those after it
# Calls of the page that other parts of the hub offer. Where one is not offered, a flow does what it would do.
BORROWED = {
    "/hub/v1/locations": "/hub/v1/locations",
    "/allocations": "/hub/v1/orders/{id}/allocations",
    "/reallocate": "/hub/v1/orders/{id}/reallocate",
}


def missing_call(block: str) -> str | None:
    """Return the borrowed call of a block that the hub does not offer, or None."""
    (hub,) = [each for each in all_doors() if each.name == "hub"]
    offered = {path for route in hub.routes for path in route.paths}
    return next((text for text, path in BORROWED.items() if text in block and path not in offered), None)


# ---------------------------------------------------------------------------------------------------------------- stand-ins
async def _first_order(context: Context, caller: Caller) -> Order:
    (order,) = (await queries.page(context, caller, Filters(number="MUGS-1"), limit=1)).orders
    return order


async def _do(context: Context, caller: Caller, call: str, bodies: list[Any]) -> None:
    if call == "/hub/v1/locations":
        for body in bodies:
            await locations.add(context, caller, Location(body["code"], body["name"]))
        await asyncio.sleep(1.1)  # the server reads changes of another process within a second
        return
    order = await _first_order(context, caller)
    if call == "/allocations":
        (decision,) = await allocation.decisions_of(context, caller, order, limit=5)
        assert [(each.location, each.quantity) for each in decision.plan.assignments] == [("160", 2)]
    else:
        command = ReallocateOrder(order_id=order.order_id, only=tuple(bodies[0]["only"]))
        await execute(context, caller, [command], door="hub")


def stand_in(database: str, block: str, call: str) -> None:
    """Do what a block would do, on the database of the server."""

    async def run_all() -> None:
        async with app.open_context(load({}, database=database)) as context:
            caller = Caller(await ensure(context, []), "demo", frozenset(access.SCOPES))
            bodies = [json.loads(body) for body in re.findall(r"-d '(\{.*?\})'$", block, re.DOTALL | re.MULTILINE)]
            await _do(context, caller, call, bodies)

    asyncio.run(run_all())


# -------------------------------------------------------------------------------------------------------------------- test
@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/crossdock.db"


@pytest.fixture
def server(database: str) -> Iterator[Server]:
    """Run a demo server that looks for stock often."""
    with Server(database, allocation_interval_s=0.2) as started:
        yield started


def parts() -> Iterator[tuple[str, str | None]]:
    """Yield the blocks of the page, those that can be run joined, each of the others with the call that is missing."""
    script = ""
    for block in BLOCKS:
        call = missing_call(block)
        if call is None:
            script += f"{block}\nprintf '\\n{BORDER}\\n'\n"
            continue
        if script:
            yield script, None
        script = ""
        yield block, call
    if script:
        yield script, None


def play(server: Server, database: str, folder: Path) -> list[str]:
    """Run the page; return what each block printed."""
    printed: list[str] = []
    state = folder / "state"
    state.touch()
    keep = "\n".join(f"""printf '%s=%q\\n' {name} "${name}" >> {state}""" for name in VARIABLES.split())
    for place, (script, call) in enumerate(parts()):
        if call is not None:
            stand_in(database, script, call)
            continue
        whole = f". {state}\n{script}\nrm {state}\n{keep}\n".replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
        ran = run_in_every_shell(whole, folder / str(place), programs())
        assert faults(NAME, ran.errors) == []
        assert ran.code == 0
        assert ran.printed.count(BORDER) == script.count(BORDER)
        printed += [text.strip() for text in ran.printed.split(BORDER)]
    return printed


class TestPbFulfillment:
    def test_the_blocks_can_be_pasted_into_any_shell(self) -> None:
        assert [block for block in BLOCKS if re.search(r"[?*\[\]]|(?<=\s)[~=]|#", unquoted(block))] == []

    def test_goods_are_received_allocated_moved_and_serve_a_backorder(
        self, server: Server, database: str, tmp_path: Path
    ) -> None:
        printed = play(server, database, tmp_path)
        assert any('"onHandQuantity":6,"availableQuantity":5' in text for text in printed)
        assert any('"quantity":6,"expected_at":"2026-12-01T08:00:00Z"' in text for text in printed)
        assert "RELEASED" in printed
        assert 'RECEIVED "BACKORDERED"' in printed
        with httpx.Client(base_url=server.base, headers=bearer(server.base), trust_env=False) as http:
            body = {"clientId": "1234"}
            headers = {"X-PB-TransactionId": "check"}
            answer = http.post("/shippingservices/fulfillment/v1/inventory/snapshot", json=body, headers=headers)
            orders = http.get("/hub/v1/orders").json()["items"]
            expected = http.get("/hub/v1/expected-units").json()["items"]
        left = {
            row["node"]: (row["onHandQuantity"], row["allocatedQuantity"], row["availableQuantity"])
            for row in answer.json()["inventory"]
        }
        assert left == {"160": (9, 8, 0), "170": (4, 4, 0)}
        assert [order["status"] for order in orders] == ["allocated", "allocated"]
        assert expected == []
