"""What of a SKU can be promised: over all active locations, by pool, and by network."""

from collections.abc import Sequence

from msgspec import Struct

from crossdock.core.catalog.locations import KIND
from crossdock.core.errors import Code, NotFound
from crossdock.core.stock.model import Level
from crossdock.flows import inbound, stock_networks
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.locations import StoredLocation, stored_location
from crossdock.flows.stock_networks import NetworkLevels
from crossdock.store import catalog as catalog_store
from crossdock.store import stock as stock_store
from crossdock.store.protocols import Transaction


class AvailabilityFilter(Struct, frozen=True):
    """What counts: levels at some locations (None for all), those that an order of a pool may use (its own and the common
    ones), and those of a network."""

    locations: frozenset[str] | None = None
    pool: str | None = None
    network: str | None = None

    def at(self, location: str) -> bool:
        """Tell whether a location counts."""
        return self.locations is None or location in self.locations

    @property
    def pools(self) -> frozenset[str] | None:
        """The pools that count, None for all."""
        return None if self.pool is None else frozenset((self.pool, ""))


class NetworkAvailability(Struct, frozen=True):
    """What a network can promise of a SKU: the units of its levels, less its safety stock."""

    code: str
    available: int
    unlimited: bool


class Availability(Struct, frozen=True):
    """What of a SKU can be promised, from its levels at active locations; `unlimited` where one of them never runs out.

    `safety` is what the network that was asked for keeps back. `expected` has the units that open documents of inbound still
    expect, by active location.
    """

    sku: str
    levels: tuple[Level, ...]
    safety: int = 0
    expected: dict[str, int] = {}
    networks: tuple[NetworkAvailability, ...] = ()

    @property
    def available(self) -> int:
        """Units that can be promised."""
        return max(0, sum(level.available for level in self.levels) - self.safety)

    @property
    def unlimited(self) -> bool:
        """Whether a level never runs out."""
        return any(level.unlimited for level in self.levels)


async def availability(
    context: Context, caller: Caller, skus: Sequence[str], filter: AvailabilityFilter
) -> list[Availability]:
    """Read what can be promised of SKUs, in their order, and what is expected of them. Inactive locations do not count.

    Refuses with NotFound `not_found` a network that is not there.
    """
    async with context.store.reading() as tx:
        found = await stock_store.by_skus(tx, caller.organization_id, skus)
        sums = await inbound.expected_sums(tx, caller.organization_id, skus=skus, pools=filter.pools)
        codes = {level.location for level in found} | {location for _, location in sums}
        places = await _active_places(tx, caller, [code for code in codes if filter.at(code)])
        levels = [
            level
            for level in found
            if level.location in places and (filter.pools is None or level.pool in filter.pools)
        ]
        networks = await stock_networks.networks_of(tx, context, caller.organization_id, levels, places)
    safety = 0
    if filter.network is not None:
        network = _network(networks, filter.network)
        levels, safety = [level for level in levels if level.key in network.levels], network.safety
        within = {level.location for level in levels}
        sums = {(sku, at): units for (sku, at), units in sums.items() if at in within}
        networks = [network]
    return [
        Availability(
            sku,
            of_sku := tuple(level for level in levels if level.sku == sku),
            safety,
            {at: units for (of, at), units in sorted(sums.items()) if of == sku and at in places},
            tuple(_promise(each, inside) for each in networks if (inside := _inside(each, of_sku))),
        )
        for sku in dict.fromkeys(skus)
    ]


async def _active_places(tx: Transaction, caller: Caller, codes: Sequence[str]) -> dict[str, StoredLocation]:
    entries = await catalog_store.entries(tx, caller.organization_id, kind=KIND, keys=sorted(codes))
    return {entry.key: place for entry in entries if (place := stored_location(entry)).location.active}


def _network(networks: Sequence[NetworkLevels], code: str) -> NetworkLevels:
    network = next((each for each in networks if each.code == code), None)
    if network is None:
        raise NotFound(Code.NOT_FOUND, f"there is no network {code!r}", kind="network", key=code)
    return network


def _inside(network: NetworkLevels, levels: Sequence[Level]) -> list[Level]:
    return [level for level in levels if level.key in network.levels]


def _promise(network: NetworkLevels, levels: Sequence[Level]) -> NetworkAvailability:
    units = sum(level.available for level in levels)
    return NetworkAvailability(network.code, max(0, units - network.safety), any(level.unlimited for level in levels))
