"""A server is killed at random moments under load: what it acknowledged is there exactly once, and it starts again fast."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from email import message_from_bytes
from functools import partial
from typing import Any, NamedTuple

import httpx
import msgspec
import psutil
import pytest
from sqlalchemy import select

from crossdock import app
from crossdock.core.subscription import message_id
from crossdock.flows import verification
from crossdock.flows.context import Context
from crossdock.notifications.email.mime import message_id_of
from crossdock.settings import load
from crossdock.store.protocols import Statement
from crossdock.store.tables import delivery, endpoint, event, feed, orders, stock_level, submission
from tests.notifications.email.mailserver import Counting, Inbox, serving
from tests.notifications.processes import RETRY_DELAYS
from tests.notifications.receiver import Receiver
from tests.prove.mixed_load import LOCATION, MARK, SKU, Load
from tests.server import ROOT, Server
from tests.shortened_waits import HURRY
from tests.slowness import slowness
from tests.vendors import VENDORS, bearer

START_LIMIT_S = 2.0
# Every so many starts, one in an interpreter of its own, as an operator's are; the others are forked from a loaded one.
PLAIN_EVERY = 10
# Far more than one life takes. Where a machine is so slow that a run reaches its bound, fewer kills are made.
LIFE_S = 5.0
ANSWERS_MOST = 80
SENDER = "shop@example.com"
# Short waits for what the dead had claimed.
WAITS = {
    "crossdock.core.retry_policy:RETRY_DELAYS_S": RETRY_DELAYS,
    "crossdock.core.retry_policy:BREAKER_FIRST_S": 1,
    "crossdock.core.retry_policy:BREAKER_LAST_S": 1,
    "crossdock.flows.deliveries:LEASE_S": 4,
    "crossdock.notifications.worker:_TAKEOVER_S": 0.1,
}
STALLED_S = 60.0


class Life(NamedTuple):
    """How long a server took to be ready, what that took of a core, and whether it had an interpreter of its own."""

    start_s: float
    processor_s: float
    is_plain: bool


class Surroundings(NamedTuple):
    """What the servers of a run deliver to."""

    receiver: Receiver
    inbox: Inbox
    settings: dict[str, Any]


@asynccontextmanager
async def surroundings() -> AsyncIterator[Surroundings]:
    """Run a webhook receiver and a mail server, which live as long as the run."""
    inbox = Inbox()
    async with Receiver() as receiver, serving(partial(Counting, inbox, hostname="mail.test")) as port:
        settings = {
            "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none", "mail_sender": SENDER, "worker_interval_s": 0.05,
            "webhook_private_allowed": "true", "test_hurry": json.dumps(WAITS), "allocation_interval_s": 0.2,
        }  # fmt: skip
        assert HURRY == "CROSSDOCK_TEST_HURRY"
        yield Surroundings(receiver, inbox, settings)


def _plain(module: str, *arguments: str, output: int, errors: int, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a process in an interpreter of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
        start_new_session=True,
    )  # fmt: skip


class Run:
    """Lives and deaths of servers on one database."""

    def __init__(self, database: str, around: Surroundings, luck: random.Random) -> None:
        self.load = Load(luck)
        self.lives: list[Life] = []
        self.token: dict[str, str] = {}
        self._database, self._around, self._luck = database, around, luck

    def _server(self, *, is_plain: bool = False) -> Server:
        start = {"start": _plain} if is_plain else {}
        return Server(self._database, module="tests.shortened_waits", **start, **self._around.settings)

    async def _start(self, *, is_plain: bool) -> Server:
        began = time.monotonic()
        server = self._server(is_plain=is_plain)
        await asyncio.to_thread(server.__enter__)
        start_s, used = time.monotonic() - began, psutil.Process(server.process.pid).cpu_times()
        self.lives.append(Life(start_s, used.user + used.system, is_plain))
        return server

    async def prepare(self) -> None:
        """Add the webhook endpoint, a location and stock."""
        server = await self._start(is_plain=False)
        self.token = await asyncio.to_thread(bearer, server.base)
        async with httpx.AsyncClient(base_url=server.base, headers=self.token, timeout=30) as http:
            for path, body in (
                ("/hub/v1/endpoints", {"url": self._around.receiver.url, "types": ["*"]}),
                ("/hub/v1/locations", {"code": LOCATION, "name": "Vancouver"}),
                ("/hub/v1/stock/receive", {"items": [{"sku": SKU, "location": LOCATION, "quantity": 20}]}),
            ):
                (await http.post(path, json=body)).raise_for_status()
        server.kill()

    async def kill(self, kills: int, *, limit_s: float) -> int:
        """Kill servers under load, some while they start; return how many."""
        give_up = time.monotonic() + limit_s
        for done in range(kills):
            if time.monotonic() > give_up:
                return done
            if self._luck.random() < 0.1:
                server = self._server()
                await asyncio.sleep(self._luck.uniform(0, 0.3))
                server.kill()
                continue
            server = await self._start(is_plain=done % PLAIN_EVERY == PLAIN_EVERY - 1 and kills > 2 * PLAIN_EVERY)
            is_over = asyncio.Event()
            loading = asyncio.create_task(self.load.run(server.base, self.token, until=is_over))
            await self._wait_for_a_moment(loading)
            server.kill()
            is_over.set()
            await loading
        return kills

    async def load_while(self, doing: Callable[[], Awaitable[None]]) -> None:
        """Send requests to one server while something happens to what it works with; it must live."""
        server = await self._start(is_plain=False)
        is_over = asyncio.Event()
        loading = asyncio.create_task(self.load.run(server.base, self.token, until=is_over))
        await doing()
        is_over.set()
        await loading
        await asyncio.to_thread(server.__exit__, None, None, None)

    async def _wait_for_a_moment(self, loading: asyncio.Task[None]) -> None:
        """Wait for a number of answers, so that slow machines get as far, and then any part of a request's time."""
        target = self.load.record.answers + self._luck.randint(0, ANSWERS_MOST)
        with suppress(TimeoutError):
            async with asyncio.timeout(LIFE_S):
                while self.load.record.answers < target and not loading.done():  # noqa: ASYNC110 - counted by many tasks
                    await asyncio.sleep(0.002)
        await asyncio.sleep(self._luck.uniform(0, 0.02))

    async def finish(self) -> None:
        """Let a last server answer what is open and deliver everything, and stop it; its answers are checked, too."""
        server = await self._start(is_plain=False)
        await self.load.settle(server.base, self.token)
        async with app.open_context(load({}, database=self._database)) as context:
            await _wait_until_delivered(context)
        await self._check_ids(server)
        await asyncio.to_thread(server.__exit__, None, None, None)
        assert server.process.poll() == -signal.SIGTERM  # uvicorn raises the signal again after its shutdown

    async def _check_ids(self, server: Server) -> None:
        """Check that the ids in acknowledged answers lead to their orders; of each door the last."""
        async with httpx.AsyncClient(base_url=server.base, headers=self.token, timeout=30) as http:
            for door, vendor in VENDORS.items():
                of_door = [(number, sent) for (each, number), sent in self.load.record.created.items() if each == door]
                for number, answer in of_door[-25:]:
                    path = vendor.read(msgspec.json.decode(answer))
                    shown = await http.get(path, headers=vendor.headers(f"read-{number}"))
                    assert shown.status_code == 200, shown.text
                    assert number in shown.text


