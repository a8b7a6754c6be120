"""Routes that belong to no door: health checks, metrics, the documentation and the console."""

from collections.abc import Sequence
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from crossdock.core.errors import Busy
from crossdock.doors import Door
from crossdock.flows import measured_state
from crossdock.flows.context import Context
from crossdock.flows.intake import Intake
from crossdock.settings import Settings
from crossdock.web import console, metrics
from crossdock.web.cached_pages import CachedPages
from crossdock.web.documentation import Documentation

# Below these paths everything belongs to the documentation.
_DOCUMENTED = ("/docs", "/openapi", "/asyncapi")


def routes(context: Context, doors: Sequence[Door], intake: Intake) -> list[Route]:
    """Return the routes of the pages."""
    settings = context.settings
    # Only the settings that the pages show, so that all applications with these share them.
    shown = Settings(host=settings.host, port=settings.port, public_url=settings.public_url, demo=settings.demo)
    documentation = _documentation(shown, tuple(doors))
    return [
        *health_routes(context),
        *console.routes(context, doors, intake, home=documentation),
        *(Route(path, documentation) for path in ("/llms.txt", "/favicon.ico", "/docs")),
        *(Route(path + "/{rest:path}", documentation) for path in _DOCUMENTED),
    ]


@lru_cache(maxsize=2)
def _documentation(settings: Settings, doors: tuple[Door, ...]) -> CachedPages:
    """Make the application of the documentation once for all applications of a process, as tests make thousands."""
    return Documentation(settings, doors).application()


def health_routes(context: Context) -> list[Route]:
    """Return the routes of health checks and metrics, which `crossdock work` has, too."""
    health = _Health(context)
    return [
        Route("/health/live", health.live),
        Route("/health/ready", health.ready),
        Route("/metrics", health.metrics),
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
        try:
            state = await measured_state.read(self._context)
        except Busy:  # what is counted in the process is worth the more
            state = None
        body, media_type = metrics.exposition(state, now=self._context.clock())
        return Response(body, headers={"content-type": media_type})
