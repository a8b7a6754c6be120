"""E-mails: listed, found, shown as documents that can do nothing, and sent again; previews of all kinds."""

import re
import time
from typing import TYPE_CHECKING

import pytest

from crossdock.notifications.email.mail_kinds import Kind
from tests.web.console.conftest import Book, ConsoleClient, check_accessibility, needs_browser, opened_page

if TYPE_CHECKING:
    from playwright.async_api import Browser


@pytest.fixture(scope="module")
def book(own_book: Book) -> Book:
    """Return a server of this module's own."""
    return own_book


@pytest.fixture(scope="module")
def mail(book: Book) -> str:
    """Return the path of the mail about a shipped order, once it has gone out."""
    client = book.signed_in()
    until = time.monotonic() + 60
    while True:
        page = client.get("/console/mails?q=WEB-2007")
        found = re.findall(r'href="(/console/mails/[0-9a-z]{13})">Shipped', page)
        if found and "Stored, not sent" in client.get(found[0]):  # one that waits for an earlier mail is not there yet
            return str(found[0])
        assert time.monotonic() < until, page
        time.sleep(0.1)


def test_mails_are_found_by_address_number_and_id_of_an_order(book: Book, console: ConsoleClient, mail: str) -> None:
    for text in ("jane@example.com", "JANE@example.com", "WEB-2007", book.ids["shipped"]):
        page = console.http.get("/console/mails", params={"q": text}).text
        assert mail in page, text
        assert "WEB-2005" not in page
    assert "No e-mail went to this address" in console.get("/console/mails?q=nobody@example.com")
    assert mail in console.get("/console/mails")
    for state in ("failed", "open"):
        assert mail not in console.get(f"/console/mails?state={state}")


def test_a_mail_is_shown_with_its_head_and_text(console: ConsoleClient, mail: str) -> None:
    page = console.get(mail)
    assert "Your order WEB-2007 is on its way" in page
    assert "jane@example.com" in page
    assert "1Z999AA10123456784" in page  # in the plain text; the HTML is a document of its own
    assert f'<iframe class="mail-frame" src="{mail}/html" sandbox' in page


def test_the_html_of_a_mail_is_a_document_that_can_do_nothing(console: ConsoleClient, mail: str) -> None:
    answer = console.http.get(f"{mail}/html")
    assert "Stoneware mug, red" in answer.text
    rules = answer.headers["content-security-policy"].split("; ")
    assert {"sandbox", "default-src 'none'", "form-action 'none'", "frame-ancestors 'self'"} <= set(rules)
    assert not any(rule.startswith(("script-src", "connect-src")) for rule in rules)


def test_a_mail_that_was_not_made_says_why(book: Book, console: ConsoleClient, mail: str) -> None:
    assert "Composed again" not in console.get(mail)
    no_address = book.samples.hub_order("MAIL-1", customer={"name": "Nobody"})
    until = time.monotonic() + 20
    while not (
        found := re.findall(r'href="(/console/mails/[0-9a-z]{13})"', console.get(f"/console/mails?q={no_address}"))
    ):
        assert time.monotonic() < until
        time.sleep(0.1)
    assert "The order had no e-mail address" in console.get(found[0])
    console.get(f"{found[0]}/html", status=404)


def test_a_mail_is_sent_again(console: ConsoleClient, mail: str) -> None:
    assert "The mail is sent again." in console.post(f"{mail}/send", {})
    until = time.monotonic() + 20
    while console.get(mail).count('class="what"') < 2:  # a second attempt
        assert time.monotonic() < until
        time.sleep(0.1)


def test_every_kind_of_mail_has_a_preview_in_every_language(console: ConsoleClient) -> None:
    assert console.get("/console/mails/settings").count("/console/mails/kinds/") == len(Kind) * 4
    for kind in Kind:
        for language in ("en", "fr", "zh"):
            path = f"/console/mails/kinds/{kind}"
            assert f'src="{path}/html?language={language}"' in console.get(f"{path}?language={language}")
            answer = console.http.get(f"{path}/html?language={language}")
            assert answer.headers["content-security-policy"].startswith("sandbox;")
    console.get("/console/mails/kinds/nothing", status=404)
    console.get("/console/mails/kinds/shipped?language=de", status=404)


def test_a_viewer_reads_mails_and_cannot_send_them_or_see_the_settings(viewer: ConsoleClient, mail: str) -> None:
    assert "Send again" not in viewer.get(mail)
    viewer.post(f"{mail}/send", {}, status=403)
    viewer.get("/console/mails/settings", status=403)
    viewer.get("/console/mails/kinds/shipped", status=403)


@needs_browser
async def test_a_mail_runs_no_scripts_and_loads_nothing(browser: "Browser", book: Book, mail: str) -> None:
    html = (
        '<p>Hello {{ number }}</p><script>parent.document.title="run"</script><img src="https://example.com/pixel.png">'
    )
    document = {"sender": "shop@example.com", "templates": {"refunded": {"en": {"html": html}}}}
    http = book.samples._http
    http.put("/hub/v1/mail-settings", json=document).raise_for_status()
    try:
        opened = await browser.new_context(base_url=book.base)
        await opened.request.post("/console/sign-in/demo")
        page = await opened.new_page()
        loaded: list[str] = []
        page.on("response", lambda response: loaded.append(response.url))
        blocked: dict[str, str | None] = {}
        page.on("requestfailed", lambda request: blocked.update({request.url: request.failure}))
        await page.goto("/console/mails/kinds/refunded?language=en")
        assert await page.frame_locator("iframe").locator("p").inner_text() == "Hello 1001-2026"
        assert "run" not in await page.title()
        assert blocked == {"https://example.com/pixel.png": "csp"}
        assert all(url.startswith(book.base) for url in loaded)
        await opened.close()
    finally:
        http.put("/hub/v1/mail-settings", json={"sender": "shop@example.com"})
    async with opened_page(browser, book) as shown:
        await shown.goto(mail)
        assert await shown.frame_locator("iframe").locator("text=Stoneware mug, red").first.is_visible()
        await check_accessibility(shown)
