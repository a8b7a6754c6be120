"""What calls for entries of the catalog share: entries with a version, merge patches, search, CSV files."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from msgspec import Struct

from crossdock.core import csv_rows
from crossdock.core.errors import Code, Fault, Invalid
from crossdock.core.json.request_body import DocumentRule, validate
from crossdock.core.json.strict_json import parse
from crossdock.core.json.validation import unchecked
from crossdock.doors import Reply, Request, json_reply
from crossdock.doors.hub import errors, wire
from crossdock.doors.hub.edits import merged
from crossdock.doors.hub.routes.parameters import (
    IF_MATCH_PATTERN,
    PROBLEMS,
    described,
    known_query,
    query_faults,
    read_if_match,
)
from crossdock.doors.hub.unknown_fields import only_known

Tree = Any
Row = TypeVar("Row")
Shape = TypeVar("Shape", bound=Struct)
SEARCH_LENGTH = 200  # of `q`
# A patch: applies itself to a document and gives the result in a shape; refuses with Invalid what that must not be.
Patch = Callable[..., Any]
PATCH = {
    "type": "object",
    "description": "a JSON Merge Patch (RFC 7396): null takes a member away, arrays are replaced",
}
# The body of an import.
CSV_BODY = {"type": "string", "format": "binary", "description": "CSV in UTF-8, whose first row names the columns"}
ONE = {404: wire.Problem, **PROBLEMS}
BODY = {400: wire.Problem, 413: wire.Problem, **PROBLEMS}
IF_MATCH = described(
    "If-Match", "header", "the ETag of what was read; 412 where it has changed since", pattern=IF_MATCH_PATTERN
)


def search_parameter(searched: str) -> dict[str, Any]:
    """Describe the parameter that lists are searched by; `searched` says in what."""
    return described("q", "query", f"a part of the {searched}", minLength=1, maxLength=SEARCH_LENGTH)


def entry_reply(answer: dict[str, Tree], *, status: int, path: str) -> Reply:
    """Answer an entry with its version as ETag, and with its address where it is new."""
    headers = [("ETag", f'"{answer["version"]}"')]
    if status == 201:
        headers.append(("Location", path))
    return json_reply(status, answer, headers=headers)


def read_search(query: dict[str, str], faults: list[Fault]) -> str | None:
    """Read the text that a list is searched for."""
    term = query.get("q")
    if term is not None and not 1 <= len(term) <= SEARCH_LENGTH:
        faults.append(Fault((errors.QUERY, "q"), f"must have 1 to {SEARCH_LENGTH} characters"))
    return term


def check_path(member: str, named: str) -> DocumentRule:
    """Return the rule that a body is about the entry that the path names."""

    def rule(tree: Tree) -> list[Fault]:
        value = tree.get(member) if isinstance(tree, dict) else None
        return [Fault((member,), f"must be {named!r}, as in the path")] if value not in (None, named) else []

    return rule


def patched(request: Request) -> tuple[frozenset[int] | None, Patch]:
    """Read a JSON Merge Patch and the versions that it is for; the patch is applied by calling it."""
    faults = query_faults(request, ())
    versions = read_if_match(request, faults)
    patch: Tree = None
    try:
        patch = parse(request.body)
    except Invalid as invalid:
        if invalid.code is not Code.INVALID:
            raise
        faults += invalid.faults
    else:
        if not isinstance(patch, dict):
            faults.append(Fault((), "must be an object"))
    if faults:
        raise Invalid(Code.INVALID, "the request has faults", faults=tuple(faults))

    def apply(document: dict[str, Tree], shape: type[Shape], *rules: DocumentRule) -> Shape:
        after = merged(document, patch)
        rules = (only_known(shape), *rules)
        faults = _faults(after, shape, rules)
        known = _faults(document, shape, rules) if faults else ()
        if new := tuple(fault for fault in faults if fault not in known):
            raise Invalid(Code.INVALID, "the patched document has faults", faults=new)
        return validate(after, shape, *rules) if not faults else unchecked(after, shape)

    return versions, apply


def _faults(document: Tree, shape: type[Shape], rules: tuple[DocumentRule, ...]) -> tuple[Fault, ...]:
    """Find the faults of a document; an entry that another API has stored may have some, which are not the patch's."""
    try:
        validate(document, shape, *rules)
    except Invalid as invalid:
        return invalid.faults
    return ()


def read_csv(
    request: Request,
    column_faults: Callable[[list[str]], list[Fault]],
    read_row: Callable[[Mapping[str, str]], tuple[Row | None, list[Fault]]],
) -> tuple[list[tuple[int, Row]], list[tuple[int, Fault]]]:
    """Read the rows of a CSV body, and the faults of those that are left out."""
    known_query(request)
    return csv_rows.read_table(request.body, column_faults, read_row)
