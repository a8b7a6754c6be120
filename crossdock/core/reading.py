"""Bytes of a foreign JSON body in; a checked, typed shape out, or every fault at once, each with its path.

A door describes its body as msgspec Structs; formats msgspec does not know (country, currency, date …) ride on the type as
`Annotated[str, rule(...)]`, and rules across members are functions over the plain tree. One fast pass accepts good bodies;
only a bad one pays for the slow walk that names all its faults. Numbers are never floats: whole ones are int, others Decimal.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal, DecimalException
from functools import cache
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct, inspect
from msgspec.structs import astuple

from crossdock.core.errors import Code, Fault, Invalid, Path

Tree = Any
DocumentRule = Callable[[Tree], Iterable[Fault]]
ShapeType = TypeVar("ShapeType", bound=Struct)

# Nothing in the four vendors' documents nests deeper than 8; the limit keeps recursion and stored documents small.
DEPTH_LIMIT = 64
# No price, weight or count needs more; beyond it lie attacks on decimal arithmetic such as 1e999999999.
DIGITS_LIMIT = 40
EXPONENT_LIMIT = 40
# A body can hold a million faults; a client mends the first hundred.
FAULTS_LIMIT = 100

# Makes every digit 0, so that one search finds a whole number longer than any 64 bits hold.
_ZEROED = bytes.maketrans(b"123456789", b"000000000")
_LONG = b"0" * 20
_Test = Callable[[str], object]  # what it gives counts as true or false
_RULES: dict[str, tuple[_Test, str]] = {}


# ---------------------------------------------------------------------------------------------------------------- rules
def rule(name: str, holds: _Test, wanted: str) -> Meta:
    """Make an annotation that a string must satisfy `holds`; `wanted` completes "must be …" in the fault."""
    _RULES[name] = (holds, wanted)
    return Meta(extra={"rule": name}, extra_json_schema={"description": f"Must be {wanted}."})


def rows(tree: Tree, member: str) -> Iterator[tuple[int, dict[str, Tree]]]:
    """Give the objects in the array `member` with their positions, passing over whatever is not as it should be."""
    listed = tree.get(member) if isinstance(tree, dict) else None
    if isinstance(listed, list):
        for position, row in enumerate(listed):
            if isinstance(row, dict):
                yield position, row


def repeated(tree: Tree, member: str, key: str) -> Iterator[Fault]:
    """Name each object in the array `member` whose `key` an earlier one already has."""
    seen: set[object] = set()
    for position, row in rows(tree, member):
        value = row.get(key)
        if not isinstance(value, str | int) or isinstance(value, bool):
            continue
        if value in seen:
            yield Fault((member, position, key), f"must be unique, {value!r} is there already")
        seen.add(value)


# --------------------------------------------------------------------------------------------------------------- decode
def _number(written: str) -> Decimal:
    if (len(written) > 20 or "e" in written or "E" in written) and not _is_number_in_range(written):
        raise ValueError("a number is out of range")
    return Decimal(written)


_DECODER = msgspec.json.Decoder(float_hook=_number)
_REDECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder()


def parse(raw: bytes) -> Tree:
    """Decode strict JSON: no float, no duplicate member, no NaN, no lone surrogate, no NUL, nothing deeper than the limit.

    Refuses with Invalid: `not_json` (says where), `too_deep`, or `invalid` naming each offending path.
    """
    if _count(raw, b"{") + _count(raw, b"[") > DEPTH_LIMIT and _depth(raw) > DEPTH_LIMIT:
        raise Invalid(Code.TOO_DEEP, f"the body nests deeper than {DEPTH_LIMIT} levels", limit=DEPTH_LIMIT)
    try:
        tree = _DECODER.decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError, DecimalException) as error:
        raise _why_not_json(raw, error) from None
    # Every member has a colon, and so has it when the tree is written again. Text inside strings adds the same to both
    # counts unless a colon was escaped. So equal counts prove that no member was dropped as a duplicate, for a fraction of
    # what a second parse costs; any doubt takes the slow way.
    doubtful = (b"\\" in raw and b"\\u00" in raw) or _LONG in raw.translate(_ZEROED)
    if doubtful or _count(raw, b":") != _count(_ENCODER.encode(tree), b":"):
        faults = tuple(_content_faults(raw))
        if faults:
            raise Invalid(Code.INVALID, "the body is not acceptable JSON", faults=faults[:FAULTS_LIMIT])
    return tree


def reparse(raw: bytes) -> Tree:
    """Decode what `parse` has taken before; the same tree, without proving again that nothing is wrong with it."""
    return _REDECODER.decode(raw)


def _count(raw: bytes, sign: bytes) -> int:
    """Count a sign; taking it out runs from one to the next, where `bytes.count` looks at each byte and takes twice as long."""
    return len(raw) - len(raw.replace(sign, b""))


def _depth(raw: bytes) -> int:
    depth = deepest = 0
    for token in re.finditer(rb'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', raw, re.DOTALL):
        if token[0] in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif token[0] in b"]}":
            depth -= 1
    return deepest


class _Pairs(list[tuple[str, Tree]]):
    """An object as its members in order, so that duplicates are still there to be named."""


class _Written(str):
    """A number exactly as written."""


def _loosely(raw: bytes) -> Tree:
    """Decode what a lenient decoder takes, with nothing lost: members in order, numbers as written."""
    text = raw.decode("utf-8", "surrogatepass")
    return json.loads(text, object_pairs_hook=_Pairs, parse_float=_Written, parse_int=_Written, parse_constant=_Written)


def _settled(loose: Tree) -> Tree:
    """Make a loose tree a plain one, so that its shape can be checked too; an unfit number becomes 1."""
    if isinstance(loose, _Pairs):
        return {_writable(name): _settled(child) for name, child in loose}
    if isinstance(loose, list):
        return [_settled(child) for child in loose]
    if isinstance(loose, _Written):
        if not _is_number_in_range(loose):
            return 1
        return int(loose) if loose.lstrip("-").isdigit() else Decimal(loose)
    return _writable(loose) if isinstance(loose, str) else loose


def _content_faults(raw: bytes) -> Iterator[Fault]:
    try:
        loose = _loosely(raw)
    except (ValueError, RecursionError):  # no JSON at all, or sound but for its encoding; the strict decoder says why
        return
    yield from _tree_faults(loose, ())


def _tree_faults(node: Tree, path: Path) -> Iterator[Fault]:
    if isinstance(node, _Pairs):
        seen: set[str] = set()
        for name, child in node:
            below = (*path, _writable(name))
            if name in seen:
                yield Fault(below, "must not be given twice")
            seen.add(name)
            if not _is_text(name):
                yield Fault(path, "has a member name with NUL or half a surrogate pair in it")
            yield from _tree_faults(child, below)
    elif isinstance(node, list):
        for position, child in enumerate(node):
            yield from _tree_faults(child, (*path, position))
    elif isinstance(node, _Written):
        if not _is_number_in_range(node):
            yield Fault(path, f"must be a number of at most {DIGITS_LIMIT} digits and below 1e{EXPONENT_LIMIT}")
    elif isinstance(node, str) and not _is_text(node):
        yield Fault(path, "must not hold NUL or half a surrogate pair")


def _writable(name: str) -> str:
    """Spell a member name so that a fault's path can be stored and answered whatever the name holds."""
    return name.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")


