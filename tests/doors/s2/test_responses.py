"""Statuses and attachment ids in responses."""

from uuid import RFC_4122, UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.ids import MAX_ID
from crossdock.core.orders.status import Counters
from crossdock.doors.s2.catalog import format_id
from crossdock.doors.s2.responses import attachment_id
from tests.doors.s2.orders_of_other_doors import OTHER_DOORS_ORDER, order_of, render
from tests.world import World


class TestStatus:
    @pytest.mark.parametrize(
        ("counters", "status", "assigned"),
        [
            ((Counters(2), Counters(1)), "UNFULFILLED", "PENDING"),
            ((Counters(2, allocated=1), Counters(1)), "UNFULFILLED", "PARTIALLY_ASSIGNED"),
            ((Counters(2, allocated=2), Counters(1, allocated=1)), "UNFULFILLED", "ASSIGNED"),
            ((Counters(2, backordered=2), Counters(1, allocated=1)), "UNFULFILLED", "PARTIALLY_ASSIGNED"),
            ((Counters(2, shipped=2), Counters(1)), "PARTIALLY_FULFILLED", "PARTIALLY_ASSIGNED"),
            ((Counters(2, shipped=2), Counters(1, allocated=1)), "PARTIALLY_FULFILLED", "ASSIGNED"),
            ((Counters(2, shipped=2), Counters(1, canceled=1)), "FULFILLED", "ASSIGNED"),
            ((Counters(2, shipped=2, delivered=2), Counters(1, shipped=1)), "FULFILLED", "ASSIGNED"),
            ((Counters(2, canceled=2), Counters(1, canceled=1)), "CANCELLED", "PENDING"),
        ],
    )
    async def test_the_status_is_derived_from_the_counters(
        self, world: World, counters: tuple[Counters, ...], status: str, assigned: str
    ) -> None:
        document = (await render(world, order_of(OTHER_DOORS_ORDER, *counters))).document
        assert (document["status"], document["assignStatus"]) == (status, assigned)


class TestAttachmentId:
    # Computed by earlier releases, whose order ids had version 8. Clients may have stored these ids.
    @pytest.mark.parametrize(
        ("order_id", "position", "expected"),
        [
            ("00000000-0000-8000-8000-000000000000", 0, "a808dd08-2e3f-5bb8-8d80-959c8bc0aba6"),
            ("00000000-0000-8000-8000-000000000000", 1, "6929c5e5-b204-521b-98b1-64e92d21d10a"),
            ("20000000-0000-8000-80f2-06e964d647a6", 0, "c592d48b-b5cb-5355-9ef8-94266218914c"),
            ("20000000-0000-8000-80f2-06e964d647a6", 1, "e441c274-36b3-5eb5-987e-dab38d9e2ecf"),
            ("20000000-0000-8000-80f2-06e964d647a6", 999, "11bb2daf-02da-514d-be8f-6f0569f62c1f"),
            ("ffffffff-ffff-8fff-bad3-4157f3cb2ef5", 0, "c80f8944-02a3-5dc6-9fd4-09b045dc1f61"),
            ("ffffffff-ffff-8fff-bad3-4157f3cb2ef5", 999, "9d0e0dee-9099-5b15-a4e9-12da71572b09"),
        ],
    )
    def test_an_attachment_id_is_the_same_as_in_earlier_versions(
        self, order_id: str, position: int, expected: str
    ) -> None:
        assert attachment_id(order_id, position) == expected

    @given(st.integers(0, MAX_ID), st.integers(0, 1000))
    def test_an_attachment_id_is_computed_in_the_namespace_of_its_order(self, order_id: int, position: int) -> None:
        namespace = UUID(format_id(order_id))
        computed, made = uuid5(namespace, f"attachment/{position}"), UUID(attachment_id(str(namespace), position))
        assert (made.version, made.variant) == (4 if namespace.version == 4 else 5, RFC_4122)
        assert made.int | 0xF << 76 == computed.int | 0xF << 76  # they differ in the version only
