"""Helpers of mail tests: settings of a shop, orders, and the events that make mails."""

from typing import Any

import msgspec

from crossdock.core.events import ORDER, Event
from crossdock.core.orders.events import OrderEvent
from crossdock.core.orders.model import Content, Customer, Destination, Order
from crossdock.core.retry_policy import Attempt
from crossdock.notifications.email import compose
from crossdock.notifications.email.email_settings import MailSettings
from crossdock.notifications.email.mime import MimeMessage
from crossdock.notifications.email.samples import AT, sample_order

NOW = AT + 60_000_000


def shop(**given: Any) -> MailSettings:
    """Return the settings of a shop, with changes."""
    return MailSettings(**{"sender": "orders@shop.example.com", "sender_name": "Shop", **given})


def order_with(**given: Any) -> Order:
    """Return the English sample order with changed content."""
    order = sample_order("en")
    return msgspec.structs.replace(order, content=msgspec.structs.replace(order.content, **given))


def to(address: str | None, name: str | None = "Ada") -> Customer:
    """Return a customer with an e-mail address."""
    return Customer(name=name, email=address)


def shipped_to(content: Content, **given: Any) -> tuple[Destination, ...]:
    """Return the content's destination with a changed address."""
    address = content.destinations[0].address
    assert address is not None
    return (Destination(address=msgspec.structs.replace(address, **given)),)


def event_of(order_event: OrderEvent, *, event_id: int = 77, number: int = 2) -> Event:
    """Return the recorded form of an event."""
    payload = msgspec.json.encode(order_event)
    return Event(
        1, ORDER, 1, number, event_id, order_event.name, order_event.version, AT, "clerk", "hub", payload, bytes(32)
    )  # fmt: skip


def composed(
    order_event: OrderEvent, order: Order, settings: MailSettings | None = None, **rest: Any
) -> MimeMessage | Attempt | None:
    """Compose the mail of an event."""
    return compose.compose_email(event_of(order_event), order_event, order, settings or shop(), now_us=NOW, **rest)
