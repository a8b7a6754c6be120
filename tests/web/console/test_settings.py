"""Settings: the organization, API clients, users, locations, products, imports and allocation."""

import html
import json
import re

import httpx
import pytest

from tests.web.console.conftest import Book, ConsoleClient


def secret_in(page: str) -> tuple[str, str]:
    """Return the client id and secret that a page shows."""
    found = re.search(r'id="client-id">([^<]+).*id="client-secret">([^<]+)', page, re.DOTALL)
    assert found, page[:500]
    return found[1], found[2]


class TestClients:
    def test_a_client_is_added_and_its_secret_shown_once(self, book: Book, console: ConsoleClient) -> None:
        page = console.post("/console/settings/clients", {"name": "Web shop", "scopes": ["orders:read"]})
        client_id, secret = secret_in(page)
        assert httpx.post(f"{book.base}/hub/v1/token", auth=(client_id, secret)).status_code == 200
        assert secret not in console.get("/console/settings/clients")

    def test_a_client_gets_a_new_secret(self, book: Book, console: ConsoleClient) -> None:
        client_id, first = secret_in(
            console.post("/console/settings/clients", {"name": "Rotated", "scopes": ["admin"]})
        )
        _, second = secret_in(console.post(f"/console/settings/clients/{client_id}/rotate", {}))
        assert second != first
        assert httpx.post(f"{book.base}/hub/v1/token", auth=(client_id, second)).status_code == 200

    def test_a_revoked_client_gets_no_token(self, book: Book, console: ConsoleClient) -> None:
        client_id, secret = secret_in(console.post("/console/settings/clients", {"name": "Old", "scopes": ["admin"]}))
        console.post(f"/console/settings/clients/{client_id}/revoke", {})
        assert httpx.post(f"{book.base}/hub/v1/token", auth=(client_id, secret)).status_code == 401

    def test_a_client_without_a_name_or_scopes_is_refused_with_a_reason(self, console: ConsoleClient) -> None:
        assert "name" in console.post("/console/settings/clients", {"name": " "}, status=400)
        assert "scope" in console.post("/console/settings/clients", {"name": "No scopes"}, status=400)


class TestUsers:
    def test_an_added_user_signs_in_with_the_password_shown(self, book: Book, console: ConsoleClient) -> None:
        page = console.post("/console/settings/users", {"email": "anna@example.com", "name": "Anna", "role": "viewer"})
        found = re.search(r'id="password-shown">([^<]+)', page)
        assert found
        other = ConsoleClient(book.base)
        fields = {"email": "anna@example.com", "password": found[1]}
        assert other.http.post("/console/sign-in", data=fields).url.path == "/"
        assert other.http.get("/console/settings/users").status_code == 403
        console.post("/console/settings/users/anna@example.com/role", {"role": "admin"})
        assert other.http.get("/console/settings/users").status_code == 200
        console.post("/console/settings/users/anna@example.com/disable", {})
        assert other.http.get("/console/account").url.path == "/console/sign-in"
        console.post("/console/settings/users/anna@example.com/enable", {})
        assert other.http.post("/console/sign-in", data=fields).url.path == "/"
        console.post("/console/settings/users/anna@example.com/remove", {})
        assert "anna@example.com" not in console.get("/console/settings/users")

    def test_nobody_takes_their_own_rights_away(self, console: ConsoleClient) -> None:
        for action in ("role", "disable", "remove"):
            console.post(f"/console/settings/users/demo@example.com/{action}", {"role": "viewer"}, status=400)
        assert "demo@example.com" in console.get("/console/settings/users")

    def test_a_fault_is_shown_at_its_field(self, console: ConsoleClient) -> None:
        page = console.post("/console/settings/users", {"email": "nobody", "role": "viewer"}, status=400)
        assert 'aria-invalid="true"' in page
        assert 'value="nobody"' in page


