"""Background tasks, which must live as long as the process: one that ends is started again, and readiness fails meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from crossdock.flows.measures import TASK_RESTARTS

_log = structlog.get_logger("crossdock.background")
# Seconds between the end of a task and its next start, and of running until it counts as healthy again.
RESTART_S = 1.0
HEALTHY_S = 10.0


class BackgroundTasks:
    """The background tasks of a process; `failing` are the names of those that ended lately."""

    def __init__(self) -> None:
        self.failing: set[str] = set()

    async def keep_running(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run a task until it returns; each time it raises, start it again."""
        TASK_RESTARTS.labels(name)  # a series from the start, so that the first restart is an increase
        while True:
            recovery = asyncio.get_running_loop().call_later(HEALTHY_S, self.failing.discard, name)
            try:
                await run()
            except asyncio.CancelledError:
                if (task := asyncio.current_task()) is None or task.cancelling():
                    raise  # else only something within the task was canceled
                _log.error("background task ended", task=name, reason="canceled")
            except Exception:  # noqa: BLE001 - whatever it is, the work must go on
                _log.exception("background task ended", task=name)
            else:
                return
            finally:
                recovery.cancel()
            self.failing.add(name)
            TASK_RESTARTS.labels(name).inc()
            await asyncio.sleep(RESTART_S)
