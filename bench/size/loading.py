"""Fills a database with many orders, through the store's own row functions, in large transactions.

Other processes make the orders, because that takes longer than to insert them.
"""

import multiprocessing
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import psutil
from msgspec import Struct

from bench.size.making import Known, Made, Maker, product, skus_of
from bench.watching import family, memory_mb
from crossdock import app, demo
from crossdock.core.ids import to_uuid
from crossdock.doors import all_doors
from crossdock.flows import access, tenants
from crossdock.flows.context import Context
from crossdock.settings import load as settings
from crossdock.store import event_log, order_counts, orders, postgres, sqlite, submissions
from crossdock.store import tenants as tenant_store
from crossdock.store.protocols import Transaction
from crossdock.store.tables import catalog_entry, request_key
from crossdock.store.tenants import Organization

ORGANIZATIONS = 8
BATCH = 5_000  # orders made and inserted at a time
COMMIT = 50_000  # orders of one transaction
_MAKERS = 2  # processes that make orders


class Loaded(Struct):
    """What a loaded database holds, kept beside it: secrets of the organizations' clients, sizes, and orders to ask for."""

    orders: int
    seconds: float
    clients: list[tuple[str, str]]
    organizations: list[int]
    sizes: list[int]
    known: list[Known]
    memory: list[tuple[int, float]] = []  # orders loaded, and the megabytes of the loader's processes after them


async def load(url: str, count: int, *, progress: bool = True) -> Loaded:
    """Migrate the database at `url` and fill it with `count` orders."""
    async with app.open_context(settings({}, database=url)) as context:
        made, clients, references = await _organizations(context)
    batches = _batches(made, references, count)
    sizes, known, began = Counter[int](), list[Known](), time.perf_counter()
    process, memory = psutil.Process(), list[tuple[int, float]]()
    async with _bulk(url) as begin:
        async with begin() as tx:
            await _catalog(tx, made, skus_of(count))
        for start in range(0, count, COMMIT):
            counts: dict[int, Counter[tuple[str, str]]] = {}
            async with begin() as tx:
                for _ in range(start, min(count, start + COMMIT), BATCH):
                    some = next(batches)
                    await _insert(tx, some)
                    known += some.known
                    for organization_id, numbers in some.counts.items():
                        counts.setdefault(organization_id, Counter()).update(numbers)
                for organization_id, numbers in counts.items():
                    await order_counts.add_counts(tx, organization_id, numbers)
                    sizes[organization_id] += numbers.total()
            done = min(count, start + COMMIT)
            memory.append((done, round(memory_mb(family(process)), 1)))
            if progress:
                print(
                    f"  {done:,} orders after {time.perf_counter() - began:.0f} s, {memory[-1][1]:.0f} MB", flush=True
                )
    ids = [each.organization_id for each in made]
    return Loaded(count, time.perf_counter() - began, clients, ids, [sizes[each] for each in ids], known, memory)


def _batches(
    organizations: Sequence[Organization], references: frozenset[tuple[str, str]], count: int
) -> Iterator[Made]:
    """Yield the orders, BATCH at a time; a few batches are made ahead."""
    decoder, ahead = msgspec.msgpack.Decoder(Made), deque[Future[bytes]]()
    with ProcessPoolExecutor(
        _MAKERS, multiprocessing.get_context("spawn"), _start_maker, (organizations, references, count, app.now_us())
    ) as processes:
        for first in range(0, count, BATCH):
            ahead.append(processes.submit(_batch, first, min(BATCH, count - first)))
            if len(ahead) > 2 * _MAKERS:
                yield decoder.decode(ahead.popleft().result())
        for made in ahead:
            yield decoder.decode(made.result())


_makers: list[Maker] = []  # one, in a process that makes orders


def _start_maker(*given: Any) -> None:
    _makers.append(Maker(*given))


def _batch(first: int, size: int) -> bytes:
    # MessagePack, because to pickle so many structs takes as long as to make them.
    return msgspec.msgpack.encode(_makers[0].batch(first, size))


async def _organizations(
    context: Context,
) -> tuple[list[Organization], list[tuple[str, str]], frozenset[tuple[str, str]]]:
    """Make the organizations, the demo one first, each with the seeds that make the sample bodies sound."""
    doors = all_doors()
    made, clients = [await demo.ensure(context, doors)], [(demo.CLIENT_ID, demo.CLIENT_SECRET)]
    for place in range(1, ORGANIZATIONS):
        one = await tenants.add_organization(
            context, name=f"Size {place}", uuid=to_uuid(context.id_generator.new(context.clock()))
        )
        for door in doors:
            for seed in door.demo_seeds:
                await demo.add_seed(context, one, seed)
        client, secret = await tenants.add_client(
            context, one.organization_id, name="size", scopes=" ".join(access.SCOPES)
        )
        made.append(one)
        clients.append((client.client_id, secret))
    async with context.store.reading() as tx:
        references = frozenset(await tenant_store.vendor_references(tx, made[0].organization_id))
    return made, clients, references


async def _catalog(tx: Transaction, made: Sequence[Organization], skus: int) -> None:
    for organization in made:
        products = [product(number, f"SKU-{number:05d}") for number in range(skus)]
        await tx.insert(
            catalog_entry, [(organization.organization_id, *msgspec.structs.astuple(each)[1:]) for each in products]
        )


async def _insert(tx: Transaction, made: Made) -> None:
    # Sorted, a batch touches each page of an index once.
    made.keys.sort()
    await submissions.add_submissions(tx, made.submissions)
    await orders.add(tx, made.placed)
    await tx.insert(request_key, made.keys)
    for organization_id, recorded in made.recorded.items():
        await event_log.add_events(tx, organization_id, recorded)


@asynccontextmanager
async def _bulk(url: str) -> AsyncIterator[Callable[[], Any]]:
    """Open a database for writing much without care for a crash; gives what opens a transaction."""
    if url.startswith("sqlite"):
        connection = sqlite.connect(url.removeprefix("sqlite:///"))
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -2000000", "locking_mode = EXCLUSIVE"):
            connection.execute(f"PRAGMA {pragma}").fetchall()

        @asynccontextmanager
        async def begin_sqlite() -> AsyncIterator[Transaction]:
            connection.execute("BEGIN")
            yield sqlite.SqliteTransaction(connection)
            connection.execute("COMMIT")

        yield begin_sqlite
        connection.close()
        return
    import asyncpg

    other = await asyncpg.connect(url)
    await other.execute("SET synchronous_commit = off")

    @asynccontextmanager
    async def begin_postgres() -> AsyncIterator[Transaction]:
        async with other.transaction():
            yield postgres.PostgresTransaction(other, on_statement=lambda _: None)

    yield begin_postgres
    await other.execute("VACUUM ANALYZE")  # autovacuum, which is off here, would do both
    await other.close()
