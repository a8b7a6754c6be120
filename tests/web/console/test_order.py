"""The page of one order: everything about it, every action with its preview, two people at one order, documents, papers."""

import html
import re
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.core import explanation
from crossdock.web.console import translations
from crossdock.web.console.pages import order_commands, order_verbs, order_words
from crossdock.web.console.presence import LIFETIME_S, MAX_ORDERS, MAX_PEOPLE, Presence
from tests.web.console.conftest import Book, ConsoleClient, needs_browser, opened_page
from tests.web.console.page_list import PATHS

if TYPE_CHECKING:
    from playwright.async_api import Browser

_numbers = count(1)


def made(book: Book) -> str:
    """Create an order of one line of two mugs, and return its id."""
    return book.samples._mugs(f"ORDER-{next(_numbers)}", 2)


def version(console: ConsoleClient, order_id: str) -> str:
    found = re.search(r'data-version="(\d+)"', console.get(f"/console/orders/{order_id}"))
    assert found
    return found[1]


def do(
    console: ConsoleClient,
    order_id: str,
    verb: str,
    *,
    step: str = "do",
    status: int = 200,
    seen: str | None = None,
    **fields: Any,
) -> str:
    """Send the form of an action, and return the page it leads to."""
    sent = {"version": seen or version(console, order_id), "step": step} | fields
    return console.post(f"/console/orders/{order_id}/do/{verb}", sent, status=status)


def undo(console: ConsoleClient, page: str) -> str:
    """Press Undo in the notice of a page."""
    form = page.split('class="notice done"')[1].split("</form>", maxsplit=1)[0]
    url = re.search(r'action="([^"]+)"', form)
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))
    assert url
    return console.post(url[1], {name: html.unescape(value) for name, value in fields.items()})


class TestPage:
    def test_everything_about_a_shipped_order_is_on_its_page(self, book: Book, console: ConsoleClient) -> None:
        page = console.get(f"/console/orders/{book.ids['shipped']}")
        for text in ("WEB-2007", "Shipped", "Stoneware mug, red", "1Z999AA10123456784", "pay_7", "Jane Smith", "Vancouver",
                     "3 units are with the carrier.", "Packing slip", "60.00", "Fulfillment created"):  # fmt: skip
            assert text in page, text

    def test_an_order_that_waits_says_why_and_what_can_be_done(self, book: Book, console: ConsoleClient) -> None:
        page = console.get(f"/console/orders/{book.ids['backordered']}")
        assert "Stock is missing for 3 of 4 units." in page
        assert "only 1 of 4 units of CHAIR-OAK are available" in page
        assert f"/console/orders/{book.ids['backordered']}/do/allocate" in page

    def test_totals_that_do_not_add_up_are_marked(self, book: Book, console: ConsoleClient) -> None:
        page = console.get(f"/console/orders/{book.ids['unbalanced']}")
        assert "The totals do not add up" in page
        assert "differs by" in page

    def test_an_order_is_shown_as_it_was_and_cannot_be_changed_there(self, book: Book, console: ConsoleClient) -> None:
        page = console.get(f"/console/orders/{book.ids['held']}?at=1")
        assert "the order as it was after event 1" in page
        assert "/do/" not in page
        assert "status-on_hold" not in page
        console.get(f"/console/orders/{book.ids['held']}?at=99", status=404)

    @pytest.mark.parametrize("order_id", ["0000000000000", "nonsense"])
    def test_an_order_that_is_not_there_is_a_page_that_says_so(self, console: ConsoleClient, order_id: str) -> None:
        for rest in ("", "/documents", "/do/hold", "/papers/invoice/0000000000000"):
            assert "There is nothing here" in console.get(f"/console/orders/{order_id}{rest}", status=404)

    def test_a_large_order_shows_its_first_lines_and_links_to_the_others(
        self, book: Book, console: ConsoleClient
    ) -> None:
        lines = [{"sku": f"L{place}", "quantity": 1} for place in range(450)]
        order_id = book.samples.post("/hub/v1/orders", {"number": f"ORDER-{next(_numbers)}", "lines": lines})["id"]
        page = console.get(f"/console/orders/{order_id}")
        assert "<b>L199</b>" in page
        assert "<b>L200</b>" not in page
        assert "?line=201#lines" in page
        assert "<b>L400</b>" in console.get(f"/console/orders/{order_id}?line=401")


