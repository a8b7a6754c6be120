"""`crossdock user`."""

import json
from pathlib import Path

import httpx
import pytest

from crossdock import demo
from tests.cli.program import LIMIT_S, done, field, refused, run
from tests.server import Server

EMAIL = "me@example.com"


def sign_in(server: Server, password: str) -> httpx.Response:
    return httpx.post(f"{server.base}/login", json={"email": EMAIL, "password": password}, timeout=LIMIT_S)


def account_status(server: Server, answer: httpx.Response) -> int:
    """Return the status of a call with the token of a sign-in."""
    headers = {"Authorization": f"Bearer {answer.json()['accessToken']}"}
    return httpx.get(f"{server.base}/account", headers=headers).status_code


def state(database: str, organization: str) -> str:
    """Return the state of the user as the list shows it."""
    users = json.loads(done(database, "user", "list", organization, "--json"))
    (found,) = [str(each["state"]) for each in users if each["email"] == EMAIL]
    return found


class TestUserAdd:
    def test_a_new_user_signs_in_with_the_password_shown(self, filled: str, organization: str) -> None:
        added = done(filled, "user", "add", organization, "Me@Example.com", "--name", "Me")
        with Server(filled, demo=False) as server:
            answer = sign_in(server, field(added, "password"))
            assert answer.status_code == 200
            assert account_status(server, answer) == 200

    def test_a_password_given_is_not_shown(self, filled: str, organization: str) -> None:
        added = done(filled, "user", "add", organization, "a@example.com", "--password", "correct horse")
        assert added == "user  a@example.com\n"

    def test_a_user_of_another_organization_keeps_their_password(self, filled: str, organization: str) -> None:
        done(filled, "user", "add", organization, EMAIL, "--password", "correct horse")
        other = field(done(filled, "organization", "add", "Other"), "organization")
        added = done(filled, "user", "add", other, EMAIL)
        assert "keep the password they have" in added
        assert "password  " not in added
        with Server(filled, demo=False) as server:
            assert sign_in(server, "correct horse").status_code == 200

    def test_a_user_is_not_added_twice_to_an_organization(self, filled: str, organization: str) -> None:
        done(filled, "user", "add", organization, EMAIL)
        assert EMAIL in refused(run(filled, "user", "add", organization, EMAIL))

    def test_the_user_of_the_demo_cannot_be_added(self, filled: str, organization: str) -> None:
        other = field(done(filled, "organization", "add", "Other"), "organization")
        assert "--demo only" in refused(run(filled, "user", "add", other, demo.USER))

    @pytest.mark.parametrize("email", ["not-an-email", "@example.com", "a@", "a@b@c", "a b@c"])
    def test_what_is_no_email_address_is_refused(self, filled: str, organization: str, email: str) -> None:
        assert "is not an e-mail address" in refused(run(filled, "user", "add", organization, email))

    def test_a_short_password_is_refused(self, filled: str, organization: str) -> None:
        assert "8 characters" in refused(run(filled, "user", "add", organization, EMAIL, "--password", "abcdefg"))
        assert EMAIL not in done(filled, "user", "list", organization)

    def test_a_password_is_read_from_a_file(self, filled: str, organization: str, tmp_path: Path) -> None:
        (tmp_path / "password").write_text("correct horse\n")
        added = done(filled, "user", "add", "Demo", EMAIL, "--password-file", str(tmp_path / "password"), "--json")
        assert json.loads(added) == {"user": EMAIL}
        with Server(filled, demo=False) as server:
            assert sign_in(server, "correct horse").status_code == 200

    def test_a_list_without_users_says_how_to_add_one(self, filled: str) -> None:
        done(filled, "organization", "add", "Other")
        answer = run(filled, "user", "list", "Other")
        assert (answer.returncode, answer.stdout) == (0, "")
        assert answer.stderr.endswith("crossdock user add ORGANIZATION EMAIL\n")
        assert done(filled, "user", "list", "Other", "--json") == "[]\n"


class TestUserAccess:
    @pytest.mark.parametrize("command", ["disable", "revoke"])
    def test_a_disabled_user_has_no_tokens_and_cannot_sign_in(
        self, filled: str, organization: str, command: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        password = field(done(filled, "user", "add", organization, EMAIL), "password")
        monkeypatch.setenv("CROSSDOCK_REVOCATION_DELAY_S", "0")
        with Server(filled, demo=False) as server:
            before = sign_in(server, password)
            assert account_status(server, before) == 200
            printed = done(filled, "user", command, EMAIL)
            assert printed.startswith(f"revoked the tokens of {EMAIL}; they cannot sign in until ")
            assert account_status(server, before) == 401
            assert sign_in(server, password).status_code == 401
            assert state(filled, organization) == "disabled"
            assert done(filled, "user", command, EMAIL) == printed  # again
            done(filled, "user", "enable", EMAIL)
            assert account_status(server, before) == 401
            assert account_status(server, sign_in(server, password)) == 200
            assert state(filled, organization) == "active"

    @pytest.mark.parametrize("is_disabled", [False, True])
    def test_a_new_password_replaces_the_old_one_and_ends_tokens(
        self, filled: str, organization: str, is_disabled: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = field(done(filled, "user", "add", organization, EMAIL), "password")
        monkeypatch.setenv("CROSSDOCK_REVOCATION_DELAY_S", "0")
        with Server(filled, demo=False) as server:
            before = sign_in(server, old)
            if is_disabled:
                done(filled, "user", "disable", EMAIL)
            new = field(done(filled, "user", "password", EMAIL), "password")
            assert account_status(server, before) == 401
            assert sign_in(server, old).status_code == 401
            assert account_status(server, sign_in(server, new)) == 200
            assert "password  " not in done(filled, "user", "password", EMAIL, "--password", "correct horse")
            assert sign_in(server, "correct horse").status_code == 200

    def test_a_removed_user_is_gone_with_their_last_organization(
        self, filled: str, organization: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        password = field(done(filled, "user", "add", organization, EMAIL), "password")
        other = field(done(filled, "organization", "add", "Other"), "organization")
        done(filled, "user", "add", other, EMAIL)
        monkeypatch.setenv("CROSSDOCK_REVOCATION_DELAY_S", "0")
        with Server(filled, demo=False) as server:
            done(filled, "user", "remove", organization, EMAIL)
            assert EMAIL not in done(filled, "user", "list", organization)
            assert EMAIL in done(filled, "user", "list", other)
            token = sign_in(server, password)
            assert [each["organization"]["name"] for each in token.json()["user"]["organizations"]] == ["Other"]
            done(filled, "user", "remove", other, EMAIL)
            assert account_status(server, token) == 401
            assert sign_in(server, password).status_code == 401
        assert EMAIL in refused(run(filled, "user", "remove", other, EMAIL))

    @pytest.mark.parametrize("command", ["disable", "enable", "password", "revoke"])
    def test_an_unknown_user_is_named(self, filled: str, command: str) -> None:
        line = refused(run(filled, "user", command, "nobody@example.com"))
        assert line == "crossdock: there is no user nobody@example.com"
