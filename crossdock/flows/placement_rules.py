"""Rules of a door that new orders are placed by, such as fraud conditions: catalog entries, kept in memory for a second.

Every new order of the door asks for them. An organization without rules pays one look-up a second, whatever it receives. A
change made by another server process takes effect a second later.
"""

import msgspec
from msgspec import Struct

from crossdock.flows.context import Context
from crossdock.flows.formats import Format, ReferenceData
from crossdock.store import catalog
from crossdock.store.catalog import CatalogEntry, EntryKey
from crossdock.store.protocols import Transaction

_KEPT_US = 1_000_000
MAX_RULES = 20  # of a kind and organization: all of them are looked at for each new order


class PlacementRules(Struct, frozen=True):
    """Rules as they were read at `read_at`, microseconds since 1970 UTC."""

    read_at: int
    entries: dict[EntryKey, CatalogEntry]


async def with_rules(tx: Transaction, context: Context, format: Format, references: ReferenceData) -> ReferenceData:
    """Add the rules that a format places new orders by to what these refer to; the same data where there are none."""
    if format.placement_kind is None:
        return references
    rules = await _read(tx, context, references.organization.organization_id, format.placement_kind)
    if not rules.entries:
        return references
    return msgspec.structs.replace(references, entries=references.entries | rules.entries)


async def _read(tx: Transaction, context: Context, organization_id: int, kind: str) -> PlacementRules:
    now = context.clock()
    known: PlacementRules | None = context.placement_rules.get((organization_id, kind))
    if known is not None and 0 <= now - known.read_at < _KEPT_US:
        return known
    entries, _ = await catalog.list_entries(tx, organization_id, kind=kind, term=None, limit=MAX_RULES, offset=0)
    rules = PlacementRules(now, {(kind, entry.key): entry for entry in reversed(entries)})
    context.placement_rules[organization_id, kind] = rules
    return rules


def forget(context: Context, organization_id: int, kind: str) -> None:
    """Read an organization's rules anew for the next order; to be called after each change of them."""
    context.placement_rules.pop((organization_id, kind), None)
