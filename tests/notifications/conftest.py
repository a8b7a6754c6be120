"""Fixtures of delivery tests."""

import pytest

from crossdock.core import retry_policy


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the retry delays, so that a test sees all attempts."""
    monkeypatch.setattr(retry_policy, "RETRY_DELAYS_S", (0, *[0.01] * (len(retry_policy.RETRY_DELAYS_S) - 1)))
