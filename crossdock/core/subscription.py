"""Webhook subscriptions: subscribed events, delivery format, signing secrets."""

from typing import Any

from msgspec import Struct

from crossdock.core.ids import to_base32

# The endpoint every organization has from its making: its customers, told by mail.
MAIL_ENDPOINT = 1


def message_id(event_id: int, topic: str = "") -> str:
    """Format the id by which a receiver knows a repeat: that of the event, whoever is told of it and however often.

    Vendors' payloads tell of one event under several names, each a message of its own; our own names have a dot.
    """
    suffix = f"_{topic}" if topic and "." not in topic else ""
    return f"evt_{to_base32(event_id)}{suffix}"


class SigningSecret(Struct, frozen=True, omit_defaults=True):
    """What deliveries are signed with; an old one is in force `until` a time (microseconds since 1970), a new one for good."""

    value: str
    until: int | None = None


class Subscription(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One webhook receiver. No topics, doors or statuses named means all of them; a topic may end in `*`.

    `format` names the payload (see flows.payload_formats). `details` is what a vendor's own call said of it besides.
    """

    url: str
    name: str = ""
    topics: tuple[str, ...] = ()
    doors: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    format: str = "event"
    method: str = "POST"
    headers: tuple[tuple[str, str], ...] = ()
    secrets: tuple[SigningSecret, ...] = ()
    details: dict[str, Any] = {}

    def matches(self, topic: str) -> bool:
        """Tell whether it wants to hear of a topic."""
        return not self.topics or any(
            topic == each or (each.endswith("*") and topic.startswith(each[:-1])) for each in self.topics
        )

    def secrets_at(self, now: int) -> tuple[str, ...]:
        """Return the secrets in force at a time, the newest first."""
        return tuple(each.value for each in self.secrets if each.until is None or now < each.until)
