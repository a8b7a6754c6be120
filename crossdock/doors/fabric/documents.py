"""Documents of the catalog that only this door knows: render them in the vendor's order, merge changes, search them; pure."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct

from crossdock.core.errors import Fault
from crossdock.core.json.request_body import DocumentRule
from crossdock.core.json.strict_json import parse
from crossdock.core.json.validation import normalize
from crossdock.doors.fabric.errors import faulty
from crossdock.doors.fabric.search import sorted_by, value_at
from crossdock.doors.fabric.search_filters import Matcher, faults_of
from crossdock.doors.fabric.wire_calls import QueryRequest

Tree = Any
MAX_FAULTS = 100  # of filters, in one answer


def in_order(shape: type[Struct], document: dict[str, Tree]) -> dict[str, Tree]:
    """Return a document with the fields of a wire type first, in its order, null where missing; other fields come last."""
    return {name: document.get(name) for name in shape.__struct_fields__} | document


def read_part(body: bytes, shape: type[Struct]) -> dict[str, Tree]:
    """Read the fields of a change, with numbers as text where text belongs; what they are merged into is checked afterwards.

    Raises Invalid for anything but an object.
    """
    tree = normalize(parse(body), shape, numbers_as_text=True)
    if not isinstance(tree, dict):
        raise faulty(Fault((), "must be an object"))
    return tree


def query_rule(shape: type[Struct]) -> DocumentRule:
    """Return the rule of a search body: filters without faults, and a field to sort by that the documents have."""

    def check(tree: Tree) -> list[Fault]:
        if not isinstance(tree, dict):
            return []
        faults = list(faults_of(tree["filters"])) if isinstance(tree.get("filters"), dict) else []
        sort_by = tree.get("sortBy")
        if isinstance(sort_by, str) and sort_by and sort_by.partition(".")[0] not in shape.__struct_fields__:
            faults.append(Fault(("sortBy",), "must name a member that has a single value"))
        return faults[:MAX_FAULTS]

    return check


class DocumentSearch:
    """A search of documents that `query_rule` has checked: matches them, sorts them and cuts out a page."""

    def __init__(self, sent: QueryRequest, *, sort_by: str, ascending: bool) -> None:
        self.filters: dict[str, Tree] = sent.filters or {}
        self.limit, self.offset = sent.page()
        self.sort_by = sent.sortBy or sort_by
        direction = (sent.sortDirection or "").lower()
        self.ascending = direction == "asc" if direction else ascending
        self.matches: Callable[[Tree], bool] = Matcher(self.filters)

    def page(self, documents: Iterable[dict[str, Tree]]) -> tuple[list[dict[str, Tree]], int]:
        """Return a page of the documents that match, and how many do; of equal ones the first comes first."""
        found = [each for each in documents if self.matches(each)]
        ranked = sorted_by(found, lambda each: value_at(each, self.sort_by), ascending=self.ascending)
        return ranked[self.offset : self.offset + self.limit], len(found)


def range_faults(document: Tree, paths: Sequence[tuple[str, ...]]) -> list[Fault]:
    """Find ranges whose `min` is above their `max`; `paths` lead to the objects that have both."""
    faults = []
    for path in paths:
        low, high = (value_at(document, ".".join((*path, end))) for end in ("min", "max"))
        if isinstance(low, dict) and isinstance(high, dict):
            pairs = [((*path, "max", name), low.get(name), high.get(name)) for name in low]
        else:
            pairs = [((*path, "max"), low, high)]
        faults += [
            Fault(where, f"must be at least the min, {least}")
            for where, least, most in pairs
            if isinstance(least, int) and isinstance(most, int) and most < least
        ]
    return faults
