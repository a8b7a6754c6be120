"""The fonts of papers: their index is right, they are small, and the server starts without them."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from crossdock import papers
from crossdock.papers.fonts import BOLD, LATIN, font_of, load

FOLDER = Path(papers.__file__).parent / "fonts"
INDEX: dict[str, list[tuple[int, int]]] = msgspec.json.decode((FOLDER / "index.json").read_bytes())


@pytest.mark.parametrize("name", INDEX)
def test_a_font_has_the_characters_that_the_index_says(name: str) -> None:
    has = load(name).characters
    listed = {each for first, last in INDEX[name] for each in range(first, last + 1)}
    assert listed <= has
    assert all(font_of(chr(each)) == name for each in listed)


def test_the_bold_font_has_the_characters_of_the_regular_one() -> None:
    assert load(LATIN).characters <= load(BOLD[LATIN]).characters


def test_all_fonts_together_are_below_three_megabytes() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 3_000_000


def test_the_server_starts_without_the_libraries_of_papers() -> None:
    code = "import sys, crossdock.app; sys.exit(bool({'uharfbuzz', 'pydyf', 'bidi'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
