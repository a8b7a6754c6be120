"""Submissions that wait at the same time share a transaction, and no writer stumbles over another."""

import asyncio
import gc
from collections.abc import Sequence
from typing import Any

import pytest

from crossdock.flows import intake
from tests.vendors import VENDORS
from tests.world import World

HUB = VENDORS["hub"]


COUNT = 60


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the sizes of the batches placed from now on; the first ones wait until COUNT submissions have come.

    However slow the machine is, what comes after them finds all writers busy, and waits.
    """
    sizes: list[int] = []
    place, submit = intake.place, intake.Intake.submit
    come, all_here = 0, asyncio.Event()

    async def counted(self: intake.Intake, submission: intake.Submission) -> intake.Outcome:
        nonlocal come
        come += 1
        if come == COUNT:
            all_here.set()
        return await submit(self, submission)

    async def noted(context: Any, organization_id: int, cases: Sequence[Any]) -> Any:
        sizes.append(len(cases))
        await asyncio.wait_for(all_here.wait(), 60)
        return await place(context, organization_id, cases)

    monkeypatch.setattr(intake.Intake, "submit", counted)
    monkeypatch.setattr(intake, "place", noted)
    return sizes


async def create_all(world: World) -> None:
    """Send COUNT orders at once."""
    headers = await world.bearer()
    replies = await asyncio.gather(
        *(world.http.post(HUB.create, json=HUB.body(f"A-{place}"), headers=headers) for place in range(COUNT))
    )
    assert {reply.status_code for reply in replies} == {201}


class TestGathering:
    async def test_gathering_puts_what_waits_together_into_one_transaction(
        self, world: World, batches: list[int]
    ) -> None:
        await create_all(world)
        assert sum(batches) == COUNT
        assert (
            len(batches) <= world.context.store.writers + 1
        )  # one each at first, and one for all who waited meanwhile

    @pytest.mark.parametrize("context", [{"intake_batch": 8}], indirect=True)
    async def test_gathering_keeps_to_the_limit_of_a_batch(self, world: World, batches: list[int]) -> None:
        await create_all(world)
        assert (sum(batches), max(batches)) == (COUNT, 8)

    async def test_gathering_leaves_no_writer_with_an_error(self, world: World) -> None:
        gc.freeze()  # what the tests before have left need not be looked through
        wrong: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: wrong.append(context))
        headers = await world.bearer()
        for turn in range(15):
            await asyncio.gather(
                *(world.http.post(HUB.create, json=HUB.body(f"{turn}-{place}"), headers=headers) for place in range(9))
            )
        gc.collect()  # a task that failed unseen says so when it goes
        await asyncio.sleep(0)
        asyncio.get_running_loop().set_exception_handler(None)
        assert wrong == []
