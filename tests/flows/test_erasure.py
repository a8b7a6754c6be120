"""A person is erased: no column of any table has anything of them; books, stock, chains and every reader go on as before."""

import itertools
import json
import re
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import httpx
import msgspec
import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import select, update

from crossdock.core.errors import Busy, Code, Conflict, NotFound
from crossdock.core.ids import from_base32, to_base32
from crossdock.core.orders.erasure import erased
from crossdock.core.orders.events import decode_event
from crossdock.core.orders.model import Order
from crossdock.core.retry_policy import Attempt, State, Verdict
from crossdock.core.time import format_time
from crossdock.doors import all_doors
from crossdock.doors.fabric.stored_documents import EXPORT_FILES
from crossdock.flows import catalog, erasure, queries, rendering, retention, saved_views, verification
from crossdock.flows.access import Caller
from crossdock.flows.catalog import Draft
from crossdock.store import deliveries, emails, event_log, submissions
from crossdock.store.deliveries import Delivery
from crossdock.store.emails import StoredMail
from crossdock.store.protocols import Statement
from crossdock.store.tables import allocation_decision, event, metadata
from crossdock.web import openapi
from tests.doors.fabric import shipping_client as fabric
from tests.doors.hub.test_fulfillments import units
from tests.doors.hub.test_stock import Shop, item
from tests.doors.pb_fulfillment.client import VendorClient
from tests.doors.pb_fulfillment.routes import test_returns as pb
from tests.doors.s2.routes import test_fulfillments as s2
from tests.notifications.world import caller_of
from tests.vendors import VENDORS, sample
from tests.world import World

Tree = Any
FORMATS = {door.name: door.format for door in all_doors() if door.format is not None}
EMAIL = "Jane.Q@Example.com"
SECRET = re.compile(r"zq7\d{4}")
MAIL_FORMS = re.compile(r"jane\.q(@|%40)example\.com")


class Secrets:
    """Texts that are nowhere else."""

    def __init__(self) -> None:
        self._number = 1000

    def new(self) -> str:
        self._number += 1
        return f"Zq7{self._number}"


