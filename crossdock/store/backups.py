"""Copies of an SQLite database: made while it is served, checked, and restored."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from crossdock.core.errors import Busy, Code
from crossdock.store.sqlite import FILE_MODE


def back_up(source: str, target: Path) -> int:
    """Write a consistent copy of a database to a new file, and return its bytes. Other processes write meanwhile.

    The copy is checked before it gets its name, so that a file of that name is a whole one. Raises ValueError where the file
    is there already; refuses with Busy `unavailable` where it cannot be written or the copy is damaged.
    """
    if target.exists():
        raise ValueError(f"{target} is there already; choose another name")
    unfinished = target.with_name(f"{target.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(f"{Path(source).resolve().as_uri()}?mode=ro", uri=True)) as connection:
            os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE))
            connection.execute("VACUUM INTO ?", (str(unfinished),))
        check(unfinished)
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        unfinished.rename(target)
    except (sqlite3.Error, OSError) as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise Busy(Code.UNAVAILABLE, f"the backup failed: {error}", cause=str(error)) from error
    return target.stat().st_size


def check(file: Path) -> None:
    """Check every page and index of a database file. Raises sqlite3.DatabaseError where it is damaged."""
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(f"{file} is damaged: {found}")


def restore(backup: Path, target: Path) -> None:
    """Make a database of a backup. Raises ValueError where there is a database already or the backup is damaged."""
    for each in (target, target.with_name(f"{target.name}-wal")):
        if each.exists():
            raise ValueError(f"{each} is there already; stop the server, and move it and its -wal file away first")
    try:
        check(backup)
    except sqlite3.Error as error:
        raise ValueError(f"{backup} is no sound database: {error}") from None
    back_up(str(backup), target)
