"""The returns of an order: what is to come back, what came, and what was judged of it; and who may return what; pure.

Receiving and judging are two questions: units come back, and then they are restocked, scrapped or rejected. A return policy is
data of the organization.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec
from msgspec import Struct

_replace = msgspec.structs.replace
DAY_US = 86_400_000_000


class ReturnStatus(StrEnum):
    """The summary of a return."""

    REQUESTED = "requested"
    PARTIALLY_RECEIVED = "partially_received"
    RECEIVED = "received"
    JUDGED = "judged"
    CANCELED = "canceled"


class ReturnLine(Struct, frozen=True, omit_defaults=True):
    """Units of one line of the order that are to come back. Of those received, some are restocked, scrapped or rejected."""

    line: int
    quantity: int
    reason: str | None = None
    received: int = 0
    restocked: int = 0
    scrapped: int = 0
    rejected: int = 0
    canceled: int = 0

    @property
    def expected(self) -> int:
        """Units that have not come yet."""
        return self.quantity - self.canceled - self.received

    @property
    def unjudged(self) -> int:
        """Units that have come and were not judged yet."""
        return self.received - self.restocked - self.scrapped - self.rejected

    def is_sound(self) -> bool:
        """Tell whether the numbers can be true together."""
        least = min(
            self.received, self.restocked, self.scrapped, self.rejected, self.canceled, self.expected, self.unjudged
        )
        return least >= 0


class Return(Struct, frozen=True, omit_defaults=True):
    """A return. Times are microseconds since 1970 UTC. `reference` is the sender's own number for it (an RMA number),
    `location` where it is to come to; `exchange`: the customer gets other goods instead of money."""

    return_id: int
    at: int
    lines: tuple[ReturnLine, ...]
    reference: str | None = None
    location: str | None = None
    label_url: str | None = None
    exchange: bool = False
    note: str | None = None

    @property
    def status(self) -> ReturnStatus:
        """The summary, derived from the lines."""
        if all(line.canceled == line.quantity for line in self.lines):
            return ReturnStatus.CANCELED
        received = any(line.received for line in self.lines)
        if any(line.expected for line in self.lines):
            return ReturnStatus.PARTIALLY_RECEIVED if received else ReturnStatus.REQUESTED
        return ReturnStatus.RECEIVED if any(line.unjudged for line in self.lines) else ReturnStatus.JUDGED


Returns = tuple[Return, ...]


def units_in_returns(returns: Returns) -> dict[int, int]:
    """Return the units of each line that are, or were, in a return that was not canceled."""
    units: dict[int, int] = {}
    for each in returns:
        for line in each.lines:
            units[line.line] = units.get(line.line, 0) + line.quantity - line.canceled
    return units


def with_changed(returns: Returns, changed: Return) -> Returns:
    """Return the returns with one in a new state; it is added if it was not there."""
    if any(each.return_id == changed.return_id for each in returns):
        return tuple(changed if each.return_id == changed.return_id else each for each in returns)
    return (*returns, changed)


def with_lines_moved(returns: Returns, positions: Mapping[int, int]) -> Returns:
    """Return the returns after an edit, with the lines' new positions."""
    return tuple(
        _replace(each, lines=tuple(_replace(line, line=positions.get(line.line, -1)) for line in each.lines))
        for each in returns
    )


# ----------------------------------------------------------------------------------------------------------------- policy
class ReturnPolicy(Struct, frozen=True, omit_defaults=True):
    """What may be returned: within `days` of delivery (None: always), for one of `reasons` (none: for any, or no reason).

    `appeasement_percent` of what was paid is the most that is given back in goodwill, all together.
    """

    name: str = "default"
    days: int | None = None
    reasons: tuple[str, ...] = ()
    appeasement_percent: int = 100


DEFAULT_POLICY = ReturnPolicy()


class Eligibility(Struct, frozen=True):
    """How many units of a line can be returned now; where none, `rule` and `reason` say why not."""

    line: int
    units: int
    rule: str | None = None
    reason: str | None = None


def eligibility(
    line: int, *, shipped: int, in_returns: int, since: int | None, now: int, policy: ReturnPolicy
) -> Eligibility:
    """Tell how many units of a line can be returned; `since` is when it was delivered, or shipped."""
    left = shipped - in_returns
    if shipped == 0:
        return Eligibility(line, 0, "not_shipped", "nothing of the line has been shipped")
    if left <= 0:
        return Eligibility(line, 0, "returned", "everything of the line that was shipped is in a return already")
    if policy.days is not None and since is not None and now - since > policy.days * DAY_US:
        days = (now - since) // DAY_US
        return Eligibility(
            line, 0, "period", f"it was delivered {days} days ago, returns are accepted for {policy.days}"
        )
    return Eligibility(line, left)


def reason_fault(reason: str | None, policy: ReturnPolicy) -> str | None:
    """Say what is wrong with the reason of a return, or None."""
    if policy.reasons and reason not in policy.reasons:
        return f"must be one of {', '.join(policy.reasons)}"
    return None


def still_open(returns: Sequence[Return]) -> list[Return]:
    """Return those that something is still expected of, or to be judged."""
    return [each for each in returns if each.status not in (ReturnStatus.CANCELED, ReturnStatus.JUDGED)]
