"""Keys that make a request happen once: who claims a key first places the order or makes the change."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, delete, select, update

from crossdock.store.dialect import AnyOf
from crossdock.store.protocols import Statement, Transaction
from crossdock.store.tables import request_key


class Claim(Struct, frozen=True):
    """A key taken by a submission."""

    organization_id: int
    key: bytes
    submission_id: int
    order_id: int


# ----------------------------------------------------------------------------------------------------------------- keys
async def claim(tx: Transaction, claims: Sequence[Claim]) -> set[bytes]:
    """Take those keys that are free and give them; keys must be distinct. Waits for a racing transaction's verdict."""
    ranked = sorted(claims, key=lambda each: each.key)
    taken = await tx.claim(request_key, [msgspec.structs.astuple(each) for each in ranked])
    return {ranked[position].key for position in taken}


_HOLDERS = Statement(
    select(request_key).where(
        request_key.c.organization_id == bindparam("organization_id"), AnyOf(request_key.c.key, "keys")
    )
)


async def find_claims(tx: Transaction, organization_id: int, keys: Sequence[bytes]) -> dict[bytes, Claim]:
    """Give who holds each of the keys that are taken."""
    if not keys:
        return {}
    rows = await tx.rows(_HOLDERS, organization_id=organization_id, keys=keys)
    return {bytes(row[1]): Claim(row[0], bytes(row[1]), row[2], row[3]) for row in rows}


_OF_KEY = (request_key.c.organization_id == bindparam("p_organization_id"), request_key.c.key == bindparam("p_key"))
_REPOINT = Statement(
    update(request_key).where(*_OF_KEY).values(submission_id=bindparam("submission_id"), order_id=bindparam("order_id"))
)
_RELEASE = Statement(delete(request_key).where(*_OF_KEY))


async def repoint(tx: Transaction, claimed: Claim) -> None:
    """Let a taken key stand for another submission from now on."""
    await tx.run(
        _REPOINT,
        p_organization_id=claimed.organization_id,
        p_key=claimed.key,
        submission_id=claimed.submission_id,
        order_id=claimed.order_id,
    )


async def release(tx: Transaction, organization_id: int, *, key: bytes) -> None:
    """Free a key taken in this transaction."""
    await tx.run(_RELEASE, p_organization_id=organization_id, p_key=key)
