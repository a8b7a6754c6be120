"""Who may see and do what: without a session, with another role, in another organization, from another site."""

import base64
import contextlib
import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from crossdock.flows import access
from crossdock.flows.callers import ROLES
from crossdock.web.console import sessions
from crossdock.web.console.page import NOTICE, SHOWN_ONCE, Page
from crossdock.web.console.pages import all_pages
from tests.web.console.conftest import Book, ConsoleClient
from tests.web.console.page_list import PATHS
from tests.world import World

PAGES = all_pages()
# Actions that change no stored values which two people could have open in a form.
WITHOUT_VERSION = {
    "signIn", "signInToDemo", "signOut", "chooseOrganization", "setPreferences", "changePassword", "endTour", "notePresence",
    "exportSelectedOrders", "saveView", "renameView", "deleteView", "previewBulkAction", "redeliverOfOrder", "sendRejected",
    "checkRejected", "tryRejected", "sendOneRejected", "createNotice", "createTransfer", "createWebhook", "testWebhook",
    "enableWebhook", "disableWebhook", "deleteWebhook", "rotateWebhookSecret", "redeliverFailed", "redeliverOne",
    "sendMailAgain", "addClient", "rotateClient", "revokeClient", "addUser", "changeRole", "disableUser", "enableUser",
    "removeUser", "importFile", "removeLocation", "removeShippingMethod", "removeProduct",
    # Their fields carry the versions of several rows, or of a stock level.
    "doBulkAction", "startWork", "pickAll", "changeStock",
}  # fmt: skip
PUBLIC = {"showSignIn", "signIn", "signInToDemo", "setPreferences"}


def path_of(page: Page) -> str:
    """Fill a page's path with ids that nothing has."""
    return "/".join("0000000000000" if part.startswith("{") else part for part in page.path.split("/"))


class TestWithoutASession:
    def test_only_signing_in_and_preferences_are_public(self) -> None:
        assert {page.operation for page in PAGES if page.scope is None} <= PUBLIC | {
            "signInWithProvider",
            "finishSignIn",
        }

    async def test_every_other_page_leads_to_the_sign_in_page(self, world: World) -> None:
        for page in PAGES:
            if page.scope is not None and page.path != "/":
                answer = await world.http.request(page.method, path_of(page))
                assert answer.status_code == 303, page.operation
                assert answer.headers["location"].startswith("/console/sign-in"), page.operation

    async def test_a_script_is_told_that_the_session_has_ended(self, world: World) -> None:
        answer = await world.http.get("/console/account", headers={"Accept": "application/json"})
        assert answer.status_code == 401


async def session_of(world: World, email: str) -> dict[str, str]:
    """Sign a person in and return their cookies."""
    answer = await world.http.post("/console/sign-in", data={"email": email, "password": "long enough"})
    assert answer.status_code == 303, answer.text
    cookies = dict(answer.cookies.items())
    world.http.cookies.clear()
    return cookies


async def person_of(world: World, role: str) -> dict[str, str]:
    """Add a person of a role to the demo organization, and return their cookies."""
    from crossdock.flows import tenants

    organization = await world.demo_organization()
    email = f"{role}@example.com"
    await tenants.add_person(
        world.context, organization.organization_id, email=email, name=role, password="long enough",
        scopes=" ".join(ROLES[role]),
    )  # fmt: skip
    return await session_of(world, email)


class TestRoles:
    @pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
    @pytest.mark.parametrize("role", ["viewer", "operator"])
    async def test_what_a_role_may_not_do_is_refused_whatever_the_pages_show(self, world: World, role: str) -> None:
        cookies = await person_of(world, role)
        world.http.cookies.update(cookies)
        csrf = (await world.http.get("/console/account")).text.split('data-csrf="')[1].split('"')[0]
        beyond = [page for page in PAGES if page.scope not in (None, access.ANY, *ROLES[role])]
        assert beyond or role == "operator"
        for page in beyond:
            answer = await world.http.request(page.method, path_of(page), headers={"X-CSRF-Token": csrf})
            assert answer.status_code == 403, page.operation


# What the parameters of the paths of forms stand for, by the beginning of a path; the longest that fits counts.
IDS = {
    "/console/orders": "held", "/console/rejected": "rejected", "/console/fulfillment": "fulfillment",
    "/console/stock/receiving": "notice", "/console/stock/transfers": "transfer", "/console/returns": "return",
    "/console/webhooks": "webhook", "/console/mails": "webhook",
}  # fmt: skip
OTHERS = {
    "{sku:path}": "MUG-RED", "{code:path}": "SEA", "{client}": "demo", "{email}": "demo@example.com", "{verb}": "receive",
    "{kind}": "products",
}  # fmt: skip
CHANGED = ("event", "catalog_entry", "organization", "person", "membership", "client", "submission")


