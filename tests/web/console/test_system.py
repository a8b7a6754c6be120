"""System: what the page says of the installation."""

from crossdock import __version__
from tests.web.console.conftest import ConsoleClient


def test_the_page_names_version_engine_size_and_backlog(console: ConsoleClient) -> None:
    page = console.get("/console/system")
    for text in (__version__, "SQLite", "MB", "In this server", "crossdock verify", "crossdock backup"):
        assert text.lower() in page.lower(), text
