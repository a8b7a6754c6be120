"""The documentation is complete, its links and file names are valid, and it uses standard terms.

`tests/test_docs_examples.py` runs its examples.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from crossdock import cli
from crossdock.core import errors
from crossdock.core.errors import Code, Refusal
from crossdock.core.orders.events import ORDER_EVENTS, OrderEvent
from crossdock.core.stock.events import STOCK_EVENTS, StockEvent
from crossdock.doors import DOORS, all_doors
from crossdock.settings import SECRETS, Settings, file_variable_of
from docs import draw_coverage

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").glob("*.md")])
MANUAL = "\n".join(page.read_text() for page in PAGES)
KINDS: list[type[Refusal]] = [errors.Invalid, errors.NotFound, errors.Denied, errors.Conflict, errors.Busy]


def name_of(path: Path) -> str:
    """Return a page's path within the repository."""
    return path.relative_to(ROOT).as_posix()


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def rows(text: str) -> dict[str, list[str]]:
    """Return the rows of a page's tables by the code span in their first cell."""
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")
    ]
    return {found[1]: row[1:] for row in cells if (found := re.fullmatch("`([^`]+)`", row[0]))}


def prose(text: str) -> str:
    """Return a page without code blocks and code spans."""
    return re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)


# --------------------------------------------------------------------------------------------------------------- settings
OF_TESTS = {"CROSSDOCK_TEST_PROFILE", "CROSSDOCK_TEST_CITUS"}


class TestSettings:
    def test_every_setting_is_documented_and_no_others_are(self) -> None:
        expected = {f"CROSSDOCK_{each.name.upper()}" for each in msgspec.structs.fields(Settings)}
        assert set(rows(page("settings.md"))) == expected

    @pytest.mark.parametrize("setting", msgspec.structs.fields(Settings), ids=lambda each: each.name)
    def test_a_setting_has_the_documented_default(self, setting: Any) -> None:
        default, unit, meaning = rows(page("settings.md"))[f"CROSSDOCK_{setting.name.upper()}"]
        rendered = str(setting.default).lower() if isinstance(setting.default, bool) else str(setting.default)
        assert default == (f"`{rendered}`" if rendered else "(empty)")
        assert unit != ""
        assert meaning != ""

    def test_the_documentation_names_no_setting_that_does_not_exist(self) -> None:
        real = {f"CROSSDOCK_{name.upper()}" for name in Settings.__struct_fields__} | {
            "CROSSDOCK_TEST_PROFILE",
            "CROSSDOCK_TEST_CITUS",
        }
        real |= {file_variable_of(name) for name in SECRETS}
        assert set(re.findall(r"CROSSDOCK_[A-Z_]+[A-Z]", MANUAL)) <= real


