"""The hub's JSON to canonical content and back; pure. The names are the same on both sides, so most of it is generic."""

from typing import Any

import msgspec

from crossdock.core.errors import Fault, Path
from crossdock.core.formats import iso_time
from crossdock.core.identity import from_base32, to_base32
from crossdock.core.money import reconcile
from crossdock.core.order import Content, Hold, Order
from crossdock.core.reading import Need, Reading, rows, take, unchecked
from crossdock.doors import encode_json
from crossdock.doors.hub import wire
from crossdock.flows.book import NOTHING_MORE, Found, Gaps, Placement

Tree = Any
# Members of the answer that a sender cannot set.
ANSWERED = (
    "id", "version", "status", "created_at", "updated_at", "source", "holds", "tags", "archived", "reconciliation",
)  # fmt: skip
_ENCODER = msgspec.json.Encoder()  # writes amounts as strings, as this door does
_DECODER = msgspec.json.Decoder()

spell_id = to_base32
read_id = from_base32


def _line_rules(tree: Tree) -> list[Fault]:
    """A line is found by its SKU or told by its description, and goes to a destination that is there."""
    faults = []
    destinations = tree.get("destinations") if isinstance(tree, dict) else None
    known = len(destinations) if isinstance(destinations, list) else 0
    for position, line in rows(tree, "lines"):
        if not line.get("sku") and not line.get("description"):
            faults.append(Fault(("lines", position), "must have a sku or a description"))
        place = line.get("destination")
        if isinstance(place, int) and place and place >= known:
            faults.append(
                Fault(("lines", position, "destination"), f"must be below {known}, the number of destinations")
            )
    return faults


def time_answer(us: int) -> str:
    """Spell microseconds since 1970."""
    return iso_time(us, digits=6)


def hold_answer(hold: Hold) -> dict[str, Tree]:
    """Spell a hold."""
    return {
        "number": hold.number,
        "reason": hold.reason,
        "note": hold.note,
        "lines": list(hold.lines),
        "at": time_answer(hold.at),
        "release_at": None if hold.release_at is None else time_answer(hold.release_at),
        "actor": hold.actor,
    }


class HubFormat:
    """The document of the hub's own API; see flows.book.Format."""

    name = "hub"
    lines = "lines"
    number_path: Path = ("number",)

    def read(self, raw: bytes) -> Reading:
        """See Format."""
        return take(raw, wire.OrderCreate, _line_rules, natural=lambda sent: (sent.number,))

    def reread(self, document: dict[str, Tree]) -> Reading:
        """See Format."""
        return Reading(document, unchecked(document, wire.OrderCreate))

    def content(self, reading: Reading, found: Found) -> Content:
        """See Format."""
        return msgspec.convert(reading.shape, Content, from_attributes=True)

    def needs(self, content: Content) -> tuple[Need, ...]:
        """See Format."""
        return ()

    def spell(self, content: Content, found: Found, gaps: Gaps) -> dict[str, Tree]:
        """See Format; nothing is required that an order cannot lack."""
        document: dict[str, Tree] = _DECODER.decode(_ENCODER.encode(content))  # quicker than taking it apart here
        document.pop("leftovers", None)
        for line in document["lines"]:
            line.pop("leftovers", None)
        return document

    def answer(self, document: dict[str, Tree], order: Order, found: Found) -> dict[str, Tree]:
        """See Format."""
        own = {name: value for name, value in document.items() if name not in ANSWERED}
        own["lines"] = [
            line | {"counters": msgspec.structs.asdict(counters)}
            for line, counters in zip(own["lines"], order.counters, strict=True)
        ]
        told = {
            "id": spell_id(order.order_id),
            "version": order.version,
            "status": str(order.status),
            "created_at": time_answer(order.created_at),
            "updated_at": time_answer(order.updated_at),
            "source": {
                "door": order.source.door,
                "submission_id": spell_id(order.source.submission_id),
                "actor": order.source.actor,
            },
            "holds": [hold_answer(each) for each in order.holds],
            "tags": list(order.tags),
            "archived": order.archived,
        }
        return told | own | {"reconciliation": _reconciliation(order.content)}

    def reply(self, document: dict[str, Tree], order: Order, found: Found) -> bytes:
        """See Format."""
        return encode_json(self.answer(document, order, found))

    def placed(self, document: dict[str, Tree], order: Order, found: Found) -> Placement:
        """See Format."""
        return NOTHING_MORE


def _reconciliation(content: Content) -> Tree:
    found = reconcile(content)
    return {
        "currency": found.currency,
        "exponent": found.exponent,
        "balanced": found.balanced,
        "components": [
            {
                "component": each.component,
                "line": each.line,
                "stated": None if each.stated is None else str(each.stated),
                "computed": None if each.computed is None else str(each.computed),
                "difference": None if each.difference is None else str(each.difference),
            }
            for each in found.components  # amounts of at most four places, which are never spelled with an exponent
        ],
    }


FORMAT = HubFormat()
