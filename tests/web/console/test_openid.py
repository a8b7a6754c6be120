"""Sign-in by a real OpenID Connect provider on loopback, with tokens that it signs."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from crossdock import app
from crossdock.flows import tenants
from crossdock.flows.context import Context
from crossdock.settings import load
from crossdock.web.console import openid
from tests.server import free_port

CLIENT = "console"


class Provider:
    """An OpenID Connect provider. `claims` change those of its next token."""

    def __init__(self) -> None:
        self.issuer = f"http://127.0.0.1:{free_port()}"
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.claims: dict[str, Any] = {}
        self.nonce = ""
        self.forms: list[dict[str, str]] = []

    async def metadata(self, _: web.Request) -> web.Response:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        addresses = {name: f"{self.issuer}/{path}" for name, path in names.items()}
        return web.json_response({"issuer": self.issuer, **addresses})

    async def keys(self, _: web.Request) -> web.Response:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return web.json_response({"keys": [public | {"kid": "1", "use": "sig", "alg": "RS256"}]})

    async def token(self, request: web.Request) -> web.Response:
        self.forms.append({name: str(value) for name, value in (await request.post()).items()})
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "sub": "1", "iat": now, "exp": now + 60, "nonce": self.nonce,
            "email": "Anna@example.com", "email_verified": True,
        } | self.claims  # fmt: skip
        return web.json_response({"id_token": jwt.encode(claims, self.key, "RS256", headers={"kid": "1"})})

    @asynccontextmanager
    async def served(self) -> AsyncIterator["Provider"]:
        application = web.Application()
        application.add_routes(
            [
                web.get("/.well-known/openid-configuration", self.metadata),
                web.get("/keys", self.keys),
                web.post("/token", self.token),
            ]
        )
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", urlsplit(self.issuer).port or 0).start()
        try:
            yield self
        finally:
            await runner.cleanup()


@asynccontextmanager
async def console(context: Context, provider: Provider) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of a console whose people sign in by the provider; Anna is one of them."""
    settings = load(
        {}, database="sqlite:///x", oidc_issuer=provider.issuer, oidc_client_id=CLIENT, oidc_client_secret="secret",
        public_url="http://crossdock",
    )  # fmt: skip
    context.settings = settings
    made = await tenants.add_organization(context, name="Acme", uuid="7b7e9a52-65a1-4a0e-8a5c-0b54c0a7d002")
    await tenants.add_person(
        context, made.organization_id, email="anna@example.com", name="Anna", password="x" * 12, scopes="orders:read"
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app.site(context)), base_url="http://crossdock") as http:
        yield http


async def begun(http: httpx.AsyncClient, provider: Provider) -> str:
    """Begin a sign-in and return the URL to which the provider sends the browser back."""
    answer = await http.get("/console/sign-in/provider?next=/console/account")
    assert answer.status_code == 303
    query = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    assert query["code_challenge_method"] == "S256"
    assert query["redirect_uri"] == f"http://crossdock{openid.CALLBACK}"
    provider.nonce = query["nonce"]
    return f"{openid.CALLBACK}?state={query['state']}&code=abc"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
class TestSignIn:
    async def test_a_person_of_that_verified_address_is_signed_in(self, context: Context) -> None:
        async with Provider().served() as provider, console(context, provider) as http:
            answer = await http.get(await begun(http, provider))
            assert answer.headers["location"] == "/console/account"
            assert "anna@example.com" in (await http.get("/console/account")).text
            assert provider.forms[0]["client_secret"] == "secret"
            assert len(provider.forms[0]["code_verifier"]) >= 43

    @pytest.mark.parametrize(
        "claims",
        [
            {"email": "stranger@example.com"}, {"email_verified": False}, {"aud": "another"}, {"iss": "http://another"},
            {"nonce": "another"}, {"exp": 1},
        ],
        ids=lambda claims: next(iter(claims)),
    )  # fmt: skip
    async def test_a_token_that_does_not_fit_signs_nobody_in(self, context: Context, claims: dict[str, Any]) -> None:
        async with Provider().served() as provider, console(context, provider) as http:
            provider.claims = claims
            answer = await http.get(await begun(http, provider))
            assert answer.status_code == 403
            assert (await http.get("/console/account")).status_code == 303

    async def test_a_token_signed_with_another_key_signs_nobody_in(self, context: Context) -> None:
        async with Provider().served() as provider, console(context, provider) as http:
            url = await begun(http, provider)
            provider.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            assert (await http.get(url)).status_code == 403

    async def test_an_answer_to_a_sign_in_of_another_browser_is_refused(self, context: Context) -> None:
        async with Provider().served() as provider, console(context, provider) as http:
            url = await begun(http, provider)
            http.cookies.clear()
            assert (await http.get(url)).status_code == 403
            await begun(http, provider)
            assert (await http.get(url)).status_code == 403

    async def test_a_provider_that_is_away_is_named(self, context: Context) -> None:
        async with console(context, Provider()) as http:
            answer = await http.get("/console/sign-in/provider")
            assert answer.status_code == 503
            assert "does not answer" in answer.text
