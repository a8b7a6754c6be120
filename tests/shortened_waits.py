"""The program with its waits shortened, so that a test sees the last retry, and claims and backoffs expire.

`python -m tests.shortened_waits work …` is `python -m crossdock work …` where HURRY, a JSON object, says what module constants are:
`{"crossdock.flows.deliveries:LEASE_S": 5}`. A worker's number (`claimed_by` of what it has claimed) is its process id, so
that who kills it knows what was under way. Everything else is the real thing.
"""

import json
import os
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from crossdock import cli
from crossdock.notifications import worker

HURRY = "CROSSDOCK_TEST_HURRY"


def environment(waits: dict[str, Any], **settings: Any) -> dict[str, str]:
    """Give the environment of such a process: its waits, and settings of Crossdock."""
    named = {f"CROSSDOCK_{name.upper()}": str(value) for name, value in settings.items()}
    return os.environ | named | {HURRY: json.dumps(waits)}


def hurry(waits: dict[str, Any]) -> None:
    """Set module constants; one that is not there is a test's mistake."""
    for place, value in waits.items():
        module_name, _, name = place.partition(":")
        module = import_module(module_name)
        getattr(module, name)
        setattr(module, name, value)


if __name__ == "__main__":
    hurry(json.loads(os.environ[HURRY]))
    vars(worker)["secrets"] = SimpleNamespace(randbits=lambda _: os.getpid())
    cli.main()
