"""How an order's money is divided among its units, and what of it is captured, refunded and owed; pure.

Every component of an order (items, discount, fees, shipping, tax, duty) is divided among its lines so that the shares add up to
it exactly, and a line's share among its units so that any sequence of refunds of single units ends at exactly that share.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal

from msgspec import Struct

from crossdock.core.iso import exponent
from crossdock.core.money import reconcile, to_minor_unit
from crossdock.core.orders.model import Content
from crossdock.core.orders.payments import Payment, Refund

_ZERO = Decimal(0)
# With their signs in a total.
SIGNS: dict[str, int] = {"items": 1, "discount": -1, "fees": 1, "shipping": 1, "tax": 1, "duty": 1}


class Balance(Struct, frozen=True):
    """What of an order's money is authorized, captured, refunded, still to be refunded at most, and owed by the customer."""

    total: Decimal
    authorized: Decimal
    captured: Decimal
    refunded: Decimal
    refundable: Decimal
    owed: Decimal


def total_of(components: Mapping[str, Decimal], *, tax_included: bool) -> Decimal:
    """Return the sum of components with their signs; tax that the prices include is not added."""
    return sum(
        (amount * SIGNS[name] for name, amount in components.items() if not (tax_included and name == "tax")), _ZERO
    )


def order_components(content: Content) -> dict[str, Decimal]:
    """Return each component of an order, as stated or else as computed, in minor units of its currency.

    Where a sender states a total and, besides items, no component of it, the difference is one amount: fees where the total is
    above the items, else a discount. Pitney Bowes OMS has only these two sums, so shipping and tax are in its total alone.
    A total with no price at all is that of the items.
    """
    found: dict[str, Decimal] = {}
    total: Decimal | None = None
    reconciliation = reconcile(content)
    for each in reconciliation.components:
        if each.line is None and each.component in SIGNS:
            value = each.stated if each.stated is not None else each.computed
            found[each.component] = to_minor_unit(value or _ZERO, content.currency)
        elif each.component == "total":
            total = each.stated
    if total is not None and not found and not reconciliation.excluded:
        return {"items": to_minor_unit(total, content.currency)}
    if total is not None and set(found) == {"items"} and not reconciliation.excluded and _is_priced(content):
        rest = to_minor_unit(total, content.currency) - found["items"]
        if rest:
            found["fees" if rest > 0 else "discount"] = abs(rest)
    return found


def _is_priced(content: Content) -> bool:
    """Whether the sum of the items is known: stated, or computed of prices of all lines."""
    if content.totals is not None and content.totals.items is not None:
        return True
    return all(line.unit_price is not None or (line.totals and line.totals.items is not None) for line in content.lines)


def line_components(content: Content) -> list[dict[str, Decimal]]:
    """Divide every component of an order among its lines: the shares of all lines add up to it exactly.

    Items go by the lines' own amounts; the others by what the lines say of them, the rest by the lines' items.
    """
    items = [_items_of(content, place) for place in range(len(content.lines))]
    shares: list[dict[str, Decimal]] = [{} for _ in content.lines]
    for name, whole in order_components(content).items():
        said = items if name == "items" else [_said_of(content, place, name) for place in range(len(content.lines))]
        weights = items if any(items) else [Decimal(line.quantity) for line in content.lines]
        rest = whole - sum(said, _ZERO)
        for place, part in enumerate(divide(rest, weights, content.currency)):
            shares[place][name] = said[place] + part
    return shares


def _items_of(content: Content, place: int) -> Decimal:
    line = content.lines[place]
    amount = line.totals.items if line.totals is not None else None
    if amount is None:
        amount = (line.unit_price or _ZERO) * line.quantity
    return to_minor_unit(amount, content.currency)


_CHARGE_OF = {"discount": "discount", "fees": "fee", "shipping": "shipping", "tax": "tax", "duty": "duty"}


def _said_of(content: Content, place: int, name: str) -> Decimal:
    line = content.lines[place]
    amount = getattr(line.totals, name) if line.totals is not None else None
    if amount is None:
        charges = [each for each in line.charges if each.currency in (None, content.currency)]
        amount = sum((each.amount for each in charges if each.kind == _CHARGE_OF[name]), _ZERO)
    return to_minor_unit(amount, content.currency)


