"""A server that dies of the first order it is sent: it kills its own process right before or right after intake's commit.

Two ASGI factories, `before_commit` and `after_commit`, for `tests.server.Server`. Everything but the moment of death is the
real thing: the doors, the intake, the store, the signal.
"""

import copy
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import func, select

from crossdock import app
from crossdock.doors import all_doors
from crossdock.flows.context import Context
from crossdock.flows.intake import Intake
from crossdock.settings import Settings, load
from crossdock.store.protocols import Statement, Store, Transaction
from crossdock.store.tables import orders
from crossdock.web import logs, pages
from crossdock.web.asgi import Site

_ORDERS = Statement(select(func.count()).select_from(orders))


class DyingStore:
    """A store whose first writing block ends the process, committed or not."""

    def __init__(self, store: Store, *, commits: bool) -> None:
        self._store = store
        self._commits = commits

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Transaction]:
        """Open a block of the real store; nobody lives to see its end."""
        async with self._store.writing() as tx:
            yield tx
            if not self._commits:
                await self._check_written(tx)
                _die()
        _die()

    async def _check_written(self, tx: Transaction) -> None:
        """Die only where there is something to lose: an order that this transaction sees and no other does."""
        async with self._store.reading() as other:
            assert await _count(tx) == await _count(other) + 1, "the order is not written yet, or committed already"


async def _count(tx: Transaction) -> int:
    return int((await tx.rows(_ORDERS))[0][0])


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DyingApp(app.App):
    """The application with an intake that writes through a dying store; signing in and reading use the real one."""

    def __init__(self, settings: Settings, *, commits: bool) -> None:
        super().__init__(settings)
        self._commits = commits

    def _site_over(self, context: Context) -> Site:
        doors, doomed = all_doors(), copy.copy(context)
        doomed.store = DyingStore(context.store, commits=self._commits)
        intake = Intake(doomed)
        return Site(context, intake, doors, pages=pages.routes(context, doors, intake))


def before_commit() -> DyingApp:
    """Make the application that dies when all of an order is written and nothing of it is committed."""
    return _create(commits=False)


def after_commit() -> DyingApp:
    """Make the application that dies when an order is committed and nothing of its answer is sent."""
    return _create(commits=True)


def _create(*, commits: bool) -> DyingApp:
    settings = load()
    logs.configure(settings.log_level)
    return DyingApp(settings, commits=commits)
