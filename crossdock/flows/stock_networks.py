"""Networks of stock that doors define, such as fabric's: the levels that meet rules, promised as one figure."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from crossdock.core.stock.model import Level, LevelKey
from crossdock.flows import stock_records
from crossdock.flows.context import Context
from crossdock.flows.locations import StoredLocation
from crossdock.flows.stock_records import StockRecord
from crossdock.store import catalog as catalog_store
from crossdock.store.protocols import Transaction


class StockNetwork(Struct, frozen=True):
    """A network: `safety` units of each SKU are kept back; `contains` tells whether a record at a location belongs to it."""

    code: str
    safety: int
    contains: Callable[[StockRecord, StoredLocation], bool]


class NetworkSource(Struct, frozen=True):
    """How a door defines networks: by catalog entries of `kind`, which `network_of` reads; `record_kind` are the entries with
    the door's documents about stock levels."""

    kind: str
    record_kind: str
    network_of: Callable[[bytes], StockNetwork]


class NetworkLevels(Struct, frozen=True):
    """Which of some levels are in a network."""

    code: str
    safety: int
    levels: frozenset[LevelKey]


async def networks_of(
    tx: Transaction,
    context: Context,
    organization_id: int,
    levels: Sequence[Level],
    places: Mapping[str, StoredLocation],
) -> list[NetworkLevels]:
    """Return all networks of an organization by code, with those of `levels` that are in them; `places` are the levels'
    locations by code. Without networks this is one look-up."""
    found = []
    for source in context.networks:
        limit = context.settings.catalog_most
        entries, _ = await catalog_store.list_entries(
            tx, organization_id, kind=source.kind, term=None, limit=limit, offset=0
        )
        if not entries:
            continue
        records = await stock_records.with_documents(tx, organization_id, levels, source.record_kind)
        for network in map(source.network_of, (entry.document for entry in entries)):
            inside = frozenset(
                record.level.key
                for record in records
                if (place := places.get(record.level.location)) is not None and network.contains(record, place)
            )
            found.append(NetworkLevels(network.code, network.safety, inside))
    return sorted(found, key=lambda network: network.code)
