"""Searches of Pitney Bowes Fulfillment: read them, and translate them into an order query and a residual; pure.

Indexes answer number, customer's number, SKU, status, and the times of receipt and of the last change. Brand, the client's own
dates and the client itself are checked in each order.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from crossdock.core.errors import Fault, Path
from crossdock.core.json.request_body import objects_in, validate
from crossdock.core.json.strict_json import parse
from crossdock.core.json.validation import normalize
from crossdock.core.json.value_types import is_date_time, parse_date_time
from crossdock.core.orders.model import Order
from crossdock.core.orders.status import Status
from crossdock.doors.pb_fulfillment import mapping, responses, wire
from crossdock.doors.pb_fulfillment.format import PbFulfillmentFormat
from crossdock.doors.pb_fulfillment.responses import STATUS
from crossdock.doors.pb_fulfillment.wire_answers import STATUSES
from crossdock.flows.order_search import Filters, Match, OrderQuery, Overflow, Residual, Sort, alternatives

Tree = Any
_DATES = ("createDate", "updateDate", "pbCreateDate", "pbUpdateDate")
# Of all searches of this door; the last is of shipments.
_ALL_DATES = (*_DATES, "shippedDate")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000
_FRACTION = re.compile(r"\.(\d+)")
# The vendor's page of this search names no default; its other searches sort ascending.
_SORT = (("pbCreateDate", True),)


class Search(Struct, frozen=True):
    """A checked search: values by field, and the dates to sort by, each with whether it ascends."""

    client: str
    fields: dict[str, tuple[str, ...]]
    sort: tuple[tuple[str, bool], ...]


# -------------------------------------------------------------------------------------------------------------- reading
def read(
    raw: bytes,
    clients: frozenset[str],
    shape: type[Any] = wire.OrderSearch,
    *,
    statuses: Sequence[str] = STATUSES,
    default_sort: tuple[tuple[str, bool], ...] = _SORT,
) -> Search:
    """Parse the body of a search, of orders or of what `shape` says. Refuses with Invalid all its faults."""
    rule = PbFulfillmentFormat(clients).client_rule
    tree = normalize(parse(raw), shape, numbers_as_text=True)
    body = validate(tree, shape, rule, lambda tree: _field_faults(tree, statuses))
    fields: dict[str, tuple[str, ...]] = {
        each.name: tuple(dict.fromkeys(map(_text, each.values))) if each.name not in _ALL_DATES else tuple(each.values)
        for each in body.searchFields or ()
    }
    sort = tuple(dict.fromkeys(_parse_sort(each) for each in body.sort or ()))
    return Search(body.clientId, fields, sort or default_sort)


def _text(value: str | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else value


def _parse_sort(text: str) -> tuple[str, bool]:
    name, _, direction = text.partition("-")
    return name, direction == "asc"


def _field_faults(tree: Tree, statuses: Sequence[str]) -> Iterable[Fault]:
    """Require each name once, one or two values in order for a date, and the vendor's statuses for a status."""
    seen: set[str] = set()
    for position, field in objects_in(tree, "searchFields"):
        name, values = field.get("name"), field.get("values")
        path: Path = ("searchFields", position)
        if not isinstance(name, str) or not isinstance(values, list):
            continue
        if name in seen:
            yield Fault((*path, "name"), f"must not be repeated: {name!r} is in an earlier field")
        seen.add(name)
        if name in _ALL_DATES:
            yield from _date_faults(values, (*path, "values"))
        if name == "status":
            for number, value in enumerate(values):
                if isinstance(value, str) and value not in statuses:
                    yield Fault((*path, "values", number), f"must be one of {', '.join(statuses)}, not {value[:40]!r}")


def _date_faults(values: list[Tree], path: Path) -> Iterator[Fault]:
    wrong = [number for number, value in enumerate(values) if not isinstance(value, str) or not is_date_time(value)]
    for number in wrong:
        yield Fault((*path, number), "must be a date and time with offset such as 2026-01-30T10:53:24Z")
    if len(values) > 2:
        yield Fault(path, "must be one date, from, or two dates, from and to")
    elif not wrong and len(values) == 2 and moment_of(values[0]) >= _to(values[1]):
        yield Fault((*path, 1), "must not be before the first date")