# --------------------------------------------------------------------------------------------------------------- bodies
def leaves(tree: Tree, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(tree, dict | list):
        for name, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from leaves(value, (*path, name))
    elif isinstance(tree, str):
        yield path


def put(tree: Tree, path: tuple[Any, ...], value: Tree) -> None:
    for part in path[:-1]:
        tree = tree[part]
    tree[path[-1]] = value


def marked(door: str, number: str, secrets: Secrets) -> dict[str, Any]:
    """Return a body of a door with a secret in every text that is free, and the person's address as every e-mail."""
    body = json.loads(json.dumps(sample(door))) | {"unknown": {"deep": ["text"]}}
    put(body, (VENDORS[door].number,), number)
    parse = FORMATS[door].parse
    before = parse(json.dumps(body).encode())
    assert before.faults == ()
    for path in list(leaves(body)):
        if path in ((VENDORS[door].number,), ("clientId",)):
            continue
        tried = json.loads(json.dumps(body))
        is_hers = "mail" in str(path[-1]).lower() and path[0] != "fromAddress"  # that is the shop's
        put(tried, path, EMAIL if is_hers else secrets.new())
        after = parse(json.dumps(tried).encode())
        if after.faults == () and after.references == before.references:
            body = tried
    return body


HUB = {
    "number": "E-hub", "currency": "USD", "customer": {"name": "n", "email": EMAIL, "phone": "p", "customer_ref": "r"},
    "destinations": [
        {"address": {"name": "n", "lines": ["l"], "city": "c", "region": "BC", "country": "CA", "email": EMAIL, "phone": "p"},
         "instructions": "i"}
    ],
    "bill_to": {"name": "n", "country": "CA"}, "gift": {"is_gift": True, "message": "m"}, "notes": "n",
    "customer_number": "c", "lines": [{"sku": "MUG", "quantity": 3, "unit_price": "2.50"}],
}  # fmt: skip
PERSONAL_OF_HUB = (
    "name",
    "phone",
    "customer_ref",
    "lines",
    "city",
    "instructions",
    "message",
    "notes",
    "customer_number",
)


def hub_body(secrets: Secrets) -> dict[str, Any]:
    body = json.loads(json.dumps(HUB))
    for path in list(leaves(body)):
        names = [each for each in path if isinstance(each, str)]
        if names[-1] in PERSONAL_OF_HUB and names != ["lines"]:
            put(body, path, secrets.new())
    return body


# ------------------------------------------------------------------------------------------------------------- database
async def texts(world: World) -> Iterator[tuple[str, str]]:
    """Return every value of every row as text, with the name of its column."""
    found = []
    async with world.context.store.reading() as tx:
        for table in metadata.tables.values():
            for row in await tx.rows(Statement(select(table))):
                for column, value in zip(table.columns.keys(), tuple(row), strict=True):
                    if isinstance(value, str):
                        found.append((f"{table.name}.{column}", value.casefold()))
                    elif isinstance(value, bytes):
                        plain = zlib.decompress(value) if table is allocation_decision else value
                        found.append((f"{table.name}.{column}", plain.decode(errors="replace").casefold()))
    return iter(found)


async def left(world: World) -> set[tuple[str, str]]:
    """Return all secrets, and the address, with the columns that they are in."""
    return {
        (column, secret)
        for column, text in await texts(world)
        for secret in (*SECRET.findall(text), *(["address"] if MAIL_FORMS.search(text) else []))
    }


async def run(world: World, statement: Any) -> None:
    async with world.context.store.writing() as tx:
        assert await tx.run(Statement(statement)) >= 1


async def all_orders(world: World, caller: Caller) -> list[Order]:
    listed = (await world.http.get("/hub/v1/orders?limit=200", headers=await world.bearer())).json()["items"]
    return [await queries.order(world.context, caller, order_id=from_base32(each["id"])) for each in listed]


async def books(world: World, caller: Caller) -> list[Tree]:
    """Return what must not change: status, counters, lines, charges, totals, payments, refunds, stock and invoiced amounts."""
    headers = await world.bearer()
    found: list[Tree] = []
    for order in await all_orders(world, caller):
        content = order.content
        lines = [msgspec.structs.replace(line, unmapped=None) for line in content.lines]
        refunds = [msgspec.structs.replace(each, reason=None) for each in order.refunds]
        found.append((order.order_id, order.status, order.counters, lines, content.charges, content.totals, refunds))
        found.append((order.payments, order.allocations, content.number, content.references, order.tags))
    for path in ("/hub/v1/stock", "/hub/v1/invoices"):
        items = (await world.http.get(path, headers=headers)).json()["items"]
        found += [{name: value for name, value in each.items() if name != "bill_to"} for each in items]
    return found


# ------------------------------------------------------------------------------------------------------------- the person
DOORS = {door.name: door for door in all_doors()}


@cache
def documented(door: str) -> Tree:
    return json.loads(msgspec.json.encode(openapi.document(DOORS[door], server="/")))


def schema_faults(door: str, path: str, answer: httpx.Response) -> list[str]:
    """Return what of the JSON answer to a GET does not fit the OpenAPI document of a door."""
    document, bare = documented(door), path.partition("?")[0]
    fitting = [
        each
        for template, methods in sorted(document["paths"].items(), key=lambda each: "{" in each[0])
        if (each := methods.get("get")) and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), bare)
    ]
    media = answer.headers["content-type"].partition(";")[0]
    assert fitting, path
    if not media.endswith(("/json", "+json")):
        return []
    schema = fitting[0]["responses"]["200"]["content"][media]["schema"]
    validator = Draft202012Validator(schema | {"components": document["components"]})
    return [f"{path} {error.json_path}: {error.message[:200]}" for error in validator.iter_errors(answer.json())]


