"""Exact money: minor units by currency, and the reconciliation of stated totals with the lines.

Nothing is ever corrected here; `reconcile` only says by how much, and in which component, the figures differ.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Context, Decimal, getcontext, setcontext

from msgspec import Struct
from msgspec.structs import astuple

from crossdock.core.iso import exponent
from crossdock.core.orders.model import ChargeKind, Content, Totals

COMPONENTS = ("items", "discount", "fees", "shipping", "tax", "duty", "total")
_COMPONENT_OF: dict[ChargeKind, str] = {
    "discount": "discount", "fee": "fees", "shipping": "shipping", "tax": "tax", "duty": "duty",
}  # fmt: skip
_CHARGED = COMPONENTS[1:-1]  # as they stand in Totals, after the items
_NOTHING = Totals()
_ZERO = Decimal(0)

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


class Reconciliation(Struct, frozen=True):
    """The sender's totals against the lines; `balanced` when no component differs."""

    currency: str | None
    exponent: int
    balanced: bool
    components: tuple[Component, ...]


def to_minor_unit(amount: Decimal, currency: str | None) -> Decimal:
    """Round half up to the currency's minor unit (JPY 0 places, USD 2, KWD 3)."""
    return amount.quantize(_UNITS[exponent(currency)], context=_EXACT)


def reconcile(content: Content) -> Reconciliation:
    """Compare the sender's totals with the lines, by component.

    A component is computed from the lines where any line states it, else from the order's own charges of that kind. `total` is
    items - discount + fees + shipping + tax + duty, each as stated or else as computed. Lines: quantity x unit price
    against the line's own items total.
    """
    before = getcontext()
    setcontext(_EXACT)
    try:
        return _reconciled(content)
    finally:
        setcontext(before)


def _reconciled(content: Content) -> Reconciliation:
    places = exponent(content.currency)
    unit = _UNITS[places]
    found: list[Component] = []
    of_lines: dict[str, Decimal] = {}
    for position, line in enumerate(content.lines):
        items = None if line.unit_price is None else line.unit_price * line.quantity
        if line.totals is not None:
            stated, *others = astuple(line.totals)[:-2]
            for name, amount in zip(_CHARGED, others, strict=True):
                if amount is not None:
                    _add(of_lines, name, amount)
            if stated is not None:
                if items is not None:
                    found.append(_component("items", position, stated, items, unit))
                items = stated
        if items is not None:
            _add(of_lines, "items", items)
    computed: dict[str, Decimal] = {}
    for charge in content.charges:
        _add(computed, _COMPONENT_OF[charge.kind], charge.amount)
    computed |= of_lines
    found += _order_components(content.totals or _NOTHING, computed, unit)
    return Reconciliation(
        currency=content.currency,
        exponent=places,
        balanced=not any(each.difference for each in found),
        components=tuple(found),
    )


def _add(sums: dict[str, Decimal], name: str, amount: Decimal) -> None:
    sums[name] = sums[name] + amount if name in sums else amount


def _order_components(totals: Totals, computed: dict[str, Decimal], unit: Decimal) -> Iterator[Component]:
    total = _ZERO
    for name, stated in zip(COMPONENTS[:-1], astuple(totals), strict=False):
        summed = computed.get(name)
        used = summed if stated is None else stated
        if used is not None:
            total = total - used if name == "discount" else total + used
            yield _component(name, None, stated, summed, unit)
    if totals.total is not None:
        yield _component("total", None, totals.total, total, unit)


def _component(
    name: str, line: int | None, stated: Decimal | None, computed: Decimal | None, unit: Decimal
) -> Component:
    given = None if stated is None else stated.quantize(unit)
    added = None if computed is None else computed.quantize(unit)
    return Component(name, line, given, added, None if given is None or added is None else given - added)
