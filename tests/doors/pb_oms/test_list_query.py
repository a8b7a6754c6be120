"""Queries of the lists below /shipping: pages, sizes and periods."""

import pytest

from crossdock.core.errors import Invalid
from crossdock.doors.pb_oms import list_query
from crossdock.doors.pb_oms.wire_calls import PageInfo

DAY_US = 86_400_000_000
NOON = 20_000 * DAY_US + DAY_US // 2  # of 2024-10-04


@pytest.mark.parametrize(
    ("query", "page", "size"),
    [
        ({}, 1, 10),
        ({"page": "0", "size": "0"}, 1, 10),
        ({"page": "", "size": ""}, 1, 10),
        ({"page": "3", "size": "7"}, 3, 7),
        ({"size": "101"}, 1, 100),
    ],
)
def test_a_page_is_read_with_its_defaults_and_limits(query: dict[str, str], page: int, size: int) -> None:
    read = list_query.read(query)
    assert (read.page, read.size, read.offset) == (page, size, (page - 1) * size)


def test_a_page_is_described_among_all_rows() -> None:
    assert list_query.read({"page": "2", "size": "10"}).info(21) == PageInfo(21, 3, 2)
    assert list_query.read({}).info(0) == PageInfo(0, 0, 1)


def test_a_period_has_both_its_days_and_ends_today_where_the_query_does_not_say() -> None:
    read = list_query.read({"startDate": "2024-10-01", "endDate": "2024-10-02"}, now=NOON)
    assert (read.start, read.end) == (19_997 * DAY_US, 19_999 * DAY_US)
    read = list_query.read({"startDate": "", "endDate": ""}, now=NOON)
    assert (read.start, read.end) == (None, 20_001 * DAY_US)


def test_every_fault_of_a_query_is_named() -> None:
    query = {"page": "1.5", "size": "9" * 11, "startDate": "2024-13-01", "endDate": "x", "status": "done"}
    with pytest.raises(Invalid) as refused:
        list_query.read(query, now=NOON, words={"status": ("scheduled",)})
    assert [fault.path for fault in refused.value.faults] == [(name,) for name in query]


def test_dates_of_a_list_without_a_period_are_ignored() -> None:
    assert list_query.read({"startDate": "x"}).start is None
