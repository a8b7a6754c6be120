"""Metrics of what the database holds, and of a worker process."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from prometheus_client.mmap_dict import MmapedDict, mmap_key

from crossdock import __version__
from crossdock.core import retry_policy
from crossdock.flows import installation
from crossdock.web import metrics
from tests.notifications.processes import Work, worker_processes
from tests.notifications.receiver import Receiver, answer
from tests.notifications.world import ALLOWED, create, endpoint, eventually, wait_until_ended, working
from tests.server import free_port
from tests.world import World

pytestmark = pytest.mark.parametrize("context", [ALLOWED], indirect=True)


def value(text: str, name: str, **labels: str) -> float:
    """Return the value of a metric with these labels; 0 where there is none."""
    for line in text.splitlines():
        found = re.fullmatch(rf"{name}\{{(.*)\}} (\S+)", line)
        if found and all(f'{label}="{expected}"' in found[1] for label, expected in labels.items()):
            return float(found[2])
    return 0


async def test_deliveries_are_counted_by_state_with_the_age_of_the_oldest_and_the_lag(world: World) -> None:
    await endpoint(world, "http://127.0.0.1:9/")
    for number in range(3):
        await create(world, f"A-{number}")
    text = (await world.http.get("/metrics")).text
    assert value(text, "crossdock_build_info", version=__version__) == 1
    assert value(text, "crossdock_feed_lag_events", kind="webhook") == 3
    assert value(text, "crossdock_deliveries", kind="webhook", state="pending") == 0
    async with Receiver() as receiver:
        receiver.default = answer(500)
        made = await endpoint(world, receiver, from_start=True)
        async with working(world.context):
            await receiver.wait_for(3)

            async def are_claimed() -> bool:
                text = (await world.http.get("/metrics")).text
                return value(text, "crossdock_deliveries", kind="webhook", state="pending") == 6

            await eventually(are_claimed)
        receiver.default = answer(410)
    text = (await world.http.get("/metrics")).text
    assert 0 < value(text, "crossdock_oldest_open_delivery_seconds", kind="webhook") < 60
    assert value(text, "crossdock_feed_lag_events", kind="webhook") == 0
    assert value(text, "crossdock_deliveries", kind="webhook", state="dead") == 0
    assert made.endpoint_id


async def test_attempts_are_counted_by_outcome(world: World) -> None:
    async with Receiver() as receiver:
        made = await endpoint(world, receiver)
        labels = {"kind": "webhook", "outcome": "delivered"}
        before = value((await world.http.get("/metrics")).text, "crossdock_delivery_attempts_total", **labels)
        async with working(world.context):
            for number in range(3):
                await create(world, f"A-{number}")
            await wait_until_ended(world, made, 3)
        after = value((await world.http.get("/metrics")).text, "crossdock_delivery_attempts_total", **labels)
    assert after - before == 3


async def test_submissions_are_counted_by_door_and_outcome_and_orders_by_status(world: World) -> None:
    async def counted() -> list[float]:
        text = (await world.http.get("/metrics")).text
        outcomes = ("accepted", "replayed", "refused")
        found = [value(text, "crossdock_submissions_total", door="hub", outcome=each) for each in outcomes]
        return [*found, value(text, "crossdock_orders", door="hub", status="open")]

    before = await counted()
    for _ in range(2):
        await create(world, "A-1")
    await world.http.post("/hub/v1/orders", json={"number": "A-2"}, headers=await world.bearer())
    assert [now - then for now, then in zip(await counted(), before, strict=True)] == [1, 1, 1, 1]


async def test_dead_letters_and_the_delay_of_deliveries_are_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def counted() -> list[float]:
        text = (await world.http.get("/metrics")).text
        names = ("crossdock_dead_letters_total", "crossdock_delivery_delay_seconds_count")
        return [value(text, name, kind="webhook") for name in names]

    monkeypatch.setattr(retry_policy, "RETRY_DELAYS_S", (0,))  # the first failure is the last
    before = await counted()
    async with Receiver() as receiver:
        made = await endpoint(world, receiver)
        async with working(world.context):
            await create(world, "A-1")
            await wait_until_ended(world, made, 1)
            assert await value_of(world, "crossdock_worker_running") == 1
            assert await value_of(world, "crossdock_worker_last_poll_timestamp_seconds") > 1_700_000_000
            receiver.default = answer(500)
            await create(world, "A-2")
            await wait_until_ended(world, made, 2)
    assert await value_of(world, "crossdock_worker_running") == 0
    assert [now - then for now, then in zip(await counted(), before, strict=True)] == [1, 1]


async def value_of(world: World, name: str) -> float:
    """Return the value of a metric without labels."""
    (found,) = re.findall(rf"^{name} (\S+)$", (await world.http.get("/metrics")).text, re.MULTILINE)
    return float(found)


async def test_the_time_of_the_last_backup_and_the_faults_of_the_last_verification_are_shown(world: World) -> None:
    assert await value_of(world, "crossdock_last_backup_timestamp_seconds") == 0
    await installation.record(world.context, installation.BACKED_UP)
    await installation.record(world.context, installation.VERIFIED, faults=3)
    assert await value_of(world, "crossdock_last_backup_timestamp_seconds") > 1_700_000_000
    assert await value_of(world, "crossdock_last_verification_faults") == 3


def test_a_gauge_of_a_process_that_was_killed_no_longer_counts(
    context: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for pid in (os.getpid(), ended.pid):
        values = MmapedDict(str(tmp_path / f"gauge_livesum_{pid}.db"))
        values.write_value(mmap_key("crossdock_intake_waiting", "crossdock_intake_waiting", (), (), "help"), 7.0, 0.0)
        values.close()
    body, _ = metrics.exposition(None, now=0)
    assert b"crossdock_intake_waiting 7.0" in body
    assert b"crossdock_database_up 0" in body


async def test_a_worker_process_serves_health_checks_and_metrics_and_stops_at_a_signal(
    world: World, database: str
) -> None:
    port = free_port()
    async with Receiver() as receiver, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        made = await endpoint(world, receiver)
        with worker_processes() as workers:
            workers.append(Work(database, {}, work_port=port))
            await workers[0].is_working()
            await create(world, "A-1")
            await wait_until_ended(world, made, 1)
            assert (await http.get("/health/live")).status_code == 200
            assert (await http.get("/health/ready")).status_code == 200
            text = (await http.get("/metrics")).text
            assert value(text, "crossdock_delivery_attempts_total", kind="webhook", outcome="delivered") == 1
            assert (await http.get("/hub/v1/orders")).status_code == 404
            assert await asyncio.wait_for(workers[0].stop(), 20) == 0
