"""The guides: the Markdown pages of docs/, rendered as HTML pages. In an installed package they are in a folder here."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

PATH = "/docs/guides"
_INDEX = "README"
_HERE = Path(__file__).parent
# History and the insides of the program: linked from the pages they belong to, but not listed for users.
_UNLISTED = re.compile(r"decisions/|architecture$|event-log$|README$")


# The server that the examples of the pages call.
_EXAMPLE_SERVER = re.compile(r"http://(?:127\.0\.0\.1|localhost):8000\b")


class Section(Struct, frozen=True):
    """A part of a guide under one heading; `anchor` is empty for the beginning of the page."""

    title: str
    anchor: str
    text: str


class Guide(Struct, frozen=True):
    """A guide: `name` is its path within docs/, without suffix; `summary` is its first sentence."""

    name: str
    title: str
    summary: str
    text: str

    @property
    def path(self) -> str:
        """The path of the page on the server."""
        return path_of(self.name)

    @property
    def is_listed(self) -> bool:
        """Whether the page is for users of the server."""
        return not _UNLISTED.search(self.name)


def folder() -> Path:
    """Return the folder of the Markdown pages: in this package where it is installed, else that of the repository."""
    packaged = _HERE / "markdown"
    return packaged if packaged.is_dir() else _HERE.parent.parent / "docs"


@cache
def names() -> tuple[str, ...]:
    """Return the names of all guides."""
    return tuple(_name(path) for path in sorted(folder().rglob("*.md")))


@cache
def pictures() -> tuple[str, ...]:
    """Return the paths of all pictures within the folder."""
    return tuple(path.relative_to(folder()).as_posix() for path in sorted(folder().rglob("*.png")))


def path_of(name: str) -> str:
    """Return the path of a guide's page on the server."""
    return PATH if name == _INDEX else f"{PATH}/{quote(name)}"


def _name(path: Path) -> str:
    return path.relative_to(folder()).with_suffix("").as_posix()


def all_guides(base: str) -> dict[str, Guide]:
    """Read all guides, by name, in the order in which the index links to them. `base` is the server's URL, for examples."""
    linked = re.findall(r"\]\(([^)#]+)\.md\)", (folder() / f"{_INDEX}.md").read_text(encoding="utf-8"))
    places = {name: place for place, name in reversed(list(enumerate(linked)))}
    return {
        name: _read(folder() / f"{name}.md", base)
        for name in sorted(names(), key=lambda each: places.get(each, len(linked)))
    }


def _read(path: Path, base: str) -> Guide:
    text = re.sub(r"<!--.*?-->\n?", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = _EXAMPLE_SERVER.sub(base, text)
    name = _name(path)
    tokens = _parser().parse(text)
    title = next((_plain(tokens[place + 1]) for place, each in enumerate(tokens) if each.type == "heading_open"), name)
    first = next((_plain(tokens[place + 1]) for place, each in enumerate(tokens) if each.type == "paragraph_open"), "")
    return Guide(name, title, re.split(r"(?<=[.:]) ", first)[0].rstrip(":"), text)


def sections(guide: Guide) -> Iterator[Section]:
    """Yield the sections of a guide as plain text, for search."""
    title, anchor, words = guide.title, "", list[str]()
    tokens = _parser().parse(guide.text)
    for place, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag != "h1":
            yield Section(title, anchor, " ".join(words))
            title, words = _plain(tokens[place + 1]), []
            anchor = slug(title)
        elif token.type == "inline" and tokens[place - 1].type != "heading_open":
            words.append(_plain(token))
        elif token.type == "fence":
            words.append(token.content)
    yield Section(title, anchor, " ".join(words))


def render(guide: Guide, known: dict[str, Guide]) -> str:
    """Render a guide's HTML: headings with anchors, links to other guides as links to their pages."""
    parser, env = _parser(), dict[str, str]()
    tokens = parser.parse(guide.text, env)
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", slug(_plain(tokens[place + 1])))
        elif token.type in ("th_open", "td_open") and (style := token.attrGet("style")):
            del token.attrs["style"]  # the content security policy allows no style in a page
            token.attrSet("class", str(style).rpartition(":")[2])
        elif token.type == "inline":
            _rewrite_links(token.children or [], guide, known)
    return str(parser.renderer.render(tokens, parser.options, env))


def _rewrite_links(tokens: "list[Token]", guide: Guide, known: dict[str, Guide]) -> None:
    """Let links to Markdown pages lead to their pages here; a link to another file of the repository loses its target."""
    opened: list[Token] = []
    for token in tokens:
        if token.type == "link_open":
            opened.append(token)
            target = str(token.attrGet("href") or "")
            if re.match(r"[a-z]+:|#", target):
                continue
            resolved = _resolve(target, guide, known)
            if resolved is None:
                token.tag, token.attrs = "span", {}
            else:
                token.attrSet("href", resolved)
        elif token.type == "link_close":
            token.tag = opened.pop().tag
        elif token.type == "image":
            picture = normpath(PurePosixPath(guide.name).parent / str(token.attrGet("src")))
            token.attrSet("src", f"{PATH}/{quote(picture)}")


def _resolve(target: str, guide: Guide, known: dict[str, Guide]) -> str | None:
    """Return where a relative link of a guide leads on the server, None if nowhere."""
    path, _, anchor = target.partition("#")
    resolved = normpath(PurePosixPath(guide.name).parent / path).removesuffix(".md")
    found = known.get(resolved)
    return None if found is None else found.path + (f"#{anchor}" if anchor else "")


def slug(heading: str) -> str:
    """Return the anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _plain(token: "Token") -> str:
    """Return the text of an inline token without markup."""
    return "".join(each.content or " " * (each.type == "softbreak") for each in token.children or [])


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table")
