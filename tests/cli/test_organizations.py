"""`crossdock organization`."""

import json
import re
import shlex
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.program import done, field, plain, refused, run
from tests.server import Server
from tests.vendors import VENDORS, sample

ACCOUNT = "62272e917b12209e68751d94"
UUID = "95d73baf-76ba-4bea-86ac-1534c5e5d4ff"
SALES_ACCOUNT = "1ac48942-405a-4841-a7d8-708f50dbe8ff"
IDS = (
    "--fabric-account", ACCOUNT, "--fabric-account", "second", "--pb-fulfillment-client", "1234", "--s2-organization",
    UUID.upper(), "--s2-account", SALES_ACCOUNT,
)  # fmt: skip


def shown(database: str, organization: str) -> dict[str, Any]:
    """Return an organization as `show --json` prints it."""
    found = json.loads(done(database, "organization", "show", organization, "--json"))
    assert isinstance(found, dict)
    return found


class TestOrganization:
    def test_an_organization_is_added_listed_and_shown(self, empty: str) -> None:
        made = done(empty, "organization", "add", "Jane's shop")
        organization = field(made, "organization")
        assert re.search(r"^name +Jane's shop$", made, re.MULTILINE)
        listed = done(empty, "organization", "list")
        assert re.fullmatch(rf"ID +ADDED +NAME\n{organization}  \S+Z  Jane's shop\n", listed)
        described, _, _ = made.partition("\n\n")
        for name in (organization, "Jane's shop", "JANE'S SHOP"):
            assert done(empty, "organization", "show", name) == f"{described}\n"

    def test_a_new_organization_is_told_the_next_command(self, empty: str) -> None:
        *_, step = done(empty, "organization", "add", "Jane's shop").splitlines()
        program, *arguments = shlex.split(step)
        assert program == "crossdock"
        assert "secret" in done(empty, *arguments)

    def test_a_new_organization_gets_an_id_for_every_vendor(self, empty: str) -> None:
        done(empty, "organization", "add", "Shop")
        found = shown(empty, "Shop")
        assert re.fullmatch(r"[0-9a-f]{24}", found["fabric_account"][0])
        assert re.fullmatch(r"[0-9]{10}", found["pb_fulfillment_client"][0])
        assert re.fullmatch(r"[0-9a-f-]{36}", found["s2_organization"])
        assert re.fullmatch(r"[0-9a-f-]{36}", found["sales_account"][0]["id"])

    def test_an_empty_list_says_how_to_add_one(self, empty: str) -> None:
        answer = run(empty, "organization", "list")
        assert (answer.returncode, answer.stdout) == (0, "")
        assert answer.stderr.endswith("There are none yet: crossdock organization add NAME\n")

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("", "1 to 200"), (" x", "spaces around"), ("a\nb", "printable"), ("x" * 201, "1 to 200"),
            ("1234", "mistaken for an id"), ("shop", "there is an organization with the name shop"),
        ],
    )  # fmt: skip
    def test_a_name_that_cannot_be_used_is_refused(self, empty: str, name: str, reason: str) -> None:
        done(empty, "organization", "add", "Shop")
        done(empty, "organization", "add", "Other")
        assert reason in refused(run(empty, "organization", "add", name))
        assert reason in refused(run(empty, "organization", "set", "Other", "--name", name))

    def test_equal_names_of_an_older_version_need_an_id(self, empty: str) -> None:
        ids = [field(done(empty, "organization", "add", name), "organization") for name in ("Shop", "Other")]
        with sqlite3.connect(empty.removeprefix("sqlite:///")) as opened:
            opened.execute("UPDATE organization SET name = 'Shop\nx'")
        opened.close()
        line = refused(run(empty, "organization", "show", "shop\nX"))
        assert line.endswith(f"use the id of the one you mean: {', '.join(ids)}")
        assert done(empty, "organization", "list").count("Shop�x\n") == 2

    @pytest.mark.parametrize(
        "command",
        [
            ("organization", "show", "7"),
            ("organization", "set", "7", "--name", "x"),
            ("organization", "remove", "7"),
            ("client", "add", "7", "x"),
            ("client", "rotate", "7", "x"),
            ("client", "revoke", "7", "x"),
            ("client", "list", "7"),
            ("user", "add", "7", "x@y.z"),
            ("user", "list", "7"),
            ("user", "remove", "7", "x@y.z"),
            ("account", "add", "7", "x"),
            ("account", "list", "7"),
            ("account", "set", "7", "x", "--no-auto-assign"),
            ("mail", "preview", "shipped", "--organization", "7"),
        ],
        ids=" ".join,
    )
    def test_an_unknown_organization_is_named(self, empty: str, command: tuple[str, ...]) -> None:
        assert refused(run(empty, *command)) == "crossdock: there is no organization 7"

    def test_the_commands_name_no_vendor(self) -> None:
        """Vendor knowledge belongs to the doors; the commands ask all of them."""
        commands = Path(__file__).parents[2] / "crossdock" / "cli"
        text = "\n".join(path.read_text() for path in commands.glob("*.py"))
        assert re.findall(r"doors\.\w+|\bs2\b|\bfabric\b|\bpb_\w+", text) == []


