"""The demo command of the Pitney Bowes OMS door."""

import subprocess

from crossdock.doors.pb_oms.demo import curl
from crossdock.doors.pb_oms.format import FORMAT


def test_the_demo_command_is_valid_shell_with_a_valid_body() -> None:
    command = curl("http://127.0.0.1:8000")
    subprocess.run(["sh", "-n", "-c", command], check=True)
    assert FORMAT.parse(command.split(" -d '")[1].removesuffix("'").encode()).faults == ()
