"""The player of recorded cases that need stock: allocations and reservations; also of shipping methods and lists.

Besides the steps of golden.py, `{"do": "stock", "at": "W1", "sku": "RED-M", "units": 3}` counts the units at a location, which
is created if it is new, `{"do": "allocate"}` allocates the first order, and `{"do": "finish jobs"}` waits for exports. In a
path or body `<allocation>` is the first order's newest allocation, `<first allocation>` its oldest, `<method>`, `<list>`,
`<shipment>` and `<invoice>` what was created last.
"""

import json
import re
from contextlib import suppress
from typing import Any

import httpx

from crossdock.core.errors import Conflict
from crossdock.core.ids import from_hex24, to_hex24
from crossdock.core.orders.allocating import AllocateOrder
from crossdock.flows.execute import execute
from tests.doors.fabric import golden
from tests.flows.allocating import add_locations, count

Tree = Any
_NAMES = (
    ("shippingMethodId", "<method>"), ("listId", "<list>"), ("shipmentId", "<shipment>"), ("invoiceId", "<invoice>"),
)  # fmt: skip


class Player(golden.Player):
    """Plays the cases of this door."""

    made: dict[str, str]

    async def verb(self, step: Tree) -> None:
        """See golden.Player."""
        if step["do"] == "stock":
            with suppress(Conflict):  # it may be there already
                await add_locations(self.world, self.caller, step["at"])
            await count(self.world, self.caller, step["sku"], step["at"], step["units"])
        elif step["do"] == "allocate":
            order = await self._find_first()
            assert order is not None, step
            await execute(self.world.context, self.caller, [AllocateOrder(order_id=order.order_id)], door="hub")
        elif step["do"] == "finish jobs":
            await self.world.context.jobs.idle()
        else:
            await super().verb(step)

    async def ask(self, step: Tree) -> httpx.Response:
        """See golden.Player."""
        text = json.dumps(step)
        order = await self._find_first() if "allocation>" in text else None
        if order is not None:
            text = text.replace("<allocation>", to_hex24(order.allocations[-1].allocation_id))
            text = text.replace("<first allocation>", to_hex24(order.allocations[0].allocation_id))
        for name, value in getattr(self, "made", {}).items():
            text = text.replace(name, value)
        return await super().ask(json.loads(text))

    async def remember(self, step: Tree, answer: httpx.Response) -> None:
        """See golden.Player; of the ids in an answer."""
        await super().remember(step, answer)
        body = self.body(answer)
        self.made = getattr(self, "made", {})
        for member, name in _NAMES:
            if isinstance(body, dict) and member in body:
                self.made[name] = body[member]

    def masked(self, response: Tree, before: Tree, after: Tree) -> dict[str, Tree]:
        """See golden.Player; of ids in the midst of texts."""
        record = super().masked(response, before, after)
        first = self._first and to_hex24(self._first.order_id)
        text = re.sub(
            r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "<line item>", json.dumps(record)
        )
        text = re.sub(r'"20\d\d-\d{6}"', '"<invoice number>"', text)
        text = re.sub(r"invoice 20\d\d-\d{6}", "invoice <invoice number>", text)
        return json.loads(  # type: ignore[no-any-return]
            re.sub(
                "[0-9a-f]{24}",
                lambda found: "<id>" if found[0] == first else "<made id>" if from_hex24(found[0]) else found[0],
                text,
            )
        )
