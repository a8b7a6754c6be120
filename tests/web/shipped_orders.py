"""An order that was shipped, and a part of it returned and refunded, with the requests for each part of it."""

from typing import Any

from tests.world import World

UNITS = [{"line": 0, "quantity": 1}]


async def ship_and_return(world: World, headers: dict[str, str], number: str) -> dict[str, str]:
    """Make such an order; its texts are `number`. Return the hub's ids of it and its parts."""

    async def do(method: str, path: str, body: Any = None) -> Any:
        answer = await world.http.request(method, f"/hub/v1/{path}", json=body, headers=headers)
        answer.raise_for_status()
        return answer.json()

    lines = [{"sku": number, "quantity": 3, "unit_price": "5.00"}]
    order = (await do("POST", "orders", {"number": number, "currency": "USD", "lines": lines}))["id"]
    body = {"lines": [{"line": 0, "quantity": 2}], "tracking_number": number, "reference": number, "carrier": number}
    shipped = await do("POST", f"orders/{order}/ship", body)
    (fulfillment,) = shipped["order"]["fulfillments"]
    asked = {"lines": UNITS, "reference": number, "note": number}
    back = (await do("POST", f"orders/{order}/returns", asked))["return"]["id"]
    await do("POST", f"orders/{order}/payments", {"reference": number, "captured": "15.00"})
    (invoice,) = (await do("GET", f"orders/{order}/invoices"))["items"]
    return {
        "order": order, "fulfillment": fulfillment["id"], "package": fulfillment["packages"][0]["id"], "return": back,
        "invoice": invoice["id"],
    }  # fmt: skip


def requests(ids: dict[str, str], number: str) -> dict[str, dict[str, Any]]:
    """Return the arguments of the case of each operation."""
    order, fulfillment, back = ({"id": ids[name]} for name in ("order", "fulfillment", "return"))
    package, invoices = {"id": ids["package"]}, {"body": {"ids": [ids["invoice"]]}}
    return {
        "shipOrder": order | {"body": {}},
        "createFulfillment": {"body": {"order_id": ids["order"], "location": "W1"}},
        "listFulfillments": {},
        "shipFulfillments": {"body": {"items": [fulfillment]}},
        "getFulfillment": fulfillment,
        "getPackingSlip": fulfillment,
        "getLabels": fulfillment,
        "getInvoicePaper": {"id": ids["invoice"]},
        "getPickList": {"query": "?location=W1"},
        "pickFulfillment": fulfillment | {"body": {}},
        "packFulfillment": fulfillment | {"body": {"packages": [{"lines": UNITS}]}},
        "shipFulfillment": fulfillment | {"body": {}},
        "cancelFulfillment": fulfillment | {"body": {}},
        "moveFulfillment": fulfillment | {"body": {"location": "W1"}},
        "splitFulfillment": fulfillment | {"body": {"lines": UNITS}},
        "mergeFulfillments": fulfillment | {"body": {"other_id": ids["fulfillment"]}},
        "makeFulfillmentReady": fulfillment | {"body": {}},
        "reshipPackage": package | {"body": {}},
        "trackPackages": {"body": {"items": [{"package_id": ids["package"], "status": "lost"}]}},
        "requestReturn": order | {"body": {}},
        "getReturnEligibility": order,
        "listReturns": {},
        "getReturn": back,
        "receiveReturn": back | {"body": {}},
        "judgeReturn": back | {"body": {"scrap": UNITS}},
        "cancelReturn": back | {"body": {}},
        "refundReturn": back | {"body": {}},
        "refundOrder": order | {"body": {"amount": "1.00"}},
        "getReturnPolicy": {},
        "putReturnPolicy": {"body": {}},
        "recordPayment": order | {"body": {"reference": number}},
        "getBalance": order,
        "listInvoices": {},
        "getInvoice": {"id": ids["invoice"]},
        "getInvoicesOfOrder": order,
        "postInvoices": invoices,
        "acknowledgeInvoices": invoices,
    }
