"""Merging a patch into a document: the examples of RFC 7396, and that nothing given is changed."""

from copy import deepcopy
from typing import Any

import pytest

from crossdock.doors.hub.edits import merged

# RFC 7396, appendix A: (original, patch, result).
EXAMPLES: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


class TestMerged:
    @pytest.mark.parametrize(("original", "patch", "result"), EXAMPLES)
    def test_is_what_the_rfc_says(self, original: Any, patch: Any, result: Any) -> None:
        kept = deepcopy((original, patch))
        assert merged(original, patch) == result
        assert (original, patch) == kept
