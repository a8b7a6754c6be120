"""No request to a private address, in any notation, by name, embedded or by redirect."""

import socket
from ipaddress import ip_address

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from crossdock.core.retry_policy import Verdict
from crossdock.notifications.webhook import http
from crossdock.notifications.webhook.http import Message, Webhooks
from crossdock.notifications.webhook.ssrf import Forbidden, check_url, is_public, open_socket
from tests.notifications.receiver import Receiver, redirect

FORBIDDEN = str(Forbidden())

RESERVED = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.0.1",
    "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1",
    "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255",
    "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1",
    "64:ff9b::169.254.169.254", "64:ff9b:1::8.8.8.8", "100::1", "2001::1", "2001:0:7f00:1::", "2001:10::1", "2001:20::1",
    "2001:db8::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:c0a8:101::1", "3fff::1", "5f00::1", "fc00::1",
    "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
    "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
    "223.255.255.255", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", "2606:4700:4700::1111", "2a00::1",
]  # fmt: skip
LOOPBACK = [
    "127.0.0.1", "127.1", "127.0.1", "127.0.0.1.", "2130706433", "0x7f000001", "0x7f.0.0.1", "0X7F.1", "0177.0.0.1",
    "017700000001", "0x7f.0x0.0x0.0x1", "00000177.1", "0", "0.0.0.0", "[::1]", "[0:0:0:0:0:0:0:1]", "[::]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "localhost", "LocalHost", "localhost.",
    "hub.localhost", "①②⑦.0.0.1", "127。0。0。1", "ⓛocalhost",
]  # fmt: skip


