"""Stock in the console: levels and their search, one product's ledger, counts with preview, receiving notices, transfers."""

import re
from typing import Any

import pytest

from tests.web.console.conftest import Book, ConsoleClient


@pytest.fixture(scope="module")
def book(own_book: Book) -> Book:
    """Return a server of this module's own."""
    return own_book


STOCK = "/console/stock"


def counted(book: Book, sku: str, quantity: int, location: str = "SEA") -> str:
    """Count a product of the test's own; returns the path of its page."""
    item = {"sku": sku, "location": location, "quantity": quantity, "reason": "Inventory"}
    book.samples.post("/hub/v1/stock/count", {"items": [item]})
    return f"{STOCK}/product/{sku}"


def on_hand(book: Book, sku: str, location: str = "SEA") -> int:
    levels = book.samples._http.get("/hub/v1/stock", params={"sku": sku, "location": location}).json()["items"]
    return int(levels[0]["on_hand"]) if levels else 0


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, (name, page[:2000])
    return found[1]


class TestLevels:
    def test_levels_are_searched_by_sku_and_name(self, book: Book, console: ConsoleClient) -> None:
        counted(book, "FIND-ME", 7)
        product = {"sku": "FIND-ME", "name": "Teapot with a lid", "gtin": "4006381333931"}
        book.samples._http.put("/hub/v1/products/FIND-ME", json=product).raise_for_status()
        for term in ("FIND", "find-", "teapot"):
            page = console.get(f"{STOCK}?q={term}")
            assert "FIND-ME" in page, term
            assert "LAMP-1" not in page, term
        assert "No stock level fits the search." in console.get(f"{STOCK}?q=nothing-like-this")

    def test_levels_are_filtered_by_location_and_low(self, book: Book, console: ConsoleClient) -> None:
        counted(book, "LOW-1", 2)
        counted(book, "LOW-2", 2, "LYS")
        limits = {"sku": "LOW-1", "location": "SEA", "threshold": 5}
        book.samples.post("/hub/v1/stock/limits", {"items": [limits]})
        page = console.get(f"{STOCK}?q=LOW-&low=1")
        assert "LOW-1" in page
        assert "LOW-2" not in page
        page = console.get(f"{STOCK}?q=LOW-&location=LYS")
        assert "LOW-2" in page
        assert "LOW-1<" not in page

    def test_levels_are_paged_after_the_last_row(self, book: Book, console: ConsoleClient) -> None:
        items = [{"sku": f"PAGE-{place:03}", "location": "SEA", "quantity": 1} for place in range(60)]
        book.samples.post("/hub/v1/stock/count", {"items": items})
        page = console.get(f"{STOCK}?q=PAGE-")
        assert "PAGE-049" in page
        assert "PAGE-050" not in page
        more = re.search(r'rel="next" href="([^"]+)"', page)
        assert more
        assert "PAGE-059" in console.get(STOCK + more[1].replace("&amp;", "&"))

    def test_the_ledger_links_movements_to_their_order(self, book: Book, console: ConsoleClient) -> None:
        path = counted(book, "LEDGER-1", 5)
        body = {"number": "LEDGER", "lines": [{"sku": "LEDGER-1", "quantity": 1}]}
        order_id = book.samples.post("/hub/v1/orders", body)["id"]
        book.samples.post(f"/hub/v1/orders/{order_id}/ship", {})
        page = console.get(f"{path}?location=SEA")
        assert f'href="/console/orders/{order_id}">LEDGER</a>' in page
        assert ">Shipment<" in page
        console.get(f"{STOCK}/product/NO-SUCH-PRODUCT", status=404)


