"""The player of this door's recorded cases; see tests/doors/golden.py.

A request without a `transaction` gets a new transaction id. A step that creates a product, a receiving notice or a work order
has a `name` for it, a letter; its state is how it is read, and the stock of every SKU. `do` steps play the facility. `return`
names the return that a step makes; the verb `fulfill` ships units of a line, or everything, in a package with a `tracking`
number.
"""

import json
import re
from itertools import count
from typing import Any

import httpx

from crossdock.core.inbound import notices, work_orders
from crossdock.core.inbound.documents import LineUnits
from crossdock.core.inbound.notices import ReceiveNotice
from crossdock.core.inbound.work_orders import CompleteWorkOrder
from crossdock.core.orders.model import Order
from crossdock.doors.pb_fulfillment.inbound import parse_id
from crossdock.doors.pb_fulfillment.responses import format_order_id
from crossdock.flows import inbound, queries, stock
from tests.doors.golden import OrdersPlayer, Tree, changed
from tests.doors.pb_fulfillment.client import BASE, ORDERS, TRANSACTION
from tests.doors.pb_fulfillment.shipping import ship
from tests.flows.allocating import add_locations
from tests.flows.allocating import count as count_stock
from tests.world import World

_FACILITY: dict[str, tuple[str, Any]] = {
    "receive": (notices.KIND, lambda quantity: ReceiveNotice(lines=(LineUnits(0, quantity),))),
    "complete": (work_orders.KIND, lambda quantity: CompleteWorkOrder(quantity=quantity)),
}

_SHIPMENT_ID = re.compile(r"SHP\d{19}-")
_RETURN_ID = re.compile(r"RET\d{19}US")
_PACKAGE_ID = re.compile(r'("packageId": )"\d{19}"')
_SERVER_TIMES = re.compile(
    r'("(?:pb(?:Create|Update|Cancel)|shipped)Date": |"onHoldQuantity": \d+, "updateDate": )'
    r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|\.\d{3}\+0000)"'
)
_READS = {"receivingASNId": "receiving-asn", "workOrderId": "work-orders", "sku": "products"}


class Player(OrdersPlayer):
    """Reads orders as the client that created them; only server-owned members hold times of the server."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._numbers = count(1)
        self._documents: dict[str, str] = {}  # the paths by which they are read

    def headers(self, step: Tree) -> dict[str, str]:
        """See OrdersPlayer."""
        return {TRANSACTION: step.get("transaction") or f"golden-{next(self._numbers)}"} | step.get("headers", {})

    async def spell(self, order_id: int) -> str:
        """See OrdersPlayer."""
        return format_order_id(await queries.order(self.world.context, self.caller, order_id=order_id))

    def read(self, name: str, order: Order) -> Tree:
        """See OrdersPlayer."""
        client = order.content.account_ref if order.source.door == "pb_fulfillment" else "1234"
        return {"method": "GET", "path": f"{ORDERS}/<{name}>?clientId={client}"}

    def identity(self, step: Tree, answer: Tree) -> int:
        """See OrdersPlayer; the order may be one of several in the answer."""
        orders = answer.get("orders", ())
        return super().identity(
            step, next((each for each in orders if each["clientOrderId"] == step["number"]), answer)
        )

    async def remember(self, step: Tree, answer: httpx.Response) -> None:
        """See OrdersPlayer; documents are remembered by their name."""
        await super().remember(step, answer)
        if "return" in step and answer.status_code < 300:
            self.rendered[step["return"]] = answer.json()["returnOrderId"]
        if "name" in step and answer.status_code < 300:
            member = next(name for name in _READS if name in answer.json())
            client, rendered = answer.json()["clientId"], answer.json()[member]
            self._documents[step["name"]] = f"{BASE}/{_READS[member]}/{rendered}?clientId={client}"
            self.rendered[step["name"]] = rendered

    async def verb(self, step: Tree) -> None:
        """See Player; `do` names what the facility does."""
        if step.get("verb") == "fulfill":
            lines = [(step["line"], step["quantity"])] if "line" in step else []
            await ship(self.world, self.rendered[step["order"]], step["tracking"], *lines)
        elif "do" not in step:
            await super().verb(step)
        elif step["do"] == "open":
            await add_locations(self.world, self.caller, step["location"])
        elif step["do"] == "count":
            pool = step.get("pool", "")
            await count_stock(self.world, self.caller, step["sku"], step["location"], step["quantity"], pool)
        else:
            kind, command = _FACILITY[step["do"]]
            name, prefix = step["document"], "ASN" if step["do"] == "receive" else "WRK"
            await inbound.change(
                self.world.context, self.caller, command(step["quantity"]), kind=kind, door="hub",
                document_id=parse_id(prefix, self.rendered[name]), render=lambda _: b"{}",
            )  # fmt: skip

    async def state(self) -> dict[str, Tree]:
        """See Player; times are masked before states are compared, because two changes may fall into one second."""
        state: dict[str, Tree] = await super().state()
        for name, path in self._documents.items():
            read = await self.ask({"method": "GET", "path": path})
            state[name] = {"read": read.json(), "stock": await self._stock()}
        return self._masked(state)  # type: ignore[no-any-return]

    async def _stock(self) -> list[str]:
        levels = await stock.page(self.world.context, self.caller, limit=200)
        return [
            f"{level.sku} at {level.location} {level.pool or 'NEW'}: {level.on_hand}, {level.available} available"
            for level in levels
        ]

    def masked(self, response: Tree, before: Tree, after: Tree) -> dict[str, Tree]:
        """See Player."""
        return {"response": self._masked(response), "before": before, "after": changed(before, after)}

    def _masked(self, value: Tree) -> Tree:
        text = json.dumps(self.unnamed(value, _SERVER_TIMES, r'\1"<time>"'), ensure_ascii=False)
        text = _PACKAGE_ID.sub(r'\1"<package>"', _SHIPMENT_ID.sub("<shipment>-", text))
        return json.loads(_RETURN_ID.sub("<return>", text))
