"""The mail of a delivery: its stored copy, else composed again from the event."""

from crossdock.core.ids import from_base32
from crossdock.core.retry_policy import State
from crossdock.core.subscription import MAIL_ENDPOINT
from crossdock.flows import emails, queries
from crossdock.flows.access import READ, Caller
from crossdock.notifications.email.sent_mail import SentMail, sent_mail
from crossdock.store.deliveries import Delivery
from crossdock.store.emails import StoredMail
from tests.vendors import VENDORS
from tests.world import World

STORED = b"""From: shop@example.com\r
To: =?utf-8?q?Am=C3=A9lie?= <a@example.com>\r
Subject: Stored\r
Content-Type: multipart/alternative; boundary=b\r
\r
--b\r
Content-Type: text/plain; charset=utf-8\r
\r
plain\r
--b\r
Content-Type: text/html; charset=utf-8\r
\r
<p>rich</p>\r
--b--\r
"""


async def test_a_mail_is_the_stored_copy_or_composed_again(world: World) -> None:
    headers = await world.bearer()
    body = VENDORS["hub"].body("A-1") | {"customer": {"name": "Amélie", "email": "a@example.com"}}
    answer = await world.http.post("/hub/v1/orders", json=body, headers=headers)
    order_id = from_base32(answer.json()["id"])
    assert order_id is not None
    caller = Caller(await world.demo_organization(), "demo", frozenset({READ}))
    event = (await queries.history(world.context, caller, order_id=order_id))[0]
    endpoint, _ = await emails.settings(world.context, caller)
    delivery = Delivery(
        event.organization_id, MAIL_ENDPOINT, 5, order_id, 1, event.event_id, "mail.confirmation", State.DELIVERED, 1, None,
        None, 5,
    )  # fmt: skip
    composed = await sent_mail(world.context, caller, endpoint, delivery)
    assert isinstance(composed, SentMail)
    assert (composed.recipient, composed.is_stored) == ("Amélie <a@example.com>", False)
    assert "A-1" in composed.subject
    assert "A-1" in composed.text
    assert composed.html.startswith("<!DOCTYPE html>")
    kept = StoredMail(event.organization_id, event.event_id, order_id, "confirmation", "a@example.com", "x", 5, STORED)
    await emails.store(world.context, [kept])
    stored = await sent_mail(world.context, caller, endpoint, delivery)
    assert isinstance(stored, SentMail)
    assert (stored.subject, stored.recipient, stored.is_stored) == ("Stored", "Amélie <a@example.com>", True)
    assert (stored.text.strip(), stored.html.strip()) == ("plain", "<p>rich</p>")


async def test_an_order_that_cannot_be_read_says_so(world: World) -> None:
    caller = Caller(await world.demo_organization(), "demo", frozenset({READ}))
    endpoint, _ = await emails.settings(world.context, caller)
    delivery = Delivery(
        caller.organization_id, MAIL_ENDPOINT, 5, 6, 1, 7, "mail.confirmation", State.DEAD, 1, None, None, 5
    )
    assert "could not be made" in str(await sent_mail(world.context, caller, endpoint, delivery))
