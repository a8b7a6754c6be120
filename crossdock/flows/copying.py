"""Copy a database to another one, of any engine, while the source is served: compare, copy what differs, until nothing does.

A round walks all tables of the source and makes the target's rows the same. A copy that was interrupted therefore goes on by
itself: what was copied does not differ. A round that finds nothing read exactly what the target has, and the target has it from
the round before: each row of the source was the same in both, so in between both databases were equal.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager

from msgspec import Struct
from sqlalchemy import Table

from crossdock.core.errors import Busy
from crossdock.flows import verification
from crossdock.flows.verification import Verification
from crossdock.store import copying
from crossdock.store.copying import Digest
from crossdock.store.protocols import Store, Transaction

# Without `is_final`, rounds end where one still finds more than this share of what the one before found: the source is busy.
_WORTH_ANOTHER_ROUND = 0.5
# Between two rounds on a source that still changes.
_PAUSE_S = 1.0


class Round(Struct):
    """What one round found: rows of the source, and rows of the target that were added, changed and removed."""

    number: int
    rows: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0

    @property
    def differences(self) -> int:
        """Return how many rows differed."""
        return self.added + self.changed + self.removed


class TableCopy(Struct, frozen=True):
    """A table that is the same in both databases."""

    name: str
    rows: int
    digest: str


class Copy(Struct, frozen=True):
    """The rounds of a copy. Where it is finished: the tables, which are equal, and the verification of the target."""

    rounds: tuple[Round, ...]
    tables: tuple[TableCopy, ...] = ()
    verification: Verification | None = None


class Report:
    """How a copy gets on; override what is of interest."""

    def step(self, what: str, done: int, total: int, unit: str = "rows") -> None:
        """Report how much of a step is done."""

    def round_ended(self, ended: Round, *, is_waiting: bool) -> None:
        """Report a round. `is_waiting`: the source changed meanwhile, although it should not be served any more."""


class _Side:
    """One of the two databases. Its errors say which one it is."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._name = name

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        return self._named(self._store.reading())

    def writing(self) -> AbstractAsyncContextManager[Transaction]:
        return self._named(self._store.writing())

    @asynccontextmanager
    async def _named(self, block: AbstractAsyncContextManager[Transaction]) -> AsyncIterator[Transaction]:
        with self.naming():
            async with block as tx:
                yield tx

    @contextmanager
    def naming(self) -> Iterator[None]:
        """Say in errors of this block which database failed, why, and what to do."""
        try:
            yield
        except Busy as busy:
            cause = f" ({busy.facts['cause']})" if busy.facts.get("cause") else ""
            reason = f"{self._name}: {busy.reason}{cause}; what was copied stays: run the same command again to go on"
            raise Busy(busy.code, reason) from busy


async def copy(source_store: Store, target_store: Store, *, is_final: bool, report: Report) -> Copy:
    """Copy all rows of a database to another one, which is empty or an unfinished copy of the same source.

    `is_final`: go on until a round finds nothing, check that both are equal, verify the target, and let servers open it.
    Otherwise it stays an unfinished copy. Refuses with ValueError any other target.
    """
    source, target = _Side(source_store, "the source"), _Side(target_store, "the target")
    await _begin(source, target)
    rounds: list[Round] = []
    while True:
        ended, digests = await _run_round(source, target, Round(len(rounds) + 1), report)
        rounds.append(ended)
        is_quiet = len(rounds) > 1 and not ended.differences
        report.round_ended(ended, is_waiting=is_final and len(rounds) > 1 and not is_quiet)
        if is_quiet or not (is_final or _is_worth_another(rounds)):
            break
        if is_final and len(rounds) > 1:
            await asyncio.sleep(_PAUSE_S)
    if not is_final:
        return Copy(tuple(rounds))
    tables = await _check_equal(target, digests, report)
    with target.naming():
        await copying.collect_statistics(target_store)
        found = await verification.verify_store(
            target_store, report=lambda done, total: report.step("verifying", done, total, "orders")
        )
    async with target.writing() as tx:
        await copying.finish(tx)
    return Copy(tuple(rounds), tables, found)


