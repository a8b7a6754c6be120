"""`crossdock location` and `crossdock stock`."""

import json
from pathlib import Path

from tests.cli.program import done, refused, run

LOCATIONS = "code,name,city,country\nVAN,Vancouver,Vancouver,CA\nWPG,Winnipeg,Winnipeg,CA\nX/Y,,,ZZ\n"
COUNTS = "sku,location,on_hand,pool\nMUG,VAN,5,\nMUG,WPG,3,web\nMUG,TOR,1,\nMUG,VAN,many,\n"


def test_locations_and_counts_are_imported_and_listed(filled: str, tmp_path: Path) -> None:
    locations, counts = tmp_path / "locations.csv", tmp_path / "counts.csv"
    locations.write_text(LOCATIONS, encoding="utf-8")
    counts.write_text(COUNTS, encoding="utf-8")
    answer = run(filled, "location", "import", "Demo", str(locations))
    assert answer.returncode == 1
    assert "added      2\n" in answer.stdout
    assert [line.partition(":")[0] for line in answer.stdout.splitlines() if line.startswith("row ")] == [
        "row 4, column code", "row 4, column country",
    ]  # fmt: skip
    assert answer.stderr.splitlines()[-1] == f"crossdock: 1 rows of {locations} were not imported"
    again = json.loads(run(filled, "location", "import", "Demo", str(locations), "--json").stdout)
    assert (again["added"], again["unchanged"], len(again["rows"])) == (0, 2, 2)
    listed = json.loads(done(filled, "location", "list", "Demo", "--term", "winni", "--json"))
    assert [(each["code"], each["name"], each["active"]) for each in listed] == [("WPG", "Winnipeg", True)]

    answer = run(filled, "stock", "import", "Demo", str(counts), "--json")
    printed = json.loads(answer.stdout)
    assert (answer.returncode, printed["counted"]) == (1, 2)
    assert [(each["row"], each["column"]) for each in printed["rows"]] == [(4, "location"), (5, "on_hand")]
    levels = json.loads(done(filled, "stock", "list", "Demo", "--sku", "MUG", "--json"))
    assert [(each["location"], each["pool"], each["available"]) for each in levels] == [
        ("VAN", "", 5),
        ("WPG", "web", 3),
    ]
    assert json.loads(done(filled, "stock", "list", "Demo", "--location", "VAN", "--json")) == levels[:1]
    assert json.loads(done(filled, "stock", "list", "Demo", "--low", "--json")) == []


def test_a_file_that_is_no_table_is_refused(filled: str, tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(b"sku,size\n")
    assert "column 'size' is no column of stock" in refused(run(filled, "stock", "import", "Demo", str(file)))
    assert "column 'code' is required" in refused(run(filled, "location", "import", "Demo", str(file)))
    file.write_bytes(b"code\n\xff")
    assert "is not UTF-8 (byte 5)" in refused(run(filled, "location", "import", "Demo", str(file)))


def test_empty_lists_say_what_to_do(empty: str) -> None:
    done(empty, "organization", "add", "Shop")
    for words, hint in (
        (("location", "list"), "crossdock location import"),
        (("stock", "list"), "crossdock stock import"),
    ):
        answer = run(empty, *words, "Shop")
        assert (answer.returncode, answer.stdout) == (0, "")
        assert hint in answer.stderr
