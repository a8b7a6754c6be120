"""Endpoints, deliveries and stored e-mails: written, read and found."""

import msgspec
import pytest

from crossdock.core.retry_policy import Attempt, Health, State, Verdict
from crossdock.store import deliveries, emails
from crossdock.store.deliveries import MAX_ATTEMPTS, Activity, Delivery, Endpoint
from crossdock.store.emails import MailHead, StoredMail
from crossdock.store.protocols import Store
from tests.store.samples import ONE, OTHER

_replace = msgspec.structs.replace
HEALTH = Health(failures=21, failing_since=5, backoffs=1, backoff_until=99)
ATTEMPTS = (
    Attempt(1, 2, Verdict.FAILED, status=500, answer="né", error="answered 500", retry_after_s=1.5),
    Attempt(3, 4, Verdict.DELIVERED, status=204),
)
# Every field differs from its neighbors, so that a swapped column shows.
ENDPOINT = Endpoint(ONE, 7, 3, "webhook", "disabled", "by request", 12, HEALTH, 13, 14, b'{"url":"x"}')
DELIVERY = Delivery(
    ONE, 7, 20, 21, 22, 23, "order.held", State.DEAD, 24, None, None, 27, 28, 500, ATTEMPTS, b"payload"
)  # fmt: skip


def delivery(delivery_id: int, *, order_id: int = 1, number: int = 1, **changed: object) -> Delivery:
    made = Delivery(ONE, 7, delivery_id, order_id, number, delivery_id, "t", State.PENDING, 0, 5, None, 5)
    return _replace(made, **changed)


class TestEndpoints:
    async def test_an_endpoint_is_read_with_every_field(self, store: Store) -> None:
        async with store.writing() as tx:
            assert await deliveries.add_endpoint(tx, ENDPOINT)
            assert not await deliveries.add_endpoint(tx, ENDPOINT)
            assert await deliveries.get_endpoint(tx, ONE, endpoint_id=7) == ENDPOINT
            assert await deliveries.get_endpoint(tx, ONE, endpoint_id=7, for_update=True) == ENDPOINT
            assert await deliveries.get_endpoint(tx, ONE, endpoint_id=7, skip_locked=True) == ENDPOINT
            assert await deliveries.endpoints(tx, ONE) == [ENDPOINT]

    async def test_an_endpoint_is_changed_only_in_its_newest_version(self, store: Store) -> None:
        changed = _replace(
            ENDPOINT, version=4, state="enabled", reason=None, health=Health(), document=b"{}", updated_at=9
        )
        async with store.writing() as tx:
            await deliveries.add_endpoint(tx, ENDPOINT)
            assert not await deliveries.change_endpoint(tx, changed, seen=2)
            assert await deliveries.get_endpoint(tx, ONE, endpoint_id=7) == ENDPOINT
            assert await deliveries.change_endpoint(tx, changed, seen=3)
            assert await deliveries.get_endpoint(tx, ONE, endpoint_id=7) == changed
            moved = _replace(changed, position=50, health=HEALTH, state="disabled", reason="gone")
            await deliveries.advance(tx, moved)
            assert await deliveries.get_endpoint(tx, ONE, endpoint_id=7) == moved

    async def test_an_endpoint_is_ready_where_it_has_work_and_does_not_pause(self, store: Store) -> None:
        well = _replace(ENDPOINT, state="enabled", health=Health(), position=0)
        async with store.writing() as tx:
            for each in (
                well,
                _replace(well, endpoint_id=8, health=HEALTH),
                _replace(well, endpoint_id=9, state="disabled"),
                _replace(well, endpoint_id=10),
                _replace(well, organization_id=OTHER, endpoint_id=11),
            ):
                await deliveries.add_endpoint(tx, each)
                if each.endpoint_id != 10:
                    due = delivery(1, organization_id=each.organization_id, endpoint_id=each.endpoint_id, next_at=60)
                    await deliveries.add(tx, [due])
            for now, ids in ((59, []), (60, [7, 11]), (98, [7, 11]), (99, [7, 8, 11])):
                found = {each.endpoint_id for each in await deliveries.ready(tx, [ONE, OTHER], now=now)}
                assert sorted(found & {7, 8, 9, 10, 11}) == ids


