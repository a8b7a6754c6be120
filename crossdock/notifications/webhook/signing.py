"""Signatures of Standard Webhooks 1.0: formats of secrets, and the signature of a message.

`whsec_` is a shared secret (HMAC-SHA256, signatures `v1`). `whsk_` is a private key that stays here (Ed25519, signatures
`v1a`); its public key, `whpk_`, goes to the receiver.
"""

import base64
import binascii
import hmac
import secrets as random
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

HMAC_PREFIX = "whsec_"
PRIVATE_PREFIX = "whsk_"
PUBLIC_PREFIX = "whpk_"
# The standard's bounds of an HMAC secret, and the length generated here: as much as SHA-256 can use.
MIN_HMAC_BYTES, MAX_HMAC_BYTES = 24, 64
_HMAC_BYTES = 32
# An Ed25519 private key; some programs append the public key to it.
_SEED_BYTES = 32
# Parsed secrets in the cache: more than the endpoints of one server, at a few hundred bytes each.
_SECRET_CACHE = 4_096


class Scheme(StrEnum):
    """Signature scheme of an endpoint."""

    HMAC = "hmac-sha256"
    ED25519 = "ed25519"


def make_secret(scheme: Scheme) -> str:
    """Generate a random secret with its prefix."""
    if scheme is Scheme.HMAC:
        return HMAC_PREFIX + _base64(random.token_bytes(_HMAC_BYTES))
    return PRIVATE_PREFIX + _base64(Ed25519PrivateKey.generate().private_bytes_raw())


def public_key(secret: str) -> str | None:
    """Return the public key, `whpk_…`, with which receivers verify `v1a` signatures; None for an HMAC secret.

    Raises ValueError for a secret that `check_secret` refuses.
    """
    if secret.startswith(HMAC_PREFIX):
        return None
    return PUBLIC_PREFIX + _base64(_private_key(secret).public_key().public_bytes_raw())


def check_secret(text: str) -> str | None:
    """Return why a text is not a valid secret, without repeating it; None if it is."""
    try:
        _signer(text)
    except ValueError as error:
        return str(error)
    return None


def signature(message_id: str, timestamp_s: int, body: bytes, secrets: Iterable[str]) -> str:
    """Return the value of `webhook-signature`: one signature for each secret, separated by spaces.

    Pass all secrets in force, the newest first. Raises ValueError for a secret that `check_secret` refuses, and for an id
    with a full stop, which is the separator of the signed content.
    """
    if not message_id or "." in message_id:
        raise ValueError("the message id must not be empty or have a full stop")
    content = b"%b.%d.%b" % (message_id.encode(), timestamp_s, body)
    return " ".join([_signer(secret)(content) for secret in secrets])


@lru_cache(_SECRET_CACHE)
def _signer(secret: str) -> Callable[[bytes], str]:
    """Return a function that signs with a secret; raises ValueError with a reason if the secret is invalid."""
    if secret.startswith(HMAC_PREFIX):
        key = _decode_base64(secret.removeprefix(HMAC_PREFIX))
        if not MIN_HMAC_BYTES <= len(key) <= MAX_HMAC_BYTES:
            raise ValueError(f"an HMAC secret has {MIN_HMAC_BYTES} to {MAX_HMAC_BYTES} bytes, not {len(key)}")
        return lambda content: "v1," + _base64(hmac.digest(key, content, "sha256"))
    private = _private_key(secret)
    return lambda content: "v1a," + _base64(private.sign(content))


def _private_key(secret: str) -> Ed25519PrivateKey:
    if secret.startswith(PUBLIC_PREFIX):
        raise ValueError(f"this is a public key; signing needs the private one, {PRIVATE_PREFIX}…")
    if not secret.startswith(PRIVATE_PREFIX):
        raise ValueError(f"a secret begins with {HMAC_PREFIX} or {PRIVATE_PREFIX}")
    raw = _decode_base64(secret.removeprefix(PRIVATE_PREFIX))
    if len(raw) not in (_SEED_BYTES, 2 * _SEED_BYTES):
        raise ValueError(f"an Ed25519 private key has {_SEED_BYTES} bytes, or {2 * _SEED_BYTES} with the public key")
    private = Ed25519PrivateKey.from_private_bytes(raw[:_SEED_BYTES])
    if raw[_SEED_BYTES:] not in (b"", private.public_key().public_bytes_raw()):
        raise ValueError("the public key behind the private key is not its own")
    return private


def _decode_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):  # ValueError: not ASCII
        raise ValueError("what follows the prefix must be base64, with its padding") from None


def _base64(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode()
