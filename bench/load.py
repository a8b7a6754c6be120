"""The load: what each door is sent, and wrk sending it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
from msgspec import Struct

HERE = Path(__file__).parent
BODIES = HERE.parent / "tests" / "doors"
BASIC = ("demo", "demo-secret")


class Target(Struct, frozen=True):
    """A door's create call: where, the sample body, and the text in it that becomes the order's own number.

    `members` are the body's words for number, lines, SKU and quantity, for the prototype.
    """

    door: str
    path: str
    body: Path
    number: str
    members: str
    stamp: str = ""  # a header that must be unique for each request


TARGETS = (
    Target(
        "pb_oms", "/ordermanagement/api/v1/orders", BODIES / "pb_oms/create.request.json", "ORD12346",
        "orderNumber items itemId quantity",
    ),
    Target(
        "pb_fulfillment", "/shippingservices/fulfillment/v1/orders", BODIES / "pb_fulfillment/create.request.json",
        "OR12345645678", "clientOrderId orderLines sku orderedQuantity", stamp="X-PB-TransactionId",
    ),
    Target(
        "fabric", "/api/v2/order/", BODIES / "fabric/create.request.json", "309019176", "orderNumber items sku orderedQuantity"
    ),
    Target(
        "s2", "/order", BODIES / "s2/create.request.json", "test_order_id2", "channelOrderId items productId quantity"
    ),
    Target("hub", "/hub/v1/orders", HERE / "hub.request.json", "HUB-1", "number lines sku quantity"),
)  # fmt: skip


DOORS = tuple(target.door for target in TARGETS)


class Measured(Struct, frozen=True):
    """What one run gave: orders per second, milliseconds at the 50th and 99th percentile, requests that failed."""

    per_second: float
    p50_ms: float
    p99_ms: float
    requests: int
    failed: int


def need_wrk() -> None:
    """End the program where there is no wrk."""
    if shutil.which("wrk") is None:
        sys.exit("bench: wrk is needed (Debian and Ubuntu: apt-get install wrk; macOS: brew install wrk)")


def targets(doors: Sequence[str] | None) -> list[Target]:
    """Return the targets of these doors, or all."""
    return [target for target in TARGETS if not doors or target.door in doors]


def headers(base: str, target: Target) -> dict[str, str]:
    """Sign in and give the headers of a door's create call."""
    if target.door == "s2":
        answer = httpx.post(f"{base}/login", json={"email": "demo@example.com", "password": "demo-password"})
        return {
            "Authorization": f"Bearer {answer.json()['accessToken']}",
            "X-S2-Organization": "95d73baf-76ba-4bea-86ac-1534c5e5d4aa",
        }
    answer = httpx.post(f"{base}/hub/v1/token", auth=BASIC)
    found = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    if target.door == "fabric":
        found["x-site-context"] = '{"account":"62272e917b12209e68751d94"}'
    return found


def create(base: str, target: Target) -> None:
    """Sign in and create one order, the sample."""
    given = headers(base, target) | ({target.stamp: "one"} if target.stamp else {})
    answer = httpx.post(base + target.path, content=target.body.read_bytes(), headers=given)
    assert answer.is_success, answer.text


def run(
    base: str,
    target: Target,
    *,
    connections: int,
    seconds: float,
    name: str,
    signed: bool = True,
    wait_ms: float = 0.0,
) -> Measured:
    """Post orders with wrk over `connections` for `seconds`; every one has a number of its own.

    With `wait_ms` each connection waits so long on average, at random, before it sends the next; no answer's time has it in.
    """
    given = headers(base, target) if signed else {}
    return run_each(base, [(target, given)], connections=connections, seconds=seconds, name=name, wait_ms=wait_ms)


def run_each(
    base: str,
    sent: Sequence[tuple[Target, dict[str, str]]],
    *,
    connections: int,
    seconds: float,
    name: str,
    wait_ms: float = 0.0,
) -> Measured:
    """Post orders of several doors in turn, each with its headers, as `run` does."""
    environment = os.environ | {"BENCH_RUN": name, "BENCH_WAIT_MS": f"{wait_ms:.0f}", "BENCH_TARGETS": str(len(sent))}
    for place, (target, given) in enumerate(sent):
        before, _, after = target.body.read_text().partition(target.number)
        environment |= {
            f"BENCH_{place}_PATH": target.path,
            f"BENCH_{place}_BEFORE": before,
            f"BENCH_{place}_AFTER": after,
            f"BENCH_{place}_STAMP": target.stamp,
            f"BENCH_{place}_HEADERS": "\n".join(f"{key}: {value}" for key, value in given.items()),
        }
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--latency", "-s", str(HERE / "post.lua"), base]
    out = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True, timeout=seconds + 60
    ).stdout
    numbers = next(line for line in out.splitlines() if line.startswith("RESULT")).split()[1:]
    requests, duration, status, socket, p50, p99 = map(int, numbers)
    good = requests - status
    return Measured(good / (duration / 1e6), p50 / 1000, p99 / 1000, requests, status + socket)
