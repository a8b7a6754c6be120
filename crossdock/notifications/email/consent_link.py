"""A customer's answer to a delay: the token in the link, and the pages it leads to.

A token says which event of which order asks, and until when; it is signed, so that nobody makes one for another order. Who
has the link may answer, as who has the mail may.
"""

import base64
import binascii
import hashlib
import hmac
import struct
from typing import Literal

from msgspec import Struct

from crossdock.notifications.email.email_settings import Language
from crossdock.notifications.email.languages import TAGS, say
from crossdock.notifications.email.sandbox import built_in
from crossdock.notifications.email.view import View

Answer = Literal["accept", "cancel"]

# What is signed begins with this, so that a key that signs other things too never signs the same bytes.
_PURPOSE = b"crossdock consent 1\0"
_FIELDS = struct.Struct(">QQIQ")
_SIGNATURE_BYTES = 32


class Consent(Struct, frozen=True):
    """What a token says: the event that asks, by its number within the order, and until when (microseconds since 1970 UTC)."""

    organization_id: int
    order_id: int
    number: int
    expires_at: int


def make_token(key: bytes, consent: Consent) -> str:
    """Sign a consent; 80 letters, digits, - and _. `key` is a secret of 32 bytes or more."""
    body = _FIELDS.pack(consent.organization_id, consent.order_id, consent.number, consent.expires_at)
    return base64.urlsafe_b64encode(body + _sign(key, body)).decode().rstrip("=")


def read_token(key: bytes, token: str, *, now_us: int) -> Consent | None:
    """Read a token at a time (microseconds since 1970 UTC). None for one that is not signed with the key, or is over."""
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    body, signature = raw[: _FIELDS.size], raw[_FIELDS.size :]
    if len(signature) != _SIGNATURE_BYTES or not hmac.compare_digest(signature, _sign(key, body)):
        return None
    consent = Consent(*_FIELDS.unpack(body))
    return consent if now_us < consent.expires_at else None


def _sign(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + body, hashlib.sha256)


def consent_url(public_url: str, token: str) -> str:
    """Give the link to the page of a token; the page answers at `/consent/{token}`."""
    return f"{public_url.rstrip('/')}/consent/{token}"


def consent_page(language: Language, view: View) -> str:
    """Give the page that asks: the delayed items, as `view_of` shows a delay's fact, and a form that posts `answer` (accept or
    cancel) to the page's own address."""
    return built_in("consent.html", language).render({name: getattr(view, name) for name in View.__struct_fields__})


def thanks_page(language: Language, answer: Answer, *, brand: str) -> str:
    """Give the page after an answer."""
    said = "consent.accepted" if answer == "accept" else "consent.canceled"
    return _told(language, brand, say(language, "consent.thanks"), say(language, said))


def gone_page(language: Language, *, brand: str = "") -> str:
    """Give the page for a link that is over, was made up, or asks what was settled since."""
    return _told(language, brand, say(language, "consent.gone"), say(language, "consent.gone_intro"))


def _told(language: Language, brand: str, title: str, text: str) -> str:
    return built_in("told.html", language).render(lang=TAGS[language], brand=brand, title=title, text=text)
