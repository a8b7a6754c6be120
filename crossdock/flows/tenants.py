"""Organizations with their API clients and people: add, change, revoke, remove."""

import asyncio
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from crossdock.core.errors import Code, Conflict
from crossdock.core.ids import to_base32
from crossdock.core.retry_policy import Health
from crossdock.core.subscription import MAIL_ENDPOINT
from crossdock.flows import access
from crossdock.flows.context import Context
from crossdock.store import deliveries
from crossdock.store import tenants as tenant_store
from crossdock.store.deliveries import Endpoint
from crossdock.store.protocols import Transaction
from crossdock.store.tenants import DISABLED
from crossdock.store.tenants import Client as Client
from crossdock.store.tenants import Membership as Membership
from crossdock.store.tenants import Organization as Organization
from crossdock.store.tenants import Person as Person

# How long both secrets of a client are valid after a rotation, unless said otherwise: a day to deploy the new one.
ROTATION_S = 86_400
_LONGEST_NAME = 200


async def clients(context: Context, organization_id: int) -> list[Client]:
    """Read an organization's clients, oldest first."""
    async with context.store.reading() as tx:
        return await tenant_store.clients(tx, organization_id)


async def rotate_client(
    context: Context, organization_id: int, *, client_id: str, secret: str | None = None, overlap_s: int = ROTATION_S
) -> str | None:
    """Replace a client's secret and return the new one; None when there is no such client, or it was revoked.

    The earlier secret, and the tokens issued for it, stay valid for `overlap_s`; one that was replaced before ends at once.
    """
    secret = secret or secrets.token_urlsafe(32)
    now = context.clock()
    is_changed = False
    while not is_changed:
        async with context.store.writing() as tx:
            client = await tenant_store.get_client(tx, organization_id, client_id=client_id)
            if client is None or client.revoked_at is not None:
                return None
            seen, until = client.secret_hash, now + overlap_s * 1_000_000
            hashed = f"{access.hash_secret(secret)} {client.valid_hashes(now)[0]} {until}"
            changed = msgspec.structs.replace(client, secret_hash=hashed)
            is_changed = await tenant_store.change_client_secret(tx, changed, seen=seen)
    context.access.forget()
    return secret


async def revoke_client(context: Context, organization_id: int, *, client_id: str) -> bool:
    """Revoke a client and all its tokens; False when there is no such client left to revoke."""
    async with context.store.writing() as tx:
        done = await tenant_store.revoke_client(tx, organization_id, client_id=client_id, now=context.clock())
    context.access.forget()
    return done


async def revoke_person(context: Context, *, email: str) -> bool:
    """Revoke every token a person has; False when there is no such person. They may sign in again: see disable_person."""
    async with context.store.writing() as tx:
        done = await tenant_store.revoke_person(tx, email=email.lower(), now=context.clock())
    context.access.forget()
    return done


async def disable_person(context: Context, *, email: str) -> bool:
    """Revoke every token of a person and refuse their sign-in; False when there is no such person."""
    return await _change_hash(context, email, lambda hashed: DISABLED + hashed.removeprefix(DISABLED))


async def enable_person(context: Context, *, email: str) -> bool:
    """Let a disabled person sign in again, with the password they had; False when there is no such person."""
    return await _change_hash(context, email, lambda hashed: hashed.removeprefix(DISABLED))


async def set_password(context: Context, *, email: str, password: str) -> bool:
    """Set a person's password and revoke every token; a disabled person may sign in again. False where there is none."""
    hashed = await _hash(password)
    return await _change_hash(context, email, lambda _: hashed)


async def _change_hash(context: Context, email: str, change: Callable[[str], str]) -> bool:
    """Change a person's password hash, again where another process has just changed it; False where there is none."""
    is_changed = False
    while not is_changed:
        async with context.store.writing() as tx:
            person = await tenant_store.get_person(tx, email=email.lower())
            if person is None:
                return False
            seen, hashed = person.password_hash, change(person.password_hash)
            is_changed = hashed == seen or await tenant_store.set_password_hash(
                tx, email=person.email, seen=seen, password_hash=hashed, now=context.clock()
            )
    context.access.forget()
    return True


