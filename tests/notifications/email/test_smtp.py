"""Sending over real sockets: TLS is never skipped, outcomes of the server's replies, reuse of connections."""

import asyncio
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from crossdock.core.retry_policy import ANSWER_BYTES, Attempt, Verdict
from crossdock.notifications.email import smtp
from crossdock.notifications.email.mail_kinds import Kind
from crossdock.notifications.email.mime import MimeMessage
from crossdock.notifications.email.samples import samples
from crossdock.notifications.email.smtp import Mailer, Smtp
from tests.notifications.email.mailserver import BOUND_S, Authority, Inbox, mailing, serving, until
from tests.notifications.email.shop import composed, order_with, to

MAIL = b"Subject: Hello\r\n\r\n.first line begins with a dot\r\nbye\r\n"
SENDER, ADA = "orders@shop.example.com", "ada@example.com"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def inbox() -> Inbox:
    return Inbox()


async def send(mailer: Mailer, recipient: str = ADA) -> Attempt:
    return await mailer.send(MAIL, SENDER, recipient)


class TestSecurity:
    async def test_a_mail_is_sent_unencrypted_if_tls_is_none(self, inbox: Inbox) -> None:
        async with mailing(inbox, {}) as mailer:
            attempt = await send(mailer)
        assert (attempt.verdict, attempt.status, attempt.answer) == (Verdict.DELIVERED, 250, "Queued as 42")
        assert inbox.mails == [(SENDER, [ADA], MAIL)]
        assert inbox.secured == [False]

    async def test_messages_of_the_standard_library_are_sent_too(self, inbox: Inbox) -> None:
        message = EmailMessage()
        message["Subject"] = "Hello"
        message.set_content("bye")
        async with mailing(inbox, {}) as mailer:
            assert (await mailer.send(message, SENDER, ADA)).verdict is Verdict.DELIVERED
        assert inbox.mails[0][2].startswith(b"Subject: Hello\r\n")

    async def test_starttls_encrypts_before_the_mail_is_sent(self, inbox: Inbox, authority: Authority) -> None:
        server = {"tls_context": authority.server, "require_starttls": True}
        async with mailing(inbox, {"tls": "starttls", "ca_file": authority.ca_file}, server) as mailer:
            assert (await send(mailer)).verdict is Verdict.DELIVERED
        assert inbox.secured == [True]

    async def test_tls_encrypts_from_the_first_byte(self, inbox: Inbox, authority: Authority) -> None:
        async with mailing(inbox, {"tls": "tls", "ca_file": authority.ca_file}, ssl=authority.server) as mailer:
            assert (await send(mailer)).verdict is Verdict.DELIVERED
        assert inbox.secured == [True]

    async def test_nothing_is_sent_if_the_server_has_no_starttls(self, inbox: Inbox) -> None:
        async with mailing(inbox, {"tls": "starttls"}) as mailer:
            attempt = await send(mailer)
        assert (attempt.verdict, attempt.error) == (Verdict.FAILED, "the server does not offer STARTTLS")
        assert inbox.mails == []

    @pytest.mark.parametrize("tls", ["starttls", "tls"])
    async def test_nothing_is_sent_to_a_server_with_an_untrusted_certificate(
        self, inbox: Inbox, authority: Authority, tls: str
    ) -> None:
        how: dict[str, Any] = (
            {"ssl": authority.server} if tls == "tls" else {"server": {"tls_context": authority.server}}
        )
        async with mailing(inbox, {"tls": tls}, **how) as mailer:
            attempt = await send(mailer)
        assert (attempt.verdict, attempt.error) == (Verdict.FAILED, "the server's certificate is not trusted")
        assert inbox.mails == []

    async def test_nothing_is_sent_to_a_server_with_the_certificate_of_another_host(
        self, inbox: Inbox, authority: Authority
    ) -> None:
        smtp = {"host": "localhost", "tls": "tls", "ca_file": authority.ca_file}
        async with mailing(inbox, smtp, ssl=authority.server) as mailer:
            assert (await send(mailer)).verdict is Verdict.FAILED

    async def test_an_unreadable_ca_file_is_reported_at_the_start(self, tmp_path: Path) -> None:
        (tmp_path / "no.pem").write_text("nothing")
        for name in ("no.pem", "missing.pem"):
            with pytest.raises(ValueError, match="smtp_ca_file"):
                Mailer(Smtp(host="mail.test", ca_file=str(tmp_path / name)))


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # without TLS, which other tests cover
class TestLogin:
    def server(self) -> dict[str, Any]:
        def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
            is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"shop", b"secret")
            return AuthResult(
                success=is_right, handled=False, message=None if is_right else "535 5.7.8 shop@x.example, no"
            )

        return {"auth_required": True, "auth_require_tls": False, "authenticator": authenticate}

    async def test_a_configured_user_logs_in(self, inbox: Inbox) -> None:
        async with mailing(inbox, {"user": "shop", "password": "secret"}, self.server()) as mailer:
            assert (await send(mailer)).verdict is Verdict.DELIVERED

    @pytest.mark.parametrize("given", [{"user": "shop", "password": "wrong"}, {}])
    async def test_a_refused_login_is_a_failed_attempt_that_can_be_retried(
        self, inbox: Inbox, given: dict[str, str]
    ) -> None:
        async with mailing(inbox, given, self.server()) as mailer:
            attempt = await send(mailer)
        assert attempt.verdict is Verdict.FAILED
        assert attempt.status == (535 if given else 530)
        assert "secret" not in repr(attempt)
        assert inbox.mails == []


