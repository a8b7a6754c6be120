"""Searches by words against plain Python over the same orders, and the words an order is found by."""

import re
from random import Random

import pytest

from crossdock.core.ids import IdGenerator
from crossdock.core.orders.model import Content, Line, Order, Reference, Source
from crossdock.core.orders.status import Counters
from crossdock.store import orders
from crossdock.store.order_query import word_search
from crossdock.store.order_query.query import Filters
from crossdock.store.protocols import Store
from tests.store.order_query.test_pages import (
    NAMES,
    choices,
    email,
    model,
    numbers,
    random_order,
    random_orders,
    store_random_orders,
    value_of,
    words,
)
from tests.store.samples import NOW_US, ONE, put, read_page


def has(order: Order, word: str) -> bool:
    """Tell in plain Python whether a search for a word finds an order."""
    spellings = {word, word.upper(), word.lower()}
    return (
        order.content.number in spellings
        or any(line.sku in spellings for line in order.content.lines)
        or (email(order) or "").lower() == word.lower()
        or word.casefold() in words(order)
        or all(part in words(order) for part in re.findall(r"\w+", word.casefold()))
    )


WORDS = (
    "a-1",
    "A-1",
    "B-2",
    "s-1",
    "S-2",
    "lee",
    "lee,",
    "ann/lee",
    "LEE",
    "zoë",
    "ann@example.com",
    "po-7",
    "c-1",
    "vip",
    "#vip",
    "none",
)


class TestSearch:
    @pytest.mark.parametrize(("ids", "rounds"), [(1_000, 10), (4, 2)])
    async def test_a_search_followed_to_its_end_is_what_plain_python_finds(
        self, store: Store, monkeypatch: pytest.MonkeyPatch, ids: int, rounds: int
    ) -> None:
        random, placed = await store_random_orders(store, 8, 60)
        monkeypatch.setattr(word_search, "IDS_A_ROUND", ids)
        monkeypatch.setattr(word_search, "MAX_ROUNDS", rounds)
        id_generator, at = IdGenerator(2), placed[-1].created_at + 1000
        for turn in range(16):
            requested = random.sample(WORDS, random.choice((1, 1, 2, 3)))
            names = random.sample(NAMES, random.choice((0, 0, 1, 2)))
            filters = Filters(**{name: value_of(random, name, placed) for name in names})
            wanted = [order for order in model(placed, filters) if all(has(order, word) for word in requested)]
            seen: list[Order] = []
            before, limit = None, random.choice((1, 3, 50))
            while True:
                async with store.reading() as tx:
                    some = await word_search.search(tx, ONE, requested, filters, before=before, limit=limit)
                seen += some.orders
                assert len(some.orders) <= limit
                if some.last is None:
                    break
                assert before is None or some.last < before, "it never ends"
                before = some.last
                if turn % 8 == 0:
                    at += 1000
                    placed.append(random_order(random, id_generator, at))
                    await put(store, placed[-1])
            assert numbers(seen) == numbers(wanted), (requested, filters)


class TestTerms:
    async def test_the_term_of_a_tag_never_equals_that_of_a_reference(self, store: Store) -> None:
        """A shop's order "#1001" is no order tagged 1001, and an order may have both."""
        content = Content(number="N", lines=(Line(1),), references=(Reference("shop", "#1001"),))
        id_generator = IdGenerator(1)
        both, one = (
            Order(
                organization_id=ONE, order_id=id_generator.new(NOW_US), version=1, created_at=NOW_US, updated_at=NOW_US,
                source=Source("s2", 1, "me"), content=content, counters=(Counters(1),), tags=tags,
            )
            for tags in (("1001",), ())
        )  # fmt: skip
        await put(store, both, one)
        async with store.reading() as tx:
            assert (await read_page(tx, ONE, Filters(tag="1001"), limit=9)).orders == [both]
            assert (await read_page(tx, ONE, Filters(term="#1001"), limit=9)).orders == [one, both]

    def test_an_order_has_a_limited_number_of_distinct_terms(self) -> None:
        content = Content(number="N", lines=(Line(1),), references=tuple(Reference("r", str(n)) for n in range(99)))
        order = Order(
            organization_id=ONE, order_id=1, version=1, created_at=NOW_US, updated_at=NOW_US,
            source=Source("s2", 1, "me"), content=content, counters=(Counters(1),), tags=("a", "b"),
        )  # fmt: skip
        assert len(orders.terms_of(order)) == orders.MAX_TERMS + 2
        assert len(set(orders.terms_of(order))) == len(orders.terms_of(order))


class TestFits:
    def test_filters_match_an_order_in_memory_as_in_the_database(self) -> None:
        random = Random(2)
        placed = random_orders(random, 60)
        for filters in choices(random, placed):
            assert [order for order in placed if word_search.matches(order, filters)] == model(
                placed, filters, ascending=True
            )
