"""Validation of an organization's mail settings and templates."""

import asyncio
import json
from typing import Any

import msgspec
import pytest

from crossdock.core.errors import Invalid
from crossdock.notifications.email.email_settings import Override, decode_settings
from crossdock.notifications.email.languages import LANGUAGES
from crossdock.notifications.email.mail_kinds import Kind
from crossdock.notifications.email.template_validation import check, check_in_thread
from tests.notifications.email.shop import shop

SENDER = "orders@shop.example.com"


def faults(**document: Any) -> dict[tuple[str | int, ...], str]:
    return {fault.path: fault.reason for fault in check(json.dumps({"sender": SENDER, **document}).encode())}


def template_fault(source: str, *, kind: str = "refunded", member: str = "html") -> str:
    found = faults(templates={kind: {"en": {member: source}}})
    assert set(found) <= {("templates", kind, "en", member)}
    return "".join(found.values())


class TestDocuments:
    def test_settings_survive_encoding_and_decoding(self) -> None:
        settings = shop(reply_to="help@shop.example.com", locale="fr", time_zone="Asia/Shanghai", kinds_off=["delay"],
                        hold_reasons=["x"], templates={"shipped": {"fr": Override(subject="Parti")}})  # fmt: skip
        assert decode_settings(msgspec.json.encode(settings)) == settings
        assert check(msgspec.json.encode(settings)) == ()
        assert faults() == {}

    def test_settings_with_only_a_sender_get_defaults(self) -> None:
        settings = decode_settings(b'{"sender": "orders@shop.example.com"}')
        assert (settings.name, settings.enabled, settings.time_zone) == ("shop.example.com", True, "UTC")
        assert msgspec.json.encode(settings) == b'{"sender":"orders@shop.example.com"}'

    def test_every_fault_of_a_settings_document_is_reported_at_once(self) -> None:
        found = faults(
            sender="nobody",
            reply_to="a@b.example, c@d.example",
            time_zone="Mars/Olympus",
            locale="de",
            public_url="shop.example.com",
            kinds_off=["spam", "delay"],
            colour="red",
            templates={"greeting": {}, "delay": {"de": {}, "en": {"body": "x"}}},
        )
        assert set(found) == {
            ("sender",), ("reply_to",), ("time_zone",), ("locale",), ("public_url",), ("kinds_off", 0), ("colour",),
            ("templates", "greeting"), ("templates", "delay", "de"), ("templates", "delay", "en", "body"),
        }  # fmt: skip

    @pytest.mark.parametrize(
        "document", [b"", b"[]", b"7", b"{}", b'{"sender": 7}', b'{"sender": "a@b.example", "templates": 7}']
    )
    def test_a_document_that_is_not_settings_is_refused(self, document: bytes) -> None:
        assert check(document) != ()
        with pytest.raises(Invalid):
            decode_settings(document)


