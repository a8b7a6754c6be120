"""The calls that give tokens take small bodies only: nobody is known yet who might be stopped."""

import pytest

from crossdock.doors import TOKEN_BODY_LIMIT, all_doors
from crossdock.doors.contract import Route
from tests.web.test_asgi import check_shape
from tests.world import World

TOKEN_CALLS = [
    (door.name, route)
    for door in all_doors()
    for route in door.routes
    if route.scope is None and route.operation in ("getToken", "getAccessToken", "login")
]


@pytest.mark.parametrize(("door", "route"), TOKEN_CALLS, ids=[name for name, _ in TOKEN_CALLS])
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_large_body_is_refused_before_it_is_parsed(world: World, door: str, route: Route) -> None:
    path = route.paths[0].replace("{authServerId}", "any")
    headers = {"Content-Type": route.request_media}
    largest = b"a=1&" * (TOKEN_BODY_LIMIT // 4)
    small = await world.http.post(path, content=largest, headers=headers)
    assert small.status_code in (400, 401), small.text
    large = await world.http.post(path, content=largest + b"a", headers=headers)
    assert large.status_code == 413, large.text
    if door == "fabric":  # whose token call answers as OAuth says
        assert large.json()["error"] == "invalid_request"
    else:
        check_shape(door, large)


def test_every_door_has_one() -> None:
    assert {name for name, _ in TOKEN_CALLS} == {door.name for door in all_doors()}