def moment_of(text: str) -> int:
    """Return a time in microseconds since 1970; one without an offset is in UTC."""
    moment = parse_date_time(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * _SECOND + since.microseconds


def _to(text: str) -> int:
    """Return the first moment after a time; a time includes the whole of its last digit, such as a whole second."""
    digits = len(fraction[1]) if (fraction := _FRACTION.search(text)) else 0
    return moment_of(text) + int(10 ** max(0, 6 - digits))


def span_of(values: Sequence[str]) -> tuple[int, int | None]:
    """Return the first moment of a date field and the first after it; None where it has no end."""
    return moment_of(values[0]), _to(values[1]) if len(values) > 1 else None


# --------------------------------------------------------------------------------------------------------------- query
def order_query(search: Search, *, limit: int, offset: int) -> tuple[OrderQuery, Residual]:
    """Translate a search into an order query, and into the part of it that the filters do not say."""
    first, ascending = search.sort[0]
    sort: Sort = "updated" if first == "pbUpdateDate" else "created"
    any_of, is_nearly_exact = _any_of(search)
    names = {name for name, _ in search.sort} | set(search.fields)
    residual = Residual(
        matcher(search),
        door=mapping.DOOR if names & _OF_DOCUMENT else None,
        rank=lambda found: in_order(found, search),
        overflow=Overflow.APPROXIMATE if is_nearly_exact and first in _INDEXED_DATES else Overflow.REFUSE,
    )
    order_ids = None
    if "orderIds" in search.fields:
        ids = dict.fromkeys(responses.parse_order_id(text) for text in search.fields["orderIds"])
        order_ids = tuple(each for each in ids if each is not None)
    query = OrderQuery(any_of=any_of, order_ids=order_ids, sort=sort, ascending=ascending, limit=limit, offset=offset)
    return query, residual


_OF_DOCUMENT = {"brands", "createDate", "updateDate"}  # only the order's document has these
_INDEXED_DATES = {"pbCreateDate": "created", "pbUpdateDate": "updated"}
# Filters by the field each stands for. A term is more than a customer's number.
_FILTERS = {"clientOrderIds": "number", "customerOrderIds": "term", "skus": "sku"}


def _any_of(search: Search) -> tuple[tuple[Filters, ...], bool]:
    """Make alternatives that together match every order of the search, and tell whether they match few others.

    Few others are orders of other clients, and held orders that would have another status without the hold.
    """
    fields = search.fields
    spans: dict[str, Any] = {}
    for name, kind in _INDEXED_DATES.items():
        if name in fields:
            first, after = span_of(fields[name])
            spans |= {f"{kind}_from": first, f"{kind}_to": after}
    values = {filter_name: [each.strip() for each in fields[name]] if filter_name == "term" else fields[name]
              for name, filter_name in _FILTERS.items() if name in fields}  # fmt: skip
    if "status" in fields:
        values["status"] = [str(status) for status in _statuses(fields["status"])]
    is_nearly_exact = fields.keys() <= {"status", "skus", *_INDEXED_DATES} and len(fields.get("skus", ())) < 2
    is_nearly_exact &= responses.IN_PROGRESS not in fields.get("status", ())  # no index tells it from what waits
    return alternatives(values, base=Filters(**spans), is_exact=is_nearly_exact)


def _statuses(vendor_statuses: Sequence[str]) -> list[Status]:
    """List the canonical statuses that the vendor's stand for; a held order shows the status it has without the hold."""
    statuses: list[Status] = [
        each
        for each, vendor_status in STATUS.items()
        if vendor_status in vendor_statuses and each is not Status.ON_HOLD
    ]
    unheld = (Status.OPEN, Status.PARTIALLY_ALLOCATED, Status.ALLOCATED)
    if responses.IN_PROGRESS in vendor_statuses:
        statuses += [each for each in unheld if each not in statuses]
    may_be_held = {responses.IN_PROGRESS, *(STATUS[status] for status in unheld)} & set(vendor_statuses)
    return [*statuses, Status.ON_HOLD] if may_be_held else statuses


def matcher(search: Search) -> Callable[[Order, Tree], bool]:
    """Make a predicate: does an order, with its document where a field needs it, match the search?"""
    fields = {name: frozenset(values) for name, values in search.fields.items() if name not in _DATES}
    spans = {name: span_of(values) for name, values in search.fields.items() if name in _DATES}
    ids = {responses.parse_order_id(text) for text in fields.get("orderIds", ())}

    def matches(order: Order, document: Tree) -> bool:
        tests: dict[str, Callable[[], bool]] = {
            "orderIds": lambda: order.order_id in ids,
            "clientOrderIds": lambda: order.content.number in fields["clientOrderIds"],
            "customerOrderIds": lambda: order.content.customer_number in fields["customerOrderIds"],
            "status": lambda: responses.status_of_order(order) in fields["status"],
            "skus": lambda: any(line.sku in fields["skus"] for line in order.content.lines),
            "brands": lambda: document.get("brand") in fields["brands"],
        }
        return (
            mapping.is_visible_to(order, search.client)
            and all(tests[name]() for name in fields)
            and all(
                (moment := _moment(name, order, document)) is not None
                and first <= moment
                and (after is None or moment < after)
                for name, (first, after) in spans.items()
            )
        )

    return matches


def _moment(name: str, order: Order, document: Tree) -> int | None:
    """Return a date of an order in microseconds since 1970; None if it has none, or one that is not a time."""
    if name == "pbCreateDate":
        return order.created_at
    if name == "pbUpdateDate":  # of an order that has never changed: when it was received
        return order.updated_at
    return client_moment(document.get(name))


def client_moment(text: Tree) -> int | None:
    """Return a client's date in microseconds since 1970; None if there is none, or one that is not a time."""
    try:
        return moment_of(text) if isinstance(text, str) and text else None
    except ValueError:
        return None


def in_order(found: list[Match], search: Search) -> list[Match]:
    """Sort orders as requested: those without the date last, equal ones by receipt in the direction of the first date."""
    found = sorted(found, key=lambda row: row[0].order_id, reverse=not search.sort[0][1])
    for name, ascending in reversed(search.sort):
        dated = [(row, _moment(name, *row)) for row in found]
        present = [(row, moment) for row, moment in dated if moment is not None]
        present.sort(key=lambda each: each[1], reverse=not ascending)
        found = [row for row, _ in present] + [row for row, moment in dated if moment is None]
    return found


# ------------------------------------------------------------------------------------------------------------ response
def envelope(documents: list[Tree], *, total: int, page: int, size: int, rows: str = "orders") -> dict[str, Tree]:
    """Render the vendor's envelope of a page, whose documents are its member `rows`; pages count from 1."""
    pages = -(-total // size)
    return {
        "totalPages": pages,
        "totalElements": total,
        "first": page == 1,
        "last": page >= pages,
        "size": size,
        "number": page,
        "numberOfElements": len(documents),
        rows: documents,
    }
