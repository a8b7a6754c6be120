"""Definitions with a code, such as attributes, counters and networks: catalog entries of this door; shared by their routes.

The code is the key of an entry, unique in its organization and kind; the id is its second key.
"""

from collections.abc import Callable
from typing import Any

from crossdock.core.errors import Code, Conflict, Fault, NotFound
from crossdock.core.ids import to_hex24
from crossdock.core.json.strict_json import parse_trusted
from crossdock.doors import Request, encode_json
from crossdock.doors.fabric.errors import not_found
from crossdock.flows import catalog
from crossdock.flows.catalog import CatalogEntry, Draft

Tree = Any


class Definitions:
    """The definitions of one kind. `what` names them in errors; `id_name` is the member of the document that has the id."""

    def __init__(self, kind: str, what: str, *, id_name: str = "id") -> None:
        self.kind, self._what, self._id_name = kind, what, id_name

    def _draft(self, document: dict[str, Tree]) -> Draft:
        return Draft(encode_json(document), search=str(document.get("name") or ""), name=document[self._id_name])

    async def add(self, request: Request, fields: dict[str, Tree]) -> dict[str, Tree]:
        """Add a definition and return it with its new id. Refuses with Conflict `exists` where its code is taken."""
        document = {self._id_name: to_hex24(request.context.id_generator.new(request.context.clock()))} | fields
        try:
            await catalog.add(
                request.context, request.caller, kind=self.kind, key=fields["code"], draft=self._draft(document)
            )
        except Conflict as conflict:
            if conflict.code is not Code.EXISTS:
                raise
            fault = Fault(("code",), f"is that of another {self._what}")
            raise Conflict(Code.EXISTS, "it exists", faults=(fault,), what=self._what) from None
        return document

    async def all(self, request: Request) -> list[dict[str, Tree]]:
        """Return all definitions, oldest first."""
        entries = await catalog.all_of(request.context, request.caller, kind=self.kind)
        return [document_of(entry) for entry in reversed(entries)]

    async def page(self, request: Request, *, limit: int, offset: int) -> tuple[list[dict[str, Tree]], int]:
        """Return a page of definitions, newest first, and count all."""
        entries, total = await catalog.page(
            request.context, request.caller, kind=self.kind, limit=limit, offset=offset
        )  # fmt: skip
        return [document_of(entry) for entry in entries], total

    async def get(self, request: Request, value: str, *, by: str = "key") -> dict[str, Tree]:
        """Return a definition by its code, or with `by="name"` by its id. Refuses with NotFound."""
        found = await catalog.find(request.context, request.caller, kind=self.kind, keys=[value], by=by)
        if not found:
            raise not_found(self._what)
        return document_of(found[0])

    async def change(
        self,
        request: Request,
        code: str,
        made: Callable[[dict[str, Tree]], dict[str, Tree]],
        *,
        default: dict[str, Tree] | None = None,
    ) -> dict[str, Tree]:
        """Change a definition to what `made` returns for it, or for `default` where there is none. Refuses with NotFound."""

        def draft(entry: CatalogEntry | None) -> Draft:
            return self._draft(made(document_of(entry) if entry else default or {}))

        try:
            entry = await catalog.change(
                request.context, request.caller, kind=self.kind, key=code, make=draft, create=default is not None
            )
        except NotFound:
            raise not_found(self._what) from None
        return document_of(entry)

    async def remove(self, request: Request, code: str) -> dict[str, Tree]:
        """Remove a definition and return it. Refuses with NotFound."""
        try:
            return document_of(await catalog.remove(request.context, request.caller, kind=self.kind, key=code))
        except NotFound:
            raise not_found(self._what) from None


def document_of(entry: CatalogEntry) -> dict[str, Tree]:
    """Decode the document of an entry."""
    document: dict[str, Tree] = parse_trusted(entry.document)
    return document


def code_faults(body: Tree, code: str) -> list[Fault]:
    """Return the fault of a body whose code is not that of the path."""
    given = body.get("code") if isinstance(body, dict) else None
    return [Fault(("code",), "must be that of the path")] if isinstance(given, str) and given not in ("", code) else []
