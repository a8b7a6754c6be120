"""One suite for every engine: submissions, keys, events and the registry; and nothing of another organization is ever given."""

import inspect
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import msgspec
import pytest

from crossdock.core.errors import Fault
from crossdock.core.events import CHAIN_START, ORDER, Event
from crossdock.core.orders.events import Held, Noted, record
from crossdock.core.retry_policy import Health, State
from crossdock.core.stock.model import Level, Movement
from crossdock.store import (
    access_log,
    allocations,
    catalog,
    deliveries,
    emails,
    event_log,
    idempotency_keys,
    invoices,
    order_counts,
    orders,
    overview,
    stock,
    submissions,
    tenants,
    verification,
    warehouse,
)
from crossdock.store.access_log import AccessEntry, AccessFilter
from crossdock.store.allocations import Backorder, StoredDecision
from crossdock.store.deliveries import Delivery, Endpoint
from crossdock.store.emails import StoredMail
from crossdock.store.event_log import NewEvent
from crossdock.store.idempotency_keys import Claim
from crossdock.store.invoices import StoredInvoice
from crossdock.store.order_query import pages, planner, prefix_search, word_search
from crossdock.store.order_query.query import Filters, OrderPage, OrderQuery
from crossdock.store.protocols import Store, Transaction
from crossdock.store.submissions import MAX_LISTED_BODY, SubmissionFilter
from crossdock.store.tenants import Client, Membership, Organization, Person
from tests.store.samples import NOW_US, ONE, OTHER, entry, full_order, key, order, put, read_page, submission

LEVEL = Level(ONE, 19, "sku-é", "W1", on_hand=5)


