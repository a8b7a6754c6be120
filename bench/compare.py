"""Compares this code with another commit's in one run: rounds that alternate, so that the machine's drift hits both.

`python -m bench.compare COMMIT` prints, for each door, the median of each round's ratio (this code's orders/s over the
other's), and with `--prototype` instead of a commit, over the bare prototype's; only these figures are kept.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench import figures, load
from bench.figures import Aim, Cell, Table
from bench.load import DOORS, Target
from bench.servers import ENGINES, HERE, Databases, fresh_file, server, unpack


def create(databases: Databases, target: Target, seconds: float, code: Path) -> float:
    """Return the orders per second that the code in a folder takes at 64 connections."""
    with server("crossdock.app:create", databases.fresh(), code) as (base, _):
        load.run(base, target, connections=64, seconds=1, name="warm")
        return load.run(base, target, connections=64, seconds=seconds, name="x").per_second


def prototype(folder: Path, target: Target, seconds: float) -> float:
    """Return the orders per second that the bare prototype takes of a door's body at 64 connections."""
    names = {"BENCH_PROTOTYPE": str(fresh_file(folder)), "BENCH_PROTOTYPE_MEMBERS": target.members}
    with server("bench.prototype:create", "sqlite:///unused", **names) as (base, _):
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
    parser.add_argument("--door", action="append", choices=DOORS, help="only these doors")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only these engines; SQLite by default")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=3, help="of each half of a round")
    figures.add_option(parser)
    arguments = parser.parse_args()
    if bool(arguments.commit) == arguments.prototype:
        parser.error("name a commit or --prototype")
    load.need_wrk()
    run, kept = figures.begin("bench.compare", sys.argv[1:]), list[list[Cell]]()
    other = arguments.commit or "prototype"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder, code = Path(name), Path(name) / "code"
        if arguments.commit:
            code.mkdir()
            unpack(arguments.commit, code)
        print(f"| door | engine | here/s | {other}/s | ratio | rounds |\n|---|---|---|---|---|---|")
        for engine in arguments.engine or ("sqlite",):
            databases = Databases(engine, folder)
            for target in load.targets(arguments.door):
                mine = partial(create, databases, target, arguments.seconds, HERE)
                if arguments.prototype:
                    theirs = partial(prototype, folder, target, arguments.seconds)
                else:
                    theirs = partial(create, databases, target, arguments.seconds, code)
                ours, others, ratio, ratios = compare(arguments.rounds, mine, theirs)
                displayed = " ".join(f"{each:.2f}" for each in ratios)
                print(
                    f"| {target.door} | {engine} | {ours:,.0f} | {others:,.0f} | {ratio:.2f} | {displayed} |",
                    flush=True,
                )
                kept.append([target.door, engine, ours, others, ratio, displayed])
    if arguments.prototype:
        table = Table(["door", "engine", "orders/s", "prototype/s", "ratio", "rounds"], kept)
        aims = [
            Aim(f"of the prototype, {row[0]}", float(row[4] or 0), "at least", 0.45)
            for row in kept
            if row[1] == "sqlite"
        ]
        found = figures.Figures(run, {"doors": table}, aims)
        is_whole = not (arguments.door or arguments.engine)
        figures.write(arguments.figures, "compare-prototype", found, is_whole=is_whole)


if __name__ == "__main__":
    main()
