"""Background tasks live as long as the process."""

import asyncio

import pytest

from crossdock.flows import background, hold_expiry
from crossdock.flows.background import BackgroundTasks
from tests.world import World


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "RESTART_S", 0.01)
    monkeypatch.setattr(background, "HEALTHY_S", 0.1)


@pytest.mark.parametrize("end", [RuntimeError, asyncio.CancelledError, OSError])
async def test_a_task_that_ends_is_started_again_and_counts_as_failing_until_it_has_run_for_a_while(
    end: type[BaseException],
) -> None:
    tasks, starts = BackgroundTasks(), 0

    async def run() -> None:
        nonlocal starts
        starts += 1
        if starts < 3:
            raise end
        await asyncio.sleep(60)

    running = asyncio.create_task(tasks.keep_running("timer", run))
    await asyncio.sleep(0.06)
    assert (starts, tasks.failing) == (3, {"timer"})
    await asyncio.sleep(0.15)
    assert (starts, tasks.failing) == (3, set())
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_task_that_returns_is_done() -> None:
    runs = 0

    async def run() -> None:
        nonlocal runs
        runs += 1

    async with asyncio.timeout(5):
        await BackgroundTasks().keep_running("worker", run)
    assert runs == 1


async def test_holds_still_end_after_the_log_could_not_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """The timer reports a failure by logging it, so a logger that raises would end it."""
    calls = 0

    async def release_due(_: object) -> int:
        nonlocal calls
        calls += 1
        raise RuntimeError

    class Full:
        def exception(self, *_: object) -> None:
            raise OSError("No space left on device")

    monkeypatch.setattr(hold_expiry, "release_due", release_due)
    monkeypatch.setattr(hold_expiry, "_log", Full())
    context: object = None
    running = asyncio.create_task(
        BackgroundTasks().keep_running("timer", lambda: hold_expiry.run(context))  # type: ignore[arg-type]
    )
    await asyncio.sleep(0.1)
    running.cancel()
    assert calls > 1


async def test_readiness_fails_while_a_task_is_failing(world: World) -> None:
    assert (await world.http.get("/health/ready")).status_code == 200
    world.context.background.failing.add("timer")
    answer = await world.http.get("/health/ready")
    assert (answer.status_code, answer.json()) == (503, {"status": "restarted: timer"})
