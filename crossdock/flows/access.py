"""Tokens: issue them, turn them into a Caller, revoke them. Each attempt to get one is a line of the security log.

A token is a signed JWT, so checking it needs no look-up but one: whether it, or who holds it, was revoked. That answer is
remembered per process for `revocation_delay_s`. Client secrets are random 256-bit strings and stored as SHA-256; passwords
are chosen by people and stored as Argon2id. A right secret always works; failures make whoever guesses wait.
"""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import structlog
from jwt.types import Options
from msgspec import Struct

from crossdock.core.errors import Busy, Code, Denied
from crossdock.flows.callers import ADMIN as ADMIN
from crossdock.flows.callers import ANY as ANY
from crossdock.flows.callers import READ as READ
from crossdock.flows.callers import ROLES as ROLES
from crossdock.flows.callers import SCOPES as SCOPES
from crossdock.flows.callers import WRITE as WRITE
from crossdock.flows.callers import Access as Access
from crossdock.flows.callers import Caller as Caller
from crossdock.flows.callers import role_of as role_of
from crossdock.flows.callers import system_caller as system_caller
from crossdock.flows.context import Context
from crossdock.store import tenants
from crossdock.store.protocols import Transaction
from crossdock.store.tenants import Membership, Organization, Person

_ISSUER = "crossdock"
# The expiry is checked against the book's clock, not the library's.
_CLAIMS: Options = {"require": ["exp", "sub", "jti"], "verify_aud": False, "verify_iss": False, "verify_exp": False}
_DEMO_ONLY = "the demo's credentials work under --demo only"
# How far the clock of a server that issued a token may be ahead of this one's, seconds.
_CLOCK_LEEWAY_S = 60
# How long the system's time must not have leapt before the marks of revoked tokens are deleted by it, seconds.
_STEADY_S = 3_600.0
_log = structlog.get_logger("crossdock.security")
# Password checks at once: each takes 64 MB and some 60 ms of four threads. And how many may wait for them.
_HASHING = ThreadPoolExecutor(2, "passwords")
_MAX_WAITING = 32
_waiting = 0
# What is verified where there is no such person, so that time does not tell who exists. The password is random and unknown.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$ObVBCMVTolGi2qpTa0pIqA$DfS/sV/8h0+EEjjckKnJd/I+vMhCnRiJmfS2FH6A1UE"


class Grant(Struct, frozen=True):
    """A token just given."""

    token: str
    lifetime_s: int
    issued_at: int
    subject: str
    scopes: str


# --------------------------------------------------------------------------------------------------------------- tokens
async def grant(
    context: Context,
    *,
    client_id: str,
    secret: str,
    lifetime_s: int,
    scope: str | None = None,
    address: str | None = None,
) -> tuple[Grant, Organization]:
    """Return a token to a client that knows its secret, with all its scopes or the narrower `scope`.

    `address` is where the request comes from. Refuses with Denied: `bad_credentials`, `no_scope` where more is asked than the
    client has; with Busy `too_many_attempts`.
    """
    client_id = client_id.replace("\x00", "")  # no database takes it, and no client id has it
    async with context.store.reading() as tx:
        organization_id = await tenants.find_organization(tx, kind="client", name=client_id)
        client = await tenants.get_client(tx, organization_id, client_id=client_id) if organization_id else None
        organization = await tenants.get_organization(tx, organization_id) if organization_id else None
    hashed = hash_secret(secret)
    valid = client.valid_hashes(context.clock()) if client else (hash_secret(""),)
    is_right = any(hmac.compare_digest(each, hashed) for each in valid)
    if not is_right or client is None or organization is None:
        _refuse_wrong(context, "client", client_id, address, known=client_id if client else None)
        raise Denied(Code.BAD_CREDENTIALS, "the client id or secret is wrong")
    if client.revoked_at is not None or client_id in context.access.barred:
        _log_sign_in("failed", "client", client_id, address)
        raise Denied(Code.BAD_CREDENTIALS, _DEMO_ONLY if client.revoked_at is None else "the client was revoked")
    scopes = " ".join(scope.split()) if scope and scope.strip() else client.scopes
    has = set(SCOPES if ADMIN in client.scopes.split() else client.scopes.split())
    if not set(scopes.split()) <= has:
        raise Denied(Code.NO_SCOPE, f"the client has only the scopes {client.scopes}", scope=scopes)
    context.access.limits.succeeded(client_id, address)
    _log_sign_in("ok", "client", client_id, address)
    by = _secret_mark(context, hashed)
    claims = {"kind": "client", "org": client.organization_id, "scp": scopes, "iss": _ISSUER, "sec": by}
    return _signed(context, client_id, claims, lifetime_s), organization


