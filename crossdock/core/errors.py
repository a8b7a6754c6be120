"""The five kinds of refusal, and the closed list of codes they carry.

A refusal is expected and says what the caller can change. It knows no HTTP status and no vendor's words: every door renders
every code in its own shape (a test renders them all). Any other exception is a bug.
"""

from enum import StrEnum
from typing import ClassVar

from msgspec import Struct

Path = tuple[str | int, ...]


class Code(StrEnum):
    """Why something was refused. Closed: a door's error table is complete when it names each of these."""

    # Invalid
    NOT_JSON = "not_json"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    INVALID = "invalid"
    BAD_REQUEST = "bad_request"
    HEAD_TOO_LARGE = "head_too_large"
    TOO_SLOW = "too_slow"
    UNKNOWN_REFERENCE = "unknown_reference"
    # Missing
    NO_ROUTE = "no_route"
    NO_METHOD = "no_method"
    NOT_YET = "not_yet"
    NO_ORDER = "no_order"
    NO_SUBMISSION = "no_submission"
    NOT_FOUND = "not_found"
    UNKNOWN_CURSOR = "unknown_cursor"
    # Denied
    NO_TOKEN = "no_token"
    BAD_TOKEN = "bad_token"
    BAD_CREDENTIALS = "bad_credentials"
    NO_SCOPE = "no_scope"
    FOREIGN_ORGANIZATION = "foreign_organization"
    # Conflict
    NUMBER_TAKEN = "number_taken"
    KEY_REUSED = "key_reused"
    STATE_FORBIDS = "state_forbids"
    STALE_VERSION = "stale_version"
    EXISTS = "exists"
    # Busy
    UNAVAILABLE = "unavailable"
    OVERLOADED = "overloaded"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    RATE_LIMITED = "rate_limited"


class Fault(Struct, frozen=True):
    """One thing wrong with a body: where it is (member names and array positions) and what would be right."""

    path: Path
    reason: str


class Refusal(Exception):
    """A request that cannot be done, with its code, the facts a door may show, and all faults found.

    `reason` is one English sentence without vendor words; `facts` are named values (order number, limit …). `recorded` is set
    once the submission it is about is kept.
    """

    allowed: ClassVar[frozenset[Code]] = frozenset()

    def __init__(self, code: Code, reason: str, *, faults: tuple[Fault, ...] = (), **facts: object) -> None:
        super().__init__(reason)
        assert code in self.allowed, f"{type(self).__name__} does not carry {code}"
        self.code = code
        self.reason = reason
        self.faults = faults
        self.facts = facts
        self.recorded = False


class Invalid(Refusal):
    """What was sent is wrong; `faults` lists every fault with its path."""

    allowed = frozenset(
        {
            Code.NOT_JSON,
            Code.TOO_LARGE,
            Code.TOO_DEEP,
            Code.INVALID,
            Code.BAD_REQUEST,
            Code.HEAD_TOO_LARGE,
            Code.TOO_SLOW,
            Code.UNKNOWN_REFERENCE,
        }
    )


class NotFound(Refusal):
    """What was asked for is not there, or not this organization's."""

    allowed = frozenset(
        {
            Code.NO_ROUTE,
            Code.NO_METHOD,
            Code.NOT_YET,
            Code.NO_ORDER,
            Code.NO_SUBMISSION,
            Code.NOT_FOUND,
            Code.UNKNOWN_CURSOR,
        }
    )


class Denied(Refusal):
    """The caller is not known, or may not do this."""

    allowed = frozenset({Code.NO_TOKEN, Code.BAD_TOKEN, Code.BAD_CREDENTIALS, Code.NO_SCOPE, Code.FOREIGN_ORGANIZATION})


class Conflict(Refusal):
    """It contradicts what is already there."""

    allowed = frozenset({Code.NUMBER_TAKEN, Code.KEY_REUSED, Code.STATE_FORBIDS, Code.STALE_VERSION, Code.EXISTS})


class Busy(Refusal):
    """It may work later: the database is away, locked or full, too much is waiting, or too much was tried.

    The fact `retry_after_s` is when, where that is known.
    """

    allowed = frozenset({Code.UNAVAILABLE, Code.OVERLOADED, Code.TOO_MANY_ATTEMPTS, Code.RATE_LIMITED})
