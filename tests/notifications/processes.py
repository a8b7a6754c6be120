"""Real worker processes for tests of deliveries: started, told to stop, killed, and what they had under way."""

import asyncio
import os
import signal
import subprocess
import sys
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
from tests import hurried
from tests.server import ROOT

# A ladder that is over in a moment and has many rungs, so that nothing that fails at random is ever given up.
LADDER = (0, *[0.05] * (3 * len(RETRY_DELAYS_S)))
WAITS = {"crossdock.core.retry_policy:LADDER_S": LADDER, "crossdock.notifications.worker:_SUCCESSION_S": 0.1}
STOP_LIMIT_S = 30  # far more than a start or a stop takes; only says when to give up
_HELD = Statement(select(delivery.c.claimed_by, delivery.c.delivery_id).where(delivery.c.claimed_by.is_not(None)))
_STARTED = Statement(select(installation.c.value).where(installation.c.name == "processes_started"))


class Work:
    """One `crossdock work` process with shortened waits."""

    def __init__(self, database: str, waits: dict[str, Any], *, log: Path | None = None, **settings: Any) -> None:
        settings = {"webhook_private_allowed": "true", "worker_interval_s": 0.05} | settings
        self._out: IO[bytes] = log.open("a+b") if log else tempfile.TemporaryFile()  # noqa: SIM115 - closed when it is gone
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.hurried", "work", "--database", database],
            cwd=ROOT, env=hurried.environment(WAITS | waits, **settings), stdout=self._out, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip

    @property
    def pid(self) -> int:
        """Its process id, which is also the holder of what it has under way."""
        return self.process.pid

    async def begun(self) -> None:
        """Wait until it works; a signal before that ends it as it would any program that is starting."""
        async with asyncio.timeout(STOP_LIMIT_S):
            while b'"working"' not in os.pread(self._out.fileno(), 1 << 20, 0):
                assert self.process.poll() is None, "it has ended"
                await asyncio.sleep(0.02)

    async def stop(self) -> int:
        """Ask it to stop, once it works, and give its exit code."""
        await self.begun()
        self.process.send_signal(signal.SIGTERM)
        return await self.gone()

    async def kill(self) -> None:
        """End it at once and without warning."""
        self.process.kill()
        await self.gone()

    async def gone(self) -> int:
        """Wait until it has ended, and give its exit code."""
        code = await asyncio.to_thread(self.process.wait, STOP_LIMIT_S)
        self._out.close()
        return code


@contextmanager
def crew() -> Iterator[list[Work]]:
    """Give a list for the processes a test starts; those that still run at its end are killed."""
    hands: list[Work] = []
    try:
        yield hands
    finally:
        for hand in hands:
            if hand.process.poll() is None:
                hand.process.kill()
                hand.process.wait(STOP_LIMIT_S)


async def held(context: Context) -> dict[int, set[int]]:
    """Give what is under way: delivery ids by holder."""
    found: dict[int, set[int]] = {}
    async with context.store.reading() as tx:
        for claimed_by, delivery_id in await tx.rows(_HELD):
            found.setdefault(claimed_by, set()).add(delivery_id)
    return found


async def processes_started(context: Context) -> int:
    """Give how many processes have opened the database so far."""
    async with context.store.reading() as tx:
        return int((await tx.rows(_STARTED))[0][0])
