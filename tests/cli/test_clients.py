"""`crossdock client`."""

import httpx
import pytest

from tests.cli.program import done, field, refused, run
from tests.server import Server
from tests.vendors import sample


class TestClient:
    def test_the_secret_of_a_client_works_until_it_is_revoked(
        self, filled: str, organization: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        added = done(filled, "client", "add", organization, "My ERP")
        client, secret = field(added, "client id"), field(added, "secret")
        listed = done(filled, "client", "list", organization)
        assert f"{client}  active  orders:read orders:write  My ERP\n" in listed
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
        assert f"{client}  revoked " in done(filled, "client", "list", organization)
        assert "(revoked)" in done(filled, "organization", "show", organization)
        assert client in refused(run(filled, "client", "revoke", organization, client))

    def test_a_client_has_only_the_scopes_it_was_given(self, filled: str, organization: str) -> None:
        done(filled, "client", "add", organization, "Reader", "--scopes", "orders:read")
        assert "active  orders:read  Reader" in done(filled, "client", "list", organization)

    @pytest.mark.parametrize("scopes", ["", "orders:read root"])
    def test_a_client_with_unknown_scopes_is_refused(self, filled: str, organization: str, scopes: str) -> None:
        line = refused(run(filled, "client", "add", organization, "x", "--scopes", scopes))
        assert "orders:read, orders:write, admin" in line