class TestChange:
    @pytest.mark.parametrize(
        ("fields", "after"),
        [
            ({"verb": "count", "quantity": "7"}, 7),
            ({"verb": "adjust", "delta": "-3", "reason": "Broken"}, 7),
            ({"verb": "limits", "safety": "2", "threshold": "4"}, 10),
        ],
    )
    def test_a_change_is_previewed_then_done(
        self, book: Book, console: ConsoleClient, fields: dict[str, str], after: int
    ) -> None:
        sku = f"CHANGE-{fields['verb']}"
        path = counted(book, sku, 10)
        sent = {"location": "SEA", "pool": ""} | fields
        preview = console.post(path, sent)
        assert "What would change at SEA" in preview
        assert on_hand(book, sku) == 10
        page = console.post(path, sent | {"step": "do", "seen": hidden(preview, "seen")})
        assert f"The stock of {sku} is changed." in page
        assert on_hand(book, sku) == after

    def test_of_two_people_who_count_the_second_is_told(self, book: Book, console: ConsoleClient) -> None:
        path = counted(book, "RACE-1", 10)
        fields = {"verb": "count", "location": "SEA", "quantity": "8"}
        seen = hidden(console.post(path, fields), "seen")
        counted(book, "RACE-1", 5)
        page = console.post(path, fields | {"step": "do", "seen": seen}, status=409)
        assert "Somebody else changed this level meanwhile." in page
        assert on_hand(book, "RACE-1") == 5
        done = console.post(path, fields | {"step": "do", "seen": hidden(page, "seen")})
        assert "is changed" in done
        console.post(path, fields | {"step": "do", "seen": hidden(page, "seen")}, status=409)  # sent twice

    def test_a_product_is_counted_at_a_location_for_the_first_time(self, book: Book, console: ConsoleClient) -> None:
        path = counted(book, "FIRST-1", 1)
        fields = {"verb": "count", "location": "LYS", "quantity": "4"}
        preview = console.post(path, fields)
        console.post(path, fields | {"step": "do", "seen": hidden(preview, "seen")})
        assert on_hand(book, "FIRST-1", "LYS") == 4

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"verb": "count", "quantity": "-1"}, "Type a whole number, 0 or more."),
            ({"verb": "count"}, "This is required."),
            ({"verb": "adjust", "delta": "0", "reason": "x"}, "Type how many units"),
            ({"verb": "adjust", "delta": "5"}, "This is required."),
            ({"verb": "adjust", "delta": "-99", "reason": "x"}, "must be at least -3"),
            ({"verb": "limits", "safety": "many"}, "Type a whole number"),
        ],
    )
    def test_a_fault_is_shown_at_its_field(
        self, book: Book, console: ConsoleClient, fields: dict[str, str], said: str
    ) -> None:
        page = console.post(counted(book, "FAULTY-1", 3), {"location": "SEA"} | fields, status=400)
        assert said in page
        assert 'aria-invalid="true"' in page

    def test_an_unknown_location_or_verb_is_refused(self, book: Book, console: ConsoleClient) -> None:
        path = counted(book, "FAULTY-1", 3)
        assert "NOWHERE" in console.post(path, {"verb": "count", "location": "NOWHERE", "quantity": "1"}, status=400)
        console.post(path, {"verb": "burn", "location": "SEA"}, status=404)

    def test_a_viewer_reads_and_changes_nothing(self, book: Book, console: ConsoleClient) -> None:
        path = counted(book, "FAULTY-1", 3)
        viewer = book.viewer()
        assert "Preview" not in viewer.get(path)
        viewer.post(path, {"verb": "count", "location": "SEA", "quantity": "1"}, status=403)
        viewer.get(f"{STOCK}/receiving/new", status=403)
        viewer.post(f"{STOCK}/transfers/new", {}, status=403)


