"""Orders, their lines and terms: rows to core objects and back, and one order by id or number."""

from collections.abc import Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, case, delete, select, update

from crossdock.core.ids import index_key
from crossdock.core.orders import events
from crossdock.core.orders.model import Content, Hold, Order, Source
from crossdock.core.orders.status import Counters
from crossdock.store.dialect import AnyOf, ChildRows, child_rows
from crossdock.store.protocols import Row, Statement, Transaction
from crossdock.store.tables import order_line, order_term, orders, submission

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_CONTENT = msgspec.json.Decoder(Content, float_hook=Decimal)
_HOLDS = msgspec.json.Decoder(tuple[Hold, ...])
_TAGS = msgspec.json.Decoder(tuple[str, ...])
_PLACE = itemgetter(0)
# Words of one order that are indexed; more are not worth what they cost each order that has them.
MAX_TERMS = 40


# -------------------------------------------------------------------------------------------------------------- writing
class OrderRows(Struct, frozen=True):
    """An order as rows: one of `orders`, one of `order_line` for each line, one of `order_term` for each word."""

    order: Row
    lines: list[Row]
    terms: list[tuple[int, str, int]]

    @property
    def status(self) -> str:
        """The order's status, as it is stored."""
        status: str = self.order[3]
        return status

    @property
    def counted_as(self) -> tuple[str, str]:
        """Door and status: what the order is counted as."""
        return self.order[6], self.order[3]

    @property
    def head(self) -> tuple[int, bytes]:
        """Number and hash of the last event, as the order remembers them."""
        return self.order[13], bytes(self.order[14])


def rows_of(order: Order, *, content: bytes | None = None) -> OrderRows:
    """Turn an order into its rows; `content` is the order's, where it is encoded already (core.events.encoded)."""
    terms: list[tuple[int, str, int]] = [(order.organization_id, term, order.order_id) for term in terms_of(order)]
    return OrderRows(order_row(order, encoded=content), line_rows(order), terms)


def fold(text: str) -> str:
    """Give the form in which text is compared when searching: without case, at most 200 characters."""
    return index_key(text.strip().casefold())


def tag_term(tag: str) -> str:
    """Give the term that stands for a tag."""
    return index_key(" " + tag)  # no other term begins with a space


def terms_of(order: Order) -> list[str]:
    """List the words an order is found by: of names, and whole reference, customer, tracking numbers and tags, folded.

    Number, e-mail and SKU have columns of their own.
    """
    return [*map(tag_term, order.tags), *_terms(order.content)]


def terms_of_content(content: bytes) -> list[str]:
    """As `terms_of`, of an order's stored content."""
    return _terms(_CONTENT.decode(content))


def _terms(content: Content) -> list[str]:
    customer, shipping = content.customer, content.shipping
    names = [place.address.name for place in content.destinations if place.address is not None and place.address.name]
    whole = [content.customer_number, *(reference.value for reference in content.references)]
    if customer is not None:
        names.append(customer.name or "")
        whole.append(customer.customer_ref)
    if shipping is not None:
        whole.append(shipping.tracking_number)
    found = dict.fromkeys(" ".join(names).casefold().split())
    for value in whole:
        if value and (term := value.strip().casefold()):
            found[term] = None
    # Nearly all are short enough to be their own key; asking for each costs more than all the rest here.
    return [term if len(term) <= 100 else index_key(term) for term in found][:MAX_TERMS]


async def add(tx: Transaction, placed: Sequence[OrderRows]) -> None:
    """Insert new orders with their lines and terms."""
    await tx.insert(orders, [rows.order for rows in placed])
    await tx.insert(order_line, [line for rows in placed for line in rows.lines])
    # In the order of their key: neighbors fall on one page of the table.
    terms = [term for rows in placed for term in rows.terms]
    terms.sort(key=itemgetter(1))
    await tx.insert(order_term, terms)


