"""How statements run: every statement that follows from an operation, explained, and what is wrong with it."""

import random
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from msgspec import Struct

from bench.size.asking import DEEP, OPS, Op, asker, asking
from bench.size.loading import Loaded
from crossdock.store import sqlite
from crossdock.store.order_query import planner

# Tables that grow with the orders, whatever they are called in a statement.
_GROWING = "orders|order_line|order_term|event|submission|request_key|catalog_entry"
# What a statement may walk: a deep offset and the rows looked through after it.
MAX_ROWS_SCANNED = DEEP + 2 * planner.MAX_ENTRIES_SCANNED_COMPLETE
MAX_STEPS = (
    20 * MAX_ROWS_SCANNED
)  # of SQLite; a row walked in an index takes 4, looked up elsewhere and compared about 15
# What a statement that reads one order may take: an order has up to 3 lines and 4 events.
MAX_GET = {"sqlite": 400, "postgresql": 50}


_NOISE = re.compile(
    r"Memory|Heap Fetches|Heap Blocks|Buffers|Index Searches|Cache |Planning|Rows Removed|Disabled|Sort Method"
)


class Plan(Struct, frozen=True):
    """How a statement runs. `cost` is SQLite's steps (virtual machine instructions), or the most rows PostgreSQL's plan passed
    in one place."""

    text: str
    lines: tuple[str, ...]
    cost: int
    faults: tuple[str, ...]

    @property
    def shape(self) -> tuple[str, ...]:
        """The plan without what differs from run to run."""
        lines = [
            re.sub(r" \(actual .*?\)|\(never executed\)", "", line) for line in self.lines if not _NOISE.search(line)
        ]
        return tuple(re.sub(r"'(?:[^']|'')*'(::[a-z ]+(\[\])?)?|\b\d+\b(?=\))", "…", line).rstrip() for line in lines)


def sqlite_plan(connection: Any, text: str, values: Sequence[Any]) -> Plan:
    """Explain a statement of SQLite, and run it to count its steps."""
    rows = connection.execute(f"EXPLAIN QUERY PLAN {text}", values).fetchall()
    depth, lines, faults = {0: 0}, [], []
    for row in rows:
        depth[row[0]] = depth.get(row[1], 0) + 1
        lines.append("  " * (depth[row[0]] - 1) + row[3])
        # A statement's own inner result may be scanned: its LIMIT is what bounds it.
        if re.match(r"SCAN (?!scanned|some|of_status|newest|anon_\d|\(subquery|CONSTANT ROW)", row[3]):
            faults.append(f"scans a table: {row[3]}")
        index_scans = re.match(rf"SEARCH ({_GROWING}) .*\(organization_id=\?\)$", row[3])
        if index_scans and any(other[1] == row[1] and "TEMP B-TREE" in other[3] for other in rows):
            faults.append(f"sorts a whole organization: {row[3]}")
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 100
        return 0

    connection.set_progress_handler(step, 100)
    connection.execute(text, values).fetchall()
    connection.set_progress_handler(None, 0)
    if steps > MAX_STEPS:
        faults.append(f"takes {steps:,} steps")
    return Plan(text, tuple(lines), steps, tuple(faults))


async def postgres_plan(connection: Any, text: str, values: Sequence[Any]) -> Plan:
    """Explain a statement of PostgreSQL by running it, and again as it is planned for any values."""
    options = "ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF"
    lines = tuple(row[0] for row in await connection.fetch(f"EXPLAIN ({options}) {text}", *values))
    generic = tuple(row[0] for row in await connection.fetch(f"EXPLAIN (GENERIC_PLAN, COSTS OFF) {text}", *values))
    faults = [
        f"scans a table{note}: {line.strip()}"
        for note, some in (("", lines), (", planned for any values", generic))
        for line in some
        if re.search(rf"Seq Scan on ({_GROWING})\b", line)
    ]
    most = 0
    for line in lines:
        if ran := re.search(r"rows=([\d.]+) loops=(\d+)", line):
            most = max(most, int(float(ran[1]) * int(ran[2])))
        elif passed := re.search(r"Removed by .*: (\d+)", line):
            most = max(most, int(passed[1]))
    if most > MAX_ROWS_SCANNED:
        faults.append(f"walks {most:,} rows")
    return Plan(text, lines, most, tuple(faults))


def shortened(text: str) -> str:
    """Return a statement on one line, with lists of parameters cut."""
    text = re.sub(r"IN \([^)(]*\)", "IN (…)", re.sub(r"\s+", " ", text))
    return re.sub(rf'SELECT ({_GROWING})\."?[a-z_]+"?,(?: \1\."?[a-z_]+"?,?){{3,}}', r"SELECT \1.*", text)


@asynccontextmanager
async def explaining(
    url: str, *, small: bool = False
) -> AsyncIterator[Callable[[str, Sequence[Any]], Awaitable[Plan]]]:
    """Open a connection that explains statements; of a `small` book, how they would run where scanning it were dear."""
    if url.startswith("sqlite"):
        connection = sqlite.connect(url.removeprefix("sqlite:///"))

        async def explain(text: str, values: Sequence[Any]) -> Plan:
            return sqlite_plan(connection, text, values)

        yield explain
        connection.close()
        return
    import asyncpg

    other = await asyncpg.connect(url)
    if small:
        await other.execute("SET enable_seqscan = off")

    async def explain_postgres(text: str, values: Sequence[Any]) -> Plan:
        return await postgres_plan(other, text, values)

    yield explain_postgres
    await other.close()


async def plans(
    url: str, loaded: Loaded, ops: Sequence[Op] = OPS, *, times: int = 3, small: bool = False
) -> dict[str, list[Plan]]:
    """Ask every operation a few times and explain what it ran: its different plans by its name."""
    found: dict[str, list[Plan]] = {}
    async with asker(url, loaded) as (one, deep), explaining(url, small=small) as explain:
        for op in ops:
            chance, different = random.Random(op.name), dict[tuple[Any, ...], Plan]()
            for _ in range(times):
                for text, values in await one.ask(op, asking(loaded, deep, op, chance)):
                    if not re.search(rf"\b({_GROWING}|order_count)\b", text):
                        continue  # tokens and their owners
                    plan = await explain(text, values)
                    if op.is_get and plan.cost > MAX_GET[url.partition(":")[0]]:
                        walked = f"reads one order and takes {plan.cost:,} steps or rows"
                        plan = msgspec.structs.replace(plan, faults=(*plan.faults, walked))
                    key = (shortened(text), plan.shape)
                    if key not in different or different[key].cost < plan.cost:
                        different[key] = plan
            found[op.name] = list(different.values())
    return found


def faults_of(found: dict[str, list[Plan]]) -> list[str]:
    """List what is wrong with plans."""
    return [
        f"{name}: {fault}\n    {shortened(plan.text)}"
        for name, some in found.items()
        for plan in some
        for fault in plan.faults
    ]
