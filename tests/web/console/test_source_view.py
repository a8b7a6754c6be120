"""Sent texts as pages show them: faults at their lines, and long texts in part."""

import json

import pytest

from crossdock.core.errors import Fault
from crossdock.web.console.source_view import MAX_LINES, member_of, place_faults, source_lines, text_of


def test_faults_are_placed_at_the_lines_they_are_about() -> None:
    text = text_of(b'{"number":"A","lines":[{"sku":"X"},{"quantity":0}]}')
    faults = (
        Fault(("lines", 1, "quantity"), "too few"),
        Fault((), "the whole"),
        Fault(("lines", 0, "quantity"), "lacks"),
    )
    placed = [(each.line, each.path, each.reason) for each in place_faults(text, faults)]
    assert placed == [(1, "", "the whole"), (4, "lines[0].quantity", "lacks"), (8, "lines[1].quantity", "too few")]
    marked = {line.number: line.text.strip() for line in source_lines(text, place_faults(text, faults)) if line.faults}
    assert marked == {1: "{", 4: "{", 8: '"quantity": 0'}


def test_a_text_that_is_no_json_has_its_fault_where_it_breaks_off() -> None:
    text = text_of(b'{"number": "A-1",\r\n "lines": [\r\n}')
    (placed,) = place_faults(text, (Fault((), "the body is not JSON"),))
    assert placed.line == 3


@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00{", b"\xef\xbb\xbf{}", b"[" * 5_000])
def test_any_bytes_are_shown_as_text(body: bytes) -> None:
    text = text_of(body)
    assert "\x00" not in text
    assert source_lines(text, place_faults(text, (Fault(("a", 0), "b"),)))


def test_of_a_long_text_the_beginning_and_the_lines_around_faults_are_shown() -> None:
    text = text_of(json.dumps([{"n": number} for number in range(2_000)]).encode())
    shown = source_lines(text, place_faults(text, (Fault((1_500, "n"), "bad"),)))
    assert len(shown) < MAX_LINES + 20
    (marked,) = [line for line in shown if line.faults]
    assert marked.text.strip() == '"n": 1500'
    assert sum(line.skipped for line in shown) > 1_000


def test_a_member_is_read_from_a_body_where_it_is_a_text_or_number() -> None:
    assert member_of(b'{"a": {"b": 12.50}}', ("a", "b")) == "12.50"
    assert [member_of(body, ("a",)) for body in (b"{", b"[]", b'{"a": []}', b'{"a": " "}')] == [None] * 4
