"""docs/webhooks.md: its receiver runs as printed, and its numbers are those of the code."""

import asyncio
import re
import socket
import sys
import time
from pathlib import Path

import httpx
import msgspec
import pytest

from crossdock.core.retry_policy import (
    ANSWER_BYTES,
    BREAKER_FAILURES,
    BREAKER_FIRST_S,
    BREAKER_LAST_S,
    JITTER,
    RETRY_DELAYS_S,
    Verdict,
)
from crossdock.notifications.webhook.http import CONNECT_S, MAX_HEADERS, Message, Webhooks
from crossdock.notifications.webhook.signing import Scheme, make_secret, signature
from crossdock.notifications.webhook.ssrf import MAX_URL
from tests.notifications.receiver import PATIENCE_S

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
UNITS = {"s": 1, "min": 60, "h": 3_600}


def event(number: int) -> bytes:
    return msgspec.json.encode(
        {"type": "order.tagged", "number": number, "order_id": "ord_1", "status": "received", "order": {}}
    )


async def tampered(port: int, secret: str) -> int:
    """Send a body other than the signed one; return the status of the answer."""
    now = int(time.time())
    headers = {
        "webhook-id": "evt_0", "webhook-timestamp": str(now), "webhook-signature": signature("evt_0", now, event(8), [secret]),
    }  # fmt: skip
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.post(f"http://127.0.0.1:{port}/", headers=headers, content=event(9))).status_code


async def reachable(port: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


class TestReceiver:
    async def test_the_receiver_of_the_page_follows_the_rules_of_the_page(self) -> None:
        (program,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
        assert len([line for line in program.splitlines() if line]) <= 20
        secret = make_secret(Scheme.HMAC)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, env={"WEBHOOK_SECRET": secret, "PORT": str(port)},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        sender = Webhooks(private_allowed=True, clock=lambda: time.time_ns() // 1000)
        late = Webhooks(private_allowed=True, clock=lambda: (time.time_ns() - 600 * 10**9) // 1000)

        async def sent(message_id: str, number: int, by: Webhooks = sender, with_secret: str = secret) -> int | None:
            message = Message(f"http://127.0.0.1:{port}/", message_id, event(number), secrets=(with_secret,))
            attempt = await by.send(message)
            assert attempt.verdict is (Verdict.DELIVERED if attempt.status == 204 else Verdict.FAILED)
            return attempt.status

        try:
            await reachable(port)
            assert await sent("evt_1", 1) == 204
            assert await sent("evt_0", 9, with_secret=make_secret(Scheme.HMAC)) == 400
            assert await tampered(port, secret) == 400
            assert await sent("evt_0", 9, by=late) == 400  # replayed
            assert await sent("evt_3", 3) == 204
            assert await sent("evt_3", 3) == 204  # a repeat
            assert await sent("evt_2", 2) == 204  # redelivered late
            assert await sent("evt_4", 4) == 204
        finally:
            await sender.close()
            await late.close()
            process.kill()
            output, _ = await process.communicate()
        assert [int(line.split()[1]) for line in output.decode().splitlines()] == [1, 3, 4]


class TestNumbers:
    def test_the_retry_delays_of_the_page_are_those_of_the_code(self) -> None:
        rows = re.findall(r"^\| (\d+) \| (?:(\d+) (s|min|h)|at once) \|$", PAGE, flags=re.MULTILINE)
        assert [int(number) for number, _, _ in rows] == list(range(1, len(RETRY_DELAYS_S) + 1))
        assert [int(wait) * UNITS[unit] if wait else 0 for _, wait, unit in rows] == list(RETRY_DELAYS_S)

    @pytest.mark.parametrize(
        "words",
        [
            f"fails {BREAKER_FAILURES} times in a row",
            f"for {BREAKER_FIRST_S} s",
            f"up to {BREAKER_LAST_S // 60} min",
            f"first {ANSWER_BYTES} bytes",
            f"at most {MAX_URL:,} characters",
            f"Up to {MAX_HEADERS} headers",
            f"after {CONNECT_S:g} seconds",
            f"after {Message('', '', b'').timeout_s:g} seconds",
        ],
    )
    def test_the_numbers_of_the_page_are_those_of_the_code(self, words: str) -> None:
        assert words in " ".join(PAGE.split())

    def test_the_jitter_is_a_fifth(self) -> None:
        assert JITTER == 1 / 5
