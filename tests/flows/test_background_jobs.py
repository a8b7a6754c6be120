"""Background jobs: one at a time, in the order of their starts, and a failed one ends no other."""

import asyncio

import pytest

from crossdock.core.errors import Busy
from crossdock.flows import background_jobs
from crossdock.flows.background_jobs import BackgroundJobs


async def test_jobs_run_one_at_a_time_and_a_failed_one_ends_no_other() -> None:
    jobs, done, running = BackgroundJobs(), list[int](), 0

    async def run(number: int) -> None:
        nonlocal running
        running += 1
        assert running == 1
        await asyncio.sleep(0)
        running -= 1
        done.append(number)
        if number == 1:
            raise ValueError("a bug")

    for number in range(3):
        jobs.start("test", lambda number=number: run(number))  # type: ignore[misc]
    await jobs.idle()
    assert done == [0, 1, 2]


async def test_jobs_that_wait_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background_jobs, "MAX_JOBS", 1)
    jobs = BackgroundJobs()

    async def wait() -> None:
        await asyncio.sleep(60)

    jobs.start("test", wait)
    with pytest.raises(Busy):
        jobs.start("test", wait)
    await jobs.stop()
    jobs.start("test", wait)
    await jobs.stop()
