"""Unknown fields of a body: each is refused by its path, because a misspelled field must not be ignored silently."""

from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from typing import Any

from msgspec import Struct, inspect

from crossdock.core.errors import Fault, Path
from crossdock.core.json.request_body import DocumentRule

Tree = Any


def only_known(shape: type[Struct]) -> DocumentRule:
    """Return the rule that a body has no other fields than `shape`."""

    def rule(tree: Tree) -> Iterable[Fault]:
        return unknown(tree, shape, also_known=None)

    return rule


def unknown(tree: Tree, shape: type[Struct], *, also_known: Tree) -> Iterator[Fault]:
    """Yield a fault for each field that is neither of `shape` nor at the same path of `also_known`, a document of that shape.

    An element of an array may have the fields of any element of the array in `also_known`.
    """
    yield from _unknown(tree, inspect.type_info(shape), _Known([also_known]), ())


class _Known:
    """The values of a document at one path, its array indexes left out.

    Each element of an array is compared with the same `_Known`, which looks at the values once: 5,000 lines compared with
    5,000 lines take 5,000 steps, not 25 million.
    """

    def __init__(self, values: list[Tree]) -> None:
        self._values = values

    @cached_property
    def fields(self) -> dict[str, "_Known"]:
        values: dict[str, list[Tree]] = {}
        for value in self._values:
            if isinstance(value, dict):
                for name, inner in value.items():
                    values.setdefault(name, []).append(inner)
        return {name: _Known(inner) for name, inner in values.items()}

    @cached_property
    def elements(self) -> "_Known":
        return _Known([element for value in self._values if isinstance(value, list) for element in value])


def _unknown(tree: Tree, kind: inspect.Type, also_known: _Known, path: Path) -> Iterator[Fault]:
    kind = _matching_type(kind, tree)
    if isinstance(kind, inspect.StructType) and isinstance(tree, dict):
        fields = _fields_of(kind.cls)
        for name, value in tree.items():
            if name in fields:
                if isinstance(value, dict | list):  # most are neither, and a generator for each takes half of the time
                    yield from _unknown(value, fields[name], also_known.fields.get(name, _Known([])), (*path, name))
            elif name not in also_known.fields:
                yield Fault((*path, name), f"is not known; known are {', '.join(fields)}")
    elif isinstance(kind, inspect.ListType) and isinstance(tree, list):
        for position, value in enumerate(tree):
            yield from _unknown(value, kind.item_type, also_known.elements, (*path, position))


@cache
def _fields_of(shape: type[Struct]) -> dict[str, inspect.Type]:
    return {field.encode_name: field.type for field in inspect.type_info(shape).fields}  # type: ignore[attr-defined]


def _matching_type(kind: inspect.Type, tree: Tree) -> inspect.Type:
    """Return the type inside an annotation, or the member of a union that an object or an array could be of."""
    if isinstance(kind, inspect.Metadata):
        return _matching_type(kind.type, tree)
    if isinstance(kind, inspect.UnionType):
        members = [_matching_type(member, tree) for member in kind.types]
        wanted = inspect.ListType if isinstance(tree, list) else inspect.StructType
        return next((member for member in members if isinstance(member, wanted)), kind)
    return kind
