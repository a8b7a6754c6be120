"""Exact money: minor units by currency, and the reconciliation of stated totals with the lines.

Nothing is ever corrected here; `reconcile` only says by how much, and in which component, the figures differ.
"""

from decimal import ROUND_HALF_UP, Context, Decimal, getcontext, setcontext

from msgspec import Struct
from msgspec.structs import astuple

from crossdock.core.iso import exponent
from crossdock.core.orders.model import Charge, ChargeKind, Content, Line, Totals

COMPONENTS = ("items", "discount", "fees", "shipping", "tax", "duty", "total")
_COMPONENT_OF: dict[ChargeKind, str] = {
    "discount": "discount", "fee": "fees", "shipping": "shipping", "tax": "tax", "duty": "duty",
}  # fmt: skip
_NOTHING = Totals()
_ZERO = Decimal(0)
_SUMMED = COMPONENTS[:-1]
_CHARGED = COMPONENTS[1:-1]  # what charges can be of

# Digits that hold every sum exactly, so that no operation here raises. The largest amount in a database is one of 24
# digits with an exponent of 99, which earlier versions took: 123 digits before the point and 115 after it. A quantity
# adds 10 digits, and the sum over the lines of the largest body 5.
PRECISION = 320
# Made once, and set for a whole reconciliation: making a context, or naming it at each step, is what most of one would cost.
_EXACT = Context(prec=PRECISION, rounding=ROUND_HALF_UP)
# The latest reconciliation and its content: a new order's is asked for twice, by its response and for its row.
_latest: tuple[Content, "Reconciliation"] | None = None
_UNITS = {places: Decimal(1).scaleb(-places) for places in range(5)}  # ISO 4217 has 0 to 4


class Component(Struct, frozen=True):
    """One sum: as stated, as computed, and stated minus computed, each rounded to the currency's minor unit.

    `line` is the position of the line it is about, None for the whole order. None where nothing was stated or computable.
    """

    component: str
    line: int | None
    stated: Decimal | None
    computed: Decimal | None
    difference: Decimal | None


class Excluded(Struct, frozen=True):
    """Charges of one component in another currency than the order's: amounts of two currencies are never added."""

    component: str
    currency: str
    amount: Decimal


class Reconciliation(Struct, frozen=True, omit_defaults=True):
    """The sender's totals against the lines; `balanced` when no component differs.

    A component with `excluded` charges cannot be computed, and neither can a total that would need it.
    """

    currency: str | None
    exponent: int
    balanced: bool
    components: tuple[Component, ...]
    excluded: tuple[Excluded, ...] = ()


def to_minor_unit(amount: Decimal, currency: str | None) -> Decimal:
    """Round half up to the currency's minor unit (JPY 0 places, USD 2, KWD 3)."""
    return amount.quantize(_UNITS[exponent(currency)], context=_EXACT)


def reconcile(content: Content) -> Reconciliation:
    """Compare the sender's totals with the lines, by component.

    A component is computed from all that is said of it: of each line its total, else its charges, and the order's own charges
    unless these repeat the lines'.
    `total` is items - discount + fees + shipping + tax + duty, each as stated or else as computed; without the tax where the
    prices include it. Lines: quantity x unit price against the line's own items total. What is added may have been rounded
    before or after: a stated sum is right if it is either.
    """
    global _latest  # noqa: PLW0603 - replaced as a whole, so that threads cannot see half of it
    before = getcontext()
    setcontext(_EXACT)
    try:
        reconciliation = _reconciled(content)
    finally:
        setcontext(before)
    _latest = content, reconciliation
    return reconciliation


def is_balanced(content: Content) -> bool:
    """Tell whether the sender's totals agree with the lines, as `reconcile` finds; every new order is asked."""
    if content.totals is None and all(line.totals is None for line in content.lines):
        return True
    latest = _latest
    if latest is not None and latest[0] is content:
        return latest[1].balanced
    before = getcontext()
    setcontext(_EXACT)
    try:
        is_clear = _is_clearly_balanced(content)
        return _reconciled(content).balanced if is_clear is None else is_clear
    finally:
        setcontext(before)


