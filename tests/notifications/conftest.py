"""What tests of deliveries share."""

import pytest

from crossdock.core import retry_policy


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the waits between attempts be so short that a test sees all of them."""
    monkeypatch.setattr(retry_policy, "RETRY_DELAYS_S", (0, *[0.01] * (len(retry_policy.RETRY_DELAYS_S) - 1)))