def real_path(page: Page, book: Book) -> str:
    """Fill a page's path with what is there."""
    path = page.path.replace("/do/{verb}", "/do/release").replace("{delivery}", book.ids["delivery"])
    for name, value in OTHERS.items():
        path = path.replace(name, value)
    prefix = max((each for each in IDS if path.startswith(each)), key=len, default="")
    return path.replace("{id}", book.ids[IDS[prefix]] if prefix else "")


def rows_of(book: Book) -> dict[str, list[Any]]:
    """Read the tables that forms change."""
    with contextlib.closing(sqlite3.connect(book.database.removeprefix("sqlite:///"))) as database:
        found = {name: sorted(database.execute(f"SELECT * FROM {name}"), key=repr) for name in CHANGED}
        # The worker changes other columns of endpoints, whoever asks for what.
        return found | {
            "endpoint": list(database.execute("SELECT endpoint_id, state, version FROM endpoint ORDER BY 1"))
        }


class TestByHand:
    def test_a_viewer_who_sends_every_form_changes_nothing(self, book: Book, viewer: ConsoleClient) -> None:
        csrf, before = viewer.csrf, rows_of(book)
        order = book.samples._http.get(f"/hub/v1/orders/{book.ids['held']}").json()
        fields = {
            "csrf": csrf, "version": order["version"], "step": "do", "do": "all", "confirmed": "1", "verb": "archive",
            "order": f"{order['id']}:{order['version']}", "holds": "1:fraud review", "name": "Changed", "role": "admin",
            "email": "new@example.com", "scopes": "admin", "text": "sku,name\nX,Y\n", "url": "http://127.0.0.1:9",
            "location": "SEA", "quantity": "1", "id": book.ids["rejected"], "sender": "shop@example.com",
        }  # fmt: skip
        for page in PAGES:
            if page.method == "POST" and page.scope in (access.WRITE, access.ADMIN):
                answer = viewer.http.post(real_path(page, book), data=fields)
                assert answer.status_code == 403, page.operation
        assert rows_of(book) == before


class TestVersions:
    def test_a_form_that_changes_what_others_may_change_needs_its_version(self, book: Book) -> None:
        client = book.signed_in()
        csrf = {"X-CSRF-Token": client.csrf}
        for page in PAGES:
            if page.method == "POST" and page.operation not in WITHOUT_VERSION:
                answer = client.http.post(path_of(page), data={"version": "", "step": "do"}, headers=csrf)
                assert (answer.status_code, answer.headers["content-type"]) == (400, "text/plain; charset=utf-8"), page
        held = book.ids["held"]
        bulk = {"verb": "archive", "order": [f"{held}:2", book.ids["shipped"]]}
        assert "no version" in client.http.post("/console/bulk/apply", data=bulk, headers=csrf).text
        assert "Archived" not in client.get(f"/console/orders/{held}")


class TestForgedRequests:
    def test_a_form_of_another_site_is_refused(self, book: Book) -> None:
        client = book.signed_in()
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = client.http.post("/console/sign-out", data={"csrf": client.csrf}, headers=headers)
            assert answer.status_code == 403

    def test_a_form_without_the_hidden_value_is_refused(self, book: Book) -> None:
        client = book.signed_in()
        for page in PAGES:
            if page.method == "POST" and page.scope is not None:
                for value in ("", "0" * 64):
                    answer = client.http.post(path_of(page), data={"csrf": value})
                    assert answer.status_code == 403, page.operation

    def test_the_sign_in_page_leads_to_no_other_site(self, book: Book) -> None:
        for url in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
            client = httpx.Client(base_url=book.base)
            answer = client.post("/console/sign-in/demo", data={"next": url})
            assert answer.headers["location"] == "/"

    async def test_a_form_of_another_organization_is_refused_after_the_person_has_switched(self, world: World) -> None:
        from crossdock.flows import tenants

        first = await world.demo_organization()
        second = await tenants.add_organization(
            world.context, uuid="22222222-2222-4222-8222-222222222222", name="Second"
        )
        for each in (first, second):
            await tenants.add_person(
                world.context, each.organization_id, email="both@example.com", name="B", password="long enough",
                scopes=" ".join(ROLES["admin"]),
            )  # fmt: skip
        world.http.cookies.update(await session_of(world, "both@example.com"))
        csrf = (await world.http.get("/console/account")).text.split('data-csrf="')[1].split('"')[0]
        present = world.http.cookies[sessions.ORGANIZATION]
        other = next(each.uuid for each in (first, second) if each.uuid != present)
        switched = await world.http.post("/console/account/organization", data={"csrf": csrf, "organization": other})
        assert switched.status_code == 303
        answer = await world.http.post("/console/settings", data={"csrf": csrf, "name": "Overwritten"})
        assert answer.status_code == 403


