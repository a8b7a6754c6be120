"""Today: what came in, and what needs somebody's attention; for an empty organization, how to create the first order."""

from collections.abc import Mapping
from typing import Any

from babel.dates import format_date
from msgspec import Struct
from starlette.responses import Response

from crossdock.core.ids import created_us, to_base32
from crossdock.core.orders.status import Status
from crossdock.doors import Door
from crossdock.flows import overview, queries
from crossdock.flows.access import ADMIN, READ
from crossdock.flows.order_lists import Figure
from crossdock.flows.overview import Overview
from crossdock.web.console import charts, order_filters, sessions
from crossdock.web.console.page import Page, PageRequest
from crossdock.web.console.pages.orders import number_text

TOUR_COOKIE = "crossdock_tour"
_YEAR_S = 365 * 24 * 3600
# The tour is for who is new; with more orders than this nobody is.
_TOUR_UP_TO = 200
_DEMO_CREDENTIALS = "demo:demo-secret"


class Card(Struct, frozen=True):
    """A figure that links to what it counts. `kind` is good, warn or bad."""

    label: str
    text: str
    url: str
    kind: str
    hint: str = ""


async def show(request: PageRequest) -> Response:
    """Show the first page."""
    figures, first = await _overview(request)
    return request.render("today.html", section="today", **await _values(request, figures, first))


async def fragment(request: PageRequest) -> Response:
    """Answer the figures as HTML, for a page that stays open."""
    figures, first = await _overview(request)
    values = await _values(request, figures, first)
    template = "today_figures.html" if figures.orders else "today_empty.html"
    return request.answer_json({"html": request.fragment(template, **values), "orders": figures.orders})


async def _overview(request: PageRequest) -> tuple[Overview, Any]:
    now = order_filters.local_now(request)
    first = charts.first_hour(now)
    since = int(first.timestamp()) * 1_000_000
    return await overview.overview(request.context, request.caller, at=now, since=since), first


async def _values(request: PageRequest, figures: Overview, first: Any) -> dict[str, Any]:
    has_tour = request.http.cookies.get(TOUR_COOKIE) != "done" and figures.orders <= _TOUR_UP_TO
    newest = await overview.newest_order(request.context, request.caller) if has_tour and figures.orders else None
    now, site = order_filters.local_now(request), request.site
    return {
        "figures": figures,
        "date": format_date(now.date(), "full", locale=request.format.locale),
        "cards": _cards(request, figures),
        "chart": charts.hourly(figures.arrivals, first, doors=tuple(request.site.doors)),
        "sizes": charts,
        "statuses": _statuses(request, figures),
        "number_text": lambda figure: number_text(request, figure),
        "examples": examples(site.doors, site.base, is_demo=site.is_demo) if not figures.orders else [],
        "has_tour": has_tour,
        "newest": to_base32(newest) if newest is not None else None,
    }


def _cards(request: PageRequest, figures: Overview) -> list[Card]:
    t = request.t

    def card(label: str, figure: Figure, url: str, kind: str, hint: str = "") -> Card:
        return Card(label, number_text(request, figure), url, kind if figure.number else "", hint)

    dead, stuck = figures.dead, figures.stuck
    failed = Figure(dead.number + stuck.number, dead.is_more or stuck.is_more)
    on_hold = figures.by_status.get(str(Status.ON_HOLD), Figure(0))
    cards = [
        card(t("On hold"), on_hold, "/console/orders?status=on_hold", "warn"),
        card(t("Late"), figures.late, "/console/orders?late=yes", "bad", t("ship-by date has passed")),
        card(t("Rejected"), figures.rejected, "/console/rejected?period=24h", "bad", t("in the last 24 hours")),
        card(t("Totals do not add up"), figures.unbalanced, "/console/orders?balanced=no", "warn"),
        card(t("Waiting for stock"), figures.waiting, "/console/orders?waiting=yes&archived=all", "warn"),
        card(t("Low stock"), figures.low, "/console/stock?low=1", "warn", t("below the threshold")),
    ]
    if request.may(ADMIN):  # others may not open the page of webhooks
        undelivered = _undelivered(request, figures)
        cards.append(card(t("Webhooks not delivered"), failed, "/console/webhooks", "bad", undelivered))
    if figures.oldest is not None:
        age = request.format.ago(created_us(figures.oldest))
        cards.append(Card(t("Oldest order to ship"), age, f"/console/orders/{to_base32(figures.oldest)}", "words"))
    return cards


def _undelivered(request: PageRequest, figures: Overview) -> str:
    dead, stuck = number_text(request, figures.dead), number_text(request, figures.stuck)
    return request.t("{dead} given up, {stuck} late", dead=dead, stuck=stuck)


class StatusBar(Struct, frozen=True):
    """Orders of a status; `share` is the bar's length in percent of the longest one."""

    status: str
    text: str
    url: str
    share: float


def _statuses(request: PageRequest, figures: Overview) -> list[StatusBar]:
    most = max((each.number for each in figures.by_status.values()), default=0)
    bars = []
    for status in Status:
        figure = figures.by_status.get(str(status), Figure(0))
        if figure.number:
            url = f"/console/orders?status={status}"
            share = max(1.0, round(100 * figure.number / most, 1))
            bars.append(StatusBar(str(status), number_text(request, figure), url, share))
    return bars


def examples(doors: Mapping[str, Door], base: str, *, is_demo: bool) -> list[tuple[str, str, str]]:
    """Return name, title and a command that creates an order for each door; on other servers than the demo, the hub's."""
    found = []
    for door in sorted(doors.values(), key=lambda door: door.name != "hub"):
        if door.demo_curl is not None and (is_demo or door.name == "hub"):
            command = door.demo_curl(base)
            command = command if is_demo else command.replace(_DEMO_CREDENTIALS, "CLIENT_ID:CLIENT_SECRET")
            found.append((door.name, door.title, command))
    return found


async def first_order(request: PageRequest) -> Response:
    """Answer the first order, as soon as there is one."""
    newest = await overview.newest_order(request.context, request.caller)
    if newest is None:
        return request.answer_json({"url": None})
    order = await queries.order(request.context, request.caller, order_id=newest)
    text = request.t("Order {number} has arrived.", number=order.content.number)
    return request.answer_json({"url": f"/console/orders/{to_base32(newest)}", "text": text})


async def end_tour(request: PageRequest) -> Response:
    """Hide the tour, in this browser."""
    response = request.redirect("/")
    secure = sessions.is_secure(request.http, request.context)
    sessions.set_cookie(response, TOUR_COOKIE, "done", secure=secure, max_age_s=_YEAR_S)
    return response


PAGES = (
    Page("GET", "/", show, "showToday", section="today"),
    Page("GET", "/console", show, "showToday", section="today"),
    Page("GET", "/console/today.json", fragment, "refreshToday", READ, polled=True),
    Page("GET", "/console/first-order.json", first_order, "awaitFirstOrder", READ, polled=True),
    Page("POST", "/console/tour/end", end_tour, "endTour", READ),
)
