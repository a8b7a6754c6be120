"""How an organization allocates: when, by which rules, and what happens to orders that wait for stock; data."""

from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import Struct

from crossdock.core.allocation.rules import RuleSet

KIND = "allocation_settings"
KEY = "allocation"
Mode = Literal["arrival", "schedule", "manual"]


class AllocationSettings(Struct, frozen=True, omit_defaults=True):
    """When orders are allocated: on `arrival`, by `schedule` (every `every_minutes`), or by `manual` requests alone.

    `backorder`: what cannot be served waits for stock. An order that was tried `max_attempts` times in vain, though stock had
    come, is put on hold. After each number of `consent_days` of waiting the customer is asked to wait on; after `max_wait_days`
    what waits is canceled.
    """

    mode: Mode = "arrival"
    every_minutes: int = 15
    rule_sets: tuple[RuleSet, ...] = ()
    backorder: bool = True
    max_attempts: int = 20
    consent_days: tuple[int, ...] = ()
    max_wait_days: int | None = None


_DECODER = msgspec.json.Decoder(AllocationSettings, float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def decode_settings(document: bytes) -> AllocationSettings:
    """Decode the stored document."""
    return _DECODER.decode(document)


def encode_settings(settings: AllocationSettings) -> bytes:
    """Encode the document, as it is stored."""
    return _ENCODER.encode(settings)
