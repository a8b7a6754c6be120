"""Query parameters and headers of the hub's calls: read, checked, and described for the documentation."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from msgspec import Struct

from crossdock.core.errors import Code, Fault, Invalid
from crossdock.core.json.request_body import DocumentRule, parse_body
from crossdock.core.json.value_types import DATE_TIME_PATTERN, is_date_time, parse_date_time
from crossdock.doors import Request, encode_json
from crossdock.doors.hub import errors, mapping, wire
from crossdock.doors.hub.unknown_fields import only_known

BodyType = TypeVar("BodyType", bound=Struct)
PAGE_SIZE = 50
KEY_LENGTH = 255  # of an Idempotency-Key; enough for any UUID or hash a client may choose
_VERSION = re.compile(r'"(0|[1-9][0-9]{0,8})"')
_ENTITY_TAG = re.compile(r'(W/)?"[!#-~]*"')


def raise_faults(faults: list[Fault]) -> None:
    """Refuse with Invalid where there are faults."""
    if faults:
        raise Invalid(Code.INVALID, "the query has faults", faults=tuple(faults))


def query_faults(request: Request, known: tuple[str, ...]) -> list[Fault]:
    """Name each parameter that is not known or given twice: ignoring a filter would answer too much."""
    if not request.query_string:
        return []
    pairs = parse_qsl(request.query_string.decode("utf-8", "replace"), keep_blank_values=True)
    times = Counter(name for name, _ in pairs)
    listed = ", ".join(known) or "none"
    faults = [Fault((errors.QUERY, name), f"is not known; known are {listed}") for name in times if name not in known]
    return faults + [
        Fault((errors.QUERY, name), "must not be given twice")
        for name, number in times.items()
        if name in known and number > 1
    ]


def known_query(request: Request, *known: str) -> dict[str, str]:
    """Return the query parameters; refuses with Invalid those that are not known."""
    raise_faults(query_faults(request, known))
    return request.query


def read_limit(request: Request, query: dict[str, str], faults: list[Fault]) -> int:
    """Read the limit of a page."""
    most = request.context.settings.page_limit
    text = query.get("limit", str(PAGE_SIZE))
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= most):
        faults.append(Fault((errors.QUERY, "limit"), f"must be a whole number from 1 to {most}"))
        return 1
    return int(text)


def read_time(query: dict[str, str], name: str, faults: list[Fault]) -> int | None:
    """Read a time, microseconds since 1970."""
    text = query.get(name)
    if text is None:
        return None
    if not is_date_time(text):
        faults.append(Fault((errors.QUERY, name), "must be a date and time with offset such as 2026-01-30T10:53:24Z"))
        return None
    return microseconds(text)


def microseconds(text: str) -> int:
    """Turn a date and time with offset into microseconds since 1970, to the digit."""
    moment = parse_date_time(text)
    return int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond


def read_flag(query: dict[str, str], name: str, faults: list[Fault]) -> bool | None:
    """Read true or false."""
    text = query.get(name)
    if text not in (None, "true", "false"):
        faults.append(Fault((errors.QUERY, name), "must be true or false"))
    return None if text is None else text == "true"


# ---------------------------------------------------------------------------------------------------------------- cursors
def filters_mark(query: dict[str, str]) -> str:
    filters = sorted((name, value) for name, value in query.items() if name not in ("cursor", "limit"))
    return hashlib.sha256(encode_json(filters)).hexdigest()[:8]


def cursor_after(query: dict[str, str], last: int | None) -> str | None:
    """Name the place after the row with id `last`, None at the end; it only fits the same filters."""
    return None if last is None else f"{mapping.format_id(last)}{filters_mark(query)}"


def read_cursor(query: dict[str, str], faults: list[Fault]) -> int | None:
    """Return the id a page goes on after."""
    text = query.get("cursor")
    if text is None:
        return None
    before = mapping.parse_id(text[:-8])
    if before is None or text[-8:] != filters_mark(query):
        faults.append(Fault((errors.QUERY, "cursor"), "must be a cursor that this list gave for the same filters"))
    return before


def link(request: Request, query: dict[str, str], cursor: str | None) -> list[tuple[str, str]]:
    """Return the header with the address of the next page."""
    if cursor is None:
        return []
    return [("Link", f'<{request.path}?{urlencode(query | {"cursor": cursor})}>; rel="next"')]


# ---------------------------------------------------------------------------------------------------------------- headers
def read_key(request: Request, faults: list[Fault]) -> str | None:
    """Read the name a client gave its request."""
    key = request.headers.get("idempotency-key")
    if key is not None and not 1 <= len(key) <= KEY_LENGTH:
        faults.append(Fault((errors.HEADER, "Idempotency-Key"), f"must have 1 to {KEY_LENGTH} characters"))
    return key


def read_if_match(request: Request, faults: list[Fault]) -> frozenset[int] | None:
    """Return the versions a change is meant for (RFC 9110, section 13.1.1); None where any will do.

    A weak tag, or that of another representation, is sound and matches no version; "0" is that of what is not stored yet.
    """
    text = request.headers.get("if-match")
    if text is None or text == "*":
        return None
    tags = [tag.strip() for tag in text.split(",")]
    if not all(_ENTITY_TAG.fullmatch(tag) for tag in tags):
        faults.append(Fault((errors.HEADER, "If-Match"), 'must be an ETag such as "1", several with commas, or *'))
    return frozenset(int(found[1]) for tag in tags if (found := _VERSION.fullmatch(tag)))


# ------------------------------------------------------------------------------------------------------------------- body
def read_body(
    request: Request, faults: Sequence[Fault], shape: type[BodyType], *rules: DocumentRule, raw: bytes | None = None
) -> BodyType:
    """Read a body that may have no unknown members; refuses with Invalid carrying all faults, those of the query too."""
    reading = parse_body(raw or request.body, shape, only_known(shape), *rules, natural=lambda _: ())
    if faults or reading.faults:
        raise Invalid(Code.INVALID, "the request has faults", faults=(*faults, *reading.faults))
    found: BodyType = reading.shape
    return found


# ---------------------------------------------------------------------------------------------------------- documentation
def described(name: str, where: str, description: str, **schema: Any) -> dict[str, Any]:
    """Describe a parameter for the OpenAPI document."""
    return {"name": name, "in": where, "description": description, "schema": {"type": "string"} | schema}


def page_of(*kinds: type[Struct], **more: Any) -> dict[str, Any]:
    """Describe a page whose items are of some types; `more` are other members it has."""
    items = kinds[0] if len(kinds) == 1 else {"anyOf": list(kinds)}
    return {
        "type": "object",
        "required": ["items", "next", *more],
        "properties": {
            "items": {"type": "array", "items": items},
            "next": {
                "type": ["string", "null"],
                "description": "the `cursor` of the next page; null where this is the last one",
            },
            **more,
        },
    }


PROBLEMS = dict.fromkeys((401, 403, 422, 500, 503), wire.Problem)
_CURSOR_PATTERN = "^[0-9a-hjkmnp-tv-z]{13}[0-9a-f]{8}$"
_ONE_TAG = r'(W/)?"[!#-~]*"'
IF_MATCH_PATTERN = rf"^\s*(\*|{_ONE_TAG}(\s*,\s*{_ONE_TAG})*)\s*$"
LIMIT = described("limit", "query", "rows of the page", type="integer", minimum=1, maximum=200, default=PAGE_SIZE)
PAGE = (LIMIT, described("cursor", "query", "`next` of the page before", pattern=_CURSOR_PATTERN))
IDEMPOTENCY_KEY = described(
    "Idempotency-Key",
    "header",
    "makes a retry safe: the same key returns the first answer",
    minLength=1,
    maxLength=KEY_LENGTH,
)


def time_parameter(name: str, description: str) -> dict[str, Any]:
    """Describe a query parameter that is a date and time."""
    return described(name, "query", description, format="date-time", pattern=f"^{DATE_TIME_PATTERN}$")


def flag_parameter(name: str, description: str) -> dict[str, Any]:
    """Describe a query parameter that is true or false."""
    return described(name, "query", description, enum=["true", "false"])
