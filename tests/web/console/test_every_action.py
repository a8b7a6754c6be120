"""Every action of the console in a real Chromium: its form is filled in, its preview looked at, its button pressed.

The actions are those of the routes, so that a new one without a test here is named.
"""

import json
import sqlite3
from collections.abc import Awaitable, Callable
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from crossdock.web.console.application import _Router
from crossdock.web.console.pages import all_pages, order_commands, orders_bulk
from tests.cli.program import done, run
from tests.web.console.conftest import Book, needs_browser, opened_page
from tests.web.console.test_rejected import GOOD, reject

if TYPE_CHECKING:
    from playwright.async_api import Browser, Locator, Page, Response

pytestmark = needs_browser

ROUTER = _Router(all_pages())
# Actions of one route, by the name that a form or a path gives them.
VERBS = {
    "changeOrder": tuple(order_commands.ACTIONS),
    "doBulkAction": tuple(orders_bulk.ACTIONS),
    "changeStock": ("count", "adjust", "limits"),
    "changeNotice": ("receive", "close", "cancel"),
    "changeTransfer": ("ship", "receive", "close", "cancel"),
    "importFile": ("locations", "products", "shipping-methods"),
}
OPERATIONS = [page.operation for page in all_pages() if page.method == "POST"]
ACTIONS = {f"{name} {verb}".strip() for name in OPERATIONS for verb in VERBS.get(name, ("",))}
TYPED = {
    "email": "typed@example.com",
    "url": "http://127.0.0.1:9/typed",
}  # in fields that have to be filled in, by type
# Shows a form that is folded away and fills in what is required; returns its button's selector, and whether it asks a question.
PREPARE = """(form, [button, text, typed]) => {
  for (let at = form.closest("details"); at; at = at.parentElement.closest("details")) at.open = true;
  form.querySelectorAll("[required]").forEach((each) => { each.value ||= typed[each.type] || text; });
  button ||= form.querySelector("button.primary") ? "button.primary" : "button";
  return [button, Boolean(form.dataset.confirm || form.querySelector(button).dataset.confirm)];
}"""
_numbers = count(1)


@pytest.fixture(scope="module")
def book(own_book: Book) -> Book:
    """Return a server of this module's own."""
    return own_book


def action_of(response: "Response") -> str:
    """Return the action that a form was sent to."""
    request = response.request
    page, params = ROUTER.find("POST", urlsplit(request.url).path)
    form = parse_qs(request.post_data or "")
    verb = params.get("verb") or params.get("kind") or form.get("verb", [""])[0]
    return f"{page.operation} {verb}".strip() if page.operation in VERBS else page.operation


class Person:
    """Somebody at a browser. `done` are the actions that their forms have done."""

    def __init__(self, page: "Page", book: Book) -> None:
        self.page, self.book = page, book
        self.done: set[str] = set()
        page.on("response", self._note)

    def _note(self, response: "Response") -> None:
        if response.request.method == "POST" and response.status in (200, 303):
            self.done.add(action_of(response))

    async def open(self, path: str) -> None:
        answer = await self.page.goto(path, wait_until="domcontentloaded")
        assert answer is not None
        assert answer.ok, path

    async def press(self, action: str, button: str = "", *, form: str = "", **fields: str) -> None:
        """Fill in a form, press a button of it (its main one by default), and wait for the page that it leads to.

        A question is answered with yes. Other required fields get any text. `form` is a selector beside the action's path.
        """
        found = self.page.locator(f"form[action='{action}']{form}").first
        button, asks = await found.evaluate(PREPARE, [button, f"Typed {next(_numbers)}", TYPED])
        for name, value in fields.items():
            await fill(found.locator(f"[name='{name}']:not([type=hidden])").first, value)
        async with self.page.expect_navigation(wait_until="domcontentloaded"):
            await found.locator(button).first.click()
            if asks:
                await self.page.click("#confirm button[value=yes]")
        refusals = await self.page.locator(".notice.failed, .fault").all_inner_texts()
        assert not refusals, (action, refusals)

    async def see(self, text: str) -> None:
        await self.page.wait_for_selector(f"text={text}")

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path


