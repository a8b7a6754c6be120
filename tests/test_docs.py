"""The documentation keeps up: what a user can set, run, get back or follow is written down, and no link leads nowhere."""

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
from crossdock.doors import DOORS, all_doors
from crossdock.settings import Settings

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").glob("*.md")])
MANUAL = "\n".join(page.read_text() for page in PAGES)
KINDS: list[type[Refusal]] = [errors.Invalid, errors.NotFound, errors.Denied, errors.Conflict, errors.Busy]


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def rows(text: str) -> dict[str, list[str]]:
    """Give the rows of a page's tables by the code word in their first cell."""
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")
    ]
    return {found[1]: row[1:] for row in cells if (found := re.fullmatch("`([^`]+)`", row[0]))}


class TestSettings:
    def test_are_all_written_down_and_no_others(self) -> None:
        expected = {f"CROSSDOCK_{each.name.upper()}" for each in msgspec.structs.fields(Settings)}
        assert set(rows(page("settings.md"))) == expected

    @pytest.mark.parametrize("setting", msgspec.structs.fields(Settings), ids=lambda each: each.name)
    def test_have_the_default_that_is_written_down(self, setting: Any) -> None:
        default, unit, meaning = rows(page("settings.md"))[f"CROSSDOCK_{setting.name.upper()}"]
        rendered = str(setting.default).lower() if isinstance(setting.default, bool) else str(setting.default)
        assert default == (f"`{rendered}`" if rendered else "(empty)")
        assert unit != ""
        assert meaning != ""

    def test_in_the_manual_are_all_real(self) -> None:
        real = {f"CROSSDOCK_{name.upper()}" for name in Settings.__struct_fields__} | {"CROSSDOCK_TEST_PROFILE"}
        assert set(re.findall(r"CROSSDOCK_[A-Z_]+[A-Z]", MANUAL)) <= real


def commands(group: Any, *before: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Give every command of the program with its words."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *before, name)
        else:
            yield (*before, name), command


COMMANDS = dict(commands(cli.program))


class TestCommands:
    def test_are_found_at_all(self) -> None:
        assert {("serve",), ("organization", "add"), ("user", "revoke")} <= set(COMMANDS)

    @pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
    def test_are_in_the_manual(self, words: tuple[str, ...]) -> None:
        *group, verb = words
        # Verbs of one group may share its name: "`crossdock client list` and `revoke`".
        together = (
            "`crossdock " + "".join(f"{each} " for each in group) + f"[a-z]+`(?:,? (?:and )?`[a-z]+`)* and `{verb}`"
        )
        assert f"crossdock {' '.join(words)}" in MANUAL or re.search(together, MANUAL)

    def test_of_serve_have_their_options_in_the_settings(self) -> None:
        named = re.findall("`(--[a-z-]+)`", page("settings.md"))
        assert {each.opts[0] for each in COMMANDS["serve",].params} == set(named)


class TestEvents:
    @pytest.mark.parametrize("order_event", ORDER_EVENTS.values(), ids=lambda order_event: order_event.name)
    def test_are_written_down_with_version_and_members(self, order_event: type[OrderEvent]) -> None:
        version, _, members = rows(page("events.md"))[order_event.name]
        assert version == str(order_event.version)
        for member in order_event.__struct_fields__:
            assert f"`{member}`:" in members

    def test_written_down_are_all_real(self) -> None:
        assert {name for name in rows(page("events.md")) if "." in name} == set(ORDER_EVENTS)


class TestErrorCodes:
    def test_are_all_written_down_and_no_others(self) -> None:
        assert set(rows(page("errors.md"))) == set(map(str, Code))

    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
    def test_stand_under_their_kind(self, kind: type[Refusal]) -> None:
        (section,) = [part for part in page("errors.md").split("\n## ") if part.startswith(f"{kind.__name__}: ")]
        assert set(rows(section)) == set(map(str, kind.allowed))


class TestDoorPages:
    @pytest.mark.parametrize("door", DOORS)
    def test_name_the_path_of_every_route(self, door: str) -> None:
        words = re.findall(r"[/…][^\s`?,]+", rendered(page(f"doors/{door}.md")))
        (found,) = [each for each in all_doors() if each.name == door]
        paths = {rendered(route.paths[0]) for route in found.routes}
        assert [path for path in sorted(paths) if not any(names(word, path) for word in words)] == []


def rendered(text: str) -> str:
    """Give a text with every path parameter named alike, as pages may name them in the vendor's words."""
    return re.sub(r"\{\w+\}", "{}", text)


def names(word: str, path: str) -> bool:
    """Say whether a word of a page is this path, in full or with its beginning left out (`…/v1/orders/bulk`)."""
    return word == path or (word.startswith("…") and len(word) > 4 and path.endswith(word[1:]))


class TestLinks:
    @pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
    def test_lead_to_files_that_are_there(self, path: Path) -> None:
        prose = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(), flags=re.DOTALL)
        targets = re.findall(r"\]\(([^)\s]+)\)", prose)
        local = [target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:|#", target)]
        assert [target for target in local if not (path.parent / target).exists()] == []

    def test_are_looked_for_in_the_readme(self) -> None:
        assert ROOT / "README.md" in PAGES

    def test_of_the_architecture_name_files_that_are_there(self) -> None:
        named = re.findall(r"`((?:tests|docs|bench)/[\w/.]+\.(?:py|md))`", MANUAL)
        assert named != []
        assert [name for name in sorted(set(named)) if not (ROOT / name).exists()] == []
