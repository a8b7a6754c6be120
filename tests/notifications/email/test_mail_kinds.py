"""Which events make which mails, to whom, in which language."""

import json
from decimal import Decimal

import msgspec
import pytest

from crossdock.core.orders.events import (
    ORDER_EVENTS,
    FulfillmentCanceled,
    Held,
    Noted,
    OrderEvent,
    Received,
    Shipped,
)
from crossdock.core.orders.fulfillments import Fulfillment
from crossdock.core.orders.model import Gift, Hold, Order, Reference
from crossdock.doors import all_doors
from crossdock.notifications.email.channel import settings_of
from crossdock.notifications.email.languages import choose_language
from crossdock.notifications.email.mail_kinds import KINDS_OF, Kind, mail_kind, recipient_of
from crossdock.notifications.email.samples import AT, sample_order, samples
from crossdock.settings import load
from tests.notifications.email.shop import order_with, shipped_to, shop, to

EVERY = [pytest.param(order_event, order, kind, id=kind) for kind in Kind for order_event, order in samples(kind, "en")]
SILENT = {name for name, order_event in ORDER_EVENTS.items() if order_event not in KINDS_OF}


def held(*reasons: str) -> Held:
    return Held(holds=tuple(Hold(reason, AT) for reason in reasons), joined=True)


class TestKinds:
    @pytest.mark.parametrize(("order_event", "order", "kind"), EVERY)
    def test_each_event_makes_its_kind_of_mail(self, order_event: OrderEvent, order: Order, kind: Kind) -> None:
        assert mail_kind(order_event, order, shop()) is kind

    def test_internal_events_make_no_mail(self) -> None:
        assert {
            "order.edited", "order.released", "order.allocated", "order.deallocated", "order.tagged", "order.noted",
            "order.archived", "order.unarchived", "order.erased", "order.fulfillment_created", "order.picked", "order.packed",
            "order.fulfillment_changed", "order.tracked", "order.reshipped",
            "order.return_judged", "order.return_canceled", "order.payment_recorded", "order.invoiced",
        } == SILENT  # fmt: skip
        assert mail_kind(Noted(text="calm down"), sample_order("en"), shop()) is None

    def test_a_fulfillment_that_somebody_cancels_makes_no_mail(self) -> None:
        canceled = FulfillmentCanceled(fulfillments=(Fulfillment(1, "W1", AT, (), "pickup"),), reason="broken")
        assert mail_kind(canceled, sample_order("en"), shop()) is None

    def test_a_pickup_that_is_handed_over_makes_no_shipping_mail(self) -> None:
        for kind, expected in (("ship", Kind.SHIPPED), ("pickup", None)):
            handed_over = Fulfillment(1, "W1", AT, (), kind)  # type: ignore[arg-type]
            shipped = Shipped(lines=((0, 2),), counters=(), fulfillment=handed_over)
            assert mail_kind(shipped, sample_order("en"), shop()) is expected

    @pytest.mark.parametrize(("order_event", "order", "kind"), EVERY)
    def test_no_mail_is_made_when_it_is_switched_off(self, order_event: OrderEvent, order: Order, kind: Kind) -> None:
        assert mail_kind(order_event, order, shop(enabled=False)) is None
        assert mail_kind(order_event, order, shop(kinds_off=[str(kind)])) is None
        assert mail_kind(order_event, order, shop(), opted_out=True) is None

    def test_the_events_of_one_change_make_one_mail_each(self) -> None:
        order = sample_order("en")
        order_events = [Received(submission_id=1, content=order.content), held("address", "payment")]
        assert [mail_kind(order_event, order, shop()) for order_event in order_events] == [Kind.CONFIRMATION, Kind.HOLD]


class TestHolds:
    @pytest.mark.parametrize("reason", ["address", "Address", " PAYMENT ", "customer"])
    def test_a_hold_that_needs_the_customer_makes_a_mail(self, reason: str) -> None:
        assert mail_kind(held("fraud", reason), sample_order("en"), shop()) is Kind.HOLD

    @pytest.mark.parametrize("reason", ["ORDER_HOLD_CSR", "order_hold_csr", "ORDER_HOLD_ADDRESS", "address"])
    def test_a_hold_code_that_a_door_declares_makes_a_mail_by_default(self, reason: str) -> None:
        codes = tuple(code for door in all_doors() for code in door.customer_hold_reasons)
        settings = settings_of(b'{"sender": "us@shop.example.com"}', load({}), hold_reasons=codes)
        assert settings is not None
        assert mail_kind(held("fraud", reason), sample_order("en"), settings) is Kind.HOLD
        own = settings_of(b'{"sender": "us@shop.example.com", "hold_reasons": []}', load({}), hold_reasons=codes)
        assert own is not None
        assert mail_kind(held(reason), sample_order("en"), own) is None

    @pytest.mark.parametrize("reason", ["fraud", "ORDER_HOLD_FRAUD", "on hold", "stock"])
    def test_a_hold_that_does_not_need_the_customer_makes_no_mail(self, reason: str) -> None:
        assert mail_kind(held(reason), sample_order("en"), shop()) is None

    def test_an_organizations_own_hold_reasons_replace_the_default_ones(self) -> None:
        settings = shop(hold_reasons=["Engraving"])
        assert mail_kind(held("ENGRAVING"), sample_order("en"), settings) is Kind.HOLD
        assert mail_kind(held("address"), sample_order("en"), settings) is None


