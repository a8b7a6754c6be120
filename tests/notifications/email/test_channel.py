"""Customers get one mail for an event, through a real SMTP server; without a server mails are stored."""

import asyncio
import time
from contextlib import asynccontextmanager
from decimal import Decimal
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import partial
from typing import Any

import pytest

from crossdock.core.errors import Busy, Code
from crossdock.core.ids import from_base32
from crossdock.core.orders.events import (
    Backordered,
    Delivered,
    OrderEvent,
    Refunded,
    Returned,
    ReturnRequested,
    Shipped,
)
from crossdock.core.orders.fulfillments import Package
from crossdock.core.orders.status import Counters
from crossdock.core.retry_policy import State, Verdict
from crossdock.core.subscription import MAIL_ENDPOINT
from crossdock.flows import emails, hold_expiry
from crossdock.flows.context import Context
from crossdock.notifications import worker
from crossdock.settings import load
from crossdock.store import deliveries
from crossdock.store.deliveries import Endpoint
from tests.notifications.email.mailserver import Counting, Inbox, serving
from tests.notifications.world import call_verb, create, deliveries_of, record_events, wait_until_ended, working
from tests.slowness import slowness
from tests.vendors import VENDORS
from tests.world import World

ADA: dict[str, Any] = {"customer": {"name": "Ada Lovelace", "email": "ada@example.com"}}
C = Counters


# The events of an order of two units, in the order of their mails.
STEPS: tuple[tuple[str, OrderEvent], ...] = (
    ("delay", Backordered(lines=((0, 2),), counters=(C(2, backordered=2),), expected_at="2026-12-24")),
    (
        "shipped",
        Shipped(
            lines=((0, 2),),
            counters=(C(2, shipped=2),),
            packages=(Package(lines=((0, 2),), carrier="UPS", number="1Z999", url="https://ups.example/1Z999"),),
        ),
    ),
    ("delivered", Delivered(lines=((0, 2),), counters=(C(2, shipped=2, delivered=2),), tracking_number="1Z999")),
    (
        "return_requested",
        ReturnRequested(lines=((0, 1),), counters=(C(2, shipped=2, delivered=2, return_requested=1),), return_id=5),
    ),
    ("returned", Returned(lines=((0, 1),), counters=(C(2, 0, 0, 0, 2, 2, 1, 1),), return_id=5)),
    ("refunded", Refunded(amount=Decimal("10.50"), currency="USD")),
)


@asynccontextmanager
async def sending_through(context: Context, inbox: Inbox) -> Any:
    """Run a worker that sends mails through a real server while the block lasts."""
    async with serving(partial(Counting, inbox, hostname="mail.test")) as port:
        settings = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none", "mail_sender": "shop@example.com"}
        context.settings = load({}, database=context.settings.database, worker_interval_s=0.05, **settings)
        async with working(context):
            yield


async def hub(world: World, path: str, **body: Any) -> Any:
    """Call the hub, and return its answer."""
    answer = await world.http.post(f"/hub/v1{path}", json=body, headers=await world.bearer())
    assert answer.status_code < 300, answer.text
    return answer.json()


async def pickup(world: World, number: str) -> str:
    """Create an order that the customer picks up at W1; return the id of its fulfillment."""
    order_id = await create(world, number, **ADA)
    answer = await hub(world, "/fulfillments", order_id=order_id, location="W1", kind="pickup")
    return str(answer["fulfillment"]["id"])


async def mail_endpoint(world: World) -> Endpoint:
    organization = await world.demo_organization()
    async with world.context.store.reading() as tx:
        found = await deliveries.get_endpoint(tx, organization.organization_id, endpoint_id=MAIL_ENDPOINT)
    assert found is not None
    return found