def _is_clearly_balanced(content: Content) -> bool | None:
    """Compare exact sums, which takes a third of a reconciliation: equal ones are balanced, those that rounding cannot explain
    are not. None where it depends on rounding, or on another currency."""
    sums: dict[str, Decimal] = {}
    of_order: dict[str, Decimal] = {}
    unit = _UNITS[exponent(content.currency)]
    added = 1  # amounts, each of which rounding may change by half a unit
    for line in content.lines:
        if line.charges and any(each.currency not in (None, content.currency) for each in line.charges):
            return None
        items, totals = line.unit_price, line.totals
        if items is not None:
            items = items * line.quantity
        if totals is not None and totals.items is not None:
            if items is not None and items != totals.items:
                return False if abs(items - totals.items) >= unit else None
            items = totals.items
        if items is not None:
            sums["items"] = sums["items"] + items if "items" in sums else items
        added += 1
        if totals is not None or line.charges:
            added += _add_exactly(sums, line)
    for charge in content.charges:
        if charge.currency not in (None, content.currency):
            return None
        name, added = _COMPONENT_OF[charge.kind], added + 1
        of_order[name] = of_order[name] + charge.amount if name in of_order else charge.amount
    return _compare_exactly(content, sums, of_order, added * unit)


def _add_exactly(sums: dict[str, Decimal], line: Line) -> int:
    """Add what a line says besides its items; returns the number of amounts."""
    added, totals = 0, line.totals
    if totals is not None:
        for name in _CHARGED:
            amount = getattr(totals, name)
            if amount is not None:
                added += 1
                sums[name] = sums[name] + amount if name in sums else amount
    for charge in line.charges:
        name = _COMPONENT_OF[charge.kind]
        if totals is None or getattr(totals, name) is None:
            added += 1
            sums[name] = sums[name] + charge.amount if name in sums else charge.amount
    return added


def _compare_exactly(
    content: Content, sums: dict[str, Decimal], of_order: dict[str, Decimal], slack: Decimal
) -> bool | None:
    totals = content.totals
    if totals is None:
        return True
    total = _ZERO
    doubtful = False
    for name, stated in zip(_SUMMED, astuple(totals), strict=False):
        computed = sums.get(name)
        if name in of_order:
            if computed is None:
                computed = of_order[name]
            elif stated is None or stated not in (computed, computed + of_order[name]):
                return None  # the order's charges may repeat the lines'
            else:
                computed = stated
        if stated is not None:
            if computed is not None and computed != stated:
                if abs(computed - stated) >= slack:
                    return False
                doubtful = True
            computed = stated
        if computed is not None and (name != "tax" or not content.tax_included):
            total = total - computed if name == "discount" else total + computed
    if totals.total is not None and totals.total != total:
        return False if abs(totals.total - total) >= slack else None
    return None if doubtful else True


def _reconciled(content: Content) -> Reconciliation:
    places = exponent(content.currency)
    unit = _UNITS[places]
    excluded: dict[tuple[str, str], Decimal] = {}
    of_lines: _Sums = {}
    found: list[Component] = []
    for position, line in enumerate(content.lines):
        _add_line(of_lines, excluded, found, position, line, content.currency, unit)
    of_order: _Sums = {}
    for charge in content.charges:
        _add_charge(of_order, excluded, charge, content.currency, unit)
    _add_order_components(found, content, of_lines, of_order, {name for name, _ in excluded}, unit)
    return Reconciliation(
        currency=content.currency,
        exponent=places,
        balanced=not any(each.difference for each in found),
        components=tuple(found),
        excluded=tuple(
            [
                Excluded(name, currency, amount.quantize(_UNITS[exponent(currency)]))
                for (name, currency), amount in excluded.items()
            ]
        ),
    )


