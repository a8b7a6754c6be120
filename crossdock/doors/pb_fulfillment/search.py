"""Pitney Bowes Fulfillment: what a search asks for, as filters of the book and a test for the rest; pure.

The book finds by number, customer's number, sku, status, and by when an order was received or changed. Brands, the client's own
dates and the client itself are looked at in each order.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from crossdock.core.errors import Fault
from crossdock.core.json.request_body import objects_in, validate
from crossdock.core.json.strict_json import parse
from crossdock.core.json.value_types import is_date_time
from crossdock.core.orders.model import Order
from crossdock.core.orders.status import Status
from crossdock.doors.pb_fulfillment import mapping, responses, wire
from crossdock.doors.pb_fulfillment.format import PbFulfillmentFormat
from crossdock.doors.pb_fulfillment.responses import STATUS
from crossdock.store.index_scan import Filters

Tree = Any
Row = tuple[Order, Tree]
# No order is INPROGRESS before picking is known.
WORDS = ("RECEIVED", "RELEASED", "INPROGRESS", "PARTIALLYSHIPPED", "SHIPPED", "DELIVERED", "CANCELED")
_DATES = ("createDate", "updateDate", "pbCreateDate", "pbUpdateDate")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000
# Not found on the order search's page; the vendor's other searches sort from low to high where nothing is said.
_SORT = (("pbCreateDate", True),)
# The book's own word for what names orders narrowly, the narrowest first.
_NARROW = {"clientOrderIds": "number", "customerOrderIds": "term", "skus": "sku"}


class Search(Struct, frozen=True):
    """A search that is sound: values by name, and what to sort by, each with whether it ascends."""

    client: str
    fields: dict[str, tuple[str, ...]]
    sort: tuple[tuple[str, bool], ...]


class Plan(Struct, frozen=True):
    """How a search is done.

    `choices` are filters that together leave every order wanted, and perhaps others, which `keep` tells apart. `sort` is the
    book's own order in which they are walked. `is_walk`: each choice walks one index, no order fits two, and that order is
    the one asked for, so that a page can be taken from the middle.
    """

    choices: tuple[Filters, ...]
    sort: str
    ascending: bool
    is_walk: bool
    wants_documents: bool


# -------------------------------------------------------------------------------------------------------------- reading
def read(raw: bytes, clients: frozenset[str]) -> Search:
    """Read the body of a search. Refuses with Invalid every fault of it."""
    rule = PbFulfillmentFormat(clients).client_rule
    body = validate(parse(raw), wire.OrderSearch, rule, _field_rule)
    fields: dict[str, tuple[str, ...]] = {
        each.name: tuple(dict.fromkeys(each.values)) if each.name not in _DATES else tuple(each.values)
        for each in body.searchFields or ()
    }
    sort = tuple(dict.fromkeys(_sorting(word) for word in body.sort or ()))
    return Search(body.clientId, fields, sort or _SORT)


def _sorting(word: str) -> tuple[str, bool]:
    name, _, direction = word.partition("-")
    return name, direction == "asc"


def _field_rule(tree: Tree) -> Iterable[Fault]:
    """A name may be given once; a date has two values, in their order, and a status one of the vendor's words."""
    seen: set[str] = set()
    for position, field in objects_in(tree, "searchFields"):
        name, values = field.get("name"), field.get("values")
        place = ("searchFields", position)
        if not isinstance(name, str) or not isinstance(values, list):
            continue
        if name in seen:
            yield Fault((*place, "name"), f"must be given once, {name!r} is there already")
        seen.add(name)
        if name in _DATES:
            yield from _date_faults(values, (*place, "values"))
        if name == "status":
            for number, value in enumerate(values):
                if isinstance(value, str) and value not in WORDS:
                    yield Fault((*place, "values", number), f"must be one of {', '.join(WORDS)}, not {value[:40]!r}")


def _date_faults(values: list[Tree], place: tuple[str | int, ...]) -> Iterator[Fault]:
    wrong = [number for number, value in enumerate(values) if not isinstance(value, str) or not is_date_time(value)]
    for number in wrong:
        yield Fault((*place, number), "must be a date and time with offset such as 2026-01-30T10:53:24Z")
    if len(values) != 2:
        yield Fault(place, "must be two dates, from and to")
    elif not wrong and _from(values[0]) >= _to(values[1]):
        yield Fault((*place, 1), "must not be before the first")


def _from(text: str) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * _SECOND + since.microseconds


def _to(text: str) -> int:
    """Give the first moment after a time: a second written without a fraction is meant whole."""
    return _from(text) + (1 if "." in text else _SECOND)


# ------------------------------------------------------------------------------------------------------------- planning
def plan(search: Search) -> Plan:
    """Say how a search that names no order ids is done."""
    fields, names = search.fields, {name for name, _ in search.sort} | set(search.fields)
    narrow = _narrow(fields)
    is_walk = _is_walk(search, narrow)
    name, ascending = search.sort[0]
    # Where only the time of change is named, its span is all that keeps the walk short.
    by_change = "pbUpdateDate" in fields and narrow is None
    return Plan(
        choices=tuple(_choices(fields, narrow)),
        sort="updated" if by_change or (is_walk and name == "pbUpdateDate") else "created",
        ascending=ascending,
        is_walk=is_walk,
        wants_documents=bool(names & {"brands", "createDate", "updateDate"}),
    )


