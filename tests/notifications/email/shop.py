"""What tests of mails hold in their hands: a shop's settings, orders to write about, and the events that make mails."""

from typing import Any

import msgspec

from crossdock.core.events import Event
from crossdock.core.orders.events import OrderEvent
from crossdock.core.orders.model import Content, Customer, Destination, Order
from crossdock.core.retry_policy import Attempt
from crossdock.notifications.email import compose
from crossdock.notifications.email.email_settings import MailSettings
from crossdock.notifications.email.mime import Letter
from crossdock.notifications.email.samples import AT, sample_order

NOW = AT + 60_000_000


def shop(**given: Any) -> MailSettings:
    """Give the settings of a shop, some of them as given."""
    return MailSettings(**{"sender": "orders@shop.example.com", "sender_name": "Shop", **given})


def order_with(**given: Any) -> Order:
    """Give the English sample order with other content."""
    order = sample_order("en")
    return msgspec.structs.replace(order, content=msgspec.structs.replace(order.content, **given))


def to(address: str | None, name: str | None = "Ada") -> Customer:
    """Give a customer with an address."""
    return Customer(name=name, email=address)


def shipped_to(content: Content, **given: Any) -> tuple[Destination, ...]:
    """Give the content's destination with another address."""
    address = content.destinations[0].address
    assert address is not None
    return (Destination(address=msgspec.structs.replace(address, **given)),)


def event_of(order_event: OrderEvent, *, event_id: int = 77, number: int = 2) -> Event:
    """Give the event a fact is recorded as."""
    payload = msgspec.json.encode(order_event)
    return Event(1, 1, number, event_id, order_event.name, order_event.version, AT, "clerk", "hub", payload, bytes(32))


def written(
    order_event: OrderEvent, order: Order, settings: MailSettings | None = None, **rest: Any
) -> Letter | Attempt | None:
    """Write the mail of a fact."""
    return compose.compose_email(event_of(order_event), order_event, order, settings or shop(), now_us=NOW, **rest)
