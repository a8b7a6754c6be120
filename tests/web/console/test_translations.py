"""Every text of the console is there in French and Chinese, with the same placeholders."""

import ast
import json
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from crossdock.web.console import labels, navigation, translations

CONSOLE = Path(translations.__file__).parent
OTHERS = [language for language in translations.LANGUAGES if language != "en"]


def called_with_texts(tree: ast.AST) -> Iterator[str]:
    """Yield the literal texts that a module translates: `t(...)`, `request.t(...)`, `plural(...)`, and `Text(...)`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = 1 if name == "plural" else 0
        if name in ("t", "plural", "translate"):
            for each in node.args[first : 3 if name == "plural" else 1]:
                if isinstance(each, ast.Constant) and isinstance(each.value, str):
                    yield each.value


def template_texts(source: str) -> Iterator[str]:
    for call in Environment().parse(source).find_all(nodes.Call):
        name = getattr(call.node, "name", "")
        texts = call.args[:1] if name == "t" else call.args[1:3] if name == "plural" else []
        yield from (each.value for each in texts if isinstance(each, nodes.Const))


def all_texts() -> set[str]:
    found = set()
    for path in CONSOLE.rglob("*.py"):
        found |= set(called_with_texts(ast.parse(path.read_text(encoding="utf-8"))))
    for path in CONSOLE.rglob("*.html"):
        found |= set(template_texts(path.read_text(encoding="utf-8")))
    found |= set(labels.STATUS_LABELS.values()) | {"Viewer", "Operator", "Admin"}
    return found | {text for each in navigation.SECTIONS for text in (each.label, each.group)}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated(language: translations.Language) -> None:
    missing = sorted(all_texts() - set(translations.texts(language)))
    assert not missing, f"{len(missing)} texts without a translation: {missing[:40]}"


@pytest.mark.parametrize("language", OTHERS)
def test_translations_have_the_placeholders_of_the_english_text(language: translations.Language) -> None:
    wrong = {
        text: other for text, other in translations.texts(language).items() if placeholders(text) != placeholders(other)
    }
    assert not wrong


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_is_translated_differently_in_two_files(language: str) -> None:
    seen: dict[str, str] = {}
    for path in sorted((CONSOLE / "locales" / language).glob("*.json")):
        for text, other in json.loads(path.read_text(encoding="utf-8")).items():
            assert seen.setdefault(text, other) == other, f"{path.name}: {text!r}"


def test_no_translation_is_left_over() -> None:
    """Texts that pages translate by a variable are in `locales/<language>/values.json`."""
    texts = all_texts()
    for language in OTHERS:
        for path in (CONSOLE / "locales" / language).glob("*.json"):
            if path.name != "values.json":
                left = sorted(set(json.loads(path.read_text(encoding="utf-8"))) - texts)
                assert not left, f"{language}/{path.name}: {left}"


def test_the_languages_have_the_same_files() -> None:
    names = [{path.name for path in (CONSOLE / "locales" / language).glob("*.json")} for language in OTHERS]
    assert names[0] == names[1]
    assert all(re.fullmatch(r"[a-z_]+\.json", name) for name in names[0])
