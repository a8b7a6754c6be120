"""Clients of a server that may die at any moment: what they send, what was acknowledged, and what they do not know.

Each client does what a careful one does: a request without an answer is sent again, to the next server, before the next one.
Every change carries a mark of its own, which is found again in the events: so a change that happened twice is seen.
"""

import asyncio
import random
import re
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

import httpx
from msgspec import Struct, field

from tests.vendors import VENDORS, Vendor

MARK = re.compile(rb"mark-\d{6}")
LOCATION, SKU = "160", "SKU-RED-M"
# Answers that end a request without an effect: the order's status or version forbids it, or there is nothing to change.
REFUSED = (400, 409, 412, 422)
_PAUSE_S = 0.02


class Change(Struct):
    """A change under way: `event` is the name of the event that it makes, `mark` stands in that event.

    `outcome` is "done" or "refused" as the server said, None as long as it has not.
    """

    mark: str
    event: str
    send: Callable[[httpx.AsyncClient], Any]
    is_idempotent: bool = True
    outcome: str | None = None
    sent: int = 0

    @property
    def times(self) -> tuple[int, ...]:
        """How often it may have happened. What was refused when it was sent again may have happened the first time."""
        if self.outcome == "done":
            return (1,)
        is_known = self.outcome == "refused" and (self.is_idempotent or self.sent == 1)
        return (0,) if is_known else (0, 1)


class Record(Struct):
    """What the clients know."""

    # By door and number: what answered the create.
    created: dict[tuple[str, str], bytes] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    hub_ids: list[str] = field(default_factory=list)
    answers: int = 0
    busy: int = 0


class Load:
    """The clients of one installation over the lives of its servers."""

    def __init__(self, luck: random.Random) -> None:
        self.record = Record()
        self._luck = luck
        self._marks = count(1)
        self._clients: list[Callable[[httpx.AsyncClient], Any]] = [
            *(Creates(self.record, vendor, luck).next for vendor in VENDORS.values()),
            Changes(self._new_hub_change).next,
            Changes(self._new_hub_change).next,
            Changes(self._new_console_change).next,
        ]

    async def run(self, base: str, token: dict[str, str], *, until: asyncio.Event) -> None:
        """Send requests until the server is gone, or `until` is set."""
        async with _http(base, token) as http:
            with _gone():
                await _sign_in(http)
            await asyncio.gather(*(self._run_client(each, http, until) for each in self._clients))

    async def _run_client(
        self, client: Callable[[httpx.AsyncClient], Any], http: httpx.AsyncClient, until: Any
    ) -> None:
        with _gone():
            while not until.is_set():
                await client(http)
                self.record.answers += 1

    async def settle(self, base: str, token: dict[str, str]) -> None:
        """Send again what has no answer yet, to a server that lives."""
        async with _http(base, token) as http:
            await _sign_in(http)
            for each in self._clients:
                await each(http)

    # ------------------------------------------------------------------------------------------------------ changes
    def _new(self, event: str, send: Callable[[str, httpx.AsyncClient], Any], *, is_idempotent: bool = True) -> Change:
        mark = f"mark-{next(self._marks):06}"
        change = Change(mark, event, lambda http: send(mark, http), is_idempotent)
        self.record.changes.append(change)
        return change

    def _new_hub_change(self) -> Change | None:
        if not self.record.hub_ids:
            return None
        order_id = self._luck.choice(self.record.hub_ids[-20:])
        of_order = f"/hub/v1/orders/{order_id}"
        verbs: list[tuple[str, str, Callable[[str], Any]]] = [
            ("order.held", f"{of_order}/hold", lambda mark: {"holds": [{"reason": mark}]}),
            ("order.released", f"{of_order}/release", lambda mark: {"reason": mark}),
            ("order.noted", f"{of_order}/note", lambda mark: {"text": mark}),
            ("order.tagged", f"{of_order}/tag", lambda mark: {"set": [mark]}),
            ("order.canceled", f"{of_order}/cancel", lambda mark: {"lines": [{"line": 0, "quantity": 1}], "reason": mark}),
            ("order.edited", f"{of_order}/edit?reason=", lambda mark: {"notes": mark}),
            ("order.shipped", f"{of_order}/ship", lambda mark: {"lines": [{"line": 1, "quantity": 1}], "reason": mark}),
            (
                "stock.received", "/hub/v1/stock/receive",
                lambda mark: {"items": [{"sku": SKU, "location": LOCATION, "quantity": 2, "reason": mark}]},
            ),
        ]  # fmt: skip
        event, path, body = self._luck.choice(verbs)

        async def send(mark: str, http: httpx.AsyncClient) -> httpx.Response:
            where = path + mark if path.endswith("=") else path
            return await http.post(where, json=body(mark), headers={"Idempotency-Key": mark})

        return self._new(event, send)

    def _new_console_change(self) -> Change | None:
        if not self.record.hub_ids:
            return None
        page = f"/console/orders/{self._luck.choice(self.record.hub_ids[-20:])}"
        event, verb, typed = self._luck.choice(
            (("order.held", "hold", "reason"), ("order.noted", "note", "text"), ("order.tagged", "tag", "tags"))
        )
        seen: dict[str, str] = {}

        async def send(mark: str, http: httpx.AsyncClient) -> httpx.Response:
            form = await http.get(f"{page}/do/{verb}")
            if form.status_code == 503:
                return form
            shown = form.raise_for_status().text
            seen.setdefault("version", _between(shown, 'data-version="', '"'))  # sent again as the person saw it
            seen["csrf"] = _between(shown, 'data-csrf="', '"')
            done = await http.post(f"{page}/do/{verb}", data={**seen, "step": "do", typed: mark})
            assert "sign-in" not in done.headers.get("location", "")
            return done

        return self._new(event, send, is_idempotent=False)


