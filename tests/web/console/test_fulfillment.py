"""Fulfillment in the console: lists, start, scan, pick with short picks, pack, ship, pickup, conflicts."""

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.console.conftest import Book, ConsoleClient, needs_browser, opened_page

if TYPE_CHECKING:
    from playwright.async_api import Browser

LIST = "/console/fulfillment"
_count = iter(range(1, 1000))


def mugs(book: Book, units: int = 2) -> tuple[str, str]:
    """Create an order of red mugs; returns its id and number."""
    number = f"FUL-{next(_count)}"
    arrived = [{"sku": "MUG-RED", "location": location, "quantity": units} for location in ("SEA", "LYS")]
    book.samples.post("/hub/v1/stock/receive", {"items": arrived})
    return book.samples._mugs(number, units), number


def started(book: Book, units: int = 2, **members: Any) -> tuple[str, str]:
    """Create an order with a fulfillment in Seattle; returns the fulfillment's id and the order's number."""
    order_id, number = mugs(book, units)
    made = book.samples.post("/hub/v1/fulfillments", {"order_id": order_id, "location": "SEA"} | members)
    return made["fulfillment"]["id"], number


def version_in(page: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found, page[:2000]
    return found[1]


def status_of(book: Book, fulfillment_id: str) -> str:
    answer = book.samples._http.get(f"/hub/v1/fulfillments/{fulfillment_id}")
    return str(answer.raise_for_status().json()["status"])


def do(console: ConsoleClient, fulfillment_id: str, verb: str, fields: dict[str, Any], *, status: int = 200) -> str:
    """Send a form of a fulfillment with the version that its page has."""
    version = version_in(console.get(f"{LIST}/{fulfillment_id}"))
    return console.post(f"{LIST}/{fulfillment_id}/{verb}", {"version": version} | fields, status=status)


class TestList:
    def test_an_allocated_order_is_started_from_the_list(self, book: Book, console: ConsoleClient) -> None:
        order_id, number = mugs(book)
        page = console.get(f"{LIST}?tab=start&location=SEA")
        box = re.search(rf'value="({order_id}\.\d+)"', page)
        assert box, number
        page = console.post(f"{LIST}/start", {"location": "SEA", "order": box[1], "kind": "pickup"})
        assert "1 fulfillment is created." in page
        assert f">{number}</b>" in page
        assert number not in console.get(f"{LIST}?tab=start")
        again = console.post(f"{LIST}/start", {"location": "SEA", "order": box[1]})
        assert "1 was not: " in again
        assert "Select orders first" in console.post(f"{LIST}/start", {"location": "SEA"})

    def test_the_chosen_location_is_remembered(self, book: Book, console: ConsoleClient) -> None:
        _, number = started(book)
        assert number in console.get(f"{LIST}?tab=open")
        assert number not in console.get(f"{LIST}?tab=open&location=LYS")
        assert number not in console.get(f"{LIST}?tab=open")
        assert number in console.get(f"{LIST}?tab=open&location=/")
        assert number in console.get(f"{LIST}?tab=open")

    def test_a_list_is_paged_after_the_last_row(self, book: Book, console: ConsoleClient) -> None:
        fulfillment_id, number = started(book)
        book.samples.post(f"/hub/v1/fulfillments/{fulfillment_id}/ship", {})
        assert number in console.get(f"{LIST}?tab=shipped")
        assert number not in console.get(f"{LIST}?tab=shipped&past=1")

    @pytest.mark.parametrize("kind", ["fulfillment", "order", "number", "package", "tracking number"])
    def test_a_scanned_code_opens_the_fulfillment(self, book: Book, console: ConsoleClient, kind: str) -> None:
        order_id, number = mugs(book)
        made = book.samples.post("/hub/v1/fulfillments", {"order_id": order_id, "location": "SEA"})
        shipped = book.samples.post(
            f"/hub/v1/fulfillments/{made['fulfillment']['id']}/ship", {"tracking_number": f"TRACK {number}"}
        )
        codes = {
            "fulfillment": made["fulfillment"]["id"], "order": order_id.upper(), "number": number,
            "package": shipped["fulfillment"]["packages"][0]["id"], "tracking number": f"TRACK {number} ",
        }  # fmt: skip
        answer = console.http.get(f"{LIST}/scan", params={"code": codes[kind]})
        assert answer.url.path == f"{LIST}/{made['fulfillment']['id']}"

    def test_an_unknown_code_is_said_loudly(self, console: ConsoleClient) -> None:
        page = console.get(f"{LIST}/scan?code=NOBODY")
        assert 'class="notice failed" role="alert"' in page
        assert "NOBODY" in page

    def test_a_pick_list_sums_the_selected_fulfillments_and_records_them(
        self, book: Book, console: ConsoleClient
    ) -> None:
        (one, number_1), (two, number_2) = started(book, 2), started(book, 3)
        page = console.get(f"{LIST}/pick-list?fulfillment={one}.1&fulfillment={two}.1")
        assert f"2 \u00d7 {number_1}" in page
        assert f"3 \u00d7 {number_2}" in page
        assert ">5</td>" in page
        answer = console.http.get(f"{LIST}/pick-list.pdf?fulfillment={one}&fulfillment={two}")
        assert answer.content.startswith(b"%PDF")
        boxes = re.findall(r'name="fulfillment" value="([^"]+)"', page)
        assert "2 fulfillments are picked." in console.post(f"{LIST}/pick-all", {"fulfillment": boxes})
        assert {status_of(book, one), status_of(book, two)} == {"picked"}


class TestSteps:
    def test_a_fulfillment_goes_from_pick_to_ship(self, book: Book, console: ConsoleClient) -> None:
        part, number = started(book, 3)
        assert "2 units are picked." in do(console, part, "pick", {"picked-0": "2"})
        assert status_of(book, part) == "picking"
        do(console, part, "pick", {"do": "all"})
        packages = {"packages": "2", "packed-0-0": "2", "packed-0-1": "1", "weight-0": "1,5", "weight_unit": "LB"}
        sizes = {"length-1": "30", "width-1": "20", "height-1": "10", "size_unit": "IN"}
        assert "2 packages are packed." in do(console, part, "pack", packages | sizes)
        found = book.samples._http.get(f"/hub/v1/fulfillments/{part}").json()["packages"]
        assert [(each["weight"], each["size"]) for each in found] == [
            ({"value": "1.5", "unit": "LB"}, None),
            (None, {"length": "30", "width": "20", "height": "10", "unit": "IN"}),
        ]
        shipment = {"carrier": "UPS", "service": "Ground", "number-0": "1Z1", "number-1": "1Z2"}
        assert f"{number} is shipped." in do(console, part, "ship", shipment)
        found = book.samples._http.get(f"/hub/v1/fulfillments/{part}").json()
        assert [each["tracking_number"] for each in found["packages"]] == ["1Z1", "1Z2"]
        assert found["status"] == "shipped"

    def test_missing_units_are_previewed_and_come_from_another_location(
        self, book: Book, console: ConsoleClient
    ) -> None:
        part, _ = started(book, 2)
        preview = do(console, part, "pick", {"picked-0": "1", "short-0": "1"})
        assert "1 from LYS" in preview
        assert status_of(book, part) == "open"
        do(console, part, "pick", {"picked-0": "1", "short-0": "1", "confirmed": "1"})
        assert status_of(book, part) == "picked"

    def test_a_pickup_is_made_ready_and_handed_over(self, book: Book, console: ConsoleClient) -> None:
        part, number = started(book, 1, kind="pickup")
        page = do(console, part, "ready", {"pickup_by": "2001-01-01T10:00"}, status=400)
        assert "This time has passed." in page
        do(console, part, "ready", {"pickup_by": "2099-01-01T10:00"})
        assert status_of(book, part) == "ready_for_pickup"
        assert f"{number} is picked up." in do(console, part, "ship", {})
        assert status_of(book, part) == "delivered"

    def test_a_fulfillment_moves_to_another_location_or_is_canceled(self, book: Book, console: ConsoleClient) -> None:
        part, _ = started(book, 1)
        assert "LYS does it now." in do(console, part, "move", {"location": "LYS"})
        assert status_of(book, part) == "canceled"
        part, _ = started(book, 1)
        assert "canceled" in do(console, part, "cancel", {"keep": "1", "reason": "wrong"})

    @pytest.mark.parametrize(
        ("verb", "fields", "said"),
        [
            ("pick", {"picked-0": "two"}, "Type a whole number"),
            ("pick", {"picked-0": "3"}, "At most 2 are left to pick."),
            ("pick", {}, "Nothing is counted yet."),
            ("pack", {"packages": "1", "packed-0-0": "5"}, "At most 2 in all packages together."),
            ("pack", {"packages": "1", "packed-0-0": "1", "length-0": "5"}, "belong together"),
            ("pack", {"packages": "1", "packed-0-0": "1", "weight-0": "heavy"}, "Type a number"),
            ("pack", {"packages": "1"}, "at least one unit"),
            ("ship", {"url": "javascript:alert(1)"}, "https://"),
            ("move", {}, "This is required."),
        ],
    )
    def test_a_fault_is_shown_and_nothing_typed_is_lost(
        self, book: Book, console: ConsoleClient, verb: str, fields: dict[str, str], said: str
    ) -> None:
        part = book.ids.setdefault("faulty fulfillment", "") or started(book, 2)[0]
        book.ids["faulty fulfillment"] = part
        page = do(console, part, verb, fields, status=400)
        assert said in page
        assert all(f'value="{value}"' in page for name, value in fields.items() if name != "packages")

    def test_of_two_people_at_one_fulfillment_the_second_is_told(self, book: Book, console: ConsoleClient) -> None:
        part, _ = started(book, 2)
        version = version_in(console.get(f"{LIST}/{part}"))
        console.post(f"{LIST}/{part}/pick", {"version": version, "picked-0": "1"})
        page = console.post(f"{LIST}/{part}/pick", {"version": version, "picked-0": "2"}, status=409)
        assert "Somebody else changed this meanwhile" in page
        assert "demo@example.com: Picked" in page
        assert 'name="picked-0" inputmode="numeric" autocomplete="off" value="2"' in page

    def test_a_held_order_is_not_picked(self, book: Book, console: ConsoleClient) -> None:
        order_id, _ = mugs(book)
        made = book.samples.post("/hub/v1/fulfillments", {"order_id": order_id, "location": "SEA"})
        book.samples.post(f"/hub/v1/orders/{order_id}/hold", {"holds": [{"reason": "fraud review"}]})
        part = made["fulfillment"]["id"]
        assert "fraud review" in console.get(f"{LIST}/{part}")
        assert "hold" in do(console, part, "pick", {"do": "all"}, status=400)

    def test_papers_are_printed(self, book: Book, console: ConsoleClient) -> None:
        part, _ = started(book, 1)
        for paper in ("packing-slip.pdf", "labels.pdf"):
            assert console.http.get(f"{LIST}/{part}/{paper}").content.startswith(b"%PDF")
        console.get(f"{LIST}/{part}/nothing.pdf", status=404)

    def test_a_scan_is_counted_without_a_script(self, book: Book, console: ConsoleClient) -> None:
        part, _ = started(book, 2)
        page = do(console, part, "pick", {"do": "scan", "code": "mug-red", "picked-0": "1"})
        assert 'name="picked-0" inputmode="numeric" autocomplete="off" value="2"' in page
        wrong = do(console, part, "pick", {"do": "scan", "code": "LAMP-1"})
        assert 'class="said wrong" role="alert"' in wrong
        assert "LAMP-1 is not in this fulfillment." in wrong
        assert "complete already" in do(console, part, "pick", {"do": "scan", "code": "3*MUG-RED"})
        assert status_of(book, part) == "open"
        packed = do(console, part, "pack", {"do": "scan", "code": "MUG-RED", "packages": "1", "packed-0-0": "0"})
        assert 'name="packed-0-0" inputmode="numeric" autocomplete="off" value="1"' in packed

    def test_a_viewer_sees_the_work_and_changes_nothing(self, book: Book, console: ConsoleClient) -> None:
        part, _ = started(book, 1)
        viewer = book.viewer()
        page = viewer.get(f"{LIST}/{part}")
        assert "Record what is counted" not in page
        for path in (f"{part}/pick", f"{part}/pack", f"{part}/ship", f"{part}/ready", f"{part}/cancel", f"{part}/move"):
            viewer.post(f"{LIST}/{path}", {"version": "1"}, status=403)
        for path in ("start", "pick-all"):
            viewer.post(f"{LIST}/{path}", {}, status=403)
        assert status_of(book, part) == "open"


@needs_browser
async def test_a_scanner_counts_and_says_what_is_wrong(browser: "Browser", book: Book) -> None:
    part, _ = started(book, 2)
    async with opened_page(browser, book) as page:
        await page.goto(f"{LIST}/{part}")
        for code in ("MUG-RED", "0000"):
            await page.keyboard.type(code)
            await page.keyboard.press("Enter")
        said = page.locator("#scan-said")
        assert "wrong" in (await said.get_attribute("class") or "")
        assert "0000" in await said.inner_text()
        assert await page.locator("#picked-0").input_value() == "1"
        await page.keyboard.type("MUG-RED")
        await page.keyboard.press("Enter")
        assert "2 / 2" in await said.inner_text()
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".notice")
        assert status_of(book, part) == "picked"


