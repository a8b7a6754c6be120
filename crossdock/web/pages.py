"""Pages that belong to no door: health checks, metrics, and the API reference, which loads nothing from other servers."""

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
from crossdock.flows.context import Context
from crossdock.web import metrics

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


def routes(context: Context, doors: Sequence[Door]) -> list[Route]:
    """Return the routes of the pages."""
    health, reference = _Health(context), _Reference(doors)
    return [
        Route("/health/live", health.live),
        Route("/health/ready", health.ready),
        Route("/metrics", health.metrics),
        Route("/docs", reference.overview),
        Route("/docs/", reference.overview),
        Route("/docs/{door}", reference.door_page),
        Route("/openapi/{door}.json", reference.openapi),
        Route("/asyncapi/{door}.json", reference.asyncapi),
    ]


class _Health:
    """Health checks and metrics."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def live(self, _: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def ready(self, _: Request) -> Response:
        try:
            await self._context.store.check_writing()  # reads may go well where no order can be stored
        except Busy:
            return JSONResponse({"status": "database unavailable"}, status_code=503)
        if failing := self._context.background.failing:
            return JSONResponse({"status": f"restarted: {', '.join(sorted(failing))}"}, status_code=503)
        return JSONResponse({"status": "ready", "database": self._context.store.name})

    async def metrics(self, _: Request) -> Response:
        body, media_type = metrics.exposition()
        return Response(body, headers={"content-type": media_type})


class _Reference:
    """The API reference: pages and documents of the doors. Each document is built once, when it is first requested."""

    def __init__(self, doors: Sequence[Door]) -> None:
        self._doors = doors
        self._by_name = {door.name: door for door in doors}
        self._pages: dict[str, bytes] = {}
        self._openapi: dict[str, dict[str, Any]] = {}
        self._asyncapi: dict[str, bytes] = {}

    async def overview(self, _: Request) -> Response:
        return HTMLResponse(_page(self._doors, None, None))

    async def door_page(self, request: Request) -> Response:
        door = self._by_name.get(request.path_params["door"])
        if door is None:
            return HTMLResponse(_page(self._doors, None, None, is_unknown=True), status_code=404)
        if door.name not in self._pages:  # rendering takes a tenth of a second, and anybody may ask
            self._pages[door.name] = _page(self._doors, door, self._document(door)).encode()
        return HTMLResponse(self._pages[door.name])

    async def openapi(self, request: Request) -> Response:
        door = self._by_name.get(request.path_params["door"])
        if door is None:
            return JSONResponse({"detail": f"doors are {', '.join(self._by_name)}"}, status_code=404)
        return Response(msgspec.json.encode(self._document(door)), media_type="application/json")

    async def asyncapi(self, request: Request) -> Response:
        door = self._by_name.get(request.path_params["door"])
        if door is None or door.asyncapi is None:
            names = [each.name for each in self._doors if each.asyncapi]
            return JSONResponse({"detail": f"doors with events are {', '.join(names)}"}, status_code=404)
        if door.name not in self._asyncapi:
            self._asyncapi[door.name] = msgspec.json.encode(door.asyncapi())
        return Response(self._asyncapi[door.name], media_type="application/json")

    def _document(self, door: Door) -> dict[str, Any]:
        if door.name not in self._openapi:
            from crossdock.web import openapi

            self._openapi[door.name] = openapi.document(door)
        return self._openapi[door.name]


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, PackageLoader

    return Environment(loader=PackageLoader("crossdock.web"), autoescape=True, trim_blocks=True)


def _page(
    doors: Sequence[Door], door: Door | None, document: dict[str, Any] | None, *, is_unknown: bool = False
) -> str:
    def resolve(schema: dict[str, Any]) -> dict[str, Any]:
        if document is not None and "$ref" in schema:
            resolved: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
            return resolved
        return schema

    def element(schema: dict[str, Any]) -> dict[str, Any]:
        """Return the object inside arrays and alternatives, if there is one."""
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
            has_events=door is not None and door.asyncapi is not None,
            title=door.title if door else "Crossdock",
            document=document,
            calls=[route.operation for route in door.routes] if door else [],
            # Most readers want to create an order; everything else is one click away.
            opened=next((route.operation for route in door.routes if route.submits), "") if door else "",
            is_unknown=is_unknown,
            prose=_prose,
            resolve=resolve,
            element=element,
            kind=_kind,
        )
    )


def _prose(text: str) -> "Markup":
    """Render the parts of a description between backticks as code."""
    from markupsafe import Markup, escape

    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _kind(schema: dict[str, Any]) -> str:
    """Describe a schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[-1])
    if arms := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(_kind(arm) for arm in arms)
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"array of {_kind(schema.get('items') or {})}"
    return str(schema.get("type", "anything"))
