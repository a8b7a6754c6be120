"""Lines of text: where they break, and that they fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.papers.characters import DIRECTIONS, drawable
from crossdock.papers.document import text_width
from crossdock.papers.shaping import is_rtl
from crossdock.papers.wrapping import fit, wrap

ODD = st.text(st.one_of(st.characters(), st.sampled_from("a -/漢字、（שלוםกำि\u200d\u0301🎁\n\t")), max_size=120)


def test_a_line_breaks_at_spaces_and_after_hyphens() -> None:
    assert wrap("Ceramic mug, ocean-blue", 60, size=10) == ["Ceramic", "mug, ocean-", "blue"]


def test_line_ends_are_those_of_the_writer() -> None:
    assert wrap("Dear Ada,\r\n\nlove\u2028Bob\n\n", 400, size=10) == ["Dear Ada,", "", "love", "Bob"]


def test_chinese_breaks_between_characters_but_not_before_a_comma() -> None:
    lines = wrap("陶瓷马克杯，海洋蓝。陶瓷马克杯", 50, size=10)
    assert lines == ["陶瓷马克", "杯，海洋", "蓝。陶瓷马", "克杯"]


def test_a_word_longer_than_the_line_is_split() -> None:
    lines = wrap("x" * 1000, 100, size=10)
    assert "".join(lines) == "x" * 1000
    assert len(lines) < 60


def test_a_mark_is_not_split_from_its_letter() -> None:
    lines = wrap("ที่" * 50, 40, size=10)
    assert all(len(line) % 3 == 0 for line in lines)


def test_the_last_line_allowed_ends_with_an_ellipsis() -> None:
    assert wrap("one two three four", 30, size=10, max_lines=2) == ["one", "two…"]


@pytest.mark.parametrize(("text", "expected"), [("short", "short"), ("a  b\nc", "a b c"), ("Ceramic mug", "Cera…")])
def test_a_text_fits_into_one_line(text: str, expected: str) -> None:
    assert fit(text, 32, size=10) == expected


def without_directions(text: str) -> str:
    """Return a text without marks of direction and spaces."""
    return "".join(each for each in text if each not in DIRECTIONS and not each.isspace())


def test_each_line_has_the_direction_of_its_paragraph() -> None:
    lines = wrap("שלום עולם Linen and more", 55, size=10)
    assert len(lines) > 1
    assert all(is_rtl(line) for line in lines)
    assert not any(is_rtl(line) for line in wrap("Linen and שלום עולם", 45, size=10))


@given(ODD, st.floats(40, 300))
def test_every_line_fits_and_no_character_is_lost(text: str, width: float) -> None:
    lines = wrap(text, width, size=10)
    for line in lines:
        assert text_width(line, 10) <= width + 0.01 or len(line.strip()) <= 20  # a cluster is not split
    squeezed = without_directions("".join(lines))
    assert squeezed == without_directions(drawable(text.replace("\n", " "))) or "\ufffd" in squeezed


@given(ODD, st.floats(20, 300))
def test_every_shortened_line_fits(text: str, width: float) -> None:
    assert text_width(fit(text, width, size=10), 10) <= width
