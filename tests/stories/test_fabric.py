"""The walk through fabric's allocation calls runs as it is printed, and does what the page says."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.doors.fabric.conftest import CONTEXT
from tests.server import ROOT, Server
from tests.shells import run_in_every_shell
from tests.stories.stand_ins import BLOCKS, NAME, missing_call
from tests.test_docs_examples import faults, programs, unquoted
from tests.vendors import bearer

BORDER = "=====end of block====="
STAND_IN = {"stand_in": f'env PYTHONPATH={ROOT} {sys.executable} -m tests.stories.stand_ins "$@"'}


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/crossdock.db"


@pytest.fixture
def server(database: str) -> Iterator[Server]:
    """Run a demo server that looks for stock often."""
    with Server(database, allocation_interval_s=0.2) as started:
        yield started


def script(server: Server, database: str) -> str:
    """Return the blocks of the page, with stand-ins for the calls that are not offered."""
    parts = [f"stand_in {database} {place}" if missing_call(block) else block for place, block in enumerate(BLOCKS)]
    text = "".join(f"{part}\nprintf '\\n{BORDER}\\n'\n" for part in parts)
    return text.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")


class TestFabric:
    def test_the_blocks_can_be_pasted_into_any_shell(self) -> None:
        assert [block for block in BLOCKS if re.search(r"[?*\[\]]|(?<=\s)[~=]|#", unquoted(block))] == []

    def test_an_order_goes_from_stock_to_backorder(self, server: Server, database: str, tmp_path: Path) -> None:
        ran = run_in_every_shell(script(server, database), tmp_path / "shells", programs() | STAND_IN)
        assert faults(NAME, ran.errors) == []
        assert ran.code == 0
        printed = [part.strip() for part in ran.printed.split(BORDER)]
        assert len(printed) == len(BLOCKS) + 1
        assert "ORDER_ALLOCATED" in printed
        assert any('"backOrderedQuantity":2' in text for text in printed)
        assert any(text.endswith("REALLOCATED") for text in printed)
        check_end(server)


def check_end(server: Server) -> None:
    """Check the orders, their allocations and what waits at the end of the page."""
    headers = bearer(server.base) | CONTEXT
    with httpx.Client(base_url=f"{server.base}/api/v2", headers=headers, trust_env=False) as http:
        found = http.post("/allocation/query", json={"sortBy": "allocationDate", "sortDirection": "asc"}).json()
        orders = [http.get("/order/", params={"orderNumber": f"SHIRTS-{number}"}).json() for number in (1, 2)]
        waiting = http.get("/backpre-order/backorderpreorder-reserve/SHIRTS-2")
    shown = [(each["locationNum"], each["items"][0]["quantity"], each["statusCode"]) for each in found]
    assert shown[:2] == [("410", 2, "REALLOCATED"), ("420", 2, "PENDING_PICK")]
    assert sorted(shown[2:]) == [
        (place, units, "PENDING_PICK") for place, units in (("410", 2), ("410", 3), ("420", 3))
    ]
    assert [each["statusCode"] for each in orders] == ["ORDER_ALLOCATED", "ORDER_ALLOCATED"]
    assert waiting.status_code == 404
    assert any(entry["note"] == "The customer waits." for entry in orders[1]["auditLogs"])
