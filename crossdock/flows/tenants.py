"""Organizations with their API clients and people: add, change, revoke, remove."""

import asyncio
import secrets
from collections.abc import Callable

from crossdock.core.errors import Code, Conflict
from crossdock.core.ids import to_base32
from crossdock.core.retry_policy import Health
from crossdock.core.subscription import MAIL_ENDPOINT
from crossdock.flows import access
from crossdock.flows.context import Context
from crossdock.store import deliveries
from crossdock.store import tenants as tenant_store
from crossdock.store.deliveries import Endpoint
from crossdock.store.tenants import DISABLED, Client
from crossdock.store.tenants import Membership as Membership
from crossdock.store.tenants import Organization as Organization
from crossdock.store.tenants import Person as Person


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
async def add_organization(context: Context, *, name: str, uuid: str) -> Organization:
    """Add an organization, with the endpoint that sends mails to its customers.

    `uuid` names it in event sources and at the vendor whose organization ids are UUIDs. Refuses with Conflict `exists` when
    the UUID is taken.
    """
    now = context.clock()
    added = Organization(context.id_generator.new(now), name, uuid.lower(), now, now)
    async with context.store.writing() as tx:
        if not await tenant_store.add_organization(tx, added):
            raise Conflict(Code.EXISTS, f"there is an organization with the id {uuid}")
        mails = Endpoint(
            added.organization_id, MAIL_ENDPOINT, 1, "email", "enabled", None, 0, Health(), now, now, b"{}"
        )
        await deliveries.add_endpoint(tx, mails)
    return added


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

    Refuses with Conflict `exists` when the id is taken.
    """
    now = context.clock()
    client_id = client_id or to_base32(context.id_generator.new(now))
    secret = secret or secrets.token_urlsafe(32)
    added = Client(organization_id, client_id, name, access.hash_secret(secret), scopes, now, None)
    async with context.store.writing() as tx:
        if not await tenant_store.add_client(tx, added):
            raise Conflict(Code.EXISTS, f"there is a client with the id {client_id}")
    return added, secret


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


async def _hash(password: str) -> str:
    from argon2 import PasswordHasher

    return await asyncio.to_thread(PasswordHasher().hash, password)


async def add_vendor_reference(context: Context, organization_id: int, *, kind: str, value: str) -> None:
    """Add an id that a vendor gave the organization (kind `fabric_account`, `pb_fulfillment_client`)."""
    async with context.store.writing() as tx:
        await tenant_store.add_vendor_reference(tx, organization_id, kind=kind, value=value)
    context.access.forget()
