"""The format of recorded cases: how a file of `golden/` is expanded to a case, and how a case is shortened to a file.

tests/doors/golden.py explains the format to whoever reads or writes such a file. A case that was shortened expands to the same
text again, with the order of members and with `1` apart from `1.0`. To see the whole of a case:
`python -m tests.doors.golden_format tests/doors/hub/golden/hold_faults.json`.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeGuard

Tree = Any

WIDTH = 120
SAME, REMOVED = "<same>", "<removed>"
# The members of a case in the order they are expanded: a later one may refer to the `before` and `after` of earlier ones.
_PARTS = ("given", "request", "before", "after", "response")
_RECORDED = ("given", "request", "response", "before", "after")
_ITEMS = re.compile(r"<(\d+)(?:\.\.(\d+))?>")
# Shorter values are written out, because a reference would hide more than it saves.
_SHORT = 40
# A reference to another part of the file must save at least this share of what it stands for.
_WORTH = 0.6
_NOTHING = object()


def text(value: Tree) -> str:
    """Render a value as one line of JSON; two values are the same when these lines are."""
    return json.dumps(value, ensure_ascii=False)


# ------------------------------------------------------------------------------------------------------------------- files
def constants(folder: Path) -> dict[str, Tree]:
    """Read the named values of a door, from the `constants.json` beside the folder of its cases; each may use earlier ones."""
    path = folder.parent / "constants.json"
    return _constants(path.read_text()) if path.exists() else {}


@lru_cache(maxsize=8)  # there are as many as doors, and hundreds of cases of each
def _constants(written_text: str) -> dict[str, Tree]:
    names: dict[str, Tree] = {}
    for name, written in json.loads(written_text).items():
        names[name] = _expanded(written, _Names(names))
    return names


def read(path: Path) -> dict[str, Tree]:
    """Read the whole of a case from its file."""
    written = json.loads(path.read_text())
    base = read(path.with_name(f"{written['like']}.json")) if "like" in written else None
    case: dict[str, Tree] = expand(written, constants(path.parent), base)
    return case


def write(path: Path, case: Mapping[str, Tree]) -> None:
    """Write a case to its file, as the difference from the same case as before; and keep the cases that are like it."""
    names = constants(path.parent)
    written = json.loads(path.read_text())
    like = written.get("like") or (None if "response" in written else _nearest(path, case, names))
    dependent = {other: read(other) for other in path.parent.glob("*.json") if _like(other) == path.stem}
    base = read(path.with_name(f"{like}.json")) if like else None
    path.write_text(render(shorten(case, names, base, like)))
    for other, whole in dependent.items():
        other.write_text(render(shorten(whole, names, case, path.stem)))


def _like(path: Path) -> str | None:
    found: str | None = json.loads(path.read_text()).get("like")
    return found


def _nearest(path: Path, case: Mapping[str, Tree], names: dict[str, Tree]) -> str | None:
    """Choose for a new case the full case of the same operation from which it differs least, if there is one."""
    full = (other for other in path.parent.glob("*.json") if other != path and _like(other) is None)
    bases = {other.stem: read(other) for other in full}
    sizes = {
        name: (len(text(shorten(case, names, base, name))), name)
        for name, base in bases.items()
        if "response" in base and operation(base["request"]) == operation(case["request"])
    }
    return min(sizes, key=sizes.__getitem__) if sizes else None


def operation(request: Mapping[str, Tree]) -> tuple[str, str]:
    """Tell the operation of a request: its method, and its path without the ids and without the query."""
    path = re.sub(r"<[^>/]+>|[0-9a-fA-F-]{16,}", "<>", request["path"].partition("?")[0])
    return request["method"], path


# --------------------------------------------------------------------------------------------------------------- expanding
class _Names:
    """The values that `<name>` may stand for: the door's constants, and the `before` and `after` of the same case."""

    def __init__(self, values: Mapping[str, Tree]) -> None:
        self.values = dict(values)

    def find(self, reference: Tree) -> Tree:
        """Return the value that a text refers to, `_NOTHING` where it is no reference; `<order.lines>` is a member of one."""
        if not isinstance(reference, str) or reference[:1] != "<" or reference[-1:] != ">":
            return _NOTHING
        first, *rest = reference[1:-1].split(".")
        value = self.values.get(first, _NOTHING)
        for member in rest:
            value = value.get(member, _NOTHING) if isinstance(value, dict) else _NOTHING
        return value

    def special(self, value: str) -> bool:
        """Tell whether a text would be read as a reference or a sign of the format."""
        return value in (SAME, REMOVED) or _ITEMS.fullmatch(value) is not None or self.find(value) is not _NOTHING


