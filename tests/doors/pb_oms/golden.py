"""The player of this door's recorded cases; see tests/doors/golden.py."""

import re

from crossdock.core.orders.model import Order
from crossdock.doors.pb_oms.mapping import format_id, parse_id
from tests.doors.golden import OrdersPlayer, Tree, changed

ORDERS = "/ordermanagement/api/v1/orders"
_TIME = re.compile(r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"')


class Player(OrdersPlayer):
    """Records also the tags of an order, and whether it is archived."""

    def headers(self, step: Tree) -> dict[str, str]:
        """See OrdersPlayer."""
        return {"Content-Type": "application/json"}

    async def spell(self, order_id: int) -> str:
        """See OrdersPlayer."""
        return format_id(order_id)

    def read(self, name: str, order: Order) -> Tree:
        """See OrdersPlayer."""
        return {"method": "GET", "path": f"{ORDERS}/<{name}>"}

    def own_id(self, rendered: str) -> int | None:
        """See OrdersPlayer."""
        return parse_id(rendered)

    def state_of(self, order: Order) -> dict[str, Tree]:
        """See OrdersPlayer."""
        return super().state_of(order) | {"tags": list(order.tags), "archived": order.archived}

    def masked(self, response: Tree, before: Tree, after: Tree) -> dict[str, Tree]:
        """See Player; every time is a time of the server."""
        case = {"response": response, "before": before, "after": changed(before, after)}
        return self.unnamed(case, _TIME, '"<time>"')  # type: ignore[no-any-return]
