"""The walk from an order to a refund with the hub's API runs as it is printed, and does what the page says."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.server import Server
from tests.stories.playing import open_units, play

Tree = Any


def names(answer: Tree) -> list[str]:
    return [event["name"] for event in answer["events"]]


def test_the_page_does_what_it_says(server: Server, tmp_path: Path) -> None:
    printed = play(server, "docs/stories/hub_to_the_door.md", tmp_path)
    (
        _,
        (order, paid),
        (work, picked, missing),
        (_, sent, rest),
        (tracked, delivered),
        back,
        (invoices, balance, stock),
    ) = printed
    assert (order["status"], open_units(order)) == ("allocated", [("VAN", 3)])
    assert paid["payment"]["captured"] == "81.00"
    assert (work["fulfillment"]["status"], work["fulfillment"]["lines"][0]["quantity"]) == ("open", 3)
    assert names(picked) == ["order.picked", "order.deallocated", "order.allocated"]
    assert (picked["fulfillment"]["status"], picked["fulfillment"]["lines"][0]["open"]) == ("picked", 2)
    assert open_units(picked["order"]) == [("VAN", 2), ("TOR", 1)]
    assert missing["items"][0]["on_hand"] == 4
    assert names(sent) == ["order.shipped", "order.invoiced"]
    assert sent["order"]["status"] == "partially_shipped"
    assert names(rest) == ["order.fulfillment_created", "order.shipped", "order.invoiced"]
    assert [each["location"] for each in rest["order"]["fulfillments"]] == ["VAN", "TOR"]
    assert [each["code"] for each in tracked["items"]] == [None, None]
    assert delivered["status"] == "delivered"
    requested, received, judged, refunded = back
    assert [each["return"]["status"] for each in (requested, received, judged)] == ["requested", "received", "judged"]
    assert refunded["refund"]["amount"] == "27.00"
    kinds = [each["kind"] for each in invoices["items"]]
    totals = [Decimal(each["total"]) for each in invoices["items"]]
    assert (kinds, sum(totals[:2]), totals[2]) == (["shipment", "shipment", "return"], Decimal(81), Decimal(-27))
    expected = {"total": "81.00", "captured": "81.00", "refunded": "27.00", "refundable": "54.00", "owed": "0.00"}
    assert {name: balance[name] for name in expected} == expected
    levels = {each["location"]: (each["on_hand"], each["allocated"]) for each in stock["items"]}
    assert levels == {"VAN": (3, 0), "TOR": (4, 0)}
