"""The hub's own API under /hub/v1: create, read and list orders; look at submissions and drive refused ones again."""

import base64
import hashlib
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from crossdock.core.errors import Code, Fault, Invalid
from crossdock.core.formats import is_date_time, iso_time
from crossdock.core.identity import key_of
from crossdock.core.lifecycle import Status
from crossdock.core.order import Order
from crossdock.doors import Reply, Request, Route, basic_credentials, encode_json, json_reply, replayed_header
from crossdock.doors.hub import errors, mapping, wire
from crossdock.flows import access, intake, queries
from crossdock.flows.intake import Submission
from crossdock.store.log import SubmissionRecord
from crossdock.store.pages import Filters

TOKEN_LIFETIME_S = 3_600
PAGE_SIZE = 50
KEY_LENGTH = 255  # of an Idempotency-Key; enough for any UUID or hash a client may choose
_STATUSES = ("accepted", "replayed", "refused", "redriven")


# ----------------------------------------------------------------------------------------------------------------- tokens
async def token(request: Request) -> Reply:
    """Give a token for client credentials, in the Basic header or the form (RFC 6749, section 4.4)."""
    form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
    if form.get("grant_type", "client_credentials") != "client_credentials":
        fault = Fault(("grant_type",), "must be client_credentials")
        raise Invalid(Code.INVALID, "the form has a fault", faults=(fault,))
    name, secret = basic_credentials(request.headers) or (form.get("client_id", ""), form.get("client_secret", ""))
    grant, _ = await access.grant(
        request.book, client_id=name, secret=secret, lifetime_s=TOKEN_LIFETIME_S, scope=form.get("scope")
    )
    answer = wire.TokenAnswer(grant.token, "Bearer", grant.lifetime_s, grant.scopes)
    return json_reply(200, answer, headers=[("Cache-Control", "no-store")])


async def revoke_token(request: Request) -> Reply:
    """Revoke the token the request came with: 204."""
    await access.revoke_token(request.book, request.caller)
    return Reply(204)


# ----------------------------------------------------------------------------------------------------------------- orders
async def create_order(request: Request) -> Reply:
    """Create an order: 201 with the order, its address and its ETag; a repeat is answered as the first was."""
    keys: tuple[bytes, ...] = ()
    if (key := request.headers.get("idempotency-key")) is not None:
        if not 1 <= len(key) <= KEY_LENGTH:
            fault = Fault((errors.HEADER, "Idempotency-Key"), f"must have 1 to {KEY_LENGTH} characters")
            raise Invalid(Code.INVALID, "a header has a fault", faults=(fault,))
        keys = (key_of("hub/idempotency", request.caller.actor, key),)
    outcome = await request.intake.submit(Submission(request.caller, mapping.FORMAT, request.body, keys=keys))
    assert outcome.order_id is not None
    headers = [
        ("Location", f"/hub/v1/orders/{mapping.spell_id(outcome.order_id)}"),
        ("ETag", '"1"'),
        *replayed_header(outcome.fate == "replayed"),
    ]
    return Reply(201, outcome.reply, headers=headers, order_id=outcome.order_id, outcome=outcome.fate)


async def get_order(request: Request) -> Reply:
    """Answer one order; with `as`, in another door's read format, with what that format could not say."""
    door = _query(request, "as").get("as")
    if door is not None and door not in request.book.formats:
        raise _bad_parameter("as", f"must be one of {', '.join(request.book.formats)}")
    order = await queries.order(request.book, request.caller, order_id=mapping.read_id(request.params["id"]))
    etag = f'"{order.version}"' if door is None else f'"{order.version}-{door}"'
    if _is_known(request, etag):
        return Reply(304, headers=[("ETag", etag)], order_id=order.order_id)
    if door is not None:
        return json_reply(200, await _worded(request, order, door), headers=[("ETag", etag)], order_id=order.order_id)
    wording = await queries.worded(request.book, request.caller, order, door="hub")
    return json_reply(200, wording.document, headers=[("ETag", etag)], order_id=order.order_id)


def _is_known(request: Request, etag: str) -> bool:
    """Say whether the client has this representation already (RFC 9110, section 13.1.2; compared weakly)."""
    given = request.headers.get("if-none-match") or ""
    return given.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in given.split(","))


async def _worded(request: Request, order: Order, door: str) -> wire.Worded:
    wording = await queries.worded(request.book, request.caller, order, door=door)
    losses = [wire.Loss("filled", errors.pointer(gap.path), gap.value) for gap in wording.gaps]
    losses += [wire.Loss("dropped", errors.pointer(path)) for path in wording.dropped]
    return wire.Worded(door, wording.document, losses)


