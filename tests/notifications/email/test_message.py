"""The bytes of mails, read back with the standard library: headers, both texts, addresses, and no way out of a header."""

import email
import email.header
import email.policy
from email.message import EmailMessage
from typing import cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.retry_policy import Attempt, Verdict
from crossdock.notifications.email import compose as mail_composition
from crossdock.notifications.email.addresses import InvalidRecipient, is_address, wire_address
from crossdock.notifications.email.email_settings import Language, MailSettings
from crossdock.notifications.email.languages import LANGUAGES
from crossdock.notifications.email.mail_kinds import Kind
from crossdock.notifications.email.mime import Letter, compose, one_line
from crossdock.notifications.email.samples import AT, samples
from crossdock.notifications.email.templating import Rendered, render
from tests.notifications.email.shop import NOW, event_of, order_with, shop, to, written

FACT, ORDER = next(samples(Kind.CONFIRMATION, "en"))
TEXTS = Rendered("Hello", "<p>Hello</p>", "Hello\n")


def letter(
    rendered: Rendered = TEXTS,
    settings: MailSettings | None = None,
    *,
    recipient: str = "ada@example.com",
    name: str = "",
) -> Letter:
    return compose(rendered, settings or shop(), "en", event_id=77, at=AT, recipient=recipient, name=name)


def read(raw: bytes) -> EmailMessage:
    found = email.message_from_bytes(raw, policy=email.policy.SMTP)
    assert found.defects == []
    return cast(EmailMessage, found)


def plainly(raw: bytes, header: str) -> str:
    """Read a header by RFC 2047 alone: the newer reader of some Pythons puts spaces between the words of a name."""
    value = email.message_from_bytes(raw)[header].replace("\r\n", "")
    return str(email.header.make_header(email.header.decode_header(value)))


class TestMessage:
    @pytest.mark.parametrize("kind", Kind)
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_holds_both_texts_to_the_sign(self, kind: Kind, language: Language) -> None:
        order_event, order = next(samples(kind, language))
        rendered = render(kind, order_event, order, shop(), language)
        raw = compose(rendered, shop(), language, event_id=1, at=AT, recipient="a@b.example", name="").raw
        found = read(raw)
        assert found.get_content_type() == "multipart/alternative"
        assert [part.get_content_type() for part in found.iter_parts()] == ["text/plain", "text/html"]
        texts = [part.get_content() for part in found.iter_parts()]
        assert [text.replace("\r\n", "\n").rstrip("\n") for text in texts] == [
            rendered.text.rstrip(),
            rendered.html.rstrip(),
        ]
        assert found["Subject"] == rendered.subject

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_fits_every_server(self, language: Language) -> None:
        rendered = render(Kind.CONFIRMATION, FACT, ORDER, shop(), language)
        name = "\u674e" * 60
        raw = compose(rendered, shop(), language, event_id=1, at=AT, recipient="a@b.example", name=name).raw
        assert raw.isascii()
        assert raw.count(b"\n") == raw.count(b"\r") == raw.count(b"\r\n")
        assert max(map(len, raw.split(b"\r\n"))) <= 76

    def test_has_the_headers_of_a_mail_that_is_made(self) -> None:
        settings = shop(reply_to="help@shop.example.com", unsubscribe_url="https://shop.example.com/u")
        found = read(letter(settings=settings, name="Ada").raw)
        assert found["From"] == "Shop <orders@shop.example.com>"
        assert found["To"].addresses[0].display_name == "Ada"
        assert found["Reply-To"].addresses[0].addr_spec == "help@shop.example.com"
        assert found["Date"] == "Fri, 30 Jan 2026 10:53:24 +0000"
        assert found["Auto-Submitted"] == "auto-generated"
        assert found["Content-Language"] == "en"
        assert found["List-Unsubscribe"] == "<https://shop.example.com/u>"

    def test_has_no_link_to_unsubscribe_where_there_is_none(self) -> None:
        assert "List-Unsubscribe" not in read(letter().raw)

    def test_of_the_same_event_is_the_same(self) -> None:
        again = [written(FACT, ORDER) for _ in range(2)]
        assert again[0] == again[1]
        other = mail_composition.compose_email(event_of(FACT, event_id=78), FACT, ORDER, shop(), now_us=NOW)
        assert isinstance(again[0], Letter)
        assert isinstance(other, Letter)
        assert again[0].message_id == "<000000000002d@shop.example.com>"
        assert again[0].message_id.encode() in again[0].raw
        assert other.message_id != again[0].message_id


