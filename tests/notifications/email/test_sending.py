"""Sending over real sockets: security that is never given up, what servers' answers mean, and connections that are kept."""

import asyncio
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from crossdock.core.retry_policy import ANSWER_BYTES, Attempt, Verdict
from crossdock.notifications.email import smtp
from crossdock.notifications.email.mail_kinds import Kind
from crossdock.notifications.email.mime import Letter
from crossdock.notifications.email.samples import samples
from crossdock.notifications.email.smtp import Mailer, Smtp
from tests.notifications.email.mailserver import BOUND_S, Authority, Inbox, mailing, serving, until
from tests.notifications.email.shop import order_with, to, written

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
    async def test_none_sends_as_it_is(self, inbox: Inbox) -> None:
        async with mailing(inbox, {}) as mailer:
            attempt = await send(mailer)
        assert (attempt.verdict, attempt.status, attempt.answer) == (Verdict.DELIVERED, 250, "Queued as 42")
        assert inbox.mails == [(SENDER, [ADA], MAIL)]
        assert inbox.secured == [False]

    async def test_sends_messages_of_the_standard_library_too(self, inbox: Inbox) -> None:
        message = EmailMessage()
        message["Subject"] = "Hello"
        message.set_content("bye")
        async with mailing(inbox, {}) as mailer:
            assert (await mailer.send(message, SENDER, ADA)).verdict is Verdict.DELIVERED
        assert inbox.mails[0][2].startswith(b"Subject: Hello\r\n")

    async def test_starttls_secures_before_anything_is_said(self, inbox: Inbox, authority: Authority) -> None:
        server = {"tls_context": authority.server, "require_starttls": True}
        async with mailing(inbox, {"tls": "starttls", "ca_file": authority.ca_file}, server) as mailer:
            assert (await send(mailer)).verdict is Verdict.DELIVERED
        assert inbox.secured == [True]

    async def test_tls_secures_from_the_first_byte(self, inbox: Inbox, authority: Authority) -> None:
        async with mailing(inbox, {"tls": "tls", "ca_file": authority.ca_file}, ssl=authority.server) as mailer:
            assert (await send(mailer)).verdict is Verdict.DELIVERED
        assert inbox.secured == [True]

    async def test_is_never_given_up(self, inbox: Inbox) -> None:
        async with mailing(inbox, {"tls": "starttls"}) as mailer:
            attempt = await send(mailer)
        assert (attempt.verdict, attempt.error) == (Verdict.FAILED, "the server does not offer STARTTLS")
        assert inbox.mails == []

    @pytest.mark.parametrize("tls", ["starttls", "tls"])
    async def test_wants_a_certificate_it_can_trust(self, inbox: Inbox, authority: Authority, tls: str) -> None:
        how: dict[str, Any] = (
            {"ssl": authority.server} if tls == "tls" else {"server": {"tls_context": authority.server}}
        )
        async with mailing(inbox, {"tls": tls}, **how) as mailer:
            attempt = await send(mailer)
        assert (attempt.verdict, attempt.error) == (Verdict.FAILED, "the server's certificate is not trusted")
        assert inbox.mails == []

    async def test_wants_a_certificate_for_this_host(self, inbox: Inbox, authority: Authority) -> None:
        smtp = {"host": "localhost", "tls": "tls", "ca_file": authority.ca_file}
        async with mailing(inbox, smtp, ssl=authority.server) as mailer:
            assert (await send(mailer)).verdict is Verdict.FAILED

    async def test_that_cannot_be_had_is_told_at_the_start(self, tmp_path: Path) -> None:
        (tmp_path / "no.pem").write_text("nothing")
        for name in ("no.pem", "missing.pem"):
            with pytest.raises(ValueError, match="smtp_ca_file"):
                Mailer(Smtp(host="mail.test", ca_file=str(tmp_path / name)))


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # without TLS, which other tests prove
class TestLogin:
    def server(self) -> dict[str, Any]:
        def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
            is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"shop", b"secret")
            return AuthResult(
                success=is_right, handled=False, message=None if is_right else "535 5.7.8 shop@x.example, no"
            )

        return {"auth_required": True, "auth_require_tls": False, "authenticator": authenticate}

    async def test_is_given_where_there_is_a_user(self, inbox: Inbox) -> None:
        async with mailing(inbox, {"user": "shop", "password": "secret"}, self.server()) as mailer:
            assert (await send(mailer)).verdict is Verdict.DELIVERED

    @pytest.mark.parametrize("given", [{"user": "shop", "password": "wrong"}, {}])
    async def test_that_is_refused_kills_no_mail(self, inbox: Inbox, given: dict[str, str]) -> None:
        async with mailing(inbox, given, self.server()) as mailer:
            attempt = await send(mailer)
        assert attempt.verdict is Verdict.FAILED
        assert attempt.status == (535 if given else 530)
        assert "secret" not in repr(attempt)
        assert inbox.mails == []


