"""`crossdock organization`."""

import re
from pathlib import Path

import pytest

from tests.cli.program import done, field, refused, run


class TestOrganization:
    def test_an_organization_is_added_listed_and_shown(self, empty: str) -> None:
        made = done(empty, "organization", "add", "Jane's shop")
        organization = field(made, "organization")
        assert re.search(r"^name +Jane's shop$", made, re.MULTILINE)
        assert re.fullmatch(rf"{organization}  \S+Z  Jane's shop\n", done(empty, "organization", "list"))
        assert done(empty, "organization", "show", organization) == made

    def test_a_new_organization_gets_an_id_for_every_vendor(self, empty: str) -> None:
        made = done(empty, "organization", "add", "Shop")
        assert re.fullmatch(r"[0-9a-f]{24}", field(made, "fabric_account"))
        assert re.fullmatch(r"[0-9]{10}", field(made, "pb_fulfillment_client"))
        assert re.fullmatch(r"[0-9a-f-]{36}", field(made, "s2 id"))
        assert re.fullmatch(r"[0-9a-f-]{36}", field(made, "s2 account"))

    @pytest.mark.parametrize(
        "command",
        [
            ("organization", "show", "7"),
            ("client", "add", "7", "x"),
            ("client", "list", "7"),
            ("user", "add", "7", "x@y.z"),
            ("user", "list", "7"),
            ("account", "set", "7", "x", "--no-auto-assign"),
            ("mail", "preview", "shipped", "--organization", "7"),
        ],
    )
    def test_an_unknown_organization_is_named(self, empty: str, command: tuple[str, ...]) -> None:
        assert refused(run(empty, *command)) == "crossdock: there is no organization 7"

    def test_the_commands_name_no_vendor(self) -> None:
        """Vendor knowledge belongs to the doors; the commands ask all of them."""
        commands = Path(__file__).parents[2] / "crossdock" / "cli"
        text = "\n".join(path.read_text() for path in commands.glob("*.py"))
        assert re.findall(r"doors\.\w+|\bs2\b|\bfabric\b|\bpb_\w+", text) == []