async def members(context: Context, organization_id: int) -> list[tuple[Person, Membership]]:
    """Read the people of an organization, by e-mail."""
    async with context.store.reading() as tx:
        # Not one query: on a distributed database people and memberships are stored in different places.
        found = [
            (await tenant_store.get_person(tx, email=each.email), each)
            for each in await tenant_store.members(tx, organization_id)
        ]
    return [(person, membership) for person, membership in found if person is not None]


async def organizations_of(context: Context, *, email: str) -> list[tuple[Organization, Membership]]:
    """Read the organizations a person belongs to, by name."""
    async with context.store.reading() as tx:
        places = await tenant_store.memberships(tx, email=email.lower())
        found = [(await tenant_store.get_organization(tx, each.organization_id), each) for each in places]
    return sorted(((one, each) for one, each in found if one is not None), key=lambda each: each[0].name)


async def change_scopes(context: Context, organization_id: int, *, email: str, scopes: str) -> bool:
    """Set what a person may do in an organization; False when they are not in it."""
    async with context.store.writing() as tx:
        is_changed = await tenant_store.set_scopes(tx, organization_id, email=email.lower(), scopes=scopes)
    context.access.forget()
    return is_changed


async def remove_person(context: Context, organization_id: int, *, email: str) -> bool:
    """Remove a person from an organization, and the person where it was their last; False when they are not in it."""
    email = email.lower()
    async with context.store.writing() as tx:
        if not await tenant_store.remove_membership(tx, organization_id, email=email):
            return False
        if not await tenant_store.memberships(tx, email=email):
            await tenant_store.remove_person(tx, email=email)
    context.access.forget()
    return True


# --------------------------------------------------------------------------------------------------------- registration
async def find_organizations(context: Context, name_or_id: str) -> list[Organization]:
    """Find the organization with this id, or those with this name in any case; an older version accepted equal names."""
    async with context.store.reading() as tx:
        if name_or_id.isascii() and name_or_id.isdigit() and len(name_or_id) < 19:  # more is no 64-bit number
            organization = await tenant_store.get_organization(tx, int(name_or_id))
            if organization is not None:
                return [organization]
        return [each for each in await tenant_store.organizations(tx) if _same(each.name, name_or_id)]


async def organizations(context: Context) -> list[Organization]:
    """Read all organizations, oldest first."""
    async with context.store.reading() as tx:
        return await tenant_store.organizations(tx)


async def organization_now(context: Context, organization_id: int) -> Organization:
    """Read an organization as it is stored now; that of a caller may be some seconds old."""
    async with context.store.reading() as tx:
        found = await tenant_store.get_organization(tx, organization_id)
    assert found is not None, "its caller was recognized"
    return found


async def vendor_references(context: Context, organization_id: int) -> set[tuple[str, str]]:
    """Read the ids that vendors gave an organization, as (kind, value)."""
    async with context.store.reading() as tx:
        return await tenant_store.vendor_references(tx, organization_id)


async def add_organization(
    context: Context, *, name: str, uuid: str, references: Iterable[tuple[str, str]] = ()
) -> Organization:
    """Add an organization, with the endpoint that sends mails to its customers.

    `uuid` names it in event sources and at the vendor whose organization ids are UUIDs; `references` are ids that vendors
    gave it, as (kind, value). Refuses with Conflict `exists` when the name, the UUID or a reference is another's.
    """
    now = context.clock()
    added = Organization(context.id_generator.new(now), check_name(name), uuid.lower(), now, now)
    async with context.store.writing() as tx:
        await _check_free(tx, added, references)
        if not await tenant_store.add_organization(tx, added):
            raise await _uuid_taken(tx, added.uuid)
        for kind, value in references:
            await tenant_store.add_vendor_reference(tx, added.organization_id, kind=kind, value=value)
        mails = Endpoint(
            added.organization_id, MAIL_ENDPOINT, 1, "email", "enabled", None, 0, Health(), now, now, b"{}"
        )
        await deliveries.add_endpoint(tx, mails)
    return added