async def sign_in(
    context: Context,
    *,
    email: str,
    password: str,
    lifetime_s: int,
    claims: Callable[[Person], dict[str, Any]],
    address: str | None = None,
) -> tuple[Grant, Person, list[tuple[Organization, Membership]]]:
    """Return a token to a person who knows their password; `claims` says what the door adds to it.

    `address` is where the request comes from. Refuses with Denied `bad_credentials`; with Busy `too_many_attempts`, and
    `overloaded` where too many passwords wait to be checked.
    """
    account = email.lower()
    try:
        context.access.limits.check(account, address)
    except Busy:
        _log_sign_in("limited", "person", None, address)
        raise
    async with context.store.reading() as tx:
        person = await tenants.get_person(tx, email=email.lower())
        places = await tenants.memberships(tx, email=email.lower()) if person else []
        found = [(await tenants.get_organization(tx, place.organization_id), place) for place in places]
    hashed = person.password_hash if person is not None and not person.is_disabled else None
    context.access.limits.begin(account, address)
    if not await _check_password(hashed, password) or not person:
        context.access.limits.failed(account, address)
        _log_sign_in("failed", "person", person.person_id if person else None, address)
        raise Denied(Code.BAD_CREDENTIALS, "the e-mail or password is wrong")
    if person.email in context.access.barred:
        _log_sign_in("failed", "person", person.person_id, address)
        raise Denied(Code.BAD_CREDENTIALS, _DEMO_ONLY)
    context.access.limits.succeeded(account, address, has_begun=True)
    _log_sign_in("ok", "person", person.person_id, address)
    own = {"kind": "person", "ver": _version_of(person)}
    signed = _signed(context, person.email, claims(person) | own, lifetime_s)
    return signed, person, [(organization, place) for organization, place in found if organization]


async def sign_in_verified(
    context: Context, *, email: str, lifetime_s: int, claims: dict[str, Any], address: str | None = None
) -> tuple[Grant, list[tuple[Organization, Membership]]]:
    """Return a token to a person whose e-mail an identity provider has verified. Refuses with Denied `bad_credentials`."""
    async with context.store.reading() as tx:
        person = await tenants.get_person(tx, email=email.lower())
        places = await tenants.memberships(tx, email=email.lower()) if person else []
        found = [(await tenants.get_organization(tx, place.organization_id), place) for place in places]
    if person is None or person.is_disabled or person.email in context.access.barred:
        _log_sign_in("failed", "person", person.person_id if person else None, address)
        raise Denied(Code.BAD_CREDENTIALS, "there is no such user")
    _log_sign_in("ok", "person", person.person_id, address)
    signed = _signed(context, person.email, claims | {"kind": "person", "ver": _version_of(person)}, lifetime_s)
    return signed, [(organization, place) for organization, place in found if organization]


def _refuse_wrong(context: Context, kind: str, account: str, address: str | None, *, known: str | None) -> None:
    """Count a wrong secret; refuses with Busy `too_many_attempts` where there were too many."""
    limits = context.access.limits
    try:
        limits.check(account, address)
    except Busy:
        _log_sign_in("limited", kind, known, address)
        raise
    limits.begin(account, address)
    _log_sign_in("failed", kind, known, address)


def _log_sign_in(outcome: str, kind: str, account: str | int | None, address: str | None) -> None:
    """Log an attempt: its client id or person's number where that is known. A name that is not may be a mistyped secret."""
    log = _log.info if outcome == "ok" else _log.warning
    log("sign-in", outcome=outcome, kind=kind, account=account, address=address)


def _version_of(person: Person) -> list[int]:
    """Return what makes the tokens of a person valid. With the id, because a removed person may be added again."""
    return [person.person_id, person.token_version]


def _signed(context: Context, subject: str, claims: dict[str, Any], lifetime_s: int) -> Grant:
    now = context.clock()
    issued = now // 1_000_000
    token_id = secrets.token_hex(12)
    payload = claims | {"sub": subject, "jti": token_id, "iat": issued, "exp": issued + lifetime_s}
    token = jwt.encode(payload, context.access.key, algorithm="HS256")
    return Grant(token, lifetime_s, now, subject, str(claims.get("scp", "")))


async def recognize(context: Context, *, token: str | None, organization: str | None = None) -> Caller:
    """Turn a token into a Caller; `organization` names the one meant (S2's UUID) where a person has several.

    Refuses with Denied: `no_token`, `bad_token` (forged, expired, revoked), `foreign_organization`.
    """
    if not token:
        raise Denied(Code.NO_TOKEN, "there is no bearer token")
    now = context.clock()
    caller = context.access.recall(token, organization, now)
    if caller is None:
        caller = await _looked_up(context, token, organization, now)
        context.access.remember(token, organization, caller)
    return caller


