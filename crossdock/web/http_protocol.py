"""HTTP/1.1 with limits: uvicorn's httptools protocol, with limits on size, time and number for all a client can hold.

uvicorn itself limits neither the head of a request nor the time it takes, and its application sees nothing of either. Requests
that break a limit are refused by the application, in the format of the door, with a `Refusal` in their scope.

One timer per process checks the deadlines of all connections each second: a timer per request would cost more than the rest of
this module.
"""

import asyncio
from typing import Any
from urllib.parse import unquote

import httptools
import structlog
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from crossdock.core.errors import Busy, Code, Invalid, Refusal
from crossdock.web.limits import HOOKS, REFUSAL, ServerHooks

_log = structlog.get_logger("crossdock.http")
# Head of a request: nginx takes 32 kB, Node 16 kB; vendors' tokens have up to 8 kB.
MAX_HEAD_BYTES = 65_536
MAX_HEADERS = 100
# Requests sent before the first one is answered. Each is parsed and held.
MAX_PIPELINED = 16
# Connections above the limit that are accepted for health checks; to all other requests they answer 503.
HEALTH_RESERVE = 32
HEALTH_PATHS = "/health/"
# Bytes that a client must take in the time limit for sending: 2 kB/s.
_SENT_AT_LEAST = 65_536
_CHECK_S = 1.0
# Seconds between two lines about the limit of connections.
_REPORT_S = 10.0


class _Cycle(RequestResponseCycle):
    """One request and its response. With a `refusal`, reading its body ends with that."""

    refusal: Refusal | None = None

    async def run_asgi(self, app: Any) -> None:
        """Run the application, and answer where it has failed to; written anew because uvicorn's answer is plain text."""
        try:
            await app(self.scope, self.receive, self.send)
        except asyncio.CancelledError:  # the server stops, and has waited long enough
            pass
        except Exception:  # noqa: BLE001 - the last resort: the application reports its bugs itself
            _log.exception("bug")
        try:
            if not self.response_started and not self.disconnected:
                await self._send_500()
            elif not self.response_complete and not self.disconnected:
                self.transport.close()
        finally:
            self.on_response = _ignore

    async def receive(self) -> Any:
        """See ASGI; the message that ends the body early carries the refusal."""
        if self.waiting_for_100_continue and not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.waiting_for_100_continue = False
        if not self.disconnected and not self.response_complete and self.refusal is None:
            self.flow.resume_reading()
            await self.message_event.wait()
            self.message_event.clear()
        if self.refusal is not None and not self.disconnected:
            return {"type": "http.disconnect", REFUSAL: self.refusal}
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        message = {"type": "http.request", "body": bytes(self.body), "more_body": self.more_body}
        self.body = bytearray()
        return message

    def refuse(self, refusal: Refusal) -> None:
        """End the reading of the body with a refusal."""
        self.refusal = refusal
        self.keep_alive = False
        self.message_event.set()

    async def _send_500(self) -> None:
        """Answer where the application has failed to: as JSON, which every client of a door expects."""
        body = b'{"code":"bug","message":"An unexpected error occurred; it is in the log."}'
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
        ]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": body, "more_body": False})


