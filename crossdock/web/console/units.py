"""Forms that count units, by keyboard or scanner: reading quantities, and finding the line that a scanned code belongs to."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec
from msgspec import Struct

from crossdock.core.catalog.products import Product
from crossdock.core.errors import Fault
from crossdock.core.orders.model import Order
from crossdock.core.stock.model import MAX_UNITS
from crossdock.flows import product_entries
from crossdock.web.console.page import PageRequest

_AMOUNT = re.compile(r"[0-9]{1,18}([.,][0-9]{1,9})?").fullmatch  # no exponent: 1e999999 would fill the memory
_AMBIGUOUS = re.compile(r"[1-9][0-9]{0,2},[0-9]{3}").fullmatch


def counted_units(text: str) -> int:
    """Read units that a field has counted so far, 0 where it has no whole number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


class Typed:
    """The values of a form, with a fault for each that cannot be read; faults are by the name of the field."""

    def __init__(self, request: PageRequest) -> None:
        self.t = request.t
        self.form = request.form
        self.faults: dict[str, str] = {}

    def text(self, name: str, *, required: bool = False, longest: int = 500) -> str | None:
        """Read a text, None where it is empty."""
        text = self.form.get(name, "").strip()
        if not text and required:
            self.faults[name] = self.t("This is required.")
        if len(text) > longest:
            self.faults[name] = self.t("At most {n} characters.", n=longest)
        return text or None

    def whole(self, name: str, *, least: int = 0, required: bool = False) -> int | None:
        """Read a whole number, None where the field is empty."""
        text = self.form.get(name, "").strip().replace(" ", "")
        if not text:
            if required:
                self.faults[name] = self.t("This is required.")
            return None
        digits = text.removeprefix("-").removeprefix("+")
        value = int(text) if digits.isascii() and digits.isdigit() and len(digits) < 15 else None
        if value is None or not least <= value <= MAX_UNITS:
            self.faults[name] = self.t("Type a whole number, {least} or more.", least=least)
            return None
        return value

    def units(self, prefix: str, positions: Iterable[int]) -> dict[int, int]:
        """Read the quantities of the fields `prefix-position`; empty is 0."""
        return {place: self.whole(f"{prefix}-{place}") or 0 for place in positions}

    def amount(self, name: str) -> Decimal | None:
        """Read a number with a decimal point or comma, None where the field is empty."""
        text = self.form.get(name, "").strip().replace(" ", "")
        if not text:
            return None
        # "1,234" is a thousand to some people and one to others.
        if not _AMOUNT(text) or _AMBIGUOUS(text):
            self.faults[name] = self.t("Type a number, such as 12.50.")
            return None
        return Decimal(text.replace(",", "."))

    def refuse(self, faults: Sequence[Fault], names: Mapping[str, Sequence[str]]) -> list[str]:
        """Take over the faults of a refusal at their fields: `names` has, for a member, the fields by position. Returns the
        reasons of those that belong to no field."""
        others = []
        for fault in faults:
            member, place = (*fault.path, "", "")[:2]
            fields = names.get(str(member), ())
            if isinstance(place, int) and place < len(fields):
                self.faults.setdefault(fields[place], fault.reason)
            elif len(fields) == 1:
                self.faults.setdefault(fields[0], fault.reason)
            else:
                others.append(fault.reason)
        return others


# --------------------------------------------------------------------------------------------------------------- scanner
class Item(Struct, frozen=True):
    """What a line of an order is: its SKU, title, and the codes that a scanner reads on it."""

    sku: str
    title: str
    gtin: str = ""
    codes: tuple[str, ...] = ()

    @property
    def codes_json(self) -> str:
        """The codes as the page's script reads them."""
        return msgspec.json.encode(self.codes).decode()


async def items_of(request: PageRequest, order: Order) -> dict[int, Item]:
    """Return what the lines of an order are, by position."""
    lines = order.content.lines
    skus = list(dict.fromkeys(line.sku for line in lines if line.sku))
    found = await product_entries.find(request.context, request.caller, skus) if skus else {}
    items = {}
    for place, line in enumerate(lines):
        stored = found.get(line.sku or "")
        product = stored.product if stored is not None else None
        codes = product_codes(product) if product is not None else []
        codes += [code for code in (line.sku, line.product_ref) if code]
        title = line.description or (product.name if product else None) or ""
        items[place] = Item(line.sku or "", title, (product.gtin if product else None) or "", _distinct(codes))
    return items


def product_codes(product: Product) -> list[str]:
    """Return the codes that stand on a product."""
    codes = [product.sku, product.gtin, *(each.value for each in product.identifiers)]
    return [code for code in codes if code]


def _distinct(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(normalized, codes)))


def normalized(code: str) -> str:
    """Return a code without regard to case, and a number without leading zeros: scanners read a UPC with and without one."""
    code = code.strip().casefold()
    return code.lstrip("0") if code.isdigit() else code


def scanned(code: str, codes: Mapping[int, Sequence[str]]) -> tuple[list[int], int]:
    """Return the lines that a scanned code belongs to, and how many units it counts: "3*MUG" counts three."""
    whole = normalized(code)
    lines = [place for place, known in codes.items() if whole in known]
    count, star, rest = code.partition("*")
    units = counted_units(count.strip())
    if lines or not star or not 1 <= units < 1_000_000:
        return lines, 1
    rest = normalized(rest)
    return [place for place, known in codes.items() if rest in known], units