class TestActions:
    def test_a_preview_shows_what_would_change_and_changes_nothing(self, book: Book, console: ConsoleClient) -> None:
        order_id = made(book)
        before = version(console, order_id)
        page = do(console, order_id, "hold", step="preview", reason="fraud review", note="Call the bank")
        assert "What would change" in page
        assert "fraud review: Call the bank" in page
        assert "<ins>On hold</ins>" in page
        assert 'value="fraud review"' in page
        assert version(console, order_id) == before

    def test_a_hold_is_placed_and_undone_and_its_release_too(self, book: Book, console: ConsoleClient) -> None:
        order_id = made(book)
        page = do(console, order_id, "hold", reason='it\'s "odd"')
        assert "status-on_hold" in page
        released = undo(console, page)
        assert "status-on_hold" not in released
        assert "status-on_hold" in undo(console, released)

    def test_tags_and_the_archive_are_changed_and_undone(self, book: Book, console: ConsoleClient) -> None:
        order_id = made(book)
        page = do(console, order_id, "tag", tags="vip, gift,vip")
        assert page.count('class="tag"') == 2
        assert 'class="tag"' not in undo(console, page)
        page = do(console, order_id, "archive")
        assert 'class="badge neutral">Archived' in page
        assert 'class="badge neutral">Archived' not in undo(console, page)

    def test_a_tag_with_a_comma_stays_one_tag(self, book: Book, console: ConsoleClient) -> None:
        order_id = book.ids["plain 6"]
        book.samples.post(f"/hub/v1/orders/{order_id}/tag", {"add": ["wholesale, net 30"]})
        form = console.get(f"/console/orders/{order_id}/do/tag")
        value = re.search(r'name="tags"[^>]* value="([^"]*)"', form)
        assert value
        page = do(console, order_id, "tag", tags=html.unescape(value[1]) + ", vip")
        tags = book.samples._http.get(f"/hub/v1/orders/{order_id}").json()["tags"]
        assert tags == ["wholesale, net 30", "vip"]
        undo(console, page)
        assert book.samples._http.get(f"/hub/v1/orders/{order_id}").json()["tags"] == ["wholesale, net 30"]

    def test_a_note_is_added(self, book: Book, console: ConsoleClient) -> None:
        assert "&lt;b&gt;Call&lt;/b&gt;" in do(console, made(book), "note", text="<b>Call</b>")

    def test_addresses_contact_references_and_quantities_are_edited(self, book: Book, console: ConsoleClient) -> None:
        order_id = made(book)
        fields = {
            "destinations.0.address.city": "Toronto", "destinations.0.address.lines": "1 Main Street\r\nFloor 2",
            "customer.phone": "555", "bill_to.country": "CA", "references": "po: 4711", "units-0": "3", "reason": "asked",
        }  # fmt: skip
        page = do(console, order_id, "edit", step="preview", **fields)
        assert "<del>Vancouver</del>" in page
        assert "<ins>Toronto</ins>" in page
        page = do(console, order_id, "edit", **fields)
        for text in ("Toronto", "Floor 2", "555", "4711", "Reason: asked"):
            assert text in page, text

    def test_the_faults_of_an_edit_stand_at_their_fields_and_nothing_typed_is_lost(
        self, book: Book, console: ConsoleClient
    ) -> None:
        fields = {"destinations.0.address.country": "Canada", "destinations.0.address.city": "Hull"}
        page = do(console, made(book), "edit", status=400, **fields)
        assert 'value="Hull"' in page
        assert re.search(r'class="fault" id="destinations\.0\.address\.country-note">', page)
        assert "Write a whole number." in do(console, made(book), "edit", status=400, **{"units-0": "two"})

    def test_units_are_allocated_moved_and_given_back(self, book: Book, console: ConsoleClient) -> None:
        order_id = made(book)
        form = console.get(f"/console/orders/{order_id}/do/reallocate")
        allocation = re.search(r'name="allocations" value="(\w+)"', form)
        assert allocation
        assert "MUG-RED" in do(console, order_id, "reallocate", allocations=allocation[1], location="LYS")
        form = console.get(f"/console/orders/{order_id}/do/deallocate")
        allocation = re.search(r'name="allocations" value="(\w+)"', form)
        assert allocation
        assert "2 open" in do(console, order_id, "deallocate", allocations=allocation[1])
        assert "2 allocated" in do(console, order_id, "allocate", location="SEA")
        assert "Choose one of the list." in do(console, order_id, "allocate", location="MOON", status=400)

    def test_an_order_is_shipped_returned_and_refunded(self, book: Book, console: ConsoleClient) -> None:
        order_id = made(book)
        assert "SEA" in do(console, order_id, "fulfill", location="SEA")
        page = do(console, order_id, "ship", step="preview", carrier="UPS", tracking_number="1Z7")
        assert "UPS 1Z7" in page
        page = do(console, order_id, "ship", carrier="UPS", tracking_number="1Z7", **{"units-0": "1"})
        assert "Partially shipped" in page
        assert "1 canceled" in do(console, order_id, "cancel", **{"units-0": ""})
        assert "1 to come back" in do(console, order_id, "return", reason="too big", **{"units-0": "1"})
        assert "must be at most" in do(console, order_id, "refund", amount="9999", status=400)
        assert "either an amount or units" in do(console, order_id, "refund", status=400)
        page = do(console, order_id, "refund", step="preview", amount="2.50")
        assert "Can be refunded: <del>$42.00</del>" in page
        assert "Credit note" in do(console, order_id, "refund", amount="2.50")
        assert "Goodwill" in do(console, order_id, "appease", amount="1")
        page = do(console, order_id, "payment", reference="pay_1", captured="42.00", method="card")
        assert "$42.00 captured" in page

    def test_what_the_state_does_not_allow_is_not_offered_and_refused(self, book: Book, console: ConsoleClient) -> None:
        order_id = book.ids["canceled"]
        assert f"{order_id}/do/ship" not in console.get(f"/console/orders/{order_id}")
        form = console.get(f"/console/orders/{order_id}/do/ship")
        assert "The order&#39;s state does not allow this" in form
        assert "the order is canceled and cannot be shipped" in do(console, order_id, "ship", status=409)
        console.get(f"/console/orders/{order_id}/do/nonsense", status=404)

    @pytest.mark.parametrize("verb", order_commands.ACTIONS)
    def test_every_form_is_shown_and_takes_nonsense_with_a_reason(
        self, book: Book, console: ConsoleClient, verb: str
    ) -> None:
        order_id = book.ids["picking"]
        console.get(f"/console/orders/{order_id}/do/{verb}")
        nonsense = {
            "units-0": "-1", "location": "\x00", "reason": "x" * 5000, "amount": "1e9", "release_at": "soon", "tags": "t" * 200,
            "lines": "99", "allocations": "zz", "holds": "?", "again": "{", "references": ":", "tracking_url": "javascript:",
            "version": version(console, order_id), "csrf": console.csrf, "kind": "magic", "captured": "NaN",
        }  # fmt: skip
        answer = console.http.post(f"/console/orders/{order_id}/do/{verb}", data=nonsense)
        assert answer.status_code in (200, 400, 409), answer.text[:1000]

    def test_a_viewer_reads_and_changes_nothing(self, book: Book, console: ConsoleClient) -> None:
        viewer = ConsoleClient(book.base)
        page = console.post("/console/settings/users", {"email": "vera@example.com", "name": "Vera", "role": "viewer"})
        password = re.search(r'id="password-shown">([^<]+)', page)
        assert password
        viewer.http.post("/console/sign-in", data={"email": "vera@example.com", "password": password[1]})
        order_id = book.ids["held"]
        assert "/do/" not in viewer.get(f"/console/orders/{order_id}")
        viewer.get(f"/console/orders/{order_id}/do/hold", status=403)
        viewer.post(f"/console/orders/{order_id}/do/release", {"step": "do", "version": "2"}, status=403)
        viewer.post(f"/console/orders/{order_id}/deliveries", {"delivery": "x"}, status=403)


