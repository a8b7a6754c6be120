"""Which kind of mail an event makes, and to whom it goes.

An event makes one mail at most, so the events of one change never make the same mail twice: for an order that is received
and held at once, the customer gets the confirmation and the question about the hold.
"""

from enum import StrEnum

from crossdock.core.orders.events import (
    Backordered,
    Canceled,
    Delivered,
    Held,
    OrderEvent,
    Received,
    Refunded,
    Returned,
    ReturnRequested,
    Shipped,
)
from crossdock.core.orders.model import Hold, Order
from crossdock.notifications.email.email_settings import HOLD_REASONS, MailSettings


class Kind(StrEnum):
    """Kind of mail."""

    CONFIRMATION = "confirmation"
    HOLD = "hold"
    DELAY = "delay"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELED = "canceled"
    RETURN_REQUESTED = "return_requested"
    RETURNED = "returned"
    REFUNDED = "refunded"


KIND_OF: dict[type[OrderEvent], Kind] = {
    Received: Kind.CONFIRMATION,
    Held: Kind.HOLD,
    Backordered: Kind.DELAY,
    Shipped: Kind.SHIPPED,
    Delivered: Kind.DELIVERED,
    Canceled: Kind.CANCELED,
    ReturnRequested: Kind.RETURN_REQUESTED,
    Returned: Kind.RETURNED,
    Refunded: Kind.REFUNDED,
}
assert set(KIND_OF.values()) == set(Kind), "every kind of mail has its event"


def mail_kind(order_event: OrderEvent, order: Order, settings: MailSettings, *, opted_out: bool = False) -> Kind | None:
    """Return the kind of mail an event makes. `order` is the order right after the event; `opted_out`: it wants no mails.

    None if the event makes no mail, the order has no address, or the organization has switched the mail off.
    """
    kind = KIND_OF.get(type(order_event))
    if kind is None or opted_out or not settings.enabled or kind in settings.kinds_off:
        return None
    if isinstance(order_event, Held) and not customer_holds(order_event, settings):
        return None
    return kind if recipient_of(order) else None


def customer_holds(order_event: Held, settings: MailSettings) -> tuple[Hold, ...]:
    """Return the holds of an event whose reasons need an answer from the customer."""
    reasons = HOLD_REASONS if settings.hold_reasons is None else settings.hold_reasons
    known = {reason.strip().casefold() for reason in reasons}
    return tuple(hold for hold in order_event.holds if hold.reason.strip().casefold() in known)


def recipient_of(order: Order) -> str | None:
    """Return the address for an order's mails, as the sender wrote it: the customer's, else the bill-to, else the ship-to one.

    The ship-to address of a gift gets none: mails show what was ordered and what it cost.
    """
    content = order.content
    parties = [content.customer, content.bill_to]
    if not (content.gift and content.gift.is_gift):
        parties.append(order.ship_to)
    return next((each.email.strip() for each in parties if each and each.email and each.email.strip()), None)
