"""`crossdock client`."""

import json
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.cli.program import done, field, refused, run
from tests.server import ROOT, Server
from tests.vendors import sample


class TestClient:
    def test_the_secret_of_a_client_works_until_it_is_revoked(
        self, filled: str, organization: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        added = done(filled, "client", "add", organization, "My ERP")
        client, secret = field(added, "client id"), field(added, "secret")
        listed = done(filled, "client", "list", organization)
        assert re.search(rf"^{client} +active +orders:read orders:write +My ERP$", listed, re.MULTILINE)
        assert secret not in listed + done(filled, "organization", "show", organization)
        monkeypatch.setenv("CROSSDOCK_REVOCATION_DELAY_S", "0")
        with Server(filled, demo=False) as server:
            answer = httpx.post(f"{server.base}/hub/v1/token", auth=(client, secret))
            headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
            made = httpx.post(f"{server.base}/hub/v1/orders", json=sample("hub"), headers=headers)
            assert made.status_code == 201
            assert done(filled, "client", "revoke", organization, client) == f"revoked {client}\n"
            assert httpx.get(f"{server.base}/hub/v1/orders", headers=headers).status_code == 401
            assert httpx.post(f"{server.base}/hub/v1/token", auth=(client, secret)).status_code == 401
        assert f"{client}  revoked" in done(filled, "client", "list", organization)
        assert f"{client}  My ERP  revoked" in done(filled, "organization", "show", organization)
        assert client in refused(run(filled, "client", "revoke", organization, client))

    def test_a_client_has_only_the_scopes_it_was_given(self, filled: str, organization: str) -> None:
        done(filled, "client", "add", organization, "Reader", "--scopes", "orders:read")
        clients = json.loads(done(filled, "client", "list", organization, "--json"))
        assert [each["scopes"] for each in clients if each["name"] == "Reader"] == ["orders:read"]

    @pytest.mark.parametrize("scopes", ["", "orders:read root"])
    def test_a_client_with_unknown_scopes_is_refused(self, filled: str, organization: str, scopes: str) -> None:
        line = refused(run(filled, "client", "add", organization, "x", "--scopes", scopes))
        assert "orders:read, orders:write, admin" in line


def token_status(server: Server, client: str, secret: str) -> int:
    return httpx.post(f"{server.base}/hub/v1/token", auth=(client, secret)).status_code


class TestOwnCredentials:
    """A client keeps the id and the secret it was configured with."""

    def test_a_client_keeps_its_id_and_secret(self, filled: str, organization: str, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("8tVYrSyWnmQAGfQe\n")
        for options in (("--secret", "8tVYrSyWnmQAGfQe"), ("--secret-file", str(tmp_path / "secret"))):
            client = f"ey5CWEVd-{len(options[0])}"
            added = done(filled, "client", "add", organization, "My ERP", "--id", client, *options)
            assert added == f"client id  {client}\n"
            with Server(filled, demo=False) as server:
                assert token_status(server, client, "8tVYrSyWnmQAGfQe") == 200
                assert token_status(server, client, "8tVYrSyWnmQAGfQe\n") == 401
        with sqlite3.connect(filled.removeprefix("sqlite:///")) as opened:
            assert "8tVYrSyWnmQAGfQe" not in "\n".join(opened.iterdump())
        opened.close()

    def test_the_secret_is_read_from_standard_input(self, filled: str, organization: str) -> None:
        answer = subprocess.run(
            [sys.executable, "-m", "crossdock", "client", "add", organization, "x", "--id", "mine", "--secret-file", "-",
             "--json", "--database", filled],
            input="a long enough secret\n", capture_output=True, text=True, cwd=ROOT, check=True,
        )  # fmt: skip
        assert json.loads(answer.stdout) == {"client_id": "mine"}
        with Server(filled, demo=False) as server:
            assert token_status(server, "mine", "a long enough secret") == 200

    def test_an_id_of_another_organization_is_refused_with_its_name(self, filled: str, organization: str) -> None:
        done(filled, "organization", "add", "Other")
        done(filled, "client", "add", "Other", "x", "--id", "taken")
        line = refused(run(filled, "client", "add", organization, "x", "--id", "taken"))
        assert line == "crossdock: there is a client with the id taken in the organization Other"

    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            (("--id", "a:b"), "no colons"),
            (("--id", "a b"), "no spaces"),
            (("--id", ""), "1 to 200"),
            (("--id", "demo"), "--demo only"),
            (("--secret", "short"), "8 to 500"),
            (("--secret", " with spaces around "), "without spaces around"),
            (("--secret", "x" * 20, "--secret-file", "y"), "either"),
            (("--secret-file", "/nowhere/at/all"), "cannot be read"),
        ],
    )
    def test_impossible_credentials_are_refused(
        self, filled: str, organization: str, options: tuple[str, ...], reason: str
    ) -> None:
        assert reason in refused(run(filled, "client", "add", organization, "x", *options))

    def test_a_short_secret_is_accepted_with_a_warning(self, filled: str, organization: str) -> None:
        answer = run(filled, "client", "add", organization, "x", "--secret", "only-nine")
        assert answer.returncode == 0
        assert answer.stderr.startswith("warning: a secret of less than 16 characters")


class TestRotate:
    def test_a_rotated_secret_is_valid_beside_the_new_one_for_the_overlap(
        self, filled: str, organization: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        added = json.loads(done(filled, "client", "add", organization, "x", "--json"))
        client, first = added["client_id"], added["secret"]
        monkeypatch.setenv("CROSSDOCK_REVOCATION_DELAY_S", "0")
        with Server(filled, demo=False) as server:
            answer = httpx.post(f"{server.base}/hub/v1/token", auth=(client, first))
            headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

            def is_token_valid() -> bool:
                return httpx.get(f"{server.base}/hub/v1/orders", headers=headers).status_code == 200

            second = field(done(filled, "client", "rotate", organization, client), "secret")
            assert [token_status(server, client, each) for each in (first, second)] == [200, 200]
            assert is_token_valid()
            third = "a secret of our own"
            rotated = done(filled, "client", "rotate", "Demo", client, "--secret", third, "--overlap-hours", "0")
            assert rotated == f"client id  {client}\n"
            assert [token_status(server, client, each) for each in (first, second, third)] == [401, 401, 200]
            assert not is_token_valid()

    def test_a_client_that_is_revoked_or_unknown_is_not_rotated(self, filled: str, organization: str) -> None:
        client = json.loads(done(filled, "client", "add", organization, "x", "--json"))["client_id"]
        done(filled, "client", "revoke", organization, client)
        for each in (client, "unknown"):
            line = refused(run(filled, "client", "rotate", organization, each))
            assert line == f"crossdock: there is no active client {each} in organization {organization}"
