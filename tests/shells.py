"""Scripts of the documentation, run in each shell that is installed.

The first shell runs the programs. Each other shell gets the answers that the first one got, because nothing behind the
programs depends on the shell: it must call the same programs with the same arguments, print the same and write the same files.
"""

import os
import shlex
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

SHELLS = {"bash": ["bash", "--noprofile", "--norc"], "zsh": ["zsh", "-f"]}
INSTALLED = [name for name in SHELLS if shutil.which(name)]
LIMIT_S = 120
# Each call of a program has a number, and files with its arguments, its output and its exit code.
_NUMBERED = """#!/bin/sh
calls={calls}
echo x >> "$calls/{name}"
call="$calls/{name}.$(wc -l < "$calls/{name}" | tr -d ' ')"
printf '%s\\0' "$@" > "$call.arguments"
"""
# A server runs until it is killed, and what it prints is no answer.
_RECORD = """case "$1" in serve) exec {command} >&2 ;; esac
{command} > "$call.output"
code=$?
echo $code > "$call.code"
cat "$call.output"
exit $code
"""
_REPLAY = """case "$1" in serve) exec {sleep} 600 ;; esac
answer={answers}/${call##*/}
cat "$answer.output"
exit "$(cat "$answer.code")"
"""


class Ran(NamedTuple):
    """How a script ended in the first shell."""

    code: int
    printed: str
    errors: list[str]
    folder: Path


def run_in_every_shell(script: str, folder: Path, programs: dict[str, str], env: dict[str, str] | None = None) -> Ran:
    """Run a script in a new folder for each shell; `programs` are the commands, in sh, that stand for its programs.

    Lines that begin with "received " are not compared: the receiver of an example, in the background, prints them.
    """
    first, *others = INSTALLED
    ran = _run(first, script, folder, _commands(folder / first, programs, _RECORD), env)
    for shell in others if ran.code == 0 else ():
        stubs = _commands(
            folder / shell, programs, _REPLAY.replace("{answers}", shlex.quote(f"{folder / first}/calls"))
        )
        stub = folder / shell / "bin" / "sleep"
        stub.write_text("#!/bin/sh\n")
        stub.chmod(0o755)
        other = _run(shell, script, folder, stubs, env)
        assert other.code == 0, (shell, other.errors)
        assert _arguments(folder / shell) == _arguments(folder / first)
        assert _lines(other.printed) == _lines(ran.printed)
        assert _files(other.folder) == _files(ran.folder)
    return ran


def _commands(folder: Path, programs: dict[str, str], rest: str) -> Path:
    """Write a command for each program, and return their folder."""
    commands, calls = folder / "bin", folder / "calls"
    for each in (commands, calls, folder / "work"):
        each.mkdir(parents=True)
    for name, command in programs.items():
        text = _NUMBERED.format(calls=shlex.quote(str(calls)), name=name)
        text += rest.replace("{command}", command).replace("{sleep}", shutil.which("sleep") or "sleep")
        (commands / name).write_text(text)
        (commands / name).chmod(0o755)
    return commands


def _run(shell: str, script: str, folder: Path, commands: Path, env: dict[str, str] | None) -> Ran:
    work = folder / shell / "work"
    environment = dict(os.environ if env is None else env)
    environment["PATH"] = f"{commands}{os.pathsep}{environment['PATH']}"
    with (folder / shell / "errors").open("w+") as errors:
        process = subprocess.Popen(
            [*SHELLS[shell], "-c", script], cwd=work, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True,
            start_new_session=True,
        )  # fmt: skip
        try:
            printed, _ = process.communicate(timeout=LIMIT_S)
        finally:  # what the script started, too, where a command before `kill` failed
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        errors.seek(0)
        return Ran(process.returncode, printed, errors.read().splitlines(), work)


def _arguments(folder: Path) -> dict[str, list[str]]:
    """Return the arguments of each call, in the order of the calls of each program."""
    return {path.stem: path.read_text().split("\0") for path in (folder / "calls").glob("*.arguments")}


def _lines(printed: str) -> list[str]:
    return [line for line in printed.splitlines() if not line.startswith("received ")]


def _files(folder: Path) -> dict[str, bytes]:
    """Return the files that a script wrote, without those of a database."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if ".db" not in path.name}
