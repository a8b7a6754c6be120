"""Configurations as catalog entries, found by two names: shared by the tenant, target and fraud configurations."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from crossdock.core.errors import Code, Conflict, Fault, NotFound
from crossdock.core.ids import hashed_key
from crossdock.core.json.strict_json import parse_trusted
from crossdock.doors import Request, encode_json
from crossdock.doors.fabric.demo import ACCOUNT
from crossdock.doors.fabric.documents import in_order
from crossdock.doors.fabric.errors import faulty, not_found
from crossdock.doors.fabric.routes.site_context import account_of
from crossdock.flows import catalog, catalog_batches
from crossdock.flows.catalog import CatalogEntry, Draft

Tree = Any
Document = dict[str, Tree]


class Configurations:
    """The configurations of one kind. `what` names them in errors; two of their members, `names`, identify one.

    An organization has at most `most` of them, or one more for each request at the same time.
    """

    def __init__(self, kind: str, what: str, shape: type[Struct], names: tuple[str, str], *, most: int) -> None:
        self.kind, self._what, self._shape, self._names, self._most = kind, what, shape, names, most

    def key(self, document: Document) -> str:
        """Return the key of a configuration: a hash, because names have any length."""
        return hashed_key(self.kind, *(str(document[name]) for name in self._names)).hex()

    def draft(self, document: Document) -> Draft:
        """Return what is stored of a document: its members without those that the server derives."""
        return Draft(encode_json({name: value for name, value in document.items() if name != "tenantId"}))

    def rendered(self, request: Request, entry: CatalogEntry) -> Document:
        """Render an entry in the vendor's order of members, with the account of the call as the tenant."""
        document = parse_trusted(entry.document) | {"tenantId": account_of(request)}
        return in_order(self._shape, document)

    async def all(self, request: Request) -> list[Document]:
        """Return all configurations, oldest first."""
        entries = await catalog.all_of(request.context, request.caller, kind=self.kind)
        return [self.rendered(request, entry) for entry in reversed(entries)]

    async def add(self, request: Request, document: Document) -> Document:
        """Add a configuration. Refuses with Conflict `exists` where its names are taken, and with Invalid the one too many."""
        _, count = await catalog.page(request.context, request.caller, kind=self.kind, limit=1)
        try:
            if count >= self._most and not await self._exists(request, document):
                raise faulty(Fault((), f"an organization has at most {self._most} configurations of this kind"))
            entry = await catalog.add(
                request.context, request.caller, kind=self.kind, key=self.key(document), draft=self.draft(document)
            )
        except Conflict as conflict:
            if conflict.code is not Code.EXISTS:
                raise
            text = f"{self._what} exists for tenant already: {'/'.join(str(document[name]) for name in self._names)}"
            raise Conflict(Code.EXISTS, text, what=self._what) from None
        return self.rendered(request, entry)

    async def _exists(self, request: Request, document: Document) -> bool:
        keys = [self.key(document)]
        return bool(await catalog.find(request.context, request.caller, kind=self.kind, keys=keys))

    async def get(self, request: Request) -> Document:
        """Return the configuration in the path. Refuses with NotFound."""
        found = await catalog.find(
            request.context, request.caller, kind=self.kind, keys=[self.key(dict(request.params))]
        )
        if not found:
            raise not_found(self._what)
        return self.rendered(request, found[0])

    async def change(self, request: Request, make: Callable[[Document], Document]) -> Document:
        """Change the configuration in the path to what is made of its document. Refuses with NotFound."""
        key = self.key(dict(request.params))
        (changed,) = await self.change_all(request, {key: make})
        return changed

    async def change_all(self, request: Request, makes: dict[str, Callable[[Document], Document]]) -> list[Document]:
        """Change configurations by key, all or none. Refuses with NotFound where one is not there."""

        def drafted(make: Callable[[Document], Document]) -> Callable[[CatalogEntry], Draft]:
            return lambda entry: self.draft(make(parse_trusted(entry.document)))

        drafts = {key: drafted(make) for key, make in makes.items()}
        try:
            entries = await catalog_batches.change_all(request.context, request.caller, kind=self.kind, makes=drafts)
        except NotFound:
            raise not_found(self._what) from None
        return [self.rendered(request, entry) for entry in entries]

    async def remove(self, request: Request) -> None:
        """Remove the configuration in the path. Refuses with NotFound."""
        try:
            await catalog.remove(
                request.context, request.caller, kind=self.kind, key=self.key(dict(request.params))
            )  # fmt: skip
        except NotFound:
            raise not_found(self._what) from None


def check_tenant(request: Request, document: Tree) -> list[Fault]:
    """Return the fault of a body for another tenant than the organization."""
    tenant = document.get("tenantId") if isinstance(document, dict) else None
    if not isinstance(tenant, str) or not tenant or (ACCOUNT, tenant) in request.caller.references:
        return []
    return [Fault(("tenantId",), "is not this organization's account")]


def name_faults(request: Request, document: Tree, names: tuple[str, ...]) -> list[Fault]:
    """Return the faults of a body whose names are not those of the path."""
    if not isinstance(document, dict):
        return []
    return [
        Fault((name,), "must be that of the path")
        for name in names
        if isinstance(document.get(name), str) and document[name] not in ("", request.params[name])
    ]
