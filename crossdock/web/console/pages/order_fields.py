"""The fields of the forms that change an order: what a form shows, and what was typed, with a fault for each field."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from crossdock.core.errors import Path
from crossdock.core.orders.model import Order
from crossdock.core.orders.returns import ReturnPolicy
from crossdock.core.returns.refunds import Balance
from crossdock.web.console.page import PageRequest
from crossdock.web.console.pages.order_words import line_name

MAX_REASON = 500
MAX_NOTE = 4_000
MAX_NAME = 100
MAX_URL = 2_000
MAX_TIME_US = 253_370_764_800_000_000  # the year 9999 begins; zones of readers shift times
# Lines with a field of their own; an order with more is changed through the API.
MAX_LINES = 200
_AMOUNT = re.compile(r"[0-9]{1,24}(\.[0-9]{1,16})?").fullmatch


class Field(Struct, frozen=True):
    """A field of a form. `kind` is text, textarea, select, checks, checkbox, units, datetime or amount; `options` are
    (value, label), `limits` the units of each line that can be named, by position."""

    name: str
    label: str
    kind: str = "text"
    value: str = ""
    hint: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    chosen: tuple[str, ...] = ()
    limits: tuple[tuple[int, str, int, str], ...] = ()  # (position, name of the line, most, value)
    required: bool = False
    group: str = ""
    suggestions: tuple[str, ...] = ()


class Typed:
    """What was typed into a form, read field by field; `faults` has a text for each field that is wrong."""

    def __init__(self, request: PageRequest) -> None:
        self.request = request
        self.form = request.form
        self.faults: dict[str, str] = {}
        self._places: list[int] = []  # the positions of lines in the order in which the command names them

    def text(self, name: str, *, most: int = MAX_NAME, required: bool = False) -> str | None:
        """Read a text without blanks around it; None where it is empty."""
        t = self.request.t
        value = self.form.get(name, "").replace("\r\n", "\n").strip()
        if not value and required:
            self.faults[name] = t("Fill this in.")
        elif len(value) > most:
            self.faults[name] = t("It may have {most} characters, and has {n}.", most=most, n=len(value))
        return value or None

    def reason(self) -> str | None:
        """Read why something is done."""
        return self.text("reason", most=MAX_REASON)

    def units(self, order: Order, *, least: int = 1) -> dict[int, int] | None:
        """Read units of lines; None where no field of a line is filled in."""
        units: dict[int, int] = {}
        for position in range(min(len(order.content.lines), MAX_LINES)):
            text = self.form.get(f"units-{position}", "").strip()
            if not text:
                continue
            if not (text.isascii() and text.isdigit() and len(text) < 10):
                self.faults[f"units-{position}"] = self.request.t("Write a whole number.")
            elif int(text) >= least:
                units[position] = int(text)
        self._places = list(units)
        return units or None

    def amount(self, name: str, *, required: bool = False) -> Decimal | None:
        """Read an amount; None where it is empty."""
        text = self.form.get(name, "").strip()
        if not text:
            if required:
                self.faults[name] = self.request.t("Fill this in.")
            return None
        if not _AMOUNT(text):
            self.faults[name] = self.request.t("Write an amount such as 12.50.")
            return None
        return Decimal(text)

    def time(self, name: str) -> int | None:
        """Read a time in the reader's zone, as microseconds since 1970 UTC; None where it is empty."""
        text = self.form.get(name, "").strip()
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text).replace(tzinfo=self.request.format.zone)
            us = int(moment.timestamp()) * 1_000_000
            if us <= MAX_TIME_US:
                return us
            raise OverflowError
        except (ValueError, OverflowError):
            self.faults[name] = self.request.t("This is not a date and a time.")
            return None

    def choices(self, name: str) -> list[str]:
        """Read what was checked."""
        return self.request.form_lists.get(name, [])

    def choice(self, name: str, allowed: Iterable[str]) -> str | None:
        """Read one of some values; None where it is empty."""
        value = self.form.get(name, "").strip()
        if value and value not in allowed:
            self.faults[name] = self.request.t("Choose one of the list.")
        return value or None

    def place(self, path: Path) -> str:
        """Return the name of the field that a fault of a command is about."""
        if path[:1] == ("packages",):
            path = path[2:]
        if len(path) > 1 and path[0] == "lines" and isinstance(path[1], int):
            place = path[1]
            return f"units-{self._places[place] if place < len(self._places) else place}"
        if path[:1] == ("holds",) and len(path) > 2:
            return str(path[2])
        return ".".join(map(str, path))


class Subject(Struct, frozen=True):
    """What forms are made of: the request, the order with its balance, the codes of the locations, and the return policy."""

    request: PageRequest
    order: Order
    balance: Balance
    locations: Sequence[str]
    policy: ReturnPolicy
    new_id: Callable[[], int]

    @property
    def base(self) -> dict[str, Any]:
        """The members that every command has."""
        return {"order_id": self.order.order_id, "version": self.order.version}


# ----------------------------------------------------------------------------------------------------------- common fields
def reason_field(request: PageRequest, *, hint: str | None = None) -> Field:
    """Return the field for why something is done."""
    hint = hint or request.t("It stands in the history.")
    return Field("reason", request.t("Reason"), value=request.form.get("reason", ""), hint=hint)


def text_field(request: PageRequest, name: str, label: str, value: str | None = None, **rest: Any) -> Field:
    """Return a field with what was typed, or else the value that the order has."""
    return Field(name, label, value=request.form.get(name, value or ""), **rest)


def units_field(
    request: PageRequest,
    order: Order,
    label: str,
    limits: Sequence[int],
    *,
    hint: str | None = None,
    filled: bool = False,
) -> Field:
    """Return the field with a number for each line that has units left; `filled`: with all of them."""
    rows = tuple(
        (position, line_name(order, position), most, request.form.get(f"units-{position}", str(most) if filled else ""))
        for position, most in enumerate(limits[:MAX_LINES])
        if most > 0
    )
    return Field("units", label, "units", hint=hint, limits=rows)


def location_field(
    request: PageRequest, codes: Sequence[str], *, name: str = "location", empty: str | None = None, value: str = ""
) -> Field:
    """Return the field for a location: a choice where the organization has locations, else a text."""
    label, typed = request.t("Location"), request.form.get(name, value)
    if not codes:
        return Field(name, label, value=typed)
    first = (("", empty),) if empty is not None else ()
    return Field(name, label, "select", typed, options=(*first, *((code, code) for code in codes)))


def read_location(subject: Subject, typed: Typed, name: str = "location", *, required: bool = False) -> str | None:
    """Read a location: one of the organization's, or any text where it has none."""
    value = typed.choice(name, subject.locations) if subject.locations else typed.text(name)
    if required and value is None and name not in typed.faults:
        typed.faults[name] = typed.request.t("Fill this in.")
    return value
