"""Settings read from the environment and from options."""

from pathlib import Path

import pytest

from crossdock.settings import SECRETS, Settings, load, without_password


class TestLoad:
    @pytest.mark.parametrize(
        ("name", "value", "expected"),
        [
            ("PORT", "many", "a whole number from 1 to 65535"),
            ("PORT", "80000", "a whole number from 1 to 65535"),
            ("PORT", "0", "a whole number from 1 to 65535"),
            ("WORKERS", "0", "a whole number of at least 1"),
            ("DEMO", "maybe", "true or false"),
            ("LOG_LEVEL", "loud", "one of debug, info, warning, error"),
            ("SMTP_TLS", "ssl", "one of starttls, tls, none"),
            # A longer attempt would outlast its claim, and another process would repeat it.
            ("WEBHOOK_TIMEOUT_S", "61", "a number above 0 and at most 60"),
            ("WEBHOOK_TIMEOUT_S", "0", "a number above 0 and at most 60"),
            ("SMTP_TIMEOUT_S", "51", "a number above 0 and at most 50"),
            ("TIMER_INTERVAL_S", "0", "a number above 0"),
            ("LOG_FORMAT", "xml", "one of auto, text, json"),
            ("DATABASE_WAIT_S", "-1", "a number of at least 0"),
        ],
    )
    def test_a_wrong_value_is_refused_with_the_variable_and_its_range(
        self, name: str, value: str, expected: str
    ) -> None:
        with pytest.raises(ValueError, match=rf"^CROSSDOCK_{name}: '{value}' is not {expected}$"):
            load({f"CROSSDOCK_{name}": value})

    def test_a_wrong_override_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"^port: 80000 is not a whole number from 1 to 65535$"):
            load({}, port=80_000)

    def test_an_override_comes_before_the_environment_unless_it_is_none(self) -> None:
        environment = {"CROSSDOCK_PORT": "1", "CROSSDOCK_WORKERS": "2"}
        settings = load(environment, port=3, workers=None)
        assert (settings.port, settings.workers) == (3, 2)

    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("CROSSDOCK_PROT", "did you mean CROSSDOCK_PORT?"),
            ("CROSSDOCK_DATABSE", "did you mean CROSSDOCK_DATABASE?"),
            ("CROSSDOCK_port", "did you mean CROSSDOCK_PORT?"),
            ("CROSSDOCK_QQQQ", "docs/settings.md lists all settings"),
        ],
    )
    def test_an_unknown_variable_is_refused_with_the_most_similar_name(self, name: str, hint: str) -> None:
        with pytest.raises(ValueError, match=f"^{name} is not a setting; ") as refusal:
            load({name: "1"})
        assert str(refusal.value).endswith(hint)

    def test_variables_of_others_are_ignored(self) -> None:
        assert load({"CROSSDOCKS": "1", "PORT": "1", "CROSSDOCK_TEST_PROFILE": "prove"}) == Settings()


class TestSecrets:
    @pytest.mark.parametrize("name", SECRETS)
    def test_a_secret_is_read_from_a_file(self, name: str, tmp_path: Path) -> None:
        secret = "postgresql://me:hunter2@host/db?application_name=x"
        (tmp_path / "secret").write_text(f"{secret}\n")
        settings = load({f"CROSSDOCK_{name.upper()}_FILE": str(tmp_path / "secret")})
        assert getattr(settings, name) == secret

    def test_a_secret_is_given_once(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match=r"^CROSSDOCK_SMTP_PASSWORD and CROSSDOCK_SMTP_PASSWORD_FILE are both set"):
            load({"CROSSDOCK_SMTP_PASSWORD": "x", "CROSSDOCK_SMTP_PASSWORD_FILE": str(tmp_path)})

    @pytest.mark.parametrize(
        ("content", "reason"), [(None, "No such file"), (b"\n", "is empty"), (b"\xff", "not text")]
    )
    def test_a_file_that_cannot_be_read_is_named(self, content: bytes | None, reason: str, tmp_path: Path) -> None:
        path = tmp_path / "secret"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ValueError, match=f"^CROSSDOCK_TOKEN_KEY_FILE: {path} .*{reason}"):
            load({"CROSSDOCK_TOKEN_KEY_FILE": str(path)})

    def test_other_settings_have_no_file(self) -> None:
        with pytest.raises(ValueError, match="CROSSDOCK_PORT_FILE is not a setting"):
            load({"CROSSDOCK_PORT_FILE": "x"})

    def test_a_key_that_could_be_guessed_is_refused(self) -> None:
        assert load({"CROSSDOCK_TOKEN_KEY": "k" * 32}).token_key == "k" * 32
        with pytest.raises(ValueError, match=r"^CROSSDOCK_TOKEN_KEY has less than 32 bytes") as refusal:
            load({"CROSSDOCK_TOKEN_KEY": "hunter2"})
        assert "hunter2" not in str(refusal.value)

    def test_a_public_url_is_of_the_web(self) -> None:
        with pytest.raises(ValueError, match=r"^CROSSDOCK_PUBLIC_URL must begin with http:// or https://"):
            load({"CROSSDOCK_PUBLIC_URL": "javascript:alert(1)"})


class TestWithoutPassword:
    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("sqlite:////var/lib/crossdock.db", "sqlite:////var/lib/crossdock.db"),
            ("postgresql://me:hunter2@host:5433/db", "postgresql://me@host:5433/db"),
            ("postgresql://me:hun@ter2@host/db", "postgresql://me@host/db"),
            ("postgresql://me@host/db?password=hunter2&sslmode=require", "postgresql://me@host/db?sslmode=require"),
            ("postgresql:///db?host=/run/postgresql", "postgresql:///db?host=/run/postgresql"),
            ("postgresql://me:hunter2@a:5433,[::1]:5434,c/db", "postgresql://me@a:5433,[::1]:5434,c/db"),
            ("postgresql://me:hunter2/x@host/db", "postgresql://…"),  # a slash that should be encoded
            ("me:hunter2@host/db", "(unreadable database URL)"),
        ],
    )
    def test_a_database_url_is_shown_without_its_password(self, url: str, expected: str) -> None:
        assert without_password(url) == expected


class TestBaseUrl:
    @pytest.mark.parametrize(("host", "expected"), [("127.0.0.1", "http://127.0.0.1:80"), ("::1", "http://[::1]:80")])
    def test_the_base_url_names_host_and_port(self, host: str, expected: str) -> None:
        assert Settings(host=host, port=80).base_url == expected
