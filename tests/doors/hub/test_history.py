"""What happened to an order: the timeline, and the order as it was."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from crossdock.store.protocols import Statement
from crossdock.store.tables import event as event_table
from tests.doors.hub.conftest import LINE, ORDERS, create, one_of_each, parameters, smallest
from tests.doors.hub.test_moves import do, read
from tests.doors.hub.test_read import at
from tests.slowness import processor_time_below
from tests.vendors import VENDORS
from tests.world import World

Headers = dict[str, str]
STEPS: list[tuple[str, Any]] = [
    ("hold", {"holds": [{"reason": "fraud", "note": "n"}, {"reason": "stock", "lines": [0]}]}),
    (
        "edit",
        {"notes": "x", "lines": [LINE | {"quantity": 5}, {"sku": "B", "quantity": 1}], "customer": {"name": "Ann"}},
    ),
    ("release", {"reasons": ["fraud"]}),
    ("tag", {"set": ["a", "b"]}),
    ("cancel", {"lines": [{"line": 0, "quantity": 2}]}),
    ("tag", {"remove": ["a"]}),
    ("archive", {}),
    ("note", {"text": "well"}),
    ("edit", {"lines": [{"sku": "B", "quantity": 1}, LINE | {"quantity": 5, "unit_price": "1.50"}]}),
    ("cancel", {}),
    ("unarchive", {}),
]


async def walked(world: World, headers: Headers) -> list[dict[str, Any]]:
    """Take an order through many verbs and give its documents, one a version."""
    order = await create(world, headers, smallest())
    documents = [order]
    for verb, body in STEPS:
        answer = await do(world, headers, order["id"], verb, body)
        assert answer.status_code == 200, answer.text
        documents.append(answer.json()["order"])
    return documents


async def timeline(world: World, headers: Headers, order_id: str, **query: Any) -> dict[str, Any]:
    answer = await world.http.get(f"{ORDERS}/{order_id}/events", params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def found(document: Any, pointer: str) -> Any:
    try:
        return at(document, pointer)
    except (KeyError, IndexError):
        return None


class TestTimeline:
    async def test_tells_each_event_with_old_and_new_values(self, world: World, headers: Headers) -> None:
        documents = await walked(world, headers)
        document = await timeline(world, headers, documents[0]["id"])
        assert document["next"] is None
        assert [each["number"] for each in document["items"]] == list(range(1, len(documents) + 1))
        assert {(each["actor"], each["door"]) for each in document["items"]} == {("demo", "hub")}
        for before, after, event in zip(documents, documents[1:], document["items"][1:], strict=False):
            assert event["at"] == after["updated_at"]
            for change in event["changes"]:
                assert found(before, change["pointer"]) == change["old"], (event["name"], change)
                assert found(after, change["pointer"]) == change["new"], (event["name"], change)
            silent = {"order.noted"}
            assert bool(event["changes"]) is (event["name"] not in silent)

    async def test_tells_every_value_that_changed(self, world: World, headers: Headers) -> None:
        """The changes of an event, done to the document before, give the members that are different after."""
        documents = await walked(world, headers)
        document = await timeline(world, headers, documents[0]["id"])
        passed = ("version", "updated_at", "reconciliation")
        for before, after, event in zip(documents, documents[1:], document["items"][1:], strict=False):
            changed = {change["pointer"].split("/")[1] for change in event["changes"]}
            names = {*before, *after}
            assert {n for n in names if before.get(n) != after.get(n)} - {*passed} == changed

    async def test_tells_who_did_it_at_which_door_and_why(self, world: World, headers: Headers) -> None:
        made = await world.http.post("/order", json=VENDORS["s2"].body("S-1"), headers=headers)
        await world.http.post(f"/order/{made.json()['id']}/cancel", headers=headers)
        (order,) = (await world.http.get(ORDERS, headers=headers)).json()["items"]
        await do(world, headers, order["id"], "archive", {"reason": "over"})
        document = (await timeline(world, headers, order["id"]))["items"]
        assert [(each["name"], each["door"], each["reason"]) for each in document] == [
            ("order.received", "s2", None), ("order.canceled", "s2", None), ("order.archived", "hub", "over"),
        ]  # fmt: skip

    async def test_is_given_in_pages(self, world: World, headers: Headers) -> None:
        documents = await walked(world, headers)
        whole = (await timeline(world, headers, documents[0]["id"]))["items"]
        seen: list[Any] = []
        query: dict[str, Any] = {"limit": 5}
        while True:
            page = await timeline(world, headers, documents[0]["id"], **query)
            seen += page["items"]
            assert len(page["items"]) <= 5
            if page["next"] is None:
                break
            query["cursor"] = page["next"]
        assert seen == whole

    async def test_refuses_a_cursor_it_never_gave(self, world: World, headers: Headers) -> None:
        """After a restore the order has fewer events, or others."""
        documents = await walked(world, headers)
        path = f"{ORDERS}/{documents[0]['id']}/events"
        known = (await timeline(world, headers, documents[0]["id"], limit=5))["next"]
        assert (await world.http.get(path, params={"cursor": known}, headers=headers)).json()["items"][0]["number"] == 6
        assert (
            await world.http.get(path, params={"cursor": "5"}, headers=headers)
        ).status_code == 200  # of earlier versions
        for cursor in ("5-00000000", "13", "9999999"):
            answer = await world.http.get(path, params={"cursor": cursor}, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (410, "unknown_cursor")

    async def test_ends_a_page_at_the_limit_of_bytes(
        self, world: World, headers: Headers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        documents = await walked(world, headers)
        whole = (await timeline(world, headers, documents[0]["id"]))["items"]
        monkeypatch.setattr(world.context, "settings", msgspec.structs.replace(world.context.settings, page_bytes=1))
        query: dict[str, Any] = {}
        for event in whole:
            page = await timeline(world, headers, documents[0]["id"], **query)
            assert page["items"] == [event]
            query = {"cursor": page["next"]}
        assert page["next"] is None

    async def test_shows_events_that_cannot_be_read(self, world: World, headers: Headers) -> None:
        documents = await walked(world, headers)
        whole = (await timeline(world, headers, documents[0]["id"]))["items"]
        damaged = update(event_table).where(event_table.c.number == 3, event_table.c.name == "order.edited")
        async with world.context.store.writing() as tx:
            await tx.run(Statement(damaged.values(payload=b"{")))
        items = (await timeline(world, headers, documents[0]["id"]))["items"]
        assert items[:2] == whole[:2]
        for unreadable, sound in zip(items[2:], whole[2:], strict=True):
            assert unreadable.pop("error") == "this event cannot be shown; the server's log says why"
            assert unreadable == {name: sound[name] for name in ("number", "name", "at", "actor", "door")}

    async def test_of_a_long_order_compares_only_the_events_of_the_page(self, world: World, headers: Headers) -> None:
        """Comparing all of them took 1.2 s, in which the server did nothing else."""
        lines = [{"sku": f"S{number}", "quantity": 9} for number in range(9_999)]
        order = await create(world, headers, {"number": "LONG", "lines": lines})
        for number in range(20):
            await do(world, headers, order["id"], "note", {"text": f"note {number}"})
        with processor_time_below(0.6):
            page = await timeline(world, headers, order["id"], limit=1)
        assert [each["number"] for each in page["items"]] == [1]

    async def test_refuses_odd_parameters(self, world: World, headers: Headers) -> None:
        order = await create(world, headers, smallest())
        for query in ({"cursor": "x"}, {"cursor": "-1"}, {"cursor": ""}, {"limit": "0"}, {"after": "1"}):
            answer = await world.http.get(f"{ORDERS}/{order['id']}/events", params=query, headers=headers)
            assert parameters(answer) == list(query)

    async def test_of_nobodys_order_is_404(self, world: World, headers: Headers) -> None:
        order = await create(world, headers, smallest())
        stranger = await world.stranger()
        for order_id, who in (("nonsense", headers), ("0000000000000", headers), (order["id"], stranger)):
            answer = await world.http.get(f"{ORDERS}/{order_id}/events", headers=who)
            assert (answer.status_code, answer.json()["code"]) == (404, "no_order")


class TestAsOf:
    async def test_gives_the_order_as_it_was_at_every_version(self, world: World, headers: Headers) -> None:
        documents = await walked(world, headers)
        for document in documents:
            query = {"as_of": document["updated_at"]}
            answer = await world.http.get(f"{ORDERS}/{document['id']}", params=query, headers=headers)
            assert answer.json() == document
            assert answer.headers["etag"] == f'"{document["version"]}"'

    async def test_gives_it_in_any_doors_words(self, world: World, headers: Headers) -> None:
        for door, order_id in (await one_of_each(world, headers)).items():
            before = await read(world, headers, order_id)
            document = {
                each: (await world.http.get(f"{ORDERS}/{order_id}?as={each}", headers=headers)).json()
                for each in VENDORS
            }
            await do(world, headers, order_id, "edit", {"notes": "other"})
            await do(world, headers, order_id, "cancel", {})
            for each, expected in document.items():
                query = {"as": each, "as_of": before["updated_at"]}
                answer = await world.http.get(f"{ORDERS}/{order_id}", params=query, headers=headers)
                assert answer.json() == expected, (door, each)

    async def test_before_it_was_there_is_404(self, world: World, headers: Headers) -> None:
        order = await create(world, headers, smallest())
        answer = await world.http.get(f"{ORDERS}/{order['id']}?as_of=2020-01-01T00:00:00Z", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "no_order")

    async def test_in_the_future_is_as_it_is(self, world: World, headers: Headers) -> None:
        order = await create(world, headers, smallest())
        answer = await world.http.get(f"{ORDERS}/{order['id']}?as_of=9999-12-31T23:59:59Z", headers=headers)
        assert answer.json() == order

    @pytest.mark.parametrize("time", ["", "now", "2026-01-30", "1769770404", "9999-12-31T23:59:59-14:00"])
    async def test_refuses_what_is_no_time(self, world: World, headers: Headers, time: str) -> None:
        order = await create(world, headers, smallest())
        answer = await world.http.get(f"{ORDERS}/{order['id']}", params={"as_of": time, "as": "x"}, headers=headers)
        assert sorted(parameters(answer)) == ["as", "as_of"]
