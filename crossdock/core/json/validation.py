"""Validate JSON against a wire type, naming every fault.

A door describes its body as msgspec Structs; formats msgspec does not know (country, currency, date …) ride on the type as
`Annotated[str, rule(...)]`. `typed` is the fast pass for good trees, `faults` the slow walk that names all that is wrong.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct, inspect
from msgspec.structs import astuple

from crossdock.core.errors import Fault, Path
from crossdock.core.json.strict_json import Tree

ShapeType = TypeVar("ShapeType", bound=Struct)
_Test = Callable[[str], object]  # what it gives counts as true or false
_RULES: dict[str, tuple[_Test, str]] = {}


def rule(name: str, holds: _Test, wanted: str, **schema: Any) -> Meta:
    """Make an annotation that a string must satisfy `holds`; `wanted` completes "must be …" in the fault.

    `schema` is what JSON Schema can say of it, such as a `pattern`; it must allow all that `holds`.
    """
    _RULES[name] = (holds, wanted)
    return Meta(extra={"rule": name}, extra_json_schema={"description": f"Must be {wanted}."} | schema)


# ------------------------------------------------------------------------------------------------------------- fast pass
def typed(tree: Tree, shape: type[ShapeType]) -> ShapeType | None:
    """Make a tree what it is described as, or give None where it has a fault."""
    try:
        made = msgspec.convert(tree, shape, builtin_types=(Decimal,))
    except msgspec.ValidationError:
        return None
    checks = _checks(shape)
    return made if checks is None or _formats_hold(made, checks) else None


def normalize(tree: Tree, shape: type[Struct], *, numbers_as_text: bool = False) -> Tree:
    """Turn numbers into the type that their member has: 2.0 into 2 where a whole number belongs, because JSON does not tell
    them apart and serializers of decimals write it; and, with `numbers_as_text`, 36830 into "36830" where text belongs.

    Only what has faults otherwise is normalized, so it costs good bodies nothing. Returns a new tree.
    """
    return _normalized(tree, _info(shape), numbers_as_text)


def _normalized(node: Tree, kind: inspect.Type, numbers_as_text: bool) -> Tree:
    if isinstance(kind, inspect.Metadata):
        kind = kind.type
    if isinstance(node, dict):
        if isinstance(kind, inspect.UnionType):
            kind = next((arm for arm in map(_bare, kind.types) if isinstance(arm, _OBJECTS)), kind)
        if isinstance(kind, inspect.StructType):
            types = {field.encode_name: field.type for field in kind.fields}
            return {
                name: _normalized(child, types[name], numbers_as_text) if name in types else child
                for name, child in node.items()
            }
        if isinstance(kind, inspect.DictType):
            return {name: _normalized(child, kind.value_type, numbers_as_text) for name, child in node.items()}
        return node
    if isinstance(node, list):
        if isinstance(kind, inspect.UnionType):
            kind = next((arm for arm in map(_bare, kind.types) if isinstance(arm, inspect.ListType)), kind)
        if isinstance(kind, inspect.ListType):
            return [_normalized(child, kind.item_type, numbers_as_text) for child in node]
        return node
    if isinstance(node, bool) or not isinstance(node, int | Decimal):
        return node
    arms = [_bare(arm) for arm in kind.types] if isinstance(kind, inspect.UnionType) else [kind]
    return _normalized_number(node, {type(arm) for arm in arms}, numbers_as_text)


_OBJECTS = (inspect.StructType, inspect.DictType)


def _bare(kind: inspect.Type) -> inspect.Type:
    return kind.type if isinstance(kind, inspect.Metadata) else kind


def _normalized_number(number: int | Decimal, kinds: set[type], numbers_as_text: bool) -> Tree:
    if inspect.DecimalType in kinds or inspect.AnyType in kinds:
        return number
    if inspect.IntType in kinds and number == int(number):
        return int(number)
    is_text = kinds & {inspect.StrType, inspect.LiteralType, inspect.EnumType}
    return str(number) if numbers_as_text and is_text else number


class _Checks(Struct, frozen=True):
    """What to look at in one Struct: rules for its strings, and the Structs below it that have such.

    Each stands with the place of its attribute; one that is a list of strings or Structs is among `texts` or `many`.
    """

    text: tuple[tuple[int, _Test], ...]
    texts: tuple[tuple[int, _Test], ...]
    one: tuple[tuple[int, "_Checks"], ...]
    many: tuple[tuple[int, "_Checks"], ...]


@cache
def _checks(shape: type[Struct]) -> _Checks | None:
    """List, for one Struct, the attributes whose strings have a rule, at any depth below; None where there are none."""
    text: list[tuple[int, _Test]] = []
    texts: list[tuple[int, _Test]] = []
    one: list[tuple[int, _Checks]] = []
    many: list[tuple[int, _Checks]] = []
    for place, field in enumerate(inspect.type_info(shape).fields):  # type: ignore[attr-defined]
        for kind, listed in _members_of(field.type):
            if isinstance(kind, inspect.Metadata) and kind.extra and "rule" in kind.extra:
                holds, _ = _RULES[kind.extra["rule"]]
                (texts if listed else text).append((place, holds))
            elif isinstance(kind, inspect.StructType) and (below := _checks(kind.cls)) is not None:
                (many if listed else one).append((place, below))
    return _Checks(tuple(text), tuple(texts), tuple(one), tuple(many)) if text or texts or one or many else None


def _members_of(kind: inspect.Type) -> Iterator[tuple[inspect.Type, bool]]:
    """Yield the types a member may have, and whether they are of the elements of an array; a mere description is left out."""
    if isinstance(kind, inspect.Metadata) and "rule" not in (kind.extra or {}):
        yield from _members_of(kind.type)
    elif isinstance(kind, inspect.UnionType):
        for one in kind.types:
            yield from _members_of(one)
    elif isinstance(kind, inspect.ListType):
        yield from ((inner, True) for inner, _ in _members_of(kind.item_type))
    else:
        yield kind, False


def _formats_hold(typed: Struct, checks: _Checks) -> bool:
    values = astuple(typed)
    for place, holds in checks.text:
        value = values[place]
        if value is not None and type(value) is str and not holds(value):
            return False
    for place, below in checks.one:
        value = values[place]
        if value is not None and not _formats_hold(value, below):
            return False
    for place, below in checks.many:
        for value in values[place] or ():
            if not _formats_hold(value, below):
                return False
    for place, holds in checks.texts:
        for value in values[place] or ():
            if type(value) is str and not holds(value):
                return False
    return True


# ------------------------------------------------------------------------------------------------------- all the faults
def faults(tree: Tree, shape: type[Struct]) -> list[Fault]:
    """Name all the faults a tree has for its shape."""
    return [*_shape_faults(tree, _info(shape), ())]


def _shape_faults(node: Tree, kind: inspect.Type, path: Path) -> Iterator[Fault]:  # noqa: PLR0912 - one arm per type
    wanted_rule = None
    if isinstance(kind, inspect.Metadata):
        wanted_rule = (kind.extra or {}).get("rule")
        kind = kind.type
    if isinstance(kind, inspect.UnionType):
        yield from _union_faults(node, kind, path)
    elif isinstance(kind, inspect.StructType):
        if not isinstance(node, dict):
            yield Fault(path, f"must be an object, not {_named(node)}")
            return
        for field in kind.fields:
            if field.encode_name in node:
                yield from _shape_faults(node[field.encode_name], field.type, (*path, field.encode_name))
            elif field.required:
                yield Fault((*path, field.encode_name), "is required")
    elif isinstance(kind, inspect.ListType):
        if not isinstance(node, list):
            yield Fault(path, f"must be an array, not {_named(node)}")
            return
        if kind.min_length and len(node) < kind.min_length:
            yield Fault(path, f"must have at least {kind.min_length} element{'s' * (kind.min_length > 1)}")
        if kind.max_length is not None and len(node) > kind.max_length:
            yield Fault(path, f"must have at most {kind.max_length} elements")
        for position, child in enumerate(node):
            yield from _shape_faults(child, kind.item_type, (*path, position))
    elif isinstance(kind, inspect.DictType):
        if not isinstance(node, dict):
            yield Fault(path, f"must be an object, not {_named(node)}")
            return
        for name, child in node.items():
            yield from _shape_faults(child, kind.value_type, (*path, name))
    else:
        reason = _leaf_fault(node, kind)
        if reason is None and wanted_rule is not None and isinstance(node, str):
            holds, wanted = _RULES[wanted_rule]
            reason = None if holds(node) else f"must be {wanted}, not {_shown(node)}"
        if reason is not None:
            yield Fault(path, reason)


def _union_faults(node: Tree, kind: inspect.UnionType, path: Path) -> Iterator[Fault]:
    if node is None and kind.includes_none:
        return
    arms = [arm for arm in kind.types if not isinstance(arm, inspect.NoneType)]
    found = [list(_shape_faults(node, arm, path)) for arm in arms]
    if all(found):
        of_text = [each for arm, each in zip(arms, found, strict=True) if isinstance(_bare(arm), inspect.StrType)]
        if isinstance(node, str) and of_text:  # text that breaks the rule of an arm for text
            yield from of_text[0]
            return
        # The arm the sender meant is the one whose faults lie deepest inside the value; ties keep the declared order.
        nearest = max(found, key=lambda faults: (max(len(fault.path) for fault in faults), -len(faults)))
        if len(arms) > 1 and nearest[0].path == path:
            yield Fault(path, f"must be {_arms_named(arms)}, not {_named(node)}")
        else:
            yield from nearest


def _arms_named(arms: list[inspect.Type]) -> str:
    names = list(dict.fromkeys(_kind_named(arm) for arm in arms))
    if "a number" in names and "a whole number" in names:
        names.remove("a whole number")
    return " or ".join(names)


def _leaf_fault(node: Tree, kind: inspect.Type) -> str | None:
    try:
        msgspec.convert(node, _plain(kind), builtin_types=(Decimal,))
    except msgspec.ValidationError:
        return _leaf_reason(node, kind)
    return None


def _leaf_reason(node: Tree, kind: inspect.Type) -> str:
    if isinstance(kind, inspect.StrType) and isinstance(node, str):
        if kind.max_length is not None and len(node) > kind.max_length:
            return f"must have at most {kind.max_length} characters, not {len(node)}"
        if kind.min_length is not None and len(node) < kind.min_length:
            return "must not be empty" if kind.min_length == 1 else f"must have at least {kind.min_length} characters"
        return f"must match {kind.pattern}, not {_shown(node)}"
    if isinstance(kind, inspect.IntType) and isinstance(node, int) and not isinstance(node, bool):
        if kind.ge is not None and node < kind.ge:
            return f"must be at least {kind.ge}, not {node}"
        if kind.le is not None and node > kind.le:
            return f"must be at most {kind.le}, not {node}"
    if isinstance(kind, inspect.LiteralType | inspect.EnumType):
        values = kind.values if isinstance(kind, inspect.LiteralType) else [member.value for member in kind.cls]
        return f"must be one of {', '.join(map(str, values))}, not {_shown(node)}"
    return f"must be {_kind_named(kind)}, not {_named(node)}"


@cache
def _plain_of(kind_type: type, bounds: tuple[Any, ...]) -> Any:
    names = ("ge", "le", "min_length", "max_length", "pattern")
    limits = {name: bound for name, bound in zip(names, bounds, strict=True) if bound is not None}
    return Annotated[kind_type, Meta(**limits)] if limits else kind_type


def _plain(kind: inspect.Type) -> Any:
    """Return the Python type a leaf of the description stands for."""
    if isinstance(kind, inspect.StrType):
        return _plain_of(str, (None, None, kind.min_length, kind.max_length, kind.pattern))
    if isinstance(kind, inspect.IntType):
        return _plain_of(int, (kind.ge, kind.le, None, None, None))
    if isinstance(kind, inspect.LiteralType):
        return Literal[tuple(kind.values)]
    if isinstance(kind, inspect.EnumType):
        return kind.cls
    simple = {inspect.DecimalType: Decimal, inspect.BoolType: bool, inspect.NoneType: type(None)}
    return simple.get(type(kind), Any)


def _kind_named(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.Metadata):
        kind = kind.type
    names: dict[type, str] = {
        inspect.StrType: "a string",
        inspect.IntType: "a whole number",
        inspect.DecimalType: "a number",
        inspect.BoolType: "true or false",
        inspect.ListType: "an array",
        inspect.StructType: "an object",
        inspect.DictType: "an object",
    }
    return names.get(type(kind), "something else")


def _named(node: Tree) -> str:
    if isinstance(node, bool):
        return "true" if node else "false"
    if isinstance(node, int | Decimal):
        return f"the number {_shown(str(node))}"
    names: dict[type, str] = {dict: "an object", list: "an array", str: "a string", type(None): "null"}
    return names[type(node)]


def _shown(value: object) -> str:
    text = str(value)
    return repr(text if len(text) <= 40 else text[:37] + "…")


# ------------------------------------------------------------------------------------------------------------ unchecked
def unchecked(tree: Tree, shape: type[ShapeType]) -> ShapeType:
    """Build `shape` from a tree without checking formats, lengths or bounds; absent required members become None.

    For documents we spelled ourselves, whose gaps hold values a sender may not use.
    """
    made: ShapeType = _built(tree, _info(shape))
    return made


@cache
def _info(shape: type[Struct]) -> inspect.Type:
    return inspect.type_info(shape)  # takes milliseconds


def _built(node: Tree, kind: inspect.Type) -> Any:
    if isinstance(kind, inspect.Metadata):
        return _built(node, kind.type)
    if isinstance(kind, inspect.UnionType):
        wanted: tuple[type[inspect.Type], ...] = ()
        if isinstance(node, dict):
            wanted = (inspect.StructType, inspect.DictType)
        elif isinstance(node, list):
            wanted = (inspect.ListType,)
        for arm in kind.types:
            plain = arm.type if isinstance(arm, inspect.Metadata) else arm
            if isinstance(plain, wanted):
                return _built(node, plain)
        return node
    if isinstance(kind, inspect.StructType) and isinstance(node, dict):
        given = {
            field.name: _built(node[field.encode_name], field.type)
            for field in kind.fields
            if field.encode_name in node
        }
        absent = {field.name: None for field in kind.fields if field.required and field.encode_name not in node}
        return kind.cls(**given, **absent)
    if isinstance(kind, inspect.ListType) and isinstance(node, list):
        return [_built(child, kind.item_type) for child in node]
    return node
