"""The documentation site: the home page, the API reference, the guides, the search index and llms.txt.

Everything is rendered from the doors' routes and the Markdown pages; nothing belongs to an organization.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from crossdock import __version__
from crossdock.doors import Door
from crossdock.settings import Settings
from crossdock.web import guides
from crossdock.web.cached_pages import CachedPages, Content

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from crossdock.web.reference import Operation

Render = Callable[[], Content]

_STATIC = {
    "docs.css": "text/css; charset=utf-8",
    "docs.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_CLIENT = "$CLIENT_ID:$CLIENT_SECRET"
# Keys of the pages for paths that do not exist; no path looks like them.
_NO_PAGE, _NO_OPENAPI, _NO_ASYNCAPI = "no page", "no OpenAPI document", "no AsyncAPI document"


class SearchEntry(Struct, frozen=True):
    """What the search finds: a page or a section of one. `place` says where it is, `words` is all its text."""

    title: str
    place: str
    url: str
    words: str


class Documentation:
    """The pages of the documentation. Each is rendered when it is first requested."""

    def __init__(self, settings: Settings, doors: Sequence[Door]) -> None:
        self._settings = settings
        self._base = (settings.public_url or settings.base_url).rstrip("/")
        self._doors = {door.name: door for door in doors}
        self._documents: dict[str, dict[str, Any]] = {}
        self._operations: dict[str, list[Operation]] = {}

    def application(self) -> CachedPages:
        """Return the ASGI application that serves the pages."""
        return CachedPages(self._pages(), missing=_missing)

    def _pages(self) -> dict[str, Render]:
        pages: dict[str, Render] = {
            "/": self._home,
            "/docs": partial(self._page, "index.html", "Documentation"),
            "/docs/search.json": self._search_index,
            "/llms.txt": self._llms,
            "/favicon.ico": partial(_file, "favicon.ico", "image/x-icon"),
            _NO_PAGE: partial(self._page, "missing.html", "There is no such page", status=404),
            _NO_OPENAPI: partial(_json, {"detail": f"doors are {', '.join(self._doors)}"}, 404),
            _NO_ASYNCAPI: self._no_asyncapi,
        }
        pages |= {f"/docs/static/{name}": partial(_file, name, media) for name, media in _STATIC.items()}
        for door in self._doors.values():
            pages[f"/docs/{door.name}"] = partial(self._door, door)
            pages[f"/openapi/{door.name}.json"] = partial(self._openapi, door)
            if door.asyncapi is not None:
                pages[f"/asyncapi/{door.name}.json"] = partial(_asyncapi, door)
            for route in door.routes:
                pages[f"/docs/{door.name}/{route.operation}"] = partial(self._operation, door, route.operation)
        for name in guides.names():
            pages[guides.path_of(name)] = partial(self._guide, name)
            pages.setdefault(f"/docs/{name}", pages[guides.path_of(name)])  # as the file is called in the repository
            pages[f"{guides.PATH}/{name}.md"] = partial(self._markdown, name)
        pages |= {f"{guides.PATH}/{name}": partial(_picture, name) for name in guides.pictures()}
        return pages

    # -------------------------------------------------------------------------------------------------------------- data
    def _document(self, door: Door) -> dict[str, Any]:
        if door.name not in self._documents:
            from crossdock.web import openapi

            self._documents[door.name] = openapi.document(door, server=self._settings.public_url or "/")
        return self._documents[door.name]

    def _operations_of(self, door: Door) -> "list[Operation]":
        if door.name not in self._operations:
            from crossdock.web import reference

            self._operations[door.name] = reference.operations(door, self._document(door))
        return self._operations[door.name]

    @cached_property
    def _guides(self) -> dict[str, guides.Guide]:
        return guides.all_guides(self._base)

    @cached_property
    def _templates(self) -> "Environment":
        from jinja2 import Environment, PackageLoader

        templates = Environment(
            loader=PackageLoader("crossdock.web"), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )
        templates.filters |= {"prose": _prose, "by_tag": _by_tag, "breakable": _breakable}
        templates.globals.update(
            doors=list(self._doors.values()), base=self._base, version=__version__, is_demo=self._settings.demo
        )
        return templates

    # ------------------------------------------------------------------------------------------------------------- pages
    def _page(self, template: str, title: str, *, status: int = 200, **values: Any) -> Content:
        listed = [guide for guide in self._guides.values() if guide.is_listed]
        text = self._templates.get_template(template).render(
            title=title, operations_of=self._operations_of, guides=listed, **values
        )
        return Content(text.encode(), status=status)

    def _home(self) -> Content:
        """Render the home page, with a command for each API; without the demo only for the hub's, whose body fits everybody."""
        curls = [
            (door.title, door.demo_curl(self._base))
            for door in self._doors.values()
            if door.demo_curl is not None and (self._settings.demo or door.name == "hub")
        ]
        if not self._settings.demo:
            curls = [(title, curl.replace("demo:demo-secret", f'"{_CLIENT}"')) for title, curl in curls]
        return self._page("home.html", "Crossdock", curls=curls)

    def _door(self, door: Door) -> Content:
        guide = self._guides.get(f"doors/{door.name}")
        return self._page("door.html", door.title, door=door, guide=guide)

    def _operation(self, door: Door, operation_id: str) -> Content:
        from crossdock.web import reference

        operations = self._operations_of(door)
        operation = next(each for each in operations if each.id == operation_id)
        token = next(each for each in operations if not each.takes_token)
        client = "demo:demo-secret" if self._settings.demo else f'"{_CLIENT}"'
        curl = reference.curl(operation, self._base, client)
        return self._page("operation.html", operation.summary, door=door, operation=operation, curl=curl, token=token)

    def _guide(self, name: str) -> Content:
        from markupsafe import Markup

        guide = self._guides[name]
        body = Markup(guides.render(guide, self._guides))  # our own pages, and HTML in them is escaped
        return self._page("guide.html", guide.title, guide=guide, body=body)

    def _markdown(self, name: str) -> Content:
        return Content(self._guides[name].text.encode(), "text/markdown; charset=utf-8")

    # ---------------------------------------------------------------------------------------------------------- documents
    def _openapi(self, door: Door) -> Content:
        return _json(self._document(door))

    def _no_asyncapi(self) -> Content:
        names = [door.name for door in self._doors.values() if door.asyncapi is not None]
        return _json({"detail": f"doors with events are {', '.join(names)}"}, 404)

    def _search_index(self) -> Content:
        return _json([*self._found_operations(), *self._found_sections()])

    def _found_operations(self) -> Iterator[SearchEntry]:
        for door in self._doors.values():
            for each in self._operations_of(door):
                names = [parameter.name for parameter in each.parameters]
                names += _field_names(each.request.groups) if each.request else []
                words = " ".join(dict.fromkeys([each.id, each.description, *each.aliases, *names]))
                yield SearchEntry(each.summary, f"{door.title} · {each.method} {each.path}", each.url, words)

    def _found_sections(self) -> Iterator[SearchEntry]:
        for guide in self._guides.values():
            for section in guides.sections(guide) if guide.is_listed else ():
                url = guide.path + (f"#{section.anchor}" if section.anchor else "")
                place = "Guide" if section.title == guide.title else f"Guide · {guide.title}"
                yield SearchEntry(section.title, place, url, section.text)

    def _llms(self) -> Content:
        """List the guides and documents for language models (llmstxt.org)."""
        lines = [
            "# Crossdock",
            "",
            "> A self-hosted order hub. It answers the order APIs of several vendors, and one of its own, over one database.",
            "",
            "## Guides",
            "",
            *(f"- [{each.title}]({guides.PATH}/{each.name}.md): {each.summary}" for each in self._guides.values()),
            "",
            "## API documents",
            "",
            *(f"- [{door.title}](/openapi/{door.name}.json): OpenAPI 3.1" for door in self._doors.values()),
            *(
                f"- [{door.title}, events](/asyncapi/{door.name}.json): AsyncAPI 3.0"
                for door in self._doors.values()
                if door.asyncapi is not None
            ),
        ]
        return Content(("\n".join(lines) + "\n").encode(), "text/plain; charset=utf-8")


