"""HTTP client of webhooks: sends one signed request and returns the outcome, whatever the receiver does.

Owns the connections. Errors and representations never contain a body, secret, header value, path or query.
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
from crossdock.flows import tracing
from crossdock.notifications.webhook.dns import Resolver
from crossdock.notifications.webhook.signing import signature
from crossdock.notifications.webhook.ssrf import Forbidden, check_url, open_socket

METHODS = ("POST", "PUT", "PATCH", "GET", "DELETE")  # each with a body: vendors let receivers choose any of them
MAX_HEADERS = 20  # custom headers of an endpoint; servers accept about a hundred in all
MAX_HEADERS_CHARS = 4_096  # names and values together; servers accept 8 kB in all
# Set by Crossdock or by the connection: an endpoint's custom headers must not change what is sent, how, or as whom.
RESERVED = frozenset(
    (
        "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "expect", "host",
        "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "user-agent",
    )
)  # fmt: skip
RESERVED_PREFIXES = ("webhook-", "proxy-")

# Connect timeout, seconds; shorter than the timeout for a response, which may take long for good reasons.
CONNECT_S = 5.0
# Many servers close an idle connection after 5 s; a request on it at that moment would fail.
_KEEP_ALIVE_S = 4.0
_DNS_CACHE_S = 10  # each cached address is checked again when a connection opens
_URL_CACHE = 4_096  # parsed URLs in the cache: more than the endpoints of one server
_USER_AGENT = f"Crossdock/{__version__}"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_HEADER_VALUE = re.compile(r"([!-~]([ \t!-~]*[!-~])?)?")


class Message(Struct, frozen=True):
    """One request. `headers` are the endpoint's custom ones; `secrets` are all those in force, the newest first.

    `timeout_s` covers everything: resolving, connecting, sending and the response.
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
        """Show the message id and nothing secret."""
        return f"Message({self.message_id!r}, {len(self.body)} bytes)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """As __repr__; msgspec's own would show all members."""
        return [("message_id", self.message_id)]


def check_headers(headers: tuple[tuple[str, str], ...]) -> str | None:
    """Return why these cannot be custom headers of an endpoint, without repeating a value; None if they can."""
    if len(headers) > MAX_HEADERS:
        return f"there must be at most {MAX_HEADERS} headers"
    if sum(len(name) + len(value) for name, value in headers) > MAX_HEADERS_CHARS:
        return f"the headers must have at most {MAX_HEADERS_CHARS:,} characters together"
    names = set()
    for name, value in headers:
        lower = name.lower()
        if not _TOKEN.fullmatch(name):
            return "a header's name must be 1 to 100 letters, digits or hyphens"
        if lower in RESERVED or lower.startswith(RESERVED_PREFIXES):
            return f"the header {name} is set by Crossdock"
        if not _HEADER_VALUE.fullmatch(value):
            return f"the value of the header {name} must be visible ASCII characters, with spaces only between them"
        if lower in names:
            return f"the header {name} is given twice"
        names.add(lower)
    return None


