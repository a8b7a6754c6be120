"""Makes orders as doors would have taken them: bodies, contents, histories, as rows; the same for the same count and end."""

import json
import random
import re
import time
from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate
from typing import Any

import msgspec
from msgspec import Struct

from bench.load import BODIES, HERE
from crossdock.core.events import Event
from crossdock.core.ids import IdGenerator, first_id_at, hashed_key
from crossdock.core.orders import events, status
from crossdock.core.orders.model import Content, Hold, Order, Source, initial_counters
from crossdock.doors import all_doors
from crossdock.doors.s2 import catalog as s2
from crossdock.doors.s2 import demo as s2_demo
from crossdock.flows.formats import ReferenceData
from crossdock.store import orders
from crossdock.store.catalog import CatalogEntry
from crossdock.store.event_log import NewEvent
from crossdock.store.submissions import SubmissionRecord
from crossdock.store.tenants import Organization

SKUS = 10_000
PLACED = "2026-01-30T10:53:24Z"
COMMON, RARE = "smith", "zwingli"  # last names; one order in 30, one in 20,000
COMMON_TAG, RARE_TAG = "vip", "investigate"
CROWD = "marketplace"  # an e-mail that one order in 50 has
SPAN_US = 2 * 365 * 86_400 * 1_000_000
_FIRST = ["john", "jane", "mary", "james", "linda", "robert", "anna", "peter", "laura", "kevin", "nora", "oscar", "emma",
          "liam", "olga", "ivan", "mia", "paul", "ruth", "adam", "sara", "tom", "eva", "max", "ida", "ben", "zoe", "leo",
          "amy", "ian"]  # fmt: skip
_SYLLABLES = ["ba", "ko", "ri", "ten", "mar", "lo", "vi", "sen", "du", "pra", "nel", "os", "tik", "ham", "wel", "da", "jor",
              "ku", "fi", "ste"]  # fmt: skip
_LAST = [COMMON, *(a + b + c for a in _SYLLABLES for b in _SYLLABLES for c in _SYLLABLES)]
LOCATIONS = [f"W-{place:02d}" for place in range(40)]
_CONTENT = msgspec.json.Decoder(Content, float_hook=Decimal)
ENCODER = msgspec.json.Encoder(decimal_format="number")


# ------------------------------------------------------------------------------------------------------------ templates
# Bodies have marks (QQ…QQ) where orders differ, and lack what nothing here looks at.
_NAME, _NAMES = "QQFIRSTQQ QQLASTQQ", {"first": "QQFIRSTQQ", "last": "QQLASTQQ"}
_MAIL = "QQEMAILQQ@example.com"


def _sample(door: str, lines: int) -> dict[str, Any]:
    """Return a door's sample body with so many lines, and with marks."""
    path = HERE / "hub.request.json" if door == "hub" else BODIES / door / "create.request.json"
    body: dict[str, Any] = json.loads(path.read_text())
    _MARKING[door](body, range(lines))
    return body


def _mark_oms(body: dict[str, Any], places: range) -> None:
    _drop(body, "orderMessage", "additionalAddresses", "metadata")
    body |= {"orderNumber": "QQNUMBERQQ", "shippingReference": {"reference1": "QQREFQQ"}}
    body["customerInfo"] = {
        "firstName": "QQFIRSTQQ", "lastName": "QQLASTQQ", "email": _MAIL, "customerId": "QQCUSTQQ"
    }  # fmt: skip
    body["toAddress"] |= {"name": _NAME, "email": _MAIL, "company": ""}
    (item,) = body["items"]
    _drop(item, "customProductId")
    body["items"] = [item | {"itemId": f"QQSKU{place}QQ"} for place in places]
    body["shippingPreferences"] = {"carrier": "UPS", "service": "2DA", "dateOfShipment": "2026-01-30"}


def _mark_fulfillment(body: dict[str, Any], places: range) -> None:
    _drop(body, "billingAddress")
    body |= {
        "clientOrderId": "QQNUMBERQQ", "customerOrderId": "QQREFQQ", "fromNode": "QQLOCQQ", "createDate": PLACED
    }  # fmt: skip
    body["inputShippingDetails"]["trackingNumber"] = "QQTRACKQQ"
    body["toAddress"] |= {"name": _NAME, "email": _MAIL, "company": ""}
    (line,) = body["orderLines"]
    body["orderLines"] = [line | {"lineId": place + 1, "sku": f"QQSKU{place}QQ"} for place in places]


