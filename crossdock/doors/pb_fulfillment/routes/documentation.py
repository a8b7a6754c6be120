"""What the documentation of this door's routes shares: paths, parameters, answers and examples."""

from typing import Any

from crossdock.doors.pb_fulfillment import examples, wire_answers
from crossdock.doors.pb_fulfillment.errors import TRANSACTION, UNIFIED
from crossdock.doors.pb_fulfillment.routes import search

_PREFIX = "/shippingservices/fulfillment"


def paths(path: str) -> tuple[str, ...]:
    """Return the paths of a call: the vendor's, and the one without the prefix that the create-order page shows."""
    return f"{_PREFIX}{path}", path


def parameter(name: str, location: str, description: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": location,
        "required": required,
        "description": description,
        "schema": {"type": "string"} | schema,
    }


HEADERS = (
    parameter(
        TRANSACTION, "header", "Identifies the call; a repeat of a call that changed something returns the first response",
        required=True, pattern="^[A-Za-z0-9_-]{1,25}$",
    ),
    parameter(
        UNIFIED, "header", "`true` for errors as an object; with any other value they are an array", default="false"
    ),
)  # fmt: skip
ORDER_PARAMETERS = (
    *HEADERS,
    parameter("clientId", "query", "The client that the order belongs to", required=True, minLength=1),
    parameter("brand", "query", "The brand of the order; an order of another brand is not found"),
)
PAGE_PARAMETERS = (
    *HEADERS,
    parameter("page", "query", "The page, counted from 1", type="integer", minimum=1, default=1),
    parameter(
        "size", "query", f"Rows of a page; a page has at most {search.MAX_SIZE}, whatever is asked for",
        type="integer", minimum=1, default=search.SIZE,
    ),
)  # fmt: skip
ERRORS = {"anyOf": [{"type": "array", "items": wire_answers.Error}, wire_answers.UnifiedErrors]}
_EXAMPLES: dict[int | str, Any] = {
    401: examples.NO_TOKEN, 403: examples.NO_SCOPE, 404: examples.NO_ORDER, 413: examples.TOO_LARGE,
    500: examples.BUG, 503: examples.BUSY,
}  # fmt: skip


def documented(
    status: int,
    answer: Any,
    example: Any,
    *others: int,
    faults: Any,
    request: Any = None,
    missing: Any = examples.NO_ORDER,
) -> dict[str, Any]:
    """List the answers and the examples of a call: its success, the errors of every call, and `others` of this one. `missing`
    is the example of a 404."""
    answers = {
        status: answer, 401: wire_answers.GatewayErrors,
        **dict.fromkeys((400, 403, *others, 413, 500, 503), ERRORS),
    }  # fmt: skip
    named = {} if request is None else {"request": request}
    errors = {of: example for of, example in (_EXAMPLES | {404: missing}).items() if of in answers}
    return {"answers": answers, "examples": {**named, status: example, 400: faults, **errors}}
