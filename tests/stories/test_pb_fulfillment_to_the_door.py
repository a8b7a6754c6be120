"""The walk from an order to a refund with Pitney Bowes Fulfillment runs as it is printed, and does what the page says."""

from pathlib import Path

from tests.server import Server
from tests.stories.playing import play


def test_the_page_does_what_it_says(server: Server, tmp_path: Path) -> None:
    printed = play(server, "docs/stories/pb_fulfillment_to_the_door.md", tmp_path)
    _, created, left, found, delivered, back = printed
    assert created[0]["status"] == "RELEASED"
    _, picked, _, partly, _, order = left
    assert [each["status"] for each in (picked, partly, order)] == ["INPROGRESS", "PARTIALLYSHIPPED", "SHIPPED"]
    assert order["actualShippingDetails"] == {
        "carrier": "PITNEY BOWES", "serviceId": "PARCEL", "trackingNumber": "9400100000000000000001",
    }  # fmt: skip
    assert [each["packages"][0]["items"] for each in found[0]["shipments"]] == [
        [{"lineId": 1, "sku": "MUG", "quantity": 2}], [{"lineId": 1, "sku": "MUG", "quantity": 1}],
    ]  # fmt: skip
    assert delivered[1]["status"] == "DELIVERED"
    announced, _, received, judged, refunded, ended = back
    assert announced["status"] == "CREATED"
    assert [each["return"]["status"] for each in (received, judged)] == ["received", "judged"]
    assert refunded["refund"]["amount"] == "10.00"
    assert (ended["status"], ended["returnOrderId"]) == ("CLOSED", announced["returnOrderId"])
