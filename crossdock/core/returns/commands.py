"""The commands on returns, refunds and payments of an order; pure.

A refund is computed from the units it is for, or names its amount; it is never more than what was paid and not refunded yet.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

import msgspec

from crossdock.core.errors import Code, Conflict, Fault, Invalid, NotFound
from crossdock.core.money import to_minor_unit
from crossdock.core.orders.allocating import pools_of
from crossdock.core.orders.commands import Command, State
from crossdock.core.orders.events import (
    Invoiced,
    OrderEvent,
    PaymentRecorded,
    Refunded,
    ReturnCanceled,
    Returned,
    ReturnJudged,
    ReturnRequested,
)
from crossdock.core.orders.model import Order
from crossdock.core.orders.payments import Payment, Refund, RefundKind
from crossdock.core.orders.returns import (
    DEFAULT_POLICY,
    Eligibility,
    Return,
    ReturnLine,
    ReturnPolicy,
    eligibility,
    reason_fault,
    units_in_returns,
)
from crossdock.core.orders.status import Counters, Verb
from crossdock.core.orders.supply import Supply
from crossdock.core.returns.refunds import (
    balance,
    components_of_lines,
    divide,
    left_of_lines,
    refunded_units,
    sum_of,
    total_of,
)
from crossdock.core.stock.model import LevelKey

_replace = msgspec.structs.replace
Units = Mapping[int, int]  # by line
_ZERO = Decimal(0)


# ----------------------------------------------------------------------------------------------------------------- returns
class RequestReturn(Command, frozen=True, kw_only=True):
    """Ask shipped units back: those of the `lines` named, or all that can be returned.

    The policy decides what can; `overrule` sets it aside. `reasons` are given for each line, `reason` for all.
    """

    verb: ClassVar[Verb] = Verb.NOTE
    new_id: Callable[[], int]
    lines: Units | None = None
    reasons: Mapping[int, str] = msgspec.field(default_factory=dict)
    policy: ReturnPolicy = DEFAULT_POLICY
    overrule: bool = False
    reference: str | None = None
    location: str | None = None
    label_url: str | None = None
    exchange: bool = False
    note: str | None = None

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.return_requested`.

        Refuses with Invalid lines and reasons that the policy does not allow, naming the rule, with Conflict `state_forbids`
        where nothing can be returned.
        """
        order = state.order
        found = eligible_lines(order, self.policy if not self.overrule else DEFAULT_POLICY, state.now)
        units = dict(self.lines) if self.lines is not None else {each.line: each.units for each in found if each.units}
        self._check(order, units, found)
        if not any(units.values()):
            raise Conflict(
                Code.STATE_FORBIDS, "nothing of the order can be returned: " + _why_not(found), status=str(order.status)
            )
        lines = tuple(
            ReturnLine(line, quantity, self.reasons.get(line, self.reason))
            for line, quantity in sorted(units.items())
            if quantity
        )
        made = Return(
            self.new_id(), state.now, lines, self.reference, self.location, self.label_url, self.exchange, self.note
        )
        returns = (*order.returns, made)
        return [
            ReturnRequested(
                lines=tuple((line.line, line.quantity) for line in lines), counters=_requested(order.counters, returns),
                return_id=made.return_id, label_url=self.label_url, reason=self.reason, state=made,
            )
        ]  # fmt: skip

    def _check(self, order: Order, units: Units, found: Sequence[Eligibility]) -> None:
        faults = []
        for place, (line, quantity) in enumerate(units.items()):
            if not 0 <= line < len(order.counters):
                faults.append(
                    Fault(("lines", place, "line"), f"must be below {len(order.counters)}, the number of lines")
                )
                continue
            each = found[line]
            if not 1 <= quantity <= each.units:
                reason = each.reason or f"must be from 1 to {each.units}, which can be returned"
                faults.append(Fault(("lines", place, "quantity"), reason))
            said = self.reasons.get(line, self.reason)
            if not self.overrule and (wrong := reason_fault(said, self.policy)):
                faults.append(Fault(("lines", place, "reason"), wrong))
        if faults:
            raise Invalid(
                Code.INVALID, f"the return policy {self.policy.name!r} does not allow it", faults=tuple(faults)
            )


