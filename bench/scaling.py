"""How intake grows with server processes on one PostgreSQL: `python -m bench.scaling`.

`crossdock serve --workers N` takes the hub's order, on a new database for each N. The load generator, database and servers
share the machine's cores, so the processor time of an order in each of them is measured, too.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import psutil
from msgspec import Struct

from bench import figures, load
from bench.figures import Aim, Cell, Figures, Table
from bench.load import TARGETS, Measured
from bench.servers import Databases, serving
from bench.watching import family, processor_s

TARGET = TARGETS[-1]


class Scaled(Struct):
    """A run with so many server processes: cores used by each of them, by the database, by the load generator and by all
    programs together."""

    processes: int
    got: Measured
    each: list[float]
    database: float
    load: float
    machine: float

    @property
    def server(self) -> float:
        """Cores used by the server processes together."""
        return sum(self.each)

    def us(self, cores: float) -> float:
        """Return the microseconds of processor time for an order, of cores used."""
        return cores / self.got.per_second * 1e6


def measure(databases: Databases, processes: int, connections: int, seconds: float) -> Scaled:
    """Measure one number of server processes."""
    with serving(databases.fresh(), processes, CROSSDOCK_WORKER="false", CROSSDOCK_LOG_LEVEL="warning") as (
        base,
        first,
    ):
        load.run(base, TARGET, connections=connections, seconds=2, name="warm")
        database = psutil.Process(databases.pid)
        servers = family(first)
        before, stored, busy, sent = processor_s(servers), processor_s(family(database)), _busy_s(), _children_s()
        began = time.perf_counter()
        got = load.run(base, TARGET, connections=connections, seconds=seconds, name="scaling")
        spent = time.perf_counter() - began
        used, now = processor_s(servers), processor_s(family(database))
        each = [(used[pid] - before[pid]) / spent for pid in used if pid in before]
        return Scaled(
            processes,
            got,
            sorted((cores for cores in each if cores > 0.005), reverse=True),  # the one that starts the others waits
            sum(value - stored.get(pid, 0.0) for pid, value in now.items()) / spent,
            (_children_s() - sent) / spent,
            (_busy_s() - busy) / spent,
        )


def _busy_s() -> float:
    """Return the processor seconds of all programs and of the kernel."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))


def _children_s() -> float:
    """Return the processor seconds of this program and of its programs that have ended, which are load generators."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime + time.process_time()


def tables(runs: list[Scaled]) -> dict[str, Table]:
    """Return the tables: what each number of processes gave, and the processor time of an order."""
    rows: list[list[Cell]] = [
        [each.processes, each.got.per_second, each.got.p50_ms, each.got.p99_ms, each.server, each.database, each.load,
         each.machine, " ".join(f"{cores:.2f}" for cores in each.each)]
        for each in runs
    ]  # fmt: skip
    times: list[list[Cell]] = [
        [each.processes, each.us(each.server), each.us(each.database), each.us(each.load)] for each in runs
    ]
    columns = ["processes", "orders/s", "p50 ms", "p99 ms", "server cores", "database cores", "load cores", "all cores in use",
               "cores of each server process"]  # fmt: skip
    return {
        "processes": Table(columns, rows),
        "processor time of an order": Table(["processes", "server µs", "database µs", "load generator µs"], times),
    }


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--processes", type=int, action="append", help="numbers of server processes; 1, 2 and 4 by default"
    )
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=15, help="of each run")
    figures.add_option(parser)
    given = parser.parse_args()
    load.need_wrk()
    run, runs, cores = figures.begin("bench.scaling", sys.argv[1:]), list[Scaled](), os.cpu_count() or 1
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        databases = Databases("postgresql", Path(name))
        for count in given.processes or (1, 2, 4):
            runs.append(got := measure(databases, count, given.connections, given.seconds))
            print(
                f"{count} processes: {got.got.per_second:,.0f} orders/s; cores: servers {got.server:.2f}, database "
                f"{got.database:.2f}, load {got.load:.2f}, all {got.machine:.2f} of {cores}; an order: server "
                f"{got.us(got.server):,.0f} µs, database {got.us(got.database):,.0f} µs",
                flush=True,
            )
    aims = [
        Aim("share of the machine's cores in use with the most processes", runs[-1].machine / cores, "at least", 0.9),
        Aim("requests that failed", sum(each.got.failed for each in runs), "at most", 0),
    ]
    if len(runs) > 1:
        aims.append(Aim("orders/s of the most processes, of those of one", _gain(runs), "at least", 1.0, "times"))
    figures.write(given.figures, "scaling", Figures(run, tables(runs), aims), is_whole=not given.processes)


def _gain(runs: list[Scaled]) -> float:
    return runs[-1].got.per_second / runs[0].got.per_second


if __name__ == "__main__":
    main()