class Webhooks:
    """Sends messages over connections that are reused for a short time. Create and close it in a running event loop.

    `clock` returns microseconds since 1970 UTC. At most `connections` requests are in flight; the timeout of others begins
    when one of them ends. `resolver` and `tls` replace the system's own, for tests and private certificate authorities.
    """

    def __init__(
        self,
        *,
        private_allowed: bool,
        loopback_allowed: bool = False,
        clock: Callable[[], int],
        connections: int = 256,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._private_allowed = private_allowed
        self._loopback_allowed = loopback_allowed
        self._clock = clock
        self.connections = connections
        self._slots = asyncio.Semaphore(connections)
        self._sockets: WeakSet[socket] = WeakSet()
        self._resolver = resolver or Resolver()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,  # the semaphore limits; waiting for it is no part of a message's timeout
                keepalive_timeout=_KEEP_ALIVE_S,
                ttl_dns_cache=_DNS_CACHE_S,
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
        """Send a message once; raises nothing but a cancellation. Redirects are not followed."""
        async with self._slots:
            at, began = self._clock(), time.perf_counter()
            try:
                attempt = await self._send(message, at)
            except Exception as error:  # noqa: BLE001 - whatever the reason, the outcome is a failed attempt
                attempt = Attempt(at, 0, Verdict.FAILED, error=_reason(error, message))
            return msgspec.structs.replace(attempt, took_ms=int((time.perf_counter() - began) * 1000))

    async def close(self) -> None:
        """Close all connections; call it when nothing is in flight."""
        await self._session.close()
        await self._resolver.close()

    async def _send(self, message: Message, at: int) -> Attempt:
        """Send, and read the response within the timeout; raises if no status was received."""
        try:
            url, headers = self._request(message, at // SECOND_US)
        except ValueError as error:
            return Attempt(at, 0, Verdict.FAILED, error=str(error))
        response, body, incomplete = None, bytearray(), None
        try:
            async with asyncio.timeout(message.timeout_s):
                response = await self._session.request(
                    message.method, url, data=message.body, headers=headers, allow_redirects=False
                )
                while len(body) < ANSWER_BYTES and not response.content.at_eof():
                    body += await response.content.read(ANSWER_BYTES - len(body))
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            if response is None:
                raise
            incomplete = "the answer was not finished" + (" in time" if isinstance(error, TimeoutError) else "")
        finally:
            if response is not None:
                response.release()  # reuses the connection if the response is complete, else closes it
        return _outcome(at, response, _excerpt(response, body), incomplete)

    def _request(self, message: Message, timestamp_s: int) -> tuple[URL, CIMultiDict[str]]:
        """Build URL and headers of a message; raises ValueError with a reason that contains no secret."""
        url = _parse_url(message.url, self._private_allowed, self._loopback_allowed)
        if message.method not in METHODS:
            raise ValueError(f"the method must be one of {', '.join(METHODS)}")
        if message.headers:
            _ensure_headers(message.headers)
        headers = CIMultiDict(message.headers)
        headers.update(tracing.headers())
        headers["User-Agent"] = _USER_AGENT
        headers["Content-Type"] = message.content_type
        headers["Accept-Encoding"] = "identity"
        headers["webhook-id"] = message.message_id
        headers["webhook-timestamp"] = str(timestamp_s)
        if message.secrets:
            headers["webhook-signature"] = signature(message.message_id, timestamp_s, message.body, message.secrets)
        if len(self._sockets) >= 2 * self.connections:
            # So many are idle that more of them would approach the limit of open files.
            headers["Connection"] = "close"
        return url, headers

    def _open_socket(self, info: aiohttp.AddrInfoType) -> socket:
        opened = open_socket(info, private_allowed=self._private_allowed, loopback_allowed=self._loopback_allowed)
        self._sockets.add(opened)
        return opened


@lru_cache(_URL_CACHE)
def _parse_url(url: str, private_allowed: bool, loopback_allowed: bool) -> URL:
    if reason := check_url(url, private_allowed, loopback_allowed):
        raise ValueError(reason)
    # Sent unchanged if it is ASCII, because a query may be signed; anything else must be percent-encoded.
    return URL(url, encoded=url.isascii())


@lru_cache(_URL_CACHE)
def _ensure_headers(headers: tuple[tuple[str, str], ...]) -> None:
    if reason := check_headers(headers):
        raise ValueError(reason)


def _excerpt(response: aiohttp.ClientResponse, body: bytearray) -> str:
    """Return the beginning of a response as one line without control characters."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        return ""  # it was not asked for, and is not decompressed
    text = body.decode(errors="replace")
    if text.isprintable():
        return text
    return "".join(char for char in " ".join(text.split()) if char.isprintable())


def _outcome(at: int, response: aiohttp.ClientResponse, answer: str, incomplete: str | None) -> Attempt:
    """Return the outcome of a response. Its status decides, even if the body is incomplete."""
    status, retry_after_s = response.status, None
    if 200 <= status < 300:
        return Attempt(at, 0, Verdict.DELIVERED, status, answer, incomplete)
    if status in (429, 503):
        retry_after_s = _parse_retry_after(response.headers.get("Retry-After", "").strip(), at)
    reason = f"answered {status}"
    if 300 <= status < 400:
        reason += "; redirects are not followed"
    return Attempt(at, 0, Verdict.GONE if status == 410 else Verdict.FAILED, status, answer, reason, retry_after_s)


def _parse_retry_after(value: str, now: int) -> float | None:
    """Parse a Retry-After header, seconds or a date, as seconds from `now` (microseconds); None for neither."""
    if value.isascii() and value.isdigit():
        return min(float(value), MAX_RETRY_AFTER_S)
    try:
        due = parsedate_to_datetime(value)
        return min(max(due.timestamp() - now / SECOND_US, 0.0), MAX_RETRY_AFTER_S)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _reason(error: Exception, message: Message) -> str:
    """Return why there is no response. Texts of exceptions are avoided: aiohttp's show the URL or what was received."""
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
