"""The languages of mails: which one an order gets, and the texts of each.

The texts of a language are one flat JSON file in `catalogs/`, with `{name}` as placeholder of a value; all files have the
same keys and placeholders (a test compares them).
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, get_args

import msgspec

from crossdock.core.json import strict_json
from crossdock.core.orders.model import Order
from crossdock.notifications.email.email_settings import Language, MailSettings

LANGUAGES: tuple[Language, ...] = get_args(Language)
FALLBACK: Language = "en"
# Language tags in HTML pages and headers.
TAGS: dict[Language, str] = {"en": "en", "fr": "fr", "zh": "zh-Hans"}

# Countries whose customers get French or Chinese unless something says otherwise. Where several languages are common
# (Canada, Belgium, Switzerland, Singapore) it is English: an organization that knows better sets its own default.
_FRENCH_COUNTRIES = "FR MC BJ BF CG CI GA GN ML NE SN TG GP GF MQ RE YT PM BL MF WF PF NC TF"
_CHINESE_COUNTRIES = "CN TW HK MO"
_BY_COUNTRY: dict[str, Language] = {
    **dict.fromkeys(_FRENCH_COUNTRIES.split(), "fr"),
    **dict.fromkeys(_CHINESE_COUNTRIES.split(), "zh"),
}
# Names under which senders state the language of an order or of its customer, in lower case and letters only.
_FIELD_NAMES = frozenset(
    {"language", "locale", "lang", "customerlocale", "customerlanguage", "languagecode", "localecode"}
)


def choose_language(order: Order, settings: MailSettings, *, sent: bytes | None = None) -> Language:
    """Choose the language of an order's mails.

    The first of these that names a language there are texts for: a member of the sender's document called language or locale,
    such a reference, the organization's default, the ship-to country, English. `sent` is the document of an order that no
    edit has changed; after an edit the order has the same members among its unmapped fields.
    """
    for tag in (*_document_tags(order, sent), *_reference_tags(order)):
        language = _language_of_tag(tag)
        if language is not None:
            return language
    if settings.locale is not None:
        return settings.locale
    country = order.ship_to.country if order.ship_to else None
    return _BY_COUNTRY.get((country or "").upper(), FALLBACK)


def _document_tags(order: Order, sent: bytes | None) -> Iterator[str]:
    """Yield the language tags in the sender's document, in the document's order."""
    if order.content.unmapped is None:
        document = strict_json.parse_trusted(sent) if sent else None
        members = document if isinstance(document, dict) else {}
    else:
        members = _unmapped_members(order.content.unmapped)
    for name, value in members.items():
        if _letters(str(name)) in _FIELD_NAMES and isinstance(value, str):
            yield value


def _unmapped_members(unmapped: Any) -> dict[str, Any]:
    """Return the top-level members of the sender's document that are unmapped (format: core/orders/unmapped.py)."""
    nodes = unmapped.get("m") if isinstance(unmapped, dict) else None
    if not isinstance(nodes, dict):
        return {}
    return {name: node["s"] for name, node in nodes.items() if isinstance(node, dict) and "s" in node}


def _reference_tags(order: Order) -> Iterator[str]:
    return (each.value for each in order.content.references if _letters(each.name) in _FIELD_NAMES)


def _letters(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalpha())


def _language_of_tag(tag: str) -> Language | None:
    """Return the language of a tag such as fr-CA, zh_TW or EN."""
    primary = tag.strip().lower().replace("_", "-").partition("-")[0]
    return next((language for language in LANGUAGES if language == primary), None)


@cache
def catalog(language: Language) -> dict[str, str]:
    """Load the texts of a language by key."""
    raw = files("crossdock.notifications.email").joinpath("catalogs", f"{language}.json").read_bytes()
    return msgspec.json.decode(raw, type=dict[str, str])


def translate(language: Language, key: str, **values: Any) -> str:
    """Return one text of a language with its values filled in; placeholders within values are not expanded."""
    text = catalog(language)[key]
    return text.format_map(values) if values else text