class FixedResolver(AbstractResolver):
    """A resolver with given answers, one after the other; the last one repeats."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            ResolveResult(
                hostname=host, host=each, port=port, proto=0, flags=0,
                family=socket.AF_INET6 if ":" in each else socket.AF_INET,
            )
            for each in found
        ]  # fmt: skip

    async def close(self) -> None:
        pass


def webhooks(*, private_allowed: bool = False, names: FixedResolver | None = None) -> Webhooks:
    return Webhooks(private_allowed=private_allowed, clock=lambda: 0, resolver=names)


class TestAddresses:
    @pytest.mark.parametrize("address", RESERVED)
    def test_a_reserved_address_is_not_public(self, address: str) -> None:
        assert not is_public(ip_address(address))

    @pytest.mark.parametrize("address", PUBLIC)
    def test_a_public_address_is_public(self, address: str) -> None:
        assert is_public(ip_address(address))

    @pytest.mark.parametrize("address", RESERVED)
    def test_no_socket_is_opened_to_a_reserved_address(self, address: str) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        ends = (address, 80, 0, 0) if ":" in address else (address, 80)
        with pytest.raises(Forbidden):
            open_socket((family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ends), private_allowed=False)
        open_socket((family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ends), private_allowed=True).close()

    def test_no_socket_is_opened_to_an_address_with_a_zone(self) -> None:
        info = (socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("fe80::1%lo", 80, 0, 1))
        with pytest.raises(Forbidden):
            open_socket(info, private_allowed=False)


class TestUrls:
    @pytest.mark.parametrize("host", LOOPBACK)
    def test_a_url_with_a_private_host_is_refused_in_any_notation(self, host: str) -> None:
        assert check_url(f"http://{host}/hook", False) == FORBIDDEN

    @pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "10.0.0.1"])
    def test_a_url_with_a_private_host_is_accepted_if_the_setting_allows_it(self, host: str) -> None:
        assert check_url(f"http://{host}:8080/hook", True) is None

    @pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "example.com"])
    def test_a_url_of_this_machine_is_accepted_if_loopback_is_allowed(self, host: str) -> None:
        assert check_url(f"http://{host}:9000/hook", False, loopback_allowed=True) is None

    @pytest.mark.parametrize(
        "host", ["0.0.0.0", "10.0.0.1", "169.254.169.254", "[fe80::1]", "[::]", "[64:ff9b::7f00:1]"]
    )
    def test_other_private_hosts_stay_refused_if_loopback_is_allowed(self, host: str) -> None:
        assert check_url(f"http://{host}/hook", False, loopback_allowed=True) == FORBIDDEN
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        ends = (host.strip("[]"), 80, 0, 0) if ":" in host else (host, 80)
        with pytest.raises(Forbidden):
            open_socket((family, socket.SOCK_STREAM, 0, "", ends), private_allowed=False, loopback_allowed=True)

    def test_the_refusal_names_the_setting_that_allows_private_hosts(self) -> None:
        assert "CROSSDOCK_WEBHOOK_PRIVATE_ALLOWED" in FORBIDDEN

    @pytest.mark.parametrize(
        "url",
        [
            "https://example.com", "HTTPS://Example.COM:8443/a/b?c=d@e&f=%20", "http://example.com/ü", "http://bücher.example/",
            "http://1.1.1.1/", "http://[2606:4700::1]:81/", "http://a_b.example.com./", "http://h?x@y",
            "https://example.com/" + "a" * 1_980,
        ],
    )  # fmt: skip
    def test_a_valid_url_is_accepted(self, url: str) -> None:
        assert check_url(url, False) is None

    @pytest.mark.parametrize(
        ("url", "reason"),
        [
            ("", "begin with http"),
            ("example.com/hook", "begin with http"),
            ("//example.com", "begin with http"),
            ("ftp://example.com", "begin with http"),
            ("file:///etc/passwd", "begin with http"),
            ("gopher://example.com", "begin with http"),
            ("http://", "name a host"),
            ("http:///path", "name a host"),
            ("http://:80/", "not a URL"),
            ("http://example.com:0/", "name a host"),
            ("http://example.com:65536/", "not a URL"),
            ("http://example.com:x/", "not a URL"),
            ("http://[::1/", "not a URL"),
            ("http://ex..ample/", "not a valid name"),
            ("http://%31%32%37.0.0.1/", "not a valid name"),
            ("http://" + "a" * 64 + ".example/", "not a valid name"),
            ("http://user@example.com/", "user name"),
            ("http://user:secret@example.com/", "user name"),
            ("http://@example.com/", "user name"),
            ("http://1.1.1.1@127.0.0.1/", "user name"),
            ("https://example.com/#top", "fragment"),
            ("https://example.com/#", "fragment"),
            ("https://example.com/a b", "spaces"),
            ("https://example.com/\r\nx: y", "spaces"),
            ("https://example.com/\x00", "spaces"),
            ("https://exam\u00adple.com/", "spaces"),
            ("https://example.com\\@127.0.0.1/", "backslashes"),
            ("https://example.com/" + "a" * 1_981, "2,000"),
            ("http://16843009/", "four decimal"),
            ("http://0x01010101/", "four decimal"),
        ],
    )
    def test_an_invalid_url_is_refused_with_a_reason(self, url: str, reason: str) -> None:
        refusal = check_url(url, False)
        assert refusal is not None
        assert reason in refusal
        assert "secret" not in refusal


class TestConnections:
    @pytest.mark.parametrize("host", LOOPBACK)
    async def test_no_connection_is_opened_to_loopback_in_any_notation(self, host: str) -> None:
        async with Receiver() as receiver:
            sender = webhooks()
            attempt = await sender.send(Message(f"http://{host}:{receiver.port}/", "evt_1", b"{}"))
            await sender.close()
        assert (attempt.verdict, attempt.error, receiver.connections) == (Verdict.FAILED, FORBIDDEN, 0)

    @pytest.mark.parametrize(
        "address", ["127.0.0.1", "::ffff:127.0.0.1", "0.0.0.0", "::1", "10.1.2.3", "169.254.169.254"]
    )
    async def test_no_connection_is_opened_to_a_name_with_a_private_address(self, address: str) -> None:
        async with Receiver() as receiver:
            sender = webhooks(names=FixedResolver([address]))
            attempt = await sender.send(Message(f"http://hook.example:{receiver.port}/", "evt_1", b"{}"))
            await sender.close()
        assert (attempt.verdict, attempt.error, receiver.connections) == (Verdict.FAILED, FORBIDDEN, 0)

    async def test_no_connection_is_opened_to_a_name_with_several_private_addresses(self) -> None:
        async with Receiver() as receiver:
            sender = webhooks(names=FixedResolver(["127.0.0.1", "::1", "10.0.0.1"]))
            attempt = await sender.send(Message(f"http://hook.example:{receiver.port}/", "evt_1", b"{}"))
            await sender.close()
        assert (attempt.error, receiver.connections) == (FORBIDDEN, 0)

    async def test_a_connection_by_name_is_opened_if_private_addresses_are_allowed(self) -> None:
        async with Receiver() as receiver:
            sender = webhooks(private_allowed=True, names=FixedResolver(["127.0.0.1"]))
            attempt = await sender.send(Message(f"http://hook.example:{receiver.port}/", "evt_1", b"{}"))
            await sender.close()
        assert attempt.verdict is Verdict.DELIVERED
        assert receiver.got[0].headers["host"] == f"hook.example:{receiver.port}"

    async def test_the_address_that_is_connected_to_is_checked_not_one_resolved_earlier(self) -> None:
        names = FixedResolver(["8.8.8.8"], ["127.0.0.1"])
        (seen,) = await names.resolve("hook.example")
        assert is_public(ip_address(seen["host"]))
        async with Receiver() as receiver:
            sender = webhooks(names=names)
            attempt = await sender.send(Message(f"http://hook.example:{receiver.port}/", "evt_1", b"{}"))
            await sender.close()
        assert (attempt.error, receiver.connections) == (FORBIDDEN, 0)

    @pytest.mark.parametrize("host", LOOPBACK)
    async def test_no_connection_is_opened_to_loopback_even_if_the_url_was_not_checked(
        self, host: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(http, "_parse_url", lambda url, *_: URL(url))
        async with Receiver() as receiver:
            sender = webhooks()
            attempt = await sender.send(Message(f"http://{host}:{receiver.port}/", "evt_1", b"{}"))
            await sender.close()
        assert (attempt.verdict, attempt.status, receiver.connections) == (Verdict.FAILED, None, 0)

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_redirects_are_not_followed(self, status: int) -> None:
        async with Receiver() as inner, Receiver() as receiver:
            receiver.default = redirect(inner.url, status)
            sender = webhooks(private_allowed=True)
            attempt = await sender.send(Message(receiver.url, "evt_1", b"{}"))
            await sender.close()
        assert (attempt.verdict, attempt.status) == (Verdict.FAILED, status)
        assert attempt.error == f"answered {status}; redirects are not followed"
        assert (inner.connections, len(receiver.got)) == (0, 1)
