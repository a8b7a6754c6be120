"""Fill the demo organization of a running server with sample orders, so that the console has something to show.

`python -m docs.sample_orders http://127.0.0.1:8000`. The console's tests and screenshots use it. Orders have all statuses and
come through all doors; names and texts are made up.
"""

import json
import random
import sys
from pathlib import Path
from typing import Any

import httpx

_PEOPLE = [
    ("Jane Smith", "Vancouver", "BC", "CA"), ("Amélie Laurent", "Lyon", None, "FR"), ("王小明", "上海", None, "CN"),
    ("Noah Weber", "Berlin", None, "DE"), ("Olivia Brown", "Seattle", "WA", "US"), ("Mateo García", "Madrid", None, "ES"),
    ("Aiko Tanaka", "Osaka", None, "JP"), ("Liam O'Connor", "Dublin", None, "IE"),
]  # fmt: skip
_PRODUCTS = [
    ("MUG-RED", "Stoneware mug, red", "18.00"), ("MUG-BLUE", "Stoneware mug, blue", "18.00"),
    ("SHIRT-M", "Cotton shirt, M", "39.50"), ("LAMP-1", "Desk lamp", "74.90"), ("BAG-1", "Canvas bag", "24.00"),
    ("CHAIR-OAK", "Oak chair", "189.00"),
]  # fmt: skip
_HERE = Path(__file__).parent.parent
_FABRIC = {"x-site-context": json.dumps({"account": "62272e917b12209e68751d94"})}
_VENDORS = {
    "pb_oms": ("/ordermanagement/api/v1/orders", "orderNumber", {}),
    "pb_fulfillment": ("/shippingservices/fulfillment/v1/orders", "orderNumber", {"X-PB-TransactionId": "sample-1"}),
    "fabric": ("/api/v2/order/", "orderNumber", _FABRIC),
    "s2": ("/order", "channelOrderId", {"X-S2-Organization": "95d73baf-76ba-4bea-86ac-1534c5e5d4aa"}),
}


