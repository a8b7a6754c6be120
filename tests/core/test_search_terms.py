"""Folding what orders are found by."""

import pytest

from crossdock.core.orders.model import Address, Content, Customer, Destination, Line, Reference
from crossdock.core.search_terms import contact_email, content_terms, fold, fold_email, words_of


class TestWordsOf:
    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("Garcia, Ana", ["garcia", "ana"]),
            ('(Ana) "Lopez"', ["ana", "lopez"]),
            ("O'Neill", ["oneill"]),
            ("O\u2019Neill", ["oneill"]),
            ("Jean-Luc  d\u2018Arc", ["jean", "luc", "darc"]),
            ("Zo\u00eb", ["zo\u00eb"]),
            ("Zoe\u0308", ["zo\u00eb"]),
            ("\u0130pek", ["ipek"]),
            ("Stra\u00dfe", ["strasse"]),
            ("\u738b\u5c0f\u660e", ["\u738b\u5c0f\u660e"]),
            ("\u0915\u093f\u0930\u0923", ["\u0915\u093f\u0930\u0923"]),
            ("\uff21\uff42", ["ab"]),
            (" .,- ", []),
        ],
    )
    def test_punctuation_case_and_unicode_forms_are_no_part_of_a_word(self, name: str, words: list[str]) -> None:
        assert words_of(name) == words


class TestFold:
    @pytest.mark.parametrize(("text", "folded"), [(" PO-7 ", "po-7"), ("Zoe\u0308", "zo\u00eb"), ("1Z 999", "1z 999")])
    def test_a_whole_value_keeps_its_punctuation(self, text: str, folded: str) -> None:
        assert fold(text) == folded

    @pytest.mark.parametrize(
        ("sent", "folded"),
        [
            (" Jane@Example.com ", "jane@example.com"),
            ("jane@xn--bcher-kva.de", "jane@b\u00fccher.de"),
            ("JANE@B\u00dcCHER.de", "jane@b\u00fccher.de"),
            ("jane@xn--\u00fc.de", "jane@xn--\u00fc.de"),
            ("nobody", "nobody"),
        ],
    )
    def test_an_address_is_one_in_every_form(self, sent: str, folded: str) -> None:
        assert fold_email(sent) == folded


class TestContactEmail:
    def test_the_first_of_customer_bill_to_and_ship_to_with_an_address_counts(self) -> None:
        ship_to = (Destination(address=Address(email="ship@example.com")),)
        content = Content(number="N", lines=(Line(1),), destinations=ship_to)
        assert contact_email(content) == "ship@example.com"
        content = Content(number="N", lines=(Line(1),), destinations=ship_to, bill_to=Address(email="bill@example.com"))
        assert contact_email(content) == "bill@example.com"
        content = Content(
            number="N", lines=(Line(1),), customer=Customer(email=" "), bill_to=Address(email="bill@example.com")
        )
        assert contact_email(content) == "bill@example.com"
        assert contact_email(Content(number="N", lines=(Line(1),))) is None


class TestContentTerms:
    def test_names_are_cut_into_words_and_references_are_not(self) -> None:
        content = Content(
            number="N",
            lines=(Line(1),),
            customer=Customer("C-7", "Garcia, Ana"),
            references=(Reference("po", "PO 7/8"),),
        )
        assert content_terms(content, limit=9) == ["garcia", "ana", "po 7/8", "c-7"]
