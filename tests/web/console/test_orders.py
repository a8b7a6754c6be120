"""The list of orders: filters, search, columns, saved views, live updates, export, and actions on several orders."""

import csv
import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.web.console import order_columns, order_filters, translations
from crossdock.web.console.pages import orders_bulk
from tests.web.console.conftest import Book, ConsoleClient, needs_browser, opened_page

if TYPE_CHECKING:
    from playwright.async_api import Browser


@pytest.fixture(scope="module")
def book(own_book: Book) -> Book:
    """Return a server of this module's own."""
    return own_book


def numbers(page: str) -> list[str]:
    """Return the numbers of the orders in a list."""
    return re.findall(r'<td class="order-number"><a href="[^"]+"><b>([^<]+)</b>', page)


def json_of(client: ConsoleClient, path: str) -> Any:
    """Return the JSON answer that a script gets."""
    return client.http.get(path, headers={"Accept": "application/json"}).json()


@pytest.fixture(scope="module")
def three(book: Book) -> list[str]:
    """Return the ids of three orders that only these tests change; the last one is canceled."""
    ids = [book.samples.hub_order(f"BULK-{number}") for number in range(3)]
    book.samples.post(f"/hub/v1/orders/{ids[2]}/cancel", {"reason": "mistake"})
    return ids


@pytest.fixture(scope="module")
def viewer(book: Book) -> ConsoleClient:
    """Return a client that is signed in as a person who may only read."""
    fields = {"email": "list.viewer@example.com", "name": "V", "role": "viewer"}
    found = re.search(r'id="password-shown">([^<]+)', book.signed_in().post("/console/settings/users", fields))
    assert found
    client = ConsoleClient(book.base)
    client.http.post("/console/sign-in", data={"email": fields["email"], "password": found[1]})
    return client


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("status=canceled&door=hub&email=web-2004@example.com", ["WEB-2004"]),
            ("tag=vip", ["WEB-2008"]),
            ("sku=CHAIR-OAK&waiting=yes", ["WEB-2002"]),
            ("waiting=yes", ["WEB-2002"]),
            ("hold=fraud+review", ["WEB-2003"]),
            ("status=on_hold&hold=other", []),
            ("balanced=no&door=hub", ["WEB-2005"]),
            ("late=yes&door=pb_oms", ["PBOMS-1", "PBOMS-2", "PBOMS-3"]),
            ("late=yes&door=hub", []),
            ("number=WEB-1001", ["WEB-1001"]),
            ("from=2026-01-01&to=2026-01-02", []),
            ("from=2020-01-01&number=WEB-1001&to=2999-01-01T00:00", ["WEB-1001"]),
        ],
    )
    def test_a_filter_of_the_url_leaves_its_orders(
        self, console: ConsoleClient, query: str, expected: list[str]
    ) -> None:
        assert numbers(console.get(f"/console/orders?{query}")) == expected

    def test_filters_that_cannot_be_read_are_named_and_no_order_is_shown(self, console: ConsoleClient) -> None:
        page = console.get("/console/orders?status=lost&door=fax&from=yesterday&balanced=perhaps", status=400)
        assert numbers(page) == []
        for text in (
            "There is no such status.",
            "There is no such API.",
            "This is not a date",
            "There is no such choice.",
        ):
            assert text in page

    def test_the_tabs_count_the_orders_of_each_status(self, console: ConsoleClient) -> None:
        page = console.get("/console/orders?door=hub&number=")
        tabs = dict(re.findall(r'<a href="[^"]*"[^>]*>([^<]+?) <span class="count">([\d,+]+)</span></a>', page))
        assert tabs["On hold"] == "1"
        held = console.get("/console/orders?door=hub&status=on_hold")
        assert numbers(held) == ["WEB-2003"]

    def test_the_oldest_orders_come_first_where_that_is_asked_for(self, console: ConsoleClient) -> None:
        oldest = numbers(console.get("/console/orders?sort=oldest&door=hub"))
        newest = numbers(console.get("/console/orders?door=hub"))
        assert oldest == newest[::-1]


class TestSearch:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("web-2007", ["WEB-2007"]),
            ("WEB-200", [f"WEB-200{number}" for number in range(8, 0, -1)]),
            ("web-2003@exa", ["WEB-2003"]),
            ("1Z999AA10123456784", ["WEB-2007"]),
            ("jane smith mug-red web-2006", ["WEB-2006"]),
            ("Noah chair-o web-2002", []),
            ("web-2002 chair-o", ["WEB-2002"]),
            ("no such order", []),
        ],
    )
    def test_orders_are_found_by_words_and_by_the_beginning_of_the_last_one(
        self, console: ConsoleClient, text: str, expected: list[str]
    ) -> None:
        assert numbers(console.get("/console/orders?" + "q=" + text.replace(" ", "+"))) == expected

    def test_a_script_gets_the_rows_while_somebody_types(self, console: ConsoleClient) -> None:
        answer = json_of(console, "/console/orders.json?q=web-2003&columns=status")
        assert numbers(answer["parts"]["rows"]) == ["WEB-2003"]
        assert answer["url"] == "/console/orders?q=web-2003&columns=status"
        assert "WEB-2003" not in answer["parts"]["foot"]
        assert "No order matches" in json_of(console, "/console/orders.json?q=nothinglikeit")["parts"]["foot"]


