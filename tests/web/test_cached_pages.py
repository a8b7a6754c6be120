"""Pages that are rendered once: caching, compression, security headers."""

import gzip
from collections.abc import AsyncIterator

import httpx
import pytest

from crossdock.web.cached_pages import CachedPages, Content

LONG = b"<p>" + b"long " * 1000 + b"</p>"
rendered: list[str] = []


def render(name: str, content: Content) -> Content:
    rendered.append(name)
    return content


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    rendered.clear()
    pages = CachedPages(
        {
            "/": lambda: render("home", Content(b"home")),
            "/long": lambda: render("long", Content(LONG)),
            "none": lambda: render("none", Content(b"none", status=404)),
        },
        missing=lambda _: "none",
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(pages), base_url="http://crossdock") as client:
        yield client


class TestCache:
    async def test_a_page_is_rendered_once(self, http: httpx.AsyncClient) -> None:
        assert [(await http.get("/long")).content for _ in range(3)] == [LONG] * 3
        assert rendered == ["long"]

    async def test_the_page_for_unknown_paths_is_rendered_once(self, http: httpx.AsyncClient) -> None:
        assert [(await http.get(path)).status_code for path in ("/x", "/y/z", "/none", "//")] == [404, 404, 404, 200]
        assert rendered == ["none", "home"]

    async def test_a_known_etag_is_answered_with_304(self, http: httpx.AsyncClient) -> None:
        etag = (await http.get("/long")).headers["etag"]
        answer = await http.get("/long", headers={"if-none-match": f'"other", {etag}'})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
        assert (await http.get("/long", headers={"if-none-match": 'W/"other"'})).status_code == 200

    async def test_a_missing_page_has_no_304(self, http: httpx.AsyncClient) -> None:
        etag = (await http.get("/x")).headers["etag"]
        assert (await http.get("/x", headers={"if-none-match": etag})).status_code == 404


class TestMethods:
    async def test_head_has_the_headers_and_no_body(self, http: httpx.AsyncClient) -> None:
        answer = await http.head("/long", headers={"accept-encoding": "identity"})
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["content-length"] == str(len(LONG))

    async def test_other_methods_are_refused(self, http: httpx.AsyncClient) -> None:
        answer = await http.post("/long")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


class TestCompression:
    @pytest.mark.parametrize(
        ("accepted", "is_compressed"),
        [("gzip", True), ("br, gzip;q=0.5", True), ("*", True), ("gzip;q=0", False), ("br", False), ("", False)],
    )
    async def test_a_page_is_compressed_where_gzip_is_accepted(
        self, http: httpx.AsyncClient, accepted: str, is_compressed: bool
    ) -> None:
        answer = await http.get("/long", headers={"accept-encoding": accepted})
        assert answer.content == LONG  # httpx has decompressed it
        assert answer.headers.get("content-encoding") == ("gzip" if is_compressed else None)
        assert answer.headers["vary"] == "accept-encoding"
        assert (int(answer.headers["content-length"]) == len(gzip.compress(LONG, 9, mtime=0))) is is_compressed

    async def test_a_short_page_is_not_compressed(self, http: httpx.AsyncClient) -> None:
        assert "content-encoding" not in (await http.get("/", headers={"accept-encoding": "gzip"})).headers


class TestSecurity:
    @pytest.mark.parametrize("path", ["/", "/unknown"])
    async def test_a_page_has_security_headers(self, http: httpx.AsyncClient, path: str) -> None:
        headers = (await http.get(path)).headers
        policy = dict(each.strip().split(" ", 1) for each in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert {policy[name] for name in ("script-src", "style-src", "connect-src")} == {"'self'"}
        assert policy["frame-ancestors"] == "'none'"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
