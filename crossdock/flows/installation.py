"""The installation as a whole: its database, what is left to deliver, when it was verified and saved."""

import secrets

import msgspec
import structlog
from msgspec import Struct

from crossdock.core.errors import Busy
from crossdock.flows import endpoints
from crossdock.flows.access import ADMIN, Caller
from crossdock.flows.context import Context
from crossdock.flows.vault import UnknownKeyError, Vault
from crossdock.store import deliveries, tenants
from crossdock.store.deliveries import Backlog as Backlog
from crossdock.store.protocols import Transaction

# Names of installation values: what was done last, as a Record.
_TOKEN_KEY = "token_key"
VERIFIED, BACKED_UP = "verified", "backed_up"
_log = structlog.get_logger("crossdock.installation")


class Record(Struct, frozen=True):
    """When something was done (microseconds since 1970 UTC), and the number of faults that it found."""

    at: int
    faults: int = 0


class Installation(Struct, frozen=True):
    """The state of the installation. Sizes are bytes."""

    engine: str
    engine_version: str
    database_bytes: int
    backlogs: tuple[Backlog, ...]
    verified: Record | None
    backed_up: Record | None
    failing: tuple[str, ...]


async def token_key(tx: Transaction, vault: Vault) -> str:
    """Read the key that signs tokens, making it where there is none. Raises ValueError where it cannot be decrypted.

    Every process reads it at its start, which shows at once that the keys of the vault are not those of the database.
    """
    stored = await tenants.installation_value(tx, _TOKEN_KEY, default=vault.seal(secrets.token_hex(32)))
    try:
        return vault.open(stored)
    except UnknownKeyError as error:
        raise ValueError(str(error)) from None


async def encrypt(context: Context) -> int:
    """Encrypt all stored secrets under the newest key; returns how many. Raises ValueError where there is no key.

    It can be run again, and while servers run that have the newest key among theirs.
    """
    vault, count = context.vault, 0
    if not vault.encrypts:
        raise ValueError("CROSSDOCK_ENCRYPTION_KEY is not set, so there is no key to encrypt under")
    async with context.store.writing() as tx:
        await tenants.put_installation_value(tx, _TOKEN_KEY, vault.seal(await token_key(tx, vault)))
        organizations = await tenants.organizations(tx)
    for organization in organizations:
        count += await endpoints.encrypt(context, organization)
    return count + 1


async def describe(context: Context, caller: Caller) -> Installation:
    """Describe the installation. Refuses with Denied `no_scope` who is no administrator."""
    caller.require(ADMIN)
    async with context.store.reading() as tx:
        size, version = await tenants.database_size(tx)
        backlogs = await deliveries.backlogs(tx)
        values = await tenants.find_installation_values(tx, [VERIFIED, BACKED_UP])
    records = {name: msgspec.json.decode(value, type=Record) for name, value in values.items()}
    return Installation(
        context.store.name, version, size, tuple(backlogs), records.get(VERIFIED), records.get(BACKED_UP),
        tuple(sorted(context.background.failing)),
    )  # fmt: skip


async def record(context: Context, name: str, *, faults: int = 0) -> None:
    """Record that something was done now. A database that cannot be written only logs that it was not recorded."""
    value = msgspec.json.encode(Record(context.clock(), faults)).decode()
    try:
        async with context.store.writing() as tx:
            await tenants.put_installation_value(tx, name, value)
    except Busy as busy:
        _log.warning("not recorded", name=name, reason=busy.reason)