class LimitedProtocol(HttpToolsProtocol):
    """One connection."""

    cycle: _Cycle

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._hooks: ServerHooks = self.app_state.get(HOOKS) or ServerHooks()
        self._head_bytes = 0  # since the last complete part of a message
        self._is_in_head = False
        self._is_in_body = False
        self._is_refused = False
        self._is_surplus = False
        self._running: _Cycle | None = None  # the request that is being answered; `cycle` is the one that is being read
        self._deadline: float | None = None  # for the client to send; None while it is the application's turn
        self._send_deadline: float | None = None
        self._unsent = 0
        self._closing_checks = 0

    # ------------------------------------------------------------------------------------------------------ connections
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection, or drop it where there are too many."""
        super().connection_made(transport)
        sweeper = _Sweeper.of(self.server_state, self.loop)
        count = len(self.connections)
        if count > self._hooks.connections:
            sweeper.report_full(count)
            self._is_surplus = True
            if count > self._hooks.connections + HEALTH_RESERVE:
                transport.abort()
                return
        self._deadline = self.loop.time() + self._hooks.head_s

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._deadline = self._send_deadline = None
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Tell the application that the server stops, so that requests that wait are answered; see uvicorn."""
        self._hooks.stop()
        super().shutdown()

    def check_deadlines(self, now: float) -> None:
        """End the connection, or its request, where the client takes too long."""
        if self._send_deadline is not None and now > self._send_deadline:
            unsent = self.transport.get_write_buffer_size()
            if unsent > self._unsent - _SENT_AT_LEAST:
                _log.warning("response not taken", address=self._address, unsent=unsent)
                self.transport.abort()
                return
            self._unsent, self._send_deadline = unsent, now + self._hooks.send_s
        if self.transport.is_closing():
            self._closing_checks += 1
            if self._closing_checks * _CHECK_S > self._hooks.send_s:
                self.transport.abort()
            return
        if self._deadline is None or now <= self._deadline or self._is_refused:
            return
        if self.flow.read_paused:  # it is us who do not read
            self._deadline = now + self._hooks.body_s
        elif self._is_in_head or self._is_in_body:
            part, limit_s = ("head", self._hooks.head_s) if self._is_in_head else ("body", self._hooks.body_s)
            self._refuse(Invalid(Code.TOO_SLOW, f"the {part} of the request took more than {limit_s:g} s"))
        else:  # idle
            self.transport.close()

    def pause_writing(self) -> None:
        """See asyncio: the client takes less than is sent."""
        super().pause_writing()
        self._unsent = self.transport.get_write_buffer_size()
        self._send_deadline = self.loop.time() + self._hooks.send_s

    def resume_writing(self) -> None:
        """See asyncio."""
        super().resume_writing()
        self._send_deadline = None

    @property
    def _address(self) -> str | None:
        return self.client[0] if self.client else None

    # ---------------------------------------------------------------------------------------------------------- parsing
    def data_received(self, data: bytes) -> None:
        """Parse what came, and refuse what is not HTTP or too large."""
        if self._is_refused:
            return
        self._head_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:  # to HTTP/2 or a websocket: the request is answered as it is
            self._continue_without_upgrade(data, upgrade)
        except httptools.HttpParserError as error:
            if not self._is_refused:
                self._log_bug(error)
                self._refuse(Invalid(Code.BAD_REQUEST, "this is not a valid HTTP request"))
        if self._head_bytes > MAX_HEAD_BYTES and not self._is_refused:
            self._refuse(_head_too_large())

    def _log_bug(self, error: httptools.HttpParserError) -> None:
        """Log an error that is not the client's: one of a method that the parser has called."""
        cause = error.__context__
        if isinstance(error, httptools.HttpParserCallbackError) and not isinstance(
            cause, httptools.HttpParserInvalidURLError | UnicodeDecodeError | None
        ):
            _log.error("bug", exc_info=cause)

    def _continue_without_upgrade(self, data: bytes, upgrade: httptools.HttpParserUpgrade) -> None:
        self._head_bytes = 0
        if rest := data[upgrade.args[0] :]:
            self.data_received(rest)

    def on_message_begin(self) -> None:
        """See httptools."""
        super().on_message_begin()
        self._is_in_head = True
        self._deadline = self.loop.time() + self._hooks.head_s

    def on_headers_complete(self) -> None:
        """Start the request, or queue it behind the one that is being answered."""
        version = self.parser.get_http_version()
        if (refusal := self._head_refusal(version)) is not None:
            self._refuse(refusal)
            raise _Refused
        self._read_head(version)
        self.headers = []  # for what comes after the body (trailers), which is dropped
        self._is_in_head, self._is_in_body = False, True
        self._head_bytes = 0
        self._deadline = self.loop.time() + self._hooks.body_s
        self._start(self._new_cycle(keep_alive=version != "1.0" and self.parser.should_keep_alive()))

    def _head_refusal(self, version: str) -> Refusal | None:
        headers = self.headers
        if len(self.pipeline) >= MAX_PIPELINED:
            return Invalid(
                Code.BAD_REQUEST, f"more than {MAX_PIPELINED} requests wait for an answer on this connection"
            )
        if len(headers) > MAX_HEADERS:
            return _head_too_large()
        if self._head_bytes > MAX_HEAD_BYTES:  # with what else came in the same piece
            size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in headers)
            if size > MAX_HEAD_BYTES:
                return _head_too_large()
        hosts = [name for name, _ in headers].count(b"host")
        if hosts != 1 and (hosts or version != "1.0"):
            return Invalid(Code.BAD_REQUEST, "a request has exactly one Host header")
        return None

    def _read_head(self, version: str) -> None:
        """Complete the scope of the request."""
        scope: Any = self.scope
        scope["method"] = self.parser.get_method().decode("ascii")
        scope["http_version"] = version
        url = httptools.parse_url(self.url)
        raw_path = url.path or b"/"
        path = raw_path.decode("ascii")
        scope["path"] = self.root_path + (unquote(path) if "%" in path else path)
        scope["raw_path"] = self.root_path.encode("ascii") + raw_path
        scope["query_string"] = url.query or b""
        if self._is_surplus and not scope["path"].startswith(HEALTH_PATHS):
            scope[REFUSAL] = Busy(Code.OVERLOADED, "the server has too many connections")

    def _new_cycle(self, *, keep_alive: bool) -> _Cycle:
        return _Cycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=keep_alive and not self._is_surplus,
            on_response=self.on_response_complete,
        )

    def _start(self, cycle: _Cycle) -> None:
        self.cycle = cycle
        if self._running is None or self._running.response_complete:
            self._run(cycle)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def _run(self, cycle: _Cycle) -> None:
        self._running = cycle
        self._start_asgi_task(cycle, self.app)

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        self._head_bytes = 0
        if self.cycle.response_complete:
            return
        self.cycle.body += body
        if len(self.cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        self.cycle.message_event.set()

    def on_message_complete(self) -> None:
        """See httptools."""
        self._head_bytes = 0
        self._is_in_body = False
        self._deadline = None
        if self.cycle.response_complete:
            self._deadline = self.loop.time() + self._hooks.idle_s
            return
        self.cycle.more_body = False
        self.cycle.message_event.set()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request, or answer the one that waits."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if not self.pipeline:
            self.flow.resume_reading()
            if self._deadline is None:
                self._deadline = self.loop.time() + self._hooks.idle_s
            return
        cycle: Any = self.pipeline.pop()[0]
        self._run(cycle)
        if not self.pipeline:
            self.flow.resume_reading()

    # ---------------------------------------------------------------------------------------------------------- refusals
    def _refuse(self, refusal: Refusal) -> None:
        """Answer with a refusal after what is being answered, then close; nothing more is read."""
        self._is_refused = True
        self._deadline = None
        if self.transport.is_closing():
            return
        if self._is_in_body:
            if self.cycle.response_complete:
                self.transport.close()
            else:
                self.cycle.refuse(refusal)
            return
        self._start(self._refused_cycle(refusal))

    def _refused_cycle(self, refusal: Refusal) -> _Cycle:
        """Make a request that is only refused, with as much of its path as has come."""
        if not self._is_in_head:  # not even the beginning of a request has come
            super().on_message_begin()
        path = self.url.partition(b"?")[0].decode("ascii", "replace")[:1_000]
        scope: Any = dict(self.scope)
        scope |= {"method": "GET", "path": path or "/", "raw_path": path.encode(), "query_string": b"", "headers": []}
        scope[REFUSAL] = refusal
        self.scope = scope
        self.expect_100_continue = False
        cycle = self._new_cycle(keep_alive=False)
        cycle.more_body = False
        return cycle


def _ignore() -> None:
    pass


class _Refused(Exception):
    """Ends the parsing; what was wrong is being answered."""


def _head_too_large() -> Invalid:
    reason = f"the head of a request has at most {MAX_HEAD_BYTES} bytes and {MAX_HEADERS} headers"
    return Invalid(Code.HEAD_TOO_LARGE, reason)


class _Sweeper:
    """Checks the deadlines of all connections of a server."""

    def __init__(self, connections: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._connections = connections
        self._loop = loop
        self._reported = float("-inf")
        loop.call_later(_CHECK_S, self._check)

    @classmethod
    def of(cls, server_state: Any, loop: asyncio.AbstractEventLoop) -> "_Sweeper":
        """Return the one of a server, which begins with its first connection."""
        found: _Sweeper | None = getattr(server_state, "crossdock_sweeper", None)
        if found is None:
            found = server_state.crossdock_sweeper = cls(server_state.connections, loop)
        return found

    def report_full(self, count: int) -> None:
        """Log that there are too many connections, once in a while."""
        now = self._loop.time()
        if now > self._reported + _REPORT_S:
            self._reported = now
            _log.warning("too many connections", count=count)

    def _check(self) -> None:
        now = self._loop.time()
        for connection in list(self._connections):
            try:
                connection.check_deadlines(now)
            except Exception:  # noqa: BLE001 - one connection must not keep the others from being checked
                _log.exception("bug")
                connection.transport.abort()
        self._loop.call_later(_CHECK_S, self._check)