def expand(written: Mapping[str, Tree], constants: Mapping[str, Tree], base: Mapping[str, Tree] | None = None) -> Tree:
    """Expand what a file holds to the whole case; `base` is the whole of the case it is like."""
    if unknown := written.keys() - {"like", *_PARTS}:
        raise ValueError(f"a case has no member {', '.join(sorted(unknown))}")
    names = _Names(constants)
    case: dict[str, Tree] = {}
    for part in _PARTS:
        was = _NOTHING if base is None else base.get(part, _NOTHING)
        if part in written:
            case[part] = _expanded(written[part], names, was)
        elif was is not _NOTHING:
            case[part] = was
        if part in ("before", "after"):
            names.values[part] = case.get(part, _NOTHING)
    return {part: case[part] for part in _RECORDED if part in case}


def _expanded(written: Tree, names: _Names, base: Tree = _NOTHING) -> Tree:
    if isinstance(written, list):
        return list(_expanded_items(written, names, base if isinstance(base, list) else ()))
    if not isinstance(written, dict):
        found = base if written == SAME else names.find(written)
        return written if found is _NOTHING else found
    if written.keys() == {"exactly"}:
        return written["exactly"]
    if "like" not in written:
        return _merged(base if isinstance(base, dict) else {}, written, names)
    members = {name: value for name, value in written.items() if name != "like"}
    return _merged({} if written["like"] is None else _referred(written["like"], names), members, names)


def _referred(reference: str, names: _Names) -> dict[str, Tree]:
    found = names.find(reference)
    if not isinstance(found, dict):
        raise ValueError(f"a case is like {reference}, but no object has that name")
    return found


def _expanded_items(written: list[Tree], names: _Names, base: list[Tree] | tuple[()]) -> Iterator[Tree]:
    for each in written:
        if isinstance(each, str) and (found := _ITEMS.fullmatch(each)):
            first, last = found.groups()
            yield from base[int(first) : int(last or first) + 1]
        elif isinstance(each, dict) and (found := _ITEMS.fullmatch(str(each.get("like")))):
            members = {name: value for name, value in each.items() if name != "like"}
            yield _expanded(members, names, base[int(found[1])])
        else:
            yield _expanded(each, names)


def _merged(base: dict[str, Tree], members: dict[str, Tree], names: _Names) -> dict[str, Tree]:
    """Change the members of an object; a new one comes after the one named before it, or last where none is."""
    order, place = [*base], len(base)
    values = dict(base)
    named = False
    for name, written in members.items():
        if name in base and (not named or order.index(name) >= place):
            place = order.index(name)
        else:
            if name in base:
                place -= order.index(name) < place
                order.remove(name)
            order.insert(place, name)
        named = True
        if written == REMOVED:
            order.remove(name)
        else:
            values[name] = _expanded(written, names, base.get(name, _NOTHING))
            place += 1
    return {name: values[name] for name in order}