def _is_worth_another(rounds: Sequence[Round]) -> bool:
    return len(rounds) < 2 or rounds[-1].differences <= _WORTH_ANOTHER_ROUND * rounds[-2].differences


async def _begin(source: _Side, target: _Side) -> None:
    """Mark the target. Raises ValueError where it has data that a copy of this source does not explain."""
    async with source.writing() as tx:
        identity = await copying.claim_identity(tx)
    async with target.writing() as tx:
        marked = await copying.source_of(tx)
        if marked == identity:
            return
        if marked is not None:
            raise ValueError("the target is an unfinished copy of another database; give an empty one")
        if await copying.identity(tx) == identity:
            raise ValueError(
                "the target is the source itself, or a finished copy of it, which may have been served since; give an empty one"
            )
        if await copying.has_data(tx):
            raise ValueError("the target has data of its own, which a copy would remove; give an empty one")
        await copying.begin(tx, identity)


async def _run_round(source: _Side, target: _Side, current: Round, report: Report) -> tuple[Round, dict[str, Digest]]:
    """Make the target's rows those of the source, table by table. Also returns the digests of what was read."""
    async with source.reading() as tx:
        total = sum([await copying.count(tx, table) for table in copying.TABLES])
    digests = {}
    for table in copying.TABLES:
        digest = digests[table.name] = Digest()
        async for rows in _pages(source, table):
            await _make_same(target, table, rows, current)
            digest.add(rows)
            current.rows += len(rows)
            report.step(f"round {current.number}", current.rows, total)
        async with target.reading() as tx:
            has_others = await copying.count(tx, table) != digest.rows  # it has all that was read
        if has_others:
            await _remove_others(source, target, table, current)
    return current, digests


async def _pages(side: _Side, table: Table) -> AsyncIterator[list[tuple[object, ...]]]:
    """Read a table page by page, each in a transaction of its own: none may last, the database is served."""
    after = None
    while True:
        async with side.reading() as tx:
            rows = await copying.page(tx, table, after=after)
        if not rows:
            return
        yield rows
        after = copying.key_of(table, rows[-1])


async def _make_same(target: _Side, table: Table, rows: Sequence[tuple[object, ...]], current: Round) -> None:
    """Insert the rows that the target lacks, and replace those that differ."""
    keys = [copying.key_of(table, row) for row in rows]
    async with target.writing() as tx:
        known = await copying.find(tx, table, keys)
        new = [row for key, row in zip(keys, rows, strict=True) if key not in known]
        changed = [row for key, row in zip(keys, rows, strict=True) if known.get(key, row) != row]
        await copying.write(tx, table, new=new, changed=changed)
    current.added += len(new)
    current.changed += len(changed)


async def _remove_others(source: _Side, target: _Side, table: Table, current: Round) -> None:
    """Delete the target's rows that the source does not have (any more)."""
    async for rows in _pages(target, table):
        keys = [copying.key_of(table, row) for row in rows]
        async with source.reading() as tx:
            known = await copying.find(tx, table, keys)
        if gone := [key for key in keys if key not in known]:
            async with target.writing() as tx:
                await tx.delete(table, gone)
        current.removed += len(gone)


async def _check_equal(target: _Side, expected: dict[str, Digest], report: Report) -> tuple[TableCopy, ...]:
    """Read the target once more, by itself, and compare rows and digest of each table with what was read of the source."""
    total, done = sum(digest.rows for digest in expected.values()), 0
    tables = []
    for table in copying.TABLES:
        digest, wanted = Digest(), expected[table.name]
        async for rows in _pages(target, table):
            digest.add(rows)
            done += len(rows)
            report.step("checking", done, total)
        if (digest.rows, digest.hex()) != (wanted.rows, wanted.hex()):
            found, sought = f"{digest.rows} rows, digest {digest.hex()}", f"{wanted.rows} rows, digest {wanted.hex()}"
            raise ValueError(
                f"the table {table.name} has {found} in the target, and {sought} in the source; "
                "does something else write to the target? Stop it, and run the command again"
            )
        tables.append(TableCopy(str(table.name), digest.rows, digest.hex()))  # the name is a str of SQLAlchemy's
    return tuple(tables)