# ----------------------------------------------------------------------------------------------------- submissions, log
class TestSubmissions:
    async def test_a_submission_is_read_with_every_field(self, store: Store) -> None:
        full = submission(
            5, status="refused", order_id=6, code="invalid", faults=(Fault(("a", 0), "é"), Fault((), "b")),
            redrive_of=4, size=2**40, body=bytes(range(256)), reply=b"\x00\xff",
        )  # fmt: skip
        async with store.writing() as tx:
            await submissions.add_submissions(tx, [full, submission(6)])
            assert await submissions.get_submission(tx, ONE, submission_id=5) == full
            assert await submissions.get_submission(tx, ONE, submission_id=6) == submission(6)
            assert await submissions.get_submission(tx, ONE, submission_id=7) is None

    async def test_submissions_are_paged_newest_first(self, store: Store) -> None:
        async with store.writing() as tx:
            await submissions.add_submissions(tx, [submission(number) for number in range(1, 8)])
        walked: list[int] = []
        before: int | None = None
        async with store.reading() as tx:
            while found := await submissions.submissions(tx, ONE, status=None, before=before, limit=3):
                walked += [each.submission_id for each in found]
                before = walked[-1]
        assert walked == list(range(7, 0, -1))

    async def test_submissions_are_paged_by_status(self, store: Store) -> None:
        async with store.writing() as tx:
            states = ("refused", "accepted", "refused", "replayed", "refused")
            await submissions.add_submissions(
                tx, [submission(number, status=state) for number, state in enumerate(states, 1)]
            )
        async with store.reading() as tx:
            first = await submissions.submissions(tx, ONE, status="refused", before=None, limit=2)
            second = await submissions.submissions(tx, ONE, status="refused", before=3, limit=2)
            accepted = await submissions.submissions(tx, ONE, status="accepted", before=None, limit=9)
        assert [each.submission_id for each in (*first, *second, *accepted)] == [5, 3, 1, 2]

    async def test_submissions_of_a_status_are_filtered_by_door_code_and_text(self, store: Store) -> None:
        bodies = (b'{"number": "A-1"}', b'{"number": "A-2"}', b"A-3" + b" " * MAX_LISTED_BODY, b"\x00\xffA-4")
        rejected = [
            submission(
                place, status="refused", door="s2" if place % 2 else "hub", code="invalid" if place < 3 else "not_json",
                body=body, size=len(body), faults=(Fault(("a",), "b"),), reply=None,
            )
            for place, body in enumerate(bodies, 1)
        ]  # fmt: skip
        cases = {
            SubmissionFilter(): [4, 3, 2, 1], SubmissionFilter(door="s2"): [3, 1], SubmissionFilter(code="invalid"): [2, 1],
            SubmissionFilter(text="A-"): [4, 3, 2, 1], SubmissionFilter(text="A-4"): [4],
            SubmissionFilter(door="hub", code="invalid", text="number"): [2], SubmissionFilter(text="absent"): [],
        }  # fmt: skip
        async with store.writing() as tx:
            await submissions.add_submissions(tx, [*rejected, submission(9)])
            for wanted, ids in cases.items():
                found, more = await submissions.filtered(tx, ONE, status="refused", wanted=wanted, before=99, limit=9)
                assert ([each.submission_id for each in found], more) == (ids, None)
            whole, more = await submissions.filtered(
                tx, ONE, status="refused", wanted=SubmissionFilter(), before=4, first=2, limit=9
            )
        assert (whole, more) == ([msgspec.structs.replace(rejected[2], body=b""), rejected[1]], None)

    async def test_a_filter_that_matches_little_looks_at_a_limited_number_and_continues(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(submissions, "MAX_SCANNED", 3)
        async with store.writing() as tx:
            await submissions.add_submissions(
                tx, [submission(n, status="refused", door="hub" if n == 2 else "s2") for n in range(1, 8)]
            )
            pages, before = [], 99
            while before:
                wanted = SubmissionFilter(door="hub")
                found, before = await submissions.filtered(
                    tx, ONE, status="refused", wanted=wanted, before=before, limit=9
                )
                pages.append([each.submission_id for each in found])
            first, more = await submissions.filtered(
                tx, ONE, status="refused", wanted=SubmissionFilter(), before=99, limit=2
            )
        assert pages == [[], [2], []]
        assert ([each.submission_id for each in first], more) == ([7, 6], 6)

    async def test_only_a_refused_submission_is_marked_redriven(self, store: Store) -> None:
        async with store.writing() as tx:
            await submissions.add_submissions(tx, [submission(1, status="refused"), submission(2)])
            for number in (1, 2):
                await submissions.mark_redriven(tx, ONE, submission_id=number, order_id=77)
            one, two = [await submissions.get_submission(tx, ONE, submission_id=number) for number in (1, 2)]
        assert one == submission(1, status="redriven", order_id=77)
        assert two == submission(2)

    async def test_a_submission_stores_its_reply(self, store: Store) -> None:
        async with store.writing() as tx:
            await submissions.add_submissions(tx, [submission(1), submission(2)])
            await submissions.set_reply(tx, ONE, submission_id=1, reply=b"done")
            found = [await submissions.get_submission(tx, ONE, submission_id=number) for number in (1, 2)]
        assert found == [submission(1, reply=b"done"), submission(2)]


def new_events(*recorded: Event) -> list[NewEvent]:
    """Return events to append, with the order's status afterwards, and the door it came through."""
    return [NewEvent(event, "open", "s2") for event in recorded]


class TestEvents:
    async def test_events_are_read_in_order_with_an_unbroken_hash_chain(self, store: Store) -> None:
        placed = full_order()
        placed = msgspec.structs.replace(placed, event_number=0, event_hash=CHAIN_START)
        made = []
        for place, order_event in enumerate((Noted(text="a"), Held(holds=placed.holds), Noted(text="b"))):
            placed, event = record(placed, order_event, event_id=place, at=NOW_US, actor="me", door="s2")
            made.append(event)
        async with store.writing() as tx:
            await event_log.add_events(tx, ONE, new_events(*made[::-1]))
            await orders.add(tx, [orders.rows_of(placed)])
            assert await event_log.events(tx, ONE, aggregate_id=placed.order_id) == made
            ((recorded,),) = [portion async for portion in verification.read_all(tx, ONE)]
        assert recorded.rows is not None
        assert (recorded.order_id, recorded.rows.head) == (placed.order_id, (3, made[-1].hash))
        assert [entry.event for entry in recorded.entries] == made

    async def test_a_second_event_with_the_same_number_is_refused(self, store: Store) -> None:
        _, event = record(order(1), Noted(text="a"), event_id=1, at=1, actor="me", door="s2")
        with pytest.raises((sqlite3.IntegrityError, asyncpg.UniqueViolationError)):
            async with store.writing() as tx:
                await event_log.add_events(tx, ONE, new_events(event))
                await event_log.add_events(tx, ONE, new_events(msgspec.structs.replace(event, event_id=2)))

    async def test_verification_reads_batches_without_a_gap(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(verification, "BATCH", 3)
        await put(store, *(order(number) for number in range(8)))
        async with store.writing() as tx:
            for number in range(5, 12):  # the last four of orders that are not there
                _, event = record(order(number), Noted(text="a"), event_id=number, at=1, actor="me", door="s2")
                await event_log.add_events(tx, ONE, new_events(event, msgspec.structs.replace(event, number=2)))
            portions = [portion async for portion in verification.read_all(tx, ONE)]
        assert [len(portion) for portion in portions] == [3, 3, 3, 3]
        found = [each for portion in portions for each in portion]
        assert [each.order_id for each in found] == list(range(12))
        assert [each.rows is not None for each in found] == [True] * 8 + [False] * 4
        assert [len(each.entries) for each in found] == [0] * 5 + [2] * 7


# ------------------------------------------------------------------------------------------------------------- registry
# Terms, and the keys of the entries whose text holds them.
SEARCHED: list[tuple[str | None, list[str]]] = [
    (None, ["5", "4", "3", "2", "1"]),
    ("", ["5", "4", "3", "2", "1"]),
    ("apple", ["4", "1"]),
    ("APPLE", ["4", "1"]),
    ("2", ["2"]),
    ("100%", ["2"]),
    ("%", ["2"]),
    ("_", ["3"]),
    ("\\", ["4"]),
    ("Ärger", ["5"]),
    ("ärger", ["5"]),
    ("pear", []),
]


class TestRegistry:
    async def test_an_installation_value_stays_until_it_is_changed_from_the_value_seen(self, store: Store) -> None:
        async with store.writing() as tx:
            assert await tenants.installation_value(tx, "test", default="a") == "a"
            assert await tenants.installation_value(tx, "test", default="b") == "a"
            assert not await tenants.set_installation_value(tx, "test", seen="b", value="c")
            assert await tenants.set_installation_value(tx, "test", seen="a", value="c")
            assert await tenants.installation_value(tx, "test", default="b") == "c"
            await tenants.put_installation_value(tx, "test", "d")
            assert await tenants.find_installation_values(tx, ["test", "none"]) == {"test": "d"}
            size, version = await tenants.database_size(tx)
            assert size > 100_000
            assert version[0].isdigit()

    async def test_organizations_have_one_uuid_each(self, store: Store) -> None:
        one = Organization(ONE, "One", "u-1", 1, 2)
        async with store.writing() as tx:
            assert await tenants.add_organization(tx, one)
            assert not await tenants.add_organization(tx, Organization(OTHER, "Other", "u-1", 1, 2))
            assert await tenants.add_organization(tx, Organization(OTHER, "Other", "u-2", 1, 2))
            assert await tenants.get_organization(tx, ONE) == one
            assert await tenants.get_organization(tx, 13) is None
            assert [each.organization_id for each in await tenants.organizations(tx)][:2] == [ONE, OTHER]
            assert await tenants.find_organization(tx, kind="s2_organization", name="u-2") == OTHER
            assert await tenants.find_organization(tx, kind="client", name="u-2") is None

    async def test_clients_are_stored_and_revoked_once(self, store: Store) -> None:
        client = Client(ONE, "c-1", "Client", "hash", "read", 5, None)
        async with store.writing() as tx:
            assert await tenants.add_client(tx, client)
            assert not await tenants.add_client(tx, msgspec.structs.replace(client, organization_id=OTHER))
            assert await tenants.add_client(tx, msgspec.structs.replace(client, client_id="c-0", created_at=4))
            assert [each.client_id for each in await tenants.clients(tx, ONE)] == ["c-0", "c-1"]
            assert await tenants.find_organization(tx, kind="client", name="c-1") == ONE
            assert await tenants.revoke_client(tx, ONE, client_id="c-1", now=9)
            assert not await tenants.revoke_client(tx, ONE, client_id="c-1", now=10)
            found = await tenants.get_client(tx, ONE, client_id="c-1")
        assert found == msgspec.structs.replace(client, revoked_at=9)

    async def test_tokens_are_revoked(self, store: Store) -> None:
        async with store.writing() as tx:
            assert not await tenants.is_revoked(tx, ONE, token_id="t")
            await tenants.revoke_token(tx, ONE, token_id="t", expires_at=9)
            await tenants.revoke_token(tx, ONE, token_id="t", expires_at=9)
            assert await tenants.is_revoked(tx, ONE, token_id="t")

    async def test_people_and_their_memberships_are_stored(self, store: Store) -> None:
        person = Person("a@b.c", 1, "Ann", "hash", 0, 1, 1)
        async with store.writing() as tx:
            assert await tenants.add_person(tx, person)
            assert not await tenants.add_person(tx, msgspec.structs.replace(person, person_id=2))
            assert await tenants.get_person(tx, email="a@b.c") == person
            assert await tenants.get_person(tx, email="x@b.c") is None
            for organization_id in (OTHER, ONE):
                assert await tenants.add_membership(tx, Membership(organization_id, "a@b.c", "admin", "read"))
            assert not await tenants.add_membership(tx, Membership(ONE, "a@b.c", "other", "read"))
            found = await tenants.memberships(tx, email="a@b.c")
            assert found == [Membership(each, "a@b.c", "admin", "read") for each in (ONE, OTHER)]
            assert await tenants.revoke_person(tx, email="a@b.c", now=7)
            assert not await tenants.revoke_person(tx, email="x@b.c", now=7)
            revoked = await tenants.get_person(tx, email="a@b.c")
        assert revoked == msgspec.structs.replace(person, token_version=1, updated_at=7)

    async def test_vendor_references_are_stored(self, store: Store) -> None:
        async with store.writing() as tx:
            assert await tenants.add_vendor_reference(tx, ONE, kind="fabric_account", value="1")
            assert not await tenants.add_vendor_reference(tx, ONE, kind="fabric_account", value="1")
            assert await tenants.add_vendor_reference(tx, ONE, kind="pb_fulfillment_client", value="1")
            assert await tenants.vendor_references(tx, ONE) == {
                ("fabric_account", "1"),
                ("pb_fulfillment_client", "1"),
            }

    async def test_catalog_entries_are_read_by_key_and_by_name(self, store: Store) -> None:
        made = [entry(f"k{number}", number, name=f"n{number % 50}") for number in range(100)]
        async with store.writing() as tx:
            for each in made:
                assert await catalog.add_entry(tx, each)
            assert not await catalog.add_entry(tx, entry("k1", 500))
            wanted = [f"k{number}" for number in range(100)]
            found = await catalog.entries(tx, ONE, kind="product", keys=[*wanted, "other"])
            named = await catalog.entries(tx, ONE, kind="product", keys=["n7", "other"], by="name")
            assert await catalog.entries(tx, ONE, kind="account", keys=wanted) == []
            assert await catalog.entries(tx, ONE, kind="product", keys=[]) == []
        assert sorted(found, key=lambda each: each.position) == made
        assert {each.key for each in named} == {"k7", "k57"}

    async def test_removing_a_catalog_entry_frees_its_key(self, store: Store) -> None:
        others = (entry("k2", 2), msgspec.structs.replace(entry("k1", 3), kind="account"))
        async with store.writing() as tx:
            for each in (entry("k1", 1), *others):
                await catalog.add_entry(tx, each)
            assert await catalog.remove_entry(tx, ONE, kind="product", key="k1")
            assert not await catalog.remove_entry(tx, ONE, kind="product", key="k1")
            assert await catalog.entries(tx, ONE, kind="product", keys=["k1", "k2"]) == [others[0]]
            assert await catalog.entries(tx, ONE, kind="account", keys=["k1"]) == [others[1]]
            assert await catalog.add_entry(tx, entry("k1", 4))

    async def test_catalog_entries_that_contain_a_term_are_listed(self, store: Store) -> None:
        names = ["Green Apple", "100% wool", "a_b", "apple\\tree", "Ärgernis"]
        async with store.writing() as tx:
            for position, name in enumerate(names, 1):
                await catalog.add_entry(tx, entry(str(position), position, name=name))
            for term, found in SEARCHED:
                listed, total = await catalog.list_entries(tx, ONE, kind="product", term=term, limit=9, offset=0)
                page, still = await catalog.list_entries(tx, ONE, kind="product", term=term, limit=1, offset=1)
                assert [each.key for each in listed] == found, term
                assert total == still == len(found)
                assert page == listed[1:2]


# ------------------------------------------------------------------------------------------------- another organization
Ask = Callable[[Transaction], Awaitable[Any]]


async def drained(batches: Any) -> list[Any]:
    return [each async for each in batches]


# A third one, of whom nothing is there whatever the other one was asked before.
THIRD = 3
THEIRS = Event(OTHER, ORDER, 77, 1, 5, "order.noted", 1, 5, "me", "s2", b"{}", bytes(32))
# What each function answers to another organization that asks for ONE's things: nothing.
QUESTIONS: dict[str, tuple[Ask, Any]] = {
    "submissions.submission_bodies": (lambda tx: submissions.submission_bodies(tx, OTHER, submission_ids=[1]), {}),
    "submissions.get_submission": (lambda tx: submissions.get_submission(tx, OTHER, submission_id=1), None),
    "submissions.submissions": (lambda tx: submissions.submissions(tx, OTHER, status=None, before=None, limit=9), []),
    "submissions.by_ids": (lambda tx: submissions.by_ids(tx, OTHER, submission_ids=[1]), {}),
    "submissions.filtered": (
        lambda tx: submissions.filtered(tx, OTHER, status="accepted", wanted=SubmissionFilter(), before=2**62, limit=9),
        ([], None),
    ),
    "submissions.not_accepted_of_order": (
        lambda tx: submissions.not_accepted_of_order(tx, OTHER, order_id=1),
        set(),
    ),
    "submissions.after": (lambda tx: submissions.after(tx, OTHER, after=0, limit=9), []),
    "submissions.erase": (lambda tx: submissions.erase(tx, OTHER, replies={1: None}), None),
    "submissions.prune": (lambda tx: submissions.prune(tx, OTHER, status="refused", before=2**62, limit=9), 0),
    "idempotency_keys.submissions_of_order": (
        lambda tx: idempotency_keys.submissions_of_order(tx, OTHER, order_id=1),
        set(),
    ),
    "idempotency_keys.find_claims": (lambda tx: idempotency_keys.find_claims(tx, OTHER, [key(1)]), {}),
    "event_log.events": (lambda tx: event_log.events(tx, OTHER, aggregate_id=1), []),
    "event_log.add_events": (lambda tx: event_log.add_events(tx, OTHER, new_events(THEIRS)), None),
    "event_log.feed_position": (lambda tx: event_log.feed_position(tx, THIRD), 0),
    "event_log.feed_hash": (lambda tx: event_log.feed_hash(tx, THIRD, position=1), None),
    "event_log.feed": (lambda tx: event_log.feed(tx, THIRD, after=0, limit=9), ([], 0)),
    "event_log.newest": (lambda tx: event_log.newest(tx, THIRD, limit=9), ([], None)),
    "event_log.histories": (lambda tx: event_log.histories(tx, OTHER, aggregate_ids=[1]), {}),
    "deliveries.get_endpoint": (lambda tx: deliveries.get_endpoint(tx, OTHER, endpoint_id=7), None),
    "deliveries.endpoints": (lambda tx: deliveries.endpoints(tx, OTHER), []),
    "deliveries.due": (lambda tx: deliveries.due(tx, OTHER, endpoint_id=7, now=2**62, limit=9), []),
    "deliveries.due_after": (lambda tx: deliveries.due_after(tx, OTHER, endpoint_id=7, at=0, limit=9), []),
    "deliveries.under_way": (lambda tx: deliveries.under_way(tx, OTHER, endpoint_id=7, now=0), 0),
    "deliveries.held": (lambda tx: deliveries.held(tx, OTHER, endpoint_id=7, claimed_by=None, limit=9), []),
    "deliveries.open_of_orders": (
        lambda tx: deliveries.open_of_orders(tx, OTHER, endpoint_id=7, order_ids=[1], state=State.PENDING),
        {},
    ),
    "deliveries.by_ids": (lambda tx: deliveries.by_ids(tx, OTHER, endpoint_id=7, delivery_ids=[9]), {}),
    "deliveries.page": (lambda tx: deliveries.page(tx, OTHER, endpoint_id=7, limit=9), []),
    "deliveries.of_orders": (
        lambda tx: deliveries.of_orders(tx, OTHER, endpoint_id=7, order_ids=[1], limit=9),
        [],
    ),
    "deliveries.activity": (lambda tx: deliveries.activity(tx, OTHER), {}),
    "deliveries.prune": (lambda tx: deliveries.prune(tx, OTHER, endpoint_id=7, before=2**62, limit=9), 0),
    "deliveries.number_of_ended": (lambda tx: deliveries.number_of_ended(tx, OTHER, order_id=1), 0),
    "deliveries.erase_of_order": (lambda tx: deliveries.erase_of_order(tx, OTHER, order_id=1), None),
    "deliveries.of_order": (lambda tx: deliveries.of_order(tx, OTHER, order_id=1, limit=9), []),
    "orders.latest_change": (lambda tx: orders.latest_change(tx, OTHER, order_id=1), None),
    "access_log.page": (
        lambda tx: access_log.page(tx, OTHER, wanted=AccessFilter(operation="getOrder"), before=99, limit=9),
        ([], None),
    ),
    "access_log.prune": (lambda tx: access_log.prune(tx, OTHER, before=99, limit=9), 0),
    "access_log.objects_after": (lambda tx: access_log.objects_after(tx, OTHER, after=0, limit=9), []),
    "access_log.forget_objects": (lambda tx: access_log.forget_objects(tx, OTHER, entry_ids=[1]), None),
    "emails.get": (lambda tx: emails.get(tx, OTHER, mail_id=3), None),
    "emails.heads": (lambda tx: emails.heads(tx, OTHER, mail_ids=[3]), {}),
    "emails.page": (lambda tx: emails.page(tx, OTHER, before=2**62, limit=9), []),
    "emails.of_order": (lambda tx: emails.of_order(tx, OTHER, order_id=1), []),
    "emails.delete_of_order": (lambda tx: emails.delete_of_order(tx, OTHER, order_id=1), None),
    "emails.delete_oldest": (lambda tx: emails.delete_oldest(tx, OTHER, kept=0), None),
    "verification.read_all": (lambda tx: drained(verification.read_all(tx, THIRD)), []),
    "verification.read_other_aggregates": (lambda tx: drained(verification.read_other_aggregates(tx, THIRD)), []),
    "verification.terms": (
        lambda tx: verification.terms(tx, OTHER, orders.terms_of(full_order()), first=0, last=9),
        set(),
    ),
    "verification.number_of_terms": (lambda tx: verification.number_of_terms(tx, THIRD), 0),
    "verification.feed_ends": (lambda tx: verification.feed_ends(tx, THIRD), (0, 0, 0)),
    "submissions.set_reply": (lambda tx: submissions.set_reply(tx, OTHER, submission_id=1, reply=b"theirs"), None),
    "submissions.mark_redriven": (lambda tx: submissions.mark_redriven(tx, OTHER, submission_id=1, order_id=9), None),
    "idempotency_keys.release": (lambda tx: idempotency_keys.release(tx, OTHER, key=key(1)), None),
    "orders.of_email": (lambda tx: orders.of_email(tx, OTHER, email="ann@example.com"), []),
    "orders.of_number": (lambda tx: orders.of_number(tx, OTHER, number="A-1"), []),
    "orders.contents_after": (lambda tx: orders.contents_after(tx, OTHER, after=0, limit=9), []),
    "orders.get": (lambda tx: orders.get(tx, OTHER, order_id=1), None),
    "orders.by_number": (lambda tx: orders.by_number(tx, OTHER, door="s2", number="A-1"), None),
    "orders.by_ids": (lambda tx: orders.by_ids(tx, OTHER, [1]), []),
    "orders.content_sizes": (lambda tx: orders.content_sizes(tx, OTHER, [1]), {}),
    "orders.with_bodies": (lambda tx: orders.with_bodies(tx, OTHER, [1], door="s2"), ([], {})),
    "planner.choose_index": (
        lambda tx: planner.choose_index(tx, OTHER, ["sku", "door"], {"sku": "sku-é", "door": "s2"}, "created"),
        ("sku", 0),
    ),
    "word_search.search": (
        lambda tx: word_search.search(tx, OTHER, ["sku-é"], Filters(), before=None, limit=9),
        OrderPage([]),
    ),
    "prefix_search.with_prefix": (lambda tx: prefix_search.with_prefix(tx, OTHER, "sku"), ([], False)),
    "overview.arrivals": (lambda tx: overview.arrivals(tx, OTHER, door="s2", since=0, limit=9), {}),
    "overview.oldest": (lambda tx: overview.oldest(tx, OTHER, status="open", scanned=9, limit=9), []),
    "overview.unarchived": (
        lambda tx: overview.unarchived(tx, OTHER, status="partially_shipped", scanned=9, limit=9),
        0,
    ),
    "overview.archived": (lambda tx: overview.archived(tx, OTHER, limit=9), []),
    "overview.holds": (lambda tx: overview.holds(tx, OTHER, status="partially_shipped", limit=9), []),
    "overview.ship_by_dates": (lambda tx: overview.ship_by_dates(tx, OTHER, [1]), {}),
    "overview.unbalanced": (lambda tx: overview.unbalanced(tx, OTHER, limit=9), 0),
    "overview.waiting_orders": (lambda tx: overview.waiting_orders(tx, OTHER, sku="sku-é", before=None, limit=9), []),
    "overview.waiting_by_sku": (lambda tx: overview.waiting_by_sku(tx, OTHER, scanned=9), {}),
    "overview.low_levels": (lambda tx: overview.low_levels(tx, OTHER, scanned=9), (0, 0)),
    "overview.refused": (lambda tx: overview.refused(tx, OTHER, since=0, limit=9), 0),
    "overview.dead_deliveries": (lambda tx: overview.dead_deliveries(tx, OTHER, endpoint_ids=[7], limit=9), 0),
    "overview.stuck_deliveries": (
        lambda tx: overview.stuck_deliveries(tx, OTHER, endpoint_ids=[7], before=2**62, limit=9),
        0,
    ),
    "order_counts.counts": (lambda tx: order_counts.counts(tx, OTHER), {}),
    "orders.due": (lambda tx: orders.due(tx, OTHER, now=2**62, limit=9), []),
    "pages.page": (
        lambda tx: pages.page(tx, OTHER, OrderQuery(any_of=(Filters(sku="sku-é", location="W2"),), limit=9)),
        OrderPage([]),
    ),
    "orders.owner": (lambda tx: orders.owner(tx, OTHER, part="allocation", value=21), None),
    "orders.part_ids": (lambda tx: orders.part_ids(tx, OTHER, part="fulfillment", before=99, limit=9), []),
    "invoices.next_number": (lambda tx: invoices.next_number(tx, OTHER, year=2027), 1),
    "invoices.sequences": (lambda tx: invoices.sequences(tx, OTHER), {2027: 1}),
    "invoices.number_of_invoices": (lambda tx: invoices.number_of_invoices(tx, OTHER), 0),
    "invoices.by_ids": (lambda tx: invoices.by_ids(tx, OTHER, [23]), []),
    "invoices.by_number": (lambda tx: invoices.by_number(tx, OTHER, number="2026-1"), None),
    "invoices.of_order": (lambda tx: invoices.of_order(tx, OTHER, order_id=1), []),
    "invoices.page": (lambda tx: invoices.page(tx, OTHER, before=99, limit=9), []),
    "warehouse.page": (
        lambda tx: warehouse.page(tx, OTHER, part="fulfillment", statuses=["open", "shipped"], past=0, limit=9),
        [],
    ),
    "warehouse.counts": (
        lambda tx: warehouse.counts(tx, OTHER, part="return", statuses=["requested"], limit=9),
        {"requested": 0},
    ),
    "warehouse.unstarted": (lambda tx: warehouse.unstarted(tx, OTHER, location="W1", past=0, limit=9), []),
    "warehouse.count_unstarted": (lambda tx: warehouse.count_unstarted(tx, OTHER, location="W1", limit=9), 0),
    "warehouse.owners": (lambda tx: warehouse.owners(tx, OTHER, [1, 22, 31]), {}),
    "stock.get": (lambda tx: stock.get(tx, OTHER, LEVEL.key), None),
    "stock.by_skus": (lambda tx: stock.by_skus(tx, OTHER, [LEVEL.sku], for_update=True), []),
    "stock.page": (lambda tx: stock.page(tx, OTHER, limit=9), []),
    "stock.count": (lambda tx: stock.count(tx, OTHER), 0),
    "stock.movements": (lambda tx: stock.movements(tx, OTHER, level_id=LEVEL.level_id, before=99, limit=9), []),
    "stock.movement_sums": (lambda tx: stock.movement_sums(tx, OTHER), {}),
    "allocations.open_orders": (lambda tx: allocations.open_orders(tx, OTHER, locations=["W1"]), {}),
    "allocations.page": (lambda tx: allocations.page(tx, OTHER, before=99, limit=9), []),
    "allocations.orders_after": (
        lambda tx: allocations.orders_after(tx, OTHER, status="open", after=0, limit=9),
        [],
    ),
    "allocations.decisions_of_order": (
        lambda tx: allocations.decisions_of_order(tx, OTHER, order_id=1, limit=9),
        [],
    ),
    "allocations.decisions": (lambda tx: allocations.decisions(tx, OTHER, before=99, limit=9), []),
    "allocations.delete_decisions": (lambda tx: allocations.delete_decisions(tx, OTHER, order_id=1), None),
    "allocations.get_backorder": (lambda tx: allocations.get_backorder(tx, OTHER, order_id=1), None),
    "allocations.remove_backorder": (lambda tx: allocations.remove_backorder(tx, OTHER, order_id=1), None),
    "allocations.due_backorders": (lambda tx: allocations.due_backorders(tx, OTHER, now=99, limit=9), []),
    "allocations.waiting_for": (lambda tx: allocations.waiting_for(tx, OTHER, sku="sku-é", attempts=9, limit=9), []),
    "allocations.waiting_sku_keys": (lambda tx: allocations.waiting_sku_keys(tx, OTHER), set()),
    "verification.number_of_rows": (lambda tx: verification.number_of_rows(tx, OTHER, "allocation"), 0),
    "verification.waiting": (lambda tx: verification.waiting(tx, OTHER, [1]), set()),
    "pages.event_hashes": (
        lambda tx: pages.event_hashes(tx, OTHER, OrderQuery(any_of=(Filters(sku="sku-é", location="W2"),), limit=9)),
        ({}, None),
    ),
    "pages.matches": (
        lambda tx: pages.matches(tx, OTHER, OrderQuery(any_of=(Filters(door="s2"), Filters(door="hub")), limit=9)),
        pages.Matches([]),
    ),
    "pages.counts_of": (lambda tx: pages.counts_of(tx, OTHER, [Filters(door="s2"), Filters(sku="sku-é")]), [0, 0]),
    "pages.most_there_can_be": (lambda tx: pages.most_there_can_be(tx, OTHER, [Filters(door="s2")]), 0),
    "pages.candidates": (lambda tx: pages.candidates(tx, OTHER, [Filters(sku="sku-é")], limit=9), set()),
    "pages.count": (lambda tx: pages.count(tx, OTHER, Filters(door="s2")), 0),
    "order_counts.add_counts": (lambda tx: order_counts.add_counts(tx, OTHER, {("s2", "open"): 5}), None),
    "tenants.get_organization": (lambda tx: tenants.get_organization(tx, OTHER), None),
    "tenants.get_client": (lambda tx: tenants.get_client(tx, OTHER, client_id="c"), None),
    "tenants.clients": (lambda tx: tenants.clients(tx, OTHER), []),
    "tenants.revoke_client": (lambda tx: tenants.revoke_client(tx, OTHER, client_id="c", now=1), False),
    "tenants.members": (lambda tx: tenants.members(tx, OTHER), []),
    "tenants.set_scopes": (lambda tx: tenants.set_scopes(tx, OTHER, email="a@b.c", scopes="admin"), False),
    "tenants.remove_membership": (lambda tx: tenants.remove_membership(tx, OTHER, email="a@b.c"), False),
    "tenants.prune_revoked_tokens": (lambda tx: tenants.prune_revoked_tokens(tx, OTHER, now=2**62), 0),
    "tenants.revoke_token": (lambda tx: tenants.revoke_token(tx, OTHER, token_id="other", expires_at=1), None),
    "tenants.is_revoked": (lambda tx: tenants.is_revoked(tx, OTHER, token_id="t"), False),
    "tenants.vendor_references": (lambda tx: tenants.vendor_references(tx, OTHER), set()),
    "tenants.add_vendor_reference": (lambda tx: tenants.add_vendor_reference(tx, OTHER, kind="b", value="1"), True),
    "tenants.remove_vendor_references": (lambda tx: tenants.remove_vendor_references(tx, OTHER, kind="a"), None),
    "tenants.has_orders": (lambda tx: tenants.has_orders(tx, THIRD), False),
    "tenants.catalog_kinds": (lambda tx: tenants.catalog_kinds(tx, OTHER), set()),
    "tenants.remove_organization": (lambda tx: tenants.remove_organization(tx, THIRD), None),
    "catalog.entries": (lambda tx: catalog.entries(tx, OTHER, kind="product", keys=["k"]), []),
    "catalog.entry_versions": (lambda tx: catalog.entry_versions(tx, OTHER, kind="product", keys=["k"]), []),
    "catalog.change_entry": (
        lambda tx: catalog.change_entry(tx, OTHER, changed=entry("k", 1), seen=entry("k", 1).document),
        False,
    ),
    "catalog.remove_entry": (lambda tx: catalog.remove_entry(tx, OTHER, kind="product", key="k"), False),
    "catalog.list_entries": (
        lambda tx: catalog.list_entries(tx, OTHER, kind="product", term=None, limit=9, offset=0),
        ([], 0),
    ),
}


async def everything_of_one(tx: Transaction) -> list[Any]:
    return [
        await submissions.submissions(tx, ONE, status=None, before=None, limit=9),
        await idempotency_keys.find_claims(tx, ONE, [key(1)]),
        await event_log.events(tx, ONE, aggregate_id=1),
        await event_log.feed(tx, ONE, after=0, limit=9),
        await deliveries.endpoints(tx, ONE),
        await deliveries.page(tx, ONE, endpoint_id=7, limit=9),
        await emails.page(tx, ONE, before=2**62, limit=9),
        await read_page(tx, ONE, Filters(), before=None, limit=9),
        await word_search.search(tx, ONE, ["sku-é"], Filters(), before=None, limit=9),
        await order_counts.counts(tx, ONE),
        await orders.due(tx, ONE, now=2**62, limit=9),
        await tenants.clients(tx, ONE),
        await tenants.is_revoked(tx, ONE, token_id="t"),
        await tenants.is_revoked(tx, ONE, token_id="other"),
        await tenants.vendor_references(tx, ONE),
        await catalog.list_entries(tx, ONE, kind="product", term=None, limit=9, offset=0),
        await tenants.members(tx, ONE),
        await stock.by_skus(tx, ONE, [LEVEL.sku]),
        await stock.movements(tx, ONE, level_id=LEVEL.level_id, before=99, limit=9),
        await allocations.page(tx, ONE, before=99, limit=9),
        await allocations.decisions(tx, ONE, before=99, limit=9),
        await allocations.due_backorders(tx, ONE, now=99, limit=9),
        await orders.part_ids(tx, ONE, part="return", before=99, limit=9),
        await invoices.page(tx, ONE, before=99, limit=9),
        await invoices.sequences(tx, ONE),
        await access_log.page(tx, ONE, wanted=AccessFilter(), before=99, limit=9),
    ]


class TestAnotherOrganization:
    async def test_an_organization_neither_reads_nor_changes_what_belongs_to_another(self, store: Store) -> None:
        placed, event = record(full_order(), Noted(text="a"), event_id=1, at=1, actor="me", door="s2")
        async with store.writing() as tx:
            await orders.add(tx, [orders.rows_of(placed)])
            await order_counts.add_counts(tx, ONE, {("s2", "open"): 1})
            await event_log.add_events(tx, ONE, new_events(event))
            await submissions.add_submissions(tx, [submission(1, status="refused")])
            await idempotency_keys.claim(tx, [Claim(ONE, key(1), 1, 1)])
            await deliveries.add_endpoint(tx, Endpoint(ONE, 7, 1, "webhook", "enabled", None, 0, Health(), 1, 1, b"{}"))
            over = Delivery(ONE, 7, 8, 1, 1, 1, "t", State.DEAD, 9, None, None, 1, ended_at=5)
            await deliveries.add(tx, [over, Delivery(ONE, 7, 9, 1, 2, 2, "t", State.PENDING, 0, 1, 4, 1)])
            entry_of_one = AccessEntry(ONE, 1, 5, "c", "client", None, "hub", "getOrder", "read", None, "id=x", 200)
            await access_log.add(tx, [entry_of_one])
            await emails.add(tx, [StoredMail(ONE, 3, 1, "confirmation", "a@example.com", "Hello", 5, b"Hello")])
            await tenants.add_organization(tx, Organization(ONE, "One", "u-1", 1, 2))
            await tenants.add_client(tx, Client(ONE, "c", "Client", "hash", "read", 5, None))
            await tenants.add_membership(tx, Membership(ONE, "a@b.c", "admin", "read"))
            await tenants.revoke_token(tx, ONE, token_id="t", expires_at=9)
            await tenants.add_vendor_reference(tx, ONE, kind="a", value="1")
            await catalog.add_entry(tx, entry("k", 1))
            await stock.add(tx, LEVEL)
            await stock.add_movements(tx, [Movement(ONE, LEVEL.level_id, 20, 1, "count", 5, 0)])
            await allocations.add_decisions(tx, [StoredDecision(ONE, 22, 1, 1, b"{}", b"{}")])
            await invoices.next_number(tx, ONE, year=2026)
            await invoices.add(tx, [StoredInvoice(ONE, 23, "2026-1", 1, 24, "created", b"{}")])
            await allocations.put_backorder(tx, Backorder(ONE, 1, 1, "", 0, 0, 5))
        async with store.writing() as tx:
            before = await everything_of_one(tx)
            assert [place for place, kept in enumerate(before) if not kept] == [13]  # not revoked: the other's token
            for name, (ask, answer) in QUESTIONS.items():
                assert await ask(tx) == answer, name
                assert await everything_of_one(tx) == before, name

    async def test_organizations_may_have_the_same_ids(self, store: Store) -> None:
        await put(store, full_order(), order(1, OTHER))
        async with store.writing() as tx:
            await submissions.add_submissions(tx, [submission(1), submission(1, OTHER)])
            assert await orders.get(tx, ONE, order_id=1) == full_order()
            assert await orders.get(tx, OTHER, order_id=1) == order(1, OTHER)
            assert (await read_page(tx, OTHER, Filters(), before=None, limit=9)).orders == [order(1, OTHER)]
            assert (await read_page(tx, OTHER, Filters(sku="sku-é"), before=None, limit=9)).orders == []
            newer = msgspec.structs.replace(order(1, OTHER), version=2)
            assert await orders.replace(tx, orders.rows_of(newer), before=order(1, OTHER))
            assert await orders.get(tx, ONE, order_id=1) == full_order()
            await idempotency_keys.claim(tx, [Claim(ONE, key(1), 1, 1), Claim(OTHER, key(1), 2, 2)])
            await idempotency_keys.repoint(tx, Claim(OTHER, key(1), 3, 3))
            assert (await idempotency_keys.find_claims(tx, ONE, [key(1)]))[key(1)].submission_id == 1

    def test_tenancy_is_tested_for_every_function_that_takes_an_organization(self) -> None:
        taking = {
            f"{module.__name__.rsplit('.', 1)[-1]}.{name}"
            for module in (
                verification,
                warehouse,
                deliveries,
                event_log,
                emails,
                access_log,
                orders,
                order_counts,
                pages,
                planner,
                word_search,
                prefix_search,
                overview,
                submissions,
                idempotency_keys,
                catalog,
                tenants,
                stock,
                allocations,
                invoices,
            )
            for name, function in inspect.getmembers(module, inspect.isfunction)
            if function.__module__ == module.__name__
            and not name.startswith("_")
            and "organization_id" in inspect.signature(function).parameters
        }
        assert taking == set(QUESTIONS)
