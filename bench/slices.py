"""Compares the processor time of an order, or of a page, with another commit's, in slices that alternate.

`python -m bench.slices COMMIT` prints, for each door, microseconds of processor time an order (the lowest, and the quartile) in
the application without HTTP, on SQLite, of this code and the other, and the median of the slices' ratios: over 1 means that
this code takes more orders in the same time. `--pages` does the same for reads. Other load on the machine hardly disturbs it,
which it does wrk's figures.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import figures
from bench.figures import Aim, Cell, Figures, Table
from bench.load import DOORS, TARGETS, Target, targets
from bench.servers import HERE, unpack
from bench.slice import AT_ONCE, READS

SLICE = Path(__file__).with_name("slice.py")
ORDERS = 60  # through each door, before pages are read
# Method, path and body of each page; {id} is the id of an order of the hub's.
PAGES = {
    "hub: list of 50": ("GET", "/hub/v1/orders?limit=50", ""),
    "hub: its own, list of 50": ("GET", "/hub/v1/orders?limit=50&door=hub", ""),
    "hub: one order": ("GET", "/hub/v1/orders/{id}", ""),
    "hub: as=fabric": ("GET", "/hub/v1/orders/{id}?as=fabric", ""),
    "hub: as=pb_oms": ("GET", "/hub/v1/orders/{id}?as=pb_oms", ""),
    "s2: list of 50": ("GET", "/order?limit=50", ""),
    "fabric: query of 20": ("POST", "/api/v2/order/query", '{"filters": {"currency": "USD"}, "limit": 20}'),
}
Process = subprocess.Popen[str]


@contextmanager
def started(code: Path, measured: list[Target], orders: int) -> Iterator[Process]:
    """Start the application of the code in a folder, create orders, and wait until it is ready."""
    argument = {"targets": [as_argument(target) for target in measured], "orders": orders}
    process = subprocess.Popen(
        [sys.executable, str(SLICE), json.dumps(argument)], cwd=code, env=os.environ | {"PYTHONPATH": str(code)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        if process.stdout.readline() != "ready\n":
            raise RuntimeError(f"the code in {code} did not start")
        yield process
    finally:
        process.stdin.close()
        process.wait(20)


def measure_slice(process: Process, line: str, size: int) -> float:
    """Run one slice; returns the microseconds of processor time of one order or page."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()
    return int(process.stdout.readline()) / size / 1_000


def compare(here: Process, there: Process, line: str, size: int, slices: int) -> tuple[list[float], list[float]]:
    """Run slices of two processes in turn, each first in every other slice."""
    times: dict[int, list[float]] = {here.pid: [], there.pid: []}
    for turn in range(slices):
        for process in (here, there)[:: 1 if turn % 2 else -1]:
            times[process.pid].append(measure_slice(process, line, size))
    return times[here.pid], times[there.pid]


def print_row(name: str, here: list[float], there: list[float]) -> list[Cell]:
    """Print a row of the table and return it; its last cell is the median of the ratios."""
    ratio = statistics.median(theirs / mine for mine, theirs in zip(here, there, strict=True))
    displayed = [f"{min(each):.0f}, {statistics.quantiles(each)[0]:.0f}" for each in (here, there)]
    print(f"| {name} | {displayed[0]} | {displayed[1]} | {ratio:.2f} |", flush=True)
    return [name, min(here), statistics.quantiles(here)[0], min(there), statistics.quantiles(there)[0], ratio]


def as_argument(target: Target) -> dict[str, str]:
    """Return a target as the scripts read it."""
    return {"door": target.door, "path": target.path, "number": target.number, "body": target.body.read_text()}


def main() -> None:
    """Compare and print a table."""
    parser = argparse.ArgumentParser(prog="bench.slices")
    parser.add_argument("commit", help="the other code")
    parser.add_argument("--door", action="append", choices=DOORS, help="only these doors")
    parser.add_argument("--pages", action="store_true", help="compare reads instead of creates")
    parser.add_argument("--slices", type=int, default=120)
    figures.add_option(parser)
    arguments = parser.parse_args()
    run, kept = figures.begin("bench.slices", sys.argv[1:]), list[list[Cell]]()
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder)
        unpack(arguments.commit, other)
        print(
            f"| {'page' if arguments.pages else 'door'} | here, µs (lowest, quartile) | {arguments.commit}, µs | ratio |"
        )
        print("|---|---|---|---|")
        if arguments.pages:
            everything = list(TARGETS)
            with started(HERE, everything, ORDERS) as here, started(other, everything, ORDERS) as there:
                for name, page in PAGES.items():
                    kept.append(print_row(name, *compare(here, there, json.dumps(page), READS, arguments.slices)))
        else:
            for target in targets(arguments.door):
                with started(HERE, [target], 0) as here, started(other, [target], 0) as there:
                    kept.append(print_row(target.door, *compare(here, there, "", AT_ONCE, arguments.slices)))
    ratios = [float(row[-1] or 0) for row in kept]
    together = statistics.geometric_mean(ratios)
    print(f"\nall together (geometric mean): {together:.2f}")
    table = Table(["what", "here µs", "here, quartile µs", "other µs", "other, quartile µs", "ratio"], kept)
    aims = [
        *(Aim(f"ratio, {row[0]}", ratio, "at least", 0.95) for row, ratio in zip(kept, ratios, strict=True)),
        Aim("ratio, all together", together, "at least", 1.0),
    ]
    name = "slices-pages" if arguments.pages else "slices"
    figures.write(arguments.figures, name, Figures(run, {"times": table}, aims), is_whole=not arguments.door)


if __name__ == "__main__":
    main()
