"""SMTP client: sends mails over reused connections, secured as configured, and interprets the server's replies.

No content of a mail is ever logged, and addresses are removed from a server's reply before it is recorded.
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

# Servers close a connection that is idle for a few minutes, and some after a hundred mails.
IDLE_S = 30.0
MAX_MAILS_PER_CONNECTION = 50
# Seconds that a QUIT may take on a connection that is not needed any more.
_QUIT_S = 2.0
_ADDRESS = re.compile(r"[^\s<>]*@[^\s<>]*")


class Smtp(Struct, frozen=True, kw_only=True):
    """The mail server. `timeout_s` limits the sending of one mail as a whole, seconds; without a `user` there is no login.

    `ca_file` is a PEM file of certificate authorities to trust instead of the system's.
    """

    host: str
    port: int = 587
    user: str = ""
    password: str = ""
    tls: Literal["none", "starttls", "tls"] = "starttls"
    connections: int = 8
    timeout_s: float = 30.0
    ca_file: str = ""


class _Outcome(Struct, frozen=True):
    """Outcome of a mail: the server's reply code and text, or the reason why there is none."""

    verdict: Verdict
    status: int | None = None
    answer: str = ""
    error: str | None = None


class Mailer:
    """Sends mails through one server, over at most `smtp.connections` connections. Close it when done."""

    def __init__(self, smtp: Smtp, *, idle_s: float = IDLE_S) -> None:
        """Raises ValueError if `smtp.ca_file` cannot be read; opens no connection yet."""
        self._smtp = smtp
        self._idle_s = idle_s
        self._tls_context = None if smtp.tls == "none" else _tls_context(smtp.ca_file)
        self._slots = asyncio.Semaphore(smtp.connections)
        self._idle: list[tuple[SMTP, int]] = []  # each with the mails it has carried; the last used at the end
        self._idle_timer: asyncio.TimerHandle | None = None
        self._quitting: set[asyncio.Task[None]] = set()
        self._hostname: str | None = None  # cached, because determining it asks the resolver

    async def send(self, message: bytes | EmailMessage, sender: str, recipient: str) -> Attempt:
        """Send one mail from one address to another, both encoded for SMTP. Raises nothing but a cancellation.

        FAILED may succeed later: no connection, no TLS, no login, a busy server. REJECTED never will: the server refuses the
        recipient or the mail.
        """
        raw = message.as_bytes() if isinstance(message, EmailMessage) else message
        async with self._slots:
            at, began = time.time_ns() // 1000, time.monotonic()
            outcome = _invalid_address(sender, recipient)
            if outcome is None:
                outcome = await self._send_in_time(raw, sender, recipient)
            took_ms = int((time.monotonic() - began) * 1000)
        return Attempt(at, took_ms, outcome.verdict, outcome.status, _without_addresses(outcome.answer), outcome.error)

    async def close(self) -> None:
        """Close every idle connection; one in use closes when its mail has been sent."""
        self._idle_s = 0.0
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        self._quit_idle()
        if self._quitting:
            await asyncio.wait(self._quitting)

    # --------------------------------------------------------------------------------------------------------- one mail
    async def _send_in_time(self, raw: bytes, sender: str, recipient: str) -> _Outcome:
        try:
            async with asyncio.timeout(self._smtp.timeout_s):
                return await self._send(raw, sender, recipient)
        except TimeoutError:
            return _Outcome(Verdict.FAILED, error="the server took too long")
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return _outcome(error)

    async def _send(self, raw: bytes, sender: str, recipient: str) -> _Outcome:
        client, mails = await self._connection()
        is_reusable = False
        try:
            options = []
            if not (sender + recipient).isascii():
                if not client.supports_extension("smtputf8"):
                    is_reusable = True
                    reason = "the address needs SMTPUTF8, which the server does not offer"
                    return _Outcome(Verdict.REJECTED, error=reason)
                options.append("SMTPUTF8")
            await client.mail(sender, options=options, encoding="utf-8")
            await client.rcpt(recipient, encoding="utf-8")
            response = await client.data(raw)
            is_reusable = True
            return _Outcome(Verdict.DELIVERED, response.code, response.message)
        except (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError):
            is_reusable = client.is_connected  # it refused this mail, and accepts the next
            raise
        finally:
            if is_reusable and client.is_connected:
                self._put_back(client, mails + 1)
            else:
                client.close()

    async def _connection(self) -> tuple[SMTP, int]:
        """Return a connection that responds, and how many mails it has carried: the last one used, else a new one."""
        while self._idle:
            client, mails = self._idle.pop()
            try:
                await client.rset()  # also aborts the transaction of a refused mail
            except (aiosmtplib.SMTPException, OSError):
                client.close()  # the server has closed it
            except BaseException:
                client.close()
                raise
            else:
                return client, mails
        return await self._connect(), 0

    async def _connect(self) -> SMTP:
        smtp = self._smtp
        client = SMTP(
            hostname=smtp.host, port=smtp.port, username=smtp.user or None, password=smtp.password if smtp.user else None,
            use_tls=smtp.tls == "tls", start_tls=smtp.tls == "starttls", tls_context=self._tls_context, timeout=smtp.timeout_s,
            local_hostname=self._hostname,
        )  # fmt: skip
        await client.connect()
        self._hostname = client.local_hostname
        if client.is_ehlo_or_helo_needed:  # no EHLO yet, so the extensions are unknown
            await client.ehlo()
        return client

    # ------------------------------------------------------------------------------------------------- idle connections
    def _put_back(self, client: SMTP, mails: int) -> None:
        if mails >= MAX_MAILS_PER_CONNECTION or self._idle_s <= 0:
            self._quit_in_background(client)
            return
        self._idle.append((client, mails))
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        self._idle_timer = asyncio.get_running_loop().call_later(self._idle_s, self._quit_idle)

    def _quit_idle(self) -> None:
        while self._idle:
            self._quit_in_background(self._idle.pop()[0])

    def _quit_in_background(self, client: SMTP) -> None:
        task = asyncio.get_running_loop().create_task(_quit(client))
        self._quitting.add(task)
        task.add_done_callback(self._quitting.discard)


