"""Counters and attributes of stock records: names that a merchant registers. Records may have others too."""

import hashlib
from typing import Any

from crossdock.core.errors import Code, Conflict, Fault
from crossdock.doors import Reply, Request, Route, json_reply
from crossdock.doors.fabric import examples_stock as examples
from crossdock.doors.fabric import wire_calls
from crossdock.doors.fabric import wire_stock as wire
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, not_found
from crossdock.doors.fabric.mapping_stock import ALLOCATED, ON_HAND, SHIPPED, counter_code
from crossdock.doors.fabric.routes.common import CONTEXT, paths, read_body
from crossdock.doors.fabric.routes.definitions import Definitions
from crossdock.flows import access

Tree = Any
COUNTERS = Definitions("fabric/inventory_counter", "counter")
ATTRIBUTES = Definitions("fabric/inventory_attribute", "inventory attribute")
# Every organization has these counters; their documents are those of a catalog entry once they are renamed.
BASE = (ON_HAND, ALLOCATED, SHIPPED)


def _base(request: Request, code: str) -> dict[str, Tree]:
    """Return a counter that every organization has, with an id that is always the same."""
    digest = hashlib.sha256(f"{request.caller.organization.uuid}/{code}".encode()).hexdigest()
    return {"id": digest[:24], "name": code, "code": code}


async def create_counter(request: Request) -> Reply:
    """Create a counter: 200 and the counter. A code that is taken, also in another spelling, is a 400."""
    body = read_body(request, wire.CounterBody)
    if counter_code(body.code) in BASE:
        fault = Fault(("code",), f"is that of the counter {counter_code(body.code)}, which exists")
        raise Conflict(Code.EXISTS, "it exists", faults=(fault,), what="counter")
    return json_reply(200, await COUNTERS.add(request, {"name": body.name, "code": body.code}))


async def list_counters(request: Request) -> Reply:
    """List all counters as an array: those that every organization has, then the others, oldest first."""
    stored = {each["code"]: each for each in await COUNTERS.all(request)}
    base = [stored.pop(code) if code in stored else _base(request, code) for code in BASE]
    return json_reply(200, [*base, *stored.values()])


async def get_counter(request: Request) -> Reply:
    """Read a counter by its code."""
    return json_reply(200, await _counter(request, request.params["code"]))


async def _counter(request: Request, code: str) -> dict[str, Tree]:
    found = {each["code"]: each for each in await COUNTERS.all(request)}.get(code)
    if found is None and code not in BASE:
        raise not_found("counter")
    return found or _base(request, code)


async def rename_counter(request: Request) -> Reply:
    """Rename a counter: 200 and the counter."""
    body, code = read_body(request, wire.CounterChange), request.params["code"]
    base = _base(request, code) if code in BASE else None
    changed = await COUNTERS.change(request, code, lambda stored: stored | {"name": body.name}, default=base)
    return json_reply(200, changed)


async def create_attribute(request: Request) -> Reply:
    """Create an attribute: 200 and the attribute; 409 where its code is taken."""
    body = read_body(request, wire.InventoryAttributeBody)
    return json_reply(200, await ATTRIBUTES.add(request, {"code": body.code}))


async def get_attribute(request: Request) -> Reply:
    """Read an attribute by its code."""
    return json_reply(200, await ATTRIBUTES.get(request, request.params["code"]))


_LIST, _ITEM = paths("/inventory/counter"), paths("/inventory/counter/{code}")
_ANSWERS: dict[int, Any] = {200: wire.Counter, **ERRORS}
_ATTRIBUTE: dict[int, Any] = {200: wire.InventoryAttribute, **ERRORS}
ROUTES = (
    Route(
        "POST", _LIST, create_counter, access.WRITE, "createCounter", "Create a counter",
        request=wire.CounterBody, answers={**_ANSWERS, **LARGE}, parameters=(CONTEXT,),
        description="Registers a counter. Records may have others; the units of all of them are not for sale.",
        examples={"request": examples.COUNTER, 200: examples.STORED_COUNTER},
    ),
    Route(
        "GET", _LIST, list_counters, access.READ, "listCounters", "List the counters",
        answers={200: {"type": "array", "items": wire.Counter}, **ERRORS}, parameters=(CONTEXT,),
        description="Begins with onHand, allocated and shipped, which exist from the start.",
        examples={200: examples.COUNTERS},
    ),
    Route(
        "GET", _ITEM, get_counter, access.READ, "getCounter", "Read a counter",
        answers={**_ANSWERS, **ABSENT}, parameters=(CONTEXT,), description="Returns the counter with this code.",
        examples={200: examples.STORED_COUNTER, 404: examples.NO_COUNTER},
    ),
    Route(
        "PUT", _ITEM, rename_counter, access.WRITE, "updateCounter", "Rename a counter",
        request=wire.CounterChange, answers={**_ANSWERS, **ABSENT, **LARGE}, parameters=(CONTEXT,),
        description="Changes the name of a counter. Its code cannot change.",
        examples={"request": examples.COUNTER_CHANGE, 200: examples.CHANGED_COUNTER, 404: examples.NO_COUNTER},
    ),
    Route(
        "POST", paths("/inventory/attribute"), create_attribute, access.WRITE, "createInventoryAttribute",
        "Define an attribute of stock records",
        request=wire.InventoryAttributeBody, answers={**_ATTRIBUTE, 409: wire_calls.ErrorResponse, **LARGE},
        parameters=(CONTEXT,),
        description="Registers an attribute. Records may have attributes that are not registered.",
        examples={
            "request": examples.INVENTORY_ATTRIBUTE, 200: examples.STORED_INVENTORY_ATTRIBUTE,
            409: examples.INVENTORY_ATTRIBUTE_EXISTS,
        },
    ),
    Route(
        "GET", paths("/inventory/attribute/{code}"), get_attribute, access.READ, "getInventoryAttribute",
        "Read an attribute of stock records",
        answers={**_ATTRIBUTE, **ABSENT}, parameters=(CONTEXT,), description="Returns the attribute with this code.",
        examples={200: examples.STORED_INVENTORY_ATTRIBUTE, 404: examples.NO_INVENTORY_ATTRIBUTE},
    ),
)  # fmt: skip
