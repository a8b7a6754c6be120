"""What tests of deliveries share."""

import pytest

from crossdock.core import delivery


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the waits between attempts be so short that a test sees all of them."""
    monkeypatch.setattr(delivery, "LADDER_S", (0, *[0.01] * (len(delivery.LADDER_S) - 1)))
