"""Who may ask, and what orders refer to: organizations, clients, people, vendor references, catalog entries."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, delete, func, or_, select, update

from crossdock.store.dialect import AnyOf
from crossdock.store.protocols import Row, Statement, Transaction
from crossdock.store.tables import (
    catalog_entry,
    client,
    directory,
    installation,
    membership,
    organization,
    person,
    revoked_token,
    vendor_reference,
)


class Organization(Struct, frozen=True):
    """A tenant. `uuid` is how S2 names it."""

    organization_id: int
    name: str
    uuid: str
    created_at: int
    updated_at: int


class Client(Struct, frozen=True):
    """A program that asks with an id and a secret."""

    organization_id: int
    client_id: str
    name: str
    secret_hash: str
    scopes: str
    created_at: int
    revoked_at: int | None


class Person(Struct, frozen=True):
    """Somebody who signs in with e-mail and password."""

    email: str
    person_id: int
    name: str
    password_hash: str
    token_version: int
    created_at: int
    updated_at: int


class Membership(Struct, frozen=True):
    """A person's place in an organization."""

    organization_id: int
    email: str
    role: str
    scopes: str


EntryKey = tuple[str, str]  # kind and key of an entry
# What tells one state of an entry from every other, also of one added anew under its key: its position, its last change.
EntryVersion = tuple[int, int]


class RowVersion(Struct, frozen=True):
    """What an Entry is found by, and its state told from others."""

    key: str
    name: str
    position: int
    updated_at: int


class CatalogEntry(Struct, frozen=True):
    """Something a door's orders refer to: `key` is its id, `name` what else it is found by, `document` the door's JSON.

    `search` is the case-folded text that lists are searched in.
    """

    organization_id: int
    kind: str
    key: str
    name: str
    search: str
    position: int
    created_at: int
    updated_at: int
    document: bytes


def version_of(entry: CatalogEntry | RowVersion) -> EntryVersion:
    """Give an entry's stamp."""
    return entry.position, entry.updated_at


# --------------------------------------------------------------------------------------------------------- installation
_FACT = Statement(select(installation.c.value).where(installation.c.name == bindparam("name")))
_SET_FACT = Statement(
    update(installation)
    .where(installation.c.name == bindparam("p_name"), installation.c.value == bindparam("seen"))
    .values(value=bindparam("value"))
)


async def installation_value(tx: Transaction, name: str, *, default: str) -> str:
    """Give a fact of the installation, storing `default` where there is none yet."""
    await tx.claim(installation, [(name, default)])
    rows = await tx.rows(_FACT, name=name)
    return str(rows[0][0])


async def set_installation_value(tx: Transaction, name: str, *, seen: str, value: str) -> bool:
    """Change a fact if it is still `seen`."""
    return await tx.run(_SET_FACT, p_name=name, seen=seen, value=value) == 1


# -------------------------------------------------------------------------------------------------------- organizations
_ORGANIZATION = Statement(select(organization).where(organization.c.organization_id == bindparam("organization_id")))
_ORGANIZATIONS = Statement(select(organization).order_by(organization.c.organization_id))
_IN_DIRECTORY = Statement(
    select(directory.c.organization_id).where(
        directory.c.kind == bindparam("kind"), directory.c.name == bindparam("name")
    )
)


async def add_organization(tx: Transaction, added: Organization) -> bool:
    """Insert an organization; False when its id or UUID is taken."""
    if not await tx.claim(directory, [("s2_organization", added.uuid, added.organization_id)]):
        return False
    return bool(await tx.claim(organization, [msgspec.structs.astuple(added)]))


async def get_organization(tx: Transaction, organization_id: int) -> Organization | None:
    """Give an organization, or None."""
    rows = await tx.rows(_ORGANIZATION, organization_id=organization_id)
    return Organization(*rows[0]) if rows else None


async def organizations(tx: Transaction) -> list[Organization]:
    """Give all organizations, oldest first."""
    return [Organization(*row) for row in await tx.rows(_ORGANIZATIONS)]


async def find_organization(tx: Transaction, *, kind: str, name: str) -> int | None:
    """Find whose client id (`client`) or vendor organization id (`s2_organization`) this is."""
    rows = await tx.rows(_IN_DIRECTORY, kind=kind, name=name)
    return int(rows[0][0]) if rows else None


