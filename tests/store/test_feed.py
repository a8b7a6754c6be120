"""The feed: positions without gaps, and nothing ever becomes visible behind a position that was seen."""

import asyncio
import random
import threading

import msgspec
import pytest

from crossdock.core.events import ORDER, Event
from crossdock.store import event_log
from crossdock.store.event_log import EventFilter, NewEvent
from crossdock.store.protocols import Store, Transaction
from crossdock.store.schema import open_store
from tests.store.samples import ONE, OTHER


def event(order_id: int, *, event_id: int = 1, name: str = "order.noted", organization_id: int = ONE) -> Event:
    return Event(organization_id, ORDER, order_id, 1, event_id, name, 1, 5, "me", "s2", b"{}", bytes(32))


async def append(tx: Transaction, *events: Event, status: str = "open", source: str = "s2") -> None:
    for organization_id in {each.organization_id for each in events}:
        of_it = [NewEvent(each, status, source) for each in events if each.organization_id == organization_id]
        await event_log.add_events(tx, organization_id, of_it)


async def append_elsewhere(database: str, added: Event, begun: threading.Event | None = None) -> None:
    store = await open_store(database)
    try:
        async with store.writing() as tx:
            if begun is not None:
                begun.set()
            await append(tx, added)
    finally:
        await store.close()


class TestPositions:
    async def test_feed_positions_count_from_one_in_each_organization(self, store: Store) -> None:
        async with store.writing() as tx:
            await append(tx, event(1), event(2))
            await append(tx, event(1, organization_id=OTHER))
        async with store.writing() as tx:
            await append(tx, event(3))
            assert await event_log.feed_position(tx, ONE) == 3
            found, upto = await event_log.feed(tx, ONE, after=0, limit=9)
            assert [(each.position, each.event.aggregate_id) for each in found] == [(1, 1), (2, 2), (3, 3)]
            assert upto == 3
            found, upto = await event_log.feed(tx, OTHER, after=0, limit=9)
            assert [(each.position, each.event.organization_id) for each in found] == [(1, OTHER)]

    async def test_feed_positions_of_a_rolled_back_transaction_are_used_again(self, store: Store) -> None:
        try:
            async with store.writing() as tx:
                await append(tx, event(1))
                raise RuntimeError
        except RuntimeError:
            pass
        async with store.writing() as tx:
            await append(tx, event(2))
            found, _ = await event_log.feed(tx, ONE, after=0, limit=9)
            assert [(each.position, each.event.aggregate_id) for each in found] == [(1, 2)]


