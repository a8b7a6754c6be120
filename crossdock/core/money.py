"""Exact money: minor units by currency, and the reconciliation of stated totals with the lines.

Nothing is ever corrected here; `reconcile` only says by how much, and in which component, the figures differ.
"""

from collections.abc import Iterator
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
_NO_AMOUNT = (_ZERO, _ZERO)

# Digits that hold every sum exactly, so that no operation here raises. The largest amount in a database is one of 24
# digits with an exponent of 99, which earlier versions took: 123 digits before the point and 115 after it. A quantity
# adds 10 digits, and the sum over the lines of the largest body 5.
PRECISION = 320
# Made once, and set for a whole reconciliation: making a context, or naming it at each step, is what most of one would cost.
_EXACT = Context(prec=PRECISION, rounding=ROUND_HALF_UP)
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
    before = getcontext()
    setcontext(_EXACT)
    try:
        return _reconciled(content)
    finally:
        setcontext(before)


def is_balanced(content: Content) -> bool:
    """Tell whether the sender's totals agree with the lines; an order that states none is not worth reconciling."""
    if content.totals is None and all(line.totals is None for line in content.lines):
        return True
    return reconcile(content).balanced


class _Sums:
    """Sums by component, exact and of amounts that were rounded before; charges of another currency are left out."""

    def __init__(self, currency: str | None, unit: Decimal) -> None:
        self._currency = currency
        self._unit = unit
        self.amounts: dict[str, tuple[Decimal, Decimal]] = {}  # rounded, exact
        self.excluded: dict[tuple[str, str], Decimal] = {}

    def add(self, name: str, amount: Decimal) -> None:
        rounded, exact = self.amounts.get(name, _NO_AMOUNT)
        self.amounts[name] = rounded + amount.quantize(self._unit), exact + amount

    def add_charge(self, charge: Charge) -> None:
        name = _COMPONENT_OF[charge.kind]
        if charge.currency is None or charge.currency == self._currency:
            self.add(name, charge.amount)
        else:
            key = name, charge.currency
            self.excluded[key] = self.excluded.get(key, _ZERO) + charge.amount


def _reconciled(content: Content) -> Reconciliation:
    places = exponent(content.currency)
    unit = _UNITS[places]
    of_lines, of_order = _Sums(content.currency, unit), _Sums(content.currency, unit)
    found = [each for position, line in enumerate(content.lines) for each in _add_line(of_lines, position, line, unit)]
    for charge in content.charges:
        of_order.add_charge(charge)
    excluded = of_lines.excluded.copy()
    for key, amount in of_order.excluded.items():
        excluded[key] = excluded.get(key, _ZERO) + amount
    not_computable = {name for name, _ in excluded}
    computed = {
        name: ways
        for name in COMPONENTS[:-1]
        if name not in not_computable and (ways := _ways(of_lines.amounts.get(name), of_order.amounts.get(name)))
    }
    found += _order_components(content, computed, not_computable, unit)
    return Reconciliation(
        currency=content.currency,
        exponent=places,
        balanced=not any(each.difference for each in found),
        components=tuple(found),
        excluded=tuple(
            Excluded(name, currency, amount.quantize(_UNITS[exponent(currency)]))
            for (name, currency), amount in excluded.items()
        ),
    )


def _ways(of_lines: tuple[Decimal, Decimal] | None, of_order: tuple[Decimal, Decimal] | None) -> tuple[Decimal, ...]:
    """Return what a component may add up to, the likeliest first: rounded and exact.

    Some vendors repeat the charges of the lines as the order's (fabric's sample does), others state further ones there. Where
    both have the same sum they are taken for the same.
    """
    if of_lines is None or of_order is None:
        return of_lines or of_order or ()
    together = of_lines[0] + of_order[0], of_lines[1] + of_order[1]
    return (*of_lines, *together) if of_lines[0] == of_order[0] else (*together, *of_lines)


def _add_line(sums: _Sums, position: int, line: Line, unit: Decimal) -> Iterator[Component]:
    """Add what a line says to the sums; gives its items, where it states them besides its price."""
    items = None if line.unit_price is None else line.unit_price * line.quantity
    stated: dict[str, Decimal] = {}
    if line.totals is not None:
        stated = {
            name: amount
            for name, amount in zip(COMPONENTS[:-1], astuple(line.totals), strict=False)
            if amount is not None
        }
        if "items" in stated:
            if items is not None:
                yield _component("items", position, stated["items"], (items,), unit)
            items = stated.pop("items")
        for name, amount in stated.items():
            sums.add(name, amount)
    if items is not None:
        sums.add("items", items)
    for charge in line.charges:
        if _COMPONENT_OF[charge.kind] not in stated:
            sums.add_charge(charge)


def _order_components(
    content: Content, computed: dict[str, tuple[Decimal, ...]], not_computable: set[str], unit: Decimal
) -> Iterator[Component]:
    totals = content.totals or _NOTHING
    rounded = exact = _ZERO
    is_complete = True
    for name, stated in zip(COMPONENTS[:-1], astuple(totals), strict=False):
        ways = computed.get(name, ())
        is_added = name != "tax" or not content.tax_included
        if stated is None and name in not_computable:
            is_complete = is_complete and not is_added
        elif stated is not None or ways:
            yield _component(name, None, stated, ways, unit)
            if is_added:
                sign = -1 if name == "discount" else 1
                rounded += sign * (stated if stated is not None else ways[0])
                exact += sign * (stated if stated is not None else ways[1])
    if totals.total is not None:
        yield _component("total", None, totals.total, (rounded, exact) if is_complete else (), unit)


def _component(
    name: str, line: int | None, stated: Decimal | None, computed: tuple[Decimal, ...], unit: Decimal
) -> Component:
    """Compare what is stated with each way to compute it: the one that fits, else the first."""
    given = None if stated is None else stated.quantize(unit)
    added = [each.quantize(unit) for each in computed]
    nearest = next((each for each in added if each == given), added[0] if added else None)
    return Component(name, line, given, nearest, None if given is None or nearest is None else given - nearest)