async def fill(field: "Locator", value: str) -> None:
    """Fill in a field; of a list, choose a value."""
    if await field.evaluate("each => each.tagName") == "SELECT":
        await field.select_option(value)
    else:
        await field.fill(value)


def order(book: Book, units: int = 2, *, verb: str = "", **body: object) -> str:
    """Create an order of mugs with stock, and do something to it; returns its id."""
    arrived = [{"sku": "MUG-RED", "location": location, "quantity": units} for location in ("SEA", "LYS")]
    book.samples.post("/hub/v1/stock/receive", {"items": arrived})
    made = book.samples._mugs(f"ACT-{next(_numbers)}", units)
    if verb:
        book.samples.post(f"/hub/v1/orders/{made}/{verb}", body)
    return made


def started(book: Book, **body: object) -> str:
    """Return the path of a new fulfillment in Seattle."""
    made = book.samples.post("/hub/v1/fulfillments", {"order_id": order(book), "location": "SEA", **body})
    return f"/console/fulfillment/{made['fulfillment']['id']}"


def returned(book: Book) -> str:
    """Return the path of a new return of a shipped order."""
    shipped = order(book, verb="ship", carrier="UPS")
    asked = {"lines": [{"line": 0, "quantity": 2}], "reason": "Too small"}
    return f"/console/returns/{book.samples.post(f'/hub/v1/orders/{shipped}/returns', asked)['return']['id']}"


# --------------------------------------------------------------------------------------------------------------- one order
async def drive_order(person: Person) -> None:
    """Do every action on orders: preview it, look at what would change, do it."""
    one, other = order(person.book, 3), order(person.book)
    steps = [
        (one, "note", {}), (one, "tag", {"tags": "vip"}), (one, "hold", {}), (one, "release", {}),
        (one, "edit", {"customer.phone": "555"}), (one, "deallocate", {}), (one, "allocate", {}),
        (one, "reallocate", {"location": "LYS"}), (one, "fulfill", {}), (one, "ship", {"tracking_number": "1Z9"}),
        (one, "return", {"units-0": "1"}), (one, "refund", {"amount": "1.00"}), (one, "appease", {"amount": "1.00"}),
        (one, "payment", {"captured": "60.00"}), (one, "archive", {}), (one, "unarchive", {}), (other, "cancel", {}),
    ]  # fmt: skip
    for order_id, verb, fields in steps:
        path = f"/console/orders/{order_id}/do/{verb}"
        await person.open(path)
        if order_commands.ACTIONS[verb].harmless:
            await person.press(path, "button[value=do]", **fields)
        else:
            await person.press(path, "button[value=preview]", **fields)
            await person.see("Nothing is saved yet.")
            await person.press(path, "button[value=do]")
        assert person.path == f"/console/orders/{order_id}", verb
        await person.page.wait_for_selector(".notice.done")
    await person.open(f"/console/orders/{person.book.ids['shipped']}")
    await person.press(f"/console/orders/{person.book.ids['shipped']}/deliveries")
    await person.see("sent again.")


# --------------------------------------------------------------------------------------------------------- list of orders
async def drive_list(person: Person) -> None:
    """Do every action on selected orders with its undo, export them, and save, rename and delete a view."""
    orders = [person.book.samples._mugs(f"BULK-{place}", 1) for place in range(2)]
    url = "/console/orders?q=BULK"

    async def act(verb: str, *, undo: bool = False, **fields: str) -> None:
        await person.open(url + "&archived=all")
        await person.page.check("thead input[type=checkbox]")
        await person.press("/console/bulk", f"button[value={verb}]")
        await person.see("2 would change")
        await person.press("/console/bulk/apply", **fields)
        await person.see("What became of each order")
        if undo:
            await person.press("/console/bulk/apply", form=":has(button.quiet)")
            await person.see("What became of each order")

    await act("hold")
    await act("release")
    await act("tag", undo=True, tags="vip")
    for each in orders:
        person.book.samples.post(f"/hub/v1/orders/{each}/deallocate", {})
    await act("allocate")
    await act("archive", undo=True)
    await act("cancel")
    await person.open(url)
    await person.page.check("thead input[type=checkbox]")
    async with person.page.expect_download():
        await person.page.click("form#bulk button[formaction='/console/orders.csv']")
    await person.press("/console/order-views", name="Mine")
    await person.press("/console/order-views/rename", name="Ours")
    await person.press("/console/order-views/delete")
    await person.see("The view Ours is deleted.")


