"""The built-in sample: one order with everything a mail can show, and the events that make each kind of mail.

Previews show it, and an organization's templates are validated on it before they are accepted.
"""

from collections.abc import Iterator
from decimal import Decimal

from crossdock.core.catalog.locations import Location
from crossdock.core.orders.events import (
    Backordered,
    Canceled,
    Delivered,
    FulfillmentCanceled,
    Held,
    OrderEvent,
    ReadyForPickup,
    Received,
    Refunded,
    Returned,
    ReturnRequested,
    Shipped,
)
from crossdock.core.orders.fulfillments import Fulfillment, FulfillmentLine, Package
from crossdock.core.orders.model import (
    Address,
    Charge,
    Content,
    Customer,
    Destination,
    Hold,
    Line,
    Order,
    Source,
    Totals,
    initial_counters,
)
from crossdock.core.orders.payments import Refund
from crossdock.core.orders.returns import Return, ReturnLine
from crossdock.core.orders.status import Counters
from crossdock.notifications.email.email_settings import Language
from crossdock.notifications.email.mail_kinds import Kind

AT = 1_769_770_404_000_000  # 2026-01-30T10:53:24Z
CONSENT_URL = "https://shop.example.com/consent/sample"
_PICKUP_BY = AT + 7 * 86_400_000_000
PLACE = Location(
    "HALIFAX-1", "Harbour shop", "store",
    Address(lines=("200 Lower Water Street",), city="Halifax", region="NS", postal_code="B3J 3S8", country="CA"),
)  # fmt: skip

_PRODUCTS: dict[Language, tuple[str, str]] = {
    "en": ("Ceramic mug, ocean blue, 350 ml", "Linen tea towel"),
    "fr": ("Tasse en céramique, bleu océan, 350 ml", "Torchon en lin"),
    "zh": ("陶瓷马克杯 海洋蓝 350 毫升", "亚麻茶巾"),
}
_CUSTOMERS: dict[Language, Address] = {
    "en": Address(
        name="Ada Moreau", lines=("12 Harbour Street", "Unit 4"), city="Halifax", region="NS", postal_code="B3J 1S9",
        country="CA",
    ),
    "fr": Address(name="Ada Moreau", lines=("8 rue des Lilas",), postal_code="69003", city="Lyon", country="FR"),
    "zh": Address(name="李雅达", lines=("淮海中路 100 号",), city="上海市", postal_code="200021", country="CN"),
}  # fmt: skip
_CURRENCIES: dict[Language, str] = {"en": "CAD", "fr": "EUR", "zh": "CNY"}


def sample_order(language: Language) -> Order:
    """Return the sample order as a customer who speaks the language would place it."""
    customer = _CUSTOMERS[language]
    mug, towel = _PRODUCTS[language]
    content = Content(
        number="1001-2026",
        placed_at="2026-01-30T10:53:24Z",
        currency=_CURRENCIES[language],
        customer=Customer(name=customer.name, email="ada.moreau@example.com"),
        destinations=(Destination(address=customer),),
        lines=(
            Line(quantity=2, sku="MUG-BLUE", description=mug, unit_price=Decimal("24.00")),
            Line(quantity=3, sku="TOWEL-LINEN", description=towel, unit_price=Decimal("9.50")),
        ),
        charges=(Charge(kind="shipping", amount=Decimal("8.90")),),
        totals=Totals(discount=Decimal("5.00"), tax=Decimal("10.30")),
    )
    return Order(
        organization_id=1, order_id=1, version=1, created_at=AT, updated_at=AT, source=Source("hub", 1, "sample"),
        content=content, counters=initial_counters(content), event_number=1,
    )  # fmt: skip


def samples(kind: Kind, language: Language) -> Iterator[tuple[OrderEvent, Order]]:
    """Yield events that make a kind of mail, each with the order right after it; a preview shows the first."""
    order = sample_order(language)
    for order_event in _events(kind, order.content):
        yield order_event, order_event.apply(order, 2) if not isinstance(order_event, Received) else order


def _counters(*lines: dict[str, int]) -> tuple[Counters, ...]:
    return tuple(Counters(ordered=ordered, **line) for ordered, line in zip((2, 3), lines, strict=True))


_ALL_LINES = ((0, 2), (1, 3))
_DELIVERED = {"shipped": 2, "delivered": 2}, {"shipped": 3, "delivered": 3}


def _events(kind: Kind, content: Content) -> tuple[OrderEvent, ...]:
    return _EVENTS_OF_KIND[kind] if kind is not Kind.CONFIRMATION else (Received(submission_id=1, content=content),)


