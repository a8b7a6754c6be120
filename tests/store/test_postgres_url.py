"""Connection URLs as PostgreSQL's hosting providers print them."""

import ssl

import pytest

from crossdock.store.postgres_url import parse

BASE = "postgresql://me:p%40ss@db.example.com:5433/shop"


class TestParse:
    def test_a_url_without_parameters_is_unchanged(self) -> None:
        for url in (BASE, "postgresql:///shop?host=/run/postgresql", "postgres://a,b/shop"):
            assert parse(url) == (url, {}, False)

    @pytest.mark.parametrize(
        "parameters",
        [
            "keepalives=1&keepalives_idle=30&keepalives_interval=10&keepalives_count=3&tcp_user_timeout=5000",
            "channel_binding=prefer", "channel_binding=disable", "gssencmode=disable", "sslcompression=0&sslsni=1",
            "connect_timeout=0",
        ],
    )  # fmt: skip
    def test_parameters_without_effect_here_are_left_out(self, parameters: str) -> None:
        assert parse(f"{BASE}?{parameters}") == (BASE, {}, False)

    def test_parameters_that_asyncpg_and_the_server_know_are_passed_on(self) -> None:
        for parameters in (
            "sslmode=require&application_name=x",
            "target_session_attrs=any",
            "options=-c%20work_mem%3D8MB",
        ):
            url, arguments, _ = parse(f"{BASE}?{parameters}")
            assert arguments == {}
            assert url.startswith(f"{BASE}?")
            assert len(url.split("&")) == len(parameters.split("&"))

    def test_a_pooler_is_named(self) -> None:
        assert parse(f"{BASE}?pgbouncer=true&sslmode=require") == (f"{BASE}?sslmode=require", {}, True)
        assert parse(f"{BASE}?pgbouncer=false") == (BASE, {}, False)

    def test_a_timeout_limits_connecting(self) -> None:
        assert parse(f"{BASE}?connect_timeout=5") == (BASE, {"timeout": 5.0}, False)
        assert parse(f"{BASE}?connect_timeout=1") == (BASE, {"timeout": 2.0}, False)  # as in libpq

    def test_the_certificates_of_the_system_are_used(self) -> None:
        for parameters in ("sslmode=verify-full&sslrootcert=system", "sslrootcert=system"):
            url, arguments, _ = parse(f"{BASE}?{parameters}&channel_binding=prefer")
            assert url == BASE
            assert arguments["ssl"].verify_mode is ssl.CERT_REQUIRED
            assert arguments["ssl"].check_hostname

    def test_a_checked_certificate_replaces_channel_binding(self) -> None:
        assert parse(f"{BASE}?sslmode=verify-full&channel_binding=require") == (
            f"{BASE}?sslmode=verify-full",
            {},
            False,
        )

    @pytest.mark.parametrize(
        ("parameters", "reason"),
        [
            ("sslmode=require&channel_binding=require", "sslmode=verify-full&sslrootcert=system"),
            ("gssencmode=require", "gssencmode"),
            ("sslmode=require&sslrootcert=system", "sslmode=verify-full"),
            ("connect_timeout=soon", "connect_timeout"),
            ("pgbouncer=yes", "pgbouncer in the database URL must be true or false"),
            ("schema=public", "schema"),
            ("connection_limit=1", "connection_limit"),
            ("sslmode", "name=value"),
        ],
    )
    def test_what_cannot_be_understood_is_named_without_the_password(self, parameters: str, reason: str) -> None:
        with pytest.raises(ValueError, match=reason) as refusal:
            parse(f"{BASE}?{parameters}")
        assert "p@ss" not in str(refusal.value)
        assert "p%40ss" not in str(refusal.value)
