"""A store whose reads all happen in one open transaction, for several queries that must see one state."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager

from crossdock.store.protocols import Store, Transaction


class ReadsWithin(Store):
    """See protocols.Store; what is written through it goes to a transaction of its own, as through the store itself."""

    def __init__(self, store: Store, tx: Transaction) -> None:
        self._store = store
        self._tx = tx
        self.name = store.name
        self.writers = store.writers
        self.only_worker = store.only_worker

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """Read in the open transaction."""
        yield self._tx

    def writing(self) -> AbstractAsyncContextManager[Transaction]:
        """See Store."""
        return self._store.writing()

    async def check_writing(self) -> None:
        """See Store."""
        await self._store.check_writing()

    def working(self) -> AbstractContextManager[bool]:
        """See Store."""
        return self._store.working()

    async def close(self) -> None:
        """Leave the store open: who opened it closes it."""
