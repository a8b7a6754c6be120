"""A receiver of webhooks that costs as little as it can: `python -m bench.lean PORT` answers every POST with 204.

A GET is answered with how many POSTs there were, and how many connections.
"""

import asyncio
import sys

import httptools
import uvloop

_DONE = b"HTTP/1.1 204 No Content\r\n\r\n"
_posts = 0
_connections = 0


class Lean(asyncio.Protocol):
    """One connection, kept open; nothing of a request is looked at but where it ends."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        global _connections  # noqa: PLW0603 - one process, one count
        _connections += 1
        self._transport = transport
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """See httptools."""
        global _posts  # noqa: PLW0603 - one process, one count
        if self._parser.get_method() == b"POST":
            _posts += 1
            self._transport.write(_DONE)  # type: ignore[attr-defined]
            return
        told = b"%d %d" % (_posts, _connections)
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(told), told))  # type: ignore[attr-defined]


async def main() -> None:
    """Serve until killed."""
    server = await asyncio.get_running_loop().create_server(Lean, "127.0.0.1", int(sys.argv[1]), backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
