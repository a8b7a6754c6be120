"""Which kind of mail an event makes, and to whom it goes.

An event makes one mail at most, so the events of one change never make the same mail twice: for an order that is received
and held at once, the customer gets the confirmation and the question about the hold.
"""

from enum import StrEnum

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
from crossdock.core.orders.model import Hold, Order
from crossdock.notifications.email.email_settings import HOLD_REASONS, MailSettings


class Kind(StrEnum):
    """Kind of mail."""

    CONFIRMATION = "confirmation"
    HOLD = "hold"
    DELAY = "delay"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    READY_FOR_PICKUP = "ready_for_pickup"
    PICKUP_REMINDER = "pickup_reminder"
    PICKUP_EXPIRED = "pickup_expired"
    CANCELED = "canceled"
    RETURN_REQUESTED = "return_requested"
    EXCHANGE = "exchange"
    RETURNED = "returned"
    REFUNDED = "refunded"
    APPEASEMENT = "appeasement"


# The kinds of mail that each event may make.
KINDS_OF: dict[type[OrderEvent], tuple[Kind, ...]] = {
    Received: (Kind.CONFIRMATION,),
    Held: (Kind.HOLD,),
    Backordered: (Kind.DELAY,),
    Shipped: (Kind.SHIPPED,),
    Delivered: (Kind.DELIVERED,),
    ReadyForPickup: (Kind.READY_FOR_PICKUP, Kind.PICKUP_REMINDER),
    FulfillmentCanceled: (Kind.PICKUP_EXPIRED,),
    Canceled: (Kind.CANCELED,),
    ReturnRequested: (Kind.RETURN_REQUESTED, Kind.EXCHANGE),
    Returned: (Kind.RETURNED,),
    Refunded: (Kind.REFUNDED, Kind.APPEASEMENT),
}
assert {kind for kinds in KINDS_OF.values() for kind in kinds} == set(Kind), "every kind of mail has its event"
# Events that make their mail whatever they say; the others have to be decoded first.
_UNCONDITIONAL = (Received, Backordered, Delivered, Canceled, Returned)
UNCONDITIONAL_KINDS: dict[str, Kind] = {each.name: KINDS_OF[each][0] for each in _UNCONDITIONAL}


def kind_of(order_event: OrderEvent, settings: MailSettings) -> Kind | None:
    """Return the kind of mail an event is about, whether or not the mail is switched off; None if it is about none.

    A pickup that is handed over is shipped and delivered by one change, so its shipment makes no mail.
    """
    match order_event:
        case Held():
            return Kind.HOLD if customer_holds(order_event, settings) else None
        case Shipped():
            is_pickup = order_event.fulfillment is not None and order_event.fulfillment.kind == "pickup"
            return None if is_pickup else Kind.SHIPPED
        case ReadyForPickup():
            return Kind.PICKUP_REMINDER if order_event.reminder else Kind.READY_FOR_PICKUP
        case FulfillmentCanceled():
            return Kind.PICKUP_EXPIRED if order_event.expired else None
        case ReturnRequested():
            is_exchange = order_event.state is not None and order_event.state.exchange
            return Kind.EXCHANGE if is_exchange else Kind.RETURN_REQUESTED
        case Refunded():
            is_appeasement = order_event.refund is not None and order_event.refund.kind == "appeasement"
            return Kind.APPEASEMENT if is_appeasement else Kind.REFUNDED
    return UNCONDITIONAL_KINDS.get(order_event.name)


def mail_kind(order_event: OrderEvent, order: Order, settings: MailSettings, *, opted_out: bool = False) -> Kind | None:
    """Return the kind of mail an event makes. `order` is the order right after the event; `opted_out`: it wants no mails.

    None if the event makes no mail, the order has no address, or the organization has switched the mail off.
    """
    kind = kind_of(order_event, settings)
    if kind is None or opted_out or not settings.enabled or kind in settings.kinds_off:
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
