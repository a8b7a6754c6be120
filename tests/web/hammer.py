"""Hammers a server from a process of its own: creates and lists of one client over many connections, as fast as it answers.

python -m tests.web.hammer PORT TOKEN CONNECTIONS
"""

import asyncio
import json
import sys
from itertools import count

from tests.vendors import VENDORS

NUMBERS = count()


async def hammer(port: int, token: str) -> None:
    """Send one request after another over a connection, for ever."""
    vendor = VENDORS["hub"]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while True:
        body = json.dumps(vendor.body(f"HAMMER-{next(NUMBERS)}")).encode()
        for line, sent in ((f"POST {vendor.create}", body), ("GET /hub/v1/orders?limit=100", b"")):
            head = f"{line} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Length: {len(sent)}\r\n\r\n"
            writer.write(head.encode() + sent)
            answer = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(answer.partition(b"content-length: ")[2].split(b"\r\n")[0]))


async def main(port: int, token: str, connections: int) -> None:
    await asyncio.gather(*(hammer(port, token) for _ in range(connections)))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