class TestTwoPeople:
    def test_the_slower_one_is_told_what_the_other_did_and_keeps_what_was_typed(
        self, book: Book, console: ConsoleClient
    ) -> None:
        order_id = made(book)
        seen = version(console, order_id)
        do(console, order_id, "note", text="I was first")
        page = do(console, order_id, "hold", status=409, seen=seen, reason="my reason")
        assert "Somebody else changed this order meanwhile" in page
        assert "I was first" in page
        assert "demo@example.com" in page
        assert 'value="my reason"' in page
        again = re.search(r'name="version" value="(\d+)"', page)
        assert again
        assert "status-on_hold" in do(console, order_id, "hold", seen=again[1], reason="my reason")

    def test_people_at_one_order_see_each_other_and_its_changes(self, book: Book, console: ConsoleClient) -> None:
        order_id = made(book)
        url, seen = f"/console/orders/{order_id}/presence", version(console, order_id)
        answer = console.post_json(url, {"version": seen})
        assert (answer["others"], answer["changed"]) == ([], "")
        do(console, order_id, "note", text="x")
        answer = console.post_json(url, {"version": seen})
        assert answer["version"] == int(seen) + 1
        assert answer["changed"].startswith("This order was changed by demo@example.com")
        console.post_json("/console/orders/0000000000000/presence", {}, status=404)

    def test_who_is_silent_for_long_or_leaves_is_forgotten(self) -> None:
        known = Presence()
        assert known.note(1, 5, "anna", now=0) == []
        assert known.note(1, 5, "ben", now=1) == ["anna"]
        assert known.note(2, 5, "eve", now=1) == []
        assert known.note(1, 5, "ben", now=LIFETIME_S * 1_000_000 + 1) == []
        known.forget(1, 5, "ben")
        assert known.note(1, 5, "anna", now=LIFETIME_S * 1_000_000 + 2) == []

    def test_the_memory_of_who_looks_is_bounded(self) -> None:
        known = Presence()
        for number in range(MAX_ORDERS + 10):
            known.note(1, number, "anna", now=1)
        for number in range(MAX_PEOPLE + 10):
            known.note(1, 9_999, f"person {number}", now=1)
        assert len(known._seen[1]) == MAX_ORDERS
        assert len(known.note(1, 9_999, "anna", now=1)) == MAX_PEOPLE - 1