class TestReplies:
    @pytest.mark.parametrize(
        ("command", "answer", "verdict"),
        [
            ("RCPT", "550 5.1.1 <ada@example.com> unknown", Verdict.REJECTED),
            ("RCPT", "554 no", Verdict.REJECTED),
            ("RCPT", "450 4.2.1 busy", Verdict.FAILED),
            ("RCPT", "530 5.7.0 authentication required", Verdict.FAILED),
            ("MAIL", "451 later", Verdict.FAILED),
            ("MAIL", "553 5.7.1 sender not allowed", Verdict.FAILED),
            ("DATA", "554 5.7.1 looks like spam", Verdict.REJECTED),
            ("DATA", "452 no space", Verdict.FAILED),
            ("DATA", "421 closing", Verdict.FAILED),
        ],
    )
    async def test_a_reply_of_the_server_decides_whether_a_mail_is_retried(
        self, inbox: Inbox, command: str, answer: str, verdict: Verdict
    ) -> None:
        async with mailing(inbox, {}) as mailer:
            inbox.answers[command].append(answer)
            attempt = await send(mailer)
            assert (attempt.verdict, attempt.status) == (verdict, int(answer[:3]))
            assert attempt.answer == answer[4:].replace("<ada@example.com>", "<(address)>")
            again = await send(mailer)
        assert again.verdict is Verdict.DELIVERED
        assert len(inbox.mails) == 1

    async def test_a_long_reply_is_truncated(self, inbox: Inbox) -> None:
        async with mailing(inbox, {}) as mailer:
            inbox.answers["DATA"].append("554 " + "x" * 400 + " " + "y" * 400)
            assert len((await send(mailer)).answer) <= ANSWER_BYTES

    async def test_a_reply_that_takes_too_long_is_a_failed_attempt(self, inbox: Inbox) -> None:
        async with mailing(inbox, {"timeout_s": 0.2}) as mailer:
            inbox.gate.clear()
            attempt = await send(mailer)
            assert (attempt.verdict, attempt.error) == (Verdict.FAILED, "the server took too long")
            inbox.gate.set()
            assert (await send(mailer)).verdict is Verdict.DELIVERED

    async def test_a_server_that_never_greets_is_a_failed_attempt(self) -> None:
        async with serving(asyncio.Protocol) as port, asyncio.timeout(BOUND_S):
            mailer = Mailer(Smtp(host="127.0.0.1", port=port, tls="none", timeout_s=0.2))
            assert (await send(mailer)).verdict is Verdict.FAILED

    @pytest.mark.parametrize(
        "reply", [b"HTTP/1.1 200 OK\r\n\r\n", b"554 \xff\xfe ada@example.com\r\n", b"\x00" * 99_999]
    )
    async def test_a_reply_that_is_not_smtp_is_a_failed_attempt(self, reply: bytes) -> None:
        class NotSmtp(asyncio.Protocol):
            def connection_made(self, transport: Any) -> None:
                transport.write(reply)

        async with serving(NotSmtp) as port, asyncio.timeout(BOUND_S):
            mailer = Mailer(Smtp(host="127.0.0.1", port=port, tls="none", timeout_s=2.0))
            attempt = await send(mailer)
        assert attempt.verdict is Verdict.FAILED
        assert attempt.status in (None, 554)
        assert "ada" not in attempt.answer
        attempt.answer.encode()

    async def test_a_connection_closed_by_the_server_is_a_failed_attempt(self, inbox: Inbox) -> None:
        async with mailing(inbox, {}) as mailer:
            inbox.answers["DATA"].append("drop")
            attempt = await send(mailer)
            assert (attempt.verdict, attempt.error) == (Verdict.FAILED, "the server closed the connection")
            assert (await send(mailer)).verdict is Verdict.DELIVERED

    async def test_a_server_that_is_not_there_is_a_failed_attempt(self) -> None:
        async with serving(asyncio.Protocol) as port:
            pass
        for host in ("127.0.0.1", "no such host"):
            attempt = await send(Mailer(Smtp(host=host, port=port, tls="none", timeout_s=5.0)))
            assert (attempt.verdict, attempt.error) == (Verdict.FAILED, "no connection to the server")


