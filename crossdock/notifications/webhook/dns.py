"""Looks host names up in threads of its own, so that a slow name server keeps neither other endpoints nor the program waiting.

The event loop's own look-ups share very few threads (uvloop: four), and a look-up in the system's library cannot be ended.
"""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from aiohttp.abc import AbstractResolver, ResolveResult

# Look-ups at a time; a thread that waits costs little, and a stuck one is free again after the system's 10 to 30 s.
_THREADS = 32


class Resolver(AbstractResolver):
    """The system's way to resolve names (hosts file, DNS), for aiohttp."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, "names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Give the addresses of a host, best first; raises OSError where there is none."""
        look_up = partial(
            socket.getaddrinfo, host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
        )
        found = await asyncio.get_running_loop().run_in_executor(self._threads, look_up)
        return [
            ResolveResult(
                hostname=host, host=str(address[0]), port=port, family=kind, proto=protocol, flags=socket.AI_NUMERICHOST
            )
            for kind, _, protocol, _, address in found
        ]

    async def close(self) -> None:
        """Take no more names; look-ups under way end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)
