"""Order ids and their forms at each door, JSON equality, and hashed keys.

An id is a positive 63-bit integer: 41 bits of milliseconds since 2020, 10 bits of process slot, 12 bits of sequence. So ids
sort by time and are made without a round trip. Two processes that share a slot (more than 1024 starts apart) can only meet
in the primary key, which makes the second one mint again: never a duplicate.

The highest bit of the sequence is always set. Ids made before this rule have it clear, unless their process made more than
2048 ids in one millisecond or its clock was set back; so a form that has changed since can stay the same for them (`to_uuid`).
"""

import hashlib
from collections import deque
from decimal import Decimal
from typing import Any
from uuid import UUID

EPOCH_MS = 1_577_836_800_000  # 2020-01-01T00:00:00Z; 41 bits reach the year 2089
# Times from here on are not believed: 50 days before 41 bits end, so that ids can go on rising.
_LAST_MS = 2**41 - 2**32
# A clock that is set back by up to this is waited for: ids go on rising, so that lists keep the order in which things came.
_LEAP_MS = 3_600_000
# Stretches of time that a generator remembers, each without a leap; a process that makes an id every other hour has 12 a day.
_STRETCHES = 1_000
SLOTS = 1024
_SEQUENCE_BITS = 12
_SLOT_BITS = 10
_TIME_SHIFT = _SEQUENCE_BITS + _SLOT_BITS
_FIRST_SEQUENCE = 1 << (_SEQUENCE_BITS - 1)
MAX_ID = 2**63 - 1
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE62_PAIRS = [first + second for first in _BASE62 for second in _BASE62]
_FIRST_SHORT = (1_793_491_200_000 - EPOCH_MS) << _TIME_SHIFT  # 2026-11-01T00:00:00Z
_SHORT_COUNT = 62**10
_BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford: no i, l, o, u
_BASE32_PAIRS = [first + second for first in _BASE32 for second in _BASE32]
_MASK64 = 2**64 - 1


class IdGenerator:
    """Makes ids for one process slot, in rising order unless the clock leaps back; the caller brings the time."""

    def __init__(self, slot: int) -> None:
        self._slot = slot % SLOTS
        self._ms = 0
        self._sequence = _FIRST_SEQUENCE
        self._first_ms = 0  # of the present stretch
        self._limit_ms = 0  # where it meets a stretch that is used already
        self._used: deque[tuple[int, int]] = deque(maxlen=_STRETCHES)

    def new(self, now_us: int) -> int:
        """Return a new id for the time `now_us` (microseconds since 1970), or a little later when that is already past.

        A time that does not fit into an id is a clock that is wrong: ids go on from where they are. So they do where the clock
        is set back by up to an hour. Where it is set back by more, because it was far ahead, they follow it.
        """
        ms = now_us // 1000 - EPOCH_MS
        step = ms - self._ms
        if 0 < step < _LEAP_MS and ms < self._limit_ms:
            self._ms, self._sequence = ms, _FIRST_SEQUENCE
        elif (
            -_LEAP_MS <= step <= 0 or not 0 < ms < _LAST_MS
        ):  # the same millisecond, or a clock set back a little, or wrong
            self._sequence += 1
            if self._sequence >> _SEQUENCE_BITS:
                self._ms, self._sequence = self._ms + 1, _FIRST_SEQUENCE
        else:
            self._leap(ms)
        return (self._ms << _TIME_SHIFT) | (self._slot << _SEQUENCE_BITS) | self._sequence

    def _leap(self, ms: int) -> None:
        """Begin a stretch at `ms`, or after the stretches that are used there, so that no id is made twice."""
        if self._ms:
            self._used.append((self._first_ms, self._ms))
        for first, last in sorted(self._used):
            if first <= ms <= last:
                ms = last + 1
        self._ms, self._first_ms, self._sequence = ms, ms, _FIRST_SEQUENCE
        self._limit_ms = min((first for first, _ in self._used if first > ms), default=_LAST_MS)


def created_us(identity: int) -> int:
    """Return the time in an id, microseconds since 1970 at millisecond precision."""
    return ((identity >> _TIME_SHIFT) + EPOCH_MS) * 1000


