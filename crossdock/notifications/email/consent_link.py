"""A customer's consent to a delay: the token in the link of the mail, and the pages behind the link.

A token is a JWT signed with HMAC-SHA256. It names the event that asks, so that nobody can make one for another order, and
when it expires. Whoever has the link may answer, as whoever has the mail may.
"""

from typing import Literal

import jwt
import msgspec
from msgspec import Struct

from crossdock.notifications.email.email_settings import Language
from crossdock.notifications.email.languages import TAGS, translate
from crossdock.notifications.email.sandbox import built_in_template
from crossdock.notifications.email.view import View

Answer = Literal["accept", "cancel"]

_ALGORITHM = "HS256"
# The audience keeps a token that was signed for another purpose with the same key from being accepted.
_PURPOSE = "crossdock consent"


class Consent(Struct, frozen=True):
    """Claims of a token: the event that asks, by its number within the order, and when the link expires.

    `expires_at` is microseconds since 1970 UTC. It is not the claim `exp`, which PyJWT compares with the system's clock.
    """

    organization_id: int
    order_id: int
    number: int
    expires_at: int


def make_token(key: bytes, consent: Consent) -> str:
    """Sign a consent. `key` is a secret of at least 32 bytes."""
    return jwt.encode({"aud": _PURPOSE, **msgspec.to_builtins(consent)}, key, algorithm=_ALGORITHM)


def read_token(key: bytes, token: str, *, now_us: int) -> Consent | None:
    """Verify a token at `now_us`, microseconds since 1970 UTC. None if it was not signed with the key, or has expired."""
    try:
        claims = jwt.decode(token, key, algorithms=[_ALGORITHM], audience=_PURPOSE)
        consent = msgspec.convert(claims, Consent)
    except (
        jwt.InvalidTokenError,
        msgspec.ValidationError,
        ValueError,
    ):  # ValueError: not even text that can be encoded
        return None
    return consent if now_us < consent.expires_at else None


def consent_url(public_url: str, token: str) -> str:
    """Build the link to the page of a token; the page is served at `/consent/{token}`."""
    return f"{public_url.rstrip('/')}/consent/{token}"


def consent_page(language: Language, view: View) -> str:
    """Render the page that asks: the delayed items, and a form that posts `answer` (accept or cancel) to its own address."""
    variables = {name: getattr(view, name) for name in View.__struct_fields__}
    return built_in_template("consent.html", language).render(variables)


def thanks_page(language: Language, answer: Answer, *, brand: str) -> str:
    """Render the page after an answer."""
    text = "consent.accepted" if answer == "accept" else "consent.canceled"
    return _message_page(language, brand, translate(language, "consent.thanks"), translate(language, text))


def gone_page(language: Language, *, brand: str = "") -> str:
    """Render the page of a link that has expired, is forged, or asks what has been settled since."""
    return _message_page(
        language, brand, translate(language, "consent.gone"), translate(language, "consent.gone_intro")
    )


def _message_page(language: Language, brand: str, title: str, text: str) -> str:
    return built_in_template("message.html", language).render(lang=TAGS[language], brand=brand, title=title, text=text)
