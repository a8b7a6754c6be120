"""Signing in, naming the organization, and how refusals look."""

import json
from typing import Any

import jwt
import pytest

from crossdock import demo
from crossdock.core.errors import Busy, Code, Conflict, Denied, Fault, Invalid, NotFound
from crossdock.doors import Headers, Request
from crossdock.doors.s2 import DOOR
from tests.doors.s2.signing import NOBODY, OTHER_UUID, SAMPLE, TIME, UUID, add_second_organization, log_in
from tests.world import World

KINDS = (Invalid, NotFound, Denied, Conflict, Busy)


class TestLogin:
    async def test_answers_token_and_user(self, world: World) -> None:
        answer = await world.http.post("/login", json={"email": "Demo@Example.com", "password": demo.PASSWORD})
        assert answer.status_code == 200
        document = answer.json()
        assert list(document) == ["type", "accessToken", "user"]
        assert document["type"] == "SUCCESS"
        user = document["user"]
        assert list(user) == ["id", "name", "email", "active", "inactiveReason", "createdAt", "updatedAt",
                              "organizations", "workspaces", "hostRole"]  # fmt: skip
        assert (user["email"], user["active"], user["inactiveReason"]) == (demo.USER, True, None)
        assert (user["workspaces"], user["hostRole"]) == ([], "USER")
        assert UUID.fullmatch(user["id"])
        assert TIME.fullmatch(user["createdAt"])
        (place,) = user["organizations"]
        assert list(place) == ["organization", "role", "permissions"]
        assert (place["organization"]["id"], place["role"], place["permissions"]) == (
            demo.ORGANIZATION_UUID,
            "ADMIN",
            [],
        )

    async def test_gives_a_token_with_the_vendors_claims_for_7_days(self, world: World) -> None:
        document = (await world.http.post("/login", json={"email": demo.USER, "password": demo.PASSWORD})).json()
        claims: dict[str, Any] = jwt.decode(document["accessToken"], options={"verify_signature": False})
        assert (claims["aud"], claims["iss"], claims["userVersion"]) == ("s2core", "s2core", 0)
        assert claims["userId"] == document["user"]["id"]
        assert claims["exp"] - claims["iat"] == 7 * 86_400
        assert jwt.get_unverified_header(document["accessToken"])["alg"] == "HS256"

    @pytest.mark.parametrize(("email", "password"), [(demo.USER, "wrong"), ("nobody@example.com", demo.PASSWORD)])
    async def test_refuses_wrong_credentials(self, world: World, email: str, password: str) -> None:
        answer = await world.http.post("/login", json={"email": email, "password": password})
        assert answer.status_code == 401
        assert answer.json() == {"code": "UNAUTHENTICATED", "message": "The e-mail or password is wrong"}

    async def test_names_what_is_missing(self, world: World) -> None:
        answer = await world.http.post("/login", json={"email": None})
        assert answer.status_code == 400
        assert answer.json()["message"] == "email: must be a string, not null; password: is required"


class TestOrganization:
    @pytest.mark.parametrize("name", [None, "", demo.ORGANIZATION_UUID, demo.ORGANIZATION_UUID.upper()])
    async def test_may_be_left_out_or_named(self, world: World, name: str | None) -> None:
        headers = await log_in(world) | ({} if name is None else {"X-S2-Organization": name})
        answer = await world.http.post("/order", content=SAMPLE, headers=headers)
        assert answer.status_code == 200
        assert answer.json()["organization"]["id"] == demo.ORGANIZATION_UUID

    @pytest.mark.parametrize("name", [NOBODY, OTHER_UUID, "x"])
    async def test_that_is_unknown_or_foreign_is_refused(self, world: World, name: str) -> None:
        await add_second_organization(world, email="other@example.com")
        for headers in (await log_in(world), await world.bearer()):
            answer = await world.http.get("/account", headers=headers | {"X-S2-Organization": name})
            assert (answer.status_code, answer.json()["code"]) == (403, "PERMISSION_DENIED")

    async def test_must_be_named_by_a_user_of_two(self, world: World) -> None:
        await add_second_organization(world, email=demo.USER)
        headers = await log_in(world)
        answer = await world.http.get("/account", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "PERMISSION_DENIED")
        for uuid, total in ((demo.ORGANIZATION_UUID, 1), (OTHER_UUID, 0)):
            answer = await world.http.get("/account", headers=headers | {"X-S2-Organization": uuid})
            assert (answer.status_code, answer.json()["total"]) == (200, total)


class TestRefusals:
    @pytest.mark.parametrize("header", [None, "Basic eDp5", "Bearer", "Bearer x.y.z"])
    async def test_without_a_sound_token(self, world: World, header: str | None) -> None:
        for method, path in (("POST", "/order"), ("GET", "/order"), ("GET", "/account"), ("POST", "/product")):
            headers = {} if header is None else {"Authorization": header}
            answer = await world.http.request(method, path, headers=headers)
            assert answer.status_code == 401
            assert list(answer.json()) == ["code", "message"]
            assert answer.json()["code"] == "UNAUTHENTICATED"

    async def test_without_the_scope(self, world: World) -> None:
        headers = await world.bearer(scope="orders:read")
        answer = await world.http.post("/order", content=SAMPLE, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "PERMISSION_DENIED")

    async def test_after_the_token_ended(self, world: World) -> None:
        answer = await world.http.get("/account", headers=await world.bearer(lifetime_s=-1))
        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")

    @pytest.mark.parametrize("code", list(Code))
    def test_render_every_code(self, code: Code) -> None:
        (kind,) = [kind for kind in KINDS if code in kind.allowed]
        refusal = kind(code, "it is so", faults=(Fault(("items", 0, "quantity"), "must be at least 1"),), number="n")
        reply = DOOR.refuse(refusal, _request())
        document = json.loads(reply.body)
        assert list(document) == ["code", "message"]
        assert 400 <= reply.status <= 503
        assert reply.status != 500
        assert "items[0].quantity: must be at least 1" in document["message"] or "'n'" in document["message"]

    def test_show_a_bugs_reference(self) -> None:
        reply = DOOR.refuse(None, _request())
        document = json.loads(reply.body)
        assert (reply.status, document["code"]) == (500, "INTERNAL")
        assert "0123456789abcdef" in document["message"]


def _request() -> Request:
    return Request(
        context=None, intake=None, route=DOOR.routes[0], method="POST", path="/login", params={}, query_string=b"",
        headers=Headers([]), body=b"", request_id="0123456789abcdef",
    )  # type: ignore[arg-type]  # fmt: skip