async def list_orders(request: Request) -> Reply:
    """Answer a page of orders, newest first, narrowed by the filters, with the address of the next page."""
    query = _query(
        request, "door", "number", "status", "created_from", "created_to", "email", "sku", "location", "limit", "cursor"
    )
    faults: list[Fault] = []
    limit = _limit(request, query, faults)
    for name, allowed in (("status", tuple(Status)), ("door", tuple(request.book.formats))):
        if name in query and query[name] not in allowed:
            faults.append(Fault((errors.QUERY, name), f"must be one of {', '.join(allowed)}"))
    times = {name: _time(query, name, faults) for name in ("created_from", "created_to")}
    words = {name: query.get(name) for name in ("door", "number", "status", "email", "sku", "location")}
    before = _read_cursor(query, faults)
    _raise(faults)
    filters = Filters(**words, **times)  # type: ignore[arg-type]
    found = await queries.page(request.book, request.caller, filters, before=before, limit=limit + 1)
    last = found.orders[limit - 1].order_id if len(found.orders) > limit else found.last
    wordings = await queries.worded_all(request.book, request.caller, found.orders[:limit], door="hub")
    cursor = _cursor(query, last) if last is not None else None
    page = {"items": [wording.document for wording in wordings], "next": cursor}
    return json_reply(200, page, headers=_link(request, query, cursor))


# ------------------------------------------------------------------------------------------------------------ submissions
async def list_submissions(request: Request) -> Reply:
    """Answer a page of submissions, newest first, without their bodies."""
    query = _query(request, "status", "limit", "cursor")
    faults: list[Fault] = []
    limit = _limit(request, query, faults)
    status = query.get("status")
    if status is not None and status not in _STATUSES:
        faults.append(Fault((errors.QUERY, "status"), f"must be one of {', '.join(_STATUSES)}"))
    before = _read_cursor(query, faults)
    _raise(faults)
    found = await queries.submissions(request.book, request.caller, status=status, before=before, limit=limit + 1)
    cursor = _cursor(query, found[limit - 1].submission_id) if len(found) > limit else None
    page = {"items": [_submission(record) for record in found[:limit]], "next": cursor}
    return json_reply(200, page, headers=_link(request, query, cursor))


async def get_submission(request: Request) -> Reply:
    """Answer one submission with the bytes that came and every fault found in them."""
    submission_id = mapping.read_id(request.params["id"])
    record = await queries.submission(request.book, request.caller, submission_id=submission_id)
    return json_reply(200, _submission(record) | _body(record))


async def redrive(request: Request) -> Reply:
    """Drive a refused submission again: with an empty body as it was, else with the body sent here."""
    submission_id = mapping.read_id(request.params["id"])
    record = await queries.submission(request.book, request.caller, submission_id=submission_id)
    outcome = await intake.redrive(
        request.book,
        request.intake,
        request.caller,
        submission_id=record.submission_id,
        mended=request.body or None,
    )
    if outcome.refusal is not None:
        raise outcome.refusal
    order_id = mapping.spell_id(outcome.order_id) if outcome.order_id else None
    answer = wire.Redriven(mapping.spell_id(outcome.submission_id), outcome.fate, order_id)
    return json_reply(200, answer, order_id=outcome.order_id, outcome=outcome.fate)


def _submission(record: SubmissionRecord) -> dict[str, Any]:
    return {
        "id": mapping.spell_id(record.submission_id),
        "door": record.door,
        "operation": record.operation,
        "actor": record.actor,
        "received_at": iso_time(record.received_at, digits=6),
        "status": record.status,
        "order_id": mapping.spell_id(record.order_id) if record.order_id else None,
        "code": record.code,
        "errors": [errors.error(fault) for fault in record.faults],
        "redrive_of": mapping.spell_id(record.redrive_of) if record.redrive_of else None,
        "size": record.size,
        "complete": record.size == len(record.body),
    }


def _body(record: SubmissionRecord) -> dict[str, str | None]:
    try:
        text: str | None = record.body.decode()
    except UnicodeDecodeError:
        text = None
    return {"body": text, "body_base64": base64.b64encode(record.body).decode()}


# -------------------------------------------------------------------------------------------------------------- parameters
def _bad_parameter(name: str, reason: str) -> Invalid:
    return Invalid(Code.INVALID, "a query parameter has a fault", faults=(Fault((errors.QUERY, name), reason),))


def _raise(faults: list[Fault]) -> None:
    if faults:
        raise Invalid(Code.INVALID, "the query has faults", faults=tuple(faults))


def _query(request: Request, *known: str) -> dict[str, str]:
    """Give the query parameters; one that is not known is a fault, because ignoring a filter would answer too much."""
    query = request.query
    _raise(
        [
            Fault((errors.QUERY, name), f"is not known; known are {', '.join(known)}")
            for name in query
            if name not in known
        ]
    )
    return query


def _limit(request: Request, query: dict[str, str], faults: list[Fault]) -> int:
    most = request.book.settings.page_limit
    text = query.get("limit", str(PAGE_SIZE))
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= most):
        faults.append(Fault((errors.QUERY, "limit"), f"must be a whole number from 1 to {most}"))
        return 1
    return int(text)


