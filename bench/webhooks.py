"""What telling one receiver costs: `python -m bench.webhooks`, the figures of docs/decisions/0008-telling-others.md.

POSTs of 4 kB, 64 in flight, to a lean receiver (`bench/lean.py`) in a process of its own on the same machine. Each client
is measured in rounds, one after the other, and the best round counts: the machine's other work only ever makes a round worse.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

import aiohttp
import httpx
import uvloop

from bench import figures
from bench.figures import Figures, Table
from bench.lean import receiving
from crossdock.notifications.webhook.http import Message, Webhooks
from crossdock.notifications.webhook.signing import Scheme, make_secret, signature

BODY = b'{"order":"' + b"x" * 4_084 + b'"}'
IN_FLIGHT = 64
HMAC, ED25519 = make_secret(Scheme.HMAC), make_secret(Scheme.ED25519)

Post = Callable[[int], Awaitable[None]]


def signed(number: int) -> dict[str, str]:
    """Return the headers of a delivery, for clients that are not ours."""
    now = int(time.time())
    return {
        "Content-Type": "application/json",
        "webhook-id": f"evt_{number}",
        "webhook-timestamp": str(now),
        "webhook-signature": signature(f"evt_{number}", now, BODY, [HMAC]),
    }


async def measure(post: Post, count: int) -> tuple[float, float]:
    """Return posts a second, and microseconds of this process's processor time for each."""

    async def work(numbers: range) -> None:
        for number in numbers:
            await post(number)

    async def run(total: int) -> None:
        await asyncio.gather(*(work(range(first, total, IN_FLIGHT)) for first in range(IN_FLIGHT)))

    await run(count // 10)
    processor, clock = time.process_time(), time.perf_counter()
    await run(count)
    return count / (time.perf_counter() - clock), (time.process_time() - processor) / count * 1e6


async def compare(url: str, count: int, rounds: int) -> Table:
    """Measure all clients in turn; print and return the best round of each."""
    limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
    x = httpx.AsyncClient(trust_env=False, limits=limits)
    bare = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
    ours = Webhooks(private_allowed=True, clock=lambda: time.time_ns() // 1000)

    async def by_httpx(number: int) -> None:
        (await x.post(url, content=BODY, headers=signed(number))).raise_for_status()

    async def by_aiohttp(number: int) -> None:
        async with bare.post(url, data=BODY, headers=signed(number), raise_for_status=True) as response:
            await response.read()

    def by_ours(secret: str) -> Post:
        async def post(number: int) -> None:
            attempt = await ours.send(Message(url, f"evt_{number}", BODY, secrets=(secret,)))
            assert attempt.status == 200, attempt.error

        return post

    clients = {
        "httpx": by_httpx, "aiohttp": by_aiohttp, "Webhooks, v1": by_ours(HMAC), "Webhooks, v1a": by_ours(ED25519),
    }  # fmt: skip
    best = dict.fromkeys(clients, (0.0, float("inf")))
    for _ in range(rounds):
        for name, post in clients.items():
            rate, processor = await measure(post, count // 10 if name == "httpx" else count)
            best[name] = max(best[name][0], rate), min(best[name][1], processor)
    for name, (rate, processor) in best.items():
        print(f"{name:15} {rate:7,.0f}/s  {processor:6,.0f} µs of processor time each")
    await asyncio.gather(x.aclose(), bare.close(), ours.close())
    return Table(["client", "requests/s", "processor µs"], [[name, *figures_of] for name, figures_of in best.items()])


def main() -> None:
    """Run the receiver beside the clients."""
    options = argparse.ArgumentParser(prog="bench.webhooks")
    options.add_argument("--count", type=int, default=5_000, help="posts a round; httpx sends a tenth of them")
    options.add_argument("--rounds", type=int, default=5)
    figures.add_option(options)
    given = options.parse_args()
    run = figures.begin("bench.webhooks", sys.argv[1:])
    with receiving('{"ok":true}') as url:
        table = uvloop.run(compare(url, given.count, given.rounds))
    figures.write(given.figures, "webhooks", Figures(run, {"clients": table}))


if __name__ == "__main__":
    main()
