"""Every call of the vendor's pages over HTTP: it works, or it is not offered and says why; nothing is "not yet"."""

import re
from pathlib import Path
from typing import Any

import pytest

from crossdock.doors.pb_oms import DOOR
from tests.doors.pb_oms.client import PRODUCT, Headers, is_shipping_error, sample
from tests.doors.pb_oms.shipping import BASE, CARRIER_CODE, DEFAULTS, PRINTER, prepare
from tests.world import World

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/doors/pb_oms.md").read_text()
COVERAGE = (ROOT / "docs/coverage.md").read_text()
ORDER = "/ordermanagement/api/v1/orders"
# Every call that works, with its status and the body that makes it succeed; names in braces are those of `prepare`. What a
# call deletes is not needed by those after it.
WORKS: dict[str, tuple[int, Any]] = {
    "POST /auth/api/v1/token": (200, None),
    f"POST {ORDER}": (200, sample(orderNumber="another")),
    f"GET {ORDER}/{{orderId}}": (200, None),
    f"PATCH {ORDER}/{{orderId}}": (200, {"orderMessage": None}),
    f"PUT {ORDER}/{{orderId}}/tags": (200, {"tagIds": ["x"]}),
    f"PUT {ORDER}/bulkTags": (200, {"tags": [{"orderId": "{orderId}", "tagIds": ["x"]}]}),
    f"POST {ORDER}/search": (200, {"filters": [{"name": "orderId", "value": ["{orderId}"]}]}),
    f"DELETE {ORDER}/{{orderId}}/items?itemId=A": (200, None),
    f"PATCH {ORDER}/bulk/status": (200, {"orders": [{"orderId": "{orderId}"}], "status": "ONHOLD"}),
    f"DELETE {ORDER}/{{orderId}}": (200, None),
    f"POST {BASE}/customsproduct": (201, PRODUCT),
    f"GET {BASE}/customsproduct": (200, None),
    f"GET {BASE}/customsproduct/{{customsProductId}}": (200, None),
    f"PUT {BASE}/customsproduct/{{customsProductId}}": (200, PRODUCT),
    f"POST {BASE}/custom-carrier-codes": (201, CARRIER_CODE),
    f"GET {BASE}/custom-carrier-codes/{{code}}": (200, None),
    f"PUT {BASE}/custom-carrier-codes/{{code}}": (200, CARRIER_CODE),
    f"GET {BASE}/shipviacode/{{code}}": (200, None),
    f"PUT {BASE}/shipviacode/{{code}}": (200, CARRIER_CODE),
    f"GET {BASE}/carriers": (200, None),
    f"GET {BASE}/carrierAccounts": (200, None),
    f"GET {BASE}/countries?carrier=UPS": (200, None),
    f"GET {BASE}/services?originCountryCode=CA": (200, None),
    f"GET {BASE}/parcelTypes?destinationCountryCode=CA": (200, None),
    f"GET {BASE}/specialServices?service=LIB&parcel=PKG": (200, None),
    f"POST {BASE}/defaults": (200, DEFAULTS),
    f"GET {BASE}/defaults?page=1&size=5": (200, None),
    f"GET {BASE}/defaults/{{defaultID}}": (200, None),
    f"PUT {BASE}/defaults/{{defaultID}}": (200, DEFAULTS),
    f"DELETE {BASE}/defaults/{{defaultID}}": (200, None),
    f"POST {BASE}/printer/mapping": (201, PRINTER),
    f"GET {BASE}/printer/mapping?alias=P1": (200, None),
    f"DELETE {BASE}/printer/mapping?alias=P1": (200, None),
    f"GET {BASE}/shipments?startDate=2020-01-01": (200, None),
    f"GET {BASE}/shipments/{{shipmentId}}": (200, None),
    f"GET {BASE}/pickups?status=scheduled": (200, None),
    "GET /api/v1/webhook/events": (200, None),
}
# Every call that is not offered, by the words of its answer that name what Crossdock does not do.
NOT_OFFERED = {
    "asks no carrier for rates": ("POST v1/rates", "POST v1/multipiece/rates"),
    "buys no labels from carriers": (
        "POST v1/shipments", "POST v1/shipments/importUrl", "POST v1/shipments/batch/{batchId}/process",
        "GET v1/shipments/batch/{batchId}/status", "GET v1/shipments/batch/{batchId}/shipments", "POST v1/bulkShipments",
        "POST v1/multipiece/shipments", "POST v2/shipments", "PUT v1/shipments/{shipmentId}/cancel",
        "PUT v1/multipiece/shipments/{shipmentId}/cancel", "POST v1/shipments/batch/{batchId}/void",
        "POST v2/shipments/cancel",
    ),
    "has no labels of carriers": (
        "GET v1/shipments/{shipmentId}/reprint", "GET v1/multipiece/shipments/{shipmentId}/reprint",
        "POST v2/shipments/reprint",
    ),
    "buys no return labels": ("POST v1/shipments/{shipmentId}/return",),
    "buys no labels with an electronic return receipt": (
        "GET v1/err/shipments/{shipmentId}/signaturefile", "POST v1/err/shipments/bpod", "POST v1/err/shipments/importUrl",
        "POST v1/err/stamps/void", "POST v1/err/bulkShipments",
    ),
    "books no pickups": (
        "POST v1/pickups", "PUT v1/pickups/cancel", "GET v1/pickups/{pickupId}/document", "POST v1/pickups/document",
    ),
    "sends no manifests": ("POST v1/manifests", "POST v1/manifests/reprint"),
    "asks no postal authority about addresses": ("POST v1/address/verify", "POST v1/address/suggest"),
    "sends nothing to printers": ("POST v1/document/print", "GET v1/jobs/{jobId}"),
}  # fmt: skip
REASONS = {
    f"{call.split(' ')[0]} /shipping/api/{call.split(' ')[1]}": words
    for words, calls in NOT_OFFERED.items()
    for call in calls
}
DOCUMENTED = 70


