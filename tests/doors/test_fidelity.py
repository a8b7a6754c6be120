"""Whatever valid body a client sends, its own door gives it back: known and unknown members, empty strings, exact digits."""

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given

from crossdock import app, demo
from crossdock.core.orders import unmapped
from crossdock.core.orders.model import Content
from crossdock.core.orders.unmapped import same_spelling
from crossdock.doors import all_doors, encode_json
from crossdock.doors.s2.catalog import PRODUCT
from crossdock.flows import reference_data
from crossdock.flows.access import Caller
from crossdock.flows.formats import MissingFields, ReferenceData
from crossdock.settings import load
from tests.doors.bodies import ACCOUNT, BODIES, PRODUCTS, Body
from tests.examples import at_most
from tests.vendors import VENDORS
from tests.world import World

FORMATS = {door.name: door.format for door in all_doors() if door.format is not None}
DECODER = msgspec.json.Decoder(float_hook=Decimal)
STORED = msgspec.json.Decoder(Content, float_hook=Decimal)


@pytest.fixture(scope="session")
def found(sqlite_template: Path) -> ReferenceData:
    """Look up what any generated body may refer to, once."""
    return asyncio.run(_found(f"sqlite:///{sqlite_template}"))


async def _found(url: str) -> ReferenceData:
    async with app.open_context(load({}, database=url)) as context:
        organization = await demo.ensure(context, [])
        references = frozenset({("pb_fulfillment_client", "1234")})
        caller = Caller(organization, "demo", frozenset({"admin"}), references)
        wanted = [("s2/account", ACCOUNT), *((PRODUCT, product) for product in PRODUCTS)]
        return await reference_data.look_up(context, caller, wanted)


def as_read(door: str, body: Body) -> Body:
    """Return a body as its door reads it."""
    read: Body = DECODER.decode(encode_json(body))
    if door == "pb_fulfillment":  # a number is text where the vendor has text, as its sample shows
        for name in ("toAddress", "billingAddress"):
            if read.get(name) and isinstance(read[name].get("postalCode"), int):
                read[name]["postalCode"] = str(read[name]["postalCode"])
    return read


def through(door: str, body: Body, found: ReferenceData) -> tuple[Content, Body]:
    """Take a body through reading, content with its leftovers, the bytes that are stored, and back to the door's document.

    That is the way an order goes from its first edit on; until then it is answered from the document itself.
    """
    format = FORMATS[door]
    reading = format.parse(encode_json(body))
    assert reading.faults == ()
    content = format.to_content(reading, found)
    content = unmapped.extract(
        content, sent=reading.tree, rendered=format.from_content(content, found, MissingFields()), lines=format.lines
    )
    stored = STORED.decode(encode_json(content))
    document = unmapped.restore(
        stored, rendered=format.from_content(stored, found, MissingFields()), lines=format.lines
    )
    return stored, document


@pytest.mark.parametrize("door", FORMATS)
class TestEveryValidBody:
    def test_every_valid_body_comes_back_to_the_digit(self, door: str, found: ReferenceData) -> None:
        @given(BODIES[door])
        def comes_back(body: Body) -> None:
            _, document = through(door, body, found)
            assert same_spelling(document, as_read(door, body))

        comes_back()


# ------------------------------------------------------------------------------------- the vendors' answers, over the wire
def lost(sent: Any, answered: Any, path: str = "") -> list[str]:
    """Name what of `sent` is not in `answered`; numbers by value, more members are allowed."""
    if isinstance(sent, dict):
        if not isinstance(answered, dict):
            return [path]
        return [
            each for name, value in sent.items() for each in lost(value, answered.get(name, _NOTHING), f"{path}/{name}")
        ]
    if isinstance(sent, list):
        if not isinstance(answered, list) or len(sent) != len(answered):
            return [path]
        return [each for place, value in enumerate(sent) for each in lost(value, answered[place], f"{path}/{place}")]
    if isinstance(sent, bool) or isinstance(answered, bool):
        return [] if sent is answered else [path]
    return [] if sent == answered else [path]


_NOTHING = object()


def expected(door: str, body: Body) -> Body:
    """Return what the vendor's own answer changes of what was sent (docs/doors)."""
    body = as_read(door, body)
    if door == "s2":
        for item in body["items"]:
            item["product"] = {"id": item.pop("productId")}
        body["account"] = {"id": body.pop("accountId")}
    if door == "fabric":
        for payment in body.get("payments") or []:
            payment.pop("authExpirationDate", None)
        if not body.get("orderDate"):  # absent, null or empty means now
            body.pop("orderDate", None)
        for item in body["items"]:  # absent or null means one
            if item.get("orderedQuantity") is None:
                item.pop("orderedQuantity", None)
    if door == "pb_fulfillment":
        body = without_nulls(body)  # null is answered as if it had not been sent
        charges = body.get("orderCharges") or {}
        for detail in charges.get("otherChargeDetails") or []:  # filled from the order's currency
            if not detail.get("currency") and charges.get("orderCurrency"):
                detail["currency"] = charges["orderCurrency"]
        body["references"] = body.get("references") or []
        body["orderType"] = body.get("orderType") or "eCom"
        body["isGift"] = body.get("isGift") or False
    return body


def without_nulls(value: Any) -> Any:
    """Take out the members that are null, at any depth."""
    if isinstance(value, dict):
        return {name: without_nulls(child) for name, child in value.items() if child is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def document(door: str, answer: Body) -> Body:
    """Return the flat form of a read answer."""
    return answer["orderInfo"] | answer["orderShippingInfo"] if door == "pb_oms" else answer


@pytest.mark.parametrize("door", FORMATS)
class TestEveryAnswer:
    async def test_every_answer_holds_all_that_was_sent(self, world: World, door: str, engine: str) -> None:
        vendor, token = VENDORS[door], await world.bearer()
        examples: list[Body] = []

        @at_most(25 if engine == "sqlite" else 8, prove=100)  # of the body, an engine knows the bytes
        @given(BODIES[door])
        def collect(body: Body) -> None:
            examples.append(body)

        collect()
        for count, body in enumerate(examples):
            body[vendor.number] = f"{count}-{body[vendor.number]}"[:50]
            headers = token | vendor.headers(f"t-{count}")
            made = await world.http.post(vendor.create, content=encode_json(body), headers=headers)
            assert made.status_code == vendor.ok, made.text
            read = await self._read(world, vendor.read(made.json()), token | vendor.headers(f"r-{count}"))
            assert lost(expected(door, body), document(door, DECODER.decode(read.content))) == []
            if door != "pb_oms":
                assert json.loads(made.content) == json.loads(read.content)

    async def _read(self, world: World, path: str, headers: dict[str, str]) -> httpx.Response:
        answer = await world.http.get(path, headers=headers)
        assert answer.status_code == 200
        return answer
