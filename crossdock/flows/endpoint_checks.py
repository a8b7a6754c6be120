"""Checks of endpoints and mail settings that only the notification channels can make; `app.py` brings them."""

from collections.abc import Awaitable, Callable
from typing import Literal

from msgspec import Struct

from crossdock.core.errors import Fault

SecretKind = Literal["hmac", "ed25519"]


class EndpointChecks(Struct, frozen=True):
    """Checks that belong to the channels: each returns why a value is invalid, None if it is valid.

    `app.py` passes them in, because the channels are in a layer above flows.
    """

    url: Callable[[str], str | None]
    headers: Callable[[tuple[tuple[str, str], ...]], str | None]
    secret: Callable[[str], str | None]
    make_secret: Callable[[SecretKind], str]
    public_key: Callable[[str], str | None]
    mail_settings: Callable[[bytes], Awaitable[tuple[Fault, ...]]]
