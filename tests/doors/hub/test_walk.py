"""The hub's whole list of calls: each works and stands in the page's table with its scope; what does not work yet is named."""

import re
from pathlib import Path

import pytest

from crossdock.doors.hub import DOOR
from tests.doors.hub.inbound_calls import NOTICE, TRANSFER, WORK_ORDER
from tests.doors.hub.test_moves import BODIES
from tests.world import World

NOBODY = "0000000000000"
VERBS = tuple(BODIES)
# Documents of inbound: by the path of the list, the body of a create call and the verbs besides close and cancel.
INBOUND = {
    "/hub/v1/receiving-notices": (NOTICE, ("receive",)),
    "/hub/v1/work-orders": (WORK_ORDER, ("complete",)),
    "/hub/v1/transfers": (TRANSFER, ("ship", "receive")),
}
UNITS = [{"line": 0, "quantity": 1}]
FULFILLMENT_VERBS = ("pick", "pack", "ship", "cancel", "move", "split", "merge", "ready")
# The smallest sound bodies of calls that need one, by the end of their path.
SMALLEST = BODIES | {
    "pack": {"packages": [{"lines": UNITS}]},
    "move": {"location": "W1"},
    "split": {"lines": UNITS},
    "merge": {"other_id": NOBODY},
    "judge": {"scrap": UNITS},
    "refund": {"amount": "1.00"},
    "payments": {"reference": "pay_123"},
}
WORKS = (
    ("POST", "/hub/v1/token"),
    ("POST", "/hub/v1/orders"),
    ("GET", "/hub/v1/orders"),
    ("GET", "/hub/v1/orders/counts"),
    ("GET", "/hub/v1/orders/export"),
    ("GET", "/hub/v1/orders/{id}"),
    ("GET", "/hub/v1/orders/{id}/events"),
    *(("POST", f"/hub/v1/orders/{{id}}/{verb}") for verb in VERBS),
    ("GET", "/hub/v1/submissions"),
    ("GET", "/hub/v1/submissions/{id}"),
    ("POST", "/hub/v1/submissions/{id}/redrive"),
    ("GET", "/hub/v1/events"),
    *((method, path) for path in INBOUND for method in ("POST", "GET")),
    *((method, f"{path}/{{id}}") for path in INBOUND for method in ("GET", "PUT")),
    *(
        ("POST", f"{path}/{{id}}/{verb}")
        for path, (_, verbs) in INBOUND.items()
        for verb in (*verbs, "close", "cancel")
    ),
    ("GET", "/hub/v1/expected-units"),
    ("POST", "/hub/v1/endpoints"),
    ("GET", "/hub/v1/endpoints"),
    ("GET", "/hub/v1/endpoints/{id}"),
    ("PATCH", "/hub/v1/endpoints/{id}"),
    ("DELETE", "/hub/v1/endpoints/{id}"),
    ("POST", "/hub/v1/endpoints/{id}/rotate"),
    ("POST", "/hub/v1/endpoints/{id}/test"),
    ("POST", "/hub/v1/endpoints/{id}/redeliver"),
    ("GET", "/hub/v1/endpoints/{id}/deliveries"),
    ("GET", "/hub/v1/endpoints/{id}/deliveries/{delivery}"),
    ("POST", "/hub/v1/endpoints/{id}/deliveries/{delivery}/redeliver"),
    ("GET", "/hub/v1/mail-settings"),
    ("PUT", "/hub/v1/mail-settings"),
    ("GET", "/hub/v1/mails"),
    ("GET", "/hub/v1/mails/{id}"),
    ("GET", "/hub/v1/access-log"),
    ("POST", "/hub/v1/locations"),
    ("GET", "/hub/v1/locations"),
    ("POST", "/hub/v1/locations/import"),
    *((method, "/hub/v1/locations/{code}") for method in ("GET", "PUT", "PATCH", "DELETE")),
    ("POST", "/hub/v1/products"),
    ("GET", "/hub/v1/products"),
    ("POST", "/hub/v1/products/import"),
    *((method, "/hub/v1/products/{sku}") for method in ("GET", "PUT", "PATCH", "DELETE")),
    ("POST", "/hub/v1/shipping-methods"),
    ("GET", "/hub/v1/shipping-methods"),
    ("POST", "/hub/v1/shipping-methods/import"),
    *((method, "/hub/v1/shipping-methods/{code}") for method in ("GET", "PUT", "PATCH", "DELETE")),
    ("GET", "/hub/v1/stock"),
    *(("POST", f"/hub/v1/stock/{verb}") for verb in ("count", "adjust", "receive", "limits", "import")),
    ("GET", "/hub/v1/stock/movements"),
    ("GET", "/hub/v1/stock/availability"),
    *(("POST", f"/hub/v1/orders/{{id}}/{verb}") for verb in ("allocate", "deallocate", "reallocate")),
    ("POST", "/hub/v1/orders/allocate"),
    ("GET", "/hub/v1/orders/{id}/allocations"),
    ("GET", "/hub/v1/allocations"),
    ("GET", "/hub/v1/allocation-settings"),
    ("PUT", "/hub/v1/allocation-settings"),
    ("POST", "/hub/v1/allocation-settings/try"),
    ("POST", "/hub/v1/orders/{id}/ship"),
    ("POST", "/hub/v1/fulfillments"),
    ("GET", "/hub/v1/fulfillments"),
    ("POST", "/hub/v1/fulfillments/ship"),
    ("GET", "/hub/v1/fulfillments/{id}"),
    *(("POST", f"/hub/v1/fulfillments/{{id}}/{verb}") for verb in FULFILLMENT_VERBS),
    ("POST", "/hub/v1/packages/{id}/reship"),
    ("POST", "/hub/v1/tracking"),
    ("POST", "/hub/v1/orders/{id}/returns"),
    ("GET", "/hub/v1/orders/{id}/returns/eligibility"),
    ("GET", "/hub/v1/returns"),
    ("GET", "/hub/v1/returns/{id}"),
    *(("POST", f"/hub/v1/returns/{{id}}/{verb}") for verb in ("receive", "judge", "cancel", "refund")),
    ("POST", "/hub/v1/orders/{id}/refund"),
    ("GET", "/hub/v1/return-policy"),
    ("PUT", "/hub/v1/return-policy"),
    ("POST", "/hub/v1/orders/{id}/payments"),
    ("GET", "/hub/v1/orders/{id}/balance"),
    ("GET", "/hub/v1/invoices"),
    ("GET", "/hub/v1/invoices/{id}"),
    ("GET", "/hub/v1/invoices/{id}/pdf"),
    ("GET", "/hub/v1/fulfillments/{id}/packing-slip"),
    ("GET", "/hub/v1/fulfillments/{id}/labels"),
    ("GET", "/hub/v1/pick-list"),
    ("GET", "/hub/v1/orders/{id}/invoices"),
    ("POST", "/hub/v1/invoices/post"),
    ("POST", "/hub/v1/invoices/acknowledge"),
    ("POST", "/hub/v1/token/revoke"),  # last, because it ends the token that asks
)
# What an order can do and no call asks for yet. May only shrink.
NOT_YET: tuple[tuple[str, str], ...] = ()
PAGE = Path(__file__).parents[3] / "docs" / "doors" / "hub.md"


