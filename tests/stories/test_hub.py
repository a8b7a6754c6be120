"""The walk from a receipt to a served backorder with the hub's API runs as it is printed, and does what the page says."""

from pathlib import Path

from tests.server import Server
from tests.stories.playing import open_units, play


def test_the_page_does_what_it_says(server: Server, tmp_path: Path) -> None:
    printed = play(server, "docs/stories/hub.md", tmp_path)
    _, locations, received, available, ordered, why, tried, moved, waiting, _, events, at_toronto, ledger = printed
    assert [each["code"] for each in locations] == ["VAN", "TOR"]
    assert [level["on_hand"] for level in received[0]["items"]] == [3, 4]
    assert received[1] == received[0]
    assert available[0]["items"][0]["available"] == 7
    assert (ordered[0]["status"], open_units(ordered[0])) == ("allocated", [("VAN", 2)])
    (decision,) = why[0]["decisions"]
    assert decision["summary"] == "2 of MUG (line 0) from VAN"
    best, other = decision["candidates"]
    parts = [{part["kind"]: part["points"] for part in each["parts"]} for each in (best, other)]
    assert (best["location"], other["location"]) == ("VAN", "TOR")
    assert parts[0]["distance"] > parts[1]["distance"]
    for answer in (tried[0], moved[0]):
        assert open_units(answer["order"]) == [("TOR", 2)]
    assert waiting[0]["lines"][0]["counters"]["backordered"] == 3
    assert [event["name"] for event in events[0]["items"]][-1] == "order.allocated"
    assert sum(units for _, units in open_units(at_toronto[0])) == 7
    assert {each["kind"] for each in ledger[0]["items"]} == {"receive", "allocate"}
