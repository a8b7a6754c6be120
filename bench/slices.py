"""Compares the processor time of an order with another commit's, in slices of 64 orders that alternate.

`python -m bench.slices COMMIT` prints, for each door, microseconds of processor time an order (the lowest, and the quartile) in
the application without HTTP, on SQLite, of this code and the other, and the median of the slices' ratios: over 1 means that
this code takes more orders in the same time. Neighbors on the machine hardly disturb it, which they do wrk's figures.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.load import DOORS, Target, targets
from bench.servers import HERE, unpack

SLICE = Path(__file__).with_name("slice.py")


def started(code: Path, target: Target) -> subprocess.Popen[str]:
    """Start the application of the code in a folder, and wait until it is ready."""
    document = json.dumps(
        {"door": target.door, "path": target.path, "number": target.number, "body": target.body.read_text()}
    )
    environment = os.environ | {"PYTHONPATH": str(code)}
    process = subprocess.Popen(
        [sys.executable, str(SLICE), document], cwd=code, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    if process.stdout.readline() != "ready\n":
        raise RuntimeError(f"the code in {code} did not start")
    return process


def slice_of(process: subprocess.Popen[str]) -> float:
    """Let an application take 64 orders; give the microseconds of processor time of one."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return int(process.stdout.readline()) / 64 / 1_000


def compare(target: Target, other: Path, slices: int) -> tuple[list[float], list[float]]:
    """Measure this code and another in turn, each first in every other slice."""
    mine, theirs = started(HERE, target), started(other, target)
    ours: list[float] = []
    others: list[float] = []
    try:
        for turn in range(slices):
            for process, found in ((mine, ours), (theirs, others))[:: 1 if turn % 2 else -1]:
                found.append(slice_of(process))
    finally:
        for process in (mine, theirs):
            assert process.stdin is not None
            process.stdin.close()
            process.wait(20)
    return ours, others


def main() -> None:
    """Compare and print a table."""
    parser = argparse.ArgumentParser(prog="bench.slices")
    parser.add_argument("commit", help="the other code")
    parser.add_argument("--door", action="append", choices=DOORS, help="only these doors")
    parser.add_argument("--slices", type=int, default=120)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        unpack(arguments.commit, Path(folder))
        print(f"| door | here, µs (lowest, quartile) | {arguments.commit}, µs | ratio |\n|---|---|---|---|")
        for target in targets(arguments.door):
            ours, others = compare(target, Path(folder), arguments.slices)
            ratio = statistics.median(theirs / mine for mine, theirs in zip(ours, others, strict=True))
            displayed = [f"{min(each):.0f}, {statistics.quantiles(each)[0]:.0f}" for each in (ours, others)]
            print(f"| {target.door} | {displayed[0]} | {displayed[1]} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
