"""What the sections of bench/README.md say, which figures they show, and as which plots."""

from msgspec import Struct


class Bars(Struct, frozen=True):
    """Bars of one column by group and by another column's values, or of several columns by group."""

    title: str
    table: str
    x: str
    values: tuple[str, ...]
    by: str | None = None
    aim: float | None = None


class Lines(Struct, frozen=True):
    """Lines of some columns over the numbers of another."""

    title: str
    table: str
    x: str
    values: tuple[str, ...]
    aim: float | None = None


class Shown(Struct, frozen=True):
    """The figures of one command."""

    name: str  # of the file in bench/figures
    command: str
    takes: str
    title: str = ""  # where a section has several


class Section(Struct, frozen=True):
    """A part of the page: a text, and one or several files of figures with the same plots."""

    title: str
    text: str
    shown: tuple[Shown, ...]
    plots: tuple[Bars | Lines, ...] = ()

    @property
    def is_shown_by_file(self) -> bool:
        """Whether each file has a heading of its own."""
        return len(self.shown) > 1


HEAD = """# Benchmarks

Written by `python -m bench.page` from the files in `bench/figures`; do not edit it here. Each bench writes its file when it
has ended, with the date, the commit, the machine and the versions, so each section has its own. These write the page, too:

```
make bench    # all that takes minutes: about 25 minutes in all
make soak     # 30 minutes at half speed on each engine: about 75 minutes
make size     # 1,000,000 orders on both engines: about half an hour, 9 GB of disk
make size10   # 10,000,000 orders on both engines: about two and a half hours, 85 GB of disk
```

The load is [wrk](https://github.com/wg/wrk) (`apt-get install wrk`) on the same cores as what is measured, unless a section
says otherwise. SQLite runs with `synchronous=FULL`, PostgreSQL with its defaults. Speed on a shared machine drifts within
minutes: compare figures of one run only, and prefer processor time, which other programs hardly change.
"""

_INTAKE = """
One server process without a worker; one sample body for each door, a different order number in every request. Beside it, in
the same run:

- **echo**: the same server and door decode, validate and answer the same body, without the transaction (`bench/echo.py`);
- **rows**: a bare loop writes the same rows through the plain driver, in transactions of 64 (`bench/rows.py`);
- **efficiency** = (1/echo + 1/rows) / (1/create) at 64 connections: 1 means that nothing is lost between the two. More than
  1 shows how far the machine drifts within a run;
- **prototype**: Starlette, msgspec and sqlite3 inline with one commit for all that wait, no vendor's rules, no tokens, no
  keys, no stored request bodies (`bench/prototype.py`), always on SQLite. It takes the door's body and decodes four members
  of it.

The start is from `crossdock serve --demo` on a new SQLite file to the first accepted order, best of three.
"""

_COMPARE = """
Rounds alternate between Crossdock and the prototype on SQLite at 64 connections, so that the machine's drift meets both;
the ratio is the median of the rounds. fabric's order is the largest and has the most members, of which the prototype
decodes four. `python -m bench.compare COMMIT` compares with another commit's code in the same way, and writes no figures.
"""

_SLICES = """
Microseconds of processor time for one order, or one page, in the application without HTTP, on SQLite, in slices of 64
orders or 30 pages that alternate between this code and another commit's. A ratio above 1 means that this code does more in
the same time.
"""

_WORKER = """
What deliveries cost intake in the default configuration, in which every order is mailed. Rounds alternate between a server
without a worker and one as `crossdock serve` starts it: it makes and stores a mail for every order and calls one webhook
endpoint for every event. Orders of the hub come in at 64 connections as fast as they can. Then they come in for longer, and
every second the delay is read: the mean time from an event to the end of its delivery, of those that ended in the second,
the longer of webhooks and mails; where none ended though events wait, the time since one did. After the load the time is
measured until nothing is left to deliver.

Aims: at least 0.8 of the orders/s; the delay does not grow: without the first third of the load, in which it rises from
nothing, the median of the last third of the samples is at most 1.25 times that of the first (less than 2 s counts as 2 s).

One process cannot meet both at this load: an order takes some 300 µs of its core, and the webhook and the mail of it three
times as much. Orders go first, so deliveries wait until fewer come. [Soak](#soak) measures up to which speed nothing waits.
"""

