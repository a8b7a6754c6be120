"""One reading transaction a task: a block within a block shares the transaction of the outer one.

It is here for callers that do not pass their transaction on. Once all of them do, a store's `reading` is its `_begin_reading`,
and this module goes.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class SharedByTask(Generic[T]):
    """The reading transactions that are open, by task; `begin` opens a block with a new one."""

    def __init__(self, begin: Callable[[], AbstractAsyncContextManager[T]]) -> None:
        self._begin = begin
        self._open: dict[asyncio.Task[Any] | None, T] = {}

    @asynccontextmanager
    async def open(self) -> AsyncIterator[T]:
        """Open a block on the task's transaction, or on a new one where the task has none."""
        task = asyncio.current_task()
        if (shared := self._open.get(task)) is not None:
            yield shared
            return
        async with self._begin() as tx:
            self._open[task] = tx
            try:
                yield tx
            finally:
                del self._open[task]