class TestOwnIds:
    """An organization keeps the ids that its clients are configured with."""

    def test_an_organization_keeps_the_ids_its_clients_send(self, empty: str) -> None:
        done(empty, "organization", "add", "Shop", *IDS)
        found = shown(empty, "Shop")
        assert found["fabric_account"] == [ACCOUNT, "second"]
        assert found["pb_fulfillment_client"] == ["1234"]
        assert found["s2_organization"] == UUID
        assert [each["id"] for each in found["sales_account"]] == [SALES_ACCOUNT]

    def test_the_orders_of_a_client_with_its_own_ids_are_accepted(self, empty: str) -> None:
        done(empty, "organization", "add", "Shop", *IDS)
        done(empty, "client", "add", "Shop", "ERP", "--id", "mine", "--secret", "my own long secret")
        with Server(empty, demo=False) as server:
            token = httpx.post(f"{server.base}/hub/v1/token", auth=("mine", "my own long secret")).json()[
                "access_token"
            ]
            headers = {"Authorization": f"Bearer {token}"}
            for door in ("pb_oms", "pb_fulfillment", "fabric"):
                vendor = VENDORS[door]
                made = httpx.post(
                    f"{server.base}{vendor.create}",
                    json=sample(door),
                    headers=headers | vendor.headers(f"first-{door}"),
                )
                assert made.status_code == vendor.ok, made.text
            named = headers | {"X-S2-Organization": UUID}
            accounts = httpx.get(f"{server.base}/account", headers=named).json()
            assert SALES_ACCOUNT in json.dumps(accounts)

    def test_ids_can_be_changed_until_they_are_in_use(self, empty: str) -> None:
        done(empty, "organization", "add", "Shop")
        before = shown(empty, "Shop")
        done(empty, "organization", "set", "Shop", "--name", "My shop")
        assert shown(empty, "My shop") == before | {"name": "My shop"}
        done(empty, "organization", "set", "my shop", *IDS[:-2])
        after = shown(empty, "My shop")
        assert (after["fabric_account"], after["s2_organization"]) == ([ACCOUNT, "second"], UUID)
        assert after["sales_account"] == before["sales_account"]
        assert "say what to change" in refused(run(empty, "organization", "set", "My shop"))
        # The id it had is free again.
        done(empty, "organization", "add", "Other", "--s2-organization", before["s2_organization"])

    def test_the_id_that_events_name_is_fixed_once_there_are_orders(self, empty: str) -> None:
        done(empty, "organization", "add", "Shop")
        done(empty, "client", "add", "Shop", "ERP", "--id", "mine", "--secret", "my own long secret")
        with Server(empty, demo=False) as server:
            token = httpx.post(f"{server.base}/hub/v1/token", auth=("mine", "my own long secret")).json()[
                "access_token"
            ]
            headers = {"Authorization": f"Bearer {token}"}
            assert httpx.post(f"{server.base}/hub/v1/orders", json=sample("hub"), headers=headers).status_code == 201
        assert "no longer" in refused(run(empty, "organization", "set", "Shop", "--s2-organization", UUID))
        done(empty, "organization", "set", "Shop", "--fabric-account", ACCOUNT)

    @pytest.mark.parametrize("ids", [IDS[:2], IDS[4:6], IDS[6:8]], ids=" ".join)
    def test_an_id_of_another_organization_is_refused_with_its_name(self, empty: str, ids: tuple[str, ...]) -> None:
        done(empty, "organization", "add", "First", *IDS)
        done(empty, "organization", "add", "Second")
        for command in (("add", "Third"), ("set", "Second")):
            line = refused(run(empty, "organization", *command, *ids))
            assert line.endswith("belongs to the organization First")
        assert "Third" not in done(empty, "organization", "list")
        done(empty, "organization", "set", "First", *ids)  # its own

    @pytest.mark.parametrize(
        ("option", "value"),
        [
            ("--fabric-account", "a b"), ("--fabric-account", ""), ("--fabric-account", '{"account":"abc"}'),
            ("--fabric-account", "account,abc"), ("--pb-fulfillment-client", " 1"), ("--pb-fulfillment-client", '"1234"'),
            ("--s2-organization", "1"), ("--s2-account", "1"),
        ],
    )  # fmt: skip
    def test_an_id_that_no_client_can_send_is_refused(self, empty: str, option: str, value: str) -> None:
        line = refused(run(empty, "organization", "add", "Shop", option, value))
        assert line.startswith(f"crossdock: {option}: ")
        assert "such as " in line  # an example of what is expected

    def test_an_account_is_given_to_a_new_organization_only(self) -> None:
        assert plain("organization", "set", "x", "--s2-account", SALES_ACCOUNT).returncode == 2