# -------------------------------------------------------------------------------------------------------------- shortening
def shorten(
    case: Mapping[str, Tree],
    constants: Mapping[str, Tree],
    base: Mapping[str, Tree] | None = None,
    like: str | None = None,
) -> dict[str, Tree]:
    """Shorten a case to what its file holds; where it is like a `base`, to the difference from that."""
    shortener = _Shortener(_Names(constants))
    written: dict[str, Tree] = {}
    for part in _PARTS:
        was = _NOTHING if base is None else base.get(part, _NOTHING)
        if part in case and (was is _NOTHING or text(case[part]) != text(was)):
            # A full case shows its request; only a part of that may be a name.
            in_full = part == "request" and was is _NOTHING
            written[part] = shortener.whole(case[part]) if in_full else shortener.shortest(case[part], was)
        if part in ("before", "after"):
            shortener.add(part, case.get(part, _NOTHING))
    return ({"like": like} if like else {}) | {part: written[part] for part in _RECORDED if part in written}


class _Shortener:
    """Finds the shortest way to write a value, among whole, like a named value, and as the difference from a base."""

    def __init__(self, names: _Names) -> None:
        self._names = names
        self._referable: list[tuple[str, Tree, str]] = []
        for name, value in names.values.items():
            self._refer(name, value)

    def add(self, part: str, value: Tree) -> None:
        """Let later values refer to this part of the case, and to the objects in it."""
        self._names.values[part] = value
        if value is not _NOTHING:
            self._refer(part, value)

    def _refer(self, name: str, value: Tree) -> None:
        found = [(f"<{path}>", each, text(each)) for path, each in _objects(name, value)]
        self._referable = found + self._referable  # what is nearer comes first: of two equal ones that is chosen

    def shortest(self, value: Tree, base: Tree = _NOTHING) -> Tree:
        """Write a value in the shortest way that expands to it; `base` is what stands there if nothing is written."""
        if isinstance(value, str):
            return {"exactly": value} if self._names.special(value) else value
        if not isinstance(value, dict | list):
            return value
        whole = self.whole(value, has_base=isinstance(base, dict))
        found = [self._difference(value, base)] if type(value) is type(base) else []
        best = min([*found, whole], key=_size)
        if len(text(value)) > _SHORT:
            return self._reference(value, _size(best) * _WORTH) or best
        return best

    def whole(self, value: Tree, has_base: bool = False) -> Tree:
        """Write a value with all of its members."""
        if isinstance(value, list):
            return [self.shortest(each) for each in value]
        if not _mergeable(value):
            return {"exactly": value}
        members = {name: self.shortest(each) for name, each in value.items()}
        return {"like": None} | members if has_base else members

    def _reference(self, value: Tree, limit: float) -> Tree:
        """Write a value as a named one with the fewest changes, or give None where no name saves enough."""
        own = text(value)
        same = [reference for reference, _, named_text in self._referable if own == named_text]
        if same:
            return min(same, key=_depth)
        changes = [
            (reference, self._changes(value, named))
            for reference, named, _ in self._referable
            if _mergeable(value) and _mergeable(named) and _alike(value, named)
        ]
        if not changes:
            return None
        reference, members = min(changes, key=lambda each: (_size(each[1]), _depth(each[0])))
        found = {"like": reference} | members
        return found if _size(found) < limit else None

    def _difference(self, value: Tree, base: Tree) -> Tree:
        if _mergeable(value) and _mergeable(base):
            return self._changes(value, base)
        return self._items(value, base) if isinstance(value, list) else {"exactly": value}

    def _changes(self, value: dict[str, Tree], base: dict[str, Tree]) -> dict[str, Tree]:
        """Return the members to name so that `_merged` makes the value of the base."""
        changes: dict[str, Tree] = {name: REMOVED for name in base if name not in value}
        before: str | None = None
        for name, each in value.items():
            if name not in base and before is not None and before not in changes:
                changes[before] = SAME
            if name not in base or text(base[name]) != text(each):
                changes[name] = self.shortest(each, base.get(name, _NOTHING))
            before = name
        changes = _sorted(changes, value, base)
        if [*_merged(base, changes, self._names)] == [*value]:
            return changes
        removed = {name: REMOVED for name in base if name not in value}
        return removed | {name: changes.get(name, SAME) for name in value}

    def _items(self, value: list[Tree], base: list[Tree]) -> list[Tree]:
        """Return the items of an array, those of the base by their place."""
        texts = [text(each) for each in base]
        written = [self._item(each, place, base, texts) for place, each in enumerate(value)]
        return _with_ranges(written)

    def _item(self, value: Tree, place: int, base: list[Tree], texts: list[str]) -> Tree:
        own = text(value)
        best = self.shortest(value)
        if not isinstance(value, dict | list) or len(own) <= _SHORT:
            return best
        nearest = sorted(range(len(base)), key=lambda each: abs(each - place))
        same = next((each for each in nearest if texts[each] == own), None)
        if same is not None:
            return f"<{same}>"
        for each in nearest:
            if _mergeable(value) and _mergeable(base[each]):
                found = {"like": f"<{each}>"} | self._changes(value, base[each])
                best = min(best, found, key=_size)
        return best


