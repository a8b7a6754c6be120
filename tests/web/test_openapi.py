"""The OpenAPI documents: valid, complete, and consistent with what the doors accept and return."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import msgspec
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry

from crossdock.doors import all_doors
from crossdock.web import openapi
from tests.vendors import VENDORS, sample
from tests.world import World

DOORS = {door.name: door for door in all_doors()}
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
SEED = 7731
EXAMPLES = 30
# What senders get wrong: types, bounds, odd text, deep nesting, empty values.
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 2**63, 10**30, 1e308, -0.0, "", " ", "0", "x" * 5000, "\u0000", "\ud83d\ude00", "2026-13-45",
    "9" * 400, [], {}, [[]], [None], {"": {"": ""}}, [{}] * 300,
)  # fmt: skip
ODD_TEXT = ("", "0", "x", "-1", "9" * 40, "ö", "a b", "%", "..", "{id}", "\u2028", "null", "1e9", "x" * 2000)

# Bulk calls whose example shows how one faulty order among good ones is answered.
PARTLY_FAULTY = {"createOrders"}
# A mail is long, and a file of its own.
WITHOUT_EXAMPLE = {"application/pdf", "message/rfc822"}

pytestmark = pytest.mark.parametrize("door", list(DOORS))


@pytest.fixture
def engine() -> str:
    """One engine: no document depends on it."""
    return "sqlite"


_SERVED: dict[str, dict[str, Any]] = {}


async def document(world: World, door: str) -> dict[str, Any]:
    """Return the document of a door as it was served when a test first asked for it."""
    if door not in _SERVED:
        answer = await world.http.get(f"/openapi/{door}.json")
        assert answer.status_code == 200
        _SERVED[door] = answer.json()
    return _SERVED[door]


async def test_the_document_that_is_served_is_that_of_the_door(world: World, door: str) -> None:
    made = openapi.document(DOORS[door], server="/")
    assert await document(world, door) == msgspec.json.decode(msgspec.json.encode(made))


def operations(described: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (path, method): operation
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    }


def faults(described: dict[str, Any], schema: dict[str, Any], value: Any) -> list[str]:
    """Return where a value does not fit a schema of the document."""
    validator = Draft202012Validator(schema | {"components": described["components"]})
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a document, but those inside examples."""
    if isinstance(value, dict):
        yield value
        for name, each in value.items():
            yield from objects(each) if name != "examples" else ()
    for each in value if isinstance(value, list) else ():
        yield from objects(each)


def strings(value: Any) -> list[tuple[str, Any]]:
    """Return every field of a document with its value."""
    if isinstance(value, dict):
        return [*value.items(), *(pair for each in value.values() for pair in strings(each))]
    return [pair for each in value for pair in strings(each)] if isinstance(value, list) else []


def with_equal_parts_shared(value: Any, known: dict[str, Any]) -> Any:
    """Return a copy of a document in which equal parts are one object; the validator checks each object once."""
    if isinstance(value, dict):
        value = {name: with_equal_parts_shared(each, known) for name, each in value.items()}
    elif isinstance(value, list):
        value = [with_equal_parts_shared(each, known) for each in value]
    else:
        return value
    return known.setdefault(json.dumps(value), value)


def crawled_once(crawl: Callable[[Registry[Any]], Registry[Any]]) -> Callable[[Registry[Any]], Registry[Any]]:
    """Remember what a registry of schemas finds in itself; it looks again for every `$dynamicRef` otherwise."""
    known: dict[int, tuple[Registry[Any], Registry[Any]]] = {}

    def crawled(registry: Registry[Any]) -> Registry[Any]:
        if id(registry) not in known:
            known[id(registry)] = (registry, crawl(registry))  # what is referred to keeps its id
        return known[id(registry)][1]

    return crawled