class TestColumns:
    def test_chosen_columns_are_in_the_url_and_remembered(self, book: Book) -> None:
        client = book.signed_in()
        answer = client.http.get("/console/orders?columns=email&columns=units&columns=x&tag=vip&remember=yes")
        assert str(answer.url).endswith("/console/orders?tag=vip&columns=email%2Cunits")
        assert "web-2008@example.com" in answer.text
        again = client.get("/console/orders?tag=vip")
        assert "web-2008@example.com" in again
        assert "<th>Customer" not in again

    def test_every_column_shows_something(self, console: ConsoleClient) -> None:
        page = console.get(f"/console/orders?tag=vip&columns={','.join(order_columns.COLUMNS)}")
        cells = re.findall(r'<td class="[^"]*column-([a-z_]+)">(.*?)</td>', page, re.DOTALL)
        assert [name for name, _ in cells] == list(order_columns.COLUMNS)
        assert [name for name, text in cells if not text.strip()] == []

    def test_what_customers_typed_is_shown_as_text(self, book: Book, console: ConsoleClient) -> None:
        name = '<script>alert("1")</script>'
        book.samples.hub_order("EVIL-1", customer={"name": name}, tags=None)
        page = console.get("/console/orders?number=EVIL-1")
        assert name not in page
        assert "&lt;script&gt;alert" in page

    @pytest.mark.parametrize("language", ["fr", "zh"])
    def test_labels_that_are_translated_by_a_variable_have_translations(self, language: translations.Language) -> None:
        used = {column.label for column in order_columns.COLUMNS.values()} | set(order_filters.LABELS.values())
        used |= {text for choices in order_filters.CHOICES.values() for text in choices.values()}
        used |= {text for each in orders_bulk.ACTIONS.values() for text in (each.title, each.button, each.done)}
        assert used <= set(translations.texts(language))


class TestViews:
    def test_a_view_is_saved_renamed_opened_and_deleted_by_its_owner_alone(
        self, book: Book, viewer: ConsoleClient
    ) -> None:
        client = book.signed_in()
        page = client.post("/console/order-views", {"name": "My  holds", "query": "status=on_hold&columns=holds&x=1"})
        assert "<h1>My holds</h1>" in page
        view = re.search(r"status=on_hold&amp;columns=holds&amp;view=(\w{13})", page)
        assert view
        fields = {"view": view[1], "query": f"status=on_hold&view={view[1]}"}
        assert "<h1>Held orders</h1>" in client.post("/console/order-views/rename", fields | {"name": "Held orders"})
        assert "of at most 60 characters" in client.post("/console/order-views/rename", fields | {"name": "x" * 61})
        book.samples.hub_order("VIEW-1")
        assert 'class="menu-list"' in client.get("/console/orders")
        assert 'class="menu-list"' not in viewer.get("/console/orders")
        viewer.post("/console/order-views/delete", fields, status=404)
        viewer.post("/console/order-views/rename", fields | {"name": "Mine"}, status=404)
        assert "is deleted" in client.post("/console/order-views/delete", fields)
        assert 'class="menu-list"' not in client.get("/console/orders")

    def test_a_view_of_the_same_name_is_replaced_and_renaming_to_it_is_refused(self, book: Book) -> None:
        client = book.signed_in()
        client.post("/console/order-views", {"name": "One", "query": "status=open"})
        client.post("/console/order-views", {"name": "one", "query": "status=canceled"})
        page = client.post("/console/order-views", {"name": "Two", "query": ""})
        views = dict(re.findall(r'href="/console/orders\?([^"]*?)&?(?:amp;)?view=\w+"[^>]*>([^<]+)', page))
        assert sorted(views.values()) == ["Two", "one"]
        assert "status=canceled" in views
        two = re.search(r'view=(\w{13})" aria-current', page)
        assert two
        assert "already" in client.post("/console/order-views/rename", {"view": two[1], "name": "ONE", "query": ""})
        for view in re.findall(r'\bview=(\w{13})"', page):
            client.http.post("/console/order-views/delete", data={"csrf": client.csrf, "view": view})


