"""The walk from an order to a refund with Pitney Bowes OMS runs as it is printed, and does what the page says."""

from decimal import Decimal
from pathlib import Path

from tests.server import Server
from tests.stories.playing import open_units, papers_of, play


def test_the_page_does_what_it_says(server: Server, tmp_path: Path) -> None:
    printed = play(server, "docs/stories/pb_oms_to_the_door.md", tmp_path)
    _, created, (picked,), left, delivered, back, (invoices, balance, stock) = printed
    assert created[0]["orderInfo"]["status"] == "UNFULFILLED"
    assert open_units(picked["order"]) == [("VAN", 2), ("TOR", 1)]
    _, first, partly, second, whole = left
    assert [each["order"]["status"] for each in (first, second)] == ["partially_shipped", "shipped"]
    assert [each["orderInfo"]["status"] for each in (partly, whole)] == ["UNFULFILLED", "FULFILLED"]
    assert [each["code"] for each in delivered[0]["items"]] == [None, None]
    requested_and_received, judged, refunded, after = back
    assert [each["return"]["status"] for each in (requested_and_received, judged)] == ["received", "judged"]
    assert (refunded["refund"]["amount"], after["orderInfo"]["status"]) == ("27.00", "FULFILLED")
    amounts = [(each["kind"], each["total"], each["components"]) for each in invoices["items"]]
    assert amounts == [
        ("shipment", "54.00", {"items": "50.00", "fees": "4.00"}),
        ("shipment", "27.00", {"items": "25.00", "fees": "2.00"}),
        ("return", "-27.00", {"items": "-25.00", "fees": "-2.00"}),
    ]
    assert (Decimal(balance["total"]), balance["refundable"], balance["owed"]) == (Decimal(81), "54.00", "0.00")
    levels = {each["location"]: (each["on_hand"], each["allocated"]) for each in stock["items"]}
    assert levels == {"VAN": (1, 0), "TOR": (4, 0)}
    papers = papers_of(tmp_path)
    assert set(papers) == {"pick-list", "packing-slip", "label", "invoice"}
    assert "Stoneware mug" in papers["packing-slip"]
    assert "1822 Franklin Street" in papers["label"]
    assert "MUG" in papers["pick-list"]
    assert "$54.00" in papers["invoice"]
