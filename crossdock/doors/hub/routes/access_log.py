"""The access log: who read and changed what, for administrators."""

from typing import Annotated, Any, Literal

from msgspec import Struct

from crossdock.core.errors import Fault
from crossdock.core.time import format_time
from crossdock.doors import Reply, Request, Route, json_reply
from crossdock.doors.hub import errors, mapping
from crossdock.doors.hub.routes.parameters import (
    PAGE,
    PROBLEMS,
    cursor_after,
    described,
    known_query,
    link,
    page_of,
    raise_faults,
    read_cursor,
    read_limit,
    read_time,
    time_parameter,
)
from crossdock.doors.hub.wire import ID_PATTERN, Id, Time, about
from crossdock.flows import access, access_log
from crossdock.flows.access_log import KINDS, AccessEntry, AccessFilter

_FILTERS = ("actor", "order_id", "operation", "kind", "from", "to")


class AccessEntryAnswer(Struct):
    """A call of a client, or a page or form of a person in the console."""

    id: Annotated[Id, about("the entry's id")]
    at: Annotated[Time, about("when it was answered")]
    actor: Annotated[str, about("the client's id, or the person's e-mail address")]
    actor_kind: Annotated[Literal["client", "person"], about("who asked")]
    actor_name: Annotated[str | None, about("the name as it is now; null where they were removed")]
    address: Annotated[str | None, about("the network address it came from")]
    door: Annotated[str, about("the API, or `console`")]
    operation: Annotated[str, about("the operation's id in the API's OpenAPI document, or the page's")]
    kind: Annotated[Literal["read", "change"], about("`change` also where it was refused, or a dry run")]
    order_id: Annotated[Id | None, about("the order it was about, where it was one")]
    object: Annotated[str | None, about("otherwise the parameters in its path")]
    status: Annotated[int, about("the HTTP status of the answer")]


async def list_access_entries(request: Request) -> Reply:
    """Answer a page of the access log, newest first."""
    query = known_query(request, *_FILTERS, "limit", "cursor")
    faults: list[Fault] = []
    limit = read_limit(request, query, faults)
    start, end = read_time(query, "from", faults), read_time(query, "to", faults)
    order_id = mapping.parse_id(query["order_id"]) if "order_id" in query else None
    if "order_id" in query and order_id is None:
        faults.append(Fault((errors.QUERY, "order_id"), "must be the id of an order"))
    if (kind := query.get("kind")) not in (None, *KINDS):
        faults.append(Fault((errors.QUERY, "kind"), f"must be one of {', '.join(KINDS)}"))
    before = read_cursor(query, faults)
    raise_faults(faults)
    wanted = AccessFilter(query.get("actor"), order_id, query.get("operation"), kind)
    found, last = await access_log.entries(
        request.context, request.caller, wanted, from_us=start, to_us=end, before=before, limit=limit
    )
    names = await access_log.names(request.context, request.caller, found)
    cursor = cursor_after(query, last)
    page = {"items": [_entry(each, names.get(each.actor)) for each in found], "next": cursor}
    return json_reply(200, page, headers=link(request, query, cursor))


def _entry(entry: AccessEntry, name: str | None) -> dict[str, Any]:
    return {
        "id": mapping.format_id(entry.entry_id),
        "at": format_time(entry.at, digits=6),
        "actor": entry.actor,
        "actor_kind": entry.actor_kind,
        "actor_name": name,
        "address": entry.address,
        "door": entry.door,
        "operation": entry.operation,
        "kind": entry.kind,
        "order_id": None if entry.order_id is None else mapping.format_id(entry.order_id),
        "object": entry.object,
        "status": entry.status,
    }


ROUTES = (
    Route(
        "GET", ("/hub/v1/access-log",), list_access_entries, access.ADMIN, "listAccessEntries",
        "List who read and changed what",
        answers={200: page_of(AccessEntryAnswer), **PROBLEMS},
        parameters=(
            described("actor", "query", "a client's id, or a person's e-mail address"),
            described("order_id", "query", "the order it was about", pattern=ID_PATTERN),
            described("operation", "query", "the operation's id, such as `getOrder`"),
            described("kind", "query", "reads or changes", enum=list(KINDS)),
            time_parameter("from", "from this time on"), time_parameter("to", "before this time"), *PAGE,
        ),
    ),
)  # fmt: skip
