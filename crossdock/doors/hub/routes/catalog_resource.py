"""The calls that every kind of catalog entries has: add, read, replace, change, remove one; list; CSV in both directions."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import quote

from msgspec import Struct

from crossdock.core.errors import Fault
from crossdock.core.json.request_body import DocumentRule
from crossdock.doors import Reply, Request, Route, json_reply
from crossdock.doors.hub import wire
from crossdock.doors.hub.routes.catalog_calls import (
    BODY,
    CSV_BODY,
    IF_MATCH,
    ONE,
    PATCH,
    check_path,
    entry_reply,
    patched,
    read_csv,
    read_search,
    search_parameter,
)
from crossdock.doors.hub.routes.csv_answers import csv_reply, page_or_csv, wants_csv
from crossdock.doors.hub.routes.parameters import (
    PAGE,
    PROBLEMS,
    cursor_after,
    known_query,
    link,
    page_of,
    query_faults,
    raise_faults,
    read_body,
    read_cursor,
    read_if_match,
    read_limit,
)
from crossdock.doors.hub.wire_catalog import ImportAnswer, row_faults
from crossdock.flows import access, catalog_pages
from crossdock.flows.access import Caller
from crossdock.flows.catalog import CatalogEntry
from crossdock.flows.context import Context

Tree = Any


class EntryFlow(Protocol):
    """What flows offer for one kind of entries; each call returns the entry as it is stored."""

    async def get(self, context: Context, caller: Caller, key: str, /) -> Any:
        """Read an entry. Refuses with NotFound `not_found`."""

    async def add(self, context: Context, caller: Caller, entry: Any, /) -> Any:
        """Add an entry. Refuses with Conflict `exists`."""

    async def change(
        self,
        context: Context,
        caller: Caller,
        key: str,
        make: Callable[[Any], Any],
        /,
        *,
        versions: frozenset[int] | None = None,
        create: bool = False,
    ) -> Any:
        """Change an entry, or add it with `create`. Refuses with NotFound `not_found`, Conflict `stale_version`."""

    async def remove(self, context: Context, caller: Caller, key: str, /) -> Any:
        """Remove an entry. Refuses with NotFound `not_found`, Conflict `state_forbids`."""


class CsvColumns(Struct, frozen=True):
    """The CSV form of a kind: its columns, the faults of a first row, a row read, and the cells of a stored entry."""

    names: Sequence[str]
    faults: Callable[[list[str]], list[Fault]]
    read_row: Callable[[Mapping[str, str]], tuple[Any, list[Fault]]]
    cells_of: Callable[[Any], Sequence[Any]]
    import_rows: Callable[[Context, Caller, list[tuple[int, Any]]], Awaitable[Any]]


class CatalogResource(Struct, frozen=True, kw_only=True):
    """A kind of catalog entries with its calls. `noun` is its name ("shipping method"), `member` the one that names an entry in
    the path, `searched` says what lists search. `stored` reads an entry as flows return it, of which `entry_of` is the document
    itself; `check` refuses a body that refers to what is not there."""

    noun: str
    member: str
    kind: str
    searched: str
    flow: EntryFlow
    body: type[Struct]
    answer: type[Struct]
    rules: DocumentRule
    to_entry: Callable[[Any, Any], Any]
    document_of: Callable[[Any], dict[str, Tree]]
    render: Callable[[Any], dict[str, Tree]]
    stored: Callable[[CatalogEntry], Any]
    entry_of: Callable[[Any], Any]
    csv: CsvColumns
    check: Callable[[Request, Any], Awaitable[None]] | None = None

    @property
    def path(self) -> str:
        """The path of the list."""
        return f"/hub/v1/{self.noun.replace(' ', '-')}s"

    def _reply(self, stored: Any, *, status: int = 200) -> Reply:
        answer = self.render(stored)
        path = f"{self.path}/{quote(answer[self.member] or '', safe='')}"
        return entry_reply(answer, status=status, path=path)

    async def _check(self, request: Request, body: Any) -> None:
        if self.check is not None:
            await self.check(request, body)

    async def create(self, request: Request) -> Reply:
        """Add an entry."""
        known_query(request)
        body = read_body(request, [], self.body, self.rules)
        await self._check(request, body)
        return self._reply(await self.flow.add(request.context, request.caller, self.to_entry(body, None)), status=201)

    async def list_page(self, request: Request) -> Reply:
        """Answer a page of the entries, newest first; to who accepts text/csv, all of them."""
        query, faults = request.query, query_faults(request, ("q", "limit", "cursor"))
        limit, term = read_limit(request, query, faults), read_search(query, faults)
        before = read_cursor(query, faults)
        raise_faults(faults)
        context, caller = request.context, request.caller
        if wants_csv(request):
            name = f"{self.noun.replace(' ', '_')}s"
            return await csv_reply(name, self.csv.names, self._portions(request, term), self.csv.cells_of)
        found = await catalog_pages.page(context, caller, kind=self.kind, limit=limit + 1, before=before, term=term)
        cursor = cursor_after(query, found[limit - 1].position if len(found) > limit else None)
        items = [self.render(self.stored(entry)) for entry in found[:limit]]
        return json_reply(200, {"items": items, "next": cursor}, headers=link(request, query, cursor))

    async def _portions(self, request: Request, term: str | None) -> AsyncIterator[Sequence[Any]]:
        async for entries in catalog_pages.portions(request.context, request.caller, kind=self.kind, term=term):
            yield [self.stored(entry) for entry in entries]

    async def get(self, request: Request) -> Reply:
        """Answer one entry."""
        known_query(request)
        return self._reply(await self.flow.get(request.context, request.caller, request.params[self.member]))

    async def put(self, request: Request) -> Reply:
        """Replace an entry, or add it where it is not there."""
        known_query(request)
        faults: list[Fault] = []
        versions = read_if_match(request, faults)
        key = request.params[self.member]
        body = read_body(request, faults, self.body, self.rules, check_path(self.member, key))
        await self._check(request, body)
        changed = await self.flow.change(
            request.context, request.caller, key, lambda before: self.to_entry(body, before), versions=versions, create=True
        )  # fmt: skip
        return self._reply(changed)

    async def change(self, request: Request) -> Reply:
        """Change members of an entry by a JSON Merge Patch."""
        key = request.params[self.member]
        versions, patch = patched(request)

        def body_after(before: Any) -> Any:
            return patch(self.document_of(before), self.body, self.rules, check_path(self.member, key))

        def make(before: Any) -> Any:
            assert before is not None, "nothing is created here"
            return self.to_entry(body_after(before), before)

        if self.check is not None:  # only then is the present entry read before the change
            present = await self.flow.get(request.context, request.caller, key)
            await self.check(request, body_after(self.entry_of(present)))
        return self._reply(await self.flow.change(request.context, request.caller, key, make, versions=versions))

    async def remove(self, request: Request) -> Reply:
        """Remove an entry that nothing needs."""
        known_query(request)
        await self.flow.remove(request.context, request.caller, request.params[self.member])
        return Reply(204)

    async def import_csv(self, request: Request) -> Reply:
        """Add and change the entries of a CSV file; rows with faults are named and left out."""
        rows, faults = read_csv(request, self.csv.faults, self.csv.read_row)
        done = await self.csv.import_rows(request.context, request.caller, rows)
        found = row_faults([*faults, *done.faults])
        return json_reply(200, ImportAnswer(done.added, done.changed, done.unchanged, found))

    def routes(self) -> tuple[Route, ...]:
        """Return the calls, named after the noun, such as `createLocation`."""
        noun, path, answer, read, write = self.noun, self.path, self.answer, access.READ, access.WRITE
        name = noun.title().replace(" ", "")
        one = f"{path}/{{{self.member}}}"
        return (
            Route("POST", (path,), self.create, write, f"create{name}", f"Add a {noun}",
                  request=self.body, answers={201: answer, 409: wire.Problem, **BODY}),
            Route("GET", (path,), self.list_page, read, f"list{name}s", f"List {noun}s, as JSON or CSV",
                  answers={200: page_or_csv(page_of(answer)), **PROBLEMS},
                  parameters=(search_parameter(self.searched), *PAGE)),
            Route("POST", (f"{path}/import",), self.import_csv, write, f"import{name}s", f"Import {noun}s from CSV",
                  request=CSV_BODY, request_media="text/csv",
                  answers={200: ImportAnswer, 413: wire.Problem, **PROBLEMS}),
            Route("GET", (one,), self.get, read, f"get{name}", f"Read a {noun}", answers={200: answer, **ONE}),
            Route("PUT", (one,), self.put, write, f"put{name}", f"Replace a {noun}, or add it",
                  request=self.body, parameters=(IF_MATCH,), answers={200: answer, 412: wire.Problem, **BODY}),
            Route("PATCH", (one,), self.change, write, f"change{name}", f"Change members of a {noun}",
                  request=PATCH, request_media="application/merge-patch+json", parameters=(IF_MATCH,),
                  answers={200: answer, 412: wire.Problem, **ONE, **BODY}),
            Route("DELETE", (one,), self.remove, write, f"remove{name}", f"Remove a {noun}",
                  answers={204: None, 409: wire.Problem, **ONE}),
        )  # fmt: skip