class TestDeliveries:
    async def test_a_delivery_is_read_with_every_field(self, store: Store) -> None:
        bare = Delivery(ONE, 7, 30, None, None, 31, "endpoint.test", State.PENDING, 0, 32, 33, 34)
        async with store.writing() as tx:
            await deliveries.add(tx, [DELIVERY, bare])
            found = await deliveries.by_ids(tx, ONE, endpoint_id=7, delivery_ids=[20, 30, 99])
            assert found == {20: DELIVERY, 30: bare}
            assert await deliveries.page(tx, ONE, endpoint_id=7, limit=9) == [bare, DELIVERY]

    async def test_due_deliveries_are_read_the_longest_overdue_first(self, store: Store) -> None:
        async with store.writing() as tx:
            await deliveries.add(tx, [delivery(1, next_at=8), delivery(2, next_at=6), delivery(3, next_at=9)])
            waiting = delivery(4, state=State.WAITING, next_at=None)
            await deliveries.add(tx, [waiting, delivery(5, state=State.DELIVERED, next_at=None, ended_at=3)])
            due = await deliveries.due(tx, ONE, endpoint_id=7, now=8, limit=9)
            assert [each.delivery_id for each in due] == [2, 1]
            assert [each.delivery_id for each in await deliveries.due(tx, ONE, endpoint_id=7, now=99, limit=2)] == [
                2,
                1,
            ]

    async def test_a_delivery_is_claimed_by_one_process_until_a_time(self, store: Store) -> None:
        async with store.writing() as tx:
            await deliveries.add(tx, [delivery(1), delivery(2), delivery(3)])
            await deliveries.take(tx, [_replace(delivery(1), next_at=50, claimed_by=4)])
            await deliveries.take(tx, [_replace(delivery(2), next_at=50, claimed_by=5)])
            assert [each.delivery_id for each in await deliveries.due(tx, ONE, endpoint_id=7, now=49, limit=9)] == [3]
            held = await deliveries.held(tx, ONE, endpoint_id=7, claimed_by=4, limit=9)
            assert [(each.delivery_id, each.next_at, each.claimed_by) for each in held] == [(1, 50, 4)]
            assert len(await deliveries.held(tx, ONE, endpoint_id=7, claimed_by=None, limit=9)) == 2

    async def test_open_deliveries_are_found_by_order(self, store: Store) -> None:
        over = {"state": State.DELIVERED, "ended_at": 5, "next_at": None}
        waits = {"state": State.WAITING, "next_at": None}
        async with store.writing() as tx:
            made = [delivery(1, order_id=1, **over), delivery(2, order_id=1, number=2)]
            made += [delivery(4, order_id=1, number=4, **waits), delivery(3, order_id=1, number=3, **waits)]
            made += [delivery(5, order_id=2, **waits), delivery(6, order_id=3)]
            await deliveries.add(tx, made)
            key = {"organization_id": ONE, "endpoint_id": 7, "order_ids": [1, 2, 9]}
            pending = await deliveries.open_of_orders(tx, **key, state=State.PENDING)
            assert {order: [each.delivery_id for each in found] for order, found in pending.items()} == {1: [2]}
            waiting = await deliveries.open_of_orders(tx, **key, state=State.WAITING)
            assert {order: [each.delivery_id for each in found] for order, found in waiting.items()} == {
                1: [3, 4],
                2: [5],
            }

    async def test_a_settled_delivery_stores_its_last_attempts(self, store: Store) -> None:
        many = tuple(_replace(ATTEMPTS[0], at=place) for place in range(MAX_ATTEMPTS + 5))
        async with store.writing() as tx:
            await deliveries.add(tx, [delivery(1), delivery(2)])
            settled = _replace(
                DELIVERY, delivery_id=1, order_id=1, number=1, event_id=1, topic="t", created_at=5, payload=None
            )
            await deliveries.settle(tx, [_replace(settled, attempted=many), delivery(2, attempts=3)])
            found = await deliveries.by_ids(tx, ONE, endpoint_id=7, delivery_ids=[1, 2])
            assert found[1] == _replace(settled, attempted=many[5:])
            assert found[2] == delivery(2, attempts=3)

    @pytest.mark.parametrize(
        ("wanted", "ids"),
        [
            ({}, [5, 4, 3, 2, 1]),
            ({"state": State.DEAD}, [4, 2]),
            ({"state": State.PENDING}, [5, 3, 1]),
            ({"order_id": 2}, [2]),
            ({"before": 4, "first": 2}, [3, 2]),
            ({"state": State.DEAD, "before": 4}, [2]),
        ],
    )
    async def test_deliveries_are_paged_newest_first(
        self, store: Store, wanted: dict[str, object], ids: list[int]
    ) -> None:
        dead = {"state": State.DEAD, "ended_at": 5, "next_at": None}
        async with store.writing() as tx:
            made = [delivery(place, order_id=place, **(dead if place % 2 == 0 else {})) for place in range(1, 6)]
            await deliveries.add(tx, made)
            found = await deliveries.page(tx, ONE, endpoint_id=7, limit=9, **wanted)
            assert [each.delivery_id for each in found] == ids
            assert len(await deliveries.page(tx, ONE, endpoint_id=7, limit=1, **wanted)) == 1

    async def test_old_ended_deliveries_are_pruned(self, store: Store) -> None:
        over = {"state": State.DELIVERED, "ended_at": 5, "next_at": None}
        async with store.writing() as tx:
            await deliveries.add(tx, [delivery(1, **over), delivery(2), delivery(3, **over), delivery(4, **over)])
            assert await deliveries.prune(tx, ONE, endpoint_id=7, before=4, limit=1) == 1
            assert await deliveries.prune(tx, ONE, endpoint_id=7, before=4, limit=9) == 1
            assert [each.delivery_id for each in await deliveries.page(tx, ONE, endpoint_id=7, limit=9)] == [4, 2]


