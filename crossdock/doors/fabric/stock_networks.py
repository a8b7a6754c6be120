"""Networks of stock: which stock records meet the rules of a network; pure.

A network has no records of its own: it is the records that meet its rules when it is read.
"""

from typing import Any

from crossdock.core.ids import json_equal
from crossdock.core.json.strict_json import parse_trusted
from crossdock.doors.fabric.mapping_locations import location_response
from crossdock.doors.fabric.mapping_stock import KIND as RECORD_KIND
from crossdock.doors.fabric.mapping_stock import document_of, location_num
from crossdock.flows.locations import StoredLocation
from crossdock.flows.stock_networks import NetworkSource, StockNetwork
from crossdock.flows.stock_records import StockRecord

Tree = Any
KIND = "fabric/network"
_LOCATION, _PRODUCT = "locationData.", "productData."
_MISSING = object()


def network_of(document: bytes) -> StockNetwork:
    """Read a network; like this door it has only records at locations whose codes are numbers."""
    network = parse_trusted(document)
    rules = network["rules"]
    return StockNetwork(
        network["code"],
        network["safetyStock"],
        lambda record, place: location_num(place.location.code) is not None and is_in(record, rules, place),
    )


SOURCE = NetworkSource(KIND, RECORD_KIND, network_of)


def is_in(record: StockRecord, rules: dict[str, Tree], place: StoredLocation | None) -> bool:
    """Tell whether a record at a location meets all rules: of the location, and of its attributes. An unknown path is met by
    none; without the location nothing is met."""
    if place is None:
        return False
    sources = {
        _LOCATION: location_response(place),
        _PRODUCT: {"attributes": document_of(record).get("attributes") or {}},
    }
    return all(
        any(
            path.startswith(prefix) and _meets(_at(source, path.removeprefix(prefix)), value)
            for prefix, source in sources.items()
        )
        for path, value in rules.items()
    )


def _at(node: Tree, path: str) -> Tree:
    """Return the value at a path of member names; a name may hold dots itself."""
    if not isinstance(node, dict):
        return _MISSING
    if path in node:
        return node[path]
    head, dot, rest = path.partition(".")
    return _at(node[head], rest) if dot and head in node else _MISSING


def _meets(found: Tree, required: Tree) -> bool:
    return found is not _MISSING and json_equal(found, required)
