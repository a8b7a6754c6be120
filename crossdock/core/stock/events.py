"""The events of a stock level: what people and devices reported about it; pure.

An event says what it made of the level, so that a reader needs no history. What orders allocate and ship is in the orders'
events and in the ledger.
"""

from typing import ClassVar

import msgspec
from msgspec import Struct

from crossdock.core.events import Event, chain_hash
from crossdock.core.stock.model import Counter, Level

LEVEL = "stock_level"
_ENCODER = msgspec.json.Encoder()
_replace = msgspec.structs.replace


class StockEvent(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What happened to a stock level, with the level's key and the units on hand and available afterwards."""

    name: ClassVar[str] = ""
    version: ClassVar[int] = 1
    sku: str
    location: str
    pool: str = ""
    on_hand: int
    available: int


class Counted(StockEvent, frozen=True, omit_defaults=True, kw_only=True):
    """The units were counted; `delta` is what the count found more, or less."""

    name: ClassVar[str] = "stock.counted"
    delta: int
    reason: str | None = None


class Adjusted(StockEvent, frozen=True, omit_defaults=True, kw_only=True):
    """Units were added or taken away."""

    name: ClassVar[str] = "stock.adjusted"
    delta: int
    reason: str | None = None


class ReceivedStock(StockEvent, frozen=True, omit_defaults=True, kw_only=True):
    """Units came in."""

    name: ClassVar[str] = "stock.received"
    delta: int
    reason: str | None = None


class LimitsChanged(StockEvent, frozen=True, omit_defaults=True, kw_only=True):
    """Safety stock, threshold, counters, or whether the stock is unlimited, changed; these are the new ones."""

    name: ClassVar[str] = "stock.limits_changed"
    safety: int = 0
    threshold: int | None = None
    counters: tuple[Counter, ...] = ()
    unlimited: bool = False
    reason: str | None = None


class BecameLow(StockEvent, frozen=True, omit_defaults=True, kw_only=True):
    """Fewer units are available than the threshold asks for."""

    name: ClassVar[str] = "stock.low"
    threshold: int


class BecameSufficient(StockEvent, frozen=True, omit_defaults=True, kw_only=True):
    """As many units are available again as the threshold asks for."""

    name: ClassVar[str] = "stock.sufficient"
    threshold: int


STOCK_EVENTS: dict[str, type[StockEvent]] = {
    kind.name: kind for kind in (Counted, Adjusted, ReceivedStock, LimitsChanged, BecameLow, BecameSufficient)
}


def record(
    level: Level, stock_event: StockEvent, *, event_id: int, at: int, actor: str, door: str
) -> tuple[Level, Event]:
    """Append an event to a level's chain; return the level with its new head, and the event to be stored."""
    unhashed = Event(
        level.organization_id, LEVEL, level.level_id, level.event_number + 1, event_id,
        stock_event.name, stock_event.version, at, actor, door, _ENCODER.encode(stock_event), b"",
    )  # fmt: skip
    event = _replace(unhashed, hash=chain_hash(level.event_hash, unhashed))
    return _replace(level, event_number=event.number, event_hash=event.hash), event
