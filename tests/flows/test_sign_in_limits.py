"""Guessing passwords and secrets is slow, and locks out nobody else."""

import pytest

from crossdock.core.errors import Busy
from crossdock.flows import sign_in_limits
from crossdock.flows.sign_in_limits import FORGET_S, FREE_FAILURES, LAST_WAIT_S, SignInLimits


class Clock:
    """A clock that a test sets."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock) -> SignInLimits:
    return SignInLimits(clock)


def wait_of(limits: SignInLimits, account: str = "jane", address: str | None = "192.0.2.1") -> int:
    """Return how long an attempt has to wait, seconds."""
    try:
        limits.check(account, address)
    except Busy as busy:
        wait_s = busy.facts["retry_after_s"]
        assert isinstance(wait_s, int)
        return wait_s
    return 0


def test_the_wait_begins_after_some_failures_and_doubles_up_to_a_limit(limits: SignInLimits, clock: Clock) -> None:
    for _ in range(FREE_FAILURES["account"]):
        assert wait_of(limits) == 0
        limits.begin("jane", "192.0.2.1")
    waits = []
    for _ in range(9):
        limits.begin("jane", "192.0.2.1")
        waits.append(wait_of(limits))
        clock.now += waits[-1]
        assert wait_of(limits) == 0
    assert waits == [2, 3, 5, 9, 17, 33, 61, 61, 61]  # rounded up


def test_a_success_ends_the_wait_of_the_account(limits: SignInLimits) -> None:
    for _ in range(FREE_FAILURES["account"] + 3):
        limits.begin("jane", "192.0.2.1")
    limits.succeeded("jane", "192.0.2.9")
    assert wait_of(limits) == 0


def test_failures_are_forgotten(limits: SignInLimits, clock: Clock) -> None:
    for _ in range(FREE_FAILURES["account"] + 9):
        limits.begin("jane", "192.0.2.1")
    clock.now += LAST_WAIT_S + FORGET_S + 1
    limits.begin("jane", "192.0.2.1")
    assert wait_of(limits) == 0


def test_an_address_is_limited_whatever_accounts_it_tries(limits: SignInLimits) -> None:
    for number in range(FREE_FAILURES["address"] + 1):
        limits.begin(f"user-{number}", "192.0.2.1")
    assert wait_of(limits, "another") > 0
    assert wait_of(limits, "another", "192.0.2.2") == 0


def test_who_has_signed_in_from_an_address_is_not_locked_out_by_others(limits: SignInLimits) -> None:
    limits.succeeded("jane", "192.0.2.1")
    for number in range(200):
        limits.begin("jane", "198.51.100.7")
        limits.begin(f"user-{number}", "192.0.2.1")
    assert wait_of(limits, "jane", "198.51.100.7") > 0
    assert wait_of(limits, "jane", "192.0.2.1") == 0
    for _ in range(FREE_FAILURES["pair"] + 1):
        limits.begin("jane", "192.0.2.1")
    assert wait_of(limits, "jane", "192.0.2.1") > 0


def test_the_memory_is_bounded(limits: SignInLimits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in_limits, "MAX_ENTRIES", 10)
    for number in range(100):
        limits.begin(f"user-{number}", f"address-{number}")
        limits.succeeded(f"user-{number}", f"address-{number}")
    assert len(limits._failures) <= 10
    assert len(limits._trusted) <= 10


def test_the_wait_is_counted_from_the_end_of_the_check(limits: SignInLimits, clock: Clock) -> None:
    for _ in range(FREE_FAILURES["account"] + 1):
        limits.begin("jane", "192.0.2.1")
    clock.now += 5
    assert wait_of(limits) == 0
    limits.failed("jane", "192.0.2.1")
    assert wait_of(limits) == 2
