"""Work orders: kits are completed in parts, and take their components out of the stock."""

import pytest

from crossdock.core.catalog.products import KitComponent
from crossdock.core.errors import Conflict, Invalid
from crossdock.core.inbound.documents import Cancel, Close, decide
from crossdock.core.inbound.work_orders import CompleteWorkOrder, WorkOrder
from crossdock.core.stock.model import MAX_UNITS, LevelKey

NOW = 1_769_770_404_000_000
ORDER = WorkOrder(
    number="WO-1", location="W1", sku="SET", quantity=5, pool="B",
    components=(KitComponent("MUG", 2), KitComponent("BOX", 1)),
)  # fmt: skip


def test_completing_takes_the_components_out_and_adds_the_kits() -> None:
    decision = decide(CompleteWorkOrder(quantity=2), ORDER, now=NOW)
    moved = [(command.key, command.quantity, command.reason) for command in decision.stock]  # type: ignore[attr-defined]
    assert moved == [
        (LevelKey("MUG", "W1", "B"), 4, "work order WO-1"),
        (LevelKey("BOX", "W1", "B"), 2, "work order WO-1"),
        (LevelKey("SET", "W1", "B"), 2, "work order WO-1"),
    ]
    assert decision.document.status == "in_progress"
    assert [each.quantity for each in decision.document.expected()] == [3]


def test_a_work_order_is_complete_with_its_last_kit_and_no_more_can_be_completed() -> None:
    complete = decide(CompleteWorkOrder(), ORDER, now=NOW).document
    assert (complete.status, complete.expected()) == ("complete", [])
    with pytest.raises(Conflict):
        decide(CompleteWorkOrder(quantity=1), complete, now=NOW)
    assert decide(Close(), complete, now=NOW).document.status == "closed"


@pytest.mark.parametrize("quantity", [0, -1, 6])
def test_more_kits_than_are_left_cannot_be_completed(quantity: int) -> None:
    with pytest.raises(Invalid) as refusal:
        decide(CompleteWorkOrder(quantity=quantity), ORDER, now=NOW)
    assert refusal.value.faults[0].path == ("quantity",)


def test_components_beyond_what_a_level_can_hold_are_refused() -> None:
    order = WorkOrder(number="W", location="W1", sku="SET", quantity=MAX_UNITS, components=(KitComponent("MUG", 2),))
    with pytest.raises(Invalid):
        decide(CompleteWorkOrder(), order, now=NOW)


def test_only_a_work_order_without_completed_kits_is_canceled() -> None:
    assert decide(Cancel(), ORDER, now=NOW).document.status == "canceled"
    with pytest.raises(Conflict):
        decide(Cancel(), decide(CompleteWorkOrder(quantity=1), ORDER, now=NOW).document, now=NOW)
