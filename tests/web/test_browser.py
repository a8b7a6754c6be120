"""The reference pages in a real Chromium at a real server. Part of `make prove`, because not every machine has a Chromium;
test_pages.py checks the pages without one.
"""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.doors import all_doors
from tests.server import Server
from tests.vendors import VENDORS

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
FLAGS = [
    "--no-sandbox",  # in a container it may not make one, and it is shown nothing but our own pages
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # Requests of the browser itself.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Requests to other hosts are recorded, and fail.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip
GIVE_UP_MS = 10_000  # far more than anything here takes

pytestmark = [
    pytest.mark.prove,
    pytest.mark.skipif(CHROMIUM is None, reason=f"no Chromium on this machine (none of {', '.join(PROGRAMS)})"),
]

DOORS = {door.name: door for door in all_doors()}
PATHS = ["/docs", *(f"/docs/{name}" for name in DOORS)]
WIDE, PHONE = (1280, 800), (390, 844)


@pytest.fixture(scope="module")
def base(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a server."""
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("browser") / "crossdock.db")
    with Server(f"sqlite:///{path}") as server:
        yield server.base


@pytest.fixture(scope="module")
async def browser() -> "AsyncIterator[Browser]":
    """Return a browser without a window."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield started
        await started.close()


class Visit:
    """A page in a fresh browser profile, with the requests it made and the errors and warnings it logged."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.requested: list[str] = []
        self.errors: list[str] = []
        page.set_default_timeout(GIVE_UP_MS)
        page.on("console", lambda message: self._add_message(message.type, message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    async def listen(self) -> None:
        """Record all requests at their source: the library leaves out those for the site's icon."""
        session = await self.page.context.new_cdp_session(self.page)
        session.on("Network.requestWillBeSent", self._add_request)
        await session.send("Network.enable")

    def _add_request(self, event: dict[str, Any]) -> None:
        self.requested.append(event["request"]["url"])

    def _add_message(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.errors.append(text)

    async def settle(self) -> None:
        """Wait until the page has nothing more to load."""
        await self.page.wait_for_load_state("networkidle")

    async def open(self, address: str) -> int:
        """Go to an address and wait until everything is loaded; returns the status."""
        answer = await self.page.goto(address)
        assert answer is not None
        await self.settle()
        return answer.status


@asynccontextmanager
async def visit(browser: "Browser", *, size: tuple[int, int] = WIDE) -> AsyncIterator[Visit]:
    """Return a fresh page of this size in a profile of its own."""
    context = await browser.new_context(viewport={"width": size[0], "height": size[1]})
    try:
        made = Visit(await context.new_page())
        await made.listen()
        yield made
    finally:
        await context.close()


class TestWatch:
    async def test_the_watch_records_requests_to_other_hosts_and_errors(self, browser: "Browser", base: str) -> None:
        async with visit(browser) as seen:
            await seen.open(f"{base}/docs")
            async with seen.page.expect_event("requestfailed"), seen.page.expect_event("pageerror"):
                await seen.page.evaluate(
                    """() => {
                        console.error("said");
                        setTimeout(() => { throw new Error("thrown"); });
                        document.body.insertAdjacentHTML("beforeend", '<img src="http://elsewhere.example/x.png">');
                    }"""
                )
            await seen.settle()
            assert seen.requested == [f"{base}/docs", "http://elsewhere.example/x.png"]
            assert {"said", "thrown"} <= set(seen.errors)


class TestEveryPage:
    @pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
    @pytest.mark.parametrize("path", PATHS)
    async def test_a_page_loads_itself_and_nothing_else(
        self, browser: "Browser", base: str, path: str, size: tuple[int, int]
    ) -> None:
        async with visit(browser, size=size) as seen:
            assert await seen.open(base + path) == 200
            assert seen.requested == [base + path]
            assert seen.errors == []

    @pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
    @pytest.mark.parametrize("path", PATHS)
    async def test_a_page_fits_the_window_with_everything_open(
        self, browser: "Browser", base: str, path: str, size: tuple[int, int]
    ) -> None:
        async with visit(browser, size=size) as seen:
            await seen.open(base + path)
            await seen.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            assert await seen.page.evaluate("document.documentElement.scrollWidth") == size[0]


class TestOverview:
    async def test_the_overview_leads_to_every_door_and_back(self, browser: "Browser", base: str) -> None:
        async with visit(browser) as seen:
            await seen.open(f"{base}/docs")
            for door in DOORS.values():
                await seen.page.locator("td").get_by_role("link", name=door.title, exact=True).click()
                assert await seen.page.get_by_role("heading", level=1).inner_text() == door.title
                await seen.page.get_by_role("link", name="Crossdock", exact=True).click()
                assert await seen.page.get_by_role("heading", level=1).inner_text() == "Crossdock"
            assert {url.removeprefix(base) for url in seen.requested} == set(PATHS)
            assert seen.errors == []


@pytest.mark.parametrize("door", DOORS)
class TestDoor:
    async def test_the_page_of_a_door_shows_every_call(self, browser: "Browser", base: str, door: str) -> None:
        async with visit(browser) as seen:
            await seen.open(f"{base}/docs/{door}")
            displayed = set()
            for line in await seen.page.locator("details.operation > summary").all():
                assert await line.is_visible()
                displayed.add((await line.locator(".method").inner_text(), await line.locator(".path").inner_text()))
            assert displayed == {(route.method, path) for route in DOORS[door].routes for path in route.paths}

    async def test_the_page_of_a_door_has_only_the_create_call_open(
        self, browser: "Browser", base: str, door: str
    ) -> None:
        async with visit(browser) as seen:
            await seen.open(f"{base}/docs/{door}")
            opened = seen.page.locator("details.operation[open]")
            assert await opened.count() == 1
            assert await opened.locator("summary .path").first.inner_text() == VENDORS[door].create
            member = opened.locator("ul.shape").first.get_by_text(VENDORS[door].number, exact=True).first
            assert await member.is_visible()

    async def test_the_list_of_calls_opens_each_call(self, browser: "Browser", base: str, door: str) -> None:
        async with visit(browser) as seen:
            await seen.open(f"{base}/docs/{door}")
            links = seen.page.get_by_role("navigation", name="Calls").get_by_role("link")
            assert await links.all_inner_texts() == [route.operation for route in DOORS[door].routes]
            for route in DOORS[door].routes:
                await links.get_by_text(route.operation, exact=True).click()
                inside = seen.page.locator(f"#{route.operation}")
                await inside.wait_for(state="visible")
                await inside.get_by_role("heading", name="Responses", exact=True).wait_for(state="visible")
            assert {url.split("#")[0] for url in seen.requested} == {f"{base}/docs/{door}"}
            assert seen.errors == []
