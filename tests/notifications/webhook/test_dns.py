"""Host names are resolved in threads of their own."""

import asyncio
import socket
import threading
from typing import Any

import pytest

from crossdock.notifications.webhook.dns import Resolver
from tests.notifications.receiver import PATIENCE_S


class TestResolver:
    async def test_a_name_is_resolved_to_addresses(self) -> None:
        resolver = Resolver()
        addresses = await resolver.resolve("localhost", 8080, socket.AF_INET)
        await resolver.close()
        assert [(each["host"], each["port"], each["family"]) for each in addresses] == [
            ("127.0.0.1", 8080, socket.AF_INET)
        ]

    async def test_a_name_that_does_not_exist_is_an_error(self) -> None:
        resolver = Resolver()
        with pytest.raises(OSError, match=r"."):
            await resolver.resolve("nowhere.invalid")
        await resolver.close()

    async def test_a_slow_name_server_does_not_block_other_names(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real, release = socket.getaddrinfo, threading.Event()

        def lookup(host: str, *rest: Any, **more: Any) -> Any:
            if host.startswith("slow"):
                release.wait(PATIENCE_S)
                raise socket.gaierror("slow")
            return real(host, *rest, **more)

        monkeypatch.setattr(socket, "getaddrinfo", lookup)
        resolver = Resolver()
        slow = [asyncio.create_task(resolver.resolve(f"slow{number}.example")) for number in range(16)]
        try:
            async with asyncio.timeout(PATIENCE_S):
                assert await resolver.resolve("localhost", 1)
            assert not any(each.done() for each in slow)
        finally:
            release.set()
            await asyncio.gather(*slow, return_exceptions=True)
            await resolver.close()
