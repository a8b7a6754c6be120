"""Ordering the members of objects by a wire type."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from crossdock.doors.pb_oms import member_order
from crossdock.doors.pb_oms.member_order import MemberOrder


class Inner(Struct):
    d: int | None = None
    c: int | None = None


class Outer(Struct):
    b: Inner | None = None
    a: list[Inner] | None = None


trees = st.recursive(
    st.none() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("abcdx"), inner)
)


class TestArrange:
    @given(tree=trees)
    def test_arrange_loses_nothing_and_changes_nothing_the_second_time(self, tree: Any) -> None:
        sent = json.dumps(tree)
        arranged = MemberOrder(Outer).arrange(tree)
        assert arranged == json.loads(sent)
        assert json.dumps(MemberOrder(Outer).arrange(arranged)) == json.dumps(arranged)

    def test_arrange_orders_objects_and_arrays_of_them_with_unknown_members_last(self) -> None:
        sent = {"y": 1, "a": [{"x": 1, "c": 1, "d": 1}, 7, None], "x": {"d": 1, "c": 2}, "b": {"c": 1, "d": None}}
        assert json.dumps(MemberOrder(Outer).arrange(sent)) == json.dumps(
            {"b": {"d": None, "c": 1}, "a": [{"d": 1, "c": 1, "x": 1}, 7, None], "y": 1, "x": {"d": 1, "c": 2}}
        )

    def test_arrange_of_a_shallow_order_leaves_inner_objects_as_they_are(self) -> None:
        sent = {"a": [], "b": {"c": 1, "d": 2}}
        arranged = MemberOrder(Outer, is_deep=False).arrange(sent)
        assert json.dumps(arranged) == json.dumps({"b": {"c": 1, "d": 2}, "a": []})

    def test_arrange_keeps_a_limited_number_of_plans(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(member_order, "_MAX_PLANS", 3)
        order = MemberOrder(Outer)
        for count in range(20):
            sent = {f"x{count}": 1, "a": [], "b": None}
            assert list(order.arrange(sent)) == ["b", "a", f"x{count}"]
            assert len(order._plans) <= 3
        many = dict.fromkeys(map(str, range(100))) | {"a": None}
        assert next(iter(order.arrange(many))) == "a"
        assert len(order._plans) <= 3
