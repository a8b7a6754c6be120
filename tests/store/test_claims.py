"""Claims of request keys, on every engine: of those who race for one, one has it."""

import asyncio
import threading

import pytest

from crossdock.store import idempotency_keys
from crossdock.store.idempotency_keys import Claim
from crossdock.store.protocols import Store
from crossdock.store.schema import open_store
from crossdock.store.tables import request_key
from tests.store.samples import ONE, OTHER, key


class TestClaim:
    async def test_a_claim_takes_free_keys_and_leaves_taken_ones(self, store: Store) -> None:
        async with store.writing() as tx:
            assert await idempotency_keys.claim(tx, [Claim(ONE, key(2), 1, 1)]) == {key(2)}
        async with store.writing() as tx:
            wanted = [Claim(ONE, key(number), 9, 9) for number in (3, 2, 1)]
            assert await idempotency_keys.claim(tx, wanted) == {key(1), key(3)}
            held = await idempotency_keys.find_claims(tx, ONE, [key(number) for number in range(5)])
        assert {used: claim.submission_id for used, claim in held.items()} == {key(1): 9, key(2): 1, key(3): 9}

    async def test_a_claim_gives_the_positions_of_inserted_rows(self, store: Store) -> None:
        rows = [(ONE, key(number), 1, 1) for number in (1, 2, 3)]
        async with store.writing() as tx:
            assert await tx.claim(request_key, rows[1:2]) == {0}
            assert await tx.claim(request_key, rows) == {0, 2}
            assert await tx.claim(request_key, rows) == set()

    async def test_a_key_claimed_twice_at_once_is_inserted_once(self, store: Store) -> None:
        async with store.writing() as tx:
            assert await tx.claim(request_key, [(ONE, key(1), 1, 1), (ONE, key(1), 2, 2)]) == {0}
            assert (await idempotency_keys.find_claims(tx, ONE, [key(1)]))[key(1)].submission_id == 1

    async def test_organizations_claim_the_same_key_independently(self, store: Store) -> None:
        async with store.writing() as tx:
            assert await idempotency_keys.claim(tx, [Claim(ONE, key(1), 1, 1)]) == {key(1)}
            assert await idempotency_keys.claim(tx, [Claim(OTHER, key(1), 2, 2)]) == {key(1)}

    async def test_a_claim_is_undone_with_its_transaction(self, store: Store) -> None:
        with pytest.raises(RuntimeError):
            async with store.writing() as tx:
                await idempotency_keys.claim(tx, [Claim(ONE, key(1), 1, 1)])
                raise RuntimeError
        async with store.writing() as tx:
            assert await idempotency_keys.claim(tx, [Claim(ONE, key(1), 2, 2)]) == {key(1)}

    async def test_a_claim_can_be_released_and_repointed(self, store: Store) -> None:
        async with store.writing() as tx:
            await idempotency_keys.claim(tx, [Claim(ONE, key(1), 1, 1), Claim(ONE, key(2), 1, 1)])
            await idempotency_keys.release(tx, ONE, key=key(1))
            await idempotency_keys.repoint(tx, Claim(ONE, key(2), 7, 8))
            assert await idempotency_keys.find_claims(tx, ONE, [key(1), key(2)]) == {key(2): Claim(ONE, key(2), 7, 8)}

    async def test_a_claim_is_taken_over_only_from_the_order_that_has_it(self, store: Store) -> None:
        async with store.writing() as tx:
            await idempotency_keys.claim(tx, [Claim(ONE, key(1), 1, 1), Claim(OTHER, key(1), 1, 1)])
            assert not await idempotency_keys.take_over(tx, Claim(ONE, key(1), 7, 8), order_id=2)
            assert await idempotency_keys.take_over(tx, Claim(ONE, key(1), 7, 8), order_id=1)
            assert not await idempotency_keys.take_over(tx, Claim(ONE, key(1), 9, 9), order_id=1)
            assert await idempotency_keys.find_claims(tx, ONE, [key(1)]) == {key(1): Claim(ONE, key(1), 7, 8)}
            assert await idempotency_keys.find_claims(tx, OTHER, [key(1)]) == {key(1): Claim(OTHER, key(1), 1, 1)}

    @pytest.mark.parametrize("size", [0, 1, 65, 255, 256, 257, 600])
    async def test_claims_of_any_number_of_keys_are_read_at_once(self, store: Store, size: int) -> None:
        keys = [number.to_bytes(32, "big") for number in range(size)]
        async with store.writing() as tx:
            assert await idempotency_keys.claim(tx, [Claim(ONE, each, 1, 1) for each in keys]) == set(keys)
            assert set(await idempotency_keys.find_claims(tx, ONE, [*keys, b"other"])) == set(keys)


