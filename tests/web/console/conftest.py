"""A demo server with sample orders, an HTTP client that is signed in to its console, and a browser for it."""

import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from docs.sample_orders import Samples
from tests.server import Server
from tests.web.test_browser import CHROMIUM, FLAGS, GIVE_UP_MS, PHONE, PROGRAMS, WIDE

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason=f"no Chromium on this machine (none of {', '.join(PROGRAMS)})"
)


class Book:
    """A server with sample orders. `ids` are the orders' by what is special about them (docs/sample_orders.py)."""

    def __init__(self, base: str, database: str) -> None:
        self.base, self.database = base, database
        self.samples = Samples(base)
        self.ids = self.samples.fill()
        self._viewer: ConsoleClient | None = None

    def signed_in(self) -> "ConsoleClient":
        """Return a new client that is signed in as the demo's user, who is an administrator."""
        client = ConsoleClient(self.base)
        client.http.post("/console/sign-in/demo")
        return client

    def viewer(self) -> "ConsoleClient":
        """Return a client of a person who may only read, who is added the first time."""
        if self._viewer is None:
            fields = {"email": "viewer@example.com", "name": "Vera", "role": "viewer"}
            page = self.signed_in().post("/console/settings/users", fields)
            password = page.split('id="password-shown">')[1].split("<")[0]
            self._viewer = ConsoleClient(self.base)
            self._viewer.http.post("/console/sign-in", data={"email": "viewer@example.com", "password": password})
        return self._viewer


class ConsoleClient:
    """A browser without scripts: keeps cookies, follows redirects, and sends the forms' hidden value."""

    def __init__(self, base: str) -> None:
        self.http = httpx.Client(base_url=base, follow_redirects=True, timeout=30)

    def get(self, path: str, *, status: int = 200) -> str:
        """Return a page; fails where the status is another."""
        answer = self.http.get(path)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:2000])
        return answer.text

    @property
    def csrf(self) -> str:
        """The hidden value of this session's forms."""
        return self.get("/console/account").split('data-csrf="')[1].split('"')[0]

    def post(self, path: str, fields: dict[str, Any], *, status: int = 200) -> str:
        """Send a form and return the page it leads to."""
        answer = self.http.post(path, data={"csrf": self.csrf} | fields)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:2000])
        return answer.text

    def save(self, path: str, fields: dict[str, Any], *, status: int = 200) -> str:
        """Send the form of a page with the version that the page has."""
        versions = re.findall(r'name="version" value="(\d+)"', self.get(path))
        return self.post(path.partition("?")[0], {"version": versions[0]} | fields, status=status)

    def post_json(self, path: str, fields: dict[str, Any], *, status: int = 200) -> Any:
        """Send a form as a script does and return the JSON answer."""
        headers = {"X-CSRF-Token": self.csrf, "Accept": "application/json"}
        answer = self.http.post(path, data=fields, headers=headers)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:2000])
        return answer.json()


@contextmanager
def served(template: Path, folder: Path) -> Iterator[Book]:
    """Serve a new database with sample orders."""
    path = shutil.copy(template, folder / "crossdock.db")
    database = f"sqlite:///{path}"
    with Server(database, webhook_private_allowed="true", access_log_days=30) as server:
        yield Book(server.base, database)


@pytest.fixture(scope="session")
def book(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    """Return a server with sample orders, shared by the tests of a process: who changes an order makes their own."""
    with served(sqlite_template, tmp_path_factory.mktemp("console")) as shared:
        yield shared


@pytest.fixture(scope="module")
def own_book(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    """Return a server of a module's own: for those that count orders, or fill it with what would disturb others."""
    with served(sqlite_template, tmp_path_factory.mktemp("console")) as own:
        yield own


@pytest.fixture
def viewer(book: Book) -> ConsoleClient:
    """Return a client that is signed in as somebody who may read orders and nothing else."""
    return book.viewer()


@pytest.fixture
def console(book: Book) -> Iterator[ConsoleClient]:
    """Return a client that is signed in as an administrator of the demo organization."""
    client = book.signed_in()
    yield client
    client.http.close()


@pytest.fixture(scope="session")
async def browser() -> "AsyncIterator[Browser]":
    """Return a browser without a window."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        await started.close()


@asynccontextmanager
async def opened_page(
    browser: "Browser",
    book: Book,
    *,
    phone: bool = False,
    dark: bool = False,
    scripts: bool = True,
    signed_in: bool = True,
) -> "AsyncIterator[Page]":
    """Open a page of the console, signed in to the demo; errors of its scripts and console fail the test."""
    width, height = PHONE if phone else WIDE
    opened = await browser.new_context(
        base_url=book.base,
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        java_script_enabled=scripts,
        timezone_id="UTC",
    )
    errors: list[str] = []
    try:
        page = await opened.new_page()
        page.set_default_timeout(GIVE_UP_MS)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        if signed_in:
            await opened.request.post("/console/sign-in/demo")
        yield page
        assert not errors, errors
    finally:
        await opened.close()


AXE_OPTIONS = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],  # to describe every element that passes takes longer than the checks
}


async def check_accessibility(page: "Page") -> None:
    """Check the page against WCAG 2.2 AA with axe."""
    from axe_playwright_python.async_playwright import Axe

    found = await Axe().run(page, options=AXE_OPTIONS)
    faults = [
        (each["id"], each["help"], [node["html"][:160] for node in each["nodes"][:3]])
        for each in found.response["violations"]
    ]
    assert not faults, faults


async def check_layout(page: "Page") -> None:
    """Check that nothing stands beyond the right edge of the screen."""
    sizes = await page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert sizes[0] <= sizes[1], f"the page is {sizes[0]} px wide on a screen of {sizes[1]} px"
