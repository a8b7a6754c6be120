"""Exact money: minor units by currency, and the comparison of what a sender stated with what its lines add up to.

Nothing is ever corrected here; `reconcile` only says by how much, and in which component, the figures differ.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

from msgspec import Struct

from crossdock.core.iso import exponent
from crossdock.core.order import Charge, Content, Line, Totals

COMPONENTS = ("items", "discount", "fees", "shipping", "tax", "duty", "total")
_KIND_OF = {"discount": "discount", "fees": "fee", "shipping": "shipping", "tax": "tax", "duty": "duty"}

# A context made once: entering one for each amount is what most of a reconciliation would cost.
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
    currency = content.currency
    found: list[Component] = []
    with localcontext(prec=100):
        for position, line in enumerate(content.lines):
            stated = line.totals.items if line.totals else None
            priced = _priced(line)
            if stated is not None and priced is not None:
                found.append(_component("items", position, stated, priced, currency))
        found += _order_components(content)
    shown = tuple(each for each in found if each.stated is not None or each.computed is not None)
    return Reconciliation(
        currency=currency,
        exponent=exponent(currency),
        balanced=not any(each.difference for each in shown),
        components=shown,
    )


def _order_components(content: Content) -> Iterable[Component]:
    totals = content.totals or Totals()
    used: dict[str, Decimal] = {}
    for name in COMPONENTS[:-1]:
        stated = getattr(totals, name)
        computed = _sum_of_lines(content.lines, name)
        if computed is None and name in _KIND_OF:
            computed = _sum_of_charges(content.charges, _KIND_OF[name])
        used[name] = stated if stated is not None else computed if computed is not None else Decimal(0)
        yield _component(name, None, stated, computed, content.currency)
    if totals.total is not None:
        added = used["items"] - used["discount"] + used["fees"] + used["shipping"] + used["tax"] + used["duty"]
        yield _component("total", None, totals.total, added, content.currency)


def _priced(line: Line) -> Decimal | None:
    return None if line.unit_price is None else line.unit_price * line.quantity


def _sum_of_lines(lines: Iterable[Line], name: str) -> Decimal | None:
    sums = []
    for line in lines:
        stated = getattr(line.totals, name) if line.totals else None
        if stated is None and name == "items":
            stated = _priced(line)
        if stated is not None:
            sums.append(stated)
    return sum(sums, Decimal(0)) if sums else None


def _sum_of_charges(charges: Iterable[Charge], kind: str) -> Decimal | None:
    amounts = [charge.amount for charge in charges if charge.kind == kind]
    return sum(amounts, Decimal(0)) if amounts else None


def _component(
    name: str, line: int | None, stated: Decimal | None, computed: Decimal | None, currency: str | None
) -> Component:
    said = None if stated is None else to_minor_unit(stated, currency)
    added = None if computed is None else to_minor_unit(computed, currency)
    return Component(name, line, said, added, None if said is None or added is None else said - added)
