"""One order a natural key, whoever asks, however often, through however many servers, across crashes."""

import asyncio
import json
import random
import signal
import threading
from collections import Counter
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from typing import Any, NamedTuple

import httpx
import pytest
from sqlalchemy import func, select

from crossdock import app
from crossdock.flows import queries, verification
from crossdock.settings import load
from crossdock.store.order_query.query import Filters
from crossdock.store.protocols import Statement
from crossdock.store.tables import event, order_line, orders, request_key, submission
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
    from crossdock.flows.access import Caller

    caller = Caller(await world.demo_organization(), "test", frozenset({"admin"}))
    page = await queries.page(world.context, caller, Filters(door=door, number=number), limit=100)
    return len(page.orders)


@each_door
class TestOnce:
    async def test_once_the_same_content_gives_the_first_answer_again(self, world: World, vendor: Vendor) -> None:
        headers = await world.bearer()
        first = await post(world, vendor, vendor.body("A-1"), "t-1", headers)
        again = await post(world, vendor, vendor.body("A-1"), "t-2", headers)
        assert (first.status_code, again.status_code) == (vendor.ok, vendor.ok)
        assert again.content == first.content
        assert "idempotent-replayed" not in first.headers
        assert again.headers["idempotent-replayed"] == "true"

    async def test_once_other_content_is_a_conflict(self, world: World, vendor: Vendor) -> None:
        headers = await world.bearer()
        await post(world, vendor, vendor.body("A-1"), "t-1", headers)
        other = await post(world, vendor, vendor.changed(vendor.body("A-1")), "t-2", headers)
        assert other.status_code == vendor.conflict
        assert vendor.number in other.text
        assert await stored(world, vendor.door, "A-1") == 1

    async def test_once_members_in_another_order_are_the_same_content(self, world: World, vendor: Vendor) -> None:
        headers = await world.bearer()
        first = await post(world, vendor, vendor.body("A-1"), "t-1", headers)
        turned = dict(reversed(list(vendor.body("A-1").items())))
        again = await post(world, vendor, turned, "t-2", headers)
        assert again.content == first.content

    async def test_once_a_refused_try_does_not_take_the_number(self, world: World, vendor: Vendor) -> None:
        headers = await world.bearer()
        bad = vendor.body("A-1")
        lines = next(name for name in ("items", "orderLines", "lines") if name in bad)
        refused = await post(world, vendor, bad | {lines: []}, "t-1", headers)
        assert 400 <= refused.status_code < 500
        assert (await post(world, vendor, vendor.body("A-1"), "t-2", headers)).status_code == vendor.ok


# Every door, and on PostgreSQL one with and one without keys of requests: the doors share the statements.
AT_ONCE = [("sqlite", vendor) for vendor in DOORS] + [("postgresql", VENDORS[door]) for door in ("pb_oms", "hub")]


@pytest.mark.parametrize(("engine", "vendor"), AT_ONCE, ids=[f"{engine}-{vendor.door}" for engine, vendor in AT_ONCE])
async def test_once_64_at_once_make_one_order(world: World, vendor: Vendor) -> None:
    headers = await world.bearer()
    answers = await asyncio.gather(
        *(post(world, vendor, vendor.body("A-1"), f"t-{turn}", headers) for turn in range(64))
    )
    assert {answer.status_code for answer in answers} == {vendor.ok}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert await stored(world, vendor.door, "A-1") == 1


class OrderEvent(NamedTuple):
    """One event of the log, with the door its order came through and the first answer the order was given."""

    door: str
    event: str
    answer: bytes


_FACTS = Statement(
    select(orders.c.door, event.c.name, submission.c.reply)
    .join(event, (event.c.organization_id == orders.c.organization_id) & (event.c.aggregate_id == orders.c.order_id))
    .join(
        submission,
        (submission.c.organization_id == orders.c.organization_id)
        & (submission.c.submission_id == orders.c.submission_id),
    )
    .order_by(orders.c.order_id, event.c.number)
)
_WRITTEN = [
    Statement(select(func.count()).select_from(each)) for each in (orders, order_line, event, submission, request_key)
]


async def look(database: str) -> list[OrderEvent]:
    """Read the database directly: check that the event log is sound and has every order, and return its events."""
    async with app.open_context(load({}, database=database)) as context:
        verified = await verification.verify(context)
        async with context.store.reading() as tx:
            document = [OrderEvent(door, name, bytes(reply)) for door, name, reply in await tx.rows(_FACTS)]
    assert (verified.broken, verified.events) == ((), len(document))
    return document


async def is_untouched(database: str) -> bool:
    """Tell whether nothing any order leaves behind is in the database: no row of its own, no bytes, no key."""
    async with app.open_context(load({}, database=database)) as context, context.store.reading() as tx:
        return [(await tx.rows(statement))[0][0] for statement in _WRITTEN] == [0] * len(_WRITTEN)


class Answer(NamedTuple):
    """What came back for a create."""

    status: int
    is_replayed: bool
    content: bytes


