"""The pages that belong to no door: reference, health checks, metrics."""

import asyncio
from contextlib import suppress
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from crossdock import app
from crossdock.doors import all_doors
from crossdock.settings import load
from tests.vendors import VENDORS
from tests.world import World

DOORS = {door.name: door for door in all_doors()}
NAMES = list(DOORS)
# An empty icon, so that browsers request none.
EMPTY_ICON = {"rel": "icon", "href": "data:,"}


class Page(HTMLParser):
    """What a page loads, its links and ids; `opened` are the first ids in its open boxes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.links: list[dict[str, str | None]] = []
        self.opened: list[str] = []
        self._opening = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        if tag == "link":
            self.links.append(given)
            return
        if "id" in given:
            self.ids.append(given["id"] or "")
            self.opened += [given["id"] or ""] if self._opening else []
            self._opening = False
        self._opening |= tag == "details" and "open" in given
        self.addresses += [given[name] or "" for name in ("src", "href", "action", "srcset", "data") if name in given]
        self.handlers += [name for name in given if name.startswith("on")]


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """One engine unless a test asks for the other."""
    return str(getattr(request, "param", "sqlite"))


class TestDocumentation:
    @pytest.mark.parametrize("path", ["/docs", *(f"/docs/{name}" for name in NAMES)])
    async def test_a_reference_page_is_html_that_loads_nothing_from_other_servers(
        self, world: World, path: str
    ) -> None:
        answer = await world.http.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
        page = Page(answer.text)
        assert page.tags[0] == "html"
        assert {"script", "iframe", "object", "embed", "img"} & set(page.tags) == set()
        assert page.links == [EMPTY_ICON]
        assert page.handlers == []
        assert page.addresses != []
        assert [each for each in page.addresses if not each.startswith("/") or each.startswith("//")] == []
        assert "url(" not in answer.text
        assert "@import" not in answer.text

    @pytest.mark.parametrize("path", ["/docs", *(f"/docs/{name}" for name in NAMES)])
    async def test_every_link_of_a_reference_page_leads_to_a_page_and_heading(self, world: World, path: str) -> None:
        addresses = Page((await world.http.get(path)).text).addresses
        assert addresses != []
        ids: dict[str, set[str]] = {}  # of each page linked to, which is read once however many links lead there
        for address in addresses:
            page, _, name = address.partition("#")
            if page not in ids:
                answer = await world.http.get(page or path)
                assert answer.status_code == 200, address
                ids[page] = set(Page(answer.text).ids)
            assert name == "" or name in ids[page], address

    async def test_a_slash_at_the_end_of_docs_makes_no_difference(self, world: World) -> None:
        with_slash, without = await world.http.get("/docs/"), await world.http.get("/docs")
        assert (with_slash.status_code, with_slash.text) == (200, without.text)

    async def test_the_overview_links_to_every_door(self, world: World) -> None:
        page = Page((await world.http.get("/docs")).text)
        for name in NAMES:
            assert {f"/docs/{name}", f"/openapi/{name}.json"} <= set(page.addresses)

    @pytest.mark.parametrize("door", NAMES)
    async def test_the_page_of_a_door_has_every_operation(self, world: World, door: str) -> None:
        text = (await world.http.get(f"/docs/{door}")).text
        ids = Page(text).ids
        assert {route.operation for route in DOORS[door].routes} <= set(ids)
        assert len(set(ids)) == len(ids)
        for route in DOORS[door].routes:
            for path in route.paths:
                assert f">{path}<" in text

    @pytest.mark.parametrize("door", NAMES)
    async def test_the_page_of_a_door_has_the_create_call_open_and_links_to_all(self, world: World, door: str) -> None:
        page = Page((await world.http.get(f"/docs/{door}")).text)
        (opened,) = [route for route in DOORS[door].routes if route.operation in page.opened]
        assert (opened.method, opened.paths[0]) == ("POST", VENDORS[door].create)
        operations = [route.operation for route in DOORS[door].routes]
        assert [each for each in page.addresses if "#" in each] == [f"/docs/{door}#{each}" for each in operations]

    async def test_names_in_descriptions_are_shown_as_code(self, world: World) -> None:
        text = (await world.http.get("/docs/fabric")).text
        assert "JSON object: <code>account</code> (string" in text
        assert "`" not in text

    async def test_the_page_of_an_unknown_door_names_the_problem(self, world: World) -> None:
        assert "no door of this name" in (await world.http.get("/docs/nobody")).text
        assert "no door of this name" not in (await world.http.get("/docs")).text

    @pytest.mark.parametrize("path", ["/docs/nobody", "/openapi/nobody.json", "/docs/hub/more", "/openapi/hub"])
    async def test_the_page_of_an_unknown_door_is_404(self, world: World, path: str) -> None:
        assert (await world.http.get(path)).status_code == 404

    async def test_a_page_does_not_repeat_the_path(self, world: World) -> None:
        answer = await world.http.get("/docs/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
        assert answer.status_code == 404
        assert "<script>" not in answer.text


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
