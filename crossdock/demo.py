"""The organization "Demo": fixed, published identifiers, so that the vendors' sample bodies work unchanged.

For servers that listen on loopback addresses only."""

import ipaddress
from collections.abc import Sequence

from crossdock.core.errors import Conflict
from crossdock.doors import Door, Seed, encode_json
from crossdock.flows import access, reference_data, tenants
from crossdock.flows.access import system_caller
from crossdock.flows.context import Context
from crossdock.settings import Settings
from crossdock.store import tenants as tenant_store
from crossdock.store.protocols import Store
from crossdock.store.tenants import Organization

NAME = "Demo"
CLIENT_ID = "demo"
CLIENT_SECRET = "demo-secret"
USER = "demo@example.com"
PASSWORD = "demo-password"
# Who gets no token from a server without --demo, though a database that once served the demo has them.
SUBJECTS = frozenset({CLIENT_ID, USER})
# The hash of a published password is no secret either; computing it took a sixth of a first start.
PASSWORD_HASH = "$argon2id$v=19$m=65536,t=3,p=4$QmKylygMxnHV/SWS1MW2Uw$wxeVBudXuPJOtwPAuh7A0uL7aBR4ETLHYa3HZpbCzKM"
ORGANIZATION_UUID = "95d73baf-76ba-4bea-86ac-1534c5e5d4aa"


def is_loopback(host: str) -> bool:
    """Check whether an address to listen on can be reached from this machine only."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_loopback(settings: Settings) -> None:
    """Raise ValueError unless the server listens on loopback only: the demo's secrets are published."""
    if not is_loopback(settings.host):
        raise ValueError(
            f"--demo is refused on {settings.host}: its credentials are published, so it must listen on loopback, 127.0.0.1"
        )


async def ensure(context: Context, doors: Sequence[Door]) -> Organization:
    """Add the demo organization where it is missing, with each door's demo seeds, a client and a user."""
    if (known := await find(context.store)) is not None:
        return known
    try:
        added = await tenants.add_organization(context, name=NAME, uuid=ORGANIZATION_UUID)
    except Conflict as conflict:
        if (known := await find(context.store)) is not None:  # another process was first
            return known
        raise ValueError(f"--demo: {conflict}, and it is not the demo's; use another database") from conflict
    scopes = " ".join(access.SCOPES)
    for door in doors:
        for seed in door.demo_seeds:
            await add_seed(context, added, seed)
    await tenants.add_person(
        context, added.organization_id, email=USER, name="Demo", password=PASSWORD, hashed=PASSWORD_HASH, scopes=scopes
    )
    await tenants.add_client(
        context, added.organization_id, name="Demo", scopes=scopes, client_id=CLIENT_ID, secret=CLIENT_SECRET
    )
    return added


async def find(store: Store) -> Organization | None:
    """Read the demo organization; None where the database has none."""
    async with store.reading() as tx:
        organization_id = await tenant_store.find_organization(tx, kind="s2_organization", name=ORGANIZATION_UUID)
        return await tenant_store.get_organization(tx, organization_id) if organization_id else None


async def add_seed(context: Context, organization: Organization, seed: Seed) -> None:
    """Add a door's seed to an organization: a vendor reference, or a catalog entry."""
    if seed.document is None:
        await tenants.add_vendor_reference(context, organization.organization_id, kind=seed.kind, value=seed.key)
        return
    await reference_data.add(
        context,
        system_caller(organization, "crossdock"),
        kind=seed.kind,
        key=seed.key,
        name=seed.name,
        search=seed.search,
        document=encode_json(seed.document),
    )


def examples(settings: Settings, doors: Sequence[Door]) -> str:
    """Return for each door one command that creates an order when pasted."""
    base = settings.base_url
    lines = [f"Crossdock serves the organization {NAME} at {base} (documentation at {base}/docs). Paste one of these:"]
    lines += [f"\n# {door.title}\n{door.demo_curl(base)}" for door in doors if door.demo_curl is not None]
    return "\n".join(lines)