# -------------------------------------------------------------------------------------------------------------- clients
_CLIENT = Statement(
    select(client).where(
        client.c.organization_id == bindparam("organization_id"), client.c.client_id == bindparam("client_id")
    )
)
_CLIENTS = Statement(
    select(client).where(client.c.organization_id == bindparam("organization_id")).order_by(client.c.created_at)
)
_REVOKE_CLIENT = Statement(
    update(client)
    .where(
        client.c.organization_id == bindparam("p_organization_id"),
        client.c.client_id == bindparam("p_client_id"),
        client.c.revoked_at.is_(None),
    )
    .values(revoked_at=bindparam("revoked_at"))
)
_IS_REVOKED = Statement(
    select(revoked_token.c.token_id).where(
        revoked_token.c.organization_id == bindparam("organization_id"),
        revoked_token.c.token_id == bindparam("token_id"),
    )
)


async def add_client(tx: Transaction, added: Client) -> bool:
    """Insert a client; False when its id is taken, in any organization."""
    if not await tx.claim(directory, [("client", added.client_id, added.organization_id)]):
        return False
    return bool(await tx.claim(client, [msgspec.structs.astuple(added)]))


async def get_client(tx: Transaction, organization_id: int, *, client_id: str) -> Client | None:
    """Give a client, revoked or not, or None."""
    rows = await tx.rows(_CLIENT, organization_id=organization_id, client_id=client_id)
    return Client(*rows[0]) if rows else None


async def clients(tx: Transaction, organization_id: int) -> list[Client]:
    """Give an organization's clients, oldest first."""
    return [Client(*row) for row in await tx.rows(_CLIENTS, organization_id=organization_id)]


async def revoke_client(tx: Transaction, organization_id: int, *, client_id: str, now: int) -> bool:
    """Revoke a client and with it all its tokens; False when there is none that is not revoked."""
    values = {"p_organization_id": organization_id, "p_client_id": client_id, "revoked_at": now}
    return await tx.run(_REVOKE_CLIENT, **values) == 1


async def revoke_token(tx: Transaction, organization_id: int, *, token_id: str, expires_at: int) -> None:
    """Revoke one token."""
    await tx.claim(revoked_token, [(organization_id, token_id, expires_at)])


async def is_revoked(tx: Transaction, organization_id: int, *, token_id: str) -> bool:
    """Say whether one token was revoked."""
    return bool(await tx.rows(_IS_REVOKED, organization_id=organization_id, token_id=token_id))


# --------------------------------------------------------------------------------------------------------------- people
_PERSON = Statement(select(person).where(person.c.email == bindparam("email")))
_MEMBERSHIPS = Statement(
    select(membership).where(membership.c.email == bindparam("email")).order_by(membership.c.organization_id)
)
_REVOKE_PERSON = Statement(
    update(person)
    .where(person.c.email == bindparam("p_email"))
    .values(token_version=person.c.token_version + 1, updated_at=bindparam("updated_at"))
)


async def add_person(tx: Transaction, added: Person) -> bool:
    """Insert a person; False when the e-mail is taken."""
    return bool(await tx.claim(person, [msgspec.structs.astuple(added)]))


async def add_membership(tx: Transaction, added: Membership) -> bool:
    """Insert a membership; False when there is one."""
    return bool(await tx.claim(membership, [msgspec.structs.astuple(added)]))


async def get_person(tx: Transaction, *, email: str) -> Person | None:
    """Give a person, or None."""
    rows = await tx.rows(_PERSON, email=email)
    return Person(*rows[0]) if rows else None


async def memberships(tx: Transaction, *, email: str) -> list[Membership]:
    """Give the organizations a person belongs to. The one query across organizations: it decides which may be asked."""
    return [Membership(*row) for row in await tx.rows(_MEMBERSHIPS, email=email)]


async def revoke_person(tx: Transaction, *, email: str, now: int) -> bool:
    """Revoke every token a person has."""
    return await tx.run(_REVOKE_PERSON, p_email=email, updated_at=now) == 1


# ---------------------------------------------------------------------------------------------------- vendor references
_REFERENCES = Statement(
    select(vendor_reference.c.kind, vendor_reference.c.value)
    .where(vendor_reference.c.organization_id == bindparam("organization_id"))
    .order_by(vendor_reference.c.kind, vendor_reference.c.value)
)


async def add_vendor_reference(tx: Transaction, organization_id: int, *, kind: str, value: str) -> bool:
    """Note an id a vendor gave the organization; False when it is noted already."""
    return bool(await tx.claim(vendor_reference, [(organization_id, kind, value)]))


async def vendor_references(tx: Transaction, organization_id: int) -> set[tuple[str, str]]:
    """Give all (kind, value) of an organization."""
    return {(row[0], row[1]) for row in await tx.rows(_REFERENCES, organization_id=organization_id)}


