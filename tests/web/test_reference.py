"""The operations of the API reference, and their curl commands against a real server in each shell that is installed."""

import shutil
import subprocess
from typing import Any

import pytest
from msgspec.structs import replace

from crossdock.doors import all_doors
from crossdock.web import openapi, reference
from crossdock.web.reference import Operation
from tests.server import Server
from tests.vendors import bearer

DOORS = {door.name: door for door in all_doors()}
CLIENT = "demo:demo-secret"
SHELLS = {"bash": ["bash", "--noprofile", "--norc"], "zsh": ["zsh", "-f"]}


def operation(door: str, operation_id: str) -> Operation:
    found = reference.operations(DOORS[door], openapi.document(DOORS[door]))
    return next(each for each in found if each.id == operation_id)


class TestOperations:
    def test_an_operation_has_what_the_route_says(self) -> None:
        found = operation("hub", "holdOrder")
        assert (found.method, found.path, found.tag) == ("POST", "/hub/v1/orders/{id}/hold", "orders")
        assert (found.scope, found.takes_token, found.takes_client) == ("orders:write", True, False)
        assert found.url == "/docs/hub/holdOrder"
        assert found.request is not None
        assert found.request.groups[0].fields[0].name == "holds"

    @pytest.mark.parametrize(("door", "name", "takes_client"), [("hub", "getToken", True), ("s2", "login", False)])
    def test_a_sign_in_takes_no_token(self, door: str, name: str, takes_client: bool) -> None:
        found = operation(door, name)
        assert (found.takes_token, found.takes_client) == (False, takes_client)

    def test_responses_with_the_same_fields_refer_to_the_first(self) -> None:
        responses = {each.status: each.same_as for each in operation("hub", "createOrder").responses}
        assert responses["400"] == "" and responses["409"] == "400"


class TestCurl:
    def test_a_form_is_sent_as_a_form(self) -> None:
        command = reference.curl(operation("hub", "getToken"), "http://x", CLIENT)
        assert "-u demo:demo-secret" in command
        assert "'Content-Type: application/x-www-form-urlencoded'" in command
        assert "{" not in command

    def test_a_parameter_without_an_example_is_its_name_in_capitals(self) -> None:
        command = reference.curl(operation("s2", "getOrder"), "http://x", CLIENT)
        assert command.startswith("curl -s 'http://x/order/ORDER_ID'")

    def test_a_quote_in_a_body_is_quoted_for_the_shell(self) -> None:
        found = operation("hub", "createOrder")
        assert found.request is not None
        command = reference.curl(replace(found, request=replace(found.request, example="it's")), "http://x", CLIENT)
        assert "-d 'it'\\''s'" in command

    @pytest.mark.parametrize("shell", [name for name in SHELLS if shutil.which(name)])
    def test_the_commands_of_creates_and_sign_ins_work_as_they_are(self, tmp_path: Any, shell: str) -> None:
        calls = [
            (door.name, route.operation)
            for door in DOORS.values()
            for route in door.routes
            if (route.submits == "create" or route.scope is None) and "request" in route.examples
            if "{key}" not in route.paths[0]  # the path of a URL that is signed for minutes
        ]
        assert len(calls) > 5
        with Server(f"sqlite:///{tmp_path}/crossdock.db") as server:
            token = bearer(server.base)["Authorization"].removeprefix("Bearer ")
            for door, name in calls:
                found = operation(door, name)
                unique = [replace(each, value="transaction-1") if each.is_unique else each for each in found.parameters]
                command = reference.curl(replace(found, parameters=unique), server.base, CLIENT)
                script = f"TOKEN={token}\n{command} -o /dev/null -w '%{{http_code}}'"
                done = subprocess.run(
                    [*SHELLS[shell], "-c", script], capture_output=True, text=True, timeout=60, check=False
                )
                assert done.stdout in ("200", "201"), (door, name, done.stderr)
