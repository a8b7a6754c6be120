"""Traces: spans of requests, intake, changes and attempts to deliver. Off, at the cost of a comparison, until `start`.

flows/open_telemetry.py makes the spans, and is imported only then.

A trace goes from a request to the deliveries of its events by way of memory: the spans of the last events are remembered, and
an attempt becomes a child of its event's. In another process, or after a restart, an attempt is a trace of its own; the event's
and the order's id, which are attributes of both, connect the two.
"""

import contextvars
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from crossdock.core.retry_policy import Attempt
from crossdock.store.deliveries import Delivery
from crossdock.store.event_log import NewEvent


class Span(Protocol):
    """An open span."""

    def set(self, **attributes: Any) -> None:
        """Set attributes, each under `crossdock.` and its name; None is left out."""

    def set_outcome(self, attempt: Attempt) -> None:
        """Set the outcome of an attempt to deliver."""

    def set_http_status(self, status: int) -> None:
        """Set the HTTP status of the answer."""


class Tracing(Protocol):
    """What makes the spans."""

    def span(self, name: str, attributes: Mapping[str, Any]) -> AbstractContextManager[Span]:
        """Open a span below the current one."""

    def request(self, method: str, headers: Mapping[str, str]) -> AbstractContextManager[Span]:
        """Open the span of a request, below the client's that its headers name."""

    def describe_request(self, operation: str, attributes: Mapping[str, Any]) -> None:
        """Name the span of the current request, and set attributes."""

    def attempt(self, kind: str, delivery: Delivery) -> AbstractContextManager[Span]:
        """Open the span of an attempt to deliver, below that of the event where it is remembered."""

    def headers(self) -> Mapping[str, str]:
        """Return the headers that carry the current span to whoever is called."""

    def remember(self, events: Sequence[NewEvent], contexts: Mapping[int, contextvars.Context]) -> None:
        """Remember the span of each event: the one in the context of its order, else the current one."""

    def shutdown(self) -> None:
        """Send what waits."""


class _NoSpan:
    """What a span is while tracing is off."""

    def set(self, **attributes: Any) -> None:
        pass

    def set_outcome(self, attempt: Attempt) -> None:
        pass

    def set_http_status(self, status: int) -> None:
        pass


_NO_SPAN: AbstractContextManager[Span] = nullcontext(_NoSpan())
_NO_HEADERS: Mapping[str, str] = {}
_tracing: Tracing | None = None


# ----------------------------------------------------------------------------------------------------------------- on, off
def start(url: str) -> None:
    """Send spans to the collector at `url`, by OTLP over HTTP. Raises ValueError where the packages are not installed."""
    use(_open_telemetry().connect(url))


def check() -> None:
    """Raise ValueError where the packages of the extra `otel` are not installed."""
    _open_telemetry()


def _open_telemetry() -> Any:
    try:
        from crossdock.flows import open_telemetry
    except ImportError as error:
        reason = "CROSSDOCK_TRACES_URL needs the packages of an extra: pip install '.[otel]' in Crossdock's folder"
        raise ValueError(reason) from error
    return open_telemetry


def use(tracing: Tracing) -> None:
    """Trace from now on."""
    global _tracing  # noqa: PLW0603 - one for a process, and every request asks for it
    _tracing = tracing


def stop() -> None:
    """Send what waits, and trace no more."""
    global _tracing  # noqa: PLW0603
    if _tracing is not None:
        _tracing.shutdown()
    _tracing = None


def is_on() -> bool:
    """Whether there are traces."""
    return _tracing is not None


# ------------------------------------------------------------------------------------------------------------------- spans
def span(name: str, **attributes: Any) -> AbstractContextManager[Span]:
    """See Tracing."""
    return _NO_SPAN if _tracing is None else _tracing.span(name, attributes)


def request(method: str, headers: Mapping[str, str]) -> AbstractContextManager[Span]:
    """See Tracing."""
    return _NO_SPAN if _tracing is None else _tracing.request(method, headers)


def describe_request(operation: str, **attributes: Any) -> None:
    """See Tracing."""
    if _tracing is not None:
        _tracing.describe_request(operation, attributes)


def attempt(kind: str, delivery: Delivery) -> AbstractContextManager[Span]:
    """See Tracing."""
    return _NO_SPAN if _tracing is None else _tracing.attempt(kind, delivery)


def headers() -> Mapping[str, str]:
    """See Tracing."""
    return _NO_HEADERS if _tracing is None else _tracing.headers()


# ------------------------------------------------------------------------------------------------------------------ events
def current() -> contextvars.Context | None:
    """Return the context of the current request, for `remember`; None while tracing is off."""
    return None if _tracing is None else contextvars.copy_context()


def detached() -> contextvars.Context | None:
    """Return a context without a span, for a task that serves many requests; None, the current one, while tracing is off."""
    return None if _tracing is None else contextvars.Context()


def remember(events: Sequence[NewEvent], contexts: Mapping[int, contextvars.Context]) -> None:
    """See Tracing."""
    if _tracing is not None:
        _tracing.remember(events, contexts)
