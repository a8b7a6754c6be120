"""Rejected orders: listed, shown with their faults, corrected, tried and sent again."""

import re
from typing import TYPE_CHECKING

import pytest

from tests.web.console.conftest import Book, ConsoleClient, needs_browser, opened_page

if TYPE_CHECKING:
    from playwright.async_api import Browser

GOOD = '{{"number": "{}", "currency": "USD", "lines": [{{"sku": "MUG-RED", "quantity": 1, "unit_price": "18.00"}}]}}'


def reject(book: Book, number: str, body: str | None = None) -> str:
    """Send an order that is rejected, and return the path of its page."""
    text = body if body is not None else GOOD.format(number).replace('"quantity": 1', '"quantity": 0')
    http = book.samples._http
    answer = http.post("/hub/v1/orders", content=text.encode())
    assert answer.status_code >= 400
    newest = http.get("/hub/v1/submissions?status=refused&limit=1").json()["items"][0]
    return f"/console/rejected/{newest['id']}"


class TestList:
    def test_rejected_orders_are_listed_with_number_door_and_first_fault(self, console: ConsoleClient) -> None:
        page = console.get("/console/rejected")
        assert "BAD-2" in page
        assert "lines[0].quantity must be a whole number" in page

    def test_filters_narrow_the_list(self, console: ConsoleClient) -> None:
        by_text = console.get("/console/rejected?text=BAD-2")
        assert ("BAD-2" in by_text, "BAD-1" in by_text) == (True, False)
        by_door = console.get("/console/rejected?door=fabric&period=24h&code=invalid")
        assert ("BAD-3" in by_door, "BAD-2" in by_door) == (True, False)
        assert "No rejected order matches the filters." in console.get("/console/rejected?code=too_deep")
        console.get("/console/rejected?door=nothing&period=x&before=%20&tab=sent")


class TestOne:
    def test_what_was_sent_is_shown_with_each_fault_at_its_line(self, book: Book, console: ConsoleClient) -> None:
        page = console.get(f"/console/rejected/{book.ids['rejected']}")
        marked = re.findall(r'<li id="L(\d+)" value="\d+" class="has-fault"><code>([^<]*)', page)
        assert [line for line, _ in marked] == ["3", "7", "9", "11"]
        assert marked[0][1].strip() == "&#34;currency&#34;: &#34;US&#34;,"
        assert 'href="#L7"' in page

    def test_a_text_that_is_no_json_is_shown_raw_and_downloads_byte_for_byte(
        self, book: Book, console: ConsoleClient
    ) -> None:
        path = reject(book, "", '{"number": "<script>alert(1)</script>"')
        page = console.get(path)
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page
        answer = console.http.get(f"{path}/raw")
        assert answer.text == '{"number": "<script>alert(1)</script>"'
        assert answer.headers["content-disposition"].startswith("attachment")

    def test_an_unknown_rejected_order_is_not_found(self, console: ConsoleClient) -> None:
        for name in ("0scbycnmw0600", "x"):
            console.get(f"/console/rejected/{name}", status=404)

    def test_a_check_names_the_faults_of_a_text_and_stores_nothing(self, book: Book, console: ConsoleClient) -> None:
        path = reject(book, "CHK-1")
        bad = console.post_json(f"{path}/check", {"body": '{"number": "CHK-1",\n"currency": "XX"'})
        assert (bad["fate"], bad["lines"]) == ("refused", [2])
        good = console.post_json(f"{path}/check", {"body": GOOD.format("CHK-1")})
        assert (good["fate"], good["lines"]) == ("accepted", [])
        assert "It would become the order CHK-1." in good["html"]
        assert "No faults" in console.post(f"{path}/try", {"body": GOOD.format("CHK-1")})
        assert "No rejected order matches the filters." in console.get("/console/rejected?tab=sent&text=CHK-1")

    def test_a_corrected_order_is_sent_and_leads_to_its_order(self, book: Book, console: ConsoleClient) -> None:
        path = reject(book, "FIX-1")
        typed = GOOD.format("FIX-1").replace('"quantity": 1', '"quantity": -5')
        again = console.post(f"{path}/send", {"body": typed}, status=400)
        assert "-5" in again  # nothing typed is lost
        assert console.get("/console/rejected?text=FIX-1").count(">FIX-1<") == 1  # a failed try leaves no copy
        page = console.post(f"{path}/send", {"body": GOOD.format("FIX-1").replace("\n", "\r\n")})
        assert "The order was accepted." in page
        order = re.findall(r'href="/console/orders/([0-9a-z]+)"', page)[0]
        stored = book.samples._http.get(f"/hub/v1/orders/{order}").json()
        assert stored["number"] == "FIX-1"
        assert "nothing was done" in console.post(f"{path}/send", {"body": GOOD.format("FIX-1")})

    def test_a_number_that_is_taken_meanwhile_is_a_fault_with_a_link_to_the_order(
        self, book: Book, console: ConsoleClient
    ) -> None:
        path = reject(book, "WEB-1000")
        page = console.post(f"{path}/send", {"body": GOOD.format("WEB-1000")}, status=400)
        assert "is taken by another order" in page
        assert f"/console/orders/{book.ids['plain 0']}" in page


