"""Pages and probes that belong to no door: health, metrics."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from crossdock.core.errors import Busy
from crossdock.doors import Door
from crossdock.flows.book import Book
from crossdock.store import registry
from crossdock.web import metrics


def routes(book: Book, doors: Sequence[Door]) -> list[Route]:
    """Give the routes of the pages."""

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

    return [
        Route("/health/live", live),
        Route("/health/ready", ready),
        Route("/metrics", measured),
    ]
