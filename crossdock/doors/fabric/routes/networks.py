"""Networks of stock: create, list, read, replace, delete, and the sum of available units in them.

A network has no records of its own: it is the records that meet its rules when it is read.
"""

from typing import Any

from crossdock.core.errors import Fault
from crossdock.doors import Reply, Request, Route, json_reply
from crossdock.doors.fabric import examples_stock as examples
from crossdock.doors.fabric import stock_networks
from crossdock.doors.fabric import wire_stock as wire
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, faulty
from crossdock.doors.fabric.mapping_stock import KIND, virtual_counters
from crossdock.doors.fabric.routes.common import CONTEXT, parameter, paths, read_body
from crossdock.doors.fabric.routes.definitions import Definitions
from crossdock.doors.fabric.routes.locations import numbered
from crossdock.doors.fabric.routes.parameters import LIMIT, OFFSET, Query, pagination
from crossdock.doors.fabric.stock_networks import is_in
from crossdock.flows import access, stock_records
from crossdock.flows.stock_records import LevelFilter

Tree = Any
NETWORKS = Definitions(stock_networks.KIND, "network", id_name="networkId")


# --------------------------------------------------------------------------------------------------------------- changes
def _fields(body: wire.NetworkBody) -> dict[str, Tree]:
    return {
        "code": body.code,
        "name": body.name,
        "safetyStock": body.safetyStock or 0,
        "rules": body.rules or {},
    }


async def create_network(request: Request) -> Reply:
    """Create a network: 200 and the network with its id. A code that is taken is a 400."""
    body = read_body(request, wire.NetworkBody)
    return json_reply(200, await NETWORKS.add(request, _fields(body)))


async def list_networks(request: Request) -> Reply:
    """List networks, newest first: 200 and a page."""
    query = Query(request)
    limit, offset = query.page()
    query.check()
    found, total = await NETWORKS.page(request, limit=limit, offset=offset)
    return json_reply(200, {"pagination": pagination(total, limit, offset), "network": found})


async def get_network(request: Request) -> Reply:
    """Read a network by its id."""
    return json_reply(200, await _network(request))


async def _network(request: Request) -> dict[str, Tree]:
    return await NETWORKS.get(request, request.params["networkId"], by="name")


async def replace_network(request: Request) -> Reply:
    """Replace a network: 200 and the network. Its code cannot change."""
    body = read_body(request, wire.NetworkBody)
    code = (await _network(request))["code"]
    if body.code != code:
        raise faulty(Fault(("code",), f"must be that of the network, {code}"))
    return json_reply(200, await NETWORKS.change(request, code, lambda stored: stored | _fields(body)))


async def delete_network(request: Request) -> Reply:
    """Delete a network: 200 and the deleted network."""
    return json_reply(200, await NETWORKS.remove(request, (await _network(request))["code"]))


# ----------------------------------------------------------------------------------------------------------- aggregation
async def aggregate(request: Request) -> Reply:
    """Sum the available units of products in networks, less each network's safety stock: 200 and a page."""
    query = Query(request)
    network_id, sku = query.text("networkId"), query.text("sku")
    if network_id is None and sku is None:
        query.fault("networkId", "is required where there is no sku")
    limit, offset = query.page()
    query.check()
    networks = [await NETWORKS.get(request, network_id, by="name")] if network_id else await NETWORKS.all(request)
    places = {each.location.code: each for each in await numbered(request)}
    sums: dict[tuple[str, str], dict[str, int]] = {}
    filters = LevelFilter(tuple(places), None if sku is None else (sku,))
    async for record in stock_records.each(request.context, request.caller, filters, kind=KIND):
        for network in networks:
            if is_in(record, network["rules"], places.get(record.level.location)):
                start = {"availableToPurchase": -network["safetyStock"]}
                total = sums.setdefault((network["code"], record.level.sku), start)
                for name, units in virtual_counters(record).items():
                    total[name] = total.get(name, 0) + units
    rows = [{"networkCode": code, "sku": of, "virtualCounters": sums[code, of]} for code, of in sorted(sums)]
    page = {"pagination": pagination(len(rows), limit, offset), "networkAggregation": rows[offset : offset + limit]}
    return json_reply(200, page)


# ---------------------------------------------------------------------------------------------------------------- routes
_LIST, _ITEM = paths("/inventory/network"), paths("/inventory/network/{networkId}")
_ANSWERS: dict[int, Any] = {200: wire.Network, **ERRORS}
ROUTES = (
    Route(
        "GET", _LIST, list_networks, access.READ, "listNetworks", "List networks",
        answers={200: wire.NetworkPage, **ERRORS}, parameters=(CONTEXT, LIMIT, OFFSET),
        description="The newest network comes first. The vendor requires `limit` and `offset`; here they are optional.",
        examples={200: examples.NETWORK_PAGE},
    ),
    Route(
        "POST", _LIST, create_network, access.WRITE, "createNetwork", "Create a network",
        request=wire.NetworkBody, answers={**_ANSWERS, **LARGE}, parameters=(CONTEXT,),
        description="Creates a network: the stock records that meet all rules, shown as one figure.",
        examples={"request": examples.NETWORK, 200: examples.STORED_NETWORK},
    ),
    Route(
        "GET", _ITEM, get_network, access.READ, "getNetwork", "Read a network",
        answers={**_ANSWERS, **ABSENT}, parameters=(CONTEXT,), description="Returns the network with this id.",
        examples={200: examples.STORED_NETWORK, 404: examples.NO_NETWORK},
    ),
    Route(
        "PUT", _ITEM, replace_network, access.WRITE, "replaceNetwork", "Replace a network",
        request=wire.NetworkBody, answers={**_ANSWERS, **ABSENT, **LARGE}, parameters=(CONTEXT,),
        description="Replaces the name, the safety stock and the rules of a network. Its code cannot change.",
        examples={"request": examples.NETWORK, 200: examples.STORED_NETWORK, 404: examples.NO_NETWORK},
    ),
    Route(
        "DELETE", _ITEM, delete_network, access.WRITE, "deleteNetwork", "Delete a network",
        answers={**_ANSWERS, **ABSENT}, parameters=(CONTEXT,),
        description="Returns the deleted network. Stock records stay.",
        examples={200: examples.STORED_NETWORK, 404: examples.NO_NETWORK},
    ),
    Route(
        "GET", paths("/inventory/aggregatedNetwork/query"), aggregate, access.READ, "queryAggregatedNetworks",
        "Read the stock of products in networks",
        answers={200: wire.AggregationPage, **ERRORS, **ABSENT},
        parameters=(
            CONTEXT, parameter("networkId", "query", "The id of a network; all networks without it."),
            parameter("sku", "query", "A SKU; all that the network has without it."), LIMIT, OFFSET,
        ),
        description="Sums the available units of each product in each network. `networkId` or `sku` is required.",
        examples={200: examples.AGGREGATION_PAGE, 404: examples.NO_NETWORK},
    ),
)  # fmt: skip