class TestHeaders:
    @given(name=st.text(max_size=120), subject=st.text(min_size=1, max_size=250))
    def test_hold_whatever_an_order_says(self, name: str, subject: str) -> None:
        raw = letter(msgspec.structs.replace(TEXTS, subject=subject), name=name).raw
        head = raw.partition(b"\r\n\r\n")[0]
        headers = [line.partition(b":")[0] for line in head.split(b"\r\n") if not line.startswith(b" ")]
        assert headers == [
            b"Subject", b"From", b"To", b"Date", b"Message-ID", b"Auto-Submitted", b"Content-Language", b"MIME-Version",
            b"Content-Type",
        ]  # fmt: skip
        assert plainly(raw, "Subject") == one_line(subject)
        (told,) = read(raw)["To"].addresses
        assert told.addr_spec == "ada@example.com"

    @pytest.mark.parametrize(
        "name",
        [
            "Ada",
            'a, "b" <c@d.e>; (f)',
            "back\\slash",
            "=?utf-8?q?a?=",
            "\u674e\u96c5\u8fbe",
            "\u00dcn\u00ef " * 20 + "x",
            'é, "x"',
        ],
    )
    def test_spell_names_so_that_they_come_back(self, name: str) -> None:
        raw = letter(name=name).raw
        shown = one_line(name)[:100].strip()
        if shown.isascii() and "=?" not in shown:
            assert read(raw)["To"].addresses[0].display_name == shown
        else:
            assert plainly(raw, "To") == f"{shown} <ada@example.com>"

    @pytest.mark.parametrize("line", ["\r\n", "\n", "\r", "\u2028", "\x85", "\x0b", "\x00"])
    def test_are_not_made_by_names_and_subjects(self, line: str) -> None:
        nasty = f"Ada{line}Bcc: spy@example.com{line}{line}<p>"
        settings = shop(sender_name=nasty, brand=nasty)
        raw = letter(msgspec.structs.replace(TEXTS, subject=nasty), settings, name=nasty).raw
        found = read(raw)
        assert "Bcc" not in found
        assert found["Subject"] == "Ada Bcc: spy@example.com <p>"
        assert [each.addr_spec for each in found["To"].addresses] == ["ada@example.com"]


class TestAddresses:
    @pytest.mark.parametrize(
        ("written", "wire"),
        [
            ("ada@example.com", "ada@example.com"),
            ("  Ada.O'Neil+tag@Example.COM ", "Ada.O'Neil+tag@example.com"),
            ("a@stra\u00dfe.de", "a@xn--strae-oqa.de"),
            ("a@b\u00fccher.example.", "a@xn--bcher-kva.example"),
            ("\u7528\u6237@\u4f8b\u5b50.\u5e7f\u544a", "\u7528\u6237@xn--fsqu00a.xn--4rr70v"),
        ],
    )
    def test_are_spelled_for_the_wire(self, written: str, wire: str) -> None:
        assert wire_address(written) == wire
        assert letter(recipient=written).recipient == wire

    @pytest.mark.parametrize(
        "written",
        [
            "",
            "@",
            "not-an-address",
            "a@b@c",
            "a@b@c.example",
            "a@b",
            "a@b.example,c@d.example",
            "a@b.example;c@d.example",
            "a b@c.example",
            "a@c.example\r\nBcc: x@y.example",
            "a\n@c.example",
            "<a@b.example>",
            "Ada <a@b.example>",
            ".a@b.example",
            "a.@b.example",
            "a..b@c.example",
            '"a"@b.example',
            "a@-b.example",
            "a@b..example",
            "a@[127.0.0.1]",
            "a@exa mple.com",
            "a" * 65 + "@b.example",
            "a@" + "b" * 64 + ".example",
            "a@" + "b." * 200 + "example",
            "a@\ud800.example",
            "\ud800@b.example",
        ],
    )
    def test_that_are_none_are_refused_with_a_reason(self, written: str) -> None:
        assert not is_address(written)
        with pytest.raises(InvalidRecipient):
            letter(recipient=written)
        if written:
            attempt = mail_composition.compose_email(
                event_of(FACT), FACT, order_with(customer=to(written)), shop(), now_us=NOW
            )
            assert isinstance(attempt, Attempt)
            assert (attempt.verdict, attempt.at) == (Verdict.REJECTED, NOW)
            assert (attempt.error or "").startswith("the customer's e-mail address: ")
            assert written not in (attempt.error or "") or written == "@"

    @given(st.text(max_size=40))
    def test_of_any_spelling_are_taken_or_refused(self, text: str) -> None:
        try:
            wire = wire_address(text)
        except InvalidRecipient:
            return
        assert wire.count("@") == 1
        assert not set(wire) & set(' \r\n\t<>,;"')

    def test_outside_ascii_need_smtputf8(self) -> None:
        found = letter(recipient="\u7528\u6237@example.com", name='a, "b" \u674e')
        assert found.needs_smtputf8
        assert "<\u7528\u6237@example.com>".encode() in found.raw
        assert found.raw.partition(b"\r\n\r\n")[0].count(b",") == 1  # of the date
        assert not letter(recipient="a@b\u00fccher.example").needs_smtputf8


class TestLetters:
    def test_are_not_written_where_there_is_nothing_to_say(self) -> None:
        assert written(FACT, ORDER, opted_out=True) is None
        assert written(FACT, ORDER, shop(enabled=False)) is None
        assert written(FACT, order_with(customer=None)) is None

    def test_are_written_in_the_language_that_was_said(self) -> None:
        found = written(FACT, ORDER, said_language="fr")
        assert isinstance(found, Letter)
        assert read(found.raw)["Content-Language"] == "fr"
