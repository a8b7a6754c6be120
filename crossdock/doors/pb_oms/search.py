"""Searching orders in the vendor's words: filters read, turned into what the store can look up, and pages cut.

Orders deleted through this door are left out everywhere. What no index answers by itself is looked at order by order, up to
the limit of flows.queries.matching.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import product

import msgspec
from msgspec import Struct

from crossdock.core.errors import Fault
from crossdock.core.json.request_body import duplicates_in, objects_in
from crossdock.core.json.strict_json import Tree
from crossdock.core.json.value_types import is_date, is_date_or_date_time
from crossdock.core.orders.model import Order
from crossdock.core.orders.status import Status
from crossdock.doors.pb_oms import mapping, wire
from crossdock.flows import queries
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.store.index_scan import Filters

# Look-ups of one search that are answered by indexes alone; each counts and reads a page.
_MAX_CHOICES = 40
# Deleted orders that are passed over exactly; where more would be on the way, pages can hold fewer orders than asked for.
_MAX_DELETED = 500
_WORDS = ("UNFULFILLED", "FULFILLED", "ONHOLD", "CANCELED")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


# -------------------------------------------------------------------------------------------------------------- reading
class Wanted(Struct, frozen=True):
    """What is searched for, in canonical words; an empty tuple asks for nothing. Times are microseconds since 1970 UTC,
    `created_from` included, `created_to` not."""

    order_ids: tuple[int, ...] | None = None
    numbers: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = ()
    customers: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    created_from: int | None = None
    created_to: int | None = None

    def fits(self, order: Order) -> bool:
        """Say whether an order is one of those searched for."""
        content = order.content
        customer = content.customer
        return (
            not mapping.is_deleted(order)
            and (self.order_ids is None or order.order_id in self.order_ids)
            and (not self.numbers or content.number in self.numbers)
            and (not self.statuses or order.status in self.statuses)
            and (not self.customers or (customer is not None and customer.customer_ref in self.customers))
            and (not self.emails or _email(order) in self.emails)
            and (not self.items or any(line.sku in self.items for line in content.lines))
            and (not self.tags or any(tag in self.tags for tag in order.tags))
            and (self.created_from is None or order.created_at >= self.created_from)
            and (self.created_to is None or order.created_at < self.created_to)
        )


def _email(order: Order) -> str:
    """Give the address an order is found by: the customer's, else the receiver's, in lower case."""
    customer = order.content.customer
    return ((customer and customer.email) or (order.ship_to and order.ship_to.email) or "").lower()


def rules(tree: Tree) -> Iterator[Fault]:
    """A filter stands once; words of status are the vendor's; a time is one, and is one."""
    yield from duplicates_in(tree, "filters", "name")
    for position, row in objects_in(tree, "filters"):
        values = row.get("value")
        if not isinstance(values, list):
            continue
        is_time = isinstance(row.get("name"), str) and str(row["name"]).startswith("orderCreateDate")
        if is_time and len(values) > 1:
            yield Fault(("filters", position, "value"), "must have 1 element")
        for place, value in enumerate(values):
            if not isinstance(value, str):
                continue
            path = ("filters", position, "value", place)
            if is_time and not is_date_or_date_time(value):
                yield Fault(path, f"must be a date or a date and time with offset, not {value[:40]!r}")
            if row.get("name") == "status" and value not in _WORDS:
                yield Fault(path, f"must be one of {', '.join(_WORDS)}, not {value[:40]!r}")


def wanted(search: wire.Search) -> Wanted:
    """Turn a checked search into canonical words."""
    given = {each.name: tuple(dict.fromkeys(each.value)) for each in search.filters or ()}
    ids = given.get("orderId")
    words = given.get("status", ())
    first, last = (given.get(name) for name in ("orderCreateDateFrom", "orderCreateDateTo"))
    return Wanted(
        order_ids=None if ids is None else tuple(filter(None, map(mapping.read_id, ids))),
        numbers=given.get("orderNumber", ()),
        statuses=tuple(each for each in Status if any(each in mapping.statuses_of(word) for word in words)),
        customers=given.get("customerId", ()),
        emails=tuple(dict.fromkeys(email.lower() for email in given.get("email", ()))),
        items=given.get("itemId", ()),
        tags=given.get("tag", ()),
        created_from=_span(first[0])[0] if first else None,
        created_to=_span(last[0])[1] if last else None,
    )


