"""Ids, their spellings, and sameness of bodies."""

import re
import uuid
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crossdock.core.ids import (
    EPOCH_MS,
    MAX_ID,
    SLOTS,
    IdGenerator,
    created_us,
    first_id_at,
    from_base32,
    from_base62,
    from_digits,
    from_hex24,
    from_short_base62,
    from_uuid,
    hashed_key,
    index_key,
    json_equal,
    to_base32,
    to_base62,
    to_digits,
    to_hex24,
    to_short_base62,
    to_uuid,
)

Spelling = tuple[Callable[[int], str], Callable[[str], int | None], str]
SPELLINGS: list[Spelling] = [
    (to_base62, from_base62, r"[0-9A-Za-z]{10,11}"),
    (to_base32, from_base32, r"[0-9a-hjkmnp-tv-z]{13}"),
    (to_digits, from_digits, r"[0-9]{19}"),
    (to_hex24, from_hex24, r"[0-9a-f]{24}"),
    (to_uuid, from_uuid, r"[0-9a-f]{8}-[0-9a-f]{4}-[48][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
]
each_spelling = pytest.mark.parametrize(
    ("spell", "read", "form"), SPELLINGS, ids=["base62", "base32", "digits", "hex24", "uuid"]
)
identities = st.integers(1, MAX_ID)
NOW_US = 1_767_225_600_000_000  # 2026-01-01
HOUR_US, YEAR_US = 3_600_000_000, 365 * 86_400_000_000


@each_spelling
class TestSpelling:
    @given(identity=identities)
    @example(identity=1)
    @example(identity=61)
    @example(identity=62)
    @example(identity=2**62)
    @example(identity=MAX_ID - 1)
    @example(identity=MAX_ID)
    def test_spelling_is_reversible(self, spell: Any, read: Any, form: str, identity: int) -> None:
        assert read(spell(identity)) == identity

    @given(one=identities, other=identities)
    def test_spelling_is_different_for_different_ids(
        self, spell: Any, read: Any, form: str, one: int, other: int
    ) -> None:
        assert (spell(one) == spell(other)) == (one == other)

    @given(identity=identities)
    @example(identity=1)
    @example(identity=MAX_ID)
    def test_spelling_has_its_form(self, spell: Any, read: Any, form: str, identity: int) -> None:
        assert re.fullmatch(form, spell(identity))

    @given(text=st.text() | st.text("0123456789abcdefABCDEFzZ-", max_size=36))
    def test_spelling_of_a_foreign_text_is_none_or_exactly_that_text(
        self, spell: Any, read: Any, form: str, text: str
    ) -> None:
        identity = read(text)
        assert identity is None or spell(identity) in (text, text.lower())

    @given(identity=identities, data=st.data())
    def test_spelling_with_one_sign_changed_names_no_id_or_another(
        self, spell: Any, read: Any, form: str, identity: int, data: st.DataObject
    ) -> None:
        text = spell(identity)
        place = data.draw(st.integers(0, len(text) - 1))
        sign = data.draw(st.characters().filter(lambda drawn: drawn.lower() != text[place].lower()))
        assert read(text[:place] + sign + text[place + 1 :]) != identity

    @pytest.mark.parametrize("change", ["", " {}", "{} ", "{}\n", "0{}", "{}0", "+{}", "-{}", "_{}", "{}\0"])
    def test_spelling_with_something_around_it_is_none(self, spell: Any, read: Any, form: str, change: str) -> None:
        assert read(change.format(spell(NOW_US))) is None

    def test_spelling_does_not_reach_beyond_63_bits(self, spell: Any, read: Any, form: str) -> None:
        for text in ("z" * 11, "z" * 13, "9" * 19, "f" * 24, "ffffffff-ffff-8fff-bfff-ffffffffffff"):
            assert read(text) is None

    def test_spelling_takes_ascii_digits_only(self, spell: Any, read: Any, form: str) -> None:
        text = spell(MAX_ID)
        assert read(text.translate({ord("0") + digit: chr(0x660 + digit) for digit in range(10)})) is None


NOVEMBER_2026, MARCH_2033 = IdGenerator(0).new(1_793_491_200_000_000), IdGenerator(0).new(1_993_595_762_251_000)


class TestShortBase62:
    @given(identity=identities | st.integers(NOVEMBER_2026, MARCH_2033))
    @example(identity=1)
    @example(identity=62**10 - 1)
    @example(identity=62**10)
    @example(identity=NOVEMBER_2026 - 1)
    @example(identity=NOVEMBER_2026)
    @example(identity=NOVEMBER_2026 + 62**10 - 1)
    @example(identity=NOVEMBER_2026 + 62**10)
    @example(identity=MAX_ID)
    def test_short_base62_is_reversible(self, identity: int) -> None:
        assert from_short_base62(to_short_base62(identity)) == identity
        assert re.fullmatch(r"[0-9A-Za-z]{10,11}", to_short_base62(identity))

    @given(st.integers(NOVEMBER_2026, MARCH_2033 - 0xFFF))
    @example(NOVEMBER_2026)
    @example(MARCH_2033 - 0xFFF)
    def test_short_base62_has_10_characters_from_november_2026_to_march_2033(self, identity: int) -> None:
        assert len(to_short_base62(identity | 0x800)) == 10

    @given(st.integers(62**10, MAX_ID))
    def test_short_base62_leaves_the_form_of_ids_of_earlier_releases_as_it_was(self, identity: int) -> None:
        assert to_short_base62(identity & ~0x800) == to_base62(identity & ~0x800).rjust(11, "0")

    @given(st.integers(62**10, MAX_ID))
    def test_short_base62_reads_the_11_characters_that_ids_had_before(self, identity: int) -> None:
        assert from_short_base62(to_base62(identity)) == identity

    @given(one=identities, other=identities)
    @example(one=1, other=NOVEMBER_2026 + 1)
    def test_short_base62_is_different_for_different_ids(self, one: int, other: int) -> None:
        assert (to_short_base62(one) == to_short_base62(other)) == (one == other)

    @pytest.mark.parametrize("text", ["", "0", "z" * 9, "z" * 11, "z" * 12, "-000000001", "00000000001x"])
    def test_short_base62_of_anything_else_is_none(self, text: str) -> None:
        assert from_short_base62(text) is None


class TestUuid:
    @given(st.integers(EPOCH_MS * 1000, 3_700_000_000_000_000), st.integers(0, SLOTS - 1), st.integers(1, 3))
    def test_uuid_of_a_new_id_has_version_4(self, now: int, slot: int, count: int) -> None:
        id_generator = IdGenerator(slot)
        made = [uuid.UUID(to_uuid(id_generator.new(now))) for _ in range(count)]
        assert {(each.version, each.variant) for each in made} == {(4, uuid.RFC_4122)}

    # Written by a release whose UUIDs had version 8. Clients may have stored them.
    @pytest.mark.parametrize(
        ("identity", "text"),
        [
            (1, "00000000-0000-8000-8ab4-90b0e880582f"),
            (2**60, "20000000-0000-8000-80f2-06e964d647a6"),
            (NOW_US, "000c8e90-8c40-8800-8429-2bb876e35c04"),
        ],
    )
    def test_uuid_of_an_id_of_an_earlier_release_stays_the_same(self, identity: int, text: str) -> None:
        assert to_uuid(identity) == text
        assert from_uuid(text) == identity

    def test_uuid_of_version_8_is_read_for_every_id(self) -> None:
        """A clock that was set back made ids that look like new ones in earlier releases too."""
        assert to_uuid(MAX_ID).startswith("ffffffff-ffff-4fff-")
        assert from_uuid("ffffffff-ffff-8fff-bad3-4157f3cb2ef5") == MAX_ID

    def test_uuid_with_the_digit_of_another_version_is_none(self) -> None:
        for identity in (1, MAX_ID):
            text = to_uuid(identity)
            assert [version for version in "0123456789abcdef" if from_uuid(text[:14] + version + text[15:])] == [
                text[14]
            ]

    def test_uuid_is_read_in_upper_case_too(self) -> None:
        assert from_uuid(to_uuid(NOW_US).upper()) == NOW_US

    @pytest.mark.parametrize("form", ["{{{}}}", "urn:uuid:{}"])
    def test_uuid_is_none_in_other_forms(self, form: str) -> None:
        assert from_uuid(form.format(to_uuid(NOW_US))) is None
        assert from_uuid(to_uuid(NOW_US).replace("-", "")) is None

    @given(st.uuids(version=4))
    def test_uuid_made_up_is_no_id(self, made_up: uuid.UUID) -> None:
        assert from_uuid(str(made_up)) is None


class TestHex24:
    def test_hex24_begins_with_the_seconds_as_document_stores_do(self) -> None:
        assert int(to_hex24(IdGenerator(1).new(NOW_US))[:8], 16) == NOW_US // 1_000_000

    def test_hex24_with_other_seconds_is_none(self) -> None:
        text = to_hex24(IdGenerator(1).new(NOW_US))
        assert from_hex24("00000000" + text[8:]) is None


class TestMint:
    @given(
        st.lists(
            st.integers(0, 3_700_000_000_000_000) | st.integers(0, 40).map(lambda h: NOW_US + h * HOUR_US), max_size=200
        ),
        st.integers(0, 5000),
    )
    def test_mint_makes_no_id_twice_whatever_the_clock_does(self, times: list[int], slot: int) -> None:
        id_generator = IdGenerator(slot)
        made = [id_generator.new(now) for now in times]
        assert len(set(made)) == len(made)
        assert all(1 <= identity <= MAX_ID for identity in made)

    @given(st.lists(st.integers(NOW_US, NOW_US + HOUR_US), min_size=2, max_size=200))
    def test_mint_rises_strictly_while_the_clock_is_not_set_back_by_more_than_an_hour(self, times: list[int]) -> None:
        id_generator = IdGenerator(3)
        made = [id_generator.new(now) for now in times]
        assert all(one < other for one, other in pairwise(made))

    def test_mint_follows_a_clock_that_was_far_ahead_back_to_the_true_time(self) -> None:
        id_generator = IdGenerator(3)
        times = [NOW_US, NOW_US + YEAR_US, NOW_US + YEAR_US + 5_000, NOW_US + 60_000_000]
        assert [created_us(id_generator.new(each)) for each in times] == times
        # Times that were used are passed over.
        assert created_us(id_generator.new(NOW_US + 2 * HOUR_US)) == NOW_US + 2 * HOUR_US
        assert created_us(id_generator.new(NOW_US)) == NOW_US + 1_000
        assert created_us(id_generator.new(NOW_US + YEAR_US)) == NOW_US + YEAR_US + 6_000

    def test_mint_gives_more_than_2048_ids_in_one_millisecond(self) -> None:
        id_generator = IdGenerator(3)
        made = [id_generator.new(NOW_US) for _ in range(10_000)]
        assert all(one < other for one, other in pairwise(made))
        assert [created_us(identity) for identity in (made[0], made[2047], made[2048])] == [
            NOW_US,
            NOW_US,
            NOW_US + 1000,
        ]

    def test_mint_goes_on_from_where_it_was_when_the_clock_is_set_back(self) -> None:
        id_generator = IdGenerator(3)
        first = id_generator.new(NOW_US)
        assert id_generator.new(NOW_US - 3_600_000_000) == first + 1

    def test_mint_takes_up_the_clock_again_when_it_has_caught_up(self) -> None:
        id_generator = IdGenerator(3)
        for _ in range(5000):
            id_generator.new(NOW_US)
        assert created_us(id_generator.new(NOW_US + 5000)) == NOW_US + 5000

    def test_mint_ignores_a_time_that_does_not_fit(self) -> None:
        id_generator = IdGenerator(3)
        first = id_generator.new(NOW_US)
        year_2099 = 4_070_908_800_000_000
        made = [id_generator.new(each) for each in (year_2099, 10**18, NOW_US + 1_000)]
        assert made[:2] == [first + 1, first + 2]
        assert created_us(made[2]) == NOW_US + 1_000
        fresh = IdGenerator(3)
        assert 0 < fresh.new(year_2099) < fresh.new(year_2099) < MAX_ID

    def test_mint_never_meets_another_slot(self) -> None:
        one, other = IdGenerator(7), IdGenerator(8)
        assert not {one.new(NOW_US) for _ in range(9000)} & {other.new(NOW_US) for _ in range(9000)}

    def test_mint_counts_slots_round(self) -> None:
        assert IdGenerator(SLOTS + 7).new(NOW_US) == IdGenerator(7).new(NOW_US)
        assert IdGenerator(SLOTS - 1).new(NOW_US) != IdGenerator(SLOTS - 2).new(NOW_US)


class TestTimes:
    @given(st.integers(EPOCH_MS * 1000 + 1000, 3_700_000_000_000_000), st.integers(0, SLOTS - 1))
    def test_times_in_an_id_are_those_it_was_minted_at(self, now: int, slot: int) -> None:
        identity = IdGenerator(slot).new(now)
        assert created_us(identity) == now // 1000 * 1000
        assert first_id_at(now) <= identity < first_id_at(now + 1000)

    @given(st.integers(EPOCH_MS * 1000 + 2000, 3_700_000_000_000_000), st.integers(0, SLOTS - 1))
    def test_times_earlier_by_a_millisecond_stay_below_the_floor(self, now: int, slot: int) -> None:
        assert IdGenerator(slot).new(now - 1000) < first_id_at(now)

    def test_times_outside_the_range_have_a_floor_inside_it(self) -> None:
        assert first_id_at(0) == 0
        assert first_id_at(-(10**18)) == 0
        assert first_id_at(10**18) == MAX_ID


class TestKeyOf:
    @given(st.tuples(st.text(), st.lists(st.text(), max_size=4)), st.tuples(st.text(), st.lists(st.text(), max_size=4)))
    @example(("s", ["a", "bc"]), ("s", ["ab", "c"]))
    @example(("s", ["a", ""]), ("s", ["a"]))
    @example(("s", ["1:a"]), ("s", ["", "a"]))
    def test_key_of_is_alike_only_for_the_same_parts(
        self, one: tuple[str, list[str]], other: tuple[str, list[str]]
    ) -> None:
        assert one == other or one[0] != other[0] or hashed_key(one[0], *one[1]) != hashed_key(other[0], *other[1])

    def test_key_of_is_the_same_each_time_and_32_bytes(self) -> None:
        assert hashed_key("scope", "a", "é") == hashed_key("scope", "a", "é")
        assert len(hashed_key("scope", "x" * 100_000)) == 32

    def test_key_of_differs_between_scopes(self) -> None:
        assert hashed_key("s2.create", "a") != hashed_key("fabric.create", "a")


class TestSearchKey:
    @given(st.text(max_size=200))
    def test_search_key_of_a_short_value_is_the_value(self, value: str) -> None:
        assert index_key(value) == value

    @given(st.text(min_size=201, max_size=400))
    def test_search_key_of_a_long_value_fits_an_index(self, value: str) -> None:
        assert len(index_key(value)) == 200
        assert len(index_key(value).encode()) <= 160 * 4 + 40

    def test_search_key_of_long_values_with_one_beginning_are_different(self) -> None:
        start = "x" * 300
        assert len({index_key(start + str(place)) for place in range(100)}) == 100

    def test_search_key_of_a_long_value_is_not_changed_again(self) -> None:
        assert index_key(index_key("x" * 300)) == index_key("x" * 300)


class TestIsSameContent:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (1, Decimal("1.0")),
            (1, Decimal("1E+0")),
            (Decimal("1.50"), Decimal("1.5")),
            (0, Decimal("-0.0")),
            ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
            ({"a": [{"b": Decimal("1.0")}]}, {"a": [{"b": 1}]}),
            (None, None),
            ([], []),
        ],
    )
    def test_is_same_content_holds_for_another_spelling_of_the_same(self, one: Any, other: Any) -> None:
        assert json_equal(one, other)
        assert json_equal(other, one)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (True, 1),
            (False, 0),
            (Decimal(1), True),
            (1, "1"),
            (None, False),
            (None, 0),
            ("", None),
            ([], {}),
            ([1, 2], [2, 1]),
            ([1], [1, 1]),
            ({"a": 1}, {"a": 1, "b": None}),
            ({"a": {"b": [1]}}, {"a": {"b": [True]}}),
            ("a", "A"),
            ("\u00e9", "e\u0301"),
            (Decimal("0.1"), Decimal("0.1000000000000000055511151231257827")),
        ],
    )
    def test_is_same_content_does_not_hold_for_something_else(self, one: Any, other: Any) -> None:
        assert not json_equal(one, other)
        assert not json_equal(other, one)
