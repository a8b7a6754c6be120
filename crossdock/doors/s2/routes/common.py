"""What the calls share: the organization header, limit, offset and term of lists, and list responses."""

from typing import Any

from crossdock.core.errors import Code, Fault, Invalid
from crossdock.doors import Headers, Reply, Request, json_reply

PAGE_LIMIT = 100  # the vendor's list pages: default and maximum
# A four-byte integer, as in the vendor's clients. No list is that long, so a larger offset means the same.
MAX_OFFSET = 2_147_483_647


def organization_of(headers: Headers) -> str | None:
    """Return the organization that the request names; None if the header is missing or empty."""
    return headers.get("x-s2-organization") or None


def parse_number(digits: str) -> int:
    """Parse decimal digits; a number of more than 12 is above every bound of a list and counts as MAX_OFFSET."""
    digits = digits.lstrip("0")
    return int(digits or "0") if len(digits) <= 12 else MAX_OFFSET


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit()


def read_window(request: Request) -> tuple[int, int, str]:
    """Read limit, offset and term of a list. Raises Invalid if one is not a whole number, or the limit is 0."""
    query = request.query
    limit, offset = query.get("limit", str(PAGE_LIMIT)), query.get("offset", "0")
    faults = []
    if not _is_whole(limit) or not limit.strip("0"):
        faults.append(Fault(("limit",), f"must be a whole number of at least 1, not {limit[:40]!r}"))
    if not _is_whole(offset):
        faults.append(Fault(("offset",), f"must be a whole number of at least 0, not {offset[:40]!r}"))
    if faults:
        raise Invalid(Code.INVALID, "the query has faults", faults=tuple(faults))
    return min(parse_number(limit), PAGE_LIMIT), min(parse_number(offset), MAX_OFFSET), query.get("term", "")


def list_reply(items: list[Any], total: int) -> Reply:
    """Return a page of a list and the total count."""
    return json_reply(200, {"items": items, "total": total})
