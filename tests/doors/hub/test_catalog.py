"""The catalog: every message that is event_types has the shape its schema and the documentation say it has."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from crossdock.core.events import Event
from crossdock.core.orders.events import (
    ORDER_EVENTS,
    Allocated,
    Backordered,
    Deallocated,
    Delivered,
    Erased,
    FulfillmentCanceled,
    FulfillmentChanged,
    FulfillmentCreated,
    OrderEvent,
    Packed,
    PaymentRecorded,
    Picked,
    ReadyForPickup,
    Refunded,
    Reshipped,
    ReturnCanceled,
    Returned,
    ReturnJudged,
    ReturnRequested,
    Shipped,
    Tracked,
)
from crossdock.core.orders.fulfillments import DeliveryStatus, Fulfillment, FulfillmentLine, Package
from crossdock.core.orders.model import Order
from crossdock.core.orders.payments import Payment
from crossdock.core.orders.returns import Return, ReturnLine
from crossdock.core.stock.events import STOCK_EVENTS
from crossdock.doors import encode_json
from crossdock.doors.hub import event_schemas, examples
from crossdock.doors.hub.mapping import parse_id
from crossdock.doors.hub.webhooks import message
from crossdock.flows import event_payloads
from crossdock.flows.execute import execute
from crossdock.store import event_log
from tests.commands import AppendEvents
from tests.doors.hub.conftest import create, one_of_each, smallest
from tests.notifications.world import caller_of
from tests.world import World

SCHEMAS = event_schemas.schemas()
DATA = event_schemas.DATA | event_schemas.STOCK_DATA
ALL_EVENTS = (*ORDER_EVENTS, *STOCK_EVENTS)
LEVEL = {"sku", "location", "pool", "on_hand", "available"}  # every event of stock has these
FORMS = ("feed", "webhook", "cloudevents")
MANUAL = (Path(__file__).parents[3] / "docs" / "events.md").read_text()


def faults(name: str, value: Any) -> list[str]:
    """Tell where a value does not fit a schema of the catalog, also by the rules of the draft that AsyncAPI is made for."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": SCHEMAS}}
    return [
        f"{validator.__name__} {error.json_path}: {error.message[:300]}"
        for validator in (Draft202012Validator, Draft7Validator)
        for error in validator(schema).iter_errors(value)
    ]


def unknown(name: str, value: dict[str, Any]) -> set[str]:
    """Return the members of a message that its schema does not name."""
    return set(value) - set(SCHEMAS[name]["properties"])


# --------------------------------------------------------------------------------------------------------------- schemas
class TestSchemas:
    def test_are_there_for_every_fact(self) -> None:
        assert set(event_schemas.DATA) == set(ORDER_EVENTS)
        assert set(event_schemas.STOCK_DATA) == set(STOCK_EVENTS)
        assert {event_schemas.schema_name(name, form) for name in ALL_EVENTS for form in FORMS} <= set(SCHEMAS)

    @pytest.mark.parametrize("name", ALL_EVENTS)
    def test_of_data_are_strict(self, name: str) -> None:
        def objects(schema: Any) -> Iterator[dict[str, Any]]:
            if isinstance(schema, dict):
                if "$ref" in schema:
                    yield from objects(SCHEMAS[schema["$ref"].rsplit("/", 1)[-1]])
                if schema.get("type") == "object":
                    yield schema
                for part in schema.values():
                    yield from objects(part)
            elif isinstance(schema, list):
                for part in schema:
                    yield from objects(part)

        for each in objects(SCHEMAS[DATA[name].__name__]):
            assert each["additionalProperties"] is False
            assert set(each["required"]) == set(each["properties"])

    @pytest.mark.parametrize("form", FORMS)
    def test_have_an_example_each_that_fits(self, form: str) -> None:
        displayed = examples.messages(form)
        assert set(ALL_EVENTS) <= set(displayed)
        for name, example in displayed.items():
            assert faults(event_schemas.schema_name(name, form), example) == []

    @pytest.mark.parametrize("name", ALL_EVENTS)
    def test_refuse_what_is_not_as_they_say(self, name: str) -> None:
        message = examples.messages("feed")[name]
        for member in message:
            assert faults(name, {each: value for each, value in message.items() if each != member}) != []
        assert faults(name, message | {"data": message["data"] | {"more": 1}}) != []
        assert faults(name, message | {"type": "order.else"}) != []
        for member in message["data"]:
            fewer = {each: value for each, value in message["data"].items() if each != member}
            assert faults(name, message | {"data": fewer}) != []

    def test_want_the_order_in_webhooks(self) -> None:
        message = examples.messages("feed")["order.held"]
        assert faults("order.held", message) == []
        assert faults("webhook.order.held", message) != []


# ------------------------------------------------------------------------------------------------------------ what is sent
FULFILLMENT_EVENTS: tuple[type[Any], ...] = (
    FulfillmentCreated, Picked, Packed, FulfillmentChanged, FulfillmentCanceled, ReadyForPickup, Reshipped,
)  # fmt: skip


