"""Tokens of the hub: given for client credentials, and revoked."""

from urllib.parse import parse_qsl

from crossdock.core.errors import Code, Fault, Invalid
from crossdock.doors import TOKEN_BODY_LIMIT, Reply, Request, Route, basic_credentials, json_reply
from crossdock.doors.hub import wire
from crossdock.doors.hub.routes.parameters import PROBLEMS
from crossdock.flows import access

TOKEN_LIFETIME_S = 3_600


async def token(request: Request) -> Reply:
    """Return a token for client credentials, in the Basic header or the form (RFC 6749, section 4.4)."""
    form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
    if form.get("grant_type", "client_credentials") != "client_credentials":
        fault = Fault(("grant_type",), "must be client_credentials")
        raise Invalid(Code.INVALID, "the form has a fault", faults=(fault,))
    name, secret = basic_credentials(request.headers) or (form.get("client_id", ""), form.get("client_secret", ""))
    grant, _ = await access.grant(
        request.context,
        client_id=name,
        secret=secret,
        lifetime_s=TOKEN_LIFETIME_S,
        scope=form.get("scope"),
        address=request.address,
    )
    answer = wire.TokenAnswer(grant.token, "Bearer", grant.lifetime_s, grant.scopes)
    return json_reply(200, answer, headers=[("Cache-Control", "no-store")])


async def revoke_token(request: Request) -> Reply:
    """Revoke the token the request came with: 204."""
    await access.revoke_token(request.context, request.caller)
    return Reply(204)


ROUTES = (
    Route(
        "POST", ("/hub/v1/token",), token, None, "getToken", "Get a token for client credentials",
        body_limit=TOKEN_BODY_LIMIT,
        request={"type": "object", "properties": {
            "grant_type": {"type": "string"}, "scope": {"type": "string"},
            "client_id": {"type": "string"}, "client_secret": {"type": "string"}}},
        request_media="application/x-www-form-urlencoded",
        answers={200: wire.TokenAnswer, **PROBLEMS},
    ),
    Route(
        "POST", ("/hub/v1/token/revoke",), revoke_token, access.ANY, "revokeToken", "Revoke the token of this request",
        answers={204: None, **PROBLEMS},
    ),
)  # fmt: skip
