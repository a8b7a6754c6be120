"""schema.org markup of mails (JSON-LD), by which mail programs show an order's state and a package's way."""

from decimal import Decimal
from typing import Any

import msgspec

from crossdock.core.money import to_minor_unit
from crossdock.core.orders.events import OrderEvent, Package, Shipped
from crossdock.core.orders.model import Address, Content, Order
from crossdock.core.orders.status import Status
from crossdock.notifications.email.email_settings import Language, MailSettings
from crossdock.notifications.email.view import line_total, link, sums, title_of

_SCHEMA = "http://schema.org"
_STATUS: dict[Status, str] = {
    Status.OPEN: "OrderProcessing",
    Status.ON_HOLD: "OrderProblem",
    Status.PARTIALLY_ALLOCATED: "OrderProcessing",
    Status.ALLOCATED: "OrderProcessing",
    Status.PARTIALLY_SHIPPED: "OrderInTransit",
    Status.SHIPPED: "OrderInTransit",
    Status.DELIVERED: "OrderDelivered",
    Status.RETURNED: "OrderReturned",
    Status.CANCELED: "OrderCancelled",
}
assert set(_STATUS) == set(Status), "every status has a word of schema.org"
# Inside a script element these could end it, or be taken for markup by a careless reader.
_ESCAPED = str.maketrans({sign: f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"})


def markup_of(order_event: OrderEvent, order: Order, settings: MailSettings, language: Language) -> str:
    """Give the JSON for a script element: the order, and for a shipment each of its packages. Safe to put in HTML as it is."""
    found = [_order(order, settings, language)]
    if isinstance(order_event, Shipped):
        found += [
            _parcel(package, order, settings, language)
            for package in order_event.packages or (Package(order_event.lines),)
        ]
    raw = msgspec.json.encode(found if len(found) > 1 else found[0])
    return raw.decode().translate(_ESCAPED)


def _order(order: Order, settings: MailSettings, language: Language) -> dict[str, Any]:
    content = order.content
    return _present(
        {
            "@context": _SCHEMA,
            **_reference(order, settings),
            "orderDate": content.placed_at,
            "priceCurrency": content.currency,
            "price": _amount(sums(content).get("total"), content.currency),
            "acceptedOffer": [_offer(content, position, language) for position in range(len(content.lines))],
        }
    )


def _reference(order: Order, settings: MailSettings) -> dict[str, Any]:
    return {
        "@type": "Order",
        "merchant": {"@type": "Organization", "name": settings.name},
        "orderNumber": order.content.number,
        "orderStatus": f"{_SCHEMA}/{_STATUS[order.status]}",
    }


def _offer(content: Content, position: int, language: Language) -> dict[str, Any]:
    line = content.lines[position]
    total = line_total(line, line.quantity)
    return _present(
        {
            "@type": "Offer",
            "itemOffered": _product(content, position, language),
            "price": _amount(total, content.currency),
            "priceCurrency": None if total is None else content.currency,
            "eligibleQuantity": {"@type": "QuantitativeValue", "value": line.quantity},
        }
    )


def _parcel(package: Package, order: Order, settings: MailSettings, language: Language) -> dict[str, Any]:
    content = order.content
    shipped = [position for position, _ in package.lines if position < len(content.lines)]
    place = content.lines[shipped[0]].destination if shipped else 0
    address = content.destinations[place].address if place < len(content.destinations) else None
    return _present(
        {
            "@context": _SCHEMA,
            "@type": "ParcelDelivery",
            "deliveryAddress": None if address is None else _postal(address),
            "carrier": {"@type": "Organization", "name": package.carrier} if package.carrier else None,
            "trackingNumber": package.number,
            "trackingUrl": link(package.url) or None,
            "itemShipped": [_product(content, position, language) for position in shipped],
            "partOfOrder": _reference(order, settings),
        }
    )


def _product(content: Content, position: int, language: Language) -> dict[str, Any]:
    return _present(
        {"@type": "Product", "name": title_of(content, position, language), "sku": content.lines[position].sku}
    )


def _postal(address: Address) -> dict[str, Any]:
    return _present(
        {
            "@type": "PostalAddress",
            "name": address.name,
            "streetAddress": ", ".join(address.lines) or None,
            "addressLocality": address.city,
            "addressRegion": address.region,
            "postalCode": address.postal_code,
            "addressCountry": address.country,
        }
    )


def _amount(value: Decimal | None, currency: str | None) -> str | None:
    return None if value is None else format(to_minor_unit(value, currency), "f")


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
