"""The ASGI application: match the route, read the body within its limit, authenticate the caller, call the door's handler.

It also handles every exception: the door renders a refusal in its own format; anything else is a bug, logged with the
request id that the response shows. Each request makes one log line and one count, without personal data.
"""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from functools import lru_cache, partial

import structlog
from starlette.requests import ClientDisconnect
from starlette.routing import Route as Path
from starlette.routing import Router
from starlette.types import Message, Receive, Scope, Send

from crossdock.core.errors import Busy, Code, Denied, Invalid, NotFound, Refusal
from crossdock.doors import Door, Headers, Reply, Request, Route
from crossdock.flows import access, tracing
from crossdock.flows.access_recorder import kind_of
from crossdock.flows.context import Context
from crossdock.flows.intake import Intake, Submission
from crossdock.flows.measures import DATABASE_ERRORS
from crossdock.flows.rate_limits import Quota
from crossdock.web import logs, metrics
from crossdock.web.client_address import ClientAddresses
from crossdock.web.limits import REFUSAL
from crossdock.web.route_table import PathRoutes, route_table

_log = structlog.get_logger("crossdock.request")
# Answers are about orders and people: no cache between may keep them, and no browser may take one for a page.
_NO_STORE, _NO_SNIFFING = (b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")


class Site:
    """The ASGI application of all doors."""

    def __init__(self, context: Context, intake: Intake, doors: Sequence[Door], *, pages: Sequence[Path] = ()) -> None:
        self._context = context
        self._addresses = ClientAddresses(context.settings.trusted_proxies)
        self._intake = intake
        self._table = route_table(tuple(doors))
        self._pages = Router(pages, default=self._not_found, redirect_slashes=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request: of a fixed path, of a path with parameters, or a page."""
        if scope["type"] != "http":
            return
        if (refusal := scope.get(REFUSAL)) is not None:
            await self.reject(scope, send, refusal)
            return
        found = self._table.find(scope["path"])
        try:
            if found is None:
                await self._pages(scope, receive, send)
            else:
                await self._serve_path(*found, scope, receive, send)
        except ClientDisconnect:  # in a page; where that is the server's doing, the client still reads
            await self.reject(scope, send, Invalid(Code.BAD_REQUEST, "the request was not complete"))
        except Exception:  # noqa: BLE001 - `serve` handles the bugs of doors; this is for the pages
            await self._report_page_bug(scope, send)

    async def _serve_path(
        self, routes: PathRoutes, values: Sequence[str], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Pick the route of a path by the headers and the method."""
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        candidates = routes.candidates(scope["headers"])
        for door, route, parameters in candidates:
            if route.method == method:
                if parameters:
                    scope["path_params"] = dict(zip(parameters, values, strict=True))
                await self.serve(door, route, scope, receive, send)
                return
        if candidates:
            refusal = NotFound(Code.NO_METHOD, "this path does not take this method")
            methods = sorted({route.method for _, route, _ in candidates})
            await self.reject(scope, send, refusal, candidates[0][0], methods)
        else:
            await self.reject(scope, send, NotFound(Code.NO_ROUTE, "there is nothing at this path"))

    async def _report_page_bug(self, scope: Scope, send: Send) -> None:
        door = self._table.doors["hub"]
        request = self._request(scope, Route(scope["method"], (), _unreached, None, "page", "a page"), b"")
        _log.exception("bug", request_id=request.request_id, door=door.name, operation="page")
        await self._respond(None, send, scope, door, request, door.refuse(None, request), "bug", time.perf_counter())

    async def _not_found(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.reject(scope, send, NotFound(Code.NO_ROUTE, "there is nothing at this path"))

    async def reject(
        self, scope: Scope, send: Send, refusal: Refusal, door: Door | None = None, allowed: Sequence[str] = ()
    ) -> None:
        """Refuse a request that reaches no route, in the format of `door`, or of the door with the most similar path."""
        door = door or self._table.nearest(scope["path"], Headers(scope["headers"]))
        request = self._request(scope, Route(scope["method"], (), _unreached, None, "none", "no route"), b"")
        reply = door.refuse(refusal, request)
        if allowed:
            reply.headers = [*reply.headers, ("Allow", ", ".join(allowed))]
        await self._respond(None, send, scope, door, request, reply, str(refusal.code), time.perf_counter())

    def _request(self, scope: Scope, route: Route, body: bytes) -> Request:
        request = Request(
            context=self._context,
            intake=self._intake,
            route=route,
            method=scope["method"],
            path=scope["path"],
            params=scope.get("path_params", {}),
            query_string=scope["query_string"],
            headers=Headers(scope["headers"]),
            body=body,
            request_id=random.randbytes(8).hex(),  # unique in practice, and no secret
        )
        request.address = self._addresses.of(scope)
        return request

    async def serve(self, door: Door, route: Route, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request through a door."""
        began = time.perf_counter()
        request = self._request(scope, route, b"")
        outcome, size = "ok", 0
        quota: object = None
        try:
            query_string = scope["query_string"]
            if "\x00" in scope["path"] or (query_string and b"%00" in query_string):
                raise Invalid(Code.INVALID, "a path or query must not hold NUL")
            limit = min(self._context.settings.body_limit_bytes, route.body_limit)
            body, size = await _body(receive, limit, min(limit, self._context.settings.kept_bytes))
            request.body = body
            request.disconnected = partial(_disconnected, receive)
            if route.scope is not None:
                await self._authenticate(door, request)
            if self._context.rate_limits.rate:
                quota = self._take(request)
            if size > len(body):
                raise Invalid(Code.TOO_LARGE, f"the body has more than {limit} bytes", limit=limit)
            reply = await route.handle(request)
            outcome = reply.outcome
        except Refusal as refused:
            refusal = refused if refused.recorded else await self._record(door, request, refused, size)
            outcome = str(refusal.code)
            reply = _with_retry_after(door.refuse(refusal, request), refusal)
            quota = refusal.facts.get("quota")
            _report_busy(request, refusal)
        except ClientGone:
            return
        except asyncio.CancelledError:
            if not self._context.stopping.is_set():
                raise
            outcome = "stopped"
            reply = door.refuse(Busy(Code.UNAVAILABLE, "the server is stopping"), request)
        except Exception:  # noqa: BLE001 - the last resort: a bug is logged, and the door renders its 500
            outcome = "bug"
            _log.exception("bug", request_id=request.request_id, door=door.name, operation=route.operation)
            reply = door.refuse(None, request)
        if isinstance(quota, Quota):
            reply.headers = [*reply.headers, *_rate_limit_headers(quota)]
        await self._respond(receive, send, scope, door, request, reply, outcome, began)

    def _take(self, request: Request) -> Quota:
        """Count a request against the limit of its client, or of its address where it has no token."""
        caller = request.caller if request.route.scope is not None else None
        key = (caller.organization_id, caller.actor) if caller else ("address", request.address or "")
        return self._context.rate_limits.take(key)

    async def _authenticate(self, door: Door, request: Request) -> None:
        organization = door.organization_of(request.headers) if door.organization_of else None
        try:
            request.caller = await access.recognize(self._context, token=request.bearer, organization=organization)
        except Denied:  # whoever has no valid token counts by address
            if self._context.rate_limits.rate:
                self._take(request)
            raise
        if door.check_caller is not None:
            door.check_caller(request)
        assert request.route.scope is not None
        request.caller.require(request.route.scope)

    async def _record(self, door: Door, request: Request, refusal: Refusal, size: int) -> Refusal:
        """Store the body of an order that was refused before intake: for its headers, scope, size or bulk envelope.

        Returns the refusal, or Busy where the body could not be stored.
        """
        is_authenticated = request.caller is not None
        if not is_authenticated or not request.route.submits or door.format is None or isinstance(refusal, Busy):
            return refusal
        submission = Submission(
            request.caller, door.format, request.body, request.route.submits, refusal=refusal, size=size
        )
        try:
            await self._intake.submit_all([submission])
        except Busy as busy:
            return busy
        return refusal

    async def _respond(
        self,
        receive: Receive | None,
        send: Send,
        scope: Scope,
        door: Door,
        request: Request,
        reply: Reply,
        outcome: str,
        began: float,
    ) -> None:
        if self._context.access_log.is_on and request.caller is not None:
            route = request.route
            self._context.access_log.record(
                request.caller, door=door.name, operation=route.operation,
                kind=kind_of(route.method, route.operation, route.scope), address=request.address,
                order_id=reply.order_id, params=request.params, status=reply.status,
            )  # fmt: skip
        try:
            await _send(receive, send, reply, request.request_id, with_body=scope["method"] != "HEAD")
        except Exception:
            if reply.stream is None:
                raise
            # Its beginning is sent; without an end, the client knows that it is incomplete.
            outcome = "cut"
            _log.exception("stream", request_id=request.request_id, door=door.name, operation=request.route.operation)
        seconds = time.perf_counter() - began
        operation = request.route.operation
        metrics.count(door.name, operation, reply.status, outcome, seconds)
        caller = request.caller
        if tracing.is_on():
            tracing.describe_request(
                operation,
                door=door.name,
                outcome=outcome,
                request_id=request.request_id,
                order_id=reply.order_id,
                organization_id=caller.organization_id if caller else None,
            )
        logs.request(
            request_id=request.request_id,
            organization=caller.organization_id if caller else None,
            client=caller.actor if caller and caller.person_id is None else None,
            person=caller.person_id if caller else None,
            address=request.address,
            door=door.name,
            operation=operation,
            order_id=reply.order_id,
            status=reply.status,
            outcome=outcome,
            ms=round(seconds * 1000, 2),
        )


def _report_busy(request: Request, refusal: Refusal) -> None:
    """Count and log what is the server's trouble, not the caller's."""
    if refusal.code is Code.UNAVAILABLE:
        DATABASE_ERRORS.inc()
    if isinstance(refusal, Busy) and refusal.code not in (Code.TOO_MANY_ATTEMPTS, Code.RATE_LIMITED):
        _log.warning("busy", request_id=request.request_id, code=str(refusal.code), **refusal.facts)


def _with_retry_after(reply: Reply, refusal: Refusal) -> Reply:
    """Name the wait that a refusal knows."""
    if (wait_s := refusal.facts.get("retry_after_s")) is not None:
        others = [each for each in reply.headers if each[0].lower() != "retry-after"]
        reply.headers = [*others, ("Retry-After", str(wait_s))]
    return reply


def _rate_limit_headers(quota: Quota) -> list[tuple[str, str]]:
    """Return the headers of the IETF's draft "RateLimit header fields for HTTP" (draft-ietf-httpapi-ratelimit-headers)."""
    return [
        ("RateLimit-Policy", f'"client";q={quota.burst};w={quota.window_s}'),
        ("RateLimit", f'"client";r={quota.remaining};t={quota.reset_s}'),
    ]


class ClientGone(Exception):
    """The client disconnected before its request was complete."""


async def _body(receive: Receive, limit: int, kept: int) -> tuple[bytes, int]:
    """Read the body; returns it with its size, or, over the limit, its beginning and a size that is larger.

    The rest of an oversized body is read and dropped, because many clients read the response only after they have sent
    everything; after 64 times the limit, reading stops.
    """
    message: Message = await receive()
    body: bytes = message.get("body", b"")
    size = len(body)
    if message.get("more_body"):
        parts = [body]
        while message.get("more_body") and size <= limit * 64:
            message = await receive()
            part = message.get("body", b"")
            size += len(part)
            if size <= limit:
                parts.append(part)
        body = b"".join(parts)
    if message["type"] == "http.disconnect":
        raise message.get(REFUSAL) or ClientGone
    return (body, size) if size <= limit else (body[:kept], max(size, kept + 1))


async def _send(receive: Receive | None, send: Send, reply: Reply, request_id: str, *, with_body: bool) -> None:
    headers: list[tuple[bytes, bytes]] = [(b"x-request-id", request_id.encode()), _NO_SNIFFING]
    if reply.status not in (204, 304):  # these have no body
        headers.append(_content_type(reply.content_type))
        if reply.stream is None:
            headers.append((b"content-length", b"%d" % len(reply.body)))
    if not reply.headers:
        headers.append(_NO_STORE)
    else:
        own = [(_header_name(name), value.encode("latin-1")) for name, value in reply.headers]
        if b"cache-control" not in dict(own):
            headers.append(_NO_STORE)
        headers += own
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if reply.stream is not None and with_body and receive is not None:
        await _stream(receive, send, reply.stream)
    await send({"type": "http.response.body", "body": reply.body if with_body else b""})


@lru_cache(64)
def _content_type(content_type: str) -> tuple[bytes, bytes]:
    return b"content-type", content_type.encode("latin-1")


@lru_cache(64)
def _header_name(name: str) -> bytes:
    return name.lower().encode("latin-1")


async def _stream(receive: Receive, send: Send, stream: AsyncIterator[bytes]) -> None:
    """Send the parts of a stream until it ends or the client disconnects; some streams never end by themselves."""
    disconnected = asyncio.ensure_future(_disconnected(receive))
    part: asyncio.Future[bytes | None] | None = None
    try:
        while not disconnected.done():
            part = asyncio.ensure_future(_next(stream))
            await asyncio.wait((part, disconnected), return_when=asyncio.FIRST_COMPLETED)
            if not part.done() or (sent := part.result()) is None:
                return
            await send({"type": "http.response.body", "body": sent, "more_body": True})
    finally:
        disconnected.cancel()
        if part is not None and not part.done():  # the client has disconnected, or the server stops
            part.cancel()
            await asyncio.wait((part,))
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()


async def _next(stream: AsyncIterator[bytes]) -> bytes | None:
    return await anext(stream, None)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _unreached(request: Request) -> Reply:
    raise AssertionError("a missing route has no handler")
