"""The walk from a receipt to a served backorder with Pitney Bowes OMS runs as it is printed, and does what the page says."""

from pathlib import Path

from tests.server import Server
from tests.stories.playing import open_units, play


def test_the_page_does_what_it_says(server: Server, tmp_path: Path) -> None:
    printed = play(server, "docs/stories/pb_oms.md", tmp_path)
    _, product, _, received, ordered, read, why, moved, _, waiting, _, served = printed
    assert (product[0]["description"], product[0]["customs"]["origin_country"]) == ("Stoneware mug", "PT")
    assert [level["on_hand"] for level in received[0]["items"]] == [3, 4]
    assert ordered[0]["status"] == "Success"
    assert open_units(read[0]) == [("VAN", 2)]
    assert why[0]["decisions"][0]["candidates"][0]["location"] == "VAN"
    assert open_units(moved[0]["order"]) == [("TOR", 2)]
    assert waiting[0]["lines"][0]["counters"]["backordered"] == 3
    assert served[0]["lines"][0]["counters"] | {"allocated": 8, "backordered": 0} == served[0]["lines"][0]["counters"]