def _mark_fabric(body: dict[str, Any], places: range) -> None:
    _drop(body, "payments", "retail", "notes", "discounts", "cartId", "attributes")
    body |= {"orderNumber": "QQNUMBERQQ", "orderDate": PLACED}
    body["customer"] |= {"name": _NAMES, "email": _MAIL, "userId": "QQCUSTQQ", "company": ""}
    (item,), (ship,) = body["items"], body["shipInfo"]
    _drop(item, "notes", "discounts", "attributes", "fees")
    body["items"] = [
        item | {"lineItemId": str(place + 1), "lineItemNumber": place + 1, "sku": f"QQSKU{place}QQ"} for place in places
    ]
    _drop(ship, "pickup")
    ship["locationNum"] = "QQLOCQQ"
    ship["shipToAddress"] |= {"name": _NAMES, "email": _MAIL}


def _mark_s2(body: dict[str, Any], places: range) -> None:
    _drop(body, "billingAddress")
    body |= {
        "channelOrderId": "QQNUMBERQQ", "channelOrderIdAlt": "QQREFQQ", "channelOrderDate": PLACED, "attachments": []
    }  # fmt: skip
    body["shippingAddress"] |= {"name": _NAME, "email": _MAIL, "company": ""}
    item = body["items"][0]
    body["items"] = [
        item | {"channelOrderItemId": str(place), "productId": product_key(-1 - place)} for place in places
    ]


def _mark_hub(body: dict[str, Any], places: range) -> None:
    body |= {"number": "QQNUMBERQQ", "placed_at": PLACED, "references": [{"name": "po", "value": "QQREFQQ"}]}
    body["customer"] = {"customer_ref": "QQCUSTQQ", "name": _NAME, "email": _MAIL}
    body["destinations"][0]["location_ref"] = "QQLOCQQ"
    body["destinations"][0]["address"] |= {"name": _NAME, "email": _MAIL}
    line = body["lines"][0]
    body["lines"] = [line | {"line_ref": str(place + 1), "sku": f"QQSKU{place}QQ"} for place in places]


def _drop(document: dict[str, Any], *members: str) -> None:
    for member in members:
        del document[member]


_MARKING = {
    "pb_oms": _mark_oms, "pb_fulfillment": _mark_fulfillment, "fabric": _mark_fabric, "s2": _mark_s2, "hub": _mark_hub,
}  # fmt: skip
DOORS = tuple(_MARKING)


def product_key(number: int) -> str:
    return f"{number % 2**32:08x}-0000-4000-8000-000000000000"


def product(number: int, sku: str) -> CatalogEntry:
    made = msgspec.structs.replace(s2_demo.DEMO_SEEDS[3].document, sku=sku, name=f"Thing {sku}")
    return CatalogEntry(0, s2.PRODUCT, product_key(number), sku, sku.casefold(), number, 0, 0, ENCODER.encode(made))


_MARKS = re.compile(rb"QQ([A-Z]+\d?)QQ|(fffffff[0-9a-f])-0000-4000-8000-000000000000|" + PLACED.encode())


class _Text:
    """Bytes with marks, filled in one step."""

    def __init__(self, raw: bytes) -> None:
        self._names: list[str] = []
        parts, end = [], 0
        for mark in _MARKS.finditer(raw):
            parts.append(raw[end : mark.start()].replace(b"%", b"%%"))
            end = mark.end()
            product = mark[2] and f"PRODUCT{0xFFFFFFFF - int(mark[2], 16)}"
            self._names.append(product or (mark[1].decode() if mark[1] else "PLACED"))
        self._format = b"%b".join([*parts, raw[end:].replace(b"%", b"%%")])

    def filled(self, values: dict[str, bytes]) -> bytes:
        """Return the bytes with the values in the places of the marks."""
        return self._format % tuple([values[name] for name in self._names])