# -------------------------------------------------------------------------------------------------------------- catalog
def _entries_statement(by: str, *columns: Any) -> Statement:
    return Statement(
        select(*columns).where(
            catalog_entry.c.organization_id == bindparam("organization_id"),
            catalog_entry.c.kind == bindparam("kind"),
            AnyOf(catalog_entry.c[by], "keys"),
        )
    )


_ENTRIES = {by: _entries_statement(by, catalog_entry) for by in ("key", "name")}
_MARKS = {
    by: _entries_statement(by, *(catalog_entry.c[name] for name in RowVersion.__struct_fields__))
    for by in ("key", "name")
}


_CHANGE_ENTRY = Statement(
    update(catalog_entry)
    .where(
        catalog_entry.c.organization_id == bindparam("p_organization_id"),
        catalog_entry.c.kind == bindparam("p_kind"),
        catalog_entry.c.key == bindparam("p_key"),
        catalog_entry.c.document == bindparam("seen"),
    )
    .values(document=bindparam("document"), updated_at=bindparam("updated_at"))
)


_REMOVE_ENTRY = Statement(
    delete(catalog_entry).where(
        catalog_entry.c.organization_id == bindparam("organization_id"),
        catalog_entry.c.kind == bindparam("kind"),
        catalog_entry.c.key == bindparam("key"),
    )
)


async def entries(
    tx: Transaction, organization_id: int, *, kind: str, keys: Sequence[str], by: str = "key"
) -> list[CatalogEntry]:
    """Give the entries of a kind with these keys (or these names, with `by="name"`)."""
    if not keys:
        return []
    rows = await tx.rows(_ENTRIES[by], organization_id=organization_id, kind=kind, keys=keys)
    return [CatalogEntry(*row) for row in rows]


async def entry_versions(
    tx: Transaction, organization_id: int, *, kind: str, keys: Sequence[str], by: str = "key"
) -> list[RowVersion]:
    """As `entries`, without what they say."""
    if not keys:
        return []
    rows = await tx.rows(_MARKS[by], organization_id=organization_id, kind=kind, keys=keys)
    return [RowVersion(*row) for row in rows]


async def add_entry(tx: Transaction, added: CatalogEntry) -> bool:
    """Insert a catalog entry; False when its key is taken."""
    return bool(await tx.claim(catalog_entry, [msgspec.structs.astuple(added)]))


async def change_entry(tx: Transaction, organization_id: int, *, changed: CatalogEntry, seen: bytes) -> bool:
    """Write a changed entry's document and time if its document is still `seen`."""
    values = {"p_organization_id": organization_id, "p_kind": changed.kind, "p_key": changed.key, "seen": seen}
    return await tx.run(_CHANGE_ENTRY, **values, document=changed.document, updated_at=changed.updated_at) == 1


async def remove_entry(tx: Transaction, organization_id: int, *, kind: str, key: str) -> bool:
    """Delete a catalog entry; False when there is none. Its key is free afterwards."""
    return await tx.run(_REMOVE_ENTRY, organization_id=organization_id, kind=kind, key=key) == 1


@cache
def _list_statement(searched: bool, counting: bool) -> Statement:
    columns: Any = func.count() if counting else catalog_entry
    query = (
        select(columns)
        .select_from(catalog_entry)
        .where(
            catalog_entry.c.organization_id == bindparam("organization_id"), catalog_entry.c.kind == bindparam("kind")
        )
    )
    if searched:
        like = catalog_entry.c.search.like(bindparam("pattern"), escape="\\")
        query = query.where(or_(like, catalog_entry.c.key == bindparam("term")))
    if not counting:
        query = query.order_by(catalog_entry.c.position.desc()).limit(bindparam("limit")).offset(bindparam("offset"))
    return Statement(query)


async def list_entries(
    tx: Transaction, organization_id: int, *, kind: str, term: str | None, limit: int, offset: int
) -> tuple[list[CatalogEntry], int]:
    """Give a page of a kind, newest first, and how many there are; `term` narrows to text that holds it, or a key."""
    values: dict[str, Any] = {"organization_id": organization_id, "kind": kind}
    if term:
        escaped = term.casefold().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values |= {"pattern": f"%{escaped}%", "term": term}
    rows: Sequence[Row] = await tx.rows(_list_statement(bool(term), False), limit=limit, offset=offset, **values)
    total = await tx.rows(_list_statement(bool(term), True), **values)
    return [CatalogEntry(*row) for row in rows], int(total[0][0])
