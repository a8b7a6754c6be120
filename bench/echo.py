"""Baseline one: the same server and the same door decoding, checking and answering the same body, with no database.

Only the transaction is left out: what an order refers to is looked up once and remembered, and nothing is written.
"""

from typing import Any

from crossdock import app
from crossdock.core.orders.model import Order, Source, initial_counters
from crossdock.doors import all_doors
from crossdock.flows import reference_data
from crossdock.flows.context import Context
from crossdock.flows.formats import ReferenceData
from crossdock.flows.intake import Intake, Outcome, Submission
from crossdock.settings import load
from crossdock.web import logs, pages
from crossdock.web.asgi import Site


class EchoIntake(Intake):
    """Takes a submission, answers it, and forgets it."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._context = context
        self._known: dict[Any, ReferenceData] = {}

    async def submit(self, submission: Submission) -> Outcome:
        """Answer as the real intake would, had it stored the order."""
        door, caller, now = submission.format, submission.caller, self._context.clock()
        reading = door.parse(submission.raw)
        assert not reading.faults, reading.faults
        needs = tuple((need.kind, need.key) for need in reading.references)
        if needs not in self._known:
            self._known[needs] = await reference_data.look_up(self._context, caller, needs)
        found = self._known[needs]
        content = door.to_content(reading, found)
        order = Order(
            organization_id=caller.organization_id,
            order_id=self._context.id_generator.new(now),
            version=1,
            created_at=now,
            updated_at=now,
            source=Source(door.name, self._context.id_generator.new(now), caller.actor, "US"),
            content=content,
            counters=initial_counters(content),
        )
        return Outcome(
            "accepted", order.source.submission_id, order.order_id, door.create_response(reading.tree, order, found)
        )


class EchoApp(app.App):
    """The application with an intake that stores nothing."""

    def _site_over(self, context: Context) -> Site:
        doors, intake = all_doors(), EchoIntake(context)
        return Site(context, intake, doors, pages=pages.routes(context, doors, intake))


def create() -> EchoApp:
    """Make the application; what the bench's server process calls."""
    settings = load()
    logs.configure(settings.log_level)
    app.tune_garbage_collector()
    return EchoApp(settings)