_REPLACE = Statement(
    update(orders)
    .where(
        orders.c.organization_id == bindparam("p_organization_id"),
        orders.c.order_id == bindparam("p_order_id"),
        orders.c.version == bindparam("p_seen"),
    )
    .values({name: bindparam(name) for name in orders.columns.keys() if name not in ("organization_id", "order_id")})  # noqa: SIM118
)
_DROP_LINES = Statement(
    delete(order_line).where(
        order_line.c.organization_id == bindparam("organization_id"), order_line.c.order_id == bindparam("order_id")
    )
)
_DROP_TERM = Statement(
    delete(order_term).where(
        order_term.c.organization_id == bindparam("organization_id"),
        order_term.c.term == bindparam("term"),
        order_term.c.order_id == bindparam("order_id"),
    )
)


async def replace(tx: Transaction, rows: OrderRows, *, before: Order) -> bool:
    """Write an order's new state if its version is still that of `before`; False when somebody else was first."""
    row = dict(zip(orders.columns.keys(), rows.order, strict=True))
    organization_id, order_id = row.pop("organization_id"), row.pop("order_id")
    touched = await tx.run(
        _REPLACE, p_organization_id=organization_id, p_order_id=order_id, p_seen=before.version, **row
    )
    if not touched:
        return False
    was = rows_of(before)
    if was.lines != rows.lines:
        await tx.run(_DROP_LINES, organization_id=organization_id, order_id=order_id)
        await tx.insert(order_line, rows.lines)
    for term in was.terms:
        if term not in rows.terms:
            await tx.run(_DROP_TERM, organization_id=organization_id, term=term[1], order_id=order_id)
    await tx.insert(order_term, [term for term in rows.terms if term not in was.terms])
    return True


def order_row(order: Order, *, encoded: bytes | None = None) -> Row:
    """Give the row of `orders`."""
    content = order.content
    email = (content.customer and content.customer.email) or (order.ship_to and order.ship_to.email)
    return (
        order.organization_id,
        order.order_id,
        order.version,
        str(order.status),
        order.created_at,
        order.updated_at,
        order.source.door,
        order.source.submission_id,
        order.source.actor,
        order.source.country,
        index_key(content.number),
        index_key(email.lower()) if email else None,
        _ENCODER.encode(order.holds) if order.holds else None,
        order.event_number,
        order.event_hash,
        encoded or events.encode_content(content),
        _ENCODER.encode(order.tags) if order.tags else None,
        order.archived,
        order.due_at,
    )


# The columns of `orders` that are JSON: two spellings may say the same.
_SPELLED: dict[str, msgspec.json.Decoder[Any]] = {"content": _CONTENT, "holds": _HOLDS, "tags": _TAGS}


def differing(stored: Row, wanted: Row) -> list[str]:
    """Name the columns in which a row of `orders` does not say what another says."""
    return [
        column.name
        for column, one, other in zip(orders.columns, stored, wanted, strict=True)
        if one != other and not _says_the_same(column.name, one, other)
    ]


def _says_the_same(name: str, one: Any, other: Any) -> bool:
    if name not in _SPELLED or one is None or other is None:
        return False
    try:
        return bool(_SPELLED[name].decode(one) == _SPELLED[name].decode(other))
    except msgspec.MsgspecError:
        return False


def line_rows(order: Order) -> list[Row]:
    """Give the rows of `order_line`."""
    destinations = order.content.destinations
    rows: list[Row] = []
    for position, (line, counters) in enumerate(zip(order.content.lines, order.counters, strict=True)):
        location = destinations[line.destination].location_ref if line.destination < len(destinations) else None
        rows.append(
            (
                order.organization_id,
                order.order_id,
                position,
                index_key(line.sku) if line.sku else None,
                index_key(location) if location else None,
                counters.ordered,
                counters.canceled,
                counters.allocated,
                counters.backordered,
                counters.shipped,
                counters.delivered,
                counters.return_requested,
                counters.returned,
            )
        )
    return rows