class TestReceiving:
    def create(self, console: ConsoleClient, number: str, **members: Any) -> str:
        fields = {"number": number, "location": "SEA", "lines": "RECV-A\t10\nRECV-B, 5", "supplier": "Mug Makers"}
        page = console.post(f"{STOCK}/receiving/new", fields | members)
        found = re.search(r'action="(/console/stock/receiving/[0-9a-z]+)/receive"', page)
        assert found, page[:2000]
        return found[1]

    def test_short_over_and_damaged_units_are_previewed_then_received(self, book: Book, console: ConsoleClient) -> None:
        path = self.create(console, "ASN-1")
        version = hidden(console.get(path), "version")
        fields = {"version": version, "came-0": "8", "came-1": "6", "damaged-1": "1"}
        preview = console.post(f"{path}/receive", fields)
        for said in ("2 short", "1 over", "1 damaged"):
            assert said in preview
        assert on_hand(book, "RECV-A") == 0
        page = console.post(f"{path}/receive", fields | {"confirmed": "1", "close": "1"})
        assert "status-closed" in page
        assert (on_hand(book, "RECV-A"), on_hand(book, "RECV-B")) == (8, 6)
        console.post(f"{path}/receive", fields, status=409)

    def test_everything_is_received_at_once_and_a_second_form_is_told(self, book: Book, console: ConsoleClient) -> None:
        path = self.create(console, "ASN-2", lines="RECV-C 3")
        version = hidden(console.get(path), "version")
        console.post(f"{path}/receive", {"version": version, "do": "all"})
        assert on_hand(book, "RECV-C") == 3
        page = console.post(f"{path}/receive", {"version": version, "came-0": "1", "confirmed": "1"}, status=409)
        assert "Somebody else changed this meanwhile" in page
        assert on_hand(book, "RECV-C") == 3

    def test_a_scan_counts_without_a_script(self, console: ConsoleClient) -> None:
        path = self.create(console, "ASN-3", lines="RECV-D 3")
        fields = {"version": "1", "do": "scan", "came-0": "1"}
        assert 'value="2"' in console.post(f"{path}/receive", fields | {"code": "recv-d"})
        assert "is not in this list" in console.post(f"{path}/receive", fields | {"code": "MUG"})

    def test_a_notice_is_canceled_and_found_again(self, console: ConsoleClient) -> None:
        path = self.create(console, "ASN-4")
        console.post(f"{path}/cancel", {"version": "1", "reason": "The supplier closed"})
        assert "The supplier closed" in console.get(path)
        assert "ASN-4" in console.get(f"{STOCK}/receiving?status=canceled")
        assert "ASN-4" in console.get(f"{STOCK}/receiving?q=ASN-4")
        assert "ASN-4" not in console.get(f"{STOCK}/receiving")

    @pytest.mark.parametrize(
        ("members", "said"),
        [
            ({"number": ""}, "This is required."),
            ({"lines": "MUG-RED\nLAMP-1 5\n,"}, "missing in row 1, 3."),
            ({"lines": ""}, "Type 1 to 500 rows"),
            ({"expected_at": "soon"}, "Type a date"),
            ({"location": "NOWHERE"}, "there is no location"),
            ({"number": "ASN-TWICE"}, "There is one with this number already."),
        ],
    )
    def test_a_fault_of_a_new_notice_is_shown(
        self, book: Book, console: ConsoleClient, members: dict[str, str], said: str
    ) -> None:
        book.samples.post(
            "/hub/v1/receiving-notices",
            {"number": "ASN-TWICE", "location": "SEA", "lines": [{"sku": "MUG-RED", "expected": 1}]}, ok=False,
        )  # fmt: skip
        fields = {"number": "ASN-9", "location": "SEA", "lines": "MUG-RED 1", "notes": "keep this"} | members
        page = console.post(f"{STOCK}/receiving/new", fields, status=400)
        assert said in page.replace("&#39;", "'")
        assert "keep this" in page


def test_a_transfer_is_shipped_and_received(book: Book, console: ConsoleClient) -> None:
    counted(book, "MOVE-1", 10)
    new = f"{STOCK}/transfers/new"
    fields = {"number": "TR-1", "source": "SEA", "target": "SEA", "lines": "MOVE-1 4"}
    assert "Choose another location" in console.post(new, fields, status=400)
    page = console.post(new, fields | {"target": "LYS"})
    found = re.search(r'action="(/console/stock/transfers/[0-9a-z]+)/ship"', page)
    assert found
    path = found[1]
    assert "must be at most 4" in console.post(f"{path}/ship", {"version": "1", "came-0": "5"}, status=400)
    console.post(f"{path}/ship", {"version": "1", "came-0": "4"})
    assert on_hand(book, "MOVE-1") == 6
    page = console.post(f"{path}/receive", {"version": "2", "came-0": "4"})
    assert "status-complete" in page
    assert on_hand(book, "MOVE-1", "LYS") == 4
