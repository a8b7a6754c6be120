"""JSON texts for people: indenting keeps every token, and each value's lines are found, also in broken texts."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.json.source_text import Lines, broken_line, find_lines, indented, line_ranges

ORDER = """{
  "number": "A-1",
  "lines": [
    {"sku": "X", "quantity": 0},
    {
      "sku": "Y"
    }
  ],
  "totals": {}
}"""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


def test_a_text_is_indented_with_every_number_name_and_duplicate_as_it_was() -> None:
    text = r'{"a":1.10,"b":[ ],"c":[{"d":1e999,"d":"\u00e9 , [\n"}],"e":-0}'
    expected = """{
  "a": 1.10,
  "b": [],
  "c": [
    {
      "d": 1e999,
      "d": "\\u00e9 , [\\n"
    }
  ],
  "e": -0
}"""
    assert indented(text) == expected


@pytest.mark.parametrize("text", ["", "{", "number=1", '{"a": }', "\ufeff{}", "[" * 100_000])
def test_a_text_that_is_no_json_stays_as_it_is(text: str) -> None:
    assert indented(text) == text


def test_each_value_has_its_lines() -> None:
    ranges = line_ranges(ORDER)
    assert ranges[()] == Lines(1, 10)
    assert ranges["lines",] == Lines(3, 8)
    assert ranges["lines", 0, "quantity"] == Lines(4, 4)
    assert ranges["lines", 1] == Lines(5, 7)
    assert ranges["lines", 1, "sku"] == Lines(6, 6)
    assert ranges["totals",] == Lines(9, 9)


def test_a_missing_value_is_looked_for_at_the_beginning_of_what_lacks_it() -> None:
    ranges = line_ranges(ORDER)
    assert find_lines(ranges, ("lines", 1, "quantity")) == Lines(5, 5)
    assert find_lines(ranges, ("customer", "email")) == Lines(1, 1)
    assert find_lines({}, ("customer",)) is None


def test_values_before_a_break_have_their_lines() -> None:
    ranges = line_ranges('{\n "a": 1,\n "b": [\n  2,\n  "unfinished\n')
    assert ranges["a",] == Lines(2, 2)
    assert ranges["b", 1] == Lines(5, 5)
    assert ranges["b",] == Lines(3, 6)


@pytest.mark.parametrize("text", ["}", "[1}", ":", "{1:2}", "[[", '{"a" "b"}', "1 2", '{"a":::}', "[,]", "[" * 10_000])
def test_lines_of_any_text_are_read_without_an_error(text: str) -> None:
    assert all(1 <= each.first <= each.last <= text.count("\n") + 1 for each in line_ranges(text).values())


def test_the_line_of_a_break_is_named() -> None:
    assert broken_line('{\n "a": 1,\n}') == 3
    assert broken_line("{}") is None


@given(JSON)
def test_every_value_of_an_indented_text_has_lines(tree: object) -> None:
    text = indented(json.dumps(tree, ensure_ascii=False))
    assert json.loads(text) == tree
    ranges = line_ranges(text)

    def check(node: object, path: tuple[str | int, ...]) -> None:
        assert path in ranges
        children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for step, child in children:
            check(child, (*path, step))

    check(tree, ())
