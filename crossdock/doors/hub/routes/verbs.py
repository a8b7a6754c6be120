"""The verbs: POST /hub/v1/orders/{id}/{verb}, each one flow call; what they share is that they can be tried, guarded and named.

`?dry_run=true` answers what would be and writes nothing; `If-Match` lets a change be made only of the version somebody saw;
an `Idempotency-Key` makes a request happen once, its answer kept and given again.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core.errors import Code, Fault, Invalid, Path
from crossdock.core.ids import hashed_key
from crossdock.core.json.request_body import DocumentRule, duplicates_in, objects_in
from crossdock.core.json.strict_json import parse
from crossdock.core.orders.commands import (
    AddNote,
    ArchiveOrder,
    CancelOrder,
    ChangeTags,
    Command,
    EditOrder,
    HoldRequest,
    PlaceHolds,
    ReleaseHolds,
)
from crossdock.doors import Reply, Request, Route, encode_json, replayed_header
from crossdock.doors.hub import edits, errors, mapping, wire
from crossdock.doors.hub.event_data import event_answer
from crossdock.doors.hub.format import FORMAT
from crossdock.doors.hub.routes.parameters import (
    IDEMPOTENCY_KEY,
    IF_MATCH_PATTERN,
    PROBLEMS,
    BodyType,
    described,
    flag_parameter,
    microseconds,
    query_faults,
    read_body,
    read_flag,
    read_if_match,
    read_key,
)
from crossdock.flows import access, queries, rendering
from crossdock.flows.execute import Change, execute
from crossdock.flows.execute import Reply as RenderReply
from crossdock.flows.idempotency import IdempotentRequest

Tree = Any
# Members of an answer besides the order and its events, such as the fulfillment that was changed.
MoreMembers = Callable[[Change], dict[str, Tree]]
REASON_LENGTH = 500  # as in the bodies (wire.Reason)


class VerbOptions(Struct):
    """What the query and the headers ask of a verb, with the faults in them, which are reported with those of the body."""

    faults: list[Fault]
    dry_run: bool
    versions: frozenset[int] | None
    key: str | None
    reason: str | None = None


def read_options(request: Request, *more: str) -> VerbOptions:
    faults = query_faults(request, ("dry_run", *more))
    query = request.query
    reason = query.get("reason") if "reason" in more else None
    if reason is not None and (not reason.strip() or len(reason) > REASON_LENGTH):
        faults.append(
            Fault((errors.QUERY, "reason"), f"must have 1 to {REASON_LENGTH} characters, and more than blanks")
        )
    return VerbOptions(
        faults,
        bool(read_flag(query, "dry_run", faults)),
        read_if_match(request, faults),
        read_key(request, faults),
        reason,
    )


def read_verb_body(
    request: Request, options: VerbOptions, shape: type[BodyType], *rules: DocumentRule, raw: bytes | None = None
) -> BodyType:
    """Read a body that may have no unknown members. Refuses with Invalid carrying all faults, of the query and headers too."""
    return read_body(request, options.faults, shape, *rules, raw=raw)


def refuse_faults(faults: Sequence[Fault]) -> None:
    if faults:
        raise Invalid(Code.INVALID, "the request has faults", faults=tuple(faults))


# ------------------------------------------------------------------------------------------------------------------ verbs
async def edit_order(request: Request) -> Reply:
    """Edit an order by a JSON Merge Patch of its document in the shape of the create body."""
    options = read_options(request, "reason")
    try:
        patch = parse(request.body)
    except Invalid as invalid:
        if invalid.code is Code.INVALID:
            refuse_faults((*options.faults, *invalid.faults))
        raise
    if not isinstance(patch, dict):
        options.faults.append(Fault((), "must be an object"))
    refuse_faults(options.faults)
    command = EditOrder(
        order_id=order_id_of(request),
        door=FORMAT.name,
        change=lambda before, _: edits.edited(before, patch),
        reason=options.reason,
    )
    return await execute_verb(request, options, command)


def _hold_rules(tree: Tree) -> list[Fault]:
    """Check that a hold names a line once."""
    faults = []
    for place, hold_request in objects_in(tree, "holds"):
        lines = hold_request.get("lines")
        if isinstance(lines, list):
            seen: set[int] = set()
            for at, line in enumerate(lines):
                if isinstance(line, int):
                    if line in seen:
                        faults.append(
                            Fault(("holds", place, "lines", at), f"must be unique, {line!r} is there already")
                        )
                    seen.add(line)
    return faults


async def hold_order(request: Request) -> Reply:
    """Place holds on an order, several at once."""
    options = read_options(request)
    body = read_verb_body(request, options, wire.HoldBody, _hold_rules)
    holds = tuple(
        HoldRequest(
            hold.reason, hold.note, tuple(hold.lines or ()),
            None if hold.release_at is None else microseconds(hold.release_at),
        )
        for hold in body.holds
    )  # fmt: skip
    return await execute_verb(request, options, PlaceHolds(order_id=order_id_of(request), holds=holds))


def _release_rules(tree: Tree) -> list[Fault]:
    both = isinstance(tree, dict) and tree.get("holds") is not None and tree.get("reasons") is not None
    return [Fault(("reasons",), "must not be given together with holds")] if both else []


async def release_order(request: Request) -> Reply:
    """End holds of an order: those named by number or reason, or all."""
    options = read_options(request)
    body = read_verb_body(request, options, wire.ReleaseBody, _release_rules)
    command = ReleaseHolds(
        order_id=order_id_of(request),
        numbers=None if body.holds is None else tuple(body.holds),
        reasons=None if body.reasons is None else tuple(body.reasons),
        reason=body.reason,
    )
    return await execute_verb(request, options, command)


async def cancel_order(request: Request) -> Reply:
    """Cancel an order whole, or units of its lines."""
    options = read_options(request)
    body = read_verb_body(request, options, wire.CancelBody, lambda tree: duplicates_in(tree, "lines", "line"))
    lines = None if body.lines is None else {each.line: each.quantity for each in body.lines}
    command = CancelOrder(order_id=order_id_of(request), lines=lines, reason=body.reason, note=body.note)
    return await execute_verb(request, options, command)


def _tag_rules(tree: Tree) -> list[Fault]:
    """Something is to be done, and it does not contradict itself."""
    given = {name: value for name in ("add", "remove", "set") if (value := _member(tree, name)) is not None}
    if isinstance(tree, dict) and not given:
        return [Fault((), "must have at least one of add, remove and set")]
    if "set" in given and len(given) > 1:
        return [Fault(("set",), "must not be given together with add or remove")]
    added, removed = given.get("add"), given.get("remove")
    if not isinstance(added, list) or not isinstance(removed, list):
        return []
    names = {tag for tag in added if isinstance(tag, str)}
    return [
        Fault(("remove", place), f"must not be added at the same time: {tag!r}")
        for place, tag in enumerate(removed)
        if isinstance(tag, str) and tag in names
    ]


def _member(tree: Tree, name: str) -> Tree:
    return tree.get(name) if isinstance(tree, dict) else None


async def tag_order(request: Request) -> Reply:
    """Add and remove tags, or set them all."""
    options = read_options(request)
    body = read_verb_body(request, options, wire.TagBody, _tag_rules)
    command = ChangeTags(
        order_id=order_id_of(request),
        replace=None if body.set is None else tuple(body.set),
        add=tuple(body.add or ()),
        remove=tuple(body.remove or ()),
        max_tags=wire.MAX_TAGS,
        reason=body.reason,
    )
    return await execute_verb(request, options, command)


async def note_order(request: Request) -> Reply:
    """Add a note to an order."""
    options = read_options(request)
    body = read_verb_body(request, options, wire.NoteBody)
    return await execute_verb(request, options, AddNote(order_id=order_id_of(request), text=body.text))


async def archive_order(request: Request) -> Reply:
    """Archive an order; nothing happens to one that is archived already."""
    return await _archived(request, True)


async def unarchive_order(request: Request) -> Reply:
    """Bring an order back from the archive."""
    return await _archived(request, False)


async def _archived(request: Request, archived: bool) -> Reply:
    options = read_options(request)
    body = read_verb_body(request, options, wire.ArchiveBody, raw=None if request.body.strip() else b"{}")
    command = ArchiveOrder(order_id=order_id_of(request), archived=archived, reason=body.reason)
    return await execute_verb(request, options, command)


# ------------------------------------------------------------------------------------------------------------- doing them
def order_id_of(request: Request) -> int | None:
    return mapping.parse_id(request.params["id"])


async def execute_verb(
    request: Request, options: VerbOptions, command: Command, *, status: int = 200, more: MoreMembers | None = None
) -> Reply:
    """Execute a command as it was options for, and answer the order with its events, rendered before the commit.

    `more` are other members of the answer, which stand before the order.
    """
    context, caller = request.context, request.caller
    if options.versions is not None:
        command = msgspec.structs.replace(command, version=await _version(request, options.versions, command))
    once, reply = None, _reply(request, more)
    if options.key is not None and not options.dry_run:
        key = hashed_key("hub/idempotency", caller.actor, options.key)
        once = IdempotentRequest(key, request.route.operation, request.body, reply)
    (change,) = await execute(
        context, caller, [command], door=FORMAT.name, dry_run=options.dry_run, request=once, reply=reply
    )
    body = change.reply
    assert body is not None, "an answer is rendered before the commit"
    # What is only tried gets no ETag: another change may come to have that version.
    headers = [("Dry-Run", "true")] if options.dry_run else [("ETag", f'"{_VERSIONED.decode(body).order.version}"')]
    headers += replayed_header(change.replayed)
    outcome = "replayed" if change.replayed else "dry_run" if options.dry_run else "ok"
    return Reply(status, body, headers=headers, order_id=change.order.order_id, outcome=outcome)


async def _version(request: Request, versions: frozenset[int], command: Command) -> int:
    """Return the version the change is for: of several the one the order has, and 0, which none has, where it has another."""
    if len(versions) == 1:
        return next(iter(versions))
    order = await queries.order(request.context, request.caller, order_id=command.order_id)
    return order.version if order.version in versions else 0


async def renaming_paths(doing: Awaitable[Reply], rename: Callable[[Path], Path]) -> Reply:
    """Await a reply; the faults of what is refused get the paths of the body that was sent."""
    try:
        return await doing
    except Invalid as invalid:
        faults = tuple(dict.fromkeys(Fault(rename(fault.path), fault.reason) for fault in invalid.faults))
        raise Invalid(invalid.code, invalid.reason, faults=faults, **invalid.facts) from invalid


class _Id(Struct):
    id: str


def with_location(reply: Reply, member: str, path: str) -> Reply:
    """Add the address of what was made, unless it was only tried."""
    if reply.outcome != "dry_run":
        made = msgspec.json.decode(reply.body, type=dict[str, msgspec.Raw])[member]
        reply.headers.append(("Location", f"{path}/{msgspec.json.decode(made, type=_Id).id}"))
    return reply


def _reply(request: Request, more: MoreMembers | None) -> RenderReply:
    async def reply(tx: Any, change: Change) -> bytes:
        (rendered,) = await rendering.render_in(tx, request.context, request.caller, [change.order], door=FORMAT.name)
        return _render_change({} if more is None else more(change), rendered.document, change)

    return reply


def _render_change(members: dict[str, Tree], document: dict[str, Tree], change: Change) -> bytes:
    return encode_json(members | {"order": document, "events": [event_answer(event) for event in change.events]})


class _Version(Struct):
    version: int


class _Versioned(Struct):
    order: _Version


_VERSIONED = msgspec.json.Decoder(_Versioned)

# ------------------------------------------------------------------------------------------------------------------ table
_DRY_RUN = flag_parameter("dry_run", "`true`: return the result, and save nothing")
_IF_MATCH = described(
    "If-Match",
    "header",
    "the ETag of the order as it was read; 412 where it has changed since",
    pattern=IF_MATCH_PATTERN,
)
_REASON = described("reason", "query", "why, for the log", minLength=1, maxLength=REASON_LENGTH, pattern=r"\S")
_ANSWERS = {200: wire.Moved, **dict.fromkeys((400, 404, 409, 412, 413), wire.Problem), **PROBLEMS}


def verb_route(verb: str, handle: Any, summary: str, request: Any, **rest: Any) -> Route:
    return change_route(f"/hub/v1/orders/{{id}}/{verb}", handle, f"{verb}Order", summary, request, **rest)


def change_route(
    path: str,
    handle: Any,
    operation: str,
    summary: str,
    request: Any,
    *,
    answer: type[Struct] = wire.Moved,
    status: int = 200,
    **rest: Any,
) -> Route:
    """Return the route of a call that changes an order and takes what the verbs take."""
    more = rest.pop("parameters", ())
    answers = {status: answer} | {code: body for code, body in _ANSWERS.items() if code != 200}
    return Route(
        "POST", (path,), handle, access.WRITE, operation, summary, request=request, answers=answers,
        parameters=(_DRY_RUN, *more, _IF_MATCH, IDEMPOTENCY_KEY), **rest,
    )  # fmt: skip


ROUTES = (
    verb_route(
        "edit", edit_order, "Edit an order by a JSON Merge Patch of its document",
        {"type": "object", "description": "a JSON Merge Patch (RFC 7396) of the create body"},
        request_media="application/merge-patch+json", parameters=(_REASON,),
    ),
    verb_route("hold", hold_order, "Place holds on an order", wire.HoldBody),
    verb_route("release", release_order, "End holds of an order", wire.ReleaseBody),
    verb_route("cancel", cancel_order, "Cancel an order, or units of its lines", wire.CancelBody),
    verb_route("tag", tag_order, "Change an order's tags", wire.TagBody),
    verb_route("note", note_order, "Add a note to an order", wire.NoteBody),
    verb_route("archive", archive_order, "Archive an order", {"oneOf": [wire.ArchiveBody]}),
    verb_route("unarchive", unarchive_order, "Bring an order back from the archive", {"oneOf": [wire.ArchiveBody]}),
)  # fmt: skip
