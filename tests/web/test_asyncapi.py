"""The AsyncAPI document: complete and valid. tests/doors/hub/test_catalog.py checks its schemas against real events."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator

from crossdock.core.orders.events import ORDER_EVENTS
from crossdock.core.stock.events import STOCK_EVENTS
from crossdock.doors.hub.routes import feed
from tests.world import World

FORMS = {"stream": "", "webhooks": "webhook.", "cloudevents": "crossdock."}


@pytest.fixture
def engine() -> str:
    """One engine: the document does not depend on it."""
    return "sqlite"


@pytest.fixture
async def document(world: World) -> dict[str, Any]:
    answer = await world.http.get("/asyncapi/hub.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    found: dict[str, Any] = answer.json()
    return found


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for name, part in value.items():
            if name != "examples":
                yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def resolved(document: dict[str, Any], reference: str) -> Any:
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


class TestDocument:
    def test_the_document_has_the_parts_of_asyncapi_3(self, document: dict[str, Any]) -> None:
        assert document["asyncapi"] == "3.0.0"
        assert {"title", "version"} <= set(document["info"])
        assert set(document) == {"asyncapi", "info", "defaultContentType", "channels", "operations", "components"}
        for channel in document["channels"].values():
            assert set(channel) == {"address", "description", "messages"}
        for operation in document["operations"].values():
            assert operation["action"] == "send"
            assert resolved(document, operation["channel"]["$ref"]) in document["channels"].values()

    def test_every_reference_of_the_document_resolves(self, document: dict[str, Any]) -> None:
        found = set(references(document))
        assert len(found) > 50
        for reference in found:
            assert isinstance(resolved(document, reference), dict), reference

    def test_every_component_of_the_document_is_used(self, document: dict[str, Any]) -> None:
        found = set(references(document))
        for kind, parts in document["components"].items():
            for name in parts:
                assert f"#/components/{kind}/{name}" in found

    def test_every_schema_of_the_document_is_valid(self, document: dict[str, Any]) -> None:
        for schema in document["components"]["schemas"].values():
            Draft7Validator.check_schema(schema)

    def test_every_message_has_an_example_that_fits_its_schemas(self, document: dict[str, Any]) -> None:
        def fits(schema: dict[str, Any], value: Any) -> bool:
            return Draft7Validator(schema | {"components": document["components"]}).is_valid(value)

        for message in document["components"]["messages"].values():
            assert message["examples"] != []
            for example in message["examples"]:
                assert fits(message["payload"], example["payload"]), message["name"]
                assert ("headers" in message) == ("headers" in example)
                assert "headers" not in message or fits(message["headers"], example["headers"])

    @pytest.mark.parametrize("channel", FORMS)
    def test_every_channel_has_every_event(self, document: dict[str, Any], channel: str) -> None:
        events = {FORMS[channel] + name for name in (*ORDER_EVENTS, *STOCK_EVENTS)}
        tests = set() if channel == "stream" else {f"{FORMS[channel]}endpoint.test"}
        assert set(document["channels"][channel]["messages"]) == events | tests
        for name in events:
            headers = document["components"]["messages"][name].get("headers")
            assert (headers is None) == (channel == "stream")

    def test_the_feed_is_described_as_its_route_is(self, document: dict[str, Any]) -> None:
        (route,) = feed.ROUTES
        assert document["channels"]["feed"]["address"] == route.paths[0]
        query = document["operations"]["readFeed"]["bindings"]["http"]["query"]["properties"]
        assert set(query) == {each["name"] for each in route.parameters if each["in"] == "query"}


class TestPages:
    @pytest.mark.parametrize("name", ["s2", "nobody"])
    async def test_the_document_of_a_door_without_events_is_404(self, world: World, name: str) -> None:
        answer = await world.http.get(f"/asyncapi/{name}.json")
        assert (answer.status_code, answer.json()) == (404, {"detail": "doors with events are hub"})

    async def test_the_document_is_linked_from_the_page_of_the_hub_alone(self, world: World) -> None:
        assert "/asyncapi/hub.json" in (await world.http.get("/docs/hub")).text
        assert "/asyncapi/" not in (await world.http.get("/docs/s2")).text
