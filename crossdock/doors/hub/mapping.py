"""The hub's JSON to canonical content and back; pure. The names are the same on both sides, so most of it is generic."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import asdict, astuple

from crossdock.core.errors import Fault, Path
from crossdock.core.events import Event
from crossdock.core.ids import from_base32, to_base32
from crossdock.core.json.request_body import EntityReference, ParsedBody, objects_in, parse_body
from crossdock.core.json.validation import unchecked
from crossdock.core.money import reconcile
from crossdock.core.orders.model import Content, Hold, Line, Order
from crossdock.core.orders.status import Counters
from crossdock.core.time import format_time
from crossdock.doors import encode_json
from crossdock.doors.hub import wire
from crossdock.flows.formats import Format, MissingFields, ReferenceData

Tree = Any
# Members of the answer that a sender cannot set.
_HEAD = ("id", "version", "status", "created_at", "updated_at", "source", "holds", "tags", "archived")
ANSWERED = (*_HEAD, "reconciliation")
# What is said of an order that cannot be rendered, in its place in a list or an export.
UNREADABLE = "the order cannot be shown; the server's log says why"
_ENCODER = msgspec.json.Encoder()  # writes amounts as strings, as this door does
_DECODER = msgspec.json.Decoder()


def _members(kind: type[msgspec.Struct]) -> list[tuple[str, Any, Any]]:
    """List the members of a canonical Struct as the answer has them: all but the leftovers, absent where they say nothing."""
    fields = [field for field in msgspec.structs.fields(kind) if field.name != "unmapped"]
    return [(field.name, Any, None if field.required else field.default) for field in fields]


# The answer in the order of its members, for orders of other doors: encoded from canonical values as they are.
_COUNTERS = msgspec.defstruct("_COUNTERS", [(field.name, int) for field in msgspec.structs.fields(Counters)])
_LINE = msgspec.defstruct("_LINE", [*_members(Line), ("counters", Any, None)], omit_defaults=True)
_ANSWER = msgspec.defstruct(
    "_ANSWER", [*((name, Any) for name in _HEAD), *_members(Content), ("reconciliation", Any, None)], omit_defaults=True
)

spell_id = to_base32
read_id = from_base32


def _line_rules(tree: Tree) -> list[Fault]:
    """A line is found by its SKU or told by its description, and goes to a destination that is there."""
    faults = []
    destinations = tree.get("destinations") if isinstance(tree, dict) else None
    known = len(destinations) if isinstance(destinations, list) else 0
    for position, line in objects_in(tree, "lines"):
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
    return format_time(us, digits=6)


def unreadable_answer(order: Order) -> bytes:
    """Render what stands in a list or an export for an order that cannot be rendered."""
    answer = wire.UnreadableOrder(
        spell_id(order.order_id), order.content.number, order.version, str(order.status), UNREADABLE
    )
    return _ENCODER.encode(answer)


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


class HubFormat(Format):
    """The document of the hub's own API; see flows.book.Format."""

    name = "hub"
    lines = "lines"
    number_path: Path = ("number",)

    def parse(self, raw: bytes) -> ParsedBody:
        """See Format."""
        return parse_body(raw, wire.OrderCreate, _line_rules, natural=lambda sent: (sent.number,))

    def parse_rendered(self, document: dict[str, Tree]) -> ParsedBody:
        """See Format."""
        return ParsedBody(document, unchecked(document, wire.OrderCreate))

    def to_content(self, reading: ParsedBody, found: ReferenceData) -> Content:
        """See Format."""
        return msgspec.convert(reading.shape, Content, from_attributes=True)

    def references(self, content: Content) -> tuple[EntityReference, ...]:
        """See Format."""
        return ()

    def from_content(self, content: Content, found: ReferenceData, missing_fields: MissingFields) -> dict[str, Tree]:
        """See Format; nothing is required that an order cannot lack."""
        document: dict[str, Tree] = _DECODER.decode(_ENCODER.encode(content))  # quicker than taking it apart here
        document.pop("leftovers", None)
        for line in document["lines"]:
            line.pop("leftovers", None)
        return document

    def to_response(
        self, document: dict[str, Tree], order: Order, found: ReferenceData, history: Sequence[Event] = ()
    ) -> dict[str, Tree]:
        """See Format."""
        answer = dict(zip(_HEAD, _head(order), strict=True))
        answer |= {name: value for name, value in document.items() if name not in ANSWERED}
        answer["lines"] = [
            line | {"counters": asdict(counters)}
            for line, counters in zip(answer["lines"], order.counters, strict=True)
        ]
        answer["reconciliation"] = _reconciliation(order.content)
        return answer

    def render_foreign(self, order: Order, found: ReferenceData) -> bytes:
        """See Format; as `answer` of what `spell` gives, without taking the content apart."""
        lines = [
            _LINE(*astuple(line)[:-1], _COUNTERS(*astuple(counters)))
            for line, counters in zip(order.content.lines, order.counters, strict=True)
        ]
        number, _, *others = astuple(order.content)[:-1]
        return _ENCODER.encode(_ANSWER(*_head(order), number, lines, *others, reconcile(order.content)))

    def create_response(self, document: dict[str, Tree], order: Order, found: ReferenceData) -> bytes:
        """See Format."""
        return encode_json(self.to_response(document, order, found))


def _head(order: Order) -> tuple[Tree, ...]:
    """Give what the book knows of an order: the values of `_HEAD`."""
    created = time_answer(order.created_at)
    source = order.source
    return (
        spell_id(order.order_id),
        order.version,
        str(order.status),
        created,
        created if order.updated_at == order.created_at else time_answer(order.updated_at),
        {"door": source.door, "submission_id": spell_id(source.submission_id), "actor": source.actor},
        [hold_answer(each) for each in order.holds],
        list(order.tags),
        order.archived,
    )


def _reconciliation(content: Content) -> Tree:
    return msgspec.to_builtins(reconcile(content))


FORMAT = HubFormat()
