"""Documents are written once for each state of an order, and never told of another state or to another organization."""

import json
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from crossdock.core.orders.commands import AddNote, ArchiveOrder, Command
from crossdock.core.orders.model import Order
from crossdock.doors.hub.format import HubFormat
from crossdock.doors.s2.catalog import ACCOUNT, PRODUCT, assign
from crossdock.flows import reference_data, rendering, tenants
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.document_cache import CachedDocument, DocumentCache
from crossdock.flows.formats import ReferenceData
from crossdock.store import catalog
from crossdock.store.order_query.query import Filters
from tests.flows.state_machine import Moving, caller_in
from tests.world import STRANGERS_UUID


class Counting(HubFormat):
    """Counts the documents written for orders of other doors."""

    def __init__(self) -> None:
        self.written = 0

    def render_foreign(self, order: Order, found: ReferenceData) -> bytes:
        self.written += 1
        return super().render_foreign(order, found)


def note(order_id: int) -> Command:
    return AddNote(order_id=order_id, text="seen")


def archive(order_id: int) -> Command:
    return ArchiveOrder(order_id=order_id)


async def page(at: Moving, door: str = "hub", **more: Any) -> list[Any]:
    document = await rendering.render_json_page(at.context, at.caller, Filters(), door=door, **({"limit": 50} | more))
    return [json.loads(bytes(each)) for each in document.documents]


class TestPage:
    async def test_page_is_written_once_and_then_only_where_an_order_has_changed(self, context: Context) -> None:
        at, counting = Moving(context, await caller_in(context)), Counting()
        context.formats = {**context.formats, "hub": counting}
        ids = [await at.place("pb_oms", f"N-{number}", [2]) for number in range(4)]
        first = await page(at)
        assert (len(first), counting.written) == (4, 4)
        assert await page(at) == first
        assert await page(at, limit=2) == first[:2]
        assert counting.written == 4
        assert await at.perform([archive(ids[1])])
        at.clock.now += 1_000_000
        await at.place("pb_oms", "N-4", [1])
        later = await page(at)
        assert counting.written == 6
        assert later[1:3] + later[4:] == first[:2] + first[3:]
        assert later[3] == first[2] | {"archived": True, "version": 2, "updated_at": later[3]["updated_at"]}

    async def test_page_goes_on_after_its_last_order(self, context: Context) -> None:
        at = Moving(context, await caller_in(context))
        ids = [await at.place("hub", f"N-{number}", [1]) for number in range(5)]
        seen: list[str] = []
        before = None
        for count in (2, 2, 1):
            document = await rendering.render_json_page(
                context, at.caller, Filters(), door="hub", before=before, limit=2
            )
            numbers = [json.loads(bytes(each))["number"] for each in document.documents]
            assert len(numbers) == count
            assert document.last == (ids[-len(seen) - 2] if count == 2 else None)
            seen, before = seen + numbers, document.last
        assert seen == ["N-4", "N-3", "N-2", "N-1", "N-0"]

    async def test_page_is_not_shown_to_others(self, context: Context) -> None:
        at = Moving(context, await caller_in(context))
        order_id = await at.place("pb_oms", "N-1", [1])
        order = at.known[order_id]
        assert len(await page(at)) == 1
        other = await tenants.add_organization(context, name="Other", uuid=STRANGERS_UUID)
        stranger = Caller(other, "tester", at.caller.scopes)
        document = await rendering.render_json_page(context, stranger, Filters(), door="hub", limit=9)
        assert (document.documents, document.last) == ([], None)
        # Not even where an order of somebody else is given, which no flow does.
        counting = Counting()
        context.formats = {**context.formats, "hub": counting}
        await rendering.render_json_all(context, stranger, [order], door="hub")
        assert counting.written == 1


