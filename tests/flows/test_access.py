"""Who gets a token, and whose token is honored."""

import asyncio
import time
from collections import Counter
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from crossdock import demo
from crossdock.core.errors import Code, Denied
from crossdock.flows import access, tenants
from crossdock.flows.clock_watch import ClockWatch
from crossdock.flows.sign_in_limits import FREE_FAILURES
from crossdock.store import tenants as tenant_store
from crossdock.store.protocols import Statement
from crossdock.store.tables import revoked_token
from tests import passwords
from tests.world import World


class TestDemoCredentials:
    async def test_demo_credentials_work_on_loopback(self, world: World) -> None:
        headers = await world.bearer()
        assert (await world.http.get("/hub/v1/orders", headers=headers)).status_code == 200

    @pytest.mark.parametrize("context", [{"host": "0.0.0.0"}, {"host": "192.168.1.5"}, {"host": "::"}], indirect=True)
    async def test_demo_credentials_are_refused_elsewhere_though_they_are_in_the_book(self, world: World) -> None:
        with pytest.raises(Denied) as refused:
            await world.bearer()
        assert refused.value.code is Code.BAD_CREDENTIALS
        answer = await world.http.post("/login", json={"email": demo.USER, "password": demo.PASSWORD})
        assert answer.status_code == 401
        world.context.access.barred = frozenset()
        headers = await world.bearer()
        world.context.access.barred = frozenset({demo.CLIENT_ID})
        assert (await world.http.get("/hub/v1/orders", headers=headers)).status_code == 401

    @pytest.mark.parametrize("context", [{"host": "0.0.0.0"}], indirect=True)
    async def test_demo_credentials_bar_nobody_else(self, world: World) -> None:
        headers = await world.stranger()
        assert (await world.http.get("/hub/v1/orders", headers=headers)).status_code == 200


class TestPeople:
    async def test_people_of_several_organizations_name_the_one_they_mean(self, world: World) -> None:
        await world.stranger()
        first = await world.demo_organization()
        other = next(
            organization
            for organization in await _organizations(world)
            if organization.organization_id != first.organization_id
        )
        await tenants.add_person(
            world.context, other.organization_id, email=demo.USER, name="", password="unused", scopes="orders:read"
        )
        answer = await world.http.post("/login", json={"email": demo.USER, "password": demo.PASSWORD})
        headers = {"Authorization": f"Bearer {answer.json()['accessToken']}"}
        assert (await world.http.get("/order", headers=headers)).status_code == 403
        for organization in (first, other):
            named = headers | {"X-S2-Organization": organization.uuid}
            assert (await world.http.get("/order", headers=named)).status_code == 200
        named = headers | {"X-S2-Organization": other.uuid}
        assert (await world.http.post("/order", json={}, headers=named)).status_code == 403  # only reads there

    async def test_people_lose_every_token_when_revoked(self, world: World) -> None:
        answer = await world.http.post("/login", json={"email": demo.USER, "password": demo.PASSWORD})
        headers = {"Authorization": f"Bearer {answer.json()['accessToken']}"}
        assert (await world.http.get("/order", headers=headers)).status_code == 200
        assert await tenants.revoke_person(world.context, email=demo.USER)
        assert (await world.http.get("/order", headers=headers)).status_code == 401


async def _organizations(world: World) -> list[access.Organization]:
    from crossdock.store import tenants

    async with world.context.store.reading() as tx:
        return await tenants.organizations(tx)


async def login(world: World, email: str = demo.USER, password: str = "wrong") -> httpx.Response:
    return await world.http.post("/login", json={"email": email, "password": password})


