"""The table of the doors' routes."""

import pytest

from crossdock.doors import Headers, all_doors
from crossdock.web.route_table import route_table

TABLE = route_table(all_doors())


@pytest.mark.parametrize(
    ("path", "values", "methods"),
    [
        ("/hub/v1/orders", [], {"GET", "POST"}),
        ("/hub/v1/orders/0abc", ["0abc"], {"GET"}),
        ("/api/v2/order/cancel", [], {"GET", "POST"}),
        ("/hub/v1/orders/0abc/more", None, set()),
    ],
)
def test_a_path_has_its_routes_and_the_values_of_its_parameters(
    path: str, values: list[str] | None, methods: set[str]
) -> None:
    found = TABLE.find(path)
    if found is None:
        assert values is None
        return
    routes, parameters = found
    assert list(parameters) == values
    assert {route.method for _, route, _ in routes.candidates([])} == methods


@pytest.mark.parametrize(
    ("path", "door"),
    [("/hub/v1/nothing", "hub"), ("/api/v2/order/none/more", "fabric"), ("/nothing", "hub"), ("/product/1/none", "s2")],
)
def test_a_path_without_routes_is_nearest_to_a_door(path: str, door: str) -> None:
    assert TABLE.nearest(path, Headers([])).name == door


def test_the_table_of_the_same_doors_is_made_once() -> None:
    assert route_table(all_doors()) is TABLE