class TestRecipient:
    def test_the_recipient_is_the_customer_else_the_bill_to_else_the_ship_to_address(self) -> None:
        order = sample_order("en")
        here = shipped_to(order.content, email=" there@example.com ")
        payer = msgspec.structs.replace(here[0].address, email="payer@example.com")  # type: ignore[type-var]
        assert (
            recipient_of(order_with(customer=to("a@example.com"), bill_to=payer, destinations=here)) == "a@example.com"
        )
        assert recipient_of(order_with(customer=to(" "), bill_to=payer, destinations=here)) == "payer@example.com"
        assert recipient_of(order_with(customer=None, destinations=here)) == "there@example.com"

    def test_the_ship_to_address_of_a_gift_gets_no_mail(self) -> None:
        here = shipped_to(sample_order("en").content, email="surprised@example.com")
        gift = order_with(customer=to(None), destinations=here, gift=Gift(is_gift=True))
        assert recipient_of(gift) is None

    @pytest.mark.parametrize(("order_event", "order", "kind"), EVERY)
    def test_an_order_without_an_address_makes_no_mail(self, order_event: OrderEvent, order: Order, kind: Kind) -> None:
        silent = msgspec.structs.replace(order.content, customer=None)
        assert mail_kind(order_event, msgspec.structs.replace(order, content=silent), shop()) is None


class TestLanguage:
    @pytest.mark.parametrize(
        ("country", "language"),
        [("CA", "en"), ("US", "en"), ("FR", "fr"), ("fr", "fr"), ("MQ", "fr"), ("SN", "fr"), ("BE", "en"), ("CN", "zh"),
         ("TW", "zh"), ("HK", "zh"), ("SG", "en"), ("DE", "en"), (None, "en")],
    )  # fmt: skip
    def test_the_language_is_that_of_the_country_unless_something_names_one(
        self, country: str | None, language: str
    ) -> None:
        order = order_with(destinations=shipped_to(sample_order("en").content, country=country))
        assert choose_language(order, shop()) == language
        assert choose_language(order, shop(locale="zh")) == "zh"
        assert choose_language(order, shop(locale="zh"), sent=b'{"locale": "fr-CA"}') == "fr"

    def test_the_language_of_an_order_without_a_destination_is_english(self) -> None:
        assert choose_language(order_with(destinations=()), shop()) == "en"

    @pytest.mark.parametrize("name", ["language", "Locale", "customer_locale", "customerLanguage"])
    def test_the_language_is_the_one_a_reference_or_an_unmapped_field_names(self, name: str) -> None:
        assert choose_language(order_with(references=(Reference(name, "FR_ca"),)), shop(locale="zh")) == "fr"
        assert choose_language(order_with(unmapped={"m": {name: {"s": "zh-Hant"}}}), shop()) == "zh"

    @pytest.mark.parametrize("name", ["language", "Locale", "customer_locale", "customerLanguage"])
    def test_the_language_is_the_one_the_senders_document_names(self, name: str) -> None:
        sent = json.dumps({"number": "1", name: "FR_ca", "customer": {"locale": "zh"}}).encode()
        assert choose_language(sample_order("en"), shop(locale="zh"), sent=sent) == "fr"

    def test_the_language_is_the_same_before_and_after_an_edit(self) -> None:
        references = (Reference("language", "zh"),)
        sent = b'{"locale": "fr"}'
        before = choose_language(order_with(references=references), shop(), sent=sent)
        after = choose_language(order_with(references=references, unmapped={"m": {"locale": {"s": "fr"}}}), shop())
        assert (before, after) == ("fr", "fr")

    @pytest.mark.parametrize(
        "sent", [None, b"[]", b'{"locale": 7}', b'{"locale": null}', b'{"customer": {"locale": "fr"}}']
    )
    def test_a_document_that_names_no_language_does_not_change_it(self, sent: bytes | None) -> None:
        assert choose_language(sample_order("en"), shop(), sent=sent) == "en"

    @pytest.mark.parametrize(
        "unmapped", [None, {}, {"m": {"locale": {"d": "fr"}}}, {"m": {"locale": {"s": 7}}}, [1], {"e": {}}]
    )
    def test_other_unmapped_fields_do_not_change_the_language(self, unmapped: object) -> None:
        assert choose_language(order_with(unmapped=unmapped), shop()) == "en"

    def test_a_language_without_texts_is_ignored(self) -> None:
        order = order_with(references=(Reference("language", "de"), Reference("locale", "fr")))
        assert choose_language(order, shop()) == "fr"
        assert choose_language(order, shop(), sent=b'{"locale": ""}') == "fr"
        assert choose_language(sample_order("en"), shop(locale="fr"), sent=b'{"locale": "tlh"}') == "fr"


def test_a_refund_of_nothing_makes_a_mail_too() -> None:
    order_event = next(samples(Kind.REFUNDED, "en"))[0]
    free = msgspec.structs.replace(order_event, amount=Decimal(0))  # type: ignore[call-arg]
    assert mail_kind(free, sample_order("en"), shop()) is Kind.REFUNDED
