"""Exports: the files of every module, who may use their URLs and for how long, and what ends without a file."""

import csv
import io
import json
from typing import Any

import pytest

from crossdock.doors.fabric import examples_lists
from crossdock.doors.fabric import examples_stock as examples
from crossdock.doors.fabric.routes import exports
from crossdock.doors.fabric.routes.export_modules import MODULES
from crossdock.flows import background_jobs, catalog
from tests.doors.fabric.conftest import ORDERS, shirts, smallest
from tests.flows.allocating import add_locations, count
from tests.notifications.world import caller_of
from tests.web.test_tenancy import OWN
from tests.world import World

Tree = Any
BASE = "/api/v2/exports"
MINUTE = 60_000_000


class Client:
    """A client that exports."""

    def __init__(self, world: World, headers: dict[str, str]) -> None:
        self.world, self.http, self.headers = world, world.http, headers

    async def start(self, module: str, **members: Tree) -> str:
        """Start an export; returns its key."""
        answer = await self.http.post(BASE, json={"module": module} | members, headers=self.headers)
        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] == "INITIATED"
        return str(answer.json()["keyId"])

    async def status(self, key_id: str) -> Tree:
        """Return the state of an export when no job is left."""
        await self.world.context.jobs.idle()
        return (await self.http.get(f"{BASE}/status", params={"keyId": key_id}, headers=self.headers)).json()

    async def url(self, key_id: str) -> str:
        """Return the URL of a file."""
        answer = await self.http.get(f"{BASE}/download-url", params={"keyId": key_id}, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["url"])

    async def table(self, module: str, **members: Tree) -> list[dict[str, str]]:
        """Export and download; returns the rows of the file."""
        key_id = await self.start(module, **members)
        assert (await self.status(key_id))["status"] == "FINISHED"
        answer = await self.http.get(await self.url(key_id))
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
        return list(csv.DictReader(io.StringIO(answer.text, newline="")))


@pytest.fixture
async def client(world: World, headers: dict[str, str]) -> Client:
    return Client(world, headers)


class TestFiles:
    async def test_a_row_of_orders_is_an_item_beside_its_order(self, client: Client) -> None:
        for body in (shirts(), smallest()):
            assert (await client.http.post(ORDERS, json=body, headers=client.headers)).status_code == 200
        rows = await client.table("ORDER", sortBy="orderNumber", sortDirection="asc")
        assert [(row["orderNumber"], row["items.sku"]) for row in rows] == [
            ("309019176", "SKU1"), ("SH-1", "RED-M"), ("SH-1", "BLUE-S"),
        ]  # fmt: skip
        assert rows[1]["customer.name.first"] == "Jane"
        assert json.loads(rows[1]["payments"])[0]["paymentCounter"] == 1
        headers = (await client.http.get(f"{BASE}/headers-list?module=order", headers=client.headers)).json()
        assert list(rows[0]) == list(headers)

    async def test_every_module_with_documents_has_a_file_of_them(self, world: World, client: Client) -> None:
        caller = await caller_of(world)
        await add_locations(world, caller, "410")
        await count(world, caller, "RED-M", "410", 5)
        assert (await client.http.post(ORDERS, json=shirts(), headers=client.headers)).status_code == 200
        for path, body in (("/inventory/network", examples.NETWORK), ("/shipping", examples_lists.METHOD)):
            answer = await client.http.post(f"/api/v2{path}", json=body, headers=client.headers)
            assert answer.status_code == 200, answer.text
        shown = {name: [list(row.items())[:3] for row in await client.table(name)] for name in MODULES}
        assert {name: len(rows) for name, rows in shown.items()} == {
            "ORDER": 2, "ALLOCATION": 1, "INVENTORY": 1, "INVOICE": 0, "LOCATION": 1, "NETWORK": 1, "SHIPMENT": 0,
            "SHIPPING_METHODS": 1,
        }  # fmt: skip
        assert ("code", examples.NETWORK["code"]) in shown["NETWORK"][0]

    async def test_headers_are_chosen_or_left_out(self, client: Client) -> None:
        answer = await client.http.post("/api/v2/inventory/network", json=examples.NETWORK, headers=client.headers)
        assert answer.status_code == 200
        (row,) = await client.table("NETWORK", csvHeadersConfig='{"name": true, "code": true, "rules": false}')
        assert list(row) == ["code", "name"]
        (row,) = await client.table("NETWORK", csvHeadersConfig='{"rules": false}')
        assert list(row) == ["networkId", "code", "name", "safetyStock"]

    async def test_filters_limit_and_offset_choose_the_records(self, client: Client) -> None:
        for number in "ABC":
            assert (
                await client.http.post(ORDERS, json=smallest(orderNumber=number), headers=client.headers)
            ).status_code == 200
        order = {"sortBy": "orderNumber", "sortDirection": "asc"}
        assert [row["orderNumber"] for row in await client.table("ORDER", offset=1, limit=1, **order)] == ["B"]
        found = await client.table("ORDER", filters={"orderNumber": ["A", "C"]}, **order)
        assert [row["orderNumber"] for row in found] == ["A", "C"]

    async def test_a_cell_is_no_formula(self, client: Client) -> None:
        body = smallest(orderNumber="=1+1")
        assert (await client.http.post(ORDERS, json=body, headers=client.headers)).status_code == 200
        assert [row["orderNumber"] for row in await client.table("ORDER")] == ["'=1+1"]


