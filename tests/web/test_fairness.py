"""Fairness: a client that sends as much as it can keeps no other organization from creating orders."""

import asyncio
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx

from crossdock import app
from crossdock.flows import access, tenants
from crossdock.settings import load
from tests.server import ROOT, Server
from tests.slowness import slowness
from tests.vendors import VENDORS, bearer

CONNECTIONS = 16
SECONDS = 3
LIMIT_S = 1.0


async def add_victim(database: str) -> tuple[str, str]:
    """Add an organization; returns the id and the secret of its client."""
    async with app.open_context(load({}, database=database)) as context:
        added = await tenants.add_organization(context, name="Victim", uuid=str(uuid4()))
        scopes = " ".join(access.SCOPES)
        client, secret = await tenants.add_client(context, added.organization_id, name="Victim", scopes=scopes)
    return client.client_id, secret


@contextmanager
def hammered(server: Server) -> Iterator[None]:
    """Let the demo's client send as much as it can, from another process."""
    arguments = [str(server.port), bearer(server.base)["Authorization"], str(CONNECTIONS)]
    process = subprocess.Popen([sys.executable, "-m", "tests.web.hammer", *arguments], cwd=ROOT)
    try:
        time.sleep(1)  # until it has started
        assert process.poll() is None
        yield
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def create_times(http: httpx.Client, headers: dict[str, str], name: str, seconds: float = SECONDS) -> list[float]:
    """Create an order every tenth of a second; returns how long each took, in seconds, sorted."""
    vendor, took, end = VENDORS["hub"], [], time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        answer = http.post(vendor.create, json=vendor.body(f"{name}-{len(took)}"), headers=headers)
        took.append(time.monotonic() - began)
        assert answer.status_code == vendor.ok, answer.text
        time.sleep(max(0.0, 0.1 - took[-1]))
    return sorted(took)


def p99(times: list[float]) -> float:
    return times[int(len(times) * 0.99)]


def test_a_client_that_hammers_the_server_does_not_keep_another_organization_waiting(
    sqlite_template: Path, tmp_path: Path
) -> None:
    database = f"sqlite:///{shutil.copy(sqlite_template, tmp_path)}"
    credentials = asyncio.run(add_victim(database))
    with Server(database, client_rate=20, client_burst=20) as server, httpx.Client(base_url=server.base) as http:
        token = http.post("/hub/v1/token", auth=credentials).raise_for_status().json()["access_token"]
        with hammered(server):
            times = create_times(http, {"Authorization": f"Bearer {token}"}, "BESIDE")
            assert p99(times) < LIMIT_S * slowness()
