"""No page issues more statements for more orders: none asks the database once for each row."""

import asyncio
import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from crossdock.store import sqlite
from docs import sample_orders
from tests.web.console.page_list import PATHS
from tests.world import World

MOST = 30  # of one page, with the session
LISTS = tuple(path for path in PATHS if "{" not in path)
# What scripts of pages ask for again and again.
POLLED = (
    "/console/orders.json", "/console/order-changes?after=0", "/console/feed/new?after=0",
    "/console/order-rows?ids={held},{shipped}", "/console/order-by-number?number=WEB-2003",
)  # fmt: skip
MOST_POLLED = 12


# Work in the background, such as a task that runs every few seconds, is not a page's: it does not inherit this.
_seen_by_request: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("seen_by_request", default=None)


@contextlib.contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Collect the statements of the requests that are made meanwhile by this task."""
    seen: list[str] = []
    token = _seen_by_request.set(seen)
    with contextlib.ExitStack() as stack, monkeypatch.context() as patch:
        stack.callback(_seen_by_request.reset, token)
        for kind in (sqlite.SqliteTransaction,):
            for name in ("rows", "run"):
                original = getattr(kind, name)

                def called(self: Any, statement: Any, /, *, _original: Any = original, **values: Any) -> Any:
                    if (of_request := _seen_by_request.get()) is not None:
                        of_request.append(str(statement.expression)[:200])
                    return _original(self, statement, **values)

                patch.setattr(kind, name, called)
        yield seen


class InProcess(httpx.Client):
    """A client of the application in this process, for code in another thread."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        super().__init__()
        self._async, self._loop = http, asyncio.get_running_loop()

    def request(self, method: str, url: Any, **options: Any) -> httpx.Response:
        """Send a request in the thread of the application."""
        options["headers"] = {**self.headers, **(options.get("headers") or {})}
        known = {
            name: value for name, value in options.items() if name in ("headers", "json", "params", "content", "auth")
        }
        sent = asyncio.run_coroutine_threadsafe(self._async.request(method, url, **known), self._loop)
        return sent.result(30)


class Samples(sample_orders.Samples):
    """The sample orders, in a process that allows no webhooks to itself."""

    def _webhook(self) -> tuple[str, str]:
        webhook = self.post("/hub/v1/endpoints", {"url": "https://hooks.example.com/events", "name": "Warehouse"})["id"]
        return webhook, self.post(f"/hub/v1/endpoints/{webhook}/test", None)["id"]


async def signed_in(world: World) -> None:
    """Sign in to the demo."""
    fields = {"email": "demo@example.com", "password": "demo-password"}
    answer = await world.http.post("/console/sign-in", data=fields)
    assert answer.status_code == 303, answer.text[:500]


async def count_of(world: World, monkeypatch: pytest.MonkeyPatch, path: str) -> int:
    """Return the statements of a page that is loaded for the second time."""
    await world.http.get(path)
    with counted(monkeypatch) as seen:
        answer = await world.http.get(path)
    assert answer.status_code in (200, 303), (path, answer.status_code)
    return len(seen)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_every_page_of_the_sample_orders_takes_few_statements(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.context.access.delay_s = 3_600  # else a slow machine looks the person up again between two requests
    await world.demo_organization()
    client = InProcess(world.http)
    ids = await asyncio.to_thread(lambda: Samples("", client).fill())
    await signed_in(world)
    counts = {
        path: await count_of(world, monkeypatch, path.format(**ids))
        for path in (*PATHS, *POLLED, "/console/today.json")
    }
    assert {path: count for path, count in counts.items() if count > (MOST_POLLED if path in POLLED else MOST)} == {}
    csrf = (await world.http.get("/console/account")).text.split('data-csrf="')[1].split('"')[0]
    for version in ("1", "x" * 1_000):  # heartbeats, of which an open page sends one every five seconds
        with counted(monkeypatch) as seen:
            await world.http.post(f"/console/orders/{ids['held']}/presence", data={"csrf": csrf, "version": version})
        assert len(seen) <= MOST_POLLED


async def fill(world: World, headers: dict[str, str], first: int, count: int) -> None:
    for number in range(first, first + count):
        body = {"number": f"N-{number}", "lines": [{"sku": "A", "quantity": 1}]}
        made = await world.http.post("/hub/v1/orders", json=body, headers=headers)
        assert made.status_code == 201
        await world.http.post("/hub/v1/orders", json={"number": f"BAD-{number}"}, headers=headers)
        location = {"code": f"L{number}", "name": "x"}
        await world.http.post("/hub/v1/locations", json=location, headers=headers)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_page_of_many_rows_takes_as_many_statements_as_one_of_few(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.context.access.delay_s = 3_600  # else a slow machine looks the person up again between two requests
    headers = await world.bearer()
    await world.demo_organization()
    counts: list[dict[str, int]] = []
    for first, count in ((0, 3), (3, 17)):
        await fill(world, headers, first, count)
        await signed_in(world)
        found = {}
        for path in LISTS:
            await world.http.get(path)
            with counted(monkeypatch) as seen:
                answer = await world.http.get(path)
            assert answer.status_code in (200, 404), path  # 404: a page of the sample orders
            found[path] = len(seen)
        counts.append(found)
    assert counts[0] == counts[1]
    assert {path: count for path, count in counts[1].items() if count > MOST} == {}
