"""A configurable SMTP server on a real socket: records mails, gives scripted replies, encrypts as configured."""

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from crossdock.notifications.email.smtp import IDLE_S, Mailer, Smtp

BOUND_S = 20.0  # limit of any wait; ends tests that would hang


class Inbox:
    """The handler of the SMTP server: the mails received, and replies to give instead of OK, each once."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], bytes]] = []
        self.secured: list[bool] = []
        self.connections = 0
        self.open = 0
        self.most_open = 0
        self.waiting = 0
        self.answers: dict[str, list[str]] = {"EHLO": [], "MAIL": [], "RCPT": [], "DATA": []}
        self.gate = asyncio.Event()
        self.gate.set()

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.answers["RCPT"]:
            return self.answers["RCPT"].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.waiting += 1
        await self.gate.wait()
        if self.answers["MAIL"]:
            return self.answers["MAIL"].pop(0)
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answers["DATA"]:
            answer = self.answers["DATA"].pop(0)
            if answer == "drop":
                server.transport.close()
            return answer
        assert isinstance(envelope.content, bytes)
        self.mails.append((envelope.mail_from or "", list(envelope.rcpt_tos), envelope.content))
        self.secured.append(session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None)
        return "250 Queued as 42"


class Counting(SMTP):
    """The library's server; counts its connections in the inbox."""

    def connection_made(self, transport: Any) -> None:
        inbox = self.event_handler
        if getattr(self, "counted", None) is None:  # STARTTLS calls this a second time
            self.counted = True
            inbox.connections += 1
            inbox.open += 1
            inbox.most_open = max(inbox.most_open, inbox.open)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.event_handler.open -= 1
        super().connection_lost(error)


@asynccontextmanager
async def serving(make: Callable[[], asyncio.BaseProtocol], **rest: Any) -> AsyncIterator[int]:
    """Serve a protocol on a free port while the block lasts."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(make, "127.0.0.1", 0, **rest)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def mailing(
    inbox: Inbox, smtp: dict[str, Any], server: dict[str, Any] | None = None, **rest: Any
) -> AsyncIterator[Mailer]:
    """Yield a mailer that sends to a server with an inbox."""
    idle_s = rest.pop("idle_s", IDLE_S)
    make = partial(Counting, inbox, hostname="mail.test", **(server or {}))
    async with serving(make, **rest) as port:
        mailer = Mailer(
            Smtp(**{"host": "127.0.0.1", "port": port, "tls": "none", "timeout_s": 10.0, **smtp}), idle_s=idle_s
        )
        try:
            async with asyncio.timeout(BOUND_S):
                yield mailer
        finally:
            inbox.gate.set()
            await mailer.close()


class Authority:
    """A self-signed certificate for 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        now = datetime.datetime.now(datetime.UTC)
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(names, critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        plain = serialization.NoEncryption()
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        (folder / "key.pem").write_bytes(pem)
        (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
        self.ca_file = str(folder / "ca.pem")
        self.server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.server.load_cert_chain(folder / "ca.pem", folder / "key.pem")


async def until(holds: Callable[[], bool]) -> None:
    """Wait until a condition of the server holds, at most BOUND_S seconds."""
    for _ in range(int(BOUND_S * 100)):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the condition never held")
