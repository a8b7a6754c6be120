"""Idle connections: thousands of them cost little, and keep nobody from creating orders."""

import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from tests.server import Server
from tests.vendors import VENDORS, bearer

LIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
RESERVE = 300  # open files of the test besides the connections
BYTES_OF_A_CONNECTION = 20_000  # 8,300 were measured
GROWTH_OF_A_SERVER = 40_000_000  # what the first orders and pages load
ORDERS = 10
OTHERS = 10  # connections that are not idle


def allow_open_files(count: int) -> None:
    """Raise this process's limit of open files to `count`; skips the test where the machine does not allow it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        pytest.skip(f"a process may open {hard} files here, and this test needs {count}")
    if soft != resource.RLIM_INFINITY and soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


@contextmanager
def idle(server: Server, count: int) -> Iterator[list[socket.socket]]:
    """Open connections; every second one has had a request, the others have sent half of one or nothing."""
    opened: list[socket.socket] = []
    try:
        for number in range(count):
            opened.append(socket.create_connection(("127.0.0.1", server.port), timeout=30))
            opened[-1].sendall((LIVE, b"", LIVE, LIVE[:-2])[number % 4])
        for each in opened[::2]:
            assert each.recv(4_096).startswith(b"HTTP/1.1 200")
        yield opened
    finally:
        for each in opened:
            each.close()


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.prove)])
def test_orders_are_taken_and_health_is_answered_beside_idle_connections(count: int, tmp_path: Path) -> None:
    allow_open_files(count + RESERVE)
    limits = {"connections_most": count + OTHERS, "idle_timeout_s": 600, "head_timeout_s": 600}
    with Server(f"sqlite:///{tmp_path / 'crossdock.db'}", **limits) as server:
        process = psutil.Process(server.process.pid)
        clients = process.rlimit(psutil.RLIMIT_NOFILE)[0] // 2  # see crossdock/web/limits.py
        if clients < count:
            pytest.skip(f"a server takes {clients} connections here, and this test needs {count}")
        headers, vendor = bearer(server.base), VENDORS["hub"]
        before = process.memory_info().rss
        with (
            idle(server, min(count, clients - OTHERS)) as connections,
            httpx.Client(base_url=server.base, timeout=30) as http,
        ):
            for number in range(ORDERS):
                answer = http.post(vendor.create, json=vendor.body(f"IDLE-{number}"), headers=headers)
                assert answer.status_code == vendor.ok
                for path in ("/health/live", "/health/ready"):
                    assert http.get(path, headers={"Connection": "close"}).status_code == 200
            grown = process.memory_info().rss - before
            assert grown < GROWTH_OF_A_SERVER + count * BYTES_OF_A_CONNECTION
            connections[0].sendall(LIVE)  # they are still of use
            assert connections[0].recv(4_096).startswith(b"HTTP/1.1 200")
