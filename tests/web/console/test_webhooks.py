"""Webhooks: created, changed, tested, disabled and deleted; their deliveries shown and sent again."""

import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.web.console.conftest import Book, ConsoleClient


class _Handler(BaseHTTPRequestHandler):
    status = 204
    bodies: list[bytes]

    def do_POST(self) -> None:
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        text = b"" if self.status == 204 else b"<i>out of order</i>"
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def receiver() -> Iterator[ThreadingHTTPServer]:
    handler = type("Handler", (_Handler,), {"bodies": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def url_of(receiver: ThreadingHTTPServer, path: str = "/events") -> str:
    return f"http://127.0.0.1:{receiver.server_address[1]}{path}"


def create(console: ConsoleClient, url: str, **fields: object) -> tuple[str, str]:
    """Create a webhook and return the path of its page, and the page with its secret."""
    page = console.post("/console/webhooks/new", {"url": url, "topic": ["order.shipped"], **fields})
    (path,) = re.findall(r'href="([^"]+)">To the webhook', page)
    return path, page


def wait_for(console: ConsoleClient, path: str, text: str) -> str:
    until = time.monotonic() + 20
    while text not in (page := console.get(path)):
        assert time.monotonic() < until, page
        time.sleep(0.1)
    return page


class TestForm:
    def test_a_new_webhook_shows_its_secret_once(self, console: ConsoleClient) -> None:
        path, page = create(console, "http://127.0.0.1:9/a", name="Once", headers="X-Token: abc123")
        (secret,) = re.findall(r'id="secret"[^>]*>(whsec_[^<]+)', page)
        shown = console.get(path) + console.get(f"{path}/edit") + console.get("/console/webhooks")
        assert secret not in shown
        assert "abc123" not in shown
        assert "X-Token" in console.get(path)
        assert "Nothing sent yet" in console.get(path)

    def test_faults_of_the_form_are_shown_at_their_fields_and_nothing_typed_is_lost(
        self, console: ConsoleClient
    ) -> None:
        typed = {"url": "ftp://x", "name": "Kept", "patterns": "order.nothing", "headers": "Host: x", "secret": "short"}
        page = console.post("/console/webhooks/new", typed, status=400)
        assert page.count('class="fault"') == 4
        assert all(value in page for value in typed.values())
        assert "Line 1 is no header" in console.post(
            "/console/webhooks/new", {"url": "http://127.0.0.1:9", "headers": "nothing"}, status=400
        )
        fabric = {"url": "http://127.0.0.1:9", "format": "fabric_event", "topic": "order.held"}
        assert "events of its own" in console.post("/console/webhooks/new", fabric, status=400)

    def test_a_change_keeps_stored_header_values_and_what_the_form_does_not_show(
        self, book: Book, console: ConsoleClient
    ) -> None:
        path, _ = create(console, "http://127.0.0.1:9/b", headers="X-One: 1\nX-Two: 2")
        form = console.get(f"{path}/edit")
        (version,) = re.findall(r'name="version" value="(\d+)"', form)
        fields = {
            "url": "http://127.0.0.1:9/c", "name": "Renamed", "topic": ["order.held"], "patterns": "stock.*",
            "headers": "X-One: ••••••\nX-Two: new", "door": ["s2"], "status": ["open"], "version": version,
        }  # fmt: skip
        page = console.post(f"{path}/edit", fields)
        assert "The webhook is saved." in page
        assert "order.held, stock.*" in page
        stale = console.post(f"{path}/edit", fields | {"name": "Mine"}, status=409)
        assert "Somebody else changed this meanwhile" in stale
        assert 'value="Mine"' in stale
        assert "Stored now: <b>Renamed</b>" in stale
        (newest,) = re.findall(r'name="version" value="(\d+)"', stale)
        assert "The webhook is saved." in console.post(f"{path}/edit", fields | {"name": "Mine", "version": newest})
        console.post(f"{path}/edit", fields | {"version": "9" * 18}, status=409)
        answer = book.samples._http.get(f"/hub/v1/endpoints/{path.rpartition('/')[2]}").json()
        assert (answer["name"], answer["headers"], answer["doors"]) == ("Mine", ["X-One", "X-Two"], ["s2"])

    def test_a_public_key_is_shown_of_an_ed25519_secret(self, console: ConsoleClient) -> None:
        path, page = create(console, "http://127.0.0.1:9/d", secret_kind="ed25519")
        assert re.findall(r'id="secret"[^>]*>(whpk_[^<]+)', page)
        again = console.post(f"{path}/rotate", {"secret_kind": "ed25519"})
        assert "The new secret is set" in again
        assert re.findall(r'id="secret"[^>]*>(whpk_[^<]+)', again) != re.findall(r'id="secret"[^>]*>(whpk_[^<]+)', page)


class TestDeliveries:
    def test_a_test_event_is_delivered_and_shown_with_request_and_answer(
        self, console: ConsoleClient, receiver: ThreadingHTTPServer
    ) -> None:
        path, _ = create(console, url_of(receiver), headers="X-Token: abc123")
        sent = console.post(f"{path}/test", {})
        (delivery,) = set(re.findall(rf"{path}/deliveries/[0-9a-z]+", sent))
        page = wait_for(console, delivery, "succeeded")
        assert "endpoint.test" in page
        assert "X-Token" in page
        assert "abc123" not in page
        assert "It works." in page
        assert "Healthy" in console.get(path)
        count = len(receiver.RequestHandlerClass.bodies)  # type: ignore[attr-defined]
        console.post(f"{delivery}/redeliver", {})
        wait_for(console, delivery, "Attempt 2")
        assert len(receiver.RequestHandlerClass.bodies) == count + 1  # type: ignore[attr-defined]

    def test_failed_deliveries_are_shown_and_sent_again_together(
        self, book: Book, console: ConsoleClient, receiver: ThreadingHTTPServer
    ) -> None:
        path, _ = create(console, url_of(receiver, "/later"), topic=[])
        receiver.RequestHandlerClass.status = 500  # type: ignore[attr-defined]
        try:
            order = book.samples.hub_order("HOOK-1")
            page = wait_for(console, f"{path}?order={order}", "answered 500")
            assert "HOOK-1" in page
            (delivery,) = re.findall(rf'href="({path}/deliveries/[0-9a-z]+)">order\.received', page)
            assert "&lt;i&gt;out of order&lt;/i&gt;" in console.get(delivery)
            book.samples.post(f"/hub/v1/orders/{order}/note", {"text": "Call first"})
            wait_for(console, f"{path}?state=open", "order.noted")  # it waits for the first
            assert "order.received" in console.get(f"{path}?state=open")
            assert "No deliveries" in console.get(f"{path}?state=failed")
            assert "Failing" in console.get("/console/webhooks")
        finally:
            receiver.RequestHandlerClass.status = 204  # type: ignore[attr-defined]
        console.post(f"{delivery}/redeliver", {})
        wait_for(console, delivery, "succeeded")
        assert "0 deliveries are sent again." in console.post(f"{path}/redeliver", {})

    def test_a_disabled_webhook_gets_nothing_until_it_is_enabled_again(
        self, console: ConsoleClient, receiver: ThreadingHTTPServer
    ) -> None:
        path, _ = create(console, url_of(receiver, "/off"))
        page = console.post(f"{path}/disable", {})
        assert "Events wait until it is enabled again." in page
        assert f'action="{path}/enable"' in page  # undo
        delivery = re.findall(rf"{path}/deliveries/[0-9a-z]+", console.post(f"{path}/test", {}))[0]
        assert "this is sent when it is enabled again" in console.get(delivery)
        console.post(f"{path}/enable", {})
        wait_for(console, delivery, "succeeded")

    def test_a_deleted_webhook_is_gone(self, console: ConsoleClient) -> None:
        path, _ = create(console, "http://127.0.0.1:9/gone")
        assert "The webhook is deleted." in console.post(f"{path}/delete", {})
        console.get(path, status=404)
        console.post(f"{path}/test", {}, status=404)


def test_webhooks_are_for_administrators(book: Book, viewer: ConsoleClient) -> None:
    path = f"/console/webhooks/{book.ids['webhook']}"
    for page in ("/console/webhooks", path, f"{path}/edit", f"{path}/deliveries/{book.ids['delivery']}"):
        viewer.get(page, status=403)
    for action in ("test", "enable", "disable", "delete", "rotate", "redeliver", "edit"):
        viewer.post(f"{path}/{action}", {}, status=403)
    assert "/console/webhooks" not in viewer.get("/console/account")
