"""DNS resolver with threads of its own, so that a slow name server blocks neither other endpoints nor the program.

The event loop's own resolver shares very few threads (uvloop: four), and getaddrinfo cannot be canceled.
"""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from aiohttp.abc import AbstractResolver, ResolveResult

# Lookups at a time; a waiting thread costs little, and a stuck one is free again after the system's timeout of 10 to 30 s.
_THREADS = 32


class Resolver(AbstractResolver):
    """Resolves host names as the operating system does (hosts file, DNS), for aiohttp."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, "dns")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a host, best first; raises OSError where there is none."""
        lookup = partial(
            socket.getaddrinfo, host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
        )
        addresses = await asyncio.get_running_loop().run_in_executor(self._threads, lookup)
        return [
            ResolveResult(
                hostname=host, host=str(address[0]), port=port, family=kind, proto=protocol, flags=socket.AI_NUMERICHOST
            )
            for kind, _, protocol, _, address in addresses
        ]

    async def close(self) -> None:
        """Accept no more lookups; those under way end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)
