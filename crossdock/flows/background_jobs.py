"""Background jobs: work that a request has started and does not wait for, such as an export; a few at a time, in this process.

A job that is under way when the process ends is lost; whoever starts one records its state, so that this can be seen.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from crossdock.core.errors import Busy, Code

_log = structlog.get_logger("crossdock.background")
_AT_A_TIME = 1  # SQLite runs in the thread of the server, and one job leaves requests their turn
MAX_JOBS = 100  # that run or wait


class BackgroundJobs:
    """The jobs of a process that run or wait for their turn."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Semaphore(_AT_A_TIME)

    def start(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Start a job, after those that wait. Refuses with Busy where too many wait."""
        if len(self._tasks) >= MAX_JOBS:
            raise Busy(Code.OVERLOADED, "too many background jobs are waiting", limit=MAX_JOBS)
        task = asyncio.create_task(self._run(name, run))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        async with self._turns:
            try:
                await run()
            except Exception:  # noqa: BLE001 - nobody waits for the job; the log is where it is reported
                _log.exception("background job failed", job=name)

    async def idle(self) -> None:
        """Wait until no job is left."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stop(self) -> None:
        """Cancel the jobs and wait for their end."""
        for task in self._tasks:
            task.cancel()
        await self.idle()