class TestChanges:
    def test_new_and_changed_orders_are_reported_since_a_cursor(self, book: Book, console: ConsoleClient) -> None:
        feed = json_of(console, "/console/orders.json")["feed"]
        made = book.samples.hub_order("LIVE-1")
        other = book.ids["plain 5"]
        book.samples.post(f"/hub/v1/orders/{other}/note", {"text": "Hello"})
        answer = json_of(console, f"/console/order-changes?after={feed}&new=2&door=hub")
        assert (answer["new"], answer["label"], answer["changed"]) == (3, "3 new orders", [other])
        assert json_of(console, f"/console/order-changes?after={feed}&door=s2")["new"] == 0
        assert json_of(console, f"/console/order-changes?after={answer['cursor']}") == {
            "cursor": answer["cursor"], "new": 0, "label": "0 new orders", "changed": [],
        }  # fmt: skip
        rows = json_of(console, f"/console/order-rows?ids={made},{other},x&columns=version")["rows"]
        assert set(rows) == {made, other}
        assert "LIVE-1" in rows[made]


class TestExport:
    def test_the_list_is_exported_as_the_hub_exports_it(self, console: ConsoleClient) -> None:
        answer = console.http.get("/console/orders.csv?late=yes&door=pb_oms")
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert [row["number"] for row in rows] == ["PBOMS-1", "PBOMS-2", "PBOMS-3"]
        assert answer.headers["content-disposition"] == 'attachment; filename="orders.csv"'
        assert "units_shipped" in rows[0]

    def test_selected_orders_are_exported(self, book: Book, console: ConsoleClient) -> None:
        text = console.post("/console/orders.csv", {"order": [f"{book.ids['held']}:2", book.ids["shipped"], "x"]})
        assert [row["number"] for row in csv.DictReader(io.StringIO(text))] == ["WEB-2003", "WEB-2007"]


def seen(console: ConsoleClient, *order_ids: str) -> list[str]:
    """Return orders as a preview names them: with the versions that it shows."""
    preview = console.post("/console/bulk", {"verb": "archive", "order": order_ids})
    return re.findall(r'name="order" value="([^"]+)"', preview)


class TestBulk:
    def test_a_preview_shows_what_would_change_and_what_is_refused_and_changes_nothing(
        self, console: ConsoleClient, three: list[str]
    ) -> None:
        page = console.post("/console/bulk", {"verb": "hold", "order": three})
        assert page.count("Will change") == 2
        assert "The order is canceled and cannot be held" in page
        assert "2 would change" in page
        assert numbers(console.get("/console/orders?hold=bulk")) == []

    def test_orders_are_held_and_the_result_can_be_undone(self, console: ConsoleClient, three: list[str]) -> None:
        preview = console.post("/console/bulk", {"verb": "hold", "order": three})
        seen = re.findall(r'name="order" value="([^"]+)"', preview)
        fields = {"verb": "hold", "order": seen, "next": "/console/orders?door=hub"}
        again = console.post("/console/bulk/apply", fields | {"note": "Look"}, status=400)
        assert "This is needed." in again
        assert 'value="Look"' in again
        done = console.post("/console/bulk/apply", fields | {"hold_reason": "bulk"})
        assert "Held: 2 orders. 1 was refused." in done
        assert sorted(numbers(console.get("/console/orders?hold=bulk"))) == ["BULK-0", "BULK-1"]
        assert "/console/orders?door=hub" in done
        stale = console.post("/console/bulk/apply", fields | {"hold_reason": "bulk"})
        assert stale.count("Somebody else changed it meanwhile") == 2
        form = done.split('action="/console/bulk/apply"')[1].split("</form>")[0]
        undo = re.findall(r'name="order" value="([^"]+)"', form)
        undone = console.post("/console/bulk/apply", {"verb": "release", "hold_reason": "bulk", "order": undo})
        assert "No longer on hold: 2 orders." in undone
        assert numbers(console.get("/console/orders?hold=bulk")) == []

    @pytest.mark.parametrize(
        ("verb", "fields", "query", "undo"),
        [
            ("tag", {"tags": " urgent, gift box,"}, "tag=gift+box", "untag"),
            ("archive", {}, "archived=only&q=bulk-0", "unarchive"),
        ],
    )
    def test_orders_are_tagged_and_archived_and_back(
        self, console: ConsoleClient, three: list[str], verb: str, fields: dict[str, str], query: str, undo: str
    ) -> None:
        done = console.post("/console/bulk/apply", fields | {"verb": verb, "order": seen(console, three[0])})
        assert "1 order." in done
        assert numbers(console.get(f"/console/orders?{query}")) == ["BULK-0"]
        assert f'value="{undo}"' in done
        console.post("/console/bulk/apply", fields | {"verb": undo, "order": seen(console, three[0])})
        assert numbers(console.get(f"/console/orders?{query}")) == []

    def test_an_undo_takes_back_only_what_the_action_did(self, book: Book, console: ConsoleClient) -> None:
        order_id = book.samples.hub_order("BULK-UNDO")
        book.samples.post(f"/hub/v1/orders/{order_id}/tag", {"add": ["vip"]})
        book.samples.post(f"/hub/v1/orders/{order_id}/hold", {"holds": [{"reason": "fraud"}]})
        for fields in ({"verb": "tag", "tags": "vip, gift"}, {"verb": "hold", "hold_reason": "fraud"}):
            done = console.post("/console/bulk/apply", fields | {"order": seen(console, order_id)})
            form = done.split('action="/console/bulk/apply"')[1].split("</form>")[0]
            undo = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))
            assert "1 order." in console.post("/console/bulk/apply", undo)
        order = book.samples._http.get(f"/hub/v1/orders/{order_id}").json()
        assert order["tags"] == ["vip"]
        assert [hold["reason"] for hold in order["holds"]] == ["fraud"]

    def test_orders_are_allocated_and_canceled(self, book: Book, console: ConsoleClient) -> None:
        order_id = book.samples.hub_order("BULK-C")
        assert "BULK-C" in console.post("/console/bulk/apply", {"verb": "allocate", "order": seen(console, order_id)})
        preview = console.post("/console/bulk", {"verb": "cancel", "order": [order_id]})
        assert "1 order will be canceled" in preview
        console.post("/console/bulk/apply", {"verb": "cancel", "reason": "test", "order": seen(console, order_id)})
        assert numbers(console.get("/console/orders?status=canceled&q=bulk-c")) == ["BULK-C"]

    def test_actions_without_orders_unknown_actions_and_long_texts_are_refused(
        self, console: ConsoleClient, three: list[str]
    ) -> None:
        assert "Select orders first." in console.post("/console/bulk", {"verb": "hold"})
        assert "Select orders first." in console.post("/console/bulk/apply", {"verb": "archive", "order": "x"})
        console.post("/console/bulk", {"verb": "explode", "order": three}, status=404)
        tags = {"verb": "tag", "order": seen(console, *three), "tags": "x" * 101, "next": "https://example.com/"}
        page = console.post("/console/bulk/apply", tags, status=400)
        assert "A tag may have at most 100 characters." in page
        assert "https://example.com" not in page

    def test_a_viewer_sees_no_actions_and_may_do_none(self, viewer: ConsoleClient, three: list[str]) -> None:
        page = viewer.get("/console/orders")
        assert "BULK-0" in page
        assert 'type="checkbox" name="order"' not in page
        for path in ("/console/bulk", "/console/bulk/apply"):
            viewer.post(path, {"verb": "archive", "order": three}, status=403)


