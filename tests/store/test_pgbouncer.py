"""Crossdock through a real PgBouncer in transaction mode; skipped where the system has none (`apt install pgbouncer`)."""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from crossdock import app
from crossdock.settings import load
from crossdock.store import schema
from tests.citus import COORDINATOR
from tests.server import Server
from tests.vendors import VENDORS, bearer

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="this system has no PgBouncer"),
    pytest.mark.parametrize("engine", ["postgresql"], indirect=True),
]
# Fewer connections to PostgreSQL than one server process of Crossdock opens, so that transactions share them.
CONNECTIONS = 3


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def pooled(database: str) -> Iterator[str]:
    """Return the URL of a PgBouncer before the database."""
    assert PROGRAM is not None
    parts = urlsplit(database)
    socket_folder = dict(parse_qsl(parts.query)).get("host")
    address = f"host={socket_folder}" if socket_folder else f"host={parts.hostname} port={parts.port or 5432}"
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pgbouncer.ini"
        file.write_text(
            f"[databases]\n* = {address} user=postgres\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
            f"pool_mode = transaction\ndefault_pool_size = {CONNECTIONS}\nlogfile = {folder}/log\n"
        )
        Path(folder).chmod(0o777)
        # PgBouncer refuses to run as root, and the socket is for the user that PostgreSQL runs as.
        user = ["-u", Path(socket_folder).owner() if socket_folder else "nobody"] if os.geteuid() == 0 else []
        process = subprocess.Popen([PROGRAM, "-q", *user, str(file)])
        try:
            _wait_for(port)
            yield f"postgresql://crossdock@127.0.0.1:{port}{parts.path}?pgbouncer=true"
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(port: int) -> None:
    give_up = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert time.monotonic() < give_up, "PgBouncer does not listen"
            time.sleep(0.05)
        else:
            return


def test_every_door_takes_orders_through_pgbouncer(pooled: str) -> None:
    with Server(pooled) as server, httpx.Client(base_url=server.base, timeout=30) as http:
        for vendor in VENDORS.values():
            for number in range(4):
                stamp = f"{vendor.door}-{number}"
                headers = vendor.headers(stamp) | bearer(server.base)
                answer = http.post(vendor.create, json=vendor.body(stamp), headers=headers)
                assert answer.status_code == vendor.ok, answer.text
        listed = http.get("/hub/v1/orders", headers=bearer(server.base)).json()
        assert len(listed["items"]) == 4 * len(VENDORS)
        assert http.get("/health/ready").status_code == 200


async def test_a_limit_of_time_ends_a_statement(pooled: str) -> None:
    from sqlalchemy import text

    from crossdock.core.errors import Busy
    from crossdock.store.protocols import Statement

    store = await schema.open_store(pooled, timeout_s=0.2)
    try:
        with pytest.raises(Busy):
            async with store.reading() as tx:
                await tx.rows(Statement(text("SELECT pg_sleep(30)")))
        async with store.writing() as tx:  # the limit ended with its transaction, and the connection is sound
            assert (await tx.rows(Statement(text("SHOW statement_timeout"))))[0][0] == "200ms"
    finally:
        await store.close()


@pytest.mark.skipif(bool(COORDINATOR), reason="makes its database on one PostgreSQL")
async def test_a_schema_is_not_migrated_through_pgbouncer(pooled: str, postgres_url: str) -> None:
    from tests.databases import administer

    await administer(postgres_url, "CREATE DATABASE unmigrated")
    try:
        with pytest.raises(ValueError, match="cannot be migrated through PgBouncer"):
            await schema.open_store(pooled.replace(urlsplit(pooled).path, "/unmigrated"))
    finally:
        await asyncio.sleep(0)
        await administer(postgres_url, "DROP DATABASE unmigrated WITH (FORCE)")


async def test_a_context_opens_through_pgbouncer(pooled: str) -> None:
    async with app.open_context(load({}, database=pooled)) as context:
        assert context.store.name == "postgresql"
