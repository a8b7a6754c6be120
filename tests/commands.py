"""A command for what no call does yet: it appends the events that a function makes of the order."""

from collections.abc import Callable, Sequence

from crossdock.core.orders.commands import Command, State, check_allowed
from crossdock.core.orders.events import OrderEvent
from crossdock.core.orders.model import Order
from crossdock.core.orders.status import Verb


class AppendEvents(Command, frozen=True, kw_only=True):
    """Append events to an order, where its status allows the verb they stand for."""

    make: Callable[[Order], Sequence[OrderEvent]]
    stands_for: Verb = Verb.NOTE

    def check(self, order: Order) -> None:
        """Refuse as the verb would be refused."""
        check_allowed(order, self.stands_for)

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return the events made of the order."""
        return self.make(state.order)
