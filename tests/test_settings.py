"""Settings read from the environment."""

import pytest

from crossdock.settings import load


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "many"),
        ("WEBHOOK_TIMEOUT_S", "61"),  # longer than that, and another process takes the delivery for abandoned
        ("WEBHOOK_TIMEOUT_S", "0"),
        ("SMTP_TIMEOUT_S", "51"),
    ],
)
def test_says_which_variable_cannot_be_read(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"CROSSDOCK_{name}: "):
        load({f"CROSSDOCK_{name}": value})
