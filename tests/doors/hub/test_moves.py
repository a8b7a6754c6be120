"""The verbs: tried, guarded by a version, made once, refused; and what each makes of odd bodies."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from crossdock.core.ids import from_base32
from crossdock.core.orders.commands import ShipOrder
from crossdock.doors.hub import wire
from crossdock.flows.access import Caller
from crossdock.flows.execute import execute
from tests.doors.hub.conftest import LINE, ORDERS, create, one_of_each, pointers, smallest
from tests.vendors import VENDORS
from tests.world import World

Headers = dict[str, str]
HOLD = {"holds": [{"reason": "fraud"}]}
# A body for each verb that changes something of a fresh order; `release` wants a hold and `unarchive` an archived one.
BODIES: dict[str, Any] = {
    "edit": {"notes": "x"}, "hold": HOLD, "release": {}, "cancel": {}, "tag": {"add": ["vip"]}, "note": {"text": "x"},
    "archive": {}, "unarchive": {},
}  # fmt: skip


async def do(
    world: World, headers: Headers, order_id: str, verb: str, body: Any = None, query: str = "", **more: str
) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in more.items()}
    content = json.dumps(BODIES[verb] if body is None else body)
    return await world.http.post(f"{ORDERS}/{order_id}/{verb}{query}", content=content, headers=headers | named)


async def ready(world: World, headers: Headers, verb: str, number: str = "H-1") -> dict[str, Any]:
    """Create an order on which a verb can be asked."""
    order = await create(world, headers, smallest(number))
    for before in {"release": ["hold"], "unarchive": ["archive"]}.get(verb, []):
        order = (await do(world, headers, order["id"], before)).json()["order"]
    return order


async def read(world: World, headers: Headers, order_id: str) -> dict[str, Any]:
    return (await world.http.get(f"{ORDERS}/{order_id}", headers=headers)).json()  # type: ignore[no-any-return]


def timeless(answer: httpx.Response) -> Any:
    """Return an answer without what differs between a try and the doing: times."""
    document = answer.json()
    at = document["order"]["updated_at"]
    return json.loads(json.dumps(document).replace(at, "<now>"))


@pytest.mark.parametrize("verb", BODIES)
class TestEveryVerb:
    async def test_answers_the_order_and_its_events(self, world: World, headers: Headers, verb: str) -> None:
        order = await ready(world, headers, verb)
        answer = await do(world, headers, order["id"], verb)
        document = answer.json()
        assert (answer.status_code, set(document)) == (200, {"order", "events"})
        assert document["order"] == await read(world, headers, order["id"])
        assert answer.headers["etag"] == f'"{document["order"]["version"]}"' == f'"{order["version"] + 1}"'
        (event,) = document["events"]
        assert (event["number"], event["actor"], event["door"]) == (order["version"] + 1, "demo", "hub")
        assert event["at"] == document["order"]["updated_at"]

    async def test_that_is_tried_answers_alike_and_writes_nothing(
        self, world: World, headers: Headers, verb: str
    ) -> None:
        order = await ready(world, headers, verb)
        tried = await do(world, headers, order["id"], verb, query="?dry_run=true", Idempotency_Key="k")
        assert (tried.status_code, tried.headers["dry-run"], "etag" in tried.headers) == (200, "true", False)
        assert await read(world, headers, order["id"]) == order
        done = await do(world, headers, order["id"], verb, query="?dry_run=false", Idempotency_Key="k")
        assert "dry-run" not in done.headers
        assert timeless(done) == timeless(tried)

    async def test_is_guarded_by_the_version(self, world: World, headers: Headers, verb: str) -> None:
        order = await ready(world, headers, verb)
        etag = f'"{order["version"]}"'
        for stale in ('"99"', '"1-fabric"', f"W/{etag}", '"", "98"'):
            answer = await do(world, headers, order["id"], verb, If_Match=stale)
            assert (answer.status_code, answer.json()["code"]) == (412, "stale_version"), stale
        assert await read(world, headers, order["id"]) == order
        assert (await do(world, headers, order["id"], verb, If_Match=f'"77", {etag}')).status_code == 200
        again = await do(world, headers, order["id"], verb, If_Match=etag)
        assert (again.status_code, again.json()["code"]) == (412, "stale_version")

    async def test_takes_any_version_where_that_is_asked(self, world: World, headers: Headers, verb: str) -> None:
        order = await ready(world, headers, verb)
        assert (await do(world, headers, order["id"], verb, If_Match="*")).status_code == 200

    async def test_happens_once_under_a_key(self, world: World, headers: Headers, verb: str) -> None:
        order = await ready(world, headers, verb)
        etag = f'"{order["version"]}"'
        first = await do(world, headers, order["id"], verb, Idempotency_Key="k-1", If_Match=etag)
        await do(world, headers, order["id"], "note", {"text": "between"})
        again = await do(world, headers, order["id"], verb, Idempotency_Key="k-1", If_Match=etag)
        assert (first.status_code, "idempotent-replayed" in first.headers) == (200, False)
        assert (again.status_code, again.content) == (200, first.content)
        assert (again.headers["etag"], again.headers["idempotent-replayed"]) == (first.headers["etag"], "true")
        assert (await read(world, headers, order["id"]))["version"] == order["version"] + 2

    async def test_under_a_key_of_another_request_is_refused(self, world: World, headers: Headers, verb: str) -> None:
        order, other = await ready(world, headers, verb), await ready(world, headers, verb, "H-2")
        assert (await do(world, headers, order["id"], verb, Idempotency_Key="k-1")).status_code == 200
        different = "note" if verb != "note" else "edit"
        for order_id, requested in ((other["id"], verb), (order["id"], different)):
            answer = await do(world, headers, order_id, requested, Idempotency_Key="k-1")
            assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")
        assert await read(world, headers, other["id"]) == other

    async def test_at_once_under_one_key_happens_once(self, world: World, headers: Headers, verb: str) -> None:
        order = await ready(world, headers, verb)
        calls = (do(world, headers, order["id"], verb, Idempotency_Key="k-1") for _ in range(5))
        answers = await asyncio.gather(*calls)
        assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
        assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1

    async def test_of_no_order_is_404(self, world: World, headers: Headers, verb: str) -> None:
        for order_id in ("0", "nonsense", "0000000000000", "%F0%9F%8E%81"):
            for more in ({}, {"If_Match": '"1"'}, {"If_Match": '"1", "2"'}, {"Idempotency_Key": "k"}):
                answer = await do(world, headers, order_id, verb, **more)
                assert (answer.status_code, answer.json()["code"]) == (404, "no_order"), order_id

    async def test_of_anothers_order_is_404(self, world: World, headers: Headers, verb: str) -> None:
        order = await ready(world, headers, verb)
        stranger = await world.stranger()
        for query in ("", "?dry_run=true"):
            answer = await do(world, stranger, order["id"], verb, query=query)
            assert (answer.status_code, answer.json()["code"]) == (404, "no_order")
        assert await read(world, headers, order["id"]) == order

    async def test_refuses_what_is_no_object(self, world: World, headers: Headers, verb: str) -> None:
        order = await ready(world, headers, verb)
        for body in (b"[]", b"3", b'"x"', b"null", b"{", b"\xff", b'{"a":1,"a":2}', b"[" * 100):
            answer = await world.http.post(f"{ORDERS}/{order['id']}/{verb}", content=body, headers=headers)
            assert answer.status_code in (400, 422), answer.text
        assert await read(world, headers, order["id"]) == order

    async def test_names_faults_of_query_headers_and_body_at_once(
        self, world: World, headers: Headers, verb: str
    ) -> None:
        order = await ready(world, headers, verb)
        answer = await do(
            world, headers, order["id"], verb, [], "?dry_run=yes&force=1", If_Match="1", Idempotency_Key="k" * 256
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
        named = [error.get("parameter", error.get("pointer")) for error in answer.json()["errors"]]
        assert sorted(named) == ["", "Idempotency-Key", "If-Match", "dry_run", "force"]

    async def test_works_on_orders_of_every_door(self, world: World, headers: Headers, verb: str) -> None:
        for door, order_id in (await one_of_each(world, headers)).items():
            if verb in ("release", "unarchive"):
                await do(world, headers, order_id, {"release": "hold", "unarchive": "archive"}[verb])
            answer = await do(world, headers, order_id, verb)
            assert answer.status_code == 200, (door, answer.text)
            for document in VENDORS:
                render = await world.http.get(f"{ORDERS}/{order_id}?as={document}", headers=headers)
                assert render.status_code == 200, (door, document, render.text)


class TestEdit:
    async def test_of_one_version_by_two_lets_one_win(self, world: World, headers: Headers) -> None:
        order = await create(world, headers, smallest())
        calls = (do(world, headers, order["id"], "edit", {"notes": str(n)}, If_Match='"1"') for n in range(6))
        answers = await asyncio.gather(*calls)
        assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412, 412]
        (won,) = (answer for answer in answers if answer.status_code == 200)
        assert await read(world, headers, order["id"]) == won.json()["order"]

    async def test_keeps_digits_and_own_members(self, world: World, headers: Headers) -> None:
        order = await create(world, headers, smallest(**{"x-own": {"a": 1}, "totals": {"items": "50.00"}}))
        document = (
            await do(world, headers, order["id"], "edit", {"x-own": {"b": [None]}, "totals": {"tax": "1E+2"}})
        ).json()
        assert document["order"]["x-own"] == {"a": 1, "b": [None]}
        assert document["order"]["totals"] == {"items": "50.00", "tax": "1E+2"}
        document = (await do(world, headers, order["id"], "edit", {"x-own": None, "totals": None})).json()
        assert not {"x-own", "totals"} & set(document["order"])

    async def test_takes_the_lines_of_an_answer_back(self, world: World, headers: Headers) -> None:
        order = await create(world, headers, smallest(lines=[LINE, LINE | {"sku": "B"}]))
        lines = [order["lines"][1], order["lines"][0] | {"quantity": 9}]
        document = (await do(world, headers, order["id"], "edit", {"lines": lines})).json()
        assert document["events"][0]["data"]["from_lines"] == [1, 0]
        assert [line["counters"]["ordered"] for line in document["order"]["lines"]] == [2, 9]

    async def test_keeps_what_was_canceled(self, world: World, headers: Headers) -> None:
        order = await create(world, headers, smallest())
        await do(world, headers, order["id"], "cancel", {"lines": [{"line": 0, "quantity": 1}]})
        answer = await do(world, headers, order["id"], "edit", {"lines": [LINE | {"quantity": 5}]})
        counters = answer.json()["order"]["lines"][0]["counters"]
        assert (counters["ordered"], counters["canceled"]) == (5, 1)

    @pytest.mark.parametrize("name", ["id", "version", "status", "created_at", "source", "holds", "tags", "archived"])
    async def test_cannot_say_what_is_the_books_to_say(self, world: World, headers: Headers, name: str) -> None:
        order = await create(world, headers, smallest(**{name: "sent"}))
        for value in ("x", None):
            answer = await do(world, headers, order["id"], "edit", {name: value})
            assert (answer.status_code, pointers(answer)) == (422, [f"/{name}"])

    async def test_of_a_foreign_order_changes_only_what_it_says(self, world: World, headers: Headers) -> None:
        for door, order_id in (await one_of_each(world, headers)).items():
            before = await read(world, headers, order_id)
            after = (await do(world, headers, order_id, "edit", {"notes": "Ring twice"})).json()["order"]
            skipped = ("version", "updated_at", "notes")
            assert {n: v for n, v in after.items() if n not in skipped} == {
                n: v for n, v in before.items() if n not in skipped
            }, door
            assert after["notes"] == "Ring twice"

    async def test_takes_the_media_type_of_a_merge_patch(self, world: World, headers: Headers) -> None:
        order = await create(world, headers, smallest())
        media = {"Content-Type": "application/merge-patch+json"}
        assert (await do(world, headers | media, order["id"], "edit")).status_code == 200

    @pytest.mark.parametrize("reason", ["", "%20", "x" * 501])
    async def test_refuses_an_odd_reason(self, world: World, headers: Headers, reason: str) -> None:
        order = await create(world, headers, smallest())
        answer = await do(world, headers, order["id"], "edit", query=f"?reason={reason}")
        assert [error["parameter"] for error in answer.json()["errors"]] == ["reason"]


FAULTS: list[tuple[str, Any, list[str]]] = [
    ("hold", {}, ["/holds"]),
    ("hold", {"holds": []}, ["/holds"]),
    ("hold", {"holds": [{}]}, ["/holds/0/reason"]),
    ("hold", {"holds": [{"reason": "x"}] * (wire.MAX_HOLDS + 1)}, ["/holds"]),
    ("hold", {"holds": ["fraud"]}, ["/holds/0"]),
    ("hold", {"holds": [{"reason": "  "}]}, ["/holds/0/reason"]),
    ("hold", {"holds": [{"reason": "x", "note": " "}]}, ["/holds/0/note"]),
    ("hold", {"holds": [{"reason": "x", "note": "y" * 4001}]}, ["/holds/0/note"]),
    ("hold", {"holds": [{"reason": "x", "lines": []}]}, ["/holds/0/lines"]),
    ("hold", {"holds": [{"reason": "x", "lines": [-1, 0, 0, "1", True]}]},
     ["/holds/0/lines/0", "/holds/0/lines/2", "/holds/0/lines/3", "/holds/0/lines/4"]),
    ("hold", {"holds": [{"reason": "x", "release_at": "9999-12-31T23:59:59-14:00"}]}, ["/holds/0/release_at"]),
    ("hold", {"holds": [{"reason": "x", "release_at": "2099-01-01"}]}, ["/holds/0/release_at"]),
    ("hold", {"holds": [{"reason": "x", "release_at": 5}]}, ["/holds/0/release_at"]),
    ("release", {"holds": [1], "reasons": ["x"]}, ["/reasons"]),
    ("release", {"holds": []}, ["/holds"]),
    ("release", {"holds": ["2"], "reason": ""}, ["/holds/0", "/reason"]),
    ("release", {"hold": [2]}, ["/hold"]),
    ("cancel", {"lines": []}, ["/lines"]),
    ("cancel", {"lines": [{"line": 0}, {"line": 0}]}, ["/lines/1/line"]),
    ("cancel", {"lines": [{"quantity": 0}, {"line": 0, "quantity": 1.5}]},
     ["/lines/0/line", "/lines/0/quantity", "/lines/1/quantity"]),
    ("cancel", {"lines": [0], "reason": "x" * 501, "note": 1}, ["/lines/0", "/note", "/reason"]),
    ("cancel", {"line": 0}, ["/line"]),
    ("tag", {}, [""]),
    ("tag", {"reason": "x"}, [""]),
    ("tag", {"set": ["a"], "add": ["b"]}, ["/set"]),
    ("tag", {"add": "vip"}, ["/add"]),
    ("tag", {"add": [1, "", " a", "x" * 101]}, ["/add/0", "/add/1", "/add/2", "/add/3"]),
    ("tag", {"set": [f"t{n}" for n in range(51)]}, ["/set"]),
    ("note", {}, ["/text"]),
    ("note", {"text": ""}, ["/text"]),
    ("note", {"text": " \n"}, ["/text"]),
    ("note", {"text": "x" * 4001}, ["/text"]),
    ("note", {"text": None, "topic": "x"}, ["/text", "/topic"]),
    ("archive", {"reason": ""}, ["/reason"]),
    ("unarchive", {"why": "x"}, ["/why"]),
    ("edit", {"customer": {"email": 1}, "lines": [], "currency": ""}, ["/currency", "/customer/email", "/lines"]),
    ("edit", {"lines": [LINE | {"gift": True}]}, ["/lines/0/gift"]),
    ("edit", {"number": ""}, ["/number"]),
]  # fmt: skip


class TestFaults:
    @pytest.fixture
    def engine(self) -> str:
        """One engine is enough: no body's faults depend on it."""
        return "sqlite"

    @pytest.mark.parametrize(("verb", "body", "expected"), FAULTS)
    async def test_are_all_named(
        self, world: World, headers: Headers, verb: str, body: Any, expected: list[str]
    ) -> None:
        order = await ready(world, headers, verb)
        answer = await do(world, headers, order["id"], verb, body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
        assert sorted(set(pointers(answer))) == expected
        assert await read(world, headers, order["id"]) == order

    async def test_of_too_many_tags_count_those_there(self, world: World, headers: Headers) -> None:
        order = await create(world, headers, smallest())
        await do(world, headers, order["id"], "tag", {"set": [f"t{n}" for n in range(50)]})
        answer = await do(world, headers, order["id"], "tag", {"add": ["more"]})
        assert (answer.status_code, pointers(answer)) == (422, ["/add"])
        assert (await do(world, headers, order["id"], "tag", {"add": ["more"], "remove": ["t0"]})).status_code == 200


class TestStates:
    async def test_of_a_shipped_order_leave_only_marks(self, world: World, headers: Headers) -> None:
        order = await create(world, headers, smallest())
        caller = Caller(await world.demo_organization(), "test", frozenset({"admin"}))
        await execute(world.context, caller, [ShipOrder(order_id=from_base32(order["id"]))], door="hub")
        for verb in ("edit", "hold", "release", "cancel"):
            answer = await do(world, headers, order["id"], verb)
            assert (answer.status_code, answer.json()["code"]) == (409, "state_forbids")
            assert answer.json()["allowed"] == ["tag", "note", "archive", "unarchive"]
        for verb in ("tag", "note", "archive", "unarchive"):
            assert (await do(world, headers, order["id"], verb)).status_code == 200

    async def test_forbid_fewer_than_were_canceled(self, world: World, headers: Headers) -> None:
        order = await create(world, headers, smallest())
        await do(world, headers, order["id"], "cancel", {"lines": [{"line": 0, "quantity": 1}]})
        await do(world, headers, order["id"], "edit", {"lines": [LINE | {"quantity": 3}]})
        await do(world, headers, order["id"], "cancel", {"lines": [{"line": 0, "quantity": 1}]})
        answer = await do(world, headers, order["id"], "edit", {"lines": [LINE | {"quantity": 1}]})
        assert (answer.status_code, answer.json()["code"], pointers(answer)) == (
            409, "state_forbids", ["/lines/0/quantity"],
        )  # fmt: skip

    async def test_of_a_hold_are_seen_through_every_door(self, world: World, headers: Headers) -> None:
        words = {"pb_oms": "ONHOLD", "fabric": "ORDER_HOLD", "s2": "UNFULFILLED"}
        for source, order_id in (await one_of_each(world, headers)).items():
            await do(world, headers, order_id, "hold", {"holds": [{"reason": "CSR", "note": "call"}]})
            for door, word in words.items():
                document = await world.http.get(f"{ORDERS}/{order_id}?as={door}", headers=headers)
                assert word in document.text, (source, door)
            document = await world.http.get(f"{ORDERS}/{order_id}?as=pb_fulfillment", headers=headers)
            assert '"isOnHold":true' in document.text, source

    async def test_of_line_holds_follow_their_line(self, world: World, headers: Headers) -> None:
        order = await create(world, headers, smallest(lines=[LINE, LINE | {"sku": "B"}]))
        await do(world, headers, order["id"], "hold", {"holds": [{"reason": "x", "lines": [1]}]})
        document = (await do(world, headers, order["id"], "edit", {"lines": order["lines"][::-1]})).json()
        assert document["order"]["holds"][0]["lines"] == [0]


class TestKeys:
    async def test_are_shared_with_create(self, world: World, headers: Headers) -> None:
        made = await world.http.post(ORDERS, json=smallest(), headers=headers | {"Idempotency-Key": "k"})
        answer = await do(world, headers, made.json()["id"], "note", Idempotency_Key="k")
        assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")
        await do(world, headers, made.json()["id"], "note", Idempotency_Key="other")
        again = await world.http.post(ORDERS, json=smallest("H-2"), headers=headers | {"Idempotency-Key": "other"})
        assert (again.status_code, again.json()["code"]) == (422, "key_reused")

    async def test_of_a_refused_request_are_free(self, world: World, headers: Headers) -> None:
        order = await create(world, headers, smallest())
        assert (await do(world, headers, order["id"], "release", Idempotency_Key="k")).status_code == 409
        assert (await do(world, headers, order["id"], "note", Idempotency_Key="k")).status_code == 200

    async def test_of_other_callers_are_their_own(self, world: World, headers: Headers) -> None:
        order = await create(world, headers, smallest())
        assert (await do(world, headers, order["id"], "note", Idempotency_Key="k")).status_code == 200
        stranger = await world.stranger()
        theirs = await create(world, stranger, smallest())
        answer = await do(world, stranger, theirs["id"], "note", {"text": "theirs"}, Idempotency_Key="k")
        assert (answer.status_code, "idempotent-replayed" in answer.headers) == (200, False)
