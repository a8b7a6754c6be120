"""One side of bench.slices: the application of the code on the path, in this process, on a new SQLite database.

An empty line of input takes 64 orders; a line with a page (method, path and body as JSON) reads it 30 times. The answer is the
nanoseconds of processor time. Needs nothing of `bench` that the other code may lack.
"""

import asyncio
import gc
import json
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvloop

from crossdock import app, demo
from crossdock.doors import all_doors
from crossdock.settings import load
from crossdock.web import logs

AT_ONCE = 64
READS = 30


async def main() -> None:
    """Take orders, or read pages, until the input ends."""
    argument = json.loads(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        async with started_app(folder) as site:
            token = await signed_in(site)
            ids = await create_orders(site, token, argument["targets"], argument["orders"])
            gc.collect()
            print("ready", flush=True)
            for turn, line in enumerate(sys.stdin):
                slice_of = read_slice if line.strip() else create_slice
                print(await slice_of(site, token, argument["targets"], line, ids, turn), flush=True)


async def create_slice(site: Any, token: str, targets: Any, line: str, ids: Any, turn: int) -> int:
    """Create 64 orders at once."""
    began = time.process_time_ns()
    creates = (create(site, targets[0], token, turn * AT_ONCE + each) for each in range(AT_ONCE))
    answers = await asyncio.gather(*creates)
    spent = time.process_time_ns() - began
    assert max(status for status, _ in answers) < 300, answers
    return spent


async def read_slice(site: Any, token: str, targets: Any, line: str, ids: list[str], turn: int) -> int:
    """Read a page 30 times; `{id}` in its path is another order's id each time."""
    method, path, body = json.loads(line)
    paths = [path.replace("{id}", ids[(turn * READS + each) * 7 % len(ids)]) for each in range(READS)]
    began = time.process_time_ns()
    for each in paths:
        status, answer = await request(site, method, each, token, body=body.encode())
        assert status == 200, (each, status, answer[:300])
    return time.process_time_ns() - began


async def create_orders(site: Any, token: str, targets: Any, count: int) -> list[str]:
    """Create orders through every door in turn, tag a third of the hub's, and return the hub's ids."""
    ids: list[str] = []
    for number in range(count):
        for target in targets:
            status, answer = await create(site, target, token, number)
            assert status < 300, answer[:300]
            if target["door"] == "hub":
                ids.append(re.search(rb'"id":"(\w+)"', answer)[1].decode())  # type: ignore[index]
    for each in ids[::3]:
        await request(site, "POST", f"/hub/v1/orders/{each}/tag", token, body=b'{"add": ["x"]}')
    return ids


@asynccontextmanager
async def started_app(folder: str) -> AsyncIterator[Any]:
    """Open a new database with the demo in a folder, and give the ASGI application over it."""
    logs.configure("info")
    settings = load({}, database=f"sqlite:///{folder}/slice.db")
    # Former names of both, so that earlier commits can be measured too.
    tune = getattr(app, "tune_garbage_collector", None) or getattr(app, "calm_collector")  # noqa: B009
    opened = getattr(app, "open_context", None) or getattr(app, "open_book")  # noqa: B009
    async with opened(settings) as context:
        await demo.ensure(context, all_doors())
        tune()
        yield app.site(context)


async def signed_in(site: Any) -> str:
    """Return a token of the demo client; the hub's is good for every door."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url="http://slice") as http:
        answer = await http.post("/hub/v1/token", auth=("demo", "demo-secret"))
    token: str = answer.json()["access_token"]
    return token


async def create(site: Any, target: dict[str, str], token: str, number: int) -> tuple[int, bytes]:
    """Create one order; returns status and body."""
    body = target["body"].replace(target["number"], f"n{number}").encode()
    return await request(site, "POST", target["path"], token, body=body, number=number)


async def request(
    site: Any, method: str, path: str, token: str, *, body: bytes = b"", number: int = 0
) -> tuple[int, bytes]:
    """Send one request straight into the application, as a server would; returns status and body."""
    path, _, query = path.partition("?")
    headers = {
        "authorization": f"Bearer {token}",
        "content-type": "application/json",
        "content-length": str(len(body)),
        "x-pb-transactionid": f"t{number}",
    }
    if path.startswith("/api/v2/"):
        headers["x-site-context"] = '{"account":"62272e917b12209e68751d94"}'
    status, parts = 0, []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message.get("body", b""))

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()], "http_version": "1.1",
        "scheme": "http", "root_path": "", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
    }  # fmt: skip
    await site(scope, receive, send)
    return status, b"".join(parts)


if __name__ == "__main__":
    uvloop.run(main())
