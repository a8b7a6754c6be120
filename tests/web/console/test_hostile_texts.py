"""Nothing that somebody typed can run: texts that try to break out of a page stand in every field of every page."""

import csv
import json
import re
from collections.abc import Iterator
from itertools import cycle
from typing import TYPE_CHECKING, Any

import pytest

from tests.vendors import VENDORS, sample
from tests.web.console.conftest import Book, needs_browser, opened_page
from tests.web.console.forms import Form, Forms
from tests.web.console.page_list import PATHS

if TYPE_CHECKING:
    from playwright.async_api import Browser


@pytest.fixture(scope="module")
def book(own_book: Book) -> Book:
    """Return a server of this module's own."""
    return own_book


# Each would set `hacked` if it got out of a text, an attribute, a script, a URL or a style.
HOSTILE = (
    "<script>hacked=1</script>",
    '"><img src=x onerror=hacked=1>',
    "' autofocus onfocus='hacked=1' x='",
    "javascript:hacked=1",
    "</textarea></title><svg onload=hacked=1>",
    "{{7*7}}{% raw %}${hacked=1}",
    "\u202e\u2028]]>--><!--",
)
TEXT = " ".join(HOSTILE)


def hostile(tree: Any, number: str, fixed: tuple[str, ...]) -> Any:
    """Put hostile texts into every text of a body that is free; `number` is the order's number."""
    if isinstance(tree, dict):
        return {
            name: number if name == fixed[0] else value if name in fixed else hostile(value, number, fixed)
            for name, value in tree.items()
        }
    if isinstance(tree, list):
        return [hostile(each, number, fixed) for each in tree]
    is_free = isinstance(tree, str) and len(tree) > 3 and not tree[:4].isdigit() and not tree.isupper()
    return TEXT if is_free else tree


def bodies() -> Iterator[tuple[str, str, dict[str, Any], dict[str, str]]]:
    """Yield for each door two hostile orders: one as free as its rules allow, and one that is rejected."""
    for door, vendor in VENDORS.items():
        body = sample(door)
        yield door, vendor.create, hostile(body, "HOSTILE", (vendor.number, "currency", "countryCode", "country")), {}
        for (
            name,
            value,
        ) in body.items():  # members are exchanged one by one, so that one that is checked fails only itself
            changed = body | {vendor.number: f"HOSTILE-{name}", name: hostile(value, "x", (vendor.number,))}
            if name != vendor.number:
                yield door, vendor.create, changed, {}


@pytest.fixture(scope="module")
def hostile_paths(book: Book) -> list[str]:
    """Fill the book with hostile texts; return the paths of every page that may show them."""
    http, ids = book.samples._http, []
    for place, (door, path, body, _) in enumerate(bodies()):
        headers = VENDORS[door].headers(f"hostile-{place}")
        answer = http.post(path, json=body, headers=headers)
        assert answer.status_code < 500, answer.text[:300]
    hub = {
        "number": TEXT[:100], "currency": "USD", "customer": {"name": TEXT[:200], "email": "a@example.com"},
        "destinations": [{"address": {"name": TEXT[:200], "lines": [TEXT[:200]], "city": TEXT[:100], "country": "CA"}}],
        "lines": [{"sku": HOSTILE[0], "description": TEXT, "quantity": 1, "unit_price": "1"}],
    }  # fmt: skip
    order_id = http.post("/hub/v1/orders", json=hub).raise_for_status().json()["id"]
    for verb, form in (
        ("tag", {"add": [HOSTILE[1]]}),
        ("note", {"text": TEXT}),
        ("hold", {"holds": [{"reason": HOSTILE[0], "note": TEXT}]}),
    ):
        http.post(f"/hub/v1/orders/{order_id}/{verb}", json=form).raise_for_status()
    ids.append(order_id)
    http.post("/hub/v1/locations", json={"code": "EVIL", "name": HOSTILE[1]}).raise_for_status()
    http.post("/hub/v1/products", json={"sku": "EVIL", "name": HOSTILE[1]}).raise_for_status()
    rejected = http.get("/hub/v1/submissions?status=refused&limit=50").raise_for_status().json()["items"]
    paths = [path.format(**book.ids) for path in PATHS]
    known = [path for path in PATHS if "{held}" in path]
    paths += [path.replace("{held}", order_id) for path in known]
    paths += [f"/console/rejected/{each['id']}" for each in rejected]
    return paths