async def claimed_elsewhere(url: str, started: threading.Event, submission_id: int) -> set[bytes]:
    """Claim a key through a store of one's own."""
    store = await open_store(url)
    try:
        started.set()
        async with store.writing() as tx:
            return await idempotency_keys.claim(tx, [Claim(ONE, key(1), submission_id, submission_id)])
    finally:
        await store.close()


class TestRacingClaims:
    async def test_two_transactions_that_only_read_first_would_both_win(self, store: Store, database: str) -> None:
        """The fault without the guard: two that look before they write both find the key free."""
        another = await open_store(database)
        async with store.reading() as one, another.reading() as other:
            assert (
                await idempotency_keys.find_claims(one, ONE, [key(1)])
                == await idempotency_keys.find_claims(other, ONE, [key(1)])
                == {}
            )
        await another.close()

    async def test_a_racing_claim_waits_for_the_commit_and_finds_the_key_taken(
        self, store: Store, database: str
    ) -> None:
        started = threading.Event()
        async with store.writing() as tx:
            assert await idempotency_keys.claim(tx, [Claim(ONE, key(1), 1, 1)]) == {key(1)}
            second = asyncio.create_task(asyncio.to_thread(asyncio.run, claimed_elsewhere(database, started, 2)))
            await asyncio.to_thread(started.wait)
            await asyncio.wait([second], timeout=0.2)  # time to take the key, if nothing made it wait
            assert not second.done()
        assert await second == set()
        async with store.reading() as reader:
            assert (await idempotency_keys.find_claims(reader, ONE, [key(1)]))[key(1)].submission_id == 1

    async def test_a_racing_claim_wins_where_the_first_is_rolled_back(self, store: Store, database: str) -> None:
        started = threading.Event()
        with pytest.raises(RuntimeError):
            async with store.writing() as tx:
                await idempotency_keys.claim(tx, [Claim(ONE, key(1), 1, 1)])
                second = asyncio.create_task(asyncio.to_thread(asyncio.run, claimed_elsewhere(database, started, 2)))
                await asyncio.to_thread(started.wait)
                await asyncio.wait([second], timeout=0.2)
                raise RuntimeError
        assert await second == {key(1)}
        async with store.reading() as reader:
            assert (await idempotency_keys.find_claims(reader, ONE, [key(1)]))[key(1)].submission_id == 2

    async def test_of_many_stores_exactly_one_gets_each_key(self, database: str) -> None:
        keys = [key(number) for number in range(20)]
        barrier = threading.Barrier(4)

        async def racer(number: int) -> list[bytes]:
            store = await open_store(database)
            barrier.wait()
            won: list[bytes] = []
            for start in range(0, 20, 5):
                wanted = [Claim(ONE, each, number, number) for each in keys[start : start + 5]]
                async with store.writing() as tx:
                    won += await idempotency_keys.claim(tx, wanted if number % 2 else wanted[::-1])
            await store.close()
            return won

        won = await asyncio.gather(*(asyncio.to_thread(asyncio.run, racer(number)) for number in range(4)))
        assert sorted(each for some in won for each in some) == keys
