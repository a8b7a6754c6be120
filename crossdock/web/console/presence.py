"""Who looks at which order right now, in the memory of this process: people who look at one order see each other.

Pages send a heartbeat every few seconds; who sends none for LIFETIME_S is gone. Server processes do not know of one another's.
"""

from collections import OrderedDict
from typing import Any

LIFETIME_S = 15
# Organizations, orders of one, and people at an order that are remembered; the oldest go first. All together take some tens of
# megabytes at most, however many heartbeats somebody sends.
MAX_ORGANIZATIONS = 200
MAX_ORDERS = 200
MAX_PEOPLE = 20
_SECOND_US = 1_000_000


class Presence:
    """The people who look at orders, by organization and order. Times are microseconds since 1970 UTC."""

    def __init__(self) -> None:
        self._seen: OrderedDict[int, OrderedDict[int, OrderedDict[str, int]]] = OrderedDict()

    def note(self, organization_id: int, order_id: int, person: str, *, now: int) -> list[str]:
        """Note that a person looks at an order; return who else does, sorted."""
        orders = self._seen.setdefault(organization_id, OrderedDict())
        people = orders.setdefault(order_id, OrderedDict())
        people[person] = now
        self._seen.move_to_end(organization_id)
        orders.move_to_end(order_id)
        people.move_to_end(person)
        for each in [name for name, at in people.items() if at < now - LIFETIME_S * _SECOND_US]:
            del people[each]
        _limit(people, MAX_PEOPLE)
        _limit(orders, MAX_ORDERS)
        _limit(self._seen, MAX_ORGANIZATIONS)
        return sorted(name for name in people if name != person)

    def forget(self, organization_id: int, order_id: int, person: str) -> None:
        """Forget a person who has left the page."""
        self._seen.get(organization_id, OrderedDict()).get(order_id, OrderedDict()).pop(person, None)


def _limit(known: OrderedDict[Any, Any], most: int) -> None:
    while len(known) > most:
        known.popitem(last=False)
