"""Location and inventory calls with odd values in every place: an error that names them, or an answer, and never a 500."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from crossdock.doors.fabric import DOOR, examples_stock
from tests.doors.fabric import stock_examples
from tests.world import World

Tree = Any
ROUTES = [
    route
    for route in DOOR.routes
    if route.paths[0].startswith(("/api/v2/location", "/api/v2/inventory")) and route.scope is not None
]
ODD: tuple[Tree, ...] = (
    None, True, -1, 0, 2.5, 2**31, 2**63, 10**30, 1e308, "", " ", "0", "x" * 5000, "Ü" * 200, "\u2028", "2026-13-45", "9" * 400,
    [], {}, [[]], [None], {"": {"": ""}}, {"x": {"y": [1]}}, [{}],
)  # fmt: skip
ODD_TEXT = (
    "0",
    "x",
    "-1",
    "9" * 40,
    "1.5",
    "NaN",
    "ö",
    "a b",
    "%",
    "..",
    "\u2028",
    "null",
    "x" * 2000,
    "[1]",
    ",,",
    "a,b",
)


# Those that a database may see differently, if a door lets them pass; the door itself is the same on each engine.
ODD_STORED: tuple[Tree, ...] = (2.5, 2**31, 2**63, 10**30, 1e308, "x" * 5000, "\u2028")
ODD_TEXT_STORED = ("9" * 40, "1.5", "NaN", "ö", "\u2028", "x" * 2000)


def mutations(node: Tree, odd: tuple[Tree, ...]) -> Iterator[Tree]:
    """Yield a body with each odd value at each place, and without each member."""
    yield from odd
    if isinstance(node, dict):
        for name, value in node.items():
            yield {other: each for other, each in node.items() if other != name}
            for changed in mutations(value, odd):
                yield node | {name: changed}
    if isinstance(node, list):
        for place, value in enumerate(node):
            for changed in mutations(value, odd):
                yield [*node[:place], changed, *node[place + 1 :]]


@pytest.fixture
async def known(world: World, headers: dict[str, str]) -> dict[str, str]:
    """Create what the examples refer to; returns values of path parameters."""
    ids = {"locationNum": "13", "itemId": "4225678911", "code": "damaged", "networkId": "0" * 24}
    for path, body in (
        ("/location", examples_stock.LOCATION), ("/inventory", examples_stock.INVENTORY),
        ("/inventory/network", examples_stock.NETWORK), ("/inventory/counter", examples_stock.COUNTER),
    ):  # fmt: skip
        answer = await world.http.post(f"/api/v2{path}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        ids |= {name: value for name, value in answer.json().items() if name == "networkId"}
    return ids


def is_named(answer: Tree) -> bool:
    """Whether an error has a message that says something, with the path of a fault where it is about the body."""
    return isinstance(answer, dict) and set(answer) == {"message"} and len(answer["message"]) > 8


@pytest.mark.parametrize("route", [each for each in ROUTES if each.request], ids=lambda each: each.operation)
async def test_an_odd_value_anywhere_in_a_body_is_named_or_taken(
    world: World, headers: dict[str, str], known: dict[str, str], route: Any, engine: str
) -> None:
    path = route.paths[0].format(**known)
    for body in mutations(route.examples["request"], ODD if engine == "sqlite" else ODD_STORED):
        content = json.dumps(body).encode()
        answer = await world.http.request(route.method, path, content=content, headers=headers)
        assert answer.status_code in (200, 400, 404, 409), (body, answer.text)
        assert answer.status_code == 200 or is_named(answer.json()), (body, answer.text)


@pytest.mark.parametrize("route", ROUTES, ids=lambda each: each.operation)
async def test_an_odd_parameter_is_named_or_taken(
    world: World, headers: dict[str, str], known: dict[str, str], route: Any, engine: str
) -> None:
    example = json.dumps(route.examples["request"]).encode() if "request" in route.examples else None
    names = [each["name"] for each in route.parameters if each["in"] == "query"]
    right = dict(
        part.split("=") for part in stock_examples.QUERY.get(route.operation, "?").lstrip("?").split("&") if part
    )
    for text in ODD_TEXT if engine == "sqlite" else ODD_TEXT_STORED:
        for name in [*known, *names]:
            path = route.paths[0].format(**known | {name: quote(text, safe="")})
            query = urlencode(right | ({name: text} if name in names else {}))
            answer = await world.http.request(route.method, f"{path}?{query}", content=example, headers=headers)
            assert answer.status_code in (200, 400, 404, 405, 409), (path, query, answer.text)
            assert answer.status_code == 200 or is_named(answer.json()), (path, query, answer.text)


async def test_the_longest_names_fit_the_index_of_the_database(world: World, headers: dict[str, str]) -> None:
    """Of four bytes each, and of signs that JSON escapes."""
    for sign in ("\U0001f600", '"', "\u0001"):
        body = examples_stock.INVENTORY | {"sku": sign * 200, "channelId": sign * 100, "itemId": sign * 200}
        await world.http.put("/api/v2/location/13", json={}, headers=headers)
        answer = await world.http.put("/api/v2/inventory", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        listed = await world.http.get("/api/v2/inventory", params={"itemIds": sign * 200}, headers=headers)
        assert [each["sku"] for each in listed.json()["inventory"]] == [sign * 200]
        network = {"code": sign * 200, "name": sign * 500}
        assert (await world.http.post("/api/v2/inventory/network", json=network, headers=headers)).status_code == 200
        upload = {"fileName": sign * 200}
        assert (
            await world.http.post("/api/v2/inventory/aws/upload-url", json=upload, headers=headers)
        ).status_code == 200


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[" * 3000, b'{"a":', b"null", b"[]", b'{"a":1,"a":2}', b'{"sku":"\\ud800"}']
)
async def test_a_body_that_is_no_object_is_named(world: World, headers: dict[str, str], content: bytes) -> None:
    for route in ROUTES:
        if route.request is not None:
            path = route.paths[0].format(locationNum=13, code="x", networkId="x")
            answer = await world.http.request(route.method, path, content=content, headers=headers)
            assert (answer.status_code, is_named(answer.json())) == (400, True), (path, answer.text)
