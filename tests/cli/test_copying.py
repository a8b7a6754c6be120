"""`crossdock copy`: a database moves to another engine while clients send orders, and nobody notices but by the address."""

import asyncio
import json
import os
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from crossdock.settings import without_password
from crossdock.store import copying, schema
from docs.sample_orders import Samples
from tests import preloaded
from tests.cli.program import LIMIT_S, done, field, refused, run, run_plainly, until
from tests.databases import empty
from tests.server import Server, free_port
from tests.vendors import bearer


@pytest.fixture
def target(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Return the URL of an empty database of the other engine."""
    if engine == "postgresql":
        return f"sqlite:///{tmp_path}/target.db"
    url: str = request.getfixturevalue("postgres_database")
    asyncio.run(empty(url))
    return url


def is_begun(url: str) -> bool:
    """Whether rows have been copied to a database."""

    async def look() -> bool:
        if await schema.revision(url) is None:
            return False
        store = await schema.open_store(url, is_copying=True)
        try:
            async with store.reading() as tx:
                return await copying.has_data(tx)
        finally:
            await store.close()

    return asyncio.run(look())


class Client:
    """A client that sends orders in a thread, and reads the feed from where it was."""

    def __init__(self, base: str) -> None:
        self.headers = bearer(base)
        self.accepted: list[str] = []
        self.cursor = ""
        self._samples = Samples(base)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._send)

    def fill(self) -> None:
        """Send what leaves rows in nearly all tables."""
        self._samples.fill()

    def start(self) -> None:
        """Begin to send orders."""
        self._thread.start()

    def stop(self) -> None:
        """Send no more."""
        self._stopped.set()
        self._thread.join()

    def _send(self) -> None:
        while not self._stopped.is_set():
            self.accepted.append(self._samples.hub_order(f"DURING-{len(self.accepted)}"))
            time.sleep(0.05)

    def read_feed(self, base: str) -> list[tuple[int, str]]:
        """Return position and order id of all events since the last call."""
        found: list[tuple[int, str]] = []
        while True:
            parameters = {"limit": "50"} | ({"after": self.cursor} if self.cursor else {})
            answer = httpx.get(f"{base}/hub/v1/events", params=parameters, headers=self.headers)
            assert answer.status_code == 200, answer.text
            page: dict[str, Any] = answer.json()
            found += [(each["position"], each.get("order_id", "")) for each in page["items"]]
            self.cursor = page["next"]
            if not page["more"]:
                return found


# The other direction differs in what tests/flows/test_copying.py tests.
DIRECTIONS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.prove))


class TestMove:
    @pytest.mark.parametrize("engine", DIRECTIONS)
    def test_a_served_database_moves_to_the_other_engine(self, database: str, target: str) -> None:
        sides = ("--from", database, "--to", target)
        with Server(database) as server:
            client = Client(server.base)
            client.fill()
            last, _ = client.read_feed(server.base)[-1]
            client.start()
            with Path(os.devnull).open("wb") as nowhere:
                copy = preloaded.Process("crossdock", "copy", *sides, output=nowhere.fileno(),
                                         errors=nowhere.fileno(), env=dict(os.environ))  # fmt: skip
                until(lambda: is_begun(target))
                copy.kill()
            copy.wait(LIMIT_S)
            found = run_plainly("copy", *sides)
            assert (found.returncode, field(found.stdout, "finished")) == (0, "no")
            assert "round 2: " in found.stderr
            for command in ("serve", "verify"):
                assert "is an unfinished copy" in refused(run(target, command, CROSSDOCK_PORT=str(free_port())))
            client.stop()
        final = run_plainly("copy", *sides, "--final", "--json")
        assert final.returncode == 0, final.stderr
        moved = json.loads(final.stdout)
        assert (moved["finished"], moved["faults"]) == (True, [])
        assert moved["rounds"][-1] | {"rows": 0, "number": 0} == dict.fromkeys(
            ("number", "rows", "added", "changed", "removed"), 0
        )
        assert sum(table["rows"] for table in moved["tables"]) == moved["rounds"][-1]["rows"]
        assert {table["name"]: table["rows"] for table in moved["tables"]}["orders"] == moved["orders"]
        assert "0 faults" in done(target, "verify")
        assert len(client.accepted) > 2
        with Server(target) as server:  # with the token and the cursor that the other one gave
            later = client.read_feed(server.base)
            assert [position for position, _ in later] == list(range(last + 1, last + 1 + len(later)))
            assert set(client.accepted) <= {order_id for _, order_id in later}
            created = Samples(server.base).hub_order("AFTER-1")
            assert client.read_feed(server.base)[0] == (last + 1 + len(later), created)


class TestErrors:
    def test_a_copy_says_what_it_did_and_what_comes_next(self, filled: str, tmp_path: Path) -> None:
        target = f"sqlite:///{tmp_path}/target.db"
        found = run_plainly("copy", "--to", target, CROSSDOCK_DATABASE=filled)
        assert found.stderr.splitlines()[:2] == [f"from: {filled}", f"to: {target}"]
        assert "run this command with --final" in found.stdout
        found = run_plainly("copy", "--from", filled, "--to", target, "--final")
        assert "have the same rows and digests" in found.stdout
        assert "a finished copy of it" in run_plainly("copy", "--from", filled, "--to", target).stderr

    def test_faults_of_the_source_are_copied_and_named(self, file: Path, filled: str, tmp_path: Path) -> None:
        with sqlite3.connect(file) as opened:
            opened.execute("INSERT INTO feed SELECT organization_id, 7 FROM organization")
        opened.close()
        found = run_plainly("copy", "--from", filled, "--to", f"sqlite:///{tmp_path}/target.db", "--final")
        assert found.returncode == 1
        assert field(found.stdout, "faults") == "1"
        assert "the source has them, too" in found.stdout
        assert "the feed has given 7 positions" in found.stderr

    def test_a_database_that_cannot_be_copied_is_named_with_the_reason(
        self, file: Path, filled: str, missing: str, tmp_path: Path
    ) -> None:
        target, away = f"sqlite:///{tmp_path}/target.db", f"postgresql://me:secret@127.0.0.1:{free_port()}/x"
        assert f"no database at {missing}" in refused_copy(missing, target)
        for sides in ((away, target), (filled, away)):
            line = refused_copy(*sides)
            assert "cannot be reached" in line
            assert without_password(away) in line
        old = tmp_path / "old.db"
        old.write_bytes(file.read_bytes())
        with sqlite3.connect(old) as opened:
            opened.execute("UPDATE alembic_version SET version_num = '0011'")
        opened.close()
        for sides in ((f"sqlite:///{old}", target), (filled, f"sqlite:///{old}")):
            line = refused_copy(*sides)
            assert f"{old} has schema 0011" in line
            assert "run crossdock migrate" in line
        assert not (tmp_path / "target.db").exists()


def refused_copy(source: str, target: str) -> str:
    """Copy, which must be refused, and return the line that says why."""
    found = run_plainly("copy", "--from", source, "--to", target)
    assert (found.returncode, found.stdout) == (1, "")
    return found.stderr.splitlines()[-1]
