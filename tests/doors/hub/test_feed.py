"""The feed over HTTP: pages, filters, waiting, and server-sent events, also from a real server over real sockets."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import delete, select, update

from crossdock import app
from crossdock.doors.hub.routes import feed
from crossdock.flows import access
from crossdock.flows import feed as feed_flow
from crossdock.store import event_log
from crossdock.store.protocols import Statement
from crossdock.store.tables import event, order_line, order_term, orders
from crossdock.store.tables import feed as feed_head
from tests.doors.hub.conftest import create, one_of_each, parameters, smallest
from tests.doors.hub.test_catalog import faults
from tests.notifications.receiver import PATIENCE_S
from tests.server import Server
from tests.world import World

FEED = "/hub/v1/events"
EVENTS = "text/event-stream"


async def page(world: World, headers: dict[str, str], query: str = "") -> dict[str, Any]:
    answer = await world.http.get(f"{FEED}{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def hold(world: World, headers: dict[str, str], order_id: str, verb: str = "hold") -> None:
    body = {"holds": [{"reason": "fraud"}]} if verb == "hold" else {}
    answer = await world.http.post(f"/hub/v1/orders/{order_id}/{verb}", json=body, headers=headers)
    assert answer.status_code == 200, answer.text


def position_of(cursor: str) -> int:
    """Return the position in a cursor of the feed, which must have the mark of the event there."""
    position, _, mark = cursor.partition("-")
    assert re.fullmatch("[0-9a-f]{8}", mark), cursor
    return int(position)


async def place_and_change(world: World, headers: dict[str, str], number: str = "H-1") -> str:
    """Let an order be received, held and released."""
    order_id = str((await create(world, headers, smallest(number)))["id"])
    await hold(world, headers, order_id)
    await hold(world, headers, order_id, "release")
    return order_id


class TestPages:
    async def test_of_nothing_are_empty(self, world: World, headers: dict[str, str]) -> None:
        assert await page(world, headers) == {"items": [], "next": "0", "more": False}

    async def test_go_on_after_the_cursor(self, world: World, headers: dict[str, str]) -> None:
        ids = [await place_and_change(world, headers, f"H-{number}") for number in range(3)]
        found: list[Any] = []
        query, more = "?limit=2", True
        while more:
            one = await page(world, headers, query)
            found += one["items"]
            query, more = f"?limit=2&after={one['next']}", one["more"]
        assert [each["position"] for each in found] == list(range(1, 10))
        assert [each["order_id"] for each in found] == [order_id for order_id in ids for _ in range(3)]
        assert [each["number"] for each in found] == [1, 2, 3] * 3
        end = {"items": [], "next": one["next"], "more": False}
        assert await page(world, headers, f"?after={one['next']}") == end
        assert await page(world, headers, "?after=9") == end  # as earlier versions gave it
        assert await page(world, headers, "?after=4&limit=1") == await page(world, headers, "?after=4&limit=1")

    @pytest.mark.parametrize("query", ["", "?include=order"])
    async def test_go_past_what_nobody_can_read(self, world: World, headers: dict[str, str], query: str) -> None:
        """The first event of the second of three orders is damaged."""
        ids = [str((await create(world, headers, smallest(f"H-{number}")))["id"]) for number in range(3)]
        async with world.context.store.writing() as tx:
            await tx.run(Statement(update(event).where(event.c.position == 2).values(payload=b"{")))
        await hold(world, headers, ids[1])
        found = await page(world, headers, query)
        assert faults("FeedPage", found) == []
        *sound, held = found["items"]
        first, second, third = sound
        assert ("error" in first, "error" in third) == (False, False)
        assert (second["position"], second["type"], second["order_id"]) == (2, "order.received", ids[1])
        assert ("data" in second, second["error"]) == (
            False,
            "the message could not be made; the server's log says why",
        )
        # The hold itself can be read; its order, which begins with what cannot, is not to be had.
        assert ("error" in held) == ("include" in query)

    async def test_begin_with_the_newest_where_asked(self, world: World, headers: dict[str, str]) -> None:
        await place_and_change(world, headers)
        cursor = (await page(world, headers, "?after=newest"))["next"]
        assert position_of(cursor) == 3
        await create(world, headers, smallest("H-2"))
        assert [each["position"] for each in (await page(world, headers, f"?after={cursor}"))["items"]] == [4]

    async def test_of_another_organization_are_its_own(self, world: World, headers: dict[str, str]) -> None:
        await place_and_change(world, headers)
        assert await page(world, await world.stranger()) == {"items": [], "next": "0", "more": False}

    async def test_look_through_so_much_at_most(
        self, world: World, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await place_and_change(world, headers)
        monkeypatch.setattr(event_log, "MAX_FEED_SCAN", 1)
        monkeypatch.setattr(feed_flow, "_MAX_SCANNED_PAGES", 1)
        first = await feed_flow.page(
            world.context,
            await access.recognize(world.context, token=headers["Authorization"].removeprefix("Bearer ")),
            after=feed_flow.Cursor(),
            limit=9,
            wanted=event_log.EventFilter(names=("order.released",)),
        )
        assert (first.entries, first.cursor.position, first.more) == ([], 1, True)
        assert [each["position"] for each in (await page(world, headers, "?type=order.released"))["items"]] == [3]


class TestFilters:
    async def test_narrow_by_type_door_and_status(self, world: World, headers: dict[str, str]) -> None:
        ids = await one_of_each(world, headers)
        await hold(world, headers, ids["s2"])
        whole = (await page(world, headers, "?limit=200"))["items"]
        for query, fits in (
            ("type=order.held", lambda each: each["type"] == "order.held"),
            ("type=order.re*", lambda each: each["type"].startswith("order.re")),
            ("type=*", lambda each: True),
            ("type=order.received,order.held", lambda each: each["type"] in ("order.received", "order.held")),
            ("door=s2", lambda each: each["source_door"] == "s2"),
            ("door=s2,fabric", lambda each: each["source_door"] in ("s2", "fabric")),
            ("status=on_hold", lambda each: each["status"] == "on_hold"),
            ("status=on_hold&door=s2", lambda each: (each["status"], each["source_door"]) == ("on_hold", "s2")),
        ):
            expected = [each for each in whole if fits(each)]
            assert expected != []
            found = await page(world, headers, f"?limit=200&{query}")
            assert found["items"] == expected, query
            assert (position_of(found["next"]), found["more"]) == (len(whole), False)

    async def test_do_not_keep_the_cursor_back(self, world: World, headers: dict[str, str]) -> None:
        await place_and_change(world, headers)
        found = await page(world, headers, "?type=order.shipped")
        assert (found["items"], position_of(found["next"]), found["more"]) == ([], 3, False)


class TestIncludedOrders:
    async def test_are_as_they_were_after_each_event(self, world: World, headers: dict[str, str]) -> None:
        order_id = await place_and_change(world, headers)
        items = (await page(world, headers, "?include=order"))["items"]
        assert [each["order"]["status"] for each in items] == ["open", "on_hold", "open"]
        assert [each["order"]["version"] for each in items] == [1, 2, 3]
        now = (await world.http.get(f"/hub/v1/orders/{order_id}", headers=headers)).json()
        assert items[-1]["order"] == now
        for each in items:
            displayed = await world.http.get(f"/hub/v1/orders/{order_id}?as_of={each['at']}", headers=headers)
            assert each["order"] == displayed.json()

    async def test_of_every_door_are_in_the_words_of_the_hub(self, world: World, headers: dict[str, str]) -> None:
        ids = await one_of_each(world, headers)
        items = (await page(world, headers, "?include=order&limit=200"))["items"]
        last = {each["order_id"]: each["order"] for each in items}
        for order_id in ids.values():
            assert last[order_id] == (await world.http.get(f"/hub/v1/orders/{order_id}", headers=headers)).json()


class TestPageBytes:
    async def test_a_page_with_orders_ends_at_the_limit_of_bytes(
        self, world: World, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await place_and_change(world, headers)
        whole = await page(world, headers, "?include=order")
        monkeypatch.setattr(world.context, "settings", msgspec.structs.replace(world.context.settings, page_bytes=1))
        cursor = "0"
        for number, item in enumerate(whole["items"], 1):
            one = await page(world, headers, f"?include=order&after={cursor}")
            assert (one["items"], one["more"]) == ([item], number < 3)
            cursor = one["next"]
        assert cursor == whole["next"]
        assert len((await page(world, headers))["items"]) == 3  # without orders there is nothing large

    async def test_a_stream_with_orders_is_sent_in_portions_without_a_gap(
        self, world: World, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await place_and_change(world, headers)
        monkeypatch.setattr(world.context, "settings", msgspec.structs.replace(world.context.settings, page_bytes=1))
        async with Following(world, headers, "include=order") as stream:
            found = [await stream.event() for _ in range(3)]
        assert [position_of(each["id"]) for each in found] == [1, 2, 3]


class TestWaiting:
    async def test_wakes_when_an_order_arrives(self, world: World, headers: dict[str, str]) -> None:
        waiting = asyncio.create_task(page(world, headers, "?after=newest&wait=60"))
        done, _ = await asyncio.wait([waiting], timeout=0.2)  # time to answer, if it did not wait
        assert not done
        await create(world, headers, smallest())
        async with asyncio.timeout(PATIENCE_S):
            found = await waiting
        assert [each["type"] for each in found["items"]] == ["order.received"]

    async def test_wakes_for_what_another_process_did(
        self, world: World, headers: dict[str, str], database: str
    ) -> None:
        """Another book over the same database rings no bell here."""
        waiting = asyncio.create_task(page(world, headers, "?after=newest&wait=60"))
        async with (
            app.open_context(world.context.settings) as other,
            httpx.AsyncClient(transport=httpx.ASGITransport(app.site(other)), base_url="http://other") as http,
        ):
            await create(World(other, http), headers, smallest())
        async with asyncio.timeout(PATIENCE_S):
            assert len((await waiting)["items"]) == 1

    async def test_ends_empty_when_nothing_comes(self, world: World, headers: dict[str, str]) -> None:
        await place_and_change(world, headers)
        cursor = (await page(world, headers))["next"]
        assert await page(world, headers, f"?after={cursor}&wait=1") == {"items": [], "next": cursor, "more": False}

    async def test_is_not_woken_by_what_is_not_wanted(self, world: World, headers: dict[str, str]) -> None:
        waiting = asyncio.create_task(page(world, headers, "?type=order.held&wait=60"))
        order_id = str((await create(world, headers, smallest()))["id"])
        done, _ = await asyncio.wait([waiting], timeout=0.2)
        assert not done
        await hold(world, headers, order_id)
        async with asyncio.timeout(PATIENCE_S):
            assert [each["position"] for each in (await waiting)["items"]] == [2]


class TestUnknownCursors:
    """The database is restored: events are gone, and others take their positions."""

    async def restore(self, world: World, *, to: int) -> None:
        """Put the feed back to a position, as a backup of that moment does."""
        gone = select(event.c.aggregate_id).where(event.c.position > to)
        async with world.context.store.writing() as tx:
            for table in (order_line, order_term, orders):
                await tx.run(Statement(delete(table).where(table.c.order_id.in_(gone))))
            await tx.run(Statement(delete(event).where(event.c.position > to)))
            await tx.run(Statement(update(feed_head).values(position=to)))

    async def refused(self, world: World, headers: dict[str, str], **more: str) -> None:
        answer = await world.http.get(FEED, params=more, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (410, "unknown_cursor"), answer.text

    async def test_are_refused_after_a_restore(self, world: World, headers: dict[str, str]) -> None:
        for number in range(9):
            await create(world, headers, smallest(f"H-{number}"))
        older = (await page(world, headers, "?limit=5"))["next"]
        newer = (await page(world, headers))["next"]
        await self.restore(world, to=5)
        await self.refused(world, headers, after=newer)  # there is no event at its position
        for number in range(6):
            await create(world, headers, smallest(f"N-{number}"))
        await self.refused(world, headers, after=newer)  # there is another event at its position
        await self.refused(world, headers, after=newer, wait="30")
        answer = await world.http.get(FEED, headers=headers | {"Accept": EVENTS, "Last-Event-ID": newer})
        assert (answer.status_code, answer.json()["code"]) == (410, "unknown_cursor")
        assert [each["position"] for each in (await page(world, headers, f"?after={older}"))["items"]] == [
            6,
            7,
            8,
            9,
            10,
            11,
        ]

    async def test_beyond_the_newest_event_are_refused(self, world: World, headers: dict[str, str]) -> None:
        await self.refused(world, headers, after="1")
        await place_and_change(world, headers)
        await self.refused(world, headers, after="4")
        await self.refused(world, headers, after="500000")
        await self.refused(world, headers, after="3-00000000")


class TestFaults:
    @pytest.mark.parametrize(
        "query",
        [
            "after=x", "after=-1", "after=", "after=1.5", "after=1-", "after=1-0123456G",
            "after=1-012345678", f"after={'9' * 5000}", "limit=0", "limit=201", "limit=x",
            "wait=61", "wait=-1", "wait=1.5", "wait=x", "wait=", f"wait={'9' * 5000}", "type=order.lost", "type=",
            "type=order.held,x", "door=x", "status=lost", "include=x", "include=", "more=1", "type=order.held&type=*",
        ],
    )  # fmt: skip
    async def test_are_named(self, world: World, headers: dict[str, str], query: str) -> None:
        answer = await world.http.get(f"{FEED}?{query}", headers=headers)
        if query == "after=":  # the beginning, as who keeps its cursor in an empty text may say
            assert answer.status_code == 200
        else:
            assert parameters(answer) == [query.partition("=")[0]]

    async def test_are_named_all_at_once(self, world: World, headers: dict[str, str]) -> None:
        query = "?after=x&limit=x&wait=x&type=x&door=x&status=x&include=x"
        found = parameters(await world.http.get(f"{FEED}{query}", headers=headers))
        assert set(found) == {"after", "limit", "wait", "type", "door", "status", "include"}

    async def test_of_last_event_id_are_named(self, world: World, headers: dict[str, str]) -> None:
        more = {"Accept": EVENTS, "Last-Event-ID": "x"}
        assert parameters(await world.http.get(FEED, headers=headers | more)) == ["Last-Event-ID"]


# ----------------------------------------------------------------------------------------------------- server-sent events
class Following:
    """A stream of the application, taken as the server takes it. `blocks` are what was sent between empty lines."""

    def __init__(
        self, world: World, headers: dict[str, str], query: str = "", *, starts: bool = True, **more: str
    ) -> None:
        self._starts = starts  # whether the answer begins at once
        given = headers | {"accept": EVENTS} | {name.replace("_", "-"): value for name, value in more.items()}
        self._scope = {
            "type": "http", "method": "GET", "path": FEED, "query_string": query.encode(), "path_params": {},
            "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        }  # fmt: skip
        self._site = app.site(world.context)
        self._parts: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._gone = asyncio.Event()
        self._asked = False
        self._blocks: list[str] = []
        self.start: dict[str, Any] = {}

    async def __aenter__(self) -> "Following":
        self.task = asyncio.create_task(self._site(self._scope, self._receive, self._parts.put))
        async with asyncio.timeout(PATIENCE_S):
            self.start = await self._parts.get() if self._starts else {}
        return self

    async def __aexit__(self, *_: object) -> None:
        self.hang_up()
        await asyncio.wait([self.task], timeout=PATIENCE_S)

    async def _receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    def hang_up(self) -> None:
        self._gone.set()

    async def block(self) -> dict[str, str]:
        """Return the next block by field; a comment's field is empty."""
        async with asyncio.timeout(PATIENCE_S):
            while not self._blocks:
                part = await self._parts.get()
                if not part.get("more_body"):
                    raise EOFError
                self._blocks += part["body"].decode().split("\n\n")[:-1]
        lines = self._blocks.pop(0).split("\n")
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    async def event(self) -> dict[str, str]:
        """Return the next event."""
        while "data" not in (found := await self.block()):
            pass
        return found


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0)


