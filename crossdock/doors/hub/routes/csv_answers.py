"""Lists as CSV: whole lists, streamed row by row, for who accepts text/csv."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, TypeVar

from crossdock.core.csv_cells import cell
from crossdock.doors import Media, Reply, Request
from crossdock.doors.hub.routes.export import csv_row

Entry = TypeVar("Entry")
CSV = "text/csv"


def wants_csv(request: Request) -> bool:
    """Tell whether the client accepts CSV, and so wants the whole list as a file."""
    return CSV in (request.headers.get("accept") or "")


async def csv_reply(
    name: str,
    columns: Sequence[str],
    portions: AsyncIterator[Sequence[Entry]],
    cells_of: Callable[[Entry], Sequence[Any]],
) -> Reply:
    """Answer a list as a file with a row for each entry. The first entries are read before the answer begins, so that it can
    still be refused."""
    first = await anext(portions, None)
    headers = [("Content-Disposition", f'attachment; filename="{name}.csv"')]
    stream = _parts(columns, first, portions, cells_of)
    return Reply(200, headers=headers, content_type=f"{CSV}; charset=utf-8; header=present", stream=stream)


async def _parts(
    columns: Sequence[str],
    first: Sequence[Entry] | None,
    portions: AsyncIterator[Sequence[Entry]],
    cells_of: Callable[[Entry], Sequence[Any]],
) -> AsyncIterator[bytes]:
    yield csv_row(columns)
    entries = first
    while entries is not None:
        yield b"".join(csv_row([cell(value) for value in cells_of(entry)]) for entry in entries)
        entries = await anext(portions, None)


def page_or_csv(page: Any) -> Media:
    """Describe an answer that is a page as JSON, or the whole list as CSV."""
    return Media({"application/json": page, CSV: {"type": "string"}})
