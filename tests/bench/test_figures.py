"""Figures of benches: written as a whole, read again, with what they were measured on."""

import re
from pathlib import Path

import msgspec
import pytest

from bench import figures
from bench.figures import Aim, Figures, Run, Table

RUN = Run(date="2026-01-30 10:53 UTC", command="python -m bench.x", commit="abc1234")


def some(value: figures.Cell) -> Figures:
    """Return figures with one value."""
    return Figures(RUN, {"one": Table(["name", "value"], [["a", value]])}, [Aim("b", 1.23456, "at most", 2)])


class TestWrite:
    def test_what_is_written_is_read_again_with_four_digits(self, tmp_path: Path) -> None:
        figures.write(tmp_path / "new", "x", some(1234.567))
        found = figures.read("x", tmp_path / "new")
        assert found is not None
        assert found.run == RUN
        assert found.tables["one"].rows == [["a", 1235.0]]
        assert found.aims == [Aim("b", 1.235, "at most", 2)]

    def test_whole_numbers_and_missing_ones_stay(self, tmp_path: Path) -> None:
        for value in (1_234_567, None, "text"):
            figures.write(tmp_path, "x", some(value))
            found = figures.read("x", tmp_path)
            assert found is not None
            assert found.tables["one"].column("value") == [value]

    def test_a_bench_that_never_ran_has_none(self, tmp_path: Path) -> None:
        assert figures.read("x", tmp_path) is None

    def test_a_write_that_fails_leaves_what_was_there(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        figures.write(tmp_path, "x", some(1))

        def full(_: Path, data: bytes) -> int:
            raise OSError("no space left")

        monkeypatch.setattr(Path, "write_bytes", full)
        with pytest.raises(OSError, match="no space"):
            figures.write(tmp_path, "x", some(2))
        found = figures.read("x", tmp_path)
        assert found is not None
        assert found.tables["one"].rows == [["a", 1]]
        assert [path.name for path in tmp_path.glob("*.json")] == ["x.json"]

    def test_a_part_does_not_replace_the_whole(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(figures, "FOLDER", tmp_path)
        figures.write(tmp_path, "x", some(1), is_whole=False)
        assert figures.read("x", tmp_path) is None
        assert "only a part was measured" in capsys.readouterr().out
        figures.write(tmp_path / "other", "x", some(1), is_whole=False)
        assert figures.read("x", tmp_path / "other") is not None


class TestRun:
    def test_it_says_when_of_what_and_on_what(self) -> None:
        run = figures.begin("bench.x", ["--seconds", "1"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", run.date)
        assert run.commit == "unknown" or re.fullmatch(r"[0-9a-f]{7,}( with changes)?", run.commit)
        assert run.command == "python -m bench.x --seconds 1"
        assert run.machine is not None
        assert run.machine.cores > 0
        assert run.machine.memory_gb > 0
        for version in (run.python, run.sqlite, run.postgresql, run.crossdock):
            assert re.match(r"\d+\.\d+", version)
        assert msgspec.json.decode(msgspec.json.encode(run), type=Run) == run

    def test_a_command_names_no_folder_of_this_machine(self) -> None:
        given = ["--keep", "/mnt/big", "--figures", "/tmp/x", "--op", "hub: by id", "--keep=/mnt", "--figures=/x"]
        assert (
            figures.command("bench.size", given) == "python -m bench.size --keep FOLDER --op 'hub: by id' --keep FOLDER"
        )


class TestAim:
    @pytest.mark.parametrize(
        ("measured", "bound", "is_met"),
        [(2.0, "at least", True), (1.9, "at least", False), (2.0, "at most", True), (2.1, "at most", False),
         (None, "at least", False), (None, "at most", False)],
    )  # fmt: skip
    def test_it_is_met_at_its_bound(self, measured: float | None, bound: str, is_met: bool) -> None:
        aim = msgspec.convert({"what": "x", "measured": measured, "bound": bound, "aim": 2}, Aim)
        assert aim.is_met is is_met