class TestLocations:
    def test_a_location_is_added_changed_and_removed(self, console: ConsoleClient) -> None:
        fields = {
            "code": "NTE",
            "name": "Nantes",
            "city": "Nantes",
            "country": "FR",
            "priority": "70",
            "active": "true",
        }
        assert "Nantes" in console.save("/console/settings/locations/new", fields)
        assert 'value="70"' in console.get("/console/settings/locations/NTE")
        console.save("/console/settings/locations/NTE", fields | {"city": "", "priority": "10"})
        page = console.get("/console/settings/locations/NTE")
        assert 'value="10"' in page
        assert re.search(r'name="city"[^>]*value=""', page)
        console.post("/console/settings/locations/NTE/remove", {})
        console.get("/console/settings/locations/NTE", status=404)

    def test_every_fault_is_shown_at_its_field(self, console: ConsoleClient) -> None:
        fields = {"code": "BAD", "priority": "1000", "country": "Frankreich", "active": "true"}
        assert console.save("/console/settings/locations/new", fields, status=400).count('class="fault"') == 2

    @pytest.mark.parametrize(("kind", "code"), [("locations", "SEA"), ("shipping-methods", "TAKEN")])
    def test_the_form_of_a_new_one_changes_none_that_exists(self, console: ConsoleClient, kind: str, code: str) -> None:
        path, fields = f"/console/settings/{kind}/new", {"code": code, "name": "Mine", "active": "true"}
        if code == "TAKEN":
            console.save(path, fields)
        before = console.get(f"/console/settings/{kind}/{code}")
        assert "is taken" in console.save(path, fields | {"name": ""}, status=400)
        assert console.get(f"/console/settings/{kind}/{code}") == before

    def test_a_location_in_use_stays_and_the_page_says_why(self, console: ConsoleClient) -> None:
        assert "cannot be removed" in console.post("/console/settings/locations/SEA/remove", {})


class TestProducts:
    def test_a_product_is_added_found_changed_and_removed(self, console: ConsoleClient) -> None:
        fields = {"sku": "A/B 1", "name": "Teapot", "brand": "Acme", "weight": "1.2", "tariff_code": "6912"}
        console.save("/console/settings/products/new", fields)
        assert "Teapot" in console.get("/console/settings/products?q=teapot")
        console.save("/console/settings/products/A%2FB%201", {"name": "Tea pot", "weight": ""})
        page = console.get("/console/settings/products/A%2FB%201")
        assert 'value="Tea pot"' in page
        assert re.search(r'name="weight"[^>]*value=""', page)
        assert "6912" not in page
        console.post("/console/settings/products/A%2FB%201/remove", {})
        console.get("/console/settings/products/A%2FB%201", status=404)

    def test_a_file_is_imported_and_rows_with_faults_are_named(self, console: ConsoleClient) -> None:
        text = "sku,name,weight\nIMP-1,One,1.5\nIMP-2,Two,heavy\n"
        page = console.post("/console/settings/import/products", {"text": text}, status=400)
        assert "1 added" in page
        assert re.search(r"<td[^>]*>3</td>\s*<td><code>weight", page)
        assert "1 added" in console.post("/console/settings/import/products", {"text": text.replace("heavy", "2")})

    def test_what_is_no_table_is_refused_with_the_reason(self, console: ConsoleClient) -> None:
        assert "size" in console.post("/console/settings/import/products", {"text": "sku,size\nA,1\n"}, status=400)


class TestShippingMethods:
    def test_a_method_is_added_changed_and_removed(self, console: ConsoleClient) -> None:
        fields = {"code": "EXPRESS", "name": "Express", "active": "true", "min_days": "1", "max_days": "2", "cost": "9.5",
                  "currency": "USD", "countries": "US CA"}  # fmt: skip
        assert "$9.50" in console.save("/console/settings/shipping-methods/new", fields)
        console.save("/console/settings/shipping-methods/EXPRESS", fields | {"countries": "", "max_days": "3"})
        page = console.get("/console/settings/shipping-methods/EXPRESS")
        assert re.search(r'name="countries"[^>]*value=""', page)
        assert 'value="3"' in page
        bad = console.save("/console/settings/shipping-methods/EXPRESS", fields | {"min_days": "9"}, status=400)
        assert 'class="fault"' in bad
        console.post("/console/settings/shipping-methods/EXPRESS/remove", {})
        console.get("/console/settings/shipping-methods/EXPRESS", status=404)


class TestAllocation:
    def test_settings_are_saved_and_faults_named(self, console: ConsoleClient) -> None:
        settings = {"mode": "arrival", "max_attempts": 21}
        fields = {"do": "save", "text": json.dumps(settings)}
        console.save("/console/settings/allocation", fields)
        assert "&#34;max_attempts&#34;: 21" in console.get("/console/settings/allocation")
        bad = console.save("/console/settings/allocation", fields | {"text": '{"mode": "never"}'}, status=400)
        assert "mode" in bad

    def test_rules_are_tried_without_being_saved(self, console: ConsoleClient) -> None:
        rules = {"rule_sets": [{"name": "Lyon first", "only": ["LYS"]}]}
        before = console.get("/console/settings/allocation")
        page = console.save("/console/settings/allocation", {"do": "try", "text": json.dumps({"rule_sets": []})})
        assert "recent decision" in page
        console.save("/console/settings/allocation", {"do": "try", "text": json.dumps(rules)}, status=400)
        assert console.get("/console/settings/allocation") == before


