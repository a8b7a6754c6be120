"""What an organization says about its mails: who sends them, which are sent, in which language, with which templates.

Owns the document's shape and its spelling as JSON. Whether its templates work is found out by `checks`.
"""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

from crossdock.core.json.request_body import decode_body
from crossdock.core.json.validation import rule
from crossdock.notifications.email.addresses import is_address

Language = Literal["en", "fr", "zh"]

# Reasons that ask the customer for something, in any case. The codes are those under which customer service, payment and
# address checks hold an order; fraud and customs are settled without the customer.
HOLD_REASONS = (
    "customer", "address", "payment", "bad address", "address verification", "payment declined", "payment failed",
    "ORDER_HOLD_CSR", "ORDER_HOLD_ADDRESS", "ORDER_HOLD_PAYMENT", "ORDER_HOLD_REVALIDATION",
)  # fmt: skip
# Enough for any layout with its styles; a template is compiled, and kept compiled.
TEMPLATE_CHARACTERS = 65_536


def _is_time_zone(name: str) -> bool:
    if name == "UTC":  # needs no time zone data
        return True
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return False
    return True


def is_link(url: str | None) -> bool:
    """Say whether a text is an absolute web address that may stand behind a link."""
    return url is not None and url.lower().startswith(("https://", "http://")) and url.isprintable() and " " not in url


MailAddress = Annotated[str, rule("mail_address", is_address, "one e-mail address such as shop@example.com")]
WebAddress = Annotated[str, rule("web_address", is_link, "a web address that begins with https:// or http://")]
TimeZone = Annotated[str, rule("time_zone", _is_time_zone, "a time zone such as America/Toronto")]
Name = Annotated[str, Meta(max_length=200)]
Source = Annotated[str, Meta(max_length=TEMPLATE_CHARACTERS)]


class Override(Struct, frozen=True, omit_defaults=True):
    """Templates of an organization in place of the built-in ones, for one kind and language; None keeps the built-in one."""

    subject: Source | None = None
    html: Source | None = None
    text: Source | None = None


class MailSettings(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One organization's mails. `sender` is the address they come from, `brand` the name they speak in.

    `locale` is used for every order that names no language itself; None decides by country. `public_url` is where customers
    reach this server (None: as the server is set). `hold_reasons` are those the customer is told of, in any case (None:
    HOLD_REASONS). `templates` are by kind and language.
    """

    sender: MailAddress
    sender_name: Name = ""
    reply_to: MailAddress | None = None
    brand: Name = ""
    locale: Language | None = None
    time_zone: TimeZone = "UTC"
    enabled: bool = True
    kinds_off: list[str] = []
    hold_reasons: list[str] | None = None
    public_url: WebAddress | None = None
    unsubscribe_url: WebAddress | None = None
    templates: dict[str, dict[str, Override]] = {}

    @property
    def name(self) -> str:
        """The name the mails speak in: the brand, else the sender's name, else the domain they come from."""
        return self.brand.strip() or self.sender_name.strip() or self.sender.rpartition("@")[2]

    def override(self, kind: str, language: str) -> Override:
        """Give the organization's templates for a kind in a language; an empty one where it has none."""
        return self.templates.get(kind, _NONE).get(language, _BUILT_IN)


_NONE: dict[str, Override] = {}
_BUILT_IN = Override()


def encode(settings: MailSettings) -> bytes:
    """Spell settings as the JSON document that `decode` reads."""
    return msgspec.json.encode(settings)


def decode_settings(document: bytes) -> MailSettings:
    """Read a document that was checked before. Raises Invalid with every fault of its shape; templates are not tried."""
    return decode_body(document, MailSettings)
