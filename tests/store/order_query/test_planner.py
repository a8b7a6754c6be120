"""The planner: which queries a single index answers, and in which orders an alternative is scanned."""

import pytest

from crossdock.store.order_query.planner import is_single_index, sorts_to_try
from crossdock.store.order_query.query import Filters, OrderQuery, Sort


class TestIsSingleIndex:
    @pytest.mark.parametrize(
        ("any_of", "sort", "is_single"),
        [
            ([Filters()], "created", True),
            ([Filters()], "updated", True),
            ([Filters(status="open", created_from=1, created_to=2)], "created", True),
            ([Filters(status="open"), Filters(status="shipped")], "created", True),
            ([Filters(status="open"), Filters(status="shipped", door="s2")], "created", False),
            ([Filters(status="open")], "updated", False),
            ([Filters(updated_from=1)], "updated", True),
            ([Filters(updated_from=1)], "created", False),
            ([Filters(created_from=1)], "updated", False),
        ],
    )
    def test_a_query_is_answered_by_single_indexes_where_each_alternative_is_a_range_of_one(
        self, any_of: list[Filters], sort: Sort, is_single: bool
    ) -> None:
        assert is_single_index(OrderQuery(any_of=tuple(any_of), sort=sort)) is is_single


class TestSortsToTry:
    def test_a_range_of_changes_is_scanned_by_change_first(self) -> None:
        assert sorts_to_try(Filters(updated_from=1)) == ("updated", "created")
        assert sorts_to_try(Filters(updated_to=1, status="open", door="s2")) == ("updated", "created")

    def test_a_selective_filter_is_scanned_by_receipt_alone(self) -> None:
        assert sorts_to_try(Filters(updated_from=1, sku="A")) == ("created",)
        assert sorts_to_try(Filters(status="open")) == ("created",)
