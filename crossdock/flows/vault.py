"""The vault: secrets are encrypted before they are stored, under keys of the operator's that the database does not hold.

Encrypted are the secrets that webhooks are signed with, the values of the headers that receivers ask for, and the key that
signs tokens. Each is a Fernet token (AES-128-CBC and HMAC-SHA-256) with a prefix, so that values stored before there was a
key are still read. What is only compared, such as client secrets and passwords, is hashed instead.
"""

import base64
import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from crossdock.core.subscription import Subscription

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

_PREFIX = "sealed:"
_replace = msgspec.structs.replace


class UnknownKeyError(Exception):
    """A stored secret was encrypted under a key that this process does not have."""


class Vault:
    """Encrypts under the first of its keys and decrypts with any. Without keys, what is stored is the secret itself."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = tuple(keys)
        self._fernet = _fernet(self._keys) if keys else None

    @property
    def encrypts(self) -> bool:
        """Whether there is a key."""
        return self._fernet is not None

    def seal(self, secret: str) -> str:
        """Return what is stored of a secret."""
        return _PREFIX + self._fernet.encrypt(secret.encode()).decode() if self._fernet else secret

    def open(self, stored: str) -> str:
        """Return the secret that is stored. Raises UnknownKeyError."""
        if not stored.startswith(_PREFIX):
            return stored
        from cryptography.fernet import InvalidToken

        try:
            if self._fernet is not None:
                return self._fernet.decrypt(stored.removeprefix(_PREFIX)).decode()
        except InvalidToken:
            pass
        raise UnknownKeyError("a stored secret is encrypted under a key that CROSSDOCK_ENCRYPTION_KEY does not have")

    def seal_subscription(self, subscription: Subscription) -> Subscription:
        """Return a subscription as it is stored."""
        return _replace(
            subscription,
            secrets=tuple(_replace(each, value=self.seal(each.value)) for each in subscription.secrets),
            headers=tuple((name, self.seal(value)) for name, value in subscription.headers),
        )

    def open_subscription(self, stored: Subscription) -> Subscription:
        """Return the subscription that is stored. Raises UnknownKeyError."""
        return _replace(
            stored,
            secrets=tuple(_replace(each, value=self.open(each.value)) for each in stored.secrets),
            headers=tuple((name, self.open(value)) for name, value in stored.headers),
        )


def _fernet(keys: Sequence[str]) -> "MultiFernet":
    from cryptography.fernet import Fernet, MultiFernet

    # A Fernet key has 32 bytes; the setting is a random text of at least as many.
    return MultiFernet([Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest())) for key in keys])
