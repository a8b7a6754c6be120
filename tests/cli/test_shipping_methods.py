"""`crossdock shipping-method`."""

import json
from pathlib import Path

from tests.cli.program import done, run

METHODS = "code,name,cost,currency,min_days,max_days\nA,Ground,4.00,EUR,3,5\nB,Fast,9,EUR,5,3\nA,,5.00,,,\nC,,7,,,\n"


def test_methods_are_imported_with_every_fault_and_listed(filled: str, tmp_path: Path) -> None:
    file = tmp_path / "methods.csv"
    file.write_text(METHODS, encoding="utf-8")
    answer = run(filled, "shipping-method", "import", "Demo", str(file), "--json")
    printed = json.loads(answer.stdout)
    assert (answer.returncode, printed["added"], printed["changed"]) == (1, 1, 1)
    assert [(each["row"], each["column"]) for each in printed["rows"]] == [(3, "max_days"), (5, "currency")]
    listed = json.loads(done(filled, "shipping-method", "list", "Demo", "--term", "ground", "--json"))
    assert listed == [
        {"code": "A", "name": "Ground", "carrier": None, "service": None, "cost": "5.00", "currency": "EUR", "active": True}
    ]  # fmt: skip
    again = json.loads(run(filled, "shipping-method", "import", "Demo", str(file), "--json").stdout)
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 2, 0)  # one code twice, with two costs
