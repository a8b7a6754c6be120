"""Rate limits over HTTP: each door refuses in its own shape, with the headers that tell a client how to pace itself."""

import pytest

from tests.vendors import VENDORS
from tests.world import World

LIMITED = pytest.mark.parametrize("context", [{"client_rate": 0.5, "client_burst": 3}], indirect=True)
SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@LIMITED
@SQLITE
@pytest.mark.parametrize("door", sorted(VENDORS))
async def test_a_client_over_its_rate_is_told_so_in_the_shape_of_the_door(world: World, door: str) -> None:
    vendor = VENDORS[door]
    headers = await world.bearer()
    answers = [
        await world.http.post(
            vendor.create, json=vendor.body(f"N-{each}"), headers=headers | vendor.headers(f"N-{each}")
        )
        for each in range(4)
    ]
    assert [answer.status_code for answer in answers] == [vendor.ok] * 3 + [429]
    assert [answer.headers["ratelimit"] for answer in answers] == [
        '"client";r=2;t=2', '"client";r=1;t=4', '"client";r=0;t=6', '"client";r=0;t=6',
    ]  # fmt: skip
    assert answers[3].headers["ratelimit-policy"] == '"client";q=3;w=6'
    assert 1 <= int(answers[3].headers["retry-after"]) <= 2
    assert answers[3].json()
    other = await world.stranger()
    assert (await world.http.get("/hub/v1/orders", headers=other)).status_code == 200


@LIMITED
@SQLITE
async def test_calls_without_a_token_are_limited_by_address(world: World) -> None:
    answers = [await world.http.post("/login", json={"email": f"{each}@x.de", "password": "p"}) for each in range(4)]
    assert [answer.status_code for answer in answers][-1] == 429
    assert answers[0].status_code != 429


@LIMITED
@SQLITE
async def test_calls_with_a_bad_token_are_limited_by_address(world: World) -> None:
    answers = [
        await world.http.get("/hub/v1/orders", headers={"Authorization": f"Bearer guess-{each}"}) for each in range(5)
    ]
    assert [answer.status_code for answer in answers] == [401] * 3 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert (await world.http.get("/hub/v1/orders", headers=await world.bearer())).status_code == 200


@SQLITE
async def test_there_is_no_limit_unless_the_operator_sets_one(world: World) -> None:
    headers = await world.bearer()
    answer = await world.http.get("/hub/v1/orders", headers=headers)
    assert "ratelimit" not in answer.headers
