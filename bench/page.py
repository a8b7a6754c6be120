"""Writes bench/README.md and its plots from the files in bench/figures: `python -m bench.page`.

What the sections say and which plots they have is in `bench/sections.py`; `tests/bench/test_page.py` compares the page with the
figures.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from bench import figures, svg
from bench.figures import Aim, Cell, Figures, Run, Table
from bench.sections import HEAD, SECTIONS, Bars, Lines, Section, Shown

HERE = Path(__file__).parent
PAGE, PLOTS = HERE / "README.md", HERE / "plots"
_LONG = 16  # a table with more rows is folded
Found = Mapping[str, Figures]


def read_all(folder: Path = figures.FOLDER) -> dict[str, Figures]:
    """Read the figures that there are of all sections."""
    names = [shown.name for section in SECTIONS for shown in section.shown]
    return {name: got for name in names if (got := figures.read(name, folder))}


def render(found: Found) -> dict[str, str]:
    """Return the page, as `README.md`, and the plots by their paths from the page."""
    files: dict[str, str] = {}
    lines = [HEAD, *_overview(found)]
    for section in SECTIONS:
        lines += ["", f"## {section.title}", "", section.text.strip()]
        if section.is_shown_by_file:
            for shown in section.shown:
                lines += ["", f"### {shown.title}", "", *_measured(section, shown, found, files)]
        else:
            lines += ["", *_measured(section, section.shown[0], found, files)]
    files["README.md"] = "\n".join(lines) + "\n"
    return files


def write(files: Mapping[str, str]) -> None:
    """Write the page and its plots, and remove plots that it no longer has."""
    PLOTS.mkdir(exist_ok=True)
    for path in PLOTS.glob("*.svg"):
        if f"plots/{path.name}" not in files:
            path.unlink()
    for name, text in files.items():
        (HERE / name).write_text(text, encoding="utf-8")


def _overview(found: Found) -> Iterator[str]:
    """List every bench with its command, when it ran last and how many of its aims are met; then the aims that are missed."""
    yield "| measures | command | takes about | last measured | aims met |"
    yield "|---|---|---|---|---|"
    missed: list[str] = []
    for section in SECTIONS:
        for shown in section.shown:
            title = f"{section.title}: {shown.title}" if section.is_shown_by_file else section.title
            link, got = f"[{title}](#{_anchor(section.title)})", found.get(shown.name)
            yield f"| {link} | `{shown.command}` | {shown.takes} | {_last(got)} |"
            missed += [f"| {link} | {_aim_cells(aim)} |" for aim in (got.aims if got else []) if not aim.is_met]
    yield ""
    yield "## Missed aims"
    yield ""
    if not missed:
        yield "None."
        return
    yield "| bench | figure | aim | measured | |"
    yield "|---|---|---|---|---|"
    yield from missed


def _last(got: Figures | None) -> str:
    """Return the cells of a bench's last run."""
    if got is None:
        return "not measured yet |"
    met = sum(aim.is_met for aim in got.aims)
    return f"{got.run.date.partition(' ')[0]} | {f'{met} of {len(got.aims)}' if got.aims else 'none set'}"


def _anchor(title: str) -> str:
    return "".join(each for each in title.lower() if each.isalnum() or each in " -_").replace(" ", "-")


def _aim_cells(aim: Aim) -> str:
    result = "met" if aim.is_met else "**missed**"
    unit = f" {aim.unit}" if aim.unit else ""
    measured = "nothing" if aim.measured is None else f"{_number(aim.measured)}{unit}"
    return f"{aim.what} | {aim.bound} {_number(aim.aim)}{unit} | {measured} | {result}"


def _measured(section: Section, shown: Shown, found: Found, files: dict[str, str]) -> Iterator[str]:
    """Yield what a run gave: its circumstances, aims, plots and tables."""
    if shown.name not in found:
        yield f"Not measured yet. The command is `{shown.command}`; it takes about {shown.takes}."
        return
    got = found[shown.name]
    yield _circumstances(got.run)
    if got.aims:
        yield from ("", "| figure | aim | measured | |", "|---|---|---|---|")
        yield from (f"| {_aim_cells(aim)} |" for aim in got.aims)
    for number, plot in enumerate(section.plots, 1):
        if (table := got.tables.get(plot.table)) and _has_figures(plot, table):
            path = f"plots/{shown.name}-{number}.svg"
            files[path] = draw(plot, table)
            yield from ("", f"![{_alt(plot, table)}]({path})")
    for name, table in got.tables.items():
        yield from ("", *_table(name, table))


