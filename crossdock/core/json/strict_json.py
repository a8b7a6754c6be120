"""Parse JSON strictly: exact numbers, no duplicate member, nothing dropped.

Numbers are never floats: whole ones are int, others Decimal. One fast pass takes good bodies; only a doubtful one is parsed
again, loosely, to name what is wrong with it.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal, DecimalException
from typing import Any

import msgspec

from crossdock.core.errors import Code, Fault, Invalid, Path

Tree = Any

# Nothing in the four vendors' documents nests deeper than 8; the limit keeps recursion and stored documents small.
DEPTH_LIMIT = 64
# No price, weight or count needs more; beyond it lie attacks on decimal arithmetic such as 1e999999999.
DIGITS_LIMIT = 40
EXPONENT_LIMIT = 40
# A body can hold a million faults; a client mends the first hundred.
FAULTS_LIMIT = 100

# Writers of .NET begin a stream with it; RFC 8259 lets a reader ignore it.
_BOM = b"\xef\xbb\xbf"
# Makes every digit 0 and every opening bracket {, so that one search finds a whole number longer than any 64 bits hold, and
# one count tells how many objects and arrays there are.
_FOLDED = bytes.maketrans(b"123456789[", b"000000000{")
_LONG = b"0" * 20

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_AS_ROUND = bytes.maketrans(b"[{]}", b"(())")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[{]}"))


def _number(written: str) -> Decimal:
    if (len(written) > 20 or "e" in written or "E" in written) and not _is_number_in_range(written):
        raise ValueError("a number is out of range")
    return Decimal(written)


_DECODER = msgspec.json.Decoder(float_hook=_number)
_REDECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder()


def parse(raw: bytes) -> Tree:
    """Decode strict JSON: no float, no duplicate member, no NaN, no lone surrogate, no NUL, nothing deeper than the limit.

    Refuses with Invalid: `not_json` (says where), `too_deep`, or `invalid` naming each offending path.
    """
    raw = raw.removeprefix(_BOM)
    folded = raw.translate(_FOLDED)
    if _count(folded, b"{") > DEPTH_LIMIT and _is_too_deep(raw):
        raise Invalid(Code.TOO_DEEP, f"the body nests deeper than {DEPTH_LIMIT} levels", limit=DEPTH_LIMIT)
    try:
        tree = _DECODER.decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError, DecimalException) as error:
        raise _why_not_json(raw, error) from None
    # Every member has a colon, and so has it when the tree is written again. Text inside strings adds the same to both
    # counts unless a colon was escaped. So equal counts prove that no member was dropped as a duplicate, for a fraction of
    # what a second parse costs; any doubt takes the slow way.
    # `find`, because `in` looks for a number first and raises and catches an error where it is given bytes.
    doubtful = (raw.find(b"\\") >= 0 and raw.find(b"\\u00") >= 0) or folded.find(_LONG) >= 0
    if doubtful or _count(raw, b":") != _count(_ENCODER.encode(tree), b":"):
        faults = tuple(_content_faults(raw))
        if faults:
            raise Invalid(Code.INVALID, "the body is not acceptable JSON", faults=faults[:FAULTS_LIMIT])
    return tree


def parse_trusted(raw: bytes) -> Tree:
    """Decode what `parse` has taken before; the same tree, without proving again that nothing is wrong with it."""
    return _REDECODER.decode(raw.removeprefix(_BOM))


def _count(raw: bytes, sign: bytes) -> int:
    """Count a sign; taking it out runs from one to the next, where `bytes.count` looks at each byte and takes twice as long."""
    return len(raw) - len(raw.replace(sign, b""))


def _is_too_deep(raw: bytes) -> bool:
    """Check whether brackets nest deeper than the limit; in a few passes of C loops, because a body can have a million."""
    brackets = _STRING.sub(b"", raw).translate(_AS_ROUND, _NO_BRACKETS)
    if b"(" * (DEPTH_LIMIT + 1) in brackets:
        return True
    for _ in range(DEPTH_LIMIT):  # each pass removes the innermost pairs, whose siblings are innermost, too
        brackets = brackets.replace(b"()", b"")
    return b"()" in brackets or brackets.count(b"(") > DEPTH_LIMIT  # the latter: brackets that are never closed


def corrected(raw: bytes) -> Tree:
    """Decode what `parse` has refused as `invalid`, so that its shape can be checked too: an unfit number becomes 1."""
    return _settled(_loosely(raw))


class _Pairs(list[tuple[str, Tree]]):
    """An object as its members in order, so that duplicates are still there to be named."""


class _Written(str):
    """A number exactly as written."""


def _loosely(raw: bytes) -> Tree:
    """Decode what a lenient decoder takes, with nothing lost: members in order, numbers as written."""
    text = raw.removeprefix(_BOM).decode("utf-8", "surrogatepass")
    return json.loads(text, object_pairs_hook=_Pairs, parse_float=_Written, parse_int=_Written, parse_constant=_Written)


def _settled(loose: Tree) -> Tree:
    """Make a loose tree a plain one."""
    if isinstance(loose, _Pairs):
        return {_writable(name): _settled(child) for name, child in loose}
    if isinstance(loose, list):
        return [_settled(child) for child in loose]
    if isinstance(loose, _Written):
        if not _is_number_in_range(loose):
            return 1
        return int(loose) if loose.lstrip("-").isdigit() else Decimal(loose)
    return _writable(loose) if isinstance(loose, str) else loose


def _content_faults(raw: bytes) -> Iterator[Fault]:
    try:
        loose = _loosely(raw)
    except (ValueError, RecursionError):  # no JSON at all, or sound but for its encoding; the strict decoder says why
        return
    yield from _tree_faults(loose, ())


def _tree_faults(node: Tree, path: Path) -> Iterator[Fault]:
    if isinstance(node, _Pairs):
        seen: set[str] = set()
        for name, child in node:
            below = (*path, _writable(name))
            if name in seen:
                yield Fault(below, "must not be given twice")
            seen.add(name)
            if not _is_text(name):
                yield Fault(path, "has a member name with NUL or half a surrogate pair in it")
            yield from _tree_faults(child, below)
    elif isinstance(node, list):
        for position, child in enumerate(node):
            yield from _tree_faults(child, (*path, position))
    elif isinstance(node, _Written):
        if not _is_number_in_range(node):
            yield Fault(path, f"must be a number of at most {DIGITS_LIMIT} digits and below 1e{EXPONENT_LIMIT}")
    elif isinstance(node, str) and not _is_text(node):
        yield Fault(path, "must not hold NUL or half a surrogate pair")


def _writable(name: str) -> str:
    """Format a member name so that a fault's path can be stored and answered whatever the name holds."""
    return name.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")


def _is_text(value: str) -> bool:
    return "\x00" not in value and not any("\ud800" <= sign <= "\udfff" for sign in value)


def _is_number_in_range(written: str) -> bool:
    if len(written) > DIGITS_LIMIT * 4:
        return False
    try:
        number = Decimal(written)
    except DecimalException:
        return False
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):  # NaN, Infinity
        return False
    return len(digits) <= DIGITS_LIMIT and abs(exponent) <= EXPONENT_LIMIT and number.adjusted() < EXPONENT_LIMIT


def _why_not_json(raw: bytes, error: Exception) -> Invalid:
    """Find out what a strict decoder stumbled over: a body sound but for its values gets paths, any other a position."""
    faults = tuple(_content_faults(raw))
    if faults:
        return Invalid(Code.INVALID, "the body is not acceptable JSON", faults=faults[:FAULTS_LIMIT])
    reason = "the body is empty" if not raw.strip() else f"the body is not JSON: {error}"
    return Invalid(Code.NOT_JSON, reason, faults=(Fault((), reason),))
