"""One request of the largest size never holds up the others: health checks are answered while it is processed.

A real server gets the largest body that each call of each door takes. Meanwhile /health/live is asked again and again: no
answer may take LIMIT_S of wall time and of the server's processor time. (Wall time alone would also measure the machine's other
load.)
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from crossdock import demo
from crossdock.doors import all_doors
from tests.server import Server
from tests.slowness import slowness
from tests.vendors import VENDORS, bearer, sample

LIMIT_S = 0.5  # on a quiet core
LARGEST = 1_048_000  # a little less than the limit of a body
Tree = Any


class Pulse:
    """Asks a server whether it is live, again and again, and measures the longest time it was blocked."""

    def __init__(self, server: Server, http: httpx.Client) -> None:
        self._http = http
        self._process = psutil.Process(server.process.pid)
        self._began, self._ended = threading.Event(), threading.Event()
        self.longest_s = 0.0

    def __enter__(self) -> "Pulse":
        self._threads = ThreadPoolExecutor(1)
        self._asking = self._threads.submit(self._ask)
        self._began.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._asking.result()
        self._threads.shutdown()

    def _spent(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def _ask(self) -> None:
        while not self._ended.is_set():
            began, spent = time.monotonic(), self._spent()
            assert self._http.get("/health/live").status_code == 200
            self.longest_s = max(self.longest_s, min(time.monotonic() - began, self._spent() - spent))
            self._began.set()
            self._ended.wait(0.01)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server, without the worker, whose mails would be measured as well."""
    with Server(f"sqlite:///{tmp_path_factory.mktemp('large') / 'c.db'}", worker="false") as started:
        yield started


class Client:
    """Sends large requests to the server as a door's client."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.token = bearer(server.base)
        self._count = 0
        self.http = httpx.Client(base_url=server.base, timeout=120)
        # With connections of its own: the pulse must not wait for a request. To make a client takes longer than most requests.
        self.pulse_http = httpx.Client(base_url=server.base, timeout=120)

    def close(self) -> None:
        """Close the connections."""
        self.http.close()
        self.pulse_http.close()

    def send(self, method: str, path: str, body: bytes | None = None, *, door: str = "hub") -> httpx.Response:
        """Send a request and fail where it blocked the server."""
        self._count += 1
        headers = self.token | VENDORS[door].headers(f"large-{self._count}") | {"Content-Type": "application/json"}
        assert body is None or len(body) <= 1_048_576
        # What can be repeated is measured again where it seems slow: the machine may have been.
        for _ in range(3 if method == "GET" or "dry_run" in path else 1):
            with Pulse(self.server, self.pulse_http) as pulse:
                answer = self.http.request(method, path, content=body, headers=headers)
            assert answer.status_code < 500 or answer.status_code == 501, answer.text[:300]
            if (blocked_s := pulse.longest_s) < LIMIT_S or (blocked_s := pulse.longest_s / slowness()) < LIMIT_S:
                return answer
        raise AssertionError(f"{method} {path[:80]} blocked the server for {blocked_s:.2f} s")


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[Client]:
    made = Client(server)
    yield made
    made.close()


@contextmanager
def without_orders(folder: Path) -> Iterator[Client]:
    """Run a server without orders, and give a client of it."""
    with Server(f"sqlite:///{folder / 'c.db'}", worker="false") as started:
        made = Client(started)
        yield made
        made.close()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Return a client of a server without orders, for what is not about them."""
    with without_orders(tmp_path_factory.mktemp("empty")) as client:
        yield client


@pytest.fixture(scope="module")
def untried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Return a client of a server at which nobody else fails to sign in, which would make everybody wait."""
    with without_orders(tmp_path_factory.mktemp("untried")) as client:
        yield client


def arrays(tree: Tree, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the paths of the arrays with elements in a body."""
    if isinstance(tree, list) and tree:
        yield path
    members = tree.items() if isinstance(tree, dict) else enumerate(tree[:1]) if isinstance(tree, list) else ()
    for name, value in members:
        yield from arrays(value, (*path, name))


