"""The address of a client: that of the connection, or, behind a trusted proxy, the one that the proxy names."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.types import Scope

_FORWARDED = b"x-forwarded-for"


class ClientAddresses:
    """Finds client addresses. `proxies` are addresses or networks, separated by commas; others are not believed.

    Raises ValueError where that is something else.
    """

    def __init__(self, proxies: str) -> None:
        self._proxies: list[IPv4Network | IPv6Network] = []
        for each in filter(None, map(str.strip, proxies.split(","))):
            try:
                self._proxies.append(ip_network(each))
            except ValueError:
                raise ValueError(
                    f"trusted_proxies: {each!r} is not an IP address or a network such as 10.0.0.0/8"
                ) from None

    def of(self, scope: Scope) -> str | None:
        """Return the address of a request's client; None where it did not come over a network."""
        client = scope.get("client")
        if client is None:
            return None
        address: str = client[0]
        if not self._proxies or not self._is_proxy(address):
            return address
        # Each proxy appends the address it was called from; what stands before the first untrusted one may be made up.
        for name, value in reversed(scope["headers"]):
            if name == _FORWARDED:
                for part in reversed(value.decode("latin-1").split(",")):
                    forwarded = _normalized(part.strip())
                    if forwarded is None:
                        return address
                    address = forwarded
                    if not self._is_proxy(address):
                        return address
        return address

    def _is_proxy(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._proxies)


def _normalized(text: str) -> str | None:
    """Return an IP address without its port; None for anything else."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        return None
