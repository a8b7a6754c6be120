"""Texts of senders, made safe to show."""

import pytest

from crossdock.notifications.email.plain_text import MAX_CHARACTERS, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Jane Smith", "Jane Smith"),
        ("Zoë 李雅达 👩‍👩‍👧", "Zoë 李雅达 👩‍👩‍👧"),
        ("Jane\r\nBcc: all@example.com", "Jane Bcc: all@example.com"),
        ("mug\u202egnp.exe", "mug gnp.exe"),
        ("\x1b[31mred\x07", "[31mred"),
        ("\u2066left\u2069 \u200eright\u061c", "left right"),
        ("a\u2028b\ufeff", "a b"),
        ("x" * 5_000, "x" * (MAX_CHARACTERS - 1) + "…"),
    ],
)
def test_a_text_is_one_short_line_without_controls_and_direction_marks(text: str, expected: str) -> None:
    assert shown(text) == expected
