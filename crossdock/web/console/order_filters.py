"""The filters of the order list as the URL has them: read, named for people, and turned into a query."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from crossdock.core.ids import from_base32
from crossdock.core.orders.status import Status
from crossdock.flows.order_lists import OrderListQuery
from crossdock.flows.order_search import Filters
from crossdock.web.console.labels import door_label, status_label
from crossdock.web.console.page import PageRequest

# Parameters of the URL that say which orders are listed; the first ones are exact values.
_VALUES = ("door", "tag", "sku", "location", "email", "number")
FILTERS = ("q", "status", *_VALUES, "hold", "from", "to", "balanced", "archived", "late", "waiting")
PARAMETERS = (*FILTERS, "sort", "columns", "view")
_LONGEST = 200
# English texts of the filters; pages translate them.
LABELS = {
    "q": "Search", "status": "Status", "door": "API", "tag": "Tag", "sku": "SKU", "location": "Location", "email": "E-mail",
    "number": "Number", "hold": "Hold reason", "from": "Received from", "to": "Received to", "balanced": "Totals",
    "archived": "Archive", "late": "Late", "waiting": "Waiting for stock",
}  # fmt: skip
CHOICES = {
    "balanced": {"no": "Do not add up", "yes": "Add up"},
    "archived": {"only": "Only archived orders", "all": "All orders"},
    "late": {"yes": "Ship-by date has passed"},
    "waiting": {"yes": "Yes"},
}


class Chosen(Struct, frozen=True):
    """The filters of a URL: their `values` by name, without empty ones, the query they mean, and what is wrong with them."""

    values: dict[str, str]
    query: OrderListQuery
    faults: dict[str, str]

    @property
    def filters(self) -> dict[str, str]:
        """The values that say which orders are listed."""
        return {name: value for name, value in self.values.items() if name in FILTERS}

    @property
    def only_counted(self) -> bool:
        """Whether nothing is filtered but what orders are counted by."""
        return not set(self.filters) - {"status", "door", "archived"}

    def url(self, **changes: str | None) -> str:
        """Return the URL of the list with some parameters changed, and without the cursor; None removes one."""
        merged = {name: value for name, value in {**self.values, **changes}.items() if value}
        return f"/console/orders?{urlencode(merged)}" if merged else "/console/orders"

    @property
    def query_string(self) -> str:
        """The parameters, without the view they were saved as."""
        return urlencode({name: value for name, value in self.values.items() if name != "view"})


def read(request: PageRequest, query: Mapping[str, str] | None = None) -> Chosen:
    """Read the filters of a request, or those of another query."""
    given = request.query if query is None else query
    values = {name: given[name].strip()[:_LONGEST] for name in PARAMETERS if given.get(name, "").strip()}
    faults: dict[str, str] = {}
    if values.get("status", "") not in ("", *map(str, Status)):
        faults["status"] = request.t("There is no such status.")
    if values.get("door", "") not in ("", *request.site.doors):
        faults["door"] = request.t("There is no such API.")
    for name, choices in CHOICES.items():
        if name in values and values[name] not in choices:
            faults[name] = request.t("There is no such choice.")
    begin, end = _time(request, values, "from", faults), _time(request, values, "to", faults)
    exact: dict[str, Any] = {name: values.get(name) for name in ("status", *_VALUES)}
    filters = Filters(
        **exact,
        created_from=begin,
        created_to=end,
        balanced={"no": False, "yes": True}.get(values.get("balanced", "")),
        archived={"only": True, "all": None}.get(values.get("archived", ""), False),
    )
    return Chosen(
        values,
        OrderListQuery(
            filters=filters,
            text=values.get("q", ""),
            hold=values.get("hold"),
            late_at=local_now(request) if "late" in values else None,
            waiting="waiting" in values,
            oldest_first=values.get("sort") == "oldest",
        ),
        faults,
    )


def local_now(request: PageRequest) -> datetime:
    """Return the present time in the reader's zone."""
    now = request.format.at(request.context.clock())
    assert now is not None
    return now


def _time(request: PageRequest, values: Mapping[str, str], name: str, faults: dict[str, str]) -> int | None:
    """Read a day or a time in the reader's zone as microseconds since 1970 UTC; a day that ends a range is part of it."""
    text = values.get(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if name == "to" and len(text) == len("2026-01-30"):
            moment += timedelta(days=1)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=request.format.zone)
        return int(moment.timestamp()) * 1_000_000
    except (ValueError, OverflowError, OSError):
        faults[name] = request.t("This is not a date, such as 2026-01-30.")
        return None


def shown(request: PageRequest, chosen: Chosen) -> list[tuple[str, str, str]]:
    """Return the filters for people: label, value, and the URL of the list without it. The status has tabs instead."""
    found = []
    for name, value in chosen.filters.items():
        if name == "status":
            continue
        text = request.t(CHOICES[name][value]) if value in CHOICES.get(name, {}) else value
        text = door_label(value) if name == "door" else text.replace("T", " ") if name in ("from", "to") else text
        found.append((request.t(LABELS[name]), text, chosen.url(**{name: None})))
    return found


def status_options(request: PageRequest) -> list[tuple[str, str]]:
    """Return the statuses with their labels."""
    return [(str(status), request.t(status_label(status))) for status in Status]


def cursor_of(request: PageRequest) -> int | None:
    """Read the cursor of a page; None for the first page."""
    return from_base32(request.query.get("cursor", ""))
