"""Tokens of the Pitney Bowes Fulfillment door."""

import re
from typing import Any

import httpx
import pytest

from tests.world import World


async def request_token(world: World, **rest: Any) -> httpx.Response:
    return await world.http.post(
        "/oauth/token", **({"data": {"grant_type": "client_credentials"}, "auth": ("demo", "demo-secret")} | rest)
    )


class TestToken:
    async def test_a_token_response_has_only_strings(self, world: World) -> None:
        response = await request_token(world)
        assert response.status_code == 200
        token = response.json()
        assert list(token) == ["access_token", "tokenType", "issuedAt", "expiresIn", "clientID", "org"]
        assert (token["tokenType"], token["expiresIn"], token["org"]) == ("BearerToken", "35999", "pitneybowes")
        assert token["clientID"] == "demo"
        assert re.fullmatch(r"\d{13}", token["issuedAt"])

    @pytest.mark.parametrize(
        "wrong",
        [
            {"auth": ("demo", "guess")},
            {"auth": None},
            {"data": {"grant_type": "password"}},
            {"data": {}},
            {"data": None, "content": b"\xff\xfe"},
        ],
    )
    async def test_a_refused_token_request_has_the_error_of_the_gateway(
        self, world: World, wrong: dict[str, Any]
    ) -> None:
        response = await request_token(world, **wrong)
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith("Basic ")
        (error,) = response.json()["errors"]
        assert list(error) == ["errorCode", "errorDescription"]
        assert error["errorCode"] == "PB-APIM-ERR-1002"
