"""Wire types of Pitney Bowes OMS: the search call."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from crossdock.core.json.value_types import MAX_QUANTITY
from crossdock.doors.pb_oms.wire_calls import PageInfo
from crossdock.doors.pb_oms.wire_read import OrderRead

FilterName = Literal[
    "orderId",
    "orderNumber",
    "status",
    "customerId",
    "email",
    "itemId",
    "tag",
    "orderCreateDateFrom",
    "orderCreateDateTo",
]
# Values of one filter; each is a separate index lookup.
MAX_VALUES = 100
PAGE_SIZE = 20
MAX_PAGE_SIZE = 100


class Filter(Struct):
    """A condition, met by any of the values."""

    name: FilterName
    value: Annotated[
        list[str],
        Meta(
            min_length=1,
            max_length=MAX_VALUES,
            description="One date or time with an offset for a filter by time, one of the vendor's four words for status.",
        ),
    ]


class Search(Struct):
    """The body of the search call. Orders meet all filters; pages 0 and 1 are the first, size 0 is the default."""

    filters: Annotated[list[Filter], Meta(max_length=9)] | None = None
    page: Annotated[int, Meta(ge=0, le=MAX_QUANTITY, description="0 and 1 are the first page.")] | None = None
    size: Annotated[int, Meta(ge=0, description="Orders of a page; more than 100 count as 100.")] | None = None


class SearchResults(Struct):
    """The response to the search call: orders as the read call returns them, newest first."""

    orders: list[OrderRead]
    pageInfo: PageInfo
