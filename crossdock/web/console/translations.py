"""The languages of the console: which one a reader gets, and the texts of each.

English texts stand in the templates and pages and are the keys of the others. `locales/<language>/*.json` has the French and
Chinese ones, with `{name}` as placeholder of a value; a test checks that no text is missing.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

Language = Literal["en", "fr", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
NAMES: dict[Language, str] = {"en": "English", "fr": "Français", "zh": "中文"}
# Language tags in pages.
TAGS: dict[Language, str] = {"en": "en", "fr": "fr", "zh": "zh-Hans"}
COOKIE = "crossdock_language"


def choose_language(cookies: Mapping[str, str], accepted: str | None) -> Language:
    """Return the language that the reader chose, else the first of the browser's that there are texts for, else English."""
    wanted = [cookies.get(COOKIE, ""), *_by_quality(accepted or "")]
    for tag in wanted:
        for language in LANGUAGES:
            if tag == language or tag.startswith(f"{language}-"):
                return language
    return "en"


def _by_quality(header: str) -> list[str]:
    """Sort the tags of an Accept-Language header by quality (RFC 9110, 12.5.4)."""
    weighted = []
    for each in header.split(",")[:20]:
        tag, _, weight = each.partition(";q=")
        try:
            weighted.append((-float(weight or 1), tag.strip().lower()))
        except ValueError:
            continue
    return [tag for _, tag in sorted(weighted, key=lambda one: one[0])]


@cache
def texts(language: Language) -> Mapping[str, str]:
    """Return the texts of a language by the English ones."""
    if language == "en":
        return {}
    folder = files("crossdock.web.console") / "locales" / language
    merged: dict[str, str] = {}
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        merged |= json.loads(file.read_text(encoding="utf-8"))
    return merged


class Translator:
    """Translates the texts of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._texts = texts(language)

    def __call__(self, text: str, **values: Any) -> str:
        """Translate a text, and put values in the place of its placeholders; English where there is no translation."""
        translated = self._texts.get(text, text)
        return translated.format(**values) if values else translated

    def plural(self, count: int, one: str, many: str, **values: Any) -> str:
        """Translate the text that fits a count, which is the placeholder `{n}`."""
        is_one = count in (0, 1) if self.language == "fr" else count == 1
        return self(one if is_one else many, n=count, **values)
