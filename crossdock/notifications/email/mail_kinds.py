"""Which mail a fact makes, and to whom: a table, and what keeps a mail from being made.

A fact makes one mail or none, so the facts of one change never make the same mail twice: of an order that is received and
held at once the customer gets the confirmation and the question, which say different things.
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
    """The mails there are."""

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
assert set(KIND_OF.values()) == set(Kind), "every kind of mail has its fact"


def mail_for(order_event: OrderEvent, order: Order, settings: MailSettings, *, opted_out: bool = False) -> Kind | None:
    """Say which mail a fact makes; `order` is the order as of that event, `opted_out` that it wants no mails.

    None where there is nothing to tell, where nobody is known to tell it to, or where the organization does not want it told.
    """
    kind = KIND_OF.get(type(order_event))
    if kind is None or opted_out or not settings.enabled or kind in settings.kinds_off:
        return None
    if isinstance(order_event, Held) and not asked_of_customer(order_event, settings):
        return None
    return kind if recipient_of(order) else None


def asked_of_customer(order_event: Held, settings: MailSettings) -> tuple[Hold, ...]:
    """Give those of a fact's holds whose reasons need the customer."""
    known = HOLD_REASONS if settings.hold_reasons is None else settings.hold_reasons
    wanted = {reason.strip().casefold() for reason in known}
    return tuple(hold for hold in order_event.holds if hold.reason.strip().casefold() in wanted)


def recipient_of(order: Order) -> str | None:
    """Give the address an order's mails go to, as the sender wrote it: the customer's, else the payer's, else the receiver's.

    Of a gift the receiver is never told: mails show what was ordered and what it cost.
    """
    content = order.content
    told = [content.customer, content.bill_to]
    if not (content.gift and content.gift.is_gift):
        told.append(order.ship_to)
    return next((each.email.strip() for each in told if each and each.email and each.email.strip()), None)
