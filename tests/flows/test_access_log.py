"""The access log: what is recorded of each request, how it is stored, listed, pruned and erased."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from crossdock import demo
from crossdock.core.errors import Busy, Code
from crossdock.flows import access, access_log, erasure, retention, tenants
from crossdock.flows.access import Caller, system_caller
from crossdock.flows.access_log import AccessEntry, AccessFilter
from crossdock.flows.access_recorder import MOST_WAITING, kind_of
from crossdock.flows.context import Context
from crossdock.flows.measures import ACCESS_ENTRIES_LOST
from crossdock.store import access_log as stored_log
from crossdock.store.protocols import Statement
from crossdock.store.tables import access_entry
from tests.vendors import VENDORS
from tests.world import World

ON: dict[str, Any] = {"access_log_days": 30}
on = pytest.mark.parametrize("context", [ON], indirect=True)
DAY_US = 86_400_000_000
EVERYTHING = AccessFilter()
_ALL = Statement(select(access_entry).where(access_entry.c.organization_id >= 0).order_by(access_entry.c.entry_id))


async def _admin(context: Context, world: World) -> Caller:
    return Caller(await world.demo_organization(), "admin", frozenset(access.SCOPES))


async def listed(world: World, wanted: AccessFilter = EVERYTHING, **more: Any) -> list[AccessEntry]:
    """Store what waits and list all entries, newest first."""
    await world.context.access_log.store()
    caller = await _admin(world.context, world)
    found, last = await access_log.entries(world.context, caller, wanted, limit=200, **more)
    assert last is None
    return found


async def create(world: World, headers: dict[str, str], number: str = "A-1") -> dict[str, Any]:
    vendor = VENDORS["hub"]
    answer = await world.http.post(vendor.create, json=vendor.body(number), headers=headers)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


class TestRecord:
    @on
    async def test_reads_and_changes_of_every_door_are_written(self, world: World) -> None:
        headers = await world.bearer()
        orders: dict[str, httpx.Response] = {}
        for vendor in VENDORS.values():
            own = headers | vendor.headers(f"n-{vendor.door}")
            orders[vendor.door] = await world.http.post(
                vendor.create, json=vendor.body(f"N-{vendor.door}"), headers=own
            )
            path = vendor.read(orders[vendor.door].json())
            assert (await world.http.get(path, headers=own)).status_code == 200
        found = await listed(world)
        for vendor in VENDORS.values():
            read, changed = [each for each in found if each.door == vendor.door][:2]
            assert (changed.kind, read.kind) == ("change", "read")
            assert changed.order_id is not None
            assert changed.order_id == read.order_id
            assert (read.actor, read.actor_kind, read.status) == (demo.CLIENT_ID, "client", 200)
            assert read.at >= changed.at

    @on
    async def test_refusals_are_written_and_requests_of_nobody_are_not(self, world: World) -> None:
        headers = await world.bearer()
        assert (await world.http.get("/hub/v1/orders/0pb08s2680200", headers=headers)).status_code == 404
        assert (await world.http.get("/hub/v1/orders")).status_code == 401
        assert (await world.http.get("/hub/v1/nowhere", headers=headers)).status_code == 404
        (entry,) = await listed(world)
        assert (entry.operation, entry.order_id, entry.object, entry.status) == (
            "getOrder",
            None,
            "id=0pb08s2680200",
            404,
        )

    @pytest.mark.parametrize("context", [ON | {"demo": True}], indirect=True)
    async def test_pages_and_forms_of_the_console_are_written_with_the_person(self, world: World) -> None:
        order = await create(world, await world.bearer())
        assert (await world.http.post("/console/sign-in/demo")).status_code == 303
        assert (await world.http.get(f"/console/orders/{order['id']}")).status_code == 200
        for polled in ("/console/feed/new?after=0", "/console/today.json"):
            assert (await world.http.get(polled)).status_code == 200
        entry = (await listed(world))[0]
        assert entry.operation == "showOrder"
        assert (entry.door, entry.kind, entry.actor_kind) == ("console", "read", "person")
        assert "@" in entry.actor
        names = await access_log.names(world.context, await _admin(world.context, world), [entry])
        assert names[entry.actor]

    async def test_nothing_is_written_where_it_is_off(self, world: World) -> None:
        await create(world, await world.bearer())
        assert not world.context.access_log._waiting
        assert await listed(world) == []

    def test_searches_by_post_read(self) -> None:
        assert kind_of("POST", "searchOrders", access.READ) == "read"
        assert kind_of("POST", "queryWebhookEvents", access.ADMIN) == "read"
        assert kind_of("POST", "createOrder", access.WRITE) == "change"
        assert kind_of("GET", "listEndpoints", access.ADMIN) == "read"

    @on
    async def test_what_no_database_stores_is_replaced_and_what_is_long_is_cut(self, world: World) -> None:
        record(
            world.context, await _admin(world.context, world), params={"sku": "\ud800" + "x" * 500, "userId": "jane"}
        )
        (entry,) = await listed(world)
        assert entry.object == "sku=?" + "x" * 195


def record(
    context: Context, caller: Caller, *, params: dict[str, str] | None = None, order_id: int | None = None
) -> None:
    context.access_log.record(
        caller, door="hub", operation="getOrder", kind="read", address="192.0.2.1", order_id=order_id,
        params=params or {}, status=200,
    )  # fmt: skip


class TestStore:
    @on
    async def test_entries_wait_for_a_database_that_is_away_and_are_stored_once(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        caller = await _admin(world.context, world)
        add = stored_log.add

        async def unsure(tx: Any, added: Sequence[AccessEntry]) -> None:
            monkeypatch.setattr(stored_log, "add", refuse_after)
            await add(tx, added)

        async def refuse_after(tx: Any, added: Sequence[AccessEntry]) -> None:
            monkeypatch.setattr(stored_log, "add", add)
            raise Busy(Code.UNAVAILABLE, "away")

        monkeypatch.setattr(stored_log, "add", unsure)
        record(world.context, caller)
        await world.context.access_log.store()
        record(world.context, caller)
        await world.context.access_log.store()  # refused
        assert len(world.context.access_log._waiting) == 1
        # As after a commit without an answer: what is stored already comes again.
        (stored,) = await _stored(world.context)
        world.context.access_log._waiting.appendleft(stored)
        assert len(await listed(world)) == 2

    @on
    async def test_what_finds_no_room_is_counted(self, world: World) -> None:
        caller, before = await _admin(world.context, world), ACCESS_ENTRIES_LOST._value.get()
        for _ in range(MOST_WAITING + 3):
            record(world.context, caller)
        assert ACCESS_ENTRIES_LOST._value.get() - before == 3
        assert len(world.context.access_log._waiting) == MOST_WAITING
        world.context.access_log._waiting.clear()

    @on
    async def test_entries_that_cannot_be_stored_do_not_keep_out_later_ones(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        caller, before = await _admin(world.context, world), ACCESS_ENTRIES_LOST._value.get()

        async def fail(tx: Any, added: Sequence[AccessEntry]) -> None:
            raise RuntimeError("a bug")

        with monkeypatch.context() as broken:
            broken.setattr(stored_log, "add", fail)
            record(world.context, caller)
            await world.context.access_log.store()
        record(world.context, caller)
        assert len(await listed(world)) == 1
        assert ACCESS_ENTRIES_LOST._value.get() - before == 1

    @on
    async def test_a_stop_stores_what_waits(self, world: World) -> None:
        from crossdock.app import _keep_access_log

        keeping = asyncio.create_task(_keep_access_log(world.context))
        await asyncio.sleep(0)
        record(world.context, await _admin(world.context, world))
        keeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await keeping
        assert len(await _stored(world.context)) == 1

    @on
    async def test_entries_of_several_organizations_keep_their_order(self, world: World) -> None:
        one = await _admin(world.context, world)
        other = system_caller(await tenants.add_organization(world.context, name="Other", uuid=str(uuid4())), "x")
        for caller in (one, other, one, other):
            record(world.context, caller)
        assert len(await listed(world)) == 2
        for caller in (one, other):
            own = [each for each in await _stored(world.context) if each.organization_id == caller.organization_id]
            assert len(own) == 2


async def _stored(context: Context) -> list[AccessEntry]:
    async with context.store.reading() as tx:
        return [AccessEntry(*row) for row in await tx.rows(_ALL)]


class TestEntries:
    @on
    async def test_filters_narrow_the_list(self, world: World) -> None:
        headers = await world.bearer()
        one, other = await create(world, headers, "A-1"), await create(world, headers, "A-2")
        for _ in range(2):
            await world.http.get(f"/hub/v1/orders/{one['id']}", headers=headers)
        everything = await listed(world)
        assert len(everything) == 4
        of_one = everything[0].order_id
        assert len(await listed(world, AccessFilter(order_id=of_one))) == 3
        assert len(await listed(world, AccessFilter(order_id=of_one, kind="read"))) == 2
        assert len(await listed(world, AccessFilter(operation="createOrder"))) == 2
        assert await listed(world, AccessFilter(actor="nobody")) == []
        assert len(await listed(world, AccessFilter(actor=demo.CLIENT_ID, kind="change"))) == 2
        assert await listed(world, to_us=everything[-1].at - 2_000) == []
        assert len(await listed(world, from_us=everything[-1].at - 2_000)) == 4
        assert other["id"]

    @on
    async def test_the_api_pages_through_it_and_names_the_actor(self, world: World) -> None:
        headers = await world.bearer()
        order = await create(world, headers)
        for _ in range(4):
            await world.http.get(f"/hub/v1/orders/{order['id']}", headers=headers)
        await world.context.access_log.store()
        path: str | None = "/hub/v1/access-log?operation=getOrder&limit=3"
        sizes = []
        while path:
            answer = await world.http.get(path, headers=headers)
            assert answer.status_code == 200, answer.text
            items = answer.json()["items"]
            assert {(each["order_id"], each["actor"], each["kind"]) for each in items} == {
                (order["id"], demo.CLIENT_ID, "read")
            }
            assert all(each["actor_name"] for each in items)
            sizes.append(len(items))
            path = answer.links["next"]["url"] if "next" in answer.links else None
        assert sizes == [3, 1]

    @on
    async def test_the_api_names_what_is_wrong_with_filters(self, world: World) -> None:
        query = "order_id=1&kind=x&from=yesterday&limit=0&colour=red"
        answer = await world.http.get(f"/hub/v1/access-log?{query}", headers=await world.bearer())
        assert answer.status_code == 422
        named = await world.http.get(f"/hub/v1/access-log?{query.rpartition('&')[0]}", headers=await world.bearer())
        assert len(named.json()["errors"]) == 4

    @on
    async def test_a_filtered_page_looks_at_a_limited_number_of_entries(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stored_log, "MAX_SCANNED", 3)
        caller = await _admin(world.context, world)
        for number in range(8):
            record(world.context, caller, order_id=number + 1)
        await world.context.access_log.store()
        before, looked_at = None, 0
        while True:
            found, before = await access_log.entries(
                world.context, caller, AccessFilter(actor="nobody"), before=before, limit=2
            )
            assert found == []
            looked_at += 1
            if before is None:
                break
        assert looked_at == 3


class TestRetentionAndErasure:
    @on
    async def test_old_entries_are_deleted(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        caller = await _admin(world.context, world)
        now = world.context.clock()
        for age in (31, 29):
            monkeypatch.setattr(world.context.access_log, "_clock", lambda age=age: now - age * DAY_US)
            record(world.context, caller)
            await world.context.access_log.store()
        assert await retention.prune_access_log(world.context) == 1
        (left,) = await listed(world)
        assert left.at == now - 29 * DAY_US

    async def test_entries_stay_where_it_was_turned_off(self, world: World) -> None:
        assert await retention.prune_access_log(world.context) == 0

    @on
    async def test_an_erasure_takes_the_address_out_of_paths(self, world: World) -> None:
        caller = await _admin(world.context, world)
        record(world.context, caller, params={"id": "Jane%40Example.com"})
        record(world.context, caller, params={"id": "john@example.com"})
        await world.context.access_log.store()
        done = await erasure.erase_by_email(world.context, caller, email="jane@example.com", dry_run=True)
        assert done.accesses == 1
        assert await erasure.erase_by_email(world.context, caller, email="jane@example.com") == done
        assert [each.object for each in await listed(world)] == ["id=john@example.com", None]
        again = await erasure.erase_by_email(world.context, caller, email="jane@example.com")
        assert again.accesses == 0
