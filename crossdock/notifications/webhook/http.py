"""Sends one signed HTTP request and says what the attempt came to, whatever the receiver does.

Owns the connections. Nothing of a body, secret, header's value, path or query ever gets into an error or a representation.
"""

import asyncio
import os
import re
import ssl
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from functools import lru_cache
from socket import socket
from typing import Any
from weakref import WeakSet

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver
from msgspec import Struct
from multidict import CIMultiDict
from yarl import URL

from crossdock import __version__
from crossdock.core.retry_policy import ANSWER_BYTES, MAX_RETRY_AFTER_S, SECOND_US, Attempt, Verdict
from crossdock.notifications.webhook.dns import Resolver
from crossdock.notifications.webhook.signing import signature
from crossdock.notifications.webhook.ssrf import Forbidden, check_url, open_socket

METHODS = ("POST", "PUT", "PATCH", "GET", "DELETE")  # each with a body, since vendors let receivers ask for any
MAX_HEADERS = 20  # of an endpoint's own; servers take about a hundred in all
MAX_HEADERS_CHARS = 4_096  # names and values together; servers take 8 kB in all
# Ours, or the connection's: an endpoint's own headers must not change what is sent, how, or as whom.
RESERVED = frozenset(
    (
        "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "expect", "host",
        "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "user-agent",
    )
)  # fmt: skip
RESERVED_PREFIXES = ("webhook-", "proxy-")

# A receiver that cannot be connected to is given up earlier than one that takes its time to answer.
CONNECT_S = 5.0
# Many servers close an idle connection after 5 s; using one in that moment would fail.
_KEEP_ALIVE_S = 4.0
_NAMES_S = 10  # seconds for which what a name stands for is remembered; the guard checks it anyway
_URLS = 4_096  # URLs kept parsed: more than the endpoints of one server
_USER_AGENT = f"Crossdock/{__version__}"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE = re.compile(r"([!-~]([ \t!-~]*[!-~])?)?")


class Message(Struct, frozen=True):
    """What to send where. `headers` are the endpoint's own; `secrets` are all in force, the newest first.

    `timeout_s` is for everything: resolving, connecting, sending and being answered.
    """

    url: str
    message_id: str
    body: bytes
    content_type: str = "application/json"
    method: str = "POST"
    headers: tuple[tuple[str, str], ...] = ()
    secrets: tuple[str, ...] = ()
    timeout_s: float = 15.0

    def __repr__(self) -> str:
        """Show which message it is and nothing that is secret."""
        return f"Message({self.message_id!r}, {len(self.body)} bytes)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """See __repr__; msgspec's own would show tools all members."""
        return [("message_id", self.message_id)]


def check_headers(headers: tuple[tuple[str, str], ...]) -> str | None:
    """Say why these cannot be an endpoint's own headers, without repeating a value; None where they can."""
    if len(headers) > MAX_HEADERS:
        return f"there must be at most {MAX_HEADERS} headers"
    if sum(len(name) + len(value) for name, value in headers) > MAX_HEADERS_CHARS:
        return f"the headers must have at most {MAX_HEADERS_CHARS:,} characters together"
    seen = set()
    for name, value in headers:
        lower = name.lower()
        if not _TOKEN.fullmatch(name):
            return "a header's name must be 1 to 100 letters, digits or hyphens"
        if lower in RESERVED or lower.startswith(RESERVED_PREFIXES):
            return f"the header {name} is set by Crossdock"
        if not _VALUE.fullmatch(value):
            return f"the value of the header {name} must be visible ASCII characters, with spaces only between them"
        if lower in seen:
            return f"the header {name} is there twice"
        seen.add(lower)
    return None


