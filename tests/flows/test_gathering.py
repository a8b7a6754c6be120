"""Submissions that wait at the same time share a transaction, and no writer stumbles over another."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from crossdock.flows import intake
from tests.vendors import VENDORS
from tests.world import World

HUB = VENDORS["hub"]


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Give the sizes of the batches placed from now on."""
    sizes: list[int] = []
    place = intake.place

    async def noted(book: Any, organization_id: int, cases: Sequence[Any]) -> Any:
        sizes.append(len(cases))
        return await place(book, organization_id, cases)

    monkeypatch.setattr(intake, "place", noted)
    return sizes


class TestGathering:
    async def test_puts_what_waits_together_into_few_transactions(self, world: World, batches: list[int]) -> None:
        headers = await world.bearer()
        await asyncio.gather(
            *(world.http.post(HUB.create, json=HUB.body(f"A-{place}"), headers=headers) for place in range(60))
        )
        assert sum(batches) == 60
        assert len(batches) <= 10

    @pytest.mark.parametrize("book", [{"intake_batch": 8}], indirect=True)
    async def test_keeps_to_the_limit_of_a_batch(self, world: World, batches: list[int]) -> None:
        headers = await world.bearer()
        await asyncio.gather(
            *(world.http.post(HUB.create, json=HUB.body(f"A-{place}"), headers=headers) for place in range(60))
        )
        assert (sum(batches), max(batches)) == (60, 8)

    async def test_leaves_no_writer_with_an_error(self, world: World) -> None:
        wrong: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: wrong.append(context))
        headers = await world.bearer()
        for turn in range(15):
            await asyncio.gather(
                *(world.http.post(HUB.create, json=HUB.body(f"{turn}-{place}"), headers=headers) for place in range(9))
            )
        import gc

        gc.collect()  # a task that failed unseen says so when it goes
        await asyncio.sleep(0)
        asyncio.get_running_loop().set_exception_handler(None)
        assert wrong == []
