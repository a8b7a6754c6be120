"""Allocation settings as JSON, and rules tried on recent decisions. The hub's API documents their members."""

import json
from typing import Any

from starlette.responses import Response

from crossdock.core.errors import Code, Invalid, Refusal
from crossdock.doors import Headers, Request, Route
from crossdock.doors.hub.routes import allocation
from crossdock.flows.access import ADMIN
from crossdock.web.console.page import Page, PageRequest
from crossdock.web.console.pages.order_documents import Row, side_by_side
from crossdock.web.console.pages.settings import SECTION, TABS

PATH = "/console/settings/allocation"
_TRIED = 200  # of the last decisions


def hub_request(
    request: PageRequest, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> Request:
    """Make the request of the hub's API that a client would send for this page; its handlers check the body."""
    raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    made = Request(
        context=request.context, intake=request.site.intake, route=Route(method, (path,), _unused, None, "console", ""),
        method=method, path=path, params={}, query_string=b"", headers=Headers(raw), body=body, request_id="",
    )  # fmt: skip
    made.caller = request.caller
    return made


async def _unused(_: Request) -> Any:
    raise AssertionError("the page calls the handler itself")


async def show(request: PageRequest) -> Response:
    """Show the settings as JSON."""
    return _page(request, *await _stored(request))


async def _stored(request: PageRequest) -> tuple[str, int]:
    """Return the settings as they are stored, as a text of JSON, and their version; 0 where none are stored."""
    reply = await allocation.get_settings(hub_request(request, "GET", allocation.SETTINGS))
    text = json.dumps(json.loads(reply.body), indent=2, ensure_ascii=False)
    return text, int(next((value.strip('"') for name, value in reply.headers if name == "ETag"), "0"))


def _page(
    request: PageRequest,
    text: str,
    seen: int | None,
    *,
    faults: list[str] | None = None,
    tried: dict[str, Any] | None = None,
    changed: list[Row] | None = None,
) -> Response:
    """Render the page: `seen` is the version that is edited, `changed` what is stored beside another text that was typed."""
    return request.render(
        "settings_allocation.html", status=409 if changed is not None else 400 if faults else 200, section=SECTION, tabs=TABS,
        text=text, seen=seen, faults=faults or [], tried=tried, tried_limit=_TRIED, changed=changed,
    )  # fmt: skip


async def save(request: PageRequest) -> Response:
    """Replace the settings; with the button "try", try their rules on recent decisions instead, which changes nothing."""
    text, seen = request.form.get("text", ""), request.version
    try:
        if request.form.get("do") == "try":
            return _page(request, text, seen, tried=await _try(request, text))
        headers = {"if-match": f'"{seen}"'}
        await allocation.put_settings(hub_request(request, "PUT", allocation.SETTINGS, text.encode(), headers))
    except Invalid as invalid:
        reasons = [f"{'.'.join(map(str, each.path))}: {each.reason}" for each in invalid.faults] or [invalid.reason]
        return _page(request, text, seen, faults=reasons)
    except Refusal as refusal:
        if refusal.code is not Code.STALE_VERSION:
            return _page(request, text, seen, faults=[refusal.reason])
        stored, newest = await _stored(request)
        typed = json.dumps(json.loads(text), indent=2, ensure_ascii=False)  # sound JSON: the call has checked it
        return _page(request, text, newest, changed=side_by_side(stored.splitlines(), typed.splitlines()))
    return request.redirect(PATH, request.t("The allocation settings are saved."))


async def _try(request: PageRequest, text: str) -> dict[str, Any]:
    try:
        rule_sets = json.loads(text).get("rule_sets", [])
    except (ValueError, AttributeError):
        rule_sets = text  # the call says what is wrong with it
    body = json.dumps({"rule_sets": rule_sets, "limit": _TRIED}).encode()
    reply = await allocation.try_settings(hub_request(request, "POST", f"{allocation.SETTINGS}/try", body))
    tried: dict[str, Any] = json.loads(reply.body)
    return tried


PAGES = (
    Page("GET", PATH, show, "showAllocationSettings", ADMIN, SECTION),
    Page("POST", PATH, save, "saveAllocationSettings", ADMIN, SECTION, versioned=True),
)
