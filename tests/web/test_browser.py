"""The documentation in a real Chromium at a real demo server. Part of `make prove`, because not every machine has a Chromium;
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
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]  # fmt: skip
GIVE_UP_MS = 10_000  # far more than anything here takes

pytestmark = [
    pytest.mark.prove,
    pytest.mark.skipif(CHROMIUM is None, reason=f"no Chromium on this machine (none of {', '.join(PROGRAMS)})"),
]

DOORS = {door.name: door for door in all_doors()}
PATHS = [
    "/", "/docs", "/docs/guides", "/docs/guides/webhooks", "/docs/guides/architecture", *(f"/docs/{name}" for name in DOORS),
    "/docs/hub/listOrders", "/docs/fabric/createOrder", "/docs/pb_fulfillment/createOrders",
]  # fmt: skip
LOADED = {"/docs/static/docs.css", "/docs/static/docs.js", "/docs/static/icon.svg"}
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
            async with seen.page.expect_event("pageerror"):
                await seen.page.evaluate(
                    """() => {
                        console.error("said");
                        setTimeout(() => { throw new Error("thrown"); });
                        fetch("http://elsewhere.example/x").catch(() => {});
                    }"""
                )
            await seen.settle()
            assert {"said", "thrown"} <= set(seen.errors)
            assert [each for each in seen.errors if "Content Security Policy" in each] != []


class TestEveryPage:
    @pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
    @pytest.mark.parametrize("path", PATHS)
    async def test_a_page_loads_nothing_from_other_servers_and_fits_the_window(
        self, browser: "Browser", base: str, path: str, size: tuple[int, int]
    ) -> None:
        async with visit(browser, size=size) as seen:
            assert await seen.open(base + path) == 200
            await seen.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            assert await seen.page.evaluate("document.documentElement.scrollWidth") == size[0]
            assert {url.removeprefix(base) for url in seen.requested} <= {path, *LOADED}
            assert seen.errors == []


class TestSearch:
    async def test_a_search_leads_to_a_call_by_keyboard(self, browser: "Browser", base: str) -> None:
        async with visit(browser) as seen:
            await seen.open(f"{base}/docs")
            await seen.page.keyboard.press("/")
            await seen.page.keyboard.type("hold order")
            await seen.page.locator(".found a").first.wait_for()
            await seen.page.keyboard.press("ArrowDown")
            await seen.page.keyboard.press("Enter")
            await seen.page.wait_for_url(f"{base}/docs/hub/holdOrder")
            assert seen.errors == []

    async def test_a_search_finds_calls_before_guides(self, browser: "Browser", base: str) -> None:
        async with visit(browser) as seen:
            await seen.open(f"{base}/docs")
            await seen.page.get_by_role("searchbox").fill("hold")
            await seen.page.locator(".found a").first.wait_for()
            found = await seen.page.locator(".found b").all_text_contents()
            assert found[0] == "Place holds on an order"
            assert found.index("End holds of an order") < found.index("Holds")

    async def test_a_search_finds_a_section_of_a_guide(self, browser: "Browser", base: str) -> None:
        async with visit(browser, size=PHONE) as seen:
            await seen.open(f"{base}/")
            await seen.page.get_by_role("searchbox").fill("which urls are allowed")
            await seen.page.locator(".found a").first.click()
            await seen.page.wait_for_url(f"{base}/docs/guides/webhooks#which-urls-are-allowed")
            await seen.page.get_by_role("searchbox").fill("qwertz")
            await seen.page.get_by_text("Nothing found").wait_for()
            assert await seen.page.locator(".found a").count() == 0

    async def test_a_search_that_did_not_load_says_so_and_is_loaded_again(self, browser: "Browser", base: str) -> None:
        async with visit(browser) as seen:
            await seen.open(f"{base}/docs")
            await seen.page.route("**/docs/search.json", lambda route: route.abort())
            box = seen.page.get_by_role("searchbox")
            await box.fill("hold")
            await seen.page.get_by_text("The search did not load").wait_for()
            assert await seen.page.locator(".found a").count() == 0
            await seen.page.unroute("**/docs/search.json")
            await box.fill("hold order")
            await seen.page.locator(".found a").first.wait_for()
            assert not await seen.page.get_by_text("The search did not load").is_visible()


class TestTry:
    @pytest.mark.parametrize("door", DOORS)
    async def test_a_create_call_is_sent_with_a_token_of_the_demo(
        self, browser: "Browser", base: str, door: str
    ) -> None:
        (create,) = [route for route in DOORS[door].routes if route.paths[0] == VENDORS[door].create and route.submits]
        async with visit(browser) as seen:
            await seen.open(f"{base}/docs/{door}/{create.operation}")
            await seen.page.get_by_text("Try it", exact=True).click()
            await seen.page.get_by_role("button", name="Get a token").click()
            await seen.page.wait_for_function("document.querySelector('[name=token]').value !== ''")
            assert "Authorization: Bearer ey" in await seen.page.locator(".command").inner_text()
            await seen.page.get_by_role("button", name="Send").click()
            status = seen.page.locator(".answer .status")
            await status.wait_for()
            assert (await status.inner_text()).startswith(f"{VENDORS[door].ok} ")
            assert seen.errors == []

    async def test_an_answer_keeps_the_digits_of_its_numbers(self, browser: "Browser", base: str) -> None:
        async with visit(browser) as seen:
            await seen.open(f"{base}/docs/hub/createOrder")
            text = '{"a":1.50,"b":[],"c":[12345678901234567890,"x,{\\"}"]}'
            shown = await seen.page.evaluate("text => indented(text)", text)
            assert "".join(shown.split()) == text
            assert shown.splitlines()[1:3] == ['  "a": 1.50,', '  "b": [],']

    async def test_a_token_is_remembered_for_the_next_call(self, browser: "Browser", base: str) -> None:
        async with visit(browser) as seen:
            await seen.open(f"{base}/docs/hub/countOrders")
            await seen.page.get_by_text("Try it", exact=True).click()
            await seen.page.get_by_role("button", name="Get a token").click()
            await seen.page.wait_for_function("document.querySelector('[name=token]').value !== ''")
            await seen.open(f"{base}/docs/hub/listOrders")
            await seen.page.get_by_text("Try it", exact=True).click()
            await seen.page.get_by_role("button", name="Send").click()
            await seen.page.get_by_text("200 OK").wait_for()


class TestCopy:
    @pytest.mark.parametrize("size", [WIDE, PHONE])
    @pytest.mark.parametrize("path", ["/", "/docs/hub/createOrder", "/docs/guides/getting-started"])
    async def test_the_button_covers_no_text(
        self, browser: "Browser", base: str, path: str, size: tuple[int, int]
    ) -> None:
        async with visit(browser, size=size) as seen:
            await seen.open(base + path)
            distances = await seen.page.evaluate(
                """() => {
                    const place = (box, name) => box.querySelector(name).getBoundingClientRect();
                    return [...document.querySelectorAll(".code")].filter((box) => box.checkVisibility())
                        .map((box) => place(box, "pre").top - place(box, ".copy").bottom);
                }"""
            )
            assert distances
            assert [each for each in distances if each < -1] == []

    async def test_a_command_is_copied_with_the_address_of_the_page(self, browser: "Browser", base: str) -> None:
        async with visit(browser) as seen:
            await seen.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
            await seen.open(f"{base.replace('127.0.0.1', 'localhost')}/docs/hub/createOrder")
            await seen.page.get_by_role("button", name="Copy").first.click()
            await seen.page.get_by_role("button", name="Copied").wait_for()
            copied = await seen.page.evaluate("navigator.clipboard.readText()")
            assert copied.startswith(f"curl -s '{base.replace('127.0.0.1', 'localhost')}/hub/v1/orders'")
