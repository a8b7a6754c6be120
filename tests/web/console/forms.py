"""The forms of a page, as a program that fills them in sees them."""

from html.parser import HTMLParser
from typing import Any

from msgspec import Struct

FIELDS = {"input", "select", "textarea", "button"}


class Form(Struct, frozen=True):
    """A form: where it is sent, and its fields with their values; `typed` are those that a person fills in."""

    action: str
    method: str
    fields: dict[str, str]
    typed: list[str]


class Forms(HTMLParser):
    """Finds the forms of a page."""

    def __init__(self, path: str, page: str) -> None:
        super().__init__()
        self._path = path
        self.forms: list[Form] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, or a field of the newest one."""
        given: dict[str, Any] = dict(attrs)
        if tag == "form":
            self.forms.append(Form(given.get("action") or self._path, given.get("method", "get").upper(), {}, []))
        elif tag in FIELDS and given.get("name") and self.forms:
            self.forms[-1].fields[given["name"]] = given.get("value") or ""
            if given.get("type") != "hidden":
                self.forms[-1].typed.append(given["name"])
