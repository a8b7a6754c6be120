"""bench/README.md is what the figures in bench/figures render, and names every bench."""

import re
from pathlib import Path

import pytest

from bench import figures, page
from bench.figures import Aim, Figures, Run, Table
from bench.sections import SECTIONS, Bars, Lines

ROOT = Path(__file__).parent.parent.parent
SHOWN = [shown for section in SECTIONS for shown in section.shown]
# Programs that benches start, and the page itself.
OTHERS = {"bench.lean", "bench.lean_mail", "bench.slice", "bench.page"}


def module_of(path: Path) -> str:
    """Return the name of the module that `python -m` runs."""
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__main__")


def programs() -> set[str]:
    """Return the modules of the benches that can be run."""
    paths = (ROOT / "bench").rglob("*.py")
    return {module_of(path) for path in paths if '__name__ == "__main__"' in path.read_text(encoding="utf-8")}


class TestTheCommittedPage:
    def test_it_is_what_the_committed_figures_render(self) -> None:
        files = page.render(page.read_all())
        for name, text in files.items():
            assert (page.HERE / name).read_text(encoding="utf-8") == text, f"{name} differs: run `python -m bench.page`"
        assert {f"plots/{path.name}" for path in page.PLOTS.iterdir()} == files.keys() - {"README.md"}

    def test_every_file_of_figures_is_on_it_and_can_be_read(self) -> None:
        names = {path.stem for path in figures.FOLDER.iterdir()}
        assert names <= {shown.name for shown in SHOWN}
        for name in names:
            found = figures.read(name)
            assert found is not None
            assert found.run.date
            assert found.run.command.startswith("python -m bench")
            for table in found.tables.values():
                assert {len(row) for row in table.rows} <= {len(table.columns)}

    def test_figures_of_this_bench_say_what_they_were_measured_on(self) -> None:
        for shown in SHOWN:
            found = figures.read(shown.name)
            if found is not None and found.run.source == "this bench":
                assert found.run.machine is not None, shown.name
                assert found.run.commit != ""
                assert found.run.python != ""

    def test_no_folder_of_a_machine_is_in_it(self) -> None:
        for path in figures.FOLDER.iterdir():
            assert not re.search(r'"[^"]*(?<![\w.])/(?:home|root|tmp|work|Users)/', path.read_text()), path.name


class TestBenches:
    def test_every_bench_has_a_section_with_its_command(self) -> None:
        commands = {shown.command.split()[2] for shown in SHOWN}
        assert programs() - OTHERS == commands

    def test_every_bench_writes_its_figures(self) -> None:
        for name in programs() - OTHERS:
            path = ROOT / name.replace(".", "/")
            path = path / "__main__.py" if path.is_dir() else path.with_suffix(".py")
            text = path.read_text(encoding="utf-8")
            assert "figures.begin(" in text, name
            assert "figures.write(" in text, name
            assert "figures.add_option(" in text, name

    def test_the_targets_that_the_page_names_are_in_the_makefile(self) -> None:
        targets = re.findall(r"^make (\w+) ", page.HEAD, re.MULTILINE)
        makefile = (ROOT / "Makefile").read_text()
        assert len(targets) == 4
        for target in targets:
            recipe = re.search(rf"^{target}: .*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
            assert recipe is not None, target
            assert "This takes" in recipe[1]
            assert recipe[1].rstrip().endswith("$(RUN) bench.page")


def measured(aims: list[Aim], rows: list[list[figures.Cell]] | None = None) -> Figures:
    """Return figures of the bench of allocation."""
    run = Run(
        date="2026-01-30 10:53 UTC", commit="abc1234", command="python -m bench.stock --orders 7", sqlite="3.99.1"
    )
    return Figures(
        run, {"callers": Table(["callers", "orders/s"], [[1, 400.25], [8, 1234.5]] if rows is None else rows)}, aims
    )


class TestRender:
    def test_benches_that_never_ran_are_named_with_their_commands(self) -> None:
        files = page.render({})
        text = files["README.md"]
        assert files.keys() == {"README.md"}
        for shown in SHOWN:
            assert f"Not measured yet. The command is `{shown.command}`; it takes about {shown.takes}." in text
        assert text.count("| not measured yet | |") == len(SHOWN)
        assert "## Missed aims\n\nNone." in text

    def test_a_run_is_shown_with_its_circumstances_aims_table_and_plot(self) -> None:
        aims = [Aim("fast", 1234.5, "at least", 300, "orders/s"), Aim("slow", 7.0, "at most", 5, "s")]
        files = page.render({"stock": measured(aims)})
        section = files["README.md"].partition("## Allocation")[2].partition("\n## ")[0]
        assert "Measured 2026-01-30 10:53 UTC; commit abc1234; machine not recorded; SQLite 3.99.1." in section
        assert "Command: `python -m bench.stock --orders 7`" in section
        assert "| fast | at least 300 orders/s | 1,234 orders/s | met |" in section
        assert "| slow | at most 5 s | 7 s | **missed** |" in section
        assert "| 1 | 400 |" in section
        assert "orders/s from 400 to 1,234" in section
        assert "](plots/stock-1.svg)" in section
        assert 'role="img"' in files["plots/stock-1.svg"]

    def test_missed_aims_come_first(self) -> None:
        aims = [Aim("fast", 1.0, "at least", 300), Aim("slow", 1.0, "at most", 5)]
        text = page.render({"stock": measured(aims)})["README.md"]
        missed = text.partition("## Missed aims")[2].partition("\n## ")[0]
        assert "[Allocation](#allocation) | fast | at least 300 | 1 | **missed** |" in missed
        assert "slow" not in missed
        assert "| 1 minute | 2026-01-30 | 1 of 2 |" in text

    def test_an_aim_without_a_figure_is_missed(self) -> None:
        text = page.render({"stock": measured([Aim("growth", None, "at most", 2)])})["README.md"]
        assert "| growth | at most 2 | nothing | **missed** |" in text

    def test_a_table_without_figures_has_no_plot(self) -> None:
        assert page.render({"stock": measured([], [[1, None]])}).keys() == {"README.md"}

    def test_a_long_table_is_folded(self) -> None:
        text = page.render({"stock": measured([], [[number, 2.5] for number in range(40)])})["README.md"]
        assert "<details><summary>callers (40 rows)</summary>\n\n| callers | orders/s |" in text

    @pytest.mark.parametrize(
        "plot", [plot for section in SECTIONS for plot in section.plots], ids=lambda each: each.title
    )
    def test_every_plot_can_be_drawn_of_its_columns(self, plot: Bars | Lines) -> None:
        columns = [plot.x, *plot.values, *([plot.by] if isinstance(plot, Bars) and plot.by else [])]
        table = Table(columns, [[1, *(2.5 for _ in columns[1:])], [2, *(None for _ in columns[1:])]])
        assert plot.title in page.draw(plot, table).replace("&amp;", "&")
