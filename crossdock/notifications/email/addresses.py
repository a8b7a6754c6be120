"""E-mail addresses: one address or none, as vendors' systems write them, and its spelling for the wire.

Stricter than the standard where it leaves room nobody uses: no quoted local parts, no comments, no address literals.
"""

import re

import idna

# What RFC 5321 and RFC 6531 allow between the dots of a local part.
_LOCAL = re.compile(r"[\w!#$%&'*+\-/=?^`{|}~]+(?:\.[\w!#$%&'*+\-/=?^`{|}~]+)*\Z")
_LOCAL_OCTETS = 64
_DOMAIN_OCTETS = 253


class InvalidRecipient(ValueError):
    """A text is not one e-mail address; says why, without repeating it."""


def wire_address(written: str) -> str:
    """Give the address for the envelope and the header: the domain in ASCII, the local part as written.

    A local part outside ASCII needs a server that offers SMTPUTF8. Raises Unmailable.
    """
    text = written.strip()
    if any(sign in text for sign in ",;"):
        raise InvalidRecipient("more than one address")
    local, at, domain = text.rpartition("@")
    if not at:
        raise InvalidRecipient("no @ in the address")
    if "@" in local:
        raise InvalidRecipient("more than one @ in the address")
    if not _LOCAL.match(local) or len(local.encode()) > _LOCAL_OCTETS:
        raise InvalidRecipient("what stands before the @ is not acceptable")
    return f"{local}@{_wire_domain(domain)}"


def _wire_domain(domain: str) -> str:
    if len(domain) > _DOMAIN_OCTETS or "." not in domain:
        raise InvalidRecipient("what stands after the @ is not a domain")
    try:
        # UTS 46 maps what people type (capitals, full-width signs); the 2008 rules keep ß, which the 2003 ones do not.
        return idna.encode(domain.removesuffix("."), uts46=True, std3_rules=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        raise InvalidRecipient("what stands after the @ is not a domain") from None


def is_address(written: str) -> bool:
    """Say whether a text is one e-mail address."""
    try:
        wire_address(written)
    except InvalidRecipient:
        return False
    return True
