"""Returns and exchanges in fabric's terms: which items of a call are accepted, and the commands that they mean; pure."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from msgspec import Struct

from crossdock.core.errors import Fault
from crossdock.core.ids import to_hex24
from crossdock.core.json.value_types import decimal
from crossdock.core.orders.commands import Command, EditOrder
from crossdock.core.orders.model import Order, line_ids
from crossdock.core.orders.returns import Return, ReturnPolicy, reason_fault
from crossdock.core.orders.status import Verb
from crossdock.core.returns.commands import (
    JudgeReturn,
    ReceiveReturn,
    RefundOrder,
    RequestReturn,
    eligible_lines,
)
from crossdock.core.returns.refunds import balance, components_of_units, left_of_lines, refunded_units, total_of
from crossdock.doors.fabric import wire_returns as wire
from crossdock.doors.fabric.responses import DOOR, EXCHANGED, REJECTED, REPLACES
from crossdock.doors.fabric.shipment_lines import line_item_id

Tree = Any
KIND = "fabric/return"
_ZERO = Decimal(0)
_STATUS = {"PENDING": "PENDING", "PROCESSING": "PROCESSING", "RECEIVED": "VALID", "REJECTED": "REJECTED"}


class AddReplacement(EditOrder, frozen=True, kw_only=True):
    """Add a line that replaces returned units, also to an order that has shipped."""

    verb: ClassVar[Verb] = Verb.NOTE


class Judged(Struct):
    """What becomes of an item of a call: its status, the line, and the money that goes back."""

    item: wire.ReturnItem
    status: str
    line: int
    refund: Decimal = _ZERO


class Plan(Struct):
    """What a call does to an order: items, commands, the replacements to remember by return, and those to add at once."""

    judged: list[Judged]
    commands: list[Command]
    waiting: dict[int, list[Tree]] = {}
    is_refund_short: bool = False


class _Units:
    """The units of open returns, as a call moves them: expected ones, and received ones that were not judged."""

    def __init__(self, returns: Sequence[Return]) -> None:
        self.expected = {
            (each.return_id, line.line): line.expected for each in returns for line in each.lines if line.expected
        }
        self.unjudged = {
            (each.return_id, line.line): line.unjudged for each in returns for line in each.lines if line.unjudged
        }

    @staticmethod
    def take(units: dict[tuple[int, int], int], line: int, quantity: int) -> list[tuple[int, int]]:
        """Take units of a line, of the oldest return first; return pairs (return, quantity)."""
        taken = []
        for key in sorted(units):
            if key[1] == line and quantity and units[key]:
                part = min(quantity, units[key])
                units[key] -= part
                quantity -= part
                taken.append((key[0], part))
        return taken


class Planner:
    """Makes the plan of a call on an order as it was read."""

    def __init__(
        self,
        order: Order,
        policy: ReturnPolicy,
        now: int,
        new_id: Callable[[], int],
        returns_place: Callable[[int, str | None], str | None],
        remembered: Mapping[str, Sequence[Tree]],
    ) -> None:
        self.order, self.policy, self.new_id = order, policy, new_id
        self.places = {line_id: place for place, line_id in enumerate(line_ids(order.content.lines))}
        self.eligible = {each.line: each for each in eligible_lines(order, policy, now)}
        self.shipped = {each.line: each.units for each in eligible_lines(order, ReturnPolicy(), now)}
        self.units = _Units(order.returns)
        self.returns_place, self.remembered = returns_place, remembered
        self.refundable = balance(order.content, order.payments, order.refunds).refundable
        self.refunded = refunded_units(order.refunds)
        self.left = left_of_lines(order.content, order.refunds)
        self.plan = Plan([], [])
        # Replacements are added when the first units of a return are judged.
        self.replaced = {
            to_hex24(each.return_id)
            for each in order.returns
            if any(line.restocked or line.scrapped or line.rejected for line in each.lines)
        }

    def make(self, body: wire.ReturnRequest) -> Plan:
        """Decide each item for itself."""
        for item in body.items:
            self._add(item, is_exchange=bool(body.exchange))
        return self.plan

    def _add(self, item: wire.ReturnItem, *, is_exchange: bool) -> None:
        line = self.places[item.orderLineItemId]
        judged = Judged(item, _STATUS[item.returnType], line)
        self.plan.judged.append(judged)
        announced = [] if item.returnType == "PENDING" else _Units.take(self.units.expected, line, item.quantity)
        examined: list[tuple[int, int]] = []
        rest = item.quantity - sum(units for _, units in announced)
        if rest and item.returnType in ("RECEIVED", "REJECTED"):
            examined = _Units.take(self.units.unjudged, line, rest)
            rest -= sum(units for _, units in examined)
        if rest:
            refusal = self._refusal(item, line, rest)
            if refusal:
                judged.status = refusal
                self._give_back(line, announced, examined)
                return
            announced.append((self._request(item, line, rest, is_exchange=is_exchange), rest))
            self.shipped[line] -= rest
        if item.returnType == "PENDING":
            self._plan_replacements(item, line, announced[0][0])
            return
        self._receive(item, line, announced)
        if item.returnType == "PROCESSING":
            for return_id, units in announced:
                key = (return_id, line)
                self.units.unjudged[key] = self.units.unjudged.get(key, 0) + units
            if announced and rest:
                self._plan_replacements(item, line, announced[-1][0])
            return
        self._judge(item, line, [*announced, *examined])
        if item.returnType == "RECEIVED":
            self._replace(item, line, [*announced, *examined])
            judged.refund = self._refund(item, line, [*announced, *examined], is_exchange=is_exchange)

    def _give_back(self, line: int, announced: list[tuple[int, int]], examined: list[tuple[int, int]]) -> None:
        for return_id, units in announced:
            self.units.expected[(return_id, line)] += units
        for return_id, units in examined:
            self.units.unjudged[(return_id, line)] += units

    def _refusal(self, item: wire.ReturnItem, line: int, units: int) -> str | None:
        """Say why units cannot be returned: REJECTED, or POLICY_VIOLATION where only the policy forbids it."""
        if units > self.shipped[line]:
            return "REJECTED"
        if item.policyOveride:
            return None
        if self.eligible[line].rule == "period" or reason_fault(item.reasonCode or None, self.policy):
            return "POLICY_VIOLATION"
        return None

    def _request(self, item: wire.ReturnItem, line: int, units: int, *, is_exchange: bool) -> int:
        return_id = self.new_id()
        self.plan.commands.append(
            RequestReturn(
                order_id=self.order.order_id, new_id=lambda: return_id, lines={line: units}, policy=self.policy,
                overrule=bool(item.policyOveride), exchange=is_exchange, reason=item.reasonCode or None,
            )
        )  # fmt: skip
        return return_id

    def _receive(self, item: wire.ReturnItem, line: int, announced: Sequence[tuple[int, int]]) -> None:
        for return_id, units in announced:
            self.plan.commands.append(
                ReceiveReturn(
                    order_id=self.order.order_id, return_id=return_id, lines={line: units}, reason=item.reasonCode or None,
                    location=self.returns_place(line, item.shipmentId or None),
                )
            )  # fmt: skip

    def _judge(self, item: wire.ReturnItem, line: int, parts: Sequence[tuple[int, int]]) -> None:
        for return_id, units in parts:
            side = {"reject" if item.returnType == "REJECTED" else "restock": {line: units}}
            reason = REJECTED if item.returnType == "REJECTED" else None
            judge = JudgeReturn(order_id=self.order.order_id, return_id=return_id, reason=reason, **side)  # type: ignore[arg-type]
            self.plan.commands.append(judge)

    # ------------------------------------------------------------------------------------------------------- exchanges
    def _plan_replacements(self, item: wire.ReturnItem, line: int, return_id: int) -> None:
        """Add the replacements that are to be shipped at once, and remember the others until the units come."""
        rows = [
            {"itemId": each.itemId, "sku": each.sku, "quantity": each.quantity, "itemUnitPrice": each.itemUnitPrice}
            for each in (item.exchange.items if item.exchange else None) or ()
            if not each.initiateReshipment
        ]
        if rows:
            self.plan.waiting[return_id] = rows
        self._add_lines(line, [each for each in _sent(item) if each.initiateReshipment])

    def _replace(self, item: wire.ReturnItem, line: int, parts: Sequence[tuple[int, int]]) -> None:
        """Add the replacements of units that came: those in the body, or else those that were remembered."""
        rows = _sent(item)
        for return_id, _ in parts:
            key = to_hex24(return_id)
            if key in self.remembered and key not in self.replaced:
                self.replaced.add(key)
                remembered = [wire.ExchangeItem(**row) for row in self.remembered[key]]
                rows = rows or remembered
        self._add_lines(line, rows)

    def _add_lines(self, line: int, rows: Sequence[wire.ExchangeItem]) -> None:
        ids = line_ids(self.order.content.lines)
        for row in rows:
            line_id = to_hex24(self.new_id())
            self.plan.commands.append(
                AddReplacement(
                    order_id=self.order.order_id, door=DOOR, change=_appended(row, ids[line], line_id),
                    reason=f"{REPLACES}{ids[line]}",
                )
            )  # fmt: skip

    # ---------------------------------------------------------------------------------------------------------- refunds
    def _refund(
        self, item: wire.ReturnItem, line: int, parts: Sequence[tuple[int, int]], *, is_exchange: bool
    ) -> Decimal:
        """Add the refund of an item, and return its amount: at most what is left of what was paid."""
        quantity = sum(units for _, units in parts)
        exchange = item.exchange
        fees = sum((decimal(each.refundAmount) or decimal(each.value) or _ZERO for each in item.fees or ()), _ZERO)
        amount = decimal(item.returnAmount)
        if is_exchange:
            amount = decimal(exchange.refund.amount) if exchange and exchange.refund else _ZERO
        elif amount is None:
            content, before = self.order.content, self.refunded.get(line, 0)
            units = min(quantity, content.lines[line].quantity - before)
            components = components_of_units(content, {line: units}, before=self.refunded)
            worth = total_of(components, tax_included=content.tax_included)
            amount = min(worth, max(_ZERO, self.left[line])) - fees  # goodwill for the line was given before
        if exchange and exchange.disableRefunding:
            amount = _ZERO
        amount = min(amount or _ZERO, self.refundable)
        if amount <= 0:
            return _ZERO
        self.refundable -= amount
        self.left[line] -= amount
        self.refunded[line] = self.refunded.get(line, 0) + quantity
        self.plan.commands.append(
            RefundOrder(
                order_id=self.order.order_id, new_id=self.new_id, lines={line: quantity}, amount=amount, kind="return",
                return_id=parts[0][0], reason=item.reasonCode or None,
            )
        )  # fmt: skip
        return amount


def _sent(item: wire.ReturnItem) -> list[wire.ExchangeItem]:
    return list((item.exchange.items if item.exchange else None) or ())


def _appended(row: wire.ExchangeItem, parent: str, line_id: str) -> Callable[[dict[str, Tree], Order], dict[str, Tree]]:
    """Return the change of the order's document that adds a replacement of a line; it costs nothing without a price."""

    def change(before: dict[str, Tree], _: Order) -> dict[str, Tree]:
        items = before["items"]
        old = next(each for each in items if each["lineItemId"] == parent)
        number = max(each["lineItemNumber"] for each in items) + 1
        price = {} if row.itemUnitPrice is None else {"itemUnitPrice": row.itemUnitPrice}
        added = {
            "lineItemId": line_id, "lineItemNumber": number, "itemId": row.itemId, "sku": row.sku,
            "shipToId": old["shipToId"], "orderedQuantity": row.quantity, **price,
            "itemSubTotal": 0, "itemTotal": 0, "attributes": {EXCHANGED: old["lineItemNumber"]},
        }  # fmt: skip
        return before | {"items": [*items, added]}

    return change


