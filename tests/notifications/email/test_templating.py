"""Every kind of mail in every language: texts, structured data, and no injection by values of an order."""

import json
import re
import string
from decimal import Decimal
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import msgspec
import pytest

from crossdock.core.orders.events import (
    Backordered,
    Canceled,
    Delivered,
    Held,
    OrderEvent,
    Received,
    Refunded,
    Shipped,
)
from crossdock.core.orders.fulfillments import Package
from crossdock.core.orders.model import Address, Charge, Customer, Destination, Hold, Line, Order, Totals
from crossdock.core.orders.status import Counters
from crossdock.notifications.email.email_settings import Language, Override
from crossdock.notifications.email.languages import LANGUAGES, catalog
from crossdock.notifications.email.mail_kinds import Kind
from crossdock.notifications.email.preview import preview
from crossdock.notifications.email.samples import AT, sample_order, samples
from crossdock.notifications.email.templating import Rendered, render, render_strictly
from tests.notifications.email.shop import order_with, shop
from tests.slowness import processor_time_below

EVERY = [
    pytest.param(kind, language, order_event, order, id=f"{kind}-{language}-{place}")
    for kind in Kind
    for language in LANGUAGES
    for place, (order_event, order) in enumerate(samples(kind, language))
]
VOID = {"meta", "br"}
NASTY = """<script>alert(1)</script>&"'{{7*7}}{% raw %}{number}</script><!--\u2028"""


