"""Parse and validate a vendor's JSON body: its typed form, or every fault at once, and what it refers to.

The JSON itself is strict_json.py's, the shape validation.py's; rules across members are functions over the plain tree.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec import Struct

from crossdock.core.errors import Code, Fault, Invalid, Path
from crossdock.core.json import validation
from crossdock.core.json.strict_json import FAULTS_LIMIT, Tree, corrected, parse
from crossdock.core.json.validation import ShapeType

DocumentRule = Callable[[Tree], Iterable[Fault]]


class EntityReference(Struct, frozen=True):
    """Something an order refers to that must exist: its kind, its key, and where the order says so.

    It is a catalog entry, or an id a vendor gave the organization (kind `fabric_account`, `pb_fulfillment_client`).
    """

    kind: str
    key: str
    path: Path


class ParsedBody(Struct, frozen=True):
    """What a body says, learnt without asking anybody.

    `shape` is the typed body and None exactly when there are `faults`. `natural` is the door's natural key in parts, unique
    in the organization; `references` are looked up before the body becomes an order. `is_normalized`: the tree has numbers
    of another type than the body.
    """

    tree: Tree
    shape: Any
    faults: tuple[Fault, ...] = ()
    natural: tuple[str, ...] = ()
    references: tuple[EntityReference, ...] = ()
    is_normalized: bool = False


def parse_body(
    raw: bytes,
    shape: type[ShapeType],
    *rules: DocumentRule,
    natural: Callable[[ShapeType], tuple[str, ...]],
    references: Callable[[Tree], tuple[EntityReference, ...]] = lambda _: (),
    numbers_as_text: bool = False,
) -> ParsedBody:
    """Read a body and find all its faults (at most 100): of the JSON itself, then of its shape, then of the rules.

    With `numbers_as_text` a number is taken where text belongs. Raises Invalid only where the body is no acceptable JSON;
    then there is nothing more to read.
    """
    unsound: tuple[Fault, ...] = ()
    try:
        tree = parse(raw)
    except Invalid as invalid:
        if invalid.code is not Code.INVALID:
            raise
        tree, unsound = corrected(raw), invalid.faults
    sent = tree
    tree, made = _typed(sent, shape, numbers_as_text)
    try:
        typed = _validated(tree, made, shape, rules)
    except Invalid as invalid:
        named = {fault.path for fault in unsound}
        others = tuple(fault for fault in invalid.faults if fault.path not in named)
        return ParsedBody(tree, None, (*unsound, *others)[:FAULTS_LIMIT], (), references(tree))
    if unsound:
        return ParsedBody(tree, None, unsound, (), references(tree))
    return ParsedBody(tree, typed, (), natural(typed), references(tree), tree is not sent)


def decode_body(raw: bytes, shape: type[ShapeType], *rules: DocumentRule, numbers_as_text: bool = False) -> ShapeType:
    """Read a body into `shape`; with `numbers_as_text` a number is taken where text belongs. Raises Invalid carrying every
    fault."""
    return validate(parse(raw), shape, *rules, numbers_as_text=numbers_as_text)


def validate(tree: Tree, shape: type[ShapeType], *rules: DocumentRule, numbers_as_text: bool = False) -> ShapeType:
    """Check a decoded tree against `shape` and `rules`. Raises Invalid carrying every fault."""
    tree, typed = _typed(tree, shape, numbers_as_text)
    return _validated(tree, typed, shape, rules)


def _typed(tree: Tree, shape: type[ShapeType], numbers_as_text: bool = False) -> tuple[Tree, ShapeType | None]:
    """Convert a tree to `shape`, if need be after normalizing its numbers; None where it has faults nevertheless."""
    typed = validation.typed(tree, shape)
    if typed is not None:
        return tree, typed
    tree = validation.normalize(tree, shape, numbers_as_text=numbers_as_text)
    return tree, validation.typed(tree, shape)


def _validated(
    tree: Tree, typed: ShapeType | None, shape: type[ShapeType], rules: tuple[DocumentRule, ...]
) -> ShapeType:
    """Return `typed` where the rules find no fault either. Raises Invalid carrying every fault."""
    if typed is not None and not any(True for each in rules for _ in each(tree)):
        return typed
    faults = validation.faults(tree, shape)
    known = {fault.path for fault in faults}
    faults += [fault for each in rules for fault in each(tree) if fault.path not in known]
    raise Invalid(Code.INVALID, "the body has faults", faults=tuple(faults[:FAULTS_LIMIT]))


# ------------------------------------------------------------------------------------------------------ for rules to use
def objects_in(tree: Tree, member: str) -> Iterator[tuple[int, dict[str, Tree]]]:
    """Return the objects in the array `member` with their positions, passing over whatever is not as it should be."""
    listed = tree.get(member) if isinstance(tree, dict) else None
    if isinstance(listed, list):
        for position, row in enumerate(listed):
            if isinstance(row, dict):
                yield position, row


def duplicates_in(tree: Tree, member: str, key: str) -> Iterator[Fault]:
    """Name each object in the array `member` whose `key` an earlier one already has."""
    seen: set[object] = set()
    for position, row in objects_in(tree, member):
        value = row.get(key)
        if not isinstance(value, str | int) or isinstance(value, bool):
            continue
        if value in seen:
            yield Fault((member, position, key), f"must be unique, {value!r} is there already")
        seen.add(value)
