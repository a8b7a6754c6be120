"""The guides: Markdown pages as HTML, and where they are found."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from crossdock import __version__
from crossdock.web import guides
from crossdock.web.guides import Guide
from tests.world import World

ROOT = Path(__file__).parent.parent.parent
KNOWN = {name: Guide(name, name, "", "") for name in ("README", "events", "doors/hub", "doors/hub/orders")}


def rendered(text: str, name: str = "doors/hub") -> str:
    return guides.render(Guide(name, "", "", text), KNOWN).strip()


BASE = "https://orders.example.com"


class TestRender:
    @pytest.mark.parametrize(
        ("target", "expected"),
        [
            ("../events.md", '<a href="/docs/guides/events">x</a>'),
            ("hub/orders.md#holds", '<a href="/docs/guides/doors/hub/orders#holds">x</a>'),
            ("../README.md", '<a href="/docs/guides">x</a>'),
            ("#here", '<a href="#here">x</a>'),
            ("https://example.com/a.md", '<a href="https://example.com/a.md">x</a>'),
            ("../../CONTRIBUTING.md", "<span>x</span>"),
        ],
    )
    def test_a_link_leads_to_the_page_of_the_guide(self, target: str, expected: str) -> None:
        assert rendered(f"[x]({target})") == f"<p>{expected}</p>"

    def test_a_heading_has_the_anchor_of_github(self) -> None:
        assert rendered("## Which `URLs` are allowed?") == (
            '<h2 id="which-urls-are-allowed">Which <code>URLs</code> are allowed?</h2>'
        )

    def test_a_table_has_no_inline_style(self) -> None:
        table = rendered("| a | b |\n|---|---:|\n| 1 | 2 |")
        assert "style" not in table
        assert '<td class="right">2</td>' in table

    async def test_a_picture_of_a_guide_is_on_the_server(self, world: World) -> None:
        page = (await world.http.get("/docs/guides/papers")).text
        pictures = re.findall(r'<img src="([^"]+)"', page)
        assert "/docs/guides/papers/label-en.png" in pictures
        for path in pictures:
            answer = await world.http.get(path)
            assert answer.headers["content-type"] == "image/png"
            assert answer.content.startswith(b"\x89PNG")

    def test_html_in_a_guide_is_text(self) -> None:
        assert rendered("<script>alert(1)</script>") == "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"


class TestGuides:
    def test_the_examples_call_the_server_that_shows_them(self) -> None:
        texts = {guide.name: guide.text for guide in guides.all_guides(BASE).values()}
        assert f"B={BASE}\n" in texts["getting-started"]
        assert f"`{BASE}/oauth/token`" in texts["doors/pb_fulfillment"]
        assert [name for name, text in texts.items() if re.search(r"(127\.0\.0\.1|localhost):8000", text)] == []

    def test_a_guide_has_a_title_and_a_summary(self) -> None:
        for guide in guides.all_guides(BASE).values():
            assert guide.title not in ("", guide.name)
            assert len(guide.summary) > 10 or not guide.is_listed, guide.name

    def test_the_guides_are_in_the_order_of_the_index(self) -> None:
        listed = [guide.name for guide in guides.all_guides(BASE).values()]
        assert set(listed) == set(guides.names())
        assert listed[0] == "getting-started"
        assert listed.index("doors/hub") < listed.index("webhooks") < listed.index("settings")

    def test_the_sections_of_a_guide_have_its_whole_text(self) -> None:
        guide = Guide(
            "x", "Title", "", "# Title\n\nFirst `code`.\n\n## Part\n\n| a |\n|---|\n| b |\n\n```\nblock\n```\n"
        )
        first, second = guides.sections(guide)
        assert (first.title, first.anchor, first.text) == ("Title", "", "First code.")
        assert (second.title, second.anchor, second.text.split()) == ("Part", "part", ["a", "b", "block"])

    def test_the_wheel_has_the_guides_and_the_static_files(self, tmp_path: Path) -> None:
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        (wheel,) = tmp_path.glob("*.whl")
        names = set(zipfile.ZipFile(wheel).namelist())
        expected = {f"crossdock/web/markdown/{name}.md" for name in guides.names()}
        expected |= {f"crossdock/web/markdown/{name}" for name in guides.pictures()}
        assert expected | {"crossdock/web/static/docs.js", "crossdock/web/templates/layout.html"} <= names
        assert {name.split("/")[0] for name in names if "dist-info" not in name} == {"crossdock"}
        assert {name for name in names if name.startswith("crossdock/web/markdown/")} <= expected
        assert {
            "crossdock/papers/fonts/sans.ttf.xz",
            "crossdock/papers/catalogs/zh.json",
            "crossdock/py.typed",
        } <= names
        assert f"crossdock-{__version__}.dist-info/METADATA" in names

    def test_the_guides_of_an_installed_package_are_in_the_package(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(guides, "_HERE", tmp_path)
        (tmp_path / "markdown").mkdir()
        assert guides.folder() == tmp_path / "markdown"