class Template:
    """A door's order with marks: the body sent, the content its format made of it, the answer, and the natural key."""

    def __init__(
        self, door: str, lines: int, organization: Organization, references: frozenset[tuple[str, str]]
    ) -> None:
        format = next(each.format for each in all_doors() if each.name == door)
        assert format is not None
        raw = json.dumps(_sample(door, lines), separators=(",", ":")).encode()
        reading = format.parse(raw)
        assert not reading.faults, reading.faults
        known = {(s2.PRODUCT, entry.key): entry for entry in (product(-1 - at, f"QQSKU{at}QQ") for at in range(3))}
        account = s2_demo.DEMO_SEEDS[0]
        entry = CatalogEntry(0, account.kind, account.key, account.name, "", 0, 0, 0, ENCODER.encode(account.document))
        found = ReferenceData(organization, "size", references, known | {(account.kind, account.key): entry})
        content = format.to_content(reading, found)
        order = Order(0, 1, 1, 0, 0, Source(door, 1, "size", "US"), content, initial_counters(content))
        self.door = door
        self.body = _Text(raw)
        self.content = _Text(ENCODER.encode(content))
        self.reply = _Text(format.create_response(reading.tree, order, found))
        self.natural = [_Text(part.encode()) for part in reading.natural]


# --------------------------------------------------------------------------------------------------------------- orders
class Known(Struct, frozen=True):
    """An order that was loaded, by what it can be found with."""

    organization: int  # its place among the organizations
    door: str
    order_id: int
    country: str
    number: str
    email: str
    sku: str
    location: str
    reference: str
    last_name: str
    created_at: int
    status: str


class Made(Struct):
    """The rows of some orders."""

    placed: list[orders.OrderRows] = []
    submissions: list[SubmissionRecord] = []
    recorded: dict[int, list[NewEvent]] = {}  # by organization
    keys: list[tuple[int, bytes, int, int]] = []
    counts: dict[int, dict[tuple[str, str], int]] = {}
    known: list[Known] = []

    def tell(self, event: Event, order: Order) -> None:
        """Keep an event, with its order's status afterwards and source door."""
        recorded = NewEvent(event, str(order.status), order.source.door)
        self.recorded.setdefault(order.organization_id, []).append(recorded)