def post_at_once(
    both: list[Server], token: dict[str, str], vendor: Vendor, number: str, stamps: list[str]
) -> list[Answer]:
    """Post one order once for each stamp, to both servers in turn; the last byte of each waits until all others are sent."""
    body = json.dumps(vendor.body(number)).encode()
    open_to = [both[turn % 2].port for turn in range(len(stamps))]
    with ExitStack() as stack:
        lines = [stack.enter_context(closing(HTTPConnection("127.0.0.1", port, timeout=30))) for port in open_to]
        for line, stamp in zip(lines, stamps, strict=True):
            line.putrequest("POST", vendor.create)
            for name, value in (token | vendor.headers(stamp) | {"Content-Length": str(len(body))}).items():
                line.putheader(name, value)
            line.endheaders(body[:-1])
        for line in lines:
            line.send(body[-1:])
        answers = [line.getresponse() for line in lines]
        return [Answer(each.status, each.headers["Idempotent-Replayed"] == "true", each.read()) for each in answers]


class TestTwoServers:
    def test_two_servers_racing_for_the_same_orders_make_each_once(self, database: str) -> None:
        # A request sent again by a nervous client, and an order sent again under request ids of its own.
        races = {"R-1": ["t-1"] * 64, "R-2": [f"t-2-{turn}" for turn in range(64)]}
        with servers(database, 2) as both:
            token = bearer(both[0].base)
            for vendor in DOORS:
                for number, stamps in races.items():
                    answers = post_at_once(both, token, vendor, number, stamps)
                    assert {answer.status for answer in answers} == {vendor.ok}
                    assert len({answer.content for answer in answers}) == 1
                    assert sum(not answer.is_replayed for answer in answers) == 1
        document = Counter((order_event.door, order_event.event) for order_event in asyncio.run(look(database)))
        assert document == {(vendor.door, "order.received"): len(races) for vendor in DOORS}


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


class TestCrash:
    @pytest.mark.parametrize("kills", [2, pytest.param(25, marks=pytest.mark.prove)])
    def test_crash_a_killed_server_loses_no_answered_order_and_doubles_none(self, database: str, kills: int) -> None:
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
        document = asyncio.run(look(database))
        assert Counter((order_event.door, order_event.event) for order_event in document) == {
            ("s2", "order.received"): len(numbers)
        }


def client(server: Server, token: dict[str, str]) -> httpx.Client:
    return httpx.Client(base_url=server.base, headers=token, timeout=30)


def post_the_one(http: httpx.Client, vendor: Vendor) -> httpx.Response:
    """Send the one order of a door; every time it is the very same request."""
    return http.post(vendor.create, json=vendor.body("D-1"), headers=vendor.headers("t-1"))


def kill_with_each(database: str, factory: str) -> dict[str, str]:
    """Send an order through every door, each to a server that dies of it, and return the token they were sent with."""
    with servers(database, len(DOORS), factory) as dying:
        token = bearer(dying[0].base)
        for vendor, server in zip(DOORS, dying, strict=True):
            with (
                client(server, token) as http,
                pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)),  # it hung up, and nothing came
            ):
                post_the_one(http, vendor)
            assert server.process.wait(15) == -signal.SIGKILL
    return token


def leads_to_the_one(http: httpx.Client, vendor: Vendor, answer: httpx.Response) -> bool:
    """Tell whether the order that a create's answer speaks of can be read, and is the one that was sent."""
    document = http.get(vendor.read(answer.json()), headers=vendor.headers("t-2"))
    return document.status_code == 200 and '"D-1"' in document.text


class TestAServerThatDies:
    def test_a_server_that_dies_between_commit_and_answer_has_the_answer_given_by_the_next(self, database: str) -> None:
        token = kill_with_each(database, "tests.crashing_server:after_commit")
        left = asyncio.run(look(database))
        assert [(order_event.door, order_event.event) for order_event in left] == [
            (vendor.door, "order.received") for vendor in DOORS
        ]
        with Server(database) as server, client(server, token) as http:
            for vendor, order_event in zip(DOORS, left, strict=True):
                again = post_the_one(http, vendor)
                assert (again.status_code, again.headers.get("idempotent-replayed")) == (vendor.ok, "true")
                assert again.content == order_event.answer
                assert leads_to_the_one(http, vendor, again)
        assert asyncio.run(look(database)) == left

    def test_a_server_that_dies_before_the_commit_leaves_nothing_and_the_next_takes_the_order(
        self, database: str
    ) -> None:
        token = kill_with_each(database, "tests.crashing_server:before_commit")
        assert asyncio.run(is_untouched(database))
        with Server(database) as server, client(server, token) as http:
            for vendor in DOORS:
                first, again = post_the_one(http, vendor), post_the_one(http, vendor)
                assert (first.status_code, first.headers.get("idempotent-replayed")) == (vendor.ok, None)
                assert (again.status_code, again.headers.get("idempotent-replayed")) == (vendor.ok, "true")
                assert again.content == first.content
                assert leads_to_the_one(http, vendor, first)
        document = asyncio.run(look(database))
        assert [(order_event.door, order_event.event) for order_event in document] == [
            (vendor.door, "order.received") for vendor in DOORS
        ]