class TestAddresses:
    def message(self) -> MimeMessage:
        order_event, _ = next(samples(Kind.CONFIRMATION, "en"))
        made = composed(order_event, order_with(customer=to("\u7528\u6237@\u4f8b\u5b50.\u5e7f\u544a")))
        assert isinstance(made, MimeMessage)
        return made

    async def test_an_address_outside_ascii_is_sent_to_a_server_with_smtputf8(self, inbox: Inbox) -> None:
        made = self.message()
        async with mailing(inbox, {}, {"enable_SMTPUTF8": True}) as mailer:
            assert (await mailer.send(made.raw, made.sender, made.recipient)).verdict is Verdict.DELIVERED
        assert inbox.mails[0][1] == ["\u7528\u6237@xn--fsqu00a.xn--4rr70v"]
        assert inbox.mails[0][2] == made.raw

    async def test_an_address_outside_ascii_is_rejected_without_smtputf8(self, inbox: Inbox) -> None:
        made = self.message()
        async with mailing(inbox, {}) as mailer:
            attempt = await mailer.send(made.raw, made.sender, made.recipient)
            assert attempt.verdict is Verdict.REJECTED
            assert "SMTPUTF8" in (attempt.error or "")
            assert (await send(mailer)).verdict is Verdict.DELIVERED
        assert inbox.connections == 1

    async def test_an_invalid_address_cannot_inject_smtp_commands(self, inbox: Inbox) -> None:
        async with mailing(inbox, {}) as mailer:
            for nasty in (
                "",
                "x\r\nRCPT TO:<spy@example.com>",
                "a b",
                "a@B.example",
                "\ud800@x.example",
                "<a@b.example>",
            ):
                assert (await send(mailer, nasty)).verdict is Verdict.REJECTED
                assert (await mailer.send(MAIL, nasty, ADA)).verdict is Verdict.FAILED  # the sender can be corrected
            assert (await send(mailer)).verdict is Verdict.DELIVERED
        assert [mail[1] for mail in inbox.mails] == [[ADA]]


class TestConnections:
    async def test_a_connection_is_reused_for_several_mails(self, inbox: Inbox) -> None:
        async with mailing(inbox, {}) as mailer:
            for _ in range(5):
                assert (await send(mailer)).verdict is Verdict.DELIVERED
        assert (inbox.connections, len(inbox.mails)) == (1, 5)

    async def test_a_connection_is_reused_after_a_refused_mail(self, inbox: Inbox) -> None:
        async with mailing(inbox, {}) as mailer:
            for command in ("RCPT", "DATA"):
                inbox.answers[command].append("550 no")
                assert (await send(mailer)).verdict is Verdict.REJECTED
            assert (await send(mailer)).verdict is Verdict.DELIVERED
        assert inbox.connections == 1

    async def test_the_number_of_connections_is_limited(self, inbox: Inbox) -> None:
        async with mailing(inbox, {"connections": 3}) as mailer:
            attempts = await asyncio.gather(*(send(mailer) for _ in range(40)))
        assert {attempt.verdict for attempt in attempts} == {Verdict.DELIVERED}
        assert 1 <= inbox.most_open <= inbox.connections <= 3

    async def test_an_idle_connection_is_closed(self, inbox: Inbox) -> None:
        async with mailing(inbox, {}, idle_s=0.05) as mailer:
            assert (await send(mailer)).verdict is Verdict.DELIVERED
            await until(lambda: not inbox.open)
            assert (await send(mailer)).verdict is Verdict.DELIVERED
        assert inbox.connections == 2

    async def test_a_connection_closed_by_the_server_is_replaced(self, inbox: Inbox) -> None:
        async with mailing(inbox, {}, {"timeout": 0.1}) as mailer:
            assert (await send(mailer)).verdict is Verdict.DELIVERED
            await until(lambda: not inbox.open)
            assert (await send(mailer)).verdict is Verdict.DELIVERED

    async def test_a_connection_is_replaced_after_many_mails(
        self, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(smtp, "MAX_MAILS_PER_CONNECTION", 2)
        async with mailing(inbox, {}) as mailer:
            for _ in range(5):
                assert (await send(mailer)).verdict is Verdict.DELIVERED
        assert inbox.connections == 3

    async def test_connections_are_closed_with_the_mailer(self, inbox: Inbox) -> None:
        async with mailing(inbox, {}) as mailer:
            assert (await send(mailer)).verdict is Verdict.DELIVERED
            assert inbox.open == 1
            await mailer.close()
            await until(lambda: not inbox.open)
            assert inbox.connections == 1

    async def test_canceled_mails_free_their_connections(self, inbox: Inbox) -> None:
        async with mailing(inbox, {"connections": 4}) as mailer:
            inbox.gate.clear()
            tasks = [asyncio.create_task(send(mailer)) for _ in range(4)]
            await until(lambda: inbox.waiting == 4)
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(result, asyncio.CancelledError) for result in results)
            inbox.gate.set()
            assert (await send(mailer)).verdict is Verdict.DELIVERED


async def test_nothing_of_a_mail_is_logged(inbox: Inbox, caplog: pytest.LogCaptureFixture, capfd: Any) -> None:
    async with mailing(inbox, {}) as mailer:
        inbox.answers["RCPT"].append("550 <ada@example.com> unknown")
        for _ in range(2):
            await send(mailer)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("mail.")]
    assert "ada@" not in "".join(ours) + "".join(capfd.readouterr())