def _time(query: dict[str, str], name: str, faults: list[Fault]) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    if not is_date_time(text):
        faults.append(Fault((errors.QUERY, name), "must be a date and time with offset such as 2026-01-30T10:53:24Z"))
        return None
    moment = datetime.fromisoformat(text)
    return int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond


def _filters_mark(query: dict[str, str]) -> str:
    filters = sorted((name, value) for name, value in query.items() if name not in ("cursor", "limit"))
    return hashlib.sha256(encode_json(filters)).hexdigest()[:8]


def _cursor(query: dict[str, str], last: int) -> str:
    """Name the place after the row with id `last`; it only fits the same filters."""
    return f"{mapping.spell_id(last)}{_filters_mark(query)}"


def _read_cursor(query: dict[str, str], faults: list[Fault]) -> int | None:
    text = query.get("cursor")
    if text is None:
        return None
    before = mapping.read_id(text[:-8])
    if before is None or text[-8:] != _filters_mark(query):
        faults.append(Fault((errors.QUERY, "cursor"), "must be a cursor that this list gave for the same filters"))
    return before


def _link(request: Request, query: dict[str, str], cursor: str | None) -> list[tuple[str, str]]:
    if cursor is None:
        return []
    return [("Link", f'<{request.path}?{urlencode(query | {"cursor": cursor})}>; rel="next"')]


# ------------------------------------------------------------------------------------------------------------------ table
def _parameter(name: str, where: str, description: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": where, "description": description, "schema": {"type": "string"} | schema}


_PROBLEMS = dict.fromkeys((401, 403, 422, 500, 503), wire.Problem)
_PAGE = (
    _parameter("limit", "query", "rows, 1 to 200", type="integer", default=PAGE_SIZE),
    _parameter("cursor", "query", "`next` of the page before"),
)
ROUTES = (
    Route(
        "POST", ("/hub/v1/orders",), create_order, access.WRITE, "createOrder", "Create an order",
        request=wire.OrderCreate, answers={201: wire.OrderAnswer, 400: wire.Problem, 409: wire.Problem,
                                           413: wire.Problem, **_PROBLEMS},
        parameters=(_parameter("Idempotency-Key", "header", "names this request; the same key gives the first answer"),),
        submits="create",
    ),
    Route(
        "GET", ("/hub/v1/orders",), list_orders, access.READ, "listOrders", "List orders, newest first",
        answers={200: wire.Page, **_PROBLEMS},
        parameters=(
            _parameter("door", "query", "the door the order came through"),
            _parameter("number", "query", "the sender's order number"),
            _parameter("status", "query", "the order's status", enum=[str(status) for status in Status]),
            _parameter("created_from", "query", "received at or after, with offset", format="date-time"),
            _parameter("created_to", "query", "received before, with offset", format="date-time"),
            _parameter("email", "query", "the customer's e-mail, in any case"),
            _parameter("sku", "query", "a line's SKU"),
            _parameter("location", "query", "a line's location"),
            *_PAGE,
        ),
    ),
    Route(
        "GET", ("/hub/v1/orders/{id}",), get_order, access.READ, "getOrder", "Read an order, in any door's format",
        answers={200: {"oneOf": [wire.OrderAnswer, wire.Worded]}, 304: None, 404: wire.Problem, **_PROBLEMS},
        parameters=(
            _parameter("as", "query", "the door whose read format to answer in"),
            _parameter("If-None-Match", "header", "an ETag; 304 when the order has not changed"),
        ),
    ),
    Route(
        "GET", ("/hub/v1/submissions",), list_submissions, access.READ, "listSubmissions", "List submissions",
        answers={200: wire.SubmissionPage, **_PROBLEMS},
        parameters=(_parameter("status", "query", "what became of it", enum=list(_STATUSES)), *_PAGE),
    ),
    Route(
        "GET", ("/hub/v1/submissions/{id}",), get_submission, access.READ, "getSubmission",
        "Read a submission with its bytes and faults",
        answers={200: wire.SubmissionFull, 404: wire.Problem, **_PROBLEMS},
    ),
    Route(
        "POST", ("/hub/v1/submissions/{id}/redrive",), redrive, access.WRITE, "redriveSubmission",
        "Drive a refused submission again, as it was or mended", request={},
        answers={200: wire.Redriven, 400: wire.Problem, 404: wire.Problem, 409: wire.Problem, **_PROBLEMS},
    ),
    Route(
        "POST", ("/hub/v1/token",), token, None, "getToken", "Get a token for client credentials",
        request={"type": "object", "properties": {
            "grant_type": {"type": "string"}, "scope": {"type": "string"},
            "client_id": {"type": "string"}, "client_secret": {"type": "string"}}},
        request_media="application/x-www-form-urlencoded",
        answers={200: wire.TokenAnswer, **_PROBLEMS},
    ),
    Route(
        "POST", ("/hub/v1/token/revoke",), revoke_token, access.READ, "revokeToken", "Revoke the token of this request",
        answers={204: None, **_PROBLEMS},
    ),
)  # fmt: skip
