"""The AsyncAPI document: whole, and true of what is told. What its schemas say is proved in tests/doors/hub/test_catalog.py."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator

from crossdock.core.orders.events import ORDER_EVENTS
from crossdock.doors.hub.routes import feed
from tests.world import World

FORMS = {"stream": "", "webhooks": "webhook.", "cloudevents": "crossdock."}


@pytest.fixture
def engine() -> str:
    """One engine is enough: nothing of the document depends on it."""
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
    def test_has_the_parts_of_asyncapi_3(self, document: dict[str, Any]) -> None:
        assert document["asyncapi"] == "3.0.0"
        assert {"title", "version"} <= set(document["info"])
        assert set(document) == {"asyncapi", "info", "defaultContentType", "channels", "operations", "components"}
        for channel in document["channels"].values():
            assert set(channel) == {"address", "description", "messages"}
        for operation in document["operations"].values():
            assert operation["action"] == "send"
            assert resolved(document, operation["channel"]["$ref"]) in document["channels"].values()

    def test_refers_only_to_what_is_there(self, document: dict[str, Any]) -> None:
        found = set(references(document))
        assert len(found) > 50
        for reference in found:
            assert isinstance(resolved(document, reference), dict), reference

    def test_refers_to_every_part(self, document: dict[str, Any]) -> None:
        found = set(references(document))
        for kind, parts in document["components"].items():
            for name in parts:
                assert f"#/components/{kind}/{name}" in found

    def test_has_schemas_that_are_sound(self, document: dict[str, Any]) -> None:
        for schema in document["components"]["schemas"].values():
            Draft7Validator.check_schema(schema)

    def test_has_an_example_of_each_message_that_fits_its_schemas(self, document: dict[str, Any]) -> None:
        def fits(schema: dict[str, Any], value: Any) -> bool:
            return Draft7Validator(schema | {"components": document["components"]}).is_valid(value)

        for message in document["components"]["messages"].values():
            assert message["examples"] != []
            for example in message["examples"]:
                assert fits(message["payload"], example["payload"]), message["name"]
                assert ("headers" in message) == ("headers" in example)
                assert "headers" not in message or fits(message["headers"], example["headers"])

    @pytest.mark.parametrize("channel", FORMS)
    def test_has_every_event_in_every_channel(self, document: dict[str, Any], channel: str) -> None:
        told = {FORMS[channel] + name for name in ORDER_EVENTS}
        tried = set() if channel == "stream" else {f"{FORMS[channel]}endpoint.test"}
        assert set(document["channels"][channel]["messages"]) == told | tried
        for name in told:
            headers = document["components"]["messages"][name].get("headers")
            assert (headers is None) == (channel == "stream")

    def test_describes_the_feed_as_its_route_is(self, document: dict[str, Any]) -> None:
        (route,) = feed.ROUTES
        assert document["channels"]["feed"]["address"] == route.paths[0]
        query = document["operations"]["readFeed"]["bindings"]["http"]["query"]["properties"]
        assert set(query) == {each["name"] for each in route.parameters if each["in"] == "query"}


class TestPages:
    @pytest.mark.parametrize("name", ["s2", "nobody"])
    async def test_of_a_door_that_tells_nothing_is_404(self, world: World, name: str) -> None:
        answer = await world.http.get(f"/asyncapi/{name}.json")
        assert (answer.status_code, answer.json()) == (404, {"detail": "doors that tell by themselves are hub"})

    async def test_is_linked_from_the_page_of_the_hub_alone(self, world: World) -> None:
        assert "/asyncapi/hub.json" in (await world.http.get("/docs/hub")).text
        assert "/asyncapi/" not in (await world.http.get("/docs/s2")).text
