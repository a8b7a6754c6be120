"""The player of this door's recorded cases; see tests/doors/golden.py."""

import json
import re

import httpx

from crossdock.core.orders.model import Order
from crossdock.doors.pb_oms.mapping import format_id, parse_id
from tests.doors.golden import OrdersPlayer, Tree, changed

ORDERS = "/ordermanagement/api/v1/orders"
# Ids of the server that are no orders': of the database, of the organization, and of default settings without one of their own.
_IDS = (
    (re.compile(r'"id": "[0-9a-f]{24}"'), '"id": "<id>"'),
    (re.compile(r'"(sub(?:ID|Id)|defaultI[dD])": "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"'), r'"\1": "<uuid>"'),
)
_TIME = re.compile(r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"')


class Player(OrdersPlayer):
    """Records also the tags of an order, and whether it is archived.

    The `names` of a given step are members of its answer, by the name that stands for them in paths and in what is recorded:
    {"H": "items.0.id"} makes `<H>` the id of the first item.
    """

    def headers(self, step: Tree) -> dict[str, str]:
        """See OrdersPlayer."""
        return {"Content-Type": "application/json"}

    async def remember(self, step: Tree, answer: httpx.Response) -> None:
        """See OrdersPlayer."""
        await super().remember(step, answer)
        for name, path in step.get("names", {}).items():
            value = answer.json()
            for part in path.split("."):
                value = value[int(part) if part.isdigit() else part]
            self.rendered[name] = value

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
        text = json.dumps(self.unnamed(case, _TIME, '"<time>"'), ensure_ascii=False)
        for pattern, placeholder in _IDS:
            text = pattern.sub(placeholder, text)
        return json.loads(text)  # type: ignore[no-any-return]

    def body(self, answer: httpx.Response) -> Tree:
        """See Player; an answer may have no body."""
        return answer.json() if answer.content else None
