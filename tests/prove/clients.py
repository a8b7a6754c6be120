"""A client of every door during an outage: what it gets meanwhile, and whether all that was acknowledged is there after it."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count

import httpx
from sqlalchemy import select

from crossdock import app, demo
from crossdock.flows import verification
from crossdock.settings import load
from crossdock.store.protocols import Statement
from crossdock.store.tables import orders
from tests.server import Server
from tests.vendors import VENDORS, Vendor, bearer
from tests.web.test_asgi import check_shape

RECOVERY_S = 30.0  # far more than a recovery takes; only says when to give up
_NUMBERS = Statement(select(orders.c.door, orders.c.number_key))


class Clients:
    """Clients of all doors and of the console of one server."""

    def __init__(self, server: Server) -> None:
        self.base = server.base
        self.http = httpx.Client(base_url=server.base, timeout=60)
        self.console = httpx.Client(base_url=server.base, timeout=60)
        self.sign_in()
        self.acknowledged: Counter[tuple[str, str]] = Counter()
        self._numbers = count(1)
        self.create_everywhere()
        self.order_id = self._post(VENDORS["hub"], "FIRST").json()["id"]

    def sign_in(self) -> None:
        """Get a new token, and sign in to the console."""
        self.http.headers.update(bearer(self.base))
        assert self.console.post("/console/sign-in/demo").status_code == 303

    def _post(self, vendor: Vendor, number: str, **more: str) -> httpx.Response:
        answer = self.http.post(vendor.create, json=vendor.body(number) | more, headers=vendor.headers(f"o-{number}"))
        if answer.status_code == vendor.ok:
            self.acknowledged[vendor.door, number] += 1
        return answer

    def new_order(self, door: str, **more: str) -> httpx.Response:
        """Send an order of a new number through a door; `more` are members of its body."""
        return self._post(VENDORS[door], f"OUT-{door}-{next(self._numbers)}", **more)

    def create_everywhere(self) -> None:
        """Create an order through each door; each must be taken."""
        for door in VENDORS:
            answer = self.new_order(door)
            assert answer.status_code == VENDORS[door].ok, answer.text

    def until_refused(self) -> None:
        """Create orders until a small one is refused: files on a full disk may have some room left."""
        for size in (100_000, 10_000, 0):
            for _ in range(500):
                if self.new_order("hub", notes="n" * size).status_code == 503:
                    break
            else:
                raise AssertionError("nothing was refused")

    def check_refused_everywhere(self) -> None:
        """Check that every door refuses an order in its own words, all sent at once, and the hub a change."""
        with ThreadPoolExecutor(len(VENDORS) + 1) as threads:
            creates = {door: threads.submit(self.new_order, door) for door in VENDORS}
            change = threads.submit(
                self.http.post,
                f"/hub/v1/orders/{self.order_id}/note",
                json={"text": "x"},
                headers={"Idempotency-Key": "k"},
            )
        for door, answer in creates.items():
            self._check_refused(answer.result())
            check_shape(door, answer.result())
        self._check_refused(change.result())
        check_shape("hub", change.result())
        self._check_unready()
        assert self.http.get("/health/live").status_code == 200

    def _check_unready(self) -> None:
        """Wait until readiness says that writes fail; a commit of the last second counts as proof that they do not."""
        give_up = time.monotonic() + RECOVERY_S
        while self.http.get("/health/ready").status_code != 503:
            assert time.monotonic() < give_up
            time.sleep(0.1)

    def check_console_refuses(self) -> None:
        """Check that a form of the console is refused as a page that says so."""
        page = self.console.get(f"/console/orders/{self.order_id}/do/note")
        self._check_refused(page if page.status_code == 503 else self._note(page.text))

    def check_sign_in_refused(self) -> None:
        """Check that no sign-in is told that its password was wrong, or that it tried too often."""
        self._check_refused(self.console.post("/console/sign-in/demo"))
        client = (demo.CLIENT_ID, demo.CLIENT_SECRET)
        self._check_refused(httpx.post(f"{self.base}/hub/v1/token", auth=client, timeout=60))

    def _note(self, page: str) -> httpx.Response:
        fields = {name: page.split(f'data-{name}="', 1)[1].split('"', 1)[0] for name in ("csrf", "version")}
        return self.console.post(
            f"/console/orders/{self.order_id}/do/note", data={**fields, "step": "do", "text": "from the console"}
        )

    @staticmethod
    def _check_refused(answer: httpx.Response) -> None:
        assert answer.status_code == 503, (answer.status_code, answer.text[:500])
        assert answer.headers["retry-after"] == "1"

    def recover(self) -> float:
        """Wait until the server is ready, create an order through each door, and return how long it took to be ready."""
        began = time.monotonic()
        while self.http.get("/health/ready").status_code != 200:
            assert time.monotonic() - began < RECOVERY_S
            time.sleep(0.02)
        took_s = time.monotonic() - began
        self.create_everywhere()
        return took_s

    def check_stored(self, database: str) -> None:
        """Check that every acknowledged order is there once, and that the books verify."""
        asyncio.run(self._check_stored(database))

    async def _check_stored(self, database: str) -> None:
        async with app.open_context(load({}, database=database)) as context:
            assert (await verification.verify(context)).broken == ()
            async with context.store.reading() as tx:
                stored = Counter((row["door"], row["number_key"]) for row in await tx.rows(_NUMBERS))
        assert set(stored.values()) == {1}
        assert self.acknowledged.keys() <= stored.keys()


@contextmanager
def clients_of(server: Server) -> Iterator[Clients]:
    """Start a server and yield its clients."""
    with server:
        clients = Clients(server)
        try:
            yield clients
        finally:
            clients.http.close()
            clients.console.close()
