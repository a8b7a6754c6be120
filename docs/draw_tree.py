"""Draws the tree in docs/architecture.md from the docstrings of the modules: `make tree`. A test fails while it differs."""

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "crossdock"
PAGE = Path(__file__).parent / "architecture.md"
_BEGIN, _END = "<!-- tree -->\n", "<!-- end of the tree -->"
# Where each file is named the same and does the same, the tree shows the folder.
_FOLDED = ("migrations", "templates", "catalogs", "routes")
# One door stands for all: they have the same file names (CONTRIBUTING.md).
_DOOR, _SHOWN_DOOR = "doors", "fabric"


def page(text: str) -> str:
    """Return the page with its tree drawn anew."""
    before, rest = text.split(_BEGIN, 1)
    _, after = rest.split(_END, 1)
    return f"{before}{_BEGIN}```\n" + "\n".join(["crossdock/", *_tree(PACKAGE, 1)]) + f"\n```\n{_END}{after}"


def _tree(folder: Path, depth: int) -> Iterator[str]:
    for path in sorted(folder.iterdir(), key=lambda each: (each.is_dir(), each.name)):
        if path.name.startswith(("__", ".")) or (path.is_file() and path.suffix != ".py"):
            continue
        if folder.name == _DOOR and path.is_dir() and path.name != _SHOWN_DOOR:
            yield _line(path, depth, " (the same file names)")
            continue
        yield _line(path, depth)
        if path.is_dir() and path.name not in _FOLDED:
            yield from _tree(path, depth + 1)


def _line(path: Path, depth: int, more: str = "") -> str:
    name = "  " * depth + path.name + ("/" if path.is_dir() else "")
    source = path / "__init__.py" if path.is_dir() else path
    summary = (ast.get_docstring(ast.parse(source.read_text())) or "").split("\n", 1)[0] if source.exists() else ""
    return f"{name:<34}{summary}{more}".rstrip()


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