# --------------------------------------------------------------------------------------------------------------- rejected
async def drive_rejected(person: Person) -> None:
    """Correct a rejected order while the editor checks it, try it and send it; send several as they were."""
    path = reject(person.book, "ACT-BAD")
    await person.open(f"{path}?edit=1")
    async with person.page.expect_response("**/check"):
        await person.page.fill("#body", GOOD.format("ACT-BAD"))
    await person.press(f"{path}/send", "button[formaction$='/try']")
    await person.see("It would become the order ACT-BAD")
    await person.press(f"{path}/send")
    await person.see("The order was accepted.")
    headers = {"Idempotency-Key": "k" * 300}  # refused for its header, so the text has no fault
    person.book.samples._http.post("/hub/v1/orders", content=GOOD.format("ACT-SOUND").encode(), headers=headers)
    await person.open("/console/rejected?text=ACT-SOUND")
    await person.page.check("thead input[type=checkbox]")
    await person.press("/console/rejected/send", ".bulk button.primary")
    await person.see("1 order was accepted.")


# --------------------------------------------------------------------------------------------------------------- warehouse
async def drive_fulfillment(person: Person) -> None:
    """Start orders, pick by the list, pick, pack, ship, hand over, move, cancel."""
    made = order(person.book)
    await person.open("/console/fulfillment?tab=start&location=SEA")
    await person.page.check(f"input[value^='{made}.']")
    await person.press("/console/fulfillment/start")
    await person.see("1 fulfillment is created.")
    await person.open("/console/fulfillment/pick-list")
    await person.press("/console/fulfillment/pick-all")
    path = started(person.book)
    await person.open(path)
    await person.press(f"{path}/pick", "button[value=all]")
    await person.press(f"{path}/pack", "button[value=save]", **{"weight-0": "1.5"})
    await person.press(f"{path}/ship", carrier="UPS")
    await person.see("is shipped.")
    pickup = started(person.book, kind="pickup")
    await person.open(f"{pickup}?step=ship")
    await person.press(f"{pickup}/ready", pickup_by="2099-01-01T10:00")
    await person.see("The customer can come.")
    path = started(person.book)
    for verb, fields in (("split", {"units-0": "1"}), ("merge", {})):
        await person.open(f"{path}/{verb}")
        await person.press(f"{path}/{verb}", **fields)
        await person.see("What would become of it")
        await person.press(f"{path}/{verb}", form=":has([name=step])")
    for verb, fields in (("move", {"location": "LYS"}), ("cancel", {"reason": "wrong"})):
        path = started(person.book)
        await person.open(path)
        await person.press(f"{path}/{verb}", **fields)


async def drive_stock(person: Person) -> None:
    """Count, adjust and limit stock, each after its preview."""
    product, level = "/console/stock/product/BAG-1", "/console/stock/product/BAG-1?location=SEA"
    for verb, fields in (
        ("count", {"quantity": "50"}),
        ("adjust", {"delta": "-1", "reason": "lost"}),
        ("limits", {"safety": "3"}),
    ):
        await person.open(level)
        await person.press(product, form=f":has([name=verb][value={verb}])", **fields)
        await person.see("Nothing is saved yet.")
        await person.press(product, form=":has([name=step])")
        await person.see("The stock of BAG-1 is changed.")


