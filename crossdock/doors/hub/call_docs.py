"""What the documentation says of each call of the hub besides its summary: a description, and examples.

The examples are in call_examples.json, by operation: the body of a request under "request", bodies of answers under their
status. A test makes the calls and compares (tests/doors/hub/test_call_docs.py).
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from crossdock.doors import Route

_DESCRIPTIONS = {
    "createOrder": (
        "A retry is safe: the same content under the same `number` returns the first answer, with"
        " `Idempotent-Replayed: true`. Different content under that number is refused with 409 `number_taken`, which names the"
        " order that has it. Members that are not known are stored and returned. A refused body is stored as a submission."
    ),
    "listOrders": (
        "Filters can be combined. A page may have fewer orders than `limit`, because it ends at the server's limit of bytes and"
        " because one request examines a limited number of rows: continue as long as there is a `next`."
    ),
    "countOrders": "The numbers are maintained with every change, so this is exact and fast.",
    "exportOrders": (
        "Takes the filters of the list. `csv` has a row for each order, `ndjson` a document on each line. Orders that arrive"
        " meanwhile are left out. A response that ends before its last chunk is incomplete."
    ),
    "getOrder": (
        "`as` returns the order in the format of another API, with what that format requires and the order lacks, and with what"
        " the order has and the format cannot express. `as_of` returns it as it was at a time."
    ),
    "listEvents": (
        "Each event has the values it changed. A page ends at the server's limit of bytes too. A cursor that this list never"
        " gave, as after a restore from a backup, is refused with 410 `unknown_cursor`."
    ),
    "editOrder": (
        "The patch applies to the order in the format of the create body: members of the patch are set, null removes one,"
        " arrays are replaced. The result is checked like a new order. An edit that contradicts units that are allocated,"
        " shipped or canceled is refused with 409 `state_forbids`."
    ),
    "holdOrder": (
        "Nothing of a held order, or of its held lines, can be shipped until the hold is released, or ends at `release_at`."
        " All holds of one call are placed, or none."
    ),
    "releaseOrder": "Without `holds` and `reasons` all holds of the order end.",
    "cancelOrder": (
        "Without `lines` the whole order is canceled, which is refused where units have been shipped; cancel its open lines"
        " then. Without a `quantity` all open units of the line are canceled."
    ),
    "tagOrder": "Each tag is stored once, in the order given. Tags are searched by as a whole.",
    "noteOrder": "The note is an event of the order's history and changes nothing else.",
    "archiveOrder": "The status does not change. An order that is archived already stays as it is.",
    "unarchiveOrder": "The status does not change. An order that is not archived stays as it is.",
    "listSubmissions": "Newest first, without their bodies. A submission is what was sent to the create call of any API.",
    "getSubmission": "The body is returned byte for byte, with the reason for a refusal and every fault that was found.",
    "redriveSubmission": (
        "Without a body, what was sent is submitted again, for when the cause is gone. With a body, that is submitted instead,"
        " in the format of the submission's own API. Only a refused submission can be replayed."
    ),
    "getToken": (
        "Client id and secret come in a Basic header or in the form (RFC 6749, section 4.4). `scope` asks for fewer scopes than"
        " the client has."
    ),
    "revokeToken": "Other server processes may accept the token for a few seconds more (CROSSDOCK_REVOCATION_DELAY_S).",
    "followEvents": (
        "All events of the organization, oldest first, in one order without gaps. Remember `next` and send it as `after`. With"
        " `wait` the answer comes as soon as there is an event. With `Accept: text/event-stream` events are sent as they happen"
        " (server-sent events). A cursor that this feed never gave is refused with 410 `unknown_cursor`: the database was"
        " restored from a backup. 503 `overloaded`: too many callers are waiting."
    ),
    "createEndpoint": "The answer shows the secret that signs the messages; no other answer does.",
    "listEndpoints": "All endpoints, the oldest first. Secrets are not shown.",
    "getEndpoint": "`health` says how the receiver has been answering, `warning` what is wrong with it.",
    "changeEndpoint": "Missing members stay as they are. An endpoint that is enabled again goes on where it stopped.",
    "removeEndpoint": "Nothing more is sent to it. Its deliveries are gone.",
    "rotateSecret": "The old secret signs beside the new one for a while (CROSSDOCK_WEBHOOK_ROTATION_S).",
    "testEndpoint": "Sends a message of the type `endpoint.test`, which is about no order.",
    "redeliverRange": "Repeats deliveries that have ended. The answer says how many.",
    "listDeliveries": "Newest first. A delivery is one event for one endpoint.",
    "getDelivery": "`log` has each attempt with the receiver's answer, or the reason why there was none.",
    "redeliver": "The delivery is sent at once, and has as many attempts as a new one.",
    "getMailSettings": "An empty object where nothing is set.",
    "putMailSettings": "Templates are tried on sample orders first. docs/email.md describes the settings.",
    "listMails": "Newest first. E-mails are stored where no mail server is configured.",
    "getMail": "The whole message, with its headers, as it would have been sent.",
}
_EXAMPLES = Path(__file__).parent / "call_examples.json"


def documented(routes: Iterable[Route]) -> tuple[Route, ...]:
    """Return the routes with their descriptions and examples."""
    examples = msgspec.json.decode(_EXAMPLES.read_bytes())
    return tuple(
        msgspec.structs.replace(
            route, description=_DESCRIPTIONS[route.operation], examples=_by_status(examples.get(route.operation, {}))
        )
        for route in routes
    )


def _by_status(examples: dict[str, Any]) -> dict[int | str, Any]:
    return {int(name) if name.isdigit() else name: body for name, body in examples.items()}
