"""One side of bench.slices: the application of the code on the path, in this process, taking 64 orders a line of input.

Answers each line with the nanoseconds of processor time they took. Needs nothing of `bench` that the other code may lack.
"""

import asyncio
import gc
import json
import sys
import tempfile
import time
from typing import Any

import httpx
import uvloop

from crossdock import app, demo
from crossdock.doors import all_doors
from crossdock.settings import load
from crossdock.web import logs

AT_ONCE = 64


async def main() -> None:
    """Take orders until the input ends."""
    target = json.loads(sys.argv[1])
    logs.configure("info")
    with tempfile.TemporaryDirectory() as folder:
        settings = load({}, database=f"sqlite:///{folder}/slice.db")
        # Former names of both, so that earlier commits can be measured too.
        tune = getattr(app, "tune_garbage_collector", None) or getattr(app, "calm_collector")  # noqa: B009
        opened = getattr(app, "open_context", None) or getattr(app, "open_book")  # noqa: B009
        async with opened(settings) as context:
            await demo.ensure(context, all_doors())
            site = app.site(context)
            token = await signed_in(site)
            gc.collect()
            tune()
            print("ready", flush=True)
            first = 0
            for _ in sys.stdin:
                refused: list[int] = []
                began = time.process_time_ns()
                await asyncio.gather(*(post(site, target, token, first + place, refused) for place in range(AT_ONCE)))
                spent = time.process_time_ns() - began
                first += AT_ONCE
                assert not refused, refused
                print(spent, flush=True)


async def signed_in(site: Any) -> str:
    """Return a token of the demo client; the hub's is good for every door."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url="http://slice") as http:
        answer = await http.post("/hub/v1/token", auth=("demo", "demo-secret"))
    token: str = answer.json()["access_token"]
    return token


async def post(site: Any, target: dict[str, str], token: str, number: int, refused: list[int]) -> None:
    """Send one order straight into the application, as a server would."""
    body = target["body"].replace(target["number"], f"n{number}").encode()
    given = {
        "authorization": f"Bearer {token}",
        "content-type": "application/json",
        "content-length": str(len(body)),
        "x-pb-transactionid": f"t{number}",
    }
    if target["door"] == "fabric":
        given["x-site-context"] = '{"account":"62272e917b12209e68751d94"}'

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start" and message["status"] >= 300:
            refused.append(message["status"])

    scope = {
        "type": "http", "method": "POST", "path": target["path"], "raw_path": target["path"].encode(), "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()], "http_version": "1.1",
        "scheme": "http", "root_path": "", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
    }  # fmt: skip
    await site(scope, receive, send)


if __name__ == "__main__":
    uvloop.run(main())