class Samples:
    """Sends the requests of a client of the demo organization."""

    def __init__(self, base: str, http: httpx.Client | None = None) -> None:
        self._http = http or httpx.Client(base_url=base, timeout=60)
        grant = self._http.post("/hub/v1/token", auth=("demo", "demo-secret")).raise_for_status().json()
        self._http.headers["Authorization"] = f"Bearer {grant['access_token']}"
        self._random = random.Random(7)

    def post(self, path: str, body: Any, *, ok: bool = True, **headers: str) -> Any:
        """Send a body; raises httpx.HTTPStatusError for a refusal, unless it is expected."""
        answer = self._http.post(path, json=body, headers=headers)
        if ok:
            answer.raise_for_status()
        return answer.json() if answer.content else None

    def hub_order(self, number: str, *, lines: int = 2, **members: Any) -> str:
        """Create an order through the hub's API and return its id."""
        name, city, region, country = self._random.choice(_PEOPLE)
        chosen = self._random.sample(_PRODUCTS, lines)
        items = [
            {"sku": sku, "description": text, "quantity": self._random.randint(1, 3), "unit_price": price}
            for sku, text, price in chosen
        ]
        total = sum(float(each["unit_price"]) * int(str(each["quantity"])) for each in items)
        body = {
            "number": number, "currency": "USD", "lines": items,
            "customer": {"name": name, "email": f"{number.lower()}@example.com"},
            "destinations": [
                {"address": {"name": name, "lines": ["12 Long Street"], "city": city, "region": region, "country": country}}
            ],
            "totals": {"items": f"{total:.2f}", "shipping": "6.00", "total": f"{total + 6:.2f}"},
        } | members  # fmt: skip
        made: dict[str, str] = self.post("/hub/v1/orders", body)
        return made["id"]

    def are_there(self) -> bool:
        """Tell whether the server has been filled before: a second time, orders are in other states."""
        found = self._http.get("/hub/v1/orders", params={"number": "WEB-2004"}).raise_for_status().json()
        return bool(found["items"])

    def fill(self) -> dict[str, str]:
        """Create everything, and return the ids of orders by what is special about them."""
        ids = {f"plain {number}": self.hub_order(f"WEB-{1000 + number}") for number in range(12)}
        self._stock()
        ids["allocated"] = self.hub_order("WEB-2001", lines=1)
        ids["backordered"] = self._backordered()
        ids["held"] = self.hub_order("WEB-2003")
        self.post(
            f"/hub/v1/orders/{ids['held']}/hold",
            {"holds": [{"reason": "fraud review", "note": "Card from another country"}]},
        )
        ids["canceled"] = self.hub_order("WEB-2004")
        self.post(f"/hub/v1/orders/{ids['canceled']}/cancel", {"reason": "customer changed their mind"})
        ids["unbalanced"] = self.hub_order("WEB-2005", totals={"items": "10.00", "total": "99.00"})
        ids["picking"] = self._mugs("WEB-2006", 2)
        started = self.post("/hub/v1/fulfillments", {"order_id": ids["picking"], "location": "SEA"})
        ids["fulfillment"] = started["fulfillment"]["id"]
        ids["shipped"] = self._mugs("WEB-2007", 3)
        self.post(
            f"/hub/v1/orders/{ids['shipped']}/payments",
            {"reference": "pay_7", "method": "card", "authorized": "60.00", "captured": "60.00"},
        )
        self.post(
            f"/hub/v1/orders/{ids['shipped']}/ship",
            {"carrier": "UPS", "service": "Ground", "tracking_number": "1Z999AA10123456784"},
        )
        ids["noted"] = self.hub_order("WEB-2008")
        self.post(
            f"/hub/v1/orders/{ids['noted']}/note", {"text": "The customer asks for a gift card.\nCall before delivery."}
        )
        self.post(f"/hub/v1/orders/{ids['noted']}/tag", {"add": ["vip", "gift"]})
        for door in _VENDORS:
            for number in range(3):
                self.vendor_order(door, f"{door.upper().replace('_', '')}-{number + 1}")
        ids["rejected"] = self._rejected()
        ids["webhook"], ids["delivery"] = self._webhook()
        self._warehouse(ids)
        return ids

    def _warehouse(self, ids: dict[str, str]) -> None:
        """Create a return, a receiving notice and a transfer."""
        ids["returned"] = self._mugs("WEB-2010", 3)
        self.post(f"/hub/v1/orders/{ids['returned']}/ship", {"carrier": "UPS"})
        asked = {"lines": [{"line": 0, "quantity": 2}], "reason": "Too small", "reference": "RMA-1"}
        ids["return"] = self.post(f"/hub/v1/orders/{ids['returned']}/returns", asked)["return"]["id"]
        self.post(f"/hub/v1/returns/{ids['return']}/receive", {"lines": [{"line": 0, "quantity": 1}]})
        expected = [{"sku": "MUG-RED", "expected": 24}, {"sku": "LAMP-1", "expected": 10}]
        notice = {"number": "ASN-100", "location": "SEA", "supplier": "Mug Makers", "lines": expected}
        ids["notice"] = self.post("/hub/v1/receiving-notices", notice)["id"]
        moved = {"number": "TR-100", "source": "SEA", "target": "LYS", "lines": [{"sku": "MUG-BLUE", "quantity": 5}]}
        ids["transfer"] = self.post("/hub/v1/transfers", moved)["id"]

    def _stock(self) -> None:
        for code, name, priority in (("SEA", "Seattle warehouse", 60), ("LYS", "Lyon store", 40)):
            self.post("/hub/v1/locations", {"code": code, "name": name, "priority": priority}, ok=False)
        counts = [
            {"sku": sku, "location": location, "quantity": 40 if location == "SEA" else 12}
            for sku, _, _ in _PRODUCTS[:5]
            for location in ("SEA", "LYS")
        ]
        self.post("/hub/v1/stock/count", {"items": counts})

    def _backordered(self) -> str:
        lines = [{"sku": "CHAIR-OAK", "description": "Oak chair", "quantity": 4, "unit_price": "189.00"}]
        self.post("/hub/v1/stock/count", {"items": [{"sku": "CHAIR-OAK", "location": "SEA", "quantity": 1}]})
        body = {
            "number": "WEB-2002",
            "currency": "USD",
            "lines": lines,
            "customer": {"name": "Noah Weber", "email": "noah@example.com"},
        }
        return str(self.post("/hub/v1/orders", body)["id"])

    def _mugs(self, number: str, quantity: int) -> str:
        address = {"name": "Jane Smith", "lines": ["1822 Franklin Street"], "city": "Vancouver", "country": "CA"}
        line = {"sku": "MUG-RED", "description": "Stoneware mug, red", "quantity": quantity, "unit_price": "18.00"}
        body = {
            "number": number,
            "currency": "USD",
            "customer": {"name": "Jane Smith", "email": "jane@example.com"},
            "destinations": [{"address": address}],
            "lines": [line],
            "totals": {"items": f"{18 * quantity}.00", "shipping": "6.00", "total": f"{18 * quantity + 6}.00"},
        }
        return str(self.post("/hub/v1/orders", body)["id"])

    def vendor_order(self, door: str, number: str) -> Any:
        """Create an order through a vendor's API, with the body of its tests under another number."""
        path, member, headers = _VENDORS[door]
        body = json.loads((_HERE / "tests" / "doors" / door / "create.request.json").read_text(encoding="utf-8"))
        if "X-PB-TransactionId" in headers:  # a request id that was used before is refused
            headers = headers | {"X-PB-TransactionId": f"sample-{number}"[-25:]}
        return self.post(path, body | {member: number}, ok=False, **headers)

    def _webhook(self) -> tuple[str, str]:
        """Create a webhook that is disabled, with a test event that waits; return the ids of both."""
        body = {"url": "http://127.0.0.1:9/events", "name": "Warehouse", "types": ["order.shipped"]}
        webhook = self.post("/hub/v1/endpoints", body)["id"]
        self._http.patch(f"/hub/v1/endpoints/{webhook}", json={"enabled": False}).raise_for_status()
        return webhook, self.post(f"/hub/v1/endpoints/{webhook}/test", None)["id"]

    def _rejected(self) -> str:
        """Send orders that are rejected, with one and with several faults; return the id of one with several."""
        self.post("/hub/v1/orders", {"number": "BAD-1", "lines": [{"sku": "MUG-RED", "quantity": 0}]}, ok=False)
        bad = {
            "number": "BAD-2",
            "currency": "US",
            "lines": [{"sku": "MUG-RED", "quantity": "two"}, {"quantity": 1, "unit_price": "x"}],
        }
        self.post("/hub/v1/orders", bad, ok=False)
        path, member, headers = _VENDORS["fabric"]
        self.post(path, {member: "BAD-3", "items": []}, ok=False, **headers)
        refused = self._http.get("/hub/v1/submissions?status=refused").raise_for_status().json()["items"]
        return str(next(each["id"] for each in refused if each["door"] == "hub" and len(each["errors"]) > 1))


def main() -> None:
    """Fill the server whose address is the argument."""
    base = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
    samples = Samples(base)
    if samples.are_there():
        sys.exit(f"{base} has the sample orders already; nothing was created")
    print(json.dumps(samples.fill(), indent=1))  # noqa: T201


if __name__ == "__main__":
    main()