_DELIVERIES = Statement(select(delivery.c.state, delivery.c.attempts, delivery.c.ended_at))
_BEHIND = Statement(
    select(endpoint.c.endpoint_id)
    .join(feed, feed.c.organization_id == endpoint.c.organization_id)
    .where(endpoint.c.state == "enabled", endpoint.c.position < feed.c.position)
)
_EVENTS = Statement(
    select(event.c.event_id, event.c.name, event.c.payload, event.c.aggregate_id, event.c.number).order_by(
        event.c.position
    )
)
_ORDERS = Statement(
    select(orders.c.door, orders.c.number_key, submission.c.reply, orders.c.order_id).join(
        submission,
        (submission.c.organization_id == orders.c.organization_id)
        & (submission.c.submission_id == orders.c.submission_id),
    )
)
_LEVELS = Statement(select(stock_level.c.on_hand, stock_level.c.allocated))


async def _wait_until_delivered(context: Context) -> None:
    """Wait until every event of the feed has been read and all deliveries have ended, as long as there is progress."""
    before, since = (0, 0), time.monotonic()
    quiet = 0
    while quiet < 3:
        async with context.store.reading() as tx:
            rows, unread = await tx.rows(_DELIVERIES), await tx.rows(_BEHIND)
        ended = sum(row["ended_at"] is not None for row in rows)
        is_done = not unread and ended == len(rows)
        quiet = quiet + 1 if is_done and (ended, len(rows)) == before else 0
        if (ended, len(rows)) != before:
            before, since = (ended, len(rows)), time.monotonic()
        assert time.monotonic() - since < STALLED_S, f"{ended} of {len(rows)} deliveries ended, and no progress"
        await asyncio.sleep(0.15)