_DELIVERY = """
A backlog of copies of one order of the hub is delivered to a receiver that only counts (`bench/lean.py`): first with no
other load, then while orders come in at half of the speed just measured. wrk keeps that pace with random waits of each
connection, which are no part of the times it measures. `serve` is the worker inside the server, `work` is `crossdock work`
beside a server without one, at a niceness of 10. No mails are made. In the server, orders have priority: run `crossdock
work` where more deliveries are needed while orders come in.
"""

_STOCK = """
SQLite, in the application without HTTP: orders of one unit of one SKU that everybody wants, allocated as they arrive; one
receipt that serves 1,000 waiting orders; all stored decisions made again, with the same result.
"""

_COST = """
The hub's order of 0.9 kB with 64 connections: processor time and bytes stored, an order. Processor time hardly depends on
what else the machine does. [docs/scaling.md](../docs/scaling.md) says what follows for larger installations.
"""

_COPYING = """
`crossdock copy` between the engines, of a database of the orders of `bench/size`: the first round adds every row, the
second compares every row. Processor time is the command's, without PostgreSQL's. [docs/copying.md](../docs/copying.md) has
the figures of 100,000 orders.
"""

_SCALING = """
`crossdock serve --workers N` on one PostgreSQL, the hub's order at 64 connections, no deliveries, a new database for each
N. The load generator, the database and the servers share the cores, so orders/s stop rising where the machine is busy, not
where the servers are. The cores used by each are measured; processor time of an order shows what more cores would give:
with the load elsewhere, orders/s = cores / (server + database) time. A core that is busy with neither of them is other
programs' or the kernel's, such as the network of the loopback interface. More processes than cores cost more than they
bring: each receives fewer orders at a time, so that a transaction holds fewer.
"""

_SIZE = """
8 organizations, the largest with about 40 % of the orders, evenly over the five doors, loaded in transactions of 50,000
through the store's own functions. A real server answers requests over HTTP with random arguments, half of them for the
largest organization. Before that, the database's files are read once; what the machine's memory does not hold then comes
from the disk. Every operation is measured in three rounds minutes apart, and the one with the lowest 99th percentile is
shown, because other programs can only add. `first` is the median of the first requests for each organization, before
documents are cached ([decision 0011](../docs/decisions/0011-kept-documents.md)).

Aims: with 1,000,000 orders 20 ms for one order and for pages, 100 ms for text searches, counts and the console, at the
99th percentile. With more orders each operation takes at most twice of what it takes with 1,000,000, at the median (less
than 2 ms counts as 2 ms), and the memory of the loader is flat: the median of the last third of its samples is at most
1.1 times that of the first third. On SQLite 2 GB of it are the cache of pages. PostgreSQL has a quarter of the memory, at
most 4 GB, as shared buffers, and neither fsync nor autovacuum while it is loaded. The plan of every statement is in
[size.md](size.md); no plan walks a table.

No operation's cost grows with the number of orders without end: a page examines at most 4,000 entries of an index, a search
at most ten times 1,000 of each word, and then says where to continue. Searches that find all there is among 1,000,000 orders
before that limit, or a page that is not full, take longer with more orders, until they reach it.
"""

_SOAK = """
The full speed is found first: the rate of orders is lowered until the backlog of deliveries grows by less than 2 % of it.
Then orders of all five doors in turn come in at half of it for 30 minutes, with everything on: the worker in the server, a
webhook endpoint for all events, a mail for every order to a local SMTP server (`bench/lean_mail.py`), every second a page of
the feed and an edit, a tag or a shipment of an order, and every five seconds a page of the console. A sample is of 15
seconds. Memory is that of the server's processes; a delay is the mean from an event to the end of its delivery, of those that
ended within the sample; where none ended though events wait, the time since one did.

Flat means: the median of the last third of the samples is at most 1.1 times that of the first third for memory, at most
1.25 times for the 99th percentile of answers. File sizes are explained by the bytes of each table with its indexes; what
remains is free pages and the file's own structure.
"""

_WEBHOOKS = """
POSTs of 4 kB, 64 in flight, to a lean receiver on the same machine, with each HTTP client; the best of the rounds.
[Decision 0008](../docs/decisions/0008-telling-others.md) follows from it.
"""

