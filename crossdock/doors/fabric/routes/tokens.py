"""The token call."""

from typing import Any
from urllib.parse import parse_qsl

from crossdock.core.errors import Code, Fault, Invalid
from crossdock.doors import TOKEN_BODY_LIMIT, Reply, Request, Route, basic_credentials, json_reply
from crossdock.doors.fabric import examples, wire_calls
from crossdock.doors.fabric.errors import NOT_CACHED, TOKEN
from crossdock.flows import access

TOKEN_LIFETIME_S = 3_600  # not documented by the vendor; an hour is usual


async def token(request: Request) -> Reply:
    """Issue a token for client credentials, from a Basic header or from the form.

    The vendor's scopes ("s2s") are repeated in the response and have no effect; Crossdock's scopes restrict the token.
    """
    form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    if form.get("grant_type") != "client_credentials":
        fault = Fault(("grant_type",), "must be client_credentials" if form.get("grant_type") else "is required")
        error = "unsupported_grant_type" if form.get("grant_type") else "invalid_request"
        raise Invalid(Code.INVALID, "the form has faults", faults=(fault,), oauth_error=error)
    credentials = basic_credentials(request.headers) or (form.get("client_id", ""), form.get("client_secret", ""))
    requested = form.get("scope", "")
    scopes = " ".join(scope for scope in requested.split() if scope in access.SCOPES)
    grant, _ = await access.grant(
        request.context,
        client_id=credentials[0],
        secret=credentials[1],
        lifetime_s=TOKEN_LIFETIME_S,
        address=request.address,
        scope=scopes or None,
    )
    answer = wire_calls.TokenResponse("Bearer", grant.lifetime_s, grant.token, requested or grant.scopes)
    return json_reply(200, answer, headers=NOT_CACHED)


_ERRORS: dict[int, Any] = dict.fromkeys((400, 401, 413, 429, 500, 503), wire_calls.TokenError)
ROUTES = (
    Route(
        "POST", ("/oauth2/{authServerId}/v1/token",), token, None, TOKEN, "Get a token for a client id and secret",
        body_limit=TOKEN_BODY_LIMIT,
        request=wire_calls.TokenRequest, request_media="application/x-www-form-urlencoded",
        answers={200: wire_calls.TokenResponse, **_ERRORS},
        description=(
            "OAuth client credentials. The client is named by a Basic header, or by `client_id` and `client_secret` in the "
            "form. `authServerId` can be anything. The token is valid for an hour."
        ),
        examples={"request": examples.TOKEN_REQUEST, 200: examples.TOKEN, 401: examples.TOKEN_REFUSED},
    ),
)  # fmt: skip