@needs_browser
async def test_no_text_runs_on_any_page(browser: "Browser", book: Book, hostile_paths: list[str]) -> None:
    async with opened_page(browser, book) as page:
        for path in hostile_paths:
            answer = await page.goto(path)
            assert answer is not None
            assert answer.status == 200, path
            assert await page.evaluate("typeof hacked") == "undefined", path


def test_no_page_has_an_unescaped_text(book: Book, hostile_paths: list[str]) -> None:
    client = book.signed_in()
    for path in hostile_paths:
        text = client.get(path)
        for each in ("<script>hacked", "<img src=x", "<svg onload", "' autofocus onfocus='"):
            assert each not in text, path


def test_an_error_shows_what_was_typed_as_text(book: Book) -> None:
    client = book.signed_in()
    for path in ("/console/orders?q=", "/console/settings/locations?q=", "/console/settings/products?q="):
        page = client.http.get(path + TEXT.replace("&", "%26").replace("#", "%23")).text
        assert "<script>hacked" not in page
    page = client.post("/console/settings/users", {"email": TEXT, "role": "viewer"}, status=400)
    assert "<script>hacked" not in page
    assert json.dumps(TEXT)[1:10] not in page or "&lt;script" in page


FORMULA = '=HYPERLINK("http://example.com","x")'
CSV_FILES = (
    "/hub/v1/orders/export?format=csv", "/hub/v1/stock", "/hub/v1/products", "/hub/v1/locations",
    "/hub/v1/shipping-methods", "/console/orders.csv",
)  # fmt: skip


def test_no_cell_of_a_csv_file_is_a_formula(book: Book) -> None:
    http = book.samples._http
    for path, body in (
        ("orders", {"number": FORMULA, "notes": FORMULA, "lines": [{"sku": FORMULA, "quantity": 1}]}),
        ("products", {"sku": FORMULA, "name": FORMULA}), ("locations", {"code": "FORMULA", "name": FORMULA}),
        ("shipping-methods", {"code": "FORMULA", "name": FORMULA}),
        ("stock/receive", {"items": [{"sku": FORMULA, "location": "FORMULA", "quantity": 1, "reason": FORMULA}]}),
    ):  # fmt: skip
        http.post(f"/hub/v1/{path}", json=body).raise_for_status()
    console = book.signed_in().http
    for path in CSV_FILES:
        answer = (console if path.startswith("/console") else http).get(path, headers={"Accept": "text/csv"})
        assert answer.headers["content-type"].startswith("text/csv"), path
        cells = [cell for row in csv.reader(answer.text.splitlines()) for cell in row]
        assert "'" + FORMULA in cells, path
        assert [cell for cell in cells if re.match(r"\s*[=+@-](?![0-9.]+$)", cell)] == [], path


# What the fields of a form are sent, in turn.
ODD = cycle((
    "", "0", "-1", "9" * 40, "1e9", "NaN", "\u0661\u00b2", "\u0000", "2026-02-30", "0001-01-01T00:00", "{", "[" * 5_000,
    "x" * 10_000, "a\r\nb: c", "..", "\U0001f600", "true", "null", "0.0000000001", FORMULA, *HOSTILE,
))  # fmt: skip


def forms_of(book: Book) -> list[Form]:
    """Return the forms of all pages, one of those that are alike."""
    client = book.signed_in()
    paths = [path.format(**book.ids) for path in PATHS]
    forms = [form for path in paths for form in Forms(path.partition("?")[0], client.get(path)).forms]
    sent = [form for form in forms if form.method in ("GET", "POST") and "sign-out" not in form.action]
    return list({(form.method, form.action, tuple(sorted(form.fields))): form for form in sent}.values())


def test_no_form_ends_in_a_bug_whatever_is_typed(book: Book) -> None:
    """The last test of this module, because some of the forms change the book."""
    forms, bugs, client = forms_of(book), [], book.signed_in()
    csrf = {"csrf": client.csrf}
    assert len(forms) > 60, "the pages have fewer forms than they had"
    for form in forms:
        for names in (form.typed, form.fields):  # hidden fields, too
            values = form.fields | {name: next(ODD) for name in names} | csrf
            sent: dict[str, Any] = {"params" if form.method == "GET" else "data": values}
            answer = client.http.request(form.method, form.action, follow_redirects=False, **sent)
            if answer.status_code >= 500:
                bugs.append((form.method, form.action, values))
    assert bugs == []