class TestCatalogEntries:
    async def test_catalog_entries_are_named_as_they_are_now(self, context: Context) -> None:
        at = Moving(context, await caller_in(context))
        await at.place("s2", "N-1", [1])
        (first,) = await page(at, "s2")
        key = first["items"][0]["product"]["id"]

        async def change(name: str) -> None:
            def named(document: bytes) -> bytes:
                return msgspec.json.encode(msgspec.json.decode(document) | {"name": name})

            organization_id = at.caller.organization_id
            assert (
                await reference_data.change(context, organization_id, kind=PRODUCT, key=key, changed=named) is not None
            )

        for name in ("Shelf", "Rack", "Shelf"):  # at one and the same time of a clock that stands
            await change(name)
            for _ in range(2):
                (now,) = await page(at, "s2")
                assert now["items"][0]["product"]["name"] == name

    async def test_catalog_entries_are_named_as_the_operator_sets_them(self, context: Context) -> None:
        at = Moving(context, await caller_in(context))
        await at.place("s2", "N-1", [1])
        (first,) = await page(at, "s2")
        key = first["account"]["id"]
        await reference_data.change(
            context,
            at.caller.organization_id,
            kind=ACCOUNT,
            key=key,
            changed=lambda document: assign(document, "W1"),
        )
        (later,) = await page(at, "s2")
        assert (first["account"]["autoAssignOrdersToWarehouse"], later["account"]["autoAssignOrdersToWarehouse"]) == (
            None,
            "W1",
        )

    async def test_catalog_entries_named_by_their_sku_are_found_when_they_come(self, context: Context) -> None:
        """An order of another door, whose SKU S2 gets a product for later."""
        at = Moving(context, await caller_in(context))
        async with context.store.reading() as tx:
            organization_id = at.caller.organization_id
            (some, *_), _ = await catalog.list_entries(tx, organization_id, kind=PRODUCT, term=None, limit=1, offset=0)
        product = msgspec.json.decode(some.document)
        await at.place("pb_oms", "N-1", [1])
        (first,) = await page(at, "s2")
        sku = first["items"][0]["product"]["sku"]
        assert first["items"][0]["product"]["unknown"]
        document = msgspec.json.encode(product | {"sku": sku, "name": "Late"})
        await reference_data.add(context, at.caller, kind=PRODUCT, key=str(uuid4()), name=sku, document=document)
        (later,) = await page(at, "s2")
        assert later["items"][0]["product"]["name"] == "Late"


class TestHistory:
    async def test_history_fabrics_document_is_rendered_again_with_each_event_of_its_history(
        self, context: Context
    ) -> None:
        at = Moving(context, await caller_in(context))
        order_id = await at.place("fabric", "N-1", [1])
        (received,) = await page(at, "fabric")
        assert await at.perform([note(order_id)])
        (noted,) = await page(at, "fabric")
        assert len(noted["auditLogs"]) > len(received["auditLogs"])
        assert await page(at, "fabric") == [noted]


class TestDocumentCache:
    @pytest.fixture
    def document_cache(self) -> DocumentCache:
        return DocumentCache(max_bytes=10_000)

    def test_document_cache_forgets_what_nobody_asks_for(self, document_cache: DocumentCache) -> None:
        for key in range(5):
            document_cache.put(key, CachedDocument(b"", bytes(1_300), (), ()))
        assert document_cache.get(0) is not None
        document_cache.put(5, CachedDocument(b"", bytes(1_300), (), ()))
        assert [key for key in range(6) if document_cache.get(key) is None] == [1]

    def test_document_cache_counts_what_it_has(self, document_cache: DocumentCache) -> None:
        for number in range(1_000):
            document_cache.put("one", CachedDocument(b"", bytes(number), (), ()))
        document_cache.put("two", CachedDocument(b"", bytes(5_000), (), ()))
        assert document_cache.get("one") is not None
        assert document_cache.get("two") is not None

    def test_document_cache_does_not_keep_what_is_too_large_for_it(self, document_cache: DocumentCache) -> None:
        document_cache.put("small", CachedDocument(b"", b"{}", (), ()))
        document_cache.put("large", CachedDocument(b"", bytes(20_000), (), ()))
        assert document_cache.get("large") is None
