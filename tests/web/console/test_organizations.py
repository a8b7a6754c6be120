"""Nobody sees or changes what belongs to another organization, whatever page they open with its ids."""

import re

import pytest

from crossdock.web.console.pages import all_pages
from tests.cli.program import done
from tests.web.console.conftest import Book, ConsoleClient
from tests.web.console.page_list import PATHS

PASSWORD = "long enough to guess"
# Texts of the sample orders that no page of another organization has.
MARKS = re.compile(r"WEB-\d{4}|BAD-\d|Stoneware")


@pytest.fixture(scope="module")
def stranger(book: Book) -> ConsoleClient:
    """Return a client of an administrator of another organization."""
    done(book.database, "organization", "add", "Stranger")
    done(book.database, "user", "add", "Stranger", "eve@example.com", "--role", "admin", "--password", PASSWORD)
    client = ConsoleClient(book.base)
    client.http.post("/console/sign-in", data={"email": "eve@example.com", "password": PASSWORD})
    return client


def test_pages_of_another_organization_are_not_there(book: Book, stranger: ConsoleClient) -> None:
    for path in PATHS:
        answer = stranger.http.get(path.format(**book.ids))
        if "{" in path:
            assert answer.status_code in (403, 404), path
        assert not MARKS.search(answer.text), path


def test_nothing_of_another_organization_is_changed(book: Book, stranger: ConsoleClient) -> None:
    ids = list(book.ids.values())
    headers = {"X-CSRF-Token": stranger.csrf}
    before = _events(book)
    for page in all_pages():
        if page.method != "POST" or "{" not in page.path or page.path.startswith("/console/settings"):
            continue
        for each in [*ids[:3], book.ids["picking"], book.ids["rejected"], book.ids["webhook"]]:
            path = re.sub(r"\{verb[^}]*\}", "cancel", page.path)
            path = re.sub(r"\{[^}]*\}", each, path)
            answer = stranger.http.post(path, data={"version": "1", "do": "yes", "confirmed": "yes"}, headers=headers)
            assert answer.status_code < 500, (path, answer.text[:300])
    assert _events(book) == before


def _events(book: Book) -> list[str]:
    """Return the ids of the organization's events in its feed."""
    found: list[str] = []
    after = "0"
    while True:
        page = book.samples._http.get(f"/hub/v1/events?limit=200&after={after}").raise_for_status().json()
        found += [each["id"] for each in page["items"]]
        if not page["items"]:
            return found
        after = page["next"]