class TestDocumentsAndPapers:
    def test_the_document_stands_beside_what_was_sent_with_differences_marked(
        self, book: Book, console: ConsoleClient
    ) -> None:
        order_id = made(book)
        do(console, order_id, "edit", **{"units-0": "5"})
        page = console.get(f"/console/orders/{order_id}/documents")
        assert re.search(r'class="removed"><code>\s+&#34;quantity&#34;: 2,?</code>', page)
        assert re.search(r'class="added"><code>\s+&#34;quantity&#34;: 5,?</code>', page)
        assert "The order was edited since." in page

    def test_another_format_names_what_it_fills_in_and_leaves_out(self, book: Book, console: ConsoleClient) -> None:
        page = console.get(f"/console/orders/{book.ids['noted']}/documents?door=s2")
        assert "/shippingAddress/" in page
        assert "Left out" in page

    def test_documents_and_papers_are_files(self, book: Book, console: ConsoleClient) -> None:
        url = f"/console/orders/{book.ids['shipped']}"
        page = console.get(url)
        papers = re.findall(rf"{url}/papers/[\w-]+/\w+", page)
        assert len(papers) == 3
        for each in papers:
            answer = console.http.get(each)
            assert answer.headers["content-type"] == "application/pdf"
            assert answer.content.startswith(b"%PDF-")
        console.get(f"{url}/papers/labels/0000000000000", status=404)
        assert console.http.get(f"{url}/documents/sent").json()["number"] == "WEB-2007"
        assert console.http.get(f"{url}/documents/fabric").json()
        console.get(f"{url}/documents/nonsense", status=404)

    def test_a_mail_is_sent_again(self, book: Book, console: ConsoleClient) -> None:
        url = f"/console/orders/{book.ids['shipped']}"
        for _ in range(100):
            sent = re.search(r'name="delivery" value="(\w+)"', console.get(url))
            if sent:
                break
        assert sent
        console.get(f"/console/mails/{sent[1]}")
        assert "The e-mail is sent again." in console.post(f"{url}/deliveries", {"delivery": sent[1]})
        console.post(f"{url}/deliveries", {"delivery": "0000000000000"}, status=404)


