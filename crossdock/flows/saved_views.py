"""Saved views: lists of orders that a person comes back to, by name. Each person of each organization has their own."""

import msgspec
from msgspec import Struct

from crossdock.core.errors import Code, Conflict, NotFound
from crossdock.core.ids import to_base32
from crossdock.flows import catalog
from crossdock.flows.access import READ, Caller
from crossdock.flows.catalog import CatalogEntry, Draft
from crossdock.flows.context import Context

KIND = "console_view"
MOST = 50
NAME_LENGTH = 60
QUERY_LENGTH = 2_000


class SavedView(Struct, frozen=True):
    """A view: the query string of a list, and the name a person gave it."""

    view_id: str
    name: str
    query: str


class _Document(Struct):
    name: str
    query: str


_DOCUMENT = msgspec.json.Decoder(_Document)


def _owner(caller: Caller) -> str:
    return str(caller.person_id)


def _view(entry: CatalogEntry) -> SavedView:
    document = _DOCUMENT.decode(entry.document)
    return SavedView(entry.key, document.name, document.query)


async def views_of(context: Context, caller: Caller) -> list[SavedView]:
    """List the views of the caller, by name."""
    caller.require(READ)
    entries = await catalog.find(context, caller, kind=KIND, keys=[_owner(caller)], by="name")
    return sorted(map(_view, entries), key=lambda view: (view.name.casefold(), view.view_id))


async def save(context: Context, caller: Caller, *, name: str, query: str) -> SavedView:
    """Save a view; one of the same name is replaced. Refuses with Conflict `exists` more than MOST views."""
    views = await views_of(context, caller)
    draft = _draft(caller, name, query)
    same = next((view for view in views if view.name.casefold() == name.casefold()), None)
    if same is not None:
        return _view(await catalog.change(context, caller, kind=KIND, key=same.view_id, make=lambda _: draft))
    if len(views) >= MOST:
        raise Conflict(Code.EXISTS, f"there are {MOST} views already; delete one first", what="view")
    key = to_base32(context.id_generator.new(context.clock()))
    return _view(await catalog.add(context, caller, kind=KIND, key=key, draft=draft))


async def rename(context: Context, caller: Caller, *, view_id: str, name: str) -> SavedView:
    """Rename a view of the caller. Refuses with NotFound `not_found`, and with Conflict `exists` a name that another has."""
    views = await views_of(context, caller)
    if any(view.name.casefold() == name.casefold() and view.view_id != view_id for view in views):
        raise Conflict(Code.EXISTS, f"there is a view {name!r} already", what="view")
    view = _own(views, view_id)
    draft = _draft(caller, name, view.query)
    return _view(await catalog.change(context, caller, kind=KIND, key=view_id, make=lambda _: draft))


async def remove(context: Context, caller: Caller, *, view_id: str) -> SavedView:
    """Remove a view of the caller. Refuses with NotFound `not_found`."""
    view = _own(await views_of(context, caller), view_id)
    await catalog.remove(context, caller, kind=KIND, key=view_id)
    return view


def _own(views: list[SavedView], view_id: str) -> SavedView:
    for view in views:
        if view.view_id == view_id:
            return view
    raise NotFound(Code.NOT_FOUND, "there is no such view")


def _draft(caller: Caller, name: str, query: str) -> Draft:
    return Draft(msgspec.json.encode(_Document(name, query)), name=_owner(caller))
