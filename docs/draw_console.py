"""Takes the pictures of docs/console/: `python -m docs.draw_console`. Needs Chromium.

Starts a demo server on a new database, fills it with sample orders, and photographs the main pages at desktop and phone width.
"""

import asyncio
import shutil
import tempfile
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from docs.sample_orders import Samples
from tests.server import Server
from tests.web.test_browser import CHROMIUM, FLAGS

FOLDER = Path(__file__).parent / "console"
# Name of the picture: the path, with ids of sample orders, the size, and whether it is dark.
WIDE, PHONE = (1280, 800), (390, 780)
PICTURES = {
    "today": ("/", WIDE, False),
    "orders": ("/console/orders", WIDE, False),
    "order": ("/console/orders/{held}", WIDE, False),
    "order-dark": ("/console/orders/{shipped}", WIDE, True),
    "rejected": ("/console/rejected", WIDE, False),
    "fulfillment": ("/console/fulfillment", WIDE, False),
    "stock": ("/console/stock", WIDE, False),
    "settings": ("/console/settings/locations", WIDE, False),
    "orders-phone": ("/console/orders", PHONE, False),
    "order-phone": ("/console/orders/{held}", PHONE, False),
}


async def _photograph(browser: Browser, base: str, ids: dict[str, str], name: str) -> None:
    path, (width, height), is_dark = PICTURES[name]
    opened = await browser.new_context(
        base_url=base,
        viewport={"width": width, "height": height},
        color_scheme="dark" if is_dark else "light",
        timezone_id="UTC",
        locale="en-US",
    )
    await opened.request.post("/console/sign-in/demo")
    page = await opened.new_page()
    await page.goto(path.format(**ids), wait_until="networkidle")
    await page.screenshot(path=FOLDER / f"{name}.png")
    await opened.close()


async def _photograph_all(base: str, ids: dict[str, str]) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name in PICTURES:
            await _photograph(browser, base, ids, name)
        await browser.close()


def main() -> None:
    """Take all pictures anew."""
    FOLDER.mkdir(exist_ok=True)
    folder = tempfile.mkdtemp()
    try:
        with Server(f"sqlite:///{folder}/console.db") as server:
            asyncio.run(_photograph_all(server.base, Samples(server.base).fill()))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