class TestTwoPeople:
    """Of two people who save one form, the second is shown both values, and can save again."""

    @pytest.mark.parametrize(
        ("path", "name", "values"),
        [
            ("/console/settings", "name", ("Demo one", "Demo")),
            ("/console/settings/locations/LYS", "name", ("Lyon", "Lyon store")),
            ("/console/settings/products/TWO", "brand", ("Acme", "Zenith")),
            ("/console/settings/shipping-methods/TWO", "carrier", ("UPS", "DHL")),
            ("/console/webhooks/{webhook}/edit", "name", ("Warehouse one", "Warehouse")),
            ("/console/mails/settings", "sender_name", ("Shop one", "Shop two")),
            ("/console/mails/kinds/shipped?language=fr", "subject", ("Colis parti", "Colis en route")),
            ("/console/settings/allocation", "text", ('{"mode": "manual"}', '{"mode": "arrival"}')),
        ],
    )
    def test_the_second_sees_both_values(
        self, book: Book, console: ConsoleClient, path: str, name: str, values: tuple[str, str]
    ) -> None:
        if path.endswith("/TWO"):
            key = "sku" if "products" in path else "code"
            console.save(path.replace("TWO", "new"), {key: "TWO", "active": "true"})
        if "kinds" in path:
            console.save("/console/mails/settings", {"sender": "shop@example.com", "kind": "shipped"})
        path = path.format(**book.ids)
        form = re.findall(r'<(?:input|textarea)[^>]* name="([^"]+)"[^>]* value="([^"]*)"', console.get(path))
        fields = {field: html.unescape(value) for field, value in form if field != "csrf"}
        fields |= {"do": "save", "sender": "shop@example.com"}
        page, _, query = path.partition("?")
        fields |= dict([query.split("=")]) if query else {}
        console.post(page, fields | {name: values[0]})
        stale = console.post(page, fields | {name: values[1]}, status=409)
        assert "Somebody else changed this meanwhile; nothing was saved." in stale
        first, second = (html.escape(value, quote=True).replace("&quot;", "&#34;") for value in values)
        assert second in stale
        if name == "text":  # side by side, as lines of JSON
            assert "&#34;mode&#34;: &#34;manual&#34;" in stale
        else:
            assert f"Stored now: <b>{first}</b>" in stale
        versions = re.findall(r'name="version" value="(\d+)"', stale)
        console.post(page, fields | {"version": versions[0], name: values[1]})
        assert second.strip("{}") in console.get(path)

    def test_what_was_removed_meanwhile_is_said_and_nothing_typed_is_lost(self, console: ConsoleClient) -> None:
        path = "/console/settings/products/GONE"
        console.save("/console/settings/products/new", {"sku": "GONE"})
        console.post(f"{path}/remove", {})
        page = console.post(path, {"version": "1", "name": "Still typed"}, status=409)
        assert "Somebody else removed it meanwhile" in page
        assert 'value="Still typed"' in page


class TestSecrets:
    @pytest.mark.parametrize(
        ("path", "fields", "text"),
        [
            ("/console/settings/clients", {"name": "Reloaded", "scopes": "orders:read"}, 'id="client-secret"'),
            ("/console/settings/users", {"email": "reloaded@example.com", "role": "viewer"}, 'id="password-shown"'),
            ("/console/webhooks/new", {"url": "http://127.0.0.1:9/reloaded"}, 'id="secret"'),
            ("/console/webhooks/{webhook}/rotate", {}, 'id="secret"'),
        ],
    )
    def test_a_page_that_showed_a_secret_shows_it_once_and_makes_no_other_when_it_is_loaded_again(
        self, book: Book, console: ConsoleClient, path: str, fields: dict[str, str], text: str
    ) -> None:
        answer = console.http.post(path.format(**book.ids), data={"csrf": console.csrf} | fields)
        assert text in answer.text
        assert answer.request.method == "GET"  # the browser was sent on: this is what it loads again
        again = console.http.get(answer.url)
        assert again.status_code == 200
        assert text not in again.text
