"""`crossdock reference-list`."""

import json
from pathlib import Path

from tests.cli.program import done, refused, run

ROWS = [{"carrierID": "BIKE", "name": "Bike couriers"}]


def test_a_list_is_replaced_shown_and_reset(filled: str, tmp_path: Path) -> None:
    file = tmp_path / "carriers.json"
    file.write_text(json.dumps(ROWS), encoding="utf-8")
    default = json.loads(done(filled, "reference-list", "show", "Demo", "pb_oms/carriers"))
    assert [each["carrierID"] for each in default][:2] == ["USPS", "UPS"]
    done(filled, "reference-list", "set", "Demo", "pb_oms/carriers", str(file))
    assert json.loads(done(filled, "reference-list", "show", "Demo", "pb_oms/carriers")) == ROWS
    listed = json.loads(done(filled, "reference-list", "list", "Demo", "--json"))
    assert {each["list"]: each["state"] for each in listed}["pb_oms/carriers"] == "replaced"
    done(filled, "reference-list", "reset", "Demo", "pb_oms/carriers")
    assert json.loads(done(filled, "reference-list", "show", "Demo", "pb_oms/carriers")) == default


def test_faults_and_unknown_lists_are_named(filled: str, tmp_path: Path) -> None:
    file = tmp_path / "carriers.json"
    file.write_text('[{"name": "Bike"}, 1]', encoding="utf-8")
    text = refused(run(filled, "reference-list", "set", "Demo", "pb_oms/carriers", str(file)))
    assert "0.carrierID: is required; 1: must be an object" in text
    text = refused(run(filled, "reference-list", "show", "Demo", "pb_oms/ships"))
    assert "there is no reference list 'pb_oms/ships'; there are pb_oms/carriers" in text
