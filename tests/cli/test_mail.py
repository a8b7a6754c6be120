"""`crossdock mail`."""

from pathlib import Path

from tests.cli.program import done, plain, refused


class TestMailPreview:
    def test_a_preview_is_written_without_a_database(self, tmp_path: Path) -> None:
        answer = plain("mail", "preview", "shipped", "--locale", "fr", "--out", str(tmp_path / "made"))
        assert (answer.returncode, answer.stderr) == (0, "")
        _, html, text = answer.stdout.splitlines()
        assert (html, text) == (f"{tmp_path}/made/shipped.fr.html", f"{tmp_path}/made/shipped.fr.txt")
        assert Path(html).read_text(encoding="utf-8").startswith("<!")
        assert Path(text).read_text(encoding="utf-8") != ""

    def test_a_preview_has_the_settings_of_an_organization(
        self, filled: str, organization: str, tmp_path: Path
    ) -> None:
        done(filled, "mail", "preview", "shipped", "--organization", organization, "--out", str(tmp_path))
        assert "Demo" in (tmp_path / "shipped.en.txt").read_text(encoding="utf-8")

    def test_an_unknown_kind_or_language_is_refused_with_those_there_are(self) -> None:
        assert "confirmation" in refused(plain("mail", "preview", "nonsense"))
        assert "fr" in refused(plain("mail", "preview", "shipped", "--locale", "xx"))

    def test_a_preview_is_written_in_a_locale_without_its_letters(self, tmp_path: Path) -> None:
        for locale in ({"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}):
            answer = plain("mail", "preview", "shipped", "--locale", "zh", "--out", str(tmp_path), **locale)
            assert (answer.returncode, answer.stderr) == (0, "")
        assert "<html" in (tmp_path / "shipped.zh.html").read_text(encoding="utf-8")