def _is_text(value: str) -> bool:
    return "\x00" not in value and not any("\ud800" <= sign <= "\udfff" for sign in value)


def _is_number_in_range(written: str) -> bool:
    if len(written) > DIGITS_LIMIT * 4:
        return False
    try:
        number = Decimal(written)
    except DecimalException:
        return False
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):  # NaN, Infinity
        return False
    return len(digits) <= DIGITS_LIMIT and abs(exponent) <= EXPONENT_LIMIT and number.adjusted() < EXPONENT_LIMIT


def _why_not_json(raw: bytes, error: Exception) -> Invalid:
    """Find out what a strict decoder stumbled over: a body sound but for its values gets paths, any other a position."""
    faults = tuple(_content_faults(raw))
    if faults:
        return Invalid(Code.INVALID, "the body is not acceptable JSON", faults=faults[:FAULTS_LIMIT])
    reason = "the body is empty" if not raw.strip() else f"the body is not JSON: {error}"
    return Invalid(Code.NOT_JSON, reason, faults=(Fault((), reason),))


# ---------------------------------------------------------------------------------------------------------------- shape
class Need(Struct, frozen=True):
    """Something an order refers to that must exist: its kind, its key, and where the order says so.

    It is a catalog entry, or an id a vendor gave the organization (kind `fabric_account`, `pb_fulfillment_client`).
    """

    kind: str
    key: str
    path: Path


