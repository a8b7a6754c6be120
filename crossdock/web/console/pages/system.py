"""System: the version, the database, the worker, and when the database was verified and saved last."""

import platform

from starlette.responses import Response

from crossdock.flows import installation
from crossdock.flows.access import ADMIN
from crossdock.settings import without_password
from crossdock.web.console.page import Page, PageRequest


async def show(request: PageRequest) -> Response:
    """Show the state of the installation."""
    found = await installation.describe(request.context, request.caller)
    settings = request.context.settings
    return request.render(
        "system.html", section="system", found=found, python=platform.python_version(), worker=settings.worker,
        database=without_password(settings.database), names={"webhook": "Webhooks", "email": "E-mails"},
        engines={"sqlite": "SQLite", "postgresql": "PostgreSQL"},
    )  # fmt: skip


PAGES = (Page("GET", "/console/system", show, "showSystem", ADMIN, "system"),)