def eligible_lines(order: Order, policy: ReturnPolicy, now: int) -> list[Eligibility]:
    """Tell for each line of an order how many units can be returned now, or why none."""
    in_returns = units_in_returns(order.returns)
    since = _since(order)
    return [
        eligibility(
            place, shipped=line.shipped, in_returns=in_returns.get(place, 0), since=since.get(place, order.updated_at),
            now=now, policy=policy,
        )
        for place, line in enumerate(order.counters)
    ]  # fmt: skip


def _since(order: Order) -> dict[int, int]:
    """Return when units of each line were delivered last, or shipped where no delivery is known."""
    since: dict[int, int] = {}
    for fulfillment in order.fulfillments:
        for package in fulfillment.packages:
            at = package.reported_at if package.is_delivered else fulfillment.left_at(package)
            if package.shipped and at is not None:
                for line, _ in package.lines:
                    since[line] = max(since.get(line, 0), at)
    return since


def _why_not(found: Sequence[Eligibility]) -> str:
    return "; ".join(dict.fromkeys(each.reason for each in found if each.reason)) or "it has no lines"


def _requested(counters: Sequence[Counters], returns: Sequence[Return]) -> tuple[Counters, ...]:
    """Return the counters with the units that are in returns."""
    units = units_in_returns(tuple(returns))
    return tuple(
        _replace(line, return_requested=max(units.get(place, 0), line.returned)) for place, line in enumerate(counters)
    )


class ReturnCommand(Command, frozen=True, kw_only=True):
    """A command on one return of an order."""

    verb: ClassVar[Verb] = Verb.NOTE
    return_id: int | None

    def of(self, order: Order) -> Return:
        """Return the return. Refuses with NotFound `not_found`."""
        found: Return | None = next((each for each in order.returns if each.return_id == self.return_id), None)
        if found is None:
            raise NotFound(Code.NOT_FOUND, "the order has no such return")
        return found


