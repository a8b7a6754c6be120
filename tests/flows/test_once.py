"""One order a natural key, whoever asks, however often, through however many servers, across crashes."""

import asyncio
import random
import threading
from typing import Any

import httpx
import pytest

from crossdock.store import registry
from crossdock.store.orders import Filters
from tests.server import Server, servers
from tests.vendors import VENDORS, Vendor, bearer
from tests.world import World

DOORS = list(VENDORS.values())
each_door = pytest.mark.parametrize("vendor", DOORS, ids=[vendor.door for vendor in DOORS])


async def post(
    world: World, vendor: Vendor, body: dict[str, Any], stamp: str, headers: dict[str, str]
) -> httpx.Response:
    return await world.http.post(vendor.create, json=body, headers=headers | vendor.headers(stamp))


async def stored(world: World, door: str, number: str) -> int:
    from crossdock.flows import queries
    from crossdock.flows.access import Caller

    caller = Caller(await world.demo_organization(), "test", frozenset())
    return len(await queries.page(world.book, caller, Filters(door=door, number=number), before=None, limit=100))


@each_door
class TestOnce:
    async def test_the_same_content_gives_the_first_answer_again(self, world: World, vendor: Vendor) -> None:
        headers = await world.bearer()
        first = await post(world, vendor, vendor.body("A-1"), "t-1", headers)
        again = await post(world, vendor, vendor.body("A-1"), "t-2", headers)
        assert (first.status_code, again.status_code) == (vendor.ok, vendor.ok)
        assert again.content == first.content
        assert "idempotent-replayed" not in first.headers
        assert again.headers["idempotent-replayed"] == "true"

    async def test_other_content_is_a_conflict(self, world: World, vendor: Vendor) -> None:
        headers = await world.bearer()
        await post(world, vendor, vendor.body("A-1"), "t-1", headers)
        other = await post(world, vendor, vendor.changed(vendor.body("A-1")), "t-2", headers)
        assert other.status_code == vendor.conflict
        assert vendor.number in other.text
        assert await stored(world, vendor.door, "A-1") == 1

    async def test_members_in_another_order_are_the_same_content(self, world: World, vendor: Vendor) -> None:
        headers = await world.bearer()
        first = await post(world, vendor, vendor.body("A-1"), "t-1", headers)
        turned = dict(reversed(list(vendor.body("A-1").items())))
        again = await post(world, vendor, turned, "t-2", headers)
        assert again.content == first.content

    async def test_64_at_once_make_one_order(self, world: World, vendor: Vendor) -> None:
        headers = await world.bearer()
        answers = await asyncio.gather(
            *(post(world, vendor, vendor.body("A-1"), f"t-{turn}", headers) for turn in range(64))
        )
        assert {answer.status_code for answer in answers} == {vendor.ok}
        assert len({answer.content for answer in answers}) == 1
        assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
        assert await stored(world, vendor.door, "A-1") == 1

    async def test_a_refused_try_does_not_take_the_number(self, world: World, vendor: Vendor) -> None:
        headers = await world.bearer()
        bad = vendor.body("A-1")
        lines = next(name for name in ("items", "orderLines", "lines") if name in bad)
        refused = await post(world, vendor, bad | {lines: []}, "t-1", headers)
        assert 400 <= refused.status_code < 500
        assert (await post(world, vendor, vendor.body("A-1"), "t-2", headers)).status_code == vendor.ok


def post_all(server: Server, token: dict[str, str], vendor: Vendor, numbers: list[str], tag: str) -> dict[str, bytes]:
    """Post orders one after the other until the server is gone; give the answers by number."""
    got: dict[str, bytes] = {}
    with httpx.Client(base_url=server.base, headers=token, timeout=30) as http:
        for place, number in enumerate(numbers):
            try:
                answer = http.post(vendor.create, json=vendor.body(number), headers=vendor.headers(f"{tag}-{place}"))
            except httpx.TransportError:
                break
            if answer.status_code == vendor.ok:
                got[number] = answer.content
    return got


class TestTwoServers:
    def test_racing_for_the_same_numbers_make_each_once(self, database: str) -> None:
        vendor = VENDORS["pb_fulfillment"]
        numbers = [f"R-{place}" for place in range(40)]
        answers: list[dict[str, bytes]] = []
        with servers(database, 2) as both:
            token = bearer(both[0].base)
            threads = [
                threading.Thread(
                    target=lambda s=server, n=turn: answers.append(post_all(s, token, vendor, numbers, f"w{n}"))
                )
                for turn, server in enumerate(both * 2)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert [sorted(each) for each in answers] == [sorted(numbers)] * 4
        for number in numbers:
            assert len({each[number] for each in answers}) == 1


class TestCrash:
    @pytest.mark.parametrize("kills", [2, pytest.param(25, marks=pytest.mark.prove)])
    def test_a_killed_server_loses_no_answered_order_and_doubles_none(self, database: str, kills: int) -> None:
        vendor = VENDORS["s2"]
        numbers = [f"K-{place}" for place in range(75 * kills)]
        random.seed(7)
        answered: dict[str, bytes] = {}
        for turn in range(kills + 1):
            with Server(database) as server:
                token = bearer(server.base)
                threads = []
                results: list[dict[str, bytes]] = []
                for worker in range(4):
                    mine = numbers[worker::4]
                    threads.append(
                        threading.Thread(
                            target=lambda m=mine, w=worker: results.append(
                                post_all(server, token, vendor, m, f"{turn}{w}")
                            )
                        )
                    )
                for thread in threads:
                    thread.start()
                if turn < kills:
                    threads[0].join(random.uniform(0.05, 0.25))
                    server.kill()
                for thread in threads:
                    thread.join()
            for result in results:
                for number, content in result.items():
                    assert answered.setdefault(number, content) == content
        assert sorted(answered) == sorted(numbers)
        assert asyncio.run(self._orders(database)) == len(numbers)

    async def _orders(self, database: str) -> int:
        from crossdock import app
        from crossdock.flows import queries
        from crossdock.flows.access import Caller
        from crossdock.settings import load

        async with app.open_book(load({}, database=database)) as book:
            verified = await queries.verify(book)
            assert verified.broken == ()
            async with book.store.reading() as tx:
                organization = (await registry.organizations(tx))[0]
            caller = Caller(organization, "test", frozenset())
            return await queries.count(book, caller, door="s2")
