"""The vendor's whole list of calls: what works is never turned away by routing, and the page says which do not work yet."""

import re
from pathlib import Path

import pytest

from tests.doors.s2.signing import NOBODY
from tests.world import World

# Every call on the vendor's pages, and those this project adds in their style. May only move upward.
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
)
NOT_YET = (
    ("POST", "/fulfillment"),
    ("GET", "/fulfillment/{id}"),
    ("POST", "/fulfillment/{id}/attachment/bulk-create"),
    ("GET", "/inventory/overview"),
    ("POST", "/attachment"),
)
PAGE = Path(__file__).parents[3] / "docs" / "doors" / "s2.md"


class TestCalls:
    @pytest.mark.parametrize(("method", "path"), WORKS)
    async def test_that_work_are_not_turned_away(
        self, world: World, headers: dict[str, str], method: str, path: str
    ) -> None:
        requested = re.sub(r"\{\w+\}", NOBODY, path)
        answer = await world.http.request(method, requested, content=b"{}", headers=headers)
        assert answer.status_code not in (405, 501), answer.text
        assert answer.json().get("message") != "There is nothing at this path"
        if "{" in path:  # it is the order that is not there, not the path
            assert (answer.status_code, answer.json()["message"]) == (404, "There is no such order")

    @pytest.mark.parametrize(("method", "path"), NOT_YET)
    async def test_that_do_not_work_yet_say_so(
        self, world: World, headers: dict[str, str], method: str, path: str
    ) -> None:
        answer = await world.http.request(method, re.sub(r"\{\w+\}", NOBODY, path), content=b"{}", headers=headers)
        assert answer.status_code == 404, "this call works: move it upward"

    def test_are_all_in_the_pages_table(self) -> None:
        table = PAGE.read_text().partition("## Calls")[2].partition("\n## ")[0]
        found = re.findall(r"^\| `(\w+) ([^`]+)` \| ([^|]+) \|", table, re.MULTILINE)
        works = {(method, path) for method, path, state in found if not state.startswith("not yet")}
        waits = {(method, path) for method, path, state in found if state.startswith("not yet")}
        assert (works, waits) == (set(WORKS), set(NOT_YET))
        assert len(found) == len(works) + len(waits)
