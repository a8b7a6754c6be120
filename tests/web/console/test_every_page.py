"""Every page in a real Chromium: at desktop and phone width, light and dark, against WCAG 2.2 AA, and without scripts."""

from typing import TYPE_CHECKING

import pytest

from tests.web.console.conftest import PHONE, Book, check_accessibility, check_layout, needs_browser, opened_page
from tests.web.console.page_list import PATHS

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = needs_browser


@pytest.mark.parametrize("path", PATHS)
async def test_a_page_is_accessible_and_fits_the_screen(browser: "Browser", book: Book, path: str) -> None:
    async with opened_page(browser, book) as page:
        answer = await page.goto(path.format(**book.ids))
        assert answer is not None
        assert answer.status == 200
        await check_layout(page)
        await check_accessibility(page)
        width, height = PHONE
        await page.set_viewport_size({"width": width, "height": height})
        await page.emulate_media(color_scheme="dark")
        await page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished))")  # colors that change
        await check_layout(page)
        await check_accessibility(page)


async def test_every_page_can_be_read_without_scripts(browser: "Browser", book: Book) -> None:
    async with opened_page(browser, book, scripts=False) as page:
        for path in PATHS:
            await page.goto(path.format(**book.ids))
            assert await page.locator("h1").first.is_visible(), path
