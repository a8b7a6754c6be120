"""Record what requests read and changed in the access log, in the background.

Entries are stored in the background, so that no request waits for them: a crash loses those of the last second, and where the
database cannot keep up, the newest are left out and counted. Changes are in the event log besides, which loses nothing.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping

import structlog

from crossdock.core.errors import Busy
from crossdock.core.ids import IdGenerator
from crossdock.flows.callers import READ, Caller
from crossdock.flows.measures import ACCESS_ENTRIES_LOST
from crossdock.store import access_log
from crossdock.store.access_log import AccessEntry
from crossdock.store.protocols import Store

_log = structlog.get_logger("crossdock.access_log")
# Seconds between two writes; a crash loses what came since the last one.
_INTERVAL_S = 1.0
# Entries that wait, about 5 MB; a database that was away for longer costs entries, not the server's memory.
MOST_WAITING = 10_000
# Entries stored in one transaction; more would keep other writers waiting.
_BATCH = 500
# Characters of an object; ids and codes are far shorter.
_MAX_OBJECT = 200
# Parameters of paths that may be a customer's number, which an erasure could not find.
_PERSONAL = ("userId",)
# Operations that only read, though their method or scope says more.
_READING = ("query", "search")


def kind_of(method: str, operation: str, scope: str | None) -> str:
    """Tell whether a call reads or changes. A dry run and a call that was refused are of the kind that they would have been."""
    is_read = method in ("GET", "HEAD") or scope == READ or operation.startswith(_READING)
    return "read" if is_read else "change"


class AccessRecorder:
    """The entries of this process that wait to be stored; `is_on` is whether there is an access log at all."""

    def __init__(self, store: Store, *, clock: Callable[[], int], id_generator: IdGenerator, kept_days: int) -> None:
        self.is_on = kept_days > 0
        self._store, self._clock, self._id_generator = store, clock, id_generator
        self._waiting: deque[AccessEntry] = deque()
        self._lost = 0

    def record(
        self,
        caller: Caller,
        *,
        door: str,
        operation: str,
        kind: str,
        address: str | None,
        order_id: int | None,
        params: Mapping[str, str],
        status: int,
    ) -> None:
        """Record a request of a caller; `params` are the parameters in its path."""
        if len(self._waiting) >= MOST_WAITING:
            self._lose(1)
            return
        now = self._clock()
        named = ""
        if order_id is None:
            named = ", ".join(f"{name}={value}" for name, value in params.items() if name not in _PERSONAL)
        named = named.encode(errors="replace").decode()  # a path may hold what no database stores as text
        self._waiting.append(
            AccessEntry(
                caller.organization_id, self._id_generator.new(now), now, caller.actor,
                "client" if caller.person_id is None else "person", address, door, operation, kind, order_id,
                named[:_MAX_OBJECT] or None, status,
            )
        )  # fmt: skip

    async def run(self) -> None:
        """Store what waits, again and again, until canceled; a database that is away is tried again."""
        while True:
            await asyncio.sleep(_INTERVAL_S)
            await self.store()

    async def store(self) -> None:
        """Store what waits; entries that the database does not take go on waiting."""
        if self._lost:
            _log.warning("access entries lost", count=self._lost)
            self._lost = 0
        while self._waiting:
            # Of one organization, whose rows are on one node of a cluster; those of others keep their order.
            organization_id = self._waiting[0].organization_id
            own: list[AccessEntry] = []
            others: list[AccessEntry] = []
            while self._waiting and len(own) < _BATCH:
                each = self._waiting.popleft()
                (own if each.organization_id == organization_id else others).append(each)
            self._waiting.extendleft(reversed(others))
            if not await self._store_some(own):
                return

    async def _store_some(self, own: list[AccessEntry]) -> bool:
        """Store entries of one organization; False where they have to wait."""
        try:
            async with self._store.writing() as tx:
                await access_log.add(tx, own)
        except (Busy, asyncio.CancelledError) as error:
            self._waiting.extendleft(reversed(own))  # perhaps they are stored; the same ids are not stored twice
            if not isinstance(error, Busy):
                raise
            _log.warning("busy", reason=error.reason, **error.facts)
            return False
        except Exception:  # noqa: BLE001 - entries that cannot be stored must not keep out all later ones
            _log.exception("bug")
            self._lose(len(own))
        return True

    def _lose(self, number: int) -> None:
        self._lost += number
        ACCESS_ENTRIES_LOST.inc(number)
