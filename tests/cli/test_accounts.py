"""`crossdock account`."""

import json

import httpx
import pytest

from tests.cli.program import LIMIT_S, done, field, refused, run
from tests.server import Server
from tests.vendors import VENDORS, bearer


class TestAccount:
    def test_a_running_server_assigns_new_orders_to_the_warehouse_of_their_account(
        self, filled: str, organization: str
    ) -> None:
        account = field(done(filled, "organization", "show", organization), "sales account")
        with Server(filled) as server:
            headers = bearer(server.base)

            def assigned(number: str) -> tuple[str, str | None]:
                body = VENDORS["s2"].body(number)
                order = httpx.post(f"{server.base}/order", json=body, headers=headers, timeout=LIMIT_S).json()
                return order["assignStatus"], order["account"]["autoAssignOrdersToWarehouse"]

            assert assigned("A-1") == ("PENDING", None)
            printed = done(filled, "account", "set", organization, account.upper(), "--auto-assign", "Nürnberg 1")
            assert printed == f"{account}  new orders are assigned to Nürnberg 1\n"
            assert "Demo  Nürnberg 1\n" in done(filled, "account", "list", organization)
            assert assigned("A-2") == ("ASSIGNED", "Nürnberg 1")
            assert assigned("A-1") == ("PENDING", None)  # a repeat gets its first answer
            printed = done(filled, "account", "set", organization, account, "--no-auto-assign")
            assert printed == f"{account}  new orders are assigned to no warehouse\n"
            assert "Nürnberg" not in done(filled, "account", "list", organization)
            assert assigned("A-3") == ("PENDING", None)

    @pytest.mark.parametrize("options", [(), ("--auto-assign", "W", "--no-auto-assign"), ("--auto-assign", " ")])
    def test_an_account_needs_exactly_one_of_its_options(
        self, filled: str, organization: str, options: tuple[str, ...]
    ) -> None:
        account = field(done(filled, "organization", "show", organization), "sales account")
        assert "--no-auto-assign" in refused(run(filled, "account", "set", organization, account, *options))

    def test_an_account_of_another_organization_is_named(self, filled: str, organization: str) -> None:
        account = field(done(filled, "organization", "add", "Other"), "sales account")
        for key in (account, "nonsense"):
            line = refused(run(filled, "account", "set", organization, key, "--auto-assign", "W"))
            assert line == (
                f"crossdock: there is no account {key} in organization {organization}; "
                f"crossdock account list {organization} shows them"
            )

    def test_an_account_keeps_the_id_its_clients_send(self, filled: str, organization: str) -> None:
        key = "0b5ffb49-5d0c-4b8e-9f0e-3a7e0f3f2f10"
        added = json.loads(
            done(filled, "account", "add", organization, "Amazon", "--id", key.upper(), "--auto-assign", "W1", "--json")
        )
        assert added == {"id": key, "name": "Amazon", "assigns_to": "W1"}
        assert added in json.loads(done(filled, "account", "list", "demo", "--json"))
        assert key in refused(run(filled, "account", "add", organization, "Again", "--id", key))
        with Server(filled) as server:
            body = VENDORS["s2"].body("A-1") | {"accountId": key}
            order = httpx.post(f"{server.base}/order", json=body, headers=bearer(server.base), timeout=LIMIT_S).json()
            assert (order["account"]["name"], order["assignStatus"]) == ("Amazon", "ASSIGNED")

    def test_an_account_with_an_impossible_id_or_name_is_refused(self, filled: str, organization: str) -> None:
        assert "UUID" in refused(run(filled, "account", "add", organization, "Amazon", "--id", "1"))
        assert "name" in refused(run(filled, "account", "add", organization, " "))