class TestAnswers:
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
    async def test_say_whether_it_may_work_later(
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

    async def test_are_kept_short(self, inbox: Inbox) -> None:
        async with mailing(inbox, {}) as mailer:
            inbox.answers["DATA"].append("554 " + "x" * 400 + " " + "y" * 400)
            assert len((await send(mailer)).answer) <= ANSWER_BYTES

    async def test_that_never_come_are_not_waited_for(self, inbox: Inbox) -> None:
        async with mailing(inbox, {"timeout_s": 0.2}) as mailer:
            inbox.gate.clear()
            attempt = await send(mailer)
            assert (attempt.verdict, attempt.error) == (Verdict.FAILED, "the server took too long")
            inbox.gate.set()
            assert (await send(mailer)).verdict is Verdict.DELIVERED

    async def test_that_never_come_at_all_are_not_waited_for(self) -> None:
        async with serving(asyncio.Protocol) as port, asyncio.timeout(BOUND_S):
            mailer = Mailer(Smtp(host="127.0.0.1", port=port, tls="none", timeout_s=0.2))
            assert (await send(mailer)).verdict is Verdict.FAILED

    @pytest.mark.parametrize(
        "said", [b"HTTP/1.1 200 OK\r\n\r\n", b"554 \xff\xfe ada@example.com\r\n", b"\x00" * 99_999]
    )
    async def test_that_are_none_of_smtp_are_failures(self, said: bytes) -> None:
        class Odd(asyncio.Protocol):
            def connection_made(self, transport: Any) -> None:
                transport.write(said)

        async with serving(Odd) as port, asyncio.timeout(BOUND_S):
            mailer = Mailer(Smtp(host="127.0.0.1", port=port, tls="none", timeout_s=2.0))
            attempt = await send(mailer)
        assert attempt.verdict is Verdict.FAILED
        assert attempt.status in (None, 554)
        assert "ada" not in attempt.answer
        attempt.answer.encode()

    async def test_cut_off_are_failures(self, inbox: Inbox) -> None:
        async with mailing(inbox, {}) as mailer:
            inbox.answers["DATA"].append("drop")
            attempt = await send(mailer)
            assert (attempt.verdict, attempt.error) == (Verdict.FAILED, "the server closed the connection")
            assert (await send(mailer)).verdict is Verdict.DELIVERED

    async def test_from_nobody_are_failures(self) -> None:
        async with serving(asyncio.Protocol) as port:
            pass
        for host in ("127.0.0.1", "no such host"):
            attempt = await send(Mailer(Smtp(host=host, port=port, tls="none", timeout_s=5.0)))
            assert (attempt.verdict, attempt.error) == (Verdict.FAILED, "no connection to the server")


class TestAddresses:
    def letter(self) -> Letter:
        order_event, _ = next(samples(Kind.CONFIRMATION, "en"))
        made = written(order_event, order_with(customer=to("\u7528\u6237@\u4f8b\u5b50.\u5e7f\u544a")))
        assert isinstance(made, Letter)
        return made

    async def test_outside_ascii_go_to_servers_that_take_them(self, inbox: Inbox) -> None:
        made = self.letter()
        async with mailing(inbox, {}, {"enable_SMTPUTF8": True}) as mailer:
            assert (await mailer.send(made.raw, made.sender, made.recipient)).verdict is Verdict.DELIVERED
        assert inbox.mails[0][1] == ["\u7528\u6237@xn--fsqu00a.xn--4rr70v"]
        assert inbox.mails[0][2] == made.raw

    async def test_outside_ascii_are_refused_by_others(self, inbox: Inbox) -> None:
        made = self.letter()
        async with mailing(inbox, {}) as mailer:
            attempt = await mailer.send(made.raw, made.sender, made.recipient)
            assert attempt.verdict is Verdict.REJECTED
            assert "SMTPUTF8" in (attempt.error or "")
            assert (await send(mailer)).verdict is Verdict.DELIVERED
        assert inbox.connections == 1

    async def test_that_are_no_addresses_break_nothing(self, inbox: Inbox) -> None:
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
                assert (await mailer.send(MAIL, nasty, ADA)).verdict is Verdict.FAILED  # the organization can mend it
            assert (await send(mailer)).verdict is Verdict.DELIVERED
        assert [mail[1] for mail in inbox.mails] == [[ADA]]


class TestConnections:
    async def test_take_mail_after_mail(self, inbox: Inbox) -> None:
        async with mailing(inbox, {}) as mailer:
            for _ in range(5):
                assert (await send(mailer)).verdict is Verdict.DELIVERED
        assert (inbox.connections, len(inbox.mails)) == (1, 5)

    async def test_are_kept_when_a_mail_is_refused(self, inbox: Inbox) -> None:
        async with mailing(inbox, {}) as mailer:
            for command in ("RCPT", "DATA"):
                inbox.answers[command].append("550 no")
                assert (await send(mailer)).verdict is Verdict.REJECTED
            assert (await send(mailer)).verdict is Verdict.DELIVERED
        assert inbox.connections == 1

    async def test_are_few_however_many_mails_there_are(self, inbox: Inbox) -> None:
        async with mailing(inbox, {}) as mailer:
            attempts = await asyncio.gather(*(send(mailer) for _ in range(40)))
        assert {attempt.verdict for attempt in attempts} == {Verdict.DELIVERED}
        assert 1 <= inbox.most_open <= inbox.connections <= smtp.CONNECTIONS

    async def test_are_closed_when_there_is_nothing_to_send(self, inbox: Inbox) -> None:
        async with mailing(inbox, {}, idle_s=0.05) as mailer:
            assert (await send(mailer)).verdict is Verdict.DELIVERED
            await until(lambda: not inbox.open)
            assert (await send(mailer)).verdict is Verdict.DELIVERED
        assert inbox.connections == 2

    async def test_the_server_closed_are_replaced(self, inbox: Inbox) -> None:
        async with mailing(inbox, {}, {"timeout": 0.1}) as mailer:
            assert (await send(mailer)).verdict is Verdict.DELIVERED
            await until(lambda: not inbox.open)
            assert (await send(mailer)).verdict is Verdict.DELIVERED

    async def test_are_replaced_after_many_mails(self, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(smtp, "MAILS_A_CONNECTION", 2)
        async with mailing(inbox, {}) as mailer:
            for _ in range(5):
                assert (await send(mailer)).verdict is Verdict.DELIVERED
        assert inbox.connections == 3

    async def test_are_closed_with_the_mailer(self, inbox: Inbox) -> None:
        async with mailing(inbox, {}) as mailer:
            assert (await send(mailer)).verdict is Verdict.DELIVERED
            assert inbox.open == 1
            await mailer.close()
            await until(lambda: not inbox.open)
            assert inbox.connections == 1

    async def test_are_free_again_after_a_cancellation(self, inbox: Inbox) -> None:
        async with mailing(inbox, {}) as mailer:
            inbox.gate.clear()
            tasks = [asyncio.create_task(send(mailer)) for _ in range(smtp.CONNECTIONS)]
            await until(lambda: inbox.waiting == smtp.CONNECTIONS)
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