class TestRemove:
    def test_an_organization_is_removed_when_nobody_can_sign_in(self, empty: str) -> None:
        done(empty, "organization", "add", "Shop", *IDS)
        client = field(done(empty, "client", "add", "Shop", "ERP"), "client id")
        assert refused(run(empty, "organization", "remove", "Shop")).endswith(f"revoke them first: {client}")
        done(empty, "client", "revoke", "Shop", client)
        done(empty, "user", "add", "Shop", "a@example.com")
        assert refused(run(empty, "organization", "remove", "Shop")).endswith("remove them first: a@example.com")
        done(empty, "user", "remove", "Shop", "a@example.com")
        assert done(empty, "organization", "remove", "Shop") == "removed the organization Shop\n"
        with sqlite3.connect(empty.removeprefix("sqlite:///")) as opened:
            tables = [name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            left = [name for name in tables if opened.execute(f"SELECT count(*) FROM {name}").fetchone() != (0,)]
        opened.close()
        assert sorted(left) == ["alembic_version", "installation"]
        done(empty, "organization", "add", "Shop", *IDS)

    def test_an_organization_with_orders_is_not_removed(self, empty: str) -> None:
        done(empty, "organization", "add", "Shop")
        done(empty, "client", "add", "Shop", "ERP", "--id", "mine", "--secret", "my own long secret")
        with Server(empty, demo=False) as server:
            token = httpx.post(f"{server.base}/hub/v1/token", auth=("mine", "my own long secret")).json()[
                "access_token"
            ]
            headers = {"Authorization": f"Bearer {token}"}
            assert httpx.post(f"{server.base}/hub/v1/orders", json=sample("hub"), headers=headers).status_code == 201
        done(empty, "client", "revoke", "Shop", "mine")
        assert "has orders" in refused(run(empty, "organization", "remove", "Shop"))
