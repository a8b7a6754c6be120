"""SSRF protection: refuses private and reserved addresses, in the URL of an endpoint and when a connection opens.

The check that counts is made on the address that a socket is about to connect to, after DNS, so that nothing can change in
between. The check of the URL only reports early what would fail later.
"""

import re
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohttp import AddrInfoType
from yarl import URL

MAX_URL = 2_000  # characters; supported by all browsers and proxies
SCHEMES = ("http", "https")
# A host name in the DNS: labels of 1 to 63 characters, 253 in all.
_HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?", re.IGNORECASE)

# Not the public internet, by IANA's registry of special-purpose addresses; each with what it reaches.
_RESERVED_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this host
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # inside a carrier (CGNAT)
            "127.0.0.0/8",  # loopback
            "168.63.129.16/32",  # the host of a virtual machine at Azure: a public number, routed internally
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
# Of IPv6 only global unicast is public, except for these parts of it.
_GLOBAL_UNICAST_6 = IPv6Network("2000::/3")
_RESERVED_6 = tuple(
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
    """The address must not be called. The text does not name it, so that it cannot be used to resolve internal names."""

    def __init__(self) -> None:
        super().__init__(
            "the host has a private or reserved address, which may not be called "
            "unless the server's setting CROSSDOCK_WEBHOOK_PRIVATE_ALLOWED is true"
        )


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address belongs to the public internet; an embedded IPv4 address decides where there is one."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _RESERVED_4)
    embedded = address.ipv4_mapped or address.sixtofour
    if address in _NAT64:
        embedded = IPv4Address(int(address) & 0xFFFF_FFFF)
    if embedded is not None:
        return is_public(embedded)
    return address in _GLOBAL_UNICAST_6 and not any(address in network for network in _RESERVED_6)


def is_loopback(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is this machine's, which nothing outside can be reached by."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def open_socket(info: AddrInfoType, *, private_allowed: bool, loopback_allowed: bool = False) -> socket.socket:
    """Open the socket for a connection to an allowed address, as aiohttp's `socket_factory`.

    Raises Forbidden for any other address. aiohttp connects the socket to exactly this address.
    """
    family, kind, protocol, _, address = info
    if not private_allowed and not _may_be_called(_address(address[0]), loopback_allowed):
        raise Forbidden
    return socket.socket(family, kind, protocol)


def _may_be_called(address: IPv4Address | IPv6Address, loopback_allowed: bool) -> bool:
    return is_public(address) or (loopback_allowed and is_loopback(address))


def check_url(url: str, private_allowed: bool, loopback_allowed: bool = False) -> str | None:
    """Return why a URL cannot be that of an endpoint, without repeating it; None if it can.

    A host name is not resolved: its address is checked when a connection opens.
    """
    if len(url) > MAX_URL:
        return f"the URL must have at most {MAX_URL:,} characters"
    if " " in url or not url.isprintable() or "\\" in url:
        return "the URL must have no spaces, control characters or backslashes"
    try:
        parsed = URL(url)
        host, port = parsed.raw_host, parsed.port
    except ValueError:
        return "this is not a URL"
    if parsed.scheme not in SCHEMES:
        return "the URL must begin with http:// or https://"
    if "@" in re.split("[/?#]", url.partition("://")[2], maxsplit=1)[0]:
        return "the URL must have no user name or password; a header can carry them"
    if "#" in url:
        return "the URL must have no fragment (#)"
    if not host or port == 0:
        return "the URL must name a host"
    return _check_host(host, private_allowed, loopback_allowed)


def _check_host(host: str, private_allowed: bool, loopback_allowed: bool) -> str | None:
    try:
        address = _address(host)
    except ValueError:
        if not _HOST_NAME.fullmatch(host):
            return "the host in the URL is not a valid name"
        is_local = host.rstrip(".").rpartition(".")[2].lower() == "localhost"
        return None if private_allowed or loopback_allowed or not is_local else str(Forbidden())
    if not private_allowed and not _may_be_called(address, loopback_allowed):
        return str(Forbidden())
    if isinstance(address, IPv4Address) and str(address) != host:
        return "the URL must give an IPv4 address as four decimal numbers"
    return None


def _address(host: str) -> IPv4Address | IPv6Address:
    """Parse an address in any notation the operating system accepts; raises ValueError for a name."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        try:
            # Accepts 127.1, 0177.0.0.1, 0x7f000001 and 2130706433, as connect() does.
            return IPv4Address(socket.inet_aton(host.rstrip(".")))
        except OSError:
            raise ValueError("not an address") from None
