"""The filter language of searches: what matches, what is refused, and what a search may cost."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.errors import Invalid
from crossdock.doors.fabric import search_filters
from crossdock.doors.fabric.search_filters import MAX_TERMS, Matcher, faults_of, fits
from tests.slowness import processor_time_below

ORDER: dict[str, Any] = {
    "orderNumber": "order-17Z", "orderTotal": 70, "createdAt": "2026-01-30T10:00:00.000Z", "version": 0,
    "customer": {"email": "jane@example.com", "company": None}, "attributes": {"gift": True, "n": 1},
    "items": [{"sku": "A", "title": "red"}, {"sku": "B", "title": "blue"}], "retail": {"locationNum": 12},
}  # fmt: skip


class TestFits:
    @pytest.mark.parametrize(
        ("filters", "does"),
        [
            ({}, True),
            ({"orderNumber": "order-17Z"}, True),
            ({"orderNumber": "order-17"}, False),
            ({"orderNumber": "order-*Z"}, True),
            ({"orderNumber": "*17*"}, True),
            ({"orderNumber": "*"}, True),
            ({"orderNumber": "order-*Z*Z"}, False),
            ({"orderNumber": "order-17Z*order-17Z"}, False),
            ({"orderNumber": ["x", "order-1*"]}, True),
            ({"orderNumber": ["x", "y"]}, False),
            ({"orderTotal": 70}, True),
            ({"orderTotal": "70"}, False),
            ({"version": False}, False),
            ({"attributes": {"gift": True}}, True),
            ({"attributes": {"gift": 1}}, False),
            ({"attributes": {"n": True}}, False),
            ({"orderTotal": {"gte": 70, "lt": 71}}, True),
            ({"orderTotal": {"gt": 70}}, False),
            ({"orderTotal": {"lte": 70}}, True),
            ({"orderTotal": {"gte": "2026-01-01"}}, False),
            ({"createdAt": {"gte": "2026-01-30", "lt": "2026-01-31T00:00:00Z"}}, True),
            ({"createdAt": {"gt": "2026-01-30T12:00:00+02:00"}}, False),
            ({"createdAt": "2026-01-30T12:00:00+02:00"}, True),
            ({"createdAt": "2026-01-30*"}, True),
            ({"createdAt": {"gte": 1}}, False),
            ({"createdAt": "2026-01-30"}, True),
            ({"createdAt": ["2026-01-29", "2026-01-31"]}, False),
            ({"createdAt": {"gte": "2026-01-30", "lte": "2026-01-30"}}, True),
            ({"createdAt": {"gt": "2026-01-30"}}, False),
            ({"createdAt": {"gt": "2026-01-29"}}, True),
            ({"createdAt": {"lt": "2026-01-30"}}, False),
            ({"createdAt": {"lte": "2026-01-29"}}, False),
            ({"createdAt": {"gte": "2026-01-30", "lte": 5}}, False),
            ({"items": {"sku": ["X", "A*", None]}}, True),
            ({"items": {"sku": [["X"], ["B"]]}}, True),
            ({"items": [None, {"sku": "Z"}]}, False),
            ({"cartId": ["x", None]}, True),
            ({"orderNumber": "**o***17**"}, True),
            ({"orderTotal": [1, Decimal("70.0")]}, True),
            ({"attributes": {"gift": [1, True]}}, True),
            ({"items": {"sku": "B"}}, True),
            ({"items": {"sku": "B", "title": "red"}}, False),
            ({"items": [{"sku": "C"}, {"title": "blue"}]}, True),
            ({"customer": {"company": None}}, True),
            ({"cartId": None}, True),
            ({"customer": {"email": None}}, False),
            ({"customer": "jane@example.com"}, False),
            ({"retail": {"locationNum": [11, 12]}}, True),
            ({"nonsense": "x"}, False),
            ({"nonsense": {"deeper": {"gte": 1}}}, False),
        ],
    )
    def test_a_document_matches_filters_by_the_vendors_rules(self, filters: Any, does: bool) -> None:
        assert not list(faults_of(filters))
        assert fits(ORDER, filters) is does

    @given(
        st.lists(
            st.sampled_from([None, True, 1, 70, "A", "B", "*", "A*", "re*", "2026-01-30", {"sku": "A"}]), min_size=1
        )
    )
    def test_an_array_matches_where_one_of_its_values_does(self, values: list[Any]) -> None:
        for place in ("items", "orderTotal", "createdAt", "cartId"):
            assert fits(ORDER, {place: values}) is any(fits(ORDER, {place: each}) for each in values)
            below = {"items": {"sku": values}}
            assert fits(ORDER, below) is any(fits(ORDER, {"items": {"sku": each}}) for each in values)


class TestLimits:
    @pytest.mark.parametrize(
        ("filters", "fault"),
        [
            ({"items": {"sku": []}}, "filters.items.sku: must have 1 to 200 elements"),
            ({"items": {"sku": ["x"] * 201}}, "filters.items.sku: must have 1 to 200 elements"),
            (
                {"items": [{"sku": ["x"] * 200}] * 200},
                f"filters: must have at most {MAX_TERMS} values in all, not 40000",
            ),
            ({"orderNumber": "*" * 11}, "filters.orderNumber: must have at most 10 asterisks"),
            ({"orderNumber": ["a", "*" * 11]}, "filters.orderNumber.1: must have at most 10 asterisks"),
            (
                {"orderTotal": {"gte": 1, "sku": 2}},
                "filters.orderTotal.sku: must be one of gt, gte, lt, lte, as the others are",
            ),
            (
                {"orderTotal": {"gte": "x"}},
                "filters.orderTotal.gte: must be a number, a date, or a date and time with offset",
            ),
        ],
    )
    def test_filters_that_cost_too_much_or_mean_nothing_have_a_fault(self, filters: Any, fault: str) -> None:
        assert [f"{'.'.join(map(str, each.path))}: {each.reason}" for each in faults_of(filters)] == [fault]

    def test_the_number_of_terms_is_that_of_all_filters(self) -> None:
        filters = {f"m{index}": ["x"] * 100 for index in range(MAX_TERMS // 100)}
        assert not list(faults_of(filters))
        assert len(list(faults_of(filters | {"one": "more"}))) == 1

    @pytest.mark.parametrize(
        "filters",
        [
            {"items": {"sku": [f"x{index}" for index in range(200)]}},
            {"items": [{"sku": f"x{index}*"} for index in range(200)]},
            {
                "items": {
                    "sku": [f"*{index}*y*" for index in range(200)],
                    "title": [f"{index}*" for index in range(200)],
                }
            },
            {"items": {"title": ["*" + "a" * 500 + "b*"] * 200}},
        ],
    )
    def test_the_costliest_filters_end_soon(self, filters: Any) -> None:
        """One order of 7,000 items, the most that a body can hold, and each of the filters is allowed."""
        assert not list(faults_of(filters))
        document = {"items": [{"sku": f"SKU-{index}", "title": "a" * 100} for index in range(7_000)]}
        with processor_time_below(2):  # most take 0.2 s; a filter without a limit took minutes
            try:
                Matcher(filters)(document)
            except Invalid as refused:
                assert str(refused) == "the search compares more than 400000 values; narrow it"

    def test_comparisons_are_counted_over_all_documents_of_a_search(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(search_filters, "MAX_COMPARISONS", 10)
        matches = Matcher({"items": {"sku": "B*"}})
        assert matches(ORDER)
        with pytest.raises(Invalid):
            for _ in range(10):
                matches(ORDER)