async def _looked_up(context: Context, token: str, organization: str | None, now: int) -> Caller:
    try:
        claims = jwt.decode(token, context.access.key, algorithms=["HS256"], options=_CLAIMS, leeway=_CLOCK_LEEWAY_S)
    except jwt.InvalidTokenError:
        raise Denied(Code.BAD_TOKEN, "the token is not valid") from None
    expires_at = int(claims["exp"]) * 1_000_000
    if claims["sub"] in context.access.barred:
        raise Denied(Code.BAD_TOKEN, _DEMO_ONLY)
    if expires_at <= now:
        raise Denied(Code.BAD_TOKEN, "the token has expired")
    async with context.store.reading() as tx:
        person_id = None
        if claims["kind"] == "client":
            organization_id, scopes = await _client_place(context, tx, claims, organization)
        else:
            organization_id, scopes, person_id = await _person_place(tx, claims, organization)
        if await tenants.is_revoked(tx, organization_id, token_id=claims["jti"]):
            raise Denied(Code.BAD_TOKEN, "the token was revoked")
        found = await tenants.get_organization(tx, organization_id)
        references = await tenants.vendor_references(tx, organization_id)
    if found is None:
        raise Denied(Code.BAD_TOKEN, "the token's organization is gone")
    allowed = frozenset(scopes.split())
    return Caller(found, claims["sub"], allowed, frozenset(references), claims["jti"], expires_at, person_id)


async def _client_place(
    context: Context, tx: Transaction, claims: dict[str, Any], organization: str | None
) -> tuple[int, str]:
    organization_id = int(claims["org"])
    client = await tenants.get_client(tx, organization_id, client_id=claims["sub"])
    if client is None or client.revoked_at is not None:
        raise Denied(Code.BAD_TOKEN, "the token's client was revoked")
    if client.is_rotated:  # a token ends with the secret it was issued for
        marks = [_secret_mark(context, each) for each in client.valid_hashes(context.clock())]
        if claims.get("sec") not in marks:
            raise Denied(Code.BAD_TOKEN, "the secret that the token was issued for was replaced")
    if organization is not None:
        named = await tenants.find_organization(tx, kind="s2_organization", name=organization.lower())
        if named != organization_id:
            raise Denied(Code.FOREIGN_ORGANIZATION, "the token is not for this organization")
    return organization_id, str(claims["scp"])


async def _person_place(tx: Transaction, claims: dict[str, Any], organization: str | None) -> tuple[int, str, int]:
    person = await tenants.get_person(tx, email=claims["sub"])
    if person is None or _version_of(person) != claims.get("ver"):
        raise Denied(Code.BAD_TOKEN, "the token was revoked")
    places = {place.organization_id: place for place in await tenants.memberships(tx, email=person.email)}
    if organization is not None:
        named = await tenants.find_organization(tx, kind="s2_organization", name=organization.lower())
        if named not in places:
            raise Denied(Code.FOREIGN_ORGANIZATION, "the user does not belong to this organization")
        return named, places[named].scopes, person.person_id
    if not places:
        raise Denied(Code.FOREIGN_ORGANIZATION, "the user belongs to no organization")
    if len(places) != 1:
        raise Denied(Code.FOREIGN_ORGANIZATION, "the user belongs to several organizations; name one")
    (only,) = places.values()
    return only.organization_id, only.scopes, person.person_id


# ----------------------------------------------------------------------------------------------------------- revocation
async def revoke_token(context: Context, caller: Caller) -> None:
    """Revoke the token the caller came with."""
    async with context.store.writing() as tx:
        await tenants.revoke_token(tx, caller.organization_id, token_id=caller.token_id, expires_at=caller.expires_at)
    context.access.forget()
    _log.info("token revoked", organization_id=caller.organization_id, person=caller.person_id)


async def prune_revoked_tokens(context: Context) -> None:
    """Delete what is stored of revoked tokens that have expired since.

    A time that has leapt is not believed at once: were it set back, the tokens would be valid again.
    """
    if context.clock_watch.steady_s() < _STEADY_S:
        return
    async with context.store.writing() as tx:
        for organization in await tenants.organizations(tx):
            await tenants.prune_revoked_tokens(tx, organization.organization_id, now=context.clock())


def _secret_mark(context: Context, hashed: str) -> str:
    """Return what a token says of the secret it was issued for; keyed, because a token can be read by whoever has it."""
    return hmac.new(context.access.key.encode(), hashed.encode(), hashlib.sha256).hexdigest()[:16]


def hash_secret(secret: str) -> str:
    """Hash a client secret; plain SHA-256, because secrets are 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


async def _check_password(hashed: str | None, password: str) -> bool:
    """Check a password in a thread. Refuses with Busy `overloaded` where too many wait."""
    global _waiting  # noqa: PLW0603 - the threads are the process's, too
    if _waiting >= _MAX_WAITING:
        raise Busy(Code.OVERLOADED, "too many sign-ins are waiting")
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_HASHING, _is_password, hashed, password)
    finally:
        _waiting -= 1


def _is_password(hashed: str | None, password: str) -> bool:
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return PasswordHasher().verify(hashed or _NOBODY, password) and hashed is not None
    except (VerificationError, InvalidHashError):
        return False