class TestCalls:
    async def test_that_work_are_not_turned_away(self, world: World, headers: dict[str, str]) -> None:
        for method, path in WORKS:
            body = SMALLEST.get(path.rpartition("/")[2], {})
            if path.endswith("/{id}/redeliver"):
                body = {"since": "2026-01-01T00:00:00Z"}
            if (collection := "/".join(path.split("/")[:4])) in INBOUND:
                body = INBOUND[collection][0] if method == "PUT" else {}
            path = path.replace("{delivery}", NOBODY)  # noqa: PLW2901 - the same call, of nothing that is there
            answer = await world.http.request(method, path.replace("{id}", NOBODY), json=body, headers=headers)
            assert answer.status_code not in (405, 501), path
            code = answer.json().get("code") if answer.content else None
            assert code != "no_route", path
            if "{id}" in path:
                missing = {"orders": "no_order", "submissions": "no_submission"}
                assert code == missing.get(path.split("/")[3], "not_found"), path

    @pytest.mark.parametrize(("method", "path"), NOT_YET)
    async def test_that_do_not_work_yet_say_so(
        self, world: World, headers: dict[str, str], method: str, path: str
    ) -> None:
        answer = await world.http.request(method, path.replace("{id}", NOBODY), json={}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (501, "not_yet"), "this call works: move it upward"

    def test_are_the_routes(self) -> None:
        assert {(route.method, path) for route in DOOR.not_yet for path in route.paths} == set(NOT_YET)
        assert {(route.method, path) for route in DOOR.routes for path in route.paths} == set(WORKS)

    def test_are_all_in_the_pages_table_with_their_scopes(self) -> None:
        table = PAGE.read_text().partition("## Calls")[2].partition("\n## ")[0]
        found = re.findall(r"^\| `(\w+) ([^`]+)` \| ([^|]+) \| ([^|]+) \|", table, re.MULTILINE)
        works = {(method, path): scope.strip("` ") for method, path, scope, document in found if document != "not yet"}
        assert works == {(route.method, path): route.scope or "none" for route in DOOR.routes for path in route.paths}
        assert {(method, path) for method, path, _, document in found if document == "not yet"} == set(NOT_YET)
