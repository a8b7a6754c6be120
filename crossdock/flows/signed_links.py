"""Signed links: keys for URLs that need no token, each for one purpose and one subject of an organization, for a limited time.

A key is a signed token (HS256), so it cannot be guessed, and none is stored.
"""

import hashlib
import hmac

import jwt
from jwt.types import Options

from crossdock.core.errors import Code, NotFound
from crossdock.flows.access import READ, WRITE, Caller
from crossdock.flows.context import Context
from crossdock.store import tenants

_ALGORITHM = "HS256"
# The expiry is checked against the context's clock, not the library's.
_OPTIONS: Options = {"require": ["exp", "sub", "aud"], "verify_exp": False}


def _signing_key(context: Context) -> bytes:
    """Derive a key of its own from the one that signs tokens, so that a link is never a token."""
    return hmac.digest(context.access.key.encode(), b"link", hashlib.sha256)


def link_key(context: Context, caller: Caller, *, purpose: str, subject: str, lifetime_s: int) -> str:
    """Return the key of a link to `subject`; who uses it acts in the caller's name."""
    claims = {
        "aud": purpose, "sub": subject, "org": caller.organization_id, "act": caller.actor,
        "exp": context.clock() // 1_000_000 + lifetime_s,
    }  # fmt: skip
    return jwt.encode(claims, _signing_key(context), algorithm=_ALGORITHM)


async def read_link(context: Context, key: str, *, purpose: str) -> tuple[Caller, str]:
    """Return in whose name a link acts, and its subject. Refuses with NotFound `not_found`, also where it has expired."""
    try:
        claims = jwt.decode(key, _signing_key(context), algorithms=[_ALGORITHM], audience=purpose, options=_OPTIONS)
    except jwt.InvalidTokenError:
        raise NotFound(Code.NOT_FOUND, "there is no such link") from None
    if int(claims["exp"]) * 1_000_000 <= context.clock():
        raise NotFound(Code.NOT_FOUND, "the link has expired")
    async with context.store.reading() as tx:
        organization = await tenants.get_organization(tx, int(claims["org"]))
    if organization is None:
        raise NotFound(Code.NOT_FOUND, "there is no such link")
    return Caller(organization, str(claims["act"]), frozenset({READ, WRITE})), str(claims["sub"])
