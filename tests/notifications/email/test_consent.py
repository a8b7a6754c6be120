"""Links that ask for consent: only ours are believed, only in time; the pages ask and thank, and run nothing."""

import base64
from typing import Any

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
from crossdock.notifications.email.mime import Letter
from crossdock.notifications.email.samples import samples
from crossdock.notifications.email.view import view_of
from tests.notifications.email.shop import shop, written
from tests.notifications.email.test_message import read
from tests.notifications.email.test_rendering import NASTY, Page, nasty_order

KEY = b"k" * 32
CONSENT = Consent(2**63 - 1, 5, 3, 1_770_699_600_000_000)
ASKS, DELAYED = next(samples(Kind.DELAY, "en"))


class TestTokens:
    @given(
        st.builds(Consent, *[st.integers(0, 2**63 - 1)] * 2, st.integers(0, 2**31), st.integers(1, 2**63 - 1)),
        st.binary(min_size=16, max_size=64),
    )
    def test_say_what_was_signed(self, consent: Consent, key: bytes) -> None:
        assert read_token(key, make_token(key, consent), now_us=consent.expires_at - 1) == consent

    def test_are_over_in_time(self) -> None:
        token = make_token(KEY, CONSENT)
        assert read_token(KEY, token, now_us=CONSENT.expires_at - 1) == CONSENT
        assert read_token(KEY, token, now_us=CONSENT.expires_at) is None

    def test_of_another_key_are_not_believed(self) -> None:
        assert read_token(b"l" * 32, make_token(KEY, CONSENT), now_us=0) is None

    def test_with_any_byte_changed_are_not_believed(self) -> None:
        raw = base64.urlsafe_b64decode(make_token(KEY, CONSENT))
        for place in range(len(raw)):
            changed = bytearray(raw)
            changed[place] ^= 1
            assert read_token(KEY, base64.urlsafe_b64encode(changed).decode(), now_us=0) is None

    @given(st.text(max_size=100))
    def test_that_are_none_are_not_believed(self, text: str) -> None:
        assert read_token(KEY, text, now_us=0) is None

    def test_go_into_a_link_as_they_are(self) -> None:
        token = make_token(KEY, CONSENT)
        assert consent_url("https://x.example/shop/", token) == f"https://x.example/shop/consent/{token}"
        assert len(token) == 80
        assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


class TestMails:
    def link(self, **rest: Any) -> list[str]:
        settings = shop(time_zone="America/Toronto", **rest.pop("settings", {}))
        found = written(ASKS, DELAYED, settings, **rest)
        assert isinstance(found, Letter)
        html = read(found.raw).get_body(("html",))
        assert html is not None
        return Page(html.get_content()).links

    def test_carry_a_link_that_is_good_until_the_day_is_over(self) -> None:
        (link,) = self.link(consent_key=KEY, public_url="https://hub.example")
        base, _, token = link.rpartition("/")
        assert base == "https://hub.example/consent"
        over = 1_770_699_600_000_000  # 2026-02-10T00:00 in Toronto
        assert read_token(KEY, token, now_us=over - 1) == Consent(1, 1, 2, over)
        assert read_token(KEY, token, now_us=over) is None

    def test_lead_to_the_organizations_own_address(self) -> None:
        settings = {"public_url": "https://own.example"}
        (link,) = self.link(consent_key=KEY, public_url="https://hub.example", settings=settings)
        assert link.startswith("https://own.example/consent/")

    def test_have_no_link_without_key_or_address(self) -> None:
        assert self.link(public_url="https://hub.example") == []
        assert self.link(consent_key=KEY) == []

    @pytest.mark.parametrize("said", ["soon", "9999-12-31", ""])
    def test_have_no_link_where_the_day_is_none(self, said: str) -> None:
        order_event = msgspec.structs.replace(ASKS, consent_by=said)  # type: ignore[call-arg]
        found = written(order_event, DELAYED, consent_key=KEY, public_url="https://hub.example")
        assert isinstance(found, Letter)
        assert end_of_day(said, "UTC") is None


class TestPages:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_ask_with_two_buttons_and_load_nothing(self, language: Language) -> None:
        view = view_of(Kind.DELAY, ASKS, nasty_order(DELAYED), shop(brand=NASTY), language)
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
    def test_thank_or_say_that_the_link_is_over(self, language: Language) -> None:
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
