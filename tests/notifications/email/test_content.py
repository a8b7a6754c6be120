"""Which facts make which mails, to whom, in which language."""

from decimal import Decimal

import msgspec
import pytest

from crossdock.core.orders.events import ORDER_EVENTS, Held, Noted, OrderEvent, Received
from crossdock.core.orders.model import Gift, Hold, Order, Reference
from crossdock.notifications.email.languages import choose_language
from crossdock.notifications.email.mail_kinds import KIND_OF, Kind, mail_for, recipient_of
from crossdock.notifications.email.samples import AT, sample_order, samples
from tests.notifications.email.shop import order_with, shipped_to, shop, to

EVERY = [pytest.param(order_event, order, kind, id=kind) for kind in Kind for order_event, order in samples(kind, "en")]
SILENT = {name for name, order_event in ORDER_EVENTS.items() if order_event not in KIND_OF}


def held(*reasons: str) -> Held:
    return Held(holds=tuple(Hold(reason, AT) for reason in reasons), joined=True)


class TestFacts:
    @pytest.mark.parametrize(("order_event", "order", "kind"), EVERY)
    def test_make_their_mail(self, order_event: OrderEvent, order: Order, kind: Kind) -> None:
        assert mail_for(order_event, order, shop()) is kind

    def test_that_are_the_shops_own_business_make_none(self) -> None:
        assert {
            "order.edited", "order.released", "order.allocated", "order.tagged", "order.noted", "order.archived",
            "order.unarchived",
        } == SILENT  # fmt: skip
        assert mail_for(Noted(text="calm down"), sample_order("en"), shop()) is None

    @pytest.mark.parametrize(("order_event", "order", "kind"), EVERY)
    def test_make_none_where_nobody_wants_it(self, order_event: OrderEvent, order: Order, kind: Kind) -> None:
        assert mail_for(order_event, order, shop(enabled=False)) is None
        assert mail_for(order_event, order, shop(kinds_off=[str(kind)])) is None
        assert mail_for(order_event, order, shop(), opted_out=True) is None

    def test_of_one_change_make_a_mail_each_and_none_twice(self) -> None:
        order = sample_order("en")
        order_events = [Received(submission_id=1, content=order.content), held("address", "payment")]
        assert [mail_for(order_event, order, shop()) for order_event in order_events] == [Kind.CONFIRMATION, Kind.HOLD]


class TestHolds:
    @pytest.mark.parametrize(
        "reason", ["address", "Address", " PAYMENT ", "customer", "ORDER_HOLD_CSR", "order_hold_csr"]
    )
    def test_that_need_the_customer_are_told(self, reason: str) -> None:
        assert mail_for(held("fraud", reason), sample_order("en"), shop()) is Kind.HOLD

    @pytest.mark.parametrize("reason", ["fraud", "ORDER_HOLD_FRAUD", "on hold", "stock"])
    def test_that_do_not_are_not(self, reason: str) -> None:
        assert mail_for(held(reason), sample_order("en"), shop()) is None

    def test_are_told_by_the_organizations_own_list(self) -> None:
        settings = shop(hold_reasons=["Engraving"])
        assert mail_for(held("ENGRAVING"), sample_order("en"), settings) is Kind.HOLD
        assert mail_for(held("address"), sample_order("en"), settings) is None


class TestRecipient:
    def test_is_the_customer_then_the_payer_then_the_receiver(self) -> None:
        order = sample_order("en")
        here = shipped_to(order.content, email=" there@example.com ")
        payer = msgspec.structs.replace(here[0].address, email="payer@example.com")  # type: ignore[type-var]
        assert (
            recipient_of(order_with(customer=to("a@example.com"), bill_to=payer, destinations=here)) == "a@example.com"
        )
        assert recipient_of(order_with(customer=to(" "), bill_to=payer, destinations=here)) == "payer@example.com"
        assert recipient_of(order_with(customer=None, destinations=here)) == "there@example.com"

    def test_is_never_who_gets_a_gift(self) -> None:
        here = shipped_to(sample_order("en").content, email="surprised@example.com")
        gift = order_with(customer=to(None), destinations=here, gift=Gift(is_gift=True))
        assert recipient_of(gift) is None

    @pytest.mark.parametrize(("order_event", "order", "kind"), EVERY)
    def test_that_is_nobody_gets_no_mail(self, order_event: OrderEvent, order: Order, kind: Kind) -> None:
        silent = msgspec.structs.replace(order.content, customer=None)
        assert mail_for(order_event, msgspec.structs.replace(order, content=silent), shop()) is None


class TestLanguage:
    @pytest.mark.parametrize(
        ("country", "language"),
        [("CA", "en"), ("US", "en"), ("FR", "fr"), ("fr", "fr"), ("MQ", "fr"), ("SN", "fr"), ("BE", "en"), ("CN", "zh"),
         ("TW", "zh"), ("HK", "zh"), ("SG", "en"), ("DE", "en"), (None, "en")],
    )  # fmt: skip
    def test_is_the_countrys_unless_something_is_said(self, country: str | None, language: str) -> None:
        order = order_with(destinations=shipped_to(sample_order("en").content, country=country))
        assert choose_language(order, shop()) == language
        assert choose_language(order, shop(locale="zh")) == "zh"
        assert choose_language(order, shop(locale="zh"), said="fr-CA") == "fr"

    def test_of_an_order_that_goes_nowhere_is_english(self) -> None:
        assert choose_language(order_with(destinations=()), shop()) == "en"

    @pytest.mark.parametrize("name", ["language", "Locale", "customer_locale", "customerLanguage"])
    def test_is_what_a_reference_or_a_leftover_says(self, name: str) -> None:
        assert choose_language(order_with(references=(Reference(name, "FR_ca"),)), shop(locale="zh")) == "fr"
        assert choose_language(order_with(unmapped={"m": {name: {"s": "zh-Hant"}}}), shop()) == "zh"

    @pytest.mark.parametrize(
        "unmapped", [None, {}, {"m": {"locale": {"d": "fr"}}}, {"m": {"locale": {"s": 7}}}, [1], {"e": {}}]
    )
    def test_is_not_read_out_of_other_leftovers(self, unmapped: object) -> None:
        assert choose_language(order_with(unmapped=unmapped), shop()) == "en"

    def test_without_words_counts_as_not_said(self) -> None:
        order = order_with(references=(Reference("language", "de"), Reference("locale", "fr")))
        assert choose_language(order, shop()) == "fr"
        assert choose_language(order, shop(), said="") == "fr"
        assert choose_language(sample_order("en"), shop(locale="fr"), said="tlh") == "fr"


def test_an_amount_of_money_makes_no_difference_to_who_is_told() -> None:
    order_event = next(samples(Kind.REFUNDED, "en"))[0]
    free = msgspec.structs.replace(order_event, amount=Decimal(0))  # type: ignore[call-arg]
    assert mail_for(free, sample_order("en"), shop()) is Kind.REFUNDED
