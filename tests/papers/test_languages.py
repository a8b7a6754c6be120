"""The words of papers: the same keys and placeholders in each language."""

import re

import pytest

from crossdock.flows import paper_renderers
from crossdock.notifications.email import languages as mail_languages
from crossdock.papers.characters import drawable
from crossdock.papers.fonts import REPLACEMENT
from crossdock.papers.languages import LANGUAGES, TAGS, PaperLanguage, catalog, translate


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_languages_have_the_same_words_with_the_same_placeholders(language: PaperLanguage) -> None:
    def placeholders(texts: dict[str, str]) -> dict[str, list[str]]:
        return {key: sorted(re.findall(r"{\w+}", text)) for key, text in texts.items()}

    assert placeholders(catalog(language)) == placeholders(catalog("en"))
    assert list(catalog(language)) == list(catalog("en"))
    assert all(text.strip() and REPLACEMENT not in drawable(text) for text in catalog(language).values())


def test_papers_have_every_language_of_the_mails_and_the_hub_offers_all() -> None:
    assert set(LANGUAGES) == set(TAGS) > set(mail_languages.LANGUAGES)
    assert paper_renderers.LANGUAGES == LANGUAGES


def test_placeholders_within_values_are_not_expanded() -> None:
    assert translate("en", "page", page="{pages}", pages=2) == "Page {pages} of 2"
