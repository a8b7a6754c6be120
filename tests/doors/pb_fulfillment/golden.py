"""The player of this door's recorded cases; see tests/doors/golden.py.

A request without a `transaction` gets a new transaction id.
"""

import re
from itertools import count

from crossdock.core.orders.model import Order
from crossdock.doors.pb_fulfillment.responses import format_order_id
from crossdock.flows import queries
from tests.doors.golden import OrdersPlayer, Tree, changed
from tests.doors.pb_fulfillment.client import ORDERS, TRANSACTION
from tests.world import World

_SERVER_TIMES = re.compile(r'("pb(?:Create|Update)Date": )"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"')


class Player(OrdersPlayer):
    """Reads orders as the client that created them; only server-owned members hold times of the server."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._numbers = count(1)

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

    async def state(self) -> dict[str, Tree]:
        """See Player; times are masked before states are compared, because two changes may fall into one second."""
        return self._masked(await super().state())  # type: ignore[no-any-return]

    def masked(self, response: Tree, before: Tree, after: Tree) -> dict[str, Tree]:
        """See Player."""
        return {"response": self._masked(response), "before": before, "after": changed(before, after)}

    def _masked(self, value: Tree) -> Tree:
        return self.unnamed(value, _SERVER_TIMES, r'\1"<time>"')