async def drive_inbound(person: Person) -> None:
    """Announce, receive and close goods, ship and receive a transfer, cancel both."""

    async def create(kind: str, **fields: str) -> str:
        await person.open(f"/console/stock/{kind}/new")
        await person.press(f"/console/stock/{kind}/new", lines="MUG-BLUE, 4", number=f"N-{next(_numbers)}", **fields)
        await person.see("is created.")
        return person.path

    for kind, fields in (("receiving", {"location": "SEA"}), ("transfers", {"source": "SEA", "target": "LYS"})):
        path = await create(kind, **fields)
        for verb in ("ship", "receive") if kind == "transfers" else ("receive",):
            await person.press(f"{path}/{verb}", "button[value=all]")
        await person.press(f"{path}/close")
        path = await create(kind, **fields)
        await person.press(f"{path}/cancel")


async def drive_returns(person: Person) -> None:
    """Receive, judge, refund, exchange and cancel returns."""
    path = returned(person.book)
    await person.open(path)
    await person.press(f"{path}/receive", "button[value=all]", condition="used")
    await person.press(f"{path}/judge", "button[value=all]")
    await person.press(f"{path}/refund", fee="1.00")
    await person.see("This would be refunded")
    await person.press(f"{path}/refund", form=":has([name=step])")
    await person.see("is refunded.")
    await person.press(f"{path}/exchange")
    await person.see("This would be sent again")
    await person.press(f"{path}/exchange", form=":has([name=step])")
    await person.see("sent again.")
    path = returned(person.book)
    await person.open(path)
    await person.press(f"{path}/cancel")


# ----------------------------------------------------------------------------------------------------- webhooks and mails
async def drive_webhooks(person: Person) -> None:
    """Create, change, test, disable, enable and delete a webhook, make a secret, and send deliveries again."""
    await person.open("/console/webhooks/new")
    await person.press("/console/webhooks/new", name="Mine")
    await person.page.click("main a.button")
    path = person.path
    await person.open(f"{path}/edit")
    await person.press(f"{path}/edit", name="Ours")
    await person.press(f"{path}/rotate")
    await person.see("The new secret is set")
    for verb in ("disable", "enable"):
        await person.open(path)
        await person.press(f"{path}/{verb}", form=":has(svg)")
    await person.press(f"{path}/test")
    await person.press(f"{person.path}/redeliver")
    await person.open(path)
    await person.press(f"{path}/delete")
    path = f"/console/webhooks/{person.book.ids['webhook']}"
    with sqlite3.connect(
        person.book.database.removeprefix("sqlite:///")
    ) as database:  # deliveries fail for good after days
        database.execute(
            "UPDATE delivery SET state = 'dead', ended_at = 1, next_at = NULL WHERE topic = 'endpoint.test'"
        )
    database.close()
    await person.open(path)
    await person.press(f"{path}/redeliver")
    await person.see("1 delivery is sent again.")


async def drive_mails(person: Person) -> None:
    """Send a mail again, and change the settings and a template of mails."""
    await person.open("/console/mails?q=WEB-2007")
    await person.page.click("tr.row a.strong")
    await person.press(f"{person.path}/send")
    await person.see("The mail is sent again.")
    await person.open("/console/mails/settings")
    await person.press("/console/mails/settings", sender="shop@example.com", sender_name="Shop", locale="fr")
    await person.see("The e-mail settings are saved.")
    path = "/console/mails/kinds/shipped"
    await person.open(f"{path}?language=fr")
    await person.press(path, subject="Colis parti")
    await person.see("The template is saved.")


# --------------------------------------------------------------------------------------------------------------- settings
async def drive_settings(person: Person) -> None:
    """Rename the organization, and add, change and revoke clients and users."""
    settings = "/console/settings"
    await person.open(settings)
    await person.press(settings, name="Demo")
    await person.open(f"{settings}/clients")
    await person.press(f"{settings}/clients", name="Web shop")
    client = await person.page.inner_text("#client-id")
    await person.press(f"{settings}/clients/{client}/rotate")
    await person.press(f"{settings}/clients/{client}/revoke")
    await person.open(f"{settings}/users")
    await person.press(f"{settings}/users", email="ann@example.com", role="viewer")
    path = f"{settings}/users/ann%40example.com"
    await person.press(f"{path}/role", role="operator")
    for verb in ("disable", "enable", "remove"):
        await person.press(f"{path}/{verb}")


