"""Search filters of Pitney Bowes OMS: check them, and translate them into an order query; pure.

Orders deleted through this door are left out everywhere.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from crossdock.core.errors import Fault
from crossdock.core.json.request_body import duplicates_in, objects_in
from crossdock.core.json.strict_json import Tree
from crossdock.core.json.value_types import is_date, is_date_or_date_time, parse_date_time
from crossdock.core.orders.model import Order
from crossdock.core.orders.status import Status
from crossdock.core.search_terms import contact_email, fold_email
from crossdock.doors.pb_oms import mapping, wire_search
from crossdock.doors.pb_oms.wire_calls import DELETED
from crossdock.flows.order_search import Exclusion, Filters, OrderQuery, Residual, alternatives

_WORDS = ("UNFULFILLED", "FULFILLED", "ONHOLD", "CANCELED")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


# -------------------------------------------------------------------------------------------------------------- reading
class Search(Struct, frozen=True):
    """A search in canonical terms; an empty tuple sets no condition. Times are microseconds since 1970 UTC, `created_from`
    included, `created_to` excluded."""

    order_ids: tuple[int, ...] | None = None
    numbers: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = ()
    customers: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    created_from: int | None = None
    created_to: int | None = None

    def matches(self, order: Order) -> bool:
        """Tell whether an order meets all conditions."""
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
    """Return the e-mail address an order is searched by, folded."""
    return fold_email(contact_email(order.content) or "")


def rules(tree: Tree) -> Iterator[Fault]:
    """Find faults: a filter given twice, an unknown status, several times or what is not a time."""
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


def from_wire(search: wire_search.Search) -> Search:
    """Translate a checked request into canonical terms."""
    given = {each.name: tuple(dict.fromkeys(each.value)) for each in search.filters or ()}
    ids = given.get("orderId")
    words = given.get("status", ())
    first, last = (given.get(name) for name in ("orderCreateDateFrom", "orderCreateDateTo"))
    return Search(
        order_ids=None if ids is None else tuple(filter(None, map(mapping.parse_id, ids))),
        numbers=given.get("orderNumber", ()),
        statuses=tuple(each for each in Status if any(each in mapping.statuses_of(word) for word in words)),
        customers=given.get("customerId", ()),
        emails=tuple(dict.fromkeys(fold_email(email) for email in given.get("email", ()))),
        items=given.get("itemId", ()),
        tags=given.get("tag", ()),
        created_from=_span(first[0])[0] if first else None,
        created_to=_span(last[0])[1] if last else None,
    )


def _span(text: str) -> tuple[int, int]:
    """Return the beginning and the end of the span a time names: a day (UTC), a second, or a unit of its last digit."""
    if is_date(text):
        day = (datetime.fromisoformat(text).replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
        return day, day + 86_400_000_000
    start = (parse_date_time(text) - _EPOCH) // _MICROSECOND
    fraction = re.search(r"\.(\d+)", text)
    return start, start + 10 ** (6 - min(6, len(fraction[1]) if fraction else 0))


# --------------------------------------------------------------------------------------------------------------- query
def order_query(search: Search, *, limit: int, offset: int) -> tuple[OrderQuery, Residual | None]:
    """Translate a search into an order query, newest first, and into the part of it that the filters do not say."""
    residual = Residual(lambda order, _: search.matches(order))
    if search.order_ids is not None:
        ids = tuple(sorted(set(search.order_ids), reverse=True))
        return OrderQuery(order_ids=ids, limit=limit, offset=offset), residual
    several = {
        "number": search.numbers,
        "email": search.emails,
        "status": tuple(map(str, search.statuses)),
        "term": tuple(each.strip() for each in search.customers),
        "tag": search.tags,
        "sku": search.items,
    }
    # A term is more than a customer's id, an order can have several SKUs and tags, and deleted orders are never asked for.
    is_inexact = search.customers or len(search.items) > 1 or len(search.tags) > 1 or DELETED in search.tags
    any_of, is_exact = alternatives(
        {name: values for name, values in several.items() if values},
        base=Filters(created_from=search.created_from, created_to=search.created_to),
        is_exact=not is_inexact,
    )
    query = OrderQuery(any_of=any_of, excluded=_DELETED, limit=limit, offset=offset, is_exact=is_exact)
    return query, None if is_exact else residual


_DELETED = Exclusion(DELETED, status=str(Status.CANCELED))  # an order is deleted by canceling and tagging it