async def check(database: str, run: Run, around: Surroundings) -> None:
    """Check what is stored and what arrived against what the clients know."""
    async with app.open_context(load({}, database=database)) as context:
        assert (await verification.verify(context)).broken == ()
        async with context.store.reading() as tx:
            events, stored = await tx.rows(_EVENTS), await tx.rows(_ORDERS)
            levels = await tx.rows(_LEVELS)
            dead = [row for row in await tx.rows(_DELIVERIES) if row["state"] == "dead"]
    record = run.load.record
    assert dead == []
    _check_creates(record.created, stored)
    _check_changes(record.changes, events)
    _check_webhooks(around.receiver, events)
    _check_mails(around.inbox, {row["order_id"] for row in stored if row["door"] == "hub"}, events)
    assert all(0 <= row["allocated"] <= row["on_hand"] for row in levels)
    assert any(row["allocated"] for row in levels)


def _check_creates(created: dict[tuple[str, str], bytes], stored: Any) -> None:
    """Every acknowledged order is there once, with the answer that was given; no order is there that nobody sent."""
    assert set(Counter((row["door"], row["number_key"]) for row in stored).values()) == {1}
    replies = {(row["door"], row["number_key"]): bytes(row["reply"]) for row in stored}
    assert {key: replies.get(key) for key in created} == created
    unanswered = replies.keys() - created.keys()
    assert len(unanswered) == 0, unanswered  # each client sent its open order again at the end


def _check_changes(changes: Any, events: Any) -> None:
    """Every acknowledged change is one event, every other one none, or at most one where its client cannot know."""
    marked = Counter(
        (row["name"], mark.decode()) for row in events for mark in set(MARK.findall(bytes(row["payload"])))
    )
    for change in changes:
        assert marked[change.event, change.mark] in change.times, change
    assert len({change.event for change in changes if change.outcome == "done"}) > 4


def _check_webhooks(receiver: Receiver, events: Any) -> None:
    """Every event arrived, and each time under the same id."""
    arrived = Counter(got.headers["webhook-id"] for got in receiver.got)
    sent = {message_id(row["event_id"]) for row in events}
    assert sent <= arrived.keys()
    bodies: dict[str, bytes] = {}
    for got in receiver.got:
        assert bodies.setdefault(got.headers["webhook-id"], got.body) == got.body


def _check_mails(inbox: Inbox, of_orders: set[int], events: Any) -> None:
    """The customer of every order got the mail of its receipt; repeats are the same mail."""
    mails: dict[str, set[bytes]] = {}
    for _, _, raw in inbox.mails:
        mails.setdefault(str(message_from_bytes(raw)["Message-ID"]), set()).add(raw)
    assert {len(raws) for raws in mails.values()} == {1}
    received = [row for row in events if row["name"] == "order.received" and row["aggregate_id"] in of_orders]
    assert {message_id_of(row["event_id"], SENDER) for row in received} <= mails.keys()


def _contention() -> float:
    """Return how many times longer than on a free core work takes now: the core is slower, or others use it."""
    return slowness() * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


@pytest.mark.parametrize(
    ("kills", "limit_s"), [(12, 9.0), pytest.param(500, 500 * LIFE_S, marks=pytest.mark.prove)], ids=["short", "long"]
)
async def test_a_server_killed_at_random_moments_loses_and_repeats_nothing(
    database: str, engine: str, kills: int, limit_s: float
) -> None:
    seed = int(os.environ.get("CROSSDOCK_TEST_SEED", "17"))
    async with surroundings() as around:
        run = Run(database, around, random.Random(seed))
        await run.prepare()
        done = await run.kill(kills, limit_s=limit_s)
        await run.finish()
        await check(database, run, around)
    outcomes = Counter(f"{change.event} {change.outcome}" for change in run.load.record.changes)
    print(  # noqa: T201 - the figures of the proof
        f"{engine}, seed {seed}: {done} kills, {len(run.load.record.created)} orders, {dict(sorted(outcomes.items()))}, "
        f"{len(around.receiver.got)} webhooks, {len(around.inbox.mails)} mails; {_starts(run.lives)}"
    )
    assert done >= min(kills, 3)
    # What a start does with a database that was left in the middle of a write. To load the program takes as long as always; of
    # starts in interpreters of their own, the fastest is the one that others disturbed least.
    assert max(life.processor_s for life in run.lives if not life.is_plain) < START_LIMIT_S * slowness()
    for is_plain in {life.is_plain for life in run.lives}:
        fastest_s = min(life.start_s for life in run.lives if life.is_plain == is_plain)
        assert fastest_s < START_LIMIT_S * _contention()


def _starts(lives: list[Life]) -> str:
    """Describe the slowest starts."""
    parts = []
    for name, is_plain in (("forked", False), ("in an interpreter of its own", True)):
        if some := [life for life in lives if life.is_plain == is_plain]:
            times = sorted(life.start_s for life in some)
            parts.append(
                f"{len(some)} starts {name}: median {times[len(times) // 2]:.2f} s, slowest {times[-1]:.2f} s, "
                f"most of a core {max(life.processor_s for life in some):.2f} s"
            )
    return "; ".join(parts)
