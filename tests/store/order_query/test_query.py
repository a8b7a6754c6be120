"""Order queries: how the values of filters become alternatives."""

from crossdock.store.order_query import query
from crossdock.store.order_query.query import Filters, OrderQuery, alternatives

DAY = Filters(created_from=1, created_to=2)


class TestAlternatives:
    def test_exact_values_become_every_combination(self) -> None:
        values = {"number": ["A", "B"], "status": ["open", "shipped"]}
        any_of, is_exact = alternatives(values, base=DAY, is_exact=True)
        assert is_exact
        assert set(any_of) == {
            Filters(number=number, status=status, created_from=1, created_to=2)
            for number in "AB"
            for status in ("open", "shipped")
        }

    def test_too_many_combinations_are_looked_up_by_the_most_selective_filter_and_examined(self) -> None:
        numbers = [f"N{each}" for each in range(query.MAX_EXACT_ALTERNATIVES)]
        any_of, is_exact = alternatives({"status": ["open", "shipped"], "number": numbers}, is_exact=True)
        assert (any_of, is_exact) == (tuple(Filters(number=each) for each in numbers), False)

    def test_a_single_value_of_another_filter_narrows_every_alternative(self) -> None:
        values = {"sku": ["A", "B"], "status": ["open"], "location": ["W1", "W2"]}
        assert alternatives(values) == ((Filters(sku="A", status="open"), Filters(sku="B", status="open")), False)

    def test_the_few_orders_of_a_number_are_not_narrowed_further(self) -> None:
        assert alternatives({"number": ["A"], "sku": ["S"]}) == ((Filters(number="A"),), False)

    def test_a_filter_with_more_values_than_alternatives_is_left_to_examination(self) -> None:
        emails = [f"{each}@example.com" for each in range(query.MAX_ALTERNATIVES + 1)]
        assert alternatives({"email": emails}, base=DAY) == ((DAY,), False)
        assert alternatives({"email": emails, "door": ["s2"]}) == ((Filters(door="s2"),), False)

    def test_a_filter_without_any_value_matches_no_order(self) -> None:
        assert alternatives({"number": ["A"], "status": []}) == ((), True)

    def test_no_values_give_the_base_alone(self) -> None:
        assert alternatives({}, base=DAY, is_exact=True) == ((DAY,), True)
        assert OrderQuery().any_of == (Filters(),)
