"""What the calls of this door share: the organization a header names, the window of a list, pages."""

import re
from typing import Any

from crossdock.core.errors import Code, Fault, Invalid
from crossdock.doors import Headers, Reply, Request, json_reply

PAGE_LIMIT = 100  # the vendor's list pages: default and most
# Four-byte integers, as the vendor's clients count; what lies further is behind the end of every list.
MAX_OFFSET = 2_147_483_647


def organization_of(headers: Headers) -> str | None:
    """Give the organization the caller names; a user of one organization may leave the header out or empty."""
    return headers.get("x-s2-organization") or None


# ---------------------------------------------------------------------------------------------------------------- lists
def whole_number(text: str) -> int:
    """Read decimal digits; anything longer than a number of this door stays beyond its bounds."""
    return int(text) if len(text) <= 12 else MAX_OFFSET


def read_window(request: Request) -> tuple[int, int, str]:
    """Read limit, offset and term. Refuses with Invalid what is no whole number, or a limit of 0."""
    query = request.query
    limit, offset = query.get("limit", str(PAGE_LIMIT)), query.get("offset", "0")
    faults = []
    if not re.fullmatch("[0-9]*[1-9][0-9]*", limit):
        faults.append(Fault(("limit",), f"must be a whole number of at least 1, not {limit[:40]!r}"))
    if not re.fullmatch("[0-9]+", offset):
        faults.append(Fault(("offset",), f"must be a whole number of at least 0, not {offset[:40]!r}"))
    if faults:
        raise Invalid(Code.INVALID, "the query has faults", faults=tuple(faults))
    return min(whole_number(limit), PAGE_LIMIT), min(whole_number(offset), MAX_OFFSET), query.get("term", "")


def paged(items: list[Any], total: int) -> Reply:
    return json_reply(200, {"items": items, "total": total})
