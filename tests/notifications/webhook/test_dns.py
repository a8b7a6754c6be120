"""Names are looked up apart from everything else."""

import asyncio
import socket
import threading
from typing import Any

import pytest

from crossdock.notifications.webhook.dns import Resolver
from tests.notifications.receiver import PATIENCE_S


class TestNames:
    async def test_are_resolved_to_addresses(self) -> None:
        names = Resolver()
        found = await names.resolve("localhost", 8080, socket.AF_INET)
        await names.close()
        assert [(each["host"], each["port"], each["family"]) for each in found] == [("127.0.0.1", 8080, socket.AF_INET)]

    async def test_that_do_not_exist_are_an_error(self) -> None:
        names = Resolver()
        with pytest.raises(OSError, match=r"."):
            await names.resolve("nowhere.invalid")
        await names.close()

    async def test_that_are_slow_hold_up_no_others(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real, go_on = socket.getaddrinfo, threading.Event()

        def look_up(host: str, *rest: Any, **more: Any) -> Any:
            if host.startswith("slow"):
                go_on.wait(PATIENCE_S)
                raise socket.gaierror("slow")
            return real(host, *rest, **more)

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        names = Resolver()
        slow = [asyncio.create_task(names.resolve(f"slow{number}.example")) for number in range(16)]
        try:
            async with asyncio.timeout(PATIENCE_S):
                assert await names.resolve("localhost", 1)
            assert not any(each.done() for each in slow)
        finally:
            go_on.set()
            await asyncio.gather(*slow, return_exceptions=True)
            await names.close()
