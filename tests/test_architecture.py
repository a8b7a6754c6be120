"""The rules of the house that no linter knows: the drawn tree, the length of functions and files."""

import ast
from collections.abc import Iterator
from pathlib import Path

from docs import draw_tree

ROOT = Path(__file__).parent.parent
MAX_FUNCTION_LINES = 70
MAX_FILE_LINES = 700


def sources() -> Iterator[Path]:
    """Return the files of the package; a migration is history and may be as long as it is."""
    yield from (path for path in draw_tree.PACKAGE.rglob("*.py") if "versions" not in path.parts)


def test_the_tree_in_the_architecture_page_is_that_of_the_package() -> None:
    page = draw_tree.PAGE.read_text(encoding="utf-8")
    assert page == draw_tree.page(page), "run `make tree`"


def test_no_function_is_longer_than_70_lines() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= MAX_FUNCTION_LINES
    ]
    assert not long


def test_no_file_is_longer_than_700_lines() -> None:
    assert not [path for path in sources() if len(path.read_text(encoding="utf-8").splitlines()) > MAX_FILE_LINES]


def test_every_module_says_what_it_owns() -> None:
    silent = [
        path
        for path in sources()
        if (text := path.read_text(encoding="utf-8")).strip() and not ast.get_docstring(ast.parse(text))
    ]
    assert not silent
