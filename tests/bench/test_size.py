"""Figures of many orders: milliseconds have aims with 1,000,000, growth from there with more."""

import argparse
from pathlib import Path

import pytest

from bench.figures import Figures, Run
from bench.size import __main__ as size
from bench.size.__main__ import Measured, Result, aims, grown, tables
from bench.size.asking import ALL_OPS

RUN = Run(date="2026-01-30 10:53 UTC", command="python -m bench.size")
BY_ID, PAGE, CONSOLE = "hub: by id", "hub: first page of 50", "console: orders"


def result(orders: int, p50_ms: dict[str, float], memory: list[float]) -> Result:
    """Return a run in which each operation's 99th percentile is twice its median."""
    measured = {name: Measured(p50, 2 * p50, p50 / 2, p50, 50, 3 * p50) for name, p50 in p50_ms.items()}
    loading = [(50_000 * place, each) for place, each in enumerate(memory, 1)]
    return Result("sqlite", orders, 60.0, orders // 2, 1, 3, 100, 0.5, loading, measured, {})


def smaller() -> Figures:
    """Return the figures of 1,000,000 orders."""
    got = result(1_000_000, {BY_ID: 1.0, PAGE: 4.0, CONSOLE: 30.0}, [300.0])
    return Figures(RUN, tables(got, None), aims(got, None))


def test_operations_of_1_000_000_orders_have_aims_in_milliseconds_by_kind() -> None:
    found = {aim.what: (aim.measured, aim.aim, aim.is_met) for aim in smaller().aims}
    assert found == {
        "p99 of the slowest operation, one order": (2.0, 20, True),
        "p99 of the slowest operation, pages": (8.0, 20, True),
        "p99 of the slowest operation, console": (60.0, 100, True),
    }


def test_more_orders_are_compared_with_1_000_000() -> None:
    got = result(10_000_000, {BY_ID: 1.9, PAGE: 10.0, CONSOLE: 45.0}, [500.0] * 9)
    table = tables(got, smaller())["operations"]
    assert table.columns[-2:] == ["p50 ms of 1,000,000", "times"]
    assert table.column("times") == [1.0, 2.5, 1.5]
    found = {aim.what: (aim.measured, aim.is_met) for aim in aims(got, smaller())}
    assert found == {
        "growth of the loader's memory": (1.0, True),
        f"most growth from 1,000,000: {PAGE}": (2.5, False),
        "operations that take more than twice of 1,000,000": (1, False),
    }


def test_a_loader_whose_memory_grows_misses_its_aim() -> None:
    got = result(10_000_000, {BY_ID: 1.0}, [100.0, 100, 100, 150, 150, 150, 200, 200, 200])
    (memory, *_) = aims(got, smaller())
    assert (memory.measured, memory.is_met) == (2.0, False)


def test_without_a_run_of_1_000_000_nothing_is_met() -> None:
    got = result(10_000_000, {BY_ID: 1.0}, [100.0] * 9)
    assert "times" not in tables(got, None)["operations"].columns
    assert [aim.is_met for aim in aims(got, None)] == [True, False, False]


def test_growth_of_an_operation_ignores_what_is_below_two_milliseconds() -> None:
    assert grown(1.9, 0.2) == 1.0
    assert grown(9.0, 3.0) == 3.0
    assert grown(9.0, None) is None


def test_orders_that_do_not_fit_on_the_disk_are_refused_before_they_are_loaded(tmp_path: Path) -> None:
    with pytest.raises(
        SystemExit, match=r"orders take about [\d]+ GB, and .* GB free\. Name a folder on a larger disk"
    ):
        size._need_disk("sqlite", tmp_path, 10**15)
    size._need_disk("postgresql", tmp_path, 1)


async def test_the_disk_is_looked_at_before_loading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def load(*_: object) -> None:
        raise AssertionError("loaded")

    monkeypatch.setattr(size, "load", load)
    with pytest.raises(SystemExit, match="take about"):
        await size.run("sqlite", tmp_path, argparse.Namespace(orders=10**15))


def test_the_console_is_asked_for_its_lists_and_for_an_order() -> None:
    limits = {op.name: op.aim_ms for op in ALL_OPS if op.door == "console"}
    assert {"console: orders", "console: an order", "console: orders, search for a common word"} <= limits.keys()
    assert set(limits.values()) == {100}
