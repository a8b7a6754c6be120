"""Organizations, their API clients, people with memberships, and the ids that vendors gave the organizations."""

from collections.abc import Sequence
from itertools import starmap

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, delete, select, update

from crossdock.store.dialect import AnyOf, DatabaseBytes, EngineVersion
from crossdock.store.protocols import Statement, Transaction
from crossdock.store.records import check_columns, columns_of
from crossdock.store.tables import (
    catalog_entry,
    client,
    directory,
    installation,
    membership,
    metadata,
    orders,
    organization,
    person,
    revoked_token,
    vendor_reference,
)


class Organization(Struct, frozen=True, cache_hash=True):
    """A tenant. `uuid` is its id in the S2 door."""

    organization_id: int
    name: str
    uuid: str
    created_at: int
    updated_at: int


class Client(Struct, frozen=True):
    """An API client: a program with an id and a secret.

    `secret_hash` is the hash of the secret; after a rotation `<hash> <earlier hash> <time in microseconds>`: until then the
    earlier secret is valid, too.
    """

    organization_id: int
    client_id: str
    name: str
    secret_hash: str
    scopes: str
    created_at: int
    revoked_at: int | None

    @property
    def is_rotated(self) -> bool:
        """Whether its secret was replaced at least once."""
        return " " in self.secret_hash

    def valid_hashes(self, now: int) -> tuple[str, ...]:
        """Return the hashes of the secrets that are valid now, the newest first."""
        newest, *earlier = self.secret_hash.split(" ")
        return (newest, earlier[0]) if earlier and now < int(earlier[1]) else (newest,)


# Before the password hash of a person who may not sign in: no password has such a hash, and the hash itself is not lost.
DISABLED = "!"


class Person(Struct, frozen=True):
    """A person who signs in with e-mail and password."""

    email: str
    person_id: int
    name: str
    password_hash: str
    token_version: int
    created_at: int
    updated_at: int

    @property
    def is_disabled(self) -> bool:
        """Whether sign-in is refused whatever the password."""
        return self.password_hash.startswith(DISABLED)


class Membership(Struct, frozen=True):
    """A person's role and scopes in an organization."""

    organization_id: int
    email: str
    role: str
    scopes: str


for _table, _record in ((organization, Organization), (client, Client), (person, Person), (membership, Membership)):
    check_columns(_table, _record)
_ORGANIZATION_COLUMNS, _CLIENT_COLUMNS = columns_of(organization, Organization), columns_of(client, Client)
_PERSON_COLUMNS, _MEMBERSHIP_COLUMNS = columns_of(person, Person), columns_of(membership, Membership)


# --------------------------------------------------------------------------------------------------------- installation
_VALUE = Statement(select(installation.c.value).where(installation.c.name == bindparam("name")))
_VALUES = Statement(
    select(installation.c.name, installation.c.value)
    .where(AnyOf(installation.c.name, "names"))
    .order_by(installation.c.name)
)
_DATABASE = Statement(select(DatabaseBytes().label("bytes"), EngineVersion().label("engine_version")))
_SET_VALUE = Statement(
    update(installation)
    .where(installation.c.name == bindparam("p_name"), installation.c.value == bindparam("seen"))
    .values(value=bindparam("value"))
)


async def installation_value(tx: Transaction, name: str, *, default: str) -> str:
    """Read a value of the installation, storing `default` where there is none yet."""
    await tx.claim(installation, [(name, default)])
    rows = await tx.rows(_VALUE, name=name)
    return str(rows[0]["value"])


async def set_installation_value(tx: Transaction, name: str, *, seen: str, value: str) -> bool:
    """Change a value of the installation if it is still `seen`."""
    return await tx.run(_SET_VALUE, p_name=name, seen=seen, value=value) == 1


async def find_installation_values(tx: Transaction, names: Sequence[str]) -> dict[str, str]:
    """Read values of the installation that are there, by name."""
    return {row["name"]: row["value"] for row in await tx.rows(_VALUES, names=sorted(names))}


async def put_installation_value(tx: Transaction, name: str, value: str) -> None:
    """Set a value of the installation, whatever it is."""
    seen = await installation_value(tx, name, default=value)
    await set_installation_value(tx, name, seen=seen, value=value)


async def database_size(tx: Transaction) -> tuple[int, str]:
    """Return the size of the database in bytes, and the version of its engine."""
    (row,) = await tx.rows(_DATABASE)
    return int(row["bytes"]), str(row["engine_version"])


