"""Real worker processes for delivery tests: start, stop and kill them, and read what they have claimed."""

import asyncio
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from sqlalchemy import select

from crossdock.core.retry_policy import RETRY_DELAYS_S
from crossdock.flows.context import Context
from crossdock.store.protocols import Statement
from crossdock.store.tables import delivery, installation
from tests import preloaded, shortened_waits

# Short retry delays, and many of them, so that no delivery that fails at random becomes a dead letter.
RETRY_DELAYS = (0, *[0.05] * (3 * len(RETRY_DELAYS_S)))
WAITS = {"crossdock.core.retry_policy:RETRY_DELAYS_S": RETRY_DELAYS, "crossdock.notifications.worker:_TAKEOVER_S": 0.1}
STOP_LIMIT_S = 30  # far more than a start or a stop takes
_CLAIMED = Statement(select(delivery.c.claimed_by, delivery.c.delivery_id).where(delivery.c.claimed_by.is_not(None)))
_STARTED = Statement(select(installation.c.value).where(installation.c.name == "processes_started"))


class Work:
    """One `crossdock work` process with shortened waits."""

    def __init__(self, database: str, waits: dict[str, Any], *, log: Path | None = None, **settings: Any) -> None:
        settings = {"webhook_private_allowed": "true", "worker_interval_s": 0.05} | settings
        self._out: IO[bytes] = log.open("a+b") if log else tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process has ended
        self.process = preloaded.Process(
            "tests.shortened_waits", "work", "--database", database, output=self._out.fileno(), errors=self._out.fileno(),
            env=shortened_waits.environment(WAITS | waits, **settings),
        )  # fmt: skip

    @property
    def pid(self) -> int:
        """Its process id, which is also the id with which it claims deliveries (see tests/shortened_waits.py)."""
        return self.process.pid

    async def is_working(self) -> None:
        """Wait until it works; a signal before that ends it like any program that is starting."""
        async with asyncio.timeout(STOP_LIMIT_S):
            while b'"working"' not in os.pread(self._out.fileno(), 1 << 20, 0):
                assert self.process.poll() is None, "the process has ended"
                await asyncio.sleep(0.02)

    async def stop(self) -> int:
        """Ask it to stop once it works, and return its exit code."""
        await self.is_working()
        self.process.send_signal(signal.SIGTERM)
        return await self.wait()

    async def kill(self) -> None:
        """End it at once and without warning."""
        self.process.kill()
        await self.wait()

    async def wait(self) -> int:
        """Wait until it has ended, and return its exit code."""
        code = await asyncio.to_thread(self.process.wait, STOP_LIMIT_S)
        self._out.close()
        return code


@contextmanager
def worker_processes() -> Iterator[list[Work]]:
    """Yield a list for the processes a test starts; those that still run at its end are killed."""
    workers: list[Work] = []
    try:
        yield workers
    finally:
        for worker in workers:
            if worker.process.poll() is None:
                worker.process.kill()
                worker.process.wait(STOP_LIMIT_S)


async def claimed(context: Context) -> dict[int, set[int]]:
    """Return the ids of claimed deliveries by worker id."""
    by_worker: dict[int, set[int]] = {}
    async with context.store.reading() as tx:
        for claimed_by, delivery_id in await tx.rows(_CLAIMED):
            by_worker.setdefault(claimed_by, set()).add(delivery_id)
    return by_worker


async def processes_started(context: Context) -> int:
    """Return how many processes have opened the database so far."""
    async with context.store.reading() as tx:
        return int((await tx.rows(_STARTED))[0][0])