class Page(HTMLParser):
    """Parses text and links of a page; `wrong` has the tags that do not nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.markup = ""
        self.feed(html)
        self.close()
        self.wrong += self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        if "script" in self.open:
            self.markup += data
        elif "title" not in self.open:
            self.text += data + " "


def english(kind: Kind, order_event: OrderEvent, order: Order | None = None, **settings: Any) -> Rendered:
    return render_strictly(
        kind, order_event, order or sample_order("en"), shop(**settings), "en", consent_url="https://x.example/c"
    )


def confirmation(**content: Any) -> Rendered:
    order = order_with(**content)
    return english(Kind.CONFIRMATION, Received(submission_id=1, content=order.content), order)


def shipped(*packages: Package, lines: tuple[tuple[int, int], ...] = ((0, 2), (1, 3))) -> Rendered:
    counters = (Counters(2, shipped=2), Counters(3, shipped=3))
    return english(Kind.SHIPPED, Shipped(lines=lines, counters=counters, packages=packages))


def nasty_order(order: Order) -> Order:
    lines = tuple(msgspec.structs.replace(line, description=NASTY, sku=NASTY) for line in order.content.lines)
    content = msgspec.structs.replace(
        order.content,
        number="1" + NASTY,
        lines=lines,
        destinations=(Destination(address=Address(name=NASTY, lines=(NASTY,), city=NASTY, country=NASTY)),),
        customer=Customer(name=NASTY, email="a@example.com"),
    )
    return msgspec.structs.replace(order, content=content)


def nasty_event(order_event: OrderEvent) -> OrderEvent:
    if not isinstance(order_event, Shipped):
        return order_event
    return msgspec.structs.replace(
        order_event, packages=(Package(((0, 2),), NASTY, NASTY, NASTY, "javascript:alert(1)"),)
    )


class TestCatalogs:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_catalogs_have_the_same_keys_and_placeholders(self, language: Language) -> None:
        def placeholders(text: str) -> set[str | None]:
            return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

        ours, theirs = catalog(language), catalog("en")
        assert list(ours) == list(theirs)
        assert {key: placeholders(text) for key, text in ours.items()} == {
            key: placeholders(text) for key, text in theirs.items()
        }
        assert all(text.strip() == text != "" for text in ours.values())

    def test_every_text_of_the_catalogs_is_used(self) -> None:
        sources = [each.read_text() for each in files("crossdock.notifications.email").joinpath("templates").iterdir()]
        sources += [
            each.read_text() for each in files("crossdock.notifications.email").iterdir() if each.name.endswith(".py")
        ]
        built = {
            f"total.{each}"
            for each in ("items", "discount", "fees", "shipping", "tax", "tax_included", "duty", "total")
        }
        built |= {f"{kind}.subject" for kind in Kind} | {"hold.address", "hold.payment", "hold.other"}
        built |= {
            f"{kind}.subject_part" for kind in (Kind.SHIPPED, Kind.DELIVERED, Kind.CANCELED, Kind.READY_FOR_PICKUP)
        }
        built.add("delivered.subject_pickup")
        unused = [
            key
            for key in catalog("en")
            if key not in built and not any(re.search(f"['\"]{key}['\"]", each) for each in sources)
        ]
        assert unused == []


class TestEveryMail:
    @pytest.mark.parametrize(("kind", "language", "order_event", "order"), EVERY)
    def test_html_and_text_of_a_mail_are_complete_and_say_the_same(
        self, kind: Kind, language: Language, order_event: OrderEvent, order: Order
    ) -> None:
        made = render_strictly(kind, order_event, order, shop(), language)
        page = Page(made.html)
        assert page.wrong == []
        assert order.content.number in made.subject
        heading = made.text.split("\n")[2]
        assert heading in page.text
        for line in made.text.split("--\n")[0].splitlines():
            for word in re.findall("[^\\s:\uff1a\u00b7\u00d7()]+", line.strip("- ")):
                assert word in page.text or word in "".join(page.links), word
        assert "\n\n\n\n" not in made.text
        assert "{" not in made.text

    @pytest.mark.parametrize(("kind", "language", "order_event", "order"), EVERY)
    def test_every_mail_has_structured_data_of_the_order(
        self, kind: Kind, language: Language, order_event: OrderEvent, order: Order
    ) -> None:
        data = json.loads(Page(render_strictly(kind, order_event, order, shop(), language).html).markup)
        first, *parcels = data if isinstance(data, list) else [data]
        assert (first["@context"], first["@type"]) == ("http://schema.org", "Order")
        assert (first["orderNumber"], first["merchant"]) == ("1001-2026", {"@type": "Organization", "name": "Shop"})
        assert first["orderStatus"].startswith("http://schema.org/Order")
        assert first["price"] == "90.70"
        assert [offer["eligibleQuantity"]["value"] for offer in first["acceptedOffer"]] == [2, 3]
        assert {each["@type"] for each in parcels} == ({"ParcelDelivery"} if kind is Kind.SHIPPED else set())

    @pytest.mark.parametrize("kind", Kind)
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_mail_can_be_previewed(self, kind: Kind, language: Language) -> None:
        subject, html, text = preview(kind, language, shop(brand="Brand & Sons"))
        assert "1001-2026" in subject
        assert f'lang="{ {"en": "en", "fr": "fr", "zh": "zh-Hans"}[language] }"' in html
        assert "Brand &amp; Sons" in html
        assert text.startswith("Brand & Sons\n")

    @pytest.mark.parametrize("kind", Kind)
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_values_of_an_order_are_escaped_and_never_run(self, kind: Kind, language: Language) -> None:
        for order_event, order in samples(kind, language):
            made = render_strictly(kind, nasty_event(order_event), nasty_order(order), shop(), language)
            page = Page(made.html)
            assert page.wrong == []
            assert made.html.count("<script") == made.html.count("</script") == 1
            json.loads(page.markup)
            assert "javascript:" not in made.html + made.text
            assert "49" not in made.html + made.text + made.subject
            assert "{{7*7}}{% raw %}{number}" in made.text
            assert "\n" not in made.subject


class TestConfirmation:
    def test_a_confirmation_has_lines_sums_and_address(self) -> None:
        text = confirmation().text
        assert "- 2 \u00d7 Ceramic mug, ocean blue, 350 ml (SKU MUG-BLUE)\n  CA$48.00 (CA$24.00 each)\n" in text
        sums = "Items: CA$76.50\nDiscount: -CA$5.00\nShipping: CA$8.90\nTax: CA$10.30\nOrder total: CA$90.70\n"
        assert sums in text
        assert "Delivery address\n  Ada Moreau\n  12 Harbour Street\n  Unit 4\n  Halifax NS B3J 1S9\n  Canada\n" in text
        assert "Order date: January 30, 2026" in text

    def test_a_confirmation_shows_stated_totals_even_if_they_do_not_add_up(self) -> None:
        text = confirmation(totals=Totals(items=Decimal(70), total=Decimal("99.99"))).text
        assert "Items: CA$70.00\nShipping: CA$8.90\nOrder total: CA$99.99\n" in text

    @pytest.mark.parametrize(("currency", "total"), [("JPY", "¥91"), ("KWD", "KWD\u00a090.700"), (None, "90.70")])
    def test_a_confirmation_shows_amounts_in_the_orders_currency(self, currency: str | None, total: str) -> None:
        made = confirmation(currency=currency)
        assert f"Order total: {total}\n" in made.text
        assert json.loads(Page(made.html).markup)["price"] == {"JPY": "91", "KWD": "90.700", None: "90.70"}[currency]

    def test_a_confirmation_adds_no_amounts_of_different_currencies(self) -> None:
        made = confirmation(
            lines=(Line(quantity=1, unit_price=Decimal(100)),), totals=None,
            charges=(Charge("duty", Decimal("13.50"), currency="USD"), Charge("tax", Decimal(6))),
        )  # fmt: skip
        assert "Items: CA$100.00\nTax: CA$6.00\nDuty: $13.50 USD\n" in made.text
        assert "total" not in made.text.lower()
        assert "price" not in json.loads(Page(made.html).markup)

    def test_a_confirmation_says_that_the_tax_is_included(self) -> None:
        made = confirmation(
            lines=(Line(quantity=1, unit_price=Decimal(119)),), charges=(), tax_included=True,
            totals=Totals(items=Decimal(119), tax=Decimal(19)),
        )  # fmt: skip
        assert "Items: CA$119.00\nTax (included): CA$19.00\nOrder total: CA$119.00\n" in made.text

    def test_the_amounts_of_a_confirmation_add_up_to_its_sums(self) -> None:
        lines = tuple(
            Line(quantity, unit_price=Decimal(price)) for quantity, price in ((1, "0.125"), (1, "0.125"), (3, "0.333"))
        )
        made = confirmation(lines=lines, charges=(), totals=None, currency="EUR")
        assert [made.text.count(each) for each in ("  €0.13\n", "  €1.00 (", "Items: €1.26\n")] == [2, 1, 1]

    def test_a_confirmation_has_no_sums_if_a_price_is_missing(self) -> None:
        made = confirmation(
            lines=(Line(quantity=1, sku="A"), Line(quantity=2, unit_price=Decimal(3))), charges=(), totals=None
        )
        assert "- 1 \u00d7 A\n- 2 \u00d7 Item 2\n  CA$6.00 (CA$3.00 each)\n" in made.text
        assert "total" not in made.text.lower()
        assert "price" not in json.loads(Page(made.html).markup)

    def test_a_confirmation_of_a_minimal_order_is_valid(self) -> None:
        made = confirmation(
            lines=(Line(quantity=1),), customer=Customer(email="a@b.example"), destinations=(), currency=None,
            charges=(Charge(kind="fee", amount=Decimal("0.1")),), totals=None, placed_at="yesterday",
        )  # fmt: skip
        assert "Hello,\n" in made.text
        assert "Delivery address" not in made.text
        assert "Order date: January 30, 2026" in made.text  # when it was received
        assert Page(made.html).wrong == []


class TestShipped:
    def test_a_shipment_mail_lists_each_package_with_its_tracking(self) -> None:
        link = "https://c.example/t?n=1&m=2"
        made = shipped(Package(((0, 2),), "UPS", "Ground", "1Z", link), Package(((1, 3),)))
        mug = "Package 1 of 2\n- 2 \u00d7 Ceramic mug, ocean blue, 350 ml (SKU MUG-BLUE)\n"
        expected = f"{mug}Carrier: UPS Ground\nTracking number: 1Z\n"
        assert (
            f"{expected}Track package: {link}\n\nPackage 2 of 2\n- 3 \u00d7 Linen tea towel (SKU TOWEL-LINEN)\n"
            in made.text
        )
        assert Page(made.html).links == [link]

    def test_a_shipment_mail_has_structured_data_of_each_package(self) -> None:
        made = shipped(
            Package(((0, 2),), "UPS", None, "1Z", "https://c.example/1Z"), Package(((1, 3),), url="ftp://c.example")
        )
        order, first, second = json.loads(Page(made.html).markup)
        assert order["@type"] == "Order"
        assert first["carrier"]["name"] == "UPS"
        assert (first["trackingNumber"], first["trackingUrl"]) == ("1Z", "https://c.example/1Z")
        assert first["itemShipped"][0]["sku"] == "MUG-BLUE"
        assert first["deliveryAddress"]["postalCode"] == "B3J 1S9"
        assert first["partOfOrder"]["orderNumber"] == "1001-2026"
        assert "trackingUrl" not in second
        assert "carrier" not in second

    def test_a_shipment_mail_without_packages_lists_the_lines(self) -> None:
        made = shipped()
        assert "- 2 \u00d7 Ceramic mug, ocean blue, 350 ml (SKU MUG-BLUE)\n- 3 \u00d7 Linen tea towel" in made.text
        assert "Package" not in made.text
        assert "Carrier" not in made.text

    @pytest.mark.parametrize(
        "url", ["javascript:alert(1)", "data:text/html,x", "//c.example", "", "https://c.example/\nx", None]
    )
    def test_a_shipment_mail_links_to_web_addresses_only(self, url: str | None) -> None:
        assert Page(shipped(Package(((0, 2),), url=url)).html).links == []

    def test_a_shipment_mail_ignores_lines_that_do_not_exist(self) -> None:
        assert "- 3 \u00d7 Linen" in shipped(Package(((1, 3), (9, 1))), lines=((1, 3), (9, 1))).text

    def test_a_mail_of_a_partial_shipment_says_so(self) -> None:
        counters = (Counters(2, shipped=2), Counters(3))
        order_event = Shipped(lines=((0, 2),), counters=counters)
        made = english(Kind.SHIPPED, order_event, order_event.apply(sample_order("en"), 2))
        assert made.subject == "Part of your order 1001-2026 is on its way"
        assert "The rest of your order follows separately." in made.text
        status = json.loads(Page(made.html).markup)[0]["orderStatus"]
        assert status == "http://schema.org/OrderInTransit"


class TestOthers:
    def test_a_cancellation_mail_lists_the_canceled_units(self) -> None:
        part = Canceled(
            lines=((1, 2),), counters=(Counters(2), Counters(3, canceled=2)), reason="fraud?", note="secret"
        )
        whole = Canceled(lines=((0, 2), (1, 3)), counters=(Counters(2, canceled=2), Counters(3, canceled=3)))
        made = english(Kind.CANCELED, part, part.apply(sample_order("en"), 2))
        assert made.subject == "Part of your order 1001-2026 has been canceled"
        assert "- 2 \u00d7 Linen tea towel" in made.text
        assert "mug" not in made.text
        made = english(Kind.CANCELED, whole, whole.apply(sample_order("en"), 2))
        assert made.subject == "Your order 1001-2026 has been canceled"
        assert json.loads(Page(made.html).markup)["orderStatus"] == "http://schema.org/OrderCancelled"

    def test_a_hold_mail_asks_for_what_is_needed_and_shows_no_notes(self) -> None:
        holds = (Hold("Payment", AT, note="he lies"), Hold("bad address", AT), Hold("fraud", AT), Hold("CUSTOMER", AT))
        made = english(Kind.HOLD, Held(holds=holds))
        requested = [
            made.text.index(word)
            for word in ("payment did not go through", "check the delivery address", "have a question")
        ]
        assert requested == sorted(requested)
        assert "lies" not in made.html + made.text
        assert "fraud" not in made.html + made.text

    def test_a_hold_mail_shows_the_lines_that_are_asked_about(self) -> None:
        made = english(Kind.HOLD, Held(holds=(Hold("address", AT, lines=(1,)), Hold("fraud", AT, lines=(0,)))))
        assert "Linen" in made.text
        assert "mug" not in made.text

    def test_a_delay_mail_has_a_link_only_if_consent_is_asked(self) -> None:
        counters = (Counters(2), Counters(3, backordered=3))
        asks = Backordered(lines=((1, 3),), counters=counters, expected_at="2026-03-02", consent_by="2026-02-09")
        tells = Backordered(lines=((1, 3),), counters=counters)
        made = english(Kind.DELAY, asks)
        assert Page(made.html).links == ["https://x.example/c"]
        assert "by March 2, 2026" in made.text
        assert "by February 9, 2026" in made.text
        made = english(Kind.DELAY, tells)
        assert Page(made.html).links == []
        assert "We do not know yet" in made.text

    def test_a_refund_mail_shows_the_refunds_own_currency(self) -> None:
        assert "refunded CA$24.00." in english(Kind.REFUNDED, Refunded(amount=Decimal(24))).text
        assert "refunded ¥1,200." in english(Kind.REFUNDED, Refunded(amount=Decimal("1200.00"), currency="JPY")).text

    def test_a_mail_of_a_partial_delivery_says_so(self) -> None:
        order_event = Delivered(lines=((0, 2),), counters=(Counters(2, shipped=2, delivered=2), Counters(3, shipped=3)))
        made = english(Kind.DELIVERED, order_event, order_event.apply(sample_order("en"), 2))
        assert made.subject.startswith("Part of your order")

    def test_a_delivery_is_complete_without_the_canceled_units(self) -> None:
        order_event = Delivered(
            lines=((0, 2),), counters=(Counters(2, shipped=2, delivered=2), Counters(3, canceled=3))
        )
        made = english(Kind.DELIVERED, order_event, order_event.apply(sample_order("en"), 2))
        assert made.subject == "Your order 1001-2026 has been delivered"

    def test_an_order_with_several_addresses_shows_each_of_them(self) -> None:
        one, other = Address(city="Lyon", country="FR", postal_code="69003"), Address(city="Oslo")
        lines = (Line(quantity=1, sku="A"), Line(quantity=1, sku="B", destination=1))
        text = confirmation(lines=lines, destinations=(Destination(address=one), Destination(address=other))).text
        assert "  69003 Lyon\n  France\n" in text
        assert "  Oslo\n" in text

    def test_a_mail_has_the_unsubscribe_link_of_the_settings(self) -> None:
        made = render_strictly(
            Kind.REFUNDED,
            Refunded(amount=Decimal(1)),
            sample_order("en"),
            shop(unsubscribe_url="https://u.example"),
            "en",
        )
        assert Page(made.html).links == ["https://u.example"]
        assert "No more messages like this: https://u.example" in made.text


class TestOverrides:
    def settings(self, **override: str) -> Any:
        from crossdock.notifications.email.email_settings import Override

        return shop(templates={"refunded": {"en": Override(**override)}})

    def made(self, language: Language = "en", order: Order | None = None, **override: str) -> Rendered:
        order_event = Refunded(amount=Decimal(24))
        return render(Kind.REFUNDED, order_event, order or sample_order("en"), self.settings(**override), language)

    def test_an_organizations_template_replaces_the_built_in_one(self) -> None:
        made = self.made(subject="Money!\n for {{ number }}")
        assert made.subject == "Money! for 1001-2026"
        assert "Your refund is on its way" in made.text
        html = '{% extends "layout.html" %}{% block body %}<b>{{ amount }} {{ "sku"|t(sku=name) }}</b>{% endblock %}'
        made = self.made(html=html)
        assert "<b>CA$24.00 SKU Ada Moreau</b>" in made.html
        assert made.subject == "Your refund for order 1001-2026"
        assert self.made("fr", html=html).html != made.html

    def test_an_organizations_template_escapes_the_values_of_an_order(self) -> None:
        order = order_with(number="{{ 7*7 }}<b>")
        made = self.made(order=order, html="{{ number }}", text="{{ number }}", subject="{{ number }}")
        assert (made.html, made.text, made.subject) == ("{{ 7*7 }}&lt;b&gt;", "{{ 7*7 }}<b>\n", "{{ 7*7 }}<b>")

    @pytest.mark.parametrize(
        "source",
        ["{{ nothing }}", "{{ name.__class__ }}", "{{ name.upper() }}", "{{ 'no.such.key'|t }}", "{{ name * 9 }}"],
    )
    def test_the_built_in_template_replaces_one_that_fails(self, source: str) -> None:
        assert "Your refund is on its way" in self.made(text=source).text


def large_order(count: int) -> Order:
    """Return an order with so many lines, each with a long title."""
    line = Line(quantity=2, sku="SKU", description="x" * 10_000, unit_price=Decimal("1.25"))
    order = order_with(lines=(line,) * count)
    return msgspec.structs.replace(order, counters=(Counters(2),) * count)


class TestLargeOrders:
    @pytest.mark.parametrize("kind", [Kind.CONFIRMATION, Kind.CANCELED, Kind.DELAY, Kind.SHIPPED, Kind.DELIVERED])
    def test_a_mail_lists_a_limited_number_of_lines_and_says_how_many_more_there_are(self, kind: Kind) -> None:
        order = large_order(9_000)
        lines = tuple((position, 2) for position in range(9_000))
        packages = tuple(Package(lines=((position, 2),), carrier="UPS" * 999) for position in range(9_000))
        order_events: dict[Kind, OrderEvent] = {
            Kind.CONFIRMATION: Received(content=order.content, submission_id=1),
            Kind.CANCELED: Canceled(lines=lines, counters=order.counters),
            Kind.DELAY: Backordered(lines=lines, counters=order.counters),
            Kind.SHIPPED: Shipped(lines=lines, counters=order.counters, packages=packages),
            Kind.DELIVERED: Delivered(lines=lines, counters=order.counters),
        }
        with processor_time_below(0.5):
            rendered = render(kind, order_events[kind], order, shop(), "en")
        assert len(rendered.html) < 400_000
        assert len(rendered.text) < 100_000
        more = "Further packages, not listed here: 8980" if kind is Kind.SHIPPED else "not listed here: 8900"
        assert more in rendered.text
        assert more in rendered.html

    def test_one_package_of_many_lines_lists_a_limited_number_of_them(self) -> None:
        order = large_order(500)
        lines = tuple((position, 2) for position in range(500))
        shipped = Shipped(lines=lines, counters=order.counters, packages=(Package(lines=lines), Package(lines=lines)))
        rendered = render(Kind.SHIPPED, shipped, order, shop(), "en")
        assert rendered.text.count("\n- 2 ") == 100
        assert "not listed here: 400" in rendered.text
        assert "not listed here: 500" in rendered.text

    @pytest.mark.parametrize(
        "source",
        [
            "{% for a in items %}{% for b in items %}{{ a.title }}{{ b.title }}{% endfor %}{% endfor %}",
            "{% for a in items[0].title %}{% for b in items[0].title %}" + "{{ name }}" * 5_000 + "{% endfor %}{% endfor %}",
            "{% for a in items %}{% for b in items %}" + "{% if name|upper|lower == a.title %}{% endif %}" * 900
            + "{% endfor %}{% endfor %}",
        ],
        ids=["output", "output of one step", "time without output"],
    )  # fmt: skip
    def test_a_template_that_costs_too_much_is_ended_and_the_built_in_mail_sent(self, source: str) -> None:
        order = large_order(9_000)
        settings = shop(templates={"confirmation": {"en": Override(html=source, text=source)}})
        received = Received(content=order.content, submission_id=1)
        with processor_time_below(3):  # most of it compiles the template, once
            rendered = render(Kind.CONFIRMATION, received, order, settings, "en")
        assert rendered == render(Kind.CONFIRMATION, received, order, shop(), "en")

    def test_a_template_with_an_inner_loop_works_for_orders_of_usual_size(self) -> None:
        each = "{{ a.sku }}{{ loop.index }}/{{ loop.length }} "
        source = f"{{% for a in items %}}{{% for b in items %}}{each}{{% endfor %}}{{% endfor %}}"
        settings = shop(templates={"confirmation": {"en": Override(text=source)}})
        order = order_with()
        rendered = render(Kind.CONFIRMATION, Received(content=order.content, submission_id=1), order, settings, "en")
        assert rendered.text == "MUG-BLUE1/2 MUG-BLUE2/2 TOWEL-LINEN1/2 TOWEL-LINEN2/2\n"
