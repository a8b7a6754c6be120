"""Tags as one text with commas between them; a tag that has a comma of its own stands in quotation marks."""

import re
from collections.abc import Iterable

_SEPARATORS = ",\uff0c"  # the second is what Chinese keyboards type
_TAG = re.compile(rf'\s*(?:"(?P<quoted>(?:[^"]|"")*)"\s*|(?P<plain>[^{_SEPARATORS}]*))(?:[{_SEPARATORS}]|\Z)')


def write_tags(tags: Iterable[str]) -> str:
    """Return tags as a text that `read_tags` reads."""
    return ", ".join(map(_written, tags))


def _written(tag: str) -> str:
    needs_quotes = tag != tag.strip() or tag.startswith('"') or any(each in tag for each in _SEPARATORS)
    return '"' + tag.replace('"', '""') + '"' if needs_quotes else tag


def read_tags(text: str) -> tuple[str, ...]:
    """Return the tags of a text, each once, without empty ones."""
    found = []
    for match in _TAG.finditer(text):
        quoted = match["quoted"]
        found.append(match["plain"].strip() if quoted is None else quoted.replace('""', '"'))
    return tuple(dict.fromkeys(tag for tag in found if tag.strip()))