class TestOfOrder:
    async def test_deliveries_of_an_order_to_all_endpoints_are_read_newest_first(self, store: Store) -> None:
        made = [delivery(number, order_id=number % 2) for number in range(1, 6)]
        made[2] = _replace(made[2], endpoint_id=8)
        async with store.writing() as tx:
            await deliveries.add(tx, made)
            found = await deliveries.of_order(tx, ONE, order_id=1, limit=2)
            assert [(each.endpoint_id, each.delivery_id) for each in found] == [(7, 5), (8, 3)]


class TestMails:
    async def test_stored_emails_are_read_and_only_the_newest_stay(self, store: Store) -> None:
        kept = [StoredMail(ONE, number, 2, "shipped", "a@example.com", "né", 5, b"\xffraw") for number in range(1, 6)]
        async with store.writing() as tx:
            await emails.add(tx, kept)
            await emails.add(tx, [_replace(kept[0], subject="another")])
            assert await emails.get(tx, ONE, mail_id=1) == kept[0]
            assert await emails.page(tx, ONE, before=5, limit=2) == [kept[3], kept[2]]
            assert await emails.heads(tx, ONE, mail_ids=[1, 99]) == {1: MailHead(1, kept[0].recipient, kept[0].subject)}
            await emails.delete_oldest(tx, ONE, kept=9)
            assert len(await emails.page(tx, ONE, before=99, limit=9)) == 5
            await emails.delete_oldest(tx, ONE, kept=2)
            assert await emails.page(tx, ONE, before=99, limit=9) == [kept[4], kept[3]]


class TestActivity:
    async def test_the_activity_of_each_endpoint_is_counted(self, store: Store) -> None:
        done = {"next_at": None, "ended_at": 50}
        async with store.writing() as tx:
            for endpoint_id in (7, 8):
                await deliveries.add_endpoint(tx, _replace(ENDPOINT, endpoint_id=endpoint_id, position=0))
            await deliveries.add_endpoint(tx, _replace(ENDPOINT, endpoint_id=9, state="removed"))
            await deliveries.add(
                tx,
                [
                    delivery(1, state=State.DEAD, **done),
                    delivery(2, state=State.DELIVERED, next_at=None, ended_at=60),
                    delivery(3, state=State.DELIVERED, **done),
                    delivery(4),
                    delivery(5, state=State.WAITING, next_at=None),
                ],
            )
            found = await deliveries.activity(tx, ONE)
        assert found == {7: Activity(7, 0, 2, 1, 3, 1, 60), 8: Activity(8, 0, 0, 0, 0, 0, None)}

    async def test_deliveries_about_orders_are_read_newest_first(self, store: Store) -> None:
        async with store.writing() as tx:
            await deliveries.add(tx, [delivery(n, order_id=1 + n % 3) for n in range(1, 8)])
            await deliveries.add(tx, [delivery(9, order_id=1, endpoint_id=8)])
            found = await deliveries.of_orders(tx, ONE, endpoint_id=7, order_ids=[1, 2], limit=3)
        assert [each.delivery_id for each in found] == [7, 6, 4]
