"""Pages and probes that belong to no door: health, metrics, and the documentation, which loads nothing from elsewhere."""

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from crossdock.core.errors import Busy
from crossdock.doors import Door
from crossdock.flows.book import Book
from crossdock.store import registry
from crossdock.web import metrics

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


def routes(book: Book, doors: Sequence[Door]) -> list[Route]:
    """Give the routes of the pages."""
    described = {door.name: door for door in doors}

    async def live(_: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def ready(_: Request) -> Response:
        try:
            async with book.store.reading() as tx:
                await registry.find_organization(tx, kind="client", name="")
        except Busy:
            return JSONResponse({"status": "database unavailable"}, status_code=503)
        return JSONResponse({"status": "ready", "database": book.store.name})

    async def measured(_: Request) -> Response:
        body, media_type = metrics.exposition()
        return Response(body, headers={"content-type": media_type})

    @cache
    def document(name: str) -> dict[str, Any]:
        from crossdock.web import openapi

        return openapi.document(described[name])

    async def overview(_: Request) -> Response:
        return HTMLResponse(_page(doors, None, None))

    async def door_page(request: Request) -> Response:
        name = request.path_params["door"]
        if name not in described:
            return HTMLResponse(_page(doors, None, None, lost=True), status_code=404)
        return HTMLResponse(_page(doors, described[name], document(name)))

    async def door_document(request: Request) -> Response:
        name = request.path_params["door"]
        if name not in described:
            return JSONResponse({"detail": f"doors are {', '.join(described)}"}, status_code=404)
        return Response(msgspec.json.encode(document(name)), media_type="application/json")

    @cache
    def told(name: str) -> bytes:
        tell = described[name].asyncapi if name in described else None
        return b"" if tell is None else msgspec.json.encode(tell())

    async def events_document(request: Request) -> Response:
        if found := told(request.path_params["door"]):
            return Response(found, media_type="application/json")
        names = [door.name for door in doors if door.asyncapi]
        return JSONResponse({"detail": f"doors that tell by themselves are {', '.join(names)}"}, status_code=404)

    return [
        Route("/health/live", live),
        Route("/health/ready", ready),
        Route("/metrics", measured),
        Route("/docs", overview),
        Route("/docs/{door}", door_page),
        Route("/openapi/{door}.json", door_document),
        Route("/asyncapi/{door}.json", events_document),
    ]


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, PackageLoader

    return Environment(loader=PackageLoader("crossdock.web"), autoescape=True, trim_blocks=True)


def _page(doors: Sequence[Door], door: Door | None, document: dict[str, Any] | None, *, lost: bool = False) -> str:
    def resolve(schema: dict[str, Any]) -> dict[str, Any]:
        if document is not None and "$ref" in schema:
            found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
            return found
        return schema

    def element(schema: dict[str, Any]) -> dict[str, Any]:
        """Go through arrays and alternatives to the object inside, if there is one."""
        while True:
            if "items" in schema and schema.get("type") == "array":
                schema = schema["items"] or {}
            elif arms := schema.get("anyOf") or schema.get("oneOf"):
                schema = next((arm for arm in arms if "$ref" in arm or arm.get("type") == "array"), {})
            else:
                return schema

    return (
        _templates()
        .get_template("docs.html")
        .render(
            doors=doors,
            name=door.name if door else "",
            tells=door is not None and door.asyncapi is not None,
            title=door.title if door else "Crossdock",
            document=document,
            calls=[route.operation for route in door.routes] if door else [],
            # What most readers come for is open, all else is one click away.
            opened=next((route.operation for route in door.routes if route.submits), "") if door else "",
            lost=lost,
            prose=_prose,
            resolve=resolve,
            element=element,
            kind=_kind,
        )
    )


def _prose(text: str) -> "Markup":
    """Show what descriptions put between backticks as code."""
    from markupsafe import Markup, escape

    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _kind(schema: dict[str, Any]) -> str:
    """Say in a few words what a schema is."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[-1])
    if arms := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(_kind(arm) for arm in arms)
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"array of {_kind(schema.get('items') or {})}"
    return str(schema.get("type", "anything"))
