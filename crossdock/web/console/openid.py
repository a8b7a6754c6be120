"""Sign-in by an OpenID Connect provider: authorization code flow with PKCE (OpenID Connect Core 1.0, RFC 7636).

What the provider must send back with the browser (state), what its token must repeat (nonce) and what only this server knows
(the PKCE verifier) are in a signed cookie of ten minutes, so that any server process can finish what another began.
"""

import base64
import hashlib
import secrets
import time
from typing import Any
from urllib.parse import urlencode

import aiohttp
import jwt
import msgspec
import structlog
from msgspec import Struct

from crossdock.core.errors import Busy, Code, Denied
from crossdock.settings import Settings

COOKIE = "crossdock_openid"
COOKIE_S = 600
CALLBACK = "/console/sign-in/callback"
_ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA"]
_METADATA_S = 3600  # a provider's keys and addresses change rarely; an unknown key is looked up at once
_TIMEOUT = aiohttp.ClientTimeout(total=10)
_MAX_ANSWER = 1_000_000  # bytes
_log = structlog.get_logger("crossdock.openid")


class Beginning(Struct, frozen=True):
    """The start of a sign-in: where the browser goes, and the cookie it takes along."""

    url: str
    cookie: str


class Provider:
    """An OpenID Connect provider, by its issuer URL."""

    def __init__(self, settings: Settings, key: str) -> None:
        self._issuer = settings.oidc_issuer.rstrip("/")
        self._client_id, self._secret = settings.oidc_client_id, settings.oidc_client_secret
        self._redirect_uri = settings.public_url.rstrip("/") + CALLBACK
        self._key = hashlib.sha256(b"openid:" + key.encode()).hexdigest()
        self._metadata: dict[str, Any] = {}
        self._keys: jwt.PyJWKSet | None = None
        self._read_at = 0.0

    async def begin(self, next_url: str) -> Beginning:
        """Begin a sign-in that ends at `next_url`. Refuses with Busy `unavailable` where the provider does not answer."""
        await self._refresh()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code", "client_id": self._client_id, "redirect_uri": self._redirect_uri,
            "scope": "openid email", "state": state, "nonce": nonce, "code_challenge": challenge,
            "code_challenge_method": "S256",
        }  # fmt: skip
        claims = {
            "state": state,
            "nonce": nonce,
            "verifier": verifier,
            "next": next_url,
            "exp": int(time.time()) + COOKIE_S,
        }
        address = str(self._metadata["authorization_endpoint"])
        url = f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"
        return Beginning(url, jwt.encode(claims, self._key, algorithm="HS256"))

    async def finish(self, cookie: str, *, state: str, code: str) -> tuple[str, str]:
        """Return the verified e-mail address and the URL to go on to. Refuses with Denied `bad_credentials`, Busy."""
        try:
            begun = jwt.decode(cookie, self._key, algorithms=["HS256"])
        except jwt.InvalidTokenError:
            raise Denied(Code.BAD_CREDENTIALS, "the sign-in took too long; begin again") from None
        if not secrets.compare_digest(state.encode(), str(begun["state"]).encode()):
            raise Denied(Code.BAD_CREDENTIALS, "the answer belongs to another sign-in")
        await self._refresh()
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self._redirect_uri,
            "client_id": self._client_id, "code_verifier": begun["verifier"],
        }  # fmt: skip
        if self._secret:
            form["client_secret"] = self._secret
        answer = await self._request("POST", str(self._metadata["token_endpoint"]), form)
        claims = await self._verified(str(answer.get("id_token", "")))
        if claims.get("nonce") != begun["nonce"]:
            raise Denied(Code.BAD_CREDENTIALS, "the token belongs to another sign-in")
        if not claims.get("email") or claims.get("email_verified") is not True:
            raise Denied(Code.BAD_CREDENTIALS, "the provider has not verified the e-mail address")
        return str(claims["email"]), str(begun["next"])

    async def _verified(self, token: str) -> dict[str, Any]:
        """Return the claims of an id token after checking its signature, issuer, audience and times."""
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
            key = self._key_of(key_id)
            if key is None:  # the provider has changed its keys since
                await self._refresh(now=True)
                key = self._key_of(key_id)
            if key is None:
                raise jwt.InvalidTokenError("signed with an unknown key")
            claims: dict[str, Any] = jwt.decode(
                token, key, algorithms=_ALGORITHMS, audience=self._client_id, issuer=self._metadata["issuer"], leeway=30,
                options={"require": ["exp", "iat", "sub"]},
            )  # fmt: skip
        except jwt.PyJWTError as error:
            _log.warning("id token refused", reason=str(error))
            raise Denied(Code.BAD_CREDENTIALS, "the provider's token is not valid") from None
        return claims

    def _key_of(self, key_id: str | None) -> jwt.PyJWK | None:
        keys = self._keys.keys if self._keys else []
        return next((each for each in keys if key_id is None or each.key_id == key_id), None)

    async def _refresh(self, *, now: bool = False) -> None:
        """Read the provider's addresses and keys, unless they were read lately."""
        if not now and self._metadata and time.monotonic() - self._read_at < _METADATA_S:
            return
        metadata = await self._request("GET", f"{self._issuer}/.well-known/openid-configuration")
        if str(metadata.get("issuer", "")).rstrip("/") != self._issuer:
            raise Busy(Code.UNAVAILABLE, "the provider names another issuer", cause="issuer")
        keys = await self._request("GET", str(metadata["jwks_uri"]))
        try:
            self._keys = jwt.PyJWKSet.from_dict(keys)
        except jwt.PyJWTError as error:
            raise Busy(Code.UNAVAILABLE, "the provider has no usable keys", cause=str(error)) from None
        self._metadata, self._read_at = metadata, time.monotonic()

    async def _request(self, method: str, url: str, form: dict[str, str] | None = None) -> dict[str, Any]:
        """Return a JSON answer of the provider. Refuses with Denied where it refuses, with Busy where it does not answer."""
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=True) as session,
                session.request(method, url, data=form, allow_redirects=False) as answer,
            ):
                body = await answer.content.read(_MAX_ANSWER)
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            _log.warning("provider does not answer", reason=type(error).__name__)
            raise Busy(Code.UNAVAILABLE, "the sign-in provider does not answer", cause=type(error).__name__) from None
        if status >= 400 and form is not None:
            raise Denied(Code.BAD_CREDENTIALS, "the provider refused the sign-in")
        try:
            return msgspec.json.decode(body, type=dict[str, Any])
        except ValueError:
            raise Busy(Code.UNAVAILABLE, "the sign-in provider's answer is not JSON", cause=str(status)) from None