async def _quit(client: SMTP) -> None:
    try:
        async with asyncio.timeout(_QUIT_S):
            await client.quit()
    except (aiosmtplib.SMTPException, OSError):  # a TimeoutError is an OSError
        pass
    finally:
        client.close()


def _tls_context(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:  # ssl.SSLError is one
        raise ValueError(f"smtp_ca_file: no certificates could be read from it ({type(error).__name__})") from None


def _invalid_address(sender: str, recipient: str) -> _Outcome | None:
    """Return the outcome for an address that is not encoded for SMTP: it must not become a command of the dialog; else None."""
    for address, verdict, whose in ((sender, Verdict.FAILED, "sender"), (recipient, Verdict.REJECTED, "recipient")):
        try:
            if wire_address(address) == address:
                continue
            reason = "not encoded for SMTP"
        except InvalidRecipient as error:
            reason = str(error)
        return _Outcome(verdict, error=f"the {whose}'s e-mail address: {reason}")
    return None


def _outcome(error: Exception) -> _Outcome:
    """Return the outcome of an error. A refused recipient or mail is final; all else concerns the server or its settings."""
    code = error.code if isinstance(error, aiosmtplib.SMTPResponseException) and error.code > 0 else None
    reply = error.message if isinstance(error, aiosmtplib.SMTPResponseException) else ""
    refuses_mail = isinstance(error, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError)
    # 530 and the like ask for TLS or a login first: that is for the operator of this server to configure.
    if refuses_mail and code is not None and 500 <= code < 600 and code not in (530, 534, 535, 538):
        return _Outcome(Verdict.REJECTED, code, reply)
    return _Outcome(Verdict.FAILED, code, reply, None if reply else _describe(error))


def _describe(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError) or isinstance(error.__cause__, ssl.SSLCertVerificationError):
        return "the server's certificate is not trusted"
    if isinstance(error, aiosmtplib.SMTPServerDisconnected):
        return "the server closed the connection"
    if isinstance(error, aiosmtplib.SMTPConnectError | ConnectionError):
        return "no connection to the server"
    if "STARTTLS" in str(error):
        return "the server does not offer STARTTLS"
    return f"sending failed: {type(error).__name__}"


def _without_addresses(answer: str) -> str:
    shown = _ADDRESS.sub("(address)", " ".join(answer.split()))
    return shown.encode(errors="replace")[:ANSWER_BYTES].decode(errors="ignore")  # it may not have been valid text
