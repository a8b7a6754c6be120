"""MIME messages: the HTML and the plain text of a mail as parts, under headers that no value of an order can break out of.

Headers and parts are encoded here instead of by the standard library's EmailMessage, which takes some milliseconds for a mail
and, in the supported Pythons, leaves a name with commas unquoted before an address that is not ASCII: one recipient reads as
several. All bytes are ASCII except for such an address. Tests parse the mails with the library.

The same event makes the same bytes: a repeat after a crash has the Message-ID of the first and can be recognized.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime

from msgspec import Struct

from crossdock.core.ids import to_base32
from crossdock.notifications.email.addresses import wire_address
from crossdock.notifications.email.email_settings import Language, MailSettings
from crossdock.notifications.email.languages import TAGS
from crossdock.notifications.email.plain_text import one_line
from crossdock.notifications.email.templating import Rendered

# A header value that needs no encoding and no folding.
_PLAIN = re.compile(r"[\x20-\x7e]{0,60}\Z")
# A line with an encoded word has at most 76 characters: 12 around 52 of base64, which encode 39 bytes, after a header's name.
_WORD_BYTES = 39
MAX_NAME_CHARACTERS = 100


class MimeMessage(Struct, frozen=True):
    """A mail ready to be sent: its bytes and its envelope, with addresses encoded for SMTP.

    `needs_smtputf8`: an address is not ASCII before its @, and needs a server that offers SMTPUTF8.
    """

    raw: bytes
    sender: str
    recipient: str
    message_id: str
    needs_smtputf8: bool
    subject: str


def build_message(
    rendered: Rendered, settings: MailSettings, language: Language, *, event_id: int, at: int, recipient: str, name: str
) -> MimeMessage:
    """Build the message of an event. `at` (microseconds since 1970 UTC) becomes its date, `name` the name of the recipient.

    Raises InvalidRecipient if `recipient` is not one e-mail address.
    """
    sender, to = wire_address(settings.sender), wire_address(recipient)
    message_id = message_id_of(event_id, sender)
    headers = {
        "Subject": _encode_text(rendered.subject),
        "From": _mailbox(settings.sender_name or settings.brand, sender),
        "To": _mailbox(name, to),
        "Date": format_datetime(datetime.fromtimestamp(at // 1_000_000, UTC)),
        "Message-ID": message_id,
        "Auto-Submitted": "auto-generated",
        "Content-Language": TAGS[language],
        "MIME-Version": "1.0",
    }
    if settings.reply_to:
        headers["Reply-To"] = _mailbox("", wire_address(settings.reply_to))
    if settings.unsubscribe_url and settings.unsubscribe_url.isascii():
        headers["List-Unsubscribe"] = f"<{settings.unsubscribe_url}>"
    head = "".join(f"{header}: {value}\r\n" for header, value in headers.items())
    raw = head.encode() + _alternatives(rendered, message_id)
    return MimeMessage(raw, sender, to, message_id, not head.isascii(), rendered.subject)


def message_id_of(event_id: int, sender: str) -> str:
    """Return the Message-ID of an event's mail, which is the same for every attempt."""
    return f"<{to_base32(event_id)}@{sender.rpartition('@')[2]}>"


def _encode_text(text: str) -> str:
    line = one_line(text)
    return line if _PLAIN.match(line) and "=?" not in line else "\r\n ".join(_encoded_words(line))


def _mailbox(name: str, address: str) -> str:
    line = one_line(one_line(name)[:MAX_NAME_CHARACTERS])
    if not line:
        return f"<{address}>"
    if _PLAIN.match(line) and "=?" not in line:
        quoted = line.replace("\\", "\\\\").replace('"', '\\"')
        fold = " " if len(quoted) + len(address) <= 60 else "\r\n "
        return f'"{quoted}"{fold}<{address}>'
    return "\r\n ".join((*_encoded_words(line), f"<{address}>"))


def _encoded_words(line: str) -> Iterator[str]:
    """Encode a text as encoded words (RFC 2047), none of which ends within a character."""
    word = b""
    for character in line:
        encoded = character.encode()
        if len(word) + len(encoded) > _WORD_BYTES:
            yield _encoded_word(word)
            word = b""
        word += encoded
    yield _encoded_word(word)


def _encoded_word(word: bytes) -> str:
    return f"=?utf-8?B?{base64.b64encode(word).decode()}?="


def _alternatives(rendered: Rendered, message_id: str) -> bytes:
    """Encode both texts as alternative parts, the preferred one last."""
    # A hash of the whole mail: no value of an order can contain the boundary.
    content = "\0".join((message_id, rendered.text, rendered.html))
    boundary = b"=_" + hashlib.sha256(content.encode(errors="replace")).hexdigest()[:40].encode()
    return b"".join(
        (
            b'Content-Type: multipart/alternative;\r\n boundary="', boundary, b'"\r\n\r\n--',
            boundary, b"\r\n", _part("plain", rendered.text), b"\r\n--",
            boundary, b"\r\n", _part("html", rendered.html), b"\r\n--",
            boundary, b"--\r\n",
        )
    )  # fmt: skip


def _part(subtype: str, text: str) -> bytes:
    """Encode a text as a part: quoted-printable if most of it is ASCII, else base64."""
    raw = "\r\n".join(text.splitlines()).encode(errors="replace")
    encoding, body = "quoted-printable", binascii.b2a_qp(raw, istext=True)
    if len(body) > len(raw) * 1.4:
        encoding, body = "base64", base64.encodebytes(raw).replace(b"\n", b"\r\n")
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + body
