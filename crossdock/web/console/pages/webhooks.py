"""Webhooks: the receivers of events, how they do, what they were sent, and sending it again."""

from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct
from starlette.responses import Response

from crossdock import __version__
from crossdock.core.errors import Code, NotFound
from crossdock.core.ids import MAX_ID, from_base32, to_base32
from crossdock.core.json.source_text import indented
from crossdock.core.retry_policy import OPEN, Attempt, State
from crossdock.core.subscription import Subscription, message_id
from crossdock.flows import endpoints, queries
from crossdock.flows.access import ADMIN
from crossdock.flows.endpoints import Activity, Delivery, Endpoint
from crossdock.notifications.webhook.channel import RequestRenderer
from crossdock.web.console.page import Notice, Page, PageRequest
from crossdock.web.console.pages import webhook_form

_PAGE = 50
_NO_ACTIVITY = Activity(0, 0, 0, 0, 0, 0, None)
# Characters of a body that a page shows; orders of a thousand lines are longer.
_MAX_BODY = 200_000


# ------------------------------------------------------------------------------------------------------------ endpoints
class EndpointView(Struct, frozen=True):
    """A webhook as pages show it. `health` is healthy, new, failing, paused or disabled."""

    endpoint: Endpoint
    subscription: Subscription
    activity: Activity
    health: str

    @property
    def path(self) -> str:
        """The path of its page."""
        return f"/console/webhooks/{to_base32(self.endpoint.endpoint_id)}"

    @property
    def title(self) -> str:
        """Its name, or the host that it calls."""
        return self.subscription.name or urlsplit(self.subscription.url).netloc or self.subscription.url

    @property
    def backlog(self) -> int:
        """How many events and deliveries it has not had yet; an event may concern it or not."""
        return self.activity.open + (self.activity.behind if self.endpoint.state == "enabled" else 0)


def view_of(request: PageRequest, endpoint: Endpoint, activity: dict[int, Activity]) -> EndpointView:
    """Return an endpoint with its activity and health."""
    of_it = activity.get(endpoint.endpoint_id, _NO_ACTIVITY)
    if endpoint.state != "enabled":
        health = "disabled"
    elif endpoint.health.is_backing_off(request.context.clock()):
        health = "paused"
    elif endpoint.health.failures:
        health = "failing"
    else:
        health = "healthy" if of_it.recent else "new"
    return EndpointView(endpoint, endpoints.subscription_of(request.context, endpoint), of_it, health)


async def show_list(request: PageRequest) -> Response:
    """List the webhooks with their health."""
    found = await endpoints.all_of(request.context, request.caller)
    activity = await endpoints.activity(request.context, request.caller)
    views = [view_of(request, each, activity) for each in found]
    return request.render("webhooks.html", section="webhooks", views=views)


def _id(request: PageRequest, name: str = "id") -> int:
    found = from_base32(request.params[name])
    if found is None:
        raise NotFound(Code.NOT_FOUND, "there is no such endpoint")
    return found


async def _view(request: PageRequest) -> EndpointView:
    endpoint = await endpoints.webhook(request.context, request.caller, endpoint_id=_id(request))
    return view_of(request, endpoint, await endpoints.activity(request.context, request.caller))


async def show(request: PageRequest) -> Response:
    """Show one webhook and the deliveries to it, newest first; those that are open with the next one first."""
    view = await _view(request)
    state = request.query.get("state", "")
    order_id = from_base32(request.query.get("order", ""))
    some, more = await _deliveries(request, view.endpoint.endpoint_id, state, order_id)
    return request.render(
        "webhook.html",
        section="webhooks",
        view=view,
        state=state,
        order=request.query.get("order", ""),
        deliveries=some,
        orders=await order_numbers(request, some),
        more=more,
        secrets=_secrets(request, view.subscription),
    )


