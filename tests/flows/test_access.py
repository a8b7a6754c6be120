"""Who gets a token, and whose token is honored."""

import pytest

from crossdock import demo
from crossdock.core.errors import Code, Denied
from crossdock.flows import access, tenants
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
