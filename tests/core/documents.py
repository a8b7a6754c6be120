"""Random JSON documents: trees as Python has them, and every way to write them."""

from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import strategies as st

SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}

strings = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.sampled_from('":\\,{}[]'))
whole = st.integers(-(10**39), 10**39)
fractional = st.builds(
    lambda sign, digits, exponent: Decimal((sign, tuple(map(int, str(digits))), exponent)),
    st.integers(0, 1),
    st.integers(0, 10**25),
    st.integers(-30, -1) | st.integers(1, 9),
)
leaves = st.none() | st.booleans() | whole | fractional | strings
trees = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(strings, inner, max_size=4), max_leaves=20
)


class Scribe:
    """Spells a tree as JSON with random white space and escapes, and one member of the object at `twice` two times."""

    def __init__(self, random: Random, twice: tuple[Any, ...] | None = None) -> None:
        self.random = random
        self.twice = twice

    def space(self) -> str:
        return "".join(self.random.choices(" \t\n\r", k=self.random.choice((0, 0, 0, 1, 2))))

    def sign(self, sign: str) -> str:
        way = self.random.randrange(4)
        if sign in SHORT_ESCAPES and (way == 0 or sign in '"\\'):
            return SHORT_ESCAPES[sign]
        if way == 1 or sign < " ":
            encoded = sign.encode("utf-16-be")
            units = [encoded[start : start + 2].hex() for start in range(0, len(encoded), 2)]
            return "".join("\\u" + (unit.upper() if self.random.random() < 0.5 else unit) for unit in units)
        return sign

    def text(self, text: str) -> str:
        return '"' + "".join(map(self.sign, text)) + '"'

    def value(self, tree: Any, path: tuple[Any, ...] = ()) -> str:
        if isinstance(tree, dict):
            members = [(name, child, (*path, name)) for name, child in tree.items()]
            if path == self.twice:
                members.insert(self.random.randrange(len(members) + 1), (*self.random.choice(members)[:1], 7, ("x",)))
            rendered = [
                f"{self.space()}{self.text(name)}{self.space()}:{self.value(child, inner)}"
                for name, child, inner in members
            ]
            text = "{" + (",".join(rendered) or self.space()) + "}"
        elif isinstance(tree, list):
            inner = ",".join(self.value(child, (*path, place)) for place, child in enumerate(tree))
            text = "[" + (inner or self.space()) + "]"
        elif isinstance(tree, str):
            text = self.text(tree)
        else:
            text = {None: "null", True: "true", False: "false"}[tree] if _is_word(tree) else str(tree)
        return self.space() + text + self.space()


def _is_word(tree: Any) -> bool:
    return tree is None or isinstance(tree, bool)


def objects(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the paths of all objects that have members."""
    found: list[tuple[Any, ...]] = [path] if isinstance(tree, dict) and tree else []
    below = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for name, child in below:
        found += objects(child, (*path, name))
    return found
