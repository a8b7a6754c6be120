"""One webhook request: what is sent, the outcome of every kind of response, and what is stored and never shown."""

import asyncio
import datetime
import gc
import ipaddress
import logging
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from email.utils import format_datetime
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from crossdock import __version__
from crossdock.core.retry_policy import ANSWER_BYTES, MAX_RETRY_AFTER_S, Attempt, Verdict
from crossdock.notifications.webhook import http
from crossdock.notifications.webhook.http import METHODS, Message, Webhooks, check_headers
from crossdock.notifications.webhook.signing import Scheme, make_secret
from tests.notifications.receiver import (
    PATIENCE_S,
    Answer,
    Receiver,
    answer,
    drop,
    drop_unread,
    endless,
    gzip_bomb,
    head,
    raw,
    stall,
    trickle,
)

SECRET = make_secret(Scheme.HMAC)
NOW = 1_792_000_000_000_000
SHORT_S = 0.3  # timeout for receivers that never answer
MEDIUM_S = 2.0  # timeout for receivers that begin to answer, which takes a while on a busy machine
LONG_S = 60.0  # timeout that no test reaches


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as each:
        yield each


@pytest_asyncio.fixture
async def sender() -> AsyncIterator[Webhooks]:
    each = Webhooks(private_allowed=True, clock=lambda: NOW)
    yield each
    await each.close()


