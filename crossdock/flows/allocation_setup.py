"""What allocation in an organization rests on: its locations and settings, kept in memory for a second.

Every new order asks whether its organization allocates at all, so that must cost nothing. A change made by another server
process takes effect a second later.
"""

from collections.abc import Sequence

from msgspec import Struct

from crossdock.core.allocation import settings as allocation_settings
from crossdock.core.allocation.settings import AllocationSettings, decode_settings
from crossdock.core.catalog import locations
from crossdock.core.catalog.locations import Location, decode_location
from crossdock.flows.context import Context
from crossdock.store import catalog
from crossdock.store.protocols import Transaction

_KEPT_US = 1_000_000
_KINDS = frozenset((locations.KIND, allocation_settings.KIND))


class AllocationSetup(Struct, frozen=True):
    """Locations and settings as they were read at `read_at`, microseconds since 1970 UTC."""

    read_at: int
    locations: tuple[Location, ...]
    settings: AllocationSettings


async def read(tx: Transaction, context: Context, organization_id: int) -> AllocationSetup:
    """Return an organization's locations and allocation settings."""
    now = context.clock()
    known: AllocationSetup | None = context.allocation_setups.get(organization_id)
    if known is not None and 0 <= now - known.read_at < _KEPT_US:
        return known
    entries, _ = await catalog.list_entries(
        tx, organization_id, kind=locations.KIND, term=None, limit=context.settings.catalog_most, offset=0
    )
    stored = await catalog.entries(tx, organization_id, kind=allocation_settings.KIND, keys=[allocation_settings.KEY])
    setup = AllocationSetup(
        now,
        tuple(decode_location(entry.document) for entry in entries),
        decode_settings(stored[0].document) if stored else AllocationSettings(),
    )
    context.allocation_setups[organization_id] = setup
    return setup


async def scheduling(tx: Transaction, organization_ids: Sequence[int]) -> set[int]:
    """Find those of the organizations that allocate new orders by a schedule."""
    found = await catalog.documents_by_organization(
        tx, organization_ids, kind=allocation_settings.KIND, key=allocation_settings.KEY
    )
    return {each for each, document in found.items() if decode_settings(document).mode == "schedule"}


def forget(context: Context, organization_id: int, kind: str) -> None:
    """Read an organization's setup anew next time, where an entry of a kind that it is made of has changed."""
    if kind in _KINDS:
        context.allocation_setups.pop(organization_id, None)
