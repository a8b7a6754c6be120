"""schema.org structured data of mails (JSON-LD), with which mail programs show an order's status and track packages."""

from decimal import Decimal
from typing import Any

import msgspec

from crossdock.core.money import to_minor_unit
from crossdock.core.orders.events import OrderEvent, Shipped
from crossdock.core.orders.fulfillments import Package
from crossdock.core.orders.model import Address, Content, Order
from crossdock.core.orders.status import Status
from crossdock.notifications.email.email_settings import Language, MailSettings
from crossdock.notifications.email.plain_text import shown
from crossdock.notifications.email.view import (
    MAX_ADDRESS_LINES,
    MAX_ITEMS,
    MAX_PACKAGES,
    line_title,
    line_total,
    order_totals,
    safe_link,
)

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
assert set(_STATUS) == set(Status), "every status maps to one of schema.org"
# Characters that could end the script element, or be read as markup by a lenient parser.
_ESCAPED = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"})


def structured_data(order_event: OrderEvent, order: Order, settings: MailSettings, language: Language) -> str:
    """Build the JSON-LD of a mail: the order, and each package of a shipment. Safe inside a script element of HTML as it is."""
    objects = [_order(order, settings, language)]
    if isinstance(order_event, Shipped):
        packages = order_event.packages[:MAX_PACKAGES] or (Package(order_event.lines),)
        most = MAX_ITEMS // len(packages)
        objects += [_parcel(package, order, settings, language, most) for package in packages]
    raw = msgspec.json.encode(objects if len(objects) > 1 else objects[0])
    return raw.decode().translate(_ESCAPED)


def _order(order: Order, settings: MailSettings, language: Language) -> dict[str, Any]:
    content = order.content
    return _present(
        {
            "@context": _SCHEMA,
            **_reference(order, settings),
            "orderDate": _shown(content.placed_at),
            "priceCurrency": content.currency,
            "price": _amount(order_totals(content).get("total"), content.currency),
            "acceptedOffer": [
                _offer(content, position, language) for position in range(min(len(content.lines), MAX_ITEMS))
            ],
        }
    )


def _reference(order: Order, settings: MailSettings) -> dict[str, Any]:
    return {
        "@type": "Order",
        "merchant": {"@type": "Organization", "name": shown(settings.name)},
        "orderNumber": shown(order.content.number),
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


def _parcel(package: Package, order: Order, settings: MailSettings, language: Language, most: int) -> dict[str, Any]:
    content = order.content
    shipped = [position for position, _ in package.lines if position < len(content.lines)][:most]
    destination = content.lines[shipped[0]].destination if shipped else 0
    address = content.destinations[destination].address if destination < len(content.destinations) else None
    return _present(
        {
            "@context": _SCHEMA,
            "@type": "ParcelDelivery",
            "deliveryAddress": None if address is None else _postal(address),
            "carrier": {"@type": "Organization", "name": shown(package.carrier)} if package.carrier else None,
            "trackingNumber": _shown(package.number),
            "trackingUrl": safe_link(package.url) or None,
            "itemShipped": [_product(content, position, language) for position in shipped],
            "partOfOrder": _reference(order, settings),
        }
    )


def _product(content: Content, position: int, language: Language) -> dict[str, Any]:
    return _present(
        {
            "@type": "Product",
            "name": line_title(content, position, language),
            "sku": _shown(content.lines[position].sku),
        }
    )


def _postal(address: Address) -> dict[str, Any]:
    return _present(
        {
            "@type": "PostalAddress",
            "name": _shown(address.name),
            "streetAddress": _shown(", ".join(address.lines[:MAX_ADDRESS_LINES]) or None),
            "addressLocality": _shown(address.city),
            "addressRegion": _shown(address.region),
            "postalCode": _shown(address.postal_code),
            "addressCountry": _shown(address.country),
        }
    )


def _shown(text: str | None) -> str | None:
    return None if text is None else shown(text)


def _amount(value: Decimal | None, currency: str | None) -> str | None:
    return None if value is None else format(to_minor_unit(value, currency), "f")


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
