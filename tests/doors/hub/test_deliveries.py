"""Deliveries over HTTP: endpoints tried out, deliveries looked at and repeated."""

import json
from typing import Any

import pytest

from tests.doors.hub.conftest import create, parameters, pointers, smallest
from tests.doors.hub.telling import ENDPOINTS, ask, over, receiving, register, signed_by
from tests.notifications.receiver import Receiver, answer
from tests.notifications.world import working
from tests.world import World


@receiving
class TestTrying:
    @pytest.mark.parametrize("format", ["event", "cloudevents", "s2"])
    async def test_sends_a_signed_message_about_no_order(
        self, world: World, headers: dict[str, str], format: str
    ) -> None:
        async with Receiver() as receiver, working(world.context):
            made = await register(world, headers, receiver.url, format=format)
            sent = await ask(world, headers, "POST", f"/{made['id']}/test", expected=202)
            assert (sent["type"], sent["order_id"], sent["number"]) == ("endpoint.test", None, None)
            (got,) = await receiver.wait_for(1)
            await over(world, headers, made["id"], 1)
        body = json.loads(got.body)
        assert body["id"] == got.headers["webhook-id"] == sent["message_id"]
        assert ("specversion" in body) == (format == "cloudevents")
        assert signed_by(made["secrets"][0]["secret"], got)


@receiving
class TestDeliveries:
    async def test_are_listed_newest_first_and_narrowed(self, world: World, headers: dict[str, str]) -> None:
        async with Receiver() as receiver, working(world.context):
            made = await register(world, headers, receiver.url)
            ids = [(await create(world, headers, smallest(f"H-{number}")))["id"] for number in range(5)]
            await over(world, headers, made["id"], 5)
            path = f"/{made['id']}/deliveries"
            receiver.default = answer(500)
            await ask(world, headers, "POST", f"/{made['id']}/test", expected=202)
            await receiver.wait_for(6)
            found: list[Any] = []
            next_page: str | None = f"{ENDPOINTS}{path}?limit=2"
            while next_page:
                listed = await world.http.get(next_page, headers=headers)
                found += listed.json()["items"]
                next_page = listed.links.get("next", {}).get("url")
                assert (next_page is None) == (listed.json()["next"] is None)
        assert [each["order_id"] for each in found] == [None, *ids[::-1]]
        first = found[-1]
        assert (first["state"], first["attempts"], first["status"], first["number"]) == ("delivered", 1, 200, 1)
        assert [each["verdict"] for each in first["log"]] == ["delivered"]
        assert await ask(world, headers, "GET", f"{path}/{first['id']}") == first
        delivered = (await ask(world, headers, "GET", f"{path}?state=delivered"))["items"]
        assert [each["order_id"] for each in delivered] == ids[::-1]
        assert (await ask(world, headers, "GET", f"{path}?state=dead"))["items"] == []
        assert (await ask(world, headers, "GET", f"{path}?order_id={ids[2]}"))["items"] == [found[3]]

    @pytest.mark.parametrize("query", ["state=lost", "order_id=x", "limit=0", "cursor=x", "more=1"])
    async def test_have_their_parameters_checked(self, world: World, headers: dict[str, str], query: str) -> None:
        made = await register(world, headers)
        found = await world.http.get(f"{ENDPOINTS}/{made['id']}/deliveries?{query}", headers=headers)
        assert parameters(found) == [query.partition("=")[0]]

    async def test_of_another_endpoint_are_not_found(self, world: World, headers: dict[str, str]) -> None:
        one, other = await register(world, headers), await register(world, headers)
        sent = await ask(world, headers, "POST", f"/{one['id']}/test", expected=202)
        there, elsewhere = (f"/{each['id']}/deliveries/{sent['id']}" for each in (one, other))
        before = await ask(world, headers, "GET", there)
        for method, path in (("GET", elsewhere), ("POST", f"{elsewhere}/redeliver")):
            refused = await ask(world, headers, method, path, expected=404)
            assert refused["code"] == "not_found"
        assert await ask(world, headers, "GET", there) == before
        assert (await ask(world, headers, "GET", f"/{other['id']}/deliveries"))["items"] == []

    async def test_are_repeated_one_by_one(self, world: World, headers: dict[str, str]) -> None:
        async with Receiver() as receiver, working(world.context):
            made = await register(world, headers, receiver.url)
            await create(world, headers, smallest())
            (first,) = await over(world, headers, made["id"], 1)
            path = f"/{made['id']}/deliveries/{first['id']}"
            again = await ask(world, headers, "POST", f"{path}/redeliver", expected=202)
            assert (again["id"], again["state"], again["attempts"]) == (first["id"], "pending", 0)
            one, other = await receiver.wait_for(2)
            (settled,) = await over(world, headers, made["id"], 1)
        assert (one.body, one.headers["webhook-id"]) == (other.body, other.headers["webhook-id"])
        assert (settled["state"], len(settled["log"])) == ("delivered", 2)

    async def test_of_a_time_are_repeated_together(self, world: World, headers: dict[str, str]) -> None:
        async with Receiver() as receiver, working(world.context):
            made = await register(world, headers, receiver.url)
            for number in range(3):
                await create(world, headers, smallest(f"H-{number}"))
            for _ in range(2):  # those about no order must not wait for one another
                await ask(world, headers, "POST", f"/{made['id']}/test", expected=202)
            found = await over(world, headers, made["id"], 5)
            path, since = f"/{made['id']}/redeliver", {"since": "2020-01-01T00:00:00Z"}
            assert await ask(world, headers, "POST", path, since | {"state": "dead"}, 202) == {"deliveries": 0}
            assert await ask(world, headers, "POST", path, since | {"until": since["since"]}, 202) == {"deliveries": 0}
            assert await ask(world, headers, "POST", path, since | {"state": "delivered"}, 202) == {"deliveries": 5}
            got = await receiver.wait_for(10)
            await over(world, headers, made["id"], 5)
        ids = [each["message_id"] for each in found]
        assert sorted(each.headers["webhook-id"] for each in got[5:]) == sorted(ids)

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [({}, "/since"), ({"since": "x"}, "/since"), ({"since": "2026-01-30"}, "/since"), ({"since": 1}, "/since"),
         ({"since": "2026-01-30T10:00:00Z", "until": "x"}, "/until"),
         ({"since": "2026-01-30T10:00:00Z", "state": "pending"}, "/state"),
         ({"since": "2026-01-30T10:00:00Z", "more": 1}, "/more")],
    )  # fmt: skip
    async def test_of_a_time_have_their_body_checked(
        self, world: World, headers: dict[str, str], body: dict[str, Any], pointer: str
    ) -> None:
        made = await register(world, headers)
        found = await world.http.post(f"{ENDPOINTS}/{made['id']}/redeliver", json=body, headers=headers)
        assert (found.status_code, pointers(found)) == (422, [pointer])

    @pytest.mark.parametrize("since", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1969-12-31T23:59:59Z"])
    async def test_of_a_time_far_away_are_none(self, world: World, headers: dict[str, str], since: str) -> None:
        made = await register(world, headers)
        body = {"since": since, "until": since}
        assert await ask(world, headers, "POST", f"/{made['id']}/redeliver", body, 202) == {"deliveries": 0}
