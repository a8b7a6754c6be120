"""Query parameters of the location and inventory calls: read them, and name all faults at once."""

from decimal import Decimal, InvalidOperation
from typing import Any

from crossdock.core.errors import Fault
from crossdock.core.json.value_types import MAX_QUANTITY
from crossdock.doors import Request
from crossdock.doors.fabric.errors import faulty
from crossdock.doors.fabric.routes.common import parameter
from crossdock.doors.fabric.wire_calls import MAX_PAGE

MAX_VALUES = 500  # of a comma list: each is a parameter of a query of the database
_MAX_DIGITS = 18


class Query:
    """The query parameters of a request; `check` raises Invalid with all faults found so far."""

    def __init__(self, request: Request) -> None:
        self._values = request.query
        self._faults: list[Fault] = []

    def fault(self, name: str, reason: str) -> None:
        """Note a fault."""
        self._faults.append(Fault((name,), reason))

    def check(self) -> None:
        """Raise Invalid where there are faults."""
        if self._faults:
            raise faulty(*self._faults)

    def text(self, name: str, *, required: bool = False) -> str | None:
        """Read a text; an empty one counts as missing."""
        value = self._values.get(name) or None
        if value is None and required:
            self.fault(name, "is required")
        return value

    def listed(self, name: str, *, required: bool = False) -> tuple[str, ...] | None:
        """Read a comma-separated list; None where it is missing."""
        text = self.text(name, required=required)
        values = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip())) if text else None
        if values is not None and len(values) > MAX_VALUES:
            self.fault(name, f"must have at most {MAX_VALUES} values")
        return values

    def numbers(self, name: str) -> tuple[str, ...] | None:
        """Read a comma-separated list of whole numbers, as location codes have them."""
        values = self.listed(name)
        if values is None:
            return None
        if any(not (value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS) for value in values):
            self.fault(name, "must be whole numbers, separated by commas")
            return ()
        return tuple(dict.fromkeys(str(int(value)) for value in values))

    def whole(self, name: str, default: int, *, least: int = 0, required: bool = False) -> int:
        """Read a whole number; a larger one than any quantity is that."""
        text = self.text(name, required=required)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit()) or int(text[:_MAX_DIGITS]) < least:
            self.fault(name, f"must be a whole number from {least}")
            return default
        return min(int(text[:_MAX_DIGITS]), MAX_QUANTITY)

    def decimal(self, name: str, least: int, most: int) -> float:
        """Read a required number between two bounds."""
        text = self.text(name, required=True)
        if text is None:
            return 0.0
        try:
            number = Decimal(text)
        except InvalidOperation:
            number = Decimal("NaN")
        if not (number.is_finite() and least <= number <= most):
            self.fault(name, f"must be a number from {least} to {most}")
            return 0.0
        return float(number)

    def page(self) -> tuple[int, int]:
        """Read limit and offset, with their defaults and within what a page can hold."""
        return min(self.whole("limit", 10, least=1), MAX_PAGE), self.whole("offset", 0)


def pagination(total: int, limit: int, offset: int) -> dict[str, Any]:
    """Render the place of a page."""
    return {"total": total, "limit": limit, "offset": offset}


_INTEGER = {"schema": {"type": "integer"}}
LIMIT = parameter(
    "limit", "query", f"Rows of a page; 10 by default, more than {MAX_PAGE} means {MAX_PAGE}.", **_INTEGER
)
OFFSET = parameter("offset", "query", "Rows to skip.", **_INTEGER)


def comma_list(name: str, what: str, **members: Any) -> dict[str, Any]:
    """Describe a parameter that is a comma-separated list."""
    return parameter(name, "query", f"{what}, separated by commas; at most {MAX_VALUES}.", **members)