class TestMany:
    def test_selected_orders_are_tried_and_sent_with_a_result_for_each(
        self, book: Book, console: ConsoleClient
    ) -> None:
        bad = reject(book, "MANY-1").rpartition("/")[2]
        body = (
            '{"number": "MANY-2", "currency": "USD", "lines": [{"sku": "MUG-RED", "quantity": 1, "unit_price": "1"}]}'
        )
        http = book.samples._http
        headers = {"Idempotency-Key": "k" * 300}  # refused for its header, so the text has no fault
        assert http.post("/hub/v1/orders", content=body, headers=headers).status_code == 422
        sound = http.get("/hub/v1/submissions?status=refused&limit=1").json()["items"][0]["id"]
        tried = console.get(f"/console/rejected/results?id={bad}&id={sound}&id=x")
        assert "Would be accepted" in tried
        assert "Still has faults" in tried
        sent = console.post("/console/rejected/send", {"id": [bad, sound]})
        assert "1 order was accepted." in sent
        assert "Still has faults" in sent
        order = re.findall(r'href="/console/orders/([0-9a-z]+)"', sent)[0]
        assert http.get(f"/hub/v1/orders/{order}").json()["number"] == "MANY-2"
        assert "MANY-2" in console.get("/console/rejected?tab=sent")
        assert "0 orders were accepted." in console.post("/console/rejected/send", {"id": [bad, sound]})

    def test_nothing_selected_is_said(self, console: ConsoleClient) -> None:
        assert "Nothing was selected." in console.post("/console/rejected/send", {})


def test_a_viewer_reads_rejected_orders_and_cannot_send_them(book: Book, viewer: ConsoleClient) -> None:
    path = f"/console/rejected/{book.ids['rejected']}"
    page = viewer.get(f"{path}?edit=1")
    assert "BAD-2" in page
    assert "<textarea" not in page
    for action in ("check", "try", "send"):
        viewer.post(f"{path}/{action}", {"body": GOOD.format("V-1")}, status=403)
    viewer.post("/console/rejected/send", {"id": book.ids["rejected"]}, status=403)


@needs_browser
async def test_the_editor_checks_while_one_types_and_sends(browser: "Browser", book: Book) -> None:
    path = reject(book, "EDIT-1")
    async with opened_page(browser, book) as page:
        await page.goto(f"{path}?edit=1")
        await page.wait_for_selector(".gutter .marked")
        await page.fill("#body", GOOD.format("EDIT-1").replace('"USD"', '"US"'))
        await page.wait_for_selector("#faults >> text=ISO 4217")
        await page.click("#faults [data-line]")
        assert await page.evaluate("document.activeElement.id") == "body"
        await page.fill("#body", GOOD.format("EDIT-1"))
        await page.wait_for_selector("#faults >> text=It would become the order EDIT-1")
        assert await page.locator(".gutter .marked").count() == 0
        await page.click("button:has-text('Send again')")
        await page.wait_for_selector("text=The order was accepted.")


@pytest.mark.parametrize("method", ["check", "try", "send"])
def test_a_text_of_any_kind_is_answered(book: Book, console: ConsoleClient, method: str) -> None:
    path = f"/console/rejected/{book.ids['rejected']}/{method}"
    headers = {"X-CSRF-Token": console.csrf}
    for body in (
        "",
        "[" * 3_000,
        "\x00",
        '"\ud800"'.encode("utf-8", "surrogatepass").decode("latin-1"),
        "{" * 70 + "}",
    ):
        answer = console.http.post(path, data={"body": body}, headers=headers)
        assert answer.status_code in (200, 400), body[:20]