class TestSplit:
    def test_units_go_into_a_second_fulfillment_and_back_after_a_preview(
        self, book: Book, console: ConsoleClient
    ) -> None:
        part, _ = started(book, 3)
        preview = do(console, part, "split", {"units-0": "1"})
        assert "2 \u00d7 MUG-RED" in preview
        assert "1 \u00d7 MUG-RED" in preview
        assert 'name="step" value="do"' in preview
        assert "This cannot be done" in console.get(f"{LIST}/{part}/merge")  # nothing was saved
        assert "The fulfillment is split." in do(console, part, "split", {"units-0": "1", "step": "do"})
        form = console.get(f"{LIST}/{part}/merge")
        other = re.search(r"<option value=\"(\w+)\">1 \u00d7 MUG-RED", form)
        assert other
        assert "3 \u00d7 MUG-RED" in do(console, part, "merge", {"other": other[1]})
        assert "The fulfillments are merged." in do(console, part, "merge", {"other": other[1], "step": "do"})
        assert status_of(book, other[1]) == "canceled"

    def test_a_fault_or_the_change_of_another_is_said_and_nothing_typed_is_lost(
        self, book: Book, console: ConsoleClient
    ) -> None:
        part, _ = started(book, 2)
        for units, said in (("2", "must leave something"), ("3", "must be at most 2"), ("x", "Type a whole number")):
            page = do(console, part, "split", {"units-0": units, "reason": "box is full"}, status=400)
            assert said in page
            assert f'value="{units}"' in page
            assert 'value="box is full"' in page
        assert "Nothing is counted yet." in do(console, part, "split", {}, status=400)
        do(console, part, "merge", {"other": "nonsense"}, status=404)
        stale = console.post(f"{LIST}/{part}/split", {"version": "1", "units-0": "1"}, status=409)
        assert "demo@example.com" in stale or "demo: " in stale
        book.viewer().post(f"{LIST}/{part}/split", {"version": "1"}, status=403)
