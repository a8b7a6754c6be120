"""The payments and refunds of an order, as records; there is no payment gateway here."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import Struct

_ZERO = Decimal(0)
RefundKind = Literal["return", "cancel", "appeasement", "manual"]
Components = tuple[tuple[str, Decimal], ...]


class Payment(Struct, frozen=True, omit_defaults=True):
    """A payment as it was reported: what is authorized, captured, refunded, voided and settled of it, in its currency.

    `reference` is the payment provider's id for it, by which later reports find it.
    """

    payment_id: int
    at: int
    reference: str | None = None
    method: str | None = None
    currency: str | None = None
    authorized: Decimal = _ZERO
    captured: Decimal = _ZERO
    refunded: Decimal = _ZERO
    voided: Decimal = _ZERO
    settled: Decimal = _ZERO
    status: str | None = None


class Refund(Struct, frozen=True, omit_defaults=True):
    """Money that goes back to the customer: positive `amount`, its `components`, and the units of lines that it is for.

    `by_line` is how much of it each line gets; where it is for lines, with or without units, it adds up to the amount.
    `reference` names it for the sender: a second refund under it is a repeat.
    """

    refund_id: int
    at: int
    amount: Decimal
    kind: RefundKind = "manual"
    components: Components = ()
    lines: tuple[tuple[int, int], ...] = ()
    return_id: int | None = None
    reference: str | None = None
    reason: str | None = None
    by_line: tuple[tuple[int, Decimal], ...] = ()


def with_lines_moved(refunds: tuple[Refund, ...], positions: Mapping[int, int]) -> tuple[Refund, ...]:
    """Return the refunds after an edit, with the lines' new positions; -1 for a line that is gone."""
    return tuple(
        msgspec.structs.replace(
            each,
            lines=tuple((positions.get(line, -1), units) for line, units in each.lines),
            by_line=tuple((positions.get(line, -1), amount) for line, amount in each.by_line),
        )
        for each in refunds
    )
