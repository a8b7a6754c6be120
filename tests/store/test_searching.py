"""Searches by words against plain Python over the same orders, and the words an order is found by."""

from random import Random

import pytest

from crossdock.core.identity import Mint
from crossdock.core.lifecycle import Counters
from crossdock.core.order import Content, Line, Order, Reference, Source
from crossdock.store import orders, pages, searching
from crossdock.store.port import Store
from crossdock.store.walks import Filters
from tests.store.samples import NOW_US, ONE, put
from tests.store.test_pages import NAMES, choices, email, made, made_book, model, numbers, stocked, value_of, words


def has(order: Order, word: str) -> bool:
    """Say in plain Python whether a search for a word finds an order."""
    spellings = {word, word.upper(), word.lower()}
    return (
        order.content.number in spellings
        or any(line.sku in spellings for line in order.content.lines)
        or (email(order) or "").lower() == word.lower()
        or word.casefold() in words(order)
    )


WORDS = (
    "a-1",
    "A-1",
    "B-2",
    "s-1",
    "S-2",
    "lee",
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
    async def test_walked_to_the_end_is_what_plain_python_finds(
        self, store: Store, monkeypatch: pytest.MonkeyPatch, ids: int, rounds: int
    ) -> None:
        random, book = await stocked(store, 8, 60)
        monkeypatch.setattr(searching, "_WORD_IDS", ids)
        monkeypatch.setattr(searching, "_ROUNDS", rounds)
        mint, at = Mint(2), book[-1].created_at + 1000
        for turn in range(16):
            asked = random.sample(WORDS, random.choice((1, 1, 2, 3)))
            names = random.sample(NAMES, random.choice((0, 0, 1, 2)))
            filters = Filters(**{name: value_of(random, name, book) for name in names})
            wanted = [order for order in model(book, filters) if all(has(order, word) for word in asked)]
            walked: list[Order] = []
            before, limit = None, random.choice((1, 3, 50))
            while True:
                async with store.reading() as tx:
                    some = await searching.search(tx, ONE, asked, filters, before=before, limit=limit)
                walked += some.orders
                assert len(some.orders) <= limit
                if some.last is None:
                    break
                assert before is None or some.last < before, "it never ends"
                before = some.last
                if turn % 8 == 0:
                    at += 1000
                    book.append(made(random, mint, at))
                    await put(store, book[-1])
            assert numbers(walked) == numbers(wanted), (asked, filters)


class TestTerms:
    async def test_of_a_tag_and_of_a_reference_that_looks_like_it_do_not_meet(self, store: Store) -> None:
        """A shop's order "#1001" is no order tagged 1001, and an order may have both."""
        content = Content(number="N", lines=(Line(1),), references=(Reference("shop", "#1001"),))
        mint = Mint(1)
        both, one = (
            Order(
                organization_id=ONE, order_id=mint.new(NOW_US), version=1, created_at=NOW_US, updated_at=NOW_US,
                source=Source("s2", 1, "me"), content=content, counters=(Counters(1),), tags=tags,
            )
            for tags in (("1001",), ())
        )  # fmt: skip
        await put(store, both, one)
        async with store.reading() as tx:
            assert (await pages.page(tx, ONE, Filters(tag="1001"), limit=9)).orders == [both]
            assert (await pages.page(tx, ONE, Filters(term="#1001"), limit=9)).orders == [one, both]

    def test_are_of_different_orders_in_any_number_but_of_one_not_too_many(self) -> None:
        content = Content(number="N", lines=(Line(1),), references=tuple(Reference("r", str(n)) for n in range(99)))
        order = Order(
            organization_id=ONE, order_id=1, version=1, created_at=NOW_US, updated_at=NOW_US,
            source=Source("s2", 1, "me"), content=content, counters=(Counters(1),), tags=("a", "b"),
        )  # fmt: skip
        assert len(orders.terms_of(order)) == orders.TERMS_MOST + 2
        assert len(set(orders.terms_of(order))) == len(orders.terms_of(order))


class TestFits:
    def test_says_what_the_database_says(self) -> None:
        random = Random(2)
        book = made_book(random, 60)
        for filters in choices(random, book):
            assert [order for order in book if searching.fits(order, filters)] == model(book, filters, ascending=True)
