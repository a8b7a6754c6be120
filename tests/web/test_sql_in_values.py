"""SQL in a value is a value: it is stored and looked for as it is, and changes no statement."""

import pytest

from crossdock.doors import all_doors
from tests.notifications.world import create
from tests.world import World

SQL = ("' OR '1'='1", "'; DELETE FROM orders; --", "%' UNION SELECT 1 --", '") OR ("a"="a', "\\' OR 1=1 #")


async def test_an_order_whose_values_are_sql_is_found_by_them_and_alone(world: World) -> None:
    headers = await world.bearer()
    await create(world, "OTHER")
    for sql in SQL:
        await create(world, sql, lines=[{"sku": sql, "quantity": 1}], customer={"name": sql})
        for name in ("number", "sku"):
            answer = await world.http.get("/hub/v1/orders", params={name: sql}, headers=headers)
            assert [each["number"] for each in answer.json()["items"]] == [sql], name
    answer = await world.http.get("/hub/v1/orders", headers=headers)
    assert len(answer.json()["items"]) == len(SQL) + 1


@pytest.mark.parametrize("sql", SQL)
async def test_sql_in_a_parameter_of_any_list_fails_nothing(world: World, sql: str) -> None:
    headers = await world.bearer()
    await create(world, "OTHER")
    (hub,) = [door for door in all_doors() if door.name == "hub"]
    routes = [route for route in hub.routes if route.method == "GET" and "{" not in route.paths[0]]
    named = [(route, each["name"]) for route in routes for each in route.parameters if each["in"] == "query"]
    assert len(named) > 50
    for route, name in named:
        answer = await world.http.get(route.paths[0], params={name: sql}, headers=headers)
        assert answer.status_code < 500, (route.operation, name, answer.text)
        assert answer.status_code != 200 or "OTHER" not in answer.text, (route.operation, name)
    answer = await world.http.get("/hub/v1/orders?number=OTHER", headers=headers)
    assert len(answer.json()["items"]) == 1
