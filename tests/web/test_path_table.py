"""Finding what a path belongs to."""

from functools import partial

import pytest

from crossdock.web.path_table import PathTable, parameters_of

PATTERNS = (
    "/orders/{id}",
    "/orders/{id}/items",
    "/orders/{id}/items/{item}",
    "/orders/open/items",
    "/{tenant}/token",
    "/orders/{id}/",
)


@pytest.fixture
def table() -> PathTable[str]:
    table: PathTable[str] = PathTable()
    for pattern in PATTERNS:
        table.setdefault(pattern, partial(str, pattern))
    return table


class TestFind:
    @pytest.mark.parametrize(
        ("path", "pattern", "parameters"),
        [
            ("/orders/7", "/orders/{id}", {"id": "7"}),
            ("/orders/7/", "/orders/{id}/", {"id": "7"}),
            ("/orders/7/items", "/orders/{id}/items", {"id": "7"}),
            ("/orders/7/items/a b", "/orders/{id}/items/{item}", {"id": "7", "item": "a b"}),
            ("/orders/open/items", "/orders/open/items", {}),
            ("/orders/open", "/orders/{id}", {"id": "open"}),
            ("/orders/open/items/2", "/orders/{id}/items/{item}", {"id": "open", "item": "2"}),
            ("/orders/token", "/orders/{id}", {"id": "token"}),
            ("/shop/token", "/{tenant}/token", {"tenant": "shop"}),
        ],
    )
    def test_a_path_is_found_with_its_parameters(
        self, table: PathTable[str], path: str, pattern: str, parameters: dict[str, str]
    ) -> None:
        target, values = table.find(path) or ("", [])
        assert (target, dict(zip(parameters_of(pattern), values, strict=True))) == (pattern, parameters)

    @pytest.mark.parametrize(
        "path", ["", "/", "/orders", "/orders/", "/orders//items", "/orders/7/items/2/3", "//token"]
    )
    def test_a_path_that_fits_no_pattern_is_not_found(self, table: PathTable[str], path: str) -> None:
        assert table.find(path) is None

    def test_patterns_that_differ_in_names_are_one(self, table: PathTable[str]) -> None:
        assert table.setdefault("/orders/{orderId}", lambda: "other") == "/orders/{id}"
        assert table.find("/orders/7") == ("/orders/{id}", ["7"])
