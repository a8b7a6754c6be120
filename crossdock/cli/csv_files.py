"""CSV files that commands import: read, and what became of their rows printed."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from crossdock.cli.common import get_organization, run_on_database
from crossdock.cli.output import print_fields

if TYPE_CHECKING:
    from crossdock.core.errors import Fault
    from crossdock.flows.access import Caller
    from crossdock.flows.context import Context

Row = TypeVar("Row")
Numbered = tuple[int, "Fault"]
Command = TypeVar("Command", bound=Callable[..., Any])
file_argument: Callable[[Command], Command] = click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CSV file in UTF-8."
)


def read_file(
    file: Path,
    column_faults: "Callable[[list[str]], list[Fault]]",
    read_row: "Callable[[Mapping[str, str]], tuple[Row | None, list[Fault]]]",
) -> tuple[list[tuple[int, Row]], list[Numbered]]:
    """Read a file: the good rows by number, and the faults of the others. Raises ValueError where it is no such file at all."""
    from crossdock.core import csv_rows
    from crossdock.core.errors import Invalid

    try:
        return csv_rows.read_table(file.read_bytes(), column_faults, read_row)
    except Invalid as invalid:
        reasons = [
            f"column {fault.path[-1]!r} {fault.reason}" if fault.path else fault.reason for fault in invalid.faults
        ]
        raise ValueError(f"{file} {'; '.join(reasons)}") from None


def import_entries(
    organization: str,
    file: Path,
    column_faults: "Callable[[list[str]], list[Fault]]",
    read_row: "Callable[[Mapping[str, str]], tuple[Row | None, list[Fault]]]",
    import_rows: "Callable[[Context, Caller, list[tuple[int, Row]]], Awaitable[Any]]",
    *,
    as_json: bool,
    database: str | None,
) -> None:
    """Import entries of an organization's catalog from a file, and print what became of the rows. Raises ValueError where it is
    no such file, or where rows had faults."""
    rows, faults = read_file(file, column_faults, read_row)

    async def run(context: "Context") -> None:
        from crossdock.flows.access import system_caller

        caller = system_caller(await get_organization(context, organization), "crossdock")
        done = await import_rows(context, caller, rows)
        counts = {"added": done.added, "changed": done.changed, "unchanged": done.unchanged}
        print_import(file, counts, [*faults, *done.faults], as_json=as_json)

    run_on_database(database, run)


def print_import(file: Path, counts: dict[str, int], faults: Sequence[Numbered], *, as_json: bool) -> None:
    """Print the numbers of rows and every fault by row and column. Raises ValueError where there were faults."""
    wrong = sorted(faults, key=lambda each: each[0])
    listed: list[dict[str, Any]] = [
        {"row": row, "column": ".".join(map(str, fault.path)), "reason": fault.reason} for row, fault in wrong
    ]
    print_fields(
        counts | {"faults": len(wrong)} | ({"rows": listed} if as_json else {}),
        as_json=as_json,
        notes=[f"row {each['row']}, column {each['column']}: {each['reason']}" for each in listed],
    )
    if wrong:
        raise ValueError(f"{len({row for row, _ in wrong})} rows of {file} were not imported")
