"""One order and the stock it takes from, in memory: executes commands as flows/execute.py does, without a database."""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import msgspec

from crossdock.core.allocation.plan import Location
from crossdock.core.orders.allocating import AllocateOrder, after_movements
from crossdock.core.orders.commands import Command, State, decide
from crossdock.core.orders.events import OrderEvent, evolve
from crossdock.core.orders.fulfillments import Fulfillment, packed_units
from crossdock.core.orders.model import Content, Line, Order, Source, initial_counters
from crossdock.core.orders.supply import Supply
from crossdock.core.stock.model import Level, LevelKey

NOW = 1_000_000_000


class Book:
    """An order with lines of (SKU, units); `stock` are units on hand by (SKU, location) or (SKU, location, pool)."""

    def __init__(
        self, lines: Sequence[tuple[str, int]], stock: Mapping[tuple[str, ...], int] = {}, **content: Any
    ) -> None:
        ids = count(1)
        self.new_id = lambda: next(ids)
        said = Content(number="A", lines=tuple(Line(units, sku=sku) for sku, units in lines), **content)
        self.order = Order(
            organization_id=1, order_id=900, version=1, created_at=NOW, updated_at=NOW, source=Source("hub", 3, "me"),
            content=said, counters=initial_counters(said),
        )  # fmt: skip
        self.levels = {LevelKey(*key): Level(1, self.new_id(), *key, on_hand=units) for key, units in stock.items()}
        self.locations = tuple(Location(each) for each in sorted({key[1] for key in stock}))
        self.now = NOW
        self.events: list[OrderEvent] = []

    def do(self, command: type[Command] | Command, **fields: Any) -> list[str]:
        """Execute a command; return the names of its events."""
        if isinstance(command, type):
            command = command(order_id=900, **fields)
        state = State(self.order, self.now, "me")
        if command.reads_supply and self.locations:
            skus = {line.sku for line in self.order.content.lines}
            levels = {key: level for key, level in self.levels.items() if key.sku in skus}
            state = msgspec.structs.replace(
                state, supply=Supply(levels, self.locations, (), self.new_id(), self.new_id)
            )
            state = msgspec.structs.replace(state, decision=command.decision(state))
        events = decide(command, state)
        for event in events:
            self.levels = after_movements(self.levels, event.stock_movements(self.order))
            self.order = evolve(self.order, event, at=max(self.now, self.order.updated_at))
            self.order = msgspec.structs.replace(self.order, event_number=self.order.event_number + 1)
        self.events += events
        self.check()
        return [event.name for event in events]

    def allocate(self, **fields: Any) -> list[str]:
        """Allocate the order."""
        return self.do(AllocateOrder, **fields)

    def level(self, sku: str, place: str, pool: str = "") -> tuple[int, int]:
        """Return (on hand, allocated)."""
        level = self.levels[LevelKey(sku, place, pool)]
        return level.on_hand, level.allocated

    @property
    def fulfillments(self) -> tuple[Fulfillment, ...]:
        """The order's fulfillments."""
        return self.order.fulfillments

    def check(self) -> None:
        """Check what must hold after every change."""
        assert all(line.is_sound() for line in self.order.counters), self.order.counters
        assert all(level.is_sound() for level in self.levels.values()), self.levels
        for each in self.fulfillments:
            assert all(line.is_sound() for line in each.lines), each
            packed = packed_units(each)
            assert all(packed.get(line.line, 0) <= line.open for line in each.lines), each
        for place, line in enumerate(self.order.counters):
            open_units = sum(
                part.open
                for each in self.fulfillments
                if each.kind != "reship"
                for part in each.lines
                if part.line == place
            )
            assert open_units <= line.allocated, (place, open_units, line)
            shipped = sum(
                part.shipped
                for each in self.fulfillments
                if each.kind != "reship"
                for part in each.lines
                if part.line == place
            )
            assert shipped <= line.shipped
            allocated = sum(part.open for each in self.order.allocations for part in each.units if part.line == place)
            assert allocated <= line.allocated
        for key, level in self.levels.items():
            units = sum(
                part.open
                for each in self.order.allocations
                for part in each.units
                if (part.sku, each.location, part.pool) == (key.sku, key.location, key.pool)
            )
            assert units == level.allocated, key
