"""Members nobody knows, found and named: a misspelled one must not be passed over where something is asked to be done."""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct, inspect

from crossdock.core.errors import Fault, Path
from crossdock.core.json.request_body import DocumentRule

Tree = Any


def only_known(shape: type[Struct]) -> DocumentRule:
    """Make the rule that a body has no other members than `shape`."""

    def rule(tree: Tree) -> Iterable[Fault]:
        return unknown(tree, shape, known_too=None)

    return rule


def unknown(tree: Tree, shape: type[Struct], *, known_too: Tree) -> Iterator[Fault]:
    """Name each member that is neither of `shape` nor at the same place of `known_too`, a document of that shape.

    An element of an array may have what any element there has.
    """
    yield from _unknown(tree, inspect.type_info(shape), [known_too], ())


def _unknown(tree: Tree, kind: inspect.Type, known_too: list[Tree], path: Path) -> Iterator[Fault]:
    kind = _of_shape(kind, tree)
    if isinstance(kind, inspect.StructType) and isinstance(tree, dict):
        fields = {field.encode_name: field.type for field in kind.fields}
        objects = [each for each in known_too if isinstance(each, dict)]
        for name, value in tree.items():
            if name in fields:
                yield from _unknown(value, fields[name], [each.get(name) for each in objects], (*path, name))
            elif not any(name in each for each in objects):
                yield Fault((*path, name), f"is not known; known are {', '.join(fields)}")
    elif isinstance(kind, inspect.ListType) and isinstance(tree, list):
        elements = [element for each in known_too if isinstance(each, list) for element in each]
        for place, value in enumerate(tree):
            yield from _unknown(value, kind.item_type, elements, (*path, place))


def _of_shape(kind: inspect.Type, tree: Tree) -> inspect.Type:
    """Return the arm of a union, or the inside of an annotation, that a value could have the shape of."""
    if isinstance(kind, inspect.Metadata):
        return _of_shape(kind.type, tree)
    if isinstance(kind, inspect.UnionType):
        arms = [_of_shape(arm, tree) for arm in kind.types]
        kind_of_arm = inspect.ListType if isinstance(tree, list) else inspect.StructType
        return next((arm for arm in arms if isinstance(arm, kind_of_arm)), kind)
    return kind