def _missing(path: str) -> str:
    if path.startswith("/openapi"):
        return _NO_OPENAPI
    return _NO_ASYNCAPI if path.startswith("/asyncapi") else _NO_PAGE


def _asyncapi(door: Door) -> Content:
    assert door.asyncapi is not None
    return _json(door.asyncapi())


def _json(value: Any, status: int = 200) -> Content:
    return Content(msgspec.json.encode(value), "application/json", status)


def _file(name: str, media_type: str) -> Content:
    return Content((files("crossdock.web") / "static" / name).read_bytes(), media_type)


def _picture(name: str) -> Content:
    return Content((guides.folder() / name).read_bytes(), "image/png")


def _field_names(groups: Sequence[Any]) -> Iterator[str]:
    for group in groups:
        for field in group.fields:
            yield field.name
            yield from _field_names(field.groups)


def _by_tag(operations: "list[Operation]") -> "list[tuple[str, list[Operation]]]":
    """Group operations by tag, in the order in which the tags come first."""
    tags = dict.fromkeys(each.tag for each in operations)
    return [(tag, [each for each in operations if each.tag == tag]) for tag in tags]


def _breakable(path: str) -> "Markup":
    """Let a path break before a slash."""
    from markupsafe import Markup, escape

    return Markup(str(escape(path)).replace("/", "<wbr>/"))


def _prose(text: str) -> "Markup":
    """Render a description: the parts between backticks as code, paragraphs at empty lines."""
    from markupsafe import Markup, escape

    html = re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text)))
    return Markup("</p><p>".join(html.split("\n\n")))