_SPEED = "orders/s, 64 connections"
SECTIONS = (
    Section(
        "Intake",
        _INTAKE,
        (Shown("intake", "python -m bench", "10 minutes"),),
        (
            Bars("Orders/s by door at 64 connections", "doors", "door", (_SPEED,), by="engine"),
            Bars("99th percentile by door at 64 connections, ms", "doors", "door", ("p99 ms",), by="engine"),
        ),
    ),
    Section(
        "Intake and the prototype",
        _COMPARE,
        (Shown("compare-prototype", "python -m bench.compare --prototype", "5 minutes"),),
        (Bars("Orders/s by door", "doors", "door", ("orders/s", "prototype/s")),),
    ),
    Section(
        "Deliveries in the default configuration",
        _WORKER,
        (Shown("worker", "python -m bench.worker --rounds 3 --long 30", "6 minutes"),),
        (
            Bars("Orders/s by round", "rounds", "round", ("orders/s, no worker", "orders/s, worker")),
            Lines("Delay of deliveries during a load and after it, s", "delay", "seconds", ("sqlite", "postgresql")),
        ),
    ),
    Section(
        "Deliveries of a backlog",
        _DELIVERY,
        (
            Shown("delivery", "python -m bench.delivery", "8 minutes", "20,000 deliveries"),
            Shown(
                "delivery-million", "python -m bench.delivery --where work --seconds 0 --backlog 1000000", "1 hour",
                "1,000,000 deliveries",
            ),
        ),
        (Bars("Deliveries/s", "drained", "engine and worker", ("deliveries/s", "deliveries/s beside orders"), aim=1000),),
    ),
    Section(
        "Several server processes",
        _SCALING,
        (Shown("scaling", "python -m bench.scaling", "2 minutes"),),
        (
            Bars("Orders/s by server processes", "processes", "processes", ("orders/s",)),
            Bars("Cores used by server processes", "processes", "processes", ("server cores", "database cores", "load cores")),
        ),
    ),
    Section(
        "Soak",
        _SOAK,
        (
            Shown("soak-sqlite", "python -m bench.soak --engine sqlite", "35 minutes", "SQLite"),
            Shown("soak-postgresql", "python -m bench.soak --engine postgresql", "35 minutes", "PostgreSQL"),
        ),
        (
            Lines("Answers, ms", "samples", "minutes", ("p50 ms", "p99 ms")),
            Lines("Memory of the server, MB", "samples", "minutes", ("memory MB",)),
            Lines("Delay of deliveries, s", "samples", "minutes", ("webhook delay s", "mail delay s", "oldest delivery s")),
            Lines("Files, MB", "samples", "minutes", ("database MB", "log MB")),
        ),
    ),
    Section(
        "Many orders",
        _SIZE,
        (
            Shown("size-sqlite", "python -m bench.size --engine sqlite", "12 minutes", "SQLite, 1,000,000 orders"),
            Shown("size-postgresql", "python -m bench.size --engine postgresql", "15 minutes", "PostgreSQL, 1,000,000 orders"),
            Shown(
                "size-sqlite-large", "python -m bench.size --engine sqlite --orders 10000000", "1 hour",
                "SQLite, more orders",
            ),
            Shown(
                "size-postgresql-large", "python -m bench.size --engine postgresql --orders 10000000", "90 minutes",
                "PostgreSQL, more orders",
            ),
        ),
        (
            Bars("99th percentile of the slowest operation of each kind, ms", "kinds", "kind", ("p50 ms", "p99 ms")),
            Lines("Memory of the loader, MB", "loading", "orders", ("memory MB",)),
        ),
    ),
    Section(
        "Allocation",
        _STOCK,
        (Shown("stock", "python -m bench.stock", "1 minute"),),
        (Bars("Allocated orders/s by callers", "callers", "callers", ("orders/s",), aim=300),),
    ),
    Section(
        "What an order costs",
        _COST,
        (Shown("cost", "python -m bench.cost", "1 minute"),),
        (Bars("Processor time of an order, µs", "cost", "engine", ("server µs", "database µs")),),
    ),
    Section(
        "Copies between databases",
        _COPYING,
        (Shown("copying", "python -m bench.copying --orders 20000", "3 minutes"),),
        (Bars("Rows/s", "rounds", "copy", ("rows/s",), by="round"),),
    ),
    Section(
        "Webhook clients",
        _WEBHOOKS,
        (Shown("webhooks", "python -m bench.webhooks", "2 minutes"),),
        (Bars("Processor time of a request, µs", "clients", "client", ("processor µs",)),),
    ),
    Section(
        "Comparison with another commit",
        _SLICES,
        (
            Shown("slices", "python -m bench.slices COMMIT", "5 minutes", "orders"),
            Shown("slices-pages", "python -m bench.slices COMMIT --pages", "10 minutes", "pages"),
        ),
        (Bars("Lowest processor time, µs", "times", "what", ("here µs", "other µs")),),
    ),
)  # fmt: skip