_PACKAGES = (
    Package(((0, 2),), "Canada Post", "Xpresspost", "7023210039414604", "https://carrier.example.com/track/7023210039414604"),
    Package(((1, 3),), "UPS"),
)  # fmt: skip
_PICKUP = Fulfillment(
    1, PLACE.code, AT, (FulfillmentLine(0, 2), FulfillmentLine(1, 3)), "pickup", ready_at=AT, pickup_by=_PICKUP_BY
)
_PART_OF_PICKUP = Fulfillment(1, PLACE.code, AT, (FulfillmentLine(1, 2),), "pickup", ready_at=AT)
_EXPIRED = Fulfillment(
    1, PLACE.code, AT, (FulfillmentLine(0, 2, canceled=2), FulfillmentLine(1, 3, canceled=3)), "pickup", ready_at=AT,
    pickup_by=_PICKUP_BY,
)  # fmt: skip
_EXCHANGE = Return(1, AT, (ReturnLine(0, 1),), label_url="https://shop.example.com/labels/1", exchange=True)
_EVENTS_OF_KIND: dict[Kind, tuple[OrderEvent, ...]] = {
    Kind.HOLD: (
        Held(holds=(Hold("address", AT),)),
        Held(holds=(Hold("payment", AT), Hold("customer", AT, lines=(1,)))),
        Held(holds=(Hold("customer", AT, lines=(1,)),)),
    ),
    Kind.DELAY: (
        Backordered(
            lines=((1, 3),), counters=_counters({}, {"backordered": 3}), expected_at="2026-03-02", consent_by="2026-02-09"
        ),
        Backordered(lines=((1, 2),), counters=_counters({}, {"backordered": 2})),
    ),
    Kind.SHIPPED: (
        Shipped(lines=_ALL_LINES, counters=_counters({"shipped": 2}, {"shipped": 3}), packages=_PACKAGES),
        Shipped(lines=((0, 2),), counters=_counters({"shipped": 2}, {}), packages=_PACKAGES[:1]),
        Shipped(lines=((0, 1),), counters=_counters({"shipped": 1}, {})),
    ),
    Kind.DELIVERED: (
        Delivered(lines=_ALL_LINES, counters=_counters(*_DELIVERED), tracking_number="7023210039414604"),
        Delivered(lines=((0, 2),), counters=_counters({"shipped": 2, "delivered": 2}, {"shipped": 3})),
    ),
    Kind.READY_FOR_PICKUP: (
        ReadyForPickup(fulfillments=(_PICKUP,)),
        ReadyForPickup(fulfillments=(_PART_OF_PICKUP,)),
    ),
    Kind.PICKUP_REMINDER: (ReadyForPickup(fulfillments=(_PICKUP,), reminder=True),),
    Kind.PICKUP_EXPIRED: (FulfillmentCanceled(fulfillments=(_EXPIRED,), expired=_ALL_LINES),),
    Kind.CANCELED: (
        Canceled(lines=((1, 2),), counters=_counters({}, {"canceled": 2}), reason="out of stock"),
        Canceled(lines=_ALL_LINES, counters=_counters({"canceled": 2}, {"canceled": 3})),
    ),
    Kind.RETURN_REQUESTED: (
        ReturnRequested(
            lines=((0, 1),), counters=_counters({**_DELIVERED[0], "return_requested": 1}, _DELIVERED[1]), return_id=1,
            label_url="https://shop.example.com/labels/1",
        ),
        ReturnRequested(
            lines=((0, 1),), counters=_counters({**_DELIVERED[0], "return_requested": 1}, _DELIVERED[1]), return_id=1
        ),
    ),
    Kind.EXCHANGE: (
        ReturnRequested(
            lines=((0, 1),), counters=_counters({**_DELIVERED[0], "return_requested": 1}, _DELIVERED[1]), return_id=1,
            label_url=_EXCHANGE.label_url, state=_EXCHANGE,
        ),
        ReturnRequested(
            lines=((0, 1),), counters=_counters({**_DELIVERED[0], "return_requested": 1}, _DELIVERED[1]), return_id=1,
            state=Return(1, AT, (ReturnLine(0, 1),), exchange=True),
        ),
    ),
    Kind.RETURNED: (
        Returned(
            lines=((0, 1),), counters=_counters({**_DELIVERED[0], "return_requested": 1, "returned": 1}, _DELIVERED[1]),
            return_id=1,
        ),
    ),
    Kind.REFUNDED: (Refunded(amount=Decimal("24.00"), return_id=1),),
    Kind.APPEASEMENT: (
        Refunded(amount=Decimal("5.00"), refund=Refund(1, AT, Decimal("5.00"), "appeasement")),
    ),
}  # fmt: skip
assert {*_EVENTS_OF_KIND, Kind.CONFIRMATION} == set(Kind), "every kind of mail has a sample"