def first_id_at(us: int) -> int:
    """Return the smallest id of the millisecond that holds `us`; no id minted earlier reaches it."""
    return min(MAX_ID, max(0, us // 1000 - EPOCH_MS) << _TIME_SHIFT)


# ------------------------------------------------------------------------------------------------------------ spellings
def to_base62(identity: int) -> str:
    """Format as 10 to 11 base-62 characters."""
    digits = ""
    while identity:
        identity, pair = divmod(identity, 3844)
        digits = _BASE62_PAIRS[pair] + digits
    return digits.lstrip("0").rjust(10, "0")


def from_base62(text: str) -> int | None:
    """Read what `to_base62` spelled; None for anything else."""
    return _positional(text, _BASE62, to_base62)


def to_short_base62(identity: int) -> str:
    """Format as 10 base-62 characters; ids of earlier releases, and those outside the years that 10 can hold, as 11.

    10 characters have 62**10 = 8.4e17 values and ids up to 9.2e18, so they cannot hold all: at 2**22 ids in a millisecond they
    hold 6.34 years. These begin before the first order of this program and end in March 2033.
    """
    offset = identity - _FIRST_SHORT
    is_short = identity & _FIRST_SEQUENCE and 0 <= offset < _SHORT_COUNT
    return to_base62(offset) if is_short else to_base62(identity).rjust(11, "0")


def from_short_base62(text: str) -> int | None:
    """Read what `to_short_base62` wrote, and 11 characters also for an id that has 10; None for anything else."""
    if len(text) == 10:
        offset = from_base62(text)
        identity = None if offset is None else _FIRST_SHORT + offset
        return identity if identity is not None and to_short_base62(identity) == text else None
    return from_base62(text.removeprefix("0")) if len(text) == 11 else None


def to_base32(identity: int) -> str:
    """Format as 13 Crockford base-32 characters."""
    pairs = _BASE32_PAIRS  # written out: several are spelled for every order that is told
    high, low = identity >> 30, identity & 0x3FFFFFFF  # Python is quickest with integers of 30 bits
    first = high >> 20
    return (
        f"{_BASE32[first >> 10]}{pairs[first & 1023]}{pairs[high >> 10 & 1023]}{pairs[high & 1023]}"
        f"{pairs[low >> 20]}{pairs[low >> 10 & 1023]}{pairs[low & 1023]}"
    )


def from_base32(text: str) -> int | None:
    """Read what `to_base32` spelled; None for anything else."""
    return _positional(text, _BASE32, to_base32)


def to_digits(identity: int) -> str:
    """Format as 19 decimal digits."""
    return f"{identity:019d}"


def from_digits(text: str) -> int | None:
    """Read what `to_digits` spelled; None for anything else."""
    return int(text) if len(text) == 19 and text.isascii() and text.isdigit() and int(text) <= MAX_ID else None


def to_hex24(identity: int) -> str:
    """Format as 24 hexadecimal digits: the id's seconds since 1970 in the first 8, as document stores do, then the id."""
    return f"{created_us(identity) // 1_000_000 & 0xFFFFFFFF:08x}{identity:016x}"


def from_hex24(text: str) -> int | None:
    """Read what `to_hex24` spelled; None for anything else."""
    if len(text) != 24 or any(sign not in "0123456789abcdef" for sign in text):
        return None
    identity = int(text[8:], 16)
    return identity if identity <= MAX_ID and to_hex24(identity) == text else None


def to_uuid(identity: int) -> str:
    """Format as a UUID: 63 bits of id, the rest a fixed mix of them, so that a made-up UUID is not an id.

    The version is 4, because some clients' checks of UUIDs accept only 1 to 5; ids of earlier releases keep version 8.
    """
    return _to_uuid(identity, 4 if identity & _FIRST_SEQUENCE else 8)


def _to_uuid(identity: int, version: int) -> str:
    mixed = _mix(
        identity if version == 8 else identity ^ _MASK64
    )  # one wrong digit never makes one version of the other
    value = (
        (identity >> 15) << 80
        | version << 76
        | (identity >> 3 & 0xFFF) << 64
        | 2 << 62
        | (identity & 7) << 59
        | mixed >> 5
    )
    digits = f"{value:032x}"  # what str(UUID) gives, for a fifth of its time
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def from_uuid(text: str) -> int | None:
    """Read what `to_uuid` wrote, now or in an earlier release; None for anything else."""
    try:
        value = UUID(text).int
    except ValueError:
        return None
    identity, version = (value >> 80) << 15 | (value >> 64 & 0xFFF) << 3 | (value >> 59 & 7), value >> 76 & 0xF
    is_written = identity <= MAX_ID and version in (4, 8) and _to_uuid(identity, version) == text.lower()
    return identity if is_written else None


def _mix(value: int) -> int:
    """Stir 64 bits (the finalizer of SplitMix64)."""
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 & _MASK64
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB & _MASK64
    return value ^ (value >> 31)


def _positional(text: str, alphabet: str, encode: Any) -> int | None:
    if not 1 <= len(text) <= 13:
        return None
    identity = 0
    for sign in text:
        digit = alphabet.find(sign)
        if digit < 0:
            return None
        identity = identity * len(alphabet) + digit
    return identity if identity <= MAX_ID and encode(identity) == text else None


# ----------------------------------------------------------------------------------------------------- sameness and keys
def json_equal(one: Any, other: Any) -> bool:
    """Tell whether two decoded JSON values mean the same: members in any order, numbers by value, types kept apart."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | Decimal) and isinstance(other, int | Decimal):
        return one == other
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(json_equal(value, other[name]) for name, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(json_equal, one, other))
    return bool(one == other)


def hashed_key(scope: str, *parts: str) -> bytes:
    """Return the 32-byte key of a natural key: any length in, fixed size out, and no two lists of parts alike."""
    hashed = [scope.encode()]
    for part in parts:
        encoded = part.encode()
        hashed += (b"%d:" % len(encoded), encoded)
    return hashlib.sha256(b"".join(hashed)).digest()


def index_key(value: str) -> str:
    """Return the form of a value that is indexed: itself, or for a long one its beginning and its hash.

    PostgreSQL refuses index rows over 2704 bytes, and vendors set no length limits; 160 characters are at most 640 bytes.
    """
    if len(value) <= 200:
        return value
    return value[:160] + hashlib.sha256(value.encode()).hexdigest()[:40]