async def _deliveries(
    request: PageRequest, endpoint_id: int, state: str, order_id: int | None
) -> tuple[list[Delivery], str | None]:
    """Return a page of deliveries, and where the next one begins."""
    key: dict[str, Any] = {"endpoint_id": endpoint_id}
    if order_id is not None:
        return await endpoints.of_orders(
            request.context, request.caller, **key, order_ids=[order_id], limit=2 * _PAGE
        ), None
    if state == "open":
        return await endpoints.pending(request.context, request.caller, **key, limit=_PAGE), None
    wanted = {"failed": State.DEAD, "delivered": State.DELIVERED}.get(state)
    before = from_base32(request.query.get("before", "")) or MAX_ID
    found = await endpoints.page(request.context, request.caller, **key, state=wanted, before=before, limit=_PAGE + 1)
    return found[:_PAGE], to_base32(found[_PAGE - 1].delivery_id) if len(found) > _PAGE else None


async def order_numbers(request: PageRequest, some: list[Delivery]) -> dict[int, str]:
    """Return the numbers of the orders that deliveries are about, by order id."""
    ids = sorted({each.order_id for each in some if each.order_id is not None})
    return {each.order_id: each.content.number for each in await queries.by_ids(request.context, request.caller, ids)}


def _secrets(request: PageRequest, subscription: Subscription) -> list[tuple[str, str | None, int | None]]:
    """Return of each secret in force how it begins, its public key, and until when it is in force."""
    now = request.context.clock()
    public_key = request.context.rules.public_key
    return [
        (each.value.partition("_")[0], public_key(each.value), each.until)
        for each in subscription.secrets
        if each.until is None or each.until > now
    ]


# -------------------------------------------------------------------------------------------------------------- actions
async def test(request: PageRequest) -> Response:
    """Send a test event, and show its delivery."""
    sent = await endpoints.test(request.context, request.caller, endpoint_id=_id(request))
    path = f"/console/webhooks/{request.params['id']}/deliveries/{to_base32(sent.delivery_id)}"
    return request.redirect(path, request.t("A test event is on its way."))


async def enable(request: PageRequest) -> Response:
    """Enable a webhook: deliveries continue where they stopped."""
    await endpoints.change(request.context, request.caller, endpoint_id=_id(request), enabled=True)
    path = f"/console/webhooks/{request.params['id']}"
    text = request.t("The webhook is enabled. It gets everything that has happened meanwhile.")
    return request.redirect(path, Notice(text, undo_url=f"{path}/disable"))


async def disable(request: PageRequest) -> Response:
    """Disable a webhook: nothing is sent until it is enabled again."""
    await endpoints.change(request.context, request.caller, endpoint_id=_id(request), enabled=False)
    path = f"/console/webhooks/{request.params['id']}"
    text = request.t("The webhook is disabled. Events wait until it is enabled again.")
    return request.redirect(path, Notice(text, undo_url=f"{path}/enable"))


async def delete(request: PageRequest) -> Response:
    """Delete a webhook."""
    await endpoints.remove(request.context, request.caller, endpoint_id=_id(request))
    return request.redirect("/console/webhooks", request.t("The webhook is deleted."))


async def rotate(request: PageRequest) -> Response:
    """Set a new secret and show it once; the old one stays in force for a while."""
    kind = "ed25519" if request.form.get("secret_kind") == "ed25519" else "hmac"
    changed = await endpoints.rotate(request.context, request.caller, endpoint_id=_id(request), secret_kind=kind)  # type: ignore[arg-type]
    return webhook_form.to_secret(request, changed, is_new=False)


# ----------------------------------------------------------------------------------------------------------- deliveries
class _Sent(Struct, frozen=True):
    """A request as it would be sent now."""

    method: str
    url: str
    headers: list[tuple[str, str]]
    body: str
    is_cut: bool


async def show_delivery(request: PageRequest) -> Response:
    """Show one delivery: its attempts with the receiver's answers, and the request."""
    view = await _view(request)
    delivery = await _delivery(request)
    sent = await _render(request, view, delivery)
    return request.render(
        "webhook_delivery.html",
        section="webhooks",
        view=view,
        delivery=delivery,
        orders=await order_numbers(request, [delivery]),
        message=message_id(delivery.event_id, delivery.topic),
        sent=sent,
        attempts=list(enumerate(delivery.attempted, 1))[::-1],
        is_open=delivery.state in OPEN,
        next_at=delivery.next_at if (delivery.next_at or 0) > request.context.clock() else None,
    )