def later_facts(order: Order, return_id: int) -> list[OrderEvent]:
    """Return what no call of this release does yet: units wait, leave, arrive, come back, and are paid back."""

    def counters(**units: int) -> tuple[Any, ...]:
        return tuple(msgspec.structs.replace(each, **units) for each in order.counters)

    lines = tuple((place, 1) for place in range(len(order.counters)))
    package = Package(lines, carrier="UPS", service="Ground", number="1Z1", url="https://example.com/1Z1")
    parcel = msgspec.structs.replace(package, package_id=return_id, status=DeliveryStatus.DELIVERED)
    work = Fulfillment(return_id, "W1", 5, (FulfillmentLine(0, 1),), "pickup", 0, "ref", (parcel,), 6, 7, 8)
    coming = Return(return_id, 5, (ReturnLine(0, 1, "small"),), "rma", "W1")
    back = {"shipped": 1, "delivered": 1, "return_requested": 1}
    return [
        Allocated(location_ref="W1", counters=counters(allocated=1)),
        Deallocated(lines=((0, 1),), counters=counters(), reason="why"),
        Allocated(location_ref="W1", counters=counters(allocated=1)),
        Backordered(lines=lines, counters=counters(backordered=1), expected_at="2026-12-24", consent_by="2026-12-01"),
        Backordered(lines=lines, counters=counters(backordered=1)),
        Shipped(lines=lines, counters=counters(shipped=1), packages=(package, Package(lines)), location_ref="W1"),
        Shipped(lines=lines, counters=counters(shipped=1), reason="by hand", fulfillment_id=return_id),
        *(event(fulfillments=(work,)) for event in FULFILLMENT_EVENTS),
        Tracked(
            fulfillments=(work,), package_id=return_id, status=DeliveryStatus.LOST, reported_at=5, place="p", text="t"
        ),
        PaymentRecorded(payment=Payment(return_id, 5, "ref", "card", "USD", Decimal(9), Decimal("9.10"))),
        Delivered(lines=lines, counters=counters(shipped=1, delivered=1), tracking_number="1Z1"),
        Delivered(lines=lines, counters=counters(shipped=1, delivered=1), reason="the customer said so"),
        ReturnRequested(lines=lines, counters=counters(**back), return_id=return_id, label_url="https://example.com/l"),
        ReturnCanceled(state=coming, counters=counters(**back)),
        Returned(lines=lines, counters=counters(**back, returned=1), return_id=return_id, reason="too small"),
        ReturnJudged(state=coming, reason="sound"),
        Refunded(amount=Decimal("1234567890.10"), currency="USD", return_id=return_id, reason="came back"),
        Refunded(amount=Decimal("0.01")),
        Erased(events=((999, "ab" * 32),), reason="request"),
    ]


async def append(world: World, order_id: str) -> None:
    """Append to a real order what later releases will."""
    caller = await caller_of(world)

    return_id = world.context.id_generator.new(world.context.clock())
    command = AppendEvents(order_id=parse_id(order_id), make=lambda order: later_facts(order, return_id))
    await execute(world.context, caller, [command], door="hub")


VERBS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("hold", {"holds": [{"reason": "fraud", "note": "odd"}, {"reason": "stock", "lines": [0]}]}),
    ("hold", {"holds": [{"reason": "wait", "release_at": "2999-01-01T00:00:00Z"}]}),
    ("release", {"reasons": ["fraud"], "reason": "fine"}),
    ("release", {}),
    ("edit", {"notes": "Ring twice", "lines": [{"sku": "NEW", "quantity": 3}, {"sku": "SKU-1", "quantity": 2}]}),
    ("tag", {"add": ["vip"], "reason": "big"}),
    ("note", {"text": "called"}),
    ("archive", {}),
    ("unarchive", {"reason": "again"}),
    ("cancel", {"lines": [{"line": 0, "quantity": 1}], "reason": "no", "note": "said so"}),
)


