"""The pages that belong to no door: documentation, health checks, metrics."""

import asyncio
import re
from contextlib import suppress
from html import unescape
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from crossdock import app
from crossdock.doors import all_doors
from crossdock.settings import load
from crossdock.web.documentation import Documentation
from tests.vendors import VENDORS
from tests.world import World

DOORS = {door.name: door for door in all_doors()}
NAMES = list(DOORS)
VENDOR_PAGE = "/docs/pb_oms/createOrder"
PATHS = [
    "/", "/docs", "/docs/guides", "/docs/guides/webhooks", *(f"/docs/{name}" for name in NAMES),
    *(f"/docs/{name}/{DOORS[name].routes[0].operation}" for name in NAMES),
]  # fmt: skip


class Page(HTMLParser):
    """What a page loads, its links, ids, and everything that a strict content security policy refuses."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        self.ids += [given["id"] or ""] if "id" in given else []
        self.addresses += [given[name] or "" for name in ("src", "href", "action", "srcset", "data") if name in given]
        self.inline += [name for name in given if name.startswith("on") or name == "style"]
        self.inline += [tag] if tag == "style" or (tag == "script" and "src" not in given) else []


_linked: dict[str, Page] = {}


async def linked(world: World, path: str) -> Page:
    """Return a page, which is read once however many links lead there: it is the same for all who ask."""
    if path not in _linked:
        answer = await world.http.get(path)
        assert answer.status_code == 200, path
        _linked[path] = Page(answer.text)
    return _linked[path]


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """One engine unless a test asks for the other."""
    return str(getattr(request, "param", "sqlite"))


class TestDocumentation:
    @pytest.mark.parametrize("path", PATHS)
    async def test_a_page_is_html_that_loads_nothing_from_other_servers(self, world: World, path: str) -> None:
        answer = await world.http.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        page = Page(answer.text)
        assert page.tags[0] == "html"
        assert {"iframe", "object", "embed", "img"} & set(page.tags) == set()
        assert page.inline == []
        loaded = [each for each in page.addresses if not each.startswith(("/", "#"))]
        assert [each for each in loaded if path == "/" or not each.startswith("http")] == []

    @pytest.mark.parametrize("path", PATHS)
    async def test_every_link_of_a_page_leads_to_a_page_and_heading(self, world: World, path: str) -> None:
        for address in (await linked(world, path)).addresses:
            page, _, name = address.partition("#")
            if not page.startswith("http"):
                assert name == "" or name in (await linked(world, page or path)).ids, address

    async def test_a_slash_at_the_end_makes_no_difference(self, world: World) -> None:
        for path in ("/docs", "/docs/hub", "/docs/guides/events"):
            with_slash, without = await world.http.get(f"{path}/"), await world.http.get(path)
            assert (with_slash.status_code, with_slash.text) == (200, without.text)

    async def test_the_home_page_has_a_command_for_each_door_only_with_the_demo(self, world: World) -> None:
        text = unescape((await world.http.get("/")).text)
        assert "demo-secret" not in text
        assert text.count("<pre") == 1
        assert '-u "$CLIENT_ID:$CLIENT_SECRET"' in text
        demo = Documentation(load({}, demo=True), all_doors())
        text = unescape((await fetch(demo, "/")).text)
        for door in DOORS.values():
            assert door.demo_curl is not None
            assert door.demo_curl("http://127.0.0.1:8000") in text

    async def test_the_commands_name_the_public_address(self) -> None:
        text = (await fetch(Documentation(load({}, public_url="https://orders.example.com/"), all_doors()), "/")).text
        assert " https://orders.example.com/hub/v1/orders " in text

    async def test_the_overview_links_to_every_door_and_call(self, world: World) -> None:
        page = Page((await world.http.get("/docs")).text)
        for name, door in DOORS.items():
            assert {f"/docs/{name}", *(f"/docs/{name}/{route.operation}" for route in door.routes)} <= set(
                page.addresses
            )

    @pytest.mark.parametrize("door", NAMES)
    async def test_the_page_of_a_door_links_to_every_call_and_document(self, world: World, door: str) -> None:
        page = Page((await world.http.get(f"/docs/{door}")).text)
        expected = {f"/docs/{door}/{route.operation}" for route in DOORS[door].routes}
        assert expected | {f"/openapi/{door}.json", f"/docs/guides/doors/{door}"} <= set(page.addresses)
        assert len(set(page.ids)) == len(page.ids)

    @pytest.mark.parametrize("door", NAMES)
    async def test_the_page_of_a_call_has_its_paths_parameters_and_responses(self, world: World, door: str) -> None:
        for route in DOORS[door].routes:
            text = (await world.http.get(f"/docs/{door}/{route.operation}")).text
            for path in route.paths:
                assert f">{path}<" in text
            for parameter in route.parameters:
                assert f'<code class="name">{parameter["name"]}</code>' in text
            for status in route.answers:
                assert f"<b>{status}</b>" in text
            assert "curl -s " in text
            assert "`" not in text

    async def test_the_page_of_a_create_call_has_the_fields_of_the_body(self, world: World) -> None:
        text = (await world.http.get(VENDOR_PAGE)).text
        assert '<code class="name">orderNumber</code> <span class="required">required</span>' in text

    @pytest.mark.parametrize(
        "path", ["/docs/nobody", "/docs/hub/more", "/docs/guides/none", "/docs/static/none.js", "/docs/no page"]
    )
    async def test_an_unknown_page_is_404_and_names_the_pages_that_exist(self, world: World, path: str) -> None:
        answer = await world.http.get(path)
        assert answer.status_code == 404
        assert set(NAMES) <= {each.rpartition("/")[2] for each in Page(answer.text).addresses}

    @pytest.mark.parametrize("path", ["/openapi/nobody.json", "/openapi/hub", "/asyncapi/s2.json"])
    async def test_an_unknown_document_is_404_and_names_those_that_exist(self, world: World, path: str) -> None:
        answer = await world.http.get(path)
        assert answer.status_code == 404
        assert "hub" in answer.json()["detail"]

    async def test_a_page_does_not_repeat_the_path(self, world: World) -> None:
        answer = await world.http.get("/docs/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
        assert answer.status_code == 404
        assert "alert" not in answer.text

    async def test_the_icon_is_an_image(self, world: World) -> None:
        answer = await world.http.get("/favicon.ico")
        assert answer.headers["content-type"] == "image/x-icon"
        assert answer.content[:4] == b"\x00\x00\x01\x00"


class TestSearch:
    async def test_the_search_index_has_every_call_and_guide(self, world: World) -> None:
        entries = (await world.http.get("/docs/search.json")).json()
        urls = [each["url"] for each in entries]
        assert len(set(urls)) == len(urls)
        assert {f"/docs/{name}/{route.operation}" for name, door in DOORS.items() for route in door.routes} <= set(urls)
        assert {"/docs/guides/webhooks", "/docs/guides/webhooks#a-receiver"} <= set(urls)
        for url in {each.partition("#")[0] for each in urls}:
            assert (await world.http.get(url)).status_code == 200

    async def test_a_call_is_in_the_index_with_the_fields_of_its_body(self, world: World) -> None:
        entries = (await world.http.get("/docs/search.json")).json()
        (create,) = [each for each in entries if each["url"] == VENDOR_PAGE]
        assert create["place"] == "Pitney Bowes OMS · POST /ordermanagement/api/v1/orders"
        assert {"createOrder", "orderNumber", "cityTown", "/api/v1/orders"} <= set(create["words"].split())

    @pytest.mark.parametrize("name", ["coverage", "getting-started", "doors/hub/orders"])
    async def test_a_guide_is_also_at_the_path_of_its_file(self, world: World, name: str) -> None:
        pages = [await world.http.get(f"/docs/{folder}{name}") for folder in ("", "guides/")]
        assert [each.status_code for each in pages] == [200, 200]
        assert pages[0].text == pages[1].text

    async def test_the_list_for_language_models_leads_to_guides_and_documents(self, world: World) -> None:
        answer = await world.http.get("/llms.txt")
        assert answer.text.startswith("# Crossdock\n\n> ")
        targets = re.findall(r"\]\(([^)]+)\)", answer.text)
        assert {"/docs/guides/webhooks.md", "/asyncapi/hub.json", *(f"/openapi/{name}.json" for name in NAMES)} <= set(
            targets
        )
        for target in targets:
            assert (await world.http.get(target)).status_code == 200, target


async def fetch(documentation: Documentation, path: str) -> httpx.Response:
    """Return a page of a documentation with other settings."""
    transport = httpx.ASGITransport(documentation.application())
    async with httpx.AsyncClient(transport=transport, base_url="http://crossdock") as http:
        return await http.get(path)


class Proxy:
    """A TCP proxy to the PostgreSQL server's socket, to be cut while clients are connected."""

    def __init__(self, socket_path: str) -> None:
        self._path = socket_path
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> int:
        """Listen; returns the port."""
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(self._path)
        self._writers += [writer, far_writer]
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._copy(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def cut(self) -> None:
        """Drop every connection and accept no more."""
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class TestHealth:
    async def test_liveness_does_not_need_the_database(self, world: World) -> None:
        answer = await world.http.get("/health/live")
        assert (answer.status_code, answer.json()) == (200, {"status": "live"})

    @pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
    async def test_readiness_names_the_database_engine(self, world: World, engine: str) -> None:
        answer = await world.http.get("/health/ready")
        assert (answer.status_code, answer.json()) == (200, {"status": "ready", "database": engine})

    @pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
    async def test_readiness_is_503_while_the_database_is_unreachable(self, database: str) -> None:
        parts = urlsplit(database)
        proxy = Proxy(f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432")
        url = f"postgresql://{parts.username or 'postgres'}@127.0.0.1:{await proxy.open()}{parts.path}"
        async with app.open_context(load({}, database=url)) as context:
            transport = httpx.ASGITransport(app.site(context))
            async with httpx.AsyncClient(transport=transport, base_url="http://crossdock") as http:
                headers = await World(context, http).bearer()
                assert (await http.get("/health/ready")).status_code == 200
                await proxy.cut()
                unready = await http.get("/health/ready")
                assert (unready.status_code, unready.json()) == (503, {"status": "database unavailable"})
                assert (await http.get("/health/live")).status_code == 200
                vendor = VENDORS["hub"]
                order = await http.post(vendor.create, json=vendor.body("AWAY-1"), headers=headers)
                assert order.status_code == 503
                assert order.headers["retry-after"] == "1"
                assert order.json()["code"] == "unavailable"


def value(exposition: str, **labels: str) -> float:
    """Return the request counter with these labels; 0 where there is none yet."""
    for line in exposition.splitlines():
        if line.startswith("crossdock_requests_total{") and all(f'{k}="{v}"' in line for k, v in labels.items()):
            return float(line.rsplit(" ", 1)[1])
    return 0.0


class TestMetrics:
    async def test_the_metrics_count_requests_by_door_operation_status_and_outcome(self, world: World) -> None:
        labels = {"door": "s2", "operation": "getOrder", "status": "401", "outcome": "no_token"}
        before = value((await world.http.get("/metrics")).text, **labels)
        for _ in range(3):
            await world.http.get("/order/00000000-0000-0000-0000-000000000000")
        answer = await world.http.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=")
        assert value(answer.text, **labels) == before + 3
        assert 'crossdock_request_seconds_count{door="s2",operation="getOrder"}' in answer.text

    async def test_the_metrics_count_replays_apart_from_first_responses(self, world: World) -> None:
        vendor, headers = VENDORS["hub"], await world.bearer()
        kinds = [{"operation": "createOrder", "status": "201", "outcome": word} for word in ("accepted", "replayed")]
        before = [value((await world.http.get("/metrics")).text, door="hub", **kind) for kind in kinds]
        for _ in range(2):
            await world.http.post(vendor.create, json=vendor.body("COUNTED"), headers=headers)
        text = (await world.http.get("/metrics")).text
        assert [value(text, door="hub", **kind) for kind in kinds] == [count + 1 for count in before]

    async def test_the_metrics_gain_no_series_from_made_up_paths(self, world: World) -> None:
        async def series() -> set[str]:
            lines = (await world.http.get("/metrics")).text.splitlines()
            return {line.rsplit(" ", 1)[0] for line in lines if line.startswith("crossdock_requests_total{")}

        await world.http.get("/hub/v1/first-made-up")
        before = await series()
        for number in range(5):
            await world.http.get(f"/hub/v1/made-up-{number}?q={number}")
        assert await series() == before
