"""The order book as the flows see it: a store, a clock, ids, limits, and the formats the doors brought.

Also what a door must bring for its orders to be taken and answered: a `Format`.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from msgspec import Struct

from crossdock.core.errors import Path
from crossdock.core.ids import IdGenerator
from crossdock.core.json.request_body import EntityReference, ParsedBody
from crossdock.core.orders.model import Content, Order
from crossdock.flows.access import Access
from crossdock.flows.lru_cache import LruCache
from crossdock.settings import Settings
from crossdock.store.catalog import CatalogEntry
from crossdock.store.protocols import Store
from crossdock.store.tenants import Organization

if TYPE_CHECKING:
    from crossdock.flows.endpoints import Rules
    from crossdock.flows.event_payloads import PayloadFormat

Tree = Any
encode_json = msgspec.json.Encoder(decimal_format="number").encode  # Decimals as the numbers they are


class ReferenceData(Struct, frozen=True):
    """What was looked up for a batch: the organization, its vendor references, and catalog entries by kind and key.

    `actor` is who asks.
    """

    organization: Organization
    actor: str = ""
    references: frozenset[tuple[str, str]] = frozenset()
    entries: dict[tuple[str, str], CatalogEntry] = {}


class MissingField(Struct, frozen=True):
    """Where a format demanded what the order does not have: the path in the answer, and the empty value put there."""

    path: Path
    value: Any


class MissingFields:
    """Collects gaps while an order is spelled; a format fills what it must have through `fill`."""

    def __init__(self) -> None:
        self.found: list[MissingField] = []

    def fill(self, value: Any, empty: Any, *path: str | int) -> Any:
        """Give `value`, or, where it is None, note the gap at `path` and give `empty`."""
        if value is not None:
            return value
        self.found.append(MissingField(path, empty))
        return empty


class Format(Protocol):
    """One door's document: how it is read, and how an order is written in it. All methods are pure.

    What `spell`, `answer` and `told` write depends on the order, and of what was found only on the organization and on the
    entries that `needs` names: documents are kept by these (flows/written.py).
    """

    name: str
    lines: str  # the member of the document that holds the order lines
    number_path: Path  # the member that holds the natural key, for the conflict's fault

    def parse(self, raw: bytes) -> ParsedBody:
        """Read a create body. Raises Invalid only where it is no JSON; every other fault is in the reading."""

    def parse_rendered(self, document: dict[str, Tree]) -> ParsedBody:
        """Read a document that `spell` wrote, whose gaps may hold values the door would not take; never faults."""

    def to_content(self, reading: ParsedBody, found: ReferenceData) -> Content:
        """Make canonical content of a reading without faults, all of whose needs were found."""

    def from_content(self, content: Content, found: ReferenceData, missing_fields: MissingFields) -> dict[str, Tree]:
        """Write content in the shape of the create body; the inverse of `content`, up to leftovers."""

    def references(self, content: Content) -> tuple[EntityReference, ...]:
        """Name the catalog entries that `spell` and `answer` want for content that may come from another door."""

    def to_response(self, document: dict[str, Tree], order: Order, found: ReferenceData) -> dict[str, Tree]:
        """Turn a spelled document (leftovers restored) into the door's read answer for this order."""

    def render_foreign(self, order: Order, found: ReferenceData) -> bytes:
        """Give the read answer for an order that came through another door, as JSON; its gaps are not asked for."""
        return encode_json(self.to_response(self.from_content(order.content, found, MissingFields()), order, found))

    def create_response(self, document: dict[str, Tree], order: Order, found: ReferenceData) -> bytes:
        """Give the body of the answer to the create call."""

    def placement(self, document: dict[str, Tree], order: Order, found: ReferenceData) -> "Placement":
        """Say what the door's rules do to a new order at once: holds to place, a location to allocate all lines to.

        `document` is what was sent.
        """


class Placement(Struct, frozen=True):
    """What happens to an order the moment it is received."""

    hold_reasons: tuple[str, ...] = ()
    location_ref: str | None = None


NO_PLACEMENT = Placement()


class Wakeup:
    """Wakes those of this process who wait for events. Events of other processes ring nothing: who waits looks now and then.

    `count` counts the notifications. Who looks for events and then waits gives the count from before the look, so that no ring is missed.
    """

    def __init__(self) -> None:
        self.count = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def notify(self) -> None:
        """Wake all who wait."""
        self.count += 1
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    async def wait(self, timeout_s: float, *, since: int) -> None:
        """Wait until the bell has been rung more than `since` times, at most so long."""
        if self.count > since:
            return
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await asyncio.wait([future], timeout=timeout_s)
        finally:
            self._waiting.discard(future)


class Context:
    """What every flow needs. One per process; `app.py` makes it."""

    def __init__(
        self,
        store: Store,
        *,
        settings: Settings,
        clock: Callable[[], int],
        id_generator: IdGenerator,
        access: Access,
        formats: Mapping[str, Format],
        payloads: "Mapping[str, PayloadFormat]",
        rules: "Rules",
        customer_hold_reasons: tuple[str, ...] = (),
    ) -> None:
        self.store = store
        self.settings = settings
        self.clock = clock
        self.id_generator = id_generator
        self.access = access
        self.formats = formats
        self.payloads = payloads
        self.rules = rules
        self.customer_hold_reasons = customer_hold_reasons  # vendors' hold codes that need an answer from the customer
        self.document_cache = LruCache()
        self.wakeup = Wakeup()  # rung when events were committed
        # When a submission last came to this process; the worker beside it steps back while they come.
        self.submitted_at = 0
