"""Serve pages that are the same for everybody: rendered once, then from memory, with ETag, gzip and security headers."""

import asyncio
import gzip
import hashlib
from collections.abc import Callable, Mapping

from msgspec import Struct
from starlette.types import Receive, Scope, Send

# Nothing is loaded from other servers, no script or style stands in a page, and no other page may show ours in a frame.
_SECURITY = [
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        b"form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
# Browsers ask each time whether a page has changed, and get 304: a page is current right after an upgrade.
_CACHING = [(b"cache-control", b"no-cache"), (b"vary", b"accept-encoding")]
_SMALL = 1_000  # bytes; less is not worth a compression
HTML = "text/html; charset=utf-8"
Headers = list[tuple[bytes, bytes]]


class Content(Struct, frozen=True):
    """What a page consists of: its body, media type and status."""

    body: bytes
    media_type: str = HTML
    status: int = 200


class _Cached(Struct, frozen=True):
    """A page as it is sent: body and headers, plain and compressed."""

    status: int
    etag: bytes
    plain: tuple[bytes, Headers]
    compressed: tuple[bytes, Headers] | None


class CachedPages:
    """An ASGI application of pages by path; `missing` returns the key of the page that answers for an unknown path."""

    def __init__(self, pages: Mapping[str, Callable[[], Content]], *, missing: Callable[[str], str]) -> None:
        self._pages = pages
        self._missing = missing
        self._cache: dict[str, _Cached] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; a slash at the end of the path makes no difference."""
        path = scope["path"].rstrip("/") or "/"
        if scope["method"] not in ("GET", "HEAD"):
            await _send(send, scope, 405, b"", [(b"allow", b"GET, HEAD"), *_SECURITY])
            return
        cached = self._cache.get(path) or await self._page(path if path in self._pages else self._missing(path))
        asked = dict(scope["headers"])
        if cached.status == 200 and cached.etag in asked.get(b"if-none-match", b""):
            await _send(send, scope, 304, b"", [(b"etag", cached.etag), *_CACHING, *_SECURITY])
            return
        is_compressed = cached.compressed is not None and _accepts_gzip(asked.get(b"accept-encoding", b""))
        body, headers = cached.compressed if is_compressed and cached.compressed else cached.plain
        await _send(send, scope, cached.status, body, headers)

    async def _page(self, key: str) -> _Cached:
        """Render a page where it is not cached; in a thread, because a large one takes longer than an order may wait."""
        if key not in self._cache:
            render = self._pages[key]
            self._cache[key] = await asyncio.to_thread(lambda: _prepare(render()))
        return self._cache[key]


async def _send(send: Send, scope: Scope, status: int, body: bytes, headers: Headers) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _prepare(content: Content) -> _Cached:
    # Weak, because the compressed body has the same one.
    etag = b'W/"' + hashlib.sha256(content.body).hexdigest()[:20].encode() + b'"'
    shared: Headers = [(b"content-type", content.media_type.encode()), (b"etag", etag), *_CACHING, *_SECURITY]
    plain = (content.body, [*shared, _length(content.body)])
    if len(content.body) < _SMALL:
        return _Cached(content.status, etag, plain, None)
    body = gzip.compress(content.body, 9, mtime=0)
    return _Cached(content.status, etag, plain, (body, [*shared, (b"content-encoding", b"gzip"), _length(body)]))


def _length(body: bytes) -> tuple[bytes, bytes]:
    return b"content-length", b"%d" % len(body)


def _accepts_gzip(header: bytes) -> bool:
    """Check whether an Accept-Encoding header allows gzip (RFC 9110, 12.5.3)."""
    for each in header.split(b","):
        name, _, weight = each.partition(b";")
        if name.strip().lower() in (b"gzip", b"*"):
            return weight.replace(b" ", b"").lower() not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return False
