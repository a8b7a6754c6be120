"""The command `crossdock` of a script in a shell: it has a process forked that has imported the program (tests/preloaded.py).

`python -I -S tests/command_of_shells.py SOCKET ARGUMENTS` runs in the caller's folder, with its environment, output and errors,
and ends as the forked process does. Where it is killed, the forked process is asked to end.
"""

import array
import json
import os
import socket
import sys


def main(path: str, arguments: list[str]) -> int:
    """Ask for the process, wait until it has ended, and return its exit code."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        request = {"arguments": arguments, "environment": dict(os.environ), "folder": os.getcwd()}  # noqa: PTH109
        body = json.dumps(request).encode()
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [1, 2]))
        connection.sendmsg([len(body).to_bytes(8, "big")], [rights])
        connection.sendall(body)
        return int(connection.recv(10))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
