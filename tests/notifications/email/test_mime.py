"""MIME messages, parsed with the standard library: headers, both texts, addresses, and no header injection."""

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
from crossdock.notifications.email import compose
from crossdock.notifications.email.addresses import InvalidRecipient, is_address, wire_address
from crossdock.notifications.email.email_settings import Language, MailSettings
from crossdock.notifications.email.languages import LANGUAGES
from crossdock.notifications.email.mail_kinds import Kind
from crossdock.notifications.email.mime import MimeMessage, build_message
from crossdock.notifications.email.plain_text import one_line
from crossdock.notifications.email.samples import AT, samples
from crossdock.notifications.email.templating import Rendered, render
from tests.notifications.email.shop import NOW, composed, event_of, order_with, shop, to

EVENT, ORDER = next(samples(Kind.CONFIRMATION, "en"))
TEXTS = Rendered("Hello", "<p>Hello</p>", "Hello\n")


def message(
    rendered: Rendered = TEXTS,
    settings: MailSettings | None = None,
    *,
    recipient: str = "ada@example.com",
    name: str = "",
) -> MimeMessage:
    return build_message(rendered, settings or shop(), "en", event_id=77, at=AT, recipient=recipient, name=name)


def read(raw: bytes) -> EmailMessage:
    found = email.message_from_bytes(raw, policy=email.policy.SMTP)
    assert found.defects == []
    return cast(EmailMessage, found)


def decode_header(raw: bytes, header: str) -> str:
    """Decode a header by RFC 2047 alone: the newer parser of some Pythons puts spaces between encoded words of a name."""
    value = email.message_from_bytes(raw)[header].replace("\r\n", "")
    return str(email.header.make_header(email.header.decode_header(value)))


class TestMessage:
    @pytest.mark.parametrize("kind", Kind)
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_a_message_contains_both_texts_unchanged(self, kind: Kind, language: Language) -> None:
        order_event, order = next(samples(kind, language))
        rendered = render(kind, order_event, order, shop(), language)
        raw = build_message(rendered, shop(), language, event_id=1, at=AT, recipient="a@b.example", name="").raw
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
    def test_a_message_is_ascii_with_short_lines(self, language: Language) -> None:
        rendered = render(Kind.CONFIRMATION, EVENT, ORDER, shop(), language)
        name = "\u674e" * 60
        raw = build_message(rendered, shop(), language, event_id=1, at=AT, recipient="a@b.example", name=name).raw
        assert raw.isascii()
        assert raw.count(b"\n") == raw.count(b"\r") == raw.count(b"\r\n")
        assert max(map(len, raw.split(b"\r\n"))) <= 76

    def test_a_message_has_the_headers_of_an_automatic_mail(self) -> None:
        settings = shop(reply_to="help@shop.example.com", unsubscribe_url="https://shop.example.com/u")
        found = read(message(settings=settings, name="Ada").raw)
        assert found["From"] == "Shop <orders@shop.example.com>"
        assert found["To"].addresses[0].display_name == "Ada"
        assert found["Reply-To"].addresses[0].addr_spec == "help@shop.example.com"
        assert found["Date"] == "Fri, 30 Jan 2026 10:53:24 +0000"
        assert found["Auto-Submitted"] == "auto-generated"
        assert found["Content-Language"] == "en"
        assert found["List-Unsubscribe"] == "<https://shop.example.com/u>"

    def test_a_message_without_an_unsubscribe_link_has_no_such_header(self) -> None:
        assert "List-Unsubscribe" not in read(message().raw)

    def test_the_same_event_makes_the_same_message(self) -> None:
        again = [composed(EVENT, ORDER) for _ in range(2)]
        assert again[0] == again[1]
        other = compose.compose_email(event_of(EVENT, event_id=78), EVENT, ORDER, shop(), now_us=NOW)
        assert isinstance(again[0], MimeMessage)
        assert isinstance(other, MimeMessage)
        assert again[0].message_id == "<000000000002d@shop.example.com>"
        assert again[0].message_id.encode() in again[0].raw
        assert other.message_id != again[0].message_id