async def at_work_beside(tasks: set[asyncio.Task[Any]]) -> set[asyncio.Task[Any]]:
    """Wait for all but these tasks to end, and give those that do not."""
    give_up = time.monotonic() + PATIENCE_S
    while (left := asyncio.all_tasks() - tasks) and time.monotonic() < give_up:  # noqa: ASYNC110 - tasks end by themselves
        await asyncio.sleep(0)
    return left


class TestWaitingAndFollowing:
    """Requests that wait end with their client and with the server, and are limited in number."""

    async def test_a_long_poll_ends_where_the_client_hangs_up(self, world: World, headers: dict[str, str]) -> None:
        before = asyncio.all_tasks()
        async with Following(world, headers, "wait=60", accept="application/json", starts=False) as poll:
            await until(lambda: world.context.wakeup.followers == 1)
            poll.hang_up()
            async with asyncio.timeout(PATIENCE_S):
                await poll.task
        assert world.context.wakeup.followers == 0
        assert await at_work_beside(before) == set()

    async def test_a_long_poll_is_answered_where_the_server_stops(self, world: World, headers: dict[str, str]) -> None:
        cursor = (await page(world, headers))["next"]
        waiting = asyncio.create_task(page(world, headers, "?wait=60"))
        await until(lambda: world.context.wakeup.followers == 1)
        world.context.stop()
        async with asyncio.timeout(0.4):  # sooner than the next poll for events of other processes
            assert await waiting == {"items": [], "next": cursor, "more": False}
        async with asyncio.timeout(0.4):  # and nobody begins to wait
            assert (await page(world, headers, "?wait=60"))["items"] == []

    async def test_a_stream_ends_with_its_last_chunk_where_the_server_stops(
        self, world: World, headers: dict[str, str]
    ) -> None:
        async with Following(world, headers) as stream:
            await stream.block()
            await until(lambda: world.context.wakeup.followers == 1)
            world.context.stop()
            with pytest.raises(EOFError):
                while True:
                    assert set(await stream.block()) == {"", "id"}
            async with asyncio.timeout(PATIENCE_S):
                await stream.task
        assert world.context.wakeup.followers == 0

    async def test_more_than_the_limit_are_refused(
        self, world: World, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = msgspec.structs.replace(world.context.settings, followers_most=1)
        monkeypatch.setattr(world.context, "settings", settings)
        async with Following(world, headers) as stream:
            await stream.block()
            for more in ({}, {"Accept": EVENTS}):
                answer = await world.http.get(FEED, params={"wait": "5"}, headers=headers | more)
                assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
                assert answer.headers["Retry-After"] == "1"
            assert (await page(world, headers))["items"] == []  # who does not wait is not counted
        assert (await page(world, headers, "?wait=0"))["items"] == []
        assert world.context.wakeup.followers == 0


class TestStreams:
    async def test_send_events_as_they_happen(self, world: World, headers: dict[str, str]) -> None:
        async with Following(world, headers) as stream:
            sent = dict(stream.start["headers"])
            assert (stream.start["status"], sent[b"content-type"]) == (200, EVENTS.encode())
            assert sent[b"cache-control"] == b"no-store"
            await place_and_change(world, headers)
            found = [await stream.event() for _ in range(3)]
        items = (await page(world, headers))["items"]
        assert [json.loads(each["data"]) for each in found] == items
        assert [position_of(each["id"]) for each in found] == [1, 2, 3]
        assert [each["event"] for each in found] == ["order.received", "order.held", "order.released"]

    async def test_go_on_after_the_last_event_id(self, world: World, headers: dict[str, str]) -> None:
        await place_and_change(world, headers)
        async with Following(world, headers, "after=1", last_event_id="2") as stream:
            assert position_of((await stream.event())["id"]) == 3

    async def test_say_where_to_go_on_from_before_anything_happened(
        self, world: World, headers: dict[str, str]
    ) -> None:
        """Or else a client that begins with the newest and is cut off at once would begin with a newer one."""
        await place_and_change(world, headers)
        async with Following(world, headers, "after=newest") as stream:
            cursor = (await stream.block())["id"]
            assert position_of(cursor) == 3
        await create(world, headers, smallest("H-2"))
        async with Following(world, headers, "after=newest", last_event_id=cursor) as stream:
            assert position_of((await stream.event())["id"]) == 4

    async def test_are_narrowed_and_have_orders_where_asked(self, world: World, headers: dict[str, str]) -> None:
        await place_and_change(world, headers)
        async with Following(world, headers, "type=order.held&include=order") as stream:
            found = await stream.event()
        assert position_of(found["id"]) == 2
        assert json.loads(found["data"])["order"]["status"] == "on_hold"

    async def test_show_that_they_live_and_how_far_they_looked(
        self, world: World, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(feed, "_BEAT_S", 0.05)
        await place_and_change(world, headers)
        async with Following(world, headers, "type=order.shipped") as stream:
            assert await stream.block() == {"": "follow", "id": "0"}
            beat = await stream.block()
            assert (beat[""], position_of(beat["id"])) == ("still here", 3)
            assert await stream.block() == beat

    async def test_end_with_the_token(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(feed, "_BEAT_S", 0.05)
        headers = await world.bearer()
        async with Following(world, headers) as stream:
            await stream.block()
            revoked = await world.http.post("/hub/v1/token/revoke", headers=headers)
            assert revoked.status_code == 204
            await create(world, await world.bearer(), smallest())
            with pytest.raises(EOFError):
                await stream.event()

    async def test_end_where_the_client_hangs_up(self, world: World, headers: dict[str, str]) -> None:
        before = asyncio.all_tasks()
        async with Following(world, headers) as stream:
            await stream.block()
            assert asyncio.all_tasks() - before  # a block that read may be ending meanwhile
            stream.hang_up()
            async with asyncio.timeout(PATIENCE_S):
                await stream.task
            assert stream.task.exception() is None
            assert await at_work_beside(before) == set()

    async def test_end_where_the_server_stops(self, world: World, headers: dict[str, str]) -> None:
        before = asyncio.all_tasks()
        async with Following(world, headers) as stream:
            await stream.block()
            assert asyncio.all_tasks() - before  # a block that read may be ending meanwhile
            stream.task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await stream.task
            assert stream.task.cancelled()
            assert await at_work_beside(before) == set()


# ---------------------------------------------------------------------------------------------------------- a real server
async def lines_of(http: httpx.AsyncClient, headers: dict[str, str], **more: str) -> AsyncIterator[str]:
    given = headers | {"Accept": EVENTS} | {name.replace("_", "-"): value for name, value in more.items()}
    async with http.stream("GET", FEED, headers=given, timeout=PATIENCE_S) as answer:
        assert answer.status_code == 200
        async for line in answer.aiter_lines():
            yield line


async def ids_of(lines: AsyncIterator[str], count: int) -> list[str]:
    """Read so many events and give their ids."""
    ids: list[str] = []
    last = ""
    async with asyncio.timeout(PATIENCE_S):
        async for line in lines:
            last = line[4:] if line.startswith("id: ") else last
            ids += [last] if line.startswith("data: ") else []
            if len(ids) == count:
                return ids
    raise AssertionError("the stream ended")


class TestRealServer:
    async def test_streams_to_who_comes_back_without_loss_and_notices_who_hangs_up(
        self, database: str, tmp_path: Path
    ) -> None:
        log_file = tmp_path / "server.log"
        with Server(database, log=log_file) as server:
            async with httpx.AsyncClient(base_url=server.base, timeout=PATIENCE_S) as http:
                token = (await http.post("/hub/v1/token", auth=("demo", "demo-secret"))).json()["access_token"]
                headers = {"Authorization": f"Bearer {token}"}

                async def order(number: int) -> None:
                    answer = await http.post("/hub/v1/orders", json=smallest(f"R-{number}"), headers=headers)
                    assert answer.status_code == 201

                async with aclosing(lines_of(http, headers)) as lines:
                    await order(1)
                    assert position_of((await ids_of(lines, 1))[0]) == 1
                    await order(2)
                    (last,) = await ids_of(lines, 1)
                    assert position_of(last) == 2
                    assert "followEvents" not in log_file.read_text()  # a request is written down when it is over
                await order(3)
                await order(4)
                async with aclosing(lines_of(http, headers, last_event_id=last)) as lines:
                    assert list(map(position_of, await ids_of(lines, 2))) == [3, 4]
                async with asyncio.timeout(PATIENCE_S):
                    while log_file.read_text().count("followEvents") < 2:  # noqa: ASYNC110 - another process writes it
                        await asyncio.sleep(0.05)
        assert "Traceback" not in log_file.read_text()