# ---------------------------------------------------------------------------------------------------------------- checks
def body_faults(body: wire.ReturnRequest, order: Order) -> list[Fault]:
    """Check that the lines are the order's, and that a shipment and its line are those of the line."""
    places = {line_id: place for place, line_id in enumerate(line_ids(order.content.lines))}
    faults = []
    for at, item in enumerate(body.items):
        place = places.get(item.orderLineItemId)
        if place is None:
            faults.append(Fault(("items", at, "orderLineItemId"), "is not a line of the order"))
            continue
        faults += _shipment_faults(item, at, place, order)
    return faults


def _shipment_faults(item: wire.ReturnItem, at: int, place: int, order: Order) -> list[Fault]:
    packages = [
        (to_hex24(each.fulfillment_id), package)
        for each in order.fulfillments
        for package in each.packages
        if package.shipped and place in dict(package.lines)
    ]
    faults = []
    if item.shipmentId and packages and item.shipmentId not in {key for key, _ in packages}:
        faults.append(Fault(("items", at, "shipmentId"), "is not a shipment of the line"))
    elif item.shipmentLineId and packages:
        ids = {line_item_id(package, place) for key, package in packages if item.shipmentId in (None, "", key)}
        if item.shipmentLineId not in ids:
            faults.append(Fault(("items", at, "shipmentLineId"), "is not a line of the shipment"))
    return faults


def response(plan: Plan, policy: ReturnPolicy) -> wire.ReturnResponse:
    """Render what became of the items."""
    items = [
        wire.ReturnedItem(
            returnStatus=each.status, policyCode=policy.name.upper(), lineItemId=each.item.orderLineItemId,  # type: ignore[arg-type]
            returnQuantity=each.item.quantity, refundAmount=each.refund,
        )
        for each in plan.judged
    ]  # fmt: skip
    total = sum((each.refund for each in plan.judged), _ZERO)
    statuses = {each.status for each in plan.judged}
    status: Any = "REFUND_INITIATED" if total else "REFUND_FAILURE"
    if not total and statuses & {"PENDING", "PROCESSING", "VALID"}:
        status = "REFUND_PENDING"
    return wire.ReturnResponse(refundStatus=status, totalRefund=total, items=items)
