"""Tokens of the Pitney Bowes OMS door."""

import pytest

from tests.doors.pb_oms.client import ORDERS, SAMPLE, is_error, is_shipping_error
from tests.world import World


class TestToken:
    @pytest.mark.parametrize("body", [b"", b'{"grant_type":"client_credentials"}', b"nonsense"])
    async def test_a_token_response_has_four_members_and_the_token_is_valid_for_four_hours(
        self, world: World, body: bytes
    ) -> None:
        response = await world.http.post("/auth/api/v1/token", content=body, auth=("demo", "demo-secret"))
        assert response.status_code == 200
        body = response.json()
        assert list(body) == ["access_token", "expires_in", "scope", "token_type"]
        assert (body["expires_in"], body["scope"], body["token_type"]) == (14400, "psapi", "Bearer")
        authorization = {"Authorization": f"Bearer {body['access_token']}"}
        assert (await world.http.post(ORDERS, content=SAMPLE, headers=authorization)).status_code == 200

    @pytest.mark.parametrize("auth", [("demo", "guess"), ("nobody", "demo-secret"), None])
    async def test_a_token_is_refused_without_the_right_secret(
        self, world: World, auth: tuple[str, str] | None
    ) -> None:
        response = await world.http.post("/auth/api/v1/token", auth=auth)
        assert is_error(response, 401, "unauthorized_error")
        assert response.headers["www-authenticate"] == 'Basic realm="Crossdock"'

    @pytest.mark.parametrize("header", [None, "Bearer", "Bearer nonsense", "Basic ZGVtbzpkZW1vLXNlY3JldA=="])
    async def test_every_other_call_requires_a_token(self, world: World, header: str | None) -> None:
        headers = {} if header is None else {"Authorization": header}
        for method, path in (
            ("POST", ORDERS),
            ("GET", f"{ORDERS}/PB1"),
            ("PUT", "/ca/shipping/api/v1/orders/PB1/tags"),
        ):
            response = await world.http.request(method, path, headers=headers)
            assert is_error(response, 401, "unauthorized_error")
            assert response.headers["www-authenticate"].startswith("Bearer")
        response = await world.http.post("/shipping/api/v1/customsproduct", headers=headers)
        assert is_shipping_error(response, 401, "unauthorized_error")
        assert response.headers["www-authenticate"].startswith("Bearer")

    async def test_a_token_without_the_scope_is_refused(self, world: World) -> None:
        headers = await world.bearer(scope="orders:read")
        assert is_error(await world.http.post(ORDERS, content=SAMPLE, headers=headers), 403, "forbidden_error")