def _sorted(changes: dict[str, Tree], value: dict[str, Tree], base: dict[str, Tree]) -> dict[str, Tree]:
    """Put changes in the order of the value, with what is removed where it stood in the base."""
    order = [*value]
    for before, name in pairwise([None, *base]):
        if name not in value:
            order.insert(order.index(before) + 1 if before in order else 0, str(name))
    return {name: changes[name] for name in order if name in changes}


def _objects(path: str, value: Tree) -> Iterator[tuple[str, Tree]]:
    """Return the objects and arrays worth a reference in a part of a case, with their paths."""
    if len(text(value)) > 2 * _SHORT:
        yield path, value
        for name, each in value.items() if isinstance(value, dict) else ():
            yield from _objects(f"{path}.{name}", each)


def _mergeable(value: Tree) -> TypeGuard[dict[str, Tree]]:
    """Tell whether a value is an object whose members have names of their own, not those of the format."""
    return isinstance(value, dict) and "like" not in value and "exactly" not in value


def _alike(value: dict[str, Tree], other: dict[str, Tree]) -> bool:
    shared = value.keys() & other.keys()
    return 2 * len(shared) > max(len(value), len(other)) and 3 * sum(value[x] == other[x] for x in shared) > len(shared)


def _depth(reference: str) -> int:
    return reference.count(".")


def _size(written: Tree) -> int:
    return len(text(written))


def _with_ranges(written: list[Tree]) -> list[Tree]:
    """Join references to items that follow each other to one: <0>, <1>, <2> to <0..2>."""
    joined: list[Tree] = []
    for each in written:
        new = _ITEMS.fullmatch(each) if isinstance(each, str) else None
        last = _ITEMS.fullmatch(joined[-1]) if new and joined and isinstance(joined[-1], str) else None
        if new and last and int(new[1]) == int(last[2] or last[1]) + 1:
            joined[-1] = f"<{last[1]}..{new[1]}>"
        else:
            joined.append(each)
    return joined


# --------------------------------------------------------------------------------------------------------------- rendering
def render(written: Tree) -> str:
    """Render what a file holds as JSON: each object and array on one line where it fits, otherwise a member on each."""
    return "\n".join(_lines(written, "", "", "")) + "\n"


def _lines(value: Tree, indent: str, head: str, tail: str) -> Iterator[str]:
    line = f"{indent}{head}{text(value)}{tail}"
    top = not indent and isinstance(value, dict)
    if not isinstance(value, dict | list) or not value or (len(line) <= WIDTH and not top):
        yield line
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    yield f"{indent}{head}{opening}"
    rows = [(f"{text(name)}: ", value[name]) for name in value] if opening == "{" else [("", each) for each in value]
    for place, (name, each) in enumerate(rows, 1):
        yield from _lines(each, indent + "  ", name, "," if place < len(rows) else "")
    yield f"{indent}{closing}{tail}"


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        sys.stdout.write(json.dumps(read(Path(argument)), indent=2, ensure_ascii=False) + "\n")
