"""Submissions as they came, with their fate; refused ones are driven again."""

import base64
from typing import Any

from crossdock.core.errors import Fault
from crossdock.core.time import format_time
from crossdock.doors import Reply, Request, Route, json_reply
from crossdock.doors.hub import errors, mapping, wire
from crossdock.doors.hub.routes.parameters import (
    PAGE,
    PROBLEMS,
    cursor_after,
    described,
    known_query,
    link,
    raise_faults,
    read_cursor,
    read_limit,
)
from crossdock.flows import access, intake, queries
from crossdock.flows.queries import SubmissionRecord

_STATUSES = ("accepted", "replayed", "refused", "redriven")


async def list_submissions(request: Request) -> Reply:
    """Answer a page of submissions, newest first, without their bodies."""
    query = known_query(request, "status", "limit", "cursor")
    faults: list[Fault] = []
    limit = read_limit(request, query, faults)
    status = query.get("status")
    if status is not None and status not in _STATUSES:
        faults.append(Fault((errors.QUERY, "status"), f"must be one of {', '.join(_STATUSES)}"))
    before = read_cursor(query, faults)
    raise_faults(faults)
    found = await queries.submissions(request.context, request.caller, status=status, before=before, limit=limit + 1)
    cursor = cursor_after(query, found[limit - 1].submission_id if len(found) > limit else None)
    page = {"items": [_submission(record) for record in found[:limit]], "next": cursor}
    return json_reply(200, page, headers=link(request, query, cursor))


async def get_submission(request: Request) -> Reply:
    """Answer one submission with the bytes that came and every fault found in them."""
    submission_id = mapping.parse_id(request.params["id"])
    record = await queries.submission(request.context, request.caller, submission_id=submission_id)
    return json_reply(200, _submission(record) | _body(record))


async def redrive(request: Request) -> Reply:
    """Drive a refused submission again: with an empty body as it was, else with the body sent here."""
    known_query(request)
    submission_id = mapping.parse_id(request.params["id"])
    record = await queries.submission(request.context, request.caller, submission_id=submission_id)
    outcome = await intake.redrive(
        request.context,
        request.intake,
        request.caller,
        submission_id=record.submission_id,
        corrected=request.body or None,
    )
    if outcome.refusal is not None:
        raise outcome.refusal
    order_id = mapping.format_id(outcome.order_id) if outcome.order_id else None
    answer = wire.Redriven(mapping.format_id(outcome.submission_id), outcome.status, order_id)
    return json_reply(200, answer, order_id=outcome.order_id, outcome=outcome.status)


def _submission(record: SubmissionRecord) -> dict[str, Any]:
    return {
        "id": mapping.format_id(record.submission_id),
        "door": record.door,
        "operation": record.operation,
        "actor": record.actor,
        "received_at": format_time(record.received_at, digits=6),
        "status": record.status,
        "order_id": mapping.format_id(record.order_id) if record.order_id else None,
        "code": record.code,
        "errors": [errors.error(fault) for fault in record.faults],
        "redrive_of": mapping.format_id(record.redrive_of) if record.redrive_of else None,
        "size": record.size,
        "complete": record.size == len(record.body),
    }


def _body(record: SubmissionRecord) -> dict[str, str | None]:
    try:
        text: str | None = record.body.decode()
    except UnicodeDecodeError:
        text = None
    return {"body": text, "body_base64": base64.b64encode(record.body).decode()}


ROUTES = (
    Route(
        "GET", ("/hub/v1/submissions",), list_submissions, access.READ, "listSubmissions", "List submissions",
        answers={200: wire.SubmissionPage, **PROBLEMS},
        parameters=(described("status", "query", "its outcome", enum=list(_STATUSES)), *PAGE),
    ),
    Route(
        "GET", ("/hub/v1/submissions/{id}",), get_submission, access.READ, "getSubmission",
        "Read a submission with its body and its faults",
        answers={200: wire.SubmissionFull, 404: wire.Problem, **PROBLEMS},
    ),
    Route(
        "POST", ("/hub/v1/submissions/{id}/redrive",), redrive, access.WRITE, "redriveSubmission",
        "Submit a refused submission again, as it was or corrected", request={},
        answers={200: wire.Redriven, 400: wire.Problem, 404: wire.Problem, 409: wire.Problem, **PROBLEMS},
    ),
)  # fmt: skip
