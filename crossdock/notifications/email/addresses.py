"""E-mail addresses: validate one address as vendors' systems write it, and encode it for SMTP.

Stricter than the standard in what is not used in practice: no quoted local parts, no comments, no address literals.
"""

import re
from functools import lru_cache

import idna

# The characters that RFC 5321 and RFC 6531 allow between the dots of a local part.
_LOCAL = re.compile(r"[\w!#$%&'*+\-/=?^`{|}~]+(?:\.[\w!#$%&'*+\-/=?^`{|}~]+)*\Z")
_LOCAL_OCTETS = 64
_DOMAIN_OCTETS = 253


class InvalidRecipient(ValueError):
    """A text is not one e-mail address. The message says why, without repeating the text."""


def wire_address(text: str) -> str:
    """Encode an address for the envelope and the header: the domain in ASCII, the local part as it is.

    A local part outside ASCII needs a server that offers SMTPUTF8. Raises InvalidRecipient.
    """
    text = text.strip()
    if any(separator in text for separator in ",;"):
        raise InvalidRecipient("more than one address")
    local, at, domain = text.rpartition("@")
    if not at:
        raise InvalidRecipient("no @ in the address")
    if "@" in local:
        raise InvalidRecipient("more than one @ in the address")
    if not _LOCAL.match(local) or len(local.encode()) > _LOCAL_OCTETS:
        raise InvalidRecipient("the part before the @ is not valid")
    return f"{local}@{_wire_domain(domain)}"


@lru_cache(maxsize=4096)  # few domains have most addresses
def _wire_domain(domain: str) -> str:
    if len(domain) > _DOMAIN_OCTETS or "." not in domain:
        raise InvalidRecipient("the part after the @ is not a domain")
    try:
        # UTS 46 maps what people type (capitals, full-width characters); IDNA 2008 keeps ß, which IDNA 2003 does not.
        return idna.encode(domain.removesuffix("."), uts46=True, std3_rules=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        raise InvalidRecipient("the part after the @ is not a domain") from None


def is_address(text: str) -> bool:
    """Whether a text is one e-mail address."""
    try:
        wire_address(text)
    except InvalidRecipient:
        return False
    return True