@pytest.fixture
def engine() -> str:
    """One engine: the recorded cases of each call run on both."""
    return "sqlite"


def filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: filled(each, names) for name, each in value.items()}
    if isinstance(value, list):
        return [filled(each, names) for each in value]
    if isinstance(value, str):
        for name, text in names.items():
            value = value.replace(f"{{{name}}}", text)
    return value


async def walk(world: World, headers: Headers, names: dict[str, str], *replaced: str) -> list[str]:
    """Call all that works, with the beginning of paths replaced; returns the calls that do not succeed."""
    failed = []
    for call, (status, body) in WORKS.items():
        method, path = filled(call, names).split(" ")
        if replaced and not path.startswith(replaced[0]):
            continue
        path = path.replace(*replaced, 1) if replaced else path
        if path.startswith("/auth"):
            response = await world.http.request(method, path, auth=("demo", "demo-secret"))
        else:
            response = await world.http.request(method, path, json=filled(body, names), headers=headers)
        if response.status_code != status:
            failed.append(f"{method} {path}: {response.status_code} {response.text[:200]}")
    return failed


class TestCallsThatWork:
    async def test_every_call_that_works_succeeds(self, world: World, headers: Headers) -> None:
        assert await walk(world, headers, await prepare(world, headers, "N-1")) == []

    @pytest.mark.parametrize(
        "replaced",
        [(ORDER, "/api/v1/orders"), (ORDER, "/ca/shipping/api/v1/orders"), (BASE, "/ca" + BASE),
         ("/api/v1/webhook", BASE + "/webhook")],
    )  # fmt: skip
    async def test_every_alias_of_a_call_succeeds(
        self, world: World, headers: Headers, replaced: tuple[str, str]
    ) -> None:
        assert await walk(world, headers, await prepare(world, headers, "N-1"), *replaced) == []


class TestCallsThatAreNotOffered:
    async def test_a_call_that_is_not_offered_says_what_crossdock_does_not_do_and_what_to_do_instead(
        self, world: World, headers: Headers
    ) -> None:
        for call, words in REASONS.items():
            method, path = re.sub(r"{\w+}", "x", call).split(" ")
            for prefix in ("", "/ca"):
                response = await world.http.request(method, prefix + path, headers=headers)
                assert is_shipping_error(response, 501, "not_offered"), call
                (error,) = response.json()["errors"]
                assert error["errorDescription"].startswith("Crossdock "), call
                assert words in error["errorDescription"], call
                assert error["errorDescription"].count(". ") == 1, call  # the second sentence is what to do
                assert "yet" not in error["errorDescription"], call
                assert error["additionalInfo"] == error["errorDescription"]


class TestTheListOfCalls:
    def test_the_door_has_every_documented_call_and_none_is_not_yet(self) -> None:
        works = {call.partition("?")[0] for call in WORKS}
        assert {f"{route.method} {route.paths[0]}" for route in DOOR.routes} == works
        assert {f"{route.method} {route.paths[0]}" for route in DOOR.not_offered} == set(REASONS)
        assert DOOR.not_yet == ()
        assert len(works) + len(REASONS) == DOCUMENTED

    def test_the_page_of_the_door_lists_the_same_calls_with_a_reason_for_each_that_is_not_offered(self) -> None:
        rows = re.findall(r"^\| `([A-Z]+ [^`]+)` \| ([a-z ]+) \| (.+) \|$", PAGE, re.MULTILINE)
        assert {call for call, state, _ in rows if state in ("works", "differs")} == {
            call.partition("?")[0] for call in WORKS
        }
        assert {
            call: words for call, state, text in rows if state == "not offered" and (words := REASONS[call]) in text
        } == (REASONS)
        assert len(rows) == DOCUMENTED
        assert "not yet" not in PAGE

    def test_the_coverage_page_gives_the_reason_of_each_call_that_is_not_offered(self) -> None:
        for call, words in REASONS.items():
            assert re.search(rf"^\| `{re.escape(call)}` \| not offered: [^|]*{words}", COVERAGE, re.MULTILINE), call
