"""SQLite on a full disk, a read-only one, a failing one, a slow one, and in a locked file."""

import errno
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.prove.clients import Clients, clients_of
from tests.prove.faults import Faults, needs_compiler
from tests.server import Server

DISK_BYTES = 6_000_000
FSYNC_MS = 200


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a small file system, where this user may."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "crossdock-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("this user may mount no file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Fill a disk to the last byte, and return the file that does."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65_536, 512, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError as error:
                assert error.errno == errno.ENOSPC
    return filler


def test_a_full_file_system_is_a_503_until_there_is_room(sqlite_template: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        database = f"sqlite:///{shutil.copy(sqlite_template, disk / 'crossdock.db')}"
        with clients_of(Server(database)) as clients:
            filler = fill(disk)
            clients.until_refused()
            clients.check_refused_everywhere()
            clients.check_console_refuses()
            filler.unlink()
            clients.recover()
        clients.check_stored(database)


def test_a_limit_of_the_size_of_files_is_a_503_until_it_is_raised(sqlite_template: Path, tmp_path: Path) -> None:
    database = f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'crossdock.db')}"
    with clients_of(server := Server(database)) as clients:
        soft, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        limit = Path(f"{tmp_path}/crossdock.db-wal").stat().st_size
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (limit, hard))
        clients.until_refused()
        clients.check_refused_everywhere()
        clients.check_console_refuses()
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (soft, hard))
        clients.recover()
    clients.check_stored(database)


class BadDisk(NamedTuple):
    """A server whose disk has faults, and its clients."""

    database: str
    faults: Faults
    clients: Clients


@pytest.fixture(scope="module")
def bad_disk(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BadDisk]:
    """Return a server that lives through several faults."""
    folder = tmp_path_factory.mktemp("bad")
    database = f"sqlite:///{shutil.copy(sqlite_template, folder / 'crossdock.db')}"
    faults = Faults(folder)
    with clients_of(faults.server(database)) as clients:
        yield BadDisk(database, faults, clients)


@needs_compiler
@pytest.mark.parametrize("error", [errno.EROFS, errno.EIO], ids=["read-only", "failing"])
def test_a_disk_that_takes_no_writes_is_a_503_until_it_does(bad_disk: BadDisk, error: int) -> None:
    database, faults, clients = bad_disk
    faults.set(error=error)
    clients.check_refused_everywhere()
    clients.check_console_refuses()
    faults.set()
    clients.recover()
    clients.check_stored(database)


@needs_compiler
def test_a_slow_disk_delays_answers_and_loses_nothing(bad_disk: BadDisk) -> None:
    database, faults, clients = bad_disk
    with ThreadPoolExecutor(24) as threads:
        faults.set(fsync_ms=FSYNC_MS)
        began = time.monotonic()
        answers = list(threads.map(clients.new_order, ["hub", "s2", "fabric", "pb_oms"] * 25))
        took_s = time.monotonic() - began
    faults.set()
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert took_s < len(answers) * FSYNC_MS / 1000, "orders that come together share an fsync"
    clients.recover()
    clients.check_stored(database)


@pytest.mark.parametrize(
    ("wait_ms", "held_s"), [(300, 0.5), pytest.param(5_000, 10.0, marks=pytest.mark.prove)], ids=["short", "long"]
)
def test_a_locked_database_is_a_503_until_it_is_unlocked(
    sqlite_template: Path, tmp_path: Path, wait_ms: int, held_s: float
) -> None:
    database = f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'crossdock.db')}"
    waits = {"crossdock.store.sqlite:BUSY_TIMEOUT_MS": wait_ms, "crossdock.store.sqlite:CHECK_TIMEOUT_MS": wait_ms // 2}
    with clients_of(Server(database, module="tests.shortened_waits", test_hurry=json.dumps(waits))) as clients:
        with _locked(tmp_path / "crossdock.db") as unlock:
            began = time.monotonic()
            clients.check_refused_everywhere()
            clients.check_console_refuses()
            assert clients.http.get(f"/hub/v1/orders/{clients.order_id}").status_code == 200
            time.sleep(max(0.0, held_s - (time.monotonic() - began)))
            unlock()
        clients.recover()
    clients.check_stored(database)


@contextmanager
def _locked(path: Path) -> Iterator[Callable[[], object]]:
    """Hold a file's write lock, as another process would; yields what ends it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as locking:
        locking.execute("BEGIN IMMEDIATE")
        yield locking.rollback