def _span(text: str) -> tuple[int, int]:
    """Give the beginning and the end of what a time names: a day (UTC), a second, or what its last digit counts."""
    if is_date(text):
        day = (datetime.fromisoformat(text).replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
        return day, day + 86_400_000_000
    start = (datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND
    fraction = re.search(r"\.(\d+)", text)
    return start, start + 10 ** (6 - min(6, len(fraction[1]) if fraction else 0))


# ------------------------------------------------------------------------------------------------------------- look-ups
def _choices(sought: Wanted) -> list[Filters]:
    """Give look-ups no order fits two of; together they find at least what is sought, as far as Filters can say it."""
    base = Filters(
        sku=sought.items[0] if len(sought.items) == 1 else None,
        tag=sought.tags[0] if len(sought.tags) == 1 else None,
        term=sought.customers[0].strip() if len(sought.customers) == 1 else None,
        created_from=sought.created_from,
        created_to=sought.created_to,
    )
    several = {"number": sought.numbers, "email": sought.emails, "status": tuple(map(str, sought.statuses))}
    given = {name: values for name, values in several.items() if values}
    return [msgspec.structs.replace(base, **dict(zip(given, each, strict=True))) for each in product(*given.values())]


def _looked_through(sought: Wanted) -> list[Filters]:
    """Give the fewest look-ups for what must be looked through: for each value of the first filter that has an index.

    They may find one order twice.
    """
    base = Filters(created_from=sought.created_from, created_to=sought.created_to)
    for name, values in (
        ("number", sought.numbers),
        ("email", sought.emails),
        ("term", sought.customers),
        ("tag", sought.tags),
        ("sku", sought.items),
        ("status", tuple(map(str, sought.statuses))),
    ):
        if values:
            return [
                msgspec.structs.replace(base, **{name: value.strip() if name == "term" else value}) for value in values
            ]
    return [base]


async def page(
    context: Context, caller: Caller, sought: Wanted, *, limit: int, offset: int
) -> tuple[list[Order], int, int]:
    """Give a page of orders, newest first, their number, and the number of places that pages are cut from.

    The two differ only where more deleted orders are about than are passed over exactly. Refuses with Invalid `invalid` where
    too many orders would have to be looked through.
    """
    if sought.order_ids is not None:
        found = await queries.by_ids(context, caller, sorted(set(sought.order_ids), reverse=True))
        fitting = [order for order in found if sought.fits(order)]
        return fitting[offset : offset + limit], len(fitting), len(fitting)
    choices = _choices(sought)
    is_inexact = sought.customers or len(sought.items) > 1 or len(sought.tags) > 1 or mapping.DELETED in sought.tags
    if is_inexact or len(choices) > _MAX_CHOICES:
        keep = _once(sought.fits)
        matched = await queries.matching(context, caller, _looked_through(sought), keep=lambda order, _: keep(order))
        fitting = [order for order, _ in matched]
        return fitting[offset : offset + limit], len(fitting), len(fitting)
    return await _page_of(context, caller, choices, limit=limit, offset=offset)


def _once(fits: Callable[[Order], bool]) -> Callable[[Order], bool]:
    seen: set[int] = set()

    def keep(order: Order) -> bool:
        if order.order_id in seen or not fits(order):
            return False
        seen.add(order.order_id)
        return True

    return keep


async def _page_of(
    context: Context, caller: Caller, choices: list[Filters], *, limit: int, offset: int
) -> tuple[list[Order], int, int]:
    """Cut a page out of look-ups that are exact but for deleted orders, which are passed over."""
    total = sum([await queries.count(context, caller, filters) for filters in choices])
    deleted, number = await _deleted(context, caller, choices)
    start = offset
    found: list[Order] = []
    while start < total:  # move on by as many places as deleted orders stand before the page, until that stays the same
        found, _ = await queries.one_of(context, caller, choices, limit=limit, offset=start)
        before = sum(each > found[0].order_id for each in deleted) if found else 0
        if start >= offset + before:
            break
        start, found = offset + before, []
    places: list[Order] = []
    while found:
        places += [order for order in found if order.order_id not in deleted]
        if len(places) >= limit or len(found) < limit:
            break
        start += limit
        found, _ = await queries.one_of(context, caller, choices, limit=limit, offset=start)
    kept = [order for order in places[:limit] if not mapping.is_deleted(order)]
    return kept, max(0, total - number), max(0, total - len(deleted))


async def _deleted(context: Context, caller: Caller, choices: list[Filters]) -> tuple[set[int], int]:
    """Give the newest deleted orders that the look-ups would find, and the number of all; a deleted order is canceled."""
    found: set[int] = set()
    number = 0
    for filters in choices:
        if filters.status not in (None, str(Status.CANCELED)):
            continue
        marked = msgspec.structs.replace(filters, tag=mapping.DELETED, status=None)
        some = (await queries.page(context, caller, marked, limit=_MAX_DELETED, whole=True)).orders
        fitting = [order.order_id for order in some if filters.tag is None or filters.tag in order.tags]
        found.update(fitting)
        is_all = len(some) < _MAX_DELETED or filters.tag is not None
        number += len(fitting) if is_all else await queries.count(context, caller, marked)
    return found, number
