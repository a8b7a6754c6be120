"""Wakes whoever waits for events in this process."""

import asyncio


class Wakeup:
    """Wakes the waiters of this process when events were committed.

    Events of other processes wake nobody, so waiters poll as well. `count` counts the notifications: who looks for events and
    then waits passes the count from before the look, so that no notification is missed.
    """

    def __init__(self) -> None:
        self.count = 0
        self.followers = 0  # callers that follow the event feed, see flows/feed.py
        self._waiting: set[asyncio.Future[None]] = set()

    def notify(self) -> None:
        """Wake all waiters."""
        self.count += 1
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    async def wait(self, timeout_s: float, *, since: int) -> None:
        """Wait until there were more than `since` notifications, at most so long."""
        if self.count > since:
            return
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await asyncio.wait([future], timeout=timeout_s)
        finally:
            self._waiting.discard(future)
