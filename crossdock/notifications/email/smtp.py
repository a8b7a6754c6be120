"""Sends mails by SMTP: connections that are kept, secured as the settings say or not used, and what a server's answer means.

Nothing of a mail is ever logged, and addresses are taken out of what a server said before it is recorded.
"""

import asyncio
import re
import ssl
import time
from email.message import EmailMessage
from typing import Literal

import aiosmtplib
from aiosmtplib import SMTP
from msgspec import Struct

from crossdock.core.retry_policy import ANSWER_BYTES, Attempt, Verdict
from crossdock.notifications.email.addresses import InvalidRecipient, wire_address

# Servers close a connection that is quiet for a few minutes, and some after a hundred mails.
IDLE_S = 30.0
MAILS_A_CONNECTION = 50
CONNECTIONS = 4
# How long a connection that is not needed any more may take to say goodbye.
_QUIT_S = 2.0
_ADDRESS = re.compile(r"[^\s<>]*@[^\s<>]*")


class Smtp(Struct, frozen=True, kw_only=True):
    """The server that takes mails. `timeout_s` is the longest one mail may take in all, seconds; no `user`, no login.

    `ca_file` names a PEM file of the authorities to trust instead of the system's.
    """

    host: str
    port: int = 587
    user: str = ""
    password: str = ""
    tls: Literal["none", "starttls", "tls"] = "starttls"
    timeout_s: float = 30.0
    ca_file: str = ""


class _Outcome(Struct, frozen=True):
    """What came of a mail, and the server's number and words, or why there are none."""

    verdict: Verdict
    status: int | None = None
    answer: str = ""
    error: str | None = None


class Mailer:
    """Sends mails by one server, over at most CONNECTIONS connections. Close it when done."""

    def __init__(self, smtp: Smtp, *, idle_s: float = IDLE_S) -> None:
        """Raises ValueError where `smtp.ca_file` cannot be read; opens nothing yet."""
        self._smtp = smtp
        self._idle_s = idle_s
        self._tls = None if smtp.tls == "none" else _trust(smtp.ca_file)
        self._free = asyncio.Semaphore(CONNECTIONS)
        self._idle: list[tuple[SMTP, int]] = []  # with the mails each has taken, the last used at the end
        self._sweeper: asyncio.TimerHandle | None = None
        self._farewells: set[asyncio.Task[None]] = set()
        self._hostname: str | None = None  # finding it out asks the resolver, so once is enough

    async def send(self, message: bytes | EmailMessage, sender: str, recipient: str) -> Attempt:
        """Send one mail from one address to one other, both as they go over the wire. Never raises but for cancellation.

        FAILED may work later: no connection, no security, no login, a busy server. REJECTED never will: the server refuses the
        recipient or the mail.
        """
        raw = message.as_bytes() if isinstance(message, EmailMessage) else message
        async with self._free:
            at, began = time.time_ns() // 1000, time.monotonic()
            outcome = _unaddressed(sender, recipient)
            if outcome is None:
                outcome = await self._tried(raw, sender, recipient)
            took_ms = int((time.monotonic() - began) * 1000)
        return Attempt(at, took_ms, outcome.verdict, outcome.status, _without_addresses(outcome.answer), outcome.error)

    async def close(self) -> None:
        """Close every connection that is not in use; one that is closes once its mail is sent."""
        self._idle_s = 0.0
        if self._sweeper is not None:
            self._sweeper.cancel()
        self._sweep()
        if self._farewells:
            await asyncio.wait(self._farewells)

    # --------------------------------------------------------------------------------------------------------- one mail
    async def _tried(self, raw: bytes, sender: str, recipient: str) -> _Outcome:
        try:
            async with asyncio.timeout(self._smtp.timeout_s):
                return await self._deliver(raw, sender, recipient)
        except TimeoutError:
            return _Outcome(Verdict.FAILED, error="the server took too long")
        except (aiosmtplib.SMTPException, OSError, ValueError) as trouble:
            return _judged(trouble)

    async def _deliver(self, raw: bytes, sender: str, recipient: str) -> _Outcome:
        client, used = await self._connection()
        is_well = False
        try:
            options = []
            if not (sender + recipient).isascii():
                if not client.supports_extension("smtputf8"):
                    is_well = True
                    reason = "the address needs SMTPUTF8, which the server does not offer"
                    return _Outcome(Verdict.REJECTED, error=reason)
                options.append("SMTPUTF8")
            await client.mail(sender, options=options, encoding="utf-8")
            await client.rcpt(recipient, encoding="utf-8")
            response = await client.data(raw)
            is_well = True
            return _Outcome(Verdict.DELIVERED, response.code, response.message)
        except (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError):
            is_well = client.is_connected  # it said no to this mail, and takes the next
            raise
        finally:
            if is_well and client.is_connected:
                self._put_back(client, used + 1)
            else:
                client.close()

    async def _connection(self) -> tuple[SMTP, int]:
        """Give a connection that answers, and how many mails it took: the last one used, else a new one."""
        while self._idle:
            client, used = self._idle.pop()
            try:
                await client.rset()  # also ends what a refused mail began
            except (aiosmtplib.SMTPException, OSError):
                client.close()  # closed by the server meanwhile
            except BaseException:
                client.close()
                raise
            else:
                return client, used
        return await self._connect(), 0

    async def _connect(self) -> SMTP:
        smtp = self._smtp
        client = SMTP(
            hostname=smtp.host, port=smtp.port, username=smtp.user or None, password=smtp.password if smtp.user else None,
            use_tls=smtp.tls == "tls", start_tls=smtp.tls == "starttls", tls_context=self._tls, timeout=smtp.timeout_s,
            local_hostname=self._hostname,
        )  # fmt: skip
        await client.connect()
        self._hostname = client.local_hostname
        if client.is_ehlo_or_helo_needed:  # nobody else has asked what the server can do
            await client.ehlo()
        return client

    # ---------------------------------------------------------------------------------------------- kept connections
    def _put_back(self, client: SMTP, used: int) -> None:
        if used >= MAILS_A_CONNECTION or self._idle_s <= 0:
            self._part(client)
            return
        self._idle.append((client, used))
        if self._sweeper is not None:
            self._sweeper.cancel()
        self._sweeper = asyncio.get_running_loop().call_later(self._idle_s, self._sweep)

    def _sweep(self) -> None:
        while self._idle:
            self._part(self._idle.pop()[0])

    def _part(self, client: SMTP) -> None:
        task = asyncio.get_running_loop().create_task(_farewell(client))
        self._farewells.add(task)
        task.add_done_callback(self._farewells.discard)


