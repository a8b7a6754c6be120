"""The words for statuses, doors and events that pages show. English here; templates translate them."""

from crossdock.core.orders.status import Status
from crossdock.flows.callers import role_of

STATUS_LABELS: dict[str, str] = {
    Status.OPEN: "Open",
    Status.ON_HOLD: "On hold",
    Status.PARTIALLY_ALLOCATED: "Partially allocated",
    Status.ALLOCATED: "Allocated",
    Status.PARTIALLY_SHIPPED: "Partially shipped",
    Status.SHIPPED: "Shipped",
    Status.DELIVERED: "Delivered",
    Status.RETURNED: "Returned",
    Status.CANCELED: "Canceled",
}
DOOR_LABELS = {
    "pb_oms": "Pitney Bowes OMS",
    "pb_fulfillment": "Pitney Bowes Fulfillment",
    "fabric": "fabric",
    "s2": "Ventmere S2",
    "hub": "Hub",
}


def status_label(status: str) -> str:
    """Return the label of a status, in English."""
    return STATUS_LABELS.get(status, status.replace("_", " ").capitalize())


def door_label(door: str) -> str:
    """Return the name of a door."""
    return DOOR_LABELS.get(door, door)


def role_label(scopes: str) -> str:
    """Return the name of the role that a membership's scopes amount to, in English."""
    return role_of(scopes.split()).capitalize()