class ReceiveReturn(ReturnCommand, frozen=True, kw_only=True):
    """Record units of a return that have come: of the `lines` named, or all that are expected."""

    lines: Units | None = None
    location: str | None = None

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.returned`. Refuses with Invalid more units than are expected."""
        order, found = state.order, self.of(state.order)
        expected = {line.line: line.expected for line in found.lines}
        units = dict(self.lines) if self.lines is not None else {k: v for k, v in expected.items() if v}
        _check_within(units, expected, "are expected")
        if not any(units.values()):
            raise Conflict(Code.STATE_FORBIDS, "nothing more of the return is expected", status=str(found.status))
        lines = tuple(_replace(line, received=line.received + units.get(line.line, 0)) for line in found.lines)
        changed = _replace(found, lines=lines, location=self.location or found.location)
        counters = tuple(
            _replace(line, returned=line.returned + units.get(place, 0)) for place, line in enumerate(order.counters)
        )
        came = tuple(sorted((line, quantity) for line, quantity in units.items() if quantity))
        return [Returned(lines=came, counters=counters, return_id=found.return_id, reason=self.reason, state=changed)]


class JudgeReturn(ReturnCommand, frozen=True, kw_only=True):
    """Judge units of a return that have come: restock them at the location, scrap or reject them; by line."""

    reads_supply: ClassVar[bool] = True
    restock: Units = msgspec.field(default_factory=dict)
    scrap: Units = msgspec.field(default_factory=dict)
    reject: Units = msgspec.field(default_factory=dict)
    location: str | None = None

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.return_judged`. Refuses with Invalid more units than have come."""
        order, found = state.order, self.of(state.order)
        units: dict[int, int] = {}
        for part in (self.restock, self.scrap, self.reject):
            for line, quantity in part.items():
                units[line] = units.get(line, 0) + quantity
        _check_within(units, {line.line: line.unjudged for line in found.lines}, "have come and were not judged")
        lines = tuple(
            _replace(
                line, restocked=line.restocked + self.restock.get(line.line, 0),
                scrapped=line.scrapped + self.scrap.get(line.line, 0), rejected=line.rejected + self.reject.get(line.line, 0),
            )
            for line in found.lines
        )  # fmt: skip
        if lines == found.lines:
            return []
        location = self.location or found.location
        changed = _replace(found, lines=lines, location=location)
        return [ReturnJudged(state=changed, restocked=self._restocked(state, order, location), reason=self.reason)]

    def _restocked(self, state: State, order: Order, location: str | None) -> tuple[tuple[str, str, str, int], ...]:
        """Return what goes back into stock, as (sku, location, pool, units): all units of a SKU that stock is tracked of.

        Without a location they go where their line was shipped from. The pool is the line's own where the location has it.
        """
        supply, content = state.supply, order.content
        if supply is None:
            return ()
        found, places = [], {each.code for each in supply.locations}
        for line, quantity in sorted(self.restock.items()):
            sku, place = content.lines[line].sku, location or _shipped_from(order, line)
            if not quantity or place not in places or place is None or sku is None or sku not in supply.tracked:
                continue
            key = _restock_level(order, line, place, sku, supply)
            level = supply.levels.get(key)
            if level is None or not level.unlimited:
                found.append((sku, place, key.pool, quantity))
        return tuple(found)


def _restock_level(order: Order, line: int, location: str, sku: str, supply: Supply) -> LevelKey:
    """Return the stock level that units of a line go back into at a location.

    It is the pool that the location shipped the line from, else the line's own, else the common one; the location may have no
    level of the last yet.
    """
    shipped_from = [
        part.pool
        for allocation in order.allocations
        for part in allocation.units
        if allocation.location == location and part.line == line and part.shipped and part.sku is not None
    ]
    keys = [LevelKey(sku, location, pool) for pool in (*shipped_from, *pools_of(order.content, line))]
    return next((key for key in keys if key in supply.levels), LevelKey(sku, location))


def _shipped_from(order: Order, line: int) -> str | None:
    """Return the location that shipped units of a line last."""
    places = [
        each.location for each in order.fulfillments if any(part.line == line and part.shipped for part in each.lines)
    ]
    return places[-1] if places else None


class CancelReturn(ReturnCommand, frozen=True, kw_only=True):
    """Cancel what of a return has not come."""

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.return_canceled`. Refuses with Conflict `state_forbids` where everything has come."""
        order, found = state.order, self.of(state.order)
        if not any(line.expected for line in found.lines):
            raise Conflict(Code.STATE_FORBIDS, "everything of the return has come", status=str(found.status))
        lines = tuple(_replace(line, canceled=line.canceled + line.expected) for line in found.lines)
        changed = _replace(found, lines=lines)
        returns = [changed if each.return_id == found.return_id else each for each in order.returns]
        return [ReturnCanceled(state=changed, counters=_requested(order.counters, returns), reason=self.reason)]


def _check_within(units: Units, left: Units, words: str) -> None:
    faults = []
    for place, (line, quantity) in enumerate(units.items()):
        if line not in left:
            faults.append(Fault(("lines", place, "line"), "is not a line of the return"))
        elif not 0 <= quantity <= left[line]:
            faults.append(Fault(("lines", place, "quantity"), f"must be at most {left[line]}, which {words}"))
    if faults:
        raise Invalid(Code.INVALID, "not so many units are there", faults=tuple(faults))


