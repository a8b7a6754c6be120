"""A real HTTP server for delivery tests: it answers as its script says, well or badly, and records the requests.

async with Receiver() as receiver:
    receiver.script(answer(500), drop)      # the next two requests; then `receiver.default`
    ...
    assert receiver.got[0].headers["webhook-id"] == "evt_1"
"""

import asyncio
import contextlib
import gzip
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Self

from msgspec import Struct

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
# Seconds that the helpers wait for something; a test that reaches it fails.
PATIENCE_S = 20.0


class Got(Struct, frozen=True):
    """One request: `headers` by lower-case name, `pairs` as received, `connection` counted from 0."""

    method: str
    target: str
    headers: dict[str, str]
    pairs: tuple[tuple[str, str], ...]
    body: bytes
    connection: int


def answer(status: int = 200, body: bytes = b"", **headers: str) -> Answer:
    """Answer at once; `retry_after="5"` is the header Retry-After."""

    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(head(status, len(body), **headers) + body)

    return send


def head(status: int, length: int | None, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Something", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def redirect(to: str, status: int = 302) -> Answer:
    """Redirect the client."""
    return answer(status, b"over there", location=to)


def raw(data: bytes) -> Answer:
    """Send these bytes and close the connection."""

    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        writer.close()

    return send


def stall(data: bytes = b"") -> Answer:
    """Send the beginning of a response, or nothing, and then no more."""

    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.wait_closed()

    return send


def trickle(data: bytes = b"", byte: bytes = b"x") -> Answer:
    """Send the beginning of a response, then one byte after the other without end."""

    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        while not writer.is_closing():
            writer.write(byte)
            await writer.drain()
            await asyncio.sleep(0.01)

    return send


def endless(status: int = 200) -> Answer:
    """Send a response as fast as it is read, without end."""

    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(head(status, None))
        while not writer.is_closing():
            writer.write(b"e" * 65_536)
            await writer.drain()

    return send


def gzip_bomb(unpacked_bytes: int = 50_000_000) -> Answer:
    """Answer with a small body that decompresses to a very large one."""
    return answer(200, gzip.compress(bytes(unpacked_bytes)), content_encoding="gzip")


async def drop(writer: asyncio.StreamWriter) -> None:
    """Close the connection once the request is read."""
    writer.transport.abort()


async def drop_unread(writer: asyncio.StreamWriter) -> None:
    """Close the connection before the request is read."""
    writer.transport.abort()


class Receiver:
    """The server, on a free port of the loopback address. `tls` makes it speak TLS.

    `got` has the requests that were read completely, `connections` counts the opened connections.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.got: list[Got] = []
        self.connections = 0
        self.default: Answer = answer()
        self._script: deque[Answer] = deque()
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()

    def script(self, *answers: Answer) -> None:
        """Set the answers of the next requests, one each; after them `default` answers."""
        self._script.extend(answers)

    @property
    def url(self) -> str:
        """Its URL, with the path /hook."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/hook"

    def hang_up(self) -> None:
        """Close all connections; new ones are accepted."""
        for task in self._tasks:
            task.cancel()

    async def wait_for(self, count: int) -> list[Got]:
        """Wait for a number of requests, and return all that were received."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.got) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.got

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        connection, self.connections = self.connections, self.connections + 1
        # Canceled at the end of a test, or closed by the client at any time: neither needs a line on the console.
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while not writer.is_closing():
                await self._one(reader, writer, connection)
        self._tasks.discard(task)
        writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> None:
        if self._script and self._script[0] is drop_unread:
            await self._script.popleft()(writer)
            return
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
        method, target, _ = first.split(" ")
        pairs = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in lines))
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.got.append(Got(method, target, headers, pairs, body, connection))
        self._changed.set()
        await (self._script.popleft() if self._script else self.default)(writer)
        await writer.drain()
