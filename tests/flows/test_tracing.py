"""One trace leads from a client's request to the webhooks of its events, and nothing is traced unless it is asked for."""

import asyncio
import http.server
import re
import threading
from collections.abc import Iterator

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from crossdock import app
from crossdock.core.ids import to_base32
from crossdock.flows import tracing
from crossdock.flows.open_telemetry import OpenTelemetry
from crossdock.web.traced_site import TracedSite
from docs import draw_tree
from tests.notifications.receiver import Receiver, answer
from tests.notifications.world import ALLOWED, call_verb, create, endpoint, wait_until_ended, working
from tests.world import World

on_both_engines = pytest.mark.parametrize("context", [ALLOWED], indirect=True)
CLIENTS_TRACE, CLIENTS_SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    """Trace into memory while the test runs."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.use(OpenTelemetry(provider))
    yield exporter
    tracing.stop()


@pytest.fixture
async def traced(world: World, exporter: InMemorySpanExporter) -> World:
    """Return the application as the server builds it where traces are on."""
    transport = httpx.ASGITransport(TracedSite(app.site(world.context)))
    return World(world.context, httpx.AsyncClient(transport=transport, base_url="http://crossdock"))


def parents(spans: list[ReadableSpan], name: str) -> list[str]:
    """Return the names of the spans around the last span of this name, the nearest first; a foreign one by its id."""
    by_id = {each.context.span_id: each for each in spans}
    (*_, span) = [each for each in spans if each.name == name]
    found = []
    while span.parent is not None:
        if span.parent.span_id not in by_id:
            return [*found, f"{span.parent.span_id:016x}"]
        span = by_id[span.parent.span_id]
        found.append(span.name)
    return found


def attributes(spans: list[ReadableSpan], name: str) -> dict[str, object]:
    (*_, span) = [each for each in spans if each.name == name]
    return dict(span.attributes or {})


@on_both_engines
async def test_a_client_finds_the_webhook_of_its_order_in_its_own_trace(
    traced: World, exporter: InMemorySpanExporter
) -> None:
    async with Receiver() as receiver:
        made = await endpoint(traced, receiver)
        traced.http.headers["traceparent"] = f"00-{CLIENTS_TRACE}-{CLIENTS_SPAN}-01"
        async with working(traced.context):
            order_id = await create(traced, "A-1")
            await wait_until_ended(traced, made, 1)
    spans = [each for each in exporter.get_finished_spans() if f"{each.context.trace_id:032x}" == CLIENTS_TRACE]
    assert parents([*spans], "deliver webhook") == ["intake", "createOrder", CLIENTS_SPAN]
    (got,) = receiver.got
    (delivery,) = [each for each in spans if each.name == "deliver webhook"]
    assert got.headers["traceparent"] == f"00-{CLIENTS_TRACE}-{delivery.context.span_id:016x}-01"
    request = attributes([*spans], "createOrder")
    assert request["crossdock.order_id"] == attributes([*spans], "intake")["crossdock.order_id"] == order_id
    assert (request["crossdock.door"], request["crossdock.outcome"]) == ("hub", "accepted")
    assert (request["http.request.method"], request["http.response.status_code"]) == ("POST", 201)
    attempt = attributes([*spans], "deliver webhook")
    assert (attempt["crossdock.order_id"], attempt["crossdock.outcome"]) == (order_id, "delivered")
    assert (attempt["crossdock.attempt"], attempt["http.response.status_code"]) == (1, 200)
    assert attempt["crossdock.endpoint_id"] == to_base32(made.endpoint_id)


@on_both_engines
async def test_a_webhook_of_a_change_is_below_the_change_and_a_failed_attempt_is_an_error(
    traced: World, exporter: InMemorySpanExporter
) -> None:
    order_id = await create(traced, "A-1")
    async with Receiver() as receiver:
        receiver.default = answer(410)
        made = await endpoint(traced, receiver, topics=("order.held",))
        async with working(traced.context):
            await call_verb(traced, order_id, "hold", holds=[{"reason": "fraud"}])
            await wait_until_ended(traced, made, 0)
            await receiver.wait_for(1)
    spans = [*exporter.get_finished_spans()]
    assert parents(spans, "deliver webhook")[0] == "execute"
    (delivery,) = [each for each in spans if each.name == "deliver webhook"]
    assert delivery.status.status_code.name == "ERROR"
    assert attributes(spans, "deliver webhook")["crossdock.outcome"] == "gone"


@on_both_engines
async def test_orders_that_share_a_transaction_keep_their_own_traces(
    traced: World, exporter: InMemorySpanExporter
) -> None:

    async with Receiver() as receiver:
        made = await endpoint(traced, receiver)
        numbers = [f"A-{number}" for number in range(5)]
        ids = await asyncio.gather(*(create(traced, number) for number in numbers))
        async with working(traced.context):
            await wait_until_ended(traced, made, 5)
    spans = exporter.get_finished_spans()
    by_order = {
        each.attributes["crossdock.order_id"]: each.context.trace_id
        for each in spans
        if each.name == "createOrder" and each.attributes is not None
    }
    delivered = {
        each.attributes["crossdock.order_id"]: each.context.trace_id
        for each in spans
        if each.name == "deliver webhook" and each.attributes is not None
    }
    assert delivered == by_order
    assert set(by_order) == set(ids)
    assert len(set(by_order.values())) == 5


@on_both_engines
async def test_a_malformed_header_starts_a_trace_of_its_own_and_health_checks_start_none(
    traced: World, exporter: InMemorySpanExporter
) -> None:
    await traced.http.get("/health/live")
    assert not exporter.get_finished_spans()
    answer = await traced.http.get("/hub/v1/orders", headers={b"traceparent": b"00-zz-\xff-01"})
    assert answer.status_code == 401
    await traced.http.get("/console/sign-in")
    orders, console = exporter.get_finished_spans()
    assert (orders.name, orders.parent) == ("listOrders", None)
    assert attributes([console], console.name)["crossdock.door"] == "console"


def test_one_module_imports_the_libraries_and_it_is_imported_where_traces_start() -> None:
    files = {path: path.read_text(encoding="utf-8") for path in draw_tree.PACKAGE.rglob("*.py")}
    named = [path.name for path, text in files.items() if re.search(r"(from|import) opentelemetry", text)]
    assert named == ["open_telemetry.py"]
    importing = [
        (path.name, line) for path, text in files.items() for line in text.splitlines() if "import open_tele" in line
    ]
    assert importing == [("tracing.py", "        from crossdock.flows import open_telemetry")]
    assert not tracing.is_on()
    assert tracing.headers() == {}


def test_spans_are_sent_to_the_collector() -> None:
    bodies: list[bytes] = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector) as collector:
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        tracing.start(f"http://127.0.0.1:{collector.server_port}/v1/traces")
        with tracing.span("a span of this test", order_id=1):
            pass
        tracing.stop()
        collector.shutdown()
    assert any(b"a span of this test" in body for body in bodies)