# --------------------------------------------------------------------------------------------------------------- commands
def commands(group: Any, *before: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command of the program with its words."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *before, name)
        else:
            yield (*before, name), command


COMMANDS = dict(commands(cli.program))


class TestCommands:
    def test_the_commands_of_the_program_are_found(self) -> None:
        assert {("serve",), ("organization", "add"), ("user", "revoke")} <= set(COMMANDS)

    @pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
    def test_a_command_is_documented(self, words: tuple[str, ...]) -> None:
        assert f"crossdock {' '.join(words)}" in MANUAL

    def test_the_options_of_serve_are_documented_with_the_settings(self) -> None:
        named = re.findall("`(--[a-z-]+)`", page("settings.md"))
        assert {each.opts[0] for each in COMMANDS["serve",].params} == set(named)


# ------------------------------------------------------------------------------------------------------ events and errors
class TestEvents:
    @pytest.mark.parametrize("order_event", ORDER_EVENTS.values(), ids=lambda order_event: order_event.name)
    def test_an_event_is_documented_with_its_version_and_fields(self, order_event: type[OrderEvent]) -> None:
        version, _, fields = rows(page("event-log.md"))[order_event.name]
        assert version == str(order_event.version)
        for field in order_event.__struct_fields__:
            assert f"`{field}`:" in fields

    @pytest.mark.parametrize("name", ["events.md", "event-log.md"])
    def test_every_documented_event_exists(self, name: str) -> None:
        assert {event for event in rows(page(name)) if "." in event} == {*ORDER_EVENTS, *STOCK_EVENTS}

    @pytest.mark.parametrize("stock_event", STOCK_EVENTS.values(), ids=lambda stock_event: stock_event.name)
    def test_an_event_of_stock_is_documented_with_its_version_and_own_fields(
        self, stock_event: type[StockEvent]
    ) -> None:
        version, _, fields = rows(page("event-log.md"))[stock_event.name]
        assert version == str(stock_event.version)
        for field in set(stock_event.__struct_fields__) - set(StockEvent.__struct_fields__):
            assert f"`{field}`:" in fields


class TestErrorCodes:
    def test_every_error_code_is_documented_and_no_others_are(self) -> None:
        assert set(rows(page("errors.md"))) == set(map(str, Code))

    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
    def test_an_error_code_is_listed_under_its_kind(self, kind: type[Refusal]) -> None:
        (section,) = [part for part in page("errors.md").split("\n## ") if part.startswith(f"{kind.__name__}: ")]
        assert set(rows(section)) == set(map(str, kind.allowed))


# ------------------------------------------------------------------------------------------------------------------ doors
def with_empty_parameters(text: str) -> str:
    """Return a text with every path parameter without its name, because pages use the vendor's names."""
    return re.sub(r"\{\w+\}", "{}", text)


def is_named_by(path: str, word: str) -> bool:
    """Whether a word of a page is this path, in full or with an ellipsis for its beginning (`…/v1/orders/bulk`)."""
    return word == path or (word.startswith("…") and len(word) > 4 and path.endswith(word[1:]))


# The rows of a door's tables of calls: the calls of a row, and the rest of it.
CALLS = re.compile(r"^\| ((?:`[A-Z]+ [^`]+`(?:, )?)+) \|(.*)", re.MULTILINE)


def calls(door: str) -> tuple[int, int]:
    """Count the calls in the tables of a door's page: those that work, and all."""
    working = total = 0
    for section in page(f"doors/{door}.md").split("\n## "):
        for cell, rest in CALLS.findall(section):
            count = len(re.findall("`[^`]+`", cell))
            is_missing = "not yet" in rest or " not offered |" in rest or section.startswith("Calls that do not yet")
            working += 0 if is_missing else count
            total += count
    return working, total


class TestDoorPages:
    @pytest.mark.parametrize("door", DOORS)
    def test_the_page_of_a_door_names_the_path_of_every_route(self, door: str) -> None:
        words = re.findall(r"[/…][^\s`?,]+", with_empty_parameters(page(f"doors/{door}.md")))
        (found,) = [each for each in all_doors() if each.name == door]
        paths = {with_empty_parameters(route.paths[0]) for route in found.routes}
        assert [path for path in sorted(paths) if not any(is_named_by(path, word) for word in words)] == []

    @pytest.mark.parametrize("door", DOORS)
    def test_the_tables_of_a_door_have_every_call(self, door: str) -> None:
        (found,) = [each for each in all_doors() if each.name == door]
        assert calls(door) == draw_coverage.calls(found)

    def test_the_coverage_page_is_that_of_the_routes(self) -> None:
        assert page("coverage.md") == draw_coverage.page(), "run `make coverage`"

    def test_the_readme_has_the_number_of_calls_that_work(self) -> None:
        readme = (ROOT / "README.md").read_text()
        assert readme == draw_coverage.readme(readme), "run `make coverage`"


# ------------------------------------------------------------------------------------------------------------------ links
class TestLinks:
    @pytest.mark.parametrize("path", PAGES, ids=name_of)
    def test_every_link_leads_to_a_file_and_a_heading(self, path: Path) -> None:
        broken = []
        for target in re.findall(r"\]\(([^)\s]+)\)", prose(path.read_text())):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            linked = path.parent / name if name else path
            if not linked.exists() or (anchor and anchor not in anchors(linked)):
                broken.append(target)
        assert broken == []

    def test_the_readme_is_one_of_the_pages(self) -> None:
        assert ROOT / "README.md" in PAGES

    def test_every_file_that_a_page_names_exists(self) -> None:
        current = "\n".join(path.read_text() for path in PAGES if name_of(path) not in HISTORY)
        named = re.findall(r"`((?:tests|docs|bench|crossdock)/[\w/.-]+\.(?:py|md|toml))`", current)
        assert len(named) > 20
        assert [name for name in sorted(set(named)) if not (ROOT / name).exists()] == []

    def test_the_index_links_to_every_page(self) -> None:
        linked = set(re.findall(r"\]\(([^)#\s]+)\)", page("README.md")))
        expected = {name_of(path).removeprefix("docs/") for path in PAGES if name_of(path).startswith("docs/")}
        decisions = {name for name in expected if re.match(r"decisions/\d", name)}
        assert expected - decisions - {"README.md"} <= linked
        assert {
            f"decisions/{name}" for name in re.findall(r"\]\((\d[^)]+)\)", page("decisions/README.md"))
        } == decisions


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


# ---------------------------------------------------------------------------------------------------------------- wording
# Decisions keep the words and file names of their time.
HISTORY = {name_of(path) for path in PAGES if re.search(r"docs/decisions/\d", path.as_posix())}
PRIVATE_WORDS = re.compile(
    r"\b(told|tells?|telling|untold|spell(?:s|ed)?|mend(?:s|ed|ing)?|driv(?:e|es|en|ing) again|fates?|desks?"
    r"|shel(?:f|ves)|lanes?|leftovers?|made anew|anew|pass(?:es|ed)? over|lays? over|out of sight|the book"
    r"|twins?|gardeners?|in the words of|door's words|worded|bells?|story|stories|ladders?|whoever hears|hears? of"
    r"|the house)\b",
    re.IGNORECASE,
)


class TestWording:
    @pytest.mark.parametrize("path", [path for path in PAGES if name_of(path) not in HISTORY], ids=name_of)
    def test_a_page_uses_standard_terms(self, path: Path) -> None:
        text = re.sub(r"\]\([^)]*\)", "]", prose(path.read_text())).replace("\n", " ")  # without the targets of links
        assert PRIVATE_WORDS.findall(text) == []

    def test_the_glossary_is_sorted(self) -> None:
        (section,) = re.findall(r"## Standard terms.*", page("glossary.md"), re.DOTALL)
        words = re.findall(r"^\| ([^|]+) \| [A-Z]", section, re.MULTILINE)
        assert len(words) > 30
        assert words == sorted(words, key=str.lower)

    @pytest.mark.parametrize("word", ["door", "submission", "unmapped fields"])
    def test_a_word_of_our_own_is_in_the_glossary(self, word: str) -> None:
        assert f"\n| {word} | " in page("glossary.md")
