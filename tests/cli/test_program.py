"""The program as a whole: help, version, and what it imports."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import click
import pytest

from crossdock import __version__, cli
from crossdock.doors import all_doors
from tests.cli.program import plain
from tests.server import ROOT


def commands(group: Any, *words: str) -> Iterator[tuple[str, click.Command]]:
    """Return the group, its groups and their commands, each with the words that call it."""
    yield " ".join(words), group
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, *words, name)


COMMANDS = dict(commands(cli.program))


class TestHelp:
    def test_the_help_shows_defaults_ranges_and_variables(self) -> None:
        text = " ".join(plain("serve", "--help").stdout.split())
        assert "[env var: CROSSDOCK_PORT; default: 8000; 1<=x<=65535]" in text
        assert "[env var: CROSSDOCK_HOST; default: 127.0.0.1]" in text
        assert "[env var: CROSSDOCK_DATABASE; default: sqlite:///data/crossdock.db]" in text
        assert "[debug|info|warning|error]" in text

    @pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
    def test_every_command_argument_and_option_has_help(self, command: click.Command) -> None:
        assert command.help
        parameters = command.get_params(click.Context(command))
        assert [each.name for each in parameters if not each.help] == []  # type: ignore[attr-defined]

    def test_the_version_is_shown(self) -> None:
        answer = plain("--version")
        assert (answer.returncode, answer.stdout) == (0, f"crossdock {__version__}\n")

    def test_the_program_alone_prints_its_help(self) -> None:
        answer = plain()
        assert (answer.returncode, answer.stdout) == (0, plain("--help").stdout)

    def test_the_options_that_doors_bring_are_in_the_help(self) -> None:
        text = plain("organization", "add", "--help").stdout
        for door in all_doors():
            assert [each.option for each in door.organization_ids if f"--{each.option} ID" not in text] == []

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_a_shell_completes_commands(self, shell: str) -> None:
        answer = plain("completion", shell)
        assert answer.returncode == 0
        assert "_CROSSDOCK_COMPLETE" in answer.stdout

    def test_bash_completes_an_option_of_a_door(self) -> None:
        words = {"COMP_WORDS": "crossdock organization add --fab", "COMP_CWORD": "3"}
        answer = plain(_CROSSDOCK_COMPLETE="bash_complete", **words)
        assert answer.stdout == "plain,--fabric-account\n"

    def test_help_does_not_load_the_application(self) -> None:
        """Or help, completion and usage errors would take half a second more."""
        heavy = ("crossdock.app", "crossdock.doors", "crossdock.flows", "crossdock.store", "sqlalchemy", "uvicorn")
        script = f"import sys; from crossdock import cli; print([name for name in {heavy} if name in sys.modules])"
        ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
        assert ran.stdout == "[]\n"


class TestUsage:
    @pytest.mark.parametrize(
        "arguments",
        [
            ("serve", "--port", "80000"),
            ("serve", "--port", "0"),
            ("serve", "--log-level", "loud"),
            ("work", "--log-level", "loud"),
            ("serve", "--workers", "0"),
            ("nonsense",),
        ],
        ids=" ".join,
    )
    def test_wrong_usage_ends_with_code_2_and_without_a_traceback(self, arguments: tuple[str, ...]) -> None:
        answer = plain(*arguments)
        assert (answer.returncode, answer.stdout) == (2, "")
        assert answer.stderr.startswith("Usage: ")
        assert "Traceback" not in answer.stderr