# Sums by component: of amounts that were rounded before, and exact.
_Sums = dict[str, tuple[Decimal, Decimal]]


def _add(sums: _Sums, name: str, amount: Decimal, unit: Decimal) -> None:
    if name in sums:
        rounded, exact = sums[name]
        sums[name] = rounded + amount.quantize(unit), exact + amount
    else:
        sums[name] = amount.quantize(unit), amount


def _add_charge(
    sums: _Sums, excluded: dict[tuple[str, str], Decimal], charge: Charge, currency: str | None, unit: Decimal
) -> None:
    name = _COMPONENT_OF[charge.kind]
    if charge.currency is None or charge.currency == currency:
        _add(sums, name, charge.amount, unit)
    else:
        key = name, charge.currency
        excluded[key] = excluded.get(key, _ZERO) + charge.amount


def _add_line(
    sums: _Sums,
    excluded: dict[tuple[str, str], Decimal],
    found: list[Component],
    position: int,
    line: Line,
    currency: str | None,
    unit: Decimal,
) -> None:
    """Add what a line says to the sums, and its items to what was found where it states them besides its price."""
    items = None if line.unit_price is None else line.unit_price * line.quantity
    totals = line.totals
    if totals is not None:
        if totals.items is not None:
            if items is not None:
                found.append(_component("items", position, totals.items, (items,), unit))
            items = totals.items
        for name in _CHARGED:
            amount = getattr(totals, name)
            if amount is not None:
                _add(sums, name, amount, unit)
    if items is not None:
        _add(sums, "items", items, unit)
    for charge in line.charges:
        if totals is None or getattr(totals, _COMPONENT_OF[charge.kind]) is None:
            _add_charge(sums, excluded, charge, currency, unit)


def _ways(name: str, of_lines: _Sums, of_order: _Sums) -> tuple[Decimal, ...]:
    """Return what a component may add up to, the likeliest first: rounded and exact.

    Some vendors repeat the charges of the lines as the order's (fabric's sample does), others state further ones there. Where
    both have the same sum they are taken for the same.
    """
    one, other = of_lines.get(name), of_order.get(name)
    if one is None or other is None:
        return one or other or ()
    together = one[0] + other[0], one[1] + other[1]
    return (*one, *together) if one[0] == other[0] else (*together, *one)


def _add_order_components(
    found: list[Component], content: Content, of_lines: _Sums, of_order: _Sums, excluded: set[str], unit: Decimal
) -> None:
    totals = content.totals or _NOTHING
    rounded = exact = _ZERO
    is_complete = True
    for name, stated in zip(_SUMMED, astuple(totals), strict=False):
        if stated is None and name not in of_lines and name not in of_order and name not in excluded:
            continue
        ways = () if name in excluded else _ways(name, of_lines, of_order)
        is_added = name != "tax" or not content.tax_included
        if stated is None and not ways:
            is_complete = is_complete and not (is_added and name in excluded)
            continue
        found.append(_component(name, None, stated, ways, unit))
        if is_added:
            one, other = (stated, stated) if stated is not None else ways[:2]
            rounded, exact = (rounded - one, exact - other) if name == "discount" else (rounded + one, exact + other)
    if totals.total is not None:
        found.append(_component("total", None, totals.total, (rounded, exact) if is_complete else (), unit))


def _component(
    name: str, line: int | None, stated: Decimal | None, computed: tuple[Decimal, ...], unit: Decimal
) -> Component:
    """Compare what is stated with each way to compute it: the one that fits, else the first."""
    if stated is None:
        return Component(name, line, None, computed[0].quantize(unit) if computed else None, None)
    given = stated.quantize(unit)
    for each in computed:
        if each == stated or each.quantize(unit) == given:
            return Component(name, line, given, given, given - given)
    if not computed:
        return Component(name, line, given, None, None)
    added = computed[0].quantize(unit)
    return Component(name, line, given, added, given - added)