# ----------------------------------------------------------------------------------------------------------------- refunds
class RefundOrder(Command, frozen=True, kw_only=True):
    """Give money back: for units of `lines`, for those of a return that came and were not rejected, or a named `amount`.

    `fee` is kept back, and so are the components `without`; both only of a computed amount. A `reference` makes it happen once.
    """

    verb: ClassVar[Verb] = Verb.NOTE
    new_id: Callable[[], int]
    lines: Units | None = None
    return_id: int | None = None
    amount: Decimal | None = None
    kind: RefundKind = "manual"
    without: tuple[str, ...] = ()
    fee: Decimal = _ZERO
    reference: str | None = None

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.refunded`; nothing for a reference that was refunded before.

        A line never gets more than it costs, whether for its units or in goodwill. Refuses with Invalid an amount that is not
        positive, has too many decimal places, or is more than what is left, which the refusal names.
        """
        order = state.order
        if self.reference is not None and any(each.reference == self.reference for each in order.refunds):
            return []
        units = self._units(order)
        by_line, components = self._parts(order, units)
        amount = self._amount(by_line)
        self._check(order, amount)
        by_line, components = _adjusted(amount, by_line, components, order.content.currency)
        refund = Refund(
            self.new_id(), state.now, amount, self.kind, tuple((k, v) for k, v in components.items() if v),
            tuple(sorted(units.items())), self.return_id, self.reference, self.reason,
            tuple((line, part) for line, part in sorted(by_line.items()) if part),
        )  # fmt: skip
        return [Refunded(amount=amount, return_id=self.return_id, reason=self.reason, refund=refund)]

    def _amount(self, by_line: Mapping[int, Decimal]) -> Decimal:
        return self.amount if self.amount is not None else max(_ZERO, sum(by_line.values(), _ZERO) - self.fee)

    def _units(self, order: Order) -> dict[int, int]:
        done = refunded_units(order.refunds)
        if self.lines is not None:
            left = {place: max(0, line.ordered - done.get(place, 0)) for place, line in enumerate(order.counters)}
            _check_within(self.lines, left, "were not refunded yet")
            return {line: quantity for line, quantity in self.lines.items() if quantity}
        if self.return_id is None:
            return {}
        found = ReturnCommand(order_id=self.order_id, return_id=self.return_id).of(order)
        mine = [each for each in order.refunds if each.return_id == self.return_id]
        before = refunded_units(mine)
        return {
            line.line: units
            for line in found.lines
            if (units := line.received - line.rejected - before.get(line.line, 0)) > 0
        }

    def _parts(self, order: Order, units: Units) -> tuple[dict[int, Decimal], dict[str, Decimal]]:
        """Return what the units of each line are worth, at most what is left of the line, and the components of that."""
        if not units:
            return {}, {}
        content = order.content
        lines = components_of_lines(content, units, before=refunded_units(order.refunds))
        by_line = {place: self._worth(parts, content.tax_included) for place, parts in lines.items()}
        components = {name: amount for name, amount in sum_of(lines.values()).items() if name not in self.without}
        if content.tax_included and "tax" in self.without:
            tax = sum((parts.get("tax", _ZERO) for parts in lines.values()), _ZERO)
            components["items"] = components.get("items", _ZERO) - tax
        if self.amount is None:
            left = left_of_lines(content, order.refunds)
            given = {place: min(part, max(_ZERO, part - left[place])) for place, part in by_line.items() if part > 0}
            components["discount"] = components.get("discount", _ZERO) + sum(given.values(), _ZERO)
            by_line = {place: part - given.get(place, _ZERO) for place, part in by_line.items()}
        return by_line, components

    def _worth(self, parts: Mapping[str, Decimal], tax_included: bool) -> Decimal:
        """Return what units are worth without the components that are not given back, also where prices include the tax."""
        worth = total_of({k: v for k, v in parts.items() if k not in self.without}, tax_included=tax_included)
        return worth - parts.get("tax", _ZERO) if tax_included and "tax" in self.without else worth

    def _check(self, order: Order, amount: Decimal) -> None:
        content = order.content
        left = balance(content, order.payments, order.refunds).refundable
        fault = None
        if amount <= 0:
            fault = "must be more than 0" if self.amount is not None else "there is nothing to refund"
        elif to_minor_unit(amount, content.currency) != amount:
            fault = f"must be a multiple of the smallest unit of {content.currency or 'the currency'}"
        elif amount > left:
            fault = f"must be at most {left}, which is left of what was paid"
        if fault is not None:
            raise _not_refundable(fault, left)


def _adjusted(
    amount: Decimal, by_line: Mapping[int, Decimal], components: Mapping[str, Decimal], currency: str | None
) -> tuple[dict[int, Decimal], dict[str, Decimal]]:
    """Fit the parts of a refund to its amount, where a fee is kept back or the amount was named: the difference is a fee."""
    difference = sum(by_line.values(), _ZERO) - amount
    if not by_line or not difference:
        return dict(by_line), dict(components)
    parts = divide(amount, list(by_line.values()), currency)
    fees = components.get("fees", _ZERO) - difference
    return dict(zip(by_line, parts, strict=True)), {**components, "fees": fees}


def _not_refundable(fault: str, left: Decimal) -> Invalid:
    return Invalid(
        Code.INVALID, "the amount cannot be refunded", faults=(Fault(("amount",), fault),), left=str(max(_ZERO, left))
    )


class AppeaseOrder(RefundOrder, frozen=True, kw_only=True):
    """Give money back in goodwill, within the limit of the policy: for the order, or an `amount` for `line`, without units."""

    policy: ReturnPolicy = DEFAULT_POLICY
    line: int | None = None

    def _parts(self, order: Order, units: Units) -> tuple[dict[int, Decimal], dict[str, Decimal]]:
        if self.line is None or self.amount is None:
            return super()._parts(order, units)
        if not 0 <= self.line < len(order.counters):
            fault = Fault(("line",), f"must be below {len(order.counters)}, the number of lines")
            raise Invalid(Code.INVALID, "the request has faults", faults=(fault,))
        return {self.line: self.amount}, {}

    def _check(self, order: Order, amount: Decimal) -> None:
        """Refuse also what is more than the policy, or the line, has left."""
        content = order.content
        given = sum((each.amount for each in order.refunds if each.kind == "appeasement"), _ZERO)
        paid = balance(content, order.payments, order.refunds).captured
        most = to_minor_unit(paid * self.policy.appeasement_percent / 100, content.currency) - given
        if amount > most:
            raise _not_refundable(f"must be at most {max(_ZERO, most)}, which the policy leaves for goodwill", most)
        if self.line is not None and amount > (left := left_of_lines(content, order.refunds)[self.line]):
            raise _not_refundable(f"must be at most {max(_ZERO, left)}, which is left of what the line costs", left)
        super()._check(order, amount)


# ---------------------------------------------------------------------------------------------------------------- payments
class RecordPayment(Command, frozen=True, kw_only=True):
    """Record what a payment provider reports: amounts as they are now, of the payment with the `reference`, or a new one."""

    verb: ClassVar[Verb] = Verb.NOTE
    new_id: Callable[[], int]
    reference: str | None = None
    changes: Mapping[str, Decimal | str | None]

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.payment_recorded`; nothing where nothing is new. Refuses with Invalid amounts that cannot be true."""
        order = state.order
        known = next((each for each in order.payments if self.reference and each.reference == self.reference), None)
        before = known or Payment(self.new_id(), state.now, self.reference, currency=order.content.currency)
        after = _replace(before, **self.changes)
        faults = [
            Fault((name,), "must be 0 or more")
            for name in ("authorized", "captured", "refunded", "voided", "settled")
            if getattr(after, name) < 0
        ]
        if after.refunded > after.captured:
            faults.append(Fault(("refunded",), f"must be at most {after.captured}, which is captured"))
        if faults:
            raise Invalid(Code.INVALID, "the payment has faults", faults=tuple(faults))
        return [] if after == known else [PaymentRecorded(payment=after, reason=self.reason)]


class RecordInvoice(Command, frozen=True, kw_only=True):
    """Record that an invoice was made."""

    verb: ClassVar[Verb] = Verb.NOTE
    invoiced: Invoiced

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.invoiced`."""
        return [self.invoiced]
