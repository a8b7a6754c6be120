"""Leftovers: a sender's document comes back to the digit, and an edit is never hidden."""

import copy
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crossdock.core.orders.model import Content, Line
from crossdock.core.orders.unmapped import apply_patch, diff, extract, restore, same_spelling

# The same as the store uses for an order's content.
ENCODER = msgspec.json.Encoder(decimal_format="number")
DECODER = msgspec.json.Decoder(float_hook=Decimal)

strings = st.sampled_from(["", "a", "b", "s", "w", "m", "e", "d", "0", "1"])
numbers = st.integers(-3, 3) | st.sampled_from([Decimal(text) for text in ("1", "1.0", "1.00", "1E+2", "100", "0.0")])
leaves = st.none() | st.booleans() | numbers | strings
trees = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(strings, inner, max_size=4), max_leaves=15
)
documents = st.dictionaries(strings, trees, max_size=4)


def written(tree: Any) -> Any:
    """Give a tree as JSON spells it: 25 and Decimal("25") alike, 25 and 25.0 or 1 and true not."""
    if isinstance(tree, dict):
        return {name: written(child) for name, child in tree.items()}
    if isinstance(tree, list):
        return [written(child) for child in tree]
    if isinstance(tree, int | Decimal) and not isinstance(tree, bool):
        return "number", str(tree)
    return type(tree).__name__, str(tree)


def stored(patch: Any) -> Any:
    """Take a patch through the database's JSON and back."""
    return DECODER.decode(ENCODER.encode(patch))


class TestRestore:
    @given(trees, trees)
    @example([1], [1, 2])
    @example({"a": []}, {"a": [1]})
    @example({"a": [1, 2, 3]}, {"a": [2]})
    def test_restore_gives_back_what_was_sent_to_the_digit_for_any_two_trees(self, sent: Any, rendered: Any) -> None:
        patch = diff(sent, rendered)
        assert written(apply_patch(copy.deepcopy(rendered), patch)) == written(sent)

    @given(documents, documents)
    def test_restore_gives_it_back_from_the_database_too(self, sent: Any, rendered: Any) -> None:
        patch = stored(diff(sent, rendered))
        assert written(apply_patch(copy.deepcopy(rendered), patch)) == written(sent)

    @given(documents, documents, documents)
    @example({}, {"a": [1, 2]}, {"a": [1]})
    @example({"a": None}, {"a": [1, 2]}, {"a": [1]})
    def test_restore_never_hides_an_edited_value(self, sent: Any, rendered: Any, edited: Any) -> None:
        restored = apply_patch(copy.deepcopy(edited), diff(sent, rendered))
        for name, value in edited.items():
            other = rendered.get(name, ...)
            if not isinstance(value, dict | list) and (other is ... or written(other) != written(value)):
                assert written(restored[name]) == written(value)

    @given(documents, documents)
    def test_restore_never_hides_an_edited_value_at_any_depth(self, sent: Any, rendered: Any) -> None:
        def edit(tree: Any) -> Any:
            if isinstance(tree, dict) and tree:
                return {name: edit(child) for name, child in tree.items()}
            return [edit(child) for child in tree] if isinstance(tree, list) and tree else "edited"

        def survives(edited: Any, restored: Any) -> bool:
            if isinstance(edited, dict):
                return all(name in restored and survives(child, restored[name]) for name, child in edited.items())
            if isinstance(edited, list):
                return len(restored) >= len(edited) and all(map(survives, edited, restored))
            return bool(restored == edited)

        patch = diff(sent, rendered)
        if patch is None or set(patch) & {"m", "e"}:  # documents: the top is an object, unless nothing differs
            assert survives(edit(rendered), apply_patch(edit(rendered), patch))

    def test_restore_applies_to_other_values_after_one_was_edited(self) -> None:
        patch = diff({"a": 1, "b": "1.0", "x": 7}, {"a": Decimal("1.0"), "b": "1", "c": None})
        assert apply_patch({"a": 2, "b": "1", "c": None}, patch) == {"a": 2, "b": "1.0", "x": 7}

    def test_restore_does_not_bring_back_what_an_edit_now_says(self) -> None:
        assert apply_patch({"a": "new"}, diff({"a": "old"}, {})) == {"a": "new"}
        assert apply_patch({"a": "new"}, diff({}, {"a": "old"})) == {"a": "new"}


class TestDifferences:
    @given(trees)
    def test_diff_are_none_for_a_tree_and_itself(self, tree: Any) -> None:
        assert diff(tree, copy.deepcopy(tree)) is None

    @given(trees, trees)
    def test_diff_are_none_exactly_for_trees_written_alike(self, one: Any, other: Any) -> None:
        assert (diff(one, other) is None) == (written(one) == written(other))

    @pytest.mark.parametrize(
        ("sent", "rendered", "patch"),
        [
            ({"a": 1}, {}, {"m": {"a": {"s": 1}}}),
            ({"a": 1}, {"a": 2}, {"m": {"a": {"s": 1, "w": 2}}}),
            ({}, {"a": 2}, {"m": {"a": {"d": 2}}}),
            ([1, 2], [1], {"e": {"1": {"s": 2}}}),
            ([{"a": 1}], [{}], {"e": {"0": {"m": {"a": {"s": 1}}}}}),
            (1, "1", {"s": 1, "w": "1"}),
        ],
    )
    def test_diff_have_one_form_for_each_kind(self, sent: Any, rendered: Any, patch: Any) -> None:
        assert diff(sent, rendered) == patch


