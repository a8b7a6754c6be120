"""Unknown fields of a body are named by path; fields of the earlier document are accepted."""

from typing import Any

from crossdock.doors.hub import wire
from crossdock.doors.hub.unknown_fields import only_known, unknown


def paths(body: Any, also_known: Any = None) -> list[tuple[str | int, ...]]:
    return [fault.path for fault in unknown(body, wire.OrderCreate, also_known=also_known)]


class CountedDict(dict[str, Any]):
    """A dict that counts how often its fields are read."""

    reads = 0

    def items(self) -> Any:
        CountedDict.reads += 1
        return super().items()

    def get(self, *args: Any) -> Any:
        CountedDict.reads += 1
        return super().get(*args)

    def __contains__(self, name: object) -> bool:
        CountedDict.reads += 1
        return super().__contains__(name)


def test_an_unknown_field_is_named_by_its_path() -> None:
    body = {"number": "1", "colour": 1, "lines": [{"sku": "A"}, {"sku": "B", "colour": 2}]}
    assert paths(body) == [("colour",), ("lines", 1, "colour")]


def test_the_rule_of_a_shape_names_the_known_fields() -> None:
    (fault,) = only_known(wire.OrderCreate)({"colour": 1})
    assert "lines" in fault.reason


def test_a_field_of_the_earlier_document_is_known_at_its_path_only() -> None:
    earlier = {"colour": 1, "lines": [{"sku": "A"}, {"wrapped": True}]}
    body = {"colour": 2, "wrapped": True, "lines": [{"wrapped": False}, {"colour": 3}]}
    assert paths(body, earlier) == [("wrapped",), ("lines", 1, "colour")]


def test_many_lines_are_compared_in_linear_time() -> None:
    lines = 2000
    body = {"lines": [{"sku": "A", "own": position} for position in range(lines)]}
    earlier = {"lines": [CountedDict(sku="A", own=position) for position in range(lines)]}
    CountedDict.reads = 0
    assert paths(body, earlier) == []
    assert CountedDict.reads <= 4 * lines
