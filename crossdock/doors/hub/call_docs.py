"""What the documentation says of each call of the hub besides its summary: a description, and examples.

The examples are in call_examples.json, by operation: the body of a request under "request", bodies of answers under their
status. A test makes the calls and compares (tests/doors/hub/test_call_docs.py).
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from crossdock.doors import Route
from crossdock.doors.hub.call_docs_fulfillment import DESCRIPTIONS as FULFILLMENT
from crossdock.doors.hub.call_docs_inbound import DESCRIPTIONS as INBOUND

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
    "listAccessEntries": (
        "Newest first. There are entries only where the operator has set `CROSSDOCK_ACCESS_LOG_DAYS`. A page may have fewer "
        "items than `limit`, or none, and still a `next`: with filters, each page looks through 5,000 entries."
    ),
    "listMails": "Newest first. E-mails are stored where no mail server is configured.",
    "getMail": "The whole message, with its headers, as it would have been sent.",
    "createLocation": "The `code` names the location in orders and stock. It is refused with 409 `exists` where it is taken.",
    "listLocations": "Newest first. With `Accept: text/csv` all locations that match are a file, which can be imported.",
    "importLocations": (
        "The first row names the columns, `code` among them. Locations are found by their code: new ones are added, others are"
        " changed where a cell is not empty. Rows with faults are named by row and column and left out, so that the corrected"
        " file can be imported again."
    ),
    "getLocation": "The ETag is the version, for `If-Match` of a change.",
    "putLocation": "What is left out gets its default. A location that is not there is added.",
    "changeLocation": "The patch applies to the location as `getLocation` shows it. `code` never changes.",
    "removeLocation": "Refused with 409 `state_forbids` while stock lies there or orders are allocated to it.",
    "createProduct": "The product is the same for every API. It is refused with 409 `exists` where its SKU is taken.",
    "listProducts": "Newest first. With `Accept: text/csv` all products that match are a file, which can be imported.",
    "importProducts": (
        "The first row names the columns, `sku` among them; docs/products.md lists them. Rows with faults are named by row and"
        " column and left out, so that the corrected file can be imported again."
    ),
    "getProduct": "A SKU with a slash cannot stand in a path; find it in the list then.",
    "putProduct": "What is left out gets its default. A product that is not there is added.",
    "changeProduct": "The patch applies to the product as `getProduct` shows it. `sku` never changes.",
    "removeProduct": "Orders keep what they took from it. Refused with 409 `state_forbids` while it lies in stock.",
    "createShippingMethod": (
        "A way to ship that a shop offers, the same for every API. It is refused with 409 `exists` where its `code` is taken."
    ),
    "listShippingMethods": (
        "Newest first. With `Accept: text/csv` all shipping methods that match are a file, which can be imported."
    ),
    "importShippingMethods": (
        "The first row names the columns, `code` among them. Shipping methods are found by their code: new ones are added,"
        " others are changed where a cell is not empty. Rows with faults are named by row and column and left out, so that the"
        " corrected file can be imported again."
    ),
    "getShippingMethod": "The ETag is the version, for `If-Match` of a change.",
    "putShippingMethod": "What is left out gets its default. A shipping method that is not there is added.",
    "changeShippingMethod": "The patch applies to the method as `getShippingMethod` shows it. `code` never changes.",
    "removeShippingMethod": (
        "Orders keep what they say about it. One that is not offered any more can be made inactive instead, so that it can be"
        " read."
    ),
    "listStock": (
        "By SKU, location and pool. With `Accept: text/csv` all levels that match are a file, which can be imported as"
        " counts."
    ),
    "countStock": (
        "All items or none. A count below the units that are allocated to orders is refused with 409 `state_forbids`, and names"
        " the item. A level that is not there yet is added."
    ),
    "adjustStock": "All items or none. Units that are allocated to orders cannot be taken away.",
    "receiveStock": "All items or none. Orders that wait for the product are served a moment later.",
    "limitStock": (
        "All items or none; members that an item leaves out stay. Safety stock and counters are kept back from sale. Below the"
        " threshold a `stock.low` event is recorded."
    ),
    "importStock": (
        "The first row names the columns: `sku`, `location`, `on_hand`, and `pool` and `reason` where wanted. Each row is a"
        " count. Rows with faults are named by row and column and left out."
    ),
    "listMovements": "Newest first. The sums of all movements are the level.",
    "getAvailability": (
        "The sum over all active locations, by location, by pool, and by network; of some locations, one pool or one network,"
        " if the query says so. A SKU that was never counted has nothing. A network that is not there is a 404."
    ),
    "allocateOrder": (
        "Without a body all units that are not allocated are, where the rules say. What cannot be served waits for stock,"
        " unless the settings say otherwise. Units of a line come first from the pool of the line or the channel, then from"
        " the common stock."
    ),
    "deallocateOrder": "Units that are given back can be promised to others at once. Nothing happens where none are allocated.",
    "reallocateOrder": (
        "Units go to other locations than their present ones. What no other location can serve waits for stock."
    ),
    "allocateOrders": "One order that is refused does not stop the others: each has its own result, in the order of the ids.",
    "getAllocations": (
        "Each decision has every location that was looked at: its score and what it is made of, or why it was ruled out; and"
        " the units that got no location, with the reason."
    ),
    "listAllocations": "What a location has to pick and ship, with the orders. Newest first.",
    "getAllocationSettings": "The defaults where none were stored; then there is no ETag.",
    "putAllocationSettings": "Takes effect within a second. Orders that are allocated already stay as they are.",
    "tryAllocationRules": (
        "The last decisions are made again with the stock that each of them saw. The answer says which would be different, and"
        " how. Without `rule_sets` each is made by its own rules again, and none may be different."
    ),
    **INBOUND,
    **FULFILLMENT,
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