class TestSame:
    @pytest.mark.parametrize(
        ("one", "other"), [(25, Decimal("25")), (Decimal("1.0"), Decimal("1.0")), ("a", "a"), (None, None), ([1], [1])]
    )
    def test_same_holds_for_one_spelling(self, one: Any, other: Any) -> None:
        assert same_spelling(one, other)
        assert same_spelling(other, one)

    @pytest.mark.parametrize(
        ("one", "other"),
        [(25, Decimal("25.0")), (Decimal("1.0"), Decimal("1.00")), (1, True), (0, False), (1, "1"), (None, False),
         ([], {}), ([1], [2]), ([1, 2], [1]), ({"a": 1}, {"a": True}), (None, ""), (Decimal("1E+2"), 100)],
    )  # fmt: skip
    def test_same_does_not_hold_for_two(self, one: Any, other: Any) -> None:
        assert not same_spelling(one, other)
        assert not same_spelling(other, one)


def spelled_of(content: Content) -> dict[str, Any]:
    """Spell as a door would: its own words for what the canonical order holds."""
    return {"number": content.number, "items": [{"sku": line.sku, "count": line.quantity} for line in content.lines]}


SENT: dict[str, Any] = {
    "number": "A",
    "color": "red",
    "items": [
        {"sku": "x", "count": 1, "note": "first"},
        {"sku": "y", "count": 2},
        {"sku": "z", "count": Decimal("3.0"), "tags": [1, {"a": None}]},
    ],
}
CONTENT = Content(number="A", lines=(Line(1, sku="x"), Line(2, sku="y"), Line(3, sku="z")))


def kept() -> Content:
    return extract(CONTENT, sent=copy.deepcopy(SENT), rendered=spelled_of(CONTENT), lines="items")


def spelled_again(content: Content) -> Any:
    return restore(content, rendered=spelled_of(content), lines="items")


class TestKeep:
    def test_keep_marks_the_content_as_kept_also_where_nothing_is_left_over(self) -> None:
        content = extract(CONTENT, sent=spelled_of(CONTENT), rendered=spelled_of(CONTENT), lines="items")
        assert content == msgspec.structs.replace(CONTENT, unmapped={"m": {}})

    def test_keep_puts_the_unmapped_fields_of_a_line_on_the_line(self) -> None:
        content = kept()
        assert [line.unmapped is not None for line in content.lines] == [True, False, True]
        assert content.unmapped == {"m": {"color": {"s": "red"}}}

    def test_keep_gives_the_order_no_unmapped_fields_of_its_own_where_only_lines_have_some(self) -> None:
        sent = {name: value for name, value in SENT.items() if name != "color"}
        assert extract(CONTENT, sent=sent, rendered=spelled_of(CONTENT), lines="items").unmapped == {"m": {}}


class TestRespell:
    def test_restore_gives_back_what_was_sent(self) -> None:
        assert written(spelled_again(kept())) == written(SENT)

    def test_restore_gives_it_back_after_the_database(self) -> None:
        raw = ENCODER.encode(kept())
        assert written(spelled_again(msgspec.json.Decoder(Content, float_hook=Decimal).decode(raw))) == written(SENT)

    @pytest.mark.parametrize("gone", [0, 1, 2])
    def test_restore_lets_unmapped_fields_travel_with_their_line_when_another_is_removed(self, gone: int) -> None:
        content = kept()
        fewer = msgspec.structs.replace(content, lines=content.lines[:gone] + content.lines[gone + 1 :])
        assert written(spelled_again(fewer)["items"]) == written(SENT["items"][:gone] + SENT["items"][gone + 1 :])

    def test_restore_lets_unmapped_fields_travel_when_lines_change_places(self) -> None:
        content = kept()
        turned = msgspec.structs.replace(content, lines=content.lines[::-1])
        assert written(spelled_again(turned)["items"]) == written(SENT["items"][::-1])

    def test_restore_shows_an_edited_line_with_its_unmapped_fields(self) -> None:
        content = kept()
        line = msgspec.structs.replace(content.lines[2], quantity=4)
        edited = msgspec.structs.replace(content, lines=(*content.lines[:2], line), number="B")
        again = spelled_again(edited)
        assert again["number"] == "B"
        assert again["items"][2] == {"sku": "z", "count": 4, "tags": [1, {"a": None}]}
        assert again["color"] == "red"

    @given(
        st.lists(st.dictionaries(st.sampled_from(["sku", "count", "a", "b"]), trees), min_size=1, max_size=4),
        st.data(),
    )
    def test_restore_gives_back_any_lines_and_any_of_them(
        self, items: list[dict[str, Any]], data: st.DataObject
    ) -> None:
        content = Content(number="A", lines=tuple(Line(1, sku=str(place)) for place in range(len(items))))
        content = extract(content, sent={"number": "A", "items": items}, rendered=spelled_of(content), lines="items")
        chosen = data.draw(st.lists(st.integers(0, len(items) - 1), unique=True))
        some = msgspec.structs.replace(content, lines=tuple(content.lines[place] for place in chosen))
        assert written(spelled_again(some)["items"]) == written([items[place] for place in chosen])