async def _farewell(client: SMTP) -> None:
    try:
        async with asyncio.timeout(_QUIT_S):
            await client.quit()
    except (aiosmtplib.SMTPException, OSError):  # a TimeoutError is an OSError
        pass
    finally:
        client.close()


def _trust(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:  # ssl.SSLError is one
        raise ValueError(f"smtp_ca_file: no certificates could be read from it ({type(error).__name__})") from None


def _unaddressed(sender: str, recipient: str) -> _Outcome | None:
    """Say what comes of addresses that are not spelled for the wire: a command of the dialog must not be made of one."""
    for address, verdict, whose in ((sender, Verdict.FAILED, "sender"), (recipient, Verdict.REJECTED, "recipient")):
        try:
            if wire_address(address) == address:
                continue
            reason = "not spelled for the wire"
        except InvalidRecipient as error:
            reason = str(error)
        return _Outcome(verdict, error=f"the {whose}'s e-mail address: {reason}")
    return None


def _judged(trouble: Exception) -> _Outcome:
    """Say what trouble means. A server's no to recipient or mail is final; all else is about the server or its settings."""
    code = trouble.code if isinstance(trouble, aiosmtplib.SMTPResponseException) and trouble.code > 0 else None
    said = trouble.message if isinstance(trouble, aiosmtplib.SMTPResponseException) else ""
    refuses_mail = isinstance(trouble, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError)
    # 530 and its kin ask for security or a login first: whoever runs the server here has to settle that.
    if refuses_mail and code is not None and 500 <= code < 600 and code not in (530, 534, 535, 538):
        return _Outcome(Verdict.REJECTED, code, said)
    return _Outcome(Verdict.FAILED, code, said, None if said else _named(trouble))


def _named(trouble: Exception) -> str:
    if isinstance(trouble, ssl.SSLCertVerificationError) or isinstance(trouble.__cause__, ssl.SSLCertVerificationError):
        return "the server's certificate is not trusted"
    if isinstance(trouble, aiosmtplib.SMTPServerDisconnected):
        return "the server closed the connection"
    if isinstance(trouble, aiosmtplib.SMTPConnectError | ConnectionError):
        return "no connection to the server"
    if "STARTTLS" in str(trouble):
        return "the server does not offer STARTTLS"
    return f"sending failed: {type(trouble).__name__}"


def _without_addresses(answer: str) -> str:
    shown = _ADDRESS.sub("(address)", " ".join(answer.split()))
    return shown.encode(errors="replace")[:ANSWER_BYTES].decode(errors="ignore")  # it may have been no text at all
