"""Run the `bash` blocks of a page, as they are printed, against a demo server, in each shell that is installed."""

import json
import re
from pathlib import Path
from typing import Any

from tests.papers.pdfs import text_of
from tests.server import ROOT, Server
from tests.shells import INSTALLED, run_in_every_shell
from tests.test_docs_examples import BORDER, faults, programs, unquoted

Tree = Any


def blocks_of(name: str) -> list[str]:
    """Return the `bash` blocks of a page."""
    return re.findall(r"```bash\n(.*?)```", (ROOT / name).read_text(), re.DOTALL)


def play(server: Server, name: str, folder: Path) -> list[list[Tree]]:
    """Run a page; return the JSON documents that each block printed. Every call must succeed."""
    blocks = blocks_of(name)
    assert [block for block in blocks if re.search(r"[?*\[\]]|(?<=\s)[~=]", unquoted(block))] == []
    script = "\n".join(f"{block}\nprintf '\\n{BORDER}\\n'\n" for block in blocks)
    script = script.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
    ran = run_in_every_shell(script, folder / "shells", programs())
    assert faults(name, ran.errors) == []
    assert ran.code == 0
    printed = ran.printed.split(BORDER)[:-1]
    assert len(printed) == len(blocks)
    return [_documents(text) for text in printed]


def _documents(text: str) -> list[Tree]:
    found, decoder, place = [], json.JSONDecoder(), 0
    text = text.strip()
    while place < len(text):
        document, place = decoder.raw_decode(text, place)
        found.append(document)
    return found


def papers_of(folder: Path) -> dict[str, str]:
    """Return the text of each PDF file that a page wrote."""
    work = folder / "shells" / INSTALLED[0] / "work"
    return {path.stem: text_of(path.read_bytes()) for path in sorted(work.glob("*.pdf"))}


def open_units(document: Tree) -> list[tuple[str, int]]:
    """Return the open units of an order, or of an answer about allocations, by location."""
    allocations = document.get("allocations", document.get("items", []))
    return [(each["location"], sum(unit["open"] for unit in each["units"])) for each in allocations if each["open"]]
