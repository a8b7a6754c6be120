"""The demo data of the Pitney Bowes Fulfillment door."""

import subprocess

from crossdock.doors.pb_fulfillment import DOOR
from crossdock.doors.pb_fulfillment.demo import curl
from crossdock.doors.pb_fulfillment.format import PbFulfillmentFormat


class TestCurl:
    def test_the_demo_command_is_one_line_of_valid_shell(self) -> None:
        command = curl("http://127.0.0.1:8000")
        assert "\n" not in command
        subprocess.run(["sh", "-n", "-c", command], check=True)

    def test_the_demo_command_sends_an_order_without_faults(self) -> None:
        body = curl("").split(" -d '")[1].removesuffix("'")
        assert PbFulfillmentFormat(frozenset({"1234"})).parse(body.encode()).faults == ()


class TestSeeds:
    def test_every_organization_gets_its_own_client_id(self) -> None:
        (one,), (other,) = DOOR.seeds("A"), DOOR.seeds("B")
        assert one.kind == other.kind == "pb_fulfillment_client"
        assert one.key != other.key