async def drive_catalog(person: Person) -> None:
    """Add, change, remove and import locations, products and shipping methods, and change the rules of allocation."""
    settings = "/console/settings"
    for kind, key in (("locations", "code"), ("products", "sku"), ("shipping-methods", "code")):
        await person.open(f"{settings}/{kind}/new")
        await person.press(f"{settings}/{kind}/new", **{key: "ACT 1", "name": "One"})
        path = f"{settings}/{kind}/{quote('ACT 1')}"
        await person.open(path)
        await person.press(path, name="Other")
        await person.open(path)
        await person.press(f"{path}/remove")
        await person.see("The ")
        await person.open(f"{settings}/import/{kind}")
        await person.press(f"{settings}/import/{kind}", text=f"{key},name\nACT-{kind},Imported\n")
        await person.see("1 added")
    await person.open(f"{settings}/allocation")
    await person.press(f"{settings}/allocation", "button[value=save]", text=json.dumps({"mode": "arrival"}))
    await person.see("The allocation settings are saved.")


# ---------------------------------------------------------------------------------------------------------------- account
async def drive_account(person: Person) -> None:
    """Sign in to the demo, end the tour and sign out; sign in with a password, choose organization, preferences, password."""
    database, password = person.book.database, "longer than 8"
    done(database, "organization", "add", "Second")
    for organization in ("Second", "Demo"):
        run(database, "user", "add", organization, "cid@example.com", "--role", "admin", "--password", password)
    await person.open("/console/sign-in")
    await person.press("/console/sign-in/demo")
    await person.press("/console/tour/end")
    await person.open("/console/account")
    await person.press("/console/sign-out")
    await person.press("/console/sign-in", email="cid@example.com", password=password)
    await person.open("/console/account")
    await person.press("/console/account/organization", "button[value]")
    await person.see("You are looking at")
    await person.open("/console/account")
    await person.press("/console/account/preferences", theme="dark")
    await person.press("/console/account/password", old=password, new="even longer", again="even longer")
    await person.see("The password is changed.")


Drive = Callable[[Person], Awaitable[None]]
DRIVES: dict[Drive, str] = {  # with the operations of each; those with verbs stand for all of their verbs
    drive_order: "changeOrder redeliverOfOrder notePresence",
    drive_list: "previewBulkAction doBulkAction exportSelectedOrders saveView renameView deleteView",
    drive_rejected: "checkRejected tryRejected sendOneRejected sendRejected",
    drive_fulfillment: "startWork pickAll pickUnits packUnits shipUnits makeReady moveWork cancelWork splitWork mergeWork",
    drive_stock: "changeStock",
    drive_inbound: "createNotice changeNotice createTransfer changeTransfer",
    drive_returns: "receiveReturn judgeReturn refundReturn exchangeReturn cancelReturn",
    drive_webhooks: "createWebhook changeWebhook testWebhook enableWebhook disableWebhook deleteWebhook "
    "rotateWebhookSecret redeliverFailed redeliverOne",
    drive_mails: "sendMailAgain saveMailSettings saveMailTemplate",
    drive_settings: "changeOrganization addClient rotateClient revokeClient addUser changeRole disableUser enableUser "
    "removeUser",
    drive_catalog: "saveLocation removeLocation saveProduct removeProduct saveShippingMethod removeShippingMethod importFile "
    "saveAllocationSettings",
    drive_account: "signInToDemo endTour signOut signIn chooseOrganization setPreferences changePassword",
}


def test_every_action_of_the_routes_is_driven() -> None:
    driven = [name for operations in DRIVES.values() for name in operations.split()]
    assert sorted(driven) == sorted(OPERATIONS)


@pytest.mark.parametrize("drive", DRIVES, ids=lambda drive: drive.__name__.removeprefix("drive_"))
async def test_actions_work_in_a_browser(browser: "Browser", book: Book, drive: Drive) -> None:
    async with opened_page(browser, book, signed_in=drive is not drive_account) as page:
        person = Person(page, book)
        await drive(person)
        expected = {each for each in ACTIONS if each.split()[0] in DRIVES[drive].split()}
        assert expected - person.done == set()