def skus_of(count: int) -> int:
    """Return how many products so many orders are of."""
    return min(SKUS, max(50, count // 10))


class Maker:
    """Makes orders in the order of their times, the last of which is `now`; each batch of them by itself."""

    def __init__(
        self, organizations: Sequence[Organization], references: frozenset[tuple[str, str]], count: int, now: int
    ) -> None:
        self._organizations = organizations
        self._weights = [place**-1.1 for place in range(1, len(organizations) + 1)]
        self._templates = {
            (door, lines): Template(door, lines, organizations[0], references) for door in DOORS for lines in (1, 2, 3)
        }
        self._now = now
        self._start, self._step = now - SPAN_US, SPAN_US // (count + 1)
        self._skus = skus_of(count)
        self._sku_weights = list(accumulate((place + 5) ** -0.9 for place in range(self._skus)))
        self._last_weights = list(accumulate((place + 20) ** -0.9 for place in range(len(_LAST))))
        self._location_weights = list(accumulate((place + 1) ** -1.5 for place in range(len(LOCATIONS))))
        self._sample_each = max(1, count // 20_000)

    def batch(self, first: int, size: int) -> Made:
        """Make `size` orders after the `first` ones."""
        self._random, self._mint, self._event = random.Random(first), IdGenerator(1023), first
        pick, made = self._random.choices, Made()
        places = pick(range(len(self._organizations)), self._weights, k=size)
        skus = pick(range(self._skus), cum_weights=self._sku_weights, k=size * 3)
        last = pick(_LAST, cum_weights=self._last_weights, k=size)
        locations = pick(LOCATIONS, cum_weights=self._location_weights, k=size)
        names, lines, doors = pick(_FIRST, k=size), pick((1, 2, 3), (60, 28, 12), k=size), pick(DOORS, k=size)
        ends = pick(("shipped", "canceled", "open", "allocated", "on_hold"), (72, 10, 10, 5, 3), k=size)
        for at in range(size):
            self._one(
                made, first + at + 1, places[at], self._templates[doors[at], lines[at]], skus[at * 3 : at * 3 + 3],
                names[at], last[at], locations[at], ends[at],
            )  # fmt: skip
        return made

    def _one(
        self,
        made: Made,
        number: int,
        place: int,
        template: Template,
        skus: list[int],
        first: str,
        last: str,
        location: str,
        end: str,
    ) -> None:
        chance = self._random.random
        at = self._start + number * self._step
        organization_id = self._organizations[place].organization_id
        order_id, submission_id = self._mint.new(at), self._mint.new(at)
        last = RARE if chance() < 1 / 20_000 else last
        customer = int(chance() ** 2 * 300_000)  # some order often
        mail = CROWD if chance() < 0.02 else f"{first}.{last}{customer}"
        texts = {
            "NUMBER": f"{template.door[-2:].upper()}-{number:08d}", "REF": f"PO-{number * 7919 % 10**9:09d}", "FIRST": first,
            "LAST": last, "EMAIL": mail, "CUST": f"C-{customer}", "LOC": location, "TRACK": f"1Z{number:016d}",
            "PLACED": iso(at), **{f"SKU{line}": f"SKU-{sku:05d}" for line, sku in enumerate(skus)},
            **{f"PRODUCT{line}": product_key(sku) for line, sku in enumerate(skus)},
        }  # fmt: skip
        values = {name: text.encode() for name, text in texts.items()}
        content, body = _CONTENT.decode(template.content.filled(values)), template.body.filled(values)
        country = (content.destinations[0].address and content.destinations[0].address.country) or "US"
        order = Order(
            organization_id, order_id, 1, at, at, Source(template.door, submission_id, "size", country), content,
            initial_counters(content),
        )  # fmt: skip
        order = self._history(made, order, end, location)
        row = orders.rows_of(order)
        made.placed.append(row)
        record = SubmissionRecord(
            organization_id, submission_id, template.door, "create", "size", at, "accepted", order_id, None, (), None,
            len(body), body, template.reply.filled(values),
        )  # fmt: skip
        made.submissions.append(record)
        key = hashed_key(f"{template.door}/natural", *(part.filled(values).decode() for part in template.natural))
        made.keys.append((organization_id, key, submission_id, order_id))
        status = str(order.status)
        counts = made.counts.setdefault(organization_id, {})
        counts[template.door, status] = counts.get((template.door, status), 0) + 1
        if number % self._sample_each == 0:
            made.known.append(
                Known(place, template.door, order_id, country, texts["NUMBER"], f"{mail}@example.com", texts["SKU0"], location,
                      texts["REF"], last, at, status)
            )  # fmt: skip

    def _history(self, made: Made, order: Order, end: str, location: str) -> Order:
        """Let happen to the order what leads to `end`, and mark some."""
        order_event: events.OrderEvent = events.Received(
            submission_id=order.source.submission_id, content=order.content
        )
        order, event = events.append(
            order,
            order_event,
            event_id=self._event_id(order.created_at),
            at=order.created_at,
            actor="size",
            door=order.source.door,
        )
        made.tell(event, order)
        wanted = tuple((line, each.ordered) for line, each in enumerate(order.counters))
        order_events: list[events.OrderEvent] = []
        if end in ("allocated", "shipped"):
            counters = tuple(status.Counters(each.ordered, allocated=each.ordered) for each in order.counters)
            order_events.append(events.Allocated(location_ref=location, counters=counters))
        if end == "shipped":
            order_events.append(
                events.Shipped(lines=wanted, counters=tuple(each.ship(each.ordered) for each in order.counters))
            )
        elif end == "canceled":
            counters = tuple(each.cancel(each.ordered) for each in order.counters)
            order_events.append(events.Canceled(lines=wanted, counters=counters, reason="customer"))
        elif end == "on_hold":
            order_events.append(events.Held(holds=(Hold("fraud", order.created_at, actor="size"),)))
        draw = self._random.random()
        if draw < 0.06:
            order_events.append(events.Tagged(tags=(RARE_TAG, COMMON_TAG) if draw < 0.0002 else (COMMON_TAG,)))
        elif draw > 0.95:
            order_events.append(events.Archived())
        for order_event in order_events:
            at = min(self._now, order.updated_at + int(self._random.random() * 86_400_000_000))
            order, event = events.record(
                order, order_event, event_id=self._event_id(at), at=at, actor="size", door=order.source.door
            )
            made.tell(event, order)
        return order

    def _event_id(self, at: int) -> int:
        self._event += 1
        return first_id_at(at) | 1022 << 12 | self._event & 0xFFF


def iso(us: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(us // 1_000_000))
