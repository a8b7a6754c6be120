"""A mail server that costs as little as it can: `python -m bench.lean_mail` prints its port, and takes every mail."""

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import uvloop

from bench.servers import running

_ANSWERS = {b"EHLO": b"250-bench\r\n250 8BITMIME\r\n", b"HELO": b"250 bench\r\n", b"QUIT": b"221 bye\r\n"}


@contextmanager
def mail_server() -> Iterator[int]:
    """Run the mail server in a process of its own, and return its port."""
    with running("-m", "bench.lean_mail", out=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())


class Connection(asyncio.Protocol):
    """One connection, kept open; of a mail nothing is looked at but where it ends."""

    def __init__(self) -> None:
        self._buffer, self._is_data = b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's is one without saying so
        self._transport.write(b"220 bench\r\n")

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._buffer += data
        while True:
            line, end, rest = self._buffer.partition(b"\r\n.\r\n" if self._is_data else b"\r\n")
            if not end:
                return
            self._buffer = rest
            if self._is_data:
                self._is_data = False
                self._transport.write(b"250 taken\r\n")
                continue
            word = line[:4].upper()
            self._is_data = word == b"DATA"
            self._transport.write(b"354 go on\r\n" if self._is_data else _ANSWERS.get(word, b"250 ok\r\n"))
            if word == b"QUIT":
                self._transport.close()


async def main() -> None:
    """Serve until killed."""
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