async def _delivery(request: PageRequest) -> Delivery:
    return await endpoints.delivery(
        request.context, request.caller, endpoint_id=_id(request), delivery_id=from_base32(request.params["delivery"])
    )


async def _render(request: PageRequest, view: EndpointView, delivery: Delivery) -> _Sent | None:
    """Render the request of a delivery from the log; None where it cannot be made. Values of own headers may be secret."""
    ((_, message),) = await RequestRenderer(request.context).render(view.endpoint, [delivery])
    if isinstance(message, Attempt):
        return None
    headers = [
        ("user-agent", f"Crossdock/{__version__}"),
        ("content-type", message.content_type),
        ("webhook-id", message.message_id),
        ("webhook-timestamp", request.t("the second of the attempt")),
        *((name, webhook_form.MASK) for name, _ in message.headers),
    ]
    if message.secrets:
        headers.append(("webhook-signature", request.t("made for each attempt")))
    text = message.body[:_MAX_BODY].decode("utf-8", "replace")
    is_cut = len(message.body) > _MAX_BODY
    return _Sent(message.method, message.url, headers, text if is_cut else indented(text), is_cut)


async def redeliver(request: PageRequest) -> Response:
    """Send one delivery again."""
    delivery = from_base32(request.params["delivery"])
    await endpoints.redeliver(request.context, request.caller, endpoint_id=_id(request), delivery_id=delivery)
    path = f"/console/webhooks/{request.params['id']}/deliveries/{request.params['delivery']}"
    return request.redirect(path, request.t("It is sent again."))


async def redeliver_failed(request: PageRequest) -> Response:
    """Send all deliveries that were given up again, oldest first."""
    count = await endpoints.redeliver_all(
        request.context,
        request.caller,
        endpoint_id=_id(request),
        since=0,
        until=request.context.clock(),
        state=State.DEAD,
    )
    text = request.t.plural(count, "{n} delivery is sent again.", "{n} deliveries are sent again.")
    return request.redirect(f"/console/webhooks/{request.params['id']}?state=open", text)


_ONE = "/console/webhooks/{id}"
_DELIVERY = f"{_ONE}/deliveries/{{delivery}}"
PAGES = (
    Page("GET", "/console/webhooks", show_list, "listWebhooks", ADMIN, "webhooks"),
    Page("GET", "/console/webhooks/new", webhook_form.show_new, "showNewWebhook", ADMIN, "webhooks"),
    Page("POST", "/console/webhooks/new", webhook_form.create, "createWebhook", ADMIN, "webhooks"),
    Page("GET", _ONE, show, "showWebhook", ADMIN, "webhooks"),
    Page("GET", f"{_ONE}/secret", webhook_form.show_secret, "showWebhookSecret", ADMIN, "webhooks"),
    Page("GET", f"{_ONE}/edit", webhook_form.show_edit, "showWebhookForm", ADMIN, "webhooks"),
    Page("POST", f"{_ONE}/edit", webhook_form.change, "changeWebhook", ADMIN, "webhooks", versioned=True),
    Page("POST", f"{_ONE}/test", test, "testWebhook", ADMIN, "webhooks"),
    Page("POST", f"{_ONE}/enable", enable, "enableWebhook", ADMIN, "webhooks"),
    Page("POST", f"{_ONE}/disable", disable, "disableWebhook", ADMIN, "webhooks"),
    Page("POST", f"{_ONE}/delete", delete, "deleteWebhook", ADMIN, "webhooks"),
    Page("POST", f"{_ONE}/rotate", rotate, "rotateWebhookSecret", ADMIN, "webhooks"),
    Page("POST", f"{_ONE}/redeliver", redeliver_failed, "redeliverFailed", ADMIN, "webhooks"),
    Page("GET", _DELIVERY, show_delivery, "showDelivery", ADMIN, "webhooks"),
    Page("POST", f"{_DELIVERY}/redeliver", redeliver, "redeliverOne", ADMIN, "webhooks"),
)
