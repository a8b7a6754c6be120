"""Code 128: symbol values by the standard's example, and bars that a scanner reads."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.papers import code128
from crossdock.papers.document import Document
from crossdock.papers.layout import draw_code
from tests.papers.pdfs import codes

PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=24)


def test_letters_are_encoded_in_code_set_b_with_a_check_symbol() -> None:
    # "PJJ123C" is the example of many descriptions of Code 128: its check symbol is 54 in code set A, 55 in B.
    assert code128.values("PJJ123C") == [104, 48, 42, 42, 17, 18, 19, 35, 55, 106]


def test_pairs_of_digits_are_encoded_in_code_set_c() -> None:
    assert code128.values("123456")[:4] == [105, 12, 34, 56]
    assert code128.values("A1234")[:5] == [104, 33, 99, 12, 34]
    assert code128.values("12345")[:5] == [105, 12, 34, 100, 21]


def test_a_symbol_has_eleven_modules_and_the_stop_thirteen() -> None:
    bars, modules = code128.bars("AB")
    assert modules == 11 * 4 + 13
    assert bars[0] == (0, 2)
    assert bars[-1] == (modules - 2, 2)


@pytest.mark.parametrize("text", ["", "é", "a\n", "漢"])
def test_other_characters_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ASCII"):
        code128.values(text)


@given(PRINTABLE)
def test_every_printable_text_has_bars_that_do_not_touch(text: str) -> None:
    bars, modules = code128.bars(text)
    assert all(start + width < following for (start, width), (following, _) in pairwise(bars))
    assert bars[-1][0] + bars[-1][1] == modules


@pytest.mark.parametrize("text", ["0pb08k0m00y04", "1234567890123456789", "A-1 b/2", "12345", "x0123456789y"])
def test_a_scanner_reads_the_drawn_bars(text: str) -> None:
    document = Document((400, 120), title="", language="en", made_at=0)
    document.add_page()
    draw_code(document, text, caption="", x=200, y=20, height=40, align="center")
    assert codes(document.render()) == [text]