class TestCookies:
    @pytest.mark.parametrize("value", [5, None, [1, 2, 3, 4], ["t", "done", "/x", 5], {"a": 1, "b": 2, "c": 3, "d": 4}])
    def test_a_notice_that_the_server_did_not_write_is_left_out(self, book: Book, value: object) -> None:
        cookie = base64.urlsafe_b64encode(json.dumps(value).encode()).decode()
        assert httpx.get(f"{book.base}/console/sign-in", cookies={NOTICE: cookie}).status_code == 200

    @pytest.mark.parametrize(
        "value", [5, [], ["/console/settings/clients"], ["/console/settings/clients", 1, 2], ["/x", "a", "b"]]
    )
    def test_a_secret_that_the_server_did_not_leave_is_not_shown(self, book: Book, value: object) -> None:
        client = book.signed_in()
        client.http.cookies.set(SHOWN_ONCE, base64.urlsafe_b64encode(json.dumps(value).encode()).decode())
        assert "client-secret" not in client.get("/console/settings/clients")

    def test_the_undo_of_a_notice_stays_on_this_site(self, book: Book) -> None:
        notice = ["Done", "done", "https://evil.example/", {}]
        cookie = base64.urlsafe_b64encode(json.dumps(notice).encode()).decode()
        client = book.signed_in()
        client.http.cookies.set(NOTICE, cookie)
        assert "evil.example" not in client.get("/console/account")


class TestSessions:
    def test_who_has_been_signed_out_gets_back_to_the_page_of_the_form(self, book: Book) -> None:
        def next_of(referer: str) -> str:
            answer = httpx.post(f"{book.base}/console/bulk", headers={"Referer": referer})
            return answer.headers["location"]

        assert next_of(f"{book.base}/console/orders?q=a") == "/console/sign-in?next=%2Fconsole%2Forders%3Fq%3Da"
        assert next_of("https://evil.example/console/orders") == "/console/sign-in?next=%2F"

    def test_a_session_cookie_is_kept_from_scripts_and_other_sites(self, book: Book) -> None:
        answer = httpx.post(f"{book.base}/console/sign-in/demo")
        cookie = next(each for each in answer.headers.get_list("set-cookie") if each.startswith(sessions.SESSION))
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie

    def test_signing_out_ends_a_copied_cookie(self, book: Book) -> None:
        client = book.signed_in()
        copy = dict(client.http.cookies)
        client.post("/console/sign-out", {})
        answer = httpx.get(f"{book.base}/console/account", cookies=copy)
        assert answer.status_code == 303

    def test_the_token_of_an_api_client_is_no_session(self, book: Book) -> None:
        token = book.samples._http.headers["Authorization"].removeprefix("Bearer ")
        answer = httpx.get(f"{book.base}/console/account", cookies={sessions.SESSION: token})
        assert answer.status_code == 303

    async def test_a_new_password_ends_every_other_session(self, world: World) -> None:
        cookies = await person_of(world, "viewer")
        world.http.cookies.update(cookies)
        csrf = (await world.http.get("/console/account")).text.split('data-csrf="')[1].split('"')[0]
        fields = {"csrf": csrf, "old": "long enough", "new": "another password", "again": "another password"}
        answer = await world.http.post("/console/account/password", data=fields)
        assert answer.status_code == 303
        assert (await world.http.get("/console/account")).status_code == 200  # this one has a new cookie
        world.http.cookies.clear()
        assert (await world.http.get("/console/account", cookies=cookies)).status_code == 303

    async def test_wrong_passwords_are_slowed_down(self, world: World) -> None:
        await person_of(world, "viewer")
        statuses = [
            (
                await world.http.post("/console/sign-in", data={"email": "viewer@example.com", "password": "x"})
            ).status_code
            for _ in range(30)
        ]
        assert statuses[0] == 403
        assert statuses[-1] == 429


@pytest.fixture(scope="module")
def pages(book: Book) -> Iterator[dict[str, httpx.Response]]:
    """Return every page as an administrator sees it."""
    client: ConsoleClient = book.signed_in()
    yield {path: client.http.get(path.format(**book.ids)) for path in PATHS}
    client.http.close()


class TestContentSecurityPolicy:
    def test_every_page_forbids_inline_scripts_and_frames(self, pages: dict[str, httpx.Response]) -> None:
        for path, answer in pages.items():
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy, path
            assert "unsafe" not in policy, path
            assert "frame-ancestors 'none'" in policy, path

    def test_no_page_has_an_inline_script_or_style(self, pages: dict[str, httpx.Response]) -> None:
        for path, answer in pages.items():
            text = answer.text
            assert "<script>" not in text, path
            assert "<style" not in text, path
            for attribute in (' style="', " onclick=", " onload=", " onerror="):
                assert attribute not in text, (path, attribute)