class TestGuessing:
    @pytest.fixture
    def engine(self) -> str:
        """One engine: nothing here depends on the database."""
        return "sqlite"

    async def test_guessing_a_password_is_answered_429_with_the_time_to_wait(self, world: World) -> None:
        answers = [await login(world) for _ in range(FREE_FAILURES["account"] + 2)]
        assert [each.status_code for each in answers] == [401] * (FREE_FAILURES["account"] + 1) + [429]
        assert set(answers[-1].json()) == {"code", "message"}
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 2
        assert (await login(world, password=demo.PASSWORD)).status_code == 429
        assert (await login(world, email="other@example.com")).status_code == 401

    async def test_guesses_made_at_once_count_too(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(access, "_is_password", lambda *_: False)
        answers = await asyncio.gather(*(login(world) for _ in range(40)))
        assert Counter(each.status_code for each in answers)[401] == FREE_FAILURES["account"] + 1

    @pytest.mark.parametrize(
        "door", ["/hub/v1/token", "/auth/api/v1/token", "/oauth/token", "/oauth2/default/v1/token"]
    )
    async def test_guessing_a_secret_is_limited_and_the_right_one_works(self, world: World, door: str) -> None:
        async def token(secret: str) -> int:
            form = {"grant_type": "client_credentials"}
            return (await world.http.post(door, data=form, auth=(demo.CLIENT_ID, secret))).status_code

        wrong = [await token("wrong") for _ in range(FREE_FAILURES["account"] + 3)]
        assert (wrong[0], wrong[-1]) == (401, 429)
        assert await token(demo.CLIENT_SECRET) == 200

    async def test_few_passwords_are_checked_at_once_and_few_wait(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        running, most = 0, 0

        def check(*_: object) -> bool:
            nonlocal running, most
            running += 1
            most = max(most, running)
            time.sleep(0.02)
            running -= 1
            return False

        monkeypatch.setattr(access, "_is_password", check)
        answers = await asyncio.gather(*(login(world, email=f"user-{number}@example.com") for number in range(45)))
        assert most <= 2
        assert Counter(each.status_code for each in answers) == {401: 32, 503: 13}

    def test_the_check_of_an_unknown_account_does_the_same_work(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """In processor time of this process, threads of the hash included."""
        monkeypatch.setattr(access, "_NOBODY", passwords.OF_NOBODY)

        def spent(hashed: str | None) -> float:
            began = time.process_time()
            assert not access._is_password(hashed, "wrong")
            return time.process_time() - began

        spent(None)  # imports
        pairs = [
            (spent(passwords.OF_DEMO), spent(None)) for _ in range(4)
        ]  # in turn, as the machine may slow down meanwhile
        known, unknown = (min(each) for each in zip(*pairs, strict=True))
        assert 0.4 < unknown / known < 2.5

    async def test_every_attempt_is_logged_with_its_address_and_without_what_was_typed(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lines: list[dict[str, Any]] = []
        logger = SimpleNamespace(
            info=lambda _, **line: lines.append(line), warning=lambda _, **line: lines.append(line)
        )
        monkeypatch.setattr(access, "_log", logger)
        await login(world)
        await login(world, password=demo.PASSWORD)
        await login(world, email="my-password-by-mistake")
        await world.bearer()
        with pytest.raises(Denied):
            await world.bearer(secret="wrong")
        with pytest.raises(Denied):
            await world.bearer(client_id="my-secret-by-mistake")
        outcomes = [(each["outcome"], each["kind"], each["address"]) for each in lines]
        assert outcomes == [
            ("failed", "person", "127.0.0.1"), ("ok", "person", "127.0.0.1"), ("failed", "person", "127.0.0.1"),
            ("ok", "client", None), ("failed", "client", None), ("failed", "client", None),
        ]  # fmt: skip
        accounts = [each["account"] for each in lines]
        assert accounts[0] == accounts[1] and isinstance(accounts[0], int)
        assert accounts[2:] == [None, demo.CLIENT_ID, demo.CLIENT_ID, None]


class TestRevocation:
    @pytest.mark.parametrize("scope", access.SCOPES)
    async def test_a_token_of_any_scope_can_revoke_itself(self, world: World, scope: str) -> None:
        headers = await world.bearer(scope=scope)
        assert (await world.http.post("/hub/v1/token/revoke", headers=headers)).status_code == 204
        assert (await world.http.post("/hub/v1/token/revoke", headers=headers)).status_code == 401

    async def test_a_revoked_token_is_stored_until_it_expires(self, world: World) -> None:
        async def stored() -> int:
            async with world.context.store.reading() as tx:
                return len(await tx.rows(Statement(select(revoked_token))))

        times = Times(world)
        headers = await world.bearer(lifetime_s=60)
        await world.http.post("/hub/v1/token/revoke", headers=headers)
        await access.prune_revoked_tokens(world.context)
        assert await stored() == 1
        times.elapsed_s = 3_601.0
        await access.prune_revoked_tokens(world.context)
        assert await stored() == 0

    async def test_a_revoked_token_is_not_valid_again_after_the_clock_leapt_ahead_and_back(self, world: World) -> None:
        times = Times(world)
        headers = await world.bearer(lifetime_s=86_400)
        await world.http.post("/hub/v1/token/revoke", headers=headers)
        for elapsed_s, ahead_s in ((0.0, 0.0), (3_601.0, 0.0), (3_661.0, 9e7), (6_000.0, 9e7), (6_060.0, 0.0)):
            times.elapsed_s, times.ahead_s = elapsed_s, ahead_s
            await access.prune_revoked_tokens(world.context)
        world.context.access.forget()
        assert (await world.http.get("/hub/v1/orders", headers=headers)).status_code == 401


class Times:
    """The system's time, which may be ahead, and a clock that nobody can set."""

    def __init__(self, world: World) -> None:
        self.elapsed_s = self.ahead_s = 0.0
        self._began = world.context.clock()
        world.context.clock = self.now_us
        world.context.clock_watch = ClockWatch(self.now_us, lambda: self.elapsed_s)

    def now_us(self) -> int:
        """Return the system's time."""
        return self._began + int((self.elapsed_s + self.ahead_s) * 1_000_000)


class TestClock:
    async def test_a_token_of_a_server_whose_clock_is_ahead_is_accepted(self, world: World) -> None:
        real = world.context.clock
        world.context.clock = lambda: real() + 20_000_000
        headers = await world.bearer()
        world.context.clock = real
        assert (await world.http.get("/hub/v1/orders", headers=headers)).status_code == 200

    @pytest.mark.parametrize("context", [{"revocation_delay_s": 0.2}], indirect=True)
    async def test_a_clock_that_is_set_back_delays_no_revocation(self, world: World) -> None:
        headers = await world.bearer()
        assert (await world.http.get("/hub/v1/orders", headers=headers)).status_code == 200
        real = world.context.clock
        world.context.clock = lambda: real() - 3_600_000_000
        organization = await world.demo_organization()
        async with world.context.store.writing() as tx:  # by another process
            await tenant_store.revoke_client(
                tx, organization.organization_id, client_id=demo.CLIENT_ID, now=world.context.clock()
            )
        await asyncio.sleep(0.3)
        assert (await world.http.get("/hub/v1/orders", headers=headers)).status_code == 401