class TestTemplates:
    @pytest.mark.parametrize("kind", Kind)
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_templates_that_use_every_variable_and_filter_are_accepted(self, kind: str, language: str) -> None:
        html = """{% extends "layout.html" %}{% block heading %}{{ brand }}{% endblock %}{% block body %}
            {{ markup }} {{ subject }} {{ lang }} {{ kind }} {{ date }} {{ contact }} {{ unsubscribe_url }}
            {{ tracking_number }}
            {{ expected }} {{ consent_by }} {{ consent_url }} {{ label_url }} {{ amount }} {{ is_part }} {{ 'item'|t }}
            {% for item in items %}{{ item.quantity + 1 }} {{ item.title|upper }} {{ item.unit_price }}{% endfor %}
            {% for each in totals if each.name == 'total' %}{{ each.label }} {{ each.amount }}{% else %}-{% endfor %}
            {% for package in packages %}{{ package.carrier|default('?') }}{% for item in package.items %}{{ item.total }}
            {% endfor %}{% endfor %}{% for line in addresses|first|default(()) %}{{ line }}{% endfor %}{% for topic in about %}
            {{ topic }}{% endfor %}{% include "items.html" %}{% endblock %}"""
        override = {"html": html, "text": "{{ name or 'you' }}: {{ number }}", "subject": "{{ number|truncate(9) }}"}
        assert faults(templates={kind: {language: override}}) == {}

    @pytest.mark.parametrize(
        ("source", "reason"),
        [
            ("{% if %}", "line 1: "),
            ("a\n{{ b", "line 2: "),
            ("{{ customer }}", "there is no variable customer; there are about, "),
            ("{% if number == '7' %}{{ secret }}{% endif %}", "there is no variable secret"),
            ("{{ items[0].prize }}", "fails on a sample: "),
            ("{{ number.foo }}", "fails on a sample: "),
            ("{{ 'no.such'|t }}", "fails on a sample: "),
            ("{{ 'sku'|t }}", ""),
            ("{{ number|nofilter }}", "line 1: "),
            ("{% extends 'nothing.html' %}", "fails on a sample: "),
            ("  ", "must not render as empty"),
        ],
    )
    def test_a_template_with_a_fault_is_refused_with_a_reason(self, source: str, reason: str) -> None:
        kind = "shipped" if "items" in source else "refunded"
        assert template_fault(source, kind=kind).startswith(reason)

    @pytest.mark.parametrize(
        "source",
        [
            "{{ number.__class__.__mro__ }}",
            "{{ number.format(1) }}",
            "{{ ''.join(number) }}",
            "{{ range(9) }}",
            "{{ cycler('a') }}",
            "{{ self._TemplateReference__context }}",
            "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
            "{% set x = [1] %}{{ x }}",
            "{% set x %}{{ number }}{% endset %}{{ x }}",
            "{% with x = number %}{{ x }}{% endwith %}",
            "{{ number ~ number }}",
            "{{ number * 9999999 }}",
            "{{ [1] * 9999999 }}",
            "{{ 9 ** 9 ** 9 }}",
            "{{ '%999999999d' % 1 }}",
            "{{ number|replace('1', '11') }}",
            "{{ number|center(999999999) }}",
            "{{ number|join(number) }}",
            "{{ number|attr('upper') }}",
            "{% import 'layout.html' as x %}.",
            "{% for a in 'aa' %}{% for b in 'bb' %}{% for c in 'cc' %}.{% endfor %}{% endfor %}{% endfor %}",
            "{% for a in 'aa' %}{% for b in 'bb' %}{% include 'items.html' %}{% endfor %}{% endfor %}",
            "{% for a in 'aa' recursive %}{{ loop('aa') }}{% endfor %}",
            "{% block a %}{{ self.a() }}{% endblock %}",
            "{% include '../../../../../etc/passwd' %}",
            "{{" + "(" * 20_000 + "1" + ")" * 20_000 + "}}",
        ],
        ids=lambda source: source[:30],
    )
    def test_a_template_that_tries_to_escape_the_sandbox_is_refused(self, source: str) -> None:
        assert template_fault(source, member="text") != ""

    def test_a_template_that_is_too_long_is_refused(self) -> None:
        assert "at most 65536 characters" in template_fault("x" * 65_537)


class TestCost:
    def test_a_number_with_thousands_of_digits_is_a_fault(self) -> None:
        assert "digits" in template_fault("{{ " + "9" * 5_000 + " }}")

    async def test_the_event_loop_goes_on_while_templates_for_a_whole_body_are_checked(self) -> None:
        source = "{{ number|e|e|e|e|e|e|e }}" * 400  # takes half a second to compile
        document = json.dumps({"sender": SENDER, "templates": {"refunded": {"en": {"html": source}}}}).encode()
        checking = asyncio.create_task(check_in_thread(document))
        turns = 0
        while not checking.done():
            await asyncio.sleep(0.001)
            turns += 1
        assert await checking == ()
        assert turns > 10  # some sixty; one where the loop itself compiles, however slow the machine is
