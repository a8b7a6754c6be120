"""Every call of the vendor's pages works, and the page of the door lists the same calls."""

import re
from pathlib import Path

import pytest

from tests.doors.s2.client import UNKNOWN_ID, Headers
from tests.world import World

# Every call of the vendor's pages, and those that this project adds in their style.
WORKS = (
    ("POST", "/login"),
    ("GET", "/account"),
    ("POST", "/product"),
    ("GET", "/product"),
    ("POST", "/order"),
    ("GET", "/order"),
    ("GET", "/order/{orderId}"),
    ("PUT", "/order/{orderId}"),
    ("POST", "/order/{orderId}/cancel"),
    ("POST", "/order/{orderId}/archive"),
    ("POST", "/order/{orderId}/unarchive"),
    ("POST", "/fulfillment"),
    ("GET", "/fulfillment"),
    ("GET", "/fulfillment/{fulfillment_id}"),
    ("POST", "/fulfillment/{fulfillment_id}/attachment/bulk-create"),
    ("GET", "/inventory/overview"),
    ("GET", "/warehouse"),
)
PAGE = Path(__file__).parents[3] / "docs" / "doors" / "s2.md"


class TestCalls:
    @pytest.mark.parametrize(("method", "path"), WORKS)
    async def test_a_supported_call_is_routed(self, world: World, headers: Headers, method: str, path: str) -> None:
        requested = re.sub(r"\{\w+\}", UNKNOWN_ID, path)
        response = await world.http.request(method, requested, content=b"{}", headers=headers)
        assert response.status_code not in (405, 501), response.text
        assert response.json().get("message") != "There is nothing at this path"
        if "{" in path:  # what it names does not exist, but the path does
            what = "fulfillment" if "fulfillment" in path else "order"
            assert (response.status_code, response.json()["message"]) == (404, f"There is no such {what}")

    @pytest.mark.parametrize(("method", "path"), [("PUT", "/fulfillment"), ("DELETE", "/inventory/overview")])
    async def test_another_method_of_a_call_is_405_in_the_vendors_shape(
        self, world: World, headers: Headers, method: str, path: str
    ) -> None:
        response = await world.http.request(method, path, headers=headers)
        assert (response.status_code, list(response.json())) == (405, ["code", "message"])

    @pytest.mark.parametrize("path", ["/fulfillment/x/y", "/inventory", "/inventory/x", "/product/x", "/account/x"])
    async def test_a_path_near_the_vendors_is_404_in_the_vendors_shape(
        self, world: World, headers: Headers, path: str
    ) -> None:
        response = await world.http.get(path, headers=headers)
        assert (response.status_code, list(response.json())) == (404, ["code", "message"])

    def test_the_page_of_the_door_lists_the_same_calls(self) -> None:
        table = PAGE.read_text().partition("## Calls")[2].partition("\n## ")[0]
        found = re.findall(r"^\| `(\w+) ([^`]+)` \| ([^|]+) \|", table, re.MULTILINE)
        works = {(method, path) for method, path, state in found if not state.startswith("not yet")}
        waits = {(method, path) for method, path, state in found if state.startswith("not yet")}
        assert (works, waits) == (set(WORKS), set())
        assert len(found) == len(works) + len(waits)