# -------------------------------------------------------------------------------------------------------------- reading
_OF_ORDER = (
    orders.c.organization_id == bindparam("organization_id"),
    orders.c.order_id == bindparam("order_id"),
)
_COUNTED = (order_line.c.line, *(order_line.c[name] for name in Counters.__struct_fields__))
# An order with the counters of its lines.
_WHOLE = (
    *orders.columns,
    ChildRows(
        _COUNTED,
        order_line.c.organization_id == bindparam("organization_id"),
        order_line.c.order_id == orders.c.order_id,
    ),
)
_GET = Statement(select(*_WHOLE).where(*_OF_ORDER))
# Until the transaction ends nobody else changes the order; SQLite has one writer at a time anyway. The lines are read when
# PostgreSQL has the lock: in one statement with it, they would be as they were before another change was waited for.
_LOCK = Statement(select(orders).where(*_OF_ORDER).with_for_update())
_LINES = Statement(
    select(*_COUNTED).where(
        order_line.c.organization_id == bindparam("organization_id"), order_line.c.order_id == bindparam("order_id")
    )
)
_BY_NUMBER = Statement(
    select(*_WHOLE)
    .where(
        orders.c.organization_id == bindparam("organization_id"),
        orders.c.number_key == bindparam("number_key"),
        orders.c.door.concat("") == bindparam("door"),  # else SQLite walks the index of the door, with all its orders
    )
    .order_by(orders.c.order_id.desc())
    .limit(1)
)


_BY_IDS = Statement(
    select(*_WHOLE).where(orders.c.organization_id == bindparam("organization_id"), AnyOf(orders.c.order_id, "ids"))
)


async def get(tx: Transaction, organization_id: int, *, order_id: int, for_update: bool = False) -> Order | None:
    """Give one order of an organization, or None; `to_change` keeps others from changing it until the transaction ends."""
    of_order = {"organization_id": organization_id, "order_id": order_id}
    if not for_update:
        rows = await tx.rows(_GET, **of_order)
        return _order(rows[0]) if rows else None
    locked = await tx.rows(_LOCK, **of_order)
    return _order((*locked[0], await tx.rows(_LINES, **of_order))) if locked else None


async def by_number(tx: Transaction, organization_id: int, *, door: str, number: str) -> Order | None:
    """Give the newest order a door received under the sender's number, or None."""
    key = index_key(number)
    rows = await tx.rows(_BY_NUMBER, organization_id=organization_id, door=door, number_key=key)
    return _order(rows[0]) if rows else None


async def by_ids(tx: Transaction, organization_id: int, identities: Sequence[int]) -> list[Order]:
    """Give orders by their ids, in that order; those that are not there are left out."""
    if not identities:
        return []
    rows = await tx.rows(_BY_IDS, organization_id=organization_id, ids=identities)
    found = {order.order_id: order for order in map(_order, rows)}
    return [found[identity] for identity in identities if identity in found]


_OF_SENDER = (
    select(submission.c.body)
    .where(
        submission.c.organization_id == bindparam("organization_id"),
        submission.c.submission_id == orders.c.submission_id,
    )
    .scalar_subquery()
)
_WITH_BODIES = Statement(
    select(*_WHOLE, case((orders.c.door == bindparam("door"), _OF_SENDER))).where(
        orders.c.organization_id == bindparam("organization_id"), AnyOf(orders.c.order_id, "ids")
    )
)


async def with_bodies(
    tx: Transaction, organization_id: int, identities: Sequence[int], *, door: str
) -> tuple[list[Order], dict[int, bytes]]:
    """As `by_ids`, with what was sent for those that came through a door, by the ids of their submissions."""
    if not identities:
        return [], {}
    rows = await tx.rows(_WITH_BODIES, organization_id=organization_id, ids=identities, door=door)
    found, bodies = {}, {}
    for *row, body in rows:
        order = found[row[1]] = _order(row)
        if body is not None:
            bodies[order.source.submission_id] = bytes(body)
    return [found[identity] for identity in identities if identity in found], bodies


def _order(row: Row) -> Order:
    """Make an order of its row and the counters of its lines."""
    (organization_id, order_id, version, _status, created_at, updated_at, door, submission_id, actor, country,
     _number, _email, holds, event_number, event_hash, content, tags, archived, _due, lines) = row  # fmt: skip
    return Order(
        organization_id=organization_id,
        order_id=order_id,
        version=version,
        created_at=created_at,
        updated_at=updated_at,
        source=Source(door, submission_id, actor, country),
        content=_CONTENT.decode(content),
        counters=tuple([Counters(*line[1:]) for line in sorted(child_rows(lines), key=_PLACE)]),
        holds=_HOLDS.decode(holds) if holds else (),
        event_number=event_number,
        event_hash=event_hash,
        tags=_TAGS.decode(tags) if tags else (),
        archived=bool(archived),
    )
