"""Orders, submissions and entries with their fields filled, for the tests of the store."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import text

from crossdock.core.orders.allocations import AllocatedUnits, Allocation
from crossdock.core.orders.fulfillments import DeliveryStatus, Dimensions, Fulfillment, FulfillmentLine, Package
from crossdock.core.orders.model import (
    Address,
    Charge,
    Content,
    Customer,
    Customs,
    Destination,
    Gift,
    Hold,
    ItemCustoms,
    Line,
    Measure,
    Order,
    Reference,
    Shipping,
    Source,
    Totals,
)
from crossdock.core.orders.payments import Payment, Refund
from crossdock.core.orders.returns import Return, ReturnLine
from crossdock.core.orders.status import Counters
from crossdock.store import order_counts, orders
from crossdock.store.catalog import CatalogEntry
from crossdock.store.order_query import pages
from crossdock.store.order_query.query import NO_FILTERS, Filters, OrderPage, OrderQuery
from crossdock.store.protocols import Statement, Store, Transaction
from crossdock.store.submissions import SubmissionRecord

ONE, OTHER = 11, 12
NOW_US = 1_767_225_600_000_000
D = Decimal
ORDER_EVENTS = Statement(text("SELECT value FROM installation WHERE name LIKE 'test%' ORDER BY value"))


async def order_events(tx: Transaction) -> list[str]:
    return [row[0] for row in await tx.rows(ORDER_EVENTS)]


async def facts_in(store: Store) -> list[str]:
    async with store.reading() as tx:
        return await order_events(tx)


def full_content(number: str = "A-1") -> Content:
    """Return a content with every field filled."""
    address = Address(
        name="Ann Lee", company="Acme", lines=("1 Main St", "Floor 2"), city="Oslo", region="03", postal_code="0150",
        country="NO", phone="+47 1", email="Ann@Example.com", residential=True,
    )  # fmt: skip
    totals = Totals(D("123.45"), D("0.10"), D("1E+2"), D("0.000"), D("9" * 38 + ".1"), D("-1"), D("25"), D("0"))
    charge = Charge("tax", D("1.230"), "VAT", "NOK", D("25.0"))
    line = Line(
        quantity=2, sku="sku-é", pool="web", line_ref="1", product_ref="p", description="a \U0001f600 thing",
        unit_price=D("61.72"),
        totals=totals, charges=(charge,), customs=ItemCustoms("6109", "NO", "CN", "GD"),
        weight=Measure(D("1.50"), "OZ"), destination=1,
        unmapped={"m": {"x": {"s": [1, D("1.0"), None, True, "a", {"b": []}], "w": 2**63 - 1}}},
    )  # fmt: skip
    return Content(
        number=number,
        lines=(line, Line(1)),
        destinations=(Destination("d0", address, "W1", "ground", "leave it"), Destination(location_ref="W2")),
        account_ref="acc", channel="web", customer_number="c-1", references=(Reference("po", "7"),),
        placed_at="2026-01-30T10:53:24.554Z", currency="NOK",
        customer=Customer("cu", "Ann Lee", "Ann@Example.com", "+47 1", "Acme"),
        ship_from=address, bill_to=address, totals=totals, charges=(charge, Charge("fee", D("3"))),
        shipping=Shipping("UPS", "03", "Ground", "1Z"), gift=Gift(True, "Hi"),
        customs=Customs(D("10.00"), "NOK", "gift", "imp", "inv"), ship_by="2026-02-01", release_at="2026-01-31",
        deliver_by="2026-02-03", notes="n", tax_included=True, unmapped={"m": {"y": {"d": D("25.00")}}},
    )  # fmt: skip


def full_order(organization_id: int = ONE, order_id: int = 1) -> Order:
    """Return an order with every field filled."""
    return Order(
        organization_id=organization_id, order_id=order_id, version=3, created_at=NOW_US, updated_at=NOW_US + 1,
        source=Source("s2", 2**63 - 1, "me", "NO"), content=full_content(),
        counters=(Counters(8, 1, 1, 1, 5, 4, 3, 2), Counters(1)),
        holds=(Hold("fraud", NOW_US, "looks odd", 2, (1, 0), NOW_US + 9, "me"), Hold("stock", NOW_US + 2)),
        event_number=4, event_hash=bytes(range(32)), tags=("vip", "Zoë"), archived=True,
        allocations=(
            Allocation(
                21, "W1", NOW_US, (AllocatedUnits(0, 2, "sku-é", "web", 1, 0),), 1, NOW_US + 9, 20, 22
            ),
        ),
        fulfillments=(
            Fulfillment(
                4, "W1", NOW_US, (FulfillmentLine(0, 2, 2, 1),), "pickup", 1, "ref",
                (
                    Package(
                        ((0, 1),), "UPS", "ground", "1Z", "u", 6, (D("1.5"), "KG"), Dimensions(D(1), D(2), D(3), "MM"), True,
                        DeliveryStatus.DELIVERED, 7, NOW_US + 8, True,
                    ),
                ),
                8, 9, NOW_US + 10, 11,
            ),
        ),
        returns=(Return(5, NOW_US, (ReturnLine(0, 1, "big", 1, 1),), "rma", "W1", "label", True, "note"),),
        payments=(Payment(3, 20, "ref", "card", "USD", D("9.10"), D(9), status="captured"),),
        refunds=(Refund(9, 20, D("10.00"), "return", (("items", D("10.00")),), ((0, 1),), 5, "r", "big", ((0, D("10.00")),)),),
    )  # fmt: skip


def order(order_id: int, organization_id: int = ONE, **changes: Any) -> Order:
    """Return a small order; `changes` are those of its content, or of the order where it has a field of that name."""
    given = {name: changes.pop(name) for name in Order.__struct_fields__ if name in changes}
    content = msgspec.structs.replace(Content(number=f"N{order_id}", lines=(Line(1),)), **changes)
    fields: dict[str, Any] = {
        "organization_id": organization_id, "order_id": order_id, "version": 1, "created_at": NOW_US,
        "updated_at": NOW_US, "source": Source("s2", order_id, "me"), "content": content,
        "counters": tuple(Counters(line.quantity) for line in content.lines),
    }  # fmt: skip
    return Order(**fields | given)


async def put(store: Store, *placed: Order) -> None:
    """Place orders and count them, as a unit does."""
    async with store.writing() as tx:
        await orders.add(tx, [orders.rows_of(each) for each in placed])
        for organization_id in {each.organization_id for each in placed}:
            mine = Counter(
                (each.source.door, str(each.status)) for each in placed if each.organization_id == organization_id
            )
            await order_counts.add_counts(tx, organization_id, mine)


async def read_page(tx: Transaction, organization_id: int, filters: Filters = NO_FILTERS, **rest: Any) -> OrderPage:
    """Read a page of one alternative; `rest` are fields of the query."""
    return await pages.page(tx, organization_id, OrderQuery(any_of=(filters,), **rest))


async def read_hashes(
    tx: Transaction, organization_id: int, filters: Filters = NO_FILTERS, **rest: Any
) -> tuple[dict[int, bytes], int | None]:
    """Find the event hashes of a page of one alternative; `rest` are fields of the query."""
    return await pages.event_hashes(tx, organization_id, OrderQuery(any_of=(filters,), **rest))


async def read_page_of(tx: Transaction, organization_id: int, any_of: Sequence[Filters], **rest: Any) -> OrderPage:
    """Read a page of several alternatives; `rest` are fields of the query."""
    return await pages.page(tx, organization_id, OrderQuery(any_of=tuple(any_of), **rest))


def submission(submission_id: int, organization_id: int = ONE, **changes: Any) -> SubmissionRecord:
    fields: dict[str, Any] = {
        "organization_id": organization_id, "submission_id": submission_id, "door": "s2", "operation": "create",
        "actor": "me", "received_at": NOW_US, "status": "accepted", "order_id": None, "code": None, "faults": (),
        "redrive_of": None, "size": 2, "body": b"{}", "reply": None,
    }  # fmt: skip
    return SubmissionRecord(**fields | changes)


def entry(key: str, position: int, organization_id: int = ONE, **changes: Any) -> CatalogEntry:
    name = changes.pop("name", key)
    fields: dict[str, Any] = {
        "organization_id": organization_id, "kind": "product", "key": key, "name": name, "search": name.casefold(),
        "position": position, "created_at": NOW_US, "updated_at": NOW_US, "document": b'{"a":1}',
    }  # fmt: skip
    return CatalogEntry(**fields | changes)


def key(number: int) -> bytes:
    return bytes([number]) * 32
