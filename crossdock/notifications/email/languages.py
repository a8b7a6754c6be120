"""The languages of mails: which one an order gets, and the words of each.

The words are one JSON file a language in `catalogs/`, flat, with `{name}` where a value goes; all files have the same keys
and placeholders (a test compares them).
"""

from functools import cache
from importlib.resources import files
from typing import Any, get_args

import msgspec

from crossdock.core.orders.model import Order
from crossdock.notifications.email.email_settings import Language, MailSettings

LANGUAGES: tuple[Language, ...] = get_args(Language)
FALLBACK: Language = "en"
# What an HTML page or a header calls each language.
TAGS: dict[Language, str] = {"en": "en", "fr": "fr", "zh": "zh-Hans"}

# Countries whose customers read French or Chinese unless something says otherwise. Where more than one language is common
# (Canada, Belgium, Switzerland, Singapore), it is English: an organization that knows better sets its own default.
_READING_FRENCH = "FR MC BJ BF CG CI GA GN ML NE SN TG GP GF MQ RE YT PM BL MF WF PF NC TF"
_READING_CHINESE = "CN TW HK MO"
_BY_COUNTRY: dict[str, Language] = {
    **dict.fromkeys(_READING_FRENCH.split(), "fr"),
    **dict.fromkeys(_READING_CHINESE.split(), "zh"),
}
# Under these names senders tell the language of an order or of its customer.
_NAMES = frozenset({"language", "locale", "lang", "customerlocale", "customerlanguage", "languagecode", "localecode"})


def choose_language(order: Order, settings: MailSettings, *, said: str | None = None) -> Language:
    """Choose the language of an order's mails.

    The order's own (`said`, where the caller found one in the sender's document; else a reference or a leftover member named
    language or locale), else the organization's default, else that of the country it goes to, else English. A language there
    are no words for counts as not said.
    """
    for tag in (said, *_said_by(order)):
        language = _of_tag(tag)
        if language is not None:
            return language
    if settings.locale is not None:
        return settings.locale
    country = order.ship_to.country if order.ship_to else None
    return _BY_COUNTRY.get((country or "").upper(), FALLBACK)


def _said_by(order: Order) -> tuple[str | None, ...]:
    content = order.content
    said = [each.value for each in content.references if _plain(each.name) in _NAMES]
    patch = content.unmapped.get("m") if isinstance(content.unmapped, dict) else None
    for name, node in patch.items() if isinstance(patch, dict) else ():
        if _plain(str(name)) in _NAMES and isinstance(node, dict) and isinstance(node.get("s"), str):
            said.append(node["s"])
    return tuple(said)


def _plain(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalpha())


def _of_tag(tag: str | None) -> Language | None:
    """Give the language of a tag such as fr-CA, zh_TW or EN."""
    word = (tag or "").strip().lower().replace("_", "-").partition("-")[0]
    return next((language for language in LANGUAGES if language == word), None)


@cache
def catalog(language: Language) -> dict[str, str]:
    """Give the words of a language by key."""
    raw = files("crossdock.notifications.email").joinpath("catalogs", f"{language}.json").read_bytes()
    return msgspec.json.decode(raw, type=dict[str, str])


def say(language: Language, key: str, **values: Any) -> str:
    """Give one text in a language with its values put in; values are never looked into for placeholders."""
    text = catalog(language)[key]
    return text.format_map(values) if values else text
