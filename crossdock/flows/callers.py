"""Who asks: the caller a token stands for, the scopes there are, and the callers recognized lately."""

import time
from collections.abc import Iterable

from msgspec import Struct

from crossdock.core.errors import Code, Denied
from crossdock.flows.sign_in_limits import SignInLimits
from crossdock.store.tenants import Organization

READ = "orders:read"
WRITE = "orders:write"
ADMIN = "admin"
SCOPES = (READ, WRITE, ADMIN)
# The scopes of a person's role.
ROLES: dict[str, tuple[str, ...]] = {"viewer": (READ,), "operator": (READ, WRITE), "admin": SCOPES}
# The scope of routes for any token, whatever its scopes.
ANY = ""


class Caller(Struct, frozen=True):
    """Who is asking, for which organization, and what they may do. `references` are the ids vendors gave the organization.

    `person_id` is None for a client.
    """

    organization: Organization
    actor: str
    scopes: frozenset[str]
    references: frozenset[tuple[str, str]] = frozenset()
    token_id: str = ""
    expires_at: int = 0
    person_id: int | None = None

    @property
    def organization_id(self) -> int:
        """The organization's id; first argument of every store call."""
        return self.organization.organization_id

    def require(self, scope: str) -> None:
        """Refuse with Denied unless the caller has `scope`; `admin` has all."""
        if scope != ANY and scope not in self.scopes and ADMIN not in self.scopes:
            raise Denied(Code.NO_SCOPE, f"the token lacks the scope {scope}", scope=scope)


def system_caller(
    organization: Organization, actor: str, references: frozenset[tuple[str, str]] = frozenset()
) -> Caller:
    """Return the caller of changes that the program makes itself, such as holds that expire and commands of the operator."""
    return Caller(organization, actor, frozenset({READ, WRITE}), references)


def role_of(scopes: Iterable[str]) -> str:
    """Return the role that scopes amount to."""
    given = frozenset(scopes)
    return "admin" if ADMIN in given else "operator" if WRITE in given else "viewer"


class Access:
    """The key that signs tokens, and the callers lately recognized (token and named organization -> until, caller).

    How long a caller is remembered is measured with a monotonic clock, so that a change of the system's time does not delay
    revocations. `limits` are those of signing in.

    `barred` are client ids and e-mails that get no token and whose tokens are refused here, though they are in the book.
    """

    def __init__(self, key: str, *, remembered: int, delay_s: float, barred: frozenset[str] = frozenset()) -> None:
        self.key = key
        self.barred = barred
        self.delay_s = delay_s
        self.limits = SignInLimits()
        self._remembered = remembered
        self._callers: dict[tuple[str, str | None], tuple[float, Caller]] = {}

    def recall(self, token: str, organization: str | None, now: int) -> Caller | None:
        """Return the caller of a token recognized lately."""
        known = self._callers.get((token, organization))
        if known is None or time.monotonic() >= known[0] or now >= known[1].expires_at:
            return None
        return known[1]

    def remember(self, token: str, organization: str | None, caller: Caller) -> None:
        """Keep a recognized caller until the revocation delay or the token's life ends."""
        if len(self._callers) >= self._remembered:
            self._callers.clear()  # rare, and cheaper than keeping an order of use
        self._callers[token, organization] = (time.monotonic() + self.delay_s, caller)

    def forget(self) -> None:
        """Drop all remembered callers, so that a revocation is felt in this process at once."""
        self._callers.clear()
