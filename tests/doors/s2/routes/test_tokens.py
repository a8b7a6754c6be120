"""Sign in, and name the organization."""

from typing import Any

import jwt
import pytest

from crossdock import demo
from crossdock.core.errors import Busy, Conflict, Denied, Invalid, NotFound
from tests.doors.s2.client import OTHER_ORGANIZATION, SAMPLE, TIME, UNKNOWN_ID, UUID, add_second_organization, sign_in
from tests.world import World

KINDS = (Invalid, NotFound, Denied, Conflict, Busy)


class TestLogin:
    async def test_sign_in_returns_a_token_and_the_user(self, world: World) -> None:
        response = await world.http.post("/login", json={"email": "Demo@Example.com", "password": demo.PASSWORD})
        assert response.status_code == 200
        document = response.json()
        assert list(document) == ["type", "accessToken", "user"]
        assert document["type"] == "SUCCESS"
        user = document["user"]
        assert list(user) == ["id", "name", "email", "active", "inactiveReason", "createdAt", "updatedAt",
                              "organizations", "workspaces", "hostRole"]  # fmt: skip
        assert (user["email"], user["active"], user["inactiveReason"]) == (demo.USER, True, None)
        assert (user["workspaces"], user["hostRole"]) == ([], "USER")
        assert UUID.fullmatch(user["id"])
        assert TIME.fullmatch(user["createdAt"])
        (membership,) = user["organizations"]
        assert list(membership) == ["organization", "role", "permissions"]
        assert (membership["organization"]["id"], membership["role"], membership["permissions"]) == (
            demo.ORGANIZATION_UUID,
            "ADMIN",
            [],
        )

    async def test_sign_in_issues_a_token_with_the_vendors_claims_for_7_days(self, world: World) -> None:
        document = (await world.http.post("/login", json={"email": demo.USER, "password": demo.PASSWORD})).json()
        claims: dict[str, Any] = jwt.decode(document["accessToken"], options={"verify_signature": False})
        assert (claims["aud"], claims["iss"], claims["userVersion"]) == ("s2core", "s2core", 0)
        assert claims["userId"] == document["user"]["id"]
        assert claims["exp"] - claims["iat"] == 7 * 86_400
        assert jwt.get_unverified_header(document["accessToken"])["alg"] == "HS256"

    @pytest.mark.parametrize(("email", "password"), [(demo.USER, "wrong"), ("nobody@example.com", demo.PASSWORD)])
    async def test_wrong_credentials_are_refused(self, world: World, email: str, password: str) -> None:
        response = await world.http.post("/login", json={"email": email, "password": password})
        assert response.status_code == 401
        assert response.json() == {"code": "UNAUTHENTICATED", "message": "The e-mail or password is wrong"}

    async def test_a_sign_in_without_credentials_names_the_missing_members(self, world: World) -> None:
        response = await world.http.post("/login", json={"email": None})
        assert response.status_code == 400
        assert response.json()["message"] == "email: must be a string, not null; password: is required"


class TestOrganization:
    @pytest.mark.parametrize("name", [None, "", demo.ORGANIZATION_UUID, demo.ORGANIZATION_UUID.upper()])
    async def test_a_user_of_one_organization_may_name_it_or_not(self, world: World, name: str | None) -> None:
        headers = await sign_in(world) | ({} if name is None else {"X-S2-Organization": name})
        response = await world.http.post("/order", content=SAMPLE, headers=headers)
        assert response.status_code == 200
        assert response.json()["organization"]["id"] == demo.ORGANIZATION_UUID

    @pytest.mark.parametrize("name", [UNKNOWN_ID, OTHER_ORGANIZATION, "x"])
    async def test_an_unknown_or_foreign_organization_is_refused(self, world: World, name: str) -> None:
        await add_second_organization(world, email="other@example.com")
        for headers in (await sign_in(world), await world.bearer()):
            response = await world.http.get("/account", headers=headers | {"X-S2-Organization": name})
            assert (response.status_code, response.json()["code"]) == (403, "PERMISSION_DENIED")

    async def test_a_user_of_two_organizations_must_name_one(self, world: World) -> None:
        await add_second_organization(world, email=demo.USER)
        headers = await sign_in(world)
        response = await world.http.get("/account", headers=headers)
        assert (response.status_code, response.json()["code"]) == (403, "PERMISSION_DENIED")
        for uuid, total in ((demo.ORGANIZATION_UUID, 1), (OTHER_ORGANIZATION, 0)):
            response = await world.http.get("/account", headers=headers | {"X-S2-Organization": uuid})
            assert (response.status_code, response.json()["total"]) == (200, total)
