"""Mail settings of an organization: sender, which mails are sent, language, templates.

Owns the shape of the JSON document. Whether its templates work is checked in template_validation.
"""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from crossdock.core.json.request_body import decode_body
from crossdock.core.json.validation import rule
from crossdock.notifications.email.addresses import is_address

Language = Literal["en", "fr", "zh"]

# Hold reasons that need an answer from the customer, in any case, whatever the door: those of customer service, payment and
# address checks. Fraud and customs are settled without the customer. Doors add their vendors' codes.
HOLD_REASONS = (
    "customer", "address", "payment", "bad address", "address verification", "payment declined", "payment failed",
)  # fmt: skip
# Enough for any layout with its styles; compiled templates are cached.
MAX_TEMPLATE_CHARACTERS = 65_536


def _is_time_zone(name: str) -> bool:
    if name == "UTC":  # needs no time zone data
        return True
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return False
    return True


def is_link(url: str | None) -> bool:
    """Whether a text is an absolute web address that is safe in a link."""
    return url is not None and url.lower().startswith(("https://", "http://")) and url.isprintable() and " " not in url


MailAddress = Annotated[str, rule("mail_address", is_address, "one e-mail address such as shop@example.com")]
WebAddress = Annotated[str, rule("web_address", is_link, "a web address that begins with https:// or http://")]
TimeZone = Annotated[str, rule("time_zone", _is_time_zone, "a time zone such as America/Toronto")]
Name = Annotated[str, Meta(max_length=200)]
Source = Annotated[str, Meta(max_length=MAX_TEMPLATE_CHARACTERS)]


class Override(Struct, frozen=True, omit_defaults=True):
    """Templates that replace the built-in ones for one kind and language; None keeps the built-in one."""

    subject: Source | None = None
    html: Source | None = None
    text: Source | None = None


class MailSettings(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Mail settings of one organization. `sender` is the address mails come from, `brand` the name of the shop in them.

    `locale` is the language of orders that name none; None decides by country. `public_url` is where customers reach this
    server; None uses the server's setting. `hold_reasons` are those that need an answer from the customer, in any case; None
    uses HOLD_REASONS and those of the doors. `templates` are by kind and language.
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
        """Name of the shop in mails: the brand, else the sender's name, else the sender's domain."""
        return self.brand.strip() or self.sender_name.strip() or self.sender.rpartition("@")[2]

    def override(self, kind: str, language: str) -> Override:
        """Return the organization's templates for a kind in a language; an empty Override if it has none."""
        return self.templates.get(kind, _NO_LANGUAGES).get(language, _NO_OVERRIDE)


_NO_LANGUAGES: dict[str, Override] = {}
_NO_OVERRIDE = Override()


def decode_settings(document: bytes) -> MailSettings:
    """Decode a settings document. Raises Invalid with every fault of its shape; templates are not validated."""
    return decode_body(document, MailSettings)
