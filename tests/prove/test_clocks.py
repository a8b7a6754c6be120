"""A clock that jumps by a year and an hour, both ways: orders are taken at all times, and nothing waits for the wrong time."""

import asyncio
import json
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.notifications.receiver import Receiver, answer
from tests.prove.clients import Clients
from tests.prove.faults import HOUR_S, YEAR_S, Faults, needs_compiler

# A retry after some seconds, which is a year away where the clock was ahead when the attempt failed.
WAITS = {
    "crossdock.core.retry_policy:RETRY_DELAYS_S": [0, 1, 1, 1, 1, 1, 1, 1, 1],
    "crossdock.notifications.worker:_PRUNE_S": 0.3,
}
SLACK_S = 300  # between the true time and that of a new order
PATIENCE_S = 30.0

pytestmark = needs_compiler


async def test_a_clock_that_jumps_both_ways_stops_neither_orders_nor_deliveries(
    sqlite_template: Path, tmp_path: Path
) -> None:
    database = f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'crossdock.db')}"
    faults = Faults(tmp_path)
    settings: dict[str, Any] = {
        "module": "tests.shortened_waits", "test_hurry": json.dumps(WAITS), "webhook_private_allowed": "true",
        "worker_interval_s": 0.05,
    }  # fmt: skip
    server = faults.server(database, **settings)
    async with Receiver() as receiver:
        await asyncio.to_thread(server.__enter__)
        try:
            clients = await asyncio.to_thread(Clients, server)
            endpoint = {"url": receiver.url, "types": ["*"]}
            made = await asyncio.to_thread(clients.http.post, "/hub/v1/endpoints", json=endpoint)
            assert made.status_code == 201
            for clock_s in (YEAR_S, 0, -YEAR_S, 0, HOUR_S, 0, -HOUR_S, 0):
                receiver.default = answer(500 if abs(clock_s) == YEAR_S else 200)
                faults.set(clock_s=clock_s)
                await asyncio.to_thread(_work, clients, clock_s)
                if abs(clock_s) == YEAR_S:
                    await receiver.wait_for(len(receiver.got) + 1)
                else:
                    await _until_delivered(clients)
        finally:
            await asyncio.to_thread(server.__exit__, None, None, None)
    await asyncio.to_thread(clients.check_stored, database)


def _work(clients: Clients, clock_s: int) -> None:
    """Sign in as after any refused token, create orders, read and change one, follow the feed, use the console."""
    clients.sign_in()
    clients.create_everywhere()
    created = clients.new_order("hub").json()
    shown = clients.http.get(f"/hub/v1/orders/{created['id']}").raise_for_status().json()
    ahead_s = datetime.fromisoformat(shown["created_at"]).timestamp() - datetime.now(UTC).timestamp()
    # A clock that is set back by an hour is waited for; what it says is taken again when it has caught up.
    assert abs(ahead_s - clock_s) < HOUR_S + SLACK_S, f"the clock is {clock_s} s ahead, the order {ahead_s} s"
    noted = clients.http.post(f"/hub/v1/orders/{created['id']}/note", json={"text": "x"})
    assert noted.status_code == 200, noted.text
    newest = clients.http.get("/hub/v1/events?limit=1").raise_for_status().json()
    assert newest["items"]
    assert clients.console.get(f"/console/orders/{created['id']}").status_code == 200
    assert clients.http.get("/health/ready").status_code == 200


async def _until_delivered(clients: Clients) -> None:
    """Wait until no delivery is open, those too that failed while the clock was wrong."""
    give_up = time.monotonic() + PATIENCE_S
    while True:
        metrics = (await asyncio.to_thread(clients.http.get, "/metrics")).text
        waiting = [line for line in metrics.splitlines() if line.startswith("crossdock_deliveries{")]
        if all(line.endswith(" 0") for line in waiting if "dead" not in line):
            return
        assert time.monotonic() < give_up, waiting
        await asyncio.sleep(0.1)