class Webhooks:
    """Sends messages over connections that are kept open for a short while. Make and close it in a running event loop.

    `clock` gives microseconds since 1970 UTC. At most `connections` requests are under way; more wait, and their time begins
    when it is their turn. `resolver` and `tls` replace the system's own, for tests and for private certificate authorities.
    """

    def __init__(
        self,
        *,
        private_allowed: bool,
        clock: Callable[[], int],
        connections: int = 256,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._private_allowed = private_allowed
        self._clock = clock
        self._connections = connections
        self._turns = asyncio.Semaphore(connections)
        self._sockets: WeakSet[socket] = WeakSet()
        self._resolver = resolver or Resolver()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,  # the semaphore limits, without eating into a message's time
                keepalive_timeout=_KEEP_ALIVE_S,
                ttl_dns_cache=_NAMES_S,
                resolver=self._resolver,
                ssl=tls or True,
                socket_factory=self._open_socket,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_S),
            auto_decompress=False,
            trust_env=False,
        )

    async def send(self, message: Message) -> Attempt:
        """Send a message once; never raises but for cancellation. Redirects are not followed."""
        async with self._turns:
            at, began = self._clock(), time.perf_counter()
            try:
                attempt = await self._send(message, at)
            except Exception as error:  # noqa: BLE001 - an attempt that failed is a result, whatever the reason
                attempt = Attempt(at, 0, Verdict.FAILED, error=_reason(error, message))
            return msgspec.structs.replace(attempt, took_ms=int((time.perf_counter() - began) * 1000))

    async def close(self) -> None:
        """Close all connections; call it when nothing is being sent any more."""
        await self._session.close()
        await self._resolver.close()

    async def _send(self, message: Message, at: int) -> Attempt:
        """Send and be answered in time; raises whatever kept the answer's status from coming."""
        try:
            url, headers = self._request(message, at // SECOND_US)
        except ValueError as error:
            return Attempt(at, 0, Verdict.FAILED, error=str(error))
        response, kept, broke_off = None, bytearray(), None
        try:
            async with asyncio.timeout(message.timeout_s):
                response = await self._session.request(
                    message.method, url, data=message.body, headers=headers, allow_redirects=False
                )
                while len(kept) < ANSWER_BYTES and not response.content.at_eof():
                    kept += await response.content.read(ANSWER_BYTES - len(kept))
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            if response is None:
                raise
            broke_off = "the answer was not finished" + (" in time" if isinstance(error, TimeoutError) else "")
        finally:
            if response is not None:
                response.release()  # keeps the connection where the answer is complete, else closes it
        return _judged(at, response, _text(response, kept), broke_off)

    def _request(self, message: Message, timestamp_s: int) -> tuple[URL, CIMultiDict[str]]:
        """Give URL and headers of a message; raises ValueError with a reason that names no secret."""
        url = _parsed(message.url, self._private_allowed)
        if message.method not in METHODS:
            raise ValueError(f"the method must be one of {', '.join(METHODS)}")
        if message.headers:
            _checked(message.headers)
        headers = CIMultiDict(message.headers)
        headers["User-Agent"] = _USER_AGENT
        headers["Content-Type"] = message.content_type
        headers["Accept-Encoding"] = "identity"
        headers["webhook-id"] = message.message_id
        headers["webhook-timestamp"] = str(timestamp_s)
        if message.secrets:
            headers["webhook-signature"] = signature(message.message_id, timestamp_s, message.body, message.secrets)
        if len(self._sockets) >= 2 * self._connections:
            # So many are idle that each new one would come nearer to the limit of open files.
            headers["Connection"] = "close"
        return url, headers

    def _open_socket(self, info: aiohttp.AddrInfoType) -> socket:
        opened = open_socket(info, private_allowed=self._private_allowed)
        self._sockets.add(opened)
        return opened


@lru_cache(_URLS)
def _parsed(url: str, private_allowed: bool) -> URL:
    if reason := check_url(url, private_allowed):
        raise ValueError(reason)
    # Sent as it is written, because a query may be signed; what is not ASCII has to be spelled in it.
    return URL(url, encoded=url.isascii())


@lru_cache(_URLS)
def _checked(headers: tuple[tuple[str, str], ...]) -> None:
    if reason := check_headers(headers):
        raise ValueError(reason)


def _text(response: aiohttp.ClientResponse, kept: bytearray) -> str:
    """Give the beginning of an answer on one line and without control characters."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        return ""  # nobody asked for it, and nobody unpacks it
    text = kept.decode(errors="replace")
    if text.isprintable():
        return text
    return "".join(char for char in " ".join(text.split()) if char.isprintable())


def _judged(at: int, response: aiohttp.ClientResponse, answer: str, broke_off: str | None) -> Attempt:
    """Say what an answer means. Its status decides, though its body may have broken off."""
    status, wait_s = response.status, None
    if 200 <= status < 300:
        return Attempt(at, 0, Verdict.DELIVERED, status, answer, broke_off)
    if status in (429, 503):
        wait_s = _retry_after_s(response.headers.get("Retry-After", "").strip(), at)
    reason = f"answered {status}"
    if 300 <= status < 400:
        reason += "; redirects are not followed"
    return Attempt(at, 0, Verdict.GONE if status == 410 else Verdict.FAILED, status, answer, reason, wait_s)


def _retry_after_s(value: str, now: int) -> float | None:
    """Read a Retry-After header, seconds or a date, as seconds from `now` (microseconds); None for neither."""
    if value.isascii() and value.isdigit():
        return min(float(value), MAX_RETRY_AFTER_S)
    try:
        due = parsedate_to_datetime(value)
        return min(max(due.timestamp() - now / SECOND_US, 0.0), MAX_RETRY_AFTER_S)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _reason(error: Exception, message: Message) -> str:
    """Say why there is no answer. Texts of exceptions are avoided: aiohttp's show the whole URL, or what was received."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return f"no connection within {min(CONNECT_S, message.timeout_s):g} s"
        case aiohttp.ClientConnectorDNSError():
            return f"the host's name could not be resolved: {error.os_error.strerror or 'no answer'}"
        case aiohttp.ClientConnectorCertificateError():
            return f"the certificate was refused: {getattr(error.certificate_error, 'verify_message', 'invalid')}"
        case aiohttp.ClientConnectorSSLError():
            return f"TLS failed: {getattr(error.os_error, 'reason', None) or 'handshake'}"
        case aiohttp.ClientConnectorError(os_error=Forbidden() as forbidden):
            return str(forbidden)
        case aiohttp.ClientConnectorError(os_error=OSError(errno=int(number))):
            return f"no connection: {os.strerror(number)}"
        case aiohttp.ClientConnectorError():
            return "no connection"
        case aiohttp.ClientResponseError():
            return "the answer is not HTTP"
        case TimeoutError():
            return f"no answer within {message.timeout_s:g} s"
        case aiohttp.ClientConnectionError() | aiohttp.ClientPayloadError() | OSError():
            return "the connection was closed before an answer came"
        case _:
            return f"the request could not be made ({type(error).__name__})"
