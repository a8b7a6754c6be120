"""E-mails: those that customers got, as they got them; and sending one again."""

from msgspec import Struct
from starlette.responses import Response

from crossdock.core.errors import Code, NotFound
from crossdock.core.ids import MAX_ID, from_base32, to_base32
from crossdock.core.orders.model import Order
from crossdock.core.retry_policy import OPEN, State
from crossdock.core.subscription import MAIL_ENDPOINT
from crossdock.flows import emails, endpoints, queries
from crossdock.flows.access import READ, WRITE
from crossdock.flows.endpoints import Delivery
from crossdock.flows.order_search import Filters
from crossdock.notifications.email import channel
from crossdock.notifications.email.mail_kinds import recipient_of
from crossdock.notifications.email.sent_mail import SentMail, sent_mail
from crossdock.web.console.page import Page, PageRequest
from crossdock.web.console.pages import mail_settings
from crossdock.web.console.pages.mail_settings import kind_label, mail_document, settings_of, with_frame

_PAGE = 50
# Orders of one customer whose mails a search shows, and mails that it shows.
_MAX_FOUND = 200


class _Row(Struct, frozen=True):
    delivery: Delivery
    kind: str
    outcome: str
    number: str | None
    recipient: str | None
    subject: str | None


def outcome_of(delivery: Delivery) -> str:
    """Return what became of a mail: sent, stored, nothing, failed, retried, waiting or new."""
    answer = delivery.attempted[-1].answer if delivery.attempted else ""
    if delivery.state is State.DELIVERED:
        return {channel.NOTHING_TO_SEND: "nothing", channel.STORED: "stored"}.get(answer, "sent")
    if delivery.state is State.DEAD:
        return "failed"
    return "waiting" if delivery.state is State.WAITING else "retried" if delivery.attempts else "new"


# ----------------------------------------------------------------------------------------------------------------- list
async def show_list(request: PageRequest) -> Response:
    """List the mails to customers, newest first; with `q` those of an order or of an address."""
    state, text = request.query.get("state", ""), request.query.get("q", "").strip()
    more: str | None = None
    if text:
        found = await _search(request, text)
    elif state == "open":
        found = await endpoints.pending(request.context, request.caller, endpoint_id=MAIL_ENDPOINT, limit=_PAGE)
    else:
        found, more = await _newest(request, State.DEAD if state == "failed" else None)
    endpoint, _ = await emails.settings(request.context, request.caller)
    return request.render(
        "mails.html",
        section="mails",
        rows=await _rows(request, found),
        state=state,
        q=text,
        more=more,
        has_server=bool(request.context.settings.smtp_host),
        is_set=settings_of(request, endpoint) is not None,
    )


async def _newest(request: PageRequest, state: State | None) -> tuple[list[Delivery], str | None]:
    before = from_base32(request.query.get("before", "")) or MAX_ID
    found = await endpoints.page(
        request.context, request.caller, endpoint_id=MAIL_ENDPOINT, state=state, before=before, limit=_PAGE + 1
    )
    return found[:_PAGE], to_base32(found[_PAGE - 1].delivery_id) if len(found) > _PAGE else None


async def _search(request: PageRequest, text: str) -> list[Delivery]:
    """Find the mails of the orders of an address, or of an order's number or id."""
    if (order_id := from_base32(text)) is not None:
        ids = [order_id]
    else:
        filters = Filters(email=text) if "@" in text else Filters(number=text)
        page = await queries.page(request.context, request.caller, filters, limit=_MAX_FOUND)
        ids = [each.order_id for each in page.orders]
    return await endpoints.of_orders(
        request.context, request.caller, endpoint_id=MAIL_ENDPOINT, order_ids=ids, limit=_MAX_FOUND
    )


async def _rows(request: PageRequest, found: list[Delivery]) -> list[_Row]:
    orders = await _orders(request, found)
    heads = await emails.heads(request.context, request.caller, [each.event_id for each in found])
    rows = []
    for each in found:
        order, head = orders.get(each.order_id or 0), heads.get(each.event_id)
        recipient = head.recipient if head else recipient_of(order) if order else None
        number = order.content.number if order else None
        kind = kind_label(request, each.topic.removeprefix("mail."))
        rows.append(_Row(each, kind, outcome_of(each), number, recipient, head.subject if head else None))
    return rows


async def _orders(request: PageRequest, found: list[Delivery]) -> dict[int, Order]:
    ids = sorted({each.order_id for each in found if each.order_id is not None})
    return {each.order_id: each for each in await queries.by_ids(request.context, request.caller, ids)}


# ------------------------------------------------------------------------------------------------------------------ one
async def _mail(request: PageRequest) -> tuple[Delivery, SentMail | str]:
    delivery = await endpoints.delivery(
        request.context,
        request.caller,
        endpoint_id=MAIL_ENDPOINT,
        delivery_id=from_base32(request.params["id"]),
    )
    endpoint, _ = await emails.settings(request.context, request.caller)
    return delivery, await sent_mail(request.context, request.caller, endpoint, delivery)


async def show(request: PageRequest) -> Response:
    """Show one mail: its head, its text and its HTML, and the attempts to send it."""
    delivery, mail = await _mail(request)
    order = (await _orders(request, [delivery])).get(delivery.order_id or 0)
    response = request.render(
        "mail.html",
        section="mails",
        delivery=delivery,
        mail=mail if isinstance(mail, SentMail) else None,
        why_none=mail if isinstance(mail, str) else "",
        has_nothing_to_send=mail == channel.NOTHING_TO_SEND,
        kind=kind_label(request, delivery.topic.removeprefix("mail.")),
        outcome=outcome_of(delivery),
        order=order,
        attempts=list(enumerate(delivery.attempted, 1))[::-1],
        is_open=delivery.state in OPEN,
    )
    return with_frame(response)


async def show_html(request: PageRequest) -> Response:
    """Return the HTML of a mail, as a document of its own that can do nothing."""
    _, mail = await _mail(request)
    if isinstance(mail, str):
        raise NotFound(Code.NOT_FOUND, mail)
    return mail_document(mail.html)


async def send_again(request: PageRequest) -> Response:
    """Send a mail again, to the address of the order as it was at the event."""
    await endpoints.redeliver(
        request.context,
        request.caller,
        endpoint_id=MAIL_ENDPOINT,
        delivery_id=from_base32(request.params["id"]),
    )
    return request.redirect(f"/console/mails/{request.params['id']}", request.t("The mail is sent again."))


PAGES = (
    Page("GET", "/console/mails", show_list, "listMails", READ, "mails"),
    *mail_settings.PAGES,  # before the path of one mail
    Page("GET", "/console/mails/{id}", show, "showMail", READ, "mails"),
    Page("GET", "/console/mails/{id}/html", show_html, "showMailHtml", READ, "mails"),
    Page("POST", "/console/mails/{id}/send", send_again, "sendMailAgain", WRITE, "mails"),
)
