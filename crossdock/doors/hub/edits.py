"""What a JSON Merge Patch (RFC 7396) makes of an order's document, and the faults in it; pure."""

from typing import Any

from crossdock.core.errors import Code, Fault, Invalid
from crossdock.doors import encode_json
from crossdock.doors.hub import mapping, wire
from crossdock.doors.hub.format import FORMAT
from crossdock.doors.hub.unknown_fields import unknown

Tree = Any
# Where what a patch cannot say is said instead.
_INSTEAD = {"holds": "hold and release", "tags": "tag", "archived": "archive and unarchive", "status": "a verb"}


def merged(target: Tree, patch: Tree) -> Tree:
    """Merge a patch into a value: null takes a member away, an object merges, anything else replaces, arrays too."""
    if not isinstance(patch, dict):
        return patch
    made = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            made.pop(name, None)
        else:
            made[name] = merged(made.get(name), value)
    return made


def edited(before: dict[str, Tree], patch: dict[str, Tree]) -> dict[str, Tree]:
    """Return the document an edit asks for. Refuses with Invalid a patch of what is the book's to say, or of unknown members.

    A member the order has already is known, whoever invented it. The counters in lines, which come back from who sends the
    lines of an answer, are passed over.
    """
    if isinstance(patch.get("lines"), list):
        patch = patch | {"lines": [_without_counters(line) for line in patch["lines"]]}
    after: dict[str, Tree] = merged(before, patch)
    faults = [
        Fault((name,), "is the book's to say" + (f"; use {_INSTEAD[name]}" if name in _INSTEAD else ""))
        for name in patch
        if name in mapping.ANSWERED
    ]
    own = {name: value for name, value in patch.items() if name not in mapping.ANSWERED}
    faults += unknown(own, wire.OrderCreate, also_known=before)
    if faults:  # tell what else is wrong with them
        known = FORMAT.parse(encode_json(before)).faults
        faults += [fault for fault in FORMAT.parse(encode_json(after)).faults if fault not in known]
        raise Invalid(Code.INVALID, "the body has faults", faults=tuple(faults))
    return after


def _without_counters(line: Tree) -> Tree:
    return {name: value for name, value in line.items() if name != "counters"} if isinstance(line, dict) else line
