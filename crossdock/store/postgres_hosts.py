"""Connect to the one of several PostgreSQL hosts that takes writes: a primary, or the standby that took its place.

asyncpg tries the hosts of a URL too, but under one limit of time for all: a host that is silent, as one without power is,
would use it up each time, and the others would never be tried.
"""

from typing import Any
from urllib.parse import parse_qs, unquote

import asyncpg

from crossdock.core.database_url import split_url

# Errors after which another host may do: nobody listens, no answer, it starts or stops, it is full, it is a standby.
_NEXT_HOST = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.InternalClientError,
    asyncpg.TooManyConnectionsError,
)
_PORT = "5432"
_WRITABLE = "read-write"


class Unreachable(ConnectionError):
    """No host could be used; `causes` are the errors, and the text names each host with its own."""

    def __init__(self, causes: dict[str, Exception]) -> None:
        super().__init__("; ".join(f"{host}: {_text(error)}" for host, error in causes.items()))
        self.causes = tuple(causes.values())


class Hosts:
    """The hosts that a database URL names, in its order; `limit_s` is the time that an attempt at one host may take.

    `wait_s` is how long callers wait for a connection, where that is limited: several hosts share it. The host that served
    last is tried first. Where there are several, a standby is passed over unless the URL has a `target_session_attrs`.
    """

    def __init__(self, dsn: str, *, limit_s: float, wait_s: float | None = None) -> None:
        self._hosts = _hosts_of(dsn)
        count = len(self._hosts)
        self._limit_s = min(limit_s, wait_s / count) if wait_s is not None and count > 1 else limit_s
        self._first = 0
        self._is_chosen = "target_session_attrs" in parse_qs(split_url(dsn)[2])

    @property
    def current(self) -> str:
        """Name the host that served last, or would be tried first."""
        return _name(*self._hosts[self._first])

    async def connect(self, dsn: str, **arguments: Any) -> Any:
        """Connect to the first host that can be used.

        Raises Unreachable where there are several and none can be used; of a single host what asyncpg raises, where it is
        silent a TimeoutError that names it.
        """
        if len(self._hosts) == 1:
            return await self._connect_to(0, dsn, arguments)
        if not self._is_chosen:
            arguments["target_session_attrs"] = _WRITABLE
        dsn = _without_hosts(dsn)
        causes: dict[str, Exception] = {}
        start = self._first
        for position in ((start + step) % len(self._hosts) for step in range(len(self._hosts))):
            host, port = self._hosts[position]
            # Already now: where the caller's own limit ends this attempt, the next one begins with another host.
            self._first = (position + 1) % len(self._hosts)
            try:
                connection = await self._connect_to(position, dsn, arguments | {"host": host, "port": int(port)})
            except _NEXT_HOST as error:
                if isinstance(error, ValueError):  # asyncpg's ClientConfigurationError
                    raise
                causes[_name(host, port)] = error
            else:
                self._first = position
                return connection
        raise Unreachable(causes)

    async def _connect_to(self, position: int, dsn: str, arguments: dict[str, Any]) -> Any:
        try:
            return await asyncpg.connect(dsn, timeout=self._limit_s, **arguments)
        except TimeoutError as error:
            name = _name(*self._hosts[position])
            raise TimeoutError(f"{name} did not answer within {self._limit_s:g} s") from error


def _text(error: Exception) -> str:
    # asyncpg's text speaks of all hosts.
    if isinstance(error, asyncpg.TargetServerAttributeNotMatched) and _WRITABLE in str(error):
        return "it is a standby, or read-only"
    return f"{type(error).__name__}: {error}"


def _name(host: str, port: str) -> str:
    if not host:
        return "the default host"  # a socket, or what PGHOST says
    if host.startswith("/") or not port.isdigit():  # an unreadable port may be part of a password with a slash in it
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _hosts_of(dsn: str) -> list[tuple[str, str]]:
    """Return host and port of each host that a URL names, as libpq reads it: before the path, or as parameters."""
    authority, _, text = split_url(dsn)
    query = {name: values[-1] for name, values in parse_qs(text).items()}
    named = authority.rpartition("@")[2]
    given = [_split(unquote(each)) for each in (named or query.get("host", "")).split(",")]
    ports = [each for each in query.get("port", "").split(",") if each]
    if len(ports) == 1:
        ports *= len(given)
    return [
        (host or ("localhost" if len(given) > 1 else ""), ports[position] if position < len(ports) else port or _PORT)
        for position, (host, port) in enumerate(given)
    ]


def _without_hosts(dsn: str) -> str:
    """Return a URL without the hosts before its path: asyncpg cannot parse several with an IPv6 address among them."""
    authority, path, query = split_url(dsn)
    user, at, _ = authority.rpartition("@")
    return f"{dsn.partition('://')[0]}://{user}{at}{path}{'?' if query else ''}{query}"


def _split(text: str) -> tuple[str, str]:
    if text.startswith("/"):
        return text, ""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, rest.removeprefix(":")
    host, _, port = text.partition(":")
    return host, port
