"""Exact money: minor units by currency, and the comparison of what a sender stated with what its lines add up to.

Nothing is ever corrected here; `reconcile` only says by how much, and in which component, the figures differ.
"""

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Context, Decimal

from msgspec import Struct

from crossdock.core.iso import exponent
from crossdock.core.order import Charge, ChargeKind, Content, Totals

COMPONENTS = ("items", "discount", "fees", "shipping", "tax", "duty", "total")
_COMPONENT_OF: dict[ChargeKind, str] = {
    "discount": "discount", "fee": "fees", "shipping": "shipping", "tax": "tax", "duty": "duty",
}  # fmt: skip
_NOTHING = Totals()

# A context made once, and asked by name: entering one is what most of a reconciliation would cost.
_EXACT = Context(prec=100)
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
    return amount.quantize(_UNITS[exponent(currency)], ROUND_HALF_UP, _EXACT)


def reconcile(content: Content) -> Reconciliation:
    """Compare the sender's totals with the lines, by component.

    A component is computed from the lines where any line states it, else from the order's own charges of that kind. `total` is
    items - discount + fees + shipping + tax + duty, each as stated or else as computed. Lines: quantity x unit price
    against the line's own items total.
    """
    places = exponent(content.currency)
    unit = _UNITS[places]
    found: list[Component] = []
    computed = _sums_of_charges(content.charges)
    of_lines: dict[str, Decimal] = {}
    for position, line in enumerate(content.lines):
        priced = None if line.unit_price is None else _EXACT.multiply(line.unit_price, Decimal(line.quantity))
        stated = None
        if line.totals is not None:
            stated = line.totals.items
            for name in COMPONENTS[1:-1]:
                _add(of_lines, name, getattr(line.totals, name))
            if stated is not None and priced is not None:
                found.append(_component("items", position, stated, priced, unit))
        _add(of_lines, "items", priced if stated is None else stated)
    computed |= of_lines
    found += _order_components(content.totals or _NOTHING, computed, unit)
    return Reconciliation(
        currency=content.currency,
        exponent=places,
        balanced=not any(each.difference for each in found),
        components=tuple(found),
    )


def _sums_of_charges(charges: Iterable[Charge]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for charge in charges:
        _add(sums, _COMPONENT_OF[charge.kind], charge.amount)
    return sums


def _add(sums: dict[str, Decimal], name: str, amount: Decimal | None) -> None:
    if amount is not None:
        sums[name] = _EXACT.add(sums[name], amount) if name in sums else amount


def _order_components(totals: Totals, computed: dict[str, Decimal], unit: Decimal) -> Iterator[Component]:
    added = Decimal(0)
    for name in COMPONENTS[:-1]:
        stated, summed = getattr(totals, name), computed.get(name)
        used = summed if stated is None else stated
        if used is not None:
            added = _EXACT.subtract(added, used) if name == "discount" else _EXACT.add(added, used)
            yield _component(name, None, stated, summed, unit)
    if totals.total is not None:
        yield _component("total", None, totals.total, added, unit)


def _component(
    name: str, line: int | None, stated: Decimal | None, computed: Decimal | None, unit: Decimal
) -> Component:
    said = None if stated is None else stated.quantize(unit, ROUND_HALF_UP, _EXACT)
    added = None if computed is None else computed.quantize(unit, ROUND_HALF_UP, _EXACT)
    return Component(name, line, said, added, None if said is None or added is None else _EXACT.subtract(said, added))
