"""The order of members in responses: that of the wire type, whatever order they were sent or changed in; pure.

How to order an object is looked up by the names it has. That takes 14 us for the vendor's sample; looking for each name of the
type takes 24, a fifth of rendering the order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, inspect

Tree = Any
Names = tuple[str, ...]
# The names of an object in their order, None where that is the order they have; and the members to be ordered in turn.
_Plan = tuple[Names | None, tuple[tuple[str, "MemberOrder"], ...]]
# Clients send few combinations of names; a type forgets its plans when there are more.
_MAX_PLANS = 256
# An object with more names is ordered without keeping a plan.
_MAX_NAMES = 64


class MemberOrder:
    """The members of a wire type in their order."""

    def __init__(self, shape: type[Struct], *, is_deep: bool = True) -> None:
        fields = inspect.type_info(shape).fields  # type: ignore[attr-defined]
        self._members: dict[str, MemberOrder | None] = {
            field.encode_name: next(map(MemberOrder, _structs_in(field.type)), None) if is_deep else None
            for field in fields
        }
        self._plans: dict[Names, _Plan] = {}

    def __contains__(self, name: str) -> bool:
        """Tell whether the type has a member."""
        return name in self._members

    def arrange(self, node: Tree) -> Tree:
        """Order the members of an object, or of those in an array, and of each object in it; unknown ones come last.

        Changes the object, or returns another one.
        """
        if type(node) is list:
            return [self.arrange(each) for each in node]
        if type(node) is not dict:
            return node
        names = tuple(node)
        ordered, inner = self._plans.get(names) or self._plan(names)
        if ordered is not None:
            node = {name: node[name] for name in ordered}
        for name, order in inner:
            node[name] = order.arrange(node[name])
        return node

    def _plan(self, names: Names) -> _Plan:
        """Decide the order of an object with these names, and which of its members are ordered in turn."""
        present = set(names)
        known = [name for name in self._members if name in present]
        ordered = (*known, *(name for name in names if name not in self._members))
        inner = tuple((name, order) for name in known if (order := self._members[name]) is not None)
        plan = None if ordered == names else ordered, inner
        if len(names) <= _MAX_NAMES:
            if len(self._plans) >= _MAX_PLANS:
                self._plans.clear()
            self._plans[names] = plan
        return plan


def _structs_in(kind: inspect.Type) -> Iterator[type[Struct]]:
    if isinstance(kind, inspect.UnionType):
        for arm in kind.types:
            yield from _structs_in(arm)
    elif isinstance(kind, inspect.ListType):
        yield from _structs_in(kind.item_type)
    elif isinstance(kind, inspect.StructType):
        yield kind.cls
