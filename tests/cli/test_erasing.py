"""`crossdock erase`: dry run, JSON, text, and what is refused."""

import json

import httpx

from tests.cli.program import done, refused, run
from tests.server import Server
from tests.vendors import VENDORS, bearer


def test_erase_counts_first_and_erases_then_while_a_server_runs(filled: str) -> None:
    with Server(filled) as server:
        headers = bearer(server.base)
        body = VENDORS["hub"].body("V-1") | {"customer": {"name": "Jane", "email": "jane@example.com"}}
        made = httpx.post(f"{server.base}/hub/v1/orders", json=body, headers=headers).json()
        one = f"{server.base}/hub/v1/orders/{made['id']}"
        tried = json.loads(done(filled, "erase", "demo", "--email", "JANE@example.com", "--dry-run", "--json"))
        assert (tried["dry_run"], tried["orders"], tried["events"], tried["submissions"]) == (True, ["V-1"], 1, 1)
        assert httpx.get(one, headers=headers).json()["customer"]["name"] == "Jane"
        text = done(filled, "erase", "demo", "--email", "JANE@example.com", "--reason", "Request 7")
        assert "orders       V-1\n" in text
        assert "docs/erasure.md" in text
        assert "customer" not in httpx.get(one, headers=headers).json()  # a document that was cached is not shown
        events = httpx.get(f"{one}/events", headers=headers).json()["items"]
        assert [(each["name"], each["reason"], each["actor"]) for each in events][-1] == (
            "order.erased", "Request 7", "crossdock"
        )  # fmt: skip
    again = json.loads(done(filled, "erase", "demo", "--order", "V-1", "--json"))
    assert (again["orders"], again["events"]) == (["V-1"], 0)
    assert done(filled, "verify") == "1 organization, 1 order, 2 events, 0 faults\n"


def test_erase_refuses_an_unknown_order_and_wants_one_of_two_options(filled: str) -> None:
    assert refused(run(filled, "erase", "demo", "--order", "V-9")) == "crossdock: there is no order V-9"
    for options in ((), ("--order", "V-9", "--email", "jane@example.com")):
        answer = run(filled, "erase", "demo", *options)
        assert answer.returncode == 2
        assert "Give either --email or --order." in answer.stderr
