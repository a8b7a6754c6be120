"""Dates, times, counts and numbers as doors take them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.json.value_types import (
    decimal,
    is_date,
    is_date_or_date_time,
    is_date_time,
    is_utc_date_time,
    normalize_date_time,
    parse_date_time,
)
from crossdock.core.time import format_time

US = 1_769_770_404_554_999  # 2026-01-30T10:53:24.554999Z


class TestIsDate:
    @pytest.mark.parametrize("text", ["2026-01-30", "2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31"])
    def test_is_date_holds_for_a_day_that_exists(self, text: str) -> None:
        assert is_date(text)

    @pytest.mark.parametrize(
        "text",
        ["2026-02-30", "2026-02-29", "1900-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "0000-01-01", "2026-1-30",
         "20260130", "2026-W05-5", "2026-030", "26-01-30", "2026/01/30", "30-01-2026", "2026-01-30 ", " 2026-01-30",
         "2026-01-30\n", "2026-01-30T00:00:00Z", "", "2026-01-3\u0660", "\uff12026-01-30", "+2026-01-30"],
    )  # fmt: skip
    def test_is_date_does_not_hold_for_anything_else(self, text: str) -> None:
        assert not is_date(text)

    @given(st.dates())
    def test_is_date_holds_for_every_day(self, day: object) -> None:
        assert is_date(str(day))


class TestIsDateTime:
    @pytest.mark.parametrize(
        "text",
        ["2026-01-30T10:53:24Z", "2026-01-30T10:53:24.5Z", "2026-01-30T10:53:24.123456789Z", "2026-01-30T23:59:59Z",
         "2026-01-30T10:53:24+01:00", "2026-01-30T10:53:24-0530", "2026-01-30T10:53:24+14:00",
         "2024-02-29T00:00:00-00:00", "2026-01-30T10:53Z", "2026-01-30t10:53:24z", "2026-01-30T10:53+0100",
         "2026-01-30T10:53:24+23:59", "2026-01-30T10:53:24+2359"],
    )  # fmt: skip
    def test_is_date_time_holds_for_a_moment_with_an_offset(self, text: str) -> None:
        assert is_date_time(text)

    @pytest.mark.parametrize(
        "text",
        ["2026-02-30T10:53:24Z", "2026-02-29T10:53:24Z", "2026-01-30T24:00:00Z", "2026-01-30T10:60:00Z",
         "2016-12-31T23:59:60Z", "0000-01-01T00:00:00Z", "2026-01-30T10:53:24", "2026-01-30T10:53",
         "2026-01-30 10:53:24Z", "2026-01-30T10:53.5Z", "2026-01-30T10Z", "2026-01-30T24:00Z",
         "2026-01-30T10:53:24.Z", "2026-01-30T10:53:24.1234567890Z",
         "2026-01-30T10:53:24,5Z", "2026-01-30T10:53:24+01", "2026-01-30T10:53:24+1:00", "2026-01-30T10:53:24+01:60",
         "2026-01-30T10:53:24+24:00", "2026-01-30T10:53:24+0160", "2026-01-30T10:53:24Z\n", "2026-01-30", "",
         "2026-01-30T10:53:2\u0664Z", "2026-01-30T10:53:24\u221201:00", "2026-01-30T10:53:24+01:00Z"],
    )  # fmt: skip
    def test_is_date_time_does_not_hold_for_anything_else(self, text: str) -> None:
        assert not is_date_time(text)

    @pytest.mark.parametrize("offset", ["+2400", "+2900", "-9959", "+9900"])
    def test_is_date_time_does_not_hold_for_an_offset_of_a_day_or_more_without_a_colon(self, offset: str) -> None:
        assert not is_date_time("2026-01-30T10:53:24" + offset)

    @pytest.mark.parametrize(
        "text",
        [
            "0001-01-01T00:59:59+01:00",
            "0001-01-01T00:00+0001",
            "9999-12-31T23:00:00-01:00",
            "9999-12-31t23:59:59.9-0001",
        ],
    )
    def test_is_date_time_does_not_hold_for_a_year_that_utc_does_not_have(self, text: str) -> None:
        assert not is_date_time(text)
        assert not is_date_or_date_time(text)

    @pytest.mark.parametrize(
        "text",
        ["0001-01-01T01:00:00+01:00", "0001-01-01T00:00:00-01:00", "0001-01-01T00:00:00Z", "9999-12-31T22:59:59-01:00",
         "9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59+0100"],
    )  # fmt: skip
    def test_is_date_time_holds_for_the_first_and_the_last_time_in_utc(self, text: str) -> None:
        assert is_date_time(text)
        parse_date_time(text).astimezone(UTC)

    @given(st.datetimes(min_value=datetime(1, 1, 1), timezones=st.just(UTC)))
    def test_is_date_time_holds_for_every_moment(self, moment: datetime) -> None:
        assert is_date_time(moment.isoformat())
        assert is_utc_date_time(moment.isoformat())


class TestNormalizeDateTime:
    @pytest.mark.parametrize(
        ("text", "normal"),
        [
            ("2026-01-30T10:53:24.5Z", "2026-01-30T10:53:24.5Z"),
            ("2026-01-30T10:53:24+0100", "2026-01-30T10:53:24+01:00"),
            ("2026-01-30T10:53Z", "2026-01-30T10:53:00Z"),
            ("2026-01-30t10:53+01:00", "2026-01-30T10:53:00+01:00"),
            ("2026-01-30t10:53:24.25z", "2026-01-30T10:53:24.25Z"),
            ("2026-01-30", "2026-01-30"),
            ("soon", "soon"),
        ],
    )
    def test_a_date_and_time_gets_seconds_and_capitals(self, text: str, normal: str) -> None:
        assert normalize_date_time(text) == normal

    def test_any_form_is_parsed_to_the_same_moment(self) -> None:
        texts = ("2026-01-30T10:53Z", "2026-01-30t10:53:00z", "2026-01-30T11:53+0100", "2026-01-30T10:53:00.000000999Z")
        assert {parse_date_time(text) for text in texts} == {datetime(2026, 1, 30, 10, 53, tzinfo=UTC)}


class TestIsUtcDateTime:
    @pytest.mark.parametrize("offset", ["Z", "+00:00", "-00:00", "+0000", "-0000"])
    def test_is_utc_date_time_holds_for_no_offset(self, offset: str) -> None:
        assert is_utc_date_time("2026-01-30T10:53:24.554" + offset)
        assert is_utc_date_time("2000-01-01T00:00:00" + offset)

    @pytest.mark.parametrize(
        "offset",
        ["+01:00", "-01:00", "+10:00", "-10:00", "+20:00", "+00:01", "+00:10", "+0100", "+1000", "+0010", "-0001", ""],
    )
    def test_is_utc_date_time_does_not_hold_for_another(self, offset: str) -> None:
        assert not is_utc_date_time("2026-01-30T10:53:24" + offset)
        assert not is_utc_date_time("2000-01-01T00:00:00.000" + offset)


class TestIsDateOrDateTime:
    def test_is_date_or_date_time_holds_for_either(self) -> None:
        assert is_date_or_date_time("2026-01-30")
        assert is_date_or_date_time("2026-01-30T10:53:24Z")

    def test_is_date_or_date_time_does_not_hold_for_neither(self) -> None:
        assert not is_date_or_date_time("2026-02-30")
        assert not is_date_or_date_time("2026-02-30T10:53:24Z")
        assert not is_date_or_date_time("10:53:24Z")


class TestDecimal:
    @pytest.mark.parametrize(
        ("number", "text"), [(25, "25"), (0, "0"), (-3, "-3"), (Decimal("1.50"), "1.50"), (Decimal("1E+2"), "1E+2")]
    )
    def test_decimal_keeps_the_digits(self, number: int | Decimal, text: str) -> None:
        made = decimal(number)
        assert type(made) is Decimal
        assert str(made) == text

    def test_decimal_of_nothing_is_nothing(self) -> None:
        assert decimal(None) is None


class TestIsoTime:
    @pytest.mark.parametrize(
        ("digits", "text"),
        [
            (0, "2026-01-30T10:53:24Z"),
            (3, "2026-01-30T10:53:24.554Z"),
            (6, "2026-01-30T10:53:24.554999Z"),
        ],
    )
    def test_iso_time_cuts_to_its_digits(self, digits: int, text: str) -> None:
        assert format_time(US, digits=digits) == text

    def test_iso_time_has_three_digits_unless_told(self) -> None:
        assert format_time(1_767_225_600_000_000) == "2026-01-01T00:00:00.000Z"

    @pytest.mark.parametrize("digits", [0, 3, 6])
    def test_iso_time_never_rounds_up_into_another_year(self, digits: int) -> None:
        assert format_time(1_798_761_599_999_999, digits=digits).startswith("2026-12-31T23:59:59")

    @given(st.integers(0, 4_000_000_000_000_000), st.sampled_from([0, 3, 6]))
    def test_iso_time_is_the_same_moment_cut_short_and_in_utc(self, us: int, digits: int) -> None:
        text = format_time(us, digits=digits)
        assert is_utc_date_time(text)
        document = datetime.fromisoformat(text)
        step = 10 ** (6 - digits)
        since = document - datetime(1970, 1, 1, tzinfo=UTC)
        assert (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds == us // step * step