class Person:
    """Everything that the tests let a person leave in the database."""

    def __init__(self, world: World, headers: dict[str, str], caller: Caller) -> None:
        self.world, self.headers, self.caller = world, headers, caller
        self.secrets = Secrets()
        self.shop = Shop(world, headers)
        self.sent: dict[str, tuple[dict[str, Any], dict[str, str], bytes]] = {}

    async def post(self, path: str, body: Tree, *, more: dict[str, str] | None = None) -> httpx.Response:
        return await self.world.http.post(path, json=body, headers=self.headers | (more or {}))

    async def order_through(self, door: str) -> httpx.Response:
        """Create an order with a secret in every text, twice: the second is a repeat."""
        vendor, more = VENDORS[door], VENDORS[door].headers(f"erase-{door}")
        body = hub_body(self.secrets) if door == "hub" else marked(door, f"E-{door}", self.secrets)
        answer = await self.post(vendor.create, body, more=more)
        assert answer.status_code == vendor.ok, (door, answer.text)
        again = await self.post(vendor.create, body, more=VENDORS[door].headers(f"again-{door}"))
        assert again.content == answer.content
        self.sent[door] = body, more, answer.content
        return answer

    async def live(self) -> str:
        """Do to the hub's order whatever a person's words may come with; return its path."""
        new, do = self.secrets.new, self.shop.do
        await do("PUT", "/locations/W1", {"code": "W1"})
        await self.shop.stock("count", item(quantity=10))
        one = f"/orders/{(await self.order_through('hub')).json()['id']}"
        await do("POST", f"{one}/reallocate", {"only": ["W1"], "reason": new()})
        held = {"holds": [{"reason": "fraud", "note": new()}]}
        self.held = held, {"Idempotency-Key": "hold-1"}
        answer = await self.post(f"/hub/v1{one}/hold", held, more=self.held[1])
        assert answer.status_code == 200, answer.text
        await do("POST", f"{one}/release", {"reason": new()})
        await self.post(f"/hub/v1{one}/edit?reason={new()}", {"notes": new()})
        await do("POST", f"{one}/note", {"text": f"{new()} wrote from {EMAIL}"})
        await do("POST", f"{one}/cancel", {"lines": units(1), "reason": new(), "note": new()})
        packages = [{"lines": units(2), "tracking_number": "1Z9", "tracking_url": f"https://example.com/{new()}"}]
        await do("POST", f"{one}/ship", {"packages": packages, "reason": new(), "location": "W1"})
        report = {"tracking_number": "1Z9", "status": "delivered", "place": new(), "text": new()}
        await do("POST", "/tracking", report)
        back = await do(
            "POST", f"{one}/returns",
            {"lines": [{"line": 0, "quantity": 1, "reason": new()}], "reason": new(), "note": new(), "location": "W1",
             "label_url": f"https://example.com/{new()}"},
        )  # fmt: skip
        returned = f"/returns/{back['return']['id']}"
        await do("POST", f"{returned}/receive", {"reason": new()})
        await do("POST", f"{returned}/judge", {"restock": units(1), "reason": new()})
        await do("POST", f"{returned}/refund", {"reason": new()})
        return one

    async def be_noted_elsewhere(self, order_id: int) -> None:
        """Leave rejected bodies, a call with many orders, mails, deliveries, a file of an export and a saved search."""
        new, context, organization_id = self.secrets.new, self.world.context, self.caller.organization_id
        escaped = b'{"number": "x", "email": "jane.q\\u0040EXAMPLE.com", "x": "' + new().encode() + b'"}'
        for body in (escaped, b"{" + EMAIL.encode()):
            answer = await self.world.http.post("/hub/v1/orders", content=body, headers=self.headers)
            assert answer.status_code in (400, 422)
        many = {"orders": [marked("pb_fulfillment", "E-many", self.secrets)]}
        path = "/shippingservices/fulfillment/v1/orders/bulk"
        assert (await self.post(path, many, more={"X-PB-TransactionId": "many"})).status_code == 200
        self.many = path, many
        now, new_id = context.clock(), context.id_generator.new
        attempt = Attempt(now, 1, Verdict.FAILED, answer=new())
        ended = Delivery(
            organization_id, 7, new_id(now), order_id, 1, 1, "order.received", State.DEAD, 1, None, None, now, now
        )
        ended = msgspec.structs.replace(ended, attempted=(attempt,))
        is_open = msgspec.structs.replace(
            ended, delivery_id=new_id(now), state=State.WAITING, ended_at=None, payload=new().encode()
        )
        async with context.store.writing() as tx:
            mail = StoredMail(organization_id, new_id(now), order_id, "shipped", EMAIL, new(), now, new().encode())
            await emails.add(tx, [mail])
            await deliveries.add(tx, [ended, is_open])
        file = Draft(f"orderNumber,name\nE-hub,{new()}\n".encode())
        await catalog.add(context, self.caller, kind=EXPORT_FILES, key="f" * 24, draft=file)
        person = msgspec.structs.replace(self.caller, person_id=3)
        await saved_views.save(context, person, name="Hers", query="q=jane.q%40example.com")