class TestDocument:
    async def test_the_document_of_a_door_is_valid_openapi_31(
        self, world: World, door: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Registry, "crawl", crawled_once(Registry.crawl))
        described = with_equal_parts_shared(await document(world, door), {})
        assert described["openapi"] == "3.1.0"
        assert [error.message for error in OpenAPIV31SpecValidator(described).iter_errors()] == []

    async def test_the_document_has_every_route_and_no_others(self, world: World, door: str) -> None:
        described = operations(await document(world, door))
        assert set(described) == {(route.paths[0], route.method.lower()) for route in DOORS[door].routes}
        for route in DOORS[door].routes:
            aliases = described[route.paths[0], route.method.lower()].get("x-aliases", [])
            assert aliases == list(route.paths[1:])

    async def test_the_document_names_its_server_and_license(self, world: World, door: str) -> None:
        described = await document(world, door)
        assert [server["url"] for server in described["servers"]] == ["/"]
        assert described["info"]["license"] == {"name": "Apache License 2.0", "identifier": "Apache-2.0"}
        public = openapi.document(DOORS[door], server="https://orders.example.com")
        assert [server["url"] for server in public["servers"]] == ["https://orders.example.com"]

    async def test_every_operation_has_a_tag_that_is_declared(self, world: World, door: str) -> None:
        described = await document(world, door)
        declared = [tag["name"] for tag in described["tags"]]
        assert len(set(declared)) == len(declared)
        for operation in operations(described).values():
            assert set(operation["tags"]) <= set(declared)
        assert "orders" in declared or "order" in declared

    async def test_every_operation_has_a_security_scheme_that_is_declared(self, world: World, door: str) -> None:
        described = await document(world, door)
        schemes = set(described["components"]["securitySchemes"])
        for route in DOORS[door].routes:
            security = operations(described)[route.paths[0], route.method.lower()]["security"]
            assert {name for each in security for name in each} <= schemes
            assert ({"bearer": [route.scope]} in security) is bool(route.scope)

    async def test_every_array_has_items(self, world: World, door: str) -> None:
        """Without them, client generators leave out the operation."""
        arrays = [each for each in objects(await document(world, door)) if each.get("type") == "array"]
        assert [each for each in arrays if "items" not in each and "prefixItems" not in each] == []

    async def test_every_operation_has_an_id_of_its_own(self, world: World, door: str) -> None:
        ids = [operation["operationId"] for operation in operations(await document(world, door)).values()]
        assert len(set(ids)) == len(ids)

    async def test_no_number_is_described_as_a_string(self, world: World, door: str) -> None:
        assert ("format", "decimal") not in [
            pair for pair in strings(await document(world, door)) if pair[0] == "format"
        ]

    async def test_every_parameter_of_a_path_is_declared(self, world: World, door: str) -> None:
        for (path, _), operation in operations(await document(world, door)).items():
            declared = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert declared == {part.split("}")[0] for part in path.split("{")[1:]}


class TestExamples:
    async def test_every_operation_has_a_description(self, world: World, door: str) -> None:
        described = operations(await document(world, door))
        silent = [each["operationId"] for each in described.values() if not each.get("description")]
        assert silent == []

    async def test_every_request_and_success_has_an_example(self, world: World, door: str) -> None:
        missing = []
        for operation in operations(await document(world, door)).values():
            name = operation["operationId"]
            if not all("examples" in each for each in operation.get("requestBody", {}).get("content", {}).values()):
                missing.append(f"{name} request")
            for status, response in operation["responses"].items():
                media = [kind for kind in response.get("content", {}) if kind not in WITHOUT_EXAMPLE]
                if int(status) < 300 and media and not any("examples" in each for each in response["content"].values()):
                    missing.append(f"{name} {status}")
        assert missing == []

    async def test_every_example_fits_its_schema(self, world: World, door: str) -> None:
        described = await document(world, door)
        for operation in operations(described).values():
            contents = [operation.get("requestBody", {}), *operation["responses"].values()]
            for media in [each for content in contents for each in content.get("content", {}).values()]:
                for example in media.get("examples", {}).values():
                    found = faults(described, media["schema"], example["value"])
                    assert found == [] or operation["operationId"] in PARTLY_FAULTY, operation["operationId"]


class TestSchemas:
    async def test_the_sample_order_and_its_responses_fit_their_schemas(self, world: World, door: str) -> None:
        described, vendor = await document(world, door), VENDORS[door]
        create = described["paths"][vendor.create]["post"]
        headers = await world.bearer() | vendor.headers("openapi-1")
        schema = create["requestBody"]["content"]["application/json"]["schema"]
        assert faults(described, schema, sample(door)) == []
        created = await world.http.post(vendor.create, json=sample(door), headers=headers)
        assert faults(described, response_schema(create, created), created.json()) == []
        path = vendor.read(created.json())
        read = await world.http.get(path, headers=headers | vendor.headers("openapi-2"))
        assert read.status_code == 200
        found = next(
            operation
            for (template, method), operation in operations(described).items()
            if method == "get" and fits(template, path.partition("?")[0])
        )
        assert faults(described, response_schema(found, read), read.json()) == []

    async def test_a_body_that_the_door_refuses_does_not_fit_its_schema(self, world: World, door: str) -> None:
        described, vendor = await document(world, door), VENDORS[door]
        create = described["paths"][vendor.create]["post"]
        body = {name: value for name, value in sample(door).items() if name != vendor.number}
        answer = await world.http.post(
            vendor.create, json=body, headers=await world.bearer() | vendor.headers("openapi-3")
        )
        assert answer.status_code in (400, 422)
        assert faults(described, create["requestBody"]["content"]["application/json"]["schema"], body) != []
        assert faults(described, response_schema(create, answer), answer.json()) == []

    async def test_the_response_to_a_missing_token_fits_its_schema(self, world: World, door: str) -> None:
        described = await document(world, door)
        create = described["paths"][VENDORS[door].create]["post"]
        answer = await world.http.post(VENDORS[door].create, json={})
        assert answer.status_code == 401
        assert faults(described, response_schema(create, answer), answer.json()) == []


