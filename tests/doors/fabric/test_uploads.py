"""Bulk uploads of stock: who may use their URLs and for how long, what a file changes, and what the log says."""

import asyncio
import contextlib
from typing import Any

import httpx
import msgspec
import pytest

from crossdock.doors.fabric import stock_webhooks
from crossdock.doors.fabric.routes import uploads
from crossdock.flows import feed
from crossdock.flows.access import Caller
from crossdock.store import catalog as catalog_store
from crossdock.store.event_log import ALL_EVENTS
from tests.notifications.world import caller_of, eventually
from tests.slowness import processor_time_below
from tests.web.test_tenancy import OWN
from tests.world import World

UPLOAD, DOWNLOAD, LOG = (f"/api/v2/inventory/{path}" for path in ("aws/upload-url", "aws/download-url", "upload/log"))
HEADS = "SKU,Item ID,Location Number,Channel ID,Total Quantity\n"
FILE = HEADS + "MUG,1,13,12,5\nCUP,2,13,12,7\n"
MINUTE = 60_000_000


class Client:
    """A client that uploads files; asserts the status of each answer."""

    def __init__(self, world: World, headers: dict[str, str]) -> None:
        self.http, self.headers = world.http, headers

    async def url(self, path: str = UPLOAD, name: str = "stock.csv", *, status: int = 200) -> Any:
        """Ask for a URL; returns the answer."""
        answer = await self.http.post(path, json={"fileName": name}, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def put(self, url: str, content: str = FILE, *, status: int = 200) -> httpx.Response:
        """Upload a file as any client can: without a token."""
        answer = await self.http.put(url, content=content.encode(), headers={"Content-Type": "text/csv"})
        assert answer.status_code == status, answer.text
        return answer

    async def log(self, key_id: str) -> Any:
        """Read the log of an upload."""
        return (await self.http.get(f"{LOG}?keyId={key_id}", headers=self.headers)).json()

    async def stock(self) -> dict[str, dict[str, int]]:
        """Return the counters of all records by SKU."""
        listed = (await self.http.get("/api/v2/inventory?limit=250", headers=self.headers)).json()["inventory"]
        return {each["sku"]: each["counters"] for each in listed}


@pytest.fixture
async def client(world: World, headers: dict[str, str]) -> Client:
    answer = await world.http.post("/api/v2/location", json={"locationNum": 13}, headers=headers)
    assert answer.status_code == 200
    return Client(world, headers)


class TestUrls:
    async def test_a_url_takes_one_file_without_a_token(self, client: Client) -> None:
        made = await client.url()
        answer = await client.put(made["url"])
        assert answer.content == b""
        assert await client.stock() == {"MUG": {"onHand": 5}, "CUP": {"onHand": 7}}
        again = await client.put(made["url"], status=400)
        assert again.json() == {"message": "A file was uploaded to this URL already"}

    async def test_a_url_ends_after_15_minutes(self, world: World, client: Client) -> None:
        made, now = await client.url(), world.context.clock()
        world.context.clock = lambda: now + 15 * MINUTE + 1_000_000
        refused = await client.put(made["url"], status=404)
        assert refused.json() == {"message": "The link has expired"}
        world.context.clock = lambda: now + 14 * MINUTE
        await client.put(made["url"])

    async def test_a_url_of_errors_takes_no_file_and_a_url_for_a_file_shows_no_errors(self, client: Client) -> None:
        made = await client.url()
        await client.put((await client.url(DOWNLOAD))["url"], status=404)
        await client.put(made["url"])
        assert (await client.http.get(made["url"])).status_code == 404
        assert (await client.http.get((await client.url(DOWNLOAD))["url"])).status_code == 200

    async def test_of_two_files_for_one_url_one_is_imported(self, client: Client) -> None:
        made = await client.url()
        answers = await asyncio.gather(*(client.http.put(made["url"], content=FILE.encode()) for _ in range(2)))
        assert sorted(answer.status_code for answer in answers) == [200, 400]
        assert (await client.log(made["keyId"]))["totalRowsUploaded"] == 2

    async def test_a_file_changes_the_stock_of_the_account_that_asked_for_the_url(
        self, world: World, client: Client
    ) -> None:
        made = await client.url()
        stranger = Client(world, await world.stranger() | OWN)
        await stranger.put(made["url"])
        assert await stranger.stock() == {}
        assert len(await client.stock()) == 2

    @pytest.mark.parametrize(
        ("own", "begin"),
        [
            ({"host": "stock.example.com"}, "http://stock.example.com/"),
            ({"host": "stock.example.com:8443", "x-forwarded-proto": "https"}, "https://stock.example.com:8443/"),
            ({"host": "a/b?c"}, "http://127.0.0.1:8000/"),
            ({"host": "stock.example.com", "x-forwarded-proto": "javascript"}, "http://stock.example.com/"),
        ],
    )
    async def test_a_url_has_the_host_that_the_client_has_called(
        self, client: Client, own: dict[str, str], begin: str
    ) -> None:
        client.headers |= own
        assert (await client.url())["url"].startswith(f"{begin}api/v2/inventory/upload/file/")

    @pytest.mark.parametrize("context", [{"public_url": "https://hub.example.com/"}], indirect=True)
    async def test_a_url_has_the_public_address_where_it_is_set(self, client: Client) -> None:
        assert (await client.url())["url"].startswith("https://hub.example.com/api/v2/inventory/upload/file/")


class TestImport:
    async def test_rows_with_faults_change_nothing_and_the_others_are_stored(self, client: Client) -> None:
        rows = ["MUG,1,13,12,5", "MUG,2,13,12,9,too many", "CUP,x,99,12,1", ",,13,12,1", "POT,4,13,12,-1", ",5,13,12,6"]
        made = await client.url()
        await client.put(made["url"], HEADS + "\n".join(rows))
        assert await client.log(made["keyId"]) == {
            "id": made["keyId"], "keyId": made["keyId"], "status": "COMPLETED", "totalRows": 6, "totalRowsUploaded": 2,
            "totalRowsErrors": 4,
        }  # fmt: skip
        assert await client.stock() == {"MUG": {"onHand": 5}, "5": {"onHand": 6}}
        errors = await client.http.get((await client.url(DOWNLOAD, made["keyId"]))["url"])
        assert errors.headers["content-type"] == "text/csv; charset=utf-8"
        assert errors.text.splitlines() == [
            "SKU,Item ID,Location Number,Channel ID,Total Quantity,error",
            "MUG,2,13,12,9,\"has 6 cells, the heads are 5\"",
            "CUP,x,99,12,1,locationNum: is not the number of a location",
            ",,13,12,1,sku: is required where there is no itemId",
            "POT,4,13,12,-1,counters.onHand: must be a whole number from 0 to 2147483647",
        ]  # fmt: skip

    async def test_a_row_merges_into_its_record(self, client: Client) -> None:
        body = {
            "sku": "MUG",
            "itemId": 1,
            "locationNum": 13,
            "channelId": 12,
            "vendorId": "v",
            "counters": {"on-hand": 4, "lost": 1},
        }
        await client.http.post("/api/v2/inventory", json=body, headers=client.headers)
        heads = "itemId,locationNumber,channelId,Safety Stock,lost,Total Quantity,broken\n"
        await client.put((await client.url())["url"], heads + "1,13,12,3,,9,2\n1,13,12,,5,,\n")
        read = (await client.http.get("/api/v2/inventory/1", headers=client.headers)).json()
        assert read["counters"] == {"onHand": 9, "lost": 5, "broken": 2}
        assert (read["vendorId"], read["virtualCounters"]) == ("v", {"availableToPurchase": -1})

    async def test_a_file_that_cannot_be_read_can_be_sent_again(self, client: Client) -> None:
        made = await client.url()
        refused = await client.put(made["url"], "SKU\nMUG\n", status=400)
        assert refused.json() == {
            "message": "locationNum: is missing as a column; channelId: is missing as a column"
        }  # fmt: skip
        assert (await client.log(made["keyId"]))["status"] == "INITIATED"
        await client.put(made["url"])

    @pytest.mark.parametrize("context", [{"body_limit_bytes": 200}], indirect=True)
    async def test_a_file_over_the_limit_of_bodies_is_413(self, client: Client) -> None:
        made = await client.url()
        await client.put(made["url"], FILE + "\n" * 200, status=413)
        await client.put(made["url"])

    async def test_rows_of_several_batches_are_all_imported(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(uploads, "_BATCH", 3)
        rows = [f"S{number % 8},,13,12,{number}" for number in range(20)]
        made = await client.url()
        await client.put(made["url"], HEADS + "\n".join(rows))
        assert await client.stock() == {
            f"S{number}": {"onHand": number + (16 if number < 4 else 8)} for number in range(8)
        }
        assert (await client.log(made["keyId"]))["totalRowsUploaded"] == 20

    async def test_an_import_that_ends_early_says_so_and_keeps_what_was_stored(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As when the server stops meanwhile."""
        monkeypatch.setattr(uploads, "_BATCH", 1)
        made = await client.url()
        rows = "".join(f"S{number},,13,12,1\n" for number in range(5_000))
        sending = asyncio.create_task(client.http.put(made["url"], content=(HEADS + rows).encode()))

        async def has_begun() -> bool:
            return bool((await client.log(made["keyId"]))["totalRowsUploaded"] >= 2)

        await eventually(has_begun)
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending
        log = await client.log(made["keyId"])
        assert (log["status"], log["totalRows"]) == ("SYSTEM_ERROR", 5_000)
        listed = await client.http.get("/api/v2/inventory", headers=client.headers)
        assert 2 <= log["totalRowsUploaded"] <= listed.json()["pagination"]["total"] < 5_000

    async def test_an_import_whose_process_has_died_is_shown_as_an_error_after_a_while(
        self, world: World, client: Client
    ) -> None:
        made, now = await client.url(), world.context.clock()
        caller = await caller_of(world)
        async with world.context.store.writing() as tx:
            (entry,) = await catalog_store.entries(tx, caller.organization_id, kind=uploads.KIND, keys=[made["keyId"]])
            document = entry.document.replace(b"INITIATED", b"PROCESSING")
            changed = msgspec.structs.replace(entry, document=document)
            assert await catalog_store.change_entry(tx, caller.organization_id, changed=changed, seen=entry.document)
        assert (await client.log(made["keyId"]))["status"] == "PROCESSING"
        world.context.clock = lambda: now + 16 * MINUTE
        assert (await client.log(made["keyId"]))["status"] == "SYSTEM_ERROR"


async def test_webhooks_receive_an_event_of_each_record_that_an_upload_has_changed(
    world: World, client: Client
) -> None:
    heads = "SKU,Location Number,Channel ID,Total Quantity,lowStock\n"
    await client.put((await client.url())["url"], heads + "MUG,13,12,5,\nCUP,13,12,7,9\n")
    caller = Caller(await world.demo_organization(), "demo", frozenset({"admin"}))
    page = await feed.page(world.context, caller, after=feed.Cursor(0), limit=100, wanted=ALL_EVENTS)
    names = [name for entry in page.entries for name in stock_webhooks.topics(entry)]
    assert names == ["INVENTORY_BULK", "INVENTORY_BULK", "INVENTORY_BULK", "LOW_ALERT_NOTIFICATION_EMAIL"]


async def test_the_largest_file_takes_less_than_a_minute(client: Client) -> None:
    rows = "".join(f"SKU-{number:05},{number},13,12,{number}\n" for number in range(2_000))
    with processor_time_below(12):  # of 2,000 rows, a fifth of the most
        made = await client.url()
        await client.put(made["url"], HEADS + rows)
    assert (await client.log(made["keyId"]))["totalRowsUploaded"] == 2_000