async def change_organization(
    context: Context,
    organization: Organization,
    *,
    name: str | None = None,
    uuid: str | None = None,
    references: Mapping[str, Sequence[str]] | None = None,
    seed_kinds: Collection[str] = (),
    seen: int | None = None,
) -> Organization:
    """Change an organization's name, UUID, or the ids of a kind (`references`), which replace those it had.

    Refuses with Conflict `stale_version` where it was changed since `seen`, its `updated_at` as a person saw it.

    Refuses as add_organization does; also another UUID once there are orders, whose events name it, or catalog entries of
    other kinds than the `seed_kinds`, whose keys may be computed from it.
    """
    changed = msgspec.structs.replace(
        organization,
        name=organization.name if name is None else check_name(name),
        uuid=organization.uuid if uuid is None else uuid.lower(),
        updated_at=max(context.clock(), organization.updated_at + 1),
    )
    by_kind = references or {}
    async with context.store.writing() as tx:
        if seen is not None:
            stored = await tenant_store.get_organization(tx, changed.organization_id, for_update=True)
            if stored is None or stored.updated_at != seen:
                raise Conflict(Code.STALE_VERSION, "the organization was changed by another request")
        await _check_free(tx, changed, [(kind, value) for kind, values in by_kind.items() for value in values])
        if changed.uuid != organization.uuid:
            kinds = await tenant_store.catalog_kinds(tx, changed.organization_id) - set(seed_kinds)
            if kinds or await tenant_store.has_orders(tx, changed.organization_id):
                raise Conflict(
                    Code.EXISTS, f"{organization.name} has orders or products, so its id can no longer be changed"
                )
        if not await tenant_store.change_organization(tx, changed, before=organization):
            raise await _uuid_taken(tx, changed.uuid)
        for kind, values in by_kind.items():
            await tenant_store.remove_vendor_references(tx, changed.organization_id, kind=kind)
            for value in values:
                await tenant_store.add_vendor_reference(tx, changed.organization_id, kind=kind, value=value)
    context.access.forget()
    return changed


async def remove_organization(context: Context, organization: Organization) -> None:
    """Delete an organization with all that belongs to it, and the people who are in no other.

    Refuses with Conflict `exists` where it has orders, whose history is kept, and while anybody can sign in: who could
    might be creating an order at this moment.
    """
    organization_id = organization.organization_id
    async with context.store.writing() as tx:
        if await tenant_store.has_orders(tx, organization_id):
            raise Conflict(
                Code.EXISTS, f"{organization.name} has orders, so it cannot be removed; revoke its clients instead"
            )
        if active := [each for each in await tenant_store.clients(tx, organization_id) if each.revoked_at is None]:
            ids = ", ".join(each.client_id for each in active)
            raise Conflict(Code.EXISTS, f"{organization.name} has active clients; revoke them first: {ids}")
        if members := await tenant_store.members(tx, organization_id):
            emails = ", ".join(each.email for each in members)
            raise Conflict(Code.EXISTS, f"{organization.name} has users; remove them first: {emails}")
        await tenant_store.remove_organization(tx, organization_id)
    context.access.forget()


def check_name(name: str) -> str:
    """Return an organization's name. Raises ValueError for one that cannot be told from an id, or not be typed."""
    if not name or name != name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise ValueError(
            f"the name of an organization has 1 to {_LONGEST_NAME} printable characters, without spaces around them"
        )
    if name.isdigit():
        raise ValueError(f"the name {name} could be mistaken for an id; add a letter")
    return name


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


