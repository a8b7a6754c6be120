"""The worker delivers everything, once and in order, whatever fails; no order or endpoint blocks another."""

import asyncio
from functools import partial

import pytest
from sqlalchemy import update
from standardwebhooks import Webhook

from crossdock.core import retry_policy
from crossdock.core.retry_policy import RETRY_DELAYS_S, State
from crossdock.flows import endpoints
from crossdock.store.deliveries import Endpoint
from crossdock.store.protocols import Statement
from crossdock.store.tables import event
from tests.notifications.receiver import Receiver, answer, drop, stall
from tests.notifications.world import (
    ALLOWED,
    bodies,
    call_verb,
    caller_of,
    create,
    current,
    deliveries_of,
    endpoint,
    eventually,
    wait_until_ended,
    working,
)
from tests.world import World

pytestmark = pytest.mark.parametrize("context", [ALLOWED], indirect=True)


class TestDelivery:
    async def test_every_event_is_delivered_signed_in_the_order_of_the_feed(self, world: World) -> None:
        async with Receiver() as receiver, working(world.context):
            made = await endpoint(world, receiver)
            order_id = await create(world, "A-1")
            await call_verb(world, order_id, "hold", holds=[{"reason": "stock"}])
            await call_verb(world, order_id, "release")
            got = await receiver.wait_for(3)
            await wait_until_ended(world, made, 3)
        found = bodies(got)
        assert [each["type"] for each in found] == ["order.received", "order.held", "order.released"]
        assert [each["number"] for each in found] == [1, 2, 3]
        assert [each["status"] for each in found] == ["open", "on_hold", "open"]
        assert [each["order"]["version"] for each in found] == [1, 2, 3]
        assert [each["order"]["holds"] != [] for each in found] == [False, True, False]
        (secret,) = endpoints.subscription_of(world.context, made).secrets
        for each in got:
            Webhook(secret.value).verify(each.body, each.headers)
            assert each.headers["webhook-id"] == bodies([each])[0]["id"]

    async def test_an_endpoint_gets_events_from_now_on_or_from_the_start(self, world: World) -> None:
        await create(world, "A-1")
        async with Receiver() as late, Receiver() as whole:
            for_late, for_whole = await endpoint(world, late), await endpoint(world, whole, from_start=True)
            await create(world, "A-2")
            async with working(world.context):
                await wait_until_ended(world, for_late, 1)
                await wait_until_ended(world, for_whole, 2)
        assert [each["order"]["number"] for each in bodies(late.got)] == ["A-2"]
        assert [each["order"]["number"] for each in bodies(whole.got)] == ["A-1", "A-2"]

    async def test_a_subscription_filters_by_type_door_and_status(self, world: World) -> None:
        async with Receiver() as receiver, working(world.context):
            held = await endpoint(world, receiver, topics=("order.held", "order.rel*"))
            on_hold = await endpoint(world, receiver, statuses=("on_hold",))
            of_s2 = await endpoint(world, receiver, doors=("s2",))
            order_id = await create(world, "A-1")
            await call_verb(world, order_id, "hold", holds=[{"reason": "stock"}])
            await call_verb(world, order_id, "release")
            assert [each.topic for each in await wait_until_ended(world, held, 2)] == ["order.held", "order.released"]
            assert [each.topic for each in await wait_until_ended(world, on_hold, 1)] == ["order.held"]

            async def has_read() -> bool:
                return (await current(world, of_s2)).position == 3

            await eventually(has_read)
            assert await deliveries_of(world, of_s2) == []

    @pytest.mark.parametrize("format", ["cloudevents", "hub", "pb_oms", "pb_fulfillment", "fabric", "s2"])
    async def test_an_endpoint_gets_the_format_it_subscribed_to(self, world: World, format: str) -> None:
        async with Receiver() as receiver, working(world.context):
            await endpoint(world, receiver, format=format)
            order_id = await create(world, "A-1")
            (got,) = bodies(await receiver.wait_for(1))
        if format == "cloudevents":
            assert (got["specversion"], got["type"], got["subject"]) == ("1.0", "crossdock.order.received", order_id)
            assert receiver.got[0].headers["content-type"] == "application/cloudevents+json"
            assert got["data"]["order"]["number"] == "A-1"
        else:
            displayed = await world.http.get(f"/hub/v1/orders/{order_id}?as={format}", headers=await world.bearer())
            assert got == displayed.json()["order"]


