"""The span of each request, where traces are on: from its first byte to the end of its answer."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crossdock.flows import tracing

# Asked every few seconds by machines, and of no interest.
_UNTRACED = ("/health/", "/metrics")
_TRACE_HEADERS = {b"traceparent": "traceparent", b"tracestate": "tracestate"}


class TracedSite:
    """An ASGI application whose requests make spans; doors and the console name them (`tracing.describe_request`)."""

    def __init__(self, site: ASGIApp) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"].startswith(_UNTRACED):
            await self._site(scope, receive, send)
            return
        headers = {
            _TRACE_HEADERS[name]: value.decode("latin-1") for name, value in scope["headers"] if name in _TRACE_HEADERS
        }
        with tracing.request(scope["method"], headers) as span:

            async def sending(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_http_status(message["status"])
                await send(message)

            await self._site(scope, receive, sending)
