"""How benches judge what they watch: growth over a run, delays of deliveries, the pace of a load, what a database holds."""

import asyncio
import smtplib
from typing import Any

import pytest

from bench.lean_mail import Connection
from bench.soak import CONNECTIONS, next_wait_ms
from bench.stored import stored
from bench.watching import Delays, behind, growth, is_delivered, oldest
from bench.worker import Delayed, Sample, by_second


class TestGrowth:
    def test_it_compares_the_last_third_with_the_first(self) -> None:
        assert growth([1, 1, 1, 50, 50, 50, 3, 3, 3]) == 3.0
        assert growth([2.0] * 10) == 1.0

    def test_single_outliers_do_not_matter(self) -> None:
        assert growth([1, 1, 9, 1, 1, 1, 1, 9, 1]) == 1.0

    def test_less_than_the_floor_is_no_growth(self) -> None:
        assert growth([0.1, 0.1, 0.1, 1.9, 1.9, 1.9], floor=2.0) == 1.0
        assert growth([0.1, 0.1, 0.1, 8, 8, 8], floor=2.0) == 4.0

    def test_missing_samples_are_left_out_and_none_is_no_figure(self) -> None:
        assert growth([None, 1, None, 2, 4]) == 4.0
        assert growth([None, None]) is None
        assert growth([]) is None


def delivered(total: float, count: float, lag: float) -> dict[str, float]:
    """Return metrics of webhooks."""
    return {
        'crossdock_delivery_delay_seconds_sum{kind="webhook"}': total,
        'crossdock_delivery_delay_seconds_count{kind="webhook"}': count,
        'crossdock_feed_lag_events{kind="webhook"}': lag,
    }


class TestDelays:
    def test_it_is_the_mean_of_what_ended_since_the_last_look(self) -> None:
        delays = Delays()
        assert delays.since_last(delivered(10.0, 10, 0)) == {"webhook": 1.0, "email": None}
        assert delays.since_last(delivered(40.0, 20, 0))["webhook"] == 3.0

    def test_where_nothing_ends_though_events_wait_it_is_the_time_since_something_did(self) -> None:
        now = 100.0
        delays = Delays(lambda: now)
        delays.since_last(delivered(10.0, 10, 0))
        now = 115.0
        assert delays.since_last(delivered(10.0, 10, 500))["webhook"] == 15.0
        now = 130.0
        assert delays.since_last(delivered(10.0, 10, 900))["webhook"] == 30.0
        assert delays.since_last(delivered(15.0, 11, 900))["webhook"] == 5.0

    def test_where_nothing_waits_there_is_none(self) -> None:
        delays = Delays()
        delays.since_last(delivered(10.0, 10, 0))
        assert delays.since_last(delivered(10.0, 10, 0))["webhook"] is None

    def test_deliveries_are_done_when_no_event_and_no_delivery_is_open(self) -> None:
        found = delivered(1.0, 1, 3) | {'crossdock_oldest_open_delivery_seconds{kind="email"}': 7.0}
        assert (behind(found), oldest(found), is_delivered(found)) == (3, 7, False)
        assert is_delivered(delivered(1.0, 1, 0))

    def test_the_delays_of_both_engines_are_one_table_by_second(self) -> None:
        found = {
            "sqlite": Delayed(1.0, [Sample(1.1, 0.5, 0.7)], [Sample(2.0, None, 3.0)], 1.0),
            "postgresql": Delayed(1.0, [Sample(2.2, 0.4, None)], [Sample(3.1, None, None)], 1.0),
        }
        assert by_second(found).rows == [[1, 0.7, None], [2, 3.0, 0.4], [3, None, None]]


class TestPace:
    def test_the_wait_leads_to_the_target(self) -> None:
        wait_ms, target, answer_s = 10.0, 500.0, 0.02
        for _ in range(12):
            reached = CONNECTIONS / (wait_ms / 1000 + answer_s)
            wait_ms = next_wait_ms(wait_ms, target, reached)
        assert CONNECTIONS / (wait_ms / 1000 + answer_s) == pytest.approx(target, rel=0.01)

    def test_it_is_never_less_than_a_millisecond_and_stays_where_nothing_was_answered(self) -> None:
        assert next_wait_ms(5.0, 1000.0, 10.0) == 1.0
        assert next_wait_ms(5.0, 1000.0, 0.0) == 5.0


async def test_what_a_database_holds_explains_its_size(database: str, engine: str) -> None:
    held = await stored(database)
    names = {each.name for each in held.tables}
    assert {"orders", "event", "submission", "order_line"} <= names
    assert held.size > 0
    assert 0.8 < held.explained <= 1.05  # PostgreSQL counts its own files differently from its tables
    assert next(each.rows for each in held.tables if each.name == "organization") == 1


async def test_the_lean_mail_server_takes_mails_of_a_client() -> None:
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]

    def send() -> Any:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            return [
                client.sendmail("a@example.com", ["b@example.com"], f"Subject: {n}\r\n\r\n.\r\nx") for n in range(3)
            ]

    async with server:
        assert await asyncio.to_thread(send) == [{}, {}, {}]
