"""The access log: who read and changed what, with filters."""

from datetime import datetime, time, timedelta

from starlette.responses import Response

from crossdock.core.ids import MAX_ID, from_base32, to_base32
from crossdock.flows import access_log
from crossdock.flows.access import ADMIN
from crossdock.flows.access_log import KINDS, AccessFilter
from crossdock.web.console.page import Page, PageRequest
from crossdock.web.console.pages.settings import SECTION, TABS

_PAGE = 50
_FILTERS = ("actor", "order", "operation", "kind", "from", "to")


async def show(request: PageRequest) -> Response:
    """List entries, newest first."""
    given = {name: value for name in _FILTERS if (value := request.query.get(name, "").strip())}
    order_id = from_base32(given.get("order", ""))
    kind = given.get("kind")
    wanted = AccessFilter(
        given.get("actor"), -1 if "order" in given and order_id is None else order_id, given.get("operation"),
        kind if kind in KINDS else None,
    )  # fmt: skip
    start, end = _day(request, given.get("from")), _day(request, given.get("to"), later=1)
    before = from_base32(request.query.get("before", "")) or MAX_ID
    found, last = await access_log.entries(
        request.context, request.caller, wanted, from_us=start, to_us=end, before=before, limit=_PAGE
    )
    return request.render(
        "settings_access_log.html", section=SECTION, tabs=TABS, entries=found, given=given,
        names=await access_log.names(request.context, request.caller, found),
        more=None if last is None else to_base32(last), days=request.context.settings.access_log_days,
        doors={door.name: door.title for door in request.site.doors.values()} | {"console": request.t("Console")},
    )  # fmt: skip


def _day(request: PageRequest, text: str | None, *, later: int = 0) -> int | None:
    """Return when a day begins for the reader, or the day so many days later; None where the text is no day."""
    try:
        day = datetime.fromisoformat(text or "").date() + timedelta(days=later)
        return int(datetime.combine(day, time(), request.format.zone).timestamp() * 1_000_000)
    except (ValueError, OverflowError):
        return None


PAGES = (Page("GET", "/console/settings/access-log", show, "showAccessLog", ADMIN, SECTION),)
