"""Limits against guessing passwords and secrets: after some failures, an account or an address has to wait.

Kept per process. The clock is monotonic, so that a change of the system's time ends no wait.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

from crossdock.core.errors import Busy, Code

# Failures without a wait: people mistype, and one address may stand for a whole company.
FREE_FAILURES = {"account": 10, "pair": 10, "address": 50}
# The wait after the next failure, seconds; each further failure doubles it, up to the last.
FIRST_WAIT_S, LAST_WAIT_S = 1.0, 60.0
# Failures are forgotten after so long without another one, seconds.
FORGET_S = 900.0
# Accounts and addresses remembered; the oldest are forgotten first.
MAX_ENTRIES = 20_000

Key = tuple[str, ...]


class _Failures:
    __slots__ = ("count", "until")

    def __init__(self) -> None:
        self.count = 0
        self.until = 0.0  # when the wait ends, or the failures are forgotten


class SignInLimits:
    """Counts failures by account and by address.

    An address from which an account has signed in before is limited by itself: else anybody could lock out an account, or
    all who share an address, by guessing.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[Key, _Failures] = OrderedDict()
        self._trusted: OrderedDict[Key, None] = OrderedDict()

    def check(self, account: str, address: str | None) -> None:
        """Refuse with Busy `too_many_attempts` where the account or the address has to wait."""
        now = self._clock()
        wait_s = max((self._wait_s(key, now) for key in self._keys(account, address)), default=0.0)
        if wait_s > 0:
            raise Busy(
                Code.TOO_MANY_ATTEMPTS, "too many attempts to sign in have failed; try again later",
                retry_after_s=int(wait_s) + 1,
            )  # fmt: skip

    def begin(self, account: str, address: str | None) -> None:
        """Count an attempt as a failure before its check, which may take long: attempts made at once count, too."""
        now = self._clock()
        for key in self._keys(account, address):
            failures = self._failures.setdefault(key, _Failures())
            self._failures.move_to_end(key)
            if now > failures.until + FORGET_S:
                failures.count = 0
            failures.count += 1
        self.failed(account, address)
        while len(self._failures) > MAX_ENTRIES:
            self._failures.popitem(last=False)

    def failed(self, account: str, address: str | None) -> None:
        """Let the wait begin, after the check has failed."""
        now = self._clock()
        for key in self._keys(account, address):
            if (failures := self._failures.get(key)) is not None:
                excess = failures.count - FREE_FAILURES[key[0]]
                wait_s = min(FIRST_WAIT_S * 2.0 ** min(excess - 1, 16), LAST_WAIT_S) if excess > 0 else 0.0
                failures.until = now + wait_s

    def succeeded(self, account: str, address: str | None, *, has_begun: bool = False) -> None:
        """Forget the failures of an account; its address is trusted for it from now on. `has_begun`: `begin` was called."""
        for key in self._keys(account, address):
            if key[0] != "address":
                self._failures.pop(key, None)
            elif has_begun and key in self._failures:
                self._failures[key].count -= 1
        if address is not None:
            pair = ("pair", account, address)
            self._trusted[pair] = None
            self._trusted.move_to_end(pair)
            if len(self._trusted) > MAX_ENTRIES:
                self._trusted.popitem(last=False)

    def _keys(self, account: str, address: str | None) -> list[Key]:
        if address is None:  # not over a network
            return [("account", account)]
        pair = ("pair", account, address)
        return [pair] if pair in self._trusted else [("account", account), ("address", address)]

    def _wait_s(self, key: Key, now: float) -> float:
        failures = self._failures.get(key)
        if failures is None or failures.count < FREE_FAILURES[key[0]]:
            return 0.0
        return failures.until - now
