"""The languages of papers: those of the mails (crossdock/notifications/email/languages.py), Arabic and Hebrew.

The words of a language are one flat JSON file in `catalogs/`, with `{name}` as placeholder of a value; all files have the same
keys and placeholders (a test compares them).
"""

from functools import cache
from importlib.resources import files
from typing import Any, get_args

import msgspec

from crossdock.notifications.email.formatting import FormattedLanguage

PaperLanguage = FormattedLanguage
LANGUAGES: tuple[PaperLanguage, ...] = get_args(PaperLanguage)
# Language tags of PDF files.
TAGS: dict[PaperLanguage, str] = {"en": "en", "fr": "fr", "zh": "zh-Hans", "ar": "ar", "he": "he"}
# Languages whose papers are laid out from right to left.
RIGHT_TO_LEFT: frozenset[PaperLanguage] = frozenset({"ar", "he"})


@cache
def catalog(language: PaperLanguage) -> dict[str, str]:
    """Load the words of a language by key."""
    raw = files("crossdock.papers").joinpath("catalogs", f"{language}.json").read_bytes()
    return msgspec.json.decode(raw, type=dict[str, str])


def translate(language: PaperLanguage, key: str, **values: Any) -> str:
    """Return one text of a language with its values filled in; placeholders within values are not expanded."""
    text = catalog(language)[key]
    return text.format_map(values) if values else text
