"""The bytes of a mail: both texts under headers nothing of an order can break out of.

Headers and parts are spelled here rather than by the standard library's EmailMessage, which takes some milliseconds for a mail
and, in Pythons this runs on, leaves a name with commas unquoted before an address that is not ASCII: one recipient reads as
several. All bytes are ASCII, whatever the server can take, but for such an address. Tests read the mails with the library.

The same event makes the same bytes: a repeat after a crash has the Message-ID of the first and can be recognized as one.
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
from crossdock.notifications.email.templating import Rendered

# What could end a header or turn around what a person reads: controls, line separators, directions, lone surrogates.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]+")
# What a header can hold as it is, on one line.
_PLAIN = re.compile(r"[\x20-\x7e]{0,60}\Z")
# A line with an encoded word has at most 76 signs: 12 around 52 of base64, which hold 39 bytes, after a header's name.
_WORD_BYTES = 39
NAME_CHARACTERS = 100


class Letter(Struct, frozen=True):
    """A mail ready to be sent: its bytes and its envelope, addresses as they go over the wire.

    With `needs_smtputf8` an address is not ASCII before its @, and only servers that offer SMTPUTF8 can take it on.
    """

    raw: bytes
    sender: str
    recipient: str
    message_id: str
    needs_smtputf8: bool
    subject: str


def compose(
    rendered: Rendered, settings: MailSettings, language: Language, *, event_id: int, at: int, recipient: str, name: str
) -> Letter:
    """Make the mail of an event. `at` (microseconds since 1970 UTC) becomes its date, `name` who it is addressed to.

    Raises Unmailable where `recipient` is not one e-mail address.
    """
    sender, to = wire_address(settings.sender), wire_address(recipient)
    message_id = message_id_of(event_id, sender)
    headers = {
        "Subject": _text(rendered.subject),
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
    return Letter(raw, sender, to, message_id, not head.isascii(), rendered.subject)


def message_id_of(event_id: int, sender: str) -> str:
    """Give the Message-ID of an event's mail: the same for each attempt."""
    return f"<{to_base32(event_id)}@{sender.rpartition('@')[2]}>"


def one_line(text: str) -> str:
    """Make a text fit for a header: one line without control signs."""
    return " ".join(_UNFIT.sub(" ", text).split())


def _text(text: str) -> str:
    line = one_line(text)
    return line if _PLAIN.match(line) and "=?" not in line else "\r\n ".join(_encoded_words(line))


def _mailbox(name: str, address: str) -> str:
    line = one_line(one_line(name)[:NAME_CHARACTERS])
    if not line:
        return f"<{address}>"
    if _PLAIN.match(line) and "=?" not in line:
        quoted = line.replace("\\", "\\\\").replace('"', '\\"')
        fold = " " if len(quoted) + len(address) <= 60 else "\r\n "
        return f'"{quoted}"{fold}<{address}>'
    return "\r\n ".join((*_encoded_words(line), f"<{address}>"))


def _encoded_words(line: str) -> Iterator[str]:
    """Spell a text as encoded words (RFC 2047), none of which ends within a character."""
    word = b""
    for sign in line:
        encoded = sign.encode()
        if len(word) + len(encoded) > _WORD_BYTES:
            yield _encoded_word(word)
            word = b""
        word += encoded
    yield _encoded_word(word)


def _encoded_word(word: bytes) -> str:
    return f"=?utf-8?B?{base64.b64encode(word).decode()}?="


def _alternatives(rendered: Rendered, message_id: str) -> bytes:
    """Give both texts as the parts of a mail, the better one last."""
    # Nobody who writes into an order can foresee the line between the parts: a hash of the whole mail.
    whole = "\0".join((message_id, rendered.text, rendered.html))
    boundary = b"=_" + hashlib.sha256(whole.encode(errors="replace")).hexdigest()[:40].encode()
    return b"".join(
        (
            b'Content-Type: multipart/alternative;\r\n boundary="', boundary, b'"\r\n\r\n--',
            boundary, b"\r\n", _part("plain", rendered.text), b"\r\n--",
            boundary, b"\r\n", _part("html", rendered.html), b"\r\n--",
            boundary, b"--\r\n",
        )
    )  # fmt: skip


def _part(subtype: str, text: str) -> bytes:
    """Give a text as a part: readable as it stands where most of it is ASCII, else packed."""
    raw = "\r\n".join(text.splitlines()).encode(errors="replace")
    encoding, body = "quoted-printable", binascii.b2a_qp(raw, istext=True)
    if len(body) > len(raw) * 1.4:
        encoding, body = "base64", base64.encodebytes(raw).replace(b"\n", b"\r\n")
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + body
