"""Tokens of the hub: given for credentials, narrowed, revoked."""

import pytest

from crossdock import demo
from crossdock.flows import access, tenants
from tests.doors.hub.conftest import ORDERS, smallest
from tests.world import World

TOKEN, REVOKE = "/hub/v1/token", "/hub/v1/token/revoke"
DEMO = (demo.CLIENT_ID, demo.CLIENT_SECRET)
FORM = {"grant_type": "client_credentials", "client_id": demo.CLIENT_ID, "client_secret": demo.CLIENT_SECRET}


class TestToken:
    async def test_is_given_for_basic_credentials(self, world: World) -> None:
        answer = await world.http.post(TOKEN, auth=DEMO)
        document = answer.json()
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert (document["token_type"], document["expires_in"]) == ("Bearer", 3600)
        assert set(document["scope"].split()) == set(access.SCOPES)
        bearer = {"Authorization": f"Bearer {document['access_token']}"}
        assert (await world.http.get(ORDERS, headers=bearer)).status_code == 200

    async def test_is_given_for_a_form(self, world: World) -> None:
        answer = await world.http.post(TOKEN, data=FORM)
        assert answer.status_code == 200
        bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        assert (await world.http.get(ORDERS, headers=bearer)).status_code == 200

    @pytest.mark.parametrize(
        ("client_id", "secret"),
        [("demo", "wrong"), ("nobody", "demo-secret"), ("demo", ""), ("", ""), ("d\x00emo", "x")],
    )
    async def test_is_refused_for_wrong_credentials(self, world: World, client_id: str, secret: str) -> None:
        for answer in (
            await world.http.post(TOKEN, auth=(client_id, secret)),
            await world.http.post(TOKEN, data=FORM | {"client_id": client_id, "client_secret": secret}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (401, "bad_credentials")
            assert answer.headers["www-authenticate"]

    async def test_is_refused_without_credentials(self, world: World) -> None:
        for content in (b"", b"\xff\xfe", b"{}", b"client_id=demo"):
            answer = await world.http.post(TOKEN, content=content)
            assert (answer.status_code, answer.json()["code"]) == (401, "bad_credentials")

    async def test_of_a_narrower_scope_does_no_more(self, world: World) -> None:
        answer = await world.http.post(TOKEN, data=FORM | {"scope": access.READ})
        assert answer.json()["scope"] == access.READ
        bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        assert (await world.http.get(ORDERS, headers=bearer)).status_code == 200
        refused = await world.http.post(ORDERS, json=smallest(), headers=bearer)
        assert (refused.status_code, refused.json()["code"]) == (403, "no_scope")

    async def test_of_a_wider_scope_is_refused(self, world: World) -> None:
        organization = await world.demo_organization()
        client, secret = await tenants.add_client(
            world.context, organization.organization_id, name="reader", scopes=access.READ
        )
        for scope in (access.WRITE, f"{access.READ} {access.WRITE}", access.ADMIN):
            answer = await world.http.post(TOKEN, auth=(client.client_id, secret), data={"scope": scope})
            assert (answer.status_code, answer.json()["code"]) == (403, "no_scope")
        assert (await world.http.post(TOKEN, auth=(client.client_id, secret))).json()["scope"] == access.READ


class TestRevoke:
    async def test_ends_the_token_and_no_other(self, world: World) -> None:
        mine, other = await world.bearer(), await world.bearer()
        assert (await world.http.get(ORDERS, headers=mine)).status_code == 200
        answer = await world.http.post(REVOKE, headers=mine)
        assert (answer.status_code, answer.content) == (204, b"")
        for again in (await world.http.get(ORDERS, headers=mine), await world.http.post(REVOKE, headers=mine)):
            assert (again.status_code, again.json()["code"]) == (401, "bad_token")
        assert (await world.http.get(ORDERS, headers=other)).status_code == 200


class TestGrant:
    async def test_refuses_scopes_that_do_not_exist(self, world: World) -> None:
        answer = await world.http.post("/hub/v1/token", auth=("demo", "demo-secret"), data={"scope": "banana"})
        assert (answer.status_code, answer.json()["code"]) == (403, "no_scope")

    async def test_refuses_other_grants(self, world: World) -> None:
        answer = await world.http.post("/hub/v1/token", auth=("demo", "demo-secret"), data={"grant_type": "password"})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/grant_type")


class TestConditionalRead:
    async def test_knows_any_and_lists_and_weak_tags(self, world: World) -> None:
        headers = await world.bearer()
        made = await world.http.post(
            "/hub/v1/orders", json={"number": "A", "lines": [{"sku": "S", "quantity": 1}]}, headers=headers
        )
        path = made.headers["location"]
        for tag, status in (("*", 304), ('"0", W/"1"', 304), ('"11"', 200), ("1", 200), ("", 200)):
            answer = await world.http.get(path, headers=headers | {"If-None-Match": tag})
            assert answer.status_code == status, tag
            assert ("content-length" in answer.headers) == (status == 200)
        render = await world.http.get(f"{path}?as=s2", headers=headers)
        assert render.headers["etag"] != made.headers["etag"]
        again = await world.http.get(f"{path}?as=s2", headers=headers | {"If-None-Match": render.headers["etag"]})
        assert again.status_code == 304