@pytest.fixture
async def person(world: World) -> Person:
    return Person(world, await world.bearer(), await caller_of(world))


def ticking(clock: Callable[[], int]) -> Callable[[], int]:
    """Return a clock that goes on by 10 ms each time it is read."""
    looks = itertools.count()
    return lambda: clock() + 10_000 * next(looks)


async def erase(person: Person, **more: Any) -> erasure.Erasure:
    return await erasure.erase_by_email(
        person.world.context, person.caller, email=EMAIL.upper(), reason="Request 7", **more
    )


async def erase_number(person: Person, number: str) -> erasure.Erasure:
    return await erasure.erase_by_number(person.world.context, person.caller, number=number)


async def faults(world: World) -> list[str]:
    return [each.reason for each in (await verification.verify(world.context)).broken]


class TestErase:
    async def test_nothing_of_a_person_is_left_and_the_books_are_as_before(self, person: Person) -> None:
        world = person.world
        one = await person.live()
        for door in VENDORS:
            if door != "hub":
                await person.order_through(door)
        await person.be_noted_elsewhere(from_base32(one.rpartition("/")[2]) or 0)
        before = await left(world)
        assert len({secret for _, secret in before}) > 100
        harmless = {
            secret.casefold()
            for order in await all_orders(world, person.caller)
            for secret in re.findall(r"Zq7\d{4}", msgspec.json.encode(erased(order.content)).decode())
        }
        accounts = await books(world, person.caller)
        tried = await erase(person, dry_run=True)
        assert await left(world) == before
        done = await erase(person)
        assert {(column, secret) for column, secret in await left(world) if secret not in harmless} == set()
        assert await faults(world) == []
        assert await books(world, person.caller) == accounts
        assert done == tried
        assert set(done.orders) == {"E-many", *(f"E-{door}" for door in VENDORS)}
        counted = (done.mails, done.deliveries, done.rejected, done.calls, done.files, done.views, done.invoices)
        assert counted == (1, 1, 2, 1, 1, 1, 2)
        if world.context.store.name == "sqlite":  # no document depends on the engine
            await self.everything_is_readable(person)
        await self.repeats_are_answered(person, one)
        again = await erase(person)  # of what was refused meanwhile
        assert (again.orders, again.rejected) == ([], 2)
        assert {(column, secret) for column, secret in await left(world) if secret not in harmless} == set()
        assert await faults(world) == []

    async def everything_is_readable(self, person: Person) -> None:
        """Read the erased orders through every door, their history, earlier states, the feed, exports and papers."""
        world, headers = person.world, person.headers
        found = await all_orders(world, person.caller)
        for order in found:
            for door in FORMATS:
                rendered = await rendering.render(world.context, person.caller, order, door=door)
                assert EMAIL.lower() not in repr(rendered.document).lower()
        for door, (_, more, reply) in person.sent.items():
            path = VENDORS[door].read(json.loads(reply))
            answer = await world.http.get(path, headers=headers | more)
            assert answer.status_code == 200, (door, answer.text)
            assert schema_faults(door, path, answer) == []
            assert not MAIL_FORMS.search(answer.text.casefold())
        paths = [
            "/events?limit=200&include=order",
            "/submissions?limit=200",
            "/orders/export?format=csv",
            "/orders/export?format=ndjson",
            "/invoices",
        ]
        rejected = (await world.http.get("/hub/v1/submissions?status=refused", headers=headers)).json()["items"]
        paths += [f"/submissions/{each['id']}" for each in rejected]
        invoices = (await world.http.get("/hub/v1/invoices", headers=headers)).json()["items"]
        paths += [f"/invoices/{each['id']}/pdf" for each in invoices]
        for order in found:
            one = f"/orders/{to_base32(order.order_id)}"
            moments = [format_time(order.created_at + 1_000_000), "2999-01-01T00:00:00Z"]
            paths += [f"{one}?as={door}" for door in FORMATS]
            paths += [f"{one}/events", f"{one}/allocations", *(f"{one}?as_of={each}" for each in moments)]
            for each in order.fulfillments:
                paths += [
                    f"/fulfillments/{to_base32(each.fulfillment_id)}{end}" for end in ("", "/packing-slip", "/labels")
                ]
        for path in paths:
            answer = await world.http.get(f"/hub/v1{path}", headers=headers)
            assert answer.status_code == 200, (path, answer.text)
            assert schema_faults("hub", f"/hub/v1{path}", answer) == []
            assert not MAIL_FORMS.search(answer.text.casefold()), path

    async def repeats_are_answered(self, person: Person, one: str) -> None:
        """Send again what was sent before: the answer has no person, and nothing is done a second time."""
        world = person.world
        number = len(await all_orders(world, person.caller))
        for door, (body, more, reply) in person.sent.items():
            answer = await person.post(VENDORS[door].create, body, more=VENDORS[door].headers(f"once-more-{door}"))
            assert answer.status_code == VENDORS[door].ok, (door, answer.text)
            again, first = answer.json(), json.loads(reply)
            assert {again.get("id"), again.get("orderId")} == {first.get("id"), first.get("orderId")}
            if door == "hub":
                other = body | {"lines": [{"sku": "MUG", "quantity": 9}]}
                conflict = await person.post(VENDORS[door].create, other, more=more)
                assert conflict.status_code == 409, conflict.text
        held, key = person.held
        answer = await person.post(f"/hub/v1{one}/hold", held, more=key)
        assert (answer.status_code, answer.headers["idempotent-replayed"]) == (200, "true"), answer.text
        path, many = person.many
        answer = await person.post(path, many, more={"X-PB-TransactionId": "many"})
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "1000045"), answer.text
        assert len(await all_orders(world, person.caller)) == number