async def _check_free(tx: Transaction, organization: Organization, references: Iterable[tuple[str, str]]) -> None:
    """Refuse with Conflict `exists` a name or an id of a vendor that another organization has.

    Two commands at the same moment may both pass on PostgreSQL. That harms nobody: the token decides whose orders are meant,
    and an ambiguous name is refused where it is used.
    """
    others = {
        each.organization_id: each.name
        for each in await tenant_store.organizations(tx)
        if each.organization_id != organization.organization_id
    }
    if any(_same(name, organization.name) for name in others.values()):
        raise Conflict(Code.EXISTS, f"there is an organization with the name {organization.name}")
    for kind, value in references:
        for holder in await tenant_store.organizations_with_reference(tx, kind=kind, value=value):
            if holder in others:
                raise Conflict(
                    Code.EXISTS, f"the {kind.replace('_', ' ')} {value} belongs to the organization {others[holder]}"
                )


async def _uuid_taken(tx: Transaction, uuid: str) -> Conflict:
    holder_id = await tenant_store.find_organization(tx, kind="s2_organization", name=uuid)
    holder = await tenant_store.get_organization(tx, holder_id) if holder_id else None
    return Conflict(
        Code.EXISTS, f"the organization id {uuid} belongs to the organization {holder.name if holder else ''}"
    )


async def add_client(
    context: Context,
    organization_id: int,
    *,
    name: str,
    scopes: str,
    client_id: str | None = None,
    secret: str | None = None,
) -> tuple[Client, str]:
    """Add a client; returns it with its secret, of which only a hash is stored.

    `client_id` and `secret` are those that the client has already, where it has. Refuses with Conflict `exists` when the id
    is taken.
    """
    now = context.clock()
    client_id = client_id or to_base32(context.id_generator.new(now))
    secret = secret or secrets.token_urlsafe(32)
    added = Client(organization_id, client_id, name, access.hash_secret(secret), scopes, now, None)
    async with context.store.writing() as tx:
        if not await tenant_store.add_client(tx, added):
            raise Conflict(Code.EXISTS, f"there is a client with the id {client_id} {await _place_of(tx, client_id)}")
    return added, secret


async def _place_of(tx: Transaction, client_id: str) -> str:
    """Say which organization a client belongs to."""
    organization_id = await tenant_store.find_organization(tx, kind="client", name=client_id)
    organization = await tenant_store.get_organization(tx, organization_id) if organization_id else None
    return f"in the organization {organization.name}" if organization else "already"


async def add_person(
    context: Context,
    organization_id: int,
    *,
    email: str,
    name: str,
    password: str,
    scopes: str,
    hashed: str | None = None,
) -> bool:
    """Add a person to an organization; False where the person exists already, who keeps their name and password.

    `hashed` is the password's hash where it is known already. Refuses with Conflict `exists` when they are in it already.
    """
    now = context.clock()
    added = Person(email.lower(), context.id_generator.new(now), name, hashed or await _hash(password), 0, now, now)
    async with context.store.writing() as tx:
        is_new = await tenant_store.add_person(tx, added)
        if not await tenant_store.add_membership(tx, Membership(organization_id, added.email, "ADMIN", scopes)):
            raise Conflict(Code.EXISTS, f"{email} belongs to the organization already")
    return is_new


# Argon2id as RFC 9106 recommends it where memory is short: 64 MiB, 3 passes, 4 threads; a tenth of a second of a core.
PASSWORD_WORK: dict[str, Any] = {"memory_cost": 65_536, "time_cost": 3, "parallelism": 4}


async def _hash(password: str) -> str:
    from argon2 import PasswordHasher

    work = PASSWORD_WORK
    hasher = PasswordHasher(work["time_cost"], work["memory_cost"], work["parallelism"])
    return await asyncio.to_thread(hasher.hash, password)


async def add_vendor_reference(context: Context, organization_id: int, *, kind: str, value: str) -> None:
    """Add an id that a vendor gave the organization (kind `fabric_account`, `pb_fulfillment_client`)."""
    async with context.store.writing() as tx:
        await tenant_store.add_vendor_reference(tx, organization_id, kind=kind, value=value)
    context.access.forget()
