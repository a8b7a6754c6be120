"""The first page: its figures and where they lead, the chart, and what an empty organization is offered."""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from crossdock.doors import all_doors
from crossdock.flows import tenants
from crossdock.flows.callers import ROLES
from crossdock.flows.overview import Arrivals
from crossdock.web.console import charts
from crossdock.web.console.pages.today import examples
from tests.web.console.conftest import Book, ConsoleClient, needs_browser, opened_page
from tests.web.console.test_security import session_of
from tests.world import World

if TYPE_CHECKING:
    from playwright.async_api import Browser


class TestFigures:
    def test_each_figure_links_to_the_list_that_it_counts(self, console: ConsoleClient) -> None:
        page = console.get("/")
        found = dict(re.findall(r'class="figure[^"]*" href="([^"]+)".*?<b>([^<]+)</b>', page))
        lists = [url.replace("&amp;", "&") for url in found if url.startswith("/console/orders?")]
        assert {url.split("?")[1] for url in lists} == {
            "status=on_hold", "late=yes", "balanced=no", "waiting=yes&archived=all",
        }  # fmt: skip
        for url in lists:
            rows = console.get(url).count('<tr class="row"')
            assert rows == min(50, int(found[url.replace("&", "&amp;")])), url
        assert int(found["/console/rejected?period=24h"]) >= 3

    def test_the_reasons_of_holds_and_the_skus_that_are_out_of_stock_lead_to_their_orders(
        self, console: ConsoleClient
    ) -> None:
        page = console.get("/")
        for query, number in (("status=on_hold&amp;hold=fraud+review", "WEB-2003"),
                              ("waiting=yes&amp;sku=CHAIR-OAK&amp;archived=all", "WEB-2002")):  # fmt: skip
            assert f"/console/orders?{query}" in page
            assert f"<b>{number}</b>" in console.get(f"/console/orders?{query.replace('&amp;', '&')}")

    def test_a_bar_of_the_chart_leads_to_the_orders_of_its_hour(self, console: ConsoleClient) -> None:
        page = console.get("/")
        table = page.split('class="hours"')[1].split("</table>")[0]
        links = re.findall(r'href="([^"]+)"', table)
        assert links
        assert all(page.count(f'href="{link}"') == 2 for link in links), "in the chart and in the table"
        assert '<tr class="row"' in console.get(links[-1].replace("&amp;", "&"))

    def test_figures_lead_to_what_they_count_and_to_no_page_that_a_person_may_not_open(
        self, console: ConsoleClient, viewer: ConsoleClient
    ) -> None:
        page = console.get("/")
        assert 'href="/console/stock?low=1"' in page
        assert 'href="/console/rejected?period=24h"' in page
        for href in re.findall(r'<a class="figure[^"]*" href="([^"]+)"', viewer.get("/")):
            viewer.get(href.replace("&amp;", "&"))

    def test_the_figures_are_refreshed_by_a_script(self, console: ConsoleClient) -> None:
        answer = console.http.get("/console/today.json", headers={"Accept": "application/json"}).json()
        assert answer["orders"] > 20
        assert "/console/orders?status=on_hold" in answer["html"]

    def test_the_tour_can_be_hidden(self, book: Book) -> None:
        client = book.signed_in()
        assert 'id="tour-title"' in client.get("/")
        assert 'id="tour-title"' not in client.post("/console/tour/end", {})


class TestAnEmptyOrganization:
    @pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
    async def test_it_is_offered_the_first_order_and_shows_it_when_it_arrives(self, world: World) -> None:
        organization = await world.demo_organization()
        await tenants.add_person(
            world.context, organization.organization_id, email="new@example.com", name="New", password="long enough",
            scopes=" ".join(ROLES["viewer"]),
        )  # fmt: skip
        world.http.cookies.update(await session_of(world, "new@example.com"))
        page = (await world.http.get("/")).text
        assert "-u CLIENT_ID:CLIENT_SECRET http" in page
        assert "/console/stock?low=1" not in page
        assert (await world.http.get("/console/first-order.json")).json() == {"url": None}
        body = {"number": "FIRST-1", "lines": [{"sku": "A", "quantity": 1}]}
        made = await world.http.post("/hub/v1/orders", json=body, headers=await world.bearer())
        answer = (await world.http.get("/console/first-order.json")).json()
        assert answer == {"url": f"/console/orders/{made.json()['id']}", "text": "Order FIRST-1 has arrived."}
        assert "/console/stock?low=1" in (await world.http.get("/")).text

    def test_the_demo_has_a_command_for_each_api_and_other_servers_one_for_the_hub(self) -> None:
        doors = {door.name: door for door in all_doors()}
        base = "https://hub.example.com"
        found = examples(doors, base, is_demo=True)
        assert [name for name, _, _ in found] == ["hub", "pb_oms", "pb_fulfillment", "fabric", "s2"]
        assert all(base in command for _, _, command in found)
        ((name, _, command),) = examples(doors, base, is_demo=False)
        assert (name, "demo" in command) == ("hub", False)

    @needs_browser
    async def test_the_chart_table_opens_and_copying_needs_no_reload(self, browser: "Browser", book: Book) -> None:
        async with opened_page(browser, book) as page:
            await page.goto("/")
            await page.click("details.more summary")
            assert await page.locator("table.hours").is_visible()


class TestChart:
    def test_bars_are_hours_of_the_readers_zone_and_stack_by_door(self) -> None:
        zone = ZoneInfo("Asia/Kolkata")  # half an hour away from whole hours in UTC
        now = datetime(2026, 11, 28, 10, 20, tzinfo=zone)
        first = charts.first_hour(now)
        assert (first.hour, first.minute) == (11, 0)
        quarter = int(datetime(2026, 11, 28, 4, 30, tzinfo=UTC).timestamp()) * 1_000_000  # 10:00 in Kolkata
        arrivals = [
            Arrivals("s2", {quarter: 3}, False),
            Arrivals("hub", {quarter: 1, 0: 5}, False),
            Arrivals("x", {}, False),
        ]
        chart = charts.hourly(arrivals, first, doors=("hub", "s2"))
        assert chart.doors == (("hub", 1), ("s2", 2))
        assert [bar.total for bar in chart.bars] == [0] * 23 + [4]
        below, above = chart.bars[-1].segments
        assert (below.number, above.number) == (1, 3)
        assert above.y + above.height == pytest.approx(below.y, abs=0.2)
        assert [value for value, _ in chart.grid] == [0, 2, 4]
