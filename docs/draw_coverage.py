"""Draw docs/coverage.md and the table in README.md from the routes: `make coverage`. A test fails while they differ."""

from collections.abc import Iterator
from pathlib import Path

from crossdock.doors import Door, all_doors

PAGE = Path(__file__).parent / "coverage.md"
README = Path(__file__).parent.parent / "README.md"
_BEGIN, _END = "<!-- coverage -->\n", "<!-- end of coverage -->"
_INTRODUCTION = """# Coverage

The calls of each vendor: those that work, and those that Crossdock does not offer, each with its reason. A call that is not
offered is answered with 501 and this reason, in the error format of the vendor. This page is drawn from the routes of the doors
(`make coverage`).
"""


def calls(door: Door) -> tuple[int, int]:
    """Return how many calls of a door work, and how many there are; a call with several routes counts once."""
    working = len({(route.method, route.handle) for route in door.routes})
    return working, working + len(door.not_yet) + len(door.not_offered)


def page() -> str:
    """Return the page."""
    return (
        "\n".join([_INTRODUCTION, *_table("doors/"), *(line for door in all_doors() for line in _section(door))]) + "\n"
    )


def readme(text: str) -> str:
    """Return README.md with a new table."""
    before, rest = text.split(_BEGIN, 1)
    _, after = rest.split(_END, 1)
    return before + _BEGIN + "\n".join(_table("docs/doors/")) + "\n" + _END + after


def _table(folder: str) -> Iterator[str]:
    yield "| API | calls that work | guide |"
    yield "|---|---|---|"
    for door in all_doors():
        working, total = calls(door)
        rest = f"; {len(door.not_offered)} are not offered" if door.not_offered else ""
        yield f"| {door.title} | {working} of {total}{rest} | [{door.name}]({folder}{door.name}.md) |"


def _section(door: Door) -> Iterator[str]:
    yield f"\n## {door.title}\n"
    yield "| call | |"
    yield "|---|---|"
    for route in door.routes:
        yield f"| `{route.method} {route.paths[0]}` | {route.summary} |"
    for route in door.not_yet:
        yield f"| `{route.method} {route.paths[0]}` | not offered yet |"
    for route in door.not_offered:
        yield f"| `{route.method} {route.paths[0]}` | not offered: {route.description} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    README.write_text(readme(README.read_text(encoding="utf-8")), encoding="utf-8")