def divide(amount: Decimal, weights: Sequence[Decimal], currency: str | None) -> list[Decimal]:
    """Divide an amount by weights, in minor units; the shares add up to it exactly, the largest remainders get what is left."""
    unit = Decimal(1).scaleb(-exponent(currency))
    minor = int(to_minor_unit(abs(amount), currency) / unit)
    sign = -1 if amount < 0 else 1
    total = sum(map(abs, weights), _ZERO)
    if not weights or not minor:
        return [_ZERO for _ in weights]
    if not total:
        weights, total = [Decimal(1)] * len(weights), Decimal(len(weights))
    exact = [Decimal(minor) * abs(weight) / total for weight in weights]
    parts = [int(each.to_integral_value(ROUND_FLOOR)) for each in exact]
    by_remainder = sorted(range(len(exact)), key=lambda place: (parts[place] - exact[place], place))
    for place in by_remainder[: minor - sum(parts)]:
        parts[place] += 1
    return [sign * part * unit for part in parts]


def units_share(whole: Decimal, *, of: int, before: int, units: int, currency: str | None) -> Decimal:
    """Return the share of some units of a line, after `before` units; the shares of all units add up to `whole` exactly."""

    def until(count: int) -> Decimal:
        return to_minor_unit(whole * count / of, currency) if count < of else whole

    return until(before + units) - until(before)


def components_of_lines(
    content: Content, units: Mapping[int, int], *, before: Mapping[int, int]
) -> dict[int, dict[str, Decimal]]:
    """Return the components of units of each line, of which `before` were refunded, or billed, earlier."""
    shares = line_components(content)
    return {
        place: {
            name: units_share(
                whole, of=content.lines[place].quantity, before=before.get(place, 0), units=quantity,
                currency=content.currency,
            )
            for name, whole in shares[place].items()
        }
        for place, quantity in units.items()
    }  # fmt: skip


def sum_of(parts: Iterable[Mapping[str, Decimal]]) -> dict[str, Decimal]:
    """Add components up, by name."""
    found: dict[str, Decimal] = {}
    for part in parts:
        for name, amount in part.items():
            found[name] = found.get(name, _ZERO) + amount
    return found


def components_of_units(content: Content, units: Mapping[int, int], *, before: Mapping[int, int]) -> dict[str, Decimal]:
    """Return the components of units of lines together, of which `before` were refunded earlier."""
    return sum_of(components_of_lines(content, units, before=before).values())


def refunded_units(refunds: Sequence[Refund]) -> dict[int, int]:
    """Return how many units of each line were refunded."""
    units: dict[int, int] = {}
    for each in refunds:
        for line, quantity in each.lines:
            units[line] = units.get(line, 0) + quantity
    return units


def refunded_amounts(refunds: Sequence[Refund]) -> dict[int, Decimal]:
    """Return how much each line was given back, for units of it or in goodwill."""
    amounts: dict[int, Decimal] = {}
    for each in refunds:
        for line, amount in each.by_line:
            amounts[line] = amounts.get(line, _ZERO) + amount
    return amounts


def left_of_lines(content: Content, refunds: Sequence[Refund]) -> list[Decimal]:
    """Return what each line costs, with its share of discount, shipping and tax, less what was given back of it."""
    done = refunded_amounts(refunds)
    return [
        total_of(shares, tax_included=content.tax_included) - done.get(place, _ZERO)
        for place, shares in enumerate(line_components(content))
    ]


def balance(content: Content, payments: Sequence[Payment], refunds: Sequence[Refund]) -> Balance:
    """Compute what of an order's money is captured, refunded, refundable and owed.

    Where no payment is known, the order counts as paid in full, or as far as its sender says. What is refunded is known from
    both sides, the order's refunds and the payments' reports: the larger sum counts.
    """
    total = total_of(order_components(content), tax_included=content.tax_included)
    mine = [each for each in payments if each.currency in (None, content.currency)]
    captured = sum((each.captured for each in mine), _ZERO)
    authorized = sum((each.authorized for each in mine), _ZERO)
    if not payments:
        stated = content.totals.paid if content.totals is not None else None
        captured = authorized = to_minor_unit(stated, content.currency) if stated is not None else total
    refunded = max(sum((each.amount for each in refunds), _ZERO), sum((each.refunded for each in mine), _ZERO))
    left = to_minor_unit(captured - refunded, content.currency)
    if left > captured - refunded:  # a provider may report fractions of the smallest unit
        left -= Decimal(1).scaleb(-exponent(content.currency))
    return Balance(
        total,
        authorized,
        captured,
        refunded,
        refundable=max(_ZERO, left),
        owed=max(_ZERO, total - captured),
    )
