"""Compares this code with another commit's in one run: rounds that alternate, so that the machine's drift hits both.

`python -m bench.compare COMMIT` prints, for each door, the median of each round's ratio (this code's orders/s over the
other's), and with `--prototype` instead of a commit, over the bare prototype's.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import load
from bench.load import TARGETS, Target
from bench.servers import HERE, Databases, server


def create(databases: Databases, target: Target, seconds: float, code: Path) -> float:
    """Give the orders per second that the code in a folder takes at 64 connections."""
    with server("crossdock.app:create", databases.fresh(), code=code) as (base, _, _):
        load.run(base, target, connections=64, seconds=1, name="warm")
        return load.run(base, target, connections=64, seconds=seconds, name="x").per_second


def prototype(databases: Databases, target: Target, seconds: float) -> float:
    """Give the orders per second that the bare prototype takes of a door's body at 64 connections."""
    path = Path(tempfile.mkdtemp(dir=databases.folder)) / "prototype.db"
    names = {"BENCH_PROTOTYPE": str(path), "BENCH_PROTOTYPE_MEMBERS": target.members}
    with server("bench.prototype:create", "sqlite:///unused", **names) as (base, _, _):
        load.run(base, target, connections=64, seconds=1, name="warm", signed=False)
        return load.run(base, target, connections=64, seconds=seconds, name="x", signed=False).per_second


def compare(
    rounds: int, mine: Callable[[], float], other: Callable[[], float]
) -> tuple[float, float, float, list[float]]:
    """Measure two things in turn, each first in every other round; give medians, the median ratio, and all ratios."""
    pairs = []
    for turn in range(rounds):
        if turn % 2:
            theirs = other()
            pairs.append((mine(), theirs))
        else:
            ours = mine()
            pairs.append((ours, other()))
    ratios = [ours / theirs for ours, theirs in pairs]
    return (
        statistics.median(ours for ours, _ in pairs),
        statistics.median(theirs for _, theirs in pairs),
        statistics.median(ratios),
        ratios,
    )


def main() -> None:
    """Compare and print a table."""
    parser = argparse.ArgumentParser(prog="bench.compare")
    parser.add_argument("commit", nargs="?", help="the other code")
    parser.add_argument("--prototype", action="store_true", help="compare with the bare prototype instead")
    parser.add_argument("--door", action="append", help="only these doors")
    parser.add_argument("--engine", action="append", help="only these engines; SQLite unless told")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=3, help="of each half of a round")
    arguments = parser.parse_args()
    if bool(arguments.commit) == arguments.prototype:
        parser.error("name a commit or --prototype")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder, other = Path(name), Path(name) / "code"
        if arguments.commit:
            archive = subprocess.run(["git", "archive", arguments.commit], cwd=HERE, capture_output=True, check=True)
            other.mkdir()
            subprocess.run(["tar", "-x"], cwd=other, input=archive.stdout, check=True)
        print(
            f"| door | engine | here/s | {arguments.commit or 'prototype'}/s | ratio | rounds |\n|---|---|---|---|---|---|"
        )
        for engine in arguments.engine or ("sqlite",):
            databases = Databases(engine, folder)
            for target in TARGETS:
                if arguments.door and target.door not in arguments.door:
                    continue

                def mine(target: Target = target, databases: Databases = databases) -> float:
                    return create(databases, target, arguments.seconds, HERE)

                def theirs(target: Target = target, databases: Databases = databases) -> float:
                    if arguments.prototype:
                        return prototype(databases, target, arguments.seconds)
                    return create(databases, target, arguments.seconds, other)

                ours, others, ratio, ratios = compare(arguments.rounds, mine, theirs)
                shown = " ".join(f"{each:.2f}" for each in ratios)
                print(f"| {target.door} | {engine} | {ours:,.0f} | {others:,.0f} | {ratio:.2f} | {shown} |")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