class TestUrls:
    async def test_a_url_needs_no_token_and_ends(
        self, world: World, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        key_id = await client.start("NETWORK")
        await client.status(key_id)
        url = await client.url(key_id)
        assert (await client.http.get(url)).status_code == 200
        assert (await client.http.get(url + "x")).status_code == 404
        clock = world.context.clock
        monkeypatch.setattr(world.context, "clock", lambda: clock() + 16 * MINUTE)
        ended = await client.http.get(url)
        assert (ended.status_code, ended.json()) == (404, {"message": "The link has expired"})

    async def test_another_organization_finds_nothing(self, world: World, client: Client) -> None:
        key_id = await client.start("NETWORK")
        await client.status(key_id)
        stranger = await world.stranger() | OWN
        for path in ("status", "download-url"):
            answer = await client.http.get(f"{BASE}/{path}", params={"keyId": key_id}, headers=stranger)
            assert answer.status_code == 404
        files = await client.http.get(f"{BASE}/files-list?module=NETWORK", headers=stranger)
        assert files.json() == []

    async def test_a_file_that_is_not_written_yet_has_no_url(self, client: Client) -> None:
        key_id = await client.start("NETWORK")
        answer = await client.http.get(f"{BASE}/download-url", params={"keyId": key_id}, headers=client.headers)
        assert (answer.status_code, answer.json()) == (404, {"message": "Key does not exist!"})


class TestFailures:
    async def test_a_file_that_grows_too_large_is_given_up(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(exports, "MAX_SIZE", 10)
        assert (await client.http.post(ORDERS, json=shirts(), headers=client.headers)).status_code == 200
        state = await client.status(await client.start("ORDER"))
        assert (state["status"], state["message"]) == (
            "SYSTEM_ERROR", "The file is larger than 10 characters; export less at a time",
        )  # fmt: skip

    async def test_an_export_whose_process_ended_is_shown_as_failed(
        self, world: World, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        key_id = await client.start("NETWORK")
        await world.context.jobs.stop()  # before its turn
        clock = world.context.clock
        monkeypatch.setattr(world.context, "clock", lambda: clock() + 16 * MINUTE)
        state = await client.status(key_id)
        assert (state["status"], state["message"]) == ("SYSTEM_ERROR", "The export ended early; start it again")

    async def test_too_many_exports_at_a_time_are_refused_and_leave_nothing(
        self, world: World, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(background_jobs, "MAX_JOBS", 0)
        answer = await client.http.post(BASE, json={"module": "ORDER"}, headers=client.headers)
        assert answer.status_code == 503
        assert await catalog.all_of(world.context, await caller_of(world), kind=exports.KIND) == []

    async def test_the_oldest_exports_are_removed_with_their_files(
        self, world: World, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(exports, "MAX_KEPT", 2)
        keys = []
        for _ in range(3):
            keys.append(await client.start("NETWORK"))
            await client.status(keys[-1])
        files = await client.http.get(f"{BASE}/files-list?module=network", headers=client.headers)
        assert files.json() == [keys[2], keys[1]]
        assert len(await catalog.all_of(world.context, await caller_of(world), kind=exports.FILES)) == 2