def read(raw: bytes) -> EmailMessage:
    found = message_from_bytes(raw, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def plain(raw: bytes) -> str:
    """Return the text of a mail."""
    body = read(raw).get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


class TestSending:
    @pytest.mark.parametrize("door", VENDORS)
    async def test_an_order_of_any_door_is_confirmed_once_even_if_it_is_replayed(self, world: World, door: str) -> None:
        vendor, inbox = VENDORS[door], Inbox()
        headers = await world.bearer() | vendor.headers("mail-1")
        async with sending_through(world.context, inbox):
            for _ in range(3):
                answer = await world.http.post(vendor.create, json=vendor.body("M-1"), headers=headers)
                assert answer.status_code == vendor.ok
            (only,) = await wait_until_ended(world, await mail_endpoint(world), 1)
        assert (only.topic, only.state) == ("mail.confirmation", State.DELIVERED)
        has_address = only.status is not None
        assert len(inbox.mails) == has_address
        if has_address:
            assert "M-1" in str(read(inbox.mails[0][2])["Subject"])

    async def test_every_step_of_an_order_makes_its_mail(self, world: World) -> None:
        inbox = Inbox()
        async with sending_through(world.context, inbox):
            order_id = await create(world, "A-1", **ADA, currency="USD")
            await call_verb(world, order_id, "hold", holds=[{"reason": "address"}, {"reason": "stock"}])
            await call_verb(world, order_id, "release")
            await call_verb(
                world, order_id, "hold", holds=[{"reason": "stock"}]
            )  # not a reason that needs the customer
            await call_verb(world, order_id, "release")
            for _, order_event in STEPS:
                await record_events(world, from_base32(order_id) or 0, order_event)
            found = await wait_until_ended(world, await mail_endpoint(world), 2 + len(STEPS))
        kinds = ["confirmation", "hold", *(kind for kind, _ in STEPS)]
        assert [each.topic for each in found] == [f"mail.{kind}" for kind in kinds]
        assert len(inbox.mails) == len(kinds)
        assert {tuple(to) for _, to, _ in inbox.mails} == {("ada@example.com",)}
        assert len({read(raw)["Message-ID"] for _, _, raw in inbox.mails}) == len(kinds)
        shipped = read(inbox.mails[kinds.index("shipped")][2])
        assert "1Z999" in shipped.get_body(("plain",)).get_content()

    async def test_each_event_of_a_pickup_makes_one_mail(self, world: World) -> None:
        inbox = Inbox()
        async with sending_through(world.context, inbox):
            await hub(world, "/locations", code="W1", name="Pier shop", address={"city": "Halifax", "country": "CA"})
            first = await pickup(world, "A-1")
            await hub(world, f"/fulfillments/{first}/ready", pickup_by="2099-01-31T18:00:00Z")
            await hub(world, f"/fulfillments/{first}/ready")
            await hub(world, f"/fulfillments/{first}/ship")
            late = await pickup(world, "A-2")
            await hub(world, f"/fulfillments/{late}/ready", pickup_by="2020-01-31T18:00:00Z")
            assert await hold_expiry.release_due(world.context) == 1
            found = await wait_until_ended(world, await mail_endpoint(world), 7)
        ready, expired = "mail.ready_for_pickup", "mail.pickup_expired"
        expected = ["mail.confirmation", ready, "mail.pickup_reminder", "mail.delivered"]
        assert [each.topic for each in found] == [*expected, "mail.confirmation", ready, expired]
        mails = {str(read(raw)["Subject"]): plain(raw) for _, _, raw in inbox.mails}
        assert len(mails) == len(inbox.mails) == 7
        text = mails["Your order A-1 is ready for pickup"]
        assert "Pickup location\n  Pier shop\n  Halifax\n  Canada\n" in text
        assert "Please pick them up by January 31, 2099, 6:00\u202fPM." in text
        assert "- 2 \u00d7 A\n" in mails["The pickup of your order A-2 has expired"]
        assert "handed over to you" in mails["You have picked up your order A-1"]

    async def test_an_exchange_and_an_appeasement_make_one_mail_each(self, world: World) -> None:
        inbox = Inbox()
        async with sending_through(world.context, inbox):
            order_id = await create(world, "A-1", **ADA, currency="USD", totals={"total": "20.00"})
            await hub(world, f"/orders/{order_id}/ship", carrier="UPS")
            await hub(world, f"/orders/{order_id}/returns", lines=[{"line": 0, "quantity": 1}], exchange=True)
            await hub(world, f"/orders/{order_id}/refund", amount="2.00", kind="appeasement", reason="a secret")
            found = await wait_until_ended(world, await mail_endpoint(world), 4)
        kinds = ["confirmation", "shipped", "exchange", "appeasement"]
        assert [each.topic for each in found] == [f"mail.{kind}" for kind in kinds]
        texts = [plain(raw) for _, _, raw in inbox.mails]
        assert len(texts) == 4
        assert "as soon as your replacement ships" in texts[2]
        assert "we have refunded $2.00." in texts[3]
        assert "secret" not in texts[3]

    async def test_a_busy_server_is_retried_and_an_unknown_recipient_is_not(self, world: World, hurried: None) -> None:
        inbox = Inbox()
        inbox.answers["RCPT"] = ["451 later", "450 later"]
        async with sending_through(world.context, inbox):
            await create(world, "A-1", **ADA)
            (busy,) = await wait_until_ended(world, await mail_endpoint(world), 1)
            inbox.answers["RCPT"] = ["550 no such user"]
            await create(world, "A-2", **ADA)
            _, lost = await wait_until_ended(world, await mail_endpoint(world), 2)
        assert ([each.status for each in busy.attempted][:2], busy.state) == ([451, 450], State.DELIVERED)
        assert (len(lost.attempted), lost.status, lost.state) == (1, 550, State.DEAD)
        assert len(inbox.mails) == 1

    async def test_no_mail_is_sent_where_an_order_or_the_settings_switch_it_off(self, world: World) -> None:
        inbox = Inbox()
        async with sending_through(world.context, inbox):
            order_id = await create(world, "A-1", **ADA, notify=False)
            await wait_until_ended(world, await mail_endpoint(world), 1)
            await world.http.put(
                "/hub/v1/mail-settings",
                json={"sender": "us@shop.example.com", "brand": "Harbour", "kinds_off": ["canceled"]},
                headers=await world.bearer(),
            )
            await create(world, "A-2", **ADA)
            await wait_until_ended(world, await mail_endpoint(world), 2)
            await call_verb(world, order_id, "cancel")
            order_id = await create(world, "A-3", **ADA)
            await wait_until_ended(world, await mail_endpoint(world), 3)
        assert [(sender, read(raw)["From"]) for sender, _, raw in inbox.mails] == [
            ("us@shop.example.com", "Harbour <us@shop.example.com>")
        ] * 2

    async def test_all_mails_of_an_order_are_in_the_language_its_document_names(self, world: World) -> None:
        """Before an edit the document is the submission, after it the unmapped fields."""
        inbox = Inbox()
        async with sending_through(world.context, inbox):
            order_id = await create(world, "A-1", **ADA, locale="fr-CA")
            await call_verb(world, order_id, "hold", holds=[{"reason": "address"}])
            await call_verb(world, order_id, "edit", notes="x")
            await call_verb(world, order_id, "cancel")
            await wait_until_ended(world, await mail_endpoint(world), 3)
        assert [read(raw)["Content-Language"] for _, _, raw in inbox.mails] == ["fr", "fr", "fr"]

    async def test_a_hold_code_of_a_vendor_that_needs_the_customer_makes_a_mail(self, world: World) -> None:
        inbox = Inbox()
        async with sending_through(world.context, inbox):
            order_id = await create(world, "A-1", **ADA)
            await call_verb(world, order_id, "hold", holds=[{"reason": "ORDER_HOLD_FRAUD"}])
            await call_verb(world, order_id, "hold", holds=[{"reason": "ORDER_HOLD_CSR"}])
            found = await wait_until_ended(world, await mail_endpoint(world), 2)
        assert [each.topic for each in found] == ["mail.confirmation", "mail.hold"]

    async def test_invalid_mail_settings_are_refused_with_their_faults(self, world: World) -> None:
        body = {"sender": "nobody", "locale": "de", "kinds_off": ["spam"], "more": 1}
        answer = await world.http.put("/hub/v1/mail-settings", json=body, headers=await world.bearer())
        assert answer.status_code == 422
        assert {each["pointer"] for each in answer.json()["errors"]} >= {"/sender", "/locale"}
        good = {"sender": "us@shop.example.com"}
        first = await world.http.put("/hub/v1/mail-settings", json=good, headers=await world.bearer())
        stale = await world.bearer() | {"If-Match": '"1"'}
        assert (await world.http.put("/hub/v1/mail-settings", json=good, headers=stale)).status_code == 412
        displayed = await world.http.get("/hub/v1/mail-settings", headers=await world.bearer())
        assert (displayed.json(), displayed.headers["etag"]) == (good, first.headers["etag"])

    async def test_nothing_is_sent_while_no_sender_is_set(self, world: World) -> None:
        inbox = Inbox()
        async with serving(partial(Counting, inbox, hostname="mail.test")) as port:
            settings = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none"}
            world.context.settings = load(
                {}, database=world.context.settings.database, worker_interval_s=0.05, **settings
            )
            async with working(world.context):
                await create(world, "A-1", **ADA)
                async with asyncio.timeout(20):
                    while (await mail_endpoint(world)).position < 1:  # noqa: ASYNC110 - it happens in a database
                        await asyncio.sleep(0.02)
        assert await deliveries_of(world, await mail_endpoint(world)) == []
        assert inbox.mails == []


class TestStoring:
    @pytest.mark.parametrize("context", [{"mails_kept": 3, "worker_interval_s": 0.05}], indirect=True)
    async def test_without_a_server_mails_are_stored_and_the_oldest_are_deleted(self, world: World) -> None:
        async with working(world.context):
            for number in range(5):
                await create(world, f"A-{number}", **ADA)
            await wait_until_ended(world, await mail_endpoint(world), 5)
        headers = await world.bearer()
        listed = (await world.http.get("/hub/v1/mails?limit=2", headers=headers)).json()
        assert [each["kind"] for each in listed["items"]] == ["confirmation"] * 2
        assert "A-4" in listed["items"][0]["subject"]
        rest = (await world.http.get(f"/hub/v1/mails?limit=2&cursor={listed['next']}", headers=headers)).json()
        assert (len(rest["items"]), rest["next"]) == (1, None)
        answer = await world.http.get(f"/hub/v1/mails/{listed['items'][0]['id']}", headers=headers)
        assert answer.headers["content-type"] == "message/rfc822"
        assert read(answer.content)["To"] == "Ada Lovelace <ada@example.com>"

    @pytest.mark.parametrize("context", [{"worker_interval_s": 0.05}], indirect=True)
    async def test_a_mail_that_meets_an_unavailable_database_is_stored_later_and_no_attempt_fails(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real, calls = emails.store, 0

        async def store(*given: Any) -> None:
            nonlocal calls
            calls += 1
            if calls < 4:
                raise Busy(Code.UNAVAILABLE, "the database cannot take this now")
            await real(*given)

        monkeypatch.setattr(emails, "store", store)
        monkeypatch.setattr(worker, "_DATABASE_RETRY_S", 0.01)
        async with working(world.context):
            await create(world, "A-1", **ADA)
            (found,) = await wait_until_ended(world, await mail_endpoint(world), 1)
        assert ([each.verdict for each in found.attempted], calls) == ([Verdict.DELIVERED], 4)


class TestLargeOrders:
    @pytest.mark.parametrize("context", [{"worker_interval_s": 0.05}], indirect=True)
    async def test_a_costly_template_and_a_large_order_do_not_stop_the_server(self, world: World) -> None:
        """The template prints each pair of lines, and is accepted for the two lines of the sample."""
        source = "{% for a in items %}{% for b in items %}{{ a.title }}{{ b.title }}{% endfor %}{% endfor %}"
        answer = await world.http.put(
            "/hub/v1/mail-settings",
            json={"sender": "us@shop.example.com", "templates": {"confirmation": {"en": {"html": source}}}},
            headers=await world.bearer(),
        )
        assert answer.status_code == 200
        lines = [{"sku": f"S-{place}", "quantity": 2, "description": "x" * 90} for place in range(5_000)]
        await create(world, "LARGE-1", **ADA, lines=lines)
        longest = 0.0
        async with working(world.context):
            waiting = asyncio.create_task(wait_until_ended(world, await mail_endpoint(world), 1))
            while not waiting.done():
                before, spent = time.monotonic(), time.process_time()
                await asyncio.sleep(0.001)
                longest = max(longest, min(time.monotonic() - before, time.process_time() - spent))
        ((found,),) = [await waiting]
        assert (found.state, found.attempts) == (State.DELIVERED, 1)
        assert longest < 0.5 * slowness()
        (mail,) = (await world.http.get("/hub/v1/mails", headers=await world.bearer())).json()["items"]
        raw = (await world.http.get(f"/hub/v1/mails/{mail['id']}", headers=await world.bearer())).content
        assert len(raw) < 500_000
