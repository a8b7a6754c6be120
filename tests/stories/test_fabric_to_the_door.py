"""The walk from an order to a refund with fabric's calls runs as it is printed, and does what the page says."""

from pathlib import Path

from tests.server import Server
from tests.stories.playing import papers_of, play


def test_the_page_does_what_it_says(server: Server, tmp_path: Path) -> None:
    printed = play(server, "docs/stories/fabric_to_the_door.md", tmp_path)
    _, _, ((allocation,),), (first, partly), (second,), _, (*tracked, delivered), back, money = printed
    assert (allocation["locationNum"], allocation["items"][0]["quantity"]) == ("410", 3)
    assert (first["statusCode"], first["scratchedItems"][0]["quantity"]) == ("SHIPMENT_CREATED", 1)
    assert (second["locationNum"], second["cartons"][0]["trackingNumber"]) == ("420", "1Z999AA10123456999")
    assert (partly["statusCode"], partly["invoiceTotal"]) == ("ORDER_PARTIALLY_SHIPPED", 54)
    assert [each["statusCode"] for (each,) in tracked] == ["SHIPMENT_DELIVERED"] * 2
    assert (delivered["statusCode"], delivered["invoiceTotal"]) == ("ORDER_DELIVERED", 81)
    assert [each["items"][0]["returnStatus"] for each in back] == ["PENDING", "PROCESSING", "VALID"]
    assert (back[-1]["refundStatus"], back[-1]["totalRefund"]) == ("REFUND_INITIATED", 27)
    requested, invoices, order, stock = money
    assert requested["invoiceId"] == first["invoiceId"]
    assert [(each["invoiceType"], each["invoiceTotal"]) for each in invoices["invoices"]] == [
        ("SHIPPING", 54), ("SHIPPING", 27), ("RETURN", -27),
    ]  # fmt: skip
    assert (order["statusCode"], order["orderTotal"], order["returnTotal"]) == ("ORDER_PARTIALLY_RETURNED", 81, 27)
    left = {each["locationNum"]: each["virtualCounters"]["availableToPurchase"] for each in stock["inventory"]}
    assert left == {410: 1, 420: 4}
    papers = papers_of(tmp_path)
    assert set(papers) == {"packing-slip", "label", "invoice"}
    assert "Cotton shirt" in papers["packing-slip"]
    assert "9 Elm Street" in papers["label"]
    assert "$54.00" in papers["invoice"]