class TestRunning:
    async def test_a_later_note_is_erased_by_another_erasure_and_tampering_is_found(self, person: Person) -> None:
        world, new = person.world, person.secrets.new
        path = f"/orders/{(await person.order_through('hub')).json()['id']}"
        await person.shop.do("POST", f"{path}/note", {"text": new()})
        context, caller = world.context, person.caller
        await erase(person)
        await person.shop.do("POST", f"{path}/note", {"text": new()})
        done = await erasure.erase_by_number(context, caller, number="E-hub")
        assert (done.orders, done.events) == (["E-hub"], 1)
        assert await left(world) == set()
        assert (await erasure.erase_by_number(context, caller, number=path.rpartition("/")[2])).events == 0
        order_id = from_base32(path.rpartition("/")[2]) or 0
        async with context.store.reading() as tx:
            history = await event_log.events(tx, caller.organization_id, aggregate_id=order_id)
        assert [each.name for each in history] == [
            "order.received", "order.noted", "order.erased", "order.noted", "order.erased"
        ]  # fmt: skip
        assert [number for number, _ in decode_event(history[4]).events] == [4]  # type: ignore[attr-defined]
        assert (history[4].actor, await faults(world)) == ("demo", [])
        noted = (event.c.aggregate_id == order_id, event.c.number == 2)
        for column, value, before in (
            ("payload", b'{"text":"forged"}', history[1].payload), ("actor", "mallory", history[1].actor),
            ("hash", bytes(32), history[1].hash),
        ):  # fmt: skip
            await run(world, update(event).where(*noted).values({column: value}))
            assert await faults(world) == [f"event {3 if column == 'hash' else 2} was changed"]
            await run(world, update(event).where(*noted).values({column: before}))
        assert await faults(world) == []

    async def test_an_erasure_that_was_interrupted_is_finished_by_another(
        self, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world = person.world
        for door in ("s2", "hub", "fabric"):
            await person.order_through(door)
        replace, calls = event_log.replace_payloads, []

        async def failing(*arguments: Any) -> None:
            calls.append(1)
            if len(calls) == 2:
                raise Busy(Code.OVERLOADED, "the database went away")
            await replace(*arguments)

        monkeypatch.setattr(event_log, "replace_payloads", failing)
        with pytest.raises(Busy):
            await erase(person)
        assert await faults(world) == []
        done = await erase(person)
        assert len(done.orders) == 2
        assert ("orders.email_key", "address") not in await left(world)
        assert await faults(world) == []

    async def test_a_number_of_two_apis_is_refused_with_the_ids(self, person: Person) -> None:
        context, caller = person.world.context, person.caller
        await person.order_through("hub")
        body = sample("pb_oms") | {"orderNumber": "E-hub"}
        assert (await person.post(VENDORS["pb_oms"].create, body)).status_code == 200
        with pytest.raises(Conflict, match=r"2 orders have the number E-hub; give the id of one: \w{13} \(hub\)"):
            await erasure.erase_by_number(context, caller, number="E-hub")
        with pytest.raises(NotFound):
            await erasure.erase_by_number(context, caller, number="E-none")

    async def test_a_rejected_body_with_the_number_is_erased_with_its_order(self, person: Person) -> None:
        world = person.world
        body = hub_body(person.secrets)
        faulty = body | {"currency": "XYZ", "customer": {"name": person.secrets.new()}}
        assert (await person.post("/hub/v1/orders", faulty)).status_code == 422
        other = faulty | {"number": "another"}
        assert (await person.post("/hub/v1/orders", other)).status_code == 422
        assert (await person.post("/hub/v1/orders", body)).status_code == 201
        done = await erasure.erase_by_number(world.context, person.caller, number="E-hub")
        assert done.rejected == 1
        assert {column for column, _ in await left(world)} == {"submission.body"}  # of the other one
        assert (await erase(person)).rejected == 1
        assert await left(world) == set()

    def test_an_address_is_recognized_in_every_form_and_never_within_another(self) -> None:
        pattern = erasure._pattern(" Jörg@Bücher.example")
        for text in (
            "x jörg@bücher.EXAMPLE", "J\\u00f6rg@xn--bcher-kva.example", "q=j\\u00D6rg%40bücher.example",
            '{"e":"Write to\\njörg@bücher.example."}', "<jörg@bücher.example>",
        ):  # fmt: skip
            assert erasure.mentions(text.encode(), pattern), text
        for text in (
            "joerg@buecher.example",
            "a.jörg@bücher.example",
            "xjörg@bücher.example",
            "jörg@bücher.example.org",
        ):
            assert not erasure.mentions(text.encode(), pattern), text
        assert not erasure.mentions(b"anything", erasure._pattern(" "))

    async def test_other_people_and_orders_that_the_address_only_sent_are_not_erased(self, person: Person) -> None:
        address = {"addressLine1": "1 Main St", "cityTown": "Winnipeg", "countryCode": "CA"}
        sent = sample("pb_oms") | {
            "orderNumber": "E-sent",
            "fromAddress": address | {"email": EMAIL},
            "toAddress": address,
        }
        other = hub_body(person.secrets) | {"number": "E-other", "customer": {"email": f"mary{EMAIL}"}}
        other["destinations"][0]["address"]["email"] = f"{EMAIL}.au"
        for door, body in (("pb_oms", sent), ("hub", other)):
            answer = await person.post(VENDORS[door].create, body)
            assert answer.status_code == VENDORS[door].ok, answer.text
        assert await erase(person) == erasure.Erasure()


class TestDocumentsOfDoors:
    """What doors store about orders besides the order: shipments, fulfillments and returns with addresses of their own."""

    async def test_documents_of_fabric_are_erased_and_their_calls_answer(self, person: Person) -> None:
        world, new = person.world, person.secrets.new
        client = fabric.Client(world, person.headers | VENDORS["fabric"].headers(""))
        await client.stock("W1")
        await client.order()
        address = {"name1": new(), "addressLine1": new(), "city": new(), "country": "US"}
        sent = await client.shipped(
            shipmentNum="S-1",
            attributes={"x": new()},
            shipToAddress=address,
            recipient=[{"name": {"firstName": new()}, "email": EMAIL}],
        )
        read = f"/shipment/{sent['shipmentId']}"
        assert (await client.call("GET", read)).json()["attributes"] != {}
        done = await erase_number(person, "SH-1")
        assert (done.documents, await left(world)) == (1, set())
        after = await client.call("GET", read)
        assert (after.status_code, after.json()["attributes"], after.json()["shipmentNum"]) == (200, {}, "S-1")
        assert (await client.post("/shipment/query", {"filters": {"shipmentNum": "S-1"}})) != []
        assert await faults(world) == []

    async def test_documents_of_s2_are_erased_and_their_calls_answer(self, person: Person) -> None:
        world, new = person.world, person.secrets.new
        headers = person.headers | VENDORS["s2"].headers("")
        await s2.warehouse(world, headers)
        order_id = await s2.order(world, headers)
        address = s2.ADDRESS | {"name": new(), "address1": new(), "email": EMAIL}
        files = [{"fileName": new(), "path": f"https://example.com/{new()}", "type": "label"}]
        body = s2.body(
            order_id, address=address, notes=[new()], customerNote=new(), meta={"x": new()}, attachments=files
        )
        made = await s2.made(world, headers, body)
        done = await erase_number(person, "WEB-1")
        assert done.documents == 1
        assert {secret for _, secret in await left(world)} == set()
        answer = await world.http.get(f"/fulfillment/{made['id']}", headers=headers)
        assert (answer.status_code, answer.json()["notes"]) == (200, [])
        assert await faults(world) == []

    async def test_returns_of_pitney_bowes_are_erased_also_without_an_order(self, person: Person) -> None:
        world, new = person.world, person.secrets.new
        client = VendorClient(world, person.headers)
        order_id = await pb.shipped(world, client)
        address = {"name": new(), "addressLines": [new()], "cityTown": new(), "countryCode": "CA", "email": EMAIL}
        line = {"orderLineId": 1, "quantity": 1, "returnReason": [new()]}
        sent = pb.of(order_id) | {"returnOrderLines": [line], "fromAddress": address, "x": new()}
        world.context.clock = ticking(world.context.clock)  # a machine on which a change takes a while
        of_order = (await client.create(sent, path=pb.RETURNS, transaction="return-1")).json()
        alone = await pb.made(client, pb.ALONE | {"fromAddress": address | {"name": new()}})
        done = await erase(person)
        assert (done.documents, done.orders, done.submissions) == (2, ["OR1"], 2)
        assert await left(world) == set()
        again = await client.create(sent, path=pb.RETURNS, transaction="return-1")
        assert (again.status_code, again.json()["returnOrderId"]) == (201, of_order["returnOrderId"]), again.text
        for each in (of_order, alone):
            answer = await pb.read(client, each["returnOrderId"])
            assert (answer.status_code, answer.json()["fromAddress"]["countryCode"]) == (200, "CA"), answer.text
        assert await faults(world) == []


class TestRetention:
    @pytest.mark.parametrize("context", [{"submission_kept_days": 30}], indirect=True)
    async def test_submissions_that_made_no_order_are_deleted_after_their_time(self, person: Person) -> None:
        world = person.world
        await person.order_through("hub")  # twice: the second was replayed
        assert (await person.post("/hub/v1/orders", {"number": 1})).status_code == 422
        now = world.context.clock()
        assert await retention.prune_submissions(world.context) == 0
        world.context.clock = lambda: now + 31 * 86_400 * 1_000_000
        assert await retention.prune_submissions(world.context) == 2
        async with world.context.store.reading() as tx:
            found = await submissions.after(tx, person.caller.organization_id, after=0, limit=9)
        assert [each.status for each in found] == ["accepted"]
        world.context.clock = lambda: now
        body, more, reply = person.sent["hub"]
        assert (await person.post("/hub/v1/orders", body, more=more)).content == reply

    async def test_submissions_are_kept_where_nothing_is_set(self, person: Person) -> None:
        world = person.world
        assert (await person.post("/hub/v1/orders", {"number": 1})).status_code == 422
        now = world.context.clock()
        world.context.clock = lambda: now + 9_999 * 86_400 * 1_000_000
        assert await retention.prune_submissions(world.context) == 0
