"""Consent links: only signed tokens are accepted, only in time; the pages ask and thank, and run no scripts."""

import base64
from typing import Any

import jwt
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.notifications.email.compose import end_of_day
from crossdock.notifications.email.consent_link import (
    Consent,
    consent_page,
    consent_url,
    gone_page,
    make_token,
    read_token,
    thanks_page,
)
from crossdock.notifications.email.email_settings import Language
from crossdock.notifications.email.languages import LANGUAGES
from crossdock.notifications.email.mail_kinds import Kind
from crossdock.notifications.email.mime import MimeMessage
from crossdock.notifications.email.samples import samples
from crossdock.notifications.email.view import build_view
from tests.notifications.email.shop import composed, shop
from tests.notifications.email.test_mime import read
from tests.notifications.email.test_templating import NASTY, Page, nasty_order

KEY = b"k" * 32
CONSENT = Consent(2**63 - 1, 5, 3, 1_770_699_600_000_000)
ASKS, DELAYED = next(samples(Kind.DELAY, "en"))


class TestTokens:
    @given(
        st.builds(Consent, *[st.integers(0, 2**63 - 1)] * 2, st.integers(0, 2**31), st.integers(1, 2**63 - 1)),
        st.binary(min_size=32, max_size=64),
    )
    def test_a_token_contains_the_signed_claims(self, consent: Consent, key: bytes) -> None:
        assert read_token(key, make_token(key, consent), now_us=consent.expires_at - 1) == consent

    def test_a_token_expires(self) -> None:
        token = make_token(KEY, CONSENT)
        assert read_token(KEY, token, now_us=CONSENT.expires_at - 1) == CONSENT
        assert read_token(KEY, token, now_us=CONSENT.expires_at) is None

    def test_a_token_signed_with_another_key_is_refused(self) -> None:
        assert read_token(b"l" * 32, make_token(KEY, CONSENT), now_us=0) is None

    def test_a_token_with_any_byte_changed_is_refused(self) -> None:
        parts = [
            base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in make_token(KEY, CONSENT).split(".")
        ]
        for part, raw in enumerate(parts):
            for place in range(len(raw)):
                changed = list(parts)
                changed[part] = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
                token = ".".join(base64.urlsafe_b64encode(each).decode().rstrip("=") for each in changed)
                assert read_token(KEY, token, now_us=0) is None

    @pytest.mark.parametrize(
        "claims", [{"aud": None}, {"aud": "another purpose"}, {"number": "3"}, {"expires_at": None}]
    )
    def test_a_token_signed_for_another_purpose_or_without_a_claim_is_refused(self, claims: dict[str, Any]) -> None:
        complete = {"aud": "crossdock consent", **msgspec.to_builtins(CONSENT)}
        assert read_token(KEY, jwt.encode(complete, KEY), now_us=0) == CONSENT
        given = {name: value for name, value in (complete | claims).items() if value is not None}
        assert read_token(KEY, jwt.encode(given, KEY), now_us=0) is None

    def test_an_unsigned_token_is_refused(self) -> None:
        claims = {"aud": "crossdock consent", **msgspec.to_builtins(CONSENT)}
        assert read_token(KEY, jwt.encode(claims, None, algorithm="none"), now_us=0) is None

    @given(st.text(max_size=100))
    def test_a_text_that_is_not_a_token_is_refused(self, text: str) -> None:
        assert read_token(KEY, text, now_us=0) is None

    def test_a_token_needs_no_escaping_in_a_link(self) -> None:
        token = make_token(KEY, CONSENT)
        assert consent_url("https://x.example/shop/", token) == f"https://x.example/shop/consent/{token}"
        assert len(token) < 300
        assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


class TestMails:
    def link(self, **rest: Any) -> list[str]:
        settings = shop(time_zone="America/Toronto", **rest.pop("settings", {}))
        found = composed(ASKS, DELAYED, settings, **rest)
        assert isinstance(found, MimeMessage)
        html = read(found.raw).get_body(("html",))
        assert html is not None
        return Page(html.get_content()).links

    def test_a_delay_mail_has_a_link_that_is_valid_until_the_end_of_the_day(self) -> None:
        (link,) = self.link(consent_key=KEY, public_url="https://hub.example")
        base, _, token = link.rpartition("/")
        assert base == "https://hub.example/consent"
        over = 1_770_699_600_000_000  # 2026-02-10T00:00 in Toronto
        assert read_token(KEY, token, now_us=over - 1) == Consent(1, 1, 2, over)
        assert read_token(KEY, token, now_us=over) is None

    def test_the_link_begins_with_the_organizations_own_public_url(self) -> None:
        settings = {"public_url": "https://own.example"}
        (link,) = self.link(consent_key=KEY, public_url="https://hub.example", settings=settings)
        assert link.startswith("https://own.example/consent/")

    def test_a_delay_mail_without_key_or_public_url_has_no_link(self) -> None:
        assert self.link(public_url="https://hub.example") == []
        assert self.link(consent_key=KEY) == []

    @pytest.mark.parametrize("consent_by", ["soon", "9999-12-31", ""])
    def test_a_delay_mail_whose_consent_day_is_not_a_date_has_no_link(self, consent_by: str) -> None:
        order_event = msgspec.structs.replace(ASKS, consent_by=consent_by)  # type: ignore[call-arg]
        found = composed(order_event, DELAYED, consent_key=KEY, public_url="https://hub.example")
        assert isinstance(found, MimeMessage)
        assert end_of_day(consent_by, "UTC") is None


class TestPages:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_the_consent_page_has_two_buttons_and_loads_nothing(self, language: Language) -> None:
        view = build_view(Kind.DELAY, ASKS, nasty_order(DELAYED), shop(brand=NASTY), language)
        html = consent_page(language, view)
        assert Page(html).wrong == []
        assert html.count('<form method="post">') == 1
        assert [f'name="answer" value="{answer}"' in html for answer in ("accept", "cancel")] == [True, True]
        assert "<script" not in html
        assert "src=" not in html
        assert "href=" not in html
        assert view.expected in html
        assert view.consent_by in html

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_the_pages_after_an_answer_and_for_an_expired_link_have_no_form(self, language: Language) -> None:
        pages = [
            thanks_page(language, "accept", brand=NASTY),
            thanks_page(language, "cancel", brand=NASTY),
            gone_page(language),
        ]
        assert len(set(pages)) == 3
        for html in pages:
            assert Page(html).wrong == []
            assert "<script" not in html
            assert "<form" not in html