class Silent(AbstractResolver):
    """A name server that never answers."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        await asyncio.sleep(LONG_S)
        raise AssertionError("waited too long")

    async def close(self) -> None:
        pass


def message(receiver: Receiver, *, timeout_s: float = LONG_S, **more: object) -> Message:
    return Message(receiver.url, "evt_1", b'{"id":"evt_1"}', timeout_s=timeout_s, **more)  # type: ignore[arg-type]


async def attempt(sender: Webhooks, receiver: Receiver, script: Answer, timeout_s: float = LONG_S) -> Attempt:
    receiver.script(script)
    async with asyncio.timeout(PATIENCE_S):
        return await sender.send(message(receiver, timeout_s=timeout_s))


DATE_PARTS = st.sampled_from(
    [
        "Wed",
        ",",
        " ",
        "21",
        "Oct",
        "2015",
        "99999999999",
        "07:28:00",
        ":",
        "GMT",
        "+9999",
        "-0000",
        "0",
        "24:60:61",
        "\u0661",
    ]
)


class TestRequest:
    @pytest.mark.parametrize("method", METHODS)
    async def test_a_request_has_a_body_whatever_its_method(
        self, receiver: Receiver, sender: Webhooks, method: str
    ) -> None:
        sent = await sender.send(message(receiver, method=method))
        (got,) = receiver.got
        assert sent.verdict is Verdict.DELIVERED
        assert (got.method, got.body, got.headers["content-length"]) == (method, b'{"id":"evt_1"}', "14")

    async def test_a_request_has_the_unchanged_body_and_exactly_these_headers(
        self, receiver: Receiver, sender: Webhooks
    ) -> None:
        headers = (("X-Api-Key", "k 1"), ("X-Empty", ""))
        await sender.send(message(receiver, headers=headers, content_type="text/plain", method="PUT"))
        (got,) = receiver.got
        assert (got.method, got.target, got.body) == ("PUT", "/hook", b'{"id":"evt_1"}')
        assert got.headers == {
            "host": f"127.0.0.1:{receiver.port}",
            "x-api-key": "k 1",
            "x-empty": "",
            "user-agent": f"Crossdock/{__version__}",
            "content-type": "text/plain",
            "content-length": "14",
            "accept": "*/*",
            "accept-encoding": "identity",
            "webhook-id": "evt_1",
            "webhook-timestamp": str(NOW // 1_000_000),
        }
        assert len(got.pairs) == len(got.headers)

    async def test_a_request_is_signed_with_every_secret_and_verified_by_the_library(self, receiver: Receiver) -> None:
        sender = Webhooks(private_allowed=True, clock=lambda: time.time_ns() // 1000)
        old = make_secret(Scheme.HMAC)
        await sender.send(message(receiver, secrets=(SECRET, old)))
        await sender.close()
        (got,) = receiver.got
        assert Webhook(SECRET).verify(got.body, got.headers) == Webhook(old).verify(got.body, got.headers)

    @pytest.mark.parametrize(
        ("written", "sent"),
        [
            ("/a%2fb/../c?key=a%2Fb%3D&x=%7E'<>", "/a%2fb/../c?key=a%2Fb%3D&x=%7E'<>"),
            ("/ü?x=ü", "/%C3%BC?x=%C3%BC"),
            ("", "/"),
            ("?a", "/?a"),
        ],
    )
    async def test_path_and_query_of_the_url_are_sent_unchanged(
        self, receiver: Receiver, sender: Webhooks, written: str, sent: str
    ) -> None:
        await sender.send(Message(receiver.url.removesuffix("/hook") + written, "evt_1", b""))
        assert receiver.got[0].target == sent

    async def test_cookies_are_not_sent_back(self, receiver: Receiver, sender: Webhooks) -> None:
        receiver.default = answer(200, set_cookie="session=1; Path=/")
        for _ in range(2):
            await sender.send(message(receiver))
        assert [each.headers.get("cookie") for each in receiver.got] == [None, None]

    async def test_the_proxy_of_the_environment_is_not_used(
        self, receiver: Receiver, sender: Webhooks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        assert (await sender.send(message(receiver))).verdict is Verdict.DELIVERED

    async def test_a_large_body_is_sent_completely(self, receiver: Receiver, sender: Webhooks) -> None:
        body = bytes(range(256)) * 4_000
        await sender.send(Message(receiver.url, "evt_1", body))
        assert receiver.got[0].body == body


class TestOutcome:
    @pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
    async def test_a_2xx_status_is_delivered(self, receiver: Receiver, sender: Webhooks, status: int) -> None:
        got = await attempt(sender, receiver, answer(status, b"" if status == 204 else b"thanks"))
        assert (got.at, got.verdict, got.status, got.error) == (NOW, Verdict.DELIVERED, status, None)
        assert got.answer == ("" if status == 204 else "thanks")

    @pytest.mark.parametrize("status", [300, 304, 400, 401, 403, 404, 408, 422, 425, 500, 502, 504, 599])
    async def test_any_other_status_is_a_failed_attempt(
        self, receiver: Receiver, sender: Webhooks, status: int
    ) -> None:
        got = await attempt(sender, receiver, answer(status, b"" if status == 304 else b"no", retry_after="7"))
        assert (got.verdict, got.status, got.retry_after_s) == (Verdict.FAILED, status, None)
        assert got.error is not None
        assert got.error.startswith(f"answered {status}")

    async def test_a_410_is_gone(self, receiver: Receiver, sender: Webhooks) -> None:
        got = await attempt(sender, receiver, answer(410, b"bye"))
        assert (got.verdict, got.status, got.answer) == (Verdict.GONE, 410, "bye")

    @pytest.mark.parametrize("status", [429, 503])
    @pytest.mark.parametrize(
        ("value", "wait_s"),
        [
            ("120", 120.0), ("0", 0.0), ("9" * 5_000, 86_400.0), (str(NOW // 1_000_000), 86_400.0),
            (format_datetime(datetime.datetime.fromtimestamp(NOW // 1_000_000 + 90, datetime.UTC), usegmt=True), 90.0),
            ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
            ("", None), ("soon", None), ("-5", None), ("1.5", None), ("Wed, 99 Oct 2015 07:28:00 GMT", None),
        ],
    )  # fmt: skip
    async def test_retry_after_is_parsed_as_seconds_or_a_date(
        self, receiver: Receiver, sender: Webhooks, status: int, value: str, wait_s: float | None
    ) -> None:
        got = await attempt(sender, receiver, answer(status, retry_after=value))
        assert (got.verdict, got.status, got.retry_after_s) == (Verdict.FAILED, status, wait_s)

    @given(st.text(max_size=60) | st.lists(DATE_PARTS, max_size=12).map("".join))
    def test_any_retry_after_is_a_wait_within_the_limit_or_none(self, value: str) -> None:
        wait_s = http._parse_retry_after(value, NOW)
        assert wait_s is None or 0 <= wait_s <= MAX_RETRY_AFTER_S

    async def test_a_429_without_retry_after_asks_for_no_delay(self, receiver: Receiver, sender: Webhooks) -> None:
        assert (await attempt(sender, receiver, answer(429))).retry_after_s is None


class TestBadReceiver:
    @pytest.mark.parametrize(
        "script",
        [stall(), stall(b"HTTP/1.1 200"), stall(b"HTTP/1.1 200 OK\r\nX: "), trickle(b"HTTP/1.1 200 OK\r\nX: ")],
    )
    async def test_a_receiver_that_does_not_answer_in_time_is_a_failed_attempt(
        self, receiver: Receiver, sender: Webhooks, script: Answer
    ) -> None:
        got = await attempt(sender, receiver, script, timeout_s=SHORT_S)
        assert (got.verdict, got.status, got.error) == (Verdict.FAILED, None, "no answer within 0.3 s")
        assert got.took_ms > 0

    async def test_endless_interim_responses_are_cut_off_in_time(self, receiver: Receiver, sender: Webhooks) -> None:
        script = trickle(byte=b"HTTP/1.1 100 Continue\r\n\r\n")
        got = await attempt(sender, receiver, script, timeout_s=SHORT_S)
        assert (got.verdict, got.error) == (Verdict.FAILED, "no answer within 0.3 s")

    async def test_an_unfinished_response_is_cut_off_and_its_status_counts(self, sender: Webhooks) -> None:
        async def check(status: int, rest: Callable[[bytes], Answer]) -> None:
            async with Receiver() as receiver:
                got = await attempt(sender, receiver, rest(head(status, 400) + b"begun"), timeout_s=MEDIUM_S)
                assert (got.verdict, got.status) == (Verdict.DELIVERED if status == 200 else Verdict.FAILED, status)
                assert got.answer.startswith("begun")
                assert got.error == ("the answer was not finished in time" if status == 200 else "answered 500")
                await sender.send(message(receiver))
                assert receiver.connections == 2

        await asyncio.gather(*(check(status, rest) for status in (200, 500) for rest in (stall, trickle)))

    async def test_a_truncated_response_is_judged_by_its_status(self, receiver: Receiver, sender: Webhooks) -> None:
        got = await attempt(sender, receiver, raw(head(200, 400) + b"begun"))
        assert (got.verdict, got.answer, got.error) == (Verdict.DELIVERED, "begun", "the answer was not finished")

    @pytest.mark.parametrize("script", [drop, drop_unread, raw(b""), raw(b"HTTP/1.1 200 OK\r\n")])
    async def test_a_closed_connection_is_a_failed_attempt(
        self, receiver: Receiver, sender: Webhooks, script: Answer
    ) -> None:
        got = await attempt(sender, receiver, script)
        assert (got.verdict, got.status) == (Verdict.FAILED, None)
        assert got.error == "the connection was closed before an answer came"

    @pytest.mark.parametrize("data", [b"SSH-2.0-OpenSSH_9\r\n", b"\x15\x03\x01\x00\x02", b"HTTP/1.1 abc OK\r\n\r\n"])
    async def test_a_response_that_is_not_http_is_a_failed_attempt(
        self, receiver: Receiver, sender: Webhooks, data: bytes
    ) -> None:
        got = await attempt(sender, receiver, raw(data))
        assert (got.verdict, got.error) == (Verdict.FAILED, "the answer is not HTTP")

    async def test_a_response_with_huge_headers_is_a_failed_attempt(self, receiver: Receiver, sender: Webhooks) -> None:
        got = await attempt(sender, receiver, raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000 + b"\r\n"))
        assert got.verdict is Verdict.FAILED

    @pytest.mark.parametrize("status", [101, 600, 999])
    async def test_an_unexpected_status_is_a_failed_attempt(
        self, receiver: Receiver, sender: Webhooks, status: int
    ) -> None:
        got = await attempt(sender, receiver, raw(head(status, 0, connection="upgrade", upgrade="websocket")))
        assert (got.verdict, got.status, got.error) == (Verdict.FAILED, status, f"answered {status}")

    async def test_a_silent_name_server_fails_after_the_connect_timeout(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(http, "CONNECT_S", SHORT_S)
        sender = Webhooks(private_allowed=True, clock=lambda: NOW, resolver=Silent())
        got = await sender.send(Message("http://hook.example/?key=s3cret", "evt_1", b"", timeout_s=LONG_S))
        await sender.close()
        assert (got.verdict, got.error) == (Verdict.FAILED, "no connection within 0.3 s")

    async def test_a_missing_tls_handshake_fails_after_the_connect_timeout(
        self, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(http, "CONNECT_S", SHORT_S)
        sender = Webhooks(private_allowed=True, clock=lambda: NOW)
        # The receiver waits for the end of HTTP headers, which no handshake has.
        got = await sender.send(Message(receiver.url.replace("http:", "https:"), "evt_1", b"", timeout_s=LONG_S))
        await sender.close()
        assert (got.verdict, got.error) == (Verdict.FAILED, "no connection within 0.3 s")

    async def test_a_refused_connection_is_a_failed_attempt(self, sender: Webhooks) -> None:
        with socket.socket() as unused:  # bound but not listening, so that no other process gets the port
            unused.bind(("127.0.0.1", 0))
            got = await sender.send(Message(f"http://127.0.0.1:{unused.getsockname()[1]}/?key=s3cret", "evt_1", b""))
        assert (got.verdict, got.error) == (Verdict.FAILED, "no connection: Connection refused")

    async def test_a_host_that_cannot_be_resolved_is_a_failed_attempt(self, sender: Webhooks) -> None:
        got = await sender.send(Message("http://nowhere.invalid/?key=s3cret", "evt_1", b""))
        assert got.verdict is Verdict.FAILED
        assert got.error is not None
        assert got.error.startswith("the host's name could not be resolved")


class TestResponse:
    async def test_a_response_is_stored_up_to_a_limit_and_the_connection_is_reused(
        self, receiver: Receiver, sender: Webhooks
    ) -> None:
        receiver.default = answer(500, b"a" * (ANSWER_BYTES + 100))
        got = [await sender.send(message(receiver)) for _ in range(3)]
        assert [each.answer for each in got] == ["a" * ANSWER_BYTES] * 3
        assert receiver.connections == 1

    async def test_an_endless_response_is_abandoned_and_its_connection_closed(
        self, receiver: Receiver, sender: Webhooks
    ) -> None:
        got = await attempt(sender, receiver, endless())
        assert (got.verdict, got.answer) == (Verdict.DELIVERED, "e" * ANSWER_BYTES)
        await sender.send(message(receiver))
        assert receiver.connections == 2

    async def test_a_compressed_response_is_not_decompressed(self, receiver: Receiver, sender: Webhooks) -> None:
        got = await attempt(sender, receiver, gzip_bomb())
        assert (got.verdict, got.answer) == (Verdict.DELIVERED, "")

    @pytest.mark.parametrize(
        ("body", "kept"),
        [
            (b"a\r\n\tb\x00\x1b[31mc\x7f", "a b[31mc"),
            ("\u202etxt\u200b.exe\u0085 ü 完".encode(), "txt.exe ü 完"),
            (b"\xff\xfe ok", "\ufffd\ufffd ok"),
            ("ü".encode() * 300, "ü" * 256),
            (b"x" + "ü".encode() * 300, "x" + "ü" * 255 + "\ufffd"),
        ],
    )
    async def test_a_response_is_stored_as_printable_text(
        self, receiver: Receiver, sender: Webhooks, body: bytes, kept: str
    ) -> None:
        assert (await attempt(sender, receiver, answer(400, body))).answer == kept


class TestTls:
    async def test_a_trusted_certificate_is_accepted(self, tmp_path: Path) -> None:
        serving, trusting = certificate(tmp_path)
        sender = Webhooks(private_allowed=True, clock=lambda: NOW, tls=trusting)
        async with Receiver(tls=serving) as receiver:
            got = await sender.send(message(receiver))
            await sender.close()
        assert got.verdict is Verdict.DELIVERED

    async def test_an_unknown_certificate_is_a_failed_attempt(self, tmp_path: Path, sender: Webhooks) -> None:
        async with Receiver(tls=certificate(tmp_path)[0]) as receiver:
            got = await sender.send(message(receiver))
        assert (got.verdict, receiver.got) == (Verdict.FAILED, [])
        assert got.error == "the certificate was refused: self-signed certificate"

    async def test_the_certificate_of_another_host_is_a_failed_attempt(self, tmp_path: Path) -> None:
        serving, trusting = certificate(tmp_path, "127.0.0.9")
        sender = Webhooks(private_allowed=True, clock=lambda: NOW, tls=trusting)
        async with Receiver(tls=serving) as receiver:
            got = await sender.send(message(receiver))
            await sender.close()
        assert (got.verdict, receiver.got) == (Verdict.FAILED, [])
        assert "certificate is not valid for '127.0.0.1'" in (got.error or "")

    async def test_tls_to_a_plain_server_is_a_failed_attempt(self, receiver: Receiver, sender: Webhooks) -> None:
        receiver.script(raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
        got = await sender.send(Message(receiver.url.replace("http:", "https:"), "evt_1", b"", timeout_s=SHORT_S))
        assert (got.verdict, got.status) == (Verdict.FAILED, None)


class TestInvalidMessage:
    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"url": "http://me:s3cret@example.com/"}, "user name"),
            ({"url": "ftp://example.com/?key=s3cret"}, "http"),
            ({"method": "HEAD"}, "method"),
            ({"secrets": ("s3cret",)}, "begins with whsec_"),
            ({"secrets": (SECRET,), "message_id": "a.b"}, "message id"),
            ({"headers": (("X-Key", "s3cret\r\nX: y"),)}, "X-Key"),
            ({"headers": (("webhook-id", "s3cret"),)}, "webhook-id"),
            ({"message_id": "a\r\nX: s3cret"}, "could not be made"),
            ({"content_type": "text/plain\r\nX: s3cret"}, "could not be made"),
        ],
    )
    async def test_an_invalid_message_is_not_sent_and_the_reason_is_reported(
        self, receiver: Receiver, sender: Webhooks, change: dict[str, object], error: str
    ) -> None:
        members: dict[str, object] = {"url": receiver.url, "message_id": "evt_1", "body": b""}
        got = await sender.send(Message(**(members | change)))  # type: ignore[arg-type]
        assert (got.verdict, receiver.got) == (Verdict.FAILED, [])
        assert error in (got.error or "")
        assert "s3cret" not in repr(got)


class TestSecrecy:
    @pytest.mark.parametrize(
        "script",
        [
            answer(), answer(302, location="/?key=s3cret"), answer(400), drop, drop_unread, stall(), stall(head(500, 9)),
            endless(500), raw(b"s3cret"), raw(head(500, 9)), raw(b"HTTP/1.1 500 s3cret"), trickle(b"HTTP/1.1 500 OK\r\nX: "),
        ],
    )  # fmt: skip
    async def test_secrets_are_in_no_attempt_and_in_no_log(
        self, receiver: Receiver, sender: Webhooks, script: Answer, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        receiver.script(script)
        gc.freeze()  # what the tests before have left need not be looked through
        secret = Message(
            receiver.url + "/s3cret?key=s3cret", "evt_1", b"s3cret", headers=(("X-Key", "s3cret"),),
            secrets=(SECRET,), timeout_s=SHORT_S,
        )  # fmt: skip
        got = await sender.send(secret)
        gc.collect()  # exceptions that were never retrieved are logged by the collector
        await asyncio.sleep(0)
        for text in (repr(got), caplog.text):
            assert "s3cret" not in text
            assert SECRET not in text

    def test_secrets_are_in_no_representation_of_a_message(self) -> None:
        secret = Message("http://h/?key=s3cret", "evt_1", b"s3cret", headers=(("X", "s3cret"),), secrets=(SECRET,))
        for text in (repr(secret), str(secret), f"{secret}", repr(secret.__rich_repr__())):
            assert "evt_1" in text
            assert "s3cret" not in text
            assert SECRET not in text


class TestConnections:
    async def test_the_number_of_requests_in_flight_is_limited(self, receiver: Receiver) -> None:
        sender = Webhooks(private_allowed=True, clock=lambda: NOW, connections=3)
        receiver.default = stall()
        tasks = [asyncio.create_task(sender.send(message(receiver))) for _ in range(8)]
        await receiver.wait_for(3)
        assert len(receiver.got) == 3
        for task in tasks:
            task.cancel()
        assert all(
            isinstance(each, asyncio.CancelledError) for each in await asyncio.gather(*tasks, return_exceptions=True)
        )
        receiver.default = answer()
        assert (await sender.send(message(receiver))).verdict is Verdict.DELIVERED
        await sender.close()

    async def test_the_timeout_of_a_request_begins_when_it_gets_a_connection(self, receiver: Receiver) -> None:
        sender = Webhooks(private_allowed=True, clock=lambda: NOW, connections=1)
        receiver.script(stall())
        first = asyncio.create_task(sender.send(message(receiver, timeout_s=MEDIUM_S)))
        await receiver.wait_for(1)
        second = await sender.send(message(receiver, timeout_s=MEDIUM_S - 0.1))
        assert ((await first).verdict, second.verdict) == (Verdict.FAILED, Verdict.DELIVERED)
        await sender.close()

    async def test_connections_are_not_reused_while_very_many_are_open(self) -> None:
        gc.freeze()
        sender = Webhooks(private_allowed=True, clock=lambda: NOW, connections=1)
        receivers = [Receiver() for _ in range(3)]
        for each in receivers:
            await each.__aenter__()
            await sender.send(message(each))
        assert [each.got[0].headers.get("connection") for each in receivers] == [None, None, "close"]
        for each in receivers:
            await each.__aexit__()
        await sender.close()
        gc.collect()
        assert len(sender._sockets) == 0

    async def test_a_closed_client_fails_with_a_reason(self, receiver: Receiver) -> None:
        sender = Webhooks(private_allowed=True, clock=lambda: NOW)
        await sender.close()
        got = await sender.send(message(receiver))
        assert (got.verdict, got.error) == (Verdict.FAILED, "the request could not be made (RuntimeError)")


class TestHeaders:
    def test_valid_custom_headers_are_accepted(self) -> None:
        assert check_headers(()) is None
        assert check_headers((("Authorization", "Bearer a b"), ("X_y.z", ""), ("Cookie", 'a="b";\tc'))) is None

    @pytest.mark.parametrize(
        "name",
        [
            "webhook-id", "Webhook-Signature", "WEBHOOK-X", "Host", "content-length", "Content-Type", "Transfer-Encoding",
            "Connection", "Proxy-Authorization", "User-Agent", "Accept-Encoding", "Expect", "Upgrade", "TE", "Keep-Alive",
        ],
    )  # fmt: skip
    def test_reserved_headers_are_refused(self, name: str) -> None:
        assert check_headers(((name, "s3cret"),)) == f"the header {name} is set by Crossdock"

    @pytest.mark.parametrize(
        ("headers", "reason"),
        [
            ((("", "x"),), "name must be"),
            ((("a b", "x"),), "name must be"),
            ((("a:", "x"),), "name must be"),
            ((("a\n", "x"),), "name must be"),
            ((("ü", "x"),), "name must be"),
            ((("a" * 101, "x"),), "name must be"),
            ((("X", "s3cret\n"),), "header X must be visible"),
            ((("X", "s3cret\r\nY: z"),), "header X must be visible"),
            ((("X", " s3cret"),), "header X must be visible"),
            ((("X", "s3cret\x00"),), "header X must be visible"),
            ((("X", "s3crét"),), "header X must be visible"),
            ((("X", "s3cret"), ("x", "s3cret")), "twice"),
            (tuple((f"X{number}", "") for number in range(21)), "at most 20"),
            ((("X", "s3cret" * 1000),), "4,096"),
        ],
    )
    def test_headers_that_cannot_be_sent_are_refused(self, headers: tuple[tuple[str, str], ...], reason: str) -> None:
        refusal = check_headers(headers)
        assert refusal is not None
        assert reason in refusal
        assert "s3cr" not in refusal


def certificate(folder: Path, address: str = "127.0.0.1") -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate for an address; return the contexts that serve with it and that trust it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    both = folder / "both.pem"
    text = made.public_bytes(serialization.Encoding.PEM)
    both.write_bytes(
        text
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(both)
    return serving, ssl.create_default_context(cadata=text.decode())
