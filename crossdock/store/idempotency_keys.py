"""Idempotency keys: the first submission that claims a key is executed, later ones get its reply."""

from collections.abc import Sequence
from itertools import starmap

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, delete, select, update

from crossdock.store.dialect import AnyOf
from crossdock.store.protocols import Statement, Transaction
from crossdock.store.records import check_columns, columns_of
from crossdock.store.tables import request_key


class Claim(Struct, frozen=True):
    """A key and the submission that claimed it; `order_id` is 0 where the request was not about one order."""

    organization_id: int
    key: bytes
    submission_id: int
    order_id: int


check_columns(request_key, Claim)


# ----------------------------------------------------------------------------------------------------------------- keys
async def claim(tx: Transaction, claims: Sequence[Claim]) -> set[bytes]:
    """Claim those keys that are free, and give them; keys must be distinct. Waits for the end of a racing transaction."""
    by_key = sorted(claims, key=lambda each: each.key)  # so that two transactions cannot wait for each other
    claimed = await tx.claim(request_key, [msgspec.structs.astuple(each) for each in by_key])
    return {by_key[position].key for position in claimed}


_CLAIMS = Statement(
    select(*columns_of(request_key, Claim)).where(
        request_key.c.organization_id == bindparam("organization_id"), AnyOf(request_key.c.key, "keys")
    )
)


async def find_claims(tx: Transaction, organization_id: int, keys: Sequence[bytes]) -> dict[bytes, Claim]:
    """Read the claims of those keys that are claimed."""
    if not keys:
        return {}
    rows = await tx.rows(_CLAIMS, organization_id=organization_id, keys=keys)
    return {each.key: each for each in starmap(Claim, rows)}


_OF_ORDER = Statement(
    select(request_key.c.submission_id).where(
        request_key.c.organization_id == bindparam("organization_id"), request_key.c.order_id == bindparam("order_id")
    )
)


async def submissions_of_order(tx: Transaction, organization_id: int, *, order_id: int) -> set[int]:
    """Read the ids of the submissions that keys of an order point to. Scans all keys of the organization."""
    rows = await tx.rows(_OF_ORDER, organization_id=organization_id, order_id=order_id)
    return {int(row["submission_id"]) for row in rows}


_OF_KEY = (request_key.c.organization_id == bindparam("p_organization_id"), request_key.c.key == bindparam("p_key"))
_REPOINT = Statement(
    update(request_key).where(*_OF_KEY).values(submission_id=bindparam("submission_id"), order_id=bindparam("order_id"))
)
_TAKE_OVER = Statement(
    update(request_key)
    .where(*_OF_KEY, request_key.c.order_id == bindparam("p_order_id"))
    .values(submission_id=bindparam("submission_id"), order_id=bindparam("order_id"))
)
_RELEASE = Statement(delete(request_key).where(*_OF_KEY))


async def repoint(tx: Transaction, claimed: Claim) -> None:
    """Point a claimed key to another submission."""
    await tx.run(
        _REPOINT,
        p_organization_id=claimed.organization_id,
        p_key=claimed.key,
        submission_id=claimed.submission_id,
        order_id=claimed.order_id,
    )


async def take_over(tx: Transaction, claimed: Claim, *, order_id: int) -> bool:
    """Point the key of an order to another submission; False where it is not that order's any more.

    Waits for the end of a racing transaction.
    """
    changed = await tx.run(
        _TAKE_OVER,
        p_organization_id=claimed.organization_id,
        p_key=claimed.key,
        p_order_id=order_id,
        submission_id=claimed.submission_id,
        order_id=claimed.order_id,
    )
    return changed == 1


async def release(tx: Transaction, organization_id: int, *, key: bytes) -> None:
    """Release a key that this transaction claimed."""
    await tx.run(_RELEASE, p_organization_id=organization_id, p_key=key)
