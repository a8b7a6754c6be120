"""Whatever is wrong with the body of a call about products, inventory or inbound, it is refused; nothing ends in a 5xx."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from crossdock.doors import Route, all_doors
from tests.flows.allocating import add_locations
from tests.notifications.world import caller_of
from tests.vendors import VENDORS
from tests.world import World

ODD: tuple[Any, ...] = (None, True, -1, 2**63, 1e308, "", "\u0000", "\ud83d", "x" * 5000, "\u001f", [], {}, [{}] * 3)
SUBJECTS = ("product", "inventory", "receiving", "work-orders", "transfers")
ROUTES = [
    (door.name, route)
    for door in all_doors()
    if door.name in ("hub", "pb_fulfillment")
    for route in door.routes
    if "request" in route.examples and any(subject in route.paths[0] for subject in SUBJECTS)
]


@pytest.fixture
def engine() -> str:
    """Bodies are checked before a database sees them, so one engine is enough."""
    return "sqlite"


def every_place(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Walk every member and element below a tree."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for name, value in inner:
        yield (*path, name)
        yield from every_place(value, (*path, name))


def replaced(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    tree = deepcopy(tree)
    at = tree
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = value
    return tree


async def documents(world: World, headers: dict[str, str]) -> dict[str, str]:
    """Create a document of each kind through the hub; returns their ids by the paths of the lists."""
    await add_locations(world, await caller_of(world), "A", "B")
    bodies = {
        "receiving-notices": {"location": "A", "lines": [{"sku": "MUG", "expected": 1}]},
        "work-orders": {"location": "A", "sku": "MUG", "quantity": 1},
        "transfers": {"source": "A", "target": "B", "lines": [{"sku": "MUG", "quantity": 1}]},
    }
    ids = {}
    for path, body in bodies.items():
        answer = await world.http.post(f"/hub/v1/{path}", json={"number": "1", **body}, headers=headers)
        ids[path] = answer.json()["id"]
    return ids


@pytest.mark.parametrize(("door", "route"), ROUTES, ids=lambda each: each if isinstance(each, str) else each.operation)
async def test_a_call_answers_every_odd_value(world: World, door: str, route: Route) -> None:
    headers = await world.bearer()
    ids = await documents(world, headers)
    path = route.paths[0].replace("{sku}", "MUG")
    document = next((each for name, each in ids.items() if f"/{name}/" in path), "")
    path = path.replace("{id}", document).replace("{ID}", "X").replace("{receivingASNId}", "X")
    example = route.examples["request"]
    for place in every_place(example):
        for number, value in enumerate(ODD):
            body = json.dumps(replaced(example, place, value)).encode()
            own = VENDORS[door].headers(f"odd-{number}-{abs(hash(place)) % 10**9}")
            answer = await world.http.request(route.method, path, content=body, headers=headers | own)
            assert answer.status_code < 500, (place, value, answer.text)
