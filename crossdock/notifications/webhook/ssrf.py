"""Which addresses may be called: what a URL must be, and what the network's own address must be when a connection opens.

The check that counts is made on the address a socket is about to connect to, after DNS and whatever the URL's spelling, so
that nothing can change in between. The check of the URL only tells a person early what would fail later.
"""

import re
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohttp import AddrInfoType
from yarl import URL

MAX_URL = 2_000  # characters; what browsers and proxies agree on
SCHEMES = ("http", "https")
# A host's name in the DNS: labels of 1 to 63 characters, 253 in all.
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?", re.IGNORECASE)

# Not the public internet, by IANA's registry of special-purpose addresses; each with who would be reached.
_CLOSED_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this host
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # inside a carrier (CGNAT)
            "127.0.0.0/8",  # loopback
            "168.63.129.16/32",  # the host of a virtual machine at Azure: public by number, inside by route
            "169.254.0.0/16",  # link-local; metadata services of clouds
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",  # private
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved; broadcast
        ),
    )
)
# Of IPv6 only global unicast is public, but for these parts of it.
_OPEN_6 = IPv6Network("2000::/3")
_CLOSED_6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments; Teredo, which embeds any IPv4 address
            "2001:db8::/32",  # documentation
            "3fff::/20",  # documentation
        ),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")


class Forbidden(OSError):
    """An address that must not be called. It is not named, so that nobody learns what an inner name stands for."""

    def __init__(self) -> None:
        super().__init__("the host has a private or reserved address, which may not be called")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Say whether an address belongs to the public internet, as does the IPv4 address it may embed."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED_4)
    embedded = address.ipv4_mapped or address.sixtofour
    if address in _NAT64:
        embedded = IPv4Address(int(address) & 0xFFFF_FFFF)
    if embedded is not None:
        return is_public(embedded)
    return address in _OPEN_6 and not any(address in network for network in _CLOSED_6)


def open_socket(info: AddrInfoType, *, private_allowed: bool) -> socket.socket:
    """Make the socket for a connection to an address that may be called, as aiohttp's `socket_factory`.

    Raises Forbidden for any other address; aiohttp connects the socket to this very address and no other.
    """
    family, kind, protocol, _, address = info
    if not private_allowed and not is_public(_address(address[0])):
        raise Forbidden
    return socket.socket(family, kind, protocol)


def check_url(url: str, private_allowed: bool) -> str | None:
    """Say why a URL cannot be an endpoint's, without repeating it; None where it can.

    A host's name is not looked up: what it stands for is seen when a connection opens.
    """
    if len(url) > MAX_URL:
        return f"the URL must have at most {MAX_URL:,} characters"
    if " " in url or not url.isprintable() or "\\" in url:
        return "the URL must have no spaces, control characters or backslashes"
    try:
        parsed = URL(url)
        host, port = parsed.raw_host, parsed.port
    except ValueError:
        return "this is no URL"
    if parsed.scheme not in SCHEMES:
        return "the URL must begin with http:// or https://"
    if "@" in re.split("[/?#]", url.partition("://")[2], maxsplit=1)[0]:
        return "the URL must have no user name or password; a header can carry them"
    if "#" in url:
        return "the URL must have no fragment (#)"
    if not host or port == 0:
        return "the URL must name a host"
    return _check_host(host, private_allowed)


def _check_host(host: str, private_allowed: bool) -> str | None:
    try:
        address = _address(host)
    except ValueError:
        if not _NAME.fullmatch(host):
            return "the URL's host is no name"
        is_inner = host.rstrip(".").rpartition(".")[2].lower() == "localhost"
        return None if private_allowed or not is_inner else str(Forbidden())
    if not private_allowed and not is_public(address):
        return str(Forbidden())
    if isinstance(address, IPv4Address) and str(address) != host:
        return "the URL must name an IPv4 address by four decimal numbers"
    return None


def _address(host: str) -> IPv4Address | IPv6Address:
    """Read an address in any spelling the operating system takes for one; raises ValueError for a name."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        try:
            # Takes 127.1, 0177.0.0.1, 0x7f000001 and 2130706433, as connecting does.
            return IPv4Address(socket.inet_aton(host.rstrip(".")))
        except OSError:
            raise ValueError("a name, not an address") from None
