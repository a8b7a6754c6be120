"""The HTTP server's limits, tried over real connections to a real server."""

import json
import re
import resource
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from crossdock.web.http_protocol import HEALTH_RESERVE, MAX_HEAD_BYTES, MAX_HEADERS, MAX_PIPELINED
from tests.server import Server
from tests.vendors import bearer
from tests.web.test_asgi import SHAPES

LIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
TIMEOUTS: dict[str, Any] = {
    "head_timeout_s": 0.5, "body_timeout_s": 1, "idle_timeout_s": 3, "send_timeout_s": 1, "connections_most": 60,
}  # fmt: skip
CREATE = "POST /hub/v1/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("protocol") / "log"


@pytest.fixture(scope="module")
def server(log: Path) -> Iterator[Server]:
    """Start a server with short time limits."""
    with Server(f"sqlite:///{log.with_name('crossdock.db')}", log=log, **TIMEOUTS) as started:
        yield started


@contextmanager
def connected(server: Server) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        yield connection


def read_to_end(connection: socket.socket) -> bytes:
    """Read until the server closes the connection; what it resets has ended, too."""
    parts = []
    try:
        while part := connection.recv(65_536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def answer_to(server: Server, sent: bytes) -> bytes:
    """Send bytes, and return all that comes until the server closes the connection."""
    with connected(server) as connection:
        with suppress(ConnectionError):
            connection.sendall(sent)
        return read_to_end(connection)


def statuses(answer: bytes) -> list[int]:
    return [int(each) for each in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]


def body_of(answer: bytes) -> Any:
    return json.loads(answer.rpartition(b"\r\n\r\n")[2])


class TestHead:
    @pytest.mark.parametrize(
        ("sent", "status"),
        [
            (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * (MAX_HEADERS + 1) + b"\r\n", 431),
            (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 200_000, 431),
            (b"GET / HTTP/1.1\r\nHost: x\r\na: " + b"b" * 5_000_000, 431),
            (b"GET / HTTP/1.1\r\nHost: x\r\na: " + b"b" * MAX_HEAD_BYTES + b"\r\n\r\n", 431),
            (b"GET /" + b"a" * 5_000_000, 431),
            (b"GET / HTTP/1.1\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
            (b"CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ],
        ids=[
            "too many headers", "headers without end", "a value without end", "a large value", "a path without end", "no host",
            "two hosts", "TLS", "a proxy's request", "two lengths",
        ],
    )  # fmt: skip
    def test_a_head_over_a_limit_or_not_of_http_is_refused_and_the_connection_closed(
        self, server: Server, sent: bytes, status: int
    ) -> None:
        before = psutil.Process(server.process.pid).memory_info().rss
        answer = answer_to(server, sent)
        # Where more was sent than the server reads, the reset may come before its answer.
        assert statuses(answer) == [status] or (not answer and len(sent) > MAX_HEAD_BYTES)
        if answer:
            assert b"connection: close" in answer
            assert SHAPES["hub"](body_of(answer))
        assert psutil.Process(server.process.pid).memory_info().rss < before + 30_000_000
        assert httpx.get(f"{server.base}/health/live").status_code == 200

    def test_a_refused_head_is_answered_in_the_shape_of_its_door_and_logged(self, server: Server, log: Path) -> None:
        answer = answer_to(server, b"GET /ordermanagement/api/v1/orders HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n")
        assert statuses(answer) == [400]
        assert SHAPES["pb_oms"](body_of(answer))
        request_id = re.search(rb"x-request-id: (\w+)", answer)
        assert request_id is not None
        until_logged(log, request_id[1].decode())  # the log is written a moment after the answer
        line = next(each for each in log.read_text().splitlines() if request_id[1].decode() in each)
        assert json.loads(line)["outcome"] == "bad_request"

    def test_http_1_0_needs_no_host(self, server: Server) -> None:
        assert statuses(answer_to(server, b"GET /health/live HTTP/1.0\r\n\r\n")) == [200]

    @pytest.mark.parametrize("upgrade", ["h2c", "websocket"])
    def test_an_upgrade_is_not_taken_and_the_connection_goes_on(self, server: Server, upgrade: str) -> None:
        """Java's client offers HTTP/2 with its first request."""
        asked = LIVE[:-2] + f"Connection: Upgrade\r\nUpgrade: {upgrade}\r\n\r\n".encode()
        with connected(server) as connection:
            for sent in (asked, LIVE, asked + LIVE):
                connection.sendall(sent)
                time.sleep(0.1)
                assert set(statuses(connection.recv(65_536))) == {200}

    def test_trailers_without_end_are_refused(self, server: Server) -> None:
        head = (CREATE + "Transfer-Encoding: chunked\r\n\r\n").encode()
        before = psutil.Process(server.process.pid).memory_info().rss
        answer_to(server, head + b"2\r\n{}\r\n0\r\n" + b"a: b\r\n" * 1_000_000)
        assert psutil.Process(server.process.pid).memory_info().rss < before + 30_000_000


class TestPipelining:
    def test_requests_sent_together_are_answered_in_order(self, server: Server) -> None:
        paths = ["/health/live", "/hub/v1/orders", "/nothing", "/health/live"]
        sent = b"".join(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for path in paths)
        answer = answer_to(server, sent[:-2] + b"Connection: close\r\n\r\n")
        assert statuses(answer) == [200, 401, 404, 200]

    def test_too_many_requests_sent_together_are_refused_after_the_first_ones(self, server: Server) -> None:
        answer = answer_to(server, LIVE * (MAX_PIPELINED * 3))
        assert statuses(answer) == [200] * (MAX_PIPELINED + 1) + [400]

    def test_answers_that_are_not_read_hold_little_memory(self, server: Server) -> None:
        before = psutil.Process(server.process.pid).memory_info().rss
        with connected(server) as connection:
            connection.settimeout(1)
            try:
                for _ in range(100):
                    connection.sendall(LIVE * 4_000)
            except (TimeoutError, ConnectionError):
                pass
            assert psutil.Process(server.process.pid).memory_info().rss < before + 30_000_000

    def test_what_is_wrong_after_a_good_request_is_refused_after_its_answer(self, server: Server) -> None:
        assert statuses(answer_to(server, LIVE + b"NONSENSE\r\n\r\n")) == [200, 400]


class TestTime:
    def test_a_connection_on_which_nothing_comes_is_closed(self, server: Server) -> None:
        began = time.monotonic()
        assert answer_to(server, b"") == b""
        assert time.monotonic() - began < 15

    @pytest.mark.parametrize("sent", [b"G", LIVE[:-2]])
    def test_a_head_that_stops_is_408(self, server: Server, sent: bytes) -> None:
        answer = answer_to(server, sent)
        assert statuses(answer) == [408]
        assert SHAPES["hub"](body_of(answer))

    def test_a_body_that_stops_is_408_in_the_shape_of_the_door(self, server: Server) -> None:
        bodies = ("Content-Length: 100\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")
        paths = (("/hub/v1/orders", "hub"), ("/order", "s2"), ("/consent/x", "hub"))
        cases = list(product(bodies, paths))
        with ThreadPoolExecutor(len(cases)) as threads:  # all of them wait for the same time
            answers = threads.map(
                lambda case: answer_to(server, f"POST {case[1][0]} HTTP/1.1\r\nHost: x\r\n{case[0]}".encode()), cases
            )
        for (_, (path, door)), answer in zip(cases, answers, strict=True):
            if path == "/consent/x":  # a page, which refuses the link without reading further
                assert statuses(answer) == [404]
            else:
                assert statuses(answer) == [408]
                assert SHAPES[door](body_of(answer))

    def test_a_head_that_comes_byte_by_byte_is_408(self, server: Server) -> None:
        with connected(server) as connection:
            began = time.monotonic()
            with pytest.raises(ConnectionError):
                for byte in LIVE * 100:
                    connection.sendall(bytes([byte]))
                    time.sleep(0.1)
        assert time.monotonic() - began < 15

    def test_an_idle_connection_is_closed_after_a_time_and_works_until_then(self, server: Server) -> None:
        with connected(server) as connection:
            for _ in range(3):
                connection.sendall(LIVE)
                answer = b""
                while not answer.endswith(b"}"):  # head and body may come apart
                    part = connection.recv(65_536)
                    assert part, answer
                    answer += part
                assert statuses(answer) == [200]
                time.sleep(0.7)
            assert connection.recv(65_536) == b""

    def test_a_request_that_waits_for_events_is_not_cut_off(self, server: Server) -> None:
        headers = bearer(server.base)
        answer = httpx.get(f"{server.base}/hub/v1/events?after=newest&wait=3", headers=headers, timeout=10)
        assert (answer.status_code, answer.json()["items"]) == (200, [])

    def test_a_response_that_is_not_taken_is_broken_off(self, server: Server, log: Path) -> None:
        headers = bearer(server.base)
        body = {"lines": [{"sku": "A", "quantity": 1, "description": "x" * 900_000}]}
        for number in range(8):
            answer = httpx.post(f"{server.base}/hub/v1/orders", headers=headers, json=body | {"number": f"L-{number}"})
            assert answer.status_code == 201
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            connection.connect(("127.0.0.1", server.port))
            request = f"GET /hub/v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: {headers['Authorization']}\r\n\r\n"
            connection.sendall(request.encode())
            until_logged(log, "response not taken")

    def test_a_response_that_is_taken_slowly_is_complete(self, server: Server) -> None:
        with httpx.stream("GET", f"{server.base}/openapi/hub.json", timeout=10) as answer:
            size = sum(len(each) for each in answer.iter_raw(16_384) if not time.sleep(0.2))
        assert size == int(answer.headers["content-length"])


def until_logged(log: Path, event: str) -> None:
    began = time.monotonic()
    while f'"{event}"' not in log.read_text():
        assert time.monotonic() - began < 10, f"{event} was not logged"
        time.sleep(0.05)


class TestConnections:
    def test_health_checks_are_answered_while_the_connections_of_others_are_used_up(
        self, server: Server, log: Path
    ) -> None:
        with ExitStack() as stack:
            held = [stack.enter_context(connected(server)) for _ in range(TIMEOUTS["connections_most"])]
            for each in held:
                each.sendall(LIVE[:-2])  # a head that is not complete
            assert statuses(answer_to(server, LIVE[:-2] + b"Connection: close\r\n\r\n")) == [200]
            refused = answer_to(server, b"GET /order HTTP/1.1\r\nHost: x\r\n\r\n")
            assert statuses(refused) == [503]
            assert SHAPES["s2"](body_of(refused))
            more = [stack.enter_context(connected(server)) for _ in range(HEALTH_RESERVE)]
            assert read_to_end(stack.enter_context(connected(server))) == b""
            assert more[0].fileno() > 0
        until_logged(log, "too many connections")
        time.sleep(0.2)
        assert httpx.get(f"{server.base}/hub/v1/orders").status_code == 401

    def test_the_limit_of_open_files_is_raised_and_clients_get_at_most_half_of_it(self, tmp_path: Path) -> None:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        with Server(f"sqlite:///{tmp_path / 'c.db'}") as started:
            soft, _ = psutil.Process(started.process.pid).rlimit(psutil.RLIMIT_NOFILE)
        assert soft == (65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536))


class TestStop:
    @pytest.mark.parametrize("workers", [1, 2])
    def test_a_stop_ends_long_polls_and_streams_at_once(self, tmp_path: Path, workers: int) -> None:
        with Server(f"sqlite:///{tmp_path / 'c.db'}", "--workers", str(workers)) as started, ExitStack() as stack:
            token = bearer(started.base)["Authorization"]
            head = f"HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n"
            polling, streaming = (stack.enter_context(connected(started)) for _ in range(2))
            polling.sendall(f"GET /hub/v1/events?after=newest&wait=60 {head}\r\n".encode())
            streaming.sendall(f"GET /hub/v1/events {head}Accept: text/event-stream\r\n\r\n".encode())
            time.sleep(0.5)
            began = time.monotonic()
            started.process.terminate()
            polled, streamed = read_to_end(polling), read_to_end(streaming)
            started.process.wait(10)
            assert time.monotonic() - began < 15
            assert (statuses(polled), body_of(polled)["items"]) == ([200], [])
            assert statuses(streamed) == [200]
            assert streamed.endswith(b"0\r\n\r\n")