@pytest.mark.parametrize("language", ["fr", "zh"])
def test_the_words_that_are_chosen_by_values_are_translated(language: translations.Language) -> None:
    words = {*order_words.ACTION_LABELS.values(), *order_words.EVENT_TITLES.values(), *order_verbs._DONE.values()}
    words |= {
        *order_words.COMPONENT_LABELS.values(),
        *order_words._FIELD_LABELS.values(),
        *explanation._PROBLEMS.values(),
    }
    words |= {*explanation._FULFILLMENT_TEXTS.values(), *(text for text, _ in explanation._SUMMARIES.values())}
    words |= {text for each in order_commands.ACTIONS.values() for text in (each.title, each.lead, each.button)}
    missing = sorted(words - set(translations.texts(language)))
    assert not missing


@needs_browser
async def test_a_person_sees_who_else_looks_and_that_the_order_changed_without_losing_what_is_typed(
    browser: "Browser", book: Book, console: ConsoleClient
) -> None:
    order_id = made(book)
    page_of_users = console.post(
        "/console/settings/users", {"email": "zoe@example.com", "name": "Zoe", "role": "operator"}
    )
    password = re.search(r'id="password-shown">([^<]+)', page_of_users)
    assert password
    zoe = ConsoleClient(book.base)
    zoe.http.post("/console/sign-in", data={"email": "zoe@example.com", "password": password[1]})
    seen = version(zoe, order_id)
    zoe.post_json(f"/console/orders/{order_id}/presence", {"version": seen})
    async with opened_page(browser, book) as page:
        await page.goto(f"/console/orders/{order_id}")
        await page.get_by_text("zoe@example.com is looking at this order too.").wait_for()
        await page.fill("#quick-note", "half a sentence")
        do(zoe, order_id, "note", text="from Zoe")
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        await page.get_by_text("This order was changed by zoe@example.com").wait_for()
        assert await page.input_value("#quick-note") == "half a sentence"
        await page.goto(f"/console/orders/{order_id}")
        await page.keyboard.press("h")
        await page.fill("#reason", "fraud review")
        await page.click("button[value=preview]")
        await page.locator("#preview-part button[value=do]").click()
        await page.locator(".status-on_hold").first.wait_for()


class TestErased:
    def test_an_erased_order_has_every_page(self, book: Book, console: ConsoleClient) -> None:
        from tests.cli.program import run

        http, secret = book.samples._http, "Zq71234"
        address = {"name": secret, "lines": [secret], "city": secret, "country": "CA"}
        body = {
            "number": "ORDER-ERASED", "customer": {"name": secret, "email": "zq7@example.com"}, "notes": secret,
            "destinations": [{"address": address}], "lines": [{"sku": "MUG", "quantity": 2, "unit_price": "5.00"}],
        }  # fmt: skip
        http.post("/hub/v1/orders", json=body | {"currency": secret})
        refused = http.get("/hub/v1/submissions?status=refused&limit=1").json()["items"][0]["id"]
        order_id = http.post("/hub/v1/orders", json=body).raise_for_status().json()["id"]
        http.post(f"/hub/v1/orders/{order_id}/note", json={"text": secret}).raise_for_status()
        http.post(f"/hub/v1/orders/{order_id}/hold", json={"holds": [{"reason": "fraud", "note": secret}]})
        assert secret in console.get(f"/console/orders/{order_id}")
        assert secret in console.get(f"/console/rejected/{refused}")
        answer = run(book.database, "erase", "demo", "--order", "ORDER-ERASED")
        assert answer.returncode == 0, answer.stderr
        page = console.get(f"/console/orders/{order_id}")
        assert "Personal data erased" in page
        paths = [path.replace("{held}", order_id) for path in PATHS if "{held}" in path]
        paths += [
            f"/console/orders/{order_id}/documents",
            f"/console/rejected/{refused}",
            f"/console/rejected/{refused}?edit=1",
        ]
        for path in (f"/console/orders/{order_id}", *paths, "/console", "/console/orders", "/console/feed"):
            assert secret not in console.get(path), path
