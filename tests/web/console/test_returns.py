"""Returns in the console: lists, receive with a condition, judge, refund with preview, exchange, cancel, conflicts."""

import re
from typing import Any

import pytest

from tests.web.console.conftest import Book, ConsoleClient
from tests.web.console.test_fulfillment import mugs, version_in

LIST = "/console/returns"


def returned(book: Book, units: int = 2, *, received: bool = False, **members: Any) -> tuple[str, str, str]:
    """Ship an order of three mugs and request a return; returns the return's id, the order's id and number."""
    order_id, number = mugs(book, 3)
    book.samples.post(f"/hub/v1/orders/{order_id}/ship", {"carrier": "UPS"})
    body = {"lines": [{"line": 0, "quantity": units}], "reason": "Too small"} | members
    made = book.samples.post(f"/hub/v1/orders/{order_id}/returns", body)["return"]["id"]
    if received:
        book.samples.post(f"/hub/v1/returns/{made}/receive", {})
    return made, order_id, number


def state(book: Book, return_id: str) -> dict[str, Any]:
    found: dict[str, Any] = book.samples._http.get(f"/hub/v1/returns/{return_id}").raise_for_status().json()
    return found


def do(console: ConsoleClient, return_id: str, verb: str, fields: dict[str, Any], *, status: int = 200) -> str:
    version = version_in(console.get(f"{LIST}/{return_id}"))
    return console.post(f"{LIST}/{return_id}/{verb}", {"version": version} | fields, status=status)


def test_returns_are_listed_by_state(book: Book, console: ConsoleClient) -> None:
    (_, _, first), (_, _, second) = returned(book), returned(book, received=True)
    assert first in console.get(LIST)
    assert second not in console.get(LIST)
    assert second in console.get(f"{LIST}?tab=received")
    assert second not in console.get(f"{LIST}?tab=received&past={2**62}")


def test_a_return_is_received_judged_and_refunded(book: Book, console: ConsoleClient) -> None:
    made, _, _ = returned(book)
    page = do(
        console, made, "receive", {"came-0": "2", "condition": "used", "reason": "Box is open", "location": "SEA"}
    )
    assert "2 units are received." in page
    assert "condition: used; Box is open" in page
    page = do(console, made, "judge", {"restock-0": "1", "reject-0": "1", "location": "SEA"})
    assert "1 unit is back in stock." in page
    preview = do(console, made, "refund", {})
    # One of three units: 18.00, and a third of the shipping.
    assert "$18.00" in preview
    assert "$2.00" in preview
    assert "Refund $20.00" in preview
    assert "refunds" not in state(book, made) or not state(book, made)["refunds"]
    page = do(console, made, "refund", {"fee": "5,00", "without": "shipping", "step": "do"})
    assert "$13.00 is refunded." in page
    assert "Preview the refund" not in page
    assert state(book, made)["status"] == "judged"


def test_a_refund_of_more_than_is_left_is_refused_with_what_is_left(book: Book, console: ConsoleClient) -> None:
    made, _, _ = returned(book, received=True)
    page = do(console, made, "refund", {"amount": "60.01", "reason": "keep this"}, status=400)
    assert "must be at most 60.00, which is left of what was paid" in page
    assert 'value="60.01"' in page
    assert "keep this" in page
    assert "Type a number" in do(console, made, "refund", {"amount": "much"}, status=400)


def test_the_same_goods_are_sent_again(book: Book, console: ConsoleClient) -> None:
    made, order_id, _ = returned(book, exchange=True)
    book.samples.post("/hub/v1/stock/receive", {"items": [{"sku": "MUG-RED", "location": "SEA", "quantity": 2}]})
    preview = do(console, made, "exchange", {"again-0": "2", "location": "SEA"})
    assert "This would be sent again" in preview
    fields = {"again-0": "2", "location": "SEA", "carrier": "UPS", "number": "1ZAGAIN", "step": "do"}
    assert "2 units are sent again." in do(console, made, "exchange", fields)
    order = book.samples._http.get(f"/hub/v1/orders/{order_id}").json()
    again = order["fulfillments"][-1]
    assert (again["kind"], again["packages"][0]["tracking_number"]) == ("reship", "1ZAGAIN")
    assert "At most 2" in do(console, made, "exchange", {"again-0": "3"}, status=400)


def test_what_has_not_come_is_canceled(book: Book, console: ConsoleClient) -> None:
    made, _, number = returned(book)
    assert "canceled" in do(console, made, "cancel", {"reason": "kept it"})
    assert number in console.get(f"{LIST}?tab=canceled")


@pytest.mark.parametrize(
    ("verb", "fields", "said"),
    [
        ("receive", {"came-0": "9"}, "must be at most 2"),
        ("receive", {}, "Nothing is counted yet."),
        ("receive", {"came-0": "x"}, "Type a whole number"),
        ("judge", {"restock-0": "1"}, "must be at most 0"),
    ],
)
def test_a_fault_is_shown(book: Book, console: ConsoleClient, verb: str, fields: dict[str, str], said: str) -> None:
    made = book.ids.get("faulty return") or returned(book)[0]
    book.ids["faulty return"] = made
    if verb == "judge":  # nothing has come: there is no field for it
        said = "Nothing is counted yet."
    assert said in do(console, made, verb, fields, status=400)


def test_too_many_units_are_not_judged(book: Book, console: ConsoleClient) -> None:
    made, _, _ = returned(book, received=True)
    page = do(console, made, "judge", {"restock-0": "2", "scrap-0": "1"}, status=400)
    assert "At most 2 together." in page
    assert "back in stock" in do(console, made, "judge", {"do": "all", "location": "SEA"})


def test_of_two_people_at_one_return_the_second_is_told(book: Book, console: ConsoleClient) -> None:
    made, _, _ = returned(book)
    version = version_in(console.get(f"{LIST}/{made}"))
    console.post(f"{LIST}/{made}/receive", {"version": version, "came-0": "2"})
    page = console.post(f"{LIST}/{made}/receive", {"version": version, "came-0": "2"}, status=409)
    assert "demo@example.com: " in page
    for verb in ("judge", "refund", "cancel", "exchange"):
        console.post(f"{LIST}/{made}/{verb}", {"version": version, "again-0": "1", "restock-0": "1"}, status=409)


def test_a_scan_counts_without_a_script(book: Book, console: ConsoleClient) -> None:
    made, _, _ = returned(book)
    page = do(console, made, "receive", {"do": "scan", "code": "MUG-RED", "came-0": "1"})
    assert re.search(r'name="came-0"[^>]* value="2"', page)
    assert "said wrong" in do(console, made, "receive", {"do": "scan", "code": "LAMP-1"})


def test_a_viewer_reads_and_changes_nothing(book: Book, console: ConsoleClient) -> None:
    made, _, _ = returned(book)
    viewer = book.viewer()
    assert "Receive what is counted" not in viewer.get(f"{LIST}/{made}")
    for verb in ("receive", "judge", "refund", "exchange", "cancel"):
        viewer.post(f"{LIST}/{made}/{verb}", {"version": "1"}, status=403)
