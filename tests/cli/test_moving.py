"""`docs/moving`: each page is run from an empty folder to the first order and its read-back, with a real server process."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.preloaded import command_of_shells
from tests.server import ROOT, free_port
from tests.shells import run_in_every_shell
from tests.vendors import sample

PAGES = {path.stem: path for path in sorted((ROOT / "docs" / "moving").glob("*.md"))}
CURL = f'{shutil.which("curl")} "$@"'
BORDER = "=====end of block====="
# The printed blocks in which a page creates its order, and reads it.
CREATED, READ = "answer.json", "Read it back"


def blocks(page: str) -> list[str]:
    """Return the blocks of a page that a reader runs."""
    return re.findall(r"```bash\n(.*?)```", PAGES[page].read_text(encoding="utf-8"), re.DOTALL)


def script(page: str, port: int) -> str:
    """Return a page's blocks as one script that stops at the first command that fails, for a server on a free port."""
    parts = [f"set -e -o pipefail\nexport CROSSDOCK_PORT={port}", *blocks(page)]
    return f"\necho; echo '{BORDER}'\n".join(parts)


def played(page: str, folder: Path, database: str | None = None) -> tuple[list[str], Path]:
    """Run a page in an empty folder; return what each block printed, and the folder."""
    text = script(page, free_port())
    if database is not None:
        text = text.replace("sqlite:///crossdock.db", database)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CROSSDOCK_")}
    programs = {"curl": CURL, "crossdock": f'{command_of_shells()} "$@"'}
    ran = run_in_every_shell(text, folder / "shells", programs, environment)
    assert ran.code == 0, f"{ran.printed}\n{ran.errors}"
    _, *after = ran.printed.split(f"\n{BORDER}\n")
    return after, ran.folder


def test_there_is_a_page_for_each_vendor() -> None:
    assert set(PAGES) == {"fabric", "pb_fulfillment", "pb_oms", "s2"}


@pytest.mark.parametrize("page", PAGES)
def test_the_order_of_a_page_is_the_sample_of_the_door(page: str) -> None:
    (body,) = [
        each for each in re.findall(r"<<'END'\n(.*?)\nEND\n", "".join(blocks(page)), re.DOTALL) if "rder" in each
    ]
    assert json.loads(body) == sample(page)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_leads_from_an_empty_folder_to_the_first_order_and_its_read_back(page: str, tmp_path: Path) -> None:
    printed, folder = played(page, tmp_path)
    check(page, printed)
    assert (folder / "crossdock.db").stat().st_mode & 0o077 == 0


def test_a_page_leads_to_the_first_order_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    create = [sys.executable, "-c", _CREATE, postgres_url]
    subprocess.run(create, cwd=ROOT, check=True)
    parts = postgres_url.partition("?")
    database = f"'{parts[0].rpartition('/')[0]}/moving{parts[1]}{parts[2]}'"
    printed, _ = played("pb_fulfillment", tmp_path, database=database)
    check("pb_fulfillment", printed)


_CREATE = """
import asyncio, sys
from tests.databases import administer
asyncio.run(administer(sys.argv[1], "DROP DATABASE IF EXISTS moving"))
asyncio.run(administer(sys.argv[1], "CREATE DATABASE moving"))
"""


def check(page: str, printed: list[str]) -> None:
    """Check what the blocks of a page printed: the order that was created, the same order read, and a clean database."""
    texts = blocks(page)
    (created,) = [answer for text, answer in zip(texts, printed, strict=True) if f"tee {CREATED}" in text]
    read = printed[
        texts.index(next(text for text in texts if ("tee" not in text and "ID=$(" in text) or "?order" in text))
    ]
    answers: list[Any] = [json.loads(created), json.loads(read)]
    body = sample(page)
    numbers = {str(body[name]) for name in ("orderNumber", "clientOrderId", "channelOrderId") if name in body}
    assert [number for number in numbers if number not in json.dumps(answers[1])] == []
    ids = {answers[0].get("orderId"), answers[0].get("id")} - {None}
    assert any(each in json.dumps(answers[1]) for each in ids)
    assert printed[-1].endswith("1 organization, 1 order, 1 event, 0 faults\n")
