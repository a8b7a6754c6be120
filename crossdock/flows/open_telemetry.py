"""Spans by OpenTelemetry; only flows/tracing.py imports this, where traces are asked for, because its packages are an extra."""

import contextvars
import os
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context, get_current
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from crossdock import __version__
from crossdock.core.ids import to_base32
from crossdock.core.retry_policy import Attempt, Verdict
from crossdock.store.deliveries import Delivery
from crossdock.store.event_log import NewEvent

# Events whose span is remembered: some minutes of a busy server, a few hundred bytes each.
_MAX_EVENTS = 20_000
# Attributes that are ids, formatted as the hub's API and the log do.
_IDS = frozenset({"event_id", "order_id", "endpoint_id", "delivery_id", "submission_id"})
_OF_DELIVERY = ("organization_id", "endpoint_id", "delivery_id", "order_id", "event_id", "topic")
_STATUS = "http.response.status_code"
_FIRST_SERVER_ERROR = 500
_PROPAGATOR = TraceContextTextMapPropagator()


def connect(url: str) -> "OpenTelemetry":
    """Return what sends spans to a collector, in batches and from a thread of their own; OTEL_* variables are followed."""
    name = os.environ.get("OTEL_SERVICE_NAME") or "crossdock"
    provider = TracerProvider(resource=Resource.create({"service.name": name, "service.version": __version__}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)))
    return OpenTelemetry(provider)


class OpenTelemetrySpan:
    """See tracing.Span."""

    def __init__(self, raw: trace.Span) -> None:
        self.raw = raw

    def set(self, **attributes: Any) -> None:
        """See tracing.Span."""
        for name, value in attributes.items():
            if value is not None:
                is_id = name in _IDS and isinstance(value, int)
                self.raw.set_attribute(f"crossdock.{name}", to_base32(value) if is_id else value)

    def set_outcome(self, attempt: Attempt) -> None:
        """See tracing.Span; an attempt that did not deliver is an error."""
        self.set(outcome=str(attempt.verdict), error=attempt.error)
        if attempt.status is not None:
            self.raw.set_attribute(_STATUS, attempt.status)
        if attempt.verdict is not Verdict.DELIVERED:
            self.raw.set_status(Status(StatusCode.ERROR, attempt.error))

    def set_http_status(self, status: int) -> None:
        """See tracing.Span; what the server could not do is an error, what a client did wrong is none."""
        self.raw.set_attribute(_STATUS, status)
        if status >= _FIRST_SERVER_ERROR:
            self.raw.set_status(Status(StatusCode.ERROR))


class OpenTelemetry:
    """See tracing.Tracing."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("crossdock", __version__)
        self._made_in: OrderedDict[int, Context] = OrderedDict()  # by event id

    @contextmanager
    def _open(self, name: str, kind: SpanKind, context: Context | None = None) -> Iterator[OpenTelemetrySpan]:
        # A refusal is an exception and no failure of this program; whoever answers it sets the status.
        with self._tracer.start_as_current_span(
            name, context=context, kind=kind, record_exception=False, set_status_on_exception=False
        ) as raw:
            yield OpenTelemetrySpan(raw)

    @contextmanager
    def span(self, name: str, attributes: Mapping[str, Any]) -> Iterator[OpenTelemetrySpan]:
        """See tracing.Tracing."""
        with self._open(name, SpanKind.INTERNAL) as opened:
            opened.set(**attributes)
            yield opened

    @contextmanager
    def request(self, method: str, headers: Mapping[str, str]) -> Iterator[OpenTelemetrySpan]:
        """See tracing.Tracing; the header is `traceparent` (W3C Trace Context)."""
        with self._open(method, SpanKind.SERVER, _PROPAGATOR.extract(headers, context=Context())) as opened:
            opened.raw.set_attribute("http.request.method", method)
            yield opened

    def describe_request(self, operation: str, attributes: Mapping[str, Any]) -> None:
        """See tracing.Tracing."""
        raw = trace.get_current_span()
        raw.update_name(operation)
        OpenTelemetrySpan(raw).set(operation=operation, **attributes)

    @contextmanager
    def attempt(self, kind: str, delivery: Delivery) -> Iterator[OpenTelemetrySpan]:
        """See tracing.Tracing."""
        context = self._made_in.get(delivery.event_id, Context())
        with self._open(f"deliver {kind}", SpanKind.CLIENT, context) as opened:
            attributes = {name: getattr(delivery, name) for name in _OF_DELIVERY}
            opened.set(**attributes, attempt=delivery.attempts + 1)
            yield opened

    def headers(self) -> Mapping[str, str]:
        """See tracing.Tracing."""
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier)
        return carrier

    def remember(self, events: Sequence[NewEvent], contexts: Mapping[int, contextvars.Context]) -> None:
        """See tracing.Tracing."""
        here = get_current()
        for each in events:
            context = contexts.get(each.event.aggregate_id)
            self._made_in[each.event.event_id] = here if context is None else context.run(get_current)
        while len(self._made_in) > _MAX_EVENTS:
            self._made_in.popitem(last=False)

    def shutdown(self) -> None:
        """See tracing.Tracing."""
        self._provider.shutdown()