class TestFailure:
    async def test_a_failed_delivery_is_retried_before_later_events_of_its_order(
        self, world: World, hurried: None
    ) -> None:
        async with Receiver() as receiver, working(world.context):
            receiver.script(answer(500, b"not now"), drop, answer(429, retry_after="0"), answer(302, location="/x"))
            made = await endpoint(world, receiver)
            order_id = await create(world, "A-1")
            await call_verb(world, order_id, "hold", holds=[{"reason": "stock"}])
            first, second = await wait_until_ended(world, made, 2)
        assert [each.state for each in (first, second)] == [State.DELIVERED, State.DELIVERED]
        assert [each.status for each in first.attempted] == [500, None, 429, 302, 200]
        assert first.attempted[0].answer == "not now"
        assert [each["number"] for each in bodies(receiver.got)] == [1, 1, 1, 1, 1, 2]
        assert len({each.headers["webhook-id"] for each in receiver.got}) == 2

    async def test_a_delivery_that_always_fails_becomes_a_dead_letter_and_unblocks_the_next(
        self, world: World, hurried: None
    ) -> None:
        async with Receiver() as receiver, working(world.context):
            receiver.script(*[answer(500)] * len(RETRY_DELAYS_S))
            made = await endpoint(world, receiver)
            order_id = await create(world, "A-1")
            await call_verb(world, order_id, "hold", holds=[{"reason": "stock"}])
            first, second = await wait_until_ended(world, made, 2)
            assert (first.state, second.state, first.attempts) == (State.DEAD, State.DELIVERED, len(RETRY_DELAYS_S))
            caller = await caller_of(world)
            again = await endpoints.redeliver(
                world.context, caller, endpoint_id=made.endpoint_id, delivery_id=first.delivery_id
            )
            assert (again.state, again.attempts) == (State.PENDING, 0)
            first, second = await wait_until_ended(world, made, 2)
            assert (first.state, first.attempts, len(first.attempted)) == (State.DELIVERED, 1, len(RETRY_DELAYS_S) + 1)

    async def test_deliveries_about_no_order_are_redelivered_together(self, world: World) -> None:
        async with Receiver() as receiver, working(world.context):
            made, caller = await endpoint(world, receiver), await caller_of(world)
            began = world.context.clock()
            for _ in range(3):
                await endpoints.test(world.context, caller, endpoint_id=made.endpoint_id)
            await wait_until_ended(world, made, 3)
            count = await endpoints.redeliver_all(
                world.context,
                caller,
                endpoint_id=made.endpoint_id,
                since=began,
                until=world.context.clock() + 1_000,
                state=None,
            )
            assert count == 3
            found = await wait_until_ended(world, made, 3)
        assert [len(each.attempted) for each in found] == [2, 2, 2]

    async def test_a_delivery_in_flight_is_not_sent_twice_by_a_redelivery(self, world: World) -> None:
        async with Receiver() as receiver, working(world.context):
            release = asyncio.Event()

            async def late(writer: asyncio.StreamWriter) -> None:
                await release.wait()
                await answer()(writer)

            receiver.script(late)
            made, caller = await endpoint(world, receiver), await caller_of(world)
            await create(world, "A-1")
            await receiver.wait_for(1)
            (found,) = await deliveries_of(world, made)
            same = await endpoints.redeliver(
                world.context, caller, endpoint_id=made.endpoint_id, delivery_id=found.delivery_id
            )
            assert (same.claimed_by, same.next_at) == (found.claimed_by, found.next_at)
            await create(world, "A-2")
            await receiver.wait_for(2)
            release.set()
            await wait_until_ended(world, made, 2)
        assert [each["order"]["number"] for each in bodies(receiver.got)] == ["A-1", "A-2"]

    async def test_a_failing_delivery_does_not_block_other_orders(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The failing one waits for its retry, far longer than the test takes, while the others are delivered."""
        monkeypatch.setattr(retry_policy, "RETRY_DELAYS_S", (0, *[3_600] * (len(RETRY_DELAYS_S) - 1)))
        async with Receiver() as receiver, working(world.context):
            made = await endpoint(world, receiver)
            receiver.script(answer(500))
            failing = await create(world, "P-1")
            await receiver.wait_for(1)
            others = [await create(world, f"A-{number}") for number in range(20)]
            await call_verb(world, failing, "hold", holds=[{"reason": "stock"}])
            await receiver.wait_for(21)

            async def are_delivered() -> bool:
                found = await deliveries_of(world, made)
                return len(found) == 22 and sum(each.state is State.DELIVERED for each in found) == 20

            await eventually(are_delivered)
            found = await deliveries_of(world, made)
        assert [each.state for each in found if each.number == 2] == [State.WAITING]
        assert {each["order_id"] for each in bodies(receiver.got)[1:]} == set(others)

    async def test_a_slow_endpoint_does_not_block_other_endpoints(self, world: World) -> None:
        async with Receiver() as slow, Receiver() as quick, working(world.context):
            slow.default = stall()
            for_slow, for_quick = await endpoint(world, slow), await endpoint(world, quick)
            for number in range(5):
                await create(world, f"A-{number}")
            await wait_until_ended(world, for_quick, 5)
            assert all(each.ended_at is None for each in await deliveries_of(world, for_slow))
            slow.hang_up()  # or the worker waits for its attempts before it ends

    async def test_a_410_disables_the_endpoint_until_it_is_enabled(self, world: World, hurried: None) -> None:
        async with Receiver() as receiver, working(world.context):
            receiver.script(answer(410))
            made = await endpoint(world, receiver)
            await create(world, "A-1")

            async def is_disabled() -> bool:
                return (await current(world, made)).state == "disabled"

            await eventually(is_disabled)
            assert (await current(world, made)).reason == "the receiver answered 410 Gone"
            await create(world, "A-2")
            await endpoints.change(world.context, await caller_of(world), endpoint_id=made.endpoint_id, enabled=True)
            await wait_until_ended(world, made, 2)
        first, *others = [each["order"]["number"] for each in bodies(receiver.got)]
        assert (first, sorted(others)) == ("A-1", ["A-1", "A-2"])  # orders do not wait for each other


class TestUnreadableEvent:
    async def test_an_unreadable_event_fails_alone_and_visibly(self, world: World) -> None:
        """The event between two readable ones is invalid, as a newer version of this program might have written it."""
        async with Receiver() as receiver:
            made = [await endpoint(world, receiver, format=name) for name in ("event", "fabric_event", "s2")]
            for number in range(3):
                await create(world, f"A-{number}")
            broken = update(event).where(event.c.position == 2).values(payload=b"{")
            async with world.context.store.writing() as tx:
                await tx.run(Statement(broken))
            async with working(world.context):
                for each in made:
                    await eventually(partial(has_failed_alone, world, each))
                (mails,) = await endpoints.all_of(world.context, await caller_of(world), kind="email")
                await eventually(partial(has_failed_alone, world, mails))
        assert {each["order"]["number"] for each in bodies(receiver.got) if "order" in each} == {"A-0", "A-2"}


async def has_failed_alone(world: World, of: Endpoint) -> bool:
    """Whether all deliveries but one ended well, and that one has the reason of its failure."""
    found = await deliveries_of(world, of)
    failed = [each for each in found if each.state is not State.DELIVERED and each.attempted]
    readable = [each for each in found if each.state is State.DELIVERED]
    orders = {each.order_id for each in readable}
    return len(failed) == 1 and "could not be made" in str(failed[0].attempted[0].error) and len(orders) == 2
