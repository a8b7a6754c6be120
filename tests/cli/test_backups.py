"""`crossdock backup` and `crossdock restore`."""

import sqlite3
import threading
import time
from pathlib import Path

import pytest

from crossdock.store import backups
from docs.sample_orders import Samples
from tests.cli.program import done, refused, run
from tests.server import Server


class TestBackup:
    def test_a_database_is_saved_while_orders_come_in_and_restored_as_it_was(self, tmp_path: Path) -> None:
        url, file, restored = f"sqlite:///{tmp_path}/a.db", tmp_path / "saved.db", f"sqlite:///{tmp_path}/b.db"
        with Server(url) as server:
            samples, stopped = Samples(server.base), threading.Event()

            def send() -> None:
                number = 0
                while not stopped.is_set():
                    samples.hub_order(f"DURING-{number}")
                    number += 1

            sending = threading.Thread(target=send)
            sending.start()
            time.sleep(0.3)
            assert "saved.db" in done(url, "backup", str(file))
            stopped.set()
            sending.join()
        done(restored, "restore", str(file))
        assert [each.stat().st_mode & 0o777 for each in (file, tmp_path / "b.db")] == [0o600, 0o600]
        assert "0 faults" in done(restored, "verify")
        with sqlite3.connect(file) as connection:
            (count,) = connection.execute("SELECT count(*) FROM orders").fetchone()
        assert count > 0

    def test_nothing_is_overwritten(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path}/a.db"
        done(url, "migrate")
        file = tmp_path / "saved.db"
        done(url, "backup", str(file))
        assert "already" in refused(run(url, "backup", str(file)))
        assert "already" in refused(run(url, "restore", str(file)))

    def test_a_damaged_backup_is_refused(self, tmp_path: Path) -> None:
        url, file = f"sqlite:///{tmp_path}/a.db", tmp_path / "saved.db"
        done(url, "migrate")
        done(url, "backup", str(file))
        content = bytearray(file.read_bytes())
        content[4096:8192] = b"x" * 4096
        file.write_bytes(content)
        assert "no sound database" in refused(run(f"sqlite:///{tmp_path}/b.db", "restore", str(file)))
        assert not (tmp_path / "b.db").exists()

    def test_postgresql_has_tools_of_its_own(self) -> None:
        assert "pg_dump" in refused(run("postgresql://127.0.0.1/x", "backup"))

    def test_a_copy_that_fails_leaves_no_file(self, tmp_path: Path) -> None:
        broken = tmp_path / "broken.db"
        broken.write_bytes(b"SQLite format 3\x00" + b"x" * 5000)
        with pytest.raises(Exception, match="backup failed"):
            backups.back_up(str(broken), tmp_path / "copy.db")
        assert list(tmp_path.iterdir()) == [broken]