@pytest.fixture
def live(book: Book) -> Iterator[str]:
    """Return the id of an order that a test changes while its page is open."""
    yield book.samples.hub_order("LIVE-2")


@needs_browser
class TestInABrowser:
    async def test_typing_updates_the_rows_and_the_url(self, browser: "Browser", book: Book) -> None:
        async with opened_page(browser, book) as page:
            await page.goto("/console/orders?door=hub")
            await page.keyboard.press("/")
            await page.keyboard.type("web-2003")
            await page.wait_for_url("**/console/orders?door=hub&q=web-2003")
            assert await page.locator("tr.row").count() == 1
            await page.locator(".chip", has_text="web-2003").wait_for()

    async def test_the_number_of_an_order_typed_into_the_commands_opens_it(
        self, browser: "Browser", book: Book
    ) -> None:
        async with opened_page(browser, book) as page:
            await page.goto("/console/account")
            for typed, path in (
                ("web-2003", f"/console/orders/{book.ids['held']}"),
                ("web-20", "/console/orders?q=web-20"),
            ):
                await page.keyboard.press("Control+k")
                await page.keyboard.type(typed)
                await page.keyboard.press("Enter")
                await page.wait_for_url(f"**{path}")

    async def test_rows_change_in_place_and_new_orders_are_offered(
        self, browser: "Browser", book: Book, live: str
    ) -> None:
        async with opened_page(browser, book) as page:
            await page.clock.install()
            await page.goto("/console/orders?door=hub")
            box = page.locator(f'tr[data-id="{live}"] input')
            await box.check()
            assert await page.locator(".bulk .selected-count").text_content() == "1"
            book.samples.post(f"/hub/v1/orders/{live}/hold", {"holds": [{"reason": "live"}]})
            book.samples.hub_order("LIVE-3")
            await page.clock.run_for(5_100)
            await page.locator(f'tr.fresh[data-id="{live}"]', has_text="On hold").wait_for()
            assert await box.is_checked()
            button = page.locator("#orders-new")
            await button.wait_for()
            assert (await button.text_content() or "").strip() == "1 new order"
            await button.click()
            await page.locator("tr.fresh", has_text="LIVE-3").wait_for()
            assert await box.is_checked()
            await page.click("button[value=archive]")
            assert await page.locator("h1").text_content() == "Archive orders"
