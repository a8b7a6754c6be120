"""Transfers: units leave one location, are in transit, and arrive at another."""

import pytest

from crossdock.core.errors import Conflict, Invalid
from crossdock.core.inbound.documents import LineUnits, decide
from crossdock.core.inbound.transfers import ReceiveTransfer, ShipTransfer, Transfer, TransferLine
from crossdock.core.stock import commands as stock_commands
from crossdock.core.stock.model import Kind, Level, LevelKey

NOW = 1_769_770_404_000_000
TRANSFER = Transfer(
    number="T-1", source="W1", target="W2",
    lines=(TransferLine(sku="MUG", quantity=5), TransferLine(sku="CUP", quantity=1, pool="B")),
)  # fmt: skip


def test_units_are_taken_at_the_source_when_they_are_shipped_and_added_at_the_target_when_they_arrive() -> None:
    shipped = decide(ShipTransfer(lines=(LineUnits(0, 4),)), TRANSFER, now=NOW)
    arrived = decide(ReceiveTransfer(), shipped.document, now=NOW)
    assert [(each.key, each.reason) for each in shipped.stock] == [(LevelKey("MUG", "W1"), "transfer T-1")]
    assert [(each.key, each.reason) for each in arrived.stock] == [(LevelKey("MUG", "W2"), "transfer T-1")]
    assert [each.document.status for each in (shipped, arrived)] == ["in_progress", "in_progress"]
    rest = decide(ReceiveTransfer(), decide(ShipTransfer(), arrived.document, now=NOW).document, now=NOW)
    assert (rest.document.status, rest.document.expected()) == ("complete", [])


def test_everything_that_has_not_arrived_is_expected_at_the_target() -> None:
    shipped = decide(ShipTransfer(lines=(LineUnits(0, 4),)), TRANSFER, now=NOW).document
    assert [(each.sku, each.location, each.quantity) for each in shipped.expected()] == [
        ("MUG", "W2", 5),
        ("CUP", "W2", 1),
    ]


def test_no_more_is_shipped_than_is_left_and_no_more_received_than_is_in_transit() -> None:
    for command in (
        ShipTransfer(lines=(LineUnits(0, 6),)),
        ReceiveTransfer(lines=(LineUnits(0, 1),)),
        ReceiveTransfer(),
        ShipTransfer(lines=()),
    ):
        with pytest.raises(Invalid):
            decide(command, TRANSFER, now=NOW)


def test_only_available_units_leave_the_source() -> None:
    (command,) = decide(ShipTransfer(lines=(LineUnits(0, 4),)), TRANSFER, now=NOW).stock
    level = Level(1, 1, "MUG", "W1", on_hand=9, allocated=2, safety=3)
    change = stock_commands.decide(command, level, now=NOW)
    assert (change.level.on_hand, change.delta, change.kind) == (5, -4, Kind.TRANSFER)
    with pytest.raises(Conflict) as refusal:
        stock_commands.decide(command, Level(1, 1, "MUG", "W1", on_hand=9, allocated=2, safety=4), now=NOW)
    assert refusal.value.faults[0].path == ("lines", 0, "quantity")


def test_nothing_is_taken_of_a_level_that_never_runs_out() -> None:
    (command,) = decide(ShipTransfer(lines=(LineUnits(0, 4),)), TRANSFER, now=NOW).stock
    level = Level(1, 1, "MUG", "W1", unlimited=True)
    assert stock_commands.decide(command, level, now=NOW).level == level
