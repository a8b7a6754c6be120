"""Organizations, their clients and users: added, changed, revoked."""

import asyncio
import secrets

from crossdock.core.errors import Code, Conflict
from crossdock.core.ids import to_base32
from crossdock.core.retry_policy import Health
from crossdock.core.subscription import MAIL_ENDPOINT
from crossdock.flows import access
from crossdock.flows.context import Context
from crossdock.store import deliveries
from crossdock.store import tenants as tenant_store
from crossdock.store.deliveries import Endpoint
from crossdock.store.tenants import Client, Membership, Organization, Person


async def revoke_client(context: Context, organization_id: int, *, client_id: str) -> bool:
    """Revoke a client and all its tokens; False when there is no such client left to revoke."""
    async with context.store.writing() as tx:
        done = await tenant_store.revoke_client(tx, organization_id, client_id=client_id, now=context.clock())
    context.access.forget()
    return done


async def revoke_person(context: Context, *, email: str) -> bool:
    """Revoke every token a person has; False when there is no such person."""
    async with context.store.writing() as tx:
        done = await tenant_store.revoke_person(tx, email=email.lower(), now=context.clock())
    context.access.forget()
    return done


# --------------------------------------------------------------------------------------------------------- registration
async def add_organization(context: Context, *, name: str, uuid: str) -> Organization:
    """Make an organization whose customers are told of their orders by mail; `uuid` is its S2 id.

    Refuses with Conflict `exists` when the UUID is taken.
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
    """Make a client and give it with its secret, which is not kept. Refuses with Conflict `exists` when the id is taken."""
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
) -> Person:
    """Make a person, or take one that exists, and let them into an organization.

    `hashed` is the password's hash where it is known already. Refuses with Conflict `exists` when they are in it already. The
    password of an existing person is left as it is.
    """
    now = context.clock()
    if hashed is None:
        from argon2 import PasswordHasher

        hashed = await asyncio.to_thread(PasswordHasher().hash, password)
    added = Person(email.lower(), context.id_generator.new(now), name, hashed, 0, now, now)
    async with context.store.writing() as tx:
        await tenant_store.add_person(tx, added)
        if not await tenant_store.add_membership(tx, Membership(organization_id, added.email, "ADMIN", scopes)):
            raise Conflict(Code.EXISTS, f"{email} belongs to the organization already")
    return added


async def add_vendor_reference(context: Context, organization_id: int, *, kind: str, value: str) -> None:
    """Note an id a vendor gave the organization (`fabric_account`, `pb_fulfillment_client`)."""
    async with context.store.writing() as tx:
        await tenant_store.add_vendor_reference(tx, organization_id, kind=kind, value=value)
    context.access.forget()
