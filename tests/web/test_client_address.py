"""Which address a request comes from, with and without proxies in front."""

import pytest

from crossdock.web.client_address import ClientAddresses


def address(proxies: str, client: str, *forwarded: str) -> str | None:
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    return ClientAddresses(proxies).of({"client": (client, 5_000), "headers": headers})


@pytest.mark.parametrize(
    ("proxies", "client", "forwarded", "expected"),
    [
        ("", "192.0.2.1", ["198.51.100.1"], "192.0.2.1"),
        ("10.0.0.5", "192.0.2.1", ["198.51.100.1"], "192.0.2.1"),
        ("10.0.0.5", "10.0.0.5", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.5", "10.0.0.5", ["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.0/8", "10.0.0.5", ["203.0.113.9, 198.51.100.1, 10.1.1.1"], "198.51.100.1"),
        ("10.0.0.0/8", "10.0.0.5", ["203.0.113.9", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.0/8, ::1", "::1", ["2001:db8::1"], "2001:db8::1"),
        ("::1", "::1", ["[2001:db8::1]:4711"], "2001:db8::1"),
        ("::1", "::1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.5", "10.0.0.5", [], "10.0.0.5"),
        ("10.0.0.5", "10.0.0.5", ["198.51.100.1, nonsense\x7f"], "10.0.0.5"),
    ],
)
def test_a_trusted_proxy_names_the_client_and_nobody_else_does(
    proxies: str, client: str, forwarded: list[str], expected: str
) -> None:
    assert address(proxies, client, *forwarded) == expected


def test_a_request_without_a_network_has_no_address() -> None:
    assert ClientAddresses("10.0.0.5").of({"client": None, "headers": []}) is None


@pytest.mark.parametrize("proxies", ["proxy.example", "10.0.0.1/8", "10.0.0.5 10.0.0.6"])
def test_what_is_no_address_is_refused(proxies: str) -> None:
    with pytest.raises(ValueError, match="trusted_proxies"):
        ClientAddresses(proxies)
