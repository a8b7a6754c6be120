"""A receiver of webhooks that costs as little as it can: `python -m bench.lean` prints the port it was given, and serves.

It answers every POST with 204, or with 200 and the JSON body given as its argument. A GET is answered with how many POSTs
there were.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import httptools
import uvloop

from bench.servers import running


@contextmanager
def receiving(*body: str) -> Iterator[str]:
    """Run the receiver in a process of its own, and return its address; it answers with 204, or with a body if there is one."""
    with running("-m", "bench.lean", *body, out=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/hook"


class Receiver:
    """What all connections share: the answer to a POST, and how many there were."""

    def __init__(self, body: bytes | None) -> None:
        self.answer = b"HTTP/1.1 204 No Content\r\n\r\n" if body is None else _ok(b"application/json", body)
        self.posts = 0


def _ok(media_type: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n%b" % (media_type, len(body), body)


class Connection(asyncio.Protocol):
    """One connection, kept open; nothing of a request is looked at but its method and where it ends."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's is one without saying so
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """See httptools."""
        if self._parser.get_method() == b"POST":
            self._receiver.posts += 1
            self._transport.write(self._receiver.answer)
        else:
            self._transport.write(_ok(b"text/plain", b"%d" % self._receiver.posts))


async def main() -> None:
    """Serve until killed."""
    receiver = Receiver(sys.argv[1].encode() if len(sys.argv) > 1 else None)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(receiver), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
