"""The event feed: newest first, filtered, with payloads, and live."""

import re
from typing import TYPE_CHECKING

from tests.web.console.conftest import Book, ConsoleClient, needs_browser, opened_page

if TYPE_CHECKING:
    from playwright.async_api import Browser


def names(page: str) -> list[str]:
    return re.findall(r'feed-name">([^<]+)', page)


def test_the_newest_events_come_first_with_their_orders_and_payloads(book: Book, console: ConsoleClient) -> None:
    order = book.samples.hub_order("FEED-1")
    book.samples.post(f"/hub/v1/orders/{order}/note", {"text": "<b>Call</b> & ask"})
    page = console.get("/console/feed?about=FEED-1")
    assert (names(page)[0], names(page)[-1]) == ("order.noted", "order.received")
    assert f"/console/orders/{order}" in page
    assert "&lt;b&gt;Call&lt;/b&gt; &amp; ask" in page
    assert names(console.get(f"/console/feed?about={order}&type=order.noted")) == ["order.noted"]


def test_a_type_or_all_of_an_aggregate_is_chosen_and_pages_continue(console: ConsoleClient) -> None:
    assert set(names(console.get("/console/feed?type=order.shipped"))) == {"order.shipped"}
    stock = console.get("/console/feed?type=stock.*")
    assert {name.partition(".")[0] for name in names(stock)} == {"stock"}
    assert "MUG-RED · SEA" in stock
    first = console.get("/console/feed")
    (following,) = re.findall(r'rel="next" href="([^"]+)"', first)
    positions = [
        int(each) for page in (first, console.get(following)) for each in re.findall(r"Position</dt><dd>(\d+)", page)
    ]
    assert positions == sorted(set(positions), reverse=True)
    assert names(console.get("/console/feed?type=nothing")) == []
    assert names(console.get("/console/feed?about=nothing")) == []


def test_a_poll_answers_what_is_new_after_a_cursor(book: Book, console: ConsoleClient) -> None:
    (cursor,) = re.findall(r'data-after="([^"]+)"', console.get("/console/feed"))
    book.samples.hub_order("FEED-2")
    path = f"/console/feed/new?type=order.received&after={cursor}"
    answer = console.http.get(path).json()
    assert (answer["count"], names(answer["html"])) == (1, ["order.received"])
    again = console.http.get(f"/console/feed/new?type=order.received&after={answer['cursor']}").json()
    assert (again["count"], again["html"]) == (0, "")
    assert console.http.get("/console/feed/new?after=999999-00000000").status_code == 404


@needs_browser
async def test_new_events_appear_while_one_looks(browser: "Browser", book: Book) -> None:
    async with opened_page(browser, book) as page:
        await page.goto("/console/feed?type=order.received")
        book.samples.hub_order("FEED-LIVE")
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as when one comes back to it
        await page.wait_for_selector("#feed > li.fresh >> text=FEED-LIVE")
        await page.keyboard.press("p")
        assert await page.get_attribute("#live", "aria-pressed") == "false"
