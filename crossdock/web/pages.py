"""Routes that belong to no door: health checks, metrics, and the documentation."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from crossdock.core.errors import Busy
from crossdock.doors import Door
from crossdock.flows.context import Context
from crossdock.web import metrics
from crossdock.web.documentation import Documentation

# Below these paths everything belongs to the documentation.
_DOCUMENTED = ("/docs", "/openapi", "/asyncapi")


def routes(context: Context, doors: Sequence[Door]) -> list[Route]:
    """Return the routes of the pages."""
    health, documentation = _Health(context), Documentation(context.settings, doors).application()
    return [
        Route("/health/live", health.live),
        Route("/health/ready", health.ready),
        Route("/metrics", health.metrics),
        *(Route(path, documentation) for path in ("/", "/llms.txt", "/favicon.ico", "/docs")),
        *(Route(path + "/{rest:path}", documentation) for path in _DOCUMENTED),
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
