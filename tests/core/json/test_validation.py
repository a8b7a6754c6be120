"""Rules of a type are checked wherever the type stands, also where a description is wrapped around it."""

from typing import Annotated, Any

import pytest
from msgspec import Meta, Struct

from crossdock.core.errors import Fault
from crossdock.core.json.validation import faults, rule, typed

Shout = Annotated[str, rule("test_shout", str.isupper, "in capitals", pattern="^[A-Z]+$")]


class Inner(Struct):
    word: Annotated[Shout | None, Meta(description="a word")] = None


class Outer(Struct):
    plain: Annotated[Shout, Meta(description="a word")] = "A"
    words: Annotated[list[Shout] | None, Meta(description="words")] = None
    one: Annotated[Inner | None, Meta(description="an object")] = None
    many: Annotated[list[Inner], Meta(description="objects", min_length=1)] = []


@pytest.mark.parametrize(
    ("tree", "path"),
    [
        ({"plain": "a"}, ("plain",)),
        ({"words": ["A", "b"]}, ("words", 1)),
        ({"one": {"word": "a"}}, ("one", "word")),
        ({"many": [{"word": "A"}, {"word": "a"}]}, ("many", 1, "word")),
    ],
)
def test_a_rule_below_a_description_is_checked_by_both_passes(tree: Any, path: Any) -> None:
    assert typed(tree, Outer) is None
    assert list(faults(tree, Outer)) == [Fault(path, f"must be in capitals, not {_at(tree, path)!r}")]


def test_sound_values_below_descriptions_are_accepted() -> None:
    tree = {"plain": "A", "words": ["B"], "one": {"word": None}, "many": [{"word": "C"}]}
    assert typed(tree, Outer) == Outer("A", ["B"], Inner(), [Inner("C")])
    assert list(faults(tree, Outer)) == []


def _at(tree: Any, path: Any) -> Any:
    for part in path:
        tree = tree[part]
    return tree
