"""Yardstick one: the same server and the same door decoding, checking and answering the same body, with no database.

Only the transaction is left out: what an order refers to is looked up once and remembered, and nothing is written.
"""

from typing import Any

from crossdock import app
from crossdock.core.order import Order, Source, fresh_counters
from crossdock.doors import all_doors
from crossdock.flows import catalog
from crossdock.flows.book import Book, Found
from crossdock.flows.intake import Intake, Outcome, Submission
from crossdock.settings import load
from crossdock.web import logs, pages
from crossdock.web.asgi import Site


class EchoIntake(Intake):
    """Takes a submission, answers it, and forgets it."""

    def __init__(self, book: Book) -> None:
        super().__init__(book)
        self._book = book
        self._known: dict[Any, Found] = {}

    async def submit(self, submission: Submission) -> Outcome:
        """Answer as the real intake would, had it stored the order."""
        door, caller, now = submission.format, submission.caller, self._book.clock()
        reading = door.read(submission.raw)
        assert not reading.faults, reading.faults
        needs = tuple((need.kind, need.key) for need in reading.needs)
        if needs not in self._known:
            self._known[needs] = await catalog.look_up(self._book, caller, needs)
        found = self._known[needs]
        content = door.content(reading, found)
        order = Order(
            organization_id=caller.organization_id,
            order_id=self._book.mint.new(now),
            version=1,
            created_at=now,
            updated_at=now,
            source=Source(door.name, self._book.mint.new(now), caller.actor, "US"),
            content=content,
            counters=fresh_counters(content),
        )
        return Outcome("accepted", order.source.submission_id, order.order_id, door.reply(reading.tree, order, found))


class EchoApp(app.App):
    """The application with an intake that stores nothing."""

    def _site_over(self, book: Book) -> Site:
        doors = all_doors()
        return Site(book, EchoIntake(book), doors, pages=pages.routes(book, doors))


def create() -> EchoApp:
    """Make the application; what the bench's server process calls."""
    settings = load()
    logs.configure(settings.log_level)
    app.calm_collector()
    return EchoApp(settings)