class Creates:
    """A client that creates orders through a door."""

    def __init__(self, record: Record, vendor: Vendor, luck: random.Random) -> None:
        self._record, self._vendor, self._luck = record, vendor, luck
        self._numbers = count(1)
        self._number: str | None = None
        self._stamps = count(1)

    async def next(self, http: httpx.AsyncClient) -> None:
        """Send an order: the one without an answer, sometimes one that has one, or else a new one."""
        vendor = self._vendor
        if self._number is None:
            again = [number for door, number in [*self._record.created][-50:] if door == vendor.door]
            is_again = again and self._luck.random() < 0.05
            self._number = self._luck.choice(again) if is_again else f"K-{vendor.door}-{next(self._numbers)}"
        stamp = f"{vendor.door}-{next(self._stamps)}"
        answer = await http.post(vendor.create, json=vendor.body(self._number), headers=vendor.headers(stamp))
        if is_busy(answer):
            self._record.busy += 1
            await asyncio.sleep(_PAUSE_S)
            return
        assert answer.status_code == vendor.ok or (vendor.door, answer.status_code) == ("hub", 200), answer.text
        key = (vendor.door, self._number)
        if key not in self._record.created:
            self._record.created[key] = answer.content
            if vendor.door == "hub":
                self._record.hub_ids.append(answer.json()["id"])
        assert self._record.created[key] == answer.content
        self._number = None
        await asyncio.sleep(0)


class Changes:
    """A client that makes one change after the other."""

    def __init__(self, new: Callable[[], Change | None]) -> None:
        self._new = new
        self.open: Change | None = None

    async def next(self, http: httpx.AsyncClient) -> None:
        """Send a change: the one without an answer, or else a new one."""
        if self.open is None:
            self.open = self._new()
        if self.open is None:
            await asyncio.sleep(_PAUSE_S)
            return
        self.open.sent += 1
        answer = await self.open.send(http)
        if is_busy(answer):
            await asyncio.sleep(_PAUSE_S)
            return
        assert answer.status_code in (200, 303, *REFUSED), (self.open.event, answer.status_code, answer.text)
        self.open.outcome = "refused" if answer.status_code in REFUSED else "done"
        self.open = None


async def _sign_in(http: httpx.AsyncClient) -> None:
    """Sign in to the console."""
    while is_busy(answer := await http.post("/console/sign-in/demo")):  # noqa: ASYNC110 - it asks another process
        await asyncio.sleep(_PAUSE_S)
    assert answer.status_code == 303, answer.text


def _http(base: str, token: dict[str, str]) -> httpx.AsyncClient:
    # Without certificates, which take a fifth of a life to read.
    return httpx.AsyncClient(base_url=base, headers=token, timeout=60, verify=False)


def is_busy(answer: httpx.Response) -> bool:
    """Tell whether an answer says to try again later, and check that it says when."""
    if answer.status_code != 503:
        return False
    assert int(answer.headers["retry-after"]) >= 1, answer.text
    return True


def _gone() -> suppress:
    """End a block where the server is gone."""
    return suppress(httpx.TransportError)


def _between(text: str, before: str, after: str) -> str:
    return text.split(before, 1)[1].split(after, 1)[0]
