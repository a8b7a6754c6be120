"""Default settings and mappings of printers through the Pitney Bowes OMS door."""

from typing import Any

from tests.doors.pb_oms.client import Headers, is_shipping_error
from tests.doors.pb_oms.shipping import BASE, DEFAULTS, PRINTER
from tests.world import World


async def store(world: World, headers: Headers, body: Any) -> str:
    response = await world.http.post(f"{BASE}/defaults", json=body, headers=headers)
    assert response.status_code == 200, response.text
    return str(response.json()["defaultId"])


class TestDefaults:
    async def test_default_settings_without_an_id_get_one_each_time(self, world: World, headers: Headers) -> None:
        body = {"name": "Domestic", "defaultID": ""}
        one, other = [await store(world, headers, body) for _ in range(2)]
        assert one != other
        for each in (one, other):
            read = (await world.http.get(f"{BASE}/defaults/{each}", headers=headers)).json()
            assert (read["name"], read["defaultID"]) == ("Domestic", each)

    async def test_an_update_replaces_all_members_and_keeps_id_and_creation(
        self, world: World, headers: Headers
    ) -> None:
        path = f"{BASE}/defaults/{await store(world, headers, DEFAULTS)}"
        before = (await world.http.get(path, headers=headers)).json()
        updated = await world.http.put(path, json={"name": "New", "defaultID": "D2", "more": 1}, headers=headers)
        assert (updated.status_code, updated.content) == (200, b"")
        after = (await world.http.get(path, headers=headers)).json()
        assert after == {
            "name": "New", "defaultID": "D1", "createdDate": before["createdDate"], "updatedDate": after["updatedDate"],
            "more": 1,
        }  # fmt: skip
        assert after["updatedDate"] >= before["updatedDate"]

    async def test_deleted_default_settings_are_gone_and_their_id_is_free(self, world: World, headers: Headers) -> None:
        path = f"{BASE}/defaults/{await store(world, headers, DEFAULTS)}"
        assert (await world.http.delete(path, headers=headers)).status_code == 200
        for method in ("GET", "DELETE"):
            assert is_shipping_error(await world.http.request(method, path, headers=headers), 404, "not_found")
        assert await store(world, headers, {"name": "Other", "defaultID": "D1"}) == "D1"

    async def test_pages_cut_the_list(self, world: World, headers: Headers) -> None:
        for number in range(3):
            await store(world, headers, {"defaultID": f"D{number}"})
        found = (await world.http.get(f"{BASE}/defaults?page=2&size=2", headers=headers)).json()
        assert [each["defaultsResponse"]["defaultID"] for each in found["data"]] == ["D0"]
        assert found["pageInfo"] == {"total": 3, "pages": 2, "page": 2}


class TestPrinters:
    async def test_a_second_mapping_replaces_the_first_under_the_same_id(self, world: World, headers: Headers) -> None:
        ids = [
            (
                await world.http.post(f"{BASE}/printer/mapping", json=PRINTER | {"printerName": name}, headers=headers)
            ).json()
            for name in ("A", "B")
        ]
        assert ids[0] == ids[1]
        read = (await world.http.get(f"{BASE}/printer/mapping?alias=P1", headers=headers)).json()
        assert read["printerName"] == "B"

    async def test_a_deleted_mapping_is_gone(self, world: World, headers: Headers) -> None:
        (await world.http.post(f"{BASE}/printer/mapping", json=PRINTER, headers=headers)).raise_for_status()
        path = f"{BASE}/printer/mapping?alias=P1"
        assert (await world.http.delete(path, headers=headers)).status_code == 200
        assert is_shipping_error(await world.http.get(path, headers=headers), 404, "not_found")
