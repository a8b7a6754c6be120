"""The walk from a receipt to a served backorder with S2's calls runs as it is printed, and does what the page says."""

from pathlib import Path
from typing import Any

from tests.server import Server
from tests.stories.playing import open_units, play


def held(overview: Any) -> dict[str, tuple[int, int]]:
    """Return the units and those on hold by the name of the warehouse."""
    names = {each["id"]: each["name"] for each in overview["warehouses"]}
    return {names[row["warehouseId"]]: (row["quantity"], row["quantityHold"]) for row in overview["items"]}


def test_the_page_does_what_it_says(server: Server, tmp_path: Path) -> None:
    printed = play(server, "docs/stories/s2.md", tmp_path)
    _, _, warehouses, _, overview, ordered, after, why, moved, waiting, _, served = printed
    assert [each["name"] for each in warehouses[0]["items"]] == ["Toronto", "Vancouver"]
    assert held(overview[0]) == {"Toronto": (4, 0), "Vancouver": (3, 0)}
    assert [each["sku"] for each in overview[0]["products"]] == ["MUG"]
    assert ordered[0]["assignStatus"] == "ASSIGNED"
    assert held(after[0]) == {"Toronto": (4, 0), "Vancouver": (3, 2)}
    assert why[0]["decisions"][0]["candidates"][0]["location"] == "VAN"
    assert open_units(moved[0]["order"]) == [("TOR", 2)]
    assert waiting[0]["assignStatus"] == "PARTIALLY_ASSIGNED"
    assert held(served[0]) == {"Toronto": (14, 7), "Vancouver": (3, 3)}