@pytest.fixture
async def event_types(world: World, headers: dict[str, str]) -> set[str]:
    """Let everything happen that can, to an order of every door; give the names of the events."""
    made = await create(world, headers, smallest("C-1"))
    for verb, body in VERBS:
        answer = await world.http.post(f"/hub/v1/orders/{made['id']}/{verb}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
    for order_id in [made["id"], *(await one_of_each(world, headers)).values()]:
        await append(world, order_id)
    return set(ORDER_EVENTS)


async def entries(world: World) -> list[event_log.LogEntry]:
    caller = await caller_of(world)
    async with world.context.store.reading() as tx:
        found, _ = await event_log.feed(tx, caller.organization_id, after=0, limit=1_000)
    return found


class TestEveryMessage:
    @pytest.mark.parametrize(
        "engine", ["sqlite"], indirect=True
    )  # a message is made of bytes that each engine stores alike
    async def test_of_the_feed_fits_its_schema(
        self, world: World, headers: dict[str, str], event_types: set[str]
    ) -> None:
        for query in ("", "&include=order"):
            page = (await world.http.get(f"/hub/v1/events?limit=200{query}", headers=headers)).json()
            assert {each["type"] for each in page["items"]} == event_types
            # One message of each type, because each is compared with the schemas of all types.
            of_each_type = list({each["type"]: each for each in page["items"]}.values())
            assert faults("FeedPage", page | {"items": of_each_type}) == []
            for each in page["items"]:
                assert faults(event_schemas.schema_name(each["type"], "webhook" if query else "feed"), each) == []
                assert unknown(each["type"], each) == set()

    @pytest.mark.parametrize(("payload", "form"), [("event", "webhook"), ("cloudevents", "cloudevents")])
    @pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
    async def test_of_a_webhook_fits_its_schema(
        self, world: World, event_types: set[str], payload: str, form: str
    ) -> None:
        shape, organization = world.context.payloads[payload], await world.demo_organization()
        listed = await entries(world)
        async with world.context.store.reading() as tx:
            notifications = await event_payloads.of_entries(tx, organization, listed)
            named = {place: (each, each.entry.event.name) for place, each in enumerate(notifications)}
            bodies = await event_payloads.bodies(tx, world.context, shape, named)
        assert {name for _, name in named.values()} == event_types
        for place, (_, name) in named.items():
            body = json.loads(bodies[place])
            assert faults(event_schemas.schema_name(name, form), body) == []
            assert unknown(event_schemas.schema_name(name, form), body) == set()

    @pytest.mark.parametrize(("payload", "form"), [("event", "webhook"), ("cloudevents", "cloudevents")])
    @pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
    async def test_that_tries_an_endpoint_out_fits_its_schema(self, world: World, payload: str, form: str) -> None:
        body = world.context.payloads[payload].test(await world.demo_organization(), 1, 1_769_770_404_554_000)
        found = json.loads(body)
        assert faults(event_schemas.schema_name(event_payloads.TEST, form), found) == []
        assert unknown(event_schemas.schema_name(event_payloads.TEST, form), found) == set()

    async def test_of_a_timeline_has_the_same_data(
        self, world: World, headers: dict[str, str], event_types: set[str]
    ) -> None:
        page = (await world.http.get("/hub/v1/events?limit=200", headers=headers)).json()["items"]
        (order_id,) = {each["order_id"] for each in page if each["number"] == 1 and each["position"] == 1}
        timeline = (await world.http.get(f"/hub/v1/orders/{order_id}/events?limit=200", headers=headers)).json()[
            "items"
        ]
        expected = [(each["number"], each["data"]) for each in page if each["order_id"] == order_id]
        assert [(each["number"], each["data"]) for each in timeline] == expected

    def test_of_an_event_written_in_an_older_version_has_the_present_shape(self) -> None:
        event = Event(
            1, "order", 2, 2, 3, "order.held", 1, 20, "me", "s2", b'{"hold":{"reason":"fraud","at":20}}', bytes(32)
        )
        found = json.loads(encode_json(message(event_log.LogEntry(2, "on_hold", "s2", event))))
        assert found["version"] == 2
        assert faults("order.held", found) == []

    def test_tells_money_as_digits(self) -> None:
        assert examples.messages("feed")["order.refunded"]["data"]["amount"] == "25.00"


# ----------------------------------------------------------------------------------------------------------------- manual
def table(heading: str) -> dict[str, list[str]]:
    """Return the rows of the first table under a heading by the code word in their first cell."""
    (section,) = [part for part in re.split(r"\n##+ ", MANUAL) if part.startswith(f"{heading}\n")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:2] == "| "]
    return {row[0].strip("`"): row[1:] for row in rows[1:]}


class TestManual:
    def test_names_every_type_with_the_members_of_its_data(self) -> None:
        rows = table("What events say")
        assert set(rows) == set(ORDER_EVENTS)
        rows |= table("What events of stock say")
        assert set(rows) == set(ALL_EVENTS)
        for name, (_, members) in rows.items():
            named = set(re.findall(r"`(\w+)`(?=[:,;]|$)", members))
            inner = {
                member
                for reference in re.findall(r"schemas/(\w+)", json.dumps(SCHEMAS[DATA[name].__name__]))
                for member in SCHEMAS[reference].get("properties", ())
            }
            own = set(DATA[name].__struct_fields__) - (LEVEL if name in STOCK_EVENTS else set())
            assert own <= named <= own | inner | {"line", "quantity"}, name

    def test_names_every_member_of_a_message(self) -> None:
        assert set(table("What a message looks like")) == set(SCHEMAS["order.held"]["properties"])

    def test_shows_a_real_message(self) -> None:
        (section,) = [part for part in MANUAL.split("\n## ") if part.startswith("What a message looks like\n")]
        (displayed,) = re.findall(r"```json\n(.*?)```", section, re.DOTALL)
        assert json.loads(displayed) == examples.messages("webhook")["order.held"]
        assert encode_json(json.loads(displayed))  # it is JSON to our own writer, too