class Reading(Struct, frozen=True):
    """What a body says, learnt without asking anybody.

    `shape` is the typed body and None exactly when there are `faults`. `natural` is the door's natural key in parts, unique
    in the organization; `needs` are looked up before the body becomes an order.
    """

    tree: Tree
    shape: Any
    faults: tuple[Fault, ...] = ()
    natural: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()


def take(
    raw: bytes,
    shape: type[ShapeType],
    *rules: DocumentRule,
    natural: Callable[[ShapeType], tuple[str, ...]],
    needs: Callable[[Tree], tuple[Need, ...]] = lambda _: (),
) -> Reading:
    """Read a body and find all its faults (at most 100): of the JSON itself, then of its shape, then of the rules.

    Raises Invalid only where the body is no acceptable JSON; then there is nothing more to read.
    """
    unsound: tuple[Fault, ...] = ()
    try:
        tree = parse(raw)
    except Invalid as invalid:
        if invalid.code is not Code.INVALID:
            raise
        tree, unsound = _settled(_loosely(raw)), invalid.faults
    try:
        typed = checked(tree, shape, *rules)
    except Invalid as invalid:
        named = {fault.path for fault in unsound}
        others = tuple(fault for fault in invalid.faults if fault.path not in named)
        return Reading(tree, None, (*unsound, *others)[:FAULTS_LIMIT], (), needs(tree))
    if unsound:
        return Reading(tree, None, unsound, (), needs(tree))
    return Reading(tree, typed, (), natural(typed), needs(tree))


def read(raw: bytes, shape: type[ShapeType], *rules: DocumentRule) -> ShapeType:
    """Read a body into `shape`. Raises Invalid carrying every fault."""
    return checked(parse(raw), shape, *rules)


def checked(tree: Tree, shape: type[ShapeType], *rules: DocumentRule) -> ShapeType:
    """Check a decoded tree against `shape` and `rules`. Raises Invalid carrying every fault."""
    try:
        typed = msgspec.convert(tree, shape, builtin_types=(Decimal,))
    except msgspec.ValidationError:
        typed = None
    if typed is not None and _keeps(typed, tree, rules):
        return typed
    faults = [*_shape_faults(tree, inspect.type_info(shape), ())]
    known = {fault.path for fault in faults}
    faults += [fault for each in rules for fault in each(tree) if fault.path not in known]
    raise Invalid(Code.INVALID, "the body has faults", faults=tuple(faults[:FAULTS_LIMIT]))


def _keeps(typed: Struct, tree: Tree, rules: Iterable[DocumentRule]) -> bool:
    checks = _checks(type(typed))
    if checks is not None and not _formats_hold(typed, checks):
        return False
    for each in rules:
        for _ in each(tree):
            return False
    return True


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
    for one in kind.types if isinstance(kind, inspect.UnionType) else (kind,):
        if isinstance(one, inspect.ListType):
            yield from ((inner, True) for inner, _ in _members_of(one.item_type))
        else:
            yield one, False


def _formats_hold(typed: Struct, checks: _Checks) -> bool:
    values = astuple(typed)
    for place, holds in checks.text:
        value = values[place]
        if type(value) is str and not holds(value):
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
    """Give the Python type a leaf of the description stands for."""
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