# -------------------------------------------------------------------------------------------------------- organizations
_ORGANIZATION = Statement(
    select(*_ORGANIZATION_COLUMNS).where(organization.c.organization_id == bindparam("organization_id"))
)
_ORGANIZATION_TO_CHANGE = Statement(
    select(*_ORGANIZATION_COLUMNS)
    .where(organization.c.organization_id == bindparam("organization_id"))
    .with_for_update()
)
_ORGANIZATIONS = Statement(select(*_ORGANIZATION_COLUMNS).order_by(organization.c.organization_id))
_IN_DIRECTORY = Statement(
    select(directory.c.organization_id).where(
        directory.c.kind == bindparam("kind"), directory.c.name == bindparam("name")
    )
)


_CHANGE_ORGANIZATION = Statement(
    update(organization)
    .where(organization.c.organization_id == bindparam("p_organization_id"))
    .values(name=bindparam("name"), uuid=bindparam("uuid"), updated_at=bindparam("updated_at"))
)
_REMOVE_FROM_DIRECTORY = Statement(
    delete(directory).where(
        directory.c.kind == bindparam("kind"),
        directory.c.name == bindparam("name"),
        directory.c.organization_id == bindparam("organization_id"),
    )
)
_ANY_ORDER = Statement(
    select(orders.c.order_id).where(orders.c.organization_id == bindparam("organization_id")).limit(1)
)
_CATALOG_KINDS = Statement(
    select(catalog_entry.c.kind).where(catalog_entry.c.organization_id == bindparam("organization_id")).distinct()
)
_REMOVALS = [
    Statement(delete(table).where(table.c.organization_id == bindparam("organization_id")))
    for table in metadata.tables.values()
    if "organization_id" in table.c
]


async def add_organization(tx: Transaction, added: Organization) -> bool:
    """Insert an organization; False when its id or UUID is taken."""
    if not await tx.claim(directory, [("s2_organization", added.uuid, added.organization_id)]):
        return False
    return bool(await tx.claim(organization, [msgspec.structs.astuple(added)]))


async def change_organization(tx: Transaction, changed: Organization, *, before: Organization) -> bool:
    """Change an organization's name and UUID; False when the UUID is another's."""
    if changed.uuid != before.uuid:
        if not await tx.claim(directory, [("s2_organization", changed.uuid, changed.organization_id)]):
            return False
        values = {"kind": "s2_organization", "name": before.uuid, "organization_id": before.organization_id}
        await tx.run(_REMOVE_FROM_DIRECTORY, **values)
    await tx.run(
        _CHANGE_ORGANIZATION, p_organization_id=changed.organization_id, name=changed.name, uuid=changed.uuid,
        updated_at=changed.updated_at,
    )  # fmt: skip
    return True


async def has_orders(tx: Transaction, organization_id: int) -> bool:
    """Tell whether an organization has any order, archived or not."""
    return bool(await tx.rows(_ANY_ORDER, organization_id=organization_id))


async def catalog_kinds(tx: Transaction, organization_id: int) -> set[str]:
    """Read the kinds of catalog entries an organization has."""
    return {row["kind"] for row in await tx.rows(_CATALOG_KINDS, organization_id=organization_id)}


async def remove_organization(tx: Transaction, organization_id: int) -> None:
    """Delete an organization and every row of it in every table; people stay, without their membership."""
    for statement in _REMOVALS:
        await tx.run(statement, organization_id=organization_id)


async def get_organization(tx: Transaction, organization_id: int, *, for_update: bool = False) -> Organization | None:
    """Read an organization, or None; `for_update` keeps others from changing it until the transaction ends."""
    statement = _ORGANIZATION_TO_CHANGE if for_update else _ORGANIZATION
    rows = await tx.rows(statement, organization_id=organization_id)
    return Organization(*rows[0]) if rows else None


async def organizations(tx: Transaction) -> list[Organization]:
    """Read all organizations, oldest first."""
    return list(starmap(Organization, await tx.rows(_ORGANIZATIONS)))


async def find_organization(tx: Transaction, *, kind: str, name: str) -> int | None:
    """Find the organization of a client id (kind `client`) or S2 organization id (kind `s2_organization`)."""
    rows = await tx.rows(_IN_DIRECTORY, kind=kind, name=name)
    return int(rows[0]["organization_id"]) if rows else None


