"""The walk from an order to a refund with S2's calls runs as it is printed, and does what the page says."""

from pathlib import Path

from tests.server import Server
from tests.stories.playing import play
from tests.stories.test_s2 import held


def test_the_page_does_what_it_says(server: Server, tmp_path: Path) -> None:
    printed = play(server, "docs/stories/s2_to_the_door.md", tmp_path)
    _, first, second, left, shown, tracked, back = printed
    assert (first[0]["warehouse"]["name"], first[0]["status"]) == ("Vancouver", "CREATED")
    assert second[0]["warehouse"]["name"] == "Toronto"
    _, partly, _ = left
    assert (partly["status"], partly["fulfillments"][0]["trackingNumber"]) == (
        "PARTIALLY_FULFILLED", "1Z999AA10123456784",
    )  # fmt: skip
    order, listed = shown
    assert (order["status"], order["assignStatus"]) == ("FULFILLED", "ASSIGNED")
    assert [each["trackingNumbers"] for each in order["fulfillments"]] == [
        ["1Z999AA10123456784"], ["1Z999AA10123456999"],
    ]  # fmt: skip
    assert [(each["channelFulfillmentId"], each["status"]) for each in listed["items"]] == [
        ("DOOR-1-B", "SHIPPED"), ("DOOR-1-A", "SHIPPED"),
    ]  # fmt: skip
    assert [each["code"] for each in tracked[0]["items"]] == [None, None]
    _, received, judged, refunded, overview = back
    assert [each["return"]["status"] for each in (received, judged)] == ["received", "judged"]
    assert refunded["refund"]["amount"] == "10.00"
    assert held(overview) == {"Toronto": (5, 0)}
