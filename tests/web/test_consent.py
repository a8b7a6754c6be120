"""The consent page behind the link in a mail about a delay: shown to whoever has the link, answered once."""

import re

import pytest

from crossdock.core.orders.events import Backordered
from crossdock.core.orders.status import Counters
from crossdock.flows import queries
from crossdock.notifications.email import channel, consent_link
from crossdock.notifications.email.consent_link import Consent
from tests.notifications.world import call_verb, caller_of, create, record_events
from tests.world import World

DELAY = Backordered(lines=((0, 2),), counters=(Counters(2, backordered=2),), consent_by="2999-01-01")


async def link(world: World, *, locale: str = "en", **changed: int) -> str:
    """Return the path of the page for a delayed order."""
    await create(world, "A-1", customer={"email": "ada@example.com"}, locale=locale)
    caller = await caller_of(world)

    found = (await queries.page(world.context, caller, queries.Filters(), limit=1)).orders[0]
    await record_events(world, found.order_id, DELAY)
    claims = {"organization_id": caller.organization_id, "order_id": found.order_id, "number": 2}
    expires_at = world.context.clock() + 60_000_000
    token = consent_link.make_token(
        channel.consent_key(world.context), Consent(**{**claims, "expires_at": expires_at, **changed})
    )
    return f"/consent/{token}"


async def shown(world: World) -> dict[str, object]:
    answer = await world.http.get("/hub/v1/orders", headers=await world.bearer())
    return answer.json()["items"][0]


class TestConsentPage:
    async def test_the_page_shows_the_question_and_loads_nothing(self, world: World) -> None:
        answer = await world.http.get(await link(world))
        assert answer.status_code == 200
        assert 'method="post"' in answer.text
        assert "A-1" in answer.text
        assert not re.search(r"""(src|href)=["']?(https?:)?//""", answer.text)
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["referrer-policy"] == "no-referrer"

    async def test_the_page_is_in_the_language_the_senders_document_names(self, world: World) -> None:
        answer = await world.http.get(await link(world, locale="fr-CA"))
        assert 'lang="fr"' in answer.text

    async def test_the_customer_can_accept_the_delay(self, world: World) -> None:
        path = await link(world)
        answer = await world.http.post(path, data={"answer": "accept"})
        assert (answer.status_code, "<form" in answer.text) == (200, False)
        found = await shown(world)
        assert (found["status"], found["version"]) == ("open", 3)
        again = await world.http.post(path, data={"answer": "cancel"})  # the first answer stands
        assert again.text == answer.text == (await world.http.get(path)).text
        assert (await shown(world))["version"] == 3

    async def test_the_customer_can_cancel_the_delayed_lines_in_one_change(self, world: World) -> None:
        path = await link(world)
        answer = await world.http.post(path, data={"answer": "cancel"})
        assert answer.status_code == 200
        found = await shown(world)
        assert (found["status"], found["version"]) == ("canceled", 3)

    async def test_the_delayed_line_is_canceled_at_its_position_after_an_edit(self, world: World) -> None:
        """The delayed line was the first of one; an edit puts two others before it."""
        path = await link(world)
        found = await shown(world)
        (delayed,) = found["lines"]  # type: ignore[misc]
        others = [{"sku": f"OTHER-{number}", "quantity": 5} for number in range(2)]
        same = {name: value for name, value in delayed.items() if name != "counters"}
        answer = await world.http.post(
            f"/hub/v1/orders/{found['id']}/edit", json={"lines": [*others, same]}, headers=await world.bearer()
        )
        assert answer.status_code == 200, answer.text
        await world.http.post(path, data={"answer": "cancel"})
        lines = (await shown(world))["lines"]
        assert [each["counters"]["canceled"] for each in lines] == [0, 0, delayed["quantity"]]  # type: ignore[attr-defined]

    async def test_opening_the_page_or_an_invalid_answer_changes_nothing(self, world: World) -> None:
        path = await link(world)
        await world.http.get(path)
        for body in (b"", b"answer=maybe", b"answer=accept" + b"&x=1" * 1_000):
            answer = await world.http.post(path, content=body)
            assert 'method="post"' in answer.text
        assert (await shown(world))["version"] == 2

    @pytest.mark.parametrize("changed", [{"number": 1}, {"number": 9}, {"order_id": 5}, {"organization_id": 5}])
    async def test_a_link_to_an_event_that_asks_nothing_is_gone(self, world: World, changed: dict[str, int]) -> None:
        answer = await world.http.get(await link(world, **changed))
        assert (answer.status_code, "A-1" in answer.text) == (409, False)

    async def test_an_expired_or_forged_link_is_gone(self, world: World) -> None:
        over = await link(world, expires_at=5)
        for path in (over, over[:-3] + "AAA", "/consent/x", "/consent/%00"):
            answer = await world.http.get(path)
            assert (answer.status_code, "A-1" in answer.text) == (404, False)

    async def test_a_link_is_gone_if_the_order_cannot_be_canceled_any_more(self, world: World) -> None:
        path = await link(world)
        order_id = str((await shown(world))["id"])
        await call_verb(world, order_id, "cancel")
        answer = await world.http.post(path, data={"answer": "cancel"})
        assert (answer.status_code, (await shown(world))["version"]) == (409, 3)