def response_schema(operation: dict[str, Any], answer: httpx.Response) -> dict[str, Any]:
    """Return the schema of a response; its status and media type must be documented."""
    assert str(answer.status_code) in operation["responses"], answer.text
    found: dict[str, Any] = operation["responses"][str(answer.status_code)]["content"][answer.headers["content-type"]]
    return dict(found["schema"])


def fits(template: str, path: str) -> bool:
    parts, actual = template.split("/"), path.split("/")
    return len(parts) == len(actual) and all(
        part == each or part.startswith("{") for part, each in zip(parts, actual, strict=True)
    )


class TestOddRequests:
    async def test_a_random_request_never_gets_500(self, world: World, door: str) -> None:
        """Call the door's operations in turn with odd parameters and bodies, the same ones in every run."""
        rng = random.Random(f"{SEED}/{door}")
        described = await document(world, door)
        token = await world.bearer()
        called = sorted(operations(described).items())
        for number in range(EXAMPLES):
            (path, method), operation = called[number % len(called)]
            request = odd_request(rng, door, path, operation)
            answer = await world.http.request(method, **request, headers=headers(rng, door, number) | token)
            assert answer.status_code < 500, (method, request, answer.text)
            if operation["operationId"].startswith("revoke"):
                token = await world.bearer()

    async def test_an_order_with_a_random_change_never_gets_500(self, world: World, door: str) -> None:
        rng = random.Random(f"{SEED}/member/{door}")
        token, vendor = await world.bearer(), VENDORS[door]
        for number in range(EXAMPLES):
            body = json.dumps(with_odd_value(rng, sample(door)))
            answer = await world.http.post(
                vendor.create, content=body, headers=token | vendor.headers(f"member-{number}")
            )
            assert answer.status_code < 500, (body, answer.text)


def odd_request(rng: random.Random, door: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    """Return the URL and body of a request with odd values."""
    query = {}
    for each in operation["parameters"]:
        if each["in"] == "path":
            path = path.replace(f"{{{each['name']}}}", quote(rng.choice(ODD_TEXT) or "-", safe=""))
        elif each["in"] == "query" and rng.random() < 0.6:
            query[each["name"]] = rng.choice(ODD_TEXT)
    if "requestBody" not in operation:
        return {"url": f"{path}?{urlencode(query)}"}
    body = rng.choice(
        (with_odd_value(rng, sample(door)), {"orders": [with_odd_value(rng, sample(door))]}, rng.choice(ODD))
    )
    raw = rng.choice((b"", b"\xff", b"[" * 3000, b'{"a":', json.dumps(body).encode(), json.dumps(body).encode()))
    return {"url": f"{path}?{urlencode(query)}", "content": raw}


def headers(rng: random.Random, door: str, number: int) -> dict[str, str]:
    """Return the door's headers, sometimes with odd values."""
    own = VENDORS[door].headers(f"odd-{number}")
    if own and rng.random() < 0.2:
        own = dict.fromkeys(own, rng.choice(("", "{}", "[]", "x" * 300, "null", '{"account":1}')))
    return own


def with_odd_value(rng: random.Random, body: Any) -> Any:
    """Return a body with an odd value at one place."""
    if isinstance(body, dict) and body and rng.random() < 0.85:
        name = rng.choice(sorted(body))
        return body | {name: with_odd_value(rng, body[name])}
    if isinstance(body, list) and body and rng.random() < 0.85:
        index = rng.randrange(len(body))
        return [*body[:index], with_odd_value(rng, body[index]), *body[index + 1 :]]
    return rng.choice(ODD)