class TestHeaders:
    @given(name=st.text(max_size=120), subject=st.text(min_size=1, max_size=250))
    def test_headers_carry_any_name_and_subject_safely(self, name: str, subject: str) -> None:
        raw = message(msgspec.structs.replace(TEXTS, subject=subject), name=name).raw
        head = raw.partition(b"\r\n\r\n")[0]
        headers = [line.partition(b":")[0] for line in head.split(b"\r\n") if not line.startswith(b" ")]
        assert headers == [
            b"Subject", b"From", b"To", b"Date", b"Message-ID", b"Auto-Submitted", b"Content-Language", b"MIME-Version",
            b"Content-Type",
        ]  # fmt: skip
        assert decode_header(raw, "Subject") == one_line(subject)
        (address,) = read(raw)["To"].addresses
        assert address.addr_spec == "ada@example.com"

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
    def test_names_in_headers_decode_to_what_they_were(self, name: str) -> None:
        raw = message(name=name).raw
        displayed = one_line(name)[:100].strip()
        if displayed.isascii() and "=?" not in displayed:
            assert read(raw)["To"].addresses[0].display_name == displayed
        else:
            assert decode_header(raw, "To") == f"{displayed} <ada@example.com>"

    @pytest.mark.parametrize("line", ["\r\n", "\n", "\r", "\u2028", "\x85", "\x0b", "\x00"])
    def test_names_and_subjects_cannot_inject_headers(self, line: str) -> None:
        nasty = f"Ada{line}Bcc: spy@example.com{line}{line}<p>"
        settings = shop(sender_name=nasty, brand=nasty)
        raw = message(msgspec.structs.replace(TEXTS, subject=nasty), settings, name=nasty).raw
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
    def test_addresses_are_encoded_for_smtp(self, written: str, wire: str) -> None:
        assert wire_address(written) == wire
        assert message(recipient=written).recipient == wire

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
    def test_a_text_that_is_not_one_address_is_refused_with_a_reason(self, written: str) -> None:
        assert not is_address(written)
        with pytest.raises(InvalidRecipient):
            message(recipient=written)
        if written:
            attempt = compose.compose_email(
                event_of(EVENT), EVENT, order_with(customer=to(written)), shop(), now_us=NOW
            )
            assert isinstance(attempt, Attempt)
            assert (attempt.verdict, attempt.at) == (Verdict.REJECTED, NOW)
            assert (attempt.error or "").startswith("the customer's e-mail address: ")
            assert written not in (attempt.error or "") or written == "@"

    @given(st.text(max_size=40))
    def test_any_text_is_either_encoded_as_one_address_or_refused(self, text: str) -> None:
        try:
            wire = wire_address(text)
        except InvalidRecipient:
            return
        assert wire.count("@") == 1
        assert not set(wire) & set(' \r\n\t<>,;"')

    def test_a_local_part_outside_ascii_needs_smtputf8(self) -> None:
        found = message(recipient="\u7528\u6237@example.com", name='a, "b" \u674e')
        assert found.needs_smtputf8
        assert "<\u7528\u6237@example.com>".encode() in found.raw
        assert found.raw.partition(b"\r\n\r\n")[0].count(b",") == 1  # of the date
        assert not message(recipient="a@b\u00fccher.example").needs_smtputf8


class TestComposition:
    def test_no_message_is_composed_when_no_mail_is_wanted(self) -> None:
        assert composed(EVENT, ORDER, opted_out=True) is None
        assert composed(EVENT, ORDER, shop(enabled=False)) is None
        assert composed(EVENT, order_with(customer=None)) is None

    def test_a_message_is_in_the_language_the_senders_document_names(self) -> None:
        found = composed(EVENT, ORDER, sent=b'{"locale": "fr-CA"}')
        assert isinstance(found, MimeMessage)
        assert read(found.raw)["Content-Language"] == "fr"
