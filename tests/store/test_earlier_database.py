"""A database made by an earlier version opens, verifies, and serves; `databases/0003.db.gz` is of the version before commands.

It holds three orders of each door and one held by fabric, edited, held, released, canceled, tagged, noted, archived; a
rejected submission; a webhook endpoint. Beside it are the documents that version answered, in the formats whose documents
stayed the same.
"""

import gzip
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from crossdock import app
from crossdock.flows import verification
from crossdock.settings import load
from tests.vendors import VENDORS
from tests.world import World

DATABASES = Path(__file__).parent / "databases"
DOCUMENTS: dict[str, Any] = json.loads(gzip.decompress((DATABASES / "0003.documents.json.gz").read_bytes()))


# Places in which an order of another door has changed since, so that strict clients can parse it: an id or a time where there
# was "", a time in the vendor's format, customs data that the format has now.
CHANGED_SINCE = {
    "s2": {
        "/order/account/id", "/order/channelOrderDate", "/order/items/*/product/id", "/order/items/*/product/brand/id",
        "/losses/*/value",
    },
    "pb_fulfillment": {
        "/order/createDate", "/order/shipOnDate", "/order/orderLines/*/hSTariffCode",
        "/order/orderLines/*/hSTariffCodeCountry", "/losses",
    },
    "pb_oms": {"/order/orderShippingInfo/shippingPreferences/dateOfShipment", "/losses"},
}  # fmt: skip


def differences(before: Any, now: Any, path: str = "") -> Iterator[str]:
    """Return the places in which a document differs, `*` for a position."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name in before.keys() | now.keys():
            yield from differences(before.get(name, ...), now.get(name, ...), f"{path}/{name}")
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for one, other in zip(before, now, strict=True):
            yield from differences(one, other, f"{path}/*")
    elif type(before) is not type(now) or before != now:
        yield path


@pytest.fixture
async def earlier(tmp_path: Path) -> AsyncIterator[World]:
    """Open a copy of the earlier database, which migrates it, and serve it."""
    path = tmp_path / "crossdock.db"
    path.write_bytes(gzip.decompress((DATABASES / "0003.db.gz").read_bytes()))
    async with (
        app.open_context(load({}, database=f"sqlite:///{path}")) as context,
        httpx.AsyncClient(transport=httpx.ASGITransport(app.site(context)), base_url="http://crossdock") as http,
    ):
        yield World(context, http)


async def test_an_earlier_database_verifies_with_its_hash_chains_intact(earlier: World) -> None:
    found = await verification.verify(earlier.context)
    assert (found.orders, found.events, found.broken) == (16, 69, ())


async def test_an_earlier_database_serves_the_documents_it_did(earlier: World) -> None:
    headers = await earlier.bearer()
    for key, document in DOCUMENTS.items():
        order_id, door = key.split()
        answer = await earlier.http.get(f"/hub/v1/orders/{order_id}?as={door}", headers=headers)
        read = await earlier.http.get(f"/hub/v1/orders/{order_id}", headers=headers)
        is_own = read.json()["source"]["door"] == door
        allowed = set() if is_own else CHANGED_SINCE.get(door, set())
        assert set(differences(document, answer.json())) <= allowed, key


async def test_an_earlier_database_takes_new_orders_and_changes_of_old_ones(earlier: World) -> None:
    headers = await earlier.bearer()
    for door, vendor in VENDORS.items():
        created = await earlier.http.post(
            vendor.create, json=vendor.body(f"NEW-{door}"), headers=headers | vendor.headers(f"new-{door}")
        )
        assert created.status_code == vendor.ok, created.text
        again = await earlier.http.post(
            vendor.create, json=vendor.body(f"OLD-{door}-1"), headers=headers | vendor.headers(f"old-{door}")
        )
        assert again.status_code == vendor.ok, "an order of the earlier version is replayed, not placed again"
    changed = 0
    for order_id in sorted({key.split()[0] for key in DOCUMENTS}):
        path = f"/hub/v1/orders/{order_id}"
        noted = await earlier.http.post(f"{path}/note", json={"text": "after the upgrade"}, headers=headers)
        assert noted.status_code == 200, noted.text
        edited = await earlier.http.post(f"{path}/edit", json={"notes": "changed"}, headers=headers)
        assert edited.status_code in (200, 409), edited.text  # 409: it was canceled
        changed += edited.status_code == 200
    assert changed > 8
    assert (await verification.verify(earlier.context)).broken == ()
    counts = (await earlier.http.get("/hub/v1/orders/counts", headers=headers)).json()
    assert counts["total"] == 16 + len(VENDORS)
