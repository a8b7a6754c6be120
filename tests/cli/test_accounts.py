"""`crossdock account`."""

import httpx
import pytest

from tests.cli.program import LIMIT_S, done, field, refused, run
from tests.server import Server
from tests.vendors import VENDORS, bearer


class TestAccount:
    def test_a_running_server_assigns_new_orders_to_the_warehouse_of_their_account(
        self, filled: str, organization: str
    ) -> None:
        account = field(done(filled, "organization", "show", organization), "s2 account")
        with Server(filled) as server:
            headers = bearer(server.base)

            def assigned(number: str) -> tuple[str, str | None]:
                body = VENDORS["s2"].body(number)
                order = httpx.post(f"{server.base}/order", json=body, headers=headers, timeout=LIMIT_S).json()
                return order["assignStatus"], order["account"]["autoAssignOrdersToWarehouse"]

            assert assigned("A-1") == ("PENDING", None)
            printed = done(filled, "account", "set", organization, account.upper(), "--auto-assign", "Nürnberg 1")
            assert printed == f"{account}  new orders are assigned to Nürnberg 1\n"
            assert "(assigns to Nürnberg 1)" in done(filled, "organization", "show", organization)
            assert assigned("A-2") == ("ASSIGNED", "Nürnberg 1")
            assert assigned("A-1") == ("PENDING", None)  # a repeat gets its first answer
            printed = done(filled, "account", "set", organization, account, "--no-auto-assign")
            assert printed == f"{account}  new orders are assigned to no warehouse\n"
            assert "assigns" not in done(filled, "organization", "show", organization)
            assert assigned("A-3") == ("PENDING", None)

    @pytest.mark.parametrize("options", [(), ("--auto-assign", "W", "--no-auto-assign"), ("--auto-assign", " ")])
    def test_an_account_needs_exactly_one_of_its_options(
        self, filled: str, organization: str, options: tuple[str, ...]
    ) -> None:
        account = field(done(filled, "organization", "show", organization), "s2 account")
        assert "--no-auto-assign" in refused(run(filled, "account", "set", organization, account, *options))

    def test_an_account_of_another_organization_is_named(self, filled: str, organization: str) -> None:
        account = field(done(filled, "organization", "add", "Other"), "s2 account")
        for key in (account, "nonsense"):
            line = refused(run(filled, "account", "set", organization, key, "--auto-assign", "W"))
            assert line == f"crossdock: there is no account {key} in organization {organization}"
