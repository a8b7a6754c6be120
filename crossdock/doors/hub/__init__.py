"""The hub's own API: `DOOR` is all others see of it."""

from importlib import import_module
from typing import Any

from crossdock.doors import Door
from crossdock.doors.hub.demo import curl
from crossdock.doors.hub.errors import refuse
from crossdock.doors.hub.format import FORMAT
from crossdock.doors.hub.routes import ROUTES
from crossdock.doors.hub.webhooks import PAYLOADS


def _asyncapi() -> Any:
    return import_module("crossdock.doors.hub.asyncapi").document()  # loaded by who asks, to let the server start fast


DOOR = Door(
    name="hub", title="Crossdock hub", routes=ROUTES, refuse=refuse, format=FORMAT, demo_curl=curl, payloads=PAYLOADS,
    asyncapi=_asyncapi,
)  # fmt: skip