class TestFeed:
    async def test_the_feed_is_filtered(self, store: Store) -> None:
        async with store.writing() as tx:
            await append(tx, event(1, name="order.held"), status="on_hold")
            await append(tx, event(2), event(3), source="hub")
            await append(tx, event(4, name="order.held"), status="on_hold", source="hub")
            for wanted, ids in (
                (EventFilter(names=("order.held",)), [1, 4]),
                (EventFilter(names=("order.held", "order.noted")), [1, 2, 3, 4]),
                (EventFilter(sources=("hub",)), [2, 3, 4]),
                (EventFilter(statuses=("on_hold",), sources=("hub",)), [4]),
                (EventFilter(names=("order.shipped",)), []),
            ):
                found, upto = await event_log.feed(tx, ONE, after=0, limit=9, wanted=wanted)
                assert ([each.event.aggregate_id for each in found], upto) == (ids, 4)

    async def test_the_feed_continues_after_a_page(self, store: Store) -> None:
        async with store.writing() as tx:
            await append(tx, *(event(number) for number in range(7)))
            found, upto = await event_log.feed(tx, ONE, after=0, limit=3)
            assert ([each.event.aggregate_id for each in found], upto) == ([0, 1, 2], 3)
            found, upto = await event_log.feed(tx, ONE, after=upto, limit=9)
            assert ([each.event.aggregate_id for each in found], upto) == ([3, 4, 5, 6], 7)
            assert await event_log.feed(tx, ONE, after=7, limit=9) == ([], 7)
            assert await event_log.feed(tx, ONE, after=99, limit=9) == ([], 99)

    async def test_a_page_of_the_feed_scans_a_limited_number_of_positions(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with store.writing() as tx:
            await append(tx, *(event(number) for number in range(8)), event(9, name="order.held"))
            wanted = EventFilter(names=("order.held",))
            monkeypatch.setattr(event_log, "MAX_FEED_SCAN", 5)
            assert await event_log.feed(tx, ONE, after=0, limit=9, wanted=wanted) == ([], 5)
            found, upto = await event_log.feed(tx, ONE, after=5, limit=9, wanted=wanted)
            assert ([each.event.aggregate_id for each in found], upto) == ([9], 9)


class TestCommitsOutOfOrder:
    async def test_following_event_ids_would_miss_an_event_committed_late(self, store: Store, database: str) -> None:
        """The fault without the guard: an id is given before the commit, and what commits first is seen first."""
        if store.name == "sqlite":
            return  # one writer at a time: there the ids cannot show the fault
        other = await open_store(database)
        async with store.writing() as slow:
            await append(
                slow, event(1, event_id=1, organization_id=OTHER)
            )  # of its own: to take part without the guard
            await slow.insert(event_log.event, [_row(event(1, event_id=1), position=0)])
            async with other.writing() as quick:
                await quick.insert(event_log.event, [_row(event(2, event_id=2), position=0)])
            async with other.reading() as reader:
                seen = [each.event_id for each in await event_log.events(reader, ONE, aggregate_id=2)]
                assert await event_log.events(reader, ONE, aggregate_id=1) == []
        assert seen == [2]  # a follower is past 2 now
        async with other.reading() as reader:
            assert [each.event_id for each in await event_log.events(reader, ONE, aggregate_id=1)] == [
                1
            ]  # and 1 appears behind
        await other.close()

    async def test_a_transaction_waits_for_the_one_that_has_the_last_position(
        self, store: Store, database: str
    ) -> None:
        begun = threading.Event()
        async with store.writing() as first:
            await append(first, event(1))
            second = asyncio.create_task(
                asyncio.to_thread(
                    asyncio.run, append_elsewhere(database, event(2), begun if store.name != "sqlite" else None)
                )
            )
            if store.name != "sqlite":
                await asyncio.to_thread(begun.wait)
            await asyncio.wait([second], timeout=0.2)  # time to overtake, if nothing made it wait
            assert not second.done()
        await second
        async with store.reading() as tx:
            found, _ = await event_log.feed(tx, ONE, after=0, limit=9)
            assert [(each.position, each.event.aggregate_id) for each in found] == [(1, 1), (2, 2)]

    async def test_no_event_becomes_visible_before_a_position_that_was_read(self, store: Store, database: str) -> None:
        """Four writers, each with a connection of its own, some taking back what they did, and a reader that follows."""
        done = threading.Event()

        async def write(number: int) -> int:
            mine, luck, kept = await open_store(database), random.Random(number), 0
            for turn in range(25):
                batch = [
                    event(number * 10_000 + turn * 10 + place, event_id=luck.randrange(2**40)) for place in range(3)
                ]
                try:
                    async with mine.writing() as tx:
                        await asyncio.sleep(luck.random() / 200)  # before a position is taken
                        await append(tx, *batch)
                        await asyncio.sleep(luck.random() / 200)  # and after
                        if luck.random() < 0.2:
                            raise RuntimeError
                    kept += len(batch)
                except RuntimeError:
                    pass
            await mine.close()
            return kept

        async def follow() -> list[int]:
            mine, seen, after = await open_store(database), [], 0
            while True:
                last = done.is_set()
                async with mine.reading() as tx:
                    found, after = await event_log.feed(tx, ONE, after=after, limit=7)
                seen += [each.position for each in found]
                if last and not found:
                    await mine.close()
                    return seen
                await asyncio.sleep(0)

        def alone(work: object) -> object:
            return asyncio.to_thread(asyncio.run, work)

        follower = asyncio.ensure_future(alone(follow()))
        kept = await asyncio.gather(*(alone(write(number)) for number in range(4)))
        done.set()
        assert await follower == list(range(1, sum(kept) + 1))


def _row(of: Event, *, position: int) -> tuple[object, ...]:
    organization_id, aggregate_type, *rest = msgspec.structs.astuple(of)
    return (organization_id, *rest, position, "open", "s2", aggregate_type)


class TestNewest:
    async def test_the_newest_entries_come_first_and_a_filter_continues(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(event_log, "MAX_FEED_SCAN", 4)
        async with store.writing() as tx:
            await append(tx, *(event(n, name="order.held" if n == 2 else "order.noted") for n in range(1, 8)))
            first, more = await event_log.newest(tx, ONE, limit=2)
            second, none = await event_log.newest(tx, ONE, before=3, limit=9)
            held, before = await event_log.newest(tx, ONE, limit=9, wanted=EventFilter(names=("order.held",)))
            rest, end = await event_log.newest(tx, ONE, before=before, limit=9, wanted=EventFilter(("order.held",)))
        assert ([each.position for each in first], more) == ([7, 6], 6)
        assert ([each.position for each in second], none) == ([2, 1], None)
        assert (held, before) == ([], 4)
        assert ([each.position for each in rest], end) == ([2], None)
