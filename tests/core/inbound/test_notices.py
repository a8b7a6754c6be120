"""Receiving notices: what commands make of them, and what they make of stock."""

import pytest

from crossdock.core.errors import Conflict, Invalid
from crossdock.core.inbound.documents import Cancel, Close, LineUnits, Revise, decide, search_text
from crossdock.core.inbound.notices import NoticeLine, ReceiveNotice, ReceivingNotice
from crossdock.core.stock import commands as stock_commands
from crossdock.core.stock.model import MAX_UNITS, Counter, Level

NOW = 1_769_770_404_000_000
NOTICE = ReceivingNotice(
    number="ASN-1",
    location="W1",
    lines=(NoticeLine(sku="MUG", expected=5), NoticeLine(sku="CUP", expected=2, pool="B")),
    expected_at="2026-02-01",
)


def received(notice: ReceivingNotice, *units: LineUnits) -> ReceivingNotice:
    found = decide(ReceiveNotice(lines=units), notice, now=NOW).document
    assert isinstance(found, ReceivingNotice)
    return found


class TestReceive:
    def test_a_notice_is_complete_when_each_line_has_its_expected_units(self) -> None:
        one = received(NOTICE, LineUnits(0, 3))
        two = received(one, LineUnits(0, 2), LineUnits(1, 2))
        assert [each.status for each in (NOTICE, one, two)] == ["created", "in_progress", "complete"]

    def test_more_than_expected_is_received_also_after_it_is_complete(self) -> None:
        one = received(NOTICE, LineUnits(0, 9), LineUnits(1, 2))
        two = received(one, LineUnits(1, 1))
        assert ([line.received for line in two.lines], two.status) == ([9, 3], "complete")

    def test_damaged_units_are_among_the_received_and_go_to_a_counter_of_the_level(self) -> None:
        decision = decide(ReceiveNotice(lines=(LineUnits(1, 2, damaged=1),)), NOTICE, now=NOW)
        (command,) = decision.stock
        level = Level(1, 1, "CUP", "W1", "B", counters=(Counter("damaged", 4), Counter("quality", 1)), on_hand=9)
        change = stock_commands.decide(command, level, now=NOW)
        assert (command.key, command.reason) == (level.key, "receiving notice ASN-1")
        assert change.level.counters == (Counter("damaged", 5), Counter("quality", 1))
        assert (change.level.on_hand, change.level.available, change.delta) == (11, 5, 2)
        assert [(event.name, event.available) for event in change.events] == [
            ("stock.received", 5),
            ("stock.limits_changed", 5),
        ]

    def test_without_lines_all_that_has_not_arrived_is_received(self) -> None:
        one = received(NOTICE, LineUnits(0, 3))
        decision = decide(ReceiveNotice(), one, now=NOW)
        assert [line.received for line in decision.document.lines] == [5, 2]  # type: ignore[attr-defined]
        assert [command.key.pool for command in decision.stock] == ["", "B"]
        with pytest.raises(Invalid) as refusal:
            decide(ReceiveNotice(), decision.document, now=NOW)
        assert refusal.value.faults[0].path == ("lines",)

    def test_all_faults_of_the_units_are_named(self) -> None:
        units = (LineUnits(7, 1), LineUnits(0, 0), LineUnits(0, 1, damaged=2), LineUnits(1, MAX_UNITS + 1))
        with pytest.raises(Invalid) as refusal:
            received(NOTICE, *units)
        assert [fault.path for fault in refusal.value.faults] == [
            ("lines", 0, "line"),
            ("lines", 1, "quantity"),
            ("lines", 2, "line"),
            ("lines", 2, "damaged"),
            ("lines", 3, "quantity"),
        ]
        with pytest.raises(Invalid):
            received(received(NOTICE, LineUnits(0, MAX_UNITS)), LineUnits(0, 1))


class TestOtherCommands:
    def test_a_notice_can_be_closed_short_and_receives_nothing_then(self) -> None:
        closed = decide(Close(), received(NOTICE, LineUnits(0, 1)), now=NOW).document
        assert (closed.status, closed.closed_at) == ("closed", NOW)
        for command in (ReceiveNotice(), Close(), Cancel(), Revise(document=NOTICE)):
            with pytest.raises(Conflict) as refusal:
                decide(command, closed, now=NOW)
            assert "is closed" in refusal.value.reason

    def test_only_a_notice_without_receipts_is_canceled_or_changed(self) -> None:
        canceled = decide(Cancel(reason="wrong supplier"), NOTICE, now=NOW).document
        assert (canceled.status, canceled.cancel_reason) == ("canceled", "wrong supplier")
        for command in (Cancel(), Revise(document=NOTICE)):
            with pytest.raises(Conflict):
                decide(command, received(NOTICE, LineUnits(0, 1)), now=NOW)

    def test_a_revision_keeps_the_number_the_api_and_the_client(self) -> None:
        other = ReceivingNotice(number="X", location="W2", lines=NOTICE.lines, door="other", account_ref="9")
        revised = decide(Revise(document=other), NOTICE, now=NOW).document
        assert (revised.number, revised.door, revised.account_ref) == ("ASN-1", "hub", None)
        assert revised.locations == ((("location",), "W2"),)

    def test_fields_of_another_api_outlive_a_revision(self) -> None:
        line = NoticeLine(sku="MUG", expected=5, door_fields={"a": {"lineId": 1}})
        before = ReceivingNotice(number="1", location="W1", lines=(line,), door="a", door_fields={"a": {"x": 1}})
        other = ReceivingNotice(number="1", location="W1", lines=(NoticeLine(sku="MUG", expected=6),))
        kept = decide(Revise(document=other), before, now=NOW).document
        assert isinstance(kept, ReceivingNotice)
        assert (kept.door_fields, kept.lines[0].door_fields) == ({"a": {"x": 1}}, {"a": {"lineId": 1}})
        own = ReceivingNotice(number="1", location="W1", lines=other.lines, door="a", door_fields={"a": {}})
        assert decide(Revise(document=own), before, now=NOW).document.door_fields == {"a": {}}


class TestExpected:
    def test_what_has_not_arrived_is_expected_with_its_date(self) -> None:
        one = received(NOTICE, LineUnits(0, 3))
        assert [(each.sku, each.pool, each.quantity, each.at) for each in one.expected()] == [
            ("MUG", "", 2, "2026-02-01"),
            ("CUP", "B", 2, "2026-02-01"),
        ]

    def test_nothing_is_expected_of_a_notice_that_is_over(self) -> None:
        for command in (Close(), Cancel()):
            assert decide(command, NOTICE, now=NOW).document.expected() == []

    def test_the_search_text_has_each_value_as_a_whole(self) -> None:
        text = search_text(NOTICE)
        for part in ("number=ASN-1", "status=created", "open=yes", "location=W1", "sku=MUG", "sku=CUP"):
            assert f"\x1f{part}\x1f" in text