def _circumstances(run: Run) -> str:
    parts = [run.date, f"commit {run.commit}" if run.commit else "commit not recorded"]
    if run.machine:
        machine = run.machine
        parts.append(
            f"{machine.cpu}, {machine.cores} cores, {machine.memory_gb:g} GB, load average {machine.load:g} before the run"
        )
    else:
        parts.append("machine not recorded")
    versions = {"Crossdock": run.crossdock, "Python": run.python, "SQLite": run.sqlite, "PostgreSQL": run.postgresql}
    parts += [f"{name} {version}" for name, version in versions.items() if version]
    source = f" From {run.source}." if run.source != "this bench" else ""
    return f"Measured {'; '.join(parts)}.{source} Command: `{run.command}`"


def _table(name: str, table: Table) -> Iterator[str]:
    is_long = len(table.rows) > _LONG
    yield f"<details><summary>{name} ({len(table.rows)} rows)</summary>" if is_long else f"**{name}**"
    yield ""
    yield f"| {' | '.join(table.columns)} |"
    yield "|---" * len(table.columns) + "|"
    for row in table.rows:
        yield f"| {' | '.join(_cell(cell) for cell in row)} |"
    if is_long:
        yield from ("", "</details>")


def _cell(cell: Cell) -> str:
    if cell is None:
        return ""
    return cell.replace("|", "\\|") if isinstance(cell, str) else _number(cell)


def _number(value: float) -> str:
    """Return a number with the digits that matter: whole from 100 on, two decimals below 10."""
    if isinstance(value, int) or value == int(value):
        return f"{value:,.0f}"
    size = abs(value)
    return (
        f"{value:,.0f}"
        if size >= 100
        else f"{value:,.1f}"
        if size >= 10
        else f"{value:.2f}"
        if size >= 0.1
        else f"{value:.3g}"
    )


def draw(plot: Bars | Lines, table: Table) -> str:
    """Draw a plot of a table."""
    if isinstance(plot, Lines):
        x = [float(cell) for cell in table.column(plot.x) if cell is not None]
        wanted = {name: [_float(cell) for cell in table.column(name)] for name in plot.values}
        return svg.lines(plot.title, x, wanted, x_title=plot.x, aim=plot.aim)
    groups = list(dict.fromkeys(str(cell) for cell in table.column(plot.x)))
    if plot.by is None:
        rows = {str(cell): at for at, cell in enumerate(table.column(plot.x))}
        series = {name: [_float(table.column(name)[rows[group]]) for group in groups] for name in plot.values}
        return svg.bars(plot.title, groups, series, aim=plot.aim)
    (value,) = plot.values
    cells = {
        (str(group), str(name)): _float(cell)
        for group, name, cell in zip(table.column(plot.x), table.column(plot.by), table.column(value), strict=True)
    }
    names = dict.fromkeys(name for _, name in cells)
    return svg.bars(
        plot.title, groups, {name: [cells.get((group, name)) for group in groups] for name in names}, aim=plot.aim
    )


def _float(cell: Cell) -> float | None:
    return float(cell) if isinstance(cell, int | float) else None


def _has_figures(plot: Bars | Lines, table: Table) -> bool:
    return any(_float(cell) is not None for name in plot.values for cell in table.column(name))


def _alt(plot: Bars | Lines, table: Table) -> str:
    """Describe a plot to those who do not see it: what it shows, and between which figures."""
    parts = []
    for name in plot.values:
        values = [value for cell in table.column(name) if (value := _float(cell)) is not None]
        if values:
            parts.append(f"{name} from {_number(min(values))} to {_number(max(values))}")
    kind = "Lines" if isinstance(plot, Lines) else "Bars"
    return f"{kind}: {plot.title}; {', '.join(parts)}; the table below has the same figures"


def main() -> None:
    """Write the page."""
    files = render(read_all())
    write(files)
    print(f"bench/README.md and {len(files) - 1} plots written")


if __name__ == "__main__":
    main()