# -------------------------------------------------------------------------------------------------------------- clients
_CLIENT = Statement(
    select(*_CLIENT_COLUMNS).where(
        client.c.organization_id == bindparam("organization_id"), client.c.client_id == bindparam("client_id")
    )
)
_CLIENTS = Statement(
    select(*_CLIENT_COLUMNS)
    .where(client.c.organization_id == bindparam("organization_id"))
    .order_by(client.c.created_at)
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
_CHANGE_SECRET = Statement(
    update(client)
    .where(
        client.c.organization_id == bindparam("p_organization_id"),
        client.c.client_id == bindparam("p_client_id"),
        client.c.secret_hash == bindparam("seen"),
        client.c.revoked_at.is_(None),
    )
    .values(secret_hash=bindparam("secret_hash"))
)
_IS_REVOKED = Statement(
    select(revoked_token.c.token_id).where(
        revoked_token.c.organization_id == bindparam("organization_id"),
        revoked_token.c.token_id == bindparam("token_id"),
    )
)

_PRUNE_REVOKED = Statement(
    delete(revoked_token).where(
        revoked_token.c.organization_id == bindparam("organization_id"), revoked_token.c.expires_at <= bindparam("now")
    )
)


async def add_client(tx: Transaction, added: Client) -> bool:
    """Insert a client; False when its id is taken, in any organization."""
    if not await tx.claim(directory, [("client", added.client_id, added.organization_id)]):
        return False
    return bool(await tx.claim(client, [msgspec.structs.astuple(added)]))


async def get_client(tx: Transaction, organization_id: int, *, client_id: str) -> Client | None:
    """Read a client, revoked or not, or None."""
    rows = await tx.rows(_CLIENT, organization_id=organization_id, client_id=client_id)
    return Client(*rows[0]) if rows else None


async def clients(tx: Transaction, organization_id: int) -> list[Client]:
    """Read an organization's clients, oldest first."""
    return [Client(*row) for row in await tx.rows(_CLIENTS, organization_id=organization_id)]


async def change_client_secret(tx: Transaction, changed: Client, *, seen: str) -> bool:
    """Store a client's new secret hash if the stored one is still `seen` and the client is not revoked."""
    return (
        await tx.run(
            _CHANGE_SECRET, p_organization_id=changed.organization_id, p_client_id=changed.client_id, seen=seen,
            secret_hash=changed.secret_hash,
        )
        == 1
    )  # fmt: skip


async def revoke_client(tx: Transaction, organization_id: int, *, client_id: str, now: int) -> bool:
    """Revoke a client and so all its tokens; False where there is none, or it is revoked already."""
    values = {"p_organization_id": organization_id, "p_client_id": client_id, "revoked_at": now}
    return await tx.run(_REVOKE_CLIENT, **values) == 1


async def revoke_token(tx: Transaction, organization_id: int, *, token_id: str, expires_at: int) -> None:
    """Revoke one token."""
    await tx.claim(revoked_token, [(organization_id, token_id, expires_at)])


async def prune_revoked_tokens(tx: Transaction, organization_id: int, *, now: int) -> int:
    """Delete revoked tokens that have expired; returns how many."""
    return await tx.run(_PRUNE_REVOKED, organization_id=organization_id, now=now)


async def is_revoked(tx: Transaction, organization_id: int, *, token_id: str) -> bool:
    """Tell whether one token was revoked."""
    return bool(await tx.rows(_IS_REVOKED, organization_id=organization_id, token_id=token_id))


# --------------------------------------------------------------------------------------------------------------- people
_PERSON = Statement(select(*_PERSON_COLUMNS).where(person.c.email == bindparam("email")))
_PERSON_NAMES = Statement(select(person.c.email, person.c.name).where(AnyOf(person.c.email, "emails")))
_MEMBERSHIPS = Statement(
    select(*_MEMBERSHIP_COLUMNS).where(membership.c.email == bindparam("email")).order_by(membership.c.organization_id)
)
_REVOKE_PERSON = Statement(
    update(person)
    .where(person.c.email == bindparam("p_email"))
    .values(token_version=person.c.token_version + 1, updated_at=bindparam("updated_at"))
)


_SET_PASSWORD_HASH = Statement(
    update(person)
    .where(person.c.email == bindparam("p_email"), person.c.password_hash == bindparam("seen"))
    .values(
        password_hash=bindparam("password_hash"),
        token_version=person.c.token_version + 1,
        updated_at=bindparam("updated_at"),
    )
)
_MEMBERS = Statement(
    select(*_MEMBERSHIP_COLUMNS)
    .where(membership.c.organization_id == bindparam("organization_id"))
    .order_by(membership.c.email)
)
_REMOVE_MEMBERSHIP = Statement(
    delete(membership).where(
        membership.c.organization_id == bindparam("organization_id"), membership.c.email == bindparam("email")
    )
)
_SET_SCOPES = Statement(
    update(membership)
    .where(membership.c.organization_id == bindparam("organization_id"), membership.c.email == bindparam("p_email"))
    .values(scopes=bindparam("p_scopes"))
)
_REMOVE_PERSON = Statement(delete(person).where(person.c.email == bindparam("email")))


async def add_person(tx: Transaction, added: Person) -> bool:
    """Insert a person; False when the e-mail is taken."""
    return bool(await tx.claim(person, [msgspec.structs.astuple(added)]))


async def add_membership(tx: Transaction, added: Membership) -> bool:
    """Insert a membership; False when there is one."""
    return bool(await tx.claim(membership, [msgspec.structs.astuple(added)]))


async def get_person(tx: Transaction, *, email: str) -> Person | None:
    """Read a person, or None."""
    rows = await tx.rows(_PERSON, email=email)
    return Person(*rows[0]) if rows else None


async def person_names(tx: Transaction, *, emails: Sequence[str]) -> dict[str, str]:
    """Read the names of people by e-mail."""
    rows = await tx.rows(_PERSON_NAMES, emails=emails) if emails else []
    return {row["email"]: row["name"] for row in rows}


async def memberships(tx: Transaction, *, email: str) -> list[Membership]:
    """Read a person's memberships: a query across organizations, because it decides which the person may read."""
    return [Membership(*row) for row in await tx.rows(_MEMBERSHIPS, email=email)]


async def revoke_person(tx: Transaction, *, email: str, now: int) -> bool:
    """Revoke every token a person has."""
    return await tx.run(_REVOKE_PERSON, p_email=email, updated_at=now) == 1


async def set_password_hash(tx: Transaction, *, email: str, seen: str, password_hash: str, now: int) -> bool:
    """Set a person's password hash, if it is still `seen`, and revoke every token they have."""
    values = {"p_email": email, "seen": seen, "password_hash": password_hash, "updated_at": now}
    return await tx.run(_SET_PASSWORD_HASH, **values) == 1


async def members(tx: Transaction, organization_id: int) -> list[Membership]:
    """Read the memberships in an organization, by e-mail."""
    return [Membership(*row) for row in await tx.rows(_MEMBERS, organization_id=organization_id)]


async def remove_membership(tx: Transaction, organization_id: int, *, email: str) -> bool:
    """Remove a membership; False where there is none."""
    return await tx.run(_REMOVE_MEMBERSHIP, organization_id=organization_id, email=email) == 1


async def set_scopes(tx: Transaction, organization_id: int, *, email: str, scopes: str) -> bool:
    """Set the scopes of a membership; False where there is none."""
    return await tx.run(_SET_SCOPES, organization_id=organization_id, p_email=email, p_scopes=scopes) == 1


async def remove_person(tx: Transaction, *, email: str) -> None:
    """Remove a person, who must have no memberships left."""
    await tx.run(_REMOVE_PERSON, email=email)


# ---------------------------------------------------------------------------------------------------- vendor references
_REFERENCES = Statement(
    select(vendor_reference.c.kind, vendor_reference.c.value)
    .where(vendor_reference.c.organization_id == bindparam("organization_id"))
    .order_by(vendor_reference.c.kind, vendor_reference.c.value)
)


_HOLDERS = Statement(
    select(vendor_reference.c.organization_id)
    .where(vendor_reference.c.kind == bindparam("kind"), vendor_reference.c.value == bindparam("value"))
    .order_by(vendor_reference.c.organization_id)
)
_REMOVE_REFERENCES = Statement(
    delete(vendor_reference).where(
        vendor_reference.c.organization_id == bindparam("organization_id"),
        vendor_reference.c.kind == bindparam("kind"),
    )
)


async def organizations_with_reference(tx: Transaction, *, kind: str, value: str) -> list[int]:
    """Find who has a vendor id: a query across organizations, for the operator who is about to give it to one."""
    return [int(row["organization_id"]) for row in await tx.rows(_HOLDERS, kind=kind, value=value)]


async def remove_vendor_references(tx: Transaction, organization_id: int, *, kind: str) -> None:
    """Remove the ids of one kind that a vendor gave the organization."""
    await tx.run(_REMOVE_REFERENCES, organization_id=organization_id, kind=kind)


async def add_vendor_reference(tx: Transaction, organization_id: int, *, kind: str, value: str) -> bool:
    """Add an id that a vendor gave the organization; False where it is there already."""
    return bool(await tx.claim(vendor_reference, [(organization_id, kind, value)]))


async def vendor_references(tx: Transaction, organization_id: int) -> set[tuple[str, str]]:
    """Read an organization's vendor ids as (kind, value)."""
    return {(row["kind"], row["value"]) for row in await tx.rows(_REFERENCES, organization_id=organization_id)}