def _narrow(fields: dict[str, tuple[str, ...]]) -> str | None:
    return next((name for name in _NARROW if name in fields), None)


def _choices(fields: dict[str, tuple[str, ...]], narrow: str | None) -> list[Filters]:
    common: dict[str, Any] = {}
    for name, kind in (("pbCreateDate", "created"), ("pbUpdateDate", "updated")):
        if name in fields:
            first, second = fields[name]
            common |= {f"{kind}_from": _from(first), f"{kind}_to": _to(second)}
    if narrow is not None:
        kind = _NARROW[narrow]
        return [Filters(**common | {kind: value.strip() if kind == "term" else value}) for value in fields[narrow]]
    if "status" in fields:
        return [Filters(**common, status=str(status)) for status in _statuses(fields["status"])]
    return [Filters(**common)]


def _is_walk(search: Search, narrow: str | None) -> bool:
    """Say whether each choice is a stretch of one index of the book, which has the order asked for."""
    names, first = set(search.fields), search.sort[0][0]
    if first == "pbCreateDate":
        if narrow is None:
            return names <= {"pbCreateDate", "status"}
        return names <= {"pbCreateDate", "skus"} and len(search.fields["skus"]) == 1
    return first == "pbUpdateDate" and names <= {"pbUpdateDate"}


def _statuses(words: Sequence[str]) -> list[Status]:
    """Give the summaries of which some order has one of the words; one on hold is told by what it would be without."""
    found: list[Status] = [each for each, word in STATUS.items() if word in words and each is not Status.ON_HOLD]
    unheld = {STATUS[status] for status in (Status.OPEN, Status.PARTIALLY_ALLOCATED, Status.ALLOCATED)}
    return [*found, Status.ON_HOLD] if unheld & set(words) else found


def keeper(search: Search) -> Callable[[Order, Tree], bool]:
    """Make the test whether an order (with its answer, where the plan wants documents) is one that was searched for.

    The test passes each order once.
    """
    fields = {name: frozenset(values) for name, values in search.fields.items() if name not in _DATES}
    spans = {name: (_from(first), _to(second)) for name, (first, second) in _spans(search)}
    ids = {responses.parse_order_id(text) for text in fields.get("orderIds", ())}
    seen: set[int] = set()

    def keep(order: Order, document: Tree) -> bool:
        if order.order_id in seen or not mapping.is_visible_to(order, search.client):
            return False
        seen.add(order.order_id)
        tests: dict[str, Callable[[], bool]] = {
            "orderIds": lambda: order.order_id in ids,
            "clientOrderIds": lambda: order.content.number in fields["clientOrderIds"],
            "customerOrderIds": lambda: order.content.customer_number in fields["customerOrderIds"],
            "status": lambda: responses.status_of_order(order) in fields["status"],
            "skus": lambda: any(line.sku in fields["skus"] for line in order.content.lines),
            "brands": lambda: document.get("brand") in fields["brands"],
        }
        return all(tests[name]() for name in fields) and all(
            (moment := _moment(name, order, document)) is not None and first <= moment < after
            for name, (first, after) in spans.items()
        )

    return keep


def _spans(search: Search) -> Iterator[tuple[str, tuple[str, ...]]]:
    return ((name, values) for name, values in search.fields.items() if name in _DATES)


def _moment(name: str, order: Order, document: Tree) -> int | None:
    """Give when a date of an order is, microseconds since 1970; None where it has none, or none that is a time."""
    if name == "pbCreateDate":
        return order.created_at
    if name == "pbUpdateDate":  # an order nobody changed is as it was received
        return order.updated_at
    text = document.get(name)
    try:
        return _from(text) if isinstance(text, str) and text else None
    except ValueError:
        return None


def in_order(found: list[Row], search: Search) -> list[Row]:
    """Sort orders as asked; those without the date come last, and equal ones by receipt in the first direction, as the book."""
    found = sorted(found, key=lambda row: row[0].order_id, reverse=not search.sort[0][1])
    for name, ascending in reversed(search.sort):
        dated = [(row, _moment(name, *row)) for row in found]
        have = [(row, moment) for row, moment in dated if moment is not None]
        have.sort(key=lambda each: each[1], reverse=not ascending)
        found = [row for row, _ in have] + [row for row, moment in dated if moment is None]
    return found


# ------------------------------------------------------------------------------------------------------------ answering
def envelope(rows_told: list[Tree], *, total: int, page: int, size: int) -> dict[str, Tree]:
    """Give a page as the vendor's searches do; pages count from 1."""
    pages = -(-total // size)
    return {
        "totalPages": pages,
        "totalElements": total,
        "first": page == 1,
        "last": page >= pages,
        "size": size,
        "number": page,
        "numberOfElements": len(rows_told),
        "orders": rows_told,
    }