def with_many(tree: Tree, path: tuple[str | int, ...], size: int = LARGEST) -> Tree:
    """Return a body whose array at `path` has as many elements as fit; their texts differ."""
    if path:
        changed = dict(tree) if isinstance(tree, dict) else list(tree)
        rest = len(json.dumps(tree)) - len(json.dumps(tree[path[0]]))
        changed[path[0]] = with_many(tree[path[0]], path[1:], size - rest)
        return changed
    element = tree[0]
    each = len(json.dumps(varied(element, 99_999))) + 2
    return [varied(element, number) for number in range(max(1, size // each))]


# Texts with a fixed set of values, which a number behind them would break.
FIXED = ("Id", "Code", "country", "currency", "date", "type", "unit", "kind", "Ref")


def varied(element: Tree, number: int) -> Tree:
    """Return a copy of an element that differs from others in the texts that name it."""
    if not isinstance(element, dict):
        return f"{element}-{number}" if isinstance(element, str) else element
    return {
        name: f"{value}-{number}"
        if isinstance(value, str) and name.lower() in ("sku", "name", "title", "description", "channelorderitemid", "itemid",
                                                       "lineitemid", "line_ref", "value", "code", "itemId")
        else value
        for name, value in element.items()
    }  # fmt: skip


def encode(tree: Tree) -> bytes:
    return json.dumps(tree, separators=(",", ":")).encode()


CREATES = [(door, path) for door in VENDORS for path in arrays(sample(door))]


@pytest.mark.parametrize(
    ("door", "path"), CREATES, ids=[f"{door}-{'.'.join(map(str, path))}" for door, path in CREATES]
)
def test_a_new_order_with_as_many_elements_as_fit(client: Client, door: str, path: tuple[str | int, ...]) -> None:
    body = with_many(sample(door), path) | {VENDORS[door].number: f"MANY-{'.'.join(map(str, path))}"}
    client.send("POST", VENDORS[door].create, encode(body), door=door)


def hub_lines(count: int, sku: str, description: str) -> list[Tree]:
    return [{"sku": sku.format(number=number), "quantity": 9, "description": description} for number in range(count)]


@pytest.mark.parametrize(
    ("before", "after"),
    [("S{number}", "S{number}"), ("S", "S"), ("S{number}", "T{number}")],
    ids=["reversed", "all of one SKU", "all replaced"],
)
def test_an_edit_of_as_many_lines_as_fit(client: Client, before: str, after: str) -> None:
    body = {"number": f"EDIT-{before}-{after}", "lines": hub_lines(9_999, before, "a")}
    order_id = client.send("POST", "/hub/v1/orders", encode(body)).json()["id"]
    changed = {"lines": hub_lines(9_999, after, "b")[::-1]}
    for path in ("edit?dry_run=true", "edit"):
        assert client.send("POST", f"/hub/v1/orders/{order_id}/{path}", encode(changed)).status_code == 200


def test_every_verb_and_form_of_an_order_of_as_many_lines_as_fit(client: Client) -> None:
    body = {"number": "VERBS", "lines": hub_lines(9_999, "S{number}", "a")}
    order_id = client.send("POST", "/hub/v1/orders", encode(body)).json()["id"]
    for path in ("?as=s2", "?as=fabric", "?as=pb_oms", "?as=pb_fulfillment"):
        client.send("GET", f"/hub/v1/orders/{order_id}{path}")
    for verb, body in (
        ("hold", {"holds": [{"reason": "x", "lines": list(range(9_999))}] * 15}),
        ("release", {}),
        ("tag", {"add": [f"tag-{number}" for number in range(70_000)]}),
        ("note", {"text": "x" * LARGEST}),
        ("cancel", {"lines": [{"line": number, "quantity": 1} for number in range(9_999)]}),
        ("cancel", {}),
    ):
        client.send("POST", f"/hub/v1/orders/{order_id}/{verb}", encode(body))
    for path in ("", "/events?limit=1"):
        client.send("GET", f"/hub/v1/orders/{order_id}{path}")


def update_of(door: str) -> tuple[str, Callable[[Tree, Tree], tuple[str, Tree]]]:
    """Return the method of a door's update, and what makes its path and body of the created order."""
    prefix = VENDORS[door].create.rstrip("/")
    if door == "pb_oms":
        return "PATCH", lambda sent, answer: (f"{prefix}/{answer['orderId']}", {"items": sent["items"][::-1]})
    if door == "pb_fulfillment":
        return "PUT", lambda sent, answer: (
            f"{prefix}/{answer['orderId']}?clientId=1234", sent | {"orderLines": sent["orderLines"][::-1]},
        )  # fmt: skip
    if door == "fabric":
        return "PUT", lambda sent, _: (f"{prefix}/{sent['orderNumber']}", sent | {"items": sent["items"][::-1]})
    return "PUT", lambda sent, answer: (f"{prefix}/{answer['id']}", sent | {"items": sent["items"][::-1]})


LINES = {"pb_oms": "items", "pb_fulfillment": "orderLines", "fabric": "items", "s2": "items"}


@pytest.mark.parametrize("door", LINES)
def test_a_vendors_update_of_as_many_lines_as_fit(client: Client, door: str) -> None:
    vendor, (method, update) = VENDORS[door], update_of(door)
    sent = with_many(sample(door), (LINES[door],)) | {vendor.number: "UPDATE-1"}
    answer = client.send("POST", vendor.create, encode(sent), door=door)
    path, body = update(sent, answer.json() if answer.status_code < 300 else {"orderId": "x", "id": "x"})
    client.send(method, path, encode(body), door=door)


@cache
def hostile() -> tuple[bytes, ...]:
    """Return bodies of the largest size without meaning."""
    return tuple(_hostile())


def _hostile() -> Iterator[bytes]:
    yield b'{"a":"' + b"x" * LARGEST + b'"}'
    yield b'{"a":[' + b",".join([b"1"] * (LARGEST // 2 - 9)) + b"]}"
    yield encode({"a": [{}] * (LARGEST // 3 - 9)})
    yield encode({f"k{number}": number for number in range(70_000)})
    yield encode([{"a": "b"}] * 100_000)
    yield b'{"a":' + b"[" * 500_000 + b"]" * 500_000 + b"}"
    yield b"1" * LARGEST
    yield b"x" * LARGEST


WRITES = [
    (door.name, route.method, route.paths[0]) for door in all_doors() for route in door.routes if route.method != "GET"
]


def send_without_meaning(client: Client, door: str, method: str, path: str, bodies: Iterable[bytes]) -> None:
    """Send bodies without meaning to a call."""
    segments = ["none" if part.startswith("{") else part for part in path.split("/")]
    for body in bodies:
        client.send(method, "/".join(segments), body, door=door)


@pytest.mark.parametrize(("door", "method", "path"), WRITES, ids=[" ".join(each) for each in WRITES])
def test_a_body_without_meaning(empty: Client, door: str, method: str, path: str) -> None:
    """Each call gets one body, in turn, and the create of each vendor all of them."""
    is_create = door in VENDORS and path == VENDORS[door].create
    number = WRITES.index((door, method, path)) % len(hostile())
    send_without_meaning(empty, door, method, path, hostile() if is_create else [hostile()[number]])


@pytest.mark.prove
@pytest.mark.parametrize(("door", "method", "path"), WRITES, ids=[" ".join(each) for each in WRITES])
def test_each_body_without_meaning(empty: Client, door: str, method: str, path: str) -> None:
    send_without_meaning(empty, door, method, path, hostile())


SEARCHES: dict[str, Tree] = {
    "plain values": [{"sku": [f"S{number}" for number in range(200)]}],
    "200 times 200 values": [{"sku": [f"S{number}" for number in range(200)]}] * 200,
    "wildcards": [{"sku": ["*a*b*c*d*"] * 20}] * 200,
}


@pytest.fixture(scope="module")
def searchable(empty: Client) -> Client:
    """Return a client of a server with one order, of as many items as fit."""
    body = with_many(sample("fabric"), ("items",)) | {"orderNumber": "SEARCH-1"}
    empty.send("POST", VENDORS["fabric"].create, encode(body), door="fabric")
    return empty


@pytest.mark.parametrize("search", SEARCHES)
def test_a_search_of_fabric_with_as_many_values_as_it_takes(searchable: Client, search: str) -> None:
    searchable.send("POST", "/api/v2/order/query", encode({"filters": {"items": SEARCHES[search]}}), door="fabric")


@pytest.mark.parametrize(
    "path",
    [
        "/order?limit=" + "1" * 60_000 + "x",
        "/account?limit=" + "1" * 60_000 + "x",
        "/product?term=" + "a%20" * 15_000,
        "/hub/v1/orders?q=" + "a+" * 30_000,
        "/hub/v1/orders?" + "&".join(f"x{number}=1" for number in range(7_500)),
        "/hub/v1/orders?number=" + "1" * 60_000,
        "/hub/v1/events?type=" + ",".join(["order.*"] * 7_000),
        "/consent/" + "a." * 30_000,
        "/hub/v1/orders/" + "a" * 60_000,
        "/docs/fabric",
    ],
    ids=lambda path: path[:40],
)  # fmt: skip
def test_a_request_line_of_the_largest_size(empty: Client, path: str) -> None:
    empty.send("GET", path, door="s2" if path.startswith(("/order", "/account", "/product")) else "hub")


def test_mail_templates_of_the_largest_size(empty: Client) -> None:
    source = ("{{ number|e|e|e }}{% for item in items %}{{ item.title }}{% endfor %}" * 900)[:60_000]
    templates = {
        kind: {"en": {"html": source, "text": source}} for kind in ("confirmation", "shipped", "delay", "hold")
    }
    empty.send("PUT", "/hub/v1/mail-settings", encode({"sender": "a@example.com", "templates": templates}))


def test_passwords_and_secrets_of_the_largest_size(empty: Client) -> None:
    empty.send("POST", "/login", encode({"email": demo.USER, "password": "x" * LARGEST}), door="s2")
    empty.send("POST", "/login", encode({"email": "x" * LARGEST, "password": "x"}), door="s2")
    empty.send("POST", "/hub/v1/token", b"&".join([b"a=b"] * (LARGEST // 4)))
    empty.send("POST", "/hub/v1/token", b"client_secret=" + b"%41" * (LARGEST // 4))


@pytest.mark.parametrize("part", [b"a=&", b"a=%F0%9F&", b"%41"])
def test_a_form_of_the_largest_size_of_somebody_who_is_not_signed_in(untried: Client, part: bytes) -> None:
    body = part * (1_999_000 // len(part))
    slow = slowness()
    with Pulse(untried.server, untried.pulse_http) as pulse:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = untried.http.post("/console/sign-in", content=body, headers=form)
    assert answer.status_code in (403, 413)
    assert pulse.longest_s < LIMIT_S * max(slow, slowness())


def test_the_measurement_notices_a_blocked_server(empty: Client) -> None:
    """To create an order of 9,999 lines takes a while, and less than the limit."""
    token = bearer(empty.server.base)  # another test may have revoked that of `empty`
    longest_s = 0.0
    for number in range(5):  # on a busy machine, the measurement itself may not get its turn meanwhile
        body = encode({"number": f"PULSE-{number}", "lines": hub_lines(9_999, "S{number}", "a")})
        with Pulse(empty.server, empty.pulse_http) as pulse:
            answer = empty.http.post("/hub/v1/orders", content=body, headers=token)
        assert answer.status_code == 201, answer.text[:300]
        if (longest_s := pulse.longest_s) > 0.05:
            break
    assert longest_s > 0.05


def test_a_reference_page_is_rendered_once(empty: Client) -> None:
    """Whoever asks for it needs no token."""
    empty.http.get("/docs/fabric")
    with Pulse(empty.server, empty.pulse_http) as pulse, ThreadPoolExecutor(10) as threads:
        list(threads.map(lambda _: empty.http.get("/docs/fabric"), range(40)))
    assert pulse.longest_s < LIMIT_S * slowness()
